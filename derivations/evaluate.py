"""Values of scalar and matrix expressions at a point, to any number of digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import mpmath
import sympy
from sympy import Float, I, Integer, MatrixSymbol, Rational, S, Sum, Symbol, sympify
from sympy.core.function import AppliedUndef

GUARD = 20
"""Digits beyond those asked for, against rounding."""


class NoPoint(ValueError):
    """No random point satisfies the assumptions, or the expression has no finite value there."""


@dataclass(frozen=True)
class Family:
    """Values of an indexed letter: every index has its own exact number."""

    base: Any
    seed: int

    def at(self, indices: tuple[int, ...]) -> Any:
        return number(self.base.label, Random(f"{self.seed}{self.base}{indices}"), real=True)


def number(symbol: Any, rng: Random, real: bool = False, spread: int = 0, side: int = 0) -> Any:
    """An exact number that has the SymPy assumptions of a symbol; larger ``spread`` reaches further from one.

    A nonzero ``side`` is the sign of a real number that may have either sign.
    """
    size = Rational(rng.randint(150, 2800), 997) * Rational(10) ** rng.randint(-spread, spread)
    if symbol.is_integer:
        whole = Integer(rng.randint(1, 6 + 4 * spread))
        if symbol.is_even or symbol.is_odd:
            whole = 2 * whole - (1 if symbol.is_odd else 0)
        return whole if symbol.is_nonnegative else (-whole if symbol.is_nonpositive else rng.choice((-1, 1)) * whole)
    if symbol.is_nonnegative:
        return size
    if symbol.is_nonpositive:
        return -size
    if symbol.is_imaginary:
        return I * size * rng.choice((-1, 1))
    signed = size * (rng.choice((-1, 1)) if side == 0 else side)
    if symbol.is_real or real:
        return signed
    return signed + I * Rational(rng.randint(-1500, 1500), 997)


def evaluate(expression: Any, point: Mapping[Any, Any], digits: int = 30) -> Any:
    """Value of a scalar or a matrix expression at a point.

    Parameters
    ----------
    expression : scalar, `MatrixExpr` (block matrices, inverses, fractional powers of symmetric positive semidefinite
        matrices, traces, determinants), or explicit matrix.
    point : letter -> value, from `sample`.
    digits : digits that are right, up to cancellation inside the expression.

    Raises
    ------
    NoPoint : (a ValueError) a letter without a value, a pole, or a function that cannot be evaluated.
    """
    with mpmath.mp.workdps(digits + GUARD):
        try:
            value = _value(sympify(expression), point)
            entries = list(value) if isinstance(value, mpmath.matrix) else [value]
            finite = all(mpmath.isfinite(entry) for entry in entries)
        except (ZeroDivisionError, OverflowError, IndexError, mpmath.libmp.ComplexResult) as error:
            raise NoPoint(f"{expression} has no value at the point ({error})") from error
        except TypeError as error:
            raise NoPoint(f"{expression} cannot be evaluated ({error})") from error
        if not finite:
            raise NoPoint(f"{str(expression)[:80]} is not finite at the point")
        return value


def plain(value: Any) -> Any:
    if isinstance(value, (int, float, complex, mpmath.mpf, mpmath.mpc)):
        return mpmath.mpmathify(value)
    if isinstance(value, (mpmath.matrix, Family)):
        return value
    if getattr(value, "is_Matrix", False):
        return mpmath.matrix([[plain(entry) for entry in row] for row in value.tolist()])
    if value.is_Rational:
        return mpmath.mpf(value.p) / value.q
    real, imaginary = value.as_real_imag()
    return mpmath.mpc(*(mpmath.mpf(part.p) / part.q for part in (real, imaginary)))


def _value(e: Any, point: Mapping[Any, Any]) -> Any:
    """Recursion of `evaluate`, at the present precision."""
    if e in point:
        return plain(point[e])
    if e.is_Rational:
        return mpmath.mpf(e.p) / e.q
    if getattr(e, "is_MatrixExpr", False) or getattr(e, "is_Matrix", False):
        return _matrix_value(e, point)
    if e in (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        raise NoPoint(f"{e} is not finite")
    name = type(e).__name__
    if name in SCALARS:
        return SCALARS[name](e, point)
    if not e.args and e.is_number:
        return mpmath.mpmathify(e._to_mpmath(mpmath.mp.prec))
    if isinstance(e, Symbol):
        raise NoPoint(f"{e} has no value at the point")
    if e.is_Add or e.is_Mul:
        values = [_value(arg, point) for arg in e.args]
        return mpmath.fsum(values) if e.is_Add else mpmath.fprod(values)
    if e.is_Pow:
        base, exponent = _value(e.base, point), _value(e.exp, point)
        return base ** (int(e.exp) if e.exp.is_Integer else exponent)
    if e.is_Function and hasattr(mpmath, name.lower()) and not isinstance(e, AppliedUndef):
        return getattr(mpmath, name.lower())(*(_value(arg, point) for arg in e.args))
    return _other(e, point)


def _other(e: Any, point: Mapping[Any, Any]) -> Any:
    """Anything else: SymPy's own evaluation at the numbers of the point."""
    values = {}
    for letter in e.free_symbols:
        if letter in point and not isinstance(point[letter], Family):
            value = _value(letter, point)
            if isinstance(value, mpmath.mpc):
                values[letter] = Float(value.real) + I * Float(value.imag)
            elif not isinstance(value, mpmath.matrix):
                value = int(value) if letter.is_integer else value
                values[letter] = sympify(value)
    result = e.subs(values)
    result = result.doit() if isinstance(e, Sum) else result
    result = result.evalf(mpmath.mp.dps, maxn=2 * mpmath.mp.dps + 50)
    if not result.is_number or result.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        raise NoPoint(f"{e} has no value at the point")
    return mpmath.mpmathify(result._to_mpmath(mpmath.mp.prec)) if result.is_real else mpmath.mpmathify(complex(0)) + mpmath.mpc(
        *(part._to_mpmath(mpmath.mp.prec) for part in result.as_real_imag())
    )  # fmt: skip


def _piecewise(e: Any, point: Mapping[Any, Any]) -> Any:
    for value, condition in e.args:
        if holds(condition, dict(point), mpmath.mp.dps):
            return _value(value, point)
    raise NoPoint(f"{e} has no value at the point")


def _whole(e: Any, point: Mapping[Any, Any]) -> int:
    value = _value(e, point)
    if mpmath.im(value) or value != int(mpmath.re(value)):
        raise NoPoint(f"{e} is no whole number at the point")
    return int(mpmath.re(value))


def _sum(e: Any, point: Mapping[Any, Any]) -> Any:
    """A finite sum term by term, one index after the other; infinite sums are left to SymPy."""
    (index, low, high), rest = e.limits[-1], e.limits[:-1]
    if high.is_infinite or low.is_infinite:
        return _other(e, point)
    inner = e.func(e.function, *rest) if rest else e.function
    terms = [_value(inner, {**point, index: Integer(k)}) for k in range(_whole(low, point), _whole(high, point) + 1)]
    return mpmath.fsum(terms) if isinstance(e, Sum) else mpmath.fprod(terms)


def _indexed(e: Any, point: Mapping[Any, Any]) -> Any:
    if e.base not in point:
        raise NoPoint(f"{e.base} has no value at the point")
    family = point[e.base]
    return plain(family.at(tuple(_whole(index, point) for index in e.indices)))


SCALARS: dict[str, Callable[[Any, Mapping[Any, Any]], Any]] = {
    "Piecewise": _piecewise,
    "Sum": _sum,
    "Product": _sum,
    "Indexed": _indexed,
    "Abs": lambda e, p: abs(_value(e.args[0], p)),
    "Max": lambda e, p: max(mpmath.re(_value(a, p)) for a in e.args),
    "Min": lambda e, p: min(mpmath.re(_value(a, p)) for a in e.args),
    "Trace": lambda e, p: mpmath.fsum(_matrix_value(e.arg, p)[i, i] for i in range(_matrix_value(e.arg, p).rows)),
    "Determinant": lambda e, p: mpmath.det(_matrix_value(e.arg, p)),
    "MatrixElement": lambda e, p: _value(e.parent, p)[_whole(e.i, p), _whole(e.j, p)],
    "KroneckerDelta": lambda e, p: mpmath.mpf(_whole(e.args[0], p) == _whole(e.args[1], p)),
    "conjugate": lambda e, p: mpmath.conj(_value(e.args[0], p)),
    "Idx": lambda e, p: _value(e.label, p),
}
# SymPy and mpmath normalise these differently, or take other arguments
for _name in ("zeta", "LambertW", "polygamma", "Order", "Heaviside", "hermite", "laguerre", "harmonic", "erf2"):
    SCALARS[_name] = _other


def _matrix_value(e: Any, point: Mapping[Any, Any]) -> Any:
    if e in point:
        return plain(point[e])
    name = type(e).__name__
    if isinstance(e, MatrixSymbol):
        raise NoPoint(f"{e} has no value at the point")
    if name in MATRICES:
        return MATRICES[name](e, point)
    if hasattr(e, "tolist"):
        return mpmath.matrix([[_value(entry, point) for entry in row] for row in e.tolist()])
    raise NoPoint(f"{name}: this matrix expression cannot be evaluated")


def _size(e: Any, point: Mapping[Any, Any]) -> tuple[int, int]:
    return _whole(sympify(e.shape[0]), point), _whole(sympify(e.shape[1]), point)


def _product(e: Any, point: Mapping[Any, Any]) -> Any:
    scale, out = mpmath.mpf(1), None
    for arg in e.args:
        value = _value(arg, point)
        if not isinstance(value, mpmath.matrix):
            scale = scale * value
        else:
            out = value if out is None else out * value
    return scale * out


def _plus(e: Any, point: Mapping[Any, Any]) -> Any:
    values = [_value(arg, point) for arg in e.args]
    out = values[0]
    for value in values[1:]:
        out = out + value
    return out


def _power(e: Any, point: Mapping[Any, Any]) -> Any:
    base = _value(e.base, point)
    exponent = e.exp if e.exp.is_Integer else _value(e.exp, point)
    if exponent == int(mpmath.re(exponent)):
        power = int(mpmath.re(exponent))
        return base**power if power >= 0 else mpmath.inverse(base) ** (-power)
    scale = mpmath.mnorm(base, "f")
    if mpmath.mnorm(base - base.T, "f") > scale * mpmath.mpf(10) ** (10 - mpmath.mp.dps):
        raise NoPoint(f"{e}: a fractional power needs a symmetric matrix")
    values, vectors = mpmath.eigsy((base + base.T) / 2)
    if min(values) < -scale * mpmath.mpf(10) ** (10 - mpmath.mp.dps):
        raise NoPoint(f"{e}: a fractional power needs a positive semidefinite matrix")
    return vectors * mpmath.diag([max(v, mpmath.mpf(0)) ** exponent for v in values]) * vectors.T


def _blocks(rows: list[list[Any]]) -> Any:
    out = mpmath.matrix(sum(row[0].rows for row in rows), sum(block.cols for block in rows[0]))
    top = 0
    for row in rows:
        left = 0
        for block in row:
            for i in range(block.rows):
                for j in range(block.cols):
                    out[top + i, left + j] = block[i, j]
            left += block.cols
        top += row[0].rows
    return out


def _block_diagonal(e: Any, point: Mapping[Any, Any]) -> Any:
    diagonal = [_value(block, point) for block in e.args]
    return _blocks([[b if i == j else mpmath.zeros(a.rows, b.cols) for j, b in enumerate(diagonal)]
                    for i, a in enumerate(diagonal)])  # fmt: skip


def _entrywise(e: Any, point: Mapping[Any, Any]) -> Any:
    """Hadamard products and powers."""
    values = [_value(arg, point) for arg in e.args]
    if type(e).__name__ == "HadamardPower":
        return values[0].apply(lambda entry: entry ** values[1])
    out = values[0]
    for value in values[1:]:
        out = mpmath.matrix([[out[i, j] * value[i, j] for j in range(out.cols)] for i in range(out.rows)])
    return out


def _diagonal(e: Any, point: Mapping[Any, Any]) -> Any:
    """Keep the diagonal of a matrix, make one of a vector, or take it out."""
    value = _value(e.args[0], point)
    if type(e).__name__ == "DiagonalOf":
        return mpmath.matrix([value[i, i] for i in range(min(value.rows, value.cols))])
    if type(e).__name__ == "DiagMatrix":
        return mpmath.diag(list(value))
    return mpmath.matrix(
        [[value[i, j] if i == j else mpmath.mpf(0) for j in range(value.cols)] for i in range(value.rows)]
    )


def _applied(e: Any, point: Mapping[Any, Any]) -> Any:
    def one(entry: Any) -> Any:
        slot = sympy.Dummy("x")
        return _value(e.function(slot), {**point, slot: entry})

    return _value(e.expr, point).apply(one)


MATRICES: dict[str, Callable[[Any, Mapping[Any, Any]], Any]] = {
    "MatAdd": _plus,
    "MatMul": _product,
    "MatPow": _power,
    "Transpose": lambda e, p: _value(e.arg, p).T,
    "Inverse": lambda e, p: mpmath.inverse(_value(e.arg, p)),
    "Identity": lambda e, p: mpmath.eye(_size(e, p)[0]),
    "ZeroMatrix": lambda e, p: mpmath.zeros(*_size(e, p)),
    "OneMatrix": lambda e, p: mpmath.ones(*_size(e, p)),
    "BlockMatrix": lambda e, p: _blocks(
        [[_value(e.blocks[i, j], p) for j in range(e.blockshape[1])] for i in range(e.blockshape[0])]
    ),
    "BlockDiagMatrix": _block_diagonal,
    "HadamardProduct": _entrywise,
    "HadamardPower": _entrywise,
    "DiagonalMatrix": _diagonal,
    "DiagMatrix": _diagonal,
    "DiagonalOf": _diagonal,
    "ElementwiseApplyFunction": _applied,
}


def holds(relation: Any, point: Mapping[Any, Any], digits: int) -> bool:
    if relation in (S.true, S.false):
        return bool(relation)
    if isinstance(relation, (sympy.And, sympy.Or)):
        return (all if isinstance(relation, sympy.And) else any)(holds(r, point, digits) for r in relation.args)
    if isinstance(relation, sympy.Not):
        return not holds(relation.args[0], point, digits)
    if isinstance(relation, sympy.ITE):
        test, yes, no = relation.args
        return holds(yes if holds(test, point, digits) else no, point, digits)
    try:
        left, right = (evaluate(side, point, digits) for side in relation.args)
    except NoPoint:
        return False
    if isinstance(relation, sympy.Ne):
        return bool(left != right)
    if mpmath.im(left) or mpmath.im(right):
        return False
    left, right = mpmath.re(left), mpmath.re(right)
    signs = {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right, "==": left == right}
    if getattr(relation, "rel_op", None) not in signs:
        raise ValueError(f"assuming: {relation} is no relation between numbers")
    return bool(signs[relation.rel_op])

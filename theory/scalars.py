"""Exact scalars: the field of rational functions in whatever symbols and roots occur."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import lcm
from typing import Any

from sympy import (
    QQ,
    Add,
    Dummy,
    MatAdd,
    MatMul,
    MatPow,
    Mul,
    Pow,
    Rational,
    Symbol,
    Trace,
    Transpose,
    sympify,
)


def is_matrix(expression: Any) -> bool:
    """Whether an expression is a matrix."""
    return bool(getattr(expression, "is_Matrix", False))


def scalars(expression: Any) -> Iterator[Any]:
    """Scalar factors and summands of a matrix expression, or of a scalar with traces (sizes of traces included)."""
    e = expression
    if is_matrix(e):
        for part in e.args if isinstance(e, (MatAdd, MatMul, MatPow, Transpose)) else ():
            if is_matrix(part):
                yield from scalars(part)
            elif isinstance(e, MatMul):
                yield part
    elif isinstance(e, Trace):
        yield e.arg.rows
        yield from scalars(e.arg)
    elif e.has(Trace) and isinstance(e, (Add, Mul, Pow)):
        for part in e.args:
            yield from scalars(part)
    else:
        yield e


class Scalars:
    """The field of rational functions in the scalars that occur; its zero test is exact.

    A fractional power of a symbol enters through a root of that symbol. Anything else that is not rational (the square root of
    a sum, an irrational number) is an independent generator: what is proved then is true, what is left is not refuted.
    """

    def __init__(self, expressions: Iterable[Any]) -> None:
        powers: dict[Any, int] = {}
        opaque: dict[Any, None] = {}
        for expression in expressions:
            self._collect(sympify(expression), powers, opaque)
        self.roots = {symbol: (n, symbol if n == 1 else Dummy(f"{symbol}_root")) for symbol, n in powers.items()}
        self.opaque = {value: Dummy("opaque") for value in sorted(opaque, key=str)}
        symbols = sorted(self.roots, key=str)
        gens = [self.roots[symbol][1] for symbol in symbols] + list(self.opaque.values())
        self.field = QQ.frac_field(*gens) if gens else QQ
        self._gens = dict(zip(gens, self.field.gens)) if gens else {}
        self._back = {g: symbol ** Rational(1, n) for symbol, (n, g) in self.roots.items() if n > 1}
        self._back |= {g: value for value, g in self.opaque.items()}
        self.one = self.field.one

    def _collect(self, e: Any, powers: dict[Any, int], opaque: dict[Any, None]) -> None:
        if isinstance(e, (Add, Mul)):
            for part in e.args:
                self._collect(part, powers, opaque)
        elif isinstance(e, Symbol):
            powers.setdefault(e, 1)
        elif isinstance(e, Pow) and e.exp.is_Integer:
            self._collect(e.base, powers, opaque)
        elif isinstance(e, Pow) and e.exp.is_Rational and isinstance(e.base, Symbol):
            powers[e.base] = lcm(powers.get(e.base, 1), e.exp.q)
        elif e.is_Float:
            raise ValueError(f"scalar: {e} is a float; allowed: exact numbers such as Rational(1, 2)")
        elif not e.is_Rational:
            opaque[e] = None

    def into(self, expression: Any) -> Any:
        """Element of the field; ValueError if the expression has scalars that were not announced."""
        e = sympify(expression)
        if e.is_Rational:
            return self.field.from_sympy(e)
        if e in self.opaque:
            return self._gens[self.opaque[e]]
        if isinstance(e, Symbol) and e in self.roots:
            n, generator = self.roots[e]
            return self._gens[generator] ** n
        if isinstance(e, (Add, Mul)):
            parts = [self.into(part) for part in e.args]
            out = parts[0]
            for part in parts[1:]:
                out = out + part if isinstance(e, Add) else out * part
            return out
        if isinstance(e, Pow) and e.exp.is_Integer:
            base = self.into(e.base)
            return base ** int(e.exp) if e.exp >= 0 else self.one / base ** int(-e.exp)
        if isinstance(e, Pow) and e.exp.is_Rational and e.base in self.roots:
            n, generator = self.roots[e.base]
            power = int(e.exp * n)
            return self._gens[generator] ** power if power >= 0 else self.one / self._gens[generator] ** -power
        raise ValueError(f"scalar: {e} was not announced")

    def knows(self, expression: Any) -> bool:
        """Whether an expression is an element of the field."""
        try:
            self.into(expression)
        except ValueError:
            return False
        return True

    def out(self, element: Any) -> Any:
        """SymPy expression of an element, in lowest terms."""
        return self.field.to_sympy(element).xreplace(self._back)

    def vanishes(self, element: Any) -> bool:
        """Zero test that also multiplies out powers of the independent generators."""
        if not element:
            return True
        return bool(self.opaque) and self.field.to_sympy(element.numer).xreplace(self._back).expand() == 0

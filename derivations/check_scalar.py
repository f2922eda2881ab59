"""Zero tests for scalars, cheap ones first: polynomials over roots and exponentials, logarithms, then simplify.

Soundness: every root ``b**(1/n)`` becomes a letter ``r`` with ``r**n = b``, every other function becomes a letter of its
own. An expression that is zero modulo these relations is zero wherever it is defined; the converse is not claimed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

import sympy
from sympy import Dummy, Integer, Poly, S, Symbol, exp, expand, expand_power_exp, log, sympify, together
from sympy.core.function import AppliedUndef
from sympy.integrals.transforms import Integral

from ..theory.sums import vanishes as sums_vanish

HEAVY = 250
"""Operations above which simplify is not tried."""

Named = tuple[tuple[str, Any], ...]

TO_EXP = (
    sympy.functions.elementary.hyperbolic.HyperbolicFunction,
    sympy.functions.elementary.trigonometric.TrigonometricFunction,
)
TO_LOG = (
    sympy.functions.elementary.hyperbolic.InverseHyperbolicFunction,
    sympy.functions.elementary.trigonometric.InverseTrigonometricFunction,
)


def elementary(expression: Any) -> Any:
    """Hyperbolic and trigonometric functions as exponentials, their inverses as logarithms."""
    for old, new in ((TO_LOG, log), (TO_EXP, exp)):
        for _ in range(3):
            if not expression.has(*old):
                break
            expression = expression.rewrite(list(old), new)
    return expression


def proves_zero(expression: Any, given: Named = ()) -> tuple[bool | None, str, Any]:
    """Decide whether a scalar expression vanishes identically, modulo named relations.

    Parameters
    ----------
    expression : scalar.
    given : relations ``(name, expression)``, each zero.

    Returns
    -------
    (True, False if it is a nonzero constant, None if unknown), how, and what is left.
    """
    expression = sympify(expression)
    if expression.has(S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        return False, "a side is not finite", expression
    if expression.is_zero:
        return True, "identical", S.Zero
    if expression.is_number and not given:
        return _number(expression)
    if expression.has(Integral, AppliedUndef, sympy.Derivative, sympy.Subs):
        expression = expression.doit()
    if any(one.has(sympy.Indexed) for one in expression.atoms(sympy.Sum)) and not given:
        return (True, "normal form of sums", S.Zero) if sums_vanish(expression) else (None, "", expression)
    flat = expand(expression) if expression.count_ops() < 4 * HEAVY else expression
    if flat == 0:
        return True, "expansion", S.Zero
    left, how = expression, "polynomials"
    for form in (expression, elementary(expression)):
        left = residue(form, given)
        if left == 0:
            return True, how + (" and the given relations" if given else ""), S.Zero
        how = "exponentials and polynomials"
    if not given and elementary(expression).has(log) and _logs_vanish(elementary(expression)):
        return True, "logarithms", S.Zero
    if expression.count_ops() < HEAVY and not given:
        try:
            short = sympy.simplify(expression)
        except (NotImplementedError, TypeError, ValueError, RecursionError):
            return None, "simplify gave up", left
        if short == 0:
            return True, "simplify", S.Zero
        if short.is_number:
            return _number(short)
        left = min(short, left, key=sympy.count_ops)
    return None, "", left


def _number(value: Any) -> tuple[bool | None, str, Any]:
    """Zero test of a constant: exact simplification; only nonzero can be read off from digits."""
    same = value.equals(0)
    if same is not None:
        return bool(same), "constants" if same else "a nonzero constant", S.Zero if same else value
    return True if residue(elementary(value), ()) == 0 else None, "constants", value


class _Letters:
    """Letters for roots, functions and symbolic powers, with the relations of the roots (inner ones first)."""

    def __init__(self) -> None:
        self.table: dict[Any, Any] = {}
        self.roots: list[tuple[Any, int, Any]] = []
        self.bases: dict[Any, Any] = {}

    def letter(self, what: Any, **more: Any) -> Any:
        return self.table.setdefault(what, Dummy(str(what)[:20] if what.is_Atom else "u", **more))

    def of(self, e: Any) -> Any:
        """The expression as a rational function of letters."""
        if e.is_Rational or isinstance(e, Symbol):
            return e
        if e is S.ImaginaryUnit:
            return self.root(S.NegativeOne, 2, S.NegativeOne)
        if e.is_Add or e.is_Mul:
            return e.func(*(self.of(arg) for arg in e.args))
        if isinstance(e, exp):
            return self.power(S.Exp1, e.args[0])
        if e.is_Pow:
            return self.power(e.base, e.exp)
        if e.is_Function and e.args:
            return self.letter(e.func(*(_normal(arg) for arg in e.args)))
        return self.letter(e)

    def power(self, base: Any, exponent: Any) -> Any:
        if exponent.is_Integer:
            return self.of(base) ** exponent
        if exponent.is_Rational:
            if base.is_Rational and base.is_Integer is False and base.is_positive:
                return self.power(Integer(base.p), exponent) / self.power(Integer(base.q), exponent)
            normal = _normal(base)
            plain = sympy.Pow(sympy.factor(normal), exponent) if normal.is_Add and normal.count_ops() < 80 else None
            if plain is not None and not (plain.is_Pow and plain.base.is_Add):
                return self.of(plain)  # SymPy takes out factors whose sign it knows
            return self.root(base, exponent.q, normal) ** exponent.p
        out = S.One
        # b**(x + y) = b**x b**y holds for every nonzero b
        for term in sympy.Add.make_args(expand(_normal(exponent))):
            number, rest = term.as_coeff_Mul()
            if rest is S.One:
                out *= self.power(base, number)
            else:
                out *= self.unit(base, rest, number)
        return out

    def unit(self, base: Any, rest: Any, number: Any) -> Any:
        """``base**(number*rest)`` as a power of one letter ``base**(rest/q)``; q is the common denominator so far."""
        which = (_normal(base), rest)
        letter, common = self.bases.get(which, (None, 1))
        if letter is None:
            common = DENOMINATORS
            letter = Dummy("e", positive=True)
            self.bases[which] = (letter, common)
        power = number * common
        if power.is_Integer:
            return letter**power
        return self.letter(sympy.Pow(base, number * rest, evaluate=False))

    def root(self, base: Any, order: int, normal: Any) -> Any:
        which = (normal, order)
        if which not in self.bases:
            inside = self.of(normal)
            letter = Dummy("r")
            self.bases[which] = letter
            self.roots.append((letter, order, inside))
        return self.bases[which]


DENOMINATORS = 12
"""Exponents of exponentials are multiples of one over this."""


def _normal(e: Any) -> Any:
    """One form for equal arguments of functions and roots."""
    if e.is_Atom:
        return e
    try:
        return sympy.factor_terms(sympy.cancel(together(e))) if e.count_ops() < HEAVY else e
    except (sympy.PolynomialError, NotImplementedError, RecursionError):
        return e


def residue(expression: Any, given: Named) -> Any:
    """Numerator of an expression modulo the relations of its roots and the given ones; zero proves it."""
    names = _Letters()
    flat = names.of(expand_power_exp(expression))
    relations = [sympy.fraction(together(names.of(expand_power_exp(sympify(r)))))[0] for _, r in given]
    numerator = sympy.fraction(together(flat))[0]
    try:
        top = _reduce(numerator, names)
        if top == 0:
            return S.Zero
        if relations:
            top = _modulo(top, relations, names)
            if top == 0:
                return S.Zero
    except (sympy.PolynomialError, NotImplementedError, RecursionError):
        return expression
    return _back(top, names) if sympy.count_ops(top) < HEAVY else expression


def _reduce(numerator: Any, names: _Letters) -> Any:
    """Pseudo-remainders by the relations of the roots, outermost root first."""
    for letter, order, inside in reversed(names.roots):
        top, bottom = sympy.fraction(together(inside))
        numerator = expand(numerator)
        if numerator.has(letter):
            # a relation without denominators leaves a remainder that is zero exactly when the class is zero
            numerator = sympy.prem(Poly(numerator, letter), Poly(bottom * letter**order - top, letter)).as_expr()
    generators = sorted(numerator.free_symbols, key=str)
    return Poly(numerator, *generators).as_expr() if generators else expand(numerator)


def _modulo(top: Any, relations: list[Any], names: _Letters) -> Any:
    """Normal form modulo the given relations and the roots, by a Groebner basis."""
    system = [r for r in relations if r != 0]
    for letter, order, inside in names.roots:
        a, b = sympy.fraction(together(inside))
        system.append(expand(b * letter**order - a))
    generators = sorted({letter for r in (top, *system) for letter in r.free_symbols}, key=str)
    basis = sympy.groebner(system, *generators, order="grevlex")
    if basis.exprs == [1]:
        raise ValueError("given: the relations contradict each other")
    return basis.reduce(top)[1]


def _back(e: Any, names: _Letters) -> Any:
    """Letters put back, for reading."""
    table = {letter: what for what, letter in names.table.items()}
    for which, value in names.bases.items():
        if isinstance(value, tuple):
            table[value[0]] = which[0] ** (which[1] / value[1])
        else:
            table[value] = which[0] ** (S.One / which[1])
    for _ in range(3):
        e = e.xreplace(table)
    return e


def _logs_vanish(expression: Any) -> bool:
    """Whether ``sum c_i log(A_i) + rest`` vanishes, the ratios of the ``c_i`` rational and every ``A_i`` positive.

    Then its exponential, with the common factor divided out, must be one; it is real, so that nothing is lost by a period.
    """
    numerator = sympy.fraction(together(expression))[0]
    logs = sorted(numerator.atoms(log), key=str)
    if not logs or len(logs) > 8 or not all(_positive(one.args[0]) for one in logs):
        return False
    letters = {one: Dummy("l") for one in logs}
    try:
        linear = Poly(expand(numerator).xreplace(letters), *letters.values())
    except sympy.PolynomialError:
        return False
    if linear.total_degree() != 1:
        return False
    scales = [linear.coeff_monomial(letter) for letter in letters.values()]
    lead = next(c for c in scales if c != 0)
    ratios = [sympy.cancel(together(c / lead)) for c in scales]
    if not all(ratio.is_Rational for ratio in ratios):
        return False
    common = reduce(sympy.ilcm, (int(ratio.q) for ratio in ratios), 1)
    rest = sympy.cancel(together(common * linear.coeff_monomial(1) / lead))
    if not rest.is_real:
        return False
    product = exp(rest)
    for one, ratio in zip(logs, ratios):
        product *= one.args[0] ** (common * ratio)
    return bool(residue(product - 1, ()) == 0)


def _positive(e: Any) -> bool:
    if e.is_positive:
        return True
    if (e.is_Add or e.is_Mul) and (sympy.factor(e) if e.count_ops() < 40 else e).is_positive:
        return True
    # x + sqrt(x**2 + c) with c >= 0, x real, is positive
    if e.is_Add and all(arg.is_real for arg in e.args):
        for root in e.args:
            rest = e - root
            if root.is_nonnegative and rest.is_real:
                gap = expand(sympy.cancel(root**2 - rest**2))
                if gap.is_positive:
                    return True
    return False


def nonnegative(term: Any, symmetric: Iterable[Any] = ()) -> bool:
    """Whether a term is manifestly nonnegative: squares of reals, ``Trace(X.T*X)``, products and sums of such."""
    term = sympify(term)
    if isinstance(term, sympy.Trace):
        return _gram(term.arg, set(symmetric))
    if term.is_Mul or term.is_Add:
        return all(nonnegative(arg, symmetric) for arg in term.args)
    if term.is_Pow and term.exp.is_real:
        return bool(term.exp.is_even and _real(term.base)) or nonnegative(term.base, symmetric)
    return bool(term.is_nonnegative)


def _real(e: Any) -> bool:
    """Real: by assumption, or built from traces (matrix letters are real) and real symbols."""
    traces = {t: Dummy("t", real=True) for t in e.atoms(sympy.Trace, sympy.Determinant)}
    return bool(e.xreplace(traces).is_real)


def _gram(product: Any, symmetric: set[Any]) -> bool:
    """``X.T*X``, ``X*X.T``, or ``X.T*Y*X`` with ``Y`` of this form, times a nonnegative number; matrices are real."""
    if isinstance(product, sympy.MatAdd):
        return all(_gram(arg, symmetric) for arg in product.args)
    scale, factors = product.as_coeff_matrices() if hasattr(product, "as_coeff_matrices") else (S.One, [product])
    flat: list[Any] = []
    for factor in factors:
        whole = isinstance(factor, sympy.MatPow) and factor.exp.is_Integer and factor.exp > 0
        flat += [factor.base] * int(factor.exp) if whole else [factor]

    def flip(factor: Any) -> Any:
        return factor if factor in symmetric or isinstance(factor, sympy.Identity) else sympy.Transpose(factor).doit()

    if not nonnegative(scale):
        return False
    for shift in range(len(flat)):  # the trace of a product does not change when it is rotated
        turned = flat[shift:] + flat[:shift]
        half = len(turned) // 2
        if len(turned) % 2 == 0 and all(turned[k] == flip(turned[-1 - k]) for k in range(half)):
            return True
    return all(isinstance(factor, sympy.Identity) for factor in flat)

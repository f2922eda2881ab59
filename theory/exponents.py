"""Powers of a small parameter: an expression becomes ``{exponent: coefficient}``, exponents may be symbolic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Function,
    Heaviside,
    Max,
    Mul,
    Poly,
    PolynomialError,
    Pow,
    Product,
    S,
    Sum,
    Symbol,
    binomial,
    cancel,
    cosh,
    expand,
    fraction,
    log,
    sign,
    simplify,
    sinh,
    summation,
    tanh,
    together,
)
from sympy import exp as Exp

from .indices import collect_sum

Powers = dict[Any, Any]
"""Exponent of the small parameter -> coefficient."""

Given = tuple[tuple[Any, Any], ...]
"""Integer symbols and their least values, ``((L, 3), (l, j + 1))``."""


class Rest(Dummy):
    """The unknown part of a truncated series, from its exponent on; every one is different from every other."""


def unknown(coefficient: Any) -> bool:
    """Whether a coefficient contains the rest of a truncated series."""
    return bool(coefficient.atoms(Rest))


def is_zero(coefficient: Any) -> bool:
    """Zero test of coefficients: expansion, and simplification where functions or roots occur."""
    flat = expand(coefficient)
    if flat.is_zero is not None or unknown(flat):
        return bool(flat.is_zero)
    hard = flat.has(Function) or any(not p.exp.is_Integer for p in flat.atoms(Pow))
    return bool(hard and simplify(flat) == 0)


def order_sign(exponent: Any, given: Given = ()) -> int:
    """Sign of an exponent: a rational function of symbols with known least values.

    Raises
    ------
    ValueError : the sign is not the same for all admissible values, or cannot be decided.
    """
    exponent = cancel(exponent)
    if exponent.is_number:
        return int(sign(exponent))
    least = dict(given)
    plain = exponent
    for _ in range(len(least) + 1):  # bounds may use other bounded symbols
        steps = {s: least[s] + Dummy("n", nonnegative=True) for s in plain.free_symbols if s in least}
        plain = plain.xreplace(steps)
    rest = {s: 1 + Dummy("n", nonnegative=True) for s in plain.free_symbols if s.is_integer and s.is_positive}
    top, bottom = fraction(cancel(together(plain.xreplace(rest))))
    signs = [_definite(top), _definite(bottom)]
    if None in signs:
        raise ValueError(f"given: the sign of the exponent {exponent} is not decided; give least values of its symbols")
    return int(signs[0] * signs[1])  # type: ignore[operator]


def _definite(expression: Any) -> int | None:
    """Sign of a polynomial in nonnegative and positive symbols by the signs of its coefficients."""
    if expression.is_number:
        return int(sign(expression))
    try:
        poly = Poly(expression, *sorted(expression.free_symbols, key=str))
    except PolynomialError:
        return 1 if expression.is_positive else -1 if expression.is_negative else None
    if not all(g.is_nonnegative for g in poly.gens) or not all(c.is_number for c in poly.coeffs()):
        return None
    signs = {int(sign(c)) for c in poly.coeffs()}
    if len(signs) != 1:
        return None
    strict = any(all(g.is_positive for g, e in zip(poly.gens, powers) if e) for powers, _ in poly.terms())
    return signs.pop() if strict else None


def least(exponents: Iterable[Any], given: Given = ()) -> Any:
    """Least of some exponents; ValueError where their order is not decided."""
    best, *others = list(exponents)
    for other in others:
        if order_sign(other - best, given) < 0:
            best = other
    return best


def strip(terms: Powers, given: Given = ()) -> Powers:
    """Remove leading terms whose coefficients are zero, down to the first that is not (or is unknown)."""
    left = dict(terms)
    while left:
        first = least(left, given)
        if unknown(left[first]) or not is_zero(left[first]):
            return left
        del left[first]
    return left


def leading(terms: Powers, given: Given = ()) -> tuple[Any, Any]:
    """Least exponent with its coefficient.

    Raises
    ------
    ValueError : nothing is left, or the least term lies in the unknown rest of a truncated series.
    """
    left = strip(terms, given)
    if not left:
        raise ValueError("expression: it is zero to all orders; it has no leading term")
    first = least(left, given)
    if unknown(left[first]):
        raise ValueError("extra: the leading terms cancel up to the order kept; raise extra")
    return first, left[first]


def _open(expression: Any) -> Any:
    """Distribute products over sums; powers stay in one piece, so that ``s**(k-1)`` is not torn apart."""
    return expand(expression, power_exp=False, power_base=False, log=False, basic=False, complex=False)


def _merge(pairs: Iterable[tuple[Any, Any]]) -> Powers:
    out: dict[Any, list[Any]] = {}
    for exponent, coefficient in pairs:
        out.setdefault(cancel(exponent), []).append(coefficient)
    return {e: c for e, c in ((e, _open(Add(*parts))) for e, parts in out.items()) if c != 0}


def _times(left: Powers, right: Powers) -> Powers:
    return _merge((p + q, c * d) for p, c in left.items() for q, d in right.items())


def powers(expression: Any, small: Symbol, *, given: Given = (), extra: int = 1) -> Powers:
    """Expand in powers of a small positive parameter.

    Parameters
    ----------
    expression : scalar expression; ``log(small)`` counts as a coefficient of size 1.
    small : positive symbol.
    given : least values of integer symbols in exponents.
    extra : number of corrections of a non-polynomial function. What follows is a term with a `Rest` coefficient.

    Returns
    -------
    dict : exponent -> coefficient, in no order.

    Raises
    ------
    ValueError : a function is expanded about a singular point, grows exponentially, or has no rule.
    """
    if small.is_positive is not True:
        raise ValueError(f"small: {small} is not declared positive")

    def series(u: Powers, term: Callable[[int], Any]) -> Powers:
        """``sum_n term(n) u**n`` for ``u`` of positive order, truncated."""
        if not u:
            return {S.Zero: term(0)}
        first = least(u, given)
        if order_sign(first, given) <= 0:
            raise ValueError(f"expression: no expansion in {first} powers of {small}")
        out: list[tuple[Any, Any]] = []
        power: Powers = {S.Zero: S.One}
        for n in range(extra + 1):
            coefficient = term(n)
            if coefficient.has(S.ComplexInfinity, S.Infinity, S.NegativeInfinity, S.NaN):
                raise ValueError(f"expression: {expression} is singular where it is expanded in {small}")
            out += [(e, coefficient * c) for e, c in power.items()]
            power = _times(power, u)
        return _merge([*out, (first * (extra + 1), Rest("Rest"))])

    def split(terms: Powers) -> tuple[Any, Powers]:
        """Part of order zero, and the smaller rest; negative exponents are refused."""
        for e in terms:
            if order_sign(e, given) < 0:
                raise ValueError(f"expression: a function of an argument of size {small}**({e}) has no expansion")
        return terms.get(S.Zero, S.Zero), {e: c for e, c in terms.items() if e != 0}

    def go(node: Any) -> Powers:
        if not node.has(small):
            return {} if node == 0 else {S.Zero: node}
        if node == small:
            return {S.One: S.One}
        if node == log(small):
            return {S.Zero: node}
        if isinstance(node, Add):
            return _merge(pair for arg in node.args for pair in go(arg).items())
        if isinstance(node, Mul):
            out: Powers = {S.Zero: S.One}
            for arg in node.args:
                out = _times(out, go(arg))
            return out
        if isinstance(node, Exp):
            return exponential(go(node.exp))
        if isinstance(node, Pow):
            return power(node.base, node.exp)
        if isinstance(node, Sum):
            return total(node)
        if isinstance(node, Product):
            return product(node)
        if isinstance(node, Max | Abs | sign | Heaviside):
            return homogeneous(node)
        if isinstance(node, Function) and len(node.args) == 1:
            return function(node)
        raise ValueError(f"expression: no rule for {type(node).__name__} {node}")

    def power(base: Any, exponent: Any) -> Powers:
        if exponent.has(small):
            return go(Exp(exponent * log(base)))
        if base == small:
            return {cancel(exponent): S.One}
        terms = go(base)
        if len(terms) == 1 and not unknown(next(iter(terms.values()))):
            ((e, c),) = terms.items()
            return {cancel(e * exponent): c**exponent}
        if exponent.is_Integer and exponent > 0:
            out: Powers = {S.Zero: S.One}
            for _ in range(int(exponent)):
                out = _times(out, terms)
            return out
        first, lead = leading(terms, given)
        u = {cancel(e - first): c / lead for e, c in terms.items() if e != first and not is_zero(c)}
        raised = series(u, lambda n: binomial(exponent, n).expand(func=True) if n else S.One)
        return _times({cancel(first * exponent): lead**exponent}, raised)

    def exponential(terms: Powers) -> Powers:
        if terms and order_sign(first := least(terms, given), given) < 0:
            if terms[first].is_negative:
                return {}  # smaller than every power
            raise ValueError(
                f"expression: exp({terms[first]}*{small}**({first})) has no power of {small}; declare signs"
            )
        constant, small_part = split(terms)
        if unknown(constant):
            raise ValueError("extra: the constant of an exponent is not known; raise extra")
        logs = constant.coeff(log(small))
        factorial = S.One

        def term(n: int) -> Any:
            nonlocal factorial
            factorial *= max(n, 1)
            return 1 / factorial

        return _times({cancel(logs): Exp(expand(constant - logs * log(small)))}, series(small_part, term))

    def function(node: Any) -> Powers:
        terms = go(node.args[0])
        wild = any(c.has(log(small)) or order_sign(e, given) < 0 for e, c in terms.items())
        if isinstance(node, sinh | cosh | tanh) and wild:
            return go(node.rewrite(Exp))
        at, u = split(terms)
        if unknown(at):
            raise ValueError("extra: the argument of a function is not known at order zero; raise extra")
        x = Dummy("x")
        slopes = [node.func(x)]
        for n in range(extra):
            slopes.append(slopes[-1].diff(x) / (n + 1))
        return series(u, lambda n: slopes[n].subs(x, at)) if u else {S.Zero: node.func(at)}

    def homogeneous(node: Any) -> Powers:
        """Degree 1: relu and absolute value; degree 0: step and sign. Away from the kink only."""
        degree = S.One if isinstance(node, Max | Abs) else S.Zero
        inner = [arg for arg in node.args if arg.has(small)]
        terms = go(inner[0])
        if len(inner) > 1 or len(terms) != 1 or (isinstance(node, Max) and set(node.args) != {S.Zero, inner[0]}):
            raise ValueError(f"expression: {node} has a kink and several powers of {small}; no expansion")
        ((e, c),) = terms.items()
        return {cancel(degree * e): node.xreplace({inner[0]: c})}

    def total(node: Any) -> Powers:
        body = go(node.function)
        for index, low, high in node.limits:
            if low.has(small) or high.has(small):
                raise ValueError(f"expression: the range of {node} depends on {small}")
            out: list[tuple[Any, Any]] = []
            for e, c in body.items():
                if not e.has(index):
                    parts = [collect_sum(part, ((index, low, high),)) for part in Add.make_args(_open(c))]
                    out.append((e, Add(*parts)))
                    continue
                if order_sign(e.diff(index), given) < 0 or e.diff(index).has(index):
                    raise ValueError(f"expression: the exponent {e} in {node} does not grow with {index}")
                whole = high - low
                count = int(whole) + 1 if whole.is_Integer else extra + 1
                for n in range(count):
                    at = {index: low + n}
                    out.append((e.xreplace(at), c.xreplace(at)))
                if not whole.is_Integer:
                    out.append((e.xreplace({index: low + count}), Rest("Rest")))
            body = _merge(out)
        return body

    def product(node: Any) -> Powers:
        terms = go(node.function)
        if len(terms) != 1:
            raise ValueError(f"expression: the factors of {node} have several powers of {small}")
        ((e, c),) = terms.items()
        for limit in node.limits:
            e = summation(e, limit)
        return {cancel(e): Product(c, *node.limits)}

    return go(expression)

"""Hermite coefficients of activations in closed form, and the kernels they sum to.

Conventions: ``He_k`` probabilists' Hermite polynomials, ``h_k = He_k/sqrt(k!)``, standard normal ``x``. The moment of order
``k`` is ``E[f He_k]``, the coefficient is ``E[f h_k]``. Proof of a closed form for all ``k`` in three exact steps:
the function satisfies a linear equation (`Activation.annihilator`), the two rules below turn it into a `recurrence` in
``k`` that the closed form satisfies, and the coefficients that the recurrence leaves open (`starts`) are integrals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import (
    Abs,
    Add,
    Eq,
    Heaviside,
    Integer,
    KroneckerDelta,
    Max,
    Mul,
    Piecewise,
    Poly,
    Pow,
    S,
    Symbol,
    cancel,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    expand,
    factorial,
    fraction,
    gamma,
    pi,
    roots,
    sign,
    simplify,
    sin,
    sinh,
    sqrt,
    together,
)
from sympy.functions.special.polynomials import hermite_prob

x = Symbol("x", real=True)
"""The argument of an activation: standard normal."""

RELU = Max(0, x)
STEP = Heaviside(x)
NORMAL_CDF = (1 + erf(x / sqrt(2))) / 2
GELU = x * NORMAL_CDF

Recurrence = dict[int, Any]
"""Shift ``s`` -> polynomial ``p_s(k)``: ``sum_s p_s(k) c_(k+s) = 0`` for moments ``c``."""


@dataclass(frozen=True)
class Activation:
    """A function of `x` with the linear equation that determines its Hermite coefficients.

    Parameters
    ----------
    name, title : short name, and one line in words.
    function : expression in `x`.
    annihilator : polynomials ``P_0, P_1, ..`` in `x` with ``sum_j P_j f^(j) = 0``, as distributions.
    """

    name: str
    title: str
    function: Any
    annihilator: tuple[Any, ...]


_b = Symbol("b", positive=True)
_n = Symbol("n", integer=True, nonnegative=True)
ACTIVATIONS = (
    Activation("relu", "rectified linear unit", RELU, (-S.One, x)),
    Activation("step", "unit step", STEP, (S.Zero, x)),
    Activation("erf", "error function of b x", erf(_b * x), (S.Zero, 2 * _b**2 * x, S.One)),
    Activation("exp", "exponential of b x", exp(_b * x), (-_b, S.One)),
    Activation("sin", "sine of b x", sin(_b * x), (_b**2, S.Zero, S.One)),
    Activation("cos", "cosine of b x", cos(_b * x), (_b**2, S.Zero, S.One)),
    Activation("gauss", "Gaussian bump", exp(-_b * x**2 / 2), (_b * x, S.One)),
    Activation("monomial", "power of x", x**_n, (-_n, x)),
    Activation("normal-cdf", "normal distribution function", NORMAL_CDF, (S.Zero, x, S.One)),
    Activation("gelu", "Gaussian error linear unit", GELU, (x**2 - 2, 2 * x - x**3, -(x**2))),
)


def at_zero(n: Any) -> Any:
    """``He_n(0)``, continued to all ``n``: ``2**(n/2) sqrt(pi) / gamma((1-n)/2)``, zero at odd ``n >= 1``."""
    return 2 ** (n / S(2)) * sqrt(pi) / gamma((1 - n) / S(2))


def moment(f: Any, k: Any, x: Symbol = x) -> Any:
    """``E[f He_k]`` in closed form, for a number or an integer symbol ``k >= 0``.

    Parameters
    ----------
    f : sum of constants times ``x**p`` times one of: 1, ``Max(0, b*x)``, ``Heaviside(b*x)``, ``Abs(b*x)``, ``sign(b*x)``,
        ``erf(b*x+c)``, ``sin``, ``cos``, ``sinh``, ``cosh`` of ``b*x+c``, ``exp`` of a quadratic polynomial.
    k : degree.
    x : argument of `f`; the other symbols are parameters.

    Returns
    -------
    Expr : valid for all ``k >= 0`` if `k` is a symbol.

    Raises
    ------
    ValueError : no closed form is known; the sign of a slope is not declared; infinite variance; a bad degree.
    """
    k = S(k)
    if k.is_number and not (k.is_Integer and k >= 0):
        raise ValueError(f"k: {k}; allowed: a nonnegative integer or a symbol")
    total = S.Zero
    for term in Add.make_args(plain(S(f), x)):
        if term == 0:
            continue
        constant, rest = term.as_independent(x, as_Add=False)
        power, core = S.Zero, S.One
        for factor in rest.as_ordered_factors():
            base, e = factor.as_base_exp() if not isinstance(factor, exp) else (factor, S.One)
            if base == x and not e.is_negative:
                power += e
            elif isinstance(base, Heaviside) and e.is_positive:
                core *= base
            else:
                core *= factor
        total += constant * _with_power(core, power, k, x)
    return total


def coefficient(f: Any, k: Any, x: Symbol = x) -> Any:
    """Normalised Hermite coefficient ``E[f h_k] = E[f He_k]/sqrt(k!)``; arguments and errors as for `moment`."""
    return moment(f, k, x) / sqrt(factorial(k))


def plain(f: Any, x: Symbol) -> Any:
    """Sum of products of known functions: kinks through steps at zero, hyperbolic functions through exponentials."""

    def step(y: Any) -> Any:
        slope = linear(y, x, offset=False)[0]
        if slope.is_positive:
            return Heaviside(x)
        if slope.is_negative:
            return 1 - Heaviside(x)
        raise ValueError(f"f: the sign of the slope {slope} is not declared")

    def relu(*args: Any) -> Any:
        if len(args) != 2 or S.Zero not in args:
            raise ValueError(f"f: no closed form for {Max(*args)}; allowed: Max(0, b*{x})")
        y = args[0] + args[1]
        return y * step(y)

    f = f.replace(Max, relu).replace(Abs, lambda y: 2 * y * step(y) - y if y.has(x) else Abs(y))
    f = f.replace(sign, lambda y: 2 * step(y) - 1 if y.has(x) else sign(y))
    f = f.replace(Heaviside, lambda y, *_: step(y)).replace(erfc, lambda y: 1 - erf(y))
    f = f.replace(lambda e: isinstance(e, sinh | cosh), lambda e: e.rewrite(exp))
    f = expand(f, power_exp=False, power_base=False, log=False, basic=False, complex=False)
    return f.replace(lambda e: isinstance(e, Pow) and isinstance(e.base, Heaviside), lambda e: e.base)


def linear(y: Any, x: Symbol, *, offset: bool = True) -> tuple[Any, Any]:
    """Slope and offset of an argument that is linear in `x`."""
    poly = y.as_poly(x)
    if poly is None or poly.degree() != 1 or (not offset and poly.nth(0) != 0):
        raise ValueError(f"f: no closed form for the argument {y}; allowed: b*{x}{' + c' if offset else ''}")
    return poly.nth(1), poly.nth(0)


def _with_power(core: Any, power: Any, k: Any, x: Symbol) -> Any:
    """Moment of ``x**power * core``."""
    if core == 1 and power.is_Integer and not k.is_number:
        return Add(
            *(
                _with_power(core, power, S(j), x) * KroneckerDelta(k, j)
                for j in range(int(power) % 2, int(power) + 1, 2)
            )
        )
    if core == 1:  # one of k and power odd, the other even: zero
        parity = (1 + (-1) ** (power - k)) / S(2)
        return parity * factorial(power) * 2 ** ((k - power) / S(2)) / gamma((power - k) / S(2) + 1)
    if core == Heaviside(x):
        return factorial(power) * 2 ** ((k - power) / S(2) - 1) / gamma((power - k) / S(2) + 1)
    if not power.is_Integer:
        raise ValueError(f"f: no closed form for {x**power * core}; allowed: powers that are numbers")
    if power == 0:
        return _core(core, k, x)
    lower = k * _with_power(core, power - 1, k - 1, x) if k != 0 else S.Zero
    return _with_power(core, power - 1, k + 1, x) + lower


def _core(core: Any, k: Any, x: Symbol) -> Any:
    """Moment of one function."""
    if isinstance(core, exp):
        return _gauss(core.exp, k, x)
    if isinstance(core, erf):
        b, c = linear(core.args[0], x)
        start = erf(c / sqrt(1 + 2 * b**2))
        if k == 0:
            return start
        later = 2 * b / sqrt(pi) * _gauss(expand(-((b * x + c) ** 2)), k - 1, x)
        return later if k.is_number else Piecewise((start, Eq(k, 0)), (later, True))
    if isinstance(core, sin | cos):
        b, c = linear(core.args[0], x)
        return b**k * exp(-(b**2) / 2) * core.func(c + k * pi / 2)
    raise ValueError(f"f: no closed form for {core}; use quadrature")


def _gauss(exponent: Any, k: Any, x: Symbol) -> Any:
    """Moment of ``exp(-q x^2/2 + b x + c)`` by its generating function ``E[f exp(u x - u^2/2)]``."""
    poly = exponent.as_poly(x)
    if poly is None or poly.degree() > 2:
        raise ValueError(f"f: no closed form for exp({exponent}); allowed: quadratic polynomials")
    q, b, c = -2 * poly.nth(2), poly.nth(1), poly.nth(0)
    if (1 + 2 * q).is_nonpositive:
        raise ValueError(f"f: exp({exponent}) has no finite variance under a standard normal {x}")
    if q == 0:
        return exp(c + b**2 / 2) * b**k
    size = exp(c + b**2 / (2 * (1 + q))) / sqrt(1 + q)
    shrink = q / (1 + q)
    at = b / ((1 + q) * sqrt(shrink))
    return size * shrink ** (k / S(2)) * (at_zero(k) if b == 0 else expand(hermite_prob(k, at)))


# Rules, in the moments: (x f)_k = f_(k+1) + k f_(k-1), (f')_k = f_(k+1)


def recurrence(annihilator: Sequence[Any], k: Symbol, x: Symbol = x) -> Recurrence:
    """What ``sum_j P_j(x) f^(j) = 0`` says about the moments of `f`, by the rules for ``x f`` and ``f'``.

    Parameters
    ----------
    annihilator : polynomials ``P_0, P_1, ..`` in `x`.
    k : integer symbol.
    x : argument.

    Returns
    -------
    dict : shift ``s`` -> polynomial ``p_s(k)`` with ``sum_s p_s(k) c_(k+s) = 0`` for all ``k >= 0``.
    """
    total: Recurrence = {}
    for j, polynomial in enumerate(annihilator):
        for (power,), factor in S(polynomial).as_poly(x).terms() if polynomial != 0 else ():
            row: Recurrence = {j: factor}
            for _ in range(power):
                longer: Recurrence = {}
                for shift, p in row.items():
                    longer[shift + 1] = longer.get(shift + 1, 0) + p.subs(k, k + 1)
                    longer[shift - 1] = longer.get(shift - 1, 0) + k * p.subs(k, k - 1)
                row = longer
            for shift, p in row.items():
                total[shift] = total.get(shift, 0) + p
    return {shift: p for shift, p in sorted((s, expand(p)) for s, p in total.items()) if p != 0}


def starts(rule: Recurrence, k: Symbol) -> tuple[int, ...]:
    """Degrees that a recurrence does not determine from lower ones: their moments must be known otherwise."""
    top = max(rule)
    singular = {int(root) + top for root in roots(Poly(rule[top], k)) if root.is_Integer and root >= 0}
    return tuple(sorted(set(range(top)) | singular))


def times_x(coefficients: Sequence[Any]) -> tuple[Any, ...]:
    """Normalised coefficients of ``x f`` from those of `f`; one fewer, because the last needs the next one of `f`."""
    lower = (S.Zero, *(sqrt(Integer(k)) * coefficients[k - 1] for k in range(1, len(coefficients))))
    return tuple(sqrt(Integer(k + 1)) * coefficients[k + 1] + lower[k] for k in range(len(coefficients) - 1))


def derivative(coefficients: Sequence[Any]) -> tuple[Any, ...]:
    """Normalised coefficients of ``f'`` from those of `f`; one fewer."""
    return tuple(sqrt(Integer(k + 1)) * coefficients[k + 1] for k in range(len(coefficients) - 1))


def gather(expressions: Sequence[Any]) -> list[Any]:
    """Gamma functions whose arguments differ by integers, through one of them."""
    steps: dict[Any, Any] = {}
    bases: list[Any] = []
    for place in sorted((g for e in expressions for g in e.atoms(gamma)), key=str):
        for base in bases:
            n = place.args[0] - base
            if n.is_Integer:
                up = Mul(*(base + j for j in range(int(n))))
                down = Mul(*(base - j for j in range(1, 1 - int(n))))
                steps[place] = gamma(base) * up / down
                break
        else:
            bases.append(place.args[0])
    return [e.xreplace(steps) for e in expressions]


def recurrence_residual(f: Any, rule: Recurrence, k: Symbol, x: Symbol = x, *, start: int = 0) -> Any:
    """``sum_s p_s c_(k+s) / c_k`` at ``k >= start`` with the closed forms put in: zero if they satisfy the recurrence.

    Raise `start` where the closed form of low degrees is an exception (error functions at degree 0, GELU at degree 1).
    """
    at = k + start
    parts = [p.subs(k, at) * moment(f, at + shift, x) for shift, p in rule.items()]
    whole, *parts = gather([moment(f, at, x), *parts])
    return simplify(Add(*(expand(part / whole) for part in parts)))


def two_term(f: Any, k: Symbol, x: Symbol = x) -> Recurrence:
    """The recurrence ``p_0(k) c_k + p_d(k) c_(k+d) = 0``, ``d`` = 1 or 2, that the closed form satisfies at large ``k``.

    Raises
    ------
    ValueError : the ratio of coefficients is not a rational function of ``k``.
    """
    n = Symbol("n", integer=True, positive=True)
    rules = set()
    for d in (1, 2):
        for odd in (0, 1):
            far = 2 * n + 8 + odd  # beyond exceptional low degrees
            here, there = gather([moment(f, far, x), moment(f, far + d, x)])
            if here != 0:
                ratio = cancel(simplify(there / here).subs(n, (k - 8 - odd) / S(2)))
                rules.add(ratio)
        if len(rules) == 1 and rules != {S.Zero} and all(ratio.is_rational_function(k) for ratio in rules):
            top, bottom = fraction(together(rules.pop()))
            return {0: expand(-top), d: expand(bottom)}
        rules.clear()
    raise ValueError(f"f: coefficients of {f} have no two-term recurrence")

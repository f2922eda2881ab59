"""Kernels of two activations: sums of products of their Hermite coefficients in closed form.

``V(s) = sum_k sigma_k phi_k s^k = E[sigma(x) phi(y)]`` for standard normal ``x``, ``y`` with ``E[x y] = s``; ``U`` is ``V``
of an activation with itself (ReLU: the arc-cosine kernel, erf: the arcsine kernel).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sympy import (
    Add,
    Dummy,
    Heaviside,
    Poly,
    Pow,
    Rational,
    S,
    Symbol,
    acos,
    asin,
    cancel,
    cos,
    erf,
    exp,
    expand,
    factorial,
    fraction,
    pi,
    simplify,
    sin,
    sqrt,
    together,
)

from .hermite import Recurrence, linear, moment, plain, x


def overlap(f: Any, g: Any, s: Any, x: Symbol = x) -> Any:
    """``E[f(x) g(y)] = sum_k f_k g_k s^k`` in closed form, for standard normal ``x``, ``y`` with ``E[x y] = s``.

    Parameters
    ----------
    f, g : activations as for `moment`. Known pairs: a polynomial with anything; exponentials of quadratics, sines and
        cosines with each other; steps and ReLU with each other; ``erf(b*x)`` and ``x*erf(b*x)`` with each other.
    s : correlation, a symbol or a number in [-1, 1].
    x : argument of both.

    Raises
    ------
    ValueError : a pair without a closed form here.
    """
    return Add(*(u * v * _pair(p, q, S(s), x) for u, p in _terms(f, x) for v, q in _terms(g, x)))


def kernel(f: Any, r: Any, x: Symbol = x) -> Any:
    """``U(r) = sum_k f_k^2 r^k`` in closed form; ``U(1) = E[f^2]``. Errors as for `overlap`."""
    return overlap(f, f, r, x)


def _terms(f: Any, x: Symbol) -> list[tuple[Any, Any]]:
    """Pairs (constant, rest); sines and cosines as exponentials."""
    simple = plain(S(f).replace(lambda e: isinstance(e, sin | cos), lambda e: e.rewrite(exp)), x)
    return [term.as_independent(x, as_Add=False) for term in Add.make_args(simple) if term != 0]


def _pair(f: Any, g: Any, s: Any, x: Symbol) -> Any:
    for one, other in ((f, g), (g, f)):
        if one.is_polynomial(x):
            degrees = range(Poly(one, x).degree() + 1)
            return Add(*(moment(one, k, x) * moment(other, k, x) * s**k / factorial(k) for k in degrees))
    if isinstance(f, exp) and isinstance(g, exp):
        return _gauss_pair(f.exp, g.exp, s, x)
    p, q = f.coeff(Heaviside(x)), g.coeff(Heaviside(x))
    if {p, q} <= {S.One, x}:
        if p == q == 1:
            return Rational(1, 4) + asin(s) / (2 * pi)
        if p == q:
            return (sqrt(1 - s**2) + s * (pi - acos(s))) / (2 * pi)
        return (1 + s) / (2 * sqrt(2 * pi))
    (p, left), (q, right) = (_error(e, x) for e in (f, g))
    if p is None or q is None:
        raise ValueError(f"f, g: no closed form for the pair {f}, {g}; sum the series")
    flat = 2 / pi * asin(2 * left * right * s / sqrt((1 + 2 * left**2) * (1 + 2 * right**2)))
    if p != q:
        return S.Zero  # one even, one odd
    if p == 0:
        return flat
    # Stein: E[x F] = E[F_x] + s E[F_y], and Price: E[f' g'] = W'; E[f'' g] = -2 b^2 (E[f'' g] + s W') because f'' = -2 b^2 x f'
    t = Dummy("t")
    slope = (2 / pi * asin(2 * left * right * t / sqrt((1 + 2 * left**2) * (1 + 2 * right**2)))).diff(t).subs(t, s)
    bend = Add(*(-2 * b**2 * s / (1 + 2 * b**2) for b in (left, right)))
    return slope * (1 + s**2 + s * bend) + s * flat


def _gauss_pair(f: Any, g: Any, s: Any, x: Symbol) -> Any:
    """``E[exp(f(x) + g(y))]`` for quadratic polynomials: a Gaussian integral in the plane."""
    left, right = (Poly(e, x) for e in (f, g))
    if max(left.degree(), right.degree()) > 2:
        raise ValueError(f"f, g: no closed form for exp({f}), exp({g}); allowed: quadratic polynomials")
    for exponent, poly in ((f, left), (g, right)):
        if (1 - 4 * poly.nth(2)).is_nonpositive:
            raise ValueError(f"f, g: exp({exponent}) has no finite variance under a standard normal {x}")
    p, q, b, c = left.nth(2), right.nth(2), left.nth(1), right.nth(1)
    det = (1 - 2 * p) * (1 - 2 * q) - 4 * p * q * s**2
    size = b**2 * (1 - 2 * q * (1 - s**2)) + 2 * b * c * s + c**2 * (1 - 2 * p * (1 - s**2))
    return exp(expand(left.nth(0) + right.nth(0) + cancel(size / (2 * det)))) / sqrt(det)


def _error(e: Any, x: Symbol) -> tuple[int | None, Any]:
    """``(p, b)`` of ``x**p erf(b x)`` with p = 0 or 1; ``(None, 0)`` for anything else."""
    for p in (0, 1):
        core = cancel(e / x**p) if p else e
        if isinstance(core, erf):
            b, c = linear(core.args[0], x)
            if c == 0:
                return p, b
    return None, S.Zero


def series(products: Sequence[Any], s: Any, total: Any = None) -> Any:
    """Truncated ``sum_k c_k s^k``; with the exact value at ``s = 1`` given, what is missing there goes to the first degree left out.

    Parameters
    ----------
    products : ``sigma_k phi_k`` for V, ``sigma_k^2`` for U, from degree 0.
    s : argument.
    total : exact value at 1, such as ``U(1) = E[sigma^2]``. The diagonal of the network needs it: the tail of ReLU decays
        like ``K**(-3/2)`` there. For nonnegative products and ``|s| < 1`` the error is at most ``tail * |s|**K``.

    Raises
    ------
    ValueError : `total` is smaller than the sum of the products.
    """
    rest = S.Zero if total is None else total - Add(*products)
    if rest.is_negative:
        raise ValueError(f"total: {total} is smaller than the sum of the {len(products)} products, {Add(*products)}")
    return Add(*(c * s**k for k, c in enumerate(products)), rest * s ** len(products))


def kernel_residual(kernel: Any, rule: Recurrence, k: Symbol, r: Symbol) -> Any:
    """Zero if ``U = sum_k c_k^2 r^k/k!`` satisfies what a two-term recurrence of the moments ``c_k`` says about it.

    With ``theta = r d/dr``: ``p_d(theta)^2 U^(d) = p_0(theta)^2 U``. Together with ``U^(j)(0) = c_j^2`` for ``j < d`` this
    is the closed form for all degrees, where ``p_d`` has no root among ``k >= 0``.
    """
    if len(rule) != 2 or 0 not in rule:
        raise ValueError(f"rule: shifts {sorted(rule)}; allowed: 0 and one more")
    d = max(rule)

    def act(polynomial: Any, u: Any) -> Any:
        total, power = S.Zero, u
        for c in reversed(Poly(expand(polynomial**2), k).all_coeffs()):
            total += c * power
            power = r * power.diff(r)
        return total

    return _without_roots(act(rule[d], kernel.diff(r, d)) - act(rule[0], kernel))


def _without_roots(expression: Any) -> Any:
    """Simplify an expression that is rational in one square root, much faster than in general."""
    radicands = {p.base for p in expression.atoms(Pow) if p.exp.is_Rational and p.exp.q == 2 and p.base.free_symbols}
    if len(radicands) != 1:
        return simplify(expression)
    (radicand,) = radicands
    w = Dummy("w", positive=True)
    top, bottom = fraction(
        together(expression.xreplace({p: w ** (2 * p.exp) for p in expression.atoms(Pow) if p.base == radicand}))
    )
    even, odd = S.Zero, S.Zero
    for (power,), c in Poly(top, w).terms():
        half = c * radicand ** (power // 2)
        even, odd = (even, odd + half) if power % 2 else (even + half, odd)
    return (cancel(even) + sqrt(radicand) * cancel(odd)) / bottom.xreplace({w: sqrt(radicand)})

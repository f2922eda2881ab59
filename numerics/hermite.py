"""Hermite coefficients of any activation by quadrature, with an error estimate; closed forms where they are known.

The coefficient of degree ``k`` is ``E[f(x) h_k(x)]`` for a standard normal ``x``, ``h_k = He_k/sqrt(k!)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Activation = str | Callable[[Array], Any]

PANEL = 20
"""Nodes on a panel, its ends included, so that a kink close to an end is seen too."""

REACH = (14.0, 20.0, 28.0, 36.0)
"""Ends of the integral; the first one is taken at which the integrand is below rounding."""

WORK = 20_000
"""Most panels before a function counts as not integrable."""


class Coefficients(NamedTuple):
    """Hermite coefficients of degrees 0, 1, ...

    Parameters
    ----------
    values : coefficients.
    errors : estimates of their absolute errors.
    mean_square : ``E[f^2]``, the sum of all squared coefficients: the diagonal value U(1), never the truncated sum.
    mean_square_error : estimate of its absolute error.
    """

    values: Array
    errors: Array
    mean_square: float
    mean_square_error: float


def _sigmoid(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _erf(x: Array) -> Any:
    from scipy.special import erf

    return erf(x)


def _gelu(x: Array) -> Any:
    from scipy.special import ndtr

    return x * ndtr(x)


FUNCTIONS: dict[str, Callable[[Array], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "erf": _erf,
    "gelu": _gelu,
    "tanh": np.tanh,
    "exp": np.exp,
    "sigmoid": _sigmoid,
    "softplus": lambda x: np.logaddexp(0, x),
    "silu": lambda x: x * _sigmoid(x),
}
"""Activations by name; ``he0``, ``he1``, ... are the normalised Hermite polynomials."""


def hermite(x: Array, degree: int) -> Array:
    """Normalised Hermite polynomials of degrees below `degree` at points `x`; shape ``(degree, *x.shape)``."""
    x = np.asarray(x, dtype=float)
    table = np.zeros((degree, *x.shape))
    for k in range(degree):
        if k < 2:
            table[k] = x if k else 1.0
        else:
            table[k] = (x * table[k - 1] - np.sqrt(k - 1) * table[k - 2]) / np.sqrt(k)
    return table


def function(activation: Activation) -> Callable[[Array], Any]:
    """The function of a name, or the callable itself; ValueError for an unknown name."""
    if callable(activation):
        return activation
    found = FUNCTIONS.get(str(activation))
    if found is not None:
        return found
    match = re.fullmatch(r"he(\d{1,3})", str(activation))
    if match is None:
        raise ValueError(f"activation: {activation!r}; allowed: {', '.join(FUNCTIONS)}, he0, he1, ... or a function")
    number = int(match[1])
    return lambda x: hermite(x, number + 1)[number]


def coefficients(activation: Activation, degree: int, *, exact: bool = True) -> Coefficients:
    """Hermite coefficients of degrees ``0 .. degree - 1``.

    Parameters
    ----------
    activation : a name (`FUNCTIONS`, or ``he3`` for a normalised Hermite polynomial), or a function of an array.
    degree : how many coefficients.
    exact : use the closed form of a known name; otherwise quadrature.

    Returns
    -------
    Coefficients : values with estimated errors, and ``E[f^2]``.

    Raises
    ------
    ValueError : unknown name, a degree outside 1 to 500, a function that is not finite, not of one value for each
        argument, or without finite variance.
    """
    if not isinstance(degree, int | np.integer) or isinstance(degree, bool) or not 1 <= degree <= 500:
        raise ValueError(f"degree: {degree!r}; allowed: integers from 1 to 500")
    f = function(activation)
    if exact and isinstance(activation, str):
        known = _closed_form(activation, int(degree))
        if known is not None:
            return known._replace(values=known.values.copy(), errors=known.errors.copy())  # cached
    return quadrature(f, int(degree))


def quadrature(f: Callable[[Array], Any], degree: int) -> Coefficients:
    """Coefficients by Gauss-Lobatto on panels against the Gaussian weight; panels with kinks or jumps are halved.

    Parameters
    ----------
    f : function of an array, smooth up to finitely many kinks and jumps (anywhere).
    degree : how many coefficients.

    Returns
    -------
    Coefficients : errors by the last four Legendre coefficients of the integrand on every panel, plus rounding.
    """
    end = _reach(f)
    left, width = np.arange(-end, end), np.ones(int(2 * end))
    values, errors = np.zeros(degree + 1), np.zeros(degree + 1)
    panels, allowed = 0, None
    while len(left):
        panels += len(left)
        if panels > WORK:
            raise ValueError(f"activation: {_name(f)} is too rough to integrate; allowed: smooth up to kinks and jumps")
        whole, rounding, tail = _panel(f, left, width, degree)
        if allowed is None:  # E[f^2] stands last; coefficients compare with its root
            norm = max(whole[:, -1].sum(), np.finfo(float).tiny)
            allowed = 1e-15 * np.append(np.full(degree, np.sqrt(norm)), norm)
        good = (tail <= allowed).all(axis=1) | (width < 1e-14)
        values += whole[good].sum(axis=0)
        errors += (tail + rounding)[good].sum(axis=0)
        left = np.concatenate([left[~good], (left + width / 2)[~good]])
        width = np.tile(width[~good] / 2, 2)
    return Coefficients(values[:-1], errors[:-1], float(values[-1]), float(errors[-1]))


@lru_cache(maxsize=1)
def _rule() -> tuple[Array, Array, Array]:
    """Gauss-Lobatto nodes and weights on [-1, 1], and the map from values to the last four Legendre coefficients."""
    legendre = np.polynomial.legendre
    top = legendre.Legendre.basis(PANEL - 1)
    inner = np.real(top.deriv().roots())
    inner -= top.deriv()(inner) / top.deriv(2)(inner)
    nodes = np.concatenate([[-1.0], np.sort(inner), [1.0]])
    weights = 2 / (PANEL * (PANEL - 1) * top(nodes) ** 2)
    orders = np.arange(PANEL - 4, PANEL)
    return nodes, weights, legendre.legvander(nodes, PANEL - 1)[:, orders] * weights[:, None] * (orders + 0.5)


def _panel(f: Callable[[Array], Any], left: Array, width: Array, degree: int) -> tuple[Array, Array, Array]:
    """Integrals of ``f h_k`` and ``f^2`` over panels, their rounding, and error bounds; shape ``(panels, degree + 1)``."""
    nodes, weights, last = _rule()
    x = left[:, None] + width[:, None] * (nodes + 1) / 2
    density = width[:, None] * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    y = _call(f, x)
    table = np.concatenate([y * density * hermite(x, degree), [y**2 * density]])
    steps = np.append(np.arange(degree), 0)[:, None, None]  # the exponential multiplies the rounding of its argument
    ulps = np.finfo(float).eps * (4 + steps + x**2 / 2)
    return (table @ weights).T / 2, ((np.abs(table) * ulps) @ weights).T / 2, np.abs(table @ last).max(axis=2).T


def _call(f: Callable[[Array], Any], x: Array) -> Array:
    with np.errstate(all="ignore"):
        try:
            y = np.asarray(f(x))
        except (TypeError, ValueError) as error:
            raise ValueError(f"activation: {_name(f)} is no function of an array ({error})") from None
    if y.dtype.kind not in "biuf":
        raise ValueError(f"activation: {_name(f)} returns {y.dtype} values; allowed: real numbers")
    y = y.astype(float)
    if y.shape != x.shape:
        raise ValueError(f"activation: {_name(f)} returns shape {y.shape} for arguments of shape {x.shape}")
    if not np.isfinite(y).all():
        where = x[~np.isfinite(y)]
        raise ValueError(f"activation: {_name(f)} is not finite at {where[np.argmin(np.abs(where))]:.6g}")
    return y


def _reach(f: Callable[[Array], Any]) -> float:
    """How far the integral must go: ``|f h_k|`` times the weight is at most ``|f| exp(-x^2/4)``."""
    top = 0.0
    for end in REACH:
        x = np.linspace(-end, end, 2001)
        try:
            y = np.abs(_call(f, x)) * np.exp(-(x**2) / 4)
        except ValueError:
            if end == REACH[0]:
                raise
            break  # finite where it matters, overflows farther out
        top = max(top, float(y.max()))
        if max(y[0], y[-1]) <= 1e-18 * top or top == 0:
            return end
    raise ValueError(f"activation: {_name(f)} grows too fast for a finite variance under a Gaussian input")


def _name(f: Any) -> str:
    return str(getattr(f, "__name__", f))


@lru_cache(maxsize=64)
def _closed_form(name: str, degree: int) -> Coefficients | None:
    """Closed forms of named activations, rounded once."""
    from sympy import N, erf, exp

    from ..theory.hermite import GELU, RELU, coefficient, x
    from ..theory.kernels import kernel

    if name.startswith("he"):
        values = np.zeros(degree)
        number = int(name[2:])
        values[number : number + 1] = 1
        return Coefficients(values, np.zeros(degree), 1.0, 0.0)
    forms = {"relu": RELU, "gelu": GELU, "erf": erf(x), "exp": exp(x)}
    if name not in forms:
        return None
    f = forms[name]
    values = np.array([float(N(coefficient(f, k), 20)) for k in range(degree)])
    total = float(N(kernel(f, 1), 20))
    rounding = np.finfo(float).eps
    return Coefficients(values, rounding * np.abs(values), total, rounding * total)

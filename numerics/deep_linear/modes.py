"""One aligned singular value at any depth: its time by the theory's formulas, its value by bracketed Newton steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .network import Array, check_depth, check_positive

DIGITS = 40
"""Working digits of the one subtraction that cancels: the time minus the long escape from the start."""


@cache
def _time(layers: int) -> Any:
    from ...theory.deep_linear.modes import time_formula
    from ..lower import lower_formula

    return lower_formula(time_formula(layers))


@cache
def _approach(layers: int) -> Callable[[Any, Any], Any]:
    """The theory's antiderivative of ``u/(1 - u**L)`` as a function of ``u`` and ``1 - u``, each known to full accuracy."""
    from sympy import Symbol, lambdify, log

    from ...theory.deep_linear.modes import by_roots

    u, gap = Symbol("u", positive=True), Symbol("gap", positive=True)
    function: Callable[[Any, Any], Any] = lambdify((u, gap), by_roots(layers, u).subs(log(1 - u), log(gap)), "numpy")
    return function


def _check(s_0: float, goal: float) -> tuple[float, float]:
    s_0, goal = check_positive("s_0", s_0), check_positive("goal", goal)
    if s_0 >= goal:
        raise ValueError(f"s_0: {s_0}; allowed: below the target {goal}")
    return s_0, goal


def _times(times: Any) -> Array:
    t = np.asarray(times, dtype=float)
    if not np.isfinite(t).all() or (t < 0).any():
        raise ValueError("times: finite nonnegative numbers are needed")
    return t


def time_of(s: Any, s_0: float, goal: float, layers: int) -> Array:
    """Time at which the singular value is ``s``, ``s_0 <= s < goal``, for at least two layers."""
    layers, (s_0, goal) = check_depth(layers, 2), _check(s_0, goal)
    at = np.asarray(s, dtype=float)
    if not ((at >= s_0) & (at < goal)).all():
        raise ValueError(f"s: allowed: from s_0 = {s_0} to below the target {goal}")
    return np.asarray(_time(layers)(s=at, s_0=s_0, s_star=goal))


def value_at(times: Any, s_0: float, goal: float, layers: int | float) -> Array:
    """Singular value at the times; at infinite depth (``inf``) the time is multiplied by the depth.

    Relative accuracy 1e-12 for starts down to ``1e-8 goal``: the times are taken as exact.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the root is not found.
    """
    return _solve(times, s_0, goal, layers)[0]


def gap_at(times: Any, s_0: float, goal: float, layers: int | float) -> Array:
    """Relative distance ``1 - s/goal`` at the times, accurate relative to itself also where s rounds to the target.

    Down to 1e-260, where it stays.
    """
    return _solve(times, s_0, goal, layers)[1]


def _solve(times: Any, s_0: float, goal: float, layers: int | float) -> tuple[Array, Array]:
    """Value, and relative distance from the target."""
    s_0, goal = _check(s_0, goal)
    t = _times(times)
    if layers == 1:
        gap = (goal - s_0) / goal * np.exp(-t)
        return np.asarray(s_0 - (goal - s_0) * np.expm1(-t)), np.asarray(gap)
    if layers == 2 or layers == np.inf:
        z = _logistic(t, s_0, goal) if layers == 2 else _omega(t, s_0, goal)
        return np.asarray(goal / (1 + z)), np.asarray(z / (1 + z))
    layers = check_depth(int(layers) if layers == layers // 1 else layers)  # type: ignore[arg-type]
    u, near = _invert(_clock(t.ravel(), s_0, goal, layers), (s_0 / goal) ** (1 / layers), layers)
    gap = -np.expm1(layers * np.log1p(-near))
    s = np.where(t.ravel() == 0, s_0, np.clip(goal * np.where(near < 0.5, 1 - gap, u**layers), s_0, goal))
    return s.reshape(t.shape), gap.reshape(t.shape)


def _logistic(t: Array, s_0: float, goal: float) -> Array:
    """``goal/s - 1`` of two layers."""
    return np.asarray(np.exp(np.log((goal - s_0) / s_0) - 2 * goal * t))


def _omega(t: Array, s_0: float, goal: float) -> Array:
    """``goal/s - 1`` at infinite depth: the argument cancels, so it is formed with more digits."""
    import mpmath
    from scipy.special import wrightomega

    with mpmath.workdps(DIGITS):
        m = mpmath.mpf(goal)
        z = m / mpmath.mpf(s_0) - 1
        lead = mpmath.log(z) + z
        argument = [float(lead - m**2 * mpmath.mpf(float(one))) for one in t.ravel()]
    return np.asarray(wrightomega(np.array(argument)), dtype=float).reshape(t.shape)


def _clock(t: Array, s_0: float, goal: float, layers: int) -> Array:
    """Value of the antiderivative of ``1/(u**(L-1) (1 - u**L))``, without its approach part at the start, at the times.

    From a small start nearly all the time is spent near it: rounding t would move s by as many units as t has of the last.
    """
    import mpmath

    with mpmath.workdps(DIGITS):
        m, L = mpmath.mpf(goal), mpmath.mpf(layers)
        lead = -((mpmath.mpf(s_0) / m) ** ((2 - L) / L)) / (L - 2)
        unit = m ** (2 - 2 / L)
        return np.array([float(lead + unit * mpmath.mpf(float(one))) for one in t])


def _invert(clock: Array, u_0: float, layers: int) -> tuple[Array, Array]:
    """``u`` and ``1 - u`` with ``-u**(2-L)/(L-2) + I(u) - I(u_0) = clock``, by Newton steps in ``ln u/(1-u)`` inside brackets."""
    from scipy.special import expit

    approach = _approach(layers)
    clock = np.minimum(clock, 600 / layers)  # a distance of 1e-260: below, floating-point numbers end
    first = float(approach(np.float64(u_0), np.float64(1 - u_0)))
    low = np.full(clock.shape, np.log(u_0 / (1 - u_0)) - 1e-9)
    # Near the target the clock is at most -ln(1 - u)/L + const with a constant of order 1.
    high = np.maximum(layers * (clock + 2), 0.0) + 5.0
    power = layers - 2
    with np.errstate(divide="ignore"):
        guess = np.where(clock < 0, (-power * np.minimum(clock, -1e-300)) ** (-1 / power), 0.5)
    q = np.clip(np.log(guess / np.maximum(1 - guess, 1e-3)), low, high)
    for _ in range(200):
        u, near = expit(q), expit(-q)
        value = -(u**-power) / power + approach(u, near) - first - clock
        slope = u ** (1 - layers) / -np.expm1(layers * np.log1p(-near)) * u * near
        low, high = np.where(value <= 0, q, low), np.where(value >= 0, q, high)
        step = value / slope
        new = q - step
        new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
        moved, q = np.abs(new - q), new
        if (moved <= 4e-16 * np.maximum(1, np.abs(q))).all() or (high - low <= 4e-16 * np.maximum(1, np.abs(q))).all():
            break
    else:
        if (moved > 1e-13 * np.maximum(1, np.abs(q))).any():
            raise RuntimeError("deep-linear mode: the singular value at a time was not found in 200 steps")
    return np.asarray(expit(q)), np.asarray(expit(-q))

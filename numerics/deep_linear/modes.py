"""One aligned singular value at any depth: its time by the theory's formulas, its value by a bracketed root."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .network import Array, check_depth, check_positive


@cache
def _time(layers: int) -> Any:
    from ...theory.deep_linear.modes import time_formula
    from ..lower import lower_formula

    return lower_formula(time_formula(layers))


def _check(s_0: float, goal: float) -> tuple[float, float]:
    s_0, goal = check_positive("s_0", s_0), check_positive("goal", goal)
    if s_0 >= goal:
        raise ValueError(f"s_0: {s_0}; allowed: below the target {goal}")
    return s_0, goal


def time_of(s: Any, s_0: float, goal: float, layers: int) -> Array:
    """Time at which the singular value is ``s``, ``s_0 <= s < goal``, for at least two layers."""
    layers, (s_0, goal) = check_depth(layers, 2), _check(s_0, goal)
    at = np.asarray(s, dtype=float)
    if not ((at >= s_0) & (at < goal)).all():
        raise ValueError(f"s: allowed: from s_0 = {s_0} to below the target {goal}")
    return np.asarray(_time(layers)(s=at, s_0=s_0, s_star=goal))


def value_at(times: Any, s_0: float, goal: float, layers: int | float) -> Array:
    """Singular value at the times; at infinite depth (``inf``) the time is multiplied by the depth.

    Depth 1 and 2 in closed form, infinity by the Wright omega function (which does not overflow), others by a bracketed
    root of the time in the logarithm of ``s/(goal - s)``.

    Raises
    ------
    ValueError : bad argument.
    """
    from scipy.optimize import brentq
    from scipy.special import wrightomega

    s_0, goal = _check(s_0, goal)
    t = np.asarray(times, dtype=float)
    if not np.isfinite(t).all() or (t < 0).any():
        raise ValueError("times: finite nonnegative numbers are needed")
    if layers == np.inf:
        z = (goal - s_0) / s_0
        return np.asarray(goal / (1 + wrightomega(np.log(z) + z - goal**2 * t)))
    layers = check_depth(int(layers) if layers == layers // 1 else layers)  # type: ignore[arg-type]
    if layers == 1:
        return np.asarray(s_0 - (goal - s_0) * np.expm1(-t))
    if layers == 2:
        return np.asarray(goal / (1 + (goal - s_0) / s_0 * np.exp(-2 * goal * t)))
    formula, low = _time(layers), float(np.log(s_0 / (goal - s_0)))

    def value(q: float) -> float:
        return float(goal / (1 + np.exp(-q)))

    def root(time: float) -> float:
        if time == 0:
            return s_0
        if time >= float(formula(s=goal * (1 - 1e-15), s_0=s_0, s_star=goal)):
            return goal
        gap = lambda q: float(formula(s=max(value(q), s_0), s_0=s_0, s_star=goal)) - time  # noqa: E731
        return value(float(brentq(gap, low, np.log(1e15), xtol=1e-14, rtol=1e-14)))

    return np.asarray(np.vectorize(root, otypes=[float])(t))

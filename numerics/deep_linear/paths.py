"""Regularisation paths of squared error: local minima against weight decay."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .costs import distinct_values
from .network import Array, check_depth, check_positive


@cache
def _threshold(id: str) -> Any:
    from ...theory.deep_linear import FORMULAS
    from ..lower import lower_formula

    return lower_formula(next(one for one in FORMULAS if one.id == f"deep-linear.{id}"))


def thresholds(goal: float, layers: int) -> tuple[float, float]:
    """``(lam_loc, lam_glob)``: decay at which the positive minimum disappears, and at which it stops being global."""
    goal, layers = check_positive("goal", goal), check_depth(layers, 2)
    if layers == 2:
        return goal, goal
    local, globally = (float(_threshold(f"{name}-threshold")(s_star=goal, L=layers)) for name in ("local", "global"))
    return local, globally


def minimum(goal: float, lam: float, layers: int) -> float:
    """Singular value at the positive local minimum of one mode; nan where there is none."""
    from scipy.optimize import brentq

    goal, layers, lam = check_positive("goal", goal), check_depth(layers, 2), check_positive("lam", lam, strict=False)
    if lam >= thresholds(goal, layers)[0]:
        return np.nan
    if layers == 2 or lam == 0:
        return goal - lam
    low = (goal * (layers - 2) / (2 * (layers - 1))) ** (1 / layers)
    high = goal ** (1 / layers) * (1 + 1e-12)  # rounding must not hide the change of sign
    x = brentq(lambda x: x ** (layers - 2) * (goal - x**layers) - lam, low, high, xtol=1e-15, rtol=1e-15)
    return float(x) ** layers


@dataclass(frozen=True, eq=False)
class Minimum:
    """A local minimum with decay ``lam``: the ``rank`` first modes at the values ``s``, and the loss with decay."""

    lam: float
    rank: int
    s: Array
    loss: float


def local_minima(target: Any, lam: float, layers: int) -> tuple[Minimum, ...]:
    """All local minima at ``lam > 0``, one per prefix of the modes that have one (two layers: the global one only).

    Raises
    ------
    ValueError : equal singular values of the target, lam not positive.
    """
    goals, lam, layers = distinct_values(target), check_positive("lam", lam), check_depth(layers, 2)
    roots = np.array([minimum(goal, lam, layers) for goal in goals])
    count = int(np.sum(np.isfinite(roots)))
    found = []
    for rank in range(count if layers == 2 else 0, count + 1):
        s = np.where(np.arange(goals.size) < rank, roots, 0.0)
        loss = float(np.sum((s - goals) ** 2) / 2 + lam * layers * np.sum(s ** (2 / layers)) / 2)
        found.append(Minimum(lam, rank, s, loss))
    return tuple(found)

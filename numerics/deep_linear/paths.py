"""Regularisation paths of squared error: local minima against weight decay."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..curve import Curve, Provenance
from .balanced import balanced_layers, factor_field, factor_rate
from .costs import Cost, distinct_values
from .network import (
    Array,
    Layers,
    check_depth,
    check_layers,
    check_positive,
    flatten,
    gaussian,
    product,
    unflatten,
)


@cache
def _threshold(id: str) -> Any:
    """The theory's formula as a plain function of the target's value and the depth: called a few times, not compiled."""
    from sympy import lambdify

    from ...theory.deep_linear.decay import FORMULAS
    from ...theory.deep_linear.letters import depth
    from ...theory.deep_linear.modes import goal

    return lambdify((goal, depth), next(one for one in FORMULAS if one.id == f"deep-linear.{id}").value, "math")


def thresholds(goal: float, layers: int) -> tuple[float, float]:
    """``(lam_loc, lam_glob)``: decay at which the positive minimum disappears, and at which it stops being global."""
    goal, layers = check_positive("goal", goal), check_depth(layers, 2)
    if layers == 2:
        return goal, goal
    local, globally = (float(_threshold(f"{name}-threshold")(goal, layers)) for name in ("local", "global"))
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


def _follow(weights: Layers, cost: Cost, decay: float, tol: float, longest: float) -> Layers:
    """Gradient flow with decay until its speed is below ``tol``.

    Raises
    ------
    RuntimeError : not reached by the time ``longest``.
    """
    from scipy.integrate import solve_ivp

    rate, y = factor_field(weights, cost, decay), flatten(weights)

    def speed(_: float, y: Array) -> float:
        return float(np.linalg.norm(rate(0.0, y))) / tol - 1

    if speed(0.0, y) <= 0:
        return weights
    speed.terminal, speed.direction = True, -1  # type: ignore[attr-defined]
    run = solve_ivp(rate, (0, longest), y, "LSODA", events=speed, rtol=1e-9, atol=1e-12)
    if run.status != 1:
        left = tol * (1 + speed(0.0, run.y[:, -1]))
        raise RuntimeError(f"path: speed {left:.3g} at time {longest:.3g} with decay {decay:.6g}, above {tol:.3g}")
    return unflatten(np.ascontiguousarray(run.y[:, -1]), weights)


def sweep(
    cost: Cost, decays: Any, layers: int, start: Layers | None = None, *, kick: float = 0.0, seed: Any = 0,
    tol: float = 1e-9, longest: float = 1e6,
) -> Curve:  # fmt: skip
    """A local minimum followed while weight decay moves along ``decays``, by the gradient flow of all layers.

    It stays a minimum until it disappears, and the flow then finds the next one: a jump. No threshold is used.

    Parameters
    ----------
    decays : positive, strictly increasing or strictly decreasing.
    start : balanced layers of the target by default.
    kick : standard deviation of a disturbance of all weights before every decay: how near an escape is noticed.
    tol : speed below which the flow counts as at rest.

    Returns
    -------
    Curve : axis ``decay`` in the order given; columns ``A``, ``values`` (singular values), ``loss`` (with decay), ``rank``
        (of the map, counting values above 1e-4 of the target's largest).

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the flow does not come to rest.
    """
    lams = np.atleast_1d(np.asarray(decays, dtype=float))
    steps = np.diff(lams)
    if (
        lams.ndim != 1
        or not np.isfinite(lams).all()
        or (lams <= 0).any()
        or not ((steps > 0).all() or (steps < 0).all())
    ):
        raise ValueError("decays: positive numbers, strictly increasing or strictly decreasing, are needed")
    layers, kick, tol = check_depth(layers, 2), check_positive("kick", kick, strict=False), check_positive("tol", tol)
    now = balanced_layers(cost.target, layers) if start is None else check_layers(start)
    if product(now).shape != cost.shape or len(now) != layers:
        raise ValueError(f"start: {len(now)} layers, map of shape {product(now).shape}; needed: {layers}, {cost.shape}")
    rng, largest = np.random.default_rng(seed), float(np.linalg.norm(cost.target, 2))
    maps, losses = [], []
    for lam in lams:
        if kick:
            now = tuple(W + kick * rng.standard_normal(W.shape) for W in now)
        now = _follow(now, cost, float(lam), tol, longest)
        maps.append(product(now))
        losses.append(cost.value(maps[-1]) + 0.5 * float(lam) * sum(float(np.sum(W**2)) for W in now))
    values = np.array([np.linalg.svd(A, compute_uv=False) for A in maps])
    columns = (
        ("A", np.array(maps)), ("values", values), ("loss", np.array(losses)),
        ("rank", np.sum(values > 1e-4 * largest, axis=1)),
    )  # fmt: skip
    made = Provenance("ode", "deep-linear.path", (("layers", layers), ("kick", kick)), detail=(("tol", tol),))
    return Curve((("decay", lams),), columns, made)


def hysteresis(
    target: Any, decays: Any, layers: int, *, kick: float = 1e-3, seed: Any = 0
) -> tuple[Curve, Curve, Curve]:
    """Decay swept up from the target and down again from where that ends, and the global minimum at every decay.

    Parameters
    ----------
    target : matrix with distinct singular values; whitened squared error.
    decays : positive, strictly increasing.

    Returns
    -------
    up, down : of `sweep`; on the way up a mode goes at ``lam_loc``; on the way down it comes back only where the disturbance
        leaves the basin of 0 (three layers or more: at a decay that falls with ``kick``; two layers: at ``lam_loc``).
    lowest : axis ``decay``; columns ``values``, ``loss``, ``rank``: the smallest of `local_minima`; a mode goes at ``lam_glob``.
    """
    from .costs import squared_error

    distinct_values(target)
    lams, cost = np.atleast_1d(np.asarray(decays, dtype=float)), squared_error(target)
    if (np.diff(lams) <= 0).any():
        raise ValueError("decays: strictly increasing numbers are needed")
    up = sweep(cost, lams, layers, kick=kick, seed=seed)
    down = sweep(cost, lams[::-1], layers, balanced_layers(up["A"][-1], layers), kick=kick, seed=seed)
    best = [min(local_minima(target, float(lam), layers), key=lambda one: one.loss) for lam in lams]
    columns = (
        ("values", np.array([one.s for one in best])),
        ("loss", np.array([one.loss for one in best])),
        ("rank", np.array([one.rank for one in best])),
    )
    return up, down, Curve((("decay", lams),), columns, Provenance("theory", "deep-linear.global-minimum"))


def jumps(curve: Curve) -> tuple[tuple[float, float, int], ...]:
    """Changes of the rank along a path: decay before, decay after, change of the rank."""
    at, change = curve["decay"], np.diff(curve["rank"])
    return tuple((float(at[i]), float(at[i + 1]), int(change[i])) for i in np.flatnonzero(change))


@dataclass(frozen=True, eq=False)
class Reached:
    """Minimum that descent on the 2 x 2 completion reached: its rank, map, loss with decay, error of the hidden entry."""

    rank: int
    A: Array
    loss: float
    hidden_error: float


def two_by_two(
    std: float, seed: Any = 0, *, layers: int = 3, width: int = 2, corner: float = 0.3, decay: float = 0.01,
    eta: float = 0.02, most: int = 2_000_000, tol: float = 1e-7,
) -> Reached:  # fmt: skip
    """Gradient descent with weight decay on ``[[corner, 1], [1, hidden]]`` from independent ``N(0, std**2)`` weights.

    The minimum of rank one is local and predicts the hidden entry best; the global one has rank two. From a start that is
    small for the decay descent ends at 0 (three layers or more).

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the gradient is above ``tol`` after ``most`` steps, or descent diverged.
    """
    from .costs import small_completion
    from .descent import descend

    std, cost = check_positive("std", std), small_completion(corner)
    weights = gaussian(2, 2, width, layers, width * std**2, seed)
    for _ in range(0, most, 20_000):
        _, weights = descend(weights, cost, eta, 20_000, decay=decay, record=20_000)
        if np.linalg.norm(flatten(factor_rate(weights, cost, decay))) <= tol:
            A = product(weights)
            s = np.linalg.svd(A, compute_uv=False)
            loss = cost.value(A) + 0.5 * decay * sum(float(np.sum(W**2)) for W in weights)
            return Reached(int(np.sum(s > 1e-3)), A, loss, cost.hidden_error(A))
    raise RuntimeError(f"two-by-two: gradient above {tol:.3g} after {most} steps of gradient descent")

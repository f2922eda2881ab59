"""Greedy low-rank algorithm: one hidden unit more at every stage, along the top singular pair of the gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .balanced import factor_rate
from .costs import Cost
from .network import Array, Layers, check_depth, check_positive, flatten, product, unflatten


@dataclass(frozen=True, eq=False)
class Stage:
    """Critical point of one width: rank, map, loss, norm of the gradient of all weights."""

    rank: int
    A: Array
    loss: float
    gradient: float


def widen(weights: Layers, G: Array, eps: float) -> Layers:
    """One hidden unit more: ``eps v_1`` into it, ``eps`` between layers, ``-eps u_1`` out of it."""
    U, _, Vt = np.linalg.svd(G)
    inner = []
    for W in weights[1:-1]:
        grown = np.zeros((W.shape[0] + 1, W.shape[1] + 1))
        grown[:-1, :-1], grown[-1, -1] = W, eps
        inner.append(grown)
    return (np.vstack([weights[0], eps * Vt[:1]]), *inner, np.hstack([weights[-1], -eps * U[:, :1]]))


def settle(weights: Layers, cost: Cost, tol: float, longest: float) -> Layers:
    """Gradient flow until the gradient is below ``tol`` and has been above it.

    Raises
    ------
    RuntimeError : not reached by the time ``longest``.
    """
    from scipy.integrate import solve_ivp

    def rate(_: float, y: Array) -> Array:
        return flatten(factor_rate(unflatten(y, weights), cost))

    def small(_: float, y: Array) -> float:
        return float(np.linalg.norm(rate(0.0, y))) / tol - 1

    small.terminal, small.direction = True, -1  # type: ignore[attr-defined]
    run = solve_ivp(rate, (0, longest), flatten(weights), "LSODA", events=small, rtol=1e-11, atol=1e-14)
    if run.status != 1:
        raise RuntimeError(
            f"greedy: gradient {tol * (1 + small(0.0, run.y[:, -1])):.3g} at time {longest:.3g}, above {tol:.3g}"
        )
    return unflatten(run.y[:, -1], weights)


def greedy(
    cost: Cost, layers: int, *, eps: float = 1e-3, tol: float = 1e-9, zero: float = 1e-12,
    most: int | None = None, longest: float = 1e6,
) -> tuple[Stage, ...]:  # fmt: skip
    """Critical points of increasing rank, from 0 on, until the loss is at most ``zero`` or the rank is ``most``.

    A local construction: it need not reach the completion of smallest rank, which need not be unique.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : a stage does not become stationary.
    """
    layers, most = check_depth(layers, 2), min(cost.shape) if most is None else most
    eps, tol = check_positive("eps", eps), check_positive("tol", tol)
    d_out, d_in = cost.shape
    weights: Layers = (np.zeros((0, d_in)), *(np.zeros((0, 0)) for _ in range(layers - 2)), np.zeros((d_out, 0)))
    stages: list[Stage] = []
    while True:
        A = product(weights)
        slope = float(np.linalg.norm(flatten(factor_rate(weights, cost))))
        stages.append(Stage(len(stages), A, cost.value(A), slope))
        if stages[-1].loss <= zero or stages[-1].rank >= most:
            return tuple(stages)
        weights = settle(widen(weights, cost.gradient(A), eps), cost, tol, longest)

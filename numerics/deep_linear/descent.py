"""Layerwise gradient descent and gradient flow, with weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..curve import Curve, Provenance
from .balanced import factor_field, layout, solve
from .costs import Cost
from .network import Array, Layers, check_layers, check_positive, check_times, flatten, product, unflatten


def _fit(weights: Sequence[Any], cost: Cost) -> Layers:
    layers = check_layers(weights)
    shape = layers[-1].shape[0], layers[0].shape[1]
    if shape != cost.shape:
        raise ValueError(f"weights: map of shape {shape}; the target has {cost.shape}")
    return layers


SMALL = 100
"""Width up to which the compiled loop is faster than products by BLAS (measured by the benchmark)."""


def _compiled(now: Layers, cost: Cost, eta: float, steps: int, decay: float, record: int) -> tuple[Array, Layers, int]:
    from .layer_steps import steps as run

    y, maps = flatten(now), np.empty((steps // record + 1, *cost.shape))
    good = run(y, *layout(now, cost), decay, eta, steps, record, maps)
    return maps, unflatten(y, now), good


def _by_blas(now: Layers, cost: Cost, eta: float, steps: int, decay: float, record: int) -> tuple[Array, Layers, int]:
    """Layers changed in place: ``W = (1 - eta decay) W - eta (...)`` is one product that adds to W, with no temporary."""
    from scipy.linalg.blas import dgemm

    W = [M.copy() for M in now]
    before = [np.empty((M.shape[0], W[0].shape[1])) for M in W]
    after = [np.empty((M.shape[1], W[0].shape[1])) for M in W]
    maps = np.empty((steps // record + 1, *cost.shape))
    for step in range(steps + 1):
        F = W[0]
        prefix = [F]
        for M, buffer in zip(W[1:], before[1:]):
            prefix.append(np.matmul(M, prefix[-1], out=buffer))
        A = prefix[-1]
        if step % record == 0:
            maps[step // record] = A
            if not np.isfinite(A).all():
                return maps, tuple(W), step // record
        if step == steps:
            break
        G = cost.gradient(A)
        for place in range(len(W) - 1, 0, -1):
            below = np.matmul(W[place].T, G, out=after[place])
            # W^T is in Fortran order: BLAS adds to it where it stands.
            dgemm(-eta, prefix[place - 1].T, G.T, 1 - eta * decay, W[place].T, trans_a=1, overwrite_c=1)
            G = below
        W[0] *= 1 - eta * decay
        W[0] -= eta * G
    return maps, tuple(W), len(maps)


def descend(
    weights: Sequence[Any], cost: Cost, eta: float, steps: int, *, decay: float = 0.0, record: int = 1
) -> tuple[Curve, Layers]:
    """Gradient descent on every layer: a compiled loop up to the width `SMALL`, BLAS products in place above.

    Parameters
    ----------
    weights : from the input on; not changed.
    eta : learning rate.
    record : steps between records; step 0 is always recorded.

    Returns
    -------
    Curve over ``step`` (columns ``A``, ``loss``), and the weights after the last step.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the weights are no longer finite.
    """
    now = _fit(weights, cost)
    eta, decay = check_positive("eta", eta), check_positive("decay", decay, strict=False)
    for name, value, least in (("steps", steps, 0), ("record", record, 1)):
        if int(value) != value or value < least:
            raise ValueError(f"{name}: {value}; allowed: integers of at least {least}")
    small = max(max(W.shape) for W in now) <= SMALL
    with np.errstate(over="ignore", invalid="ignore"):
        maps, now, good = (_compiled if small else _by_blas)(now, cost, eta, int(steps), decay, int(record))
    if good < len(maps):
        raise RuntimeError(f"gradient descent diverged before step {good * record}; the learning rate is {eta}")
    at, loss = np.arange(len(maps)) * int(record), np.array([cost.value(A) for A in maps])
    made = Provenance("gradient descent", "deep-linear.layers", (("eta", eta), ("decay", decay)))
    return Curve((("step", at),), (("A", maps), ("loss", loss)), made), now


def layer_flow(
    weights: Sequence[Any], cost: Cost, times: Any, *, decay: float = 0.0,
    method: str = "DOP853", rtol: float = 1e-10, atol: float = 1e-13,
) -> tuple[Curve, list[Layers]]:  # fmt: skip
    """Gradient flow of every layer.

    Returns
    -------
    Curve over ``time`` (columns ``A``, ``loss``, ``gradient``: norm of the gradient of all weights), and the weights.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the solver's own message.
    """
    first, at = _fit(weights, cost), check_times(times)
    decay = check_positive("decay", decay, strict=False)

    rate = factor_field(first, cost, decay)
    path = solve(rate, flatten(first), at, method, rtol, atol)
    states = [unflatten(row, first) for row in path]
    maps = np.array([product(one) for one in states])
    slope = np.array([np.linalg.norm(rate(0.0, row)) for row in path])
    loss = np.array([cost.value(A) for A in maps])
    made = Provenance("ode", "deep-linear.layers", (("decay", decay),), detail=(("solver", method), ("rtol", rtol)))
    return Curve((("time", at),), (("A", maps), ("loss", loss), ("gradient", slope)), made), states

"""Layerwise gradient descent and gradient flow, with weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..curve import Curve, Provenance
from .balanced import factor_rate, solve
from .costs import Cost
from .network import Array, Layers, check_layers, check_positive, check_times, flatten, product, unflatten


def _fit(weights: Sequence[Any], cost: Cost) -> Layers:
    layers = check_layers(weights)
    shape = layers[-1].shape[0], layers[0].shape[1]
    if shape != cost.shape:
        raise ValueError(f"weights: map of shape {shape}; the target has {cost.shape}")
    return layers


def descend(
    weights: Sequence[Any], cost: Cost, eta: float, steps: int, *, decay: float = 0.0, record: int = 1
) -> tuple[Curve, Layers]:
    """Gradient descent on every layer (BLAS products).

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
    at, maps = [0], [product(now)]
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, steps + 1):
            now = tuple(W + eta * slope for W, slope in zip(now, factor_rate(now, cost, decay)))
            if step % record == 0:
                A = product(now)
                if not np.isfinite(A).all():
                    raise RuntimeError(f"gradient descent diverged before step {step}; the learning rate is {eta}")
                at.append(step)
                maps.append(A)
    loss = np.array([cost.value(A) for A in maps])
    made = Provenance("gradient descent", "deep-linear.layers", (("eta", eta), ("decay", decay)))
    return Curve((("step", np.array(at)),), (("A", np.array(maps)), ("loss", loss)), made), now


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

    def rate(_: float, y: Array) -> Array:
        return flatten(factor_rate(unflatten(y, first), cost, decay))

    path = solve(rate, flatten(first), at, method, rtol, atol)
    states = [unflatten(row, first) for row in path]
    maps = np.array([product(one) for one in states])
    slope = np.array([np.linalg.norm(rate(0.0, row)) for row in path])
    loss = np.array([cost.value(A) for A in maps])
    made = Provenance("ode", "deep-linear.layers", (("decay", decay),), detail=(("solver", method), ("rtol", rtol)))
    return Curve((("time", at),), (("A", maps), ("loss", loss), ("gradient", slope)), made), states

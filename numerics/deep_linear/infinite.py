"""Infinite width with width times variance fixed: the network of rooted trees, truncated at a depth, with its error."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..curve import Curve, Provenance
from .costs import scalar
from .descent import layer_flow
from .network import Array, Layers, check_depth, check_positive, check_times


def tree(layers: int, depth: int) -> Layers:
    """Start of the limit for ``kappa = 1`` and a scalar map: adjacency of two rooted trees, of the given depth.

    Every node in hidden layer l has one child in layer l + 1 and one in layer l - 1 where these exist.
    """
    layers = check_depth(layers, 2)
    if int(depth) != depth or depth < 0:
        raise ValueError(f"depth: {depth}; allowed: integers of at least 0")
    count = [0] * layers
    edges: list[list[tuple[int, int]]] = [[] for _ in range(layers)]

    def add(layer: int) -> tuple[int, int]:
        count[layer] += 1
        return layer, count[layer] - 1

    front = [add(1), add(layers - 1)]
    ends = front[0][1], front[1][1]
    for _ in range(depth):
        children = []
        for layer, node in front:
            if layer + 1 <= layers - 1:
                child = add(layer + 1)
                edges[layer + 1].append((child[1], node))
                children.append(child)
            if layer > 1:
                child = add(layer - 1)
                edges[layer].append((node, child[1]))
                children.append(child)
        front = children
    first, last = np.zeros((count[1], 1)), np.zeros((1, count[layers - 1]))
    first[ends[0], 0] = last[0, ends[1]] = 1.0
    inner = []
    for layer in range(2, layers):
        W = np.zeros((count[layer], count[layer - 1]))
        for row, column in edges[layer]:
            W[row, column] = 1.0
        inner.append(W)
    return (first, *inner, last)


def two_layer_mode(times: Any, goal: float, kappa: float) -> Array:
    """Two layers: one mode in closed form, 0 at time 0."""
    t, m, k = check_times(times), float(goal), check_positive("kappa", kappa)
    rate = np.hypot(k, m)
    # Z - Z(0) and Z(0) - kappa = 0: growth from kappa written with one exponential, no cancellation at t = 0.
    high, low = m + rate, -(k * k) / (m + rate) if m >= 0 else m - rate
    E = np.exp(-2 * rate * t)
    Z = k + (high - k) * (k - low) * -np.expm1(-2 * rate * t) / ((k - low) + (high - k) * E)
    return np.asarray((Z - k) * (Z + k) / (2 * Z))


def infinite_mode(
    times: Any, goal: float, kappa: float, layers: int, depth: int | None = None, *, rtol: float = 1e-12
) -> Curve:
    """One singular mode of squared error at infinite width.

    Parameters
    ----------
    goal : singular value of the target.
    kappa : width times variance.
    depth : of the trees; by default 7 for three layers and ``2 (layers - 1)`` beyond.

    Returns
    -------
    Curve : axis ``time``; columns ``p`` and ``truncation``, the distance to the trees that are ``layers - 2`` levels deeper.

    Raises
    ------
    ValueError : bad argument.
    """
    layers, kappa = check_depth(layers, 2), check_positive("kappa", kappa)
    if depth is None:
        depth = 0 if layers == 2 else 7 if layers == 3 else 2 * (layers - 1)
    found = []
    for levels in (depth, depth + max(1, layers - 2)):
        start = tuple(np.sqrt(kappa) * W for W in tree(layers, levels))
        curve, _ = layer_flow(start, scalar(goal), times, rtol=rtol, atol=1e-14)
        found.append(curve["A"][:, 0, 0])
    columns = (("p", found[1]), ("truncation", np.abs(found[1] - found[0])))
    made = Provenance(
        "ode",
        "deep-linear.infinite-width",
        (("goal", float(goal)), ("kappa", kappa), ("layers", layers), ("depth", depth)),
    )
    return Curve(curve.axes, columns, made)


def infinite_map(
    times: Any, target: Any, kappa: float, layers: int, depth: int | None = None, *, rtol: float = 1e-12
) -> Curve:
    """The whole map at infinite width: whitened squared error decouples in the singular directions of the target.

    Returns
    -------
    Curve : axis ``time``; columns ``A`` (0 at time 0) and ``truncation``, the root of the sum of squares over the modes.

    Raises
    ------
    ValueError : bad argument.
    """
    goal = np.atleast_2d(np.asarray(target, dtype=float))
    if goal.ndim != 2 or not goal.size or not np.isfinite(goal).all():
        raise ValueError(f"target: has shape {goal.shape}; a finite matrix is needed")
    U, s, Vt = np.linalg.svd(goal, full_matrices=False)
    modes = [infinite_mode(times, float(one), kappa, layers, depth, rtol=rtol) for one in s]
    p = np.array([one["p"] for one in modes])
    A = np.einsum("ik,kt,kj->tij", U, p, Vt)
    error = np.sqrt(np.sum(np.array([one["truncation"] for one in modes]) ** 2, axis=0))
    made = Provenance("ode", "deep-linear.infinite-width", (("kappa", float(kappa)), ("layers", int(layers))))
    return Curve(modes[0].axes, (("A", A), ("truncation", error)), made)

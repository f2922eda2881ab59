"""Balanced flow of the end-to-end map: by thin balanced factors, and by one singular value decomposition as their oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..curve import Curve, Provenance
from .costs import Cost
from .network import (
    Array,
    Layers,
    check_depth,
    check_positive,
    check_times,
    flatten,
    imbalance,
    product,
    pull_back,
    unflatten,
)
from .root import root_flow


def clipped(A: Array) -> tuple[Array, Array, Array]:
    """Thin singular value decomposition with values below rounding set to exactly 0."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U, np.where(s > np.finfo(float).eps * max(A.shape) * s[0], s, 0.0), Vt


def balanced_layers(A: Array, layers: int) -> Layers:
    """Balanced factors of width ``min(d_out, d_in)`` with product A."""
    layers = check_depth(layers)
    A = np.array(A, dtype=float)
    if layers == 1:
        return (A,)
    U, s, Vt = clipped(A)
    x = s ** (1 / layers)
    return (x[:, None] * Vt, *(np.diag(x) for _ in range(layers - 2)), U * x)


def factor_rate(weights: Layers, cost: Cost, decay: float = 0.0) -> Layers:
    """Gradient flow of every layer: products of thin matrices only."""
    rates = pull_back(weights, -cost.gradient(product(weights)))
    return tuple(rate - decay * W for rate, W in zip(rates, weights)) if decay else rates


def layout(weights: Layers, cost: Cost) -> tuple[Array, ...]:
    """Sizes, beginnings in the vector of all weights, target, input covariance, mask: what the compiled loops read."""
    sizes = np.array([weights[0].shape[1], *(W.shape[0] for W in weights)])
    starts = np.concatenate([[0], np.cumsum([W.size for W in weights])])
    none = np.zeros((0, 0))
    inputs = none if cost.inputs is None else np.ascontiguousarray(cost.inputs)
    mask = none if cost.mask is None else np.ascontiguousarray(cost.mask, dtype=float)
    return sizes, starts, np.ascontiguousarray(cost.target), inputs, mask


SMALL = 100
"""Largest size of a layer up to which compiled loops are faster than calls of BLAS from Python."""


def factor_field(weights: Layers, cost: Cost, decay: float = 0.0) -> Callable[[float, Array], Array]:
    """`factor_rate` as a right-hand side on the vector of all weights, for layers of the given shapes.

    Compiled up to the size `SMALL`; above, products written into buffers that are made once. The result of a call is new.
    """
    if max(max(W.shape) for W in weights) <= SMALL and len(weights) > 1:
        from .layer_steps import slopes

        parts = layout(weights, cost)

        def compiled(_: float, y: Array) -> Array:
            out = np.empty(y.size)
            slopes(np.ascontiguousarray(y, dtype=float), *parts, decay, out)
            return out

        return compiled
    before = [np.empty((W.shape[0], weights[0].shape[1])) for W in weights[1:]]
    after = [np.empty((W.shape[1], weights[0].shape[1])) for W in weights[1:]]

    def rate(_: float, y: Array) -> Array:
        W, out = unflatten(y, weights), np.empty(y.size)
        slots, prefix = unflatten(out, weights), [W[0]]
        for M, buffer in zip(W[1:], before):
            prefix.append(np.matmul(M, prefix[-1], out=buffer))
        G = cost.gradient(prefix[-1])
        np.negative(G, out=G)
        for place in range(len(W) - 1, 0, -1):
            np.matmul(G, prefix[place - 1].T, out=slots[place])
            G = np.matmul(W[place].T, G, out=after[place - 1] if place > 1 else slots[0])
        if len(W) == 1:
            slots[0][...] = G
        if decay:
            out -= decay * y
        return out

    return rate


def svd_rate(A: Array, cost: Cost, layers: int, decay: float = 0.0) -> Array:
    """Balanced flow ``-sum_j (A A^T)^((L-j)/L) G (A^T A)^((j-1)/L) - decay L A`` by one decomposition and Horner sums."""
    G = cost.gradient(A)
    if layers == 1:
        return np.asarray(-G - decay * A)
    U, s, Vt = clipped(A)
    q = s ** (2 / layers)
    left = U.T @ G
    inner = left @ Vt.T
    # The sum, never its quotient: at equal values that is 0/0.
    K, power = np.ones((s.size, s.size)), np.ones(s.size)
    for _ in range(layers - 1):
        power = power * q
        K = K * q[:, None] + power[None, :]
    top = q ** (layers - 1)
    rate = -U @ (K * inner) @ Vt - decay * layers * A
    if A.shape[0] > s.size:  # what the thin frames leave out
        rate -= (G @ Vt.T - U @ inner) * top @ Vt
    if A.shape[1] > s.size:
        rate -= (U * top) @ (left - inner @ Vt)
    return np.asarray(rate)


def solve(
    rate: Callable[[float, Array], Array], start: Array, times: Array, method: str, rtol: float, atol: float
) -> Array:
    """States at the times (times x n), from time 0 on.

    Raises
    ------
    RuntimeError : the solver's own message.
    """
    from scipy.integrate import solve_ivp

    if times[-1] == 0:
        return start[None]
    run = solve_ivp(rate, (0.0, float(times[-1])), start, method, times, rtol=rtol, atol=atol)
    if not run.success:
        raise RuntimeError(f"deep-linear flow: {run.message}")
    return np.asarray(run.y.T)


def balanced_flow(
    cost: Cost, start: Array, layers: int, times: Any, *, decay: float = 0.0, by: str = "factors",
    method: str = "DOP853", rtol: float = 1e-10, atol: float = 1e-13,
) -> Curve:  # fmt: skip
    """Flow of the map of balanced layers.

    Parameters
    ----------
    start : map at time 0, d_out x d_in.
    times : strictly increasing, nonnegative.
    decay : lambda of ``decay/2 sum ||W_l||^2``.
    by : ``"factors"``, ``"svd"`` (the oracle), or ``"root"`` (three layers: one factor, the cheapest).

    Returns
    -------
    Curve : axis ``time``; columns ``A``, ``loss`` (without decay), and ``imbalance`` for factors.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the solver's own message.
    """
    layers, at = check_depth(layers), check_times(times)
    decay = check_positive("decay", decay, strict=False)
    A0 = np.array(start, dtype=float)
    if A0.shape != cost.shape:
        raise ValueError(f"start: has shape {A0.shape}; the target has {cost.shape}")
    extra: tuple[tuple[str, Array], ...] = ()
    if by == "factors":
        first = balanced_layers(A0, layers)
        path = solve(factor_field(first, cost, decay), flatten(first), at, method, rtol, atol)
        weights = [unflatten(row, first) for row in path]
        maps = np.array([product(now) for now in weights])
        extra = (("imbalance", np.array([imbalance(now) for now in weights])),)
    elif by == "svd":
        rows = solve(
            lambda _, y: svd_rate(y.reshape(A0.shape), cost, layers, decay).ravel(), A0.ravel(), at, method, rtol, atol
        )
        maps = rows.reshape(-1, *A0.shape)
    elif by == "root" and layers == 3:
        one = root_flow(cost, decay)
        maps = np.array([one.take(row) for row in solve(one.rate, one.put(A0), at, method, rtol, atol)])
    elif by == "root":
        raise ValueError(f"layers: {layers}; by='root' is for 3")
    else:
        raise ValueError(f"by: {by!r}; allowed: 'factors', 'svd', 'root'")
    loss = np.array([cost.value(A) for A in maps])
    made = Provenance(
        "ode",
        f"deep-linear.balanced-{by}",
        (("layers", layers), ("decay", decay)),
        detail=(("solver", method), ("rtol", rtol)),
    )
    return Curve((("time", at),), (("A", maps), ("loss", loss), *extra), made)

"""Balanced flow of three layers by one factor: ``A = B B^T B``.

Balanced layers of three can be turned so that ``W_2 = W_1^T``; then ``W_3 = B`` and ``W_1^T W_1 = B^T B``. The rotation of the
hidden units that keeps this along the flow is ``B^T G - G^T B``, so that ``dB/dt = -(G B^T B + B (B^T G - G^T B))``: five
products, no decomposition, no conserved quantity that could drift. For whitened squared error, in the singular frame of the
target, products with the target cost nothing and three remain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .costs import Cost
from .network import Array


@dataclass(frozen=True, eq=False)
class RootFlow:
    """Right-hand side for the flat factor in a frame: ``rate(t, y)``; `put` and `take` change between map and factor.

    The result of a call is new; buffers inside are made once.
    """

    rate: Callable[[float, Array], Array]
    put: Callable[[Array], Array]
    take: Callable[[Array], Array]


def _root(A: Array) -> Array:
    from .balanced import clipped

    U, s, Vt = clipped(A)
    return np.asarray((U * np.cbrt(s)) @ Vt)


def root_flow(cost: Cost, decay: float = 0.0) -> RootFlow:
    """Flow of the factor B with ``A = B B^T B`` for any cost of the map, with weight decay ``decay``."""
    if cost.inputs is None and cost.mask is None:
        return _whitened(cost.target, decay)
    shape, n = cost.shape, cost.shape[1]
    C, A, M, Z = np.empty((n, n)), np.empty(shape), np.empty((n, n)), np.empty((n, n))

    def rate(_: float, y: Array) -> Array:
        B = y.reshape(shape)
        np.matmul(B.T, B, out=C)
        np.matmul(B, C, out=A)
        G = cost.gradient(A)
        np.matmul(B.T, G, out=M)
        np.subtract(M.T, M, out=Z)
        out = B @ Z
        out -= np.matmul(G, C, out=A)
        if decay:
            out -= decay * B
        return out.ravel()

    def take(y: Array) -> Array:
        B = y.reshape(shape)
        return np.asarray(B @ (B.T @ B))

    return RootFlow(rate, lambda A: _root(A).ravel(), take)


def _whitened(target: Array, decay: float) -> RootFlow:
    """The same in the singular frame of the target D: with ``C = B^T B``, ``N = D^T B``: ``D C + B (N^T - N - C^2)``."""
    wide = target.shape[0] < target.shape[1]
    U, s, Vt = np.linalg.svd(target.T if wide else target)
    shape, n = (U.shape[0], Vt.shape[0]), Vt.shape[0]
    C, M, N = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))

    def rate(_: float, y: Array) -> Array:
        B = y.reshape(shape)
        np.matmul(B.T, B, out=C)
        np.matmul(C.T, C, out=M)
        np.multiply(B[:n], s[:, None], out=N)
        np.add(M, N, out=M)
        np.subtract(N.T, M, out=M)
        out = B @ M
        np.multiply(C, s[:, None], out=N)
        out[:n] += N
        if decay:
            out -= decay * B
        return out.ravel()

    def put(A: Array) -> Array:
        return (U.T @ _root(A.T if wide else A) @ Vt.T).ravel()

    def take(y: Array) -> Array:
        B = y.reshape(shape)
        A = U @ (B @ (B.T @ B)) @ Vt
        return np.asarray(A.T if wide else A)

    return RootFlow(rate, put, take)

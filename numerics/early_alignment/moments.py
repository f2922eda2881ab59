"""Moments of the neurons of a cone and the product of their steps, in the plane, compiled. Imports Numba.

``S`` are W00, W01, W11, v0, v1, A of ``sum_j z_j z_j^T`` with ``z = (w_0, w_1, a)``; ``P`` is the product Phi.
"""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(cache=True, error_model="numpy")
def change(S: Any, z: Any, sign: float) -> None:
    """``S += sign z z^T``."""
    S[0] += sign * z[0] * z[0]
    S[1] += sign * z[0] * z[1]
    S[2] += sign * z[1] * z[1]
    S[3] += sign * z[0] * z[2]
    S[4] += sign * z[1] * z[2]
    S[5] += sign * z[2] * z[2]


@njit(cache=True, error_model="numpy")
def advance(S: Any, P: Any, e0: float, e1: float) -> None:
    """``S <- (I + M) S (I + M)``, ``Phi <- (I + M) Phi`` with M = [[0, e], [e^T, 0]], e = eta D."""
    W00, W01, W11, v0, v1, A = S[0], S[1], S[2], S[3], S[4], S[5]
    We0, We1, ve = W00 * e0 + W01 * e1, W01 * e0 + W11 * e1, v0 * e0 + v1 * e1
    S[0] = W00 + 2.0 * e0 * v0 + A * e0 * e0
    S[1] = W01 + (e0 * v1 + e1 * v0) + A * e0 * e1
    S[2] = W11 + 2.0 * e1 * v1 + A * e1 * e1
    S[3] = v0 + We0 + A * e0 + ve * e0
    S[4] = v1 + We1 + A * e1 + ve * e1
    S[5] = A + 2.0 * ve + (e0 * We0 + e1 * We1)
    for i in range(3):
        p0, p1, p2 = P[0, i], P[1, i], P[2, i]
        P[0, i] = p0 + e0 * p2
        P[1, i] = p1 + e1 * p2
        P[2, i] = p2 + e0 * p0 + e1 * p1


@njit(cache=True, error_model="numpy")
def now(P: Any, base: Any, z: Any) -> None:
    """``z = Phi base``."""
    for i in range(3):
        z[i] = P[i, 0] * base[0] + P[i, 1] * base[1] + P[i, 2] * base[2]


@njit(cache=True, error_model="numpy")
def back(P: Any, z: Any, base: Any) -> None:
    """``base = Phi^{-1} z``, by cofactors."""
    c00, c01, c02 = (
        P[1, 1] * P[2, 2] - P[1, 2] * P[2, 1],
        P[0, 2] * P[2, 1] - P[0, 1] * P[2, 2],
        P[0, 1] * P[1, 2] - P[0, 2] * P[1, 1],
    )
    c10, c11, c12 = (
        P[1, 2] * P[2, 0] - P[1, 0] * P[2, 2],
        P[0, 0] * P[2, 2] - P[0, 2] * P[2, 0],
        P[0, 2] * P[1, 0] - P[0, 0] * P[1, 2],
    )
    c20, c21, c22 = (
        P[1, 0] * P[2, 1] - P[1, 1] * P[2, 0],
        P[0, 1] * P[2, 0] - P[0, 0] * P[2, 1],
        P[0, 0] * P[1, 1] - P[0, 1] * P[1, 0],
    )
    det = P[0, 0] * c00 + P[0, 1] * c10 + P[0, 2] * c20
    z0, z1, z2 = z[0], z[1], z[2]
    base[0] = (c00 * z0 + c01 * z1 + c02 * z2) / det
    base[1] = (c10 * z0 + c11 * z1 + c12 * z2) / det
    base[2] = (c20 * z0 + c21 * z1 + c22 * z2) / det


@njit(cache=True, error_model="numpy")
def identity(P: Any) -> None:
    """``Phi = I``."""
    P[:] = 0.0
    P[0, 0] = P[1, 1] = P[2, 2] = 1.0

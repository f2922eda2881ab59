"""Plain gradient descent in one compiled pass over the neurons per step: the fast way to do m n d operations. Imports Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

BLOCK = 512


@njit(cache=True, error_model="numpy", fastmath=True)
def fused(X: Any, y: Any, w: Any, a: Any, eta: float, steps: int) -> float:
    """Gradient descent in place for points of the plane, in the precision of the arrays.

    Parameters
    ----------
    X, y : n x 2 and n.
    w, a : 2 x m (one row per feature, so that loops over neurons are vectorised) and m.

    Returns
    -------
    The loss before the last step.
    """
    n, m = X.shape[0], a.size
    h = np.zeros(n, a.dtype)
    d0, d1 = np.empty(BLOCK, a.dtype), np.empty(BLOCK, a.dtype)
    r, zero, total = np.zeros(n, a.dtype), a[0] * 0, 0.0
    for step in range(-1, steps):  # the first pass only makes the outputs
        total = 0.0
        for k in range(n):
            r[k] = (y[k] - h[k]) * (eta / n) if step >= 0 else 0.0
            total += (y[k] - h[k]) ** 2
            h[k] = 0.0
        for first in range(0, m, BLOCK):
            size = min(BLOCK, m - first)
            w0, w1, b = w[0, first : first + size], w[1, first : first + size], a[first : first + size]
            if step >= 0:
                for j in range(size):
                    d0[j] = zero
                    d1[j] = zero
                for k in range(n):
                    x0, x1, rk = X[k, 0], X[k, 1], r[k]
                    for j in range(size):
                        g = rk if x0 * w0[j] + x1 * w1[j] > zero else zero
                        d0[j] += g * x0
                        d1[j] += g * x1
                for j in range(size):
                    old = b[j]
                    b[j] += w0[j] * d0[j] + w1[j] * d1[j]
                    w0[j] += old * d0[j]
                    w1[j] += old * d1[j]
            for k in range(n):
                x0, x1, part = X[k, 0], X[k, 1], zero
                for j in range(size):
                    part += b[j] * max(x0 * w0[j] + x1 * w1[j], zero)
                h[k] += part
    return total / (2 * n)

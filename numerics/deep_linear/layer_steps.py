"""Compiled gradient and descent of layers stored in one vector. Imports Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def slopes(y: Any, shape: Any, start: Any, target: Any, inputs: Any, mask: Any, decay: float, out: Any) -> Any:
    """Minus the gradient of every layer, written to ``out``; returns the map.

    Layer l has ``shape[l + 1]`` rows and ``shape[l]`` columns and begins at ``start[l]``. An empty ``inputs`` or ``mask`` is none.
    """
    L = shape.size - 1
    before = [y[: start[1]].reshape((shape[1], shape[0]))]
    for l in range(1, L):
        before.append(np.dot(y[start[l] : start[l + 1]].reshape((shape[l + 1], shape[l])), before[l - 1]))
    A = before[L - 1]
    G = target - A
    if inputs.size:
        G = np.dot(G, inputs)
    elif mask.size:
        G *= mask
    for l in range(L - 1, 0, -1):
        np.dot(G, before[l - 1].T, out[start[l] : start[l + 1]].reshape((shape[l + 1], shape[l])))
        G = np.dot(y[start[l] : start[l + 1]].reshape((shape[l + 1], shape[l])).T, G)
    out[: start[1]] = G.ravel()
    if decay:
        for i in range(y.size):
            out[i] -= decay * y[i]
    return A


@njit(cache=True, error_model="numpy")
def steps(
    y: Any, shape: Any, start: Any, target: Any, inputs: Any, mask: Any, decay: float, eta: float, count: int, each: int, maps: Any
) -> int:  # fmt: skip
    """Descent in place; the maps before step ``k each`` go to ``maps[k]``. Returns the records that are finite."""
    out = np.empty_like(y)
    for step in range(count + 1):
        A = slopes(y, shape, start, target, inputs, mask, decay, out)
        if step % each == 0:
            maps[step // each] = A
            if not np.isfinite(A).all():
                return step // each
        if step < count:
            for i in range(y.size):
                y[i] += eta * out[i]
    return count // each + 1

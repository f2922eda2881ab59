"""Where a neuron of a plane is among the rays of the data, and how far from them, compiled. Imports Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

SLACK = 0.999  # of the distance to a wall, so that rounding cannot make a bound too large


@njit(cache=True, error_model="numpy")
def find(z: Any, cone: int, walls: Any, on: Any) -> int:
    """Cone of a neuron, from a cone nearby; the same test of the sign of <x_k, w> as plain gradient descent makes."""
    cones = on.shape[0]
    for _ in range(cones):
        right = cone + 1 if cone + 1 < cones else 0
        if (walls[cone, 0] * z[0] + walls[cone, 1] * z[1] > 0.0) != on[cone]:
            cone = cone - 1 if cone > 0 else cones - 1
        elif (walls[right, 0] * z[0] + walls[right, 1] * z[1] > 0.0) == on[right]:
            cone = right
        else:
            return cone
    return cone


@njit(cache=True, error_model="numpy")
def find_all(w: Any, nearby: Any, walls: Any, on: Any) -> Any:
    """Cones of the rows of w, from cones nearby."""
    found = np.empty(w.shape[0], np.int64)
    for j in range(w.shape[0]):
        found[j] = find(w[j], nearby[j], walls, on)
    return found


@njit(cache=True, error_model="numpy")
def margin(z: Any, cone: int, normals: Any) -> float:
    """Distance to the nearest of the two walls and of a = 0, over |z|."""
    right = cone + 1 if cone + 1 < normals.shape[0] else 0
    left_gap = normals[cone, 0] * z[0] + normals[cone, 1] * z[1]
    right_gap = -(normals[right, 0] * z[0] + normals[right, 1] * z[1])
    size = np.sqrt(z[0] * z[0] + z[1] * z[1] + z[2] * z[2])
    if size == 0.0:
        return np.inf
    return SLACK * max(0.0, min(left_gap, right_gap, abs(z[2]))) / size


@njit(cache=True, error_model="numpy")
def adverse(e0: float, e1: float, size: float, sign: float, cone: int, normals: Any, pointed: bool) -> float:
    """Largest possible loss of margin in a step, per unit of |z|, for members whose output weight has this sign.

    The distance to a wall changes by ``a <e, normal>``; |a| by ``sign <e, w>``, which is at least zero for every w of the
    cone if it is on both of its rays (the cone is narrower than pi).
    """
    right = cone + 1 if cone + 1 < normals.shape[0] else 0
    l0, l1, r0, r1 = normals[cone, 0], normals[cone, 1], normals[right, 0], normals[right, 1]
    # The ray of wall i is its normal turned by -90 degrees: (n_1, -n_0).
    if not pointed or sign * (e0 * l1 - e1 * l0) < 0.0 or sign * (e0 * r1 - e1 * r0) < 0.0:
        return size
    return max(0.0, -sign * (e0 * l0 + e1 * l1), sign * (e0 * r0 + e1 * r1))

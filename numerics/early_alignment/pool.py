"""Neurons that chatter across a wall, moved one by one until they are quiet, compiled. Imports Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .heap import push
from .moments import back, change
from .walls import find, margin

QUIET = 2000  # steps without a crossing after which a neuron goes back to its cone
RETURNED = 12  # looks that are charged to it then


@njit(cache=True, error_model="numpy")
def explicit(
    step: int, pool: Any, pooled: int, z: Any, cone: Any, sign: Any, out: Any, looks: Any, looked: Any,
    E: Any, V: Any, guests: Any, different: Any, walls: Any, on: Any, normals: Any,
    S: Any, P: Any, count: Any, clock: Any, growth: Any, root: Any, key: Any, child: Any, sibling: Any,
) -> Any:  # fmt: skip
    """One step of the ``pooled`` neurons in ``pool``; ``V`` becomes their sums of a w per cone.

    Returns the crossings, the flips and the number that stays.
    """
    crossed, flipped = 0, 0
    V[:] = 0.0
    x = np.empty(3)
    i = 0
    while i < pooled:
        j = pool[i]
        c = cone[j]
        w0, w1, a = z[j, 0], z[j, 1], z[j, 2]
        x[0] = w0 + E[c, 0] * a
        x[1] = w1 + E[c, 1] * a
        x[2] = a + (E[c, 0] * w0 + E[c, 1] * w1)
        to = find(x, c, walls, on)
        positive = 1 if x[2] > 0.0 else 0
        if to != c or positive != sign[j]:
            crossed += different[c, to]
            flipped += positive != sign[j]
            guests[c] -= 1
            guests[to] += 1
            cone[j], sign[j], looked[j] = to, positive, step
        if step - looked[j] > QUIET:
            guests[to] -= 1
            count[to] += 1
            change(S[to], x, 1.0)
            back(P[to], x, z[j])
            out[j], looks[j], looked[j] = False, RETURNED, step
            key[j] = max(clock[to, positive] + growth[to] * margin(x, to, normals), 1e-300)
            root[to, positive] = push(root[to, positive], j, key, child, sibling)
            pooled -= 1
            pool[i] = pool[pooled]
            continue
        z[j] = x
        V[to, 0] += x[0] * x[2]
        V[to, 1] += x[1] * x[2]
        i += 1
    return crossed, flipped, pooled

"""Compiled loop of :mod:`.sectors`: moments and propagators of the cones, queue of the neurons, pool. Imports Numba.

A neuron is ``z = (w_0, w_1, a)``. In a cone with ``D = 1/n sum_{k active} (y_k - h_k) x_k`` a step multiplies z by
``I + eta M(D)``; the cone keeps the product Phi of these since its base, and its members keep their z at the base.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from .heap import pop, push
from .moments import advance, back, change, identity, now
from .pool import explicit
from .walls import adverse, find, margin

REBASE = 0.8  # of the sum of eta |D| since the base: keeps Phi well conditioned, and ghosts of members that left small
BUSY, SOON = 40, 50  # looks, each within SOON steps of the last, that bring a neuron into the pool


@njit(cache=True, error_model="numpy")
def run(
    X: Any, y: Any, active: Any, walls: Any, normals: Any, on: Any, pointed: bool, z: Any, cone: Any,
    eta: float, marks: Any, losses: Any, crossings: Any, flips: Any, snapshots: Any, pooling: bool,
) -> Any:  # fmt: skip
    """Gradient descent until the last mark; ``z`` (m x 3) and ``cone`` (m) are updated in place.

    Ray i is between cones i-1 and i; ``walls`` are the x_k that decide there, ``on`` whether x_k is active in cone i,
    ``normals`` the unit vectors across it into cone i.
    Returns the step that was reached, the looks at neurons, and the largest pool.
    """
    n, cones, m = X.shape[0], active.shape[0], z.shape[0]
    S, P, E, V = np.zeros((cones, 6)), np.zeros((cones, 3, 3)), np.zeros((cones, 2)), np.zeros((cones, 2))
    clock, growth, turn = np.zeros((cones, 2)), np.ones(cones), np.zeros(cones)
    count, guests, root = np.zeros(cones, np.int64), np.zeros(cones, np.int64), np.full((cones, 2), -1)
    key, child, sibling = np.zeros(m), np.full(m, -1), np.full(m, -1)
    looks, looked, sign = np.zeros(m, np.int64), np.zeros(m, np.int64), np.zeros(m, np.int64)
    pool, pooled, h, r, x = np.empty(m, np.int64), 0, np.empty(n), np.empty(n), np.empty(3)
    out = np.zeros(m, np.bool_)
    different = np.zeros((cones, cones), np.int64)
    for c in range(cones):
        identity(P[c])
        for b in range(cones):
            for k in range(n):
                different[c, b] += active[c, k] != active[b, k]
    for j in range(m):
        c = cone[j]
        sign[j] = 1 if z[j, 2] > 0.0 else 0
        key[j] = margin(z[j], c, normals)
        change(S[c], z[j], 1.0)
        count[c] += 1
        root[c, sign[j]] = push(root[c, sign[j]], j, key, child, sibling)
    crossed = flipped = looks_made = largest = row = 0
    for step in range(marks[-1] + 1):
        # Outputs and residuals.
        h[:] = 0.0
        for c in range(cones):
            if count[c] or guests[c]:
                v0, v1 = S[c, 3] + V[c, 0], S[c, 4] + V[c, 1]
                for k in range(n):
                    if active[c, k]:
                        h[k] += v0 * X[k, 0] + v1 * X[k, 1]
        total = 0.0
        for k in range(n):
            r[k] = y[k] - h[k]
            total += r[k] * r[k]
        if not total < 1e300:
            return step, looks_made, largest
        if step == marks[row]:
            losses[row], crossings[row], flips[row] = total / (2 * n), crossed, flipped
            if snapshots.shape[0] > 0:
                for j in range(m):
                    if out[j]:
                        snapshots[row, j] = z[j]
                    else:
                        now(P[cone[j]], z[j], snapshots[row, j])
            row += 1
            if row == marks.size:
                break
        # One step of the cones.
        for c in range(cones):
            if count[c] == 0 and guests[c] == 0:
                continue
            e0 = e1 = 0.0
            for k in range(n):
                if active[c, k]:
                    e0 += r[k] * X[k, 0]
                    e1 += r[k] * X[k, 1]
            e0 *= eta / n
            e1 *= eta / n
            E[c, 0], E[c, 1] = e0, e1
            if count[c] == 0 or (e0 == 0.0 and e1 == 0.0):
                continue
            advance(S[c], P[c], e0, e1)
            size = np.sqrt(e0 * e0 + e1 * e1)
            clock[c, 0] += growth[c] * adverse(e0, e1, size, -1.0, c, normals, pointed)
            clock[c, 1] += growth[c] * adverse(e0, e1, size, 1.0, c, normals, pointed)
            growth[c] *= 1.0 + size
            turn[c] += size
            if turn[c] > REBASE:
                S[c] = 0.0
                root[c, 0] = root[c, 1] = -1
                for j in range(m):
                    if cone[j] == c and not out[j]:
                        now(P[c], z[j], x)
                        z[j] = x
                        change(S[c], x, 1.0)
                        key[j] = margin(x, c, normals)
                        root[c, sign[j]] = push(root[c, sign[j]], j, key, child, sibling)
                identity(P[c])
                clock[c, 0] = clock[c, 1] = turn[c] = 0.0
                growth[c] = 1.0
        if pooled:
            moved, turned, pooled = explicit(
                step, pool, pooled, z, cone, sign, out, looks, looked, E, V, guests, different, walls, on, normals,
                S, P, count, clock, growth, root, key, child, sibling,
            )  # fmt: skip
            crossed += moved
            flipped += turned
        # Neurons that may have reached a wall. Keys on the spot are zero: strictly later than the clock only if it moves.
        for c in range(cones):
            for s in range(2):
                while root[c, s] >= 0 and (key[root[c, s]] < clock[c, s] or key[root[c, s]] == 0.0):
                    j = root[c, s]
                    root[c, s] = pop(root[c, s], key, child, sibling)
                    now(P[c], z[j], x)
                    looks_made += 1
                    looks[j] = looks[j] + 1 if step - looked[j] < SOON else 1
                    looked[j] = step
                    to = find(x, c, walls, on)
                    positive = 1 if x[2] > 0.0 else 0
                    crossed += different[c, to]
                    flipped += positive != sign[j]
                    sign[j] = positive
                    away = pooling and looks[j] > BUSY
                    if to != c or away:
                        count[c] -= 1
                        change(S[c], x, -1.0)
                        if count[c] == 0:  # else a ghost of the rounding errors would grow
                            S[c] = 0.0
                            identity(P[c])
                            clock[c, 0] = clock[c, 1] = turn[c] = 0.0
                            growth[c] = 1.0
                        cone[j] = to
                    if away:
                        z[j] = x
                        out[j] = True
                        pool[pooled] = j
                        V[to, 0] += x[0] * x[2]
                        V[to, 1] += x[1] * x[2]
                        guests[to] += 1
                        pooled += 1
                        largest = max(largest, pooled)
                        continue
                    if to != c:
                        change(S[to], x, 1.0)
                        count[to] += 1
                        back(P[to], x, z[j])
                    key[j] = clock[to, positive] + growth[to] * margin(x, to, normals)
                    key[j] = max(key[j], 1e-300)
                    root[to, positive] = push(root[to, positive], j, key, child, sibling)
    for j in range(m):
        if not out[j]:
            now(P[cone[j]], z[j], x)
            z[j] = x
    return marks[-1], looks_made, largest

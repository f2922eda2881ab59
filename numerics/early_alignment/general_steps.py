"""Compiled loop of :mod:`.general`: cones of any dimension, made when a neuron enters them. Imports Numba."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from .heap import pop, push

REBASE = 0.8  # of the sum of eta |D| since the base
BUSY, SOON, QUIET = (
    40,
    50,
    2000,
)  # looks within SOON steps of each other that bring a neuron into the pool; steps to leave it
SLACK = 0.999


@njit(cache=True, error_model="numpy")
def look(z: Any, X: Any, pattern: Any) -> int:
    """Write the activation pattern of a neuron; returns its hash."""
    code = 0
    for k in range(X.shape[0]):
        f = 0.0
        for i in range(X.shape[1]):
            f += X[k, i] * z[i]
        pattern[k] = f > 0.0
        code = code * 1000003 + (1 if pattern[k] else 2)
    return code


@njit(cache=True, error_model="numpy")
def angle(z: Any, X: Any, lengths: Any) -> float:
    """Least angle between z and a hyperplane: <x_k, w> = 0 or a = 0. A step turns z by at most asin(eta |D|)."""
    d = X.shape[1]
    size = 0.0
    for i in range(d + 1):
        size += z[i] * z[i]
    if size == 0.0:
        return np.inf
    least = abs(z[d])
    for k in range(X.shape[0]):
        if lengths[k] > 0.0:
            f = 0.0
            for i in range(d):
                f += X[k, i] * z[i]
            least = min(least, abs(f) / lengths[k])
    return SLACK * math.asin(min(1.0, least / math.sqrt(size)))


@njit(cache=True, error_model="numpy")
def differ(one: Any, other: Any) -> int:
    """Number of points on which two patterns differ."""
    found = 0
    for k in range(one.size):
        found += one[k] != other[k]
    return found


@njit(cache=True, error_model="numpy")
def slot(code: int, pattern: Any, codes: Any, active: Any, used: Any, top: int) -> int:
    """Place of a pattern, or the first free one (where it is written)."""
    free = top
    for c in range(top - 1, -1, -1):
        if not used[c]:
            free = c
        elif codes[c] == code and differ(active[c], pattern) == 0:
            return c
    codes[free] = code
    active[free] = pattern
    used[free] = True
    return free


@njit(cache=True, error_model="numpy")
def identity(P: Any) -> None:
    """``Phi = I``."""
    P[:] = 0.0
    for i in range(P.shape[0]):
        P[i, i] = 1.0


@njit(cache=True, error_model="numpy")
def empty(c: int, S: Any, P: Any, state: Any) -> None:
    """A cone without members: no ghosts of their rounding errors."""
    S[c] = 0.0
    identity(P[c])
    state[c] = 0.0


@njit(cache=True, error_model="numpy")
def add(S: Any, z: Any, sign: float) -> None:
    """``S += sign z z^T``."""
    for i in range(z.size):
        for k in range(z.size):
            S[i, k] += sign * z[i] * z[k]


@njit(cache=True, error_model="numpy")
def boost(T: Any, e: Any) -> None:
    """``T <- (I + M) T`` with M = [[0, e], [e^T, 0]]."""
    d = e.size
    for k in range(T.shape[1]):
        last, gain = T[d, k], 0.0
        for i in range(d):
            gain += e[i] * T[i, k]
            T[i, k] += e[i] * last
        T[d, k] = last + gain


@njit(cache=True, error_model="numpy")
def now(P: Any, base: Any, z: Any) -> None:
    """``z = Phi base``, which may be the same array as z."""
    old = base.copy()
    for i in range(z.size):
        z[i] = 0.0
        for k in range(z.size):
            z[i] += P[i, k] * old[k]


@njit(cache=True, error_model="numpy")
def back(P: Any, z: Any) -> Any:
    """``Phi^{-1} z``."""
    return np.linalg.solve(P, z)


@njit(cache=True, error_model="numpy")
def run(
    X: Any,
    y: Any,
    lengths: Any,
    z: Any,
    eta: float,
    marks: Any,
    losses: Any,
    crossings: Any,
    flips: Any,
    snapshots: Any,
) -> Any:
    """Gradient descent until the last mark; ``z`` (m x (d+1)) is updated in place.

    Returns the step that was reached, the looks at neurons, the most cones at once and the neurons in the pool.
    """
    n, d = X.shape
    m, q = z.shape[0], d + 1
    S, P, E = np.zeros((m + 1, q, q)), np.zeros((m + 1, q, q)), np.zeros((m + 1, d))
    state = np.zeros((m + 1, 2))  # clock, sum of eta |D| since the base
    codes, active, used = np.zeros(m + 1, np.int64), np.zeros((m + 1, n), np.bool_), np.zeros(m + 1, np.bool_)
    count, root, top = np.zeros(m + 1, np.int64), np.full(m + 1, -1), 0
    own, apart, force = np.zeros((m, n), np.bool_), np.zeros(n), np.zeros(d)  # of the pool: patterns, outputs, eta D
    key, child, sibling, cone = np.zeros(m), np.full(m, -1), np.full(m, -1), np.zeros(m, np.int64)
    looks, looked, positive, out = (
        np.zeros(m, np.int64),
        np.zeros(m, np.int64),
        np.zeros(m, np.bool_),
        np.zeros(m, np.bool_),
    )
    pool, pooled, h, r, x, pattern = (
        np.empty(m, np.int64),
        0,
        np.empty(n),
        np.empty(n),
        np.empty(q),
        np.empty(n, np.bool_),
    )
    for c in range(m + 1):
        identity(P[c])
    for j in range(m):
        c = slot(look(z[j], X, pattern), pattern, codes, active, used, top)
        top = max(top, c + 1)
        cone[j], positive[j], key[j] = c, z[j, d] > 0.0, angle(z[j], X, lengths)
        count[c] += 1
        add(S[c], z[j], 1.0)
        root[c] = push(root[c], j, key, child, sibling)
    crossed = flipped = seen = row = 0
    for step in range(marks[-1] + 1):
        h[:] = apart
        for c in range(top):
            if used[c]:
                for k in range(n):
                    if active[c, k]:
                        for i in range(d):
                            h[k] += S[c, i, d] * X[k, i]
        total = 0.0
        for k in range(n):
            r[k] = y[k] - h[k]
            total += r[k] * r[k]
        if not total < 1e300:
            return step, seen, top, pooled
        if step == marks[row]:
            losses[row], crossings[row], flips[row] = total / (2 * n), crossed, flipped
            if snapshots.shape[0] > 0:
                for j in range(m):
                    snapshots[row, j] = z[j]
                    if not out[j]:
                        now(P[cone[j]], z[j], snapshots[row, j])
            row += 1
            if row == marks.size:
                break
        for c in range(top):
            if not used[c]:
                continue
            E[c] = 0.0
            for k in range(n):
                if active[c, k]:
                    for i in range(d):
                        E[c, i] += r[k] * X[k, i]
            size = 0.0
            for i in range(d):
                E[c, i] *= eta / n
                size += E[c, i] * E[c, i]
            if size == 0.0:
                continue
            size = math.sqrt(size)
            boost(S[c], E[c])
            boost(S[c].T, E[c])
            boost(P[c], E[c])
            state[c, 0] += math.asin(size) if size < 1.0 else 2.0  # more than any angle to a hyperplane
            state[c, 1] += size
            if state[c, 1] > REBASE:
                S[c] = 0.0
                state[c] = 0.0
                root[c] = -1
                for j in range(m):
                    if cone[j] == c and not out[j]:
                        now(P[c], z[j], z[j])
                        add(S[c], z[j], 1.0)
                        # It may have crossed in this very step: then it is looked at now.
                        key[j] = angle(z[j], X, lengths)
                        look(z[j], X, pattern)
                        if differ(pattern, active[c]) > 0 or (z[j, d] > 0.0) != positive[j]:
                            key[j] = -1.0
                        root[c] = push(root[c], j, key, child, sibling)
                identity(P[c])
        apart[:] = 0.0
        i = 0
        while i < pooled:
            j = pool[i]
            force[:] = 0.0
            for k in range(n):
                if own[j, k]:
                    for b in range(d):
                        force[b] += r[k] * X[k, b]
            a, gain = z[j, d], 0.0
            for b in range(d):
                force[b] *= eta / n
                gain += force[b] * z[j, b]
                z[j, b] += force[b] * a
            z[j, d] = a + gain
            changed = 0
            for k in range(n):
                f = 0.0
                for b in range(d):
                    f += X[k, b] * z[j, b]
                changed += (f > 0.0) != own[j, k]
                own[j, k] = f > 0.0
                if f > 0.0:
                    apart[k] += z[j, d] * f
            if changed or (z[j, d] > 0.0) != positive[j]:
                flipped += (z[j, d] > 0.0) != positive[j]
                crossed += changed
                positive[j], looked[j] = z[j, d] > 0.0, step
            if step - looked[j] > QUIET:
                c = slot(look(z[j], X, pattern), pattern, codes, active, used, top)
                top = max(top, c + 1)
                for k in range(n):
                    if pattern[k]:
                        for b in range(d):
                            apart[k] -= z[j, d] * X[k, b] * z[j, b]
                count[c] += 1
                add(S[c], z[j], 1.0)
                key[j] = state[c, 0] + angle(z[j], X, lengths)
                z[j] = back(P[c], z[j])
                cone[j], out[j], looks[j], looked[j] = c, False, BUSY // 2, step
                root[c] = push(root[c], j, key, child, sibling)
                pooled -= 1
                pool[i] = pool[pooled]
                continue
            i += 1
        for c in range(top):
            while root[c] >= 0 and (key[root[c]] < state[c, 0] or key[root[c]] < 0.0):
                j = root[c]
                root[c] = pop(root[c], key, child, sibling)
                now(P[c], z[j], x)
                seen += 1
                looks[j] = looks[j] + 1 if step - looked[j] < SOON else 1
                looked[j] = step
                code = look(x, X, pattern)
                flipped += (x[d] > 0.0) != positive[j]
                positive[j] = x[d] > 0.0
                to = c
                moved = code != codes[c] or differ(pattern, active[c]) > 0
                away = looks[j] > BUSY
                if moved:
                    crossed += differ(pattern, active[c])
                if moved or away:
                    count[c] -= 1
                    add(S[c], x, -1.0)
                    if count[c] == 0:
                        empty(c, S, P, state)
                        used[c] = False
                if away:
                    z[j] = x
                    out[j] = True
                    pool[pooled] = j
                    pooled += 1
                    own[j] = pattern
                    for k in range(n):
                        if pattern[k]:
                            for b in range(d):
                                apart[k] += x[d] * X[k, b] * x[b]
                    continue
                if moved:
                    to = slot(code, pattern, codes, active, used, top)
                    top = max(top, to + 1)
                    cone[j] = to
                    add(S[to], x, 1.0)
                    count[to] += 1
                    z[j] = back(P[to], x)
                key[j] = state[to, 0] + angle(x, X, lengths)
                root[to] = push(root[to], j, key, child, sibling)
    for j in range(m):
        if not out[j]:
            now(P[cone[j]], z[j], z[j])
    return marks[-1], seen, top, pooled

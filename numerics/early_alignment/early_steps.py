"""Compiled loop of :mod:`.early`: one neuron from event to event, in closed form between them. Imports Numba.

With ``b = |a|`` and ``D`` times the sign of a, a neuron obeys ``w' = b D``, ``b' = <w, D>``. While D is constant,
``w = p + c D/|D|`` with p and ``kappa^2 = |p|^2 + b^2 - |w|^2`` constant and ``c = kappa sinh(|D| t + phi)``. So c only grows,
and a wall is met at one value of c. The weights are divided by b after each event: only logarithms know the scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

ALIGNED, REST, SHRINKING, ZERO, ENDLESS = 0, 1, 2, 3, 4
CROSSED, SLIDES, VANISHED = 0, 1, 2
MOST_EVENTS = 10_000
TINY = 1e-12
"""Relative size, far above rounding, below which a driving vector or a speed across a wall counts as zero."""


@njit(cache=True, error_model="numpy")
def settle(start: Any, g: Any, member: Any, share: Any, D: Any, scale: float) -> None:
    """Shortest vector ``D = start + sum share_k g_k`` with shares of the members in [0, 1]: bounded least squares.

    Shares move from their bounds one at a time, the one that most wants to first (the active-set method of Stark and Parker).
    """
    n, d = g.shape
    free = np.zeros(n, np.bool_)
    best, q, r, order = np.zeros(n), np.zeros((d, d)), np.zeros((d, d)), np.zeros(d, np.int64)
    share[:] = 0.0
    D[:] = start
    for _ in range(100 * (d + 1)):
        chosen, worst = -1, TINY * scale
        for k in range(n):
            if member[k] and not free[k]:
                want = np.dot(D, g[k]) / np.sqrt(np.dot(g[k], g[k]))
                if share[k] == 0.0:
                    want = -want
                if want > worst:
                    chosen, worst = k, want
        count = 0
        for k in range(n):
            count += free[k]
        if chosen < 0 or count == d:
            break
        free[chosen] = True
        while True:
            rest, count = start.copy(), 0
            for k in range(n):
                if member[k] and not free[k]:
                    rest += share[k] * g[k]
            for k in range(n):
                if free[k]:
                    v = g[k].copy()
                    for i in range(count):
                        r[i, count] = np.dot(q[i], v)
                        v -= r[i, count] * q[i]
                    r[count, count] = np.sqrt(np.dot(v, v))
                    q[count] = v / r[count, count]
                    order[count] = k
                    count += 1
            for i in range(count - 1, -1, -1):
                value = -np.dot(q[i], rest)
                for j in range(i + 1, count):
                    value -= r[i, j] * best[order[j]]
                best[order[i]] = value / r[i, i]
            part = 1.0
            for i in range(count):
                k = order[i]
                if best[k] <= 0.0:
                    part = min(part, share[k] / (share[k] - best[k]))
                elif best[k] >= 1.0:
                    part = min(part, (1.0 - share[k]) / (best[k] - share[k]))
            left = 0
            for i in range(count):
                k = order[i]
                hit = (best[k] <= 0.0 and share[k] / (share[k] - best[k]) <= part) or (
                    best[k] >= 1.0 and (1.0 - share[k]) / (best[k] - share[k]) <= part
                )
                if hit:
                    share[k] = 0.0 if best[k] <= 0.0 else 1.0
                    free[k] = False
                else:
                    share[k] += part * (best[k] - share[k])
                    left += 1
            if left == count or left == 0:
                break
        D[:] = start
        for k in range(n):
            if member[k]:
                D += share[k] * g[k]


@njit(cache=True, error_model="numpy")
def lay(X: Any, member: Any, D: Any, w: Any) -> int:
    """Project D and w at right angles to the inputs of the members, against the drift of rounding; the rank of these."""
    d = X.shape[1]
    q, rank = np.zeros((d, d)), 0
    for k in range(X.shape[0]):
        if member[k] and rank < d:
            v = X[k].copy()
            for _ in range(2):
                for i in range(rank):
                    v -= np.dot(q[i], v) * q[i]
            if np.dot(v, v) > 1e-20 * np.dot(X[k], X[k]):
                q[rank] = v / np.sqrt(np.dot(v, v))
                rank += 1
    for _ in range(2):
        for i in range(rank):
            D -= np.dot(q[i], D) * q[i]
            w -= np.dot(q[i], w) * q[i]
    return rank


@njit(cache=True, error_model="numpy")
def follow(
    X: Any, g: Any, pull: Any, drift: Any, w: Any, excess: float, end: float, sides: Any, D: Any, out: Any, log: Any
) -> Any:
    """One neuron from ``b = 1`` until ``end``; ``excess`` is ``1 - |w|^2``.

    Updates ``w`` (divided by b), ``sides`` (at the walls), ``D``; ``out``: log b, angle, entry time, constant; ``log``: rows
    (time, wall, kind) of events, as many as fit. Returns how it ended and the number of events.
    """
    n, d = X.shape
    slides, share, start = np.zeros(n, np.bool_), np.zeros(n), np.zeros(d)
    size = np.zeros(n)
    scale = np.sqrt(np.dot(drift, drift))
    for k in range(n):
        size[k] = np.sqrt(np.dot(X[k], X[k]))
        scale += np.sqrt(np.dot(g[k], g[k]))
        f = np.dot(X[k], w)
        slides[k] = f == 0.0 and pull[k] < 0.0
        sides[k] = 0 if slides[k] else (1 if f > 0.0 else -1)
    t = growth = 0.0
    vanished, events, kept = 0, 0, 0
    while True:
        start[:] = drift
        for k in range(n):
            if sides[k] > 0 and not slides[k]:
                start += g[k]
        settle(start, g, slides, share, D, scale)
        for k in range(n):
            if slides[k] and (share[k] == 0.0 or share[k] == 1.0) and abs(np.dot(D, X[k])) > TINY * scale * size[k]:
                slides[k] = False
                sides[k] = 1 if share[k] == 1.0 else -1
            elif slides[k]:
                sides[k] = 0
        for row in range(kept, min(events, log.shape[0])):
            k = int(log[row, 1])
            if k >= 0:
                log[row, 2] = SLIDES if slides[k] else CROSSED
        kept = events
        rank = lay(X, slides, D, w)
        delta = np.sqrt(np.dot(D, D))
        out[0], out[1], out[2], out[3] = growth, 0.0, t, 0.0
        if delta <= TINY * scale:
            D[:] = 0.0
            return REST, events
        unit = D / delta
        c = np.dot(unit, w)
        p = w - c * unit
        if d - rank == 1:
            p[:] = 0.0
        across = np.dot(p, p)
        square = across + excess
        b = np.sqrt(c * c + square)
        # e^{|D|t} and e^{-|D|t} parts of b + c and b - c, whose product is kappa^2, without cancellation.
        up = b + c if c >= 0.0 else square / (b - c)
        down = b - c if c < 0.0 else square / (b + c)
        if up > 0.0:
            out[3] = 2.0 * np.sqrt(across) / up * np.exp(min(delta * t, 700.0))
        meet = np.inf
        if up > 0.0:
            for k in range(n):
                slope = np.dot(unit, X[k])
                if not slides[k] and sides[k] * slope < 0.0 and abs(slope) > 1e-14 * size[k]:
                    meet = min(meet, max(c, -np.dot(p, X[k]) / slope))
        gone = d - rank == 1 and c < 0.0 and excess > 0.0 and meet >= 0.0
        if gone:
            meet = 0.0
        wait = np.inf
        if meet < np.inf:
            root = np.sqrt(meet * meet + square)
            wait = max(0.0, np.log((meet + root) / up if meet >= 0.0 else down / (root - meet)) / delta)
        if not t + wait <= end or wait == np.inf:
            if up == 0.0:
                out[0] = growth - delta * (end - t) if end < np.inf else -np.inf
                out[1] = np.pi
                w[:] = -unit
                return SHRINKING, events
            if end == np.inf:
                out[0] = np.inf
                w[:] = unit
                return ALIGNED, events
            fade = np.exp(-delta * (end - t))
            along, total = (up - down * fade * fade) / 2.0, (up + down * fade * fade) / 2.0
            out[0] = growth + delta * (end - t) + np.log(total)
            out[1] = np.arctan2(np.sqrt(across) * fade, along)
            w[:] = (p * fade + along * unit) / total
            return ALIGNED, events
        t += wait
        if events >= MOST_EVENTS:
            return ENDLESS, events
        now = np.sqrt(meet * meet + square)
        growth += np.log(now)
        if gone:
            vanished += 1
            if events < log.shape[0]:
                log[events, 0], log[events, 1], log[events, 2] = t, -1.0, VANISHED
            events += 1
            if vanished == 2:
                w[:] = 0.0
                D[:] = 0.0
                out[0], out[1], out[2] = growth, 0.0, t
                return ZERO, events
            w[:] = 1e-9 * unit
            excess = 1.0 - np.dot(w, w)
            for k in range(n):
                if not slides[k]:
                    sides[k] = 1 if np.dot(unit, X[k]) > 0.0 else -1
            continue
        for k in range(n):
            slope = np.dot(unit, X[k])
            if slides[k] or sides[k] * slope >= 0.0 or abs(slope) <= 1e-14 * size[k]:
                continue
            if max(c, -np.dot(p, X[k]) / slope) <= meet + 1e-13 * (abs(meet) + now):
                if events < log.shape[0]:
                    log[events, 0], log[events, 1] = t, k
                events += 1
                if pull[k] < 0.0:
                    slides[k] = True  # for settle to decide: it may cross as well
                else:
                    sides[k] = -sides[k]
        w[:] = (p + meet * unit) / now
        excess /= now * now


@njit(cache=True, error_model="numpy")
def follow_all(
    X: Any, strength: Any, drift: Any, w: Any, signs: Any, excess: Any, end: float, sides: Any, D: Any, out: Any, ends: Any,
    counts: Any, log: Any,
) -> None:  # fmt: skip
    """`follow` for all neurons of both signs; ``D`` gets its own sign back."""
    for s in (-1.0, 1.0):
        pull = s * strength
        g = X.copy()
        for k in range(X.shape[0]):
            g[k] *= pull[k]
        for j in range(w.shape[0]):
            if signs[j] == s:
                ends[j], counts[j] = follow(
                    X, g, pull, s * drift, w[j], excess[j], end, sides[j], D[j], out[j], log[j]
                )  # fmt: skip
                D[j] *= s

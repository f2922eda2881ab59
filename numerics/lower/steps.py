"""Many DOP853 steps in one compiled call; tableau and step control are SciPy's. Imported late: it imports Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

_V = types.float64[::1]
_M = types.float64[:, ::1]
_I = types.int64[:, ::1]
_F = types.float64
RHS = types.FunctionType(types.void(_F, _V, _V, _V, _V))
"""A right-hand side as a pointer: the loops below are compiled once, for all kernels."""

STEPS = types.UniTuple(types.int64, 4)(RHS, _V, _V, _I, _M, _V, _V, _V, _M, _M, _M, _V, _F, _V, _V, _M, types.int64)
POINTS = types.void(RHS, _V, _V, _I, _M, _V, _V, _M, _M, types.int64[::1], _V, _M)
FAST = {"contract", "reassoc", "nsz", "arcp"}
STAGES = 12
LAST, ERROR3, ERROR5, DENSE = 16, 16, 17, 18  # rows of the tableau: stages, two error estimates, interpolant
SAFETY, MIN_FACTOR, MAX_FACTOR = 0.9, 0.2, 10.0  # SciPy: multiply the ideal step; largest decrease; largest increase
FULL, DONE, TOO_SMALL = 0, 1, -1


@njit(cache=True, error_model="numpy", fastmath=FAST)
def combine(K: Any, where: Any, weights: Any, out: Any) -> None:
    """``out = sum_k weights[k] K[where[k]]``: four rows at once, in pieces that stay in the cache."""
    n = out.size
    for start in range(0, n, 512):
        end = min(n, start + 512)
        part = out[start:end]
        for k in range(0, where.size, 4):
            if where[k] < 0:
                break
            w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
            # Padding has weight 0 and repeats the first row, which the sum holds anyway.
            r0, r1 = K[where[k], start:end], K[max(0, where[k + 1]), start:end]
            r2, r3 = K[max(0, where[k + 2]), start:end], K[max(0, where[k + 3]), start:end]
            if k == 0:
                for i in range(part.size):
                    part[i] = w0 * r0[i] + w1 * r1[i] + w2 * r2[i] + w3 * r3[i]
            else:
                for i in range(part.size):
                    part[i] += w0 * r0[i] + w1 * r1[i] + w2 * r2[i] + w3 * r3[i]


def packed(rows: Any) -> tuple[Any, Any]:
    """Places and values of the entries of each row that are not zero, places filled up with -1."""
    rows = np.asarray(rows, dtype=float)
    width = 4 * ((rows.shape[1] + 3) // 4)
    where, weights = np.full((len(rows), width), -1), np.zeros((len(rows), width))
    for row, (place, weight) in zip(rows, zip(where, weights)):
        found = np.flatnonzero(row)
        place[: found.size], weight[: found.size] = found, row[found]
    return where, weights


@njit(cache=True, error_model="numpy", fastmath=FAST)
def add(y: Any, h: float, slope: Any, out: Any) -> None:
    """``out = y + h * slope``."""
    for i in range(out.size):
        out[i] = y[i] + h * slope[i]


@njit(cache=True, error_model="numpy", fastmath=FAST)
def error_norm(
    K: Any, places: Any, A: Any, h: float, y: Any, y_new: Any, rtol: float, atol: Any, e3: Any, e5: Any
) -> float:
    """Error of a step in units of the tolerance."""
    combine(K, places[ERROR3], A[ERROR3], e3)
    combine(K, places[ERROR5], A[ERROR5], e5)
    sum3 = sum5 = 0.0
    for i in range(y.size):
        scale = atol[i] + max(abs(y[i]), abs(y_new[i])) * rtol
        sum3 += (e3[i] / scale) ** 2
        sum5 += (e5[i] / scale) ** 2
    if sum3 == 0.0 and sum5 == 0.0:
        return 0.0
    return abs(h) * sum5 / np.sqrt((sum5 + 0.01 * sum3) * y.size)


@njit(cache=True, error_model="numpy")
def interpolant(
    rhs: Any, par: Any, work: Any, places: Any, A: Any, C: Any,
    t: float, h: float, y: Any, y_new: Any, K: Any, F: Any, trial: Any, slope: Any,
) -> None:  # fmt: skip
    """Coefficients F of SciPy's interpolant of order 7 in one step, from its stages and three more."""
    for s in range(STAGES + 1, LAST):
        combine(K, places[s], A[s], slope)
        add(y, h, slope, trial)
        rhs(t + C[s] * h, trial, K[s], par, work)
    for i in range(y.size):
        F[0, i] = y_new[i] - y[i]
        F[1, i] = h * K[0, i] - F[0, i]
        F[2, i] = 2.0 * F[0, i] - h * (K[STAGES, i] + K[0, i])
    for k in range(4):
        combine(K, places[DENSE + k], A[DENSE + k], slope)
        for i in range(y.size):
            F[3 + k, i] = h * slope[i]


@njit(cache=True, error_model="numpy", fastmath=FAST)
def inside(F: Any, y: Any, x: float, out: Any) -> None:
    """State at the fraction x of a step."""
    for i in range(y.size):
        value = 0.0
        for k in range(7):
            value = (value + F[6 - k, i]) * (x if k % 2 == 0 else 1.0 - x)
        out[i] = value + y[i]


@njit(STEPS, cache=True, error_model="numpy")
def steps(
    rhs: Any, par: Any, work: Any, places: Any, A: Any, C: Any,
    ts: Any, hs: Any, ys: Any, fs: Any, K: Any, limits: Any, rtol: Any, atol: Any, at: Any, out: Any, next: Any,
) -> Any:  # fmt: skip
    """Accepted steps from row 0 until the rows are full or the end is reached, and the states at the times on the way.

    Row k holds time, proposed step, state and rate after k steps; ``limits`` are direction, end, largest step; ``at`` are
    the times, of which ``next`` is the first that is open, and ``out`` their states.
    Returns the number of steps, of evaluations, the status, and the first time that is still open.
    """
    direction, end, max_step = limits
    n = ys.shape[1]
    trial, slope, other, F = np.empty(n), np.empty(n), np.empty(n), np.empty((7, n if at.size else 0))
    calls = 0
    for row in range(ts.size - 1):
        t, y, y_new, f_new = ts[row], ys[row], ys[row + 1], fs[row + 1]
        smallest = 10.0 * abs(np.nextafter(t, direction * np.inf) - t)
        h_abs = max_step if hs[row] > max_step else (smallest if hs[row] < smallest else hs[row])
        rejected = False
        K[0, :] = fs[row]
        while True:
            if not h_abs >= smallest:
                return row, calls, TOO_SMALL, next
            t_new = t + h_abs * direction
            if direction * (t_new - end) > 0.0:
                t_new = end
            h = t_new - t
            h_abs = abs(h)
            for s in range(1, STAGES):
                combine(K, places[s], A[s], slope)
                add(y, h, slope, trial)
                rhs(t + C[s] * h, trial, K[s], par, work)
            combine(K, places[STAGES], A[STAGES], slope)
            add(y, h, slope, y_new)
            rhs(t + h, y_new, f_new, par, work)
            K[STAGES, :] = f_new
            calls += STAGES
            error = error_norm(K, places, A, h, y, y_new, rtol, atol, slope, other)
            if error < 1.0:
                factor = MAX_FACTOR if error == 0.0 else min(MAX_FACTOR, SAFETY * error**-0.125)
                hs[row + 1] = h_abs * (min(1.0, factor) if rejected else factor)
                ts[row + 1] = t_new
                break
            factor = SAFETY * error**-0.125
            h_abs *= factor if factor > MIN_FACTOR else MIN_FACTOR  # an error of nan or inf shrinks the step
            rejected = True
        if next < at.size and direction * (t_new - at[next]) >= 0.0:
            interpolant(rhs, par, work, places, A, C, t, h, y, y_new, K, F, trial, slope)
            calls += LAST - STAGES - 1
            while next < at.size and direction * (t_new - at[next]) >= 0.0:
                inside(F, y, (at[next] - t) / h, out[next])
                next += 1
        if direction * (t_new - end) >= 0.0:
            return row + 1, calls, DONE, next
    return ts.size - 1, calls, FULL, next


@njit(POINTS, cache=True, error_model="numpy")
def points(
    rhs: Any, par: Any, work: Any, places: Any, A: Any, C: Any,
    ts: Any, ys: Any, fs: Any, rows: Any, at: Any, out: Any,
) -> None:  # fmt: skip
    """States at the times ``at`` inside steps ``rows`` that were made earlier; their stages are computed again."""
    n, last = ys.shape[1], -1
    K, F = np.empty((LAST, n)), np.empty((7, n))
    trial, slope = np.empty(n), np.empty(n)
    for point in range(at.size):
        row = rows[point]
        t, h, y = ts[row], ts[row + 1] - ts[row], ys[row]
        if row != last:
            K[0, :] = fs[row]
            K[STAGES, :] = fs[row + 1]
            for s in range(1, STAGES):
                combine(K, places[s], A[s], slope)
                add(y, h, slope, trial)
                rhs(t + C[s] * h, trial, K[s], par, work)
            interpolant(rhs, par, work, places, A, C, t, h, y, ys[row + 1], K, F, trial, slope)
            last = row
        inside(F, y, (at[point] - t) / h, out[point])

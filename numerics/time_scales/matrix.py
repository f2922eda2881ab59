"""The equations of the order parameters by matrix products, for many neurons; the compiled loops are their oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .start import Task

Array = NDArray[Any]


def rate(task: Task, m: int) -> Callable[[float, Array], Array]:
    """Right-hand side of ``time-scales.order-parameters`` on the flat state (a, s, r): one m x m product.

    Parameters
    ----------
    task : activation, target, ratio of time-scales.
    m : number of neurons.
    """
    k = np.arange(len(task.phi))
    target, own = task.sigma * task.phi, task.sigma**2
    target_slope, own_slope = (k * target)[1:], (k * own)[1:]
    value = np.polynomial.polynomial.polyval

    def function(t: float, y: Array) -> Array:
        a, s, r = y[:m], y[m : 2 * m], y[2 * m :].reshape(m, m)
        out = np.empty_like(y)
        v = value(s, target_slope)
        W = horner(r, own_slope) * (a / m)
        G = W @ r  # r is symmetric
        g = np.diagonal(G).copy()  # G is overwritten below
        out[:m] = (value(s, target) - (horner(r, own) @ a + task.rest * a) / m) / task.eps
        out[m : 2 * m] = a * (v * (1 - s * s) - W @ s + g * s)
        # a_i (v_i (s_j - s_i r_ij) - G_ij + r_ij g_i), and the same with i and j exchanged
        G *= -a[:, None]
        G += (a * v)[:, None] * s
        G += (a * (g - v * s))[:, None] * r
        np.add(G, G.T, out=out[2 * m :].reshape(m, m))
        out[2 * m :: m + 1] = 0.0  # unit vectors
        return out

    return function


def horner(x: Array, coefficients: Array) -> Array:
    """Polynomial in place."""
    value = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        value *= x
        value += c
    return value


def integrate(task: Task, times: Array, state: dict[str, Array], rtol: float) -> Curve:
    """Explicit integration: the Jacobian of m^2 overlaps has m^4 entries, so the cost grows like 1/eps here."""
    from scipy.integrate import solve_ivp

    from ..integrate import _plain

    m = len(state["a"])
    y0 = np.concatenate([state["a"], state["s"], state["r"].ravel()])
    start = float(min(0.0, times[0]))
    path, calls = y0[None], 0
    if times[-1] > start:
        run = solve_ivp(rate(task, m), (start, times[-1]), y0, "DOP853", times, rtol=rtol, atol=1e-3 * rtol)
        if not run.success:
            raise RuntimeError(f"order parameters: {run.message}")
        path, calls = run.y.T, int(run.nfev)
    detail = (("solver", "DOP853, matrix products"), ("rtol", rtol), ("evaluations", calls))
    made = Provenance(
        "ode", "time-scales.order-parameters", tuple((k, _plain(v)) for k, v in task.finite.items()), None, "", detail
    )
    columns = (("a", path[:, :m]), ("s", path[:, m : 2 * m]), ("r", path[:, 2 * m :].reshape(-1, m, m)))
    return Curve((("time", times),), columns, made)

"""Simulators of the derived flows (order parameters, mean field, mean field with the diagonal) and one interface to all levels."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from . import matrix, structured
from .network import descend, gradient_flow, stochastic
from .risks import risk
from .start import Task, overlaps, regime

Array = NDArray[Any]
Level = Literal["order-parameters", "diagonal", "mean-field", "gradient-flow", "gradient-descent", "sgd"]
LEVELS: tuple[Level, ...] = ("order-parameters", "diagonal", "mean-field")
NETWORK: tuple[Level, ...] = ("gradient-flow", "gradient-descent", "sgd")
EXPLICIT = 1e-3
"""Above this ratio of time-scales an explicit method is cheapest."""
MATRIX = 64
"""From this number of neurons on the overlaps move by matrix products (measured in benchmarks/bench_time_scales.py)."""
STRUCTURED = 100
"""From this number of neurons on Newton's equations are solved by their structure (measured there too)."""


@cache
def kernel(id: str) -> Any:
    """Compiled system of the paper."""
    from ..lower import lower

    return lower(book(id))


def book(id: str) -> Any:
    """System of the paper."""
    from ...theory.time_scales import SYSTEMS

    return next(system for system in SYSTEMS if system.id == f"time-scales.{id}")


def simulate(
    level: Level,
    task: Task,
    times: Array,
    a: Array,
    s: Array | None = None,
    r: Array | None = None,
    *,
    u: Array | None = None,
    step: float | None = None,
    batch: Any = None,
    seed: Any = None,
    rtol: float = 1e-9,
    method: str | None = None,
    d: float = np.inf,
    warn: bool = True,
) -> Curve:
    """Integrate one level of the theory, or train the network itself.

    Parameters
    ----------
    level : ``"order-parameters"`` (any width and dimension), ``"diagonal"`` (infinite dimension), ``"mean-field"`` (infinite
        dimension and width); of the network in d dimensions ``"gradient-flow"``, ``"gradient-descent"`` (on the population
        risk) and ``"sgd"`` (one pass, fresh inputs at every step).
    task : activation, target, ratio of time-scales.
    times : increasing times from 0 on; multiples of ``step`` for the two levels with steps.
    a, s : second-layer weights and overlaps with the target at the start, m each.
    r : overlaps of the neurons, m x m with ones on the diagonal; for ``"order-parameters"`` only.
    u : first-layer weights, m x d with unit rows: needed by the network; of the other levels it gives ``s`` and ``r``.
    step : learning rate in units of time; the second layer takes ``step/eps``.
    batch : inputs of a step of ``"sgd"``: a number, or a function of time.
    seed : of ``"sgd"``.
    rtol : relative tolerance; the absolute one is a thousandth of it (a hundredth for ``"gradient-flow"``).
    method : of `integrate`, or ``"structured-BDF"``, ``"structured-Radau"`` (mean field and diagonal), ``"matrix"``,
        ``"loops"`` (order parameters). By default explicit for ``eps >= 1e-3`` or overlaps of many neurons; below, LSODA with
        the derived Jacobian for few neurons and ``"structured-BDF"`` for many.
    d : dimension of the network that the mean field stands for, for the warning only.
    warn : say in one line when the mean field is not the theory of a network of this width and dimension.

    Returns
    -------
    Curve : columns ``a``, ``s`` (and ``r``), ``moments`` (degrees 0 to K), ``risk``.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the solver's own message.
    """
    if level not in (*LEVELS, *NETWORK):
        raise ValueError(f"level: {level!r}; allowed: {', '.join((*LEVELS, *NETWORK))}")
    refuse_extra(level, {"step": step, "batch": batch, "seed": seed})
    if level in NETWORK:
        if u is None or s is not None or r is not None:
            raise ValueError(f"u: {level} starts from first-layer weights u, without s and r")
        if level == "gradient-flow":
            return gradient_flow(task, times, a, u, rtol=rtol)
        if step is None:
            raise ValueError(f"step: missing; {level} needs a positive number")
        if level == "gradient-descent":
            return descend(task, step, times, a, u)
        return stochastic(task, step, times, a, u, 100 if batch is None else batch, 0 if seed is None else seed)
    if u is not None:
        if s is not None or r is not None:
            raise ValueError("u: not together with s or r, which are its overlaps")
        s, r = overlaps(np.asarray(u, dtype=float))
        r = r if level == "order-parameters" else None
    if s is None:
        raise ValueError("s: missing; overlaps with the target or first-layer weights u are needed")
    state, times = checked(level, a, s, r), np.asarray(times, dtype=float)
    words = regime(task, len(state["a"]), float(np.max(times)), d) if warn and level == "mean-field" else ""
    if words:
        warnings.warn(words, stacklevel=2)
    return with_risk(run(level, task, times, state, rtol, method), level, task)


def refuse_extra(level: str, given: dict[str, Any]) -> None:
    """ValueError for an argument that this level does not take."""
    takes = {"gradient-descent": ("step",), "sgd": ("step", "batch", "seed")}.get(level, ())
    for name, value in given.items():
        if value is not None and name not in takes:
            raise ValueError(
                f"{name}: not an argument of {level}; it takes {', '.join(takes) or 'none of step, batch, seed'}"
            )


def parameters(level: str, task: Task) -> dict[str, Any]:
    """Parameters of a level by name: the mean field knows nothing of the degrees above K."""
    return task.parameters if level == "mean-field" else task.finite


def run(level: str, task: Task, times: Array, state: dict[str, Array], rtol: float, method: str | None) -> Curve:
    """The path without its risk."""
    from ..integrate import integrate

    m, values = len(state["a"]), parameters(level, task)
    if level == "order-parameters":
        by_products = method == "matrix" or (method is None and m >= MATRIX)
        if by_products:
            return matrix.integrate(task, times, state, rtol)
        method = "DOP853" if method == "loops" else method
    else:
        if method in ("matrix", "loops"):
            raise ValueError(f"method: {method!r} is one of order-parameters only")
        rows = np.stack([state["a"], state["s"]], axis=1)
        many = m >= STRUCTURED and task.eps < EXPLICIT
        chosen = method or ("structured-BDF" if many else "DOP853" if task.eps >= EXPLICIT else "LSODA")
        first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)[1:]
        if chosen.startswith("structured-"):
            return structured.integrate(book(level), values, times, state, rtol, chosen.removeprefix("structured-"))
        if len(first) < m and chosen != "DOP853":
            return representatives(level, values, times, state, rtol, chosen, (first, group.ravel()))
    chosen = method or ("DOP853" if task.eps >= EXPLICIT else "LSODA")
    return integrate(kernel(level), state, values, times, rtol=rtol, atol=1e-3 * rtol, method=chosen)


def representatives(
    level: str, values: dict[str, Any], times: Array, state: dict[str, Array], rtol: float, method: str,
    groups: tuple[Array, Array],
) -> Curve:  # fmt: skip
    """Implicit integration of one neuron for each group of equal ones: rounding cannot make them different."""
    from scipy.integrate import solve_ivp

    first, group = groups
    bound = kernel(level).bind(state, values)
    m, n = len(group), len(first)
    keep, lift = np.concatenate([first, m + first]), np.concatenate([group, n + group])
    gather = np.zeros((2 * m, 2 * n))
    gather[np.arange(2 * m), lift] = 1
    start = float(min(0.0, times[0]))
    y0 = np.concatenate([state["a"], state["s"]])[keep]
    if times[-1] > start:
        found = solve_ivp(
            lambda t, y: bound.function(t, y[lift])[keep], (start, times[-1]), y0, method, times, rtol=rtol,
            atol=1e-3 * rtol, jac=lambda t, y: bound.jacobian(t, y[lift])[keep] @ gather,
        )  # fmt: skip
        if not found.success:
            raise RuntimeError(f"{level}: {found.message}")
        path, calls = found.y.T[:, lift], int(found.nfev)
    else:
        path, calls = y0[None, lift], 0
    detail = (("solver", f"{method}, {n} different neurons"), ("rtol", rtol), ("evaluations", calls))
    made = Provenance(
        "ode", bound.id, tuple((k, np.asarray(v).tolist()) for k, v in values.items()), None, bound.digest, detail
    )
    return Curve((("time", times),), (("a", path[:, :m]), ("s", path[:, m:])), made)


def checked(level: str, a: Array, s: Array, r: Array | None) -> dict[str, Array]:
    """State at the start by name, or a ValueError that says what does not fit."""
    a, s = np.asarray(a, dtype=float), np.asarray(s, dtype=float)
    if a.ndim != 1 or a.size < 1 or s.shape != a.shape:
        raise ValueError(f"s: has shape {s.shape}; a has {a.shape}, two lists of equal length are needed")
    if not np.abs(s).max() <= 1:
        raise ValueError(f"s: reaches {np.abs(s).max()}; overlaps of unit vectors are between -1 and 1")
    if level != "order-parameters":
        if r is not None:
            raise ValueError(f"r: not an item of {level}; only order-parameters takes it")
        return {"a": a, "s": s}
    r = np.asarray([] if r is None else r, dtype=float)
    if r.shape != (a.size, a.size):
        raise ValueError(f"r: has shape {r.shape}; ({a.size}, {a.size}) is needed")
    if not (np.array_equal(r, r.T) and np.all(np.diag(r) == 1)):
        raise ValueError("r: a symmetric matrix with ones on the diagonal is needed")
    return {"a": a, "s": s, "r": r}


def with_risk(curve: Curve, level: str, task: Task) -> Curve:
    """The curve with moments and risk."""
    a, s = curve["a"], curve["s"]
    moments = np.stack([(a * s**k).mean(axis=1) for k in range(len(task.phi))], axis=1)
    r = curve["r"] if level == "order-parameters" else None
    columns = (*curve.columns, ("moments", moments), ("risk", risk(level, task, a, s, r)))
    return Curve(curve.axes, columns, curve.made_by)

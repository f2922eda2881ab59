"""Simulators of the derived flows: order parameters, mean field, and mean field with the diagonal."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve
from .start import Task, regime

Array = NDArray[Any]
Level = Literal["order-parameters", "diagonal", "mean-field"]
LEVELS: tuple[Level, ...] = ("order-parameters", "diagonal", "mean-field")
EXPLICIT = 1e-3
"""Above this ratio of time-scales an explicit method is cheapest."""


@cache
def kernel(id: str) -> Any:
    """Compiled system of the paper."""
    from ...theory.time_scales import SYSTEMS
    from ..lower import lower

    return lower(next(system for system in SYSTEMS if system.id == f"time-scales.{id}"))


def simulate(
    level: Level,
    task: Task,
    times: Array,
    a: Array,
    s: Array,
    r: Array | None = None,
    *,
    rtol: float = 1e-9,
    method: str | None = None,
    d: float = np.inf,
    warn: bool = True,
) -> Curve:
    """Integrate one level of the theory.

    Parameters
    ----------
    level : ``"order-parameters"`` (any width and dimension), ``"diagonal"`` (infinite dimension), ``"mean-field"`` (infinite
        dimension and width).
    task : activation, target, ratio of time-scales.
    times : increasing times from 0 on.
    a, s : second-layer weights and overlaps with the target at the start, m each.
    r : overlaps of the neurons, m x m with ones on the diagonal; for ``"order-parameters"`` only.
    rtol : relative tolerance; the absolute one is a thousandth of it.
    method : of `integrate`; by default explicit for ``eps >= 1e-3`` and LSODA with the derived Jacobian below.
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
    from ..integrate import integrate

    if level not in LEVELS:
        raise ValueError(f"level: {level!r}; allowed: {', '.join(LEVELS)}")
    state = checked(level, a, s, r)
    words = regime(task, len(state["a"]), float(np.max(times)), d) if warn and level == "mean-field" else ""
    if words:
        warnings.warn(words, stacklevel=2)
    chosen = method or ("DOP853" if task.eps >= EXPLICIT else "LSODA")
    run = integrate(kernel(level), state, task.parameters, times, rtol=rtol, atol=1e-3 * rtol, method=chosen)
    return with_risk(run, level, task)


def checked(level: str, a: Array, s: Array, r: Array | None) -> dict[str, Array]:
    """State at the start by name, or a ValueError that says what does not fit."""
    a, s = np.asarray(a, dtype=float), np.asarray(s, dtype=float)
    if a.ndim != 1 or a.size < 1 or s.shape != a.shape:
        raise ValueError(f"s: has shape {s.shape}; a has {a.shape}, two lists of equal length are needed")
    if np.abs(s).max() > 1:
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


def risk(level: str, task: Task, a: Array, s: Array, r: Array | None = None) -> Array:
    """Population risk at each of many states: times x m (and times x m x m).

    The risk of the mean field and its correction, or of the network itself where the overlaps of the neurons are given. The
    compiler of formulas takes no families, so this is written in NumPy and tested against the formulas.
    """
    powers = [s**k for k in range(len(task.phi))]
    moments = np.stack([(a * power).mean(axis=1) for power in powers], axis=1)
    if r is None:
        value = ((task.phi - task.sigma * moments) ** 2).sum(axis=1) / 2
        if level == "diagonal":
            own = sum(c**2 * (1 - power**2) for c, power in zip(task.sigma, powers))
            value = value + (a**2 * own).sum(axis=1) / (2 * a.shape[1] ** 2)
        return np.asarray(value)
    kernel_ = sum(c**2 * r**k for k, c in enumerate(task.sigma))
    pairs = np.einsum("ti,tij,tj->t", a, kernel_, a, optimize=True) / (2 * a.shape[1] ** 2)
    return np.asarray((task.phi**2).sum() / 2 - moments @ (task.sigma * task.phi) + pairs)

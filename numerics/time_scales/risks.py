"""Population risk of states along a path."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .start import Task

Array = NDArray[Any]


def risk(level: str, task: Task, a: Array, s: Array, r: Array | None = None) -> Array:
    """Population risk at each of many states: times x m (and times x m x m).

    The risk of the mean field and its correction, or of the network itself where the overlaps of the neurons are given. The
    compiler of formulas takes no families, so this is written in NumPy and tested against the formulas. The part of the target
    above degree K is in it.
    """
    powers = [s**k for k in range(len(task.phi))]
    moments = np.stack([(a * power).mean(axis=1) for power in powers], axis=1)
    if r is None:
        value = task.missing / 2 + ((task.phi - task.sigma * moments) ** 2).sum(axis=1) / 2
        if level == "diagonal":
            own = task.rest + sum(c**2 * (1 - power**2) for c, power in zip(task.sigma, powers))
            value = value + (a**2 * own).sum(axis=1) / (2 * a.shape[1] ** 2)
        return np.asarray(value)
    kernel_ = np.polynomial.polynomial.polyval(r, task.sigma**2)
    pairs = np.einsum("ti,tij,tj->t", a, kernel_, a, optimize=True) / (2 * a.shape[1] ** 2)
    alone = task.rest * (a**2).sum(axis=1) / (2 * a.shape[1] ** 2)
    return np.asarray((task.missing + (task.phi**2).sum()) / 2 - moments @ (task.sigma * task.phi) + pairs + alone)

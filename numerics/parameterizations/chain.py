"""Escape of the chain of scalars, integrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.parameterizations.letters import L as depth
from ...theory.parameterizations.scalings import depth_of
from ...theory.system import System

Array = NDArray[Any]


def escape_times(system: System, L: int, widths: Sequence[float], c: float = 1.0, horizon: float = 4.0) -> Array:
    """Times at which the intermediate weights reach one.

    Parameters
    ----------
    system : the chain, flow of ``u`` and ``v``, with any depth.
    L : number of hidden layers, at least two.
    widths : numbers above one.
    c : correlation with the target, positive.
    horizon : the search ends at this multiple of ``1 + log m + m^{(L-3)/2}``, over c.

    Returns
    -------
    array : one time for each width.

    Raises
    ------
    ValueError : L below two, a width that is not above one, c not positive, no escape before the horizon.
    """
    from ..integrate import integrate
    from ..lower import lower

    if depth_of(L) < 2:
        raise ValueError(f"L: {L}; with one hidden layer there is no weight in between, at least two are needed")
    if not c > 0:
        raise ValueError(f"c: {c}; a positive number is needed")
    equations = tuple((item, rate.subs(depth, L)) for item, rate in system.equations)
    kernel = lower(replace(system, equations=equations, given=(), assuming=()))

    def reached(t: float, y: Array) -> float:
        return float(y[0]) - 1

    reached.terminal = True  # type: ignore[attr-defined]
    found = []
    for m in widths:
        if not m > 1:
            raise ValueError(f"widths: {m}; numbers above one are needed")
        end = horizon * (1 + np.log(m) + m ** ((L - 3) / 2)) / c
        run = integrate(
            kernel, {"u": m**-0.5, "v": 1.0}, {"c": c}, np.array([0.0, end]), rtol=1e-11, atol=1e-15, events=[reached]
        )
        if run["time"][-1] >= end:
            raise ValueError(f"horizon: {horizon}; no escape up to time {end:.3g} at width {m}")
        found.append(float(run["time"][-1]))
    return np.array(found)

"""Times at which the degrees are learned, and how much of the logarithm of time the falls of the risk take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve
from .flows import LEVELS, kernel, parameters
from .start import Task

Array = NDArray[Any]
SHARES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Falls:
    """When each degree is learned.

    Parameters
    ----------
    degrees : degrees with ``sigma_k phi_k != 0``.
    shares : fractions of ``phi_k`` that are asked for.
    times : first times at which ``sigma_k M_k/phi_k`` passes them upwards, degrees x shares; nan where it does not.
    """

    degrees: tuple[int, ...]
    shares: tuple[float, ...]
    times: Array

    def at(self, degree: int, share: float = 0.5) -> float:
        """Time of one degree; ValueError for a degree or a share that is not there."""
        if degree not in self.degrees or share not in self.shares:
            raise ValueError(f"degree: {degree} at {share}; there are {self.degrees} at {self.shares}")
        return float(self.times[self.degrees.index(degree), self.shares.index(share)])

    def width(self, degree: int) -> float:
        """Time from the first to the last share."""
        return self.at(degree, self.shares[-1]) - self.at(degree, self.shares[0])


def falls(curve: Curve, task: Task, shares: Sequence[float] = SHARES, *, rtol: float = 1e-10) -> Falls:
    """Times of the degrees on a curve of any level.

    Parameters
    ----------
    curve : of `simulate`, with columns ``a``, ``s``, ``moments``.
    task : the same as of the curve.
    shares : fractions of the target's coefficient.
    rtol : of the integration that goes on from the recorded time before a crossing to its root. Curves of the network itself
        are interpolated linearly in the logarithm of time instead.

    Returns
    -------
    Falls : a curve that stands above a share from its first time on gives nan there: the crossing was not seen.

    Raises
    ------
    ValueError : a curve of another number of degrees, a share that is not positive.
    """
    shares = tuple(float(share) for share in shares)
    if any(not share > 0 for share in shares):
        raise ValueError(f"shares: {shares}; positive fractions are needed")
    moments, times = curve["moments"], curve["time"]
    if moments.shape[1] != len(task.phi):
        raise ValueError(f"task: has {len(task.phi)} coefficients; the curve has {moments.shape[1]} moments")
    degrees = tuple(int(k) for k in np.flatnonzero(task.sigma * task.phi))
    found = np.full((len(degrees), len(shares)), np.nan)
    level = curve.made_by.what.split(".")[-1]
    for row, k in enumerate(degrees):
        path = task.sigma[k] * moments[:, k] / task.phi[k]
        for column, share in enumerate(shares):
            places = np.flatnonzero((path[:-1] < share) & (path[1:] >= share))
            if not places.size:
                continue
            n = int(places[0])
            if level in LEVELS:
                found[row, column] = root(curve, task, level, n, k, share, rtol)
            else:
                ends = np.log(np.maximum(times[n : n + 2], times[n + 1] * 1e-12))
                part = (share - path[n]) / (path[n + 1] - path[n])
                found[row, column] = (
                    np.exp(ends[0] + part * (ends[1] - ends[0])) if times[n] > 0 else part * times[n + 1]
                )
    return Falls(degrees, shares, found)


def root(curve: Curve, task: Task, level: str, n: int, k: int, share: float, rtol: float) -> float:
    """Time between two recorded ones at which one moment passes a share: the state is integrated on from the first."""
    from scipy.integrate import solve_ivp
    from scipy.optimize import brentq

    state = {name: np.ascontiguousarray(curve[name][n]) for name in ("a", "s", "r") if name in curve.names}
    begin, end = (float(t) for t in curve["time"][n : n + 2])
    bound, m = kernel(level).bind(state, parameters(level, task)), len(state["a"])
    y0 = bound.pack(state)
    stiff = level != "order-parameters" and task.eps < 1e-3
    options: dict[str, Any] = {"jac": bound.jacobian} if stiff else {}
    run = solve_ivp(
        bound.function,
        (begin, end),
        y0,
        "Radau" if stiff else "DOP853",
        dense_output=True,
        rtol=rtol,
        atol=1e-3 * rtol,
        **options,
    )
    if not run.success:
        raise RuntimeError(f"{level}: {run.message}")

    def above(t: float) -> float:
        y = run.sol(t)
        return float(task.sigma[k] * np.mean(y[:m] * y[m : 2 * m] ** k) / task.phi[k] - share)

    ends = above(begin), above(end)
    if ends[0] >= 0 or ends[1] <= 0:  # within the tolerance of the curve, the crossing is at an end
        return begin if abs(ends[0]) < abs(ends[1]) else end
    return float(brentq(above, begin, end, xtol=1e-14 * end, rtol=4 * np.finfo(float).eps))


@dataclass(frozen=True, eq=False)
class Intermittency:
    """How unevenly the logarithm of the risk falls in the logarithm of time.

    Parameters
    ----------
    times, slope : ``-d log R/d log t`` at the middles of equal steps of log time.
    share : smallest part of the log time in which ``part`` of the fall of log R happens; ``part`` itself for a power law.
    peaks : times of the local maxima of the slope that rise at least half above the valleys around them.
    """

    times: Array
    slope: Array
    share: float
    peaks: Array


def intermittency(
    curve: Curve, *, part: float = 0.9, between: tuple[float, float] | None = None, points: int = 400
) -> Intermittency:
    """Log slope of the risk, and the share of log time that the falls take.

    Parameters
    ----------
    curve : with ``time`` and ``risk``.
    part : part of the fall.
    between : first and last time; by default the positive times of the curve.
    points : equal steps of log time; fewer smooth a stochastic path.

    Raises
    ------
    ValueError : a part outside (0, 1), fewer than three points, times that the curve has not, a risk that is not positive.
    """
    times, risk = curve["time"], curve["risk"]
    keep = times > 0
    times, risk = times[keep], risk[keep]
    if not 0 < part < 1:
        raise ValueError(f"part: {part}; a number between 0 and 1 is needed")
    if isinstance(points, bool) or int(points) != points or points < 3:
        raise ValueError(f"points: {points}; a whole number of at least 3 is needed")
    if times.size < 3 or not np.all(risk > 0):
        raise ValueError("curve: at least three positive times with positive risk are needed")
    low, high = between or (times[0], times[-1])
    if not times[0] <= low < high <= times[-1]:
        raise ValueError(f"between: {low} to {high}; the curve goes from {times[0]:.3g} to {times[-1]:.3g}")
    grid = np.linspace(np.log(low), np.log(high), points + 1)
    values = np.interp(grid, np.log(times), np.log(risk))
    drops = -np.diff(values)
    if not drops.sum() > 0:
        raise ValueError(f"curve: the risk does not fall between {low:.3g} and {high:.3g}")
    largest = np.cumsum(np.sort(drops)[::-1])
    wanted = part * drops.sum()
    steps = int(np.argmax(largest >= wanted))
    before = largest[steps - 1] if steps else 0.0
    share = (steps + (wanted - before) / (largest[steps] - before)) / points
    slope = drops / np.diff(grid)
    from scipy.signal import find_peaks

    padded = np.concatenate([[slope.min()], slope, [slope.min()]])
    places, shape = find_peaks(padded, prominence=1e-12)
    places = places[shape["prominences"] >= 0.5 * padded[places]] - 1
    middle = np.exp((grid[1:] + grid[:-1]) / 2)
    return Intermittency(middle, slope, float(share), middle[places])

"""Exponents of power laws with confidence intervals, and observed orders of convergence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .curve import Array

SIGMAS = 3.0
"""Standard errors (of a normal distribution; for few points the equally rare t) beyond which the last slope disagrees."""


@dataclass(frozen=True)
class PowerLaw:
    """``y = prefactor * x**exponent``.

    Parameters
    ----------
    exponent, stderr : slope in log-log and its standard error.
    low, high : confidence interval of the exponent.
    prefactor : of the fit (over draws: of the geometric mean).
    local : slope over the last octave, the points within a factor two of the last.
    warning : empty, or how ``local`` disagrees with the fit: the data do not follow one power law.
    level : coverage of the interval.
    """

    exponent: float
    low: float
    high: float
    stderr: float
    prefactor: float
    local: float
    warning: str = ""
    level: float = 0.95

    def __str__(self) -> str:
        said = f"x^{self.exponent:.4g} ({self.level:.0%} interval {self.low:.4g} to {self.high:.4g})"
        return f"{said}; {self.warning}" if self.warning else said


def power_law(x: Any, y: Any, stderr: Any = None, level: float = 0.95) -> PowerLaw:
    """Fit a power law by least squares in log-log.

    Parameters
    ----------
    x : positive, shape (n,), strictly increasing or decreasing, with the asymptotic end last.
    y : positive, shape (n,) with n >= 3; or (draws, n) with at least two independent draws and n >= 2.
    stderr : standard errors of ``y``, shape (n,). They weigh the points; the scatter of the points about the line sets the
        width of the interval. Not for a ``y`` of draws.
    level : coverage of the interval, between 0 and 1.

    Returns
    -------
    PowerLaw

    Raises
    ------
    ValueError : shapes that do not fit, too few points or draws, a value that is not positive and finite.

    Notes
    -----
    One curve: the interval is the t interval with n - 2 degrees of freedom, exact for independent normal errors of
    ``log y``. Draws: the points of one draw may be dependent; the interval is the t interval of the mean of the slopes of
    the draws, with draws - 1 degrees of freedom. In the test of the last slope, the noise of one curve is taken from
    ``stderr`` where given, else from the residuals of a parabola (those of the line would hide the very curvature that is
    looked for); with three points and no ``stderr``, nothing can be said.
    """
    from scipy.stats import norm, t

    x, y = _positive("x", x), _positive("y", y)
    if x.ndim != 1 or y.ndim not in (1, 2) or y.shape[-1] != x.size:
        raise ValueError(f"y: shape {y.shape} does not fit x of shape {x.shape}; (n,) or (draws, n) is allowed")
    draws = y.shape[0] if y.ndim == 2 else 0
    steps = np.diff(x)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        raise ValueError("x: must be strictly increasing or strictly decreasing")
    if x.size < (2 if draws else 3) or draws == 1:
        raise ValueError(f"y: shape {y.shape} is too small; at least three points, or two draws of two points")
    if not 0 < level < 1:
        raise ValueError(f"level: {level}; between 0 and 1, both excluded")
    u, v = np.log(x), np.log(y)
    noise = None
    if stderr is not None:
        if draws:
            raise ValueError("stderr: not allowed with draws, whose spread is the error")
        stderr = _positive("stderr", stderr)
        if stderr.shape != x.shape:
            raise ValueError(f"stderr: shape {stderr.shape}; {x.shape} is allowed")
        noise = stderr / y
    spread = np.ones_like(u) if noise is None else noise
    slope, intercept = _line(u, spread)
    tail = np.abs(np.log(x / x[-1])) <= np.log(2) * (1 + 1e-12)
    tail[-2:] = True
    last = np.zeros_like(u)
    last[tail] = _line(u[tail], spread[tail])[0]
    exponent, local = np.mean(v @ slope), np.mean(v @ last)
    rounding = np.finfo(float).eps * max(1.0, np.abs(v).max()) * np.abs(slope).sum()
    if draws:
        dof: float = draws - 1
        error = np.std(v @ slope, ddof=1) / np.sqrt(draws)
        gap_error, gap_dof = np.std(v @ (last - slope), ddof=1) / np.sqrt(draws), dof
    else:
        dof = x.size - 2
        residual = (v - v @ intercept - exponent * u) / spread
        scale = np.sqrt(residual @ residual / dof)
        error = scale * np.linalg.norm(slope * spread)
        gap_dof = np.inf if noise is not None else x.size - 3
        unit = 1.0 if noise is not None else _roughness(u, v, spread, x.size - 3)
        gap_error = unit * np.linalg.norm((last - slope) * spread)
    error, gap_error = max(error, rounding), max(gap_error, rounding * np.abs(last).sum() / np.abs(slope).sum())
    width = t.ppf((1 + level) / 2, dof) * error
    limit = t.isf(norm.sf(SIGMAS), gap_dof) if gap_dof else np.inf
    warning = ""
    if abs(local - exponent) > limit * gap_error:
        warning = (
            f"the last octave has slope {local:.4g}, {abs(local - exponent) / gap_error:.3g} standard errors "
            f"from the fitted {exponent:.4g}: not one power law"
        )
    return PowerLaw(
        float(exponent), float(exponent - width), float(exponent + width), float(error),
        float(np.exp(np.mean(v @ intercept))), float(local), warning, level,
    )  # fmt: skip


def order(steps: Any, errors: Any) -> float:
    """Observed order of convergence: slope of log(error) against log(step).

    Parameters
    ----------
    steps, errors : positive, shape (n,), n >= 2; no two steps equal.

    Raises
    ------
    ValueError : shapes that do not fit, a value that is not positive and finite.
    """
    steps, errors = _positive("steps", steps), _positive("errors", errors)
    if steps.ndim != 1 or steps.shape != errors.shape or len(set(steps.tolist())) < max(2, steps.size):
        raise ValueError(
            f"errors: shapes {steps.shape} and {errors.shape}; at least two different steps, an error for each"
        )
    return float(np.log(errors) @ _line(np.log(steps), np.ones_like(steps))[0])


def _line(u: Array, spread: Array) -> tuple[Array, Array]:
    """Rows that give slope and value at zero of the least-squares line when multiplied with the data."""
    weight = spread**-2 / np.sum(spread**-2)
    middle = weight @ u
    slope = weight * (u - middle) / (weight @ (u - middle) ** 2)
    return slope, weight - middle * slope


def _roughness(u: Array, v: Array, spread: Array, dof: int) -> float:
    """Noise in units of ``spread``, from the residuals of a weighted parabola."""
    if dof < 1:
        return 0.0
    design = np.vander((u - u.mean()) / np.ptp(u), 3) / spread[:, None]
    fitted, *_ = np.linalg.lstsq(design, v / spread, rcond=None)
    return float(np.linalg.norm(v / spread - design @ fitted) / np.sqrt(dof))


def _positive(name: str, values: Any) -> Array:
    array = np.asarray(values, dtype=float)
    bad = ~(np.isfinite(array) & (array > 0))
    if bad.any():
        place = tuple(int(index) for index in np.argwhere(bad)[0])
        raise ValueError(f"{name}: {array[place]} at {place}; positive finite numbers are allowed")
    return array

"""Starts, coefficients and regimes of the time-scales of learning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Task:
    """Activation, target and ratio of time-scales.

    Parameters
    ----------
    sigma, phi : Hermite coefficients of degrees 0 to K of activation and target, normalised polynomials, equally many.
    eps : ratio of time-scales, positive.

    Raises
    ------
    ValueError : lists of different lengths or below two, a coefficient that is not finite, ``eps`` that is not positive.
    """

    sigma: Any
    phi: Any
    eps: float

    def __post_init__(self) -> None:
        for name in ("sigma", "phi"):
            value = np.array(getattr(self, name), dtype=float)
            if value.ndim != 1 or value.size < 2 or not np.isfinite(value).all():
                raise ValueError(f"{name}: {getattr(self, name)}; a list of at least two finite numbers is needed")
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        if self.sigma.size != self.phi.size:
            raise ValueError(f"phi: {self.phi.size} coefficients; sigma has {self.sigma.size}, equally many are needed")
        if not (np.isfinite(self.eps) and self.eps > 0):
            raise ValueError(f"eps: {self.eps}; a positive number is needed")

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the compiled systems by name."""
        return {"sigma": self.sigma, "phi": self.phi, "eps": float(self.eps)}


def weights(m: int) -> Array:
    """Second-layer weights spread evenly over ``(-sqrt 3, sqrt 3)``: mean 0, variance ``1 - 1/m^2``.

    Parameters
    ----------
    m : number of neurons, at least 2.
    """
    if isinstance(m, bool) or int(m) != m or m < 2:
        raise ValueError(f"m: {m}; a whole number of at least 2 is needed")
    return np.asarray(np.sqrt(3) * (2 * np.arange(m) + 1 - m) / m)


def directions(m: int, d: int, rng: np.random.Generator) -> Array:
    """First-layer weights, uniform on the unit sphere.

    Parameters
    ----------
    m, d : number of neurons, dimension (at least 2).
    rng : generator.

    Returns
    -------
    m x d; the first coordinate is the direction of the target.
    """
    if isinstance(d, bool) or int(d) != d or d < 2:
        raise ValueError(f"d: {d}; a whole number of at least 2 is needed")
    u = rng.standard_normal((m, d))
    return np.asarray(u / np.linalg.norm(u, axis=1, keepdims=True))


def overlaps(u: Array) -> tuple[Array, Array]:
    """Overlaps with the target and with each other, ones on the diagonal exactly."""
    r = u @ u.T
    np.fill_diagonal(r, 1.0)
    return u[:, 0].copy(), r


def regime(task: Task, m: int, horizon: float, d: float = np.inf) -> str:
    """One line if the mean field is not the theory of this network: ``m eps < T`` or ``d eps < 1``; empty otherwise."""
    broken: Sequence[str] = [
        text
        for text, bad in (
            (f"m eps = {m * task.eps:.2g} < T = {horizon:.2g}", m * task.eps < horizon),
            (f"d eps = {d * task.eps:.2g} < 1", d * task.eps < 1),
        )
        if bad
    ]
    return f"mean field: {' and '.join(broken)}; it is not the theory of this network" if broken else ""

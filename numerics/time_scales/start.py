"""Starts, coefficients and regimes of the time-scales of learning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hermite import coefficients, function
from .activations import Pair, pair, polynomial

Array = NDArray[Any]
DEGREE = 10
"""Largest degree kept of an activation or target that is no list of coefficients."""


@dataclass(frozen=True, eq=False)
class Task:
    """Activation, target and ratio of time-scales.

    Parameters
    ----------
    sigma, phi : Hermite coefficients of degrees 0 to K of activation and target, normalised polynomials, equally many.
    eps : ratio of time-scales, positive.
    rest : ``E sigma(x)^2`` minus the sum of the squares of ``sigma``: what the activation has above degree K. It damps the
        second layer of a finite network. The overlap of two neurons of correlation r lacks at most ``rest |r|^(K+1)``.
    missing : the same for the target; half of it is part of every risk, because no degree above K is learned here.
    activation, target : name, function, or None for the Hermite polynomial itself; used by stochastic gradient descent.

    Raises
    ------
    ValueError : lists of different lengths or below two, a coefficient that is not finite, ``eps`` that is not positive.
    """

    sigma: Any
    phi: Any
    eps: float
    rest: float = 0.0
    missing: float = 0.0
    activation: Any = None
    target: Any = None

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
        for name in ("rest", "missing"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name}: {getattr(self, name)}; a nonnegative number is needed")

    @classmethod
    def of(cls, activation: Any, target: Any, eps: float, degree: int | None = None) -> Task:
        """Task of any activation and target.

        Parameters
        ----------
        activation, target : a name (``"relu"``, ``"gelu"``, ``"tanh"``, ``"erf"``, ``"he3"``, ...), a function of an array, or
            a list of Hermite coefficients. Two lists must be equally long.
        eps : ratio of time-scales.
        degree : largest degree kept, K; by default that of two lists, and otherwise 10 or the largest of a list.

        Returns
        -------
        Task : ``E sigma(x)^2`` is exact (closed form or quadrature), never the truncated sum.

        Raises
        ------
        ValueError : unknown name, a function without finite variance, a degree below 1 or below that of a list.
        """
        given = [one for one in (activation, target) if is_list(one)]
        if len(given) == 2 and len(activation) != len(target):
            raise ValueError(
                f"target: {len(target)} coefficients; the activation has {len(activation)}, equally many are needed"
            )
        least = max((len(one) - 1 for one in given), default=1)
        if degree is None:
            degree = least if len(given) == 2 else max(DEGREE, least)
        if isinstance(degree, bool) or int(degree) != degree or degree < max(least, 1):
            raise ValueError(f"degree: {degree}; a whole number of at least {max(least, 1)} is needed")
        sigma, rest = expanded(activation, int(degree))
        phi, missing = expanded(target, int(degree))
        named = [None if is_list(one) else one for one in (activation, target)]
        return cls(sigma, phi, eps, rest, missing, *named)

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the mean field and of its phases by name."""
        return {"sigma": self.sigma, "phi": self.phi, "eps": float(self.eps)}

    @property
    def finite(self) -> dict[str, Any]:
        """Parameters of the systems at finite width by name."""
        return {**self.parameters, "u_rest": float(self.rest)}

    @property
    def neuron(self) -> Pair:
        """Value and slope of the activation itself."""
        return polynomial(self.sigma) if self.activation is None else pair(self.activation)

    @property
    def label(self) -> Callable[[Array], Array]:
        """The target itself."""
        if self.target is not None:
            f = function(self.target)
            return lambda x: np.asarray(f(x), dtype=float)
        evaluate = polynomial(self.phi)
        return lambda x: evaluate(x)[0]


def is_list(one: Any) -> bool:
    """True for a list of coefficients, false for a name or a function."""
    return not (isinstance(one, str) or callable(one))


def expanded(one: Any, degree: int) -> tuple[Array, float]:
    """Coefficients of degrees 0 to ``degree``, and the mean square of what is above."""
    if is_list(one):
        value = np.zeros(degree + 1)
        value[: len(one)] = one
        return value, 0.0
    found = coefficients(one, degree + 1)
    left = found.mean_square - float((found.values**2).sum())
    rounding = found.mean_square_error + 1e-15 * found.mean_square
    noise = found.errors + 1e-16 * np.sqrt(found.mean_square)  # odd functions have no even degrees, exactly
    return np.where(np.abs(found.values) <= noise, 0.0, found.values), left if left > rounding else 0.0


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


def canonical(task: Task, a: Array) -> str:
    """Why the degrees need not be learned in their order from ``s = 0``, in one line; empty if nothing speaks against it.

    Parameters
    ----------
    task : activation and target.
    a : second-layer weights at the start.
    """
    g = task.sigma * task.phi
    targets = np.flatnonzero(task.phi[1:]) + 1
    last = int(targets[-1]) if targets.size else 0
    atoms = len(np.unique(np.asarray(a, dtype=float)))
    lost = [int(k) for k in np.flatnonzero((task.sigma == 0) & (task.phi != 0))]
    gaps = [k for k in range(2, last) if g[k] == 0]
    reasons = [
        text
        for text, bad in (
            ("sigma_1 phi_1 = 0: the overlaps do not leave zero", g[1] == 0),
            (
                f"degree {', '.join(map(str, lost))} of the target is not in the activation and never learned",
                bool(lost),
            ),
            (
                f"no signal at degree {', '.join(map(str, gaps))}: the next degree takes a time of order 1 or longer",
                bool(gaps),
            ),
            (f"{atoms} different weights: degree {last} needs at least {last + 1}", 0 < last >= atoms),
        )
        if bad
    ]
    return "; ".join(reasons)

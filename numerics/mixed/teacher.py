"""Targets and costs for linear networks: the published low-rank teacher, squared error, matrix completion, correlated inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


class Cost(Protocol):
    """A differentiable cost of the end-to-end matrix ``A`` (d_out x d_in)."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def cast(self, dtype: DTypeLike) -> Self:
        """Same cost with column-major arrays of this type."""

    def evaluate(self, A: Array, out: Array) -> float:
        """Write dC/dA into ``out`` and return C(A)."""


def check_matrix(name: str, value: Any) -> Array:
    """Finite real 2-D array, or a one-line ValueError that names the argument."""
    array = np.asarray(value)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name}: has shape {array.shape}; a matrix is needed")
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name}: has type {array.dtype}; real numbers are needed")
    array = array if array.dtype.kind == "f" else array.astype(float)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: contains nan or inf; finite numbers are needed")
    return array


def check_number(name: str, value: float, *, low: float = 0.0, strict: bool = False) -> float:
    """Finite number >= low (> low if strict), or a one-line ValueError that names the argument."""
    number = float(value)
    if not np.isfinite(number) or number < low or (strict and number == low):
        raise ValueError(f"{name}: {value}; allowed: finite and {'>' if strict else '>='} {low:g}")
    return number


def check_integer(name: str, value: float, *, low: int = 1) -> int:
    """Integer >= low (``1e12`` counts as one), or a one-line ValueError that names the argument."""
    if not np.isfinite(value) or value != int(value) or value < low:
        raise ValueError(f"{name}: {value}; allowed: integers >= {low}")
    return int(value)


def check_times(times: Any, *, increasing: bool = False) -> Array:
    """1-D array of times >= 0 (a number counts as one time), or a one-line ValueError."""
    array = np.atleast_1d(np.asarray(times, dtype=float))
    if array.ndim != 1 or array.size == 0 or not np.isfinite(array).all() or (array < 0).any():
        raise ValueError("times: allowed: at least one finite number >= 0")
    if increasing and (np.diff(array) <= 0).any():
        raise ValueError("times: must increase")
    return array


@dataclass(frozen=True, eq=False)
class Teacher:
    """A signal and the noisy target the network is trained on, both d_out x d_in."""

    signal: Array
    target: Array


def teacher(
    d: int, k: int, seed: int | np.random.SeedSequence = 0, *, noise: float = 1.0, dtype: DTypeLike = np.float64
) -> Teacher:
    """Published teacher: ``A* = C D^T`` with entries of C, D (d x k) of variance ``k^{-1/2}``, target ``A* + noise E``.

    Parameters
    ----------
    d, k : size and rank, 1 <= k <= d.
    seed : integer or seed sequence; the draw does not depend on ``dtype``.
    noise : standard deviation of the entries of the noise.

    Raises
    ------
    ValueError : k > d, a size below 1, negative noise.

    Notes
    -----
    Source: Tu, Aranguri, Jacot 2024, section 5 (experiments). Entries of A* have variance 1.
    """
    d, k = check_integer("d", d), check_integer("k", k)
    if k > d:
        raise ValueError(f"k: {k}; allowed: 1 <= k <= d = {d}")
    check_number("noise", noise)
    rng = np.random.default_rng(seed)
    C, D = rng.standard_normal((2, d, k)) * k**-0.25
    signal = C @ D.T
    target = signal + noise * rng.standard_normal((d, d))
    return Teacher(np.asfortranarray(signal, dtype=dtype), np.asfortranarray(target, dtype=dtype))


def _flat(array: Array) -> Array:
    return array.ravel(order="K")


@dataclass(frozen=True, eq=False)
class SquaredError:
    """``C = ||A - M||_F^2 / 2`` (whitened inputs), ``G = A - M``."""

    target: Array

    def __post_init__(self) -> None:
        check_matrix("target", self.target)

    @property
    def shape(self) -> tuple[int, int]:
        return self.target.shape

    def cast(self, dtype: DTypeLike) -> SquaredError:
        return SquaredError(np.asfortranarray(self.target, dtype=dtype))

    def evaluate(self, A: Array, out: Array) -> float:
        np.subtract(A, self.target, out=out)
        return 0.5 * float(np.dot(_flat(out), _flat(out)))


@dataclass(frozen=True, eq=False)
class MaskedError:
    """Matrix completion: ``C = ||mask (A - M)||_F^2 / 2`` over the observed entries (mask 1), ``G = mask (A - M)``."""

    target: Array
    mask: Array

    def __post_init__(self) -> None:
        check_matrix("target", self.target)
        if np.shape(self.mask) != np.shape(self.target):
            raise ValueError(f"mask: has shape {np.shape(self.mask)}; the target has {np.shape(self.target)}")
        if not np.isin(self.mask, (0, 1)).all():
            raise ValueError("mask: has entries other than 0 and 1; allowed: 1 observed, 0 hidden")

    @property
    def shape(self) -> tuple[int, int]:
        return self.target.shape

    def cast(self, dtype: DTypeLike) -> MaskedError:
        return MaskedError(np.asfortranarray(self.target, dtype=dtype), np.asfortranarray(self.mask, dtype=dtype))

    def evaluate(self, A: Array, out: Array) -> float:
        np.subtract(A, self.target, out=out)
        np.multiply(out, self.mask, out=out)
        return 0.5 * float(np.dot(_flat(out), _flat(out)))


@dataclass(frozen=True, eq=False)
class CorrelatedError:
    """``C = tr (A - T) Sigma (A - T)^T / 2`` for inputs of covariance ``Sigma`` (d_in x d_in), ``G = (A - T) Sigma``."""

    target: Array
    covariance: Array

    def __post_init__(self) -> None:
        target = check_matrix("target", self.target)
        sigma = check_matrix("covariance", self.covariance)
        if sigma.shape != (target.shape[1],) * 2:
            raise ValueError(f"covariance: has shape {sigma.shape}; d_in = {target.shape[1]} asks for a square matrix")
        scale = np.abs(sigma).max()
        if np.abs(sigma - sigma.T).max() > 1e-6 * scale or np.linalg.eigvalsh(sigma)[0] < -1e-6 * scale:
            raise ValueError("covariance: is not symmetric with eigenvalues >= 0")

    @property
    def shape(self) -> tuple[int, int]:
        return self.target.shape

    def cast(self, dtype: DTypeLike) -> CorrelatedError:
        return CorrelatedError(
            np.asfortranarray(self.target, dtype=dtype), np.asfortranarray(self.covariance, dtype=dtype)
        )

    def evaluate(self, A: Array, out: Array) -> float:
        residual = A - self.target
        out[...] = residual @ self.covariance
        return 0.5 * float(np.dot(_flat(residual), _flat(out)))

"""Weights of two-layer linear networks at any width: width reduction, sampling in law, special initialisations.

Gradient descent commutes with ``W1 -> O W1, W2 -> W2 O^T`` and moves the Gram matrix ``P = Q Q^T`` of the stacked weights
``Q = [W2; W1^T]`` only. So training at width w equals training at width ``min(w, d_out + d_in)`` from the triangular factor
of Q, for any cost, with momentum and weight decay (not for Adam or sign methods). Source: this project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .teacher import check_integer, check_matrix, check_number

Array = NDArray[Any]
Seed = int | np.random.SeedSequence | np.random.Generator


@dataclass(frozen=True, eq=False)
class Weights:
    """First layer ``W1`` (w x d_in) and second layer ``W2`` (d_out x w).

    Raises
    ------
    ValueError : not matrices, widths differ, nan.
    """

    W1: Array
    W2: Array

    def __post_init__(self) -> None:
        W1, W2 = check_matrix("W1", self.W1), check_matrix("W2", self.W2)
        if W1.shape[0] != W2.shape[1]:
            raise ValueError(f"W2: has shape {W2.shape}; its columns must match the width {W1.shape[0]} of W1")

    @property
    def width(self) -> int:
        return self.W1.shape[0]

    @property
    def shape(self) -> tuple[int, int]:
        """``(d_out, d_in)``."""
        return self.W2.shape[0], self.W1.shape[1]

    @property
    def A(self) -> Array:
        """End-to-end matrix ``W2 W1``."""
        return self.W2 @ self.W1

    @property
    def Q(self) -> Array:
        """Stacked weights ``[W2; W1^T]`` (N x w)."""
        return np.concatenate([self.W2, self.W1.T])

    @property
    def P(self) -> Array:
        """Gram matrix ``Q Q^T = [[C2, A], [A^T, C1]]``."""
        Q = self.Q
        return Q @ Q.T


def unstack(Q: Array, d_out: int) -> Weights:
    """Weights whose stacked form is Q."""
    return Weights(np.ascontiguousarray(Q[d_out:].T), np.ascontiguousarray(Q[:d_out]))


def split(P: Array, d_out: int) -> tuple[Array, Array, Array]:
    """Blocks ``A, C1, C2`` of a Gram matrix (or of a stack of them)."""
    return P[..., :d_out, d_out:], P[..., d_out:, d_out:], P[..., :d_out, :d_out]


def triangle(Q: Array) -> Array:
    """Lower trapezoidal factor L of ``Q = L O``."""
    R = np.asarray(np.linalg.qr(Q.T, mode="r"))
    return R.T


def reduce_width(weights: Weights) -> Weights:
    """Equivalent weights of width ``min(w, d_out + d_in)``: the factor L of ``Q = L O`` (QR of ``Q^T``)."""
    d_out, d_in = weights.shape
    if weights.width <= d_out + d_in:
        return weights
    return unstack(triangle(weights.Q), d_out)


def _check_gaussian(
    d_out: int, d_in: int, width: float, variance: float, variance_2: float | None
) -> tuple[int, int, int, Array]:
    """Checked sizes and the standard deviation of each row of Q."""
    d_out, d_in = check_integer("d_out", d_out), check_integer("d_in", d_in)
    variance = check_number("variance", variance)
    variance_2 = variance if variance_2 is None else check_number("variance_2", variance_2)
    deviation = np.repeat(np.sqrt([variance_2, variance]), [d_out, d_in])[:, None]
    return d_out, d_in, check_integer("width", width), deviation


def gaussian(
    d_out: int,
    d_in: int,
    width: float,
    variance: float,
    seed: Seed = 0,
    *,
    variance_2: float | None = None,
    dtype: DTypeLike = np.float64,
) -> Weights:
    """Reduced weights of a Gaussian network of any width, equal in law to sampling and reducing (Bartlett).

    Parameters
    ----------
    width : integer >= 1; 1e12 costs the same as 400, and below ``d_out + d_in`` the factor is trapezoidal.
    variance : variance of the entries of W1, and of W2 unless ``variance_2`` is given.

    Raises
    ------
    ValueError : width below 1 or not an integer, negative variance.
    """
    d_out, d_in, hidden, scale = _check_gaussian(d_out, d_in, width, variance, variance_2)
    rng = np.random.default_rng(seed)
    n = d_out + d_in
    columns = min(hidden, n)
    Z = np.tril(rng.standard_normal((n, columns)), -1)
    Z[np.arange(columns), np.arange(columns)] = np.sqrt(rng.chisquare(float(hidden) - np.arange(columns)))
    return unstack((scale * Z).astype(dtype), d_out)


def gaussian_full(
    d_out: int,
    d_in: int,
    width: int,
    variance: float,
    seed: Seed = 0,
    *,
    variance_2: float | None = None,
    dtype: DTypeLike = np.float64,
) -> Weights:
    """Gaussian weights at full width: what :func:`gaussian` replaces, kept as its oracle at small size."""
    d_out, d_in, hidden, scale = _check_gaussian(d_out, d_in, width, variance, variance_2)
    Z = np.random.default_rng(seed).standard_normal((d_out + d_in, hidden))
    return unstack((scale * Z).astype(dtype), d_out)


def _pivot(s: Array, lam: float, effective: float) -> tuple[Array, Array, Array]:
    """Factor ``[[p, 0], [s/p, q]]`` of the 2x2 blocks ``[[a, s], [s, b]]``, a the larger diagonal entry (lam >= 0)."""
    a = np.hypot(s, effective) + lam / 2
    p = np.sqrt(a)
    inverse = np.divide(1.0, p, out=np.zeros_like(p), where=p > 0)
    rho = (effective - lam / 2) * (effective + lam / 2)
    return p, s * inverse, np.sqrt(rho) * inverse


def on_manifold(A: Array, tau: float, tau_2: float | None = None) -> Weights:
    """Weights of width N on the invariant manifold with the given ``A``.

    ``C2 = lam/2 + sqrt(A A^T + tau_e^2)``, ``C1 = -lam/2 + sqrt(A^T A + tau_e^2)`` with ``lam = tau_2 - tau`` and
    ``tau_e = (tau + tau_2)/2``: the limit of infinite width with ``tau = sigma_1^2 w``, ``tau_2 = sigma_2^2 w``.

    Raises
    ------
    ValueError : negative tau, A with nan.
    """
    A = check_matrix("A", A)
    tau = check_number("tau", tau)
    tau_2 = tau if tau_2 is None else check_number("tau_2", tau_2)
    if tau > tau_2:  # the smaller diagonal entry would be the pivot: transpose the problem
        mirror = on_manifold(A.T, tau_2, tau)
        return Weights(mirror.W2.T, mirror.W1.T)
    d_out, d_in = A.shape
    U, s, Vt = np.linalg.svd(A)
    k = len(s)
    p, cross, q = _pivot(s, tau_2 - tau, (tau + tau_2) / 2)
    top = np.full(d_out, np.sqrt(tau_2))
    bottom = np.full(d_in, np.sqrt(tau))
    top[:k], bottom[:k] = p, q
    Q = np.zeros((d_out + d_in, d_out + d_in))
    Q[:d_out, :d_out] = U * top
    Q[d_out:, :k] = Vt[:k].T * cross
    Q[d_out:, d_out:] = Vt.T * bottom
    return unstack(Q, d_out)


def orthogonal(d_out: int, d_in: int, tau: float) -> Weights:
    """Point of the invariant manifold with ``A = 0``: ``W2 W2^T = tau I``, ``W1^T W1 = tau I``, ``W2 W1 = 0``, width N."""
    return on_manifold(np.zeros((check_integer("d_out", d_out), check_integer("d_in", d_in))), tau)


def balanced(A: Array, lam: float, width: int) -> Weights:
    """Lambda-balanced weights, ``W2^T W2 - W1 W1^T = lam I_w``, with the given ``A`` (rank at most ``width``).

    Raises
    ------
    ValueError : rank of A above the width; width above d_out (lam > 0) or d_in (lam < 0), where no such weights exist.
    """
    A = check_matrix("A", A)
    width = check_integer("width", width)
    if not np.isfinite(lam):
        raise ValueError(f"lam: {lam}; allowed: finite numbers")
    if lam < 0:
        mirror = balanced(A.T, -lam, width)
        return Weights(mirror.W2.T, mirror.W1.T)
    d_out, d_in = A.shape
    U, s, Vt = np.linalg.svd(A)
    if lam > 0 and width > d_out:
        raise ValueError(f"width: {width}; W2^T W2 >= lam > 0 asks for width <= {d_out}")
    if len(s) > width and s[width] > 1e-12 * s[0]:
        raise ValueError(f"width: {width}; A has a higher rank")
    k = min(width, len(s))
    p, cross, _ = _pivot(s[:k], lam, lam / 2)
    W1, W2 = np.zeros((width, d_in)), np.zeros((d_out, width))
    W2[:, : min(width, d_out)] = U[:, :width] * np.sqrt(lam)
    W2[:, :k] = U[:, :k] * p
    W1[:k] = cross[:, None] * Vt[:k]
    return Weights(W1, W2)

"""Quadratic costs of the end-to-end map: squared error, correlated inputs, matrix completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Cost:
    """``C(A) = 1/2 tr (E S E^T)`` with ``E = A - target`` on the observed entries, ``S`` the input covariance.

    Parameters
    ----------
    target : d_out x d_in.
    inputs : covariance S, d_in x d_in, symmetric and positive definite; None for whitened inputs.
    mask : true where the entry is observed; None for all. Not together with ``inputs``.

    Raises
    ------
    ValueError : shapes, nan, a covariance that is not positive definite, a mask that hides a whole row or column.
    """

    target: Array
    inputs: Array | None = None
    mask: Array | None = None

    def __post_init__(self) -> None:
        target = np.array(self.target, dtype=float)
        if target.ndim != 2 or not target.size or not np.isfinite(target).all():
            raise ValueError(f"target: has shape {target.shape}; a finite matrix is needed")
        object.__setattr__(self, "target", target)
        if self.inputs is not None and self.mask is not None:
            raise ValueError("mask: given together with inputs; allowed: one of the two")
        if self.inputs is not None:
            S, d = np.array(self.inputs, dtype=float), target.shape[1]
            if S.shape != (d, d) or not np.isfinite(S).all() or not np.allclose(S, S.T, rtol=1e-12, atol=0):
                raise ValueError(f"inputs: has shape {S.shape}; a symmetric {d} x {d} matrix is needed")
            if (smallest := float(np.linalg.eigvalsh(S)[0])) <= 0:
                raise ValueError(f"inputs: smallest eigenvalue {smallest:.3g}; allowed: positive")
            object.__setattr__(self, "inputs", S)
        if self.mask is not None:
            mask = np.array(self.mask, dtype=bool)
            if mask.shape != target.shape:
                raise ValueError(f"mask: has shape {mask.shape}; the target has {target.shape}")
            for name, axis in (("row", 1), ("column", 0)):
                if (hidden := np.flatnonzero(~mask.any(axis=axis))).size:
                    raise ValueError(f"mask: hides all of {name} {hidden[0]}; every {name} needs an observed entry")
            object.__setattr__(self, "mask", mask)

    @property
    def shape(self) -> tuple[int, int]:
        """``(d_out, d_in)``."""
        return self.target.shape[0], self.target.shape[1]

    def gradient(self, A: Array) -> Array:
        """``dC/dA``, of the shape of A."""
        E = A - self.target
        if self.inputs is not None:
            return np.asarray(E @ self.inputs)
        return E if self.mask is None else np.where(self.mask, E, 0.0)

    def value(self, A: Array) -> float:
        """``C(A)``, 0 at the target."""
        return 0.5 * float(np.sum(self.gradient(A) * (A - self.target)))

    def hidden_error(self, A: Array) -> float:
        """Root mean square error on the entries that are not observed.

        Raises
        ------
        ValueError : every entry is observed.
        """
        if self.mask is None or self.mask.all():
            raise ValueError("mask: hides 0 entries; at least 1 is needed for an error on hidden entries")
        return float(np.sqrt(np.mean((A - self.target)[~self.mask] ** 2)))


def squared_error(target: Any) -> Cost:
    """Squared error for whitened inputs."""
    return Cost(np.atleast_2d(np.asarray(target, dtype=float)))


def scalar(goal: float) -> Cost:
    """Squared error of one number: ``(a - goal)**2/2``."""
    return Cost(np.array([[float(goal)]]))


def correlated(target: Any, inputs: Any) -> Cost:
    """Squared error for inputs of the given covariance."""
    return Cost(target, inputs=inputs)


def masked(target: Any, mask: Any) -> Cost:
    """Squared error on the observed entries (matrix completion)."""
    return Cost(target, mask=mask)


def cosine_target() -> Array:
    """The 8 x 8 matrix of rank 3 with singular values 4, 2, 1 along cosines."""
    i = np.arange(8)
    q = [np.full(8, np.sqrt(1 / 8)), *(np.sqrt(2 / 8) * np.cos(np.pi * (i + 0.5) * k / 8) for k in (1, 2, 3))]
    return np.asarray(4 * np.outer(q[1], q[2]) + 2 * np.outer(q[3], q[0]) + np.outer(q[2], q[1]))


def completion() -> Cost:
    """Deterministic completion whose hidden entries the greedy sequence recovers: hidden where ``(i + 2 j) mod 4 = 0``."""
    i, j = np.indices((8, 8))
    return masked(cosine_target(), (i + 2 * j) % 4 != 0)


def failing_completion() -> Cost:
    """The same target with a mask where greedy and descent reach zero loss at the minimal rank with other entries."""
    i, j = np.indices((8, 8))
    return masked(cosine_target(), ~np.isin((3 * i + 4 * j) % 5, (0, 2)))


def small_completion(corner: float = 0.3) -> Cost:
    """Two by two completion ``[[corner, 1], [1, hidden]]``; the hidden entry of rank one is ``1/corner``.

    Raises
    ------
    ValueError : corner 0, where no completion has rank one.
    """
    if not np.isfinite(corner) or corner == 0:
        raise ValueError(f"corner: {corner}; allowed: finite numbers except 0")
    return masked([[corner, 1.0], [1.0, 1 / corner]], [[True, True], [True, False]])


def distinct_values(target: Any, gap: float = 1e-10) -> Array:
    """Singular values of a target, decreasing, for statements that need gaps between them.

    Raises
    ------
    ValueError : two values closer than ``gap`` times the largest.
    """
    s = np.linalg.svd(np.atleast_2d(np.asarray(target, dtype=float)), compute_uv=False)
    s = s[s > max(np.shape(np.atleast_2d(target))) * np.finfo(float).eps * s[0]]
    close = np.flatnonzero(-np.diff(s) <= gap * (s[0] if s.size else 0.0))
    if close.size:
        k = int(close[0])
        raise ValueError(f"target: singular values {k + 1} and {k + 2} are both {s[k]:.6g}; a gap is needed")
    return s

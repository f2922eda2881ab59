"""Exact Gram flow and the mixed formula from the same start, for squared error, in the singular basis of the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .reduction import on_manifold
from .riccati import coefficients, gram
from .teacher import check_matrix, check_number, check_times

Array = NDArray[Any]
Rate = Callable[[float, Array], Array]
"""Right-hand side of ``mixed.gram-flow`` on the flat state ``(A, C1, C2)``; returns a new array."""


@dataclass(frozen=True, eq=False)
class Segment:
    """One accepted step, with its interpolant."""

    start: float
    end: float
    dense: Callable[[Any], Array]


def segments(rate: Rate, y0: Array, end: float, rtol: float, atol: float) -> Iterator[Segment]:
    """Accepted steps of Dormand and Prince's 5(4) pair from t = 0 to ``end``; stop reading to stop integrating.

    Raises
    ------
    ValueError : the solver's own message when the step size underflows.
    """
    from scipy.integrate import RK45

    solver = RK45(rate, 0.0, y0, end, rtol=rtol, atol=atol)
    while solver.status == "running":
        message = solver.step()
        if solver.status == "failed":
            raise ValueError(f"flow: {message}")
        yield Segment(solver.t_old, solver.t, solver.dense_output())


NODES = (1 - np.cos(np.pi * np.arange(9) / 8)) / 2
"""Squared distances are polynomials of degree 8 in time along one interpolated step: nine points give them exactly."""
_TO_COEFFICIENTS = np.linalg.inv(np.polynomial.chebyshev.chebvander(2 * NODES - 1, 8))


def interpolate(values: Array, theta: Array) -> Array:
    """The polynomial through ``values`` at NODES, at points theta of [0, 1]."""
    return np.polynomial.chebyshev.chebval(2 * theta - 1, _TO_COEFFICIENTS @ values)


class MixedPath:
    """The mixed formula from any A_0 in closed form, for the target ``diag(m)``; ``at(t)`` costs one Cholesky inverse.

    Absolute error about ``eps/t`` (from ``1 - 1/(1 + x)`` at small times), which is what drawing needs; where the Cholesky
    factorisation fails (graded h) the thin QR form takes over.
    """

    def __init__(self, A0: Array, m: Array, tau: float) -> None:
        self.A0, self.m, self.rho = A0, m, tau**2
        self.weights = on_manifold(A0, tau)
        self.mu = np.concatenate([m, -m])
        up, down = self.weights.W2 + self.weights.W1.T, self.weights.W1.T - self.weights.W2
        L = np.concatenate([up, down]) / np.sqrt(2)  # eigenvectors of S: (1, 1) and (-1, 1) in each direction
        self.P = L @ L.T

    def at(self, t: float) -> Array:
        """``A(t)``."""
        from scipy.linalg import lapack

        if t == 0:
            return self.A0
        root, ratio, e = coefficients(t, self.mu, self.rho)
        n = len(self.m)
        H = self.P * root
        H *= root[:, None]
        H[np.diag_indices(2 * n)] += 1
        H, failed = lapack.dpotrf(H.T, lower=0, overwrite_a=1)
        if failed:
            return gram(t, self.weights.Q, np.diag(self.m), 0.0, self.rho)[0, :n, n:]
        H, _ = lapack.dpotri(H, lower=0, overwrite_c=1)  # upper triangle of (1 + sqrt(h) P sqrt(h))^{-1}
        H *= ratio
        H *= -ratio[:, None]  # of P - diag(e + ratio^2)
        H[np.diag_indices(2 * n)] += ratio**2 + e
        pp, pm, mm = H[:n, :n], H[:n, n:], H[n:, n:]
        half = np.triu(pp) - np.triu(mm)
        return (half + np.triu(half, 1).T + pm - pm.T) / 2


def mixed_curve(times: Array | float, A0: Array, M: Array, tau: float) -> Curve:
    """The mixed formula from any A_0 as a curve over ``time`` with column ``A``: fast form of :func:`solution` for drawing.

    Parameters
    ----------
    times : t >= 0.
    A0, M : start and target, d_out x d_in.
    tau : ``sigma^2 w``.
    """
    A0, M = check_matrix("A0", A0), check_matrix("M", M)
    tau = check_number("tau", tau)
    if A0.shape != M.shape:
        raise ValueError(f"A0: has shape {A0.shape}; the target has {M.shape}")
    times = check_times(times)
    (d_out, d_in), n = M.shape, max(M.shape)
    U, m, Vt = np.linalg.svd(M)
    start = np.zeros((n, n))  # padded to square: the added directions stay at A = 0 and couple to nothing
    start[:d_out, :d_in] = U.T @ A0 @ Vt.T
    path = MixedPath(start, np.pad(m, (0, n - len(m))), tau)
    A = np.array([U @ path.at(t)[:d_out, :d_in] @ Vt for t in times.tolist()]).reshape(-1, d_out, d_in)
    return Curve((("time", times),), (("A", A),), Provenance("theory", "mixed.matrix-solution", (("tau", tau),)))

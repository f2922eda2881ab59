"""First-order width correction: the deviation of a sampled start from the manifold, propagated linearly.

About the path from ``P_0 = tau I`` every pair of singular directions of M is a closed linear system; its equations are the
system ``mixed.response``, derived in the theory. Error O(1/w). Source: this project.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .reduction import Weights, split
from .teacher import check_matrix, check_number, check_times

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ResponseStart:
    """Where the linear response starts, in the singular basis of M, padded to n = max(d_out, d_in).

    Parameters
    ----------
    m : singular values of M, zeros where padded.
    alpha, beta, gamma : deviations of A, C2, C1 (n x n), zeros where padded.
    U, V : singular vectors, d_out x d_out and d_in x d_in.
    """

    m: Array
    alpha: Array
    beta: Array
    gamma: Array
    U: Array
    V: Array

    def assemble(self, s: Array, alpha: Array) -> Array:
        """Maps ``A = U (diag s + alpha) V^T`` (times x d_out x d_in) from s (times x n) and alpha (times x n x n)."""
        inner = alpha + s[..., None] * np.eye(len(self.m))
        return self.U @ inner[..., : len(self.U), : len(self.V)] @ self.V.T


Propagate = Callable[[Array, float, ResponseStart], tuple[Array, Array]]
"""``(times, tau, start) -> s (times x n), alpha (times x n x n)``."""


def response_start(start: Weights | Array, M: Array, tau: float) -> ResponseStart:
    """Deviations of a sampled start (weights, or P_0) from ``tau I``."""
    M = check_matrix("M", M)
    tau = check_number("tau", tau)
    P = start.P if isinstance(start, Weights) else check_matrix("P", start)
    if P.shape != (sum(M.shape),) * 2:
        raise ValueError(
            f"P: has shape {P.shape}; the target of shape {M.shape} asks for {sum(M.shape)} rows and columns"
        )
    d_out, d_in = M.shape
    A, C1, C2 = split(P, d_out)
    U, m, Vt = np.linalg.svd(M)
    n = max(M.shape)

    def pad(block: Array) -> Array:
        return np.pad(block, [(0, n - size) for size in block.shape])

    return ResponseStart(
        np.pad(m, (0, n - len(m))),
        pad(U.T @ A @ Vt.T),
        pad(U.T @ C2 @ U - tau * np.eye(d_out)),
        pad(Vt @ C1 @ Vt.T - tau * np.eye(d_in)),
        U,
        Vt.T,
    )


def respond(times: Array, start: Weights | Array, M: Array, tau: float, propagate: Propagate | None = None) -> Curve:
    """Curve over ``time`` with column ``A`` to first order in the deviation of the start from ``tau I``.

    Parameters
    ----------
    times : t >= 0, increasing.
    start : sampled weights of any width, or P_0.
    M : target; tau : ``sigma^2 w``.
    propagate : integrates the linear system, see :data:`Propagate`; that of the theory, ``mixed.response``, if absent.
    """
    times = check_times(times, increasing=True)
    from .compiled import propagate as derived

    begin = response_start(start, M, tau)
    A = begin.assemble(*(propagate or derived)(times, tau, begin))
    return Curve((("time", times),), (("A", A),), Provenance("ode", "mixed.response", (("tau", float(tau)),)))

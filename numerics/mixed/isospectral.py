"""Steps that keep the spectrum of PJ, and with it the invariant manifold, exactly: ``Q' = T Q`` with ``T J T = J``.

``T = (1 + eta F/2)^{-1} (1 - eta F/2)`` (Cayley) or ``exp(-eta F)``, ``F = [[0, G], [G^T, 0]]``. Both are diagonal in the
singular vectors of G, so one SVD of G serves. Source: this project.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .reduction import Weights
from .teacher import Cost, check_integer, check_matrix, check_number

Array = NDArray[Any]


def step_matrix(G: Array, eta: float, kind: Literal["cayley", "exponential"] = "cayley") -> Array:
    """The N x N matrix T of one step.

    Raises
    ------
    ValueError : unknown kind; for Cayley, a singular value of G equal to 2/eta (T does not exist).
    """
    G = check_matrix("G", G)
    eta = check_number("eta", eta)
    U, s, Vt = np.linalg.svd(G, full_matrices=False)
    if kind == "cayley":
        half = eta * s / 2
        pole = 1 - half**2
        if (np.abs(pole) < 4 * np.finfo(float).eps).any():
            raise ValueError(f"eta: {eta}; the Cayley step does not exist where a singular value of G equals 2/eta")
        even, odd = 2 * half**2 / pole, -2 * half / pole
    elif kind == "exponential":
        even, odd = 2 * np.sinh(eta * s / 2) ** 2, -np.sinh(eta * s)
    else:
        raise ValueError(f"kind: {kind!r}; allowed: 'cayley', 'exponential'")
    d_out = len(G)
    T = np.eye(sum(G.shape))
    T[:d_out, :d_out] += (U * even) @ U.T
    T[d_out:, d_out:] += (Vt.T * even) @ Vt
    T[:d_out, d_out:] = (U * odd) @ Vt
    T[d_out:, :d_out] = T[:d_out, d_out:].T
    return T


def isospectral_descend(
    weights: Weights, cost: Cost, eta: float, steps: int, kind: Literal["cayley", "exponential"] = "cayley"
) -> Weights:
    """Weights after so many structure-preserving steps: first order in eta like gradient descent, conserving spec(PJ)."""
    steps = check_integer("steps", steps, low=0)
    d_out = weights.shape[0]
    if cost.shape != weights.shape:
        raise ValueError(f"cost: its target has shape {cost.shape}; the network maps to {weights.shape}")
    Q = weights.Q
    G = np.empty(weights.shape)
    for _ in range(steps):
        cost.evaluate(Q[:d_out] @ Q[d_out:].T, G)
        Q = step_matrix(G, eta, kind) @ Q
    return Weights(Q[d_out:].T, Q[:d_out])

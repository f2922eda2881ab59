"""Closed form of the Gram matrix for squared error: ``dP = rho + S P + P S - P^2`` on ``(PJ)^2 = lam PJ + rho``.

``S = [[lam/2, M], [M^T, -lam/2]]``. In the eigenbasis of S (eigenvalues mu, ``r = sqrt(mu^2 + rho)``)
``P = diag(e) + Y Y^T`` where Y comes from a thin QR; every factor is a sum of positive terms, so nothing cancels and nothing
overflows. Source: this project.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .reduction import Weights, split, triangle
from .teacher import check_matrix, check_number, check_times

Array = NDArray[Any]

SUBSTEP = 12.0
"""Largest r t of one step at rho = 0: there h spans e^{2rt}, and the QR of graded rows must not underflow."""


def spectrum(M: Array, lam: float) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of S, from one SVD of M: directions outside its singular pairs are exact."""
    d_out, d_in = M.shape
    U, m, Vt = np.linalg.svd(M)
    k = len(m)
    size = np.hypot(m, lam / 2)
    # eigenvector (x, y) of [[lam/2, m], [m, -lam/2]] to +size: the half angle of (lam/2, m), without cancellation
    angle = np.arctan2(m, lam / 2) / 2
    x, y = np.cos(angle), np.sin(angle)
    n = d_out + d_in
    basis = np.zeros((n, n))
    basis[:d_out, :k], basis[d_out:, :k] = U[:, :k] * x, Vt[:k].T * y
    basis[:d_out, k : 2 * k], basis[d_out:, k : 2 * k] = -U[:, :k] * y, Vt[:k].T * x
    basis[:d_out, 2 * k : k + d_out] = U[:, k:]
    basis[d_out:, k + d_out :] = Vt[k:].T
    mu = np.concatenate([size, -size, np.full(d_out - k, lam / 2), np.full(d_in - k, -lam / 2)])
    return mu, basis


def coefficients(t: float, mu: Array, rho: float) -> tuple[Array, Array, Array]:
    """``sqrt(h)``, ``g/sqrt(h)`` and ``e = rho h`` at time t > 0; see the module."""
    r = np.hypot(mu, np.sqrt(rho))
    decay = np.exp(-r * t)
    sinh = np.where(r > 0, -np.expm1(-2 * r * t) / np.where(r > 0, 2 * r, 1.0), t)  # e^{-rt} sinh(rt)/r
    size = np.where(r > 0, r, 1.0)
    small = rho / (2 * size * (size + np.abs(mu)))  # (1 - |mu|/r)/2
    large = (1 + np.abs(mu) / size) / 2
    up = mu >= 0
    cosh = np.where(up, small, large) + np.where(up, large, small) * decay**2  # e^{-rt} (cosh rt - mu sinh(rt)/r)
    cosh = np.where(r > 0, cosh, 1.0)
    h = sinh / cosh
    return np.sqrt(h), decay / np.sqrt(cosh * sinh), rho * h


def _step(t: float, L: Array, mu: Array, rho: float) -> tuple[Array, Array]:
    """``e`` and ``Y`` at time t > 0 from the factor L (both in the eigenbasis)."""
    from scipy.linalg import qr

    root, ratio, e = coefficients(t, mu, rho)
    n, k = L.shape
    stack = np.concatenate([root[:, None] * L, np.eye(k)])
    order = np.argsort(-np.abs(stack).max(axis=1), kind="stable")  # graded rows: Householder QR is row-wise stable so
    thin = np.empty((n + k, k))
    thin[order] = qr(stack[order], mode="economic", pivoting=True)[0]
    return e, ratio[:, None] * thin[:n]


def factor(P: Array) -> Array:
    """``L`` with ``L L^T = P`` (N x N) for symmetric P >= 0 up to rounding.

    Raises
    ------
    ValueError : P not symmetric, or with an eigenvalue below ``-1e-10 ||P||``.
    """
    P = check_matrix("P", P)
    if P.shape[0] != P.shape[1] or np.abs(P - P.T).max() > 1e-10 * np.abs(P).max():
        raise ValueError("P: is not symmetric")
    values, vectors = np.linalg.eigh(P)
    if values[0] < -1e-10 * abs(values[-1]):
        raise ValueError(f"P: has the eigenvalue {values[0]:.3g}; allowed: >= 0")
    return vectors * np.sqrt(np.maximum(values, 0.0))


def gram(times: Array | float, L: Array, M: Array, lam: float = 0.0, rho: float = 0.0) -> Array:
    """Gram matrices ``P(t)`` (one per time, N x N) of gradient flow on ``||A - M||_F^2/2``.

    Parameters
    ----------
    times : t >= 0, any order.
    L : any factor of P(0), N x k: the stacked weights ``Q`` themselves, or ``factor(P)``.
    M : target, d_out x d_in, any rank.
    lam, rho : of the invariant manifold ``(PJ)^2 = lam PJ + rho``; mixed: 0 and tau^2; lambda-balanced: lam and 0;
        unequal layer scales: ``tau_2 - tau_1`` and ``tau_1 tau_2``.

    Raises
    ------
    ValueError : negative time or rho, shapes that do not fit, nan.

    Notes
    -----
    Exact when P(0) is on the manifold. From a sampled P(0) it is the Riccati approximation: right through O(t), error
    O(w^{-1/2}).
    """
    M, L = check_matrix("M", M).astype(float), check_matrix("L", L).astype(float)
    times = check_times(times)
    rho = check_number("rho", rho)
    rho = rho if rho > 1e-280 else 0.0  # below, c underflows; the path from the same L differs by rho/(2 m p_0) only
    if not np.isfinite(lam):
        raise ValueError(f"lam: {lam}; allowed: finite numbers")
    n = sum(M.shape)
    if L.shape[0] != n:
        raise ValueError(f"L: has shape {L.shape}; d_out + d_in = {n} rows are needed")
    if L.shape[1] > n:
        L = triangle(L)
    mu, basis = spectrum(M, lam)
    fastest = float(np.hypot(mu, np.sqrt(rho)).max())
    start = basis.T @ L
    result = np.empty((len(times), n, n))
    now, Y = 0.0, start
    for index in np.argsort(times, kind="stable"):
        t = float(times[index])
        if t == 0:
            result[index] = L @ L.T
            continue
        if rho > 0:
            e, Y = _step(t, start, mu, rho)
        else:  # Y is again a factor of P: advance it
            e = np.zeros(n)
            for _ in range(pieces := int(np.ceil((t - now) * fastest / SUBSTEP)) or int(t > now)):
                _, Y = _step((t - now) / pieces, Y, mu, rho)
            now = t
        Z = basis @ Y
        result[index] = Z @ Z.T + (basis * e) @ basis.T
    return result


def solution(times: Array | float, start: Weights | Array, M: Array, lam: float = 0.0, rho: float = 0.0) -> Curve:
    """Curve over ``time`` with columns ``A``, ``C1``, ``C2``: the closed form from weights or from a Gram matrix P(0).

    Arguments and errors as in :func:`gram`.
    """
    L = start.Q if isinstance(start, Weights) else factor(start)
    M = check_matrix("M", M)
    times = check_times(times)
    A, C1, C2 = split(gram(times, L, M, lam, rho), M.shape[0])
    made = Provenance("theory", "mixed.matrix-solution", (("lam", float(lam)), ("rho", float(rho))))
    return Curve((("time", times),), (("A", A), ("C1", C1), ("C2", C2)), made)


def manifold_defect(P: Array, d_out: int, lam: float = 0.0, rho: float = 0.0) -> Array:
    """``(PJ)^2 - lam PJ - rho``: zero on the invariant manifold, conserved in spectrum by the flow."""
    PJ = P * np.repeat([1.0, -1.0], [d_out, len(P) - d_out])
    return PJ @ PJ - lam * PJ - rho * np.eye(len(P))


def balanced_correction(weights: Weights, lam: float) -> tuple[Array, Array]:
    """What rank-deficient lambda-balanced weights add to the square-root form: ``(dC2, dC1)``.

    ``C2 = lam/2 + sqrt(A A^T + lam^2/4) + dC2`` and ``C1 = -lam/2 + sqrt(A^T A + lam^2/4) + dC1``, where
    ``dC2 = -lam Pi`` with Pi the projector on the complement of the range of W2 (lam > 0), ``dC1 = -|lam| Pi'`` with Pi' the
    projector on the complement of the row space of W1 (lam < 0). Zero iff rank W2 = d_out, or rank W1 = d_in. The rate of A
    changes by ``-dC2 G - G dC1``.
    """
    d_out, d_in = weights.shape
    dC2, dC1 = np.zeros((d_out, d_out)), np.zeros((d_in, d_in))
    W = weights.W2 if lam > 0 else weights.W1.T
    U, s, _ = np.linalg.svd(W)
    rank = int((s > len(U) * np.finfo(float).eps * s[0]).sum())
    complement = U[:, rank:]
    if lam > 0:
        dC2 = -lam * complement @ complement.T
    elif lam < 0:
        dC1 = lam * complement @ complement.T
    return dC2, dC1

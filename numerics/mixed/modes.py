"""Errors of a whole matrix from scalar modes: one SVD of the target, then the closed form of one mode for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .teacher import check_integer, check_matrix, check_number, check_times

Array = NDArray[Any]
Mode = Callable[[Array, Array, Array, Array], Array]
"""``s(t, s_0, m, tau)`` elementwise over broadcast arrays: the formula ``mixed.mode``, compiled."""


def mode_errors(
    times: Array, m: Array, overlap: Array, rest: float, entries: int, tau: float, mode: Mode, width: float
) -> tuple[Array, Array, Array]:
    """Loss, test error and modes ``s`` (times x modes) from ``A = 0``, given the targets m and ``overlap = u_i^T A* v_i``.

    ``rest = ||A*||_F^2 - sum overlap^2``; both errors are per entry and include the expected ``tau^2/width e^{-4 tau t}``.
    """
    zero, strength = np.zeros_like(m), np.full_like(m, tau)
    s = mode(times[:, None], zero[None], m[None], strength[None])
    start = tau**2 / width * np.exp(-4 * tau * times)
    loss = ((s - m) ** 2).sum(axis=1) / entries + start
    test = (((s - overlap) ** 2).sum(axis=1) + rest) / entries + start
    return loss, test, s


def aligned(
    M: Array, tau: float, times: Array, mode: Mode | None = None, *, signal: Array | None = None, width: float = np.inf
) -> Curve:
    """Mixed dynamics of squared error from ``A = 0``: ``A(t) = U diag(s_i(t)) V^T`` with the singular vectors of M.

    Parameters
    ----------
    M : target, d_out x d_in.
    tau : ``sigma^2 w``.
    mode : closed form of one mode, see :data:`Mode`; the compiled ``mixed.mode`` if absent.
    signal : matrix that the test error is measured against; M if absent.
    width : finite: adds ``sigma^4 w e^{-4 tau t}`` (``sigma^4 w = tau^2/width``) per entry to both errors, the average over
        initialisations of what the random ``A_0`` adds while it decays lazily.

    Returns
    -------
    Curve over ``time``: ``loss``, ``test error`` (both per entry, as gradient descent records them), ``singular values``
    (in the order of those of M) and ``stable rank`` (of the average, 0 for ``A = 0``).
    """
    M = check_matrix("M", M)
    tau = check_number("tau", tau)
    if width != np.inf:
        width = check_integer("width", width)
    times = check_times(times)
    if mode is None:
        from .compiled import compiled_mode

        mode = compiled_mode()
    U, m, Vt = np.linalg.svd(M, full_matrices=False)
    signal = M if signal is None else check_matrix("signal", signal)
    if signal.shape != M.shape:
        raise ValueError(f"signal: has shape {signal.shape}; the target has {M.shape}")
    overlap = np.einsum("ia,ij,aj->a", U, signal, Vt, optimize=True)
    rest = max(float((signal**2).sum() - (overlap**2).sum()), 0.0)
    loss, test, s = mode_errors(times, m, overlap, rest, M.size, tau, mode, width)
    top = s.max(axis=1)
    rank = np.divide((s**2).sum(axis=1), top**2, out=np.zeros_like(top), where=top > 0)
    made = Provenance("theory", "mixed.mode", (("tau", tau), ("width", float(width))))
    columns = (("loss", loss), ("test error", test), ("singular values", s), ("stable rank", rank))
    return Curve((("time", times),), columns, made)

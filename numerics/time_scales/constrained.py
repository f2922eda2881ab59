"""Growth of one moment while the lower ones are held: the constrained flow of the phases of degree 2 and above.

With ``M_j = <A S^j>`` and ``n_j = (S^j, j A S^(j-1))`` the flow is ``(A', S') = g P n_l``: ascent of ``g M_l``, where ``P`` projects
at right angles to the ``n_j`` of the degrees learned already. Its growth is a blow-up at a finite time, which is followed in
the time ``dz = max(1, size)^(l-1) dtau``; there the size grows exponentially.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance

Array = NDArray[Any]
RANK = 1e-11
"""Constraints whose gradients depend on the others up to this part are held by them already."""


@dataclass(frozen=True, eq=False)
class Blowup:
    """Growth of the moment of one degree to its blow-up.

    Parameters
    ----------
    l, g : degree, and its strength ``sigma_l phi_l``.
    time : time of the blow-up, ``T_l``; what is left after the last state is ``(l+1)/((l-1) g C) M^(-(l-1)/(l+1))``.
    left : this last part, an upper bound of the size of its own error.
    curve : over ``time``: ``A``, ``S``, ``M`` (moment of degree l), ``C`` (from ``dM/dtau = g C |M|^(2l/(l+1))``), ``drift`` (largest
        change of a held moment, relative to its natural size).
    """

    l: int
    g: float
    time: float
    left: float
    curve: Curve

    def prefactor(self, M: float) -> float:
        """``C`` at the moment ``|M|``, by interpolation in its logarithm.

        Raises
        ------
        ValueError : a moment that the curve does not reach.
        """
        from scipy.interpolate import PchipInterpolator

        path = np.sign(self.g) * self.curve["M"]  # does not decrease
        self.within(M)
        rows = np.flatnonzero((path > 0) & np.append(np.diff(path) > 0, True))
        return float(PchipInterpolator(np.log(path[rows]), self.curve["C"][rows])(np.log(M)))

    def within(self, M: float) -> None:
        """ValueError for a moment that the curve does not reach."""
        path = np.sign(self.g) * self.curve["M"]
        if not max(float(path[0]), 0.0) < M <= path[-1]:
            raise ValueError(f"M: {M}; the curve goes from {path[0]:.3g} to {path[-1]:.3g}")

    def start(self, kappa: float, M: float | None = None) -> tuple[Array, Array]:
        """Scaled state ``(A, S)`` on which the next phase starts: the ray at ``|M|`` (the end by default), scaled to ``M_l = kappa``.

        Raises
        ------
        ValueError : ``kappa`` of the wrong sign, a moment that the curve does not reach.
        """
        path = self.curve["M"]
        if not kappa * path[-1] > 0:
            raise ValueError(f"kappa: {kappa}; the moment grows to {path[-1]:.3g}, the same sign is needed")
        if M is not None:
            self.within(M)
        row = len(path) - 1 if M is None else int(np.argmax(np.sign(self.g) * path >= M))
        scale = (kappa / path[row]) ** (1 / (self.l + 1))
        return scale * self.curve["A"][row], scale * self.curve["S"][row]


def gradients(A: Array, S: Array, degrees: Sequence[int]) -> Array:
    """Columns ``n_j = (S^j, j A S^(j-1))``: 2m x (number of degrees)."""
    rows = [np.concatenate([S**j, j * A * S ** (j - 1) if j else 0 * A]) for j in degrees]
    return np.array(rows).reshape(len(rows), 2 * len(A)).T


def ascent(l: int, A: Array, S: Array, degrees: Sequence[int]) -> tuple[Array, Array]:
    """Projected gradient of ``M_l``, and multipliers: ``P n_l = n_l + sum_j lambda_j n_j``.

    Solved through the singular values of the scaled gradients, which is what their Gram matrix has squared.
    """
    n = gradients(A, S, (l,))[:, 0]
    held = gradients(A, S, degrees)
    if not held.shape[1]:
        return n, np.empty(0)
    lengths = np.linalg.norm(held, axis=0)
    lengths[lengths == 0] = 1
    U, sizes, Vt = np.linalg.svd(held / lengths, full_matrices=False)
    keep = sizes > RANK * sizes[0]
    inside = U[:, keep].T @ n
    out = n - U[:, keep] @ inside
    out -= U[:, keep] @ (U[:, keep].T @ out)  # once more against rounding
    return out, -(Vt[keep].T @ (inside / sizes[keep])) / lengths


def constrained(
    l: int,
    g: float,
    A: Array,
    S: Array,
    *,
    degrees: Sequence[int] | None = None,
    until: float = 1e12,
    rtol: float = 1e-10,
    limit: float = 400.0,
) -> Blowup:
    """Flow of degree l at held lower moments, from the end of phase l - 1 to its blow-up.

    Parameters
    ----------
    l : degree that is being learned, at least 2.
    g : ``sigma_l phi_l``, not zero; the time scales like its inverse.
    A, S : scaled weights and overlaps at the start, m each.
    degrees : degrees that are held: by default 0 to l - 1; leave out those that the activation has not.
    until : moment ``|M_l|`` at which the integration stops.
    rtol : relative tolerance of the integration.
    limit : rescaled time after which the growth counts as missing.

    Returns
    -------
    Blowup : its ``time`` for a normalised law of a(0) and ``|g| = 1`` is the number T_l.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : no blow-up (too few different neurons), or the solver's own message.
    """
    from scipy.integrate import solve_ivp

    A, S = np.asarray(A, dtype=float), np.asarray(S, dtype=float)
    held = tuple(range(l)) if degrees is None else tuple(degrees)
    if isinstance(l, bool) or int(l) != l or l < 2:
        raise ValueError(f"l: {l}; a whole number of at least 2 is needed")
    if not (np.isfinite(g) and g != 0):
        raise ValueError(f"g: {g}; a finite number other than 0 is needed")
    if A.ndim != 1 or A.shape != S.shape or not A.size:
        raise ValueError(f"S: has shape {S.shape}; A has {A.shape}, two lists of equal length are needed")
    if any(not 0 <= j < l for j in held):
        raise ValueError(f"degrees: {held}; degrees from 0 to {l - 1} are needed")
    m, sign = len(A), float(np.sign(g))

    def moment(y: Array, j: int) -> float:
        return float(np.mean(y[:m] * y[m:-1] ** j))

    def clock(y: Array) -> float:
        size = np.sqrt(np.mean(y[:-1] ** 2) * 2)
        return float(max(1.0, size) ** (l - 1))

    def rate(z: float, y: Array) -> Array:
        return np.append(sign * ascent(l, y[:m], y[m:-1], held)[0], 1.0) / clock(y)

    def reached(z: float, y: Array) -> float:
        return sign * moment(y, l) - until

    reached.terminal = True  # type: ignore[attr-defined]
    tolerance = np.append(np.full(2 * m, rtol * 1e-3), rtol * 1e-6)
    run = solve_ivp(
        rate, (0.0, limit), np.concatenate([A, S, [0.0]]), "DOP853", rtol=rtol, atol=tolerance, events=[reached]
    )
    if run.status < 0:
        raise RuntimeError(f"constrained flow of degree {l}: {run.message}")
    if run.status == 0:
        end = moment(run.y[:, -1], l)
        raise RuntimeError(
            f"constrained flow of degree {l}: no blow-up, the moment is {end:.3g} at time {run.y[-1, -1]:.3g}"
        )
    path = run.y.T
    M = np.array([moment(y, l) for y in path])
    speed = np.array([np.sum(ascent(l, y[:m], y[m:-1], held)[0] ** 2) / m for y in path])
    C = speed / np.where(M == 0, np.nan, np.abs(M)) ** (2 * l / (l + 1))
    left = (l + 1) / ((l - 1) * C[-1]) * abs(M[-1]) ** (-(l - 1) / (l + 1))
    size = np.abs(path[:, :-1]).max(axis=1)
    drift = [[abs(moment(y, j) - moment(path[0], j)) / max(1, n) ** (j + 1) for y, n in zip(path, size)] for j in held]
    columns = (("A", path[:, :m]), ("S", path[:, m:-1]), ("M", M), ("C", C),
               ("drift", np.max(drift, axis=0) if held else np.zeros(len(path))))  # fmt: skip
    detail = (("solver", "DOP853"), ("rtol", rtol), ("evaluations", int(run.nfev)))
    made = Provenance("ode", "time-scales.constrained", (("l", l), ("g", float(g)), ("m", m)), None, "", detail)
    curve = Curve((("time", path[:, -1] / abs(g)),), columns, made)
    return Blowup(int(l), float(g), float(path[-1, -1] + left) / abs(g), left / abs(g), curve)


def after_phase_one(a: Array, kappa: float = 1.0, sign: float = 1.0, *, centred: bool = True) -> tuple[Array, Array]:
    """Scaled state ``(A, S)`` at the end of phase 1 from ``s = 0``: a multiple of the (centred) weights at the start.

    Parameters
    ----------
    a : second-layer weights at the start.
    kappa : ``phi_1/sigma_1``; 1 gives the normalised problem of ``T_2``.
    sign : of ``sigma_1 phi_1``.
    centred : False where the activation has no degree 0.

    Raises
    ------
    ValueError : weights without spread.
    """
    a = np.asarray(a, dtype=float)
    alpha = a - a.mean() if centred else a
    spread = float(np.mean(alpha**2))
    if not spread > 1e-28 * max(1.0, float(np.max(np.abs(a))) ** 2):
        raise ValueError("a: weights without spread have no phase 1")
    A = np.sqrt(abs(kappa) / spread) * alpha
    return A, np.sign(sign) * A

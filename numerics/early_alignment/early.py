"""The early phase, outputs negligible: every neuron from event to event, in closed form between events, at any init scale.

Valid while ``h`` is far below the labels: ``scale^2 exp(2 |D_max| t) << 1``. The weights are kept divided by the output weight,
its logarithm beside them, so that an init scale of 1e-30, or far less, costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.early_alignment.extremal import Potential
from ...theory.early_alignment.faces import dot

Array = NDArray[Any]

ENDINGS = ("aligned", "rest", "shrinking", "zero")
EVENTS = ("crosses", "slides", "vanishes")


@dataclass(frozen=True)
class Event:
    """What happens to a neuron.

    Parameters
    ----------
    time : of the flow.
    points : numbers, from 0, of the data points whose common hyperplane is met; none if the weights vanish.
    kind : ``crosses``, ``slides`` (along the hyperplane from now on) or ``vanishes`` (w = 0).
    """

    time: float
    points: tuple[int, ...]
    kind: str


@dataclass(frozen=True, eq=False)
class EarlyPhase:
    """Neurons at a time of the early phase; m neurons, d features.

    Parameters
    ----------
    direction : unit vectors, m x d; zeros where ``w = 0``.
    ratio : ``|w|/|a|``, m.
    log_a : ``ln |a|``, m: the scale of the start included; infinite after infinite time.
    angle : between w and sign(a) D, m; to relative accuracy even where it is far below rounding. 0 where D = 0.
    D : driving vectors, m x d.
    entry_time : when the last cone, or face, was entered, m.
    constant : C in ``angle = C exp(-|D| t) (1 + o(1))``, m.
    ending : what would happen from then on, m words: ``aligned`` (with sign(a) D), ``rest`` (D = 0: dead, or a flat set),
        ``shrinking`` (balanced, on a ray opposite to sign(a) D: it only loses norm), ``zero`` (stays at w = 0).
    events : number of events, m.
    """

    direction: Array
    ratio: Array
    log_a: Array
    angle: Array
    D: Array
    entry_time: Array
    constant: Array
    ending: Array
    events: Array


def early_phase(G: Potential, w: Array, a: Array, time: float = np.inf, *, log_scale: float = 0.0) -> EarlyPhase:
    """Flow of all neurons while the outputs are negligible.

    Parameters
    ----------
    G : potential of the data.
    w, a : start, m x d and m, divided by the init scale; ``|a| >= |w|``, equality (to 1e-12) meaning exactly balanced.
    time : when to look, >= 0; infinite for the limits of the directions.
    log_scale : logarithm of the init scale, such as ``log(1e-30)``.

    Raises
    ------
    ValueError : arrays that do not fit or are not finite, ``a = 0`` or ``w = 0``, ``|a| < |w|``, a bad time.
    RuntimeError : a neuron that does not stop meeting walls.

    Notes
    -----
    At a wall whose kink repels, a neuron crosses; at one that attracts, the shortest vector of the subdifferential says
    whether it crosses or slides, and which walls it leaves (bounded least squares). A neuron
    that starts exactly on a repelling wall counts as not active there. At ``w = 0`` the flow is not unique: the neuron goes on
    in the direction in which it came; the second time that it comes back it stays.
    """
    return _follow(G, w, a, time, log_scale, 0)[0]


def neuron_events(G: Potential, w: Array, a: float, time: float = np.inf, *, most: int = 1000) -> tuple[Event, ...]:
    """Events of one neuron, in order; arguments as in `early_phase`, w with d entries."""
    phase, log = _follow(G, np.atleast_2d(w), np.atleast_1d(a), time, 0.0, most)
    members: dict[int, list[int]] = {}
    for k, place in enumerate(G.place):
        if place is not None:
            members.setdefault(place[0], []).append(k)
    rows = log[0, : min(int(phase.events[0]), most)]
    return tuple(Event(float(t), tuple(members.get(int(k), ())), EVENTS[int(kind)]) for t, k, kind in rows)


def longest_drive(G: Potential) -> float:
    """``|D_max|``: the longest driving vector of an open cone."""
    faces = (face for face in G.arrangement.faces() if face.dimension == G.d)
    return float(max(dot(D, D) for D in (G.on(face.signs) for face in faces))) ** 0.5


def alignment_time(G: Potential, eps: float, log_scale: float) -> float:
    """``tau = eps ln(1/scale)/|D_max|``; needs 0 < eps < 1 and a scale below 1."""
    if not 0 < eps < 1:
        raise ValueError(f"eps: {eps}; a number between 0 and 1 is needed: beyond it outputs are not small")
    if not (np.isfinite(log_scale) and log_scale < 0):
        raise ValueError(f"log_scale: {log_scale}; the logarithm of a scale below 1 is needed")
    return -eps * log_scale / longest_drive(G)


def _follow(G: Potential, w: Array, a: Array, time: float, log_scale: float, most: int) -> tuple[EarlyPhase, Array]:
    from .early_steps import ENDLESS, follow_all

    w, a = np.array(w, dtype=float), np.array(a, dtype=float)
    if w.ndim != 2 or w.shape[1] != G.d or a.shape != w.shape[:1]:
        raise ValueError(f"w: has shape {w.shape}, a {a.shape}; m x {G.d} and m are needed")
    if not time >= 0:
        raise ValueError(f"time: {time}; a number from 0 on, or infinity, is needed")
    norm, size = np.linalg.norm(w, axis=1), np.abs(a)
    for name, bad, need in (
        ("w", ~np.isfinite(norm) | (norm == 0), "finite and not zero"),
        ("a", ~np.isfinite(size) | (size == 0), "finite and not zero"),
        ("a", size < norm * (1 - 1e-12), "|a| >= |w| is needed: else an output weight can change its sign"),
    ):
        if bad.any():
            j = int(np.flatnonzero(bad)[0])
            raise ValueError(f"{name}: neuron {j} has |w| = {norm[j]:.6g}, |a| = {size[j]:.6g}; {need}")
    balanced = size <= norm * (1 + 1e-12)
    u = w / np.where(balanced, norm, size)[:, None]
    excess = np.where(balanced, 0.0, (size - norm) * (size + norm) / size**2)
    X = np.array(G.walls, dtype=float).reshape(-1, G.d)
    m, n = len(a), len(X)
    sides, D, out = np.zeros((m, n), np.int64), np.zeros((m, G.d)), np.zeros((m, 4))
    ends, counts, log = np.zeros(m, np.int64), np.zeros(m, np.int64), np.zeros((m, most, 3))
    strength, drift = np.array(G.strengths, dtype=float), np.array(G.drift, dtype=float)
    follow_all(X, strength, drift, u, np.sign(a), excess, float(time), sides, D, out, ends, counts, log)
    if (ends == ENDLESS).any():
        j = int(np.flatnonzero(ends == ENDLESS)[0])
        raise RuntimeError(f"neuron {j} met {counts[j]} walls up to time {out[j, 2]:.6g} without an end")
    ratio = np.linalg.norm(u, axis=1)
    direction = u / np.where(ratio > 0, ratio, 1.0)[:, None]
    log_a = log_scale + np.log(size) + out[:, 0]
    words = np.array(ENDINGS)[ends]
    return EarlyPhase(direction, ratio, log_a, out[:, 1], D, out[:, 2], out[:, 3], words, counts), log

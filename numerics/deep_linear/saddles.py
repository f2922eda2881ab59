"""Saddles along a run, found as minima of the norm of the gradient, and curvatures at critical points of squared error."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..curve import Curve
from .costs import distinct_values
from .network import Array, check_depth, check_positive


@dataclass(frozen=True, eq=False)
class Saddle:
    """A plateau: time, loss, norm of the gradient, map, singular values, numerical rank, modes of the target it contains."""

    time: float
    loss: float
    gradient: float
    A: Array
    values: Array
    rank: int
    modes: tuple[int, ...]


def find_saddles(
    curve: Curve, target: Array, *, floor: float = 1e-8, fall: float = 0.5, rise: float = 2.0, share: float = 1e-2
) -> tuple[Saddle, ...]:
    """Plateaus of a run recorded by `descent.layer_flow`.

    Parameters
    ----------
    curve : columns ``A``, ``loss``, ``gradient`` over ``time``, densely recorded.
    target : its singular directions name the modes, counted from 1: those along which the map has at least half the target.
    floor : smallest loss of a saddle; below it the minima are noise of the solver.
    fall, rise : a minimum is at most ``fall`` times the largest gradient since the last plateau, and ``rise`` times it follows.
    share : singular values below this share of the target's largest do not count for the rank.

    Notes
    -----
    Negative curvature is no criterion: for three layers or more the prefix saddles have none.
    """
    g, loss, at, maps = curve["gradient"], curve["loss"], curve["time"], curve["A"]
    U, goals, Vt = np.linalg.svd(target, full_matrices=False)
    found: list[Saddle] = []
    last = 0
    for i in range(1, len(g) - 1):
        if not (g[i] <= g[i - 1] and g[i] < g[i + 1]) or loss[i] <= floor:
            continue
        if g[i] > fall * g[last : i + 1].max() or g[i:].max() < rise * g[i]:
            continue
        if found and g[last:i].max() < rise * g[i]:
            continue
        values = np.linalg.svd(maps[i], compute_uv=False)
        along = np.einsum("ik,ij,kj->k", U, maps[i], Vt)
        learned = tuple(int(k) + 1 for k in np.flatnonzero((along > goals / 2) & (goals > 1e-12 * goals[0])))
        rank = int(np.sum(values > share * goals[0]))
        found.append(Saddle(float(at[i]), float(loss[i]), float(g[i]), maps[i], values, rank, learned))
        last = i
    return tuple(found)


@dataclass(frozen=True)
class Curvatures:
    """Curvatures at the balanced critical point of the modes S that can be negative.

    Parameters
    ----------
    pairs : ``(i, k, smallest)`` for every mode i outside and k in S, counted from 1.
    unused : curvature through unused hidden units, per mode outside S (two layers with width above |S| only).
    negative : number of negative directions.
    kind : ``"strict saddle"`` or ``"no negative curvature"``.
    """

    pairs: tuple[tuple[int, int, float], ...]
    unused: tuple[float, ...]
    negative: int
    kind: str


def curvatures(target: Any, S: Iterable[int], layers: int, width: int, decay: float = 0.0) -> Curvatures:
    """Explicit curvature blocks at the balanced critical point with the modes S (larger roots with decay).

    Raises
    ------
    ValueError : equal singular values, a mode that does not exist, more modes than units, decay above a mode's threshold.
    """
    from .paths import minimum

    goals, layers = distinct_values(target), check_depth(layers, 2)
    decay, chosen = check_positive("decay", decay, strict=False), sorted(set(S))
    if any(k != int(k) or not 1 <= k <= goals.size for k in chosen):
        raise ValueError(f"S: {chosen}; allowed: modes from 1 to {goals.size}")
    if len(chosen) > width:
        raise ValueError(f"S: has {len(chosen)} modes; allowed: at most the width {width}")
    roots = {k: minimum(float(goals[k - 1]), decay, layers) for k in chosen}
    for k, root in roots.items():
        if np.isnan(root):
            raise ValueError(f"decay: {decay}; mode {k} has no positive critical point there")
    outside = [i for i in range(1, goals.size + 1) if i not in chosen]
    pairs = []
    for i in outside:
        for k in chosen:
            x = roots[k] ** (1 / layers)
            pairs.append((i, k, float(decay + x ** (2 * layers - 2) - goals[i - 1] * x ** (layers - 2))))
    free = width - len(chosen) if layers == 2 else 0
    unused = tuple(float(decay - goals[i - 1]) for i in outside) if free else ()
    negative = sum(value < 0 for *_, value in pairs) + free * sum(value < 0 for value in unused)
    return Curvatures(tuple(pairs), unused, negative, "strict saddle" if negative else "no negative curvature")

"""Gradient descent of ReLU networks on points of the plane (the last feature may be the constant), exact at every step.

All neurons of a cone of the arrangement {x_k^perp} undergo the same linear map, so the cone's second moments close; only
neurons that change cone are looked at one by one. A queue holds, for every neuron, a bound before which it cannot have
reached a wall: in a step ``<x_k, w>`` loses at most ``eta |a| <D, normal>`` and |a| grows by at most ``1 + eta |D|``. This
holds for gradient descent, with any ratio |a|/|w|, unlike the order of the angles, which descent does not keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .network import Run, check_finite, check_step, checked, record_steps, recorded

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Cones:
    """Cones of an arrangement of lines through 0 in the plane, in counter-clockwise order.

    Parameters
    ----------
    active : cones x n; whether x_k is active.
    walls : cones x 2; the point that decides at the first ray of each cone.
    on : cones; whether that point is active in the cone.
    normals : cones x 2; unit vector across that ray into the cone.
    pointed : whether every cone is narrower than pi.
    """

    active: Array
    walls: Array
    on: Array
    normals: Array
    pointed: bool


def cones(X: Array) -> Cones:
    """Cones of the points in the rows of X (n x 2), ordered exactly (rational slopes); parallel points share their rays.

    Raises
    ------
    ValueError : points that are not in a plane, or are all zero.
    """
    if X.shape[1] != 2:
        raise ValueError(f"X: points have {X.shape[1]} features; 2 (the constant one included) are needed")
    lines: dict[Any, list[int]] = {}
    for k, (first, second) in enumerate(X):
        if first or second:
            slope = Fraction(float(second)) / Fraction(float(first)) if first else None
            lines.setdefault(slope, []).append(k)
    if not lines:
        raise ValueError("X: every point is zero; at least one other is needed")
    order = sorted((slope for slope in lines if slope is not None), key=lambda slope: slope)
    groups = [lines[slope] for slope in order] + ([lines[None]] if None in lines else [])
    count = len(groups)
    active = np.zeros((2 * count, len(X)), dtype=bool)
    walls, on, normals = np.zeros((2 * count, 2)), np.zeros(2 * count, dtype=bool), np.zeros((2 * count, 2))
    for i, group in enumerate(groups):
        # Rays i and i + count of the line: turning counter-clockwise, the side x_0 > 0 (or x_0 = 0 < x_1) begins and ends.
        inside = (np.arange(2 * count) >= i) & (np.arange(2 * count) < i + count)
        for k in group:
            active[:, k] = inside if tuple(X[k]) > (0.0, 0.0) else ~inside
        decides = X[group[0]]
        for ray in (i, i + count):
            walls[ray], on[ray] = decides, active[ray, group[0]]
            normals[ray] = (1.0 if on[ray] else -1.0) * decides / np.linalg.norm(decides)
    return Cones(active, walls, on, normals, count > 1)


def locate(table: Cones, w: Array) -> Array:
    """Cone of each row of w (m x 2).

    Raises
    ------
    ValueError : a row that is zero.
    """
    zero = np.flatnonzero(~w.any(axis=1))
    if len(zero):
        raise ValueError(f"w: row {zero[0]} is zero; it lies in no cone")
    rays = np.arctan2(-table.normals[:, 0], table.normals[:, 1])  # the normal turned by -90 degrees
    order = np.argsort(rays)
    nearby = order[np.searchsorted(rays[order], np.arctan2(w[:, 1], w[:, 0]), side="right") - 1]
    from .walls import find_all

    return find_all(w, nearby, table.walls, table.on)


def sector_descent(
    X: Array, y: Array, w: Array, a: Array, eta: float, steps: int, *,
    record: int | Sequence[int] | Array = 1000, neurons: bool = False, pooling: bool = True,
) -> Run:  # fmt: skip
    """Gradient descent on all neurons by the moments of the cones: the same steps as ``relu_descent``, up to rounding.

    The cost of a step does not depend on the width, except for neurons that cross a wall.

    Parameters
    ----------
    X, y : features n x 2 and labels n.
    w, a : weights at the start, m x 2 and m; no row of w is zero.
    eta : step on L.
    steps : number of steps.
    record : every so many steps and at the end, or the increasing steps to record.
    neurons : whether to record the weights as well (they are made at each record).
    pooling : whether neurons that chatter across a wall are moved one by one; else every crossing changes the moments.

    Returns
    -------
    Run : columns ``loss``, ``crossings``, ``flips`` (and ``w``, ``a``).

    Raises
    ------
    ValueError : arrays that do not fit or are not finite, bad steps, divergence.
    """
    from .sector_steps import run

    X, y, w, a = checked(X, y, w, a)
    eta, marks, table = check_step(eta), record_steps(record, steps), cones(X)
    z, cone = np.column_stack([w, a]), locate(table, w)
    losses, crossings, flips = (np.zeros(len(marks), kind) for kind in (float, np.int64, np.int64))
    snapshots = np.zeros((len(marks) if neurons else 0, *z.shape))
    reached, _, _ = run(
        X, y, table.active, table.walls, table.normals, table.on, table.pointed, z, cone, eta, marks,
        losses, crossings, flips, snapshots, pooling,
    )  # fmt: skip
    if reached < marks[-1]:
        check_finite(np.inf, eta, int(reached))
    columns = {"loss": losses, "crossings": crossings, "flips": flips}
    if neurons:
        columns |= {"w": snapshots[:, :, :2], "a": snapshots[:, :, 2]}
    return recorded("early-alignment.sectors", X, len(a), eta, marks, columns, z[:, :2].copy(), z[:, 2].copy())

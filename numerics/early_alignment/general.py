"""Gradient descent of ReLU networks in any dimension by cone moments, exact at every step.

A step maps ``z = (w, a)`` to ``(I + eta M(D)) z``, which turns z by at most ``asin(eta |D|)``, whatever a, w and the number of
steps. No neuron can reach ``<x_k, w> = 0`` or ``a = 0`` before the sum of these angles in its cone has made up for its angle to
the nearest of these hyperplanes: the key of its cone's queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .network import Run, check_finite, check_step, checked, record_steps, recorded

Array = NDArray[Any]


def general_descent(
    X: Array, y: Array, w: Array, a: Array, eta: float, steps: int, *,
    record: int | Sequence[int] | Array = 1000, neurons: bool = False,
) -> Run:  # fmt: skip
    """Gradient descent on all neurons: the same steps as ``relu_descent``, up to rounding; in the plane use ``sector_descent``.

    A step costs ``n d + d^2`` for every cone that holds a neuron. It pays once neurons share cones, that is after alignment
    or where the width exceeds the number of cones, ``2 sum_{i<d} C(n-1, i)``.

    Parameters
    ----------
    X, y : features n x d and labels n.
    w, a : weights at the start, m x d and m.
    eta : step on L.
    steps : number of steps.
    record : every so many steps and at the end, or the increasing steps to record.
    neurons : whether to record the weights as well.

    Returns
    -------
    Run : columns ``loss``, ``crossings``, ``flips`` (and ``w``, ``a``).

    Raises
    ------
    ValueError : arrays that do not fit or are not finite, bad steps, divergence.
    """
    from .general_steps import run

    X, y, w, a = checked(X, y, w, a)
    eta, marks = check_step(eta), record_steps(record, steps)
    z, d = np.column_stack([w, a]), X.shape[1]
    losses, crossings, flips = (np.zeros(len(marks), kind) for kind in (float, np.int64, np.int64))
    snapshots = np.zeros((len(marks) if neurons else 0, *z.shape))
    lengths = np.linalg.norm(X, axis=1)
    reached, _, _, _ = run(X, y, lengths, z, eta, marks, losses, crossings, flips, snapshots)
    if reached < marks[-1]:
        check_finite(np.inf, eta, int(reached))
    columns = {"loss": losses, "crossings": crossings, "flips": flips}
    if neurons:
        columns |= {"w": snapshots[:, :, :d], "a": snapshots[:, :, d]}
    return recorded("early-alignment.general", X, len(a), eta, marks, columns, z[:, :d].copy(), z[:, d].copy())

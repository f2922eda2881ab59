"""Spurious convergence over init scale and width: how often gradient descent ends at the best linear function."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from ..sweep import sweep
from .network import check_step, checked, linear_loss, start
from .sectors import sector_descent

Array = NDArray[Any]
CLOSE = 0.01  # relative distance of the loss from that of the best linear function


def spurious_run(point: dict[str, Any], seed: np.random.SeedSequence) -> dict[str, Any]:
    """One run of the diagram, for `sweep`: ``width``, ``scale``, ``number``, ``eta``, ``steps``, ``dominance``, ``data`` (JSON).

    Returns
    -------
    ``loss`` at the end, ``crossings`` and ``flips``.
    """
    X, y = (np.array(part, dtype=float) for part in json.loads(point["data"]))
    w, a = start(point["width"], point["scale"], seed, dominance=point["dominance"])
    curve = sector_descent(X, y, w, a, point["eta"], point["steps"], record=[point["steps"]]).curve
    return {name: curve[name][-1] for name in ("loss", "crossings", "flips")}


def spurious_fraction(
    X: Array, y: Array, widths: Sequence[int], scales: Sequence[float], *,
    seeds: int = 20, eta: float = 1e-2, steps: int = 400_000, dominance: float = 1.0, seed: int = 0, jobs: int = 1,
    store: str | Path | None = None, progress: Callable[[float, str], None] | None = None,
) -> Curve:  # fmt: skip
    """Fraction of starts that end within 1 % of the loss of the best linear function.

    Parameters
    ----------
    X, y : points of the plane n x 2 and labels n.
    widths, scales : the grid.
    seeds : starts per point of the grid.
    eta, steps : step on L and number of steps; the loss must have settled by then, which columns ``loss`` let one check.
    dominance : ``|a|/|w|`` at the start.
    seed, jobs, store, progress : as for `sweep`.

    Returns
    -------
    Curve over ``width`` and ``scale``: ``fraction``, ``low`` and ``high`` (95 % Wilson interval), ``flips`` (mean), ``loss``
    (of each start).

    Raises
    ------
    ValueError : bad argument.
    """
    if not isinstance(seeds, (int, np.integer)) or seeds < 1:
        raise ValueError(f"seeds: {seeds!r}; a positive integer is needed")
    check_step(eta)
    X, y, _, _ = checked(X, y, np.ones((1, np.shape(X)[-1])), np.ones(1))
    goal, text = linear_loss(X, y), json.dumps([X.tolist(), y.tolist()])
    common = {"eta": float(eta), "steps": int(steps), "dominance": float(dominance), "data": text}
    points = [
        {"width": int(m), "scale": float(scale), "number": k, **common}
        for m in widths
        for scale in scales
        for k in range(seeds)
    ]
    found = sweep(spurious_run, points, seed=seed, jobs=jobs, store=store, progress=progress)
    shape = (len(widths), len(scales), seeds)
    losses, flips = (np.array([run[name] for run in found], dtype=float).reshape(shape) for name in ("loss", "flips"))
    fraction = (np.abs(losses - goal) < CLOSE * goal).mean(axis=2)
    low, high = wilson(fraction, seeds)
    made = Provenance(
        "gradient descent", "early-alignment.sectors",
        (("eta", float(eta)), ("steps", int(steps)), ("dominance", float(dominance)), ("seeds", int(seeds))), seed,
    )  # fmt: skip
    axes = (("width", np.asarray(widths)), ("scale", np.asarray(scales, dtype=float)))
    columns = (("fraction", fraction), ("low", low), ("high", high), ("flips", flips.mean(axis=2)), ("loss", losses))
    return Curve(axes, columns, made)


def wilson(fraction: Array, count: int) -> tuple[Array, Array]:
    """Ends of the 95 % score interval of a fraction of ``count`` runs."""
    z = 1.959963984540054
    centre = (fraction + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(fraction * (1 - fraction) / count + z**2 / (4 * count**2))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)

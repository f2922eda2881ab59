"""Coordinate check: sizes of preactivations, derivatives and changes against the width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...theory.parameterizations.scalings import Scaling
from ..curve import Curve, Provenance
from ..fit import PowerLaw, power_law
from .network import Run, State, descend, draw, functions, widths_of


def name_of(quantity: str, layer: int, step: int) -> str:
    """Column of a quantity: ``"Dh3@1"`` is the change of ``h^3`` after one step."""
    return f"{quantity}{layer}@{step}"


def sizes(states: tuple[State, ...]) -> dict[str, float]:
    """Mean absolute entries by column: ``h``, ``dh``, the change ``Dh`` of ``h``; at the start what differs between samples
    (``vh``) and between neurons (``sh``, ``sdh``)."""
    found = {}
    for t, state in enumerate(states):
        for l, h in enumerate(state.h, 1):
            found[name_of("h", l, t)] = float(np.abs(h).mean())
            if t:
                found[name_of("Dh", l, t)] = float(np.abs(h - states[0].h[l - 1]).mean())
            else:
                found[name_of("vh", l, 0)] = float(np.abs(h - h.mean(axis=1, keepdims=True)).mean())
        for l, dh in enumerate(state.dh, 1):
            found[name_of("dh", l, t)] = float(np.abs(dh).mean())
            if not t:
                for quantity, part in (("sh", state.h[l - 1]), ("sdh", dh)):
                    found[name_of(quantity, l, 0)] = float(np.abs(part - part.mean(axis=0)).mean())
    return found


def coordinate_checks(
    runs: Mapping[str, Run],
    widths: Sequence[int],
    seed: np.random.SeedSequence | int = 0,
    *,
    draws: int = 4,
    steps: int = 1,
    dtype: Any = np.float64,
    chi: Sequence[float] | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, Curve]:
    """Train several networks of several widths from several draws and record the size of everything.

    Parameters
    ----------
    runs : networks of one depth by name; all of them share each draw. Their gain is multiplied by what keeps the sizes of muP.
    widths : increasing.
    seed : of all draws; every width of every draw is independent.
    draws : number of draws, at least two.
    steps : as for `descend`.
    dtype, chi : as for `draw`.
    progress : called with the fraction done and a few words.

    Returns
    -------
    dict : curves by name; axes ``draw`` and ``width``, columns as in `name_of`.

    Raises
    ------
    ValueError : bad argument.
    """
    widths = widths_of(widths)
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 2:
        raise ValueError(f"draws: {draws!r}; an integer of at least two is needed")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise ValueError(f"steps: {steps!r}; a whole number from 0 on is needed")
    depths = {run.scaling.L for run in runs.values()}
    if len(depths) != 1:
        raise ValueError(f"runs: depths {sorted(depths)}; networks of one depth are needed")
    (L,) = depths
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    ready = [replace(run, gain=run.gain * float(np.sqrt(functions(run.activation, run.p)[2]))) for run in runs.values()]
    generators = iter([np.random.default_rng(one) for one in sequence.spawn(draws * len(widths))])
    rows: dict[str, dict[str, list[list[float]]]] = {name: {} for name in runs}
    total, done = draws * sum(width**2 for width in widths), 0
    for place in range(draws):
        for width in widths:
            drawn = draw(L, width, next(generators), 1.0, dtype=dtype, chi=chi)
            for name, states in zip(runs, descend(ready, drawn, steps)):
                for column, value in sizes(states).items():
                    rows[name].setdefault(column, [[] for _ in range(draws)])[place].append(value)
            done += width**2
            if progress is not None:
                progress(done / total, f"width {width}")
    axes = (("draw", np.arange(draws)), ("width", np.array(widths)))
    found = {}
    for name, run in runs.items():
        parameters: tuple[tuple[str, Any], ...] = (
            ("scaling", run.scaling.name), ("L", L), ("activation", run.activation), ("p", run.p), ("eta", run.eta),
            ("steps", steps), ("dtype", np.dtype(dtype).name),
        )  # fmt: skip
        made = Provenance("gradient descent", "parameterizations.coordinate-check", parameters, _entropy(sequence))
        found[name] = Curve(axes, tuple((column, np.array(value)) for column, value in rows[name].items()), made)
    return found


def coordinate_check(
    scaling: Scaling,
    widths: Sequence[int],
    seed: np.random.SeedSequence | int = 0,
    *,
    draws: int = 4,
    steps: int = 1,
    activation: str = "relu",
    p: float | None = None,
    eta: float = 1.0,
    mean: float = 0.0,
    dtype: Any = np.float64,
    chi: Sequence[float] | None = None,
) -> Curve:
    """The coordinate check of one network; parameters as for `Run` and `coordinate_checks`."""
    runs = {scaling.name: Run(scaling, activation, p, eta, mean=mean)}
    (curve,) = coordinate_checks(runs, widths, seed, draws=draws, steps=steps, dtype=dtype, chi=chi).values()
    return curve


def _entropy(sequence: np.random.SeedSequence) -> int | None:
    """The entropy, where it is one number."""
    return sequence.entropy if isinstance(sequence.entropy, int) else None


def slopes(curve: Curve) -> dict[str, PowerLaw]:
    """Exponents of every column of a coordinate check that vanishes nowhere: slope, standard error, interval, last octave."""
    width = curve["width"].astype(float)
    return {name: power_law(width, curve[name]) for name in curve.names if np.all(curve[name] > 0)}

"""Coordinate check: sizes of preactivations, derivatives and changes against the width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...theory.parameterizations.scalings import Scaling
from ..curve import Curve, Provenance
from ..fit import PowerLaw, power_law
from .network import State, draw, functions, train, widths_of


def name_of(quantity: str, layer: int, step: int) -> str:
    """Column of a quantity: ``"Dh3@1"`` is the change of ``h^3`` after one step."""
    return f"{quantity}{layer}@{step}"


def sizes(states: tuple[State, ...]) -> dict[str, float]:
    """Mean absolute entries of ``h``, ``dh`` and of the change ``Dh`` of ``h``, by column."""
    found = {}
    for t, state in enumerate(states):
        for l, h in enumerate(state.h, 1):
            found[name_of("h", l, t)] = float(np.abs(h).mean())
            if t:
                found[name_of("Dh", l, t)] = float(np.abs(h - states[0].h[l - 1]).mean())
        for l, dh in enumerate(state.dh, 1):
            found[name_of("dh", l, t)] = float(np.abs(dh).mean())
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
) -> Curve:
    """Train networks of several widths from several draws and record the size of everything.

    Parameters
    ----------
    scaling : exponents; numbers.
    widths : increasing.
    seed : of all draws; every width of every draw is independent.
    draws : number of draws, at least two.
    steps, activation, p, eta : as for `train`.

    Returns
    -------
    Curve : axes ``draw`` and ``width``, columns as in `name_of`.

    Raises
    ------
    ValueError : bad argument.
    """
    widths = widths_of(widths)
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 2:
        raise ValueError(f"draws: {draws!r}; an integer of at least two is needed")
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    variance = functions(activation, p)[2]
    generators = iter(np.random.default_rng(one) for one in sequence.spawn(draws * len(widths)))
    rows: dict[str, list[list[float]]] = {}
    for place in range(draws):
        for width in widths:
            drawn = draw(scaling.L, width, next(generators), variance)
            found = sizes(train(scaling, drawn, steps, activation=activation, p=p, eta=eta))
            for name, value in found.items():
                lines = rows.setdefault(name, [[] for _ in range(draws)])
                lines[place].append(value)
    parameters: tuple[tuple[str, Any], ...] = (
        ("scaling", scaling.name), ("L", scaling.L), ("activation", activation), ("p", p), ("eta", eta), ("steps", steps),
    )  # fmt: skip
    return Curve(
        (("draw", np.arange(draws)), ("width", np.array(widths))),
        tuple((name, np.array(value)) for name, value in rows.items()),
        Provenance("gradient descent", "parameterizations.coordinate-check", parameters, _entropy(sequence)),
    )


def _entropy(sequence: np.random.SeedSequence) -> int | None:
    """The entropy, where it is one number."""
    return sequence.entropy if isinstance(sequence.entropy, int) else None


def slopes(curve: Curve) -> dict[str, PowerLaw]:
    """Exponents of every column of a coordinate check."""
    return {name: power_law(curve["width"].astype(float), curve[name]) for name in curve.names}

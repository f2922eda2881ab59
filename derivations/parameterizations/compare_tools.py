"""What the comparisons share: predicted exponents by column, and slopes measured against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...numerics.curve import Curve
from ...numerics.fit import power_law
from ...numerics.parameterizations import name_of
from ...theory.parameterizations.calculus import table
from ...theory.parameterizations.letters import L as DEPTH
from ...theory.parameterizations.letters import l as LAYER
from ...theory.parameterizations.letters import p
from ...theory.parameterizations.scalings import Scaling
from ..chain import Book
from ..compare import Measured

NAME = "parameterizations"


def keep(seed: np.random.SeedSequence) -> np.random.SeedSequence:
    """Only the simulation draws."""
    return seed


def exponents(values: Mapping[str, Any]) -> Curve:
    """Predicted exponents by column of a coordinate check."""
    return Curve((), tuple((column, np.array(float(value))) for column, value in values.items()))


def at(book: Book, id: str, L: int, layer: int = 1, degree: Any = 1) -> Any:
    """An exponent of the book at a depth, a layer and a degree."""
    return book.formula(f"{NAME}.{id}").value.subs([(LAYER, layer), (DEPTH, L), (p, degree)]).doit()


def recursion(scaling: Scaling, activation: str = "relu") -> dict[str, Any]:
    """What one step of the recursion predicts for ``h``, ``dh`` and the change ``Dh``.

    Not here: the output at the start (one number for each input), and what a step lifts to another exponent than it had at the
    start: a sum of two powers has no slope at widths like these; its new part is seen in ``Dh``.
    """
    found = table(scaling, activation, steps=1)
    kept = {}
    for one in found.entries:
        if one.quantity not in ("h", "dh", "Dh") or not one.sharp or (one.quantity == "h" and one.layer > scaling.L):
            continue
        if one.quantity == "Dh" or one.value == found.value(one.quantity, one.layer):
            kept[name_of(one.quantity, one.layer, one.step)] = one.value
    return kept


def speed(scaling: Scaling, book: Book) -> Any:
    """The exponent ``-r`` of the deepest features of a start of size one, by the formula of the book; two layers at least."""
    claim = book.formula(f"{NAME}.feature-speed")
    first, inner, *_rest, last = scaling.K()
    numbers = {"A_out": scaling.A[-1], "K_out": last, "K_first": first, "K_inner": inner}
    return -claim.value.subs({letter: numbers[letter.name] for letter in claim.parameters})


def joined(parts: Mapping[str, Curve]) -> Curve:
    """Several coordinate checks side by side, columns named by run and quantity."""
    axes = next(iter(parts.values())).axes
    kept = [(f"{name}: {column}", curve[column]) for name, curve in parts.items() for column in dict(curve.columns)]
    return Curve(axes, tuple(kept))


def worst(theory: Curve, observed: Curve) -> Measured:
    """Largest distance of a fitted slope from its exponent, two standard errors of that slope included."""
    found = []
    for column in theory.names:
        fit = power_law(observed["width"].astype(float), observed[column])
        found.append((abs(fit.exponent - float(theory[column])) + 2 * fit.stderr, column, fit))
    _, column, fit = max(found, key=lambda one: one[0])
    middle = float(np.median([one[0] for one in found]))
    words = (
        f"at {column}: slope {fit.exponent:.3f}, exponent {float(theory[column]):.3g}; worst of {len(found)}; "
        f"half of them are within {middle:.2g}, two standard errors included"
    )
    return Measured(abs(fit.exponent - float(theory[column])), fit.stderr, words)

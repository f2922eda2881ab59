"""Why the symmetries of the mean field are exact: images put into its equations."""

from __future__ import annotations

from typing import Any

from sympy import S, expand, expand_power_base

from ...theory.indices import put
from ...theory.time_scales.letters import a, k, phi, s, sigma
from ...theory.time_scales.letters import i as index
from ..chain import Book, Derivation, Identity, Step
from .equations import at, rate, value

ITEMS = {"mirrored-activation": (a[index], sigma[k]), "mirrored-target": (s[index], phi[k])}
"""The item and the coefficients that change."""


def image(book: Book, id: str, expression: Any) -> Any:
    """An expression of states and coefficients at their images."""
    one = book.formula(f"time-scales.{id}")
    item, coefficient = ITEMS[id]
    ((_, changed),) = one.let
    moved = put(expression, ((item, one.statement.args[1]), (coefficient, changed)))
    return expand(expand_power_base(moved))


def equivariant(book: Book, id: str, item: Any) -> Identity:
    """The rate at the image against the image of the rate; the map is linear in the item."""
    here = rate(book, "time-scales.mean-field", item)
    there = image(book, id, here)
    turned, _ = ITEMS[id]
    slope = book.formula(f"time-scales.{id}").statement.args[1].diff(turned) if item == turned else S.One
    return Identity(there, expand(at(slope) * here))


def risk_kept(book: Book, id: str) -> Identity:
    whole = value(book, "time-scales.mean-field-risk")
    return Identity(image(book, id, whole), whole)


DERIVATIONS = tuple(
    Derivation(
        f"time-scales.{id}",
        (
            *(
                Step(
                    f"rate at the image, image of the rate: ${item.base}$",
                    lambda book, id=id, item=item: equivariant(book, id, item),
                )
                for item in (a[index], s[index])
            ),
            Step("the risk is the same", lambda book, id=id: risk_kept(book, id)),
        ),
    )
    for id in ITEMS
)

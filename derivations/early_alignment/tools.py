"""What the derivations of early alignment share: given relations, points on which they hold, and short forms of entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Add, MatrixSymbol, Trace, sqrt
from sympy import Identity as Eye

from ...theory.early_alignment.letters import J_BLOCKS, M_BLOCKS, D, I_z, J, M, delta
from ...theory.system import System
from ..chain import Book

LENGTH = (("D'D = delta^2", D.T * D - delta**2 * Eye(1)),)
LENGTH_POINT = ((delta, sqrt(Trace(D.T * D))),)
CUBE = ("M^3 = delta^2 M", M * M * M - delta**2 * M)
LORENTZ = (CUBE, ("MJ = -JM", M * J + J * M), ("J^2 = I", J * J - I_z))
BLOCKS = ((M, M_BLOCKS), (J, J_BLOCKS), *LENGTH_POINT)
"""Points on which the generator is a boost generator."""


def of(book: Book, id: str) -> Any:
    """A formula of the paper."""
    return book.formula(f"early-alignment.{id}")


def value(book: Book, id: str) -> Any:
    """Right side of a formula with its definitions put in."""
    return of(book, id).value


def system(book: Book, id: str) -> System:
    """A system of the paper."""
    return book.system(f"early-alignment.{id}")


def linear(expression: Any, table: Mapping[Any, Any]) -> Any:
    """An expression that is linear in some letters, with vectors or matrices in their place.

    What is not linear stays behind as a factor of the wrong kind, or times a letter of its own that equals nothing else, so
    that a planted error is not lost.
    """
    terms = [expression.diff(letter) * vector for letter, vector in table.items()]
    rest = (expression - Add(*(letter * expression.diff(letter) for letter in table))).expand()
    out = terms[0]
    for term in terms[1:]:
        out = out + term
    return out if rest == 0 else out + rest * MatrixSymbol("remainder", *out.shape)

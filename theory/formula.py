"""A formula: a statement that knows its symbols, its assumptions and its source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sympy import Basic, Expr, Idx, Indexed, IndexedBase, MatrixSymbol, Symbol

Item = Symbol | Indexed | MatrixSymbol
"""What can be defined or evolve: a scalar, a family of scalars ``a[i]``, or a matrix."""

Let = tuple[tuple[Any, Any], ...]
"""Ordered definitions ``(item, expression)``; each may use the earlier ones."""

ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*")


class Standing(StrEnum):
    """How a statement stands in the literature."""

    THEOREM = "theorem"
    CONJECTURE = "conjecture"
    HEURISTIC = "heuristic"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement comes from.

    Parameters
    ----------
    key : BibTeX key in ``references.bib``; ``"plateaux"`` for what this project derived.
    where : place inside the source, such as ``"Thm 3.2, eq. (9)"``.
    """

    key: str
    where: str = ""


def unroll(expression: Any, let: Let) -> Any:
    """Put ordered definitions into an expression, the last definition first."""
    for item, value in reversed(let):
        expression = expression.xreplace({item: value}) if hasattr(expression, "xreplace") else expression
    return expression


def letters(*expressions: Any) -> frozenset[Basic]:
    """Symbols, matrix symbols (and the symbols of their shapes) and indexed bases of expressions, without bound indices."""
    found: set[Basic] = set()
    for expression in expressions:
        bases = expression.atoms(IndexedBase)
        found |= bases
        hidden = {base.label for base in bases} | expression.atoms(Indexed, Idx)
        for symbol in expression.free_symbols - hidden:
            found.add(symbol)
            if isinstance(symbol, MatrixSymbol):
                for size in symbol.shape:
                    found |= size.free_symbols
    return frozenset(found)


def table(meanings: Mapping[Any, str], *expressions: Any) -> tuple[tuple[Any, str], ...]:
    """Those of the meanings whose letters occur in the expressions, in the order of the table."""
    used = letters(*expressions)
    return tuple((letter, text) for letter, text in meanings.items() if letter in used)


@dataclass(frozen=True)
class Formula:
    """One statement of a paper.

    Parameters
    ----------
    id : paper id, a dot, a readable name: ``"mixed.mode"``.
    title : one line in words.
    statement : a SymPy relation, usually ``Eq(name, expression)``. A rate of a matrix ``A`` is the matrix symbol ``dA``.
    meaning : pairs ``(letter, words)`` for every letter of statement, definitions and assumptions.
    source : where it comes from.
    let : ordered definitions used by the statement.
    assuming : relations that must hold beyond the assumptions of the symbols; test points satisfy them.
    solves : id of the system of which this is a solution.
    standing : theorem, conjecture, heuristic, or derived here.
    symmetric : matrix letters with ``X.T = X``.
    float_form : an equal form of the right-hand side that keeps its digits in floating point.

    Raises
    ------
    ValueError : malformed id, a letter without a meaning, a definition that uses a later one.
    """

    id: str
    title: str
    statement: Basic
    meaning: tuple[tuple[Basic, str], ...]
    source: Source
    let: Let = ()
    assuming: tuple[Basic, ...] = ()
    solves: str | None = None
    standing: Standing = Standing.THEOREM
    symmetric: tuple[Basic, ...] = ()
    float_form: Expr | None = None

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise ValueError(f"id: {self.id!r} is not of the form paper-id.readable-name")
        check_let(self.id, self.let)
        known = {letter for letter, _ in self.meaning}
        extra = (self.float_form,) if self.float_form is not None else ()
        used = letters(self.statement, *self.assuming, *extra, *(part for pair in self.let for part in pair))
        missing = sorted(str(letter) for letter in used - known)
        if missing:
            raise ValueError(f"meaning: {self.id} gives no meaning for {', '.join(missing)}")

    @property
    def name(self) -> Any:
        """Left-hand side of the statement."""
        return self.statement.args[0]

    @property
    def value(self) -> Any:
        """Right-hand side of the statement with all definitions put in."""
        return unroll(self.statement.args[1], self.let)

    @property
    def parameters(self) -> tuple[Basic, ...]:
        """Letters that the value depends on, by name."""
        return tuple(sorted(letters(self.value), key=str))

    def _repr_latex_(self) -> str:
        from .symbols import latex

        return f"$\\displaystyle {latex(self.statement)}$"


def check_let(owner: str, let: Let) -> None:
    """Refuse repeated definitions and definitions that use a later one."""
    items = [item for item, _ in let]
    if len(set(items)) < len(items):
        raise ValueError(f"let: {owner} defines a letter twice")
    for place, (item, value) in enumerate(let):
        own = {other.base if isinstance(other, Indexed) else other for other in items[place:]}
        later = letters(value) & own
        if later and not isinstance(item, Indexed):
            raise ValueError(f"let: {owner} defines {item} through {sorted(map(str, later))}, which come later")

"""Derivations as data: claims, the checks that show them, and the verdicts.

A `Step` reads formulas and systems only through the `Book` that it is given, so that a planted error in the book reaches
the check, and so that what a step used is recorded and not typed. How each kind of check is decided is in `check.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..numerics.tables import html_table, text_table
from ..theory.formula import Formula, Let, Source
from ..theory.system import System


class Grade(StrEnum):
    """How a step was shown, strongest first."""

    EXACT = "exact"
    SERIES = "series"
    NUMERIC = "numeric"
    CITED = "cited"


class Book:
    """Formulas and systems by id; records what is read.

    Parameters
    ----------
    entries : formulas and systems; ids must differ.
    """

    def __init__(self, entries: Mapping[str, Formula | System]) -> None:
        self._entries = dict(entries)
        self.uses: list[str] = []

    @classmethod
    def of(cls, *entries: Formula | System) -> Book:
        """Make a book; ValueError on an id that stands twice."""
        ids = [entry.id for entry in entries]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"entries: {', '.join(twice)} stands twice")
        return cls({entry.id: entry for entry in entries})

    def __iter__(self) -> Any:
        return iter(self._entries.values())

    def with_entry(self, entry: Formula | System) -> Book:
        """A fresh book with one entry replaced (a planted error)."""
        return Book({**self._entries, entry.id: entry})

    def fresh(self) -> Book:
        """The same entries, nothing read yet."""
        return Book(self._entries)

    def _read(self, id: str) -> Formula | System:
        if id not in self._entries:
            raise ValueError(f"id: {id!r} is not in the book")
        if id not in self.uses:
            self.uses.append(id)
        return self._entries[id]

    def formula(self, id: str) -> Formula:
        """Read a formula; ValueError if there is none of this id."""
        entry = self._read(id)
        if not isinstance(entry, Formula):
            raise ValueError(f"id: {id!r} is a system; a formula is needed here")
        return entry

    def system(self, id: str) -> System:
        """Read a system; ValueError if there is none of this id."""
        entry = self._read(id)
        if not isinstance(entry, System):
            raise ValueError(f"id: {id!r} is a formula; a system is needed here")
        return entry


@dataclass(frozen=True)
class Identity:
    """``lhs = rhs``: scalars, matrices or block matrices.

    Parameters
    ----------
    lhs, rhs : the two sides.
    given : named relations ``(name, expression)``, each expression zero. The proof may use them with a certificate.
    let : ordered definitions put in before anything else.
    assuming : relations that random points must satisfy.
    symmetric : matrix letters with ``X.T = X``.
    point : ordered definitions that build points on which ``given`` holds (the numeric twin checks that it does).
    """

    lhs: Any
    rhs: Any
    given: tuple[tuple[str, Any], ...] = ()
    let: Let = ()
    assuming: tuple[Any, ...] = ()
    symmetric: tuple[Any, ...] = ()
    point: Let = ()


@dataclass(frozen=True)
class Derivative:
    """The derivative of the scalar ``of`` by ``by`` equals ``equals``."""

    of: Any
    by: Any
    equals: Any
    let: Let = ()
    assuming: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Rate:
    """Along the system, ``of`` changes at rate ``equals`` (a map: the next value of ``of`` minus ``of`` is ``equals``)."""

    system: System
    of: Any
    equals: Any
    given: tuple[tuple[str, Any], ...] = ()
    let: Let = ()
    symmetric: tuple[Any, ...] = ()
    point: Let = ()


@dataclass(frozen=True)
class Closure:
    """The observables evolve by a closed system with the equations ``equals`` (found by `project`).

    Parameters
    ----------
    observables : pairs ``(new letter, expression in the state)``.
    equals : claimed equations, pairs ``(new letter, rate or next value)``.
    relations : named relations on the state, each zero; the state must keep them.
    found : claimed relations among the observables, each zero.
    point : ordered definitions that build states on which ``relations`` hold, for the numeric twin.
    """

    system: System
    observables: Let
    equals: Let
    relations: tuple[tuple[str, Any], ...] = ()
    symmetric: tuple[Any, ...] = ()
    found: tuple[Any, ...] = ()
    point: Let = ()


@dataclass(frozen=True)
class Invariance:
    """The set on which the named relations vanish is kept by the system (found by `restrict`)."""

    system: System
    relations: tuple[tuple[str, Any], ...]
    symmetric: tuple[Any, ...] = ()
    point: Let = ()


@dataclass(frozen=True)
class Reduction:
    """`rescale` turns the system into the leading-order equations ``equals``, with error of the given order in ``small``."""

    system: System
    scales: Let
    small: Any
    equals: Let
    order: Any = None


@dataclass(frozen=True)
class SlowReduction:
    """Promoting definitions, rescaling and solving the fast equations gives the closed slow system ``equals``.

    Parameters
    ----------
    promote : definitions of the system that become items.
    scales, small : as in `rescale`.
    equals : claimed slow system, with its definitions.
    fast : claimed ``(item, value, p)``: ``small**p`` times its rate vanishes at this value to leading order.
    keeps : claimed expressions that vanish on the slow manifold: promoted definitions at leading order.
    order : claimed order of the error in ``small``.
    """

    system: System
    promote: tuple[Any, ...]
    scales: Let
    small: Any
    equals: System
    fast: tuple[tuple[Any, Any, Any], ...] = ()
    keeps: tuple[Any, ...] = ()
    order: Any = None


@dataclass(frozen=True)
class Limit:
    """``of`` tends to ``equals`` as ``var`` tends to ``to`` (from above unless ``direction`` is ``"-"``)."""

    of: Any
    var: Any
    to: Any
    equals: Any
    direction: str = "+"
    let: Let = ()
    assuming: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Series:
    """``of`` equals ``equals`` up to terms of the stated order in ``var`` at zero."""

    of: Any
    var: Any
    order: Any
    equals: Any
    let: Let = ()
    assuming: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Bound:
    """``lhs <= rhs``, shown by ``rhs - lhs = sum of terms``, each term manifestly nonnegative.

    Parameters
    ----------
    terms : nonnegative terms whose sum is ``rhs - lhs``: squares, ``Trace(X.T*X)``, products of nonnegative symbols. Empty:
        the bound is only sampled, and graded so.
    """

    lhs: Any
    rhs: Any
    terms: tuple[Any, ...] = ()
    given: tuple[tuple[str, Any], ...] = ()
    let: Let = ()
    assuming: tuple[Any, ...] = ()
    symmetric: tuple[Any, ...] = ()
    point: Let = ()


@dataclass(frozen=True)
class Cited:
    """Not shown here: taken from a source."""

    source: Source


Check = Identity | Derivative | Rate | Closure | Invariance | Reduction | SlowReduction | Limit | Series | Bound | Cited


@dataclass(frozen=True)
class Step:
    """One claim and how to show it.

    Parameters
    ----------
    claim : the claim in words; formulas inside dollar signs.
    shows : makes the check from the book.
    by : the grade that the step claims; the verdict has what was reached.
    cases : where a family is checked member by member: the values, each passed to ``shows`` as second argument.
    scope : what the step covers: ``"all"``, or the cases in words such as ``"L = 2..6"``.
    """

    claim: str
    shows: Callable[..., Check]
    by: Grade = Grade.EXACT
    cases: tuple[Any, ...] = ()
    scope: str = "all"


@dataclass(frozen=True)
class Derivation:
    """Steps that together show a formula (or the equations of a system)."""

    of: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Parameters
    ----------
    of : id of the formula.
    claim : what was claimed; of a whole derivation: its formula's title.
    ok : whether it held.
    grade : weakest way in which it was shown.
    scope : ``"all"``, or the cases that were checked.
    uses : ids that were read, recorded by the book (without the formula itself).
    detail : how it was shown, in words.
    residual : on failure, what is left of the difference.
    counterexample : on failure, a point: pairs ``(letter, value)``.
    seconds : time taken.
    steps : verdicts of the steps, for a whole derivation.
    """

    of: str
    claim: str
    ok: bool
    grade: Grade
    scope: str = "all"
    uses: tuple[str, ...] = ()
    detail: str = ""
    residual: str = ""
    counterexample: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    sympy: str = ""
    steps: tuple[Verdict, ...] = field(default=())

    def _title(self) -> str:
        word = "ok" if self.ok else "FAILED"
        uses = f"; uses {', '.join(self.uses)}" if self.uses else ""
        return f"{self.of}: {word}, {self.grade}, {self.scope}, {self.seconds:.2g} s{uses}"

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        """One row for each step; what failed says what is left, and where."""
        rows = []
        for one in self.steps or (self,):
            point = ", ".join(f"{letter} = {value}" for letter, value in one.counterexample)
            left = f"residual {one.residual}" if one.residual else ""
            said = "; ".join(part for part in (one.detail, left, f"at {point}" if point else "") if part)
            rows.append(
                [one.claim, "ok" if one.ok else "FAILED", str(one.grade), one.scope, f"{one.seconds:.2g} s", said]
            )
        return ["claim", "verdict", "grade", "scope", "time", "how"], rows

    def __str__(self) -> str:
        return f"{self._title()}\n{text_table(*self._rows())}"

    def _repr_html_(self) -> str:
        return html_table(*self._rows(), title=self._title())

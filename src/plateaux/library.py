"""The papers at hand, and what they hold, by id."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from .derivations.chain import Book, Check, Derivation
from .derivations.compare import Comparison
from .derivations.paper import Figure, Paper
from .papers import NAMES, load
from .theory.formula import Formula
from .theory.symbols import register
from .theory.system import System

Entry = Formula | System | Comparison | Figure

KINDS: dict[str, tuple[type[Any], ...]] = {
    "formula": (Formula,),
    "formula or system": (Formula, System),
    "comparison": (Comparison,),
    "figure": (Figure,),
    "entry": (Formula, System, Comparison, Figure),
}


class Library:
    """Own papers and those that the tool knows, loaded on use.

    Parameters
    ----------
    own : papers of the caller; they come first and hide known ones of the same name.
    """

    def __init__(self, own: Sequence[Paper] = ()) -> None:
        self.own = {paper.id: paper for paper in own}
        self.names = (*self.own, *(name for name in NAMES if name not in self.own))
        self._loaded: dict[str, Paper] = {}

    def paper(self, name: str) -> Paper:
        """A paper by its id; ValueError with the nearest names if there is none."""
        if name not in self._loaded:
            if name not in self.names:
                raise ValueError(f"paper: {name!r} is not known; there are {', '.join(self.names)}")
            paper = self.own[name] if name in self.own else load(name)
            register(*paper.latex)
            self._loaded[name] = paper
        return self._loaded[name]

    def papers(self, names: Sequence[str] = ()) -> tuple[Paper, ...]:
        """Papers by their ids; all of them if none is named."""
        return tuple(self.paper(name) for name in (names or self.names))

    def of(self, id: str) -> Paper:
        """The paper that an id belongs to."""
        name = id.split(".")[0]
        if name not in self.names:
            raise ValueError(f"id: {id!r} is not known{nearest(id, self._all_ids())}")
        return self.paper(name)

    def _all_ids(self) -> list[str]:
        return [one for name in self.names for one in (name, *contents(self.paper(name)))]

    def find(self, id: str, kind: str = "entry") -> Any:
        """What has this id; ValueError with the nearest ids if nothing of this kind has."""
        entries = contents(self.of(id))
        if id in entries and isinstance(entries[id], KINDS[kind]):
            return entries[id]
        right = [one for one, entry in entries.items() if isinstance(entry, KINDS[kind])]
        what = f"is a {type(entries[id]).__name__.lower()}, not a {kind}" if id in entries else "is not known"
        raise ValueError(f"id: {id!r} {what}{nearest(id, right)}")

    def select(self, words: Sequence[str], kind: str) -> list[tuple[Paper, Any]]:
        """Entries of a kind, named by id or by paper (all of them), without repetition; everything if nothing is named."""
        found: dict[str, tuple[Paper, Any]] = {}
        for word in words or self.names:
            if "." in word:
                found.setdefault(word, (self.of(word), self.find(word, kind)))
                continue
            if word not in self.names:
                raise ValueError(f"id: {word!r} is not known{nearest(word, self._all_ids())}")
            paper = self.paper(word)
            for id, entry in contents(paper).items():
                if isinstance(entry, KINDS[kind]):
                    found.setdefault(id, (paper, entry))
        return list(found.values())


def contents(paper: Paper) -> dict[str, Entry]:
    """Everything in a paper that has an id, in the order of the paper."""
    entries: list[Entry] = [*paper.formulas, *paper.systems, *paper.comparisons, *paper.figures]
    return {entry.id: entry for entry in entries}


def nearest(word: str, known: Sequence[str]) -> str:
    """``"; nearest: ..."``: up to four known names, the most alike first."""
    close = difflib.get_close_matches(word, known, n=4, cutoff=0.4)
    return f"; nearest: {', '.join(close)}" if close else f"; there are {', '.join(known[:8])}" if known else ""


def derivation_of(paper: Paper, id: str) -> Derivation | None:
    """The derivation of a formula or system, if the paper has one."""
    return next((derivation for derivation in paper.derivations if derivation.of == id), None)


def reads(derivation: Derivation, book: Book) -> tuple[tuple[str, ...], tuple[Check, ...]]:
    """What a derivation reads from the book, and its checks (built, not decided)."""
    read = book.fresh()
    checks: list[Check] = []
    for step in derivation.steps:
        checks += [step.shows(read, case) for case in step.cases] if step.cases else [step.shows(read)]
    return tuple(read.uses), tuple(checks)


def chain(paper: Paper, id: str) -> tuple[str, ...]:
    """A formula and everything that it rests on, found by building the checks without deciding them."""
    book, found, queue = paper.book(), [id], [id]
    while queue:
        derivation = derivation_of(paper, queue.pop())
        if derivation is not None:
            for used in reads(derivation, book)[0]:
                if used not in found:
                    found.append(used)
                    queue.append(used)
    return tuple(found)

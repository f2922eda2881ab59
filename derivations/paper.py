"""A paper: everything that the tool knows about one publication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..numerics.curve import Curve
from ..theory.formula import Formula
from ..theory.system import System
from .chain import Book, Derivation
from .compare import Comparison

Progress = Callable[[float, str], None]
"""Called with the fraction done and a few words."""


@dataclass(frozen=True)
class Figure:
    """A figure: ``draw(seed, progress)`` returns a matplotlib figure.

    Parameters
    ----------
    id : paper id, a dot, a readable name.
    title : one line in words.
    caption : what is shown, for a reader of the paper.
    seconds : about how long it takes.
    """

    id: str
    title: str
    caption: str
    draw: Callable[[int, Progress], Any]
    seconds: float = 1.0


@dataclass(frozen=True)
class Experiment:
    """Something that a person can run: options are the fields of the settings dataclass.

    Parameters
    ----------
    title : one line in words.
    settings : dataclass; a field's metadata may hold ``help`` and ``choices``; its ``__post_init__`` refuses bad values with
        a ValueError that names argument, value and what is allowed.
    run : makes the curve from the settings; a settings field ``seed`` is the one source of randomness.
    plot : draws the curve.
    seconds : about how long it takes with these settings.
    """

    title: str
    settings: type[Any]
    run: Callable[[Any, Progress], Curve]
    plot: Callable[[Curve], Any]
    seconds: Callable[[Any], float] = lambda settings: 1.0


@dataclass(frozen=True)
class Paper:
    """One publication: what it says, why it is true, and whether gradient descent agrees.

    Parameters
    ----------
    id : name of the theory module, with hyphens.
    title, cite : title, BibTeX key.
    latex : pairs ``(letter, LaTeX)`` for letters whose names do not say it.
    formulas, systems, derivations, comparisons, figures : its content.
    simulate, phase_diagram : experiments behind the commands of these names.
    demo : ids of formulas, comparisons and figures that ``plateaux demo`` verifies, runs, draws and writes, in this order.
    """

    id: str
    title: str
    cite: str
    latex: tuple[tuple[Any, str], ...] = ()
    formulas: tuple[Formula, ...] = ()
    systems: tuple[System, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    figures: tuple[Figure, ...] = ()
    simulate: Experiment | None = None
    phase_diagram: Experiment | None = None
    demo: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        book = self.book()
        known = {entry.id for entry in book}
        ids = [*known, *(one.id for one in self.comparisons), *(one.id for one in self.figures)]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"id: {', '.join(twice)} stands twice in {self.id}")
        for one in ids:
            if one.split(".")[0] != self.id:
                raise ValueError(f"id: {one} does not begin with {self.id}.")
        for derivation in self.derivations:
            if derivation.of not in known:
                raise ValueError(f"of: a derivation is of {derivation.of}, which {self.id} does not hold")
        for one in self.demo:
            if one not in ids:
                raise ValueError(f"demo: {one} is nothing that {self.id} holds")

    def book(self) -> Book:
        """All formulas and systems of the paper."""
        return Book.of(*self.formulas, *self.systems)

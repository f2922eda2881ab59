"""Comparisons of theory with simulation, and their verdicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter
from typing import Any

import numpy as np

from ..numerics.curve import Curve
from ..numerics.tables import html_table, text_table
from .chain import Book


class Expect(StrEnum):
    """Whether the theory must hold in this regime, or must break."""

    HOLDS = "holds"
    BREAKS = "breaks"


@dataclass(frozen=True)
class Measured:
    """A measured number, its standard error, and what it is in words."""

    value: float
    stderr: float = 0.0
    detail: str = ""


@dataclass(frozen=True)
class Comparison:
    """Theory and simulation on one draw.

    Parameters
    ----------
    id : paper id, a dot, a readable name.
    title : one line in words.
    setup : draws the inputs from a seed sequence; both sides share them.
    theory : curve predicted from the formulas of the book.
    observed : curve simulated.
    measure : compares the two curves.
    bound : largest distance of the measured value from ``target`` (HOLDS), smallest (BREAKS).
    because : where the bound comes from, or why the theory breaks.
    target : value that the theory predicts for what is measured (zero for an error).
    seconds : about how long it takes.
    """

    id: str
    title: str
    setup: Callable[[np.random.SeedSequence], Any]
    theory: Callable[[Any, Book], Curve]
    observed: Callable[[Any], Curve]
    measure: Callable[[Curve, Curve], Measured]
    bound: float
    because: str
    target: float = 0.0
    expect: Expect = Expect.HOLDS
    seconds: float = 1.0


@dataclass(frozen=True)
class Outcome:
    """Verdict of a comparison: ``ok``, what was measured, and both curves."""

    of: str
    title: str
    ok: bool
    expect: Expect
    measured: Measured
    target: float
    bound: float
    because: str
    uses: tuple[str, ...]
    seed: int
    seconds: float
    theory: Curve = field(repr=False)
    observed: Curve = field(repr=False)

    def _title(self) -> str:
        return f"{self.of}: {'ok' if self.ok else 'FAILED'}, {self.title}"

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        error = f" +- {self.measured.stderr:.2g}" if self.measured.stderr else ""
        side = "at most" if self.expect is Expect.HOLDS else "at least"
        away = f" away from {self.target:.4g}" if self.target else ""
        rows = [
            ["measured", f"{self.measured.value:.4g}{error}{' ' * bool(self.measured.detail)}{self.measured.detail}"],
            [
                "the theory must " + ("hold" if self.expect is Expect.HOLDS else "break"),
                f"{side} {self.bound:.4g}{away}",
            ],
            ["because", self.because],
            ["uses", ", ".join(self.uses)],
            ["seed", str(self.seed)],
            ["time", f"{self.seconds:.2g} s"],
        ]
        return ["what", "value"], rows

    def __str__(self) -> str:
        return f"{self._title()}\n{text_table(*self._rows())}"

    def _repr_html_(self) -> str:
        return html_table(*self._rows(), title=self._title())


def compare(comparison: Comparison, book: Book, seed: int = 0) -> Outcome:
    """Run one comparison.

    Two standard errors count against the claim on either side: HOLDS needs ``|value - target| + 2 stderr <= bound``, BREAKS
    needs ``|value - target| - 2 stderr >= bound``. A value that is not finite is never ok.
    """
    start = perf_counter()
    read = book.fresh()
    name = int.from_bytes(comparison.id.encode()[-4:], "little")
    inputs = comparison.setup(np.random.SeedSequence([seed, name]))
    theory = comparison.theory(inputs, read)
    observed = comparison.observed(inputs)
    measured = comparison.measure(theory, observed)
    distance = abs(measured.value - comparison.target)
    ok = (
        distance + 2 * measured.stderr <= comparison.bound
        if comparison.expect is Expect.HOLDS
        else distance - 2 * measured.stderr >= comparison.bound
    )
    return Outcome(
        comparison.id, comparison.title, bool(ok and np.isfinite(distance + measured.stderr)), comparison.expect, measured,
        comparison.target, comparison.bound, comparison.because, tuple(read.uses), seed, perf_counter() - start, theory, observed,
    )  # fmt: skip

"""Comparisons of the time-scales: they are well, read their theory from the book, have bounds with reasons, and can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plateaux.derivations.chain import Book
from plateaux.derivations.compare import Expect, compare
from plateaux.derivations.time_scales import PAPER
from plateaux.derivations.time_scales.compare_finite import WIDTHS, order_in_width
from plateaux.derivations.time_scales.compare_sgd import misplaced, worst_moment
from plateaux.derivations.time_scales.comparisons import COMPARISONS
from plateaux.numerics.curve import Curve

BY_ID = {one.id.removeprefix("time-scales."): one for one in COMPARISONS}
QUICK = {"half-time-zero-measured", "half-time-two-order", "gap-stuck", "two-valued-weights", "learned-function"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in BY_ID])
def test_all_is_well(name):
    outcome = compare(BY_ID[name], PAPER.book())
    assert outcome.ok, str(outcome)
    assert outcome.uses and outcome.measured.detail and len(outcome.because) > 20


def test_ids_and_bounds():
    assert len(BY_ID) == len(COMPARISONS) and all(one.bound > 0 for one in COMPARISONS)
    assert sum(one.seconds for one in COMPARISONS) < 90
    assert {one.expect for one in COMPARISONS} == set(Expect)


def planted(of: str, factor: float, more: float = 0.0) -> Book:
    """The book with a wrong formula, or a system with wrong rates."""
    entries = []
    for entry in PAPER.book():
        if entry.id == f"time-scales.{of}":
            if hasattr(entry, "equations"):
                entry = replace(entry, equations=tuple((item, factor * rate) for item, rate in entry.equations))
            else:
                left, right = entry.statement.args
                entry = replace(entry, statement=entry.statement.func(left, factor * right + more))
        entries.append(entry)
    return Book.of(*entries)


QUICK_PLANTS = [
    ("half-time-zero-measured", "half-time-zero", 1.01),
    ("learned-function", "plateau", 1.5),
    ("gap-stuck", "plateau", 1.05),
]
SLOW_PLANTS = [
    ("missing-degree", "plateau", 0.95),
    ("escape-measured", "escape-time", 1.05),
    ("composite-risk", "moment-one-composite", 1.2),
    ("half-time-one-at-width-80", "half-time-one-finite", 1.1),
    ("dimension-shift", "half-time-one-finite", 2.0),
    ("network-flow", "order-parameters", 1.000001),
    ("descent-order", "order-parameters", 1.01),
    ("width-order", "mean-field", 1.05),
    ("width-corrected", "diagonal", 1.05),
    ("activation-relu", "order-parameters", 1.1),
    ("activation-gelu", "order-parameters", 1.1),
    ("activation-tanh", "order-parameters", 1.1),
    ("activation-erf", "order-parameters", 1.1),
    ("sgd-peaks", "order-parameters", 1.2),
]


@pytest.mark.parametrize(
    ("name", "of", "factor"), [*QUICK_PLANTS, *(pytest.param(*one, marks=pytest.mark.slow) for one in SLOW_PLANTS)]
)
def test_a_wrong_formula_is_found(name: str, of: str, factor: float) -> None:
    assert BY_ID[name].expect is Expect.HOLDS
    outcome = compare(BY_ID[name], planted(of, factor))
    assert not outcome.ok, str(outcome)


@pytest.mark.slow
def test_a_wrong_exponent_is_found() -> None:
    """The exponent of the gap is zero: it is moved, not scaled."""
    assert not compare(BY_ID["gap-learned"], planted("gap-exponent", 1.0, 0.05)).ok


def risks(power: float, more: float = 0.0) -> tuple[Curve, Curve]:
    """Two curves whose risks differ like a power of the width."""
    m = np.array(WIDTHS, dtype=float)
    axes = (("width", m), ("time", np.arange(3.0)))
    gap = np.outer(m**power * (1 + more / m), np.ones(3))
    return Curve(axes, (("risk", 0 * gap),)), Curve(axes, (("risk", gap),))


def test_orders_of_exact_powers() -> None:
    assert order_in_width(*risks(-1.0)).value == pytest.approx(-1)
    assert order_in_width(*risks(-0.5)).value == pytest.approx(-0.5)


def test_a_lost_peak_is_never_ok() -> None:
    times = np.geomspace(6e-4, 0.3, 300)
    fall = lambda t: 1 / (1 + (times / t) ** 3)  # noqa: E731
    two, one = (
        Curve((("time", times),), (("risk", risk),)) for risk in (0.1 + fall(3e-3) + fall(0.06), 0.1 + 2 * fall(0.06))
    )
    assert misplaced(two, two).value == 0
    assert misplaced(two, one).value == np.inf
    assert misplaced(one, one).value == np.inf  # nothing to be apart


def test_the_worst_moment_counts_its_error() -> None:
    axes = (("time", np.array([0.0, 1.0])),)
    theory = Curve(axes, (("moments", np.zeros((2, 2))),))
    draws = np.zeros((4, 2, 2))
    draws[:, 1, 1] = 0.3, 0.1, 0.3, 0.1
    found = worst_moment(theory, Curve((("draw", np.arange(4)), *axes), (("moments", draws),)))
    assert found.value == pytest.approx(0.2)
    assert found.stderr == pytest.approx(0.1155 / 2, rel=1e-3)
    assert found.detail.startswith("degree 1 at t = 1;")

"""Comparisons of early alignment: they are well, they repeat, and a planted error in the book turns them red."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plateaux.derivations.compare import Expect, compare
from plateaux.derivations.early_alignment import PAPER
from plateaux.derivations.early_alignment.compare_alignment import weak_setup
from plateaux.derivations.early_alignment.compare_attractors import random_data, rest_points
from plateaux.derivations.early_alignment.compare_tools import (
    MIDDLE,
    RATE,
    THREE,
    distinct,
    drives,
    follow,
    inside,
    plateau_loss,
    plateau_map,
    upper,
)
from plateaux.derivations.early_alignment.comparisons import COMPARISONS
from plateaux.numerics.early_alignment import early_phase, linear_loss
from plateaux.theory.early_alignment.attractors import attractions
from plateaux.theory.formula import Formula, letters

PREFIX = "early-alignment."
BY_ID = {one.id.removeprefix(PREFIX): one for one in COMPARISONS}
QUICK = {"weak-rate", "entry", "two-phases", "sparse", "last-direction", "limit-loss"}
NAMES = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in BY_ID]


@pytest.fixture(scope="module")
def book():
    return PAPER.book()


@pytest.mark.parametrize("name", NAMES)
def test_comparison_is_ok(book, name):
    outcome = compare(BY_ID[name], book, seed=1)
    assert outcome.ok, str(outcome)
    assert outcome.uses


def test_ids_and_bounds():
    others = {one.id for one in (*PAPER.formulas, *PAPER.systems, *PAPER.figures)}
    assert len(BY_ID) == len(COMPARISONS) and not others & {one.id for one in COMPARISONS}
    assert sum(one.seconds for one in COMPARISONS) < 60
    assert {one.expect for one in COMPARISONS} == set(Expect)


def scaled(entry: Any, name: str, factor: int) -> Any:
    """A planted error: a multiple of the letter wherever the entry computes with it."""
    formula = isinstance(entry, Formula)
    letter = next(one for one in (letters(entry.value) if formula else entry.params) if str(one) == name)

    def swapped(pairs: Any) -> Any:
        return tuple((item, value.xreplace({letter: factor * letter})) for item, value in pairs)

    if not formula:
        return replace(entry, let=swapped(entry.let), equations=swapped(entry.equations))
    ((left, right),) = swapped([entry.statement.args])
    return replace(
        entry, let=swapped(entry.let), statement=entry.statement.func(left, right, evaluate=False), float_form=None
    )


PLANTED = (
    ("weak-rate", "alignment-rate", "delta_max", 2),
    ("weak-rate", "exit-time", "gamma", 2),
    ("entry", "entry-time", "q", 100),
    ("sparse", "unit-time-leading", "delta", 2),
    ("last-direction", "plateau", "X", -1),
    ("limit-loss", "spurious-loss", "y_1", 2),
    ("two-phases", "full-cone-moments", "y", 2),
)
PLANTED_SLOW = (
    ("cone-moments", "moments-step", "D", 2),
    ("cone-moments", "output", "X", 2),
    ("drift", "step-drift", "eta", 2),
    ("descent-order", "full-cone-moments", "y", 2),
    ("attractors", "kink-label", "n", -1),
    ("attractors", "face-vector", "D_A", -1),
    ("rate", "alignment-rate", "lambda_", 2),
    ("left-behind", "cone-fraction", "phi_1", 2),
    ("limit-fraction", "spurious-loss", "y_1", 2),
    ("dominated-steps", "spurious-loss", "y_1", 2),
)


def red(book, name, id, letter, factor):
    entry = next(one for one in book if one.id == PREFIX + id)
    outcome = compare(BY_ID[name], book.with_entry(scaled(entry, letter, factor)))
    assert PREFIX + id in outcome.uses
    assert not outcome.ok, str(outcome)


@pytest.mark.parametrize(("name", "id", "letter", "factor"), PLANTED)
def test_planted_errors_turn_it_red(book, name, id, letter, factor):
    red(book, name, id, letter, factor)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "id", "letter", "factor"), PLANTED_SLOW)
def test_planted_errors_turn_the_long_ones_red(book, name, id, letter, factor):
    red(book, name, id, letter, factor)


def test_every_holding_comparison_has_a_planted_error():
    tried = {name for name, *_ in (*PLANTED, *PLANTED_SLOW)}
    assert {name for name, one in BY_ID.items() if one.expect is Expect.HOLDS} == tried


def test_a_comparison_repeats_and_depends_on_its_seed(book):
    first, again, other = (compare(BY_ID["entry"], book, seed) for seed in (3, 3, 4))
    assert first.measured == again.measured
    assert first.measured.value != other.measured.value


def test_following_by_the_book_is_the_event_driven_solver(book):
    w, a = upper(THREE, np.random.SeedSequence(0), 20)
    entry, phase = follow(book, THREE, w, a), early_phase(THREE.potential, w, a, 10.0)
    assert np.abs(entry.time - phase.entry_time).max() < 1e-12
    C = 2 * np.tan(entry.angle / 2) * np.exp(RATE * entry.time)
    assert np.abs(C / phase.constant - 1).max() < 1e-11
    moved, out = inside(book, entry.w[:1], entry.a[:1], entry.D[0], 10.0 - entry.time[0])
    assert np.log(out[0]) == pytest.approx(phase.log_a[0], rel=1e-12)
    assert np.allclose(moved[0] / np.linalg.norm(moved[0]), phase.direction[0], atol=1e-12)
    with pytest.raises(ValueError, match="a, y: must be positive"):
        follow(book, THREE, w, -a)


def test_numbers_of_the_three_points(book):
    assert plateau_loss(book, THREE) == pytest.approx(256 / 2925, rel=1e-14)
    assert plateau_loss(book, MIDDLE) == pytest.approx(linear_loss(MIDDLE.X, MIDDLE.y), rel=1e-12)
    assert np.allclose(plateau_map(book, THREE), np.linalg.lstsq(THREE.X, THREE.y, rcond=None)[0])
    assert drives(THREE) == pytest.approx(RATE, rel=1e-14)


@pytest.mark.parametrize("shape", [(5, 2), (5, 3)])
def test_rule_of_the_book_is_the_exact_geometry(book, shape):
    """The attractors by the formulas of the book, in floating point, are those by exact slopes along rays."""
    data = random_data(np.random.default_rng(5), *shape)
    for s in (1, -1):
        exact = [
            one.extremal.direction for one in attractions(data.potential) if s in one.balanced and one.extremal.kind
        ]
        exact = [np.array(v, dtype=float) / np.linalg.norm(np.array(v, dtype=float)) for v in exact]
        found = rest_points(book, data, s)[1:]
        assert len(found) == len(exact)
        assert all(min(np.linalg.norm(one - other) for other in found) < 1e-12 for one in exact)


def test_weak_data_have_attractors_of_several_lengths():
    problem = weak_setup(np.random.SeedSequence(2))
    sizes = [float(one.extremal.square) for one in attractions(problem.data.potential) if 1 in one.balanced]
    assert len(sizes) > 1 and min(sizes) < 0.5 * max(sizes)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30), st.floats(0.01, 1.0))
@settings(deadline=None, max_examples=40)
def test_number_of_directions(values, resolution):
    """Arcs cover all directions: no more than directions, no fewer than half as many as directions that far apart."""
    turn = np.mod(np.array(values), 2 * np.pi)
    count = distinct(turn, resolution)
    assert 1 <= count <= len(np.unique(turn))
    kept: list[float] = []
    for one in np.sort(turn):
        away = [min(abs(one - other), 2 * np.pi - abs(one - other)) for other in kept]
        if all(gap > resolution for gap in away):
            kept.append(float(one))
    assert count >= len(kept) / 2
    assert distinct(turn + 1.0, resolution) <= count + 1


def test_directions_by_hand():
    assert distinct(np.array([]), 0.1) == 0
    assert distinct(np.array([6.25, 0.02, 0.03]), 0.1) == 1
    assert distinct(np.array([0.0, 0.2, 3.0]), 0.1) == 3

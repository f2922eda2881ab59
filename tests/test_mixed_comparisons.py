"""Comparisons of the mixed dynamics: they are well, they repeat, and a planted error in the book turns them red."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plateaux.derivations.compare import Expect, compare
from plateaux.derivations.mixed import PAPER
from plateaux.derivations.mixed.compare_tools import (
    CORRELATED,
    MASKED,
    SQUARED,
    closed,
    distance,
    evolve,
    grid,
    planted,
    shift,
    width_error,
)
from plateaux.derivations.mixed.comparisons import COMPARISONS
from plateaux.numerics.lower import lower_formula
from plateaux.numerics.mixed import gaussian_full, on_manifold, solution
from plateaux.theory.formula import Formula, letters

BY_ID = {one.id.removeprefix("mixed."): one for one in COMPARISONS}
SLOW = {"wide-network", "rank-at-best", "rank-at-best-lazy"} | {name for name in BY_ID if name.startswith("width-")}
NAMES = [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in BY_ID]


@pytest.fixture(scope="module")
def book():
    return PAPER.book()


@pytest.mark.parametrize("name", NAMES)
def test_all_is_well(name, book):
    outcome = compare(BY_ID[name], book)
    assert outcome.ok, str(outcome)
    assert outcome.uses, "theory must be read from the book"
    assert outcome.measured.detail and len(outcome.because) > 20
    assert not outcome.measured.detail.count("nan")


@pytest.mark.slow
@pytest.mark.parametrize("name", list(BY_ID))
def test_other_draws_are_well(name, book):
    outcome = compare(BY_ID[name], book, seed=1)
    assert outcome.ok, str(outcome)


def test_ids_and_bounds():
    others = {one.id for one in (*PAPER.formulas, *PAPER.systems, *PAPER.figures)}
    assert len(BY_ID) == len(COMPARISONS) and not others & {one.id for one in COMPARISONS}
    assert all(one.id.startswith("mixed.") and one.bound > 0 for one in COMPARISONS)
    assert sum(one.seconds for one in COMPARISONS) < 150
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
    statement = entry.statement.func(left, right, evaluate=False)
    return replace(entry, let=swapped(entry.let), statement=statement, float_form=None)


def entry_of(book: Any, id: str) -> Any:
    return next(entry for entry in book if entry.id == id)


PLANTED = (
    ("descent-order", "gram-flow", "M"),
    ("rates-at-one-time", "mode", "tau"),
    ("crossing", "threshold-time", "m"),
    ("convergence-after-crossing", "mode-time", "m"),
    ("balanced-limit", "balanced-mode", "s_0"),
    ("global-convergence-rate", "global-convergence", "tau"),
    ("stall-simultaneous", "stall", "m"),
    ("lazy-limit", "lazy-flow", "tau"),
    ("correlated-inputs", "dynamics-correlated", "tau"),
)
PLANTED_SLOW = (
    ("unequal-variances", "family-flow", "tau_1"),
    ("matrix-completion", "flow", "tau"),
    ("rank-at-best", "mode", "tau"),
    ("wide-network", "dynamics", "tau"),
    ("width-closed-form", "mode", "tau"),
    ("width-mixed", "dynamics", "tau"),
    ("width-riccati", "riccati", "rho"),
    ("width-response", "response", "tau"),
)


def red(book, name, id, letter, factor=2):
    wrong = scaled(entry_of(book, f"mixed.{id}"), letter, factor)
    outcome = compare(BY_ID[name], book.with_entry(wrong))
    assert f"mixed.{id}" in outcome.uses
    assert not outcome.ok, str(outcome)


@pytest.mark.parametrize(("name", "id", "letter"), PLANTED)
def test_planted_errors_turn_it_red(book, name, id, letter):
    red(book, name, id, letter)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "id", "letter"), PLANTED_SLOW)
def test_planted_errors_turn_the_long_ones_red(book, name, id, letter):
    red(book, name, id, letter)


def test_too_early_a_crossing_is_not_aligned(book):
    red(book, "alignment-after-crossing", "threshold-time", "m", 20)


def test_every_holding_comparison_has_a_planted_error():
    tried = {name for name, _, _ in (*PLANTED, *PLANTED_SLOW)}
    assert {name for name, one in BY_ID.items() if one.expect is Expect.HOLDS} == tried | {"alignment-after-crossing"}


def test_a_comparison_repeats_and_depends_on_its_seed(book):
    first, again, other = (compare(BY_ID["rates-at-one-time"], book, seed) for seed in (3, 3, 4))
    assert first.measured == again.measured
    assert first.measured.value != other.measured.value


@pytest.mark.parametrize(
    ("gradient", "extra"),
    [
        pytest.param(SQUARED, {}, marks=pytest.mark.slow),
        pytest.param(CORRELATED, {"Sigma": np.diag([1.0, 2.0, 0.5])}, marks=pytest.mark.slow),
        (MASKED, {"Omega": np.tri(4, 3)}),
    ],
)
def test_closed_flow_is_the_flow_of_its_cost(book, gradient, extra):
    """The mixed formula with the gradient put in is the weight flow on the manifold, integrated by the typed equations."""
    from scipy.integrate import solve_ivp

    rng = np.random.default_rng(0)
    M, tau, times = planted(rng, [1.0, 0.6, 0.3], 4, 3), 0.2, np.array([0.0, 1.0, 4.0])
    start = on_manifold(planted(rng, [0.2, 0.1], 4, 3), tau)
    A = evolve(closed(book.formula("mixed.flow"), gradient), times, {"A": start.A}, 1e-11, M=M, tau=tau, **extra)["A"]
    sigma, mask = extra.get("Sigma", np.eye(3)), extra.get("Omega", np.ones((4, 3)))
    w = start.width

    def rate(t, y):
        W1, W2 = y[: 3 * w].reshape(w, 3), y[3 * w :].reshape(4, w)
        G = (mask * (W2 @ W1 - M)) @ sigma
        return np.concatenate([(-W2.T @ G).ravel(), (-G @ W1.T).ravel()])

    y0 = np.concatenate([start.W1.ravel(), start.W2.ravel()])
    y = solve_ivp(rate, (0, times[-1]), y0, "DOP853", times, rtol=1e-11, atol=1e-13).y.T
    truth = np.array([row[3 * w :].reshape(4, w) @ row[: 3 * w].reshape(w, 3) for row in y])
    assert distance(A, truth).max() < 1e-8


def test_evolve_is_the_closed_form(book):
    rng = np.random.default_rng(1)
    M, tau, times = planted(rng, [1.0, 0.5], 3, 4), 0.3, np.array([0.5, 2.0])
    start = on_manifold(planted(rng, [0.4, 0.1], 3, 4), tau)
    A = evolve(book.system("mixed.dynamics"), times, {"A": start.A}, 1e-11, M=M, tau=tau)["A"]
    assert distance(A, solution(times, start, M, 0.0, tau**2)["A"]).max() < 1e-9


@pytest.mark.parametrize("shape", [(40, 40), (60, 20)])
def test_size_of_a_gaussian_start(shape):
    """What the bounds call the error of the width, against sampled starts at full width."""
    N, width = sum(shape), 4000
    sizes = []
    for seed in range(5):
        P = gaussian_full(*shape, width, 1 / width, seed).P
        sizes.append(np.linalg.norm(P - np.eye(N), 2))
    assert np.mean(sizes) == pytest.approx(width_error(N, width), rel=0.08)


@given(ratio=st.floats(1e-6, 1e3), relative=st.floats(1e-6, 0.1))
@settings(deadline=None, max_examples=30)
def test_share_of_a_rate_error_that_reaches_the_mode(book, ratio, relative):
    """A relative change of tau moves a mode from zero by at most 1/e of it, at every time and every ``tau/m``."""
    mode = lower_formula(book.formula("mixed.mode"))
    t = np.linspace(0, 12, 400) * np.log(10 + 1 / ratio) / np.hypot(ratio, 1)
    s, moved = (mode(t=t, s_0=0.0, m=1.0, tau=tau) for tau in (ratio, ratio * (1 + relative)))
    assert np.abs(moved - s).max() <= shift(relative) * (1 + 1e-9)


def test_recorded_times_are_steps():
    times = grid(0.01, 3.0, 50)
    assert times[0] == 0 and np.isclose(times[-1], 3.0) and (np.diff(times) > 0).all()
    assert np.allclose(times / 0.01, np.rint(times / 0.01))

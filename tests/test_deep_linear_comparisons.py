"""Comparisons of deep linear networks: they are well, they repeat, and a planted error in the book turns them red."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from plateaux.derivations.compare import Expect, compare
from plateaux.derivations.deep_linear import PAPER
from plateaux.derivations.deep_linear.compare_hessian import hessian
from plateaux.derivations.deep_linear.compare_tools import optimal, rotated, stretched
from plateaux.derivations.deep_linear.compare_width import slopes
from plateaux.derivations.deep_linear.comparisons import COMPARISONS
from plateaux.numerics.deep_linear.costs import squared_error
from plateaux.numerics.deep_linear.network import flatten, gaussian, product, pull_back, unflatten
from plateaux.theory.formula import Formula

BY_ID = {one.id.removeprefix("deep-linear."): one for one in COMPARISONS}
QUICK = {
    "mode-times", "blow-up", "blow-up-scaling", "optimal-radius", "schatten", "hysteresis", "lazy-network",
}  # fmt: skip
NAMES = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in BY_ID]


@pytest.fixture(scope="module")
def book():
    return PAPER.book()


@pytest.mark.parametrize("name", NAMES)
def test_all_is_well(name, book):
    outcome = compare(BY_ID[name], book)
    assert outcome.ok, str(outcome)
    assert outcome.uses, "theory must be read from the book"
    assert outcome.measured.detail and len(outcome.because) > 20
    assert "nan" not in outcome.measured.detail


@pytest.mark.slow
@pytest.mark.parametrize("name", list(BY_ID))
def test_other_draws_are_well(name, book):
    outcome = compare(BY_ID[name], book, seed=1)
    assert outcome.ok, str(outcome)


def test_ids_and_bounds():
    others = {one.id for one in (*PAPER.formulas, *PAPER.systems, *PAPER.figures)}
    assert len(BY_ID) == len(COMPARISONS) == 27 and not others & {one.id for one in COMPARISONS}
    assert all(one.id.startswith("deep-linear.") and one.bound > 0 for one in COMPARISONS)
    assert sum(one.seconds for one in COMPARISONS) < 150
    assert {one.expect for one in COMPARISONS} == set(Expect)


def wrong(formula: Formula, factor: float) -> Formula:
    """A planted error: the value times a factor."""
    left, right = formula.statement.args
    form = None if formula.float_form is None else factor * formula.float_form
    return replace(formula, statement=formula.statement.func(left, factor * right, evaluate=False), float_form=form)


PLANTED = [
    ("mode-times", "time-3", 1.0001),
    ("blow-up", "escape-time", 1.0001),
    ("blow-up-scaling", "escape-scaling", 1.0001),
    ("optimal-radius", "escape-solution", 1.0001),
    ("hysteresis", "local-threshold", 1.05),
    ("lazy-network", "lazy-flow", 1.5),
    pytest.param("hessian-signatures", "pair-curvature", -1.0, marks=pytest.mark.slow),
    pytest.param("plateaus", "saddle-to-saddle", 1.01, marks=pytest.mark.slow),
    pytest.param("rank-against-depth", "scalar-critical", 1.1, marks=pytest.mark.slow),
    pytest.param("distance-exponents", "saddle-exponent", 0.5, marks=pytest.mark.slow),
    pytest.param("infinite-width-solver", "infinite-width-mode", 1.001, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("name", "id", "factor"), PLANTED)
def test_planted_errors_are_seen(name, id, factor, book):
    entries = [
        wrong(one, factor) if one.id == f"deep-linear.{id}" else one for one in (*PAPER.formulas, *PAPER.systems)
    ]
    assert sum(a is not b for a, b in zip(entries, (*PAPER.formulas, *PAPER.systems))) == 1
    assert not compare(BY_ID[name], type(book).of(*entries)).ok


def test_stretched_time_is_time():
    """Before the blow-up the stretched flow is the plain one."""
    from scipy.integrate import solve_ivp

    g, start = np.diag([2.0, 1.0]), gaussian(2, 2, 3, 3, 0.3, 0)
    times, states = stretched(start, g, np.array([0.5, 1.0]))
    rate = lambda _, y: flatten(pull_back(unflatten(y, start), g))  # noqa: E731
    run = solve_ivp(rate, (0, times[-1]), flatten(start), "DOP853", times, rtol=1e-11, atol=1e-13)
    assert np.allclose(run.y.T, [flatten(one) for one in states], rtol=1e-8, atol=1e-10)


def test_other_bases_keep_the_map():
    start = optimal(4, 5, 3, 2, 0.7)
    turned = rotated(start, np.random.default_rng(0))
    assert np.allclose(product(start), product(turned)) and not np.allclose(start[0], turned[0])
    assert np.isclose(np.linalg.norm(flatten(turned)), 0.7)


def test_hessian_is_that_of_differences():
    weights, cost = gaussian(2, 2, 2, 3, 1.0, 1), squared_error(np.diag([1.0, 0.5]))
    H, y, h = hessian(weights, cost, 0.1), flatten(weights), 1e-6

    def slope(y):
        W = unflatten(y, weights)
        return flatten(pull_back(W, product(W) - cost.target)) + 0.1 * y

    columns = [(slope(y + h * e) - slope(y - h * e)) / (2 * h) for e in np.eye(y.size)]
    assert np.allclose(H, H.T, atol=1e-14) and np.allclose(H, columns, atol=1e-8)


def test_batch_moves_as_one():
    nets = [gaussian(1, 1, 4, 3, 1.0, seed) for seed in range(3)]
    found = slopes(tuple(np.array(layer) for layer in zip(*nets)))
    for k, net in enumerate(nets):
        one = pull_back(net, 1.0 - product(net))
        assert all(np.allclose(a[k], b) for a, b in zip(found, one))

"""Gradient descent by cone moments in any dimension against plain gradient descent, and the lambda-width diagram."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plateaux.numerics.early_alignment import general_steps
from plateaux.numerics.early_alignment.diagram import spurious_fraction, spurious_run
from plateaux.numerics.early_alignment.general import general_descent
from plateaux.numerics.early_alignment.network import linear_loss, outputs, relu_descent, start
from plateaux.numerics.early_alignment.sectors import sector_descent

THREE = np.array([[-0.75, 1.0], [-0.5, 1.0], [0.125, 1.0]]), np.array([1.1, 0.1, 0.8])


def data(n, d, seed=1):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


def agree(X, y, w, a, eta, steps):
    every = max(1, steps // 10)
    plain = relu_descent(X, y, w, a, eta, steps, record=every, neurons=True)
    ours = general_descent(X, y, w, a, eta, steps, record=every, neurons=True)
    assert (plain.curve["crossings"] == ours.curve["crossings"]).all()
    assert (plain.curve["flips"] == ours.curve["flips"]).all()
    value, gap = plain.curve["loss"], np.abs(plain.curve["loss"] - ours.curve["loss"])
    rounding = 1e-14 * (np.abs(y).max() + np.abs(outputs(X, w, a)).max())  # of residuals, differences of y and h
    assert (gap <= 1e-12 * value + rounding * np.sqrt(value) + rounding**2).all(), (gap / value).max()
    sizes = np.sqrt((plain.curve["w"] ** 2).sum(axis=2).max(axis=1))
    for name in ("w", "a"):
        gap = np.abs(plain.curve[name] - ours.curve[name]).reshape(len(sizes), -1).max(axis=1)
        assert (gap <= 1e-12 * sizes).all(), (gap / sizes).max()
    assert (ours.w == ours.curve["w"][-1]).all() and (ours.a == ours.curve["a"][-1]).all()
    return ours


@pytest.mark.parametrize("dominance", [0.5, 1.0, 1.05])
@pytest.mark.parametrize(("n", "d"), [(6, 3), (5, 4), (4, 1)])
def test_general_descent_is_plain_descent(n, d, dominance):
    run = agree(*data(n, d), *start(60, 0.3, 1, d=d, dominance=dominance), 1e-2, 1500)
    assert run.curve["crossings"][-1] > 20 or d == 1


def test_general_descent_is_sector_descent_in_the_plane():
    w, a = start(500, 1e-3, 1)
    general, sectors = (f(*THREE, w, a, 2e-3, 40_000) for f in (general_descent, sector_descent))
    assert (general.curve["crossings"] == sectors.curve["crossings"]).all()
    assert np.allclose(general.curve["loss"], sectors.curve["loss"], rtol=1e-12, atol=0)
    assert np.abs(general.w - sectors.w).max() <= 1e-12 * np.abs(sectors.w).max()


@pytest.mark.slow
@pytest.mark.parametrize("dominance", [1.0, 1.05])
@pytest.mark.parametrize(("n", "scale", "steps"), [(6, 1e-3, 20_000), (20, 0.3, 10_000), (40, 1e-2, 5_000)])
def test_general_descent_long(n, scale, steps, dominance):
    agree(*data(n, 3), *start(300, scale, 2, d=3, dominance=dominance), 1e-2, steps)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 4))
def test_random_data(seed, n, d):
    agree(*data(n, d, seed), *start(15, 0.5, seed, d=d), 0.01, 300)


def test_steps_that_turn_a_neuron_by_more_than_a_right_angle():
    X, y = data(5, 3)
    agree(X, 30 * y, *start(30, 0.1, 3, d=3), 0.1, 100)


def test_a_neuron_at_zero_is_allowed():
    w, a = start(20, 0.3, 0, d=3)
    w[3], w[4], a[4] = 0.0, 0.0, 0.0
    agree(*data(6, 3), w, a, 1e-2, 500)


def test_a_queue_that_trusts_too_far_is_caught():
    """Planted error: angles four times too large (the loop is then run by Python)."""

    def planted(factor):
        loop, angle = general_steps.run.py_func, general_steps.angle
        names = dict(loop.__globals__, angle=lambda *given: factor * angle(*given))
        kernel, general_steps.run = general_steps.run, type(loop)(loop.__code__, names)
        try:
            agree(*data(6, 3), *start(20, 0.5, 1, d=3), 0.02, 150)
        finally:
            general_steps.run = kernel

    with np.errstate(over="ignore"):  # hashes wrap around
        planted(1.0)
        with pytest.raises(AssertionError):
            planted(4.0)


def test_divergence_is_named():
    X, y = np.vstack([np.eye(3), -np.eye(3)]), np.ones(6)
    with pytest.raises(ValueError, match=r"eta: 100\.0 makes gradient descent diverge"):
        general_descent(X, y, *start(10, 1.0, 0, d=3), 100.0, 1000)


def test_spurious_limit_against_scale():
    """Small scales end at the linear function, large ones at zero loss."""
    low, high = (
        spurious_fraction(*THREE, [20], [scale], seeds=4, eta=1e-2, steps=200_000)["fraction"][0, 0]
        for scale in (0.01, 1.5)
    )
    assert low == 1.0 and high == 0.0


def test_fraction_is_counted_over_the_runs():
    found = spurious_fraction(*THREE, [10, 20], [0.03, 0.4], seeds=3, eta=1e-2, steps=100_000)
    assert found["fraction"].shape == (2, 2) and found["loss"].shape == (2, 2, 3)
    assert found["fraction"] == pytest.approx((np.abs(found["loss"] / linear_loss(*THREE) - 1) < 0.01).mean(axis=2))
    low, high = found["low"], found["high"]
    assert ((low <= found["fraction"]) & (found["fraction"] <= high) & (low >= 0) & (high <= 1)).all()
    again = spurious_fraction(*THREE, [20], [0.4], seeds=3, eta=1e-2, steps=100_000)
    assert (again["loss"][0, 0] == found["loss"][1, 1]).all()


@pytest.mark.slow
def test_fractions_of_the_reference_table():
    """Step 1e-2, m = 20: between the counts expected from larger runs, within four standard deviations of 40 seeds."""
    found = spurious_fraction(*THREE, [20], [0.03, 0.2, 1.0], seeds=40, eta=1e-2, steps=200_000)["fraction"][0]
    for value, expected in zip(found, (1.0, 0.70, 0.05)):
        assert abs(value - expected) <= 4 * np.sqrt(max(expected * (1 - expected), 0.02) / 40)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"widths": [0]}, "m: 0"),
        ({"scales": [-1.0]}, "scale: -1.0"),
        ({"seeds": 0}, "seeds: 0"),
        ({"eta": 0.0}, "eta: 0.0"),
    ],
)
def test_bad_diagram(change, message):
    arguments = {"widths": [5], "scales": [0.1], "seeds": 1, "eta": 1e-2, "steps": 10}
    with pytest.raises(ValueError, match=message):
        spurious_fraction(*THREE, **(arguments | change))


def test_one_run_of_the_diagram():
    X, y = THREE
    point = {
        "width": 20,
        "scale": 0.01,
        "number": 0,
        "eta": 1e-2,
        "steps": 100_000,
        "dominance": 1.05,
        "data": json.dumps([X.tolist(), y.tolist()]),
    }
    found = spurious_run(point, np.random.SeedSequence(0))
    assert found["flips"] == 0 and found["loss"] == pytest.approx(linear_loss(X, y), rel=1e-6)

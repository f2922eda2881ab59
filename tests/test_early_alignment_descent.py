"""Gradient descent by cone moments against plain gradient descent, step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plateaux.numerics.early_alignment import sector_steps
from plateaux.numerics.early_alignment.fused import fused
from plateaux.numerics.early_alignment.network import linear_loss, loss, outputs, relu_descent, start
from plateaux.numerics.early_alignment.sectors import cones, locate, sector_descent

THREE = np.array([[-0.75, 1.0], [-0.5, 1.0], [0.125, 1.0]]), np.array([1.1, 0.1, 0.8])
ASSUMED = np.array([[-0.95, 1.05], [0.0, 1.0], [0.95, 1.05]]), np.array([1.05, 0.1, 1.05])


def forty():
    x = np.sort(np.random.default_rng(0).uniform(-1, 1, 40))
    corners = [-1, -0.7, -0.55, -0.4, 0, 0.5, 0.6, 0.7, 1]
    return np.column_stack([x, np.ones(40)]), np.interp(x, corners, [0, 0.7, 0.5, 1, 0, 1, 0.6, 0.7, 0])


def agree(X, y, w, a, eta, steps, *, record=20, neurons=1e-12, relative=1e-12, **options):
    """Both runs; asserts that they agree at every record.

    Residuals are differences of numbers of the size of y and h: their rounding errors do not shrink with the loss.
    """
    every = max(1, steps // record)
    plain = relu_descent(X, y, w, a, eta, steps, record=every, neurons=True)
    ours = sector_descent(X, y, w, a, eta, steps, record=every, neurons=True, **options)
    assert (plain.curve["crossings"] == ours.curve["crossings"]).all()
    assert (plain.curve["flips"] == ours.curve["flips"]).all()
    assert (plain.curve["time"] == ours.curve["time"]).all()
    value, gap = plain.curve["loss"], np.abs(plain.curve["loss"] - ours.curve["loss"])
    rounding = 1e-14 * (np.abs(y).max() + np.abs(outputs(X, w, a)).max())
    assert (gap <= relative * value + rounding * np.sqrt(value) + rounding**2).all(), (gap / value).max()
    for name in ("w", "a"):
        sizes = np.sqrt((plain.curve["w"] ** 2).sum(axis=2).max(axis=1))
        gap = np.abs(plain.curve[name] - ours.curve[name]).reshape(len(sizes), -1).max(axis=1)
        assert (gap <= neurons * sizes).all(), (gap / sizes).max()
    assert (ours.w == ours.curve["w"][-1]).all() and (ours.a == ours.curve["a"][-1]).all()
    return plain, ours


@pytest.mark.parametrize("dominance", [1.0, 1.05])
@pytest.mark.parametrize("scale", [1e-3, 0.5])
def test_three_points(dominance, scale):
    _, run = agree(*THREE, *start(300, scale, 1, dominance=dominance), 2e-3, 6000)
    assert run.curve["crossings"][-1] > 100


@pytest.mark.parametrize("pooling", [True, False])
@pytest.mark.parametrize("dominance", [1.0, 1.05])
def test_forty_points_with_chattering_neurons(dominance, pooling):
    _, run = agree(*forty(), *start(100, 0.1, 2, dominance=dominance), 1e-2, 8000, pooling=pooling)
    assert run.curve["crossings"][-1] > 10_000
    assert run.curve["loss"][-1] < 0.04


@pytest.mark.slow
@pytest.mark.parametrize("dominance", [1.0, 1.05])
def test_three_points_long(dominance):
    agree(*THREE, *start(2000, 1e-3, 3, dominance=dominance), 2e-3, 60_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("m", "scale", "eta", "steps"), [(300, 1e-3, 2e-3, 20_000), (300, 0.1, 1e-2, 40_000), (2000, 0.5, 1e-2, 5_000)]
)
@pytest.mark.parametrize("dominance", [1.0, 1.05])
def test_forty_points_through_the_drop(m, scale, eta, steps, dominance):
    plain, _ = agree(*forty(), *start(m, scale, 1, dominance=dominance), eta, steps)
    assert plain.curve["loss"][-1] < 0.5 * plain.curve["loss"][0]


def test_signs_of_output_weights_flip_and_are_counted():
    X, y = ASSUMED
    w, a = start(200, 1e-3, 1)
    _, run = agree(X, y, w, a, 0.02, 4000)
    assert run.curve["flips"][-1] > 0
    _, dominated = agree(X, y, w, 1.05 * a, 0.02, 4000)
    assert dominated.curve["flips"][-1] == 0
    assert dominated.curve["loss"][-1] == pytest.approx(linear_loss(X, y), rel=1e-6)


@pytest.mark.slow
def test_flipped_network_escapes_and_small_steps_or_dominated_starts_do_not():
    X, y = ASSUMED
    w, a = start(2000, 1e-3, 0)
    for eta, output, spurious in ((0.02, a, False), (0.002, a, True), (0.02, 1.05 * a, True)):
        run = sector_descent(X, y, w, output, eta, int(4000 / eta))
        assert (run.curve["flips"][-1] == 0) == spurious
        assert (abs(run.curve["loss"][-1] / linear_loss(X, y) - 1) < 0.01) == spurious
        assert spurious or run.curve["loss"][-1] < 1e-20


def test_published_run_ends_at_the_linear_function():
    run = sector_descent(*THREE, *start(20_000, 1e-3, 1), 2e-3, 500_000, record=100_000)
    assert run.curve["loss"][-1] == pytest.approx(256 / 2925, abs=1e-15)
    assert loss(*THREE, run.w, run.a) == pytest.approx(run.curve["loss"][-1], rel=1e-12)
    beta = np.linalg.lstsq(*THREE, rcond=None)[0]
    assert outputs(THREE[0], run.w, run.a) == pytest.approx(THREE[0] @ beta, abs=1e-9)


@pytest.mark.parametrize("dominance", [0.5, 3.0])
def test_starts_that_are_not_balanced(dominance):
    agree(*forty(), *start(60, 0.3, 5, dominance=dominance), 1e-2, 3000)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        ([[1.0, 2.0]], [1.0]),
        ([[1.0, 1.0], [1.0, 1.0]], [1.0, -1.0]),
        ([[1.0, 1.0], [-2.0, -2.0], [0.5, 0.5]], [1.0, 0.3, -0.2]),
        ([[0.0, 0.0], [1.0, 0.5], [0.0, 1.0], [0.0, -2.0]], [0.4, 1.0, -0.5, 0.2]),
        ([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [1.0, 0.5, -0.3, 0.8]),
        ([[1.0, 0.1], [1.0, 0.2]], [0.0, 0.0]),
    ],
    ids=["one point", "opposite labels", "parallel", "zero and vertical", "axes", "labels zero"],
)
def test_degenerate_data(X, y):
    agree(np.array(X), np.array(y), *start(40, 0.4, 7), 0.02, 2000)


def test_large_steps():
    """eta |D| of order one: the base is renewed at every step."""
    X, y = THREE
    agree(X, 20 * y, *start(50, 0.1, 4), 0.05, 200)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.sampled_from([0.05, 0.5, 1.0]), st.sampled_from([0.7, 1.0, 1.3]))
def test_random_data(seed, n, scale, dominance):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, 2)), rng.standard_normal(n)
    agree(X, y, *start(20, scale, seed, dominance=dominance), 0.01, 500)


def test_a_queue_that_trusts_too_far_is_caught():
    """Planted error: distances to the walls four times too large (the loop is then run by Python)."""

    def planted(factor):
        loop = sector_steps.run.py_func
        margin = sector_steps.margin
        names = dict(loop.__globals__, margin=lambda *given: factor * margin(*given))
        kernel, sector_steps.run = sector_steps.run, type(loop)(loop.__code__, names)
        try:
            agree(*THREE, *start(30, 0.5, 1), 0.02, 300)
        finally:
            sector_steps.run = kernel

    planted(1.0)
    with pytest.raises(AssertionError):
        planted(4.0)


def test_cones_are_the_sign_patterns():
    rng = np.random.default_rng(3)
    X = np.vstack(
        [
            rng.standard_normal((6, 2)),
            [[0, 1], [0, 0]],
            rng.standard_normal((2, 2)).repeat(2, axis=0) * [[1], [-2], [1], [4]],
        ]
    )
    table, w = cones(X), rng.standard_normal((3000, 2))
    assert len(table.active) == 2 * 9
    assert len({row.tobytes() for row in table.active}) == 18
    assert (table.active[locate(table, w)] == (w @ X.T > 0)).all()


def test_plain_descent_is_the_gradient():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((5, 3)), rng.standard_normal(5)
    w, a = start(4, 1.0, 1, d=3)
    eta, small = 0.1, 1e-6
    run = relu_descent(X, y, w, a, eta, 1)
    for j in range(4):
        shift = np.zeros(4)
        shift[j] = small
        slope = (loss(X, y, w, a + shift) - loss(X, y, w, a - shift)) / (2 * small)
        assert run.a[j] == pytest.approx(a[j] - eta * slope, abs=1e-9)
        for i in range(3):
            shift = np.zeros((4, 3))
            shift[j, i] = small
            slope = (loss(X, y, w + shift, a) - loss(X, y, w - shift, a)) / (2 * small)
            assert run.w[j, i] == pytest.approx(w[j, i] - eta * slope, abs=1e-9)


def test_fused_loop_is_plain_descent():
    X, y = forty()
    w, a = start(700, 0.3, 1)
    run = relu_descent(X, y, w, a, 1e-2, 50, record=[0, 49, 50])
    rows, output = np.ascontiguousarray(w.T), a.copy()
    assert fused(X, y, rows, output, 1e-2, 50) == pytest.approx(run.curve["loss"][1], rel=1e-12)
    assert np.allclose(rows.T, run.w, rtol=0, atol=1e-13) and np.allclose(output, run.a, rtol=0, atol=1e-13)


def test_start_is_balanced_or_dominated():
    for dominance in (1.0, 1.05):
        w, a = start(1000, 0.01, 0, d=3, dominance=dominance)
        assert np.abs(a) == pytest.approx(dominance * np.linalg.norm(w, axis=1))
        assert w.std() == pytest.approx(0.01 / np.sqrt(1000), rel=0.05)
        assert abs(np.sign(a).mean()) < 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.ones((3, 3))}, "w: has shape"),
        ({"y": np.array([1.0, np.nan, 0.0])}, r"y: is nan at \(1,\)"),
        ({"w": np.zeros((2, 2))}, "w: row 0 is zero"),
        ({"X": np.zeros((3, 2))}, "X: every point is zero"),
        ({"eta": -1.0}, "eta: -1.0; a positive number"),
        (
            {"eta": 50.0, "X": np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])},
            "eta: 50.0 makes gradient descent diverge",
        ),
        ({"steps": -1}, "steps: -1"),
        ({"record": [3, 2]}, "record: "),
        ({"record": 0}, "record: 0"),
    ],
)
def test_bad_input(change, message):
    arguments = {
        "X": THREE[0],
        "y": THREE[1],
        "w": np.ones((2, 2)),
        "a": np.ones(2),
        "eta": 0.1,
        "steps": 1000,
        "record": 10,
    }
    with pytest.raises(ValueError, match=message):
        sector_descent(**(arguments | change))


@pytest.mark.parametrize("change", [{"m": 0}, {"scale": 0.0}, {"dominance": -1.0}, {"d": 1.5}])
def test_bad_start(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))}: "):
        start(**({"m": 3, "scale": 1.0, "seed": 0} | change))

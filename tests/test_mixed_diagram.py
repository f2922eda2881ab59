"""Points of the phase diagrams: the published scales and rules, and three ways that must agree."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from plateaux.numerics.mixed import (
    SquaredError,
    Stop,
    Weights,
    aligned,
    by_descent,
    by_flow,
    by_mode,
    descend,
    gram,
    on_manifold,
    published_grid,
    scales,
)
from plateaux.numerics.mixed.diagram import _start, task

SMALL = {"d": 30, "k": 2, "seed": 3}
POINTS = [(-1.85, 2.6), (-1.5, 3.2), (-1.0, 2.4)]


def test_published_scales():
    lazy, active = scales(-1.0, 2.2, 200, 90.0), scales(-1.85, 2.25, 200, 90.0)
    assert lazy.eta == pytest.approx(1 / (50 * 200**1.2))
    assert active.eta == pytest.approx(1 / (50 * 90))
    assert active.width == int(200**2.25) and active.variance == pytest.approx(200**-1.85)
    assert active.tau == active.variance * active.width
    grid = published_grid()
    assert len(grid) == 900 and grid[0] == {"gamma_sigma": -2.2, "gamma_w": 1.75} and grid[-1]["gamma_w"] == 2.8


def test_rotated_task_is_the_published_one():
    data = task(30, 2, 3)
    target = data.U @ np.diag(data.m) @ data.V.T
    signal = data.U @ data.signal @ data.V.T
    assert np.linalg.matrix_rank(signal, tol=1e-8) == 2
    assert np.std(target - signal) == pytest.approx(1, abs=0.15)
    assert data.norm == pytest.approx(np.linalg.norm(signal, 2))


@pytest.mark.parametrize(("gamma_sigma", "gamma_w"), POINTS)
@pytest.mark.parametrize("order", ["sequential", "simultaneous"])
def test_descent_point_is_descent_on_the_unrotated_problem(gamma_sigma, gamma_w, order):
    data, scale, weights = _start(gamma_sigma, gamma_w, **SMALL)
    start = Weights(weights.W1 @ data.V.T, data.U @ weights.W2)
    target, signal = data.U @ np.diag(data.m) @ data.V.T, data.U @ data.signal @ data.V.T
    run = descend(
        start, SquaredError(target), scale.eta, 750, order=order, signal=signal, stop=Stop(),
        columns=("test error", "stable rank", "A")
    )  # fmt: skip
    point = by_descent(gamma_sigma, gamma_w, order=order, **SMALL)
    least = int(np.argmin(run["test error"]))
    assert point["iterations"] == least and point["records"] == len(run["step"])
    assert point["test error"] == pytest.approx(run["test error"][least], rel=1e-4)
    assert point["stable rank"] == pytest.approx(run["stable rank"][least], rel=1e-4)
    twin = descend(
        on_manifold(start.A, scale.tau), SquaredError(target), scale.eta, len(run["step"]) - 1, order=order, columns=("A",)
    )  # fmt: skip
    distance = np.sqrt(((run["A"] - twin["A"]) ** 2).mean(axis=(1, 2))).max()
    assert point["distance"] == pytest.approx(distance, rel=1e-3)
    flow = by_flow(gamma_sigma, gamma_w, **SMALL)
    assert point["distance"] == pytest.approx(flow["distance"], rel=0.15)


@pytest.mark.parametrize(("gamma_sigma", "gamma_w"), POINTS)
def test_flow_point_is_descent_with_many_small_steps(gamma_sigma, gamma_w):
    """Extrapolated to eta = 0 from two step sizes, read off at the same times."""
    data, scale, weights = _start(gamma_sigma, gamma_w, **SMALL)
    flow = by_flow(gamma_sigma, gamma_w, rtol=1e-8, **SMALL)
    least, runs = int(flow["iterations"]), []
    for parts in (8, 16):
        run = descend(
            weights, SquaredError(np.diag(data.m)), scale.eta / parts, 750 * parts, record=parts, order="simultaneous",
            signal=data.signal, stop=Stop(), columns=("test error", "stable rank", "A"),
        )  # fmt: skip
        assert abs(len(run["step"]) - flow["records"]) <= 1
        runs.append(run)
    for name in ("test error", "stable rank"):
        limit = 2 * runs[1][name][least] - runs[0][name][least]
        assert flow[name] == pytest.approx(limit, rel=3e-4)
    mixed = gram(runs[1]["time"], on_manifold(weights.A, scale.tau).Q, np.diag(data.m), 0.0, scale.tau**2)[:, :30, 30:]
    count = min(len(run["step"]) for run in runs)
    A = 2 * runs[1]["A"][:count] - runs[0]["A"][:count]
    largest = np.sqrt(((A - mixed[:count]) ** 2).mean(axis=(1, 2))).max()
    assert flow["distance"] == pytest.approx(largest, rel=0.1)


def test_mode_point_is_close_at_large_width():
    flow, mode = (function(-4.0, 5.5, **SMALL) for function in (by_flow, by_mode))
    assert mode["test error"] == pytest.approx(flow["test error"], rel=2e-3)
    assert mode["stable rank"] == pytest.approx(flow["stable rank"], rel=2e-2)
    assert abs(mode["iterations"] - flow["iterations"]) <= 1
    assert np.isnan(mode["distance"])


@pytest.mark.parametrize(("gamma_sigma", "gamma_w"), POINTS)
def test_mode_point_is_the_aligned_curve_with_the_published_rules(gamma_sigma, gamma_w):
    data, scale, _ = _start(gamma_sigma, gamma_w, **SMALL)
    times = scale.eta * np.arange(751)
    curve = aligned(np.diag(data.m), scale.tau, times, signal=data.signal, width=scale.width)
    stop = Stop()
    count = next(n for n in range(1, 752) if stop(curve["loss"][:n], curve["test error"][:n]))
    least = int(np.argmin(curve["test error"][:count]))
    point = by_mode(gamma_sigma, gamma_w, **SMALL)
    assert (point["records"], point["iterations"]) == (count, least)
    assert point["test error"] == pytest.approx(curve["test error"][least], rel=1e-12)
    assert point["stable rank"] == pytest.approx(curve["stable rank"][least], rel=1e-12)


def test_same_seed_same_point_and_a_different_draw_at_another():
    one, two, other = (by_descent(-1.5, 2.5, d=20, k=2, seed=seed) for seed in (1, 1, 2))
    assert one == two and one != other
    assert pickle.loads(pickle.dumps(by_descent)) is by_descent
    assert all(type(value) is float for value in one.values())


@pytest.mark.parametrize("function", [by_descent, by_flow, by_mode])
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"gamma_w": -1.0}, "gamma_w: -1.0"),
        ({"gamma_w": float("nan")}, "gamma_w: nan"),
        ({"gamma_sigma": float("inf")}, "gamma_sigma: inf"),
        ({"k": 40}, "k: 40"),
        ({"d": 0}, "d: 0"),
        ({"steps": 0}, "steps: 0"),
        ({"seed": -1}, "seed: -1"),
    ],
)
def test_bad_input(function, change, name):
    with pytest.raises(ValueError, match=name) as caught:
        function(**({"gamma_sigma": -1.5, "gamma_w": 2.0} | SMALL | change))
    assert "\n" not in str(caught.value)

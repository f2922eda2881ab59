"""Gradient flow by propagators and events against gradient descent with smaller and smaller steps, and the linear phase."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from plateaux.numerics.early_alignment.flow import linear_phase, sector_flow
from plateaux.numerics.early_alignment.network import linear_loss, start
from plateaux.numerics.early_alignment.sectors import sector_descent

THREE = np.array([[-0.75, 1.0], [-0.5, 1.0], [0.125, 1.0]]), np.array([1.1, 0.1, 0.8])


def forty():
    x = np.sort(np.random.default_rng(0).uniform(-1, 1, 40))
    corners = [-1, -0.7, -0.55, -0.4, 0, 0.5, 0.6, 0.7, 1]
    return np.column_stack([x, np.ones(40)]), np.interp(x, corners, [0, 0.7, 0.5, 1, 0, 1, 0.6, 0.7, 0])


def descents(X, y, w, a, times, etas):
    """Losses of gradient descent at the times, one row per step."""
    return [
        sector_descent(X, y, w, a, eta, round(times[-1] / eta), record=[round(t / eta) for t in times]) for eta in etas
    ]


def test_descent_tends_to_the_flow_with_order_one():
    times = np.array([2.0, 6.0, 10.0, 14.0, 20.0])
    w, a = start(40, 1e-2, 1)
    flow = sector_flow(*THREE, w, a, times)
    runs = descents(*THREE, w, a, times, (4e-3, 2e-3, 1e-3))
    errors = np.array([np.abs(run.curve["loss"] - flow.curve["loss"]) for run in runs])
    assert errors[0].max() > 1e-5
    assert np.log2(errors[:-1] / errors[1:])[:, errors[-1] > 1e-12] == pytest.approx(1, abs=0.02)
    assert (runs[-1].curve["crossings"][-1] == flow.curve["crossings"][-1]) and flow.curve["crossings"][-1] > 10
    # Neuron by neuron the error is of order one but irregular: it depends on where in a step a wall is crossed.
    living = (flow.w @ THREE[0].T > 1e-6 * np.abs(flow.w).max()).all(axis=1)
    assert living.sum() > 3
    gaps = [np.abs(run.a[living] @ run.w[living] - flow.a[living] @ flow.w[living]).max() for run in runs]
    assert np.log2(gaps[0] / gaps[2]) == pytest.approx(2, abs=0.05)
    for run, eta in zip(runs, (4e-3, 2e-3, 1e-3)):
        assert np.abs(run.w - flow.w).max() < eta * np.abs(flow.w).max()


def test_sliding_neurons():
    """With labels of both signs of residual, neurons slide along walls; descent chatters there and tends to the same."""
    X, y = forty()
    times = np.array([0.0, 5.0, 10.0, 15.0])
    w, a = start(20, 0.3, 1)
    flow = sector_flow(X, y, w, a, times)
    assert flow.curve["sliding"].max() > 0
    runs = descents(X, y, w, a, times, (2e-3, 1e-3, 5e-4))
    errors = [np.abs(run.curve["loss"] - flow.curve["loss"]).max() for run in runs]
    assert errors[2] < 5e-7 and errors[0] / errors[2] == pytest.approx(4, rel=0.3)
    assert runs[2].curve["crossings"][-1] > 5 * flow.curve["crossings"][-1]


@pytest.mark.parametrize("dominance", [1.0, 1.05])
def test_conserved_difference_of_squares(dominance):
    run = sector_flow(*THREE, *start(40, 1e-3, 3, dominance=dominance), np.linspace(0, 60, 7), rtol=1e-11)
    assert run.curve["defect"].max() < 1e-10
    assert (run.curve["loss"][1:] <= run.curve["loss"][:-1] + 1e-14).all()
    looser = sector_flow(*THREE, *start(40, 1e-3, 3, dominance=dominance), np.linspace(0, 60, 7), rtol=1e-4)
    assert looser.curve["defect"].max() > 1e-9  # the monitor can see an error


def test_scale_of_1e_minus_30():
    """Time to leave the start: ln(1/lambda)/|D_full|, and the same plateau."""
    times = np.linspace(0, 300, 601)
    X, y = THREE
    losses = [sector_flow(X, y, *start(20, scale, 1), times).curve["loss"] for scale in (1e-15, 1e-30)]
    left = [times[np.argmax(values < 0.2)] for values in losses]
    speed = np.linalg.norm(X.T @ y) / len(y)
    assert left[1] - left[0] == pytest.approx(15 * np.log(10) / speed, abs=1.0)
    assert losses[1][-1] == pytest.approx(linear_loss(X, y), abs=1e-9)


def test_flow_of_the_neurons_one_by_one():
    """An independent solver on all weights, in a time without a crossing and with one."""
    X, y = THREE
    w, a = start(6, 0.8, 2)

    def rate(t, state):
        w, a = state[:12].reshape(6, 2), state[12:]
        F = w @ X.T
        D = ((F > 0) * (y - a @ np.maximum(F, 0))) @ X / 3
        return np.concatenate([(a[:, None] * D).ravel(), (w * D).sum(axis=1)])

    end = 1.0
    run = sector_flow(X, y, w, a, [end])
    brute = solve_ivp(rate, (0, end), np.concatenate([w.ravel(), a]), rtol=1e-9, atol=1e-12, max_step=1e-3).y[:, -1]
    assert np.abs(np.concatenate([run.w.ravel(), run.a]) - brute).max() < 1e-6


def test_linear_phase_is_the_rest_of_the_flow():
    X, y = THREE
    w, a = start(60, 1e-3, 1)
    aligned = sector_flow(X, y, w, a, [14.0])
    times = np.linspace(0, 30, 7)
    rest = sector_flow(X, y, aligned.w, aligned.a, times)
    theory = linear_phase(X, y, aligned.w, aligned.a, times)
    assert (rest.curve["crossings"] == 0).all()
    assert np.abs(theory["loss"] - rest.curve["loss"]).max() < 1e-9
    assert theory["loss"][0] > linear_loss(X, y) + 1e-3
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    assert linear_phase(X, y, aligned.w, aligned.a, [300.0])["v"][-1] == pytest.approx(beta, abs=1e-7)


def test_linear_phase_in_three_dimensions():
    rng = np.random.default_rng(2)
    X = np.abs(rng.standard_normal((5, 3))) + 0.1
    y = X @ np.array([0.5, -0.2, 0.7]) + 0.1 * rng.standard_normal(5)
    w, a = np.abs(rng.standard_normal((4, 3))) * 0.3, rng.standard_normal(4) * 0.1
    theory = linear_phase(X, y, w, a, np.array([0.0, 0.5]))

    def rate(t, state):
        w, a = state[:12].reshape(4, 3), state[12:]
        D = X.T @ (y - X @ (w.T @ a)) / 5
        return np.concatenate([np.outer(a, D).ravel(), w @ D])

    end = solve_ivp(rate, (0, 0.5), np.concatenate([w.ravel(), a]), rtol=1e-11, atol=1e-13).y[:, -1]
    assert theory["v"][-1] == pytest.approx(end[:12].reshape(4, 3).T @ end[12:], abs=1e-8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": [2.0, 1.0]}, "times: "),
        ({"rtol": 0.0}, "rtol: 0.0"),
        ({"w": np.zeros((2, 2))}, "w: row 0 is zero"),
        ({"times": [-1.0]}, "times: "),
    ],
)
def test_bad_input(change, message):
    with pytest.raises(ValueError, match=message):
        sector_flow(**({"X": THREE[0], "y": THREE[1], "w": np.ones((2, 2)), "a": np.ones(2), "times": [1.0]} | change))


def test_linear_phase_refuses_partial_neurons():
    X, y = THREE
    with pytest.raises(ValueError, match="w: row 1 is active on 2 of 3 points"):
        linear_phase(X, y, np.array([[0.0, 1.0], [-1.0, 0.0]]), np.ones(2), [1.0])


def test_too_many_events_are_named():
    with pytest.raises(RuntimeError, match="more than 3 events"):
        sector_flow(*THREE, *start(40, 1e-2, 1), [20.0], limit=3)

"""Any activation, and one-pass stochastic gradient descent: gradients, noise, growing batches, the tail of the activation."""

from __future__ import annotations

import numpy as np
import pytest

from plateaux.numerics.hermite import FUNCTIONS, function
from plateaux.numerics.time_scales import Task, canonical, directions, falls, simulate, stochastic, velocities, weights
from plateaux.numerics.time_scales.activations import pair

PHI = [0.5, 1.0, 0.8, 0.6]


@pytest.fixture
def network():
    return weights(6), directions(6, 12, np.random.default_rng(5))


@pytest.mark.parametrize("name", [*FUNCTIONS, "he3", "list", "callable"])
def test_slopes_are_differences(name):
    z, h = np.linspace(-3, 3, 60).reshape(6, 10), 1e-5
    given = {"list": [0.2, 1.0, -0.5, 0.3], "callable": lambda x: np.cos(x)}.get(name, name)
    value, slope = pair(given)(z)
    if name not in ("list",):
        np.testing.assert_allclose(value, function(given)(z), rtol=1e-13, atol=1e-14)
    around = (pair(given)(z + h)[0] - pair(given)(z - h)[0]) / (2 * h)
    np.testing.assert_allclose(slope, around, rtol=1e-7, atol=1e-8)


def test_tasks_of_names_have_the_exact_mean_square():
    for name, total in (("relu", 0.5), ("erf", 2 / np.pi * np.arcsin(2 / 3)), ("exp", np.exp(2))):
        task = Task.of(name, PHI, 1e-2, 7)
        assert (task.sigma**2).sum() + task.rest == pytest.approx(total, rel=1e-14)
        assert len(task.phi) == 8 and task.missing == 0
    assert Task.of("relu", PHI, 1e-2, 7).rest == pytest.approx(2.65e-3, rel=2e-3)  # eight terms
    odd = Task.of("tanh", "tanh", 1e-2)
    assert np.all(odd.sigma[::2] == 0) and odd.missing == odd.rest > 0
    assert Task.of([1, 1, 1], [1, 2, 3], 0.1).rest == 0


def test_risk_counts_what_is_above_the_degree(network):
    """Risk of the network at the start by Monte Carlo with the activation and target themselves, five standard errors."""
    a, u = network
    task = Task.of("relu", "tanh", 1e-2)
    found = simulate("order-parameters", task, [0.0], a, u=u)["risk"][0]
    x = np.random.default_rng(0).standard_normal((300_000, 12))
    errors = (np.tanh(x[:, 0]) - np.maximum(x @ u.T, 0) @ a / 6) ** 2 / 2
    assert abs(found - errors.mean()) < 5 * errors.std() / np.sqrt(len(errors))


def test_the_tail_damps_the_second_layer():
    """ReLU with degrees 0 and 1 only: without the tail the diagonal is another system."""
    full, short = Task.of("relu", PHI, 1e-2, 30), Task.of("relu", PHI, 1e-2, 3)
    without = Task(short.sigma, short.phi, 1e-2)
    a, times = weights(12), np.linspace(0, 0.3, 7)
    paths = [simulate("diagonal", task, times, a, np.zeros(12))["a"] for task in (full, short, without)]
    assert np.abs(paths[1] - paths[0]).max() < 0.1 * np.abs(paths[2] - paths[0]).max()


@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh", [0.3, 1.0, 0.7, 0.4]])
def test_mean_step_is_the_gradient_step(network, activation):
    """One step with 2e5 inputs against the population gradient: five standard errors measured over blocks."""
    a, u = network
    task = Task.of(activation, PHI, 1e-2, 3 if isinstance(activation, list) else 40)
    step = 1e-7  # linear in the step
    da, du = velocities(task, a, u)
    moves = []
    for seed in range(10):
        run = stochastic(task, step, [step], a, u, 20_000, seed)
        moves.append(np.concatenate([(run["a"][0] - a) / step, (run["s"][0] - u[:, 0]) / step]))
    wanted, moves = np.concatenate([da, du[:, 0]]), np.array(moves)
    error = moves.std(axis=0, ddof=1) / np.sqrt(len(moves))
    assert np.all(np.abs(moves.mean(axis=0) - wanted) < 6.5 * error + 1e-4 * np.abs(wanted).max())


def test_noise_depends_on_step_over_batch(network):
    """Root mean square distance to gradient descent with the same step: a quarter of step/batch halves it."""
    a, u = network
    task, times = Task([1, 1, 1], PHI[:3], 1e-2), np.linspace(0, 0.2, 11)

    def distance(step, batch):
        plain = simulate("gradient-descent", task, times, a, u=u, step=step)["risk"]
        runs = [simulate("sgd", task, times, a, u=u, step=step, batch=batch, seed=seed)["risk"] for seed in range(8)]
        return np.sqrt(np.mean((np.array(runs) - plain) ** 2))

    large, same, small = distance(1e-3, 400), distance(5e-4, 200), distance(1e-3, 1600)
    assert same == pytest.approx(large, rel=0.4)
    assert small == pytest.approx(large / 2, rel=0.4)


def test_seeds_growing_batches_and_chunks(network, monkeypatch):
    from plateaux.numerics.time_scales import network as module

    a, u = network
    task, times = Task.of("gelu", PHI, 1e-2), [0.01, 0.02]
    grow = lambda t: 10 + 1000 * t  # noqa: E731
    one, two = (stochastic(task, 1e-3, times, a, u, grow, 4) for _ in range(2))
    assert np.array_equal(one["a"], two["a"]) and one.made_by.seed == 4
    assert dict(one.made_by.detail)["inputs"] == sum(10 + n for n in range(20))
    assert not np.array_equal(one["a"], stochastic(task, 1e-3, times, a, u, grow, 5)["a"])
    whole = stochastic(task, 1e-3, times, a, u, 64, 0)
    monkeypatch.setattr(module, "CHUNK", 16)
    pieces = stochastic(task, 1e-3, times, a, u, 64, 0)
    np.testing.assert_allclose(pieces["a"], whole["a"], rtol=1e-12, atol=1e-13)
    assert whole["length"].max() < 1e-12


@pytest.mark.slow
def test_one_pass_follows_the_theory():
    """Population risk along the path of batches of 2000 against the order parameters: noise and step below a tenth."""
    a, u = weights(20), directions(20, 50, np.random.default_rng(0))
    task, times = Task([1, 1, 1, 1], PHI, 1e-2), np.linspace(0, 0.4, 41)
    theory = simulate("order-parameters", task, times, a, u=u)
    run = simulate("sgd", task, times, a, u=u, step=2e-4, batch=2000, seed=0)
    assert np.abs(run["risk"] - theory["risk"]).max() < 0.05
    assert falls(run, task).at(1) == pytest.approx(falls(theory, task).at(1), rel=0.05)


def test_what_breaks_the_order_is_said():
    assert canonical(Task([1, 1, 1], [1, 1, 1], 0.1), weights(4)) == ""
    for sigma, phi, a, text in (
        ([1, 0, 1], [1, 1, 1], weights(4), "sigma_1 phi_1 = 0"),
        ([1, 1, 0], [1, 1, 1], weights(4), "degree 2 of the target is not in the activation"),
        ([1, 1, 1, 1], [1, 1, 0, 1], weights(4), "no signal at degree 2"),
        ([1, 1, 1], [1, 1, 1], np.array([-1.0, 1, -1, 1]), "2 different weights: degree 2 needs at least 3"),
    ):
        words = canonical(Task(sigma, phi, 0.1), a)
        assert text in words and "\n" not in words


def test_bad_input_is_refused_in_one_line(network):
    a, u = network
    task = Task.of("relu", PHI, 1e-2)
    for call, text in [
        (lambda: Task.of("relux", PHI, 0.1), "relux"),
        (lambda: Task.of([1, 1], [1, 1, 1], 0.1), "target: 3 coefficients"),
        (lambda: Task.of("relu", PHI, 0.1, 2), "degree: 2"),
        (lambda: Task.of(lambda x: np.exp(x**2), PHI, 0.1), "variance"),
        (lambda: Task([1, 1], [1, 1], 0.1, rest=-1.0), "rest: -1.0"),
        (lambda: stochastic(task, 1e-3, [1e-3], a, u, 0), "batch: 0"),
        (lambda: stochastic(task, 1e-3, [1e-3], a, u, lambda t: np.nan), "batch: nan"),
        (lambda: simulate("sgd", task, [0.1], a, u=u), "step: missing"),
        (lambda: simulate("sgd", task, [0.1], a, np.zeros(6), step=0.1), "u: sgd"),
        (lambda: simulate("gradient-flow", task, [0.1], a, u=u, batch=3), "batch: not an argument"),
        (lambda: simulate("diagonal", task, [0.1], a, np.zeros(6), u=u), "u: not together"),
    ]:
        with pytest.raises(ValueError, match=text) as caught:
            call()
        assert "\n" not in str(caught.value)

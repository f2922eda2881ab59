"""Distances from a start: closed forms at infinite width, brute force at small size, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from plateaux.numerics.deep_linear import balanced, costs, distances, infinite, network

TARGET = np.diag([2.0, 1.0, 0.5])


def two_layer_distance(goals: np.ndarray, kappa: float) -> float:
    """Infinite width: ``2 kappa l/(1 - l^2)^2 = s*``, ``d^2 = 2 kappa l^2 (1 + l^2)/(1 - l^2)^2``, modes in squares."""
    from scipy.optimize import brentq

    total = 0.0
    for goal in goals:
        x = brentq(lambda x, goal=goal: 2 * kappa * x - goal * (1 - x * x) ** 2, 0, 1, xtol=1e-15)
        total += 2 * kappa * x**2 * (1 + x**2) / (1 - x**2) ** 2
    return float(np.sqrt(total))


@pytest.mark.parametrize("kappa", [0.05, 1.0, 20.0])
def test_two_layers_at_infinite_width(kappa: float) -> None:
    # Grams kappa I and no overlap: the deterministic start of the limit.
    r = np.sqrt(kappa)
    start = (r * np.eye(6, 3), r * np.eye(6, 3, -3).T)
    assert distances.minimum_distance(start, TARGET).value == pytest.approx(
        two_layer_distance(np.diag(TARGET), kappa), rel=1e-10
    )


def test_two_layers_at_finite_width() -> None:
    draws = [
        distances.minimum_distance(network.gaussian(3, 3, 10_000, 2, 1.0, seed=seed), TARGET).value for seed in range(8)
    ]
    assert np.mean(draws) == pytest.approx(1.37118, abs=0.02)
    assert two_layer_distance(np.diag(TARGET), 1.0) == pytest.approx(1.37118, abs=1e-5)


def test_three_layers_at_infinite_width() -> None:
    """The trees, and their depth."""
    values = {
        depth: float(
            np.sqrt(sum(distances.minimum_distance(infinite.tree(3, depth), s).value ** 2 for s in (2, 1, 0.5)))
        )
        for depth in (3, 9)
    }
    assert values[9] == pytest.approx(1.0338276, abs=1e-7)
    assert values[3] == pytest.approx(1.03399, abs=1e-5)


@pytest.mark.parametrize(
    ("layers", "gamma", "width"), [(2, 1.5, 200), (3, 0.85, 50), (3, 1.5, 60), (4, 1.5, 60), (5, 1.0, 30)]
)
def test_the_point_is_on_the_fibre_and_the_fixed_point(layers: int, gamma: float, width: int) -> None:
    start = network.gaussian(3, 3, width, layers, width ** (1 - gamma), seed=1)
    found = distances.minimum_distance(start, TARGET)
    assert np.abs(network.product(found.weights) - TARGET).max() < 1e-12
    moved = network.flatten(found.weights) - network.flatten(start)
    assert np.linalg.norm(moved) == pytest.approx(found.value, rel=1e-12)
    # W - W_0 = J' M for one multiplier of the map's shape.
    J = np.array([network.flatten(network.pull_back(found.weights, E.reshape(3, 3))) for E in np.eye(9)]).T
    left = moved - J @ np.linalg.lstsq(J, moved)[0]
    assert np.linalg.norm(left) < 1e-8


@pytest.mark.parametrize(("width", "tries"), [(5, 0), (2, 20)])
def test_no_point_of_the_fibre_is_nearer_at_small_size(width: int, tries: int) -> None:
    """As narrow as the map, the branch of the lazy end is not the nearest: further searches are needed."""
    from scipy.optimize import minimize

    start, goal = network.gaussian(2, 2, width, 3, 0.5, seed=3), np.diag([1.0, 0.4])
    found, y = distances.minimum_distance(start, goal, tries=tries), network.flatten(start)
    rule = {"type": "eq", "fun": lambda v: (network.product(network.unflatten(v, start)) - goal).ravel()}
    rng, best = np.random.default_rng(0), np.inf
    for _ in range(20):
        run = minimize(
            lambda v: np.sum((v - y) ** 2) / 2,
            y + rng.standard_normal(y.size),
            jac=lambda v: v - y,
            constraints=rule,
            method="SLSQP",
            options={"maxiter": 300, "ftol": 1e-13},
        )
        if run.success:
            best = min(best, float(np.sqrt(2 * run.fun)))
    assert found.value == pytest.approx(best, abs=1e-5)


def gradient(weights: network.Layers, target: np.ndarray) -> float:
    return float(np.linalg.norm(network.flatten(balanced.factor_rate(weights, costs.squared_error(target)))))


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (2, 3)])
@pytest.mark.parametrize("layers", [2, 3, 4])
@pytest.mark.parametrize("kappa", [0.1, 5.0])
def test_saddles_are_critical_and_no_minima(layers: int, kappa: float, shape: tuple[int, int]) -> None:
    target = np.zeros(shape)
    target[0, 0], target[1, 1] = 2, 1  # one mode of value 0 at least, unless the shape leaves none
    start = network.gaussian(*shape, 12, layers, kappa, seed=5)
    found = distances.saddle_distance(start, target)
    assert gradient(found.weights, target) < 1e-8
    assert np.linalg.norm(network.product(found.weights) - target) > 0.9
    moved = network.flatten(found.weights) - network.flatten(start)
    assert np.linalg.norm(moved) == pytest.approx(found.value, rel=1e-9)
    assert found.exact == (layers == 2)


@pytest.mark.parametrize(("layers", "size"), [(2, 2), (3, 1)])
def test_no_critical_point_is_nearer_at_small_size(layers: int, size: int) -> None:
    from scipy.optimize import minimize

    target = np.diag([1.0, 0.4][:size])
    start = network.gaussian(size, size, 3, layers, 1.0, seed=2)
    cost, y = costs.squared_error(target), network.flatten(start)
    slope = lambda v: network.flatten(balanced.factor_rate(network.unflatten(v, start), cost))  # noqa: E731
    found, rng, best = distances.saddle_distance(start, target), np.random.default_rng(0), np.inf
    # A penalty: the constraints of a critical set are degenerate, which a solver with equalities does not bear.
    for _ in range(12):
        v = y + rng.standard_normal(y.size)
        for weight in (1e1, 1e3, 1e5, 1e7):

            def penalty(v: np.ndarray, weight: float = weight) -> tuple[float, np.ndarray]:
                g, h = slope(v), 1e-5
                Hg = (slope(v + h * g) - slope(v - h * g)) / (2 * h)
                return float(np.sum((v - y) ** 2) / 2 + weight * np.sum(g**2)), v - y + 2 * weight * Hg

            v = minimize(penalty, v, method="BFGS", jac=True).x
        if (
            np.linalg.norm(slope(v)) < 1e-3
            and np.linalg.norm(network.product(network.unflatten(v, start)) - target) > 0.2
        ):
            best = min(best, float(np.linalg.norm(v - y)))
    assert found.exact
    assert found.value == pytest.approx(best, rel=3e-3)


def test_three_layers_scalar_constant() -> None:
    start = [np.sqrt(0.3) * W for W in infinite.tree(3, 40)]
    assert distances.saddle_distance(start, 1.0).value ** 2 == pytest.approx(0.45, rel=1e-10)


@pytest.mark.slow
def test_three_layers_scalar_at_finite_width() -> None:
    """Limit ``3/2 kappa``, approached from below; a mean of draws."""
    kappa = 0.3
    draws = [
        distances.saddle_distance(network.gaussian(1, 1, 600, 3, kappa, seed=seed), 1.0).value ** 2 / kappa
        for seed in range(20)
    ]
    assert np.mean(draws) == pytest.approx(1.457, abs=4 * 0.07 / np.sqrt(20))


@pytest.mark.slow
@pytest.mark.parametrize("width", [200, 400])
def test_four_layers_of_small_start_converge(width: int) -> None:
    start = network.gaussian(3, 3, width, 4, width**-0.5, seed=1)
    found = distances.minimum_distance(start, TARGET)
    # From below towards the norm of balanced factors.
    assert 2.4 < found.value < np.sqrt(4 * np.sum(np.diag(TARGET) ** 0.5))


def test_refusals_and_no_convergence() -> None:
    start = network.gaussian(3, 3, 20, 3, 0.1, seed=1)
    with pytest.raises(
        RuntimeError, match=r"^distance to the global minima: gradient .* after 1 Newton steps, above 0.0001$"
    ):
        distances.minimum_distance(start, TARGET, most=1)
    for call, message in (
        (lambda: distances.minimum_distance(start, np.eye(2)), "target: has shape"),
        (lambda: distances.minimum_distance(network.gaussian(3, 3, 2, 3, 1.0), TARGET), "target: has rank 3"),
        (lambda: distances.minimum_distance([np.eye(3)], TARGET), "weights: has 1 layer"),
        (lambda: distances.saddle_distance(start, np.eye(3)), "target: singular values 1 and 2"),
        (lambda: distances.saddle_distance(start, 0 * TARGET), "target: is 0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()

"""Local minima against weight decay: roots, thresholds, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from plateaux.numerics.deep_linear import costs, paths


@pytest.mark.parametrize("layers", [3, 4, 7])
def test_roots_and_thresholds_against_polynomials(layers: int) -> None:
    goal = 1.3
    local, everywhere = paths.thresholds(goal, layers)
    assert local / everywhere == pytest.approx(layers * 2 ** (2 / layers - 2), rel=1e-13)
    lam = 0.8 * local
    coefficients = np.zeros(2 * layers - 1)
    coefficients[0], coefficients[layers], coefficients[-1] = 1, -goal, lam
    roots = np.roots(coefficients)
    largest = max(roots.real[(abs(roots.imag) < 1e-9) & (roots.real > 0)])
    assert paths.minimum(goal, lam, layers) == pytest.approx(largest**layers, rel=1e-10)
    assert np.isnan(paths.minimum(goal, local * (1 + 1e-9), layers))


def test_one_minimum_per_prefix_and_the_jump() -> None:
    target = np.diag([2.0, 1.0])
    jump = paths.thresholds(1.0, 3)[1]
    for lam, best in ((0.99 * jump, 2), (1.01 * jump, 1)):
        found = paths.local_minima(target, lam, 3)
        assert [one.rank for one in found] == [0, 1, 2]
        assert min(found, key=lambda one: one.loss).rank == best
    (only,) = paths.local_minima(target, 0.5, 2)
    assert only.s == pytest.approx([1.5, 0.5])


def test_equal_values_are_refused() -> None:
    with pytest.raises(ValueError, match="target: singular values 1 and 2"):
        paths.local_minima(np.eye(2), 0.1, 3)


def test_a_mode_is_lost_where_it_disappears_and_not_where_it_stops_being_best() -> None:
    target, lams = np.diag([2.0, 1.0]), np.array([0.3, 0.39, 0.41, 0.46, 0.49])
    (local, everywhere) = paths.thresholds(1.0, 3)
    assert 0.39 < everywhere < 0.41 < 0.46 < local < 0.49
    up, down, lowest = paths.hysteresis(target, lams, 3)
    assert paths.jumps(up) == ((0.46, 0.49, -1),)
    assert paths.jumps(lowest) == ((0.39, 0.41, -1),)
    assert paths.jumps(down) == ()
    assert up["values"][0] == pytest.approx(lowest["values"][0], abs=1e-7)
    assert down["values"][-1] == pytest.approx(paths.local_minima(target, 0.3, 3)[1].s, abs=1e-7)
    # Between the two thresholds the path is a minimum that is not the lowest one.
    assert up["loss"][2] > lowest["loss"][2] + 1e-3


def test_two_layers_have_no_hysteresis() -> None:
    up, down, lowest = paths.hysteresis(np.diag([2.0, 1.0]), [0.8, 0.95, 1.05], 2)
    assert paths.jumps(up) == paths.jumps(lowest) == ((0.95, 1.05, -1),)
    assert paths.jumps(down) == ((1.05, 0.95, 1),)


@pytest.mark.slow
def test_a_larger_disturbance_brings_the_mode_back_earlier() -> None:
    """One mode, three layers: zero is left where its basin, of size about ``lam/s*``, is within the disturbance."""
    cost, lams = costs.scalar(1.0), np.geomspace(0.3, 0.003, 13)
    zero = (np.zeros((1, 1)),) * 3
    returns = []
    for kick in (0.02, 0.1):
        path = paths.sweep(cost, lams, 3, zero, kick=kick, seed=4)
        returns.append(next((after for _, after, change in paths.jumps(path) if change > 0), 0.0))
    assert 0 < returns[0] < returns[1] < paths.thresholds(1.0, 3)[0]


@pytest.mark.parametrize(("std", "ranks"), [(0.03, [1, 1, 1, 1]), (0.3, [1, 2, 2, 2])])
def test_two_by_two_completion(std: float, ranks: list[int]) -> None:
    """The local minimum of rank one predicts better than the global one of rank two."""
    found = [paths.two_by_two(std, seed) for seed in range(4)]
    assert [one.rank for one in found] == ranks
    for one in found:
        error, loss = {1: (0.567, 0.0334955), 2: (2.6905, 0.0294047)}[one.rank]
        assert one.hidden_error == pytest.approx(error, abs=1e-3)
        assert one.loss == pytest.approx(loss, abs=1e-7)


@pytest.mark.slow
def test_two_layers_reach_one_minimum_only() -> None:
    maps = [paths.two_by_two(std, seed, layers=2).A for std in (0.03, 0.3) for seed in range(3)]
    assert np.abs(np.array(maps) - maps[0]).max() < 1e-4


def test_no_end_is_said() -> None:
    with pytest.raises(RuntimeError, match=r"^two-by-two: gradient above 1e-30 after 20000 steps of gradient descent$"):
        paths.two_by_two(0.3, 1, most=20_000, tol=1e-30)
    with pytest.raises(RuntimeError, match=r"^path: speed .* at time 0.1 with decay 0.2, above 1e-09$"):
        paths.sweep(costs.scalar(1.0), [0.2], 3, longest=0.1)
    for decays in ([0.2, 0.1, 0.3], [0.0, 0.1], [0.1, 0.1]):
        with pytest.raises(ValueError, match="decays: positive numbers"):
            paths.sweep(costs.scalar(1.0), decays, 3)

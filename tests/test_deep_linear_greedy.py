"""Greedy sequence, saddles along a run, curvature blocks against the Hessian."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from plateaux.numerics.deep_linear import balanced, costs, descent, greedy, network, saddles


def test_greedy_finds_the_minimal_rank_and_misses_it_on_the_failing_mask() -> None:
    stages = greedy.greedy(costs.completion(), 2)
    assert [one.rank for one in stages] == [0, 1, 2, 3]
    assert [one.loss for one in stages[1:3]] == pytest.approx([1.751152, 0.311161], abs=2e-5)
    assert costs.completion().hidden_error(stages[-1].A) < 1e-5
    failing = costs.failing_completion()
    missed = greedy.greedy(failing, 2, zero=1e-11)
    assert missed[-1].rank == 3
    assert failing.hidden_error(missed[-1].A) > 0.05


@pytest.mark.parametrize("layers", [2, 3])
def test_saddles_of_a_run_are_the_prefixes(layers: int) -> None:
    target, scale = np.diag([3.0, 2.0, 1.0]), 1e-6 if layers == 2 else 1e-2
    start = network.gaussian(3, 3, 5, layers, scale**2 * 5, seed=1)
    times = np.linspace(0, 30 if layers == 2 else 300, 3000)
    curve, _ = descent.layer_flow(start, costs.squared_error(target), times, method="LSODA")
    found = saddles.find_saddles(curve, target)
    assert [one.modes for one in found] == [(1,), (1, 2)]
    assert [one.rank for one in found] == [1, 2]
    assert [one.loss for one in found] == pytest.approx([2.5, 0.5], rel=0.05)


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_curvature_blocks_against_the_hessian(layers: int) -> None:
    goals = np.array([3.0, 2.0, 1.0])
    cost = costs.squared_error(np.diag(goals))
    for size in range(4):
        for S in combinations((1, 2, 3), size):
            kept = np.where(np.isin([1, 2, 3], S), goals, 0.0)
            thin = balanced.balanced_layers(np.diag(kept), layers)
            # One unused unit: width 4.
            weights = tuple(
                np.pad(W, ((0, int(place < layers - 1)), (0, int(place > 0)))) for place, W in enumerate(thin)
            )
            y = network.flatten(weights)

            def slope(y: np.ndarray, weights: network.Layers = weights) -> np.ndarray:
                return -network.flatten(balanced.factor_rate(network.unflatten(y, weights), cost))

            h = 1e-5
            H = np.array([(slope(y + h * e) - slope(y - h * e)) / (2 * h) for e in np.eye(y.size)])
            negative = int(np.sum(np.linalg.eigvalsh((H + H.T) / 2) < -1e-5))
            if layers > 2 and not S:
                assert negative == 0
            assert saddles.curvatures(cost.target, S, layers, 4).negative == negative


@pytest.mark.slow
@pytest.mark.parametrize(("layers", "error"), [(2, 0.110), (3, 0.105)])
def test_failing_mask(layers: int, error: float) -> None:
    """Zero loss at the minimal rank, with other hidden entries."""
    cost = costs.failing_completion()
    last = greedy.greedy(cost, layers)[-1]
    assert last.rank == 3 and last.loss < 1e-12
    assert cost.hidden_error(last.A) == pytest.approx(error, abs=5e-4)


@pytest.mark.slow
def test_three_layers_visit_the_greedy_sequence() -> None:
    """Completion from standard deviation 1e-3: the run comes within 1e-6 of every greedy point, and its plateaus are they."""
    cost = costs.completion()
    stages = greedy.greedy(cost, 3)
    assert [one.rank for one in stages] == [0, 1, 2, 3]
    assert [one.loss for one in stages[1:3]] == pytest.approx([1.751150, 0.311161], abs=1e-6)
    start = network.gaussian(8, 8, 8, 3, 8e-6, seed=2)
    times = np.linspace(0, 900, 4501)
    curve, _ = descent.layer_flow(start, cost, times, method="LSODA", rtol=1e-11, atol=1e-14)
    for stage in stages[1:]:
        assert np.linalg.norm(curve["A"] - stage.A, axis=(1, 2)).min() < 1e-6
    found = saddles.find_saddles(curve, costs.cosine_target())
    assert [one.modes for one in found] == [(1,), (1, 2)]
    assert [one.rank for one in found] == [1, 2]
    assert [one.loss for one in found] == pytest.approx([1.751150, 0.311161], abs=1e-6)

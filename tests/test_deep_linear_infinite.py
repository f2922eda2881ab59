"""Infinite width by trees: the closed form, its truncation error, random networks of finite width."""

from __future__ import annotations

import numpy as np
import pytest

from plateaux.numerics.deep_linear import costs, descent, infinite, network
from plateaux.theory.deep_linear.tree import chain, tree_flow

TIMES = np.linspace(0.1, 2, 8)


def test_two_layers_are_the_closed_form() -> None:
    for kappa in (1e-3, 1.0, 10.0):
        found = infinite.infinite_mode(TIMES, 1.3, kappa, 2)["p"]
        assert np.abs(found - infinite.two_layer_mode(TIMES, 1.3, kappa)).max() < 1e-10


def test_three_layers_truncation() -> None:
    curve = infinite.infinite_mode(TIMES, 1.0, 1.0, 3)
    assert curve["truncation"].max() < 1e-10
    deep = infinite.infinite_mode(TIMES, 1.0, 1.0, 3, depth=10)
    assert np.abs(curve["p"] - deep["p"]).max() < 1e-10
    assert infinite.infinite_mode(TIMES, 1.0, 1.0, 3, depth=1)["truncation"].max() > 1e-3
    assert sum(W.size for W in infinite.tree(3, 5)) == 48


def test_moments_of_the_tree_are_catalan_numbers() -> None:
    W1, W, _ = infinite.tree(3, 12)
    v, found = W1[:, 0], []
    for _ in range(5):
        found.append(float(W1[:, 0] @ v))
        v = W.T @ (W @ v)
    assert found == [1, 1, 2, 5, 14]


@pytest.mark.parametrize("layers", [3, 4])
def test_random_networks_approach_the_limit(layers: int) -> None:
    limit = infinite.infinite_mode([0.25, 0.5], 1.0, 1.0, layers)["p"]
    runs = []
    for seed in range(24):
        start = network.gaussian(1, 1, 150, layers, 1.0, seed=(layers, seed))
        runs.append(descent.descend(start, costs.scalar(1.0), 0.005, 100, record=50)[0]["A"][1:, 0, 0])
    error = np.std(runs, axis=0, ddof=1) / np.sqrt(len(runs))
    assert (np.abs(np.mean(runs, axis=0) - limit) < 4 * error + 0.02).all()


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_modes_decouple(layers: int) -> None:
    """The tree of every input and output, tensored: the whole map against one mode at a time."""
    target = np.array([[1.0, 0.3], [-0.4, 0.6]])
    depth = {2: 0, 3: 4, 4: 4}[layers]
    start = tuple(np.sqrt(0.8) * W for W in blocks(infinite.tree(layers, depth)))
    full, _ = descent.layer_flow(start, costs.squared_error(target), TIMES, rtol=1e-12, atol=1e-14)
    # The wrapper returns the deeper of its two trees.
    found = infinite.infinite_map(TIMES, target, 0.8, layers, depth - max(1, layers - 2) if layers > 2 else 0)
    assert np.abs(found["A"] - full["A"]).max() < 1e-10


def blocks(weights: network.Layers) -> network.Layers:
    """Two copies of the scalar network: it is a sum over inputs and outputs as long as both trees keep their own units."""
    return tuple(np.kron(W, np.eye(2)) for W in weights)


@pytest.mark.parametrize("level", [1, 2])
def test_the_derived_chain_is_the_tree(level: int) -> None:
    """Both paths of the numerics as one symmetric chain of half as many weights."""
    from scipy.integrate import solve_ivp
    from sympy import lambdify

    one, goal, kappa = tree_flow(level), 1.5, 0.7
    letters = {str(letter): letter for _, value in (*one.equations, *one.given) for letter in value.free_symbols}
    table = {letters["s_star"]: goal, letters["kappa"]: kappa}
    rate = lambdify(one.items, [value.subs(table) for _, value in one.equations])
    start = [float(value.subs(table)) for _, value in one.given]
    times = np.linspace(0, 4, 9)
    run = solve_ivp(lambda t, y: rate(*y), (0, 4), start, t_eval=times, rtol=1e-12, atol=1e-13)
    a, m = chain(level)
    mode = lambdify(one.items, (a.T * m * a)[0])(*run.y)
    start_layers = tuple(np.sqrt(kappa) * W for W in infinite.tree(3, level))
    maps, _ = descent.layer_flow(start_layers, costs.scalar(goal), times, rtol=1e-12)
    np.testing.assert_allclose(mode, np.ravel(maps["A"]), atol=1e-9)

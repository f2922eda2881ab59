"""Flows, descent, laws at any width, costs: against independent oracles."""

from __future__ import annotations

import numpy as np
import pytest

from plateaux.numerics.deep_linear import balanced, costs, descent, law, modes, network, root
from plateaux.numerics.fit import power_law

RNG = np.random.default_rng(3)
TARGET = RNG.standard_normal((4, 3))


def inputs() -> costs.Cost:
    S = np.random.default_rng(5).standard_normal((3, 6))
    return costs.correlated(TARGET, S @ S.T / 6)


@pytest.mark.parametrize("cost", [costs.squared_error(TARGET), inputs(), costs.completion()])
def test_gradient_is_the_derivative_of_the_value(cost: costs.Cost) -> None:
    rng = np.random.default_rng(1)
    A, V = rng.standard_normal((2, *cost.shape))
    slope = (cost.value(A + 1e-3 * V) - cost.value(A - 1e-3 * V)) / 2e-3
    assert slope == pytest.approx(np.sum(cost.gradient(A) * V), rel=1e-9)


def test_completions() -> None:
    assert np.linalg.svd(costs.cosine_target(), compute_uv=False)[:4] == pytest.approx([4, 2, 1, 0], abs=1e-14)
    assert np.sum(~costs.failing_completion().mask) == 25
    assert costs.completion().hidden_error(costs.cosine_target()) == 0


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5])
def test_factors_against_one_decomposition_and_layers(layers: int) -> None:
    A0 = 0.5 * np.random.default_rng(7).standard_normal((4, 3))
    times = [0.5, 1.5]
    cost, weights = inputs(), balanced.balanced_layers(A0, layers)
    rates = balanced.factor_rate(weights, cost, 0.07)
    moved = [(*weights[:place], rates[place], *weights[place + 1 :]) for place in range(layers)]
    by_factors = sum(network.product(one) for one in moved)
    by_svd = balanced.svd_rate(A0, cost, layers, 0.07)
    assert np.abs(by_factors - by_svd).max() < 1e-14 * np.abs(by_svd).max()
    # The difference of the solutions falls with the tolerance of the solver: a tight one.
    factors = balanced.balanced_flow(cost, A0, layers, times, decay=0.07, rtol=1e-12, atol=1e-15)
    other = balanced.balanced_flow(cost, A0, layers, times, decay=0.07, by="svd", rtol=1e-12, atol=1e-15)
    assert np.abs(factors["A"] - other["A"]).max() < 1e-9
    assert factors["imbalance"].max() < 1e-10


def test_descent_converges_to_the_flow_at_first_order() -> None:
    start = network.gaussian(4, 3, 5, 3, 0.5, seed=2)
    cost, etas = inputs(), [0.02, 0.01, 0.005, 0.0025]
    true = descent.layer_flow(start, cost, [1.0], decay=0.05)[0]["A"][-1]
    errors = [
        np.linalg.norm(
            descent.descend(start, cost, eta, round(1 / eta), decay=0.05, record=round(1 / eta))[0]["A"][-1] - true
        )
        for eta in etas
    ]
    assert power_law(etas, errors).local == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_compression_is_exact_for_one_block_more_than_the_steps(steps: int) -> None:
    start, cost = network.gaussian(2, 3, 60, 3, 1.0, seed=4), costs.squared_error(TARGET[:2])
    full = descent.descend(start, cost, 0.1, steps)[0]["A"]
    same = descent.descend(law.compress(start, steps + 1), cost, 0.1, steps)[0]["A"]
    fewer = descent.descend(law.compress(start, steps), cost, 0.1, steps)[0]["A"]
    assert np.abs(same - full).max() < 1e-13
    assert np.abs(fewer - full).max() > 1e-12


@pytest.mark.parametrize("layers", [2, 3])
def test_sampler_has_the_law_of_the_full_network(layers: int) -> None:
    from scipy.stats import ks_2samp

    cost, draws, width = costs.squared_error(TARGET[:2, :2]), 500, 20
    found = []
    for draw in range(draws):
        full = network.gaussian(2, 2, width, layers, 1.0, seed=(1, draw))
        short = (
            law.two_layers(2, 2, width, 1.0, (2, draw))
            if layers == 2
            else law.three_layers(2, 2, width, 1.0, 4, (2, draw))
        )
        found.append([descent.descend(one, cost, 0.1, 3)[0]["A"][[0, 3]].ravel() for one in (full, short)])
    a, b = np.swapaxes(np.array(found), 0, 1)
    for column in range(a.shape[1]):
        assert ks_2samp(a[:, column], b[:, column]).pvalue > 1e-3
        assert ks_2samp(a[:, column] ** 2, b[:, column] ** 2).pvalue > 1e-3


@pytest.mark.parametrize("layers", [1, 2, 3, 5])
@pytest.mark.parametrize("width", [4, balanced.SMALL + 10])
def test_fields_are_the_factor_rate(layers: int, width: int) -> None:
    """Compiled and by BLAS in buffers; neither changes its argument nor returns a buffer."""
    for cost in (costs.squared_error(TARGET), inputs(), costs.masked(TARGET, np.arange(12).reshape(4, 3) % 4 != 1)):
        start = network.gaussian(4, 3, width, layers, 0.7, seed=9)
        field, y = balanced.factor_field(start, cost, 0.3), network.flatten(start)
        found, kept = field(0.0, y), y.copy()
        again = field(0.0, np.vstack([2 * y, y]).T[:, 1])  # strided
        assert (again == found).all() and (y == kept).all() and again is not found
        true = network.flatten(balanced.factor_rate(start, cost, 0.3))
        assert np.abs(found - true).max() < 1e-13 * np.abs(true).max()


@pytest.mark.parametrize("kind", ["whitened", "correlated", "masked"])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3)])
def test_one_factor_of_three_layers(kind: str, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    target, A = rng.standard_normal((2, *shape))
    S = rng.standard_normal((shape[1], 6))
    cost = costs.Cost(
        target,
        inputs=S @ S.T / 6 if kind == "correlated" else None,
        mask=np.indices(shape).sum(0) % 3 != 1 if kind == "masked" else None,
    )
    flow = root.root_flow(cost, 0.2)
    y = flow.put(A)
    assert np.abs(flow.take(y) - A).max() < 1e-14 * 10
    v = flow.rate(0.0, y)
    # The map is a polynomial of degree three in the factor: this difference is its derivative but for h^2.
    h = 1e-5
    moved = (flow.take(y + h * v) - flow.take(y - h * v)) / (2 * h)
    assert np.abs(moved - balanced.svd_rate(A, cost, 3, 0.2)).max() < 1e-7
    curves = [balanced.balanced_flow(cost, A, 3, [1.0], decay=0.2, by=by)["A"] for by in ("root", "svd")]
    assert np.abs(curves[0] - curves[1]).max() < 1e-9


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("cost", [costs.squared_error(TARGET), inputs()])
def test_both_descents_are_the_plain_one(layers: int, cost: costs.Cost, monkeypatch: pytest.MonkeyPatch) -> None:
    start, eta, decay = network.gaussian(4, 3, 7, layers, 0.7, seed=3), 0.05, 0.1
    now, maps = start, []
    for step in range(13):
        if step % 3 == 0:
            maps.append(network.product(now))
        if step < 12:
            now = tuple(W + eta * slope for W, slope in zip(now, balanced.factor_rate(now, cost, decay)))
    for small in (0, 100):
        monkeypatch.setattr(descent, "SMALL", small)
        curve, last = descent.descend(start, cost, eta, 12, decay=decay, record=3)
        assert np.abs(curve["A"] - np.array(maps)).max() < 1e-13
        assert max(np.abs(a - b).max() for a, b in zip(last, now)) < 1e-13
        assert list(curve["step"]) == [0, 3, 6, 9, 12]
        with pytest.raises(RuntimeError, match="diverged before step 200; the learning rate is 500"):
            descent.descend(start, cost, 500.0, 400, record=200)


def test_the_law_test_has_power(monkeypatch: pytest.MonkeyPatch) -> None:
    """Degrees of freedom that begin one lower (j from 1) are detected on the same statistics and seeds."""
    from scipy.stats import ks_2samp

    right = law.bartlett

    def rows(start: int) -> np.ndarray:
        out = []
        for draw in range(1200):
            first, W, last = law.three_layers(2, 2, 5, 1.0, 2, (start, draw))
            out.append([np.sum(first**2) + np.sum(last**2), np.sum(W**2)])
        return np.array(out)

    def full() -> np.ndarray:
        out = []
        for draw in range(1200):
            first, W, last = network.gaussian(2, 2, 5, 3, 1.0, seed=(3, draw))
            # The same numbers of the full network: in its two blocks.
            short = law.compress((first, W, last), 2)
            out.append([np.sum(first**2) + np.sum(last**2), np.sum(short[1] ** 2)])
        return np.array(out)

    true = full()
    good = rows(1)
    monkeypatch.setattr(law, "bartlett", lambda rng, size, degrees: right(rng, size, degrees - 1))
    wrong = rows(1)
    for column in range(2):
        assert ks_2samp(true[:, column], good[:, column]).pvalue > 1e-3
        assert ks_2samp(true[:, column], wrong[:, column]).pvalue < 1e-6


def test_refusals() -> None:
    hidden = np.ones((3, 3), bool)
    hidden[1] = False
    for call, message in (
        (lambda: costs.masked(np.eye(3), hidden), "mask: hides all of row 1"),
        (lambda: costs.masked(np.eye(3), hidden.T), "mask: hides all of column 1"),
        (lambda: costs.distinct_values(np.eye(2)), "target: singular values 1 and 2"),
        (lambda: balanced.balanced_layers(np.eye(2), 0), "layers: 0"),
        (lambda: modes.value_at(1.0, 0.0, 1.0, 3), "s_0: 0.0"),
        (lambda: law.three_layers(2, 2, 5, 1.0, 4), "blocks: 4 need 8 units"),
    ):
        with pytest.raises(ValueError, match=message):
            call()

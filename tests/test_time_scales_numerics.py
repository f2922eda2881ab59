"""Simulators of the time-scales: derived flows against the network by hand, the risk against its formula, regimes, figures."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sympy import Float, Integer, Rational

from plateaux.derivations import time_scales
from plateaux.derivations.compare import compare
from plateaux.derivations.points import evaluate
from plateaux.numerics.time_scales import (
    Task,
    descend,
    directions,
    gradient_flow,
    gradients,
    kernel,
    overlaps,
    parameters,
    regime,
    risk,
    simulate,
    velocities,
    weights,
)
from plateaux.theory.time_scales.letters import K, a, m, phi, r, rest, s, sigma
from plateaux.theory.time_scales.letters import eps as letter

PAPER = time_scales.PAPER
BOOK = PAPER.book()
TASK = Task([1, 0.9, 0.7, 0.4], [0.5, 1, 0.8, 0.6], 1e-2, rest=0.3)
COMPARISONS = {one.id: one for one in PAPER.comparisons}


class Entries:
    """Values of a family for the evaluator of formulas."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def at(self, indices):
        return float(self.values[indices])


@pytest.fixture
def network():
    rng = np.random.default_rng(3)
    return weights(5), directions(5, 7, rng)


def test_gradients_are_differences_of_the_risk(network):
    a0, u0 = network

    def value(a_, u_):
        return risk("network", TASK, a_[None], u_[:, 0][None], (u_ @ u_.T)[None])[0]

    by_a, by_u = gradients(TASK, a0, u0)
    h = 1e-6
    for place in range(5):
        step = h * np.eye(5)[place]
        assert by_a[place] == pytest.approx((value(a0 + step, u0) - value(a0 - step, u0)) / (2 * h), abs=1e-9)
        for c in range(7):
            step = np.zeros((5, 7))
            step[place, c] = h
            assert by_u[place, c] == pytest.approx((value(a0, u0 + step) - value(a0, u0 - step)) / (2 * h), abs=1e-9)


def test_risk_of_the_network_is_a_mean_over_inputs(network):
    """Monte Carlo with the activation itself, within five standard errors."""
    a0, u0 = network
    x = np.random.default_rng(0).standard_normal((400_000, 7))
    hermite = [
        lambda z: 1 + 0 * z,
        lambda z: z,
        lambda z: (z**2 - 1) / np.sqrt(2),
        lambda z: (z**3 - 3 * z) / np.sqrt(6),
    ]
    out = sum(c * h(x @ u0.T) for c, h in zip(TASK.sigma, hermite)) @ a0 / 5
    errors = (sum(c * h(x[:, 0]) for c, h in zip(TASK.phi, hermite)) - out) ** 2 / 2
    found = risk("network", replace(TASK, rest=0.0), a0[None], u0[:, 0][None], (u0 @ u0.T)[None])[0]
    assert abs(found - errors.mean()) < 5 * errors.std() / np.sqrt(len(errors))


@pytest.mark.parametrize(
    "level, id", [("network", "risk"), ("diagonal", "diagonal-risk"), ("mean-field", "mean-field-risk")]
)
def test_risks_are_the_formulas(network, level, id):
    a0, u0 = network
    s0, r0 = overlaps(u0)
    point = {m: Integer(5), K: Integer(3), a: Entries(a0), s: Entries(s0), r: Entries(r0)}
    point |= {sigma: Entries(TASK.sigma), phi: Entries(TASK.phi), rest: Rational(str(TASK.rest))}
    wanted = evaluate(BOOK.formula(f"time-scales.{id}").value, point)
    given = r0[None] if level == "network" else None
    assert risk(level, TASK, a0[None], s0[None], given)[0] == pytest.approx(float(wanted), rel=1e-13)


def test_compiled_rates_are_those_of_the_network(network):
    a0, u0 = network
    da, du = velocities(TASK, a0, u0)
    s0, r0 = overlaps(u0)
    bound = kernel("order-parameters").bind({"a": a0, "s": s0, "r": r0}, TASK.finite)
    rate = bound.unpack(bound.function(0.0, bound.pack({"a": a0, "s": s0, "r": r0})))
    np.testing.assert_allclose(rate["a"], da, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(rate["s"], du[:, 0], rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(rate["r"], du @ u0.T + u0 @ du.T, rtol=1e-11, atol=1e-12)
    assert np.all(np.diag(rate["r"]) == 0)  # the sphere, exactly


def test_closed_equations_against_the_network_flow(network):
    a0, u0 = network
    s0, r0 = overlaps(u0)
    times = np.linspace(0, 0.3, 16)
    theory = simulate("order-parameters", TASK, times, a0, s0, r0, rtol=1e-11)
    observed = gradient_flow(TASK, times, a0, u0, rtol=1e-11)
    assert np.abs(theory["risk"] - observed["risk"]).max() < 1e-9
    assert np.all(theory["r"][:, range(5), range(5)] == 1)
    assert observed["length"].max() < 1e-12 and np.all(np.diff(theory["risk"]) < 1e-12)


def test_symmetries(network):
    """The target's sign: s -> -s with odd coefficients of the target reversed; the activation's sign: a -> -a."""
    a0, _ = network
    s0, times = 0.1 * np.cos(np.arange(5.0)), np.linspace(0, 0.2, 5)
    plain = simulate("diagonal", TASK, times, a0, s0)
    flipped = simulate("diagonal", replace(TASK, phi=TASK.phi * [1, -1, 1, -1]), times, a0, -s0)
    negative = simulate("diagonal", replace(TASK, sigma=-TASK.sigma), times, -a0, s0)
    for other, sign in ((flipped, (1, -1)), (negative, (-1, 1))):
        np.testing.assert_allclose(other["a"], sign[0] * plain["a"], atol=1e-8)
        np.testing.assert_allclose(other["s"], sign[1] * plain["s"], atol=1e-8)


@pytest.mark.parametrize("eps", [1e-4, 1e-6, 1e-8])
def test_half_time_of_degree_zero(eps):
    task = Task([2.0, 1.0, 1.0], [0.5, 1.0, 0.8], eps)
    value = BOOK.formula("time-scales.half-time-zero").value
    wanted = float(value.xreplace({sigma[0]: Integer(2), letter: Float(eps)}))
    times = np.concatenate([[0.0], wanted * np.array([1 - 1e-4, 1 + 1e-4])])
    mean = simulate("mean-field", task, times, weights(8), np.zeros(8), rtol=1e-10, warn=False)["moments"][:, 0]
    assert mean[1] < 0.125 < mean[2]


def test_stiff_and_explicit_agree():
    task, times = Task([1, 1, 1], [0.5, 1, 0.8], 1e-3), np.linspace(0, 0.3, 13)
    runs = [
        simulate("mean-field", task, times, weights(8), np.zeros(8), method=method, warn=False)["risk"]
        for method in ("DOP853", "LSODA", "Radau")
    ]
    assert np.abs(runs[1] - runs[0]).max() < 1e-6 and np.abs(runs[2] - runs[0]).max() < 1e-6


def test_cost_is_flat_in_the_ratio_of_time_scales():
    calls = []
    for eps in (1e-4, 1e-8):
        task, times = Task([1, 1, 1], [0.5, 1, 0.8], eps), np.linspace(0, 3 * eps**0.25, 5)
        run = simulate("mean-field", task, times, weights(16), np.zeros(16), rtol=1e-6, warn=False)
        calls.append(dict(run.made_by.detail)["evaluations"])
        assert run["risk"][-1] < 1e-3
    assert calls[1] < 3 * calls[0]


def test_regime_is_said_in_one_line():
    assert regime(TASK, 1000, 0.4, 1e4) == ""
    for m_, d in ((10, np.inf), (1000, 50), (10, 50)):
        words = regime(TASK, m_, 0.4, d)
        assert ("m eps" in words) == (m_ == 10) and ("d eps" in words) == (d == 50) and "\n" not in words
    with pytest.warns(UserWarning, match="m eps = 0.05 < T = 0.4"):
        simulate("mean-field", TASK, [0.0, 0.4], weights(5), np.zeros(5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate("diagonal", TASK, [0.0, 0.4], weights(5), np.zeros(5))
        simulate("mean-field", TASK, [0.0, 0.4], weights(5), np.zeros(5), warn=False)


def test_bad_input_is_refused_in_one_line(network):
    a0, u0 = network
    s0, r0 = overlaps(u0)
    for call, text in [
        (lambda: Task([1, 1], [1, 1, 1], 0.1), "phi: 3 coefficients"),
        (lambda: Task([1, 1], [1, 1], 0.0), "eps: 0.0"),
        (lambda: Task([1, np.nan], [1, 1], 0.1), "sigma"),
        (lambda: Task([1], [1], 0.1), "sigma"),
        (lambda: weights(1), "m: 1"),
        (lambda: directions(3, 1, np.random.default_rng(0)), "d: 1"),
        (lambda: simulate("exact", TASK, [0.1], a0, s0), "level"),
        (lambda: simulate("mean-field", TASK, [0.1], a0, s0[:2]), "s: has shape"),
        (lambda: simulate("mean-field", TASK, [0.1], a0, 2 + s0), "between -1 and 1"),
        (lambda: simulate("mean-field", TASK, [0.1], a0, s0, r0), "only order-parameters"),
        (lambda: simulate("order-parameters", TASK, [0.1], a0, s0), "r: has shape"),
        (lambda: simulate("order-parameters", TASK, [0.1], a0, s0, 2 * r0), "ones on the diagonal"),
        (lambda: gradient_flow(TASK, [0.1], a0, 2 * u0), "length one"),
        (lambda: gradient_flow(TASK, [0.1], a0, u0[:3]), "one row for each"),
        (lambda: descend(TASK, 0.0, [0.1], a0, u0), "step: 0.0"),
        (lambda: descend(TASK, 0.03, [0.1], a0, u0), "multiples"),
    ]:
        with pytest.raises(ValueError, match=text) as caught:
            call()
        assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("of", ["time-scales.network-flow", "time-scales.descent-order"])
def test_comparison_with_the_network(of, seed):
    found = compare(COMPARISONS[of], BOOK, seed)
    assert found.ok, str(found)


def test_a_wrong_book_fails_the_comparison():
    """A flow twice as fast is measured against the mean field."""
    system = BOOK.system("time-scales.phase-one")
    wrong = replace(system, equations=tuple((item, 2 * rate) for item, rate in system.equations))
    assert not compare(COMPARISONS["time-scales.phase-one-order"], BOOK.with_entry(wrong)).ok


@pytest.mark.parametrize("level", ["mean-field", "diagonal"])
def test_jacobian_at_the_start_without_overlap(level):
    """Powers of zero: the derived Jacobian at s = 0 is that of differences."""
    a0, s0 = weights(4), np.zeros(4)
    bound = kernel(level).bind({"a": a0, "s": s0}, parameters(level, TASK))
    y, h = bound.pack({"a": a0, "s": s0}), 1e-6
    moves = h * np.eye(8)
    wanted = np.stack([(bound.function(0, y + e) - bound.function(0, y - e)) / (2 * h) for e in moves], axis=1)
    np.testing.assert_allclose(bound.jacobian(0, y), wanted, rtol=1e-7, atol=1e-6)

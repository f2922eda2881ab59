"""Stiff flows of the time-scales: structured Newton, exact symmetry, constrained growth, times of learning."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from plateaux.numerics.curve import Curve
from plateaux.numerics.time_scales import (
    Task,
    after_phase_one,
    constrained,
    directions,
    falls,
    intermittency,
    kernel,
    overlaps,
    parameters,
    simulate,
    structured,
    weights,
)
from plateaux.numerics.time_scales.constrained import ascent, gradients
from plateaux.numerics.time_scales.flows import book
from plateaux.numerics.time_scales.matrix import rate

SIGMA, PHI = [1.0, 1.0, 1.0, 1.0], [0.5, 1.0, 0.8, 0.6]
TASK = Task([1, 0.9, 0.7, 0.4], PHI, 1e-3, rest=0.2)


def log_times(eps, end, points=120):
    return np.concatenate([[0.0], np.geomspace(eps / 30, end, points)])


@pytest.mark.parametrize("level", ["mean-field", "diagonal"])
@pytest.mark.parametrize("start", ["random", "zero"])
def test_structured_jacobian_is_the_dense_one(level, start):
    rng = np.random.default_rng(0)
    m, a = 7, rng.standard_normal(7)
    s = rng.uniform(-0.6, 0.6, m) if start == "random" else np.zeros(m)
    bound = kernel(level).bind({"a": a, "s": s}, parameters(level, TASK))
    y, b = bound.pack({"a": a, "s": s}), rng.standard_normal(2 * m)
    J = structured.jacobian(book(level), parameters(level, TASK), m)(y)
    dense = bound.jacobian(0.0, y)
    assert np.abs(J.dense() - dense).max() < 1e-14 * np.abs(dense).max()
    for scale in (1.0, 2.0 + 3.0j):
        x = structured.solve(structured.factor((scale, 0.01 * J)), b)
        wanted = np.linalg.solve(scale * np.eye(2 * m) - 0.01 * dense, b)
        np.testing.assert_allclose(x, wanted, rtol=1e-11, atol=1e-13)


def test_a_coupled_system_is_refused():
    """Overlaps of pairs couple neurons beyond their moments."""
    from sympy import Idx

    from plateaux.theory.time_scales.letters import a, i, m, s

    two = Idx("q", m)
    with pytest.raises(ValueError, match="beyond their moments"):
        structured.derivative(a[i] * s[two], s[i], i)


@pytest.mark.parametrize("level", ["mean-field", "diagonal"])
@pytest.mark.parametrize("method", ["BDF", pytest.param("Radau", marks=pytest.mark.slow)])
def test_structured_run_is_the_dense_one(level, method):
    task = Task(SIGMA, PHI, 1e-6, rest=0.1)
    times = log_times(1e-6, 0.1, 20)
    runs = [
        simulate(level, task, times, weights(8), np.zeros(8), rtol=1e-8, method=name, warn=False)["a"]
        for name in (method, f"structured-{method}")
    ]
    np.testing.assert_allclose(runs[1], runs[0], rtol=1e-5, atol=1e-5)


def test_matrix_rate_is_that_of_the_loops():
    a, u = weights(9), directions(9, 12, np.random.default_rng(0))
    s, r = overlaps(u)
    bound = kernel("order-parameters").bind({"a": a, "s": s, "r": r}, TASK.finite)
    y = bound.pack({"a": a, "s": s, "r": r})
    wanted = bound.function(0.0, y)
    assert np.abs(rate(TASK, 9)(0.0, y) - wanted).max() < 1e-14 * np.abs(wanted).max()
    times = np.linspace(0, 0.05, 4)
    runs = [simulate("order-parameters", TASK, times, a, u=u, method=name) for name in ("loops", "matrix")]
    assert np.abs(runs[0]["risk"] - runs[1]["risk"]).max() < 1e-8 and "matrix" in str(runs[1].made_by)


@pytest.mark.parametrize("method", ["LSODA", pytest.param("BDF", marks=pytest.mark.slow), "structured-BDF"])
def test_equal_neurons_stay_equal(method):
    """Two-valued weights at eps = 1e-10: implicit solvers split the groups by rounding if every neuron is integrated."""
    task = Task(SIGMA[:3], PHI[:3], 1e-10)
    run = simulate(
        "mean-field",
        task,
        log_times(1e-10, 0.4, 40),
        np.tile([-1.0, 1.0], 5),
        np.zeros(10),
        rtol=1e-8,
        method=method,
        warn=False,
    )
    for item in "as":
        assert np.all(run[item] == np.tile(run[item][:, :2], 5))
    two = simulate("mean-field", task, run["time"], [-1.0, 1.0], np.zeros(2), rtol=1e-8, warn=False)
    assert falls(run, task).at(2) == pytest.approx(falls(two, task).at(2), rel=1e-6)
    assert falls(two, task).at(2) == pytest.approx(0.1509, abs=1e-4)  # of order one: two atoms are too few for degree 2


def hand(S, A):
    """Multipliers of degree 2, solved by hand: derivative of <A> and <A S> zero."""
    lam = -(np.mean(S**3) - S.mean() * np.mean(S**2) + 2 * np.mean(A**2 * S)) / (S.var() + np.mean(A**2))
    return np.array([-lam * S.mean() - np.mean(S**2), lam])


def test_multipliers_of_degree_two_are_those_by_hand():
    rng = np.random.default_rng(1)
    A = rng.standard_normal(6)
    A -= A.mean()
    S = rng.standard_normal(6)
    out, found = ascent(2, A, S, (0, 1))
    np.testing.assert_allclose(found, hand(S, A), rtol=1e-12)
    np.testing.assert_allclose(out, gradients(A, S, (2, 0, 1)) @ [1, *found], rtol=1e-11, atol=1e-12)
    held = gradients(A, S, (0, 1))
    assert np.abs(held.T @ out).max() < 1e-13


def test_blow_up_of_three_neurons_against_another_integration():
    """Unscaled time, Radau, the multipliers by hand, and the law of the blow-up for what is left."""
    A, S = after_phase_one(weights(3))

    def flow(t, y):
        A, S = y[:3], y[3:]
        low, high = hand(S, A)
        return np.concatenate([S**2 + low + high * S, A * (2 * S + high)])

    def far(t, y):
        return np.mean(y[:3] * y[3:] ** 2) - 1e5

    far.terminal = True
    run = solve_ivp(flow, (0, 3), np.concatenate([A, S]), "Radau", rtol=1e-10, atol=1e-10, events=far)
    C = 54 ** (1 / 3)  # two winners, m = 3
    assert constrained(2, 1.0, A, S).time == pytest.approx(run.t[-1] + 3 / C * 1e5 ** (-1 / 3), abs=1e-5)


@pytest.mark.parametrize("m, T", [(3, 1.6749), (4, 1.44112), (8, 1.06349), (16, 0.8852)])
def test_blow_up_times_and_rays(m, T):
    """Published project numbers (four to five digits), and C of the ray of two winners."""
    found = constrained(2, 1.0, *after_phase_one(weights(m)))
    assert found.time == pytest.approx(T, abs=1.1e-4)
    assert found.prefactor(1e11) == pytest.approx((54 * (m - 2)) ** (1 / 3), rel=1e-4)
    assert found.curve["drift"].max() < 1e-10


def test_prefactor_of_many_neurons_drifts():
    found = constrained(2, 1.0, *after_phase_one(weights(64)), until=1e21)
    assert found.time == pytest.approx(0.7138, abs=1e-4)
    for M, C in ((1e4, 10.3), (1e6, 10.7), (1e10, 11.6), (1e13, 12.9), (1e20, 14.96)):
        assert found.prefactor(M) == pytest.approx(C, abs=0.06)


def test_scaling_and_reflection_of_the_constrained_flow():
    a = np.array([-1, -0.5, 0.2, 2.3])
    one = constrained(2, 1.0, *after_phase_one(a)).time
    other = constrained(2, -1.0, *after_phase_one(a)).time
    assert other == pytest.approx(constrained(2, 1.0, *after_phase_one(-a)).time, rel=1e-8)
    assert (one, other) == (pytest.approx(1.4442, abs=1e-4), pytest.approx(1.4470, abs=1e-4))
    scaled = constrained(2, 0.4, *after_phase_one(a, kappa=4.0)).time
    assert scaled == pytest.approx(one / (0.4 * 2), rel=1e-7)


def test_start_of_the_next_phase_is_on_its_manifold():
    first = constrained(2, 0.8, *after_phase_one(weights(5)))
    A, S = first.start(0.8)
    assert [np.mean(A * S**j) for j in range(3)] == pytest.approx([0, 0, 0.8], abs=1e-7)
    third = constrained(3, 0.6, A, S)
    assert third.time > 0 and third.curve["drift"].max() < 1e-10


def test_two_atoms_do_not_blow_up():
    with pytest.raises(RuntimeError, match="no blow-up"):
        constrained(2, 1.0, *after_phase_one(np.array([-1.0, 1.0, -1.0, 1.0])), limit=30)


@pytest.mark.parametrize("m", [4, pytest.param(8, marks=pytest.mark.slow)])
def test_time_of_degree_two_approaches_its_law(m):
    """t_2 = t_1 + T_2/(g kappa_1^(1/2)) eps^(1/4) - k_2 eps^(1/3): the constant k_2 comes out, eps = 1e-16."""
    eps, task = 1e-16, Task(SIGMA[:3], PHI[:3], 1e-16)
    run = simulate("mean-field", task, log_times(eps, 2.5 * eps**0.25), weights(m), np.zeros(m), rtol=1e-9, warn=False)
    found = falls(run, task)
    A, S = after_phase_one(weights(m))
    growth = constrained(2, 0.8, A, S)
    C = growth.prefactor(1e11)
    k = 2.55075 / (0.8 * C * 0.8 ** (1 / 3))
    measured = (found.at(2) - found.at(1) - growth.time * eps**0.25) / eps ** (1 / 3)
    assert measured == pytest.approx(-k, rel=0.08)
    assert found.width(2) / eps ** (1 / 3) == pytest.approx(6.02821 / (0.8 * C * 0.8 ** (1 / 3)), rel=0.05)
    assert found.at(0) == pytest.approx(eps * np.log(2), rel=1e-7)


@pytest.mark.slow
def test_falls_do_not_depend_on_the_recorded_times():
    task = Task(SIGMA, PHI, 1e-6)
    roots = []
    for points in (30, 97):
        run = simulate(
            "mean-field", task, log_times(1e-6, 0.5, points), weights(4), np.zeros(4), rtol=1e-10, warn=False
        )
        roots.append(falls(run, task).times)
    np.testing.assert_allclose(roots[1], roots[0], rtol=1e-6)


def test_intermittency_of_known_curves():
    times = np.geomspace(1e-6, 1, 2001)
    power = intermittency(Curve((("time", times),), (("risk", times**-0.7),)))
    np.testing.assert_allclose(power.slope, 0.7, rtol=1e-9)
    assert power.share == pytest.approx(0.9, rel=1e-6) and not power.peaks.size
    step = 1 / (1 + (times / 1e-4) ** 8) + 1e-3 / (1 + (times / 1e-2) ** 8)
    two = intermittency(Curve((("time", times),), (("risk", step + 1e-6),)))
    assert two.share < 0.3 and len(two.peaks) == 2
    with pytest.raises(ValueError, match="does not fall"):
        intermittency(Curve((("time", times),), (("risk", 1 + times),)))


def test_bad_input_is_refused_in_one_line():
    A, S = after_phase_one(weights(4))
    task, zero = Task(SIGMA, PHI, 1e-2), np.zeros(4)
    for call, text in [
        (lambda: constrained(1, 1.0, A, S), "l: 1"),
        (lambda: constrained(2, 0.0, A, S), "g: 0.0"),
        (lambda: constrained(2, 1.0, A, S[:2]), "S: has shape"),
        (lambda: constrained(2, 1.0, A, S, degrees=(2,)), "degrees"),
        (lambda: constrained(2, 1.0, A, S).prefactor(1e30), "M: 1e\\+30"),
        (lambda: constrained(2, 1.0, A, S).start(-1.0), "kappa: -1.0"),
        (lambda: after_phase_one(np.ones(3)), "spread"),
        (
            lambda: simulate("mean-field", task, [0.1], A, zero, method="matrix", warn=False),
            "one of order-parameters only",
        ),
        (lambda: simulate("mean-field", task, [0.1], A, zero, method="structured-LSODA", warn=False), "structured-BDF"),
        (lambda: simulate("mean-field", task, [0.1], A, zero, step=0.1), "step: not an argument"),
        (lambda: simulate("mean-field", task, [0.1], A), "s: missing"),
    ]:
        with pytest.raises(ValueError, match=text) as caught:
            call()
        assert "\n" not in str(caught.value)

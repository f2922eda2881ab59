"""Gradient descent on two-layer linear networks: width reduction, sampling in law, update orders, conserved quantities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, ks_2samp

from plateaux.numerics.mixed import (
    CorrelatedError,
    Descent,
    MaskedError,
    SquaredError,
    Stop,
    Weights,
    descend,
    gaussian,
    gaussian_full,
    gram,
    isospectral_descend,
    manifold_defect,
    on_manifold,
    orthogonal,
    reduce_width,
    step_matrix,
    teacher,
)

RNG = np.random.default_rng(7)
TARGET = RNG.standard_normal((5, 4))
ORDERS = ("sequential", "simultaneous")


def costs(shape):
    rng = np.random.default_rng(1)
    M, X = rng.standard_normal(shape), rng.standard_normal((shape[1], 9))
    return (
        SquaredError(M),
        MaskedError(M, (rng.random(shape) < 0.6).astype(float)),
        CorrelatedError(M, X @ X.T / 9),
    )


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "extra", [{}, {"momentum": 0.7}, {"weight_decay": 0.05}, {"momentum": 0.5, "weight_decay": 0.1}]
)
@pytest.mark.parametrize("index", range(3))
def test_width_reduced_descent_is_brute_force(order, extra, index):
    cost = costs((5, 4))[index]
    full = gaussian_full(5, 4, 50, 0.05, 3)
    arguments = dict(order=order, columns=("A",), record=100, **extra)
    brute = descend(full, cost, 0.01, 1000, **arguments)["A"]
    reduced = descend(reduce_width(full), cost, 0.01, 1000, **arguments)["A"]
    assert reduce_width(full).width == 9
    assert np.abs(brute[-1] - brute[0]).max() > 0.1
    assert np.abs(brute - reduced).max() <= 1e-12 * np.abs(brute).max()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("decay", "momentum"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.6), (0.2, 0.6)])
def test_step_is_the_textbook_step(order, decay, momentum):
    start, eta = gaussian_full(5, 4, 6, 0.3, 1), 0.03
    W1, W2 = start.W1.copy(), start.W2.copy()
    V1, V2 = np.zeros_like(W1), np.zeros_like(W2)
    for _ in range(20):
        G, old = W2 @ W1 - TARGET, W1
        V1 = momentum * V1 + W2.T @ G + decay * W1
        W1 = W1 - eta * V1
        V2 = momentum * V2 + G @ (W1 if order == "sequential" else old).T + decay * W2
        W2 = W2 - eta * V2
    run = descend(
        start, SquaredError(TARGET), eta, 20, order=order, weight_decay=decay, momentum=momentum, columns=("W1", "W2")
    )
    assert np.allclose(run["W1"][-1], W1, rtol=0, atol=1e-13)
    assert np.allclose(run["W2"][-1], W2, rtol=0, atol=1e-13)


@pytest.mark.parametrize("sample", [gaussian, gaussian_full])
def test_each_layer_has_its_own_variance(sample):
    """Traces over their variance are chi squared with as many degrees of freedom as weights."""
    weights = sample(3, 2, 400, 0.5, 2, variance_2=8.0)
    for trace, degrees in (
        (np.trace(weights.W1.T @ weights.W1) / 0.5, 800),
        (np.trace(weights.W2 @ weights.W2.T) / 8, 1200),
    ):
        assert 1e-8 < chi2(degrees).cdf(trace) < 1 - 1e-8


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("width", [7, 30])
def test_descent_moves_the_gram_matrix_by_its_own_map(order, width):
    eta, steps = 0.005, 2000
    weights = gaussian_full(5, 4, width, 0.1, 5)
    P = weights.P
    for _ in range(steps):
        G = P[:5, 5:] - TARGET
        if order == "simultaneous":
            T = np.eye(9)
            T[:5, 5:], T[5:, :5] = -eta * G, -eta * G.T
        else:
            first, second = np.eye(9), np.eye(9)
            first[5:, :5], second[:5, 5:] = -eta * G.T, -eta * G
            T = second @ first
        P = T @ P @ T.T
    end = descend(weights, SquaredError(TARGET), eta, steps, order=order, record=steps, columns=("W1", "W2"))
    assert np.abs(Weights(end["W1"][-1], end["W2"][-1]).P - P).max() <= 1e-12 * np.abs(P).max()


def determinants(order, eta, steps=50):
    run = descend(gaussian(5, 4, 40, 0.1, 2), SquaredError(TARGET), eta, steps, order=order, columns=("W1", "W2", "A"))
    P = np.array([Weights(a, b).P for a, b in zip(run["W1"], run["W2"])])
    return np.linalg.slogdet(P)[1], run["A"] - TARGET


def test_sequential_update_conserves_the_determinant():
    log_det, _ = determinants("sequential", 0.02)
    assert np.ptp(log_det) <= 1e-11


def test_simultaneous_update_shrinks_the_determinant_as_predicted():
    eta = 0.02
    log_det, G = determinants("simultaneous", eta)
    shrink = 2 * np.linalg.slogdet(np.eye(5) - eta**2 * G @ G.swapaxes(1, 2))[1]
    assert np.allclose(np.diff(log_det), shrink[:-1], rtol=0, atol=1e-11)
    assert np.ptp(log_det) > 1e-3


def statistics(sample, count):
    P = np.array([sample(seed).P for seed in range(count)])
    n = P.shape[1]
    weight = np.linspace(1, 2, n)
    return np.stack(
        [
            P[:, 0, 0],
            P[:, -1, -1],
            P[:, 0, -1],
            np.linalg.eigvalsh(P)[:, -1],
            np.einsum("i,tij,j->t", weight, P, weight),
        ]
    )


@pytest.mark.parametrize(("d_out", "d_in", "width"), [(2, 2, 10), (2, 2, 3), (3, 2, 1), (3, 2, 2), (1, 2, 3)])
def test_sampling_in_law(d_out, d_in, width):
    count = 4000
    law = statistics(lambda s: gaussian(d_out, d_in, width, 0.5, s, variance_2=2.0), count)
    sampled = statistics(lambda s: gaussian_full(d_out, d_in, width, 0.5, s + 10**6, variance_2=2.0), count)
    wrong = statistics(lambda s: gaussian(d_out, d_in, width + 1, 0.5, s, variance_2=2.0), count)
    values = [ks_2samp(a, b).pvalue for a, b in zip(law, sampled)]
    assert min(values) > 1e-7
    assert min(ks_2samp(a, b).pvalue for a, b in zip(wrong, sampled)) < 1e-7


def test_width_of_a_million_millions():
    width, variance = 10**12, 1e-12
    weights = gaussian(3, 2, 1e12, variance, 4)
    P = weights.P  # tau = 1: P - I has entries of size 1/sqrt(w)
    assert weights.width == 5
    assert np.abs((P - np.eye(5)) * np.sqrt(width)).max() < 6
    total = np.trace(gaussian(3, 2, 50, 1.0, 1).P)
    assert 1e-9 < chi2(250).cdf(total) < 1 - 1e-9


def test_gaussian_is_the_triangular_factor():
    Q = gaussian(3, 2, 100, 1.0, 0).Q
    assert np.array_equal(Q, np.tril(Q)) and (np.diag(Q) > 0).all()
    assert gaussian(3, 2, 2, 1.0, 0).width == 2


@pytest.mark.parametrize("index", range(3))
def test_gram_form_is_the_sequential_update(index):
    cost, weights = costs((5, 4))[index], gaussian(5, 4, 30, 0.1, 3)
    arguments = {"columns": ("A", "C1", "C2"), "record": 100}
    plain = descend(weights, cost, 0.01, 1000, **arguments)
    fast = descend(weights, cost, 0.01, 1000, form="gram", **arguments)
    for name in arguments["columns"]:
        assert np.abs(plain[name] - fast[name]).max() <= 1e-12 * np.abs(plain[name]).max()


def mode_map(order, eta, m, s, a, b, steps):
    path = [(s, a, b)]
    for _ in range(steps):
        g = s - m
        if order == "simultaneous":
            s, a, b = (
                s - eta * g * (a + b) + eta**2 * g**2 * s,
                a - 2 * eta * g * s + eta**2 * g**2 * b,
                b - 2 * eta * g * s + eta**2 * g**2 * a,
            )
        else:
            half = s - eta * g * a
            b = b - 2 * eta * g * s + eta**2 * g**2 * a
            s, a = half - eta * g * b, a - 2 * eta * g * half + eta**2 * g**2 * b
        path.append((s, a, b))
    return np.array(path)


@pytest.mark.parametrize("order", ORDERS)
def test_exact_discrete_mode_map(order):
    m, tau, eta, steps = np.array([2.0, 1.0, 0.3]), 0.05, 0.02, 300
    weights = on_manifold(np.zeros((3, 4)), tau, 2 * tau)  # W2 W2^T = 2 tau, W1^T W1 = tau
    run = descend(weights, SquaredError(np.eye(3, 4) * m[:, None]), eta, steps, order=order, columns=("A", "W1", "W2"))
    for i in range(3):
        path = mode_map(order, eta, m[i], 0.0, 2 * tau, tau, steps)
        a = (run["W2"][:, i] ** 2).sum(axis=1)
        b = (run["W1"][:, :, i] ** 2).sum(axis=1)
        assert np.allclose(path, np.stack([run["A"][:, i, i], a, b], axis=1), rtol=1e-12, atol=1e-13)
        if order == "sequential":
            assert np.allclose(path[:, 1] * path[:, 2] - path[:, 0] ** 2, 2 * tau**2, rtol=1e-10)
    off = run["A"][:, ~np.eye(3, 4, dtype=bool)]
    assert np.abs(off).max() < 1e-14


def gram_error(eta, order, end=1.0):
    weights = on_manifold(0.3 * RNG_A, 0.2)
    run = descend(
        weights,
        SquaredError(TARGET),
        eta,
        round(end / eta),
        order=order,
        record=round(end / eta),
        columns=("A", "W1", "W2"),
    )
    exact = gram(end, weights.Q, TARGET, 0.0, 0.04)[0]
    P = Weights(run["W1"][-1], run["W2"][-1]).P
    return np.abs(run["A"][-1] - exact[:5, 5:]).max(), np.abs(manifold_defect(P, 5, 0.0, 0.04)).max()


RNG_A = np.random.default_rng(3).standard_normal((5, 4))


@pytest.mark.parametrize("order", ORDERS)
def test_descent_converges_to_the_flow_at_first_order_and_keeps_the_manifold_to_first_order(order):
    coarse, fine = np.array(gram_error(2e-4, order)), np.array(gram_error(1e-4, order))
    assert np.allclose(coarse / fine, 2, atol=0.05)


@pytest.mark.parametrize("kind", ["cayley", "exponential"])
@pytest.mark.parametrize("shape", [(5, 4), (4, 5)])
def test_isospectral_steps_conserve_spectrum_and_manifold(kind, shape):
    M = np.resize(TARGET, shape)
    cost, J = SquaredError(M), np.diag(np.repeat([1.0, -1.0], shape))
    weights = gaussian(*shape, 12, 0.1, 1)
    end = isospectral_descend(weights, cost, 0.05, 200, kind)
    spectrum = [np.sort(np.linalg.eigvals(w.P @ J).real) for w in (weights, end)]
    assert np.allclose(*spectrum, rtol=1e-11, atol=1e-12)
    assert np.abs(end.A - weights.A).max() > 0.1
    plain = descend(weights, cost, 0.05, 200, order="simultaneous", columns=("W1", "W2"), record=200)
    drift = np.sort(np.linalg.eigvals(Weights(plain["W1"][-1], plain["W2"][-1]).P @ J).real)
    assert np.abs(drift - spectrum[0]).max() > 1e-4
    start = on_manifold(np.resize(RNG_A, shape), 0.3)
    moved = isospectral_descend(start, cost, 0.05, 200, kind)
    assert np.abs(manifold_defect(moved.P, shape[0], 0.0, 0.09)).max() < 1e-11
    T = step_matrix(RNG.standard_normal(shape), 0.1, kind)
    assert np.allclose(T @ J @ T.T, J, atol=1e-13)


def test_cayley_step_is_the_cayley_transform():
    G, eta = RNG.standard_normal((3, 2)), 0.3
    F = np.block([[np.zeros((3, 3)), G], [G.T, np.zeros((2, 2))]])
    assert np.allclose(
        step_matrix(G, eta), np.linalg.solve(np.eye(5) + eta * F / 2, np.eye(5) - eta * F / 2), atol=1e-14
    )
    with pytest.raises(ValueError, match="eta"):
        step_matrix(np.diag([4.0, 1.0]), 0.5)


def test_float32_stays_float32_and_close():
    weights, cost = gaussian(5, 4, 1e6, 1e-6, 0, dtype=np.float32), SquaredError(TARGET)
    run = descend(weights, cost, 0.01, 300, columns=("A", "loss"))
    double = descend(
        Weights(weights.W1.astype(float), weights.W2.astype(float)), cost, 0.01, 300, columns=("A", "loss")
    )
    assert run["A"].dtype == np.float32
    assert np.abs(run["A"] - double["A"]).max() < 300 * 2e-7 * np.abs(double["A"]).max()


def test_step_works_in_place():
    run = Descent(gaussian(5, 4, 100, 0.01, 0), SquaredError(TARGET), 0.01, "simultaneous", 0.1, 0.9)
    places = [array.ctypes.data for array in (run.W1, run.W2, run.A, run.G)]
    before = run.W1.copy()
    run.look()
    run.step()
    assert places == [array.ctypes.data for array in (run.W1, run.W2, run.A, run.G)]
    assert np.abs(run.W1 - before).max() > 0


def test_weights_given_are_not_modified():
    weights = gaussian(5, 4, 100, 0.01, 0)
    W1 = weights.W1.copy()
    descend(weights, SquaredError(TARGET), 0.1, 5)
    assert np.array_equal(weights.W1, W1)


def test_columns_and_records():
    data = teacher(6, 2, 1)
    run = descend(
        gaussian(6, 6, 1000, 1e-3, 0), SquaredError(data.target), 0.01, 40, signal=data.signal, record=[0, 7, 40],
        columns=("loss", "test error", "singular values", "stable rank", "A"),
    )  # fmt: skip
    assert run["step"].tolist() == [0, 7, 40]
    assert np.allclose(run["time"], [0, 0.07, 0.4])
    assert np.allclose(run["loss"], ((run["A"] - data.target) ** 2).mean(axis=(1, 2)))
    assert np.allclose(run["test error"], ((run["A"] - data.signal) ** 2).mean(axis=(1, 2)))
    s = run["singular values"]
    assert np.allclose(run["stable rank"], (s**2).sum(axis=1) / s[:, 0] ** 2)
    assert descend(gaussian(6, 6, 1000, 1e-3, 0), SquaredError(data.target), 0.01, 40, record=15)["step"].tolist() == [
        0,
        15,
        30,
        40,
    ]


def test_stopping_rules():
    stop = Stop()
    assert stop([9e-4], [1.0])
    assert not stop([2e-3], [1.0])
    assert stop([1.0, 0.5, 0.4999], [1, 1, 1])
    assert not stop([1.0, 0.5, 0.4997], [1, 1, 1])
    assert not stop([1.0, 0.9999], [1, 1])
    rising = [1.0, 0.5, 0.6, 0.7]
    assert not stop(list(np.linspace(1, 0.5, 4)), rising)
    assert stop(list(np.linspace(1, 0.5, 5)), [1.0, *rising])
    assert not stop(list(np.linspace(1, 0.5, 5)), [1.0, 1.0, 0.5, 0.6, 0.6])
    data = teacher(30, 2, 1)
    run = descend(
        orthogonal(30, 30, 0.1),
        SquaredError(data.target),
        1e-3,
        2000,
        signal=data.signal,
        stop=stop,
        columns=("test error",),
    )
    test = run["test error"]
    assert len(test) < 2001 and test[-3] < test[-2] < test[-1] and np.argmin(test) == len(test) - 3


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 40), st.integers(0, 10**6))
def test_reduction_keeps_the_gram_matrix(d_out, d_in, width, seed):
    full = gaussian_full(d_out, d_in, width, 1.0, seed)
    reduced = reduce_width(full)
    assert reduced.width == min(width, d_out + d_in)
    assert np.abs(full.P - reduced.P).max() <= 1e-13 * np.abs(full.P).max()


GOOD = gaussian(5, 4, 20, 0.1, 0)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: gaussian(3, 2, 0, 1.0), "width: 0"),
        (lambda: gaussian(3, 2, 2.5, 1.0), "width: 2.5"),
        (lambda: gaussian(3, 2, float("inf"), 1.0), "width: inf"),
        (lambda: gaussian(3, 2, 5, -1.0), "variance: -1.0"),
        (lambda: gaussian(3, 2, 5, 1.0, variance_2=-2.0), "variance_2: -2.0"),
        (lambda: gaussian(0, 2, 5, 1.0), "d_out: 0"),
        (lambda: teacher(3, 4), "k: 4"),
        (lambda: teacher(3, 0), "k: 0"),
        (lambda: SquaredError(np.array([[np.nan]])), "target"),
        (lambda: SquaredError(np.zeros(3)), "target"),
        (lambda: MaskedError(np.eye(2), np.full((2, 2), 0.5)), "mask"),
        (lambda: MaskedError(np.eye(2), np.eye(3)), "mask"),
        (lambda: CorrelatedError(np.eye(2), np.array([[1.0, 2], [0, 1]])), "covariance"),
        (lambda: CorrelatedError(np.eye(2), -np.eye(2)), "covariance"),
        (lambda: CorrelatedError(np.eye(2), np.eye(3)), "covariance"),
        (lambda: Weights(np.zeros((3, 2)), np.zeros((2, 4))), "W2"),
        (lambda: descend(GOOD, SquaredError(TARGET.T), 0.1, 3), "cost"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, order="both"), "order: 'both'"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.0, 3), "eta: 0.0"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, -3), "steps: -3"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, momentum=1.0), "momentum: 1.0"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, weight_decay=-1.0), "weight_decay"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, columns=("los",)), "columns: 'los'"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, record=[0, 4]), "record"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, stop=Stop()), "signal"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, signal=TARGET.T), "signal"),
        (lambda: descend(GOOD, SquaredError(TARGET), 5.0, 300), "diverge"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, form="P"), "form: 'P'"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, form="gram", order="simultaneous"), "form: 'gram'"),
        (lambda: descend(GOOD, SquaredError(TARGET), 0.1, 3, form="gram", columns=("W1",)), "form: 'gram'"),
        (lambda: on_manifold(TARGET, -1.0), "tau: -1.0"),
        (lambda: isospectral_descend(GOOD, SquaredError(TARGET), 0.1, 3, "euler"), "kind: 'euler'"),
    ],
)
def test_bad_input(call, name):
    with pytest.raises(ValueError, match=name) as error:
        call()
    assert "\n" not in str(error.value)

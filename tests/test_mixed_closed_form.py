"""Closed forms of two-layer linear networks against 40-digit matrix exponentials, tight integration and exact identities."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import sqrtm

from plateaux.numerics.mixed import (
    Weights,
    balanced,
    balanced_correction,
    factor,
    gaussian,
    gram,
    gram_curve,
    manifold_defect,
    on_manifold,
    orthogonal,
    solution,
    split,
    teacher,
)


def exact_gram(t, L, M, lam, rho):
    """P(t) from the exponential of the Hamiltonian, at 40 digits beyond its own growth."""
    d_out, d_in = M.shape
    n = d_out + d_in
    size = np.sqrt(np.linalg.norm(M, 2) ** 2 + lam**2 / 4 + rho)
    with mpmath.workdps(40 + int(2 * size * t / np.log(10))):
        lam, rho, L = mpmath.mpf(lam), mpmath.mpf(rho), mpmath.matrix(L.tolist())
        H = mpmath.zeros(2 * n)
        for i in range(n):
            H[i, i] = lam / 2 if i < d_out else -lam / 2
            H[i, n + i], H[n + i, i] = rho, 1
        for i in range(d_out):
            for j in range(d_in):
                H[i, d_out + j] = H[d_out + j, i] = mpmath.mpf(M[i, j])
        for i in range(n):
            for j in range(n):
                H[n + i, n + j] = -H[i, j]
        E, P0 = mpmath.expm(H * mpmath.mpf(t)), L * L.T
        P = (E[:n, :n] * P0 + E[:n, n:]) * mpmath.inverse(E[n:, :n] * P0 + E[n:, n:])
        return np.array(P.tolist(), dtype=float)


def problem(shape, rank=None, seed=0):
    rng = np.random.default_rng(seed)
    M = rng.standard_normal(shape)
    if rank is not None:
        U, m, Vt = np.linalg.svd(M, full_matrices=False)
        m[rank:] = 0
        M = (U * m) @ Vt
    return M, 0.3 * rng.standard_normal(shape)


def error(times, weights, M, lam, rho):
    got = gram(times, weights.Q, M, lam, rho)
    want = np.array([exact_gram(t, weights.Q, M, lam, rho) for t in times])
    return (np.abs(got - want).max(axis=(1, 2)) / np.abs(want).max(axis=(1, 2))).max()


@pytest.mark.parametrize("tau", [0, 1e-12, 1e-6, 1, 10])
@pytest.mark.parametrize("sign", [0, 1, -1])
@pytest.mark.parametrize(("shape", "rank"), [((2, 1), None), ((1, 2), None), ((2, 2), 1)])
def test_thin_qr_form_against_40_digits(tau, sign, shape, rank):
    M, A0 = problem(shape, rank)
    tau_1, tau_2 = (tau + 0.7, tau) if sign < 0 else (tau, tau + 0.7 * sign)
    weights = on_manifold(A0, tau_1, tau_2)
    assert error([0.0, 1e-6, 0.3, 2.0, 12.0, 60.0], weights, M, tau_2 - tau_1, tau_1 * tau_2) < 1e-12


@pytest.mark.parametrize("tau", [0, 1e-12, 1e-6, 1, 10])
def test_thin_qr_form_at_long_times(tau):
    M, A0 = problem((2, 1))
    weights = on_manifold(A0, tau)
    if tau < 10:
        assert error([1e3], weights, M, 0.0, tau**2) < 1e-12
    else:  # converged to all digits at t = 10 already, and the reference would need 9000 digits at t = 1000
        got, want = gram(1e3, weights.Q, M, 0.0, 100.0)[0], exact_gram(10.0, weights.Q, M, 0.0, 100.0)
        assert np.abs(got - want).max() < 1e-12 * np.abs(want).max()


@pytest.mark.parametrize("tau", [1e-12, 1e-6, 1e-2, 1])
@pytest.mark.parametrize("lam", [0.0, 0.5])
def test_thin_qr_form_from_zero(tau, lam):
    M, _ = problem((2, 2), seed=4)
    weights = on_manifold(np.zeros((2, 2)), tau, tau + lam)
    assert error(np.geomspace(1e-3, 80, 8), weights, M, lam, tau * (tau + lam)) < 1e-12


@pytest.mark.parametrize("lam", [0.6, -0.6, 0.0])
@pytest.mark.parametrize("width", [1, 2])
def test_thin_qr_form_from_rank_deficient_balanced_weights(lam, width):
    M, A0 = problem((2, 2), seed=2)
    A0[:, 0] *= np.sign(np.linalg.det(A0) * np.linalg.det(M))  # else A stalls at a saddle: next test
    U, s, Vt = np.linalg.svd(A0)
    weights = balanced(U[:, :width] * s[:width] @ Vt[:width], lam, width)
    assert error([0.2, 1.0, 20.0, 100.0], weights, M, lam, 0.0) < 1e-12


def test_stalled_weights_are_lost_to_rounding_no_faster_than_they_must():
    """Without imbalance det A keeps its sign: A ends at a saddle, where the last digit of the start grows exponentially."""
    M, A0 = problem((2, 2), seed=2)
    assert np.linalg.det(A0) * np.linalg.det(M) < 0
    weights = balanced(A0, 0.0, 2)
    assert error([20.0, 60.0], weights, M, 0.0, 0.0) < 1e-12
    nudged = weights.Q * (1 + 1.1e-16 * np.random.default_rng(0).standard_normal(weights.Q.shape))
    want, other = (exact_gram(100.0, L, M, 0.0, 0.0) for L in (weights.Q, nudged))
    assert np.abs(gram(100.0, weights.Q, M)[0] - want).max() < np.abs(other - want).max()


def gram_rate(t, y, M):
    d_out, d_in = M.shape
    n = d_out + d_in
    P = y.reshape(n, n)
    F = np.zeros((n, n))
    F[:d_out, d_out:] = P[:d_out, d_out:] - M
    F[d_out:, :d_out] = F[:d_out, d_out:].T
    return -(F @ P + P @ F).ravel()


def exact_flow(times, P0, M):
    n = len(P0)
    run = solve_ivp(gram_rate, (0, times[-1]), P0.ravel(), "DOP853", times, rtol=1e-13, atol=1e-15, args=(M,))
    return run.y.T.reshape(-1, n, n)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5)])
@pytest.mark.parametrize(("tau_1", "tau_2"), [(1, 1), (1e-8, 1e-8), (0, 0), (2, 0.5), (0.5, 2), (1, 0), (0, 1)])
def test_closed_form_is_the_flow(shape, tau_1, tau_2):
    M, A0 = problem(shape, 3, 5)
    weights = on_manifold(A0, tau_1, tau_2)
    times = np.array([0.0, 0.1, 1.0, 5.0])
    want = exact_flow(times, weights.P, M)
    got = solution(times, weights, M, tau_2 - tau_1, tau_1 * tau_2)
    A, C1, C2 = split(want, shape[0])
    scale = np.abs(want).max()
    assert max(np.abs(got[n] - v).max() for n, v in (("A", A), ("C1", C1), ("C2", C2))) < 1e-12 * scale


@pytest.mark.parametrize("shape", [(5, 3), (3, 5)])
def test_gram_flow_from_the_theory_is_the_flow_of_the_weights(shape):
    M, _ = problem(shape, 2, 1)
    weights = gaussian(*shape, 6, 0.1, 3)
    curve = gram_curve([0.0, 0.4, 1.5], weights, M, rtol=1e-11)
    for index, t in ((1, 0.4), (2, 1.5)):
        end = exact_weights(weights, M, t)
        for name, want in zip(("A", "C1", "C2"), split(end.P, shape[0])):
            assert np.allclose(curve[name][index], want, rtol=0, atol=1e-9)
    with pytest.raises(ValueError, match="times: must increase"):
        gram_curve([1.0, 0.0], weights, M)
    with pytest.raises(ValueError, match="P: has shape"):
        gram_curve([1.0], weights.P[1:, 1:], M)


def test_times_in_any_order_and_gram_matrix_as_start():
    M, A0 = problem((3, 2))
    for tau in (0.0, 0.4):
        weights, times = on_manifold(A0, tau), np.array([3.0, 0.0, 40.0, 0.5])
        P = gram(times, weights.Q, M, 0.0, tau**2)
        for t, value in zip(times, P):
            assert np.allclose(gram(t, weights.Q, M, 0.0, tau**2)[0], value, rtol=0, atol=1e-13)
        assert np.allclose(solution(times, weights.P, M, 0.0, tau**2)["A"], P[:, :3, 3:], rtol=0, atol=1e-13)
    assert np.allclose(factor(weights.P) @ factor(weights.P).T, weights.P, atol=1e-14)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4)])
@pytest.mark.parametrize(("tau_1", "tau_2"), [(1, 1), (0.3, 2), (2, 0.3), (0, 1), (1, 0), (0, 0), (1e-9, 1e-9)])
def test_points_of_the_manifold(shape, tau_1, tau_2):
    _, A0 = problem(shape)
    weights = on_manifold(A0, tau_1, tau_2)
    lam, mean = tau_2 - tau_1, (tau_1 + tau_2) / 2
    assert np.allclose(weights.A, A0, rtol=0, atol=1e-14)
    assert (
        np.abs(manifold_defect(weights.P, shape[0], lam, tau_1 * tau_2)).max()
        < 1e-14 * (1 + np.abs(weights.P).max()) ** 2 * 10
    )
    values = np.sort(np.linalg.eigvals(weights.P * np.repeat([1.0, -1.0], shape)).real)
    if tau_1 * tau_2 > 1e-3:
        assert np.allclose(values, np.repeat([-tau_1, tau_2], shape[::-1]), atol=1e-7)
        root = sqrtm(A0 @ A0.T + mean**2 * np.eye(shape[0]))
        assert np.allclose(weights.W2 @ weights.W2.T, lam / 2 * np.eye(shape[0]) + root, atol=1e-12)


def test_orthogonal_start():
    P = orthogonal(3, 2, 0.7).P
    assert np.allclose(P, 0.7 * np.eye(5), atol=1e-15)


@pytest.mark.parametrize("lam", [0.8, -0.8, 0.0])
@pytest.mark.parametrize(("shape", "width"), [((4, 3), 2), ((3, 4), 2), ((4, 3), 3), ((3, 4), 3)])
def test_balanced_weights_and_the_projector_that_rank_deficiency_adds(lam, shape, width):
    M, A0 = problem(shape, 2, 3)
    _, A0 = problem(shape, None, 3)
    U, s, Vt = np.linalg.svd(A0, full_matrices=False)
    A0 = (U[:, :2] * s[:2]) @ Vt[:2]
    start = balanced(A0, lam, width)
    assert np.allclose(start.W2.T @ start.W2 - start.W1 @ start.W1.T, lam * np.eye(width), atol=1e-14)
    assert np.allclose(start.A, A0, atol=1e-14)
    end = exact_weights(start, M, 1.3)  # the projector moves with the range of W2
    A, half = end.A, lam**2 / 4
    dC2, dC1 = balanced_correction(end, lam)
    C2 = lam / 2 * np.eye(shape[0]) + root(A @ A.T, half)
    C1 = -lam / 2 * np.eye(shape[1]) + root(A.T @ A, half)
    assert np.allclose(end.W2 @ end.W2.T, C2 + dC2, atol=1e-10)
    assert np.allclose(end.W1.T @ end.W1, C1 + dC1, atol=1e-10)
    size = max(np.abs(dC2).max(), np.abs(dC1).max())
    full = lam == 0 or width == (shape[0] if lam > 0 else shape[1])
    assert (size == 0) if full else (size > 0.1)
    P = gram(1.3, start.Q, M, lam, 0.0)[0]
    assert np.allclose(P, end.P, atol=1e-10)


def root(X, shift):
    values, vectors = np.linalg.eigh(X)
    return (vectors * np.sqrt(np.maximum(values, 0) + shift)) @ vectors.T


def exact_weights(start, M, end):
    w, (d_out, d_in) = start.width, start.shape

    def rate(t, y):
        W1, W2 = y[: w * d_in].reshape(w, d_in), y[w * d_in :].reshape(d_out, w)
        G = W2 @ W1 - M
        return -np.concatenate([(W2.T @ G).ravel(), (G @ W1.T).ravel()])

    y = solve_ivp(
        rate, (0, end), np.concatenate([start.W1.ravel(), start.W2.ravel()]), "DOP853", rtol=1e-12, atol=1e-13
    ).y[:, -1]
    return Weights(y[: w * d_in].reshape(w, d_in), y[w * d_in :].reshape(d_out, w))


@settings(deadline=None, max_examples=25)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.floats(0.01, 3), st.floats(0.01, 3)),
    st.tuples(st.floats(1e-3, 5), st.floats(1e-3, 5)),
    st.integers(0, 99),
)
def test_closed_form_composes_in_time(shape, strengths, times, seed):
    (d_out, d_in), (tau_1, tau_2), (first, second) = shape, strengths, times
    M, A0 = problem((d_out, d_in), None, seed)
    weights, lam, rho = on_manifold(A0, tau_1, tau_2), tau_2 - tau_1, tau_1 * tau_2
    half, whole = gram([first, first + second], weights.Q, M, lam, rho)
    assert np.allclose(
        gram(second, factor(half), M, lam, rho)[0], whole, rtol=0, atol=1e-10 * (1 + np.abs(whole).max())
    )
    assert np.abs(manifold_defect(whole, d_out, lam, rho)).max() < 1e-11 * (1 + np.abs(whole).max() ** 2)


def test_sampled_start_is_right_through_first_order_in_time():
    M = teacher(4, 2, 1).target
    weights = gaussian(4, 4, 40, 0.05, 0)
    errors = []
    for t in (2e-3, 1e-3):
        exact = exact_flow(np.array([0, t]), weights.P, M)[-1]
        errors.append(np.abs(exact - gram(t, weights.Q, M, 0.0, 4.0)[0])[:4, 4:].max())
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


SQUARE = on_manifold(np.eye(2), 1.0)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: gram(-1.0, SQUARE.Q, np.eye(2)), "times"),
        (lambda: gram(np.nan, SQUARE.Q, np.eye(2)), "times"),
        (lambda: gram(1.0, SQUARE.Q, np.eye(3)), "L: has shape"),
        (lambda: gram(1.0, SQUARE.Q, np.eye(2) * np.nan), "M: contains nan"),
        (lambda: gram(1.0, SQUARE.Q, np.eye(2), 0.0, -1.0), "rho: -1.0"),
        (lambda: gram(1.0, SQUARE.Q, np.eye(2), np.inf), "lam: inf"),
        (lambda: factor(np.diag([1.0, -1.0])), "P: has the eigenvalue"),
        (lambda: factor(np.array([[1.0, 2], [0, 1]])), "P: is not symmetric"),
        (lambda: balanced(np.eye(3), 0.1, 2), "width: 2"),
        (lambda: balanced(np.zeros((2, 3)), 0.1, 3), "width: 3"),
        (lambda: balanced(np.zeros((3, 2)), -0.1, 3), "width: 3"),
    ],
)
def test_bad_input(call, name):
    with pytest.raises(ValueError, match=name) as caught:
        call()
    assert "\n" not in str(caught.value)

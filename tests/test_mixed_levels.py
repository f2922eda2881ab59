"""Levels of theory built on the closed form: aligned modes, first-order width correction, fast drawing form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from plateaux.numerics.mixed import (
    aligned,
    gaussian,
    gram,
    gram_curve,
    mixed_curve,
    on_manifold,
    orthogonal,
    respond,
    response_start,
    solution,
)
from plateaux.numerics.mixed.flow import NODES, MixedPath, interpolate


def problem(shape, rank=None, seed=0):
    rng = np.random.default_rng(seed)
    U, m, Vt = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    m[len(m) if rank is None else rank :] = 0
    return (U * m) @ Vt, 0.3 * rng.standard_normal(shape)


def mode(t, s_0, m, tau):
    assert (np.asarray(s_0) == 0).all()
    r = np.hypot(m, tau)
    T = np.tanh(r * t)
    return 2 * m * tau * T * (r + tau * T) / ((r + tau * T) ** 2 - m**2 * T**2)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4)])
def test_aligned_modes_are_the_matrix_solution(shape):
    M, signal = problem(shape)
    times, tau = np.array([0.0, 0.1, 0.7, 3.0]), 0.3
    A = solution(times, orthogonal(*shape, tau), M, 0.0, tau**2)["A"]
    curve = aligned(M, tau, times, mode, signal=signal)
    assert np.allclose(curve["loss"], ((A - M) ** 2).mean(axis=(1, 2)), atol=1e-13)
    assert np.allclose(curve["test error"], ((A - signal) ** 2).mean(axis=(1, 2)), atol=1e-13)
    s = np.linalg.svd(A, compute_uv=False)
    assert np.allclose(np.sort(curve["singular values"]), np.sort(s), atol=1e-13)
    assert np.allclose(curve["stable rank"][1:], (s**2).sum(axis=1)[1:] / s[1:, 0] ** 2)
    wide = aligned(M, tau, times, mode, signal=signal, width=100)
    assert np.allclose(wide["test error"] - curve["test error"], tau**2 / 100 * np.exp(-4 * tau * times), rtol=1e-8)


def test_start_term_is_the_mean_over_initialisations():
    M, width, variance, times = problem((3, 2))[0], 2000, 1e-2, np.array([0.0, 0.01])
    plain, wide = (aligned(M, variance * width, times, mode, width=w)["loss"] for w in (np.inf, width))
    draws = []
    for seed in range(200):
        A = gram(times, gaussian(3, 2, width, variance, seed).Q, M, 0.0, (variance * width) ** 2)[:, :3, 3:]
        draws.append(((A - M) ** 2).mean(axis=(1, 2)))
    excess = np.array(draws) - plain
    standard = excess.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(excess.mean(axis=0) - (wide - plain)) < 5 * standard).all()
    assert ((wide - plain) > 5 * standard).any()


def propagate(times, tau, start):
    """The linear response typed by hand: oracle of the one that is printed from the theory."""
    m, n = start.m, len(start.m)

    def rate(t, y):
        s, (alpha, beta, gamma) = y[:n], y[n:].reshape(3, n, n)
        a, g = np.sqrt(s**2 + tau**2), s - m
        q = s + g
        dbeta = -(alpha * q + alpha.T * q[:, None])
        dgamma = -(alpha * q[:, None] + alpha.T * q)
        dalpha = -(beta * g + g[:, None] * gamma + (a[:, None] + a) * alpha)
        return np.concatenate([-2 * a * g, dalpha.ravel(), dbeta.ravel(), dgamma.ravel()])

    y0 = np.concatenate([np.zeros(n), start.alpha.ravel(), start.beta.ravel(), start.gamma.ravel()])
    y = solve_ivp(rate, (0, times[-1]), y0, "DOP853", times, rtol=1e-10, atol=1e-14).y.T
    return y[:, :n], y[:, n : n + n * n].reshape(-1, n, n)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
@pytest.mark.parametrize("tau", [0.05, 1.0])
def test_first_order_response_is_first_order(shape, tau):
    M, _ = problem(shape, 2, 8)
    times, errors = np.linspace(0, 4, 9), []
    widths = np.array([1e4, 1e6, 1e8])
    for width in widths:
        weights = gaussian(*shape, width, tau / width, 11)
        A = gram_curve(times, weights, M, rtol=1e-12)["A"]
        plain = solution(times, orthogonal(*shape, tau), M, 0.0, tau**2)["A"]
        errors.append([np.abs(A - respond(times, weights, M, tau)["A"]).max(), np.abs(A - plain).max()])
    order = np.diff(np.log(errors), axis=0) / np.diff(np.log(widths))[:, None]
    assert np.allclose(order[:, 0], -1, atol=0.05)
    assert np.allclose(order[:, 1], -0.5, atol=0.05)


def test_response_from_the_theory_is_the_typed_one():
    M, _ = problem((3, 5))
    weights, times = gaussian(3, 5, 500, 1e-3, 0), np.array([0.0, 0.5, 3.0])
    typed, derived = (respond(times, weights, M, 0.5, function)["A"] for function in (propagate, None))
    assert np.allclose(typed, derived, rtol=0, atol=1e-8)


def test_response_start_holds_the_sampled_start():
    M, _ = problem((3, 5))
    weights = gaussian(3, 5, 50, 0.1, 0)
    start = response_start(weights, M, 5.0)
    assert start.alpha.shape == (5, 5) and not start.beta[3:].any() and not start.alpha[3:].any()
    assert np.allclose(start.assemble(np.zeros((1, 5)), start.alpha[None])[0], weights.A)
    assert np.allclose(start.V @ (start.gamma + 5 * np.eye(5)) @ start.V.T, weights.W1.T @ weights.W1)


def test_mixed_path_is_the_closed_form():
    m, A0 = np.array([3.0, 1.0, 0.5, 0.0]), 0.1 * problem((4, 4))[0]
    for tau in (0.3, 1e-9, 0.0):
        path = MixedPath(A0, m, tau)
        for t in (0.0, 0.1, 1.0, 30.0):
            want = gram(t, on_manifold(A0, tau).Q, np.diag(m), 0.0, tau**2)[0, :4, 4:]
            assert np.allclose(path.at(t), want, rtol=0, atol=1e-8 if tau else 1e-4), (tau, t)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_mixed_curve_is_the_closed_form(shape):
    M, A0 = problem(shape, 2)
    times = np.array([2.0, 0.0, 0.1])
    want = solution(times, on_manifold(A0, 0.2), M, 0.0, 0.04)["A"]
    assert np.allclose(mixed_curve(times, A0, M, 0.2)["A"], want, rtol=0, atol=1e-12)


def test_interpolation_is_exact_for_degree_8():
    coefficients = np.random.default_rng(0).standard_normal(9)
    theta = np.linspace(0, 1, 7)
    assert np.allclose(interpolate(np.polyval(coefficients, NODES), theta), np.polyval(coefficients, theta), atol=1e-13)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: aligned(np.eye(2), -1.0, 1.0, mode), "tau: -1.0"),
        (lambda: aligned(np.eye(2), 1.0, -1.0, mode), "times"),
        (lambda: aligned(np.eye(2), 1.0, 1.0, mode, width=0), "width: 0"),
        (lambda: aligned(np.eye(2), 1.0, 1.0, mode, signal=np.eye(3)), "signal"),
        (lambda: response_start(np.eye(4), np.eye(3), 1.0), "P: has shape"),
    ],
)
def test_bad_input(call, name):
    with pytest.raises(ValueError, match=name) as caught:
        call()
    assert "\n" not in str(caught.value)

"""Data and costs of the two-layer linear network."""

from __future__ import annotations

import numpy as np
import pytest

from plateaux.numerics.mixed import CorrelatedError, MaskedError, SquaredError, teacher

RNG = np.random.default_rng(7)


def costs(shape):
    rng = np.random.default_rng(1)
    M, X = rng.standard_normal(shape), rng.standard_normal((shape[1], 9))
    return (
        SquaredError(M),
        MaskedError(M, (rng.random(shape) < 0.6).astype(float)),
        CorrelatedError(M, X @ X.T / 9),
    )


@pytest.mark.parametrize("index", range(3))
def test_gradient_is_the_derivative_of_the_value(index):
    cost, A, V = costs((3, 4))[index], RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4))
    G, unused, h = np.empty((3, 4)), np.empty((3, 4)), 1e-3
    cost.evaluate(A, G)
    slope = (cost.evaluate(A + h * V, unused) - cost.evaluate(A - h * V, unused)) / (2 * h)  # exact for quadratics
    assert slope == pytest.approx((G * V).sum(), rel=1e-10)


def test_values_are_the_definitions():
    squared, masked, correlated = costs((3, 4))
    A, out = RNG.standard_normal((3, 4)), np.empty((3, 4))
    assert squared.evaluate(A, out) == pytest.approx(np.linalg.norm(A - squared.target) ** 2 / 2)
    assert masked.evaluate(A, out) == pytest.approx((masked.mask * (A - masked.target) ** 2).sum() / 2)
    assert (out[masked.mask == 0] == 0).all() and (masked.mask == 0).any()
    residual = A - correlated.target
    value = np.trace(residual @ correlated.covariance @ residual.T) / 2
    assert correlated.evaluate(A, out) == pytest.approx(value)
    white = CorrelatedError(correlated.target, np.eye(4))
    assert white.evaluate(A, out) == pytest.approx(SquaredError(correlated.target).evaluate(A, np.empty((3, 4))))


def test_teacher():
    data = teacher(200, 5, 3)
    assert np.linalg.matrix_rank(data.signal) == 5
    assert np.mean(data.signal**2) == pytest.approx(1, abs=0.35)
    assert np.std(data.target - data.signal) == pytest.approx(1, abs=0.02)
    assert np.array_equal(teacher(20, 3, 1, dtype=np.float32).target, teacher(20, 3, 1).target.astype(np.float32))
    assert not np.array_equal(teacher(20, 3, 1).target, teacher(20, 3, 2).target)

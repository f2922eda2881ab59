"""Hermite coefficients by quadrature: against closed forms, an independent rule, and themselves; errors are honest."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plateaux.numerics.hermite import FUNCTIONS, coefficients, function, hermite


def gauss_hermite(f, degree, count):
    """Another rule: Gauss-Hermite nodes, for smooth functions."""
    from scipy.special import roots_hermitenorm

    x, w = roots_hermitenorm(count)
    return (hermite(x, degree) * f(x) * w).sum(axis=1) / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("name", ["relu", "erf", "gelu", "exp", "he0", "he3"])
def test_quadrature_agrees_with_the_closed_form(name):
    known, measured = coefficients(name, 24), coefficients(name, 24, exact=False)
    assert np.all(np.abs(measured.values - known.values) <= measured.errors + known.errors)
    assert measured.errors.max() < 1e-14 * math.sqrt(known.mean_square)
    gap = abs(measured.mean_square - known.mean_square)
    assert gap <= measured.mean_square_error + known.mean_square_error


@pytest.mark.parametrize("name", ["erf", "gelu", "tanh", "sigmoid", "softplus", "silu"])
def test_against_gauss_hermite(name):
    """Two rules with nothing in common; the slowest, tanh, has its poles at i pi/2."""
    got = coefficients(name, 8, exact=False)
    for f in (function(name),):
        assert got.values == pytest.approx(gauss_hermite(f, 8, 400), abs=5e-14)


def test_symmetries_of_named_functions():
    """``silu = x sigmoid``, ``softplus' = sigmoid``, ``2 sigmoid(x) - 1 = tanh(x/2)``, parity."""
    sigmoid, silu, softplus = (coefficients(name, 12).values for name in ("sigmoid", "silu", "softplus"))
    j = np.arange(11)
    below = np.concatenate([[0], np.sqrt(j[1:]) * sigmoid[: len(j) - 1]])
    assert silu[:11] == pytest.approx(np.sqrt(j + 1) * sigmoid[1:] + below, abs=3e-15)
    assert sigmoid[:11] == pytest.approx(np.sqrt(j + 1) * softplus[1:], abs=3e-15)
    half = coefficients(lambda x: np.tanh(x / 2), 12).values
    assert 2 * sigmoid[1:] == pytest.approx(half[1:], abs=1e-15)
    assert coefficients("tanh", 12).values[::2] == pytest.approx(0, abs=1e-15)


@settings(max_examples=15, deadline=None)
@given(st.floats(-4, 4), st.floats(0.1, 3))
def test_kinks_and_jumps_anywhere(place, slope):
    """A ReLU and a step at a point that no panel knows, against their closed forms; the estimate bounds the error."""
    density = math.exp(-(place**2) / 2) / math.sqrt(2 * math.pi)
    upper = 0.5 * math.erfc(place / math.sqrt(2))
    rounding = (
        2.2e-16 * (4 + place**2) * slope * (density + abs(place) * upper)
    )  # of the closed forms: differences of these two
    j = np.arange(1, 12)
    polynomials = hermite(np.array(place), 12)
    step = np.array([upper, *(density * polynomials[:11] / np.sqrt(j))])
    got = coefficients(lambda x: slope * (x > place), 12)
    assert np.all(np.abs(got.values - slope * step) <= got.errors + rounding)
    assert got.errors.max() < 1e-13
    relu = np.array([density - place * upper, *(step[:11] / np.sqrt(j))])
    got = coefficients(lambda x: np.maximum(slope * (x - place), 0), 12)
    assert np.all(np.abs(got.values - slope * relu) <= got.errors + rounding)
    assert got.errors.max() < 1e-13
    assert got.mean_square == pytest.approx(slope**2 * ((1 + place**2) * upper - place * density), rel=1e-12, abs=1e-15)


def test_diagonal_is_not_the_truncated_sum():
    relu = coefficients("relu", 8)
    assert relu.mean_square == 0.5
    assert relu.mean_square - np.sum(relu.values**2) == pytest.approx(2.65e-3, abs=5e-6)
    tails = [(c := coefficients("tanh", size)).mean_square - np.sum(c.values**2) for size in (40, 300)]
    assert tails[0] == pytest.approx(1.06e-8, rel=0.01)
    assert abs(tails[1]) < 1e-15


def test_orthonormal_at_high_degree():
    """Functions that are themselves polynomials, and a growing one, up to degree 400."""
    for number in (0, 1, 7, 60):
        got = coefficients(lambda x, number=number: hermite(x, number + 1)[number], 64)
        expected = np.eye(64)[number]
        assert np.all(np.abs(got.values - expected) <= got.errors)
    fast = coefficients(lambda x: np.exp(x**2 / 5), 400)
    j = np.arange(0, 400, 2)
    log_gamma = np.array([math.lgamma(i + 1) for i in j])
    half = np.array([math.lgamma(i / 2 + 1) for i in j])
    exact = np.exp(log_gamma / 2 - half + j / 2 * math.log(1 / 3)) / math.sqrt(0.6)  # generating function
    assert fast.values[::2] == pytest.approx(exact, abs=2e-14)
    assert fast.mean_square == pytest.approx(math.sqrt(5), rel=1e-13)


def test_closed_forms_are_not_shared():
    first = coefficients("relu", 5)
    first.values[:] = 0
    assert coefficients("relu", 5).values[1] == 0.5
    assert set(FUNCTIONS) == {"relu", "erf", "gelu", "tanh", "exp", "sigmoid", "softplus", "silu"}


@pytest.mark.parametrize(
    "activation, degree, text",
    [
        ("rely", 4, "'rely'; allowed: relu"),
        ("he", 4, "'he'; allowed"),
        ("relu", 0, "degree: 0"),
        ("relu", 2.0, "degree: 2.0"),
        ("relu", True, "degree: True"),
        ("tanh", 501, "degree: 501"),
        (lambda x: np.exp(x**2 / 4), 3, "finite variance"),
        (lambda x: np.exp(x**2), 3, "finite variance"),
        (np.log, 3, "log is not finite at"),
        (lambda x: 1 / x, 3, "not finite at 0"),
        (lambda x: 1.0, 3, r"shape \(\)"),
        (lambda x: x + 1j, 3, "complex128"),
        (lambda x: math.tanh(x), 3, "no function of an array"),
        (lambda x: np.random.default_rng(1).normal(size=x.shape), 3, "too rough"),
    ],
)
def test_bad_input_is_one_line(activation, degree, text):
    with pytest.raises(ValueError, match=text) as caught:
        coefficients(activation, degree)
    assert "\n" not in str(caught.value)

"""Exponents and orders: exact laws, an independent oracle, coverage, planted curvature."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import curve_fit

from plateaux.numerics.fit import order, power_law

X = 2.0 ** np.arange(8)


@pytest.mark.parametrize("x", [X, X[::-1]])
def test_exact_power_law(x):
    fit = power_law(x, 3 * x**-0.5)
    assert fit.exponent == pytest.approx(-0.5, abs=1e-14) and fit.prefactor == pytest.approx(3, rel=1e-13)
    assert fit.local == pytest.approx(-0.5, abs=1e-14) and fit.warning == "" and fit.low <= -0.5 <= fit.high


def test_agrees_with_linregress():
    y = X**-1.0 * np.exp(0.1 * np.random.default_rng(0).normal(size=X.size))
    fit, oracle = power_law(X, y), stats.linregress(np.log(X), np.log(y))
    assert fit.exponent == pytest.approx(oracle.slope, rel=1e-13)
    assert fit.stderr == pytest.approx(oracle.stderr, rel=1e-11)
    assert fit.prefactor == pytest.approx(np.exp(oracle.intercept), rel=1e-12)


def test_weights_agree_with_curve_fit():
    rng = np.random.default_rng(1)
    stderr = X**-1.0 * np.linspace(0.01, 0.3, X.size)
    y = X**-1.0 + stderr * rng.normal(size=X.size)
    fit = power_law(X, y, stderr=stderr)
    best, covariance = curve_fit(lambda u, a, b: a * u + b, np.log(X), np.log(y), sigma=stderr / y)
    assert fit.exponent == pytest.approx(best[0], rel=1e-6)
    assert fit.stderr == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-6)
    assert fit.high - fit.exponent == pytest.approx(stats.t.ppf(0.975, X.size - 2) * fit.stderr, rel=1e-12)


def test_draws_are_fitted_one_by_one():
    y = X**-0.5 * np.exp(0.2 * np.random.default_rng(2).normal(size=(6, X.size)))
    slopes = [stats.linregress(np.log(X), np.log(row)).slope for row in y]
    fit = power_law(X, y, level=0.9)
    assert fit.exponent == pytest.approx(np.mean(slopes), rel=1e-12)
    assert fit.stderr == pytest.approx(stats.sem(slopes), rel=1e-11)
    assert fit.low == pytest.approx(np.mean(slopes) - stats.t.ppf(0.95, 5) * stats.sem(slopes), rel=1e-10)


TRIALS = 2000


def coverage(draw, level=0.95, **more):
    rng = np.random.default_rng(3)
    hits = sum(
        fit.low <= -0.5 <= fit.high for fit in (power_law(X, draw(rng), level=level, **more) for _ in range(TRIALS))
    )
    return hits / TRIALS


def test_intervals_cover_scatter_about_the_line():
    assert 0.93 < coverage(lambda rng: X**-0.5 * np.exp(0.1 * rng.normal(size=X.size))) < 0.97


def test_intervals_cover_weighted_points():
    spread = np.linspace(0.01, 0.2, X.size)
    draw = lambda rng: X**-0.5 * np.exp(spread * rng.normal(size=X.size))  # noqa: E731
    assert 0.93 < coverage(draw, stderr=spread * X**-0.5) < 0.97


def test_intervals_cover_dependent_points_of_independent_draws():
    draw = lambda rng: X**-0.5 * np.exp(0.1 * np.cumsum(rng.normal(size=(5, X.size)), axis=1))  # noqa: E731
    assert 0.93 < coverage(draw) < 0.97
    # the planted error: one walk taken for independent points covers far too rarely
    assert coverage(lambda rng: draw(rng)[0]) < 0.8


@pytest.mark.parametrize("shape", [(8,), (5, 8)])
def test_warning_is_rare_on_a_power_law(shape):
    rng = np.random.default_rng(4)
    fits = [power_law(X, X**-0.5 * np.exp(0.1 * rng.normal(size=shape))) for _ in range(TRIALS)]
    # probability 0.0027 each: mean 5.4, and more than 20 has probability below 1e-6
    assert sum(bool(fit.warning) for fit in fits) <= 20


@pytest.mark.parametrize(
    ("count", "stderr", "draws"), [(6, None, 0), (8, None, 0), (3, 0.003, 0), (6, 0.01, 0), (6, None, 8)]
)
def test_warning_sees_a_crossover(count, stderr, draws):
    x = 2.0 ** np.arange(count)
    y = x**-0.5 * (1 + 10 / x)
    y = y * np.exp(0.003 * np.random.default_rng(5).normal(size=(draws, count) if draws else count))
    fit = power_law(x, y, stderr=None if stderr is None else stderr * y)
    assert "not one power law" in fit.warning and fit.warning in str(fit)
    assert fit.local > fit.exponent


def test_local_slope_is_of_the_last_octave():
    x = np.array([1.0, 2.0, 4.0, 5.0, 8.0])
    y = np.where(x < 4, x**-1.0, 4**-1.0 * (x / 4) ** -2.0)
    assert power_law(x, y).local == pytest.approx(-2.0, abs=1e-13)


@pytest.mark.parametrize("power", [1, 2, 4])
def test_order_of_a_method(power):
    steps = 0.1 / 2.0 ** np.arange(4)
    assert order(steps, 7 * steps**power) == pytest.approx(power, abs=1e-12)
    assert order(steps[:2], 7 * steps[:2] ** power) == pytest.approx(power, abs=1e-12)


@pytest.mark.parametrize(
    ("x", "y", "more", "said"),
    [
        (X, -X, {}, r"y: -1.0 at \(0,\); positive finite"),
        (X, X * np.nan, {}, r"y: nan at \(0,\)"),
        (X, X[:-1], {}, r"y: shape \(7,\) does not fit x of shape \(8,\)"),
        (X[:2], X[:2], {}, r"too small; at least three points"),
        (X, X[None], {}, r"too small"),
        (X * 0 + 1, X, {}, r"x: must be strictly"),
        (X, X, {"level": 95}, r"level: 95; between 0 and 1"),
        (X, X, {"stderr": 0 * X}, r"stderr: 0.0 at \(0,\)"),
        (X, X, {"stderr": [1.0, 2.0]}, r"stderr: shape \(2,\); \(8,\) is allowed"),
        (X, np.stack([X, X]), {"stderr": X}, r"stderr: not allowed with draws"),
    ],
)
def test_bad_input(x, y, more, said):
    with pytest.raises(ValueError, match=said):
        power_law(x, y, **more)


def test_order_refuses():
    with pytest.raises(ValueError, match="two different steps"):
        order([0.1, 0.1], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"errors: 0.0 at \(1,\)"):
        order([0.1, 0.05], [1.0, 0.0])

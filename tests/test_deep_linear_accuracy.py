"""Times of one mode in closed form, compiled, against 40 digits; the singular value at infinite depth as well."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
from sympy import lambdify

from plateaux.numerics.deep_linear import blow_up, network
from plateaux.numerics.deep_linear import modes as numbers
from plateaux.numerics.lower import lower_formula
from plateaux.theory.deep_linear import modes

STARTS = (1e-12, 1e-6, 1e-2, 0.5, 1 - 1e-9)
SHARES = (1e-12, 1e-6, 1e-2, 0.3, 0.9, 1 - 1e-6, 1 - 1e-12)
DEPTHS = [pytest.param(L, marks=() if L in (2, 3, 4) else pytest.mark.slow) for L in range(2, 13)]


def rows() -> list[tuple[float, float, float]]:
    """Ends, starts and targets: ``s`` between start and target, near either."""
    found = []
    for goal, start, share in itertools.product((1e-3, 0.7, 50.0), STARTS, SHARES):
        s_0 = start * goal
        s = s_0 + (goal - s_0) * share
        if s_0 < s < goal:
            found.append((s, s_0, goal))
    return found


@pytest.mark.parametrize("layers", DEPTHS)
def test_time(layers: int) -> None:
    formula = modes.time_formula(layers)
    s, s_0, goal = np.array(rows()).T
    found = lower_formula(formula)(s=s, s_0=s_0, s_star=goal)
    function = lambdify((modes.s, modes.s_0, modes.goal), formula.value, "mpmath")
    with mpmath.workdps(200):
        true = [function(*map(mpmath.mpf, row)) for row in rows()]
        errors = [abs(mpmath.mpf(float(one)) / value - 1) for one, value in zip(found, true)]
    assert max(errors) < 1e-12, max(zip(errors, rows()))


def test_time_infinite_depth() -> None:
    formula = next(one for one in modes.FORMULAS if one.id.endswith("time-infinite-depth"))
    s, s_0, goal = np.array(rows()).T
    found = lower_formula(formula)(s=s, s_0=s_0, s_star=goal)
    function = lambdify((modes.s, modes.s_0, modes.goal), formula.value, "mpmath")
    with mpmath.workdps(200):
        true = [function(*map(mpmath.mpf, row)) for row in rows()]
        errors = [abs(mpmath.mpf(float(one)) / value - 1) for one, value in zip(found, true)]
    assert max(errors) < 1e-12, max(zip(errors, rows()))


@pytest.mark.parametrize("layers", (2, 3, 5, 7, 12))
def test_time_against_quadrature(layers: int) -> None:
    """An oracle that shares nothing with the closed form: the integral of one over the rate."""
    formula = modes.time_formula(layers)
    with mpmath.workdps(40):
        end, start, goal = mpmath.mpf("0.6"), mpmath.mpf("0.01"), mpmath.mpf("0.7")
        value = lambdify((modes.s, modes.s_0, modes.goal), formula.value, "mpmath")(end, start, goal)
        power = 2 - mpmath.mpf(2) / layers
        true = mpmath.quad(lambda s: 1 / (layers * s**power * (goal - s)), [start, 0.03, 0.1, 0.3, end])
        assert abs(value / true - 1) < mpmath.mpf(10) ** -25


@pytest.mark.parametrize("layers", (1, 0, -3))
def test_a_depth_without_a_closed_form_is_refused(layers: int) -> None:
    with pytest.raises(ValueError, match=f"layers: {layers}; allowed: at least 2"):
        modes.time_formula(layers)


@pytest.mark.parametrize("layers", (*DEPTHS, np.inf))
def test_value(layers: float) -> None:
    """``s(t)`` and its relative distance from the target at times taken as exact, against a root at 40 digits.

    The root is that of the closed form with the full digits of the time: no condition number excuses an error.
    """
    if layers == np.inf:
        formula = next(one for one in modes.FORMULAS if one.id.endswith("time-infinite-depth"))
        expression = formula.value.subs({modes.z: modes.goal / modes.s - 1, modes.z_0: modes.goal / modes.s_0 - 1})
    else:
        expression = modes.time_formula(int(layers)).value
    function = lambdify((modes.s, modes.s_0, modes.goal), expression, "mpmath")
    worst = mpmath.mpf(0)
    for goal, start in ((0.7, 1e-8), (50.0, 1e-5), (1e-3, 1e-2), (0.7, 0.5)):
        s_0 = start * goal
        with mpmath.workdps(40):
            m, low = mpmath.mpf(goal), mpmath.mpf(s_0)
            points = [low + (m - low) * mpmath.mpf(part) for part in ("1e-6", "1e-3", "0.1", "0.5", "0.99")]
            points += [m * (1 - mpmath.mpf(10) ** -k) for k in (6, 12, 20)]
            times = [float(function(point, low, m)) for point in points]
            found = numbers.value_at(times, s_0, goal, layers), numbers.gap_at(times, s_0, goal, layers)
            for point, time, value, gap in zip(points, times, *found):
                # Newton in ln s/(m - s) from the point whose time was rounded.
                q = mpmath.findroot(
                    lambda q, time=time, m=m, low=low: function(m / (1 + mpmath.exp(-q)), low, m) - mpmath.mpf(time),
                    mpmath.log(point / (m - point)),
                    tol=1e-60,
                    verify=False,
                )
                errors = (
                    mpmath.mpf(float(value)) / m * (1 + mpmath.exp(-q)) - 1,
                    mpmath.mpf(float(gap)) * (1 + mpmath.exp(q)) - 1,
                )
                worst = max(worst, *map(abs, errors))
    assert worst < 1e-12


def test_value_at_the_ends() -> None:
    for layers in (1, 2, 3, 12, np.inf):
        assert numbers.value_at([0.0, 1e9], 0.1, 1.0, layers) == pytest.approx([0.1, 1.0], rel=1e-15)
        assert 0 <= numbers.gap_at(1e9, 0.1, 1.0, layers) < 1e-200


@pytest.mark.parametrize("layers", (3, 4, 5))
def test_blow_up_along_the_best_direction(layers: int) -> None:
    """``r_0^(2-L)/((L-2) g_1 L^(1-L/2))``: 86.60254, 1e4 and 1863389.98 for ``r_0 = 0.01, g_1 = 2``."""
    u, size = np.array([[1.0], [0.0]]), 0.01 / np.sqrt(layers)
    start = [size * u.T, *[np.array([[size]])] * (layers - 2), size * u]
    true = 0.01 ** (2 - layers) / ((layers - 2) * 2 * layers ** (1 - layers / 2))
    assert blow_up.blow_up_time(start, -np.diag([2.0, 1.0])) == pytest.approx(true, rel=1e-10)


@pytest.mark.parametrize("layers", (3, 4))
def test_blow_up_from_a_random_start(layers: int) -> None:
    """Against the flow itself up to a large norm, with the rest of the time along the best direction."""
    from scipy.integrate import solve_ivp

    start, G = network.gaussian(2, 2, 4, layers, 1.0, seed=1), -np.diag([2.0, 1.0])
    time = blow_up.blow_up_time(start, G)
    y = network.flatten(start)
    least = np.linalg.norm(y) ** (2 - layers) / ((layers - 2) * 2 * layers ** (1 - layers / 2))
    assert time > least

    def large(_: float, y: np.ndarray) -> float:
        return float(np.linalg.norm(y)) - 1e6

    large.terminal = True  # type: ignore[attr-defined]
    run = solve_ivp(
        lambda _, y: -network.flatten(network.pull_back(network.unflatten(y, start), G)), (0, 2 * time), y,
        "DOP853", events=large, rtol=1e-12, atol=1e-12,
    )  # fmt: skip
    rest = 1e6 ** (2 - layers) / ((layers - 2) * 2 * layers ** (1 - layers / 2))
    assert time == pytest.approx(run.t[-1] + rest, rel=1e-8)


def test_blow_up_refusals() -> None:
    G = -np.eye(2)
    for call, message in (
        (lambda: blow_up.blow_up_time([np.eye(2)] * 2, G), "weights: has 2 layers"),
        (lambda: blow_up.blow_up_time([np.zeros((2, 2))] * 3, G), "weights: all are 0"),
        (lambda: blow_up.blow_up_time([np.eye(2)] * 3, np.eye(3)), "G: has shape"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    # Towards the origin along a saddle's direction: it never turns.
    one = np.array([[1.0]])
    with pytest.raises(RuntimeError, match="blow-up: the direction grows at the rate"):
        blow_up.blow_up_time([one, one, one], one, longest=50)

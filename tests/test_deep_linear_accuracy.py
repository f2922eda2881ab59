"""Times of one mode in closed form, compiled, against 40 digits; the singular value at infinite depth as well."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
from sympy import lambdify

from plateaux.numerics.lower import lower_formula
from plateaux.theory.deep_linear import modes

STARTS = (1e-12, 1e-6, 1e-2, 0.5, 1 - 1e-9)
SHARES = (1e-12, 1e-6, 1e-2, 0.3, 0.9, 1 - 1e-6, 1 - 1e-12)


def rows() -> list[tuple[float, float, float]]:
    """Ends, starts and targets: ``s`` between start and target, near either."""
    found = []
    for goal, start, share in itertools.product((1e-3, 0.7, 50.0), STARTS, SHARES):
        s_0 = start * goal
        s = s_0 + (goal - s_0) * share
        if s_0 < s < goal:
            found.append((s, s_0, goal))
    return found


@pytest.mark.parametrize("layers", range(2, 13))
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

"""Compiled closed forms of one mode against 40 digits, over 24 decades of tau/m."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
from sympy import lambdify

from plateaux.derivations import mixed
from plateaux.numerics.lower import lower_formula

BOOK = mixed.PAPER.book()
RATIOS = (0.0, 1e-12, 1e-8, 1e-4, 1e-2, 0.3, 1.0, 3.0, 1e2, 1e6, 1e12)
TARGETS = (0.7, -0.7, 1e-3, 50.0)
STARTS = (0.0, 1e-14, 1e-6, 0.3, 0.69, 5.0, -1e-6, -0.3, -5.0)


def exact(id: str, names: tuple[str, ...], rows: list[tuple[float, ...]]) -> list[mpmath.mpf]:
    """Values of a formula as it stands on paper, with enough digits that 40 are right after all cancellations."""
    formula = BOOK.formula(id)
    letters = {str(letter): letter for letter in formula.parameters}
    function = lambdify([letters[name] for name in names], formula.value, "mpmath")
    with mpmath.workdps(160):
        return [function(*map(mpmath.mpf, row)) for row in rows]


def compare(id: str, names: tuple[str, ...], rows: list[tuple[float, ...]]) -> None:
    columns = dict(zip(names, np.array(rows).T))
    found = lower_formula(BOOK.formula(id))(**columns)
    worst = max(
        (float(abs(mpmath.mpf(float(one)) - true) / abs(true)) if true else abs(float(one)), row)
        for one, true, row in zip(found, exact(id, names, rows), rows)
    )
    assert worst[0] < 1e-12, worst


@pytest.mark.parametrize("ratio", RATIOS[1:])
def test_mode(ratio: float) -> None:
    rows = []
    for m, s_0, u in itertools.product(TARGETS, STARTS, (0, 1e-9, 1e-3, 0.1, 0.5, 1, 3, 10, 30, 60)):
        tau = ratio * abs(m)
        rows.append((u / float(np.hypot(m, tau)), s_0, m, tau))
    compare("mixed.mode", ("t", "s_0", "m", "tau"), rows)


@pytest.mark.parametrize("ratio", RATIOS[1:])
def test_mode_time(ratio: float) -> None:
    rows = []
    for m, s_0, x in itertools.product(TARGETS, STARTS, (1e-14, 1e-9, 1e-3, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9, 1 - 1e-14)):
        s = s_0 + (m - s_0) * x
        if (s - s_0) * (m - s) > 0:
            rows.append((s, s_0, m, ratio * abs(m)))
    compare("mixed.mode-time", ("s", "s_0", "m", "tau"), rows)


@pytest.mark.parametrize("ratio", [ratio for ratio in RATIOS if 0 < ratio < 1])
def test_threshold_time(ratio: float) -> None:
    compare("mixed.threshold-time", ("m", "tau"), [(m, ratio * m) for m in (1e-3, 0.7, 50.0)])


def test_mode_without_imbalance() -> None:
    """At tau = 0 the plain form is 0/0 for s_0 <= 0; the limits are the logistic curve, the stall and the constant zero."""
    mode = lower_formula(BOOK.formula("mixed.mode"))
    t = np.array([0.0, 1e-3, 1.0, 10.0, 40.0])
    grown = 0.7 * 0.1 * np.exp(1.4 * t) / (0.6 + 0.1 * np.exp(1.4 * t))
    np.testing.assert_allclose(mode(t=t, s_0=0.1, m=0.7, tau=0.0), grown, rtol=1e-13)
    stalled = -0.7 * 0.1 * np.exp(-1.4 * t) / (0.8 - 0.1 * np.exp(-1.4 * t))
    np.testing.assert_allclose(mode(t=t, s_0=-0.1, m=0.7, tau=0.0), stalled, rtol=1e-13)
    np.testing.assert_array_equal(mode(t=t, s_0=0.0, m=0.7, tau=0.0), 0)
    np.testing.assert_allclose(mode(t=t, s_0=0.3, m=0.0, tau=0.0), 0.3 / (1 + 0.6 * t), rtol=1e-14)

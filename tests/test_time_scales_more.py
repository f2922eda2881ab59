"""Formulas of `time-scales` against numbers: kernels by quadrature, times at finite width, digits of the float form."""

from __future__ import annotations

import pytest
from scipy.integrate import quad
from sympy import Float, Rational, S, lambdify

from plateaux.derivations import time_scales
from plateaux.theory.hermite import x
from plateaux.theory.time_scales.finite import d, power
from plateaux.theory.time_scales.letters import eps, m
from plateaux.theory.time_scales.mehler import KERNELS, overlap, scale
from plateaux.theory.time_scales.theta import V_0, b, c, clock, kappa

BOOK = time_scales.PAPER.book()


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_at_one_is_the_mean_square(name):
    _, f, value = KERNELS[name]
    f, value = f.subs(scale, Rational(1, 2)), value.subs(scale, Rational(1, 2))
    square = lambdify(x, f**2 * S.Exp1 ** (-(x**2) / 2), ["scipy", "numpy"])
    mean = (quad(square, -12, 0)[0] + quad(square, 0, 12)[0]) / (2 * 3.141592653589793) ** 0.5
    assert float(value.subs(overlap, 1)) == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("ratio, width, wanted", [("1e-3", 40, 0.12489), ("1e-3", 160, 0.08636), ("1e-2", 80, 0.19986)])
def test_half_time_at_finite_width(ratio, width, wanted):
    """Reference values for sigma = (1, 1), phi = (0.5, 1), uniform weights of variance 1 - 1/m^2."""
    value = BOOK.formula("time-scales.half-time-one-finite").value
    point = {
        eps: Rational(ratio),
        m: width,
        c: 1,
        kappa: 1,
        power: 1,
        V_0: 1 - Rational(1, width**2),
        d: Rational("1e12"),
    }
    assert float(value.subs(point).evalf(20)) == pytest.approx(wanted, abs=2e-5)


def test_float_form_keeps_its_digits():
    one = BOOK.formula("time-scales.phase-one-growth")
    point = {c: 1, b: Rational(1, 10**18), clock: 12}
    exact = one.value.subs(point).evalf(30)
    stable = lambdify((c, b, clock), one.float_form, "math")(1.0, 1e-18, 12.0)
    assert stable == pytest.approx(float(exact), rel=1e-12)
    assert isinstance(exact, Float)

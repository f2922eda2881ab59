"""Hermite coefficients in closed form, their recurrences, and the kernels that they sum to."""

from __future__ import annotations

import math
from functools import cache

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath.calculus.quadrature import GaussLegendre
from sympy import Abs, Rational, Symbol, cosh, erf, erfc, exp, sin, sqrt, symbols, tanh

from plateaux.theory.hermite import (
    ACTIVATIONS,
    GELU,
    NORMAL_CDF,
    RELU,
    STEP,
    coefficient,
    derivative,
    moment,
    recurrence,
    recurrence_residual,
    starts,
    times_x,
    two_term,
    x,
)
from plateaux.theory.kernels import kernel, kernel_residual, overlap, series

Q = Rational
k = Symbol("k", integer=True, nonnegative=True)
r = Symbol("r", positive=True)
b = Symbol("b", positive=True)
n = Symbol("n", integer=True, nonnegative=True)
BY_NAME = {activation.name: activation for activation in ACTIVATIONS}
POINTS = {b: Q(3, 5), n: 5}

SHIFTED = (
    exp(x / 3 - x**2 / 5 + 1),
    exp(x**2 / 8 - x / 2),
    erf(x / 2 - Q(1, 3)),
    erfc(2 * x) * x,
    sin(2 * x / 3 + Q(1, 2)),
    x**2 * cosh(x / 2),
    3 * sp.Max(0, -2 * x) - Abs(x / 3) + sp.sign(-x),
    x**3 - 2 * x + 1,
    x**2 * STEP,
    sp.Max(0, x) ** 2,
)


@cache
def nodes():
    """Nodes and weights of ``E[.]`` on 24 panels at 34 digits, and the normalised Hermite polynomials there."""
    with mp.workdps(40):
        rule = GaussLegendre(mp.mp).calc_nodes(5, mp.mp.prec)
        pairs = [(c + z, w * mp.npdf(c + z)) for c in range(-23, 24, 2) for z, w in rule]
        scale = [1 / mp.sqrt(mp.factorial(j)) for j in range(8)]
        rows = [[mp.mpf(1)] * len(pairs), [z for z, _ in pairs]]
        for j in range(2, 8):
            rows.append([z * h - (j - 1) * g for (z, _), g, h in zip(pairs, rows[-2], rows[-1])])
        return pairs, [[c * h for h in row] for c, row in zip(scale, rows)]


def expectations(f, power=1):
    """``E[f^power h_j]`` for j < 8 by quadrature: the definition itself, in another program."""
    half = lambda y, *_: sp.Heaviside(y, Q(1, 2))  # noqa: E731
    g = sp.lambdify(x, sp.sympify(f).replace(sp.Heaviside, half), "mpmath")
    pairs, rows = nodes()
    with mp.workdps(34):
        values = [w * mp.mpmathify(g(z)) ** power for z, w in pairs]
        return [mp.fdot(values, row) for row in rows]


def close(exact, other, digits=28):
    with mp.workdps(34):
        return abs(mp.mpmathify(sp.N(exact, 34)) - other) < mp.mpf(10) ** -digits


FUNCTIONS = [*(a.function.subs(POINTS) for a in ACTIVATIONS), *SHIFTED]


@pytest.mark.parametrize("f", FUNCTIONS, ids=str)
def test_coefficients_against_quadrature(f):
    for degree, value in enumerate(expectations(f)):
        assert close(coefficient(f, degree), value), degree


@pytest.mark.parametrize("f", FUNCTIONS, ids=str)
def test_one_formula_for_all_degrees(f):
    """The form in the symbol ``k`` gives the coefficients of every number, the exceptional low ones included."""
    general = coefficient(f, k)
    for degree in range(8):
        assert abs(sp.N(general.subs(k, degree) - coefficient(f, degree), 30)) < 1e-25, degree


def test_published_values():
    """ReLU, exponential, monomials, error function, normal distribution function as printed in the literature."""
    double = lambda m: sp.factorial2(m) if m > 0 else 1  # noqa: E731
    for j in range(1, 7):
        assert moment(RELU, 2 * j) - (-1) ** (j - 1) * double(2 * j - 3) / sqrt(2 * sp.pi) == 0
        assert moment(RELU, 2 * j + 1) == 0
        assert (
            sp.simplify(moment(NORMAL_CDF, 2 * j + 1) - (-1) ** j * double(2 * j - 1) / 2**j / (2 * sqrt(sp.pi))) == 0
        )
        small = 1 + 2 * b**2
        known = (2 * b / sqrt(sp.pi * small)) * (-1) ** j * sp.factorial(2 * j) / sp.factorial(j) * (b**2 / small) ** j
        assert sp.simplify(moment(erf(b * x), 2 * j + 1) - known) == 0
    assert (moment(RELU, 0), moment(RELU, 1)) == (1 / sqrt(2 * sp.pi), Q(1, 2))
    assert moment(exp(b * x), k) == b**k * exp(b**2 / 2)
    for low in range(6):
        even = (5 - low) % 2 == 0
        assert moment(x**5, low) == (
            sp.factorial(5) / 2 ** ((5 - low) // 2) / sp.factorial((5 - low) // 2) if even else 0
        )


# Proof for all degrees: equation -> recurrence -> closed form; what the recurrence leaves open is an integral


@pytest.mark.parametrize("name", BY_NAME)
def test_equation_of_the_function(name):
    """On both sides of zero; there are no jumps or kinks elsewhere."""
    activation = BY_NAME[name]
    p = Symbol("p", positive=True)
    for side in (p, -p):
        f = activation.function.subs(x, side)
        total = sum(
            sp.sympify(c).subs(x, side) * f.diff(p, j) * (1 if side == p else (-1) ** j)
            for j, c in enumerate(activation.annihilator)
        )
        assert sp.simplify(total) == 0


@pytest.mark.parametrize("name", BY_NAME)
def test_closed_form_satisfies_its_recurrence(name):
    activation = BY_NAME[name]
    rule = recurrence(activation.annihilator, k)
    assert recurrence_residual(activation.function, rule, k, start=4) == 0
    f = activation.function
    for low in range(4):
        total = sum(p.subs(k, low) * moment(f, low + s) for s, p in rule.items() if low + s >= 0)
        assert (
            sp.simplify(total) == 0 if name != "monomial" else all(sp.simplify(total.subs(n, m)) == 0 for m in range(6))
        )


@pytest.mark.parametrize("name", BY_NAME)
def test_recurrence_notices_a_wrong_function(name):
    """The recurrence of one function is not that of another."""
    other = BY_NAME["exp" if name != "exp" else "relu"].function
    rule = recurrence(BY_NAME[name].annihilator, k)
    assert recurrence_residual(other, rule, k, start=4) != 0


def test_integrals_that_the_recurrences_leave_open():
    density = exp(-(x**2) / 2) / sqrt(2 * sp.pi)
    for name in ("relu", "step", "exp", "gauss"):
        rule = recurrence(BY_NAME[name].annihilator, k)
        assert starts(rule, k) == tuple(range(max(rule)))
        f = BY_NAME[name].function
        low = 0 if name in ("relu", "step") else -sp.oo
        f = x if name == "relu" else 1 if name == "step" else f
        for degree in starts(rule, k):
            whole = sp.integrate(f * density * x**degree, (x, low, sp.oo))  # He_0 and He_1 are powers
            assert sp.simplify(whole - moment(BY_NAME[name].function, degree)) == 0
    assert starts({0: k - 3, 2: k - 4}, k) == (0, 1, 6)  # the leading polynomial vanishes at 4


def test_rules():
    """Coefficients of ``x f`` and ``f'`` from those of ``f``."""
    for f in (RELU, GELU, erf(x / 3), exp(x / 2), x**3, sin(x)):
        row = [coefficient(f, j) for j in range(8)]
        for j, value in enumerate(times_x(row)):
            assert abs(sp.N(value - coefficient(x * f, j), 30)) < 1e-25
        for j, value in enumerate(derivative(row)):
            assert abs(sp.N(value - coefficient(f.diff(x), j), 30)) < 1e-25
    assert [sp.simplify(coefficient(RELU.diff(x), j) - coefficient(STEP, j)) for j in range(5)] == [0] * 5


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=4), st.integers(1, 4), st.integers(0, 6))
def test_linear_in_the_activation(numbers, scale, degree):
    parts = [RELU, x * erf(x / scale), exp(x / (scale + 1)), sin(scale * x)][: len(numbers)]
    whole = sum((c * f for c, f in zip(numbers, parts)), sp.S.Zero)
    split = sum(c * coefficient(f, degree) for c, f in zip(numbers, parts))
    assert abs(sp.N(coefficient(whole, degree) - split, 30)) < 1e-25


# Kernels


@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "monomial"])
def test_kernel_is_the_sum_for_all_degrees(name):
    """Differential equation from the recurrence, and the first coefficients; a wrong kernel does not satisfy it."""
    f = BY_NAME[name].function
    rule = two_term(f, k)
    for low in range(6):  # the two-term recurrence holds at exceptional low degrees as well
        total = sum(p.subs(k, low) * moment(f, low + s) for s, p in rule.items())
        assert sp.simplify(total) == 0
    closed = kernel(f, r)
    assert kernel_residual(closed, rule, k, r) == 0
    assert sp.simplify(kernel_residual(closed + r**3, rule, k, r)) != 0
    for degree in range(max(rule)):
        assert sp.simplify(closed.diff(r, degree).subs(r, 0) - moment(f, degree) ** 2) == 0


PAIRS = [
    (RELU, RELU),
    (RELU, STEP),
    (erf(x / 2), x**3 + 1),
    (erf(x / 2), erf(3 * x)),
    (GELU, GELU),
    (GELU, x * erf(2 * x) - erf(x)),
    (exp(x / 2), sin(x)),
    (exp(x / 3 - x**2 / 4), exp(x**2 / 6)),
    (x**2 * exp(x / 2), x**4 - x),
]


@pytest.mark.parametrize("f, g", PAIRS, ids=str)
def test_overlap_against_the_series(f, g):
    """``V(s) = sum f_k g_k s^k``: far out in the series at a small correlation."""
    closed = overlap(f, g, Q(1, 8))
    total = sum(moment(f, j) * moment(g, j) / sp.factorial(j) * Q(1, 8) ** j for j in range(26))
    assert abs(sp.N(closed - total, 30)) < 1e-18


@pytest.mark.parametrize(
    "f", [RELU, STEP, NORMAL_CDF, GELU, exp(x / 2), erf(2 * x), sin(x), x**3 - x, exp(-(x**2))], ids=str
)
def test_diagonal_is_the_mean_square(f):
    assert close(kernel(f, 1), expectations(f, 2)[0])


def test_published_kernels():
    assert sp.simplify(kernel(RELU, r) - (sqrt(1 - r**2) + r * (sp.pi - sp.acos(r))) / (2 * sp.pi)) == 0
    assert sp.simplify(kernel(erf(b * x), r) - 2 / sp.pi * sp.asin(2 * b**2 * r / (1 + 2 * b**2))) == 0
    assert sp.simplify(kernel(exp(b * x), r) - exp(b**2 * (1 + r))) == 0
    assert kernel(RELU, 1) == Q(1, 2)


def test_the_tail_of_relu_is_slow_and_is_never_dropped():
    """``U(1)`` minus eight terms is 2.65e-3 and falls like K^(-3/2); the series with its total is exact at 1."""
    squares = [coefficient(RELU, j) ** 2 for j in range(8)]
    even = [1 / (2 * math.pi), 1 / (4 * math.pi)]
    for j in range(2, 2048, 2):  # the recurrence of ReLU, squared
        even.append(even[-1] * (j - 1) ** 2 / ((j + 1) * (j + 2)))
    assert even[3] == pytest.approx(float(squares[6]), rel=1e-14)
    tail = [0.25 - math.fsum(even[: size // 2]) for size in (8, 1024, 2048)]
    assert tail[0] == pytest.approx(2.65e-3, abs=5e-6)
    assert math.log2(tail[1] / tail[2]) == pytest.approx(1.5, abs=0.003)
    whole = series(squares[:8], r, Q(1, 2))
    assert sp.simplify(whole.subs(r, 1) - Q(1, 2)) == 0
    assert abs(sp.N(series(squares[:8], r).subs(r, 1) - Q(1, 2))) > 2e-3
    for point in (Q(1, 3), Q(9, 10), Q(-9, 10)):
        gap = abs(sp.N(whole.subs(r, point) - kernel(RELU, point), 20))
        assert gap <= tail[0] * abs(point) ** 8
    with pytest.raises(ValueError, match="total: 1/4"):
        series(squares[:8], r, Q(1, 4))


# Input


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: coefficient(tanh(x), 1), "no closed form for tanh"),
        (lambda: coefficient(RELU, -1), "k: -1"),
        (lambda: coefficient(RELU, Q(1, 2)), "k: 1/2"),
        (lambda: coefficient(exp(x**2 / 4), 0), "no finite variance"),
        (lambda: kernel(exp(x**2 / 4), r), "no finite variance"),
        (lambda: coefficient(exp(x**3), 0), "quadratic"),
        (lambda: coefficient(sp.Max(0, x - 1), 0), "allowed: b\\*x"),
        (lambda: coefficient(sp.Max(0, Symbol("c", real=True) * x), 0), "sign of the slope c"),
        (lambda: coefficient(sp.Max(1, x), 0), "no closed form for Max"),
        (lambda: coefficient(erf(x**2), 0), "argument x\\*\\*2"),
        (lambda: overlap(RELU, exp(x), r), "no closed form for the pair"),
        (lambda: two_term(RELU + erf(x), k), "no two-term recurrence"),
        (lambda: kernel_residual(r, {0: k, 1: k, 2: k}, k, r), "shifts"),
    ],
)
def test_bad_input_is_one_line(call, text):
    with pytest.raises(ValueError, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_other_letters_are_parameters():
    y, c = symbols("y c", real=True)
    assert coefficient(exp(c * y), 2, y) == c**2 * exp(c**2 / 2) / sqrt(2)
    assert coefficient(c * RELU, 1) == c / 2

"""Phases of any degree: multipliers against exact arithmetic, laws against quadrature and integration, matched constants."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from mpmath import mp, mpf, quad
from sympy import Integer, N, Rational, S, Sum, symbols

from plateaux.derivations.chain import Book
from plateaux.theory.formula import unroll
from plateaux.theory.time_scales import FORMULAS, SYSTEMS
from plateaux.theory.time_scales.entry import phase_entry, phase_inner
from plateaux.theory.time_scales.exponents import split
from plateaux.theory.time_scales.inner import C, g, kappa, two_winners
from plateaux.theory.time_scales.letters import A, K, e, i, m, phi, residual, sigma
from plateaux.theory.time_scales.letters import S as OVERLAP

BOOK = Book.of(*FORMULAS, *SYSTEMS)


# Multipliers: exact rational states of six neurons


def rational_rates(system: Any, degree: int, seed: int) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """State and rates of six neurons in exact arithmetic."""
    draw = Random(seed)
    count = 6
    state = [[Rational(draw.randint(-9, 9), draw.randint(1, 5)) for _ in range(count)] for _ in range(2)]
    numbers = {sigma[n]: Rational(n + 2, 3) for n in range(degree + 1)} | {phi[degree]: Rational(-7, 5)}

    def total(node: Any) -> Any:
        ((index, *_),) = node.limits
        return sum(node.function.xreplace({A[index]: x, OVERLAP[index]: y, m: Integer(count)}) for x, y in zip(*state))

    let: list[tuple[Any, Any]] = []
    for item, value in system.let:
        value = value.xreplace(numbers).replace(lambda x: isinstance(x, Sum), total).xreplace({m: Integer(count)})
        let.append((item, unroll(value, tuple(let))))
    rates = [
        [
            unroll(system.rate(item).xreplace({A[i]: x, OVERLAP[i]: y}).xreplace(numbers), tuple(let))
            for x, y in zip(*state)
        ]
        for item in (A[i], OVERLAP[i])
    ]
    return (*state, *rates)


CASES = [(2, None), (3, None), (4, None), (2, (1,)), (3, (0, 2)), (4, (1, 3))]


@pytest.mark.parametrize("degree, learned", CASES)
@pytest.mark.parametrize("phase", [phase_entry, phase_inner])
def test_learned_moments_are_kept_and_the_next_one_grows(phase: Any, degree: int, learned: Any) -> None:
    system = phase(degree, learned)
    a, s, da, ds = rational_rates(system, degree, 3)

    def rate(n: int) -> Any:
        return sum(x * s_**n + (n * a_ * s_ ** (n - 1) * y if n else 0) for a_, s_, x, y in zip(a, s, da, ds))

    kept = range(degree) if learned is None else learned
    assert [rate(n) for n in kept] == [0] * len(kept)
    drive = Rational(-7, 5) * Rational(degree + 2, 3)
    if phase is phase_inner:
        moment = sum(x * y**degree for x, y in zip(a, s)) / Integer(6)
        drive = Rational(degree + 2, 3) * (Rational(-7, 5) - Rational(degree + 2, 3) * moment)
    assert drive * rate(degree) == sum(x**2 for x in da) + sum(y**2 for y in ds) > 0


def test_a_wrong_multiplier_is_seen() -> None:
    from dataclasses import replace

    system = phase_entry(3)
    item, value = system.let[-1]
    a, s, da, _ = rational_rates(replace(system, let=(*system.let[:-1], (item, 2 * value))), 3, 3)
    assert sum(da) != 0 and len(a) == len(s)


@pytest.mark.parametrize("bad", [(1,), (5,), (2, (0, 2)), (2, ()), (3, (1, 0)), (3, (-1, 0))])
def test_bad_degrees_are_refused(bad: Any) -> None:
    with pytest.raises(ValueError) as error:
        phase_entry(*bad)
    assert "allowed" in str(error.value) and "\n" not in str(error.value)


def test_inner_phase_knows_its_error() -> None:
    assert phase_inner(3).let[0][0] == residual[3]


# The split mean field is the mean field


def test_split_system_is_the_mean_field() -> None:
    whole = BOOK.system("time-scales.mean-field")
    parts = split(whole, Integer(1), Integer(2))
    rho = symbols("rho", cls=type(e))
    for item in whole.items:
        one = whole.rate(item).xreplace({K: Integer(4)}).doit()
        other = parts.rate(item).xreplace({K: Integer(4)}).doit()
        other = other.xreplace({rho[n]: e[n] for n in range(2)})
        assert (one - other).expand() == 0


# Numbers


UNITS = {g: S.One, C: S.One, kappa: S.One}


@pytest.mark.parametrize("id, value", [("lag-two", "2.55075"), ("fall-two", "6.02821")])
def test_constants_of_degree_two(id: str, value: str) -> None:
    assert abs(N(BOOK.formula(f"time-scales.{id}").value.xreplace(UNITS), 20) - Rational(value)) < Rational(6, 10**6)


@pytest.mark.parametrize("degree, name", [(2, "two"), (3, "three")])
def test_constants_against_quadrature(degree: int, name: str) -> None:
    """Times between shares by quadrature of ``dM/M'`` with 30 digits; the lag as what is left beyond the blow-up law."""
    with mp.workdps(40):
        power = mpf(2 * degree) / (degree + 1)

        def pace(x: Any) -> Any:
            return 1 / (x**power * (1 - x))

        fall = quad(pace, [mpf(1) / 10, mpf(1) / 2, mpf(9) / 10])
        # beyond the law M' = M**power: the difference of the two paces is integrable at zero
        bend = quad(lambda y: (degree + 1) * y / (1 - y ** (degree + 1)), [0, mpf(1) / 2 ** (mpf(1) / (degree + 1))])
        law_left = mpf(degree + 1) / (degree - 1) * (mpf(1) / 2) ** (-mpf(degree - 1) / (degree + 1))
        for id, oracle in (("fall", fall), ("lag", law_left - bend)):
            claimed = N(BOOK.formula(f"time-scales.{id}-{name}").value.xreplace(UNITS), 35)
            assert abs(mpf(str(claimed)) - oracle) < mpf(10) ** -30, (id, claimed, oracle)


def test_rays_of_degree_two() -> None:
    """Measured constants: two winners for three to eight neurons, one winner for 256 to 1024."""
    two = BOOK.formula("time-scales.two-winners").value
    assert [round(float(two.xreplace({m: Integer(n)})), 4) for n in (3, 4, 6)] == [3.7798, 4.7622, 6.0]
    one = BOOK.formula("time-scales.one-winner").value
    for n in (257, 1025):
        assert float(one.xreplace({m: Integer(n)})) == pytest.approx((16 * n) ** (1 / 3), rel=1e-4)


@pytest.mark.parametrize("count", [4, 9])
def test_two_winners_is_a_ray_of_the_flow(count: int) -> None:
    """All neurons one by one, in exact arithmetic: the rates are the state times one number, the constant is its cube."""
    groups = two_winners(Integer(count), (Rational(2 * count, count - 2)) ** Rational(1, 2))
    a = [x for n, x, _ in groups for _ in range(int(n))]
    s = [y for n, _, y in groups for _ in range(int(n))]
    average = lambda values: sum(values) / Integer(count)  # noqa: E731
    assert average(a) == 0 == average([x * y for x, y in zip(a, s)]).simplify()
    assert average([x**2 * y for x, y in zip(a, s)]).simplify() == 0  # the multiplier of degree 1 vanishes
    level = average([y**2 for y in s])
    assert all((y**2 - level - 2 * x).simplify() == 0 and (2 * x * y - 2 * y).simplify() == 0 for x, y in zip(a, s))
    moment = average([x * y**2 for x, y in zip(a, s)])
    assert (6**3 / moment - 54 * (count - 2)).simplify() == 0


def test_exponents_are_those_of_the_reference() -> None:
    from plateaux.theory.time_scales.letters import degree as l

    def value(id: str, n: int) -> Any:
        return BOOK.formula(f"time-scales.{id}").value.xreplace({l: Integer(n)})

    assert [value("weight-exponent", n) for n in (1, 2, 3)] == [Rational(1, 4), Rational(1, 3), Rational(3, 8)]
    assert [value("overlap-exponent", n) for n in (1, 2, 3)] == [Rational(1, 4), Rational(1, 6), Rational(1, 8)]
    assert [value("entry-exponent", n) for n in (2, 3)] == [Rational(1, 4), Rational(1, 6)]

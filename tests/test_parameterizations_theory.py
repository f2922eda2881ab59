"""The paper `parameterizations`: every derivation holds, planted errors turn it red, and the calculus gives the known points."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational, S, Symbol

from plateaux.derivations import parameterizations
from plateaux.derivations.chain import Grade, Verdict
from plateaux.derivations.check import cycles, verify
from plateaux.derivations.mutate import plant
from plateaux.theory.parameterizations.calculus import Activation, table
from plateaux.theory.parameterizations.regimes import Kind, classify, feature_speed, trivial_depth
from plateaux.theory.parameterizations.scalings import NAMES, Scaling, named

PAPER = parameterizations.PAPER
BOOK = PAPER.book()
DERIVATIONS = {one.of: one for one in PAPER.derivations}
half = Rational(1, 2)


@cache
def verdict(of: str) -> Verdict:
    return verify(DERIVATIONS[of], BOOK)


@pytest.mark.parametrize("of", DERIVATIONS)
def test_derivation_holds(of: str) -> None:
    found = verdict(of)
    failed = [(step.claim, step.detail, step.residual) for step in found.steps if not step.ok]
    assert found.ok, failed
    assert found.grade is Grade.EXACT


def test_everything_has_a_derivation_and_nothing_rests_on_itself() -> None:
    assert {entry.id for entry in BOOK} == set(DERIVATIONS)
    assert cycles(verdict(of) for of in DERIVATIONS) == ()


def test_families_checked_case_by_case_say_so() -> None:
    assert "p = 1, 5/4" in verdict("parameterizations.trivial-depth").scope
    assert "7 scalings" in verdict("parameterizations.feature-speed").scope
    assert verdict("parameterizations.chain-escape").scope == "all"


def test_cited_keys_exist() -> None:
    text = (Path(parameterizations.__file__).parents[1] / "references.bib").read_text()
    keys = set(re.findall(r"^@\w+\{([^,]+),", text, re.M))
    assert {entry.source.key for entry in BOOK} | {PAPER.cite} <= keys


@pytest.mark.parametrize("of", DERIVATIONS)
def test_planted_errors_turn_it_red(of: str) -> None:
    found = plant(DERIVATIONS[of], BOOK, limit=10)
    assert found.survivors == () and found.raised == ()
    assert len(found.rejected) == found.tested > 0


# ---- the calculus at the named points


@pytest.mark.parametrize(
    ("name", "kind", "r"),
    [("ntk", Kind.KERNEL, half), ("sp", Kind.KERNEL, half), ("mup", Kind.FEATURES, 0), ("ip", Kind.VANISHING, 0)],
)
def test_classes_of_named_points(name: str, kind: Kind, r: object) -> None:
    for L in (2, 3, 5):
        found = classify(named(name, L))
        assert (found.kind, found.r) == (kind, r)


def test_one_hidden_layer() -> None:
    points = [named(name, 1) for name in ("mup", "ip", "mean-field", "ip-llr")]
    assert len({(point.A, point.K()) for point in points}) == 1
    assert classify(points[0]).kind is Kind.FEATURES
    assert classify(named("sp", 1)).r == Rational(3, 2)


def test_standard_scaling_without_small_rates_is_unstable() -> None:
    found = classify(Scaling("sp", (0,) * 4, (0, half, half, half), (0,) * 4))
    assert found.kind is Kind.UNSTABLE and found.r == -1


def test_large_output_weights_make_it_unstable_and_small_ones_trivial() -> None:
    ntk = (0, half, half)
    grown = classify(Scaling("bounded features only", ntk, (0,) * 3, (-half, -half, 0)))
    assert grown.kind is Kind.UNSTABLE and "blow up" in grown.because
    assert classify(Scaling("slow", ntk, (0,) * 3, (1, 1, 1))).kind is Kind.TRIVIAL


def test_integrable_points_move_up_to_two_hidden_layers() -> None:
    assert [classify(named("ip", L)).moves for L in (1, 2, 3, 4)] == [0, 0, -1, -2]
    assert [classify(named("ip-llr", L)).moves for L in (1, 2, 3, 4)] == [0, 0, 0, 0]
    assert [trivial_depth(p) for p in (1, Rational(11, 10), 2)] == [3, 2, 2]


def test_keeping_the_large_rates_explodes() -> None:
    for L, values in ((2, [0, 1, 3, 7]), (3, [0, 3, 12, 39])):
        llr = named("ip-llr", L)
        found = table(Scaling("kept", llr.a, llr.b, llr.c), steps=4)
        assert [found.value("h", L + 1, t) for t in range(1, 5)] == values


def test_first_rates() -> None:
    assert named("ip-llr", 3).c == (-2, Rational(-5, 2), Rational(-5, 2), -2)
    assert named("ip-llr", 2, 2).c == (-2, Rational(-5, 2), -2)
    assert named("ip-llr", 3, 2).c == (-4, Rational(-9, 2), Rational(-9, 2), -4)
    assert named("ip-llr", 3).later == named("ip", 3).c


def test_a_mean_of_the_weights_collapses_layers() -> None:
    relu, tanh = (table(named("ip", 4), which, 0, centred=False) for which in ("relu", "tanh"))
    assert [relu.value("h", l) for l in (1, 2, 3, 4)] == [0, 0, 0, 0]
    assert [tanh.value("h", l) for l in (1, 2, 3, 4)] == [0, -half, -half, -half]
    assert {relu.value("dh", l) for l in (1, 2, 3, 4)} == {S.NegativeOne}


def test_the_table_explains_itself() -> None:
    found = table(named("ip", 3), steps=1)
    output = found.entry("h", 4, 1)
    assert output.wins == "change" and output.value == -1
    assert dict(output.terms) == {"start": -Rational(3, 2), "change": S.NegativeOne}
    header, rows = found.rows()
    assert len(rows) == len(found.entries) and all(len(row) == len(header) for row in rows)
    assert not table(named("ip", 3), "tanh", steps=2).entry("h", 2, 2).sharp


def test_symbolic_degree_leaves_open_what_is_open() -> None:
    q = Symbol("q", nonnegative=True)
    found = table(named("ip", 3), 1 + q, steps=1)
    assert {e.subs(q, 0) for e in (found.value("h", 4, 1),)} == {S.NegativeOne}
    assert found.value("h", 4, 1).subs(q, 1) == -Rational(7, 2)
    assert " or " in found.entry("h", 4, 1).wins


rationals = st.fractions(min_value=-2, max_value=2, max_denominator=4)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from([n for n in NAMES if n != "mean-field"]), st.lists(rationals, min_size=4, max_size=4))
def test_every_layer_has_a_gauge(name: str, by: list[Fraction]) -> None:
    point = named(name, 3)
    shifts = [Rational(t.numerator, t.denominator) for t in by]
    moved = point.shifted(shifts)
    assert moved.A == point.A and moved.K(0) == point.K(0) and moved.K(1) == point.K(1)
    one, other = table(point, steps=2), table(moved, steps=2)
    for quantity in ("h", "dh", "Dh"):
        assert [e.value for e in one.entries if e.quantity == quantity] == [
            e.value for e in other.entries if e.quantity == quantity
        ]


quarters = st.integers(min_value=-4, max_value=8).map(lambda n: Rational(n, 4))


@settings(deadline=None, max_examples=40)
@given(quarters, quarters, quarters, quarters)
def test_classes_against_the_recursion(last: Rational, first: Rational, inner: Rational, out: Rational) -> None:
    """From a start of size one, what the conditions call stable stays bounded, and the rest grows."""
    scaling = Scaling("any", (0, 0, 0, 0), (0, half, half, last), (first, inner, inner, out))
    found, kind = table(scaling, steps=3), classify(scaling).kind
    sizes = [e.value for e in found.entries if e.quantity == "h" and e.step > 0]
    assert (max(sizes) > 0) == (kind is Kind.UNSTABLE)
    if kind is not Kind.UNSTABLE:
        assert found.value("Dx", 3, 3) == -feature_speed(scaling)
        assert (found.value("Dh", 4, 3) == 0) == (kind in (Kind.KERNEL, Kind.FEATURES))


# ---- bad input

BAD = {
    "lengths": (lambda: Scaling("x", (0, 0), (0, 0, 0), (0, 0)), "b: 3 entries"),
    "no hidden layer": (lambda: Scaling("x", (0,), (0,), (0,)), "a: 1 entries"),
    "float": (lambda: Scaling("x", (0, 0.5), (0, 0), (0, 0)), "a: 0.5"),
    "L = 0": (lambda: named("ip", 0), "L: 0"),
    "p = 0": (lambda: named("ip-llr", 2, 0), "p: 0"),
    "p < 0": (lambda: Activation("x", -1), "p: -1"),
    "name": (lambda: named("best", 2), "name: 'best'"),
    "mean field": (lambda: named("mean-field", 2), "L: 2"),
    "activation": (lambda: table(named("ip", 2), "swish"), "activation: 'swish'"),
    "steps": (lambda: table(named("ip", 2), steps=-1), "steps: -1"),
    "shift": (lambda: named("ip", 2).shifted((0, 0)), "by: 2 entries"),
    "symbolic": (lambda: classify(named("ip-llr", 2, Symbol("p", positive=True))), "scaling: ip-llr"),
    "degree": (lambda: trivial_depth(half), "p: 1/2"),
    "no entry": (lambda: table(named("ip", 2), steps=0).value("Dh", 1, 1), "quantity: no 'Dh'"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_in_one_line(what: str) -> None:
    make, words = BAD[what]
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        make()
    assert "\n" not in str(error.value)

"""The calculus of width exponents: named points, symbols against numbers, traces, flags, largest rates, bad input."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Max, Rational, Symbol, symbols

from plateaux.theory.parameterizations.calculus import Activation, Table, table
from plateaux.theory.parameterizations.maximal import candidates, constraints, largest_rates
from plateaux.theory.parameterizations.regimes import Kind, classify, trivial_depth
from plateaux.theory.parameterizations.scalings import NAMES, Scaling, first_rates, named

half = Rational(1, 2)
rationals = st.sampled_from([Rational(k, 2) for k in range(-4, 5)])


def layers(L: int) -> st.SearchStrategy[tuple[Rational, ...]]:
    return st.tuples(*[rationals] * (L + 1))


CLASSES = {
    ("ntk", 3): (Kind.KERNEL, half), ("sp", 3): (Kind.KERNEL, half), ("sp", 1): (Kind.KERNEL, Rational(3, 2)),
    ("mup", 3): (Kind.FEATURES, 0), ("mean-field", 1): (Kind.FEATURES, 0), ("ip", 1): (Kind.FEATURES, 0),
    ("ip", 3): (Kind.VANISHING, 0), ("ip-llr", 3): (Kind.VANISHING, 0),
}  # fmt: skip


@pytest.mark.parametrize(("name", "L"), CLASSES)
def test_named_points_have_their_class(name: str, L: int) -> None:
    found = classify(named(name, L))
    assert (found.kind, found.r) == CLASSES[name, L]


def test_other_classes() -> None:
    ntk = named("ntk", 2)
    assert classify(Scaling("sp with a rate of one", (0, 0, 0), (0, half, half), (0, 0, 0))).kind is Kind.UNSTABLE
    assert classify(Scaling("slow", ntk.a, ntk.b, (1, 1, 1))).kind is Kind.TRIVIAL
    assert classify(Scaling("large", (0, 0, half), (0, 0, 0), (0, 0, 0))).kind is Kind.UNSTABLE


def test_forward_and_backward_exponents_of_the_named_points() -> None:
    start = {"ntk": (0, -half, 0), "sp": (0, -half, 0), "mup": (0, -1, -half)}
    for name, (h, dh, f) in start.items():
        found = table(named(name, 3), steps=0)
        assert {found.value("h", l) for l in (1, 2, 3)} == {h}
        assert {found.value("dh", l) for l in (1, 2, 3)} == {dh}
        assert found.value("h", 4) == f


LETTERS = [symbols(f"{name}1:4", real=True) for name in "abc"]


@cache
def general() -> Table:
    return table(Scaling("point", *map(tuple, LETTERS)), steps=1)


@settings(deadline=None, max_examples=15)
@given(layers(2), layers(2), layers(2))
def test_symbols_agree_with_numbers(a, b, c) -> None:
    """The table with letters, then numbers put in, is the table of the numbers."""
    put = {letter: value for names, values in zip(LETTERS, (a, b, c)) for letter, value in zip(names, values)}
    exact = table(Scaling("point", a, b, c), steps=1)
    assert [other.value.xreplace(put) for other in general().entries] == [one.value for one in exact.entries]


@settings(deadline=None, max_examples=15)
@given(layers(3), layers(3), layers(3), layers(3))
def test_a_gauge_for_each_layer_changes_nothing(a, b, c, t) -> None:
    point = Scaling("point", a, b, c)
    one, other = table(point), table(point.shifted(t))
    assert [e.value for e in one.entries if e.quantity != "g"] == [e.value for e in other.entries if e.quantity != "g"]


@settings(deadline=None, max_examples=15)
@given(layers(2), layers(2), layers(2), st.sampled_from(["relu", "relu2", "tanh", "gelu"]))
def test_every_exponent_is_the_largest_of_its_terms_and_says_so(a, b, c, activation) -> None:
    for one in table(Scaling("point", a, b, c), activation).entries:
        values = dict(one.terms)
        assert one.value == max(values.values())
        assert values[one.wins.split(" or ")[0]] == one.value


@pytest.mark.parametrize("L", [1, 2, 3, 5])
@pytest.mark.parametrize("p", [1, Fraction(3, 2), 2])
def test_first_rates_for_every_degree(L: int, p) -> None:
    g = sum(Rational(p) ** k for k in range(L))
    assert first_rates(L, p)[0] == (-(g + 1) / 2, *[-(g + 2) / 2] * (L - 1), -(g + 1) / 2)


def test_large_rates_that_stay_explode() -> None:
    """The bound on the output grows as 0, 1, 3, 7 with two hidden layers, as 0, 3, 12, 39 with three."""
    for L, bounds in ((2, (0, 1, 3, 7)), (3, (0, 3, 12, 39))):
        point = named("ip-llr", L)
        found = table(Scaling("kept", point.a, point.b, point.c), steps=4)
        assert tuple(found.value("h", L + 1, t) for t in (1, 2, 3, 4)) == bounds


def test_threshold_in_depth_and_degree() -> None:
    assert [trivial_depth(p) for p in (1, Rational(3, 2), 2)] == [3, 2, 2]


def test_biases_and_balanced_labels() -> None:
    found = table(named("ip-llr-bias", 4), steps=1)
    assert [found.value("h", l) for l in (1, 2, 3, 4)] == [0] * 4
    assert [found.value("Dh", l, 1) for l in (1, 2, 3, 4)] == [0] * 4
    balanced = table(named("ip-llr-bias", 4), steps=1, cancels="samples")
    assert [balanced.value("Dh", l, 1) for l in (1, 2, 3, 4)] == [0, 0, -half, -1]


def test_a_start_that_is_not_centred() -> None:
    relu, tanh = (table(named("ip", 4), name, steps=1, centred=False) for name in ("relu", "tanh"))
    assert [relu.value("h", l) for l in (2, 3, 4)] == [0] * 3
    assert [tanh.value("h", l) for l in (2, 3, 4)] == [-half] * 3
    softmax = table(named("ip", 4), steps=1, centred=False, cancels="outputs")
    assert [softmax.value("dh", l) for l in (1, 2, 3, 4)] == [-Rational(3, 2)] * 3 + [-1]
    assert [softmax.value("Dh", l, 1) for l in (1, 2, 3, 4)] == [-half] * 3 + [0]


def test_activations_without_a_mean_lose_half_in_every_layer() -> None:
    found = table(named("ip-llr", 4), "tanh", steps=1)
    assert [found.value("h", l, 1) for l in (2, 3, 4, 5)] == [0, -half, -1, -1]


@pytest.mark.parametrize("L", [1, 2, 3])
def test_largest_rates_against_brute_force(L: int) -> None:
    """The linear program finds the least corner: each letter as small as the others allow, on a grid of halves."""
    point = named("ntk", L)
    c, bounds = constraints(point)
    best = largest_rates(point)
    assert all(bound.subs(dict(zip(c, best))) <= 0 for bound in bounds)
    for place in range(L + 1):
        lower = {one: value - (half if k == place else 0) for k, (one, value) in enumerate(zip(c, best))}
        assert any(bound.subs(lower) > 0 for bound in bounds)


def test_candidates_are_the_arguments_of_nested_maxima() -> None:
    x, y, z = symbols("x y z", real=True)
    assert candidates(Max(x, 1 + 2 * Max(y, z))) == {x, 1 + 2 * y, 1 + 2 * z}
    with pytest.raises(ValueError, match="exponent"):
        candidates(-Max(x, y))


BAD = {
    "L": lambda: named("ip", 0),
    "p": lambda: named("ip-llr", 2, 0),
    "name": lambda: named("foo", 2),
    "b": lambda: Scaling("short", (0, 0), (0,), (0, 0)),
    "bias": lambda: Scaling("short", (0, 0), (0, 0), (0, 0), bias=(0,)),
    "activation": lambda: table(named("ip", 2), "swish"),
    "chi": lambda: table(named("ip", 2), chi=0),
    "steps": lambda: table(named("ip", 2), steps=-1),
    "cancels": lambda: table(named("ip", 2), cancels="all"),
    "odd": lambda: Activation("both", odd=True),
    "scaling": lambda: largest_rates(named("ip", 2)),
    "a": lambda: Scaling("float", (0.5, 0), (0, 0), (0, 0)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_with_the_argument(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}:") as caught:
        BAD[name]()
    assert "\n" not in str(caught.value)


def test_symbolic_exponents_have_no_class() -> None:
    with pytest.raises(ValueError, match="symbolic"):
        classify(Scaling("letters", (0, Symbol("a", real=True)), (0, 0), (0, 0)))


def test_the_import_builds_no_formula() -> None:
    code = (
        "import sys, plateaux.theory.parameterizations as t; import plateaux.theory.parameterizations.regimes;"
        "assert 'plateaux.theory.parameterizations.letters' not in sys.modules; assert t.FORMULAS"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_name_makes_a_scaling() -> None:
    assert {named(name, 1).L for name in NAMES} == {1}

"""Indexed sums: normal form against term by term, and closed equations of order parameters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Function,
    Idx,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Rational,
    S,
    Sum,
    Symbol,
    symbols,
)

from plateaux.derivations.points import Family, evaluate
from plateaux.theory.answers import NotClosed
from plateaux.theory.sums import INNER, normal_form, order_parameters, vanishes

m, K = symbols("m K", integer=True, positive=True)
i, j, p = Idx("i", m), Idx("j", m), Idx("p", m)
k = Idx("k", (0, K))
a, s, r, u, c = map(IndexedBase, ("a", "s", "r", "u", "c"))
eps = Symbol("eps", positive=True)
target = Symbol("u_star")
V, U = Function("V"), Function("U")


def value(expression, seed=0):
    """Value with all sums carried out at random entries, 3 neurons and 2 degrees."""
    point = {base: Family(base, seed) for base in (a, s, r, c)}
    return evaluate(expression, {**point, m: Integer(3), K: Integer(2), eps: Rational(1, 3)}, 30)


def test_names_order_and_nesting_of_indices_do_not_matter():
    one = Sum(a[i] * Sum(c[k] * s[i] ** k, (k, 0, K)), (i, 0, m - 1)) ** 2
    two = Sum(Sum(c[k] * a[p] * s[p] ** k, (p, 0, m - 1)), (k, 0, K)) * Sum(
        a[j] * c[k] * s[j] ** k, (k, 0, K), (j, 0, m - 1)
    )
    assert normal_form(one) == normal_form(two)
    assert normal_form(one - two) == 0
    assert abs(value(one) - value(normal_form(one))) < 1e-25 * abs(value(one))


def test_powers_merge_and_different_starts_meet():
    body = c[k] * s[i] ** (k - 1)
    assert vanishes(s[i] * Sum(k * body, (k, 1, K)) - Sum(k * c[k] * s[i] ** k, (k, 0, K)))
    assert vanishes(Sum(c[k], (k, 0, K)) - c[0] - c[1] - Sum(c[k], (k, 2, K)))
    assert not vanishes(Sum(c[k], (k, 0, K)) - Sum(c[k], (k, 1, K)))


def test_an_index_that_does_not_occur_counts():
    assert normal_form(Sum(eps, (i, 0, m - 1)) - m * eps) == 0
    assert normal_form(Sum(a[i], (i, 0, m - 1), (k, 0, K)) - (K + 1) * Sum(a[i], (i, 0, m - 1))) == 0


def test_deltas_are_split_off():
    own = Sum(a[j] * (s[i] * s[j] + KroneckerDelta(i, j) * (1 - s[i] ** 2)) ** k, (j, 0, m - 1))
    split = Sum(a[j] * (s[i] * s[j]) ** k, (j, 0, m - 1)) + a[i] - a[i] * s[i] ** (2 * k)
    assert vanishes(Sum(own - split, (k, 0, K)))
    double = Sum(a[i] * a[j] * KroneckerDelta(i, j) * r[i, j], (i, 0, m - 1), (j, 0, m - 1))
    assert vanishes(double - Sum(a[i] ** 2 * r[i, i], (i, 0, m - 1)))
    with pytest.raises(ValueError, match="different ranges"):
        normal_form(Sum(KroneckerDelta(j, k), (j, 0, m - 1), (k, 0, K)))


def test_symmetric_letters():
    skew = Sum(a[i] * (r[i, j] - r[j, i]), (i, 0, m - 1), (j, 0, m - 1))
    assert vanishes(skew, symmetric=(r,)) and not vanishes(skew)


def test_sums_inside_powers_and_denominators():
    def total(index):
        return Sum(a[index], (index, 0, m - 1))

    assert vanishes(total(i) ** k - total(p) ** k)
    assert vanishes(total(i) / (total(j) + 1) + 1 / (1 + total(p)) - 1)
    assert not vanishes(total(i) / (total(j) + 1) + 2 / (1 + total(p)) - 1)


def test_triangular_sums_are_refused():
    with pytest.raises(ValueError, match="index of another sum"):
        normal_form(Sum(a[i] * a[j], (i, 0, j), (j, 0, m - 1)))


@st.composite
def polynomials(draw):
    """Random polynomials in nested sums, with coincidences of names; the index of degrees is bound outside."""
    index = draw(st.sampled_from((j, p)))
    weight = draw(st.sampled_from((a[index], s[index], a[index] * c[k], s[index] ** k * c[k])))
    inner = Sum(draw(st.sampled_from((a[j], s[j] * c[k], s[j] ** 2 - a[j]))), (j, 0, m - 1))
    factor = draw(st.sampled_from((S.One, inner, inner**2, a[0] - s[1])))
    body = Sum(weight * factor + draw(st.integers(-2, 2)), (index, 0, m - 1))
    return Sum(body * draw(st.sampled_from((S.One, eps, inner))), (k, draw(st.integers(0, 2)), K))


@settings(max_examples=15, deadline=None)
@given(polynomials(), polynomials(), st.integers(0, 5))
def test_the_normal_form_has_the_same_value(one, two, seed):
    expression = one * a[0] - two
    left, right = value(expression, seed), value(normal_form(expression), seed)
    assert abs(left - right) <= 1e-24 * (1 + abs(left))


# Order parameters

RISK = -Sum(a[i] * V(s[i]), (i, 0, m - 1)) / m + Sum(a[i] * a[j] * U(r[i, j]), (i, 0, m - 1), (j, 0, m - 1)) / (
    2 * m**2
)
TABLE = (((u[i], target), s[i]), ((u[i], u[j]), r[i, j]), ((target, target), S.One))
WEIGHTS, VECTORS = ((a[i], m / eps),), ((u[i], m),)


def slope(function, at):
    return function(at).diff(at)


def test_exact_equations_with_opaque_functions():
    found = order_parameters(RISK, WEIGHTS, VECTORS, TABLE)
    equations = dict(found.equations)

    def mean(body):
        return Sum(body, (p, 0, m - 1)) / m

    def pair(one, other):
        pulls = a[p] * slope(U, r[one, p]) * (r[other, p] - r[one, other] * r[one, p])
        return a[one] * (slope(V, s[one]) * (s[other] - s[one] * r[one, other]) - mean(pulls))

    wanted = {
        a[i]: (V(s[i]) - mean(a[p] * U(r[i, p]))) / eps,
        s[i]: a[i] * (slope(V, s[i]) * (1 - s[i] ** 2) - mean(a[p] * slope(U, r[i, p]) * (s[p] - r[i, p] * s[i]))),
        r[i, j]: pair(i, j) + pair(j, i),
    }
    assert set(equations) == set(wanted)
    for item, rate in wanted.items():
        assert vanishes(equations[item] - rate, symmetric=(r,))
        assert not vanishes(equations[item] - 2 * rate, symmetric=(r,))
    ((vector, cofactor),) = found.spheres
    pull = 2 * a[i] * (slope(V, s[i]) * s[i] - mean(a[p] * slope(U, r[i, p]) * r[i, p]))
    assert vector == u[i] and vanishes(cofactor - pull, symmetric=(r,))


def test_missing_inner_products_are_named():
    found = order_parameters(RISK, WEIGHTS, VECTORS, TABLE[:2])
    assert isinstance(found, NotClosed) and found.missing == (INNER(target, target),)
    other = Symbol("w_star")
    q = IndexedBase("q")
    two = -Sum(a[i] * V(s[i]) * U(q[i]), (i, 0, m - 1)) / m
    table = (((u[i], target), s[i]), ((u[i], other), q[i]), ((target, target), S.One), ((other, other), S.One))
    found = order_parameters(two, WEIGHTS, VECTORS, table)
    assert found.missing == (INNER(target, other),) and "inner(u_star, w_star)" in str(found)
    assert order_parameters(two, WEIGHTS, VECTORS, (*table, ((target, other), S.Half))).equations


def test_bad_tables_are_refused():
    with pytest.raises(ValueError, match="stands for two"):
        order_parameters(RISK, WEIGHTS, VECTORS, (*TABLE, ((target, u[j]), s[j])))
    with pytest.raises(ValueError, match="every entry"):
        order_parameters(RISK, WEIGHTS, VECTORS, (((u[i],), s[i]),))

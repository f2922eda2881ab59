"""Powers of a small parameter, against SymPy's series and against numbers."""

from __future__ import annotations

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Idx, IndexedBase, Product, Rational, Sum, Symbol, exp, log, sqrt, symbols

from plateaux.theory.exponents import Rest, leading, least, order_sign, powers, unknown

eps = Symbol("eps", positive=True)
x, y = symbols("x y", real=True)
c = Symbol("c", positive=True)
L, l, K = symbols("L l K", integer=True, positive=True)
m = Symbol("m", integer=True, positive=True)
i, a, s = Idx("i", m), IndexedBase("a"), IndexedBase("s")


def known(expression, **options):
    """The terms that are not in the rest."""
    return {e: v for e, v in powers(expression, eps, **options).items() if not unknown(v)}


def test_order_of_symbolic_exponents():
    assert order_sign(l / (2 * (l + 1)) - 1 / (2 * (l + 1)), ((l, 2),)) == 1
    assert order_sign(2 - L, ((L, 3),)) == -1
    assert order_sign(L - l, ((L, l + 1),)) == 1
    assert order_sign(l - K, ((K, L + 1), (L, l + 1))) == -1
    assert order_sign(sp.cancel((l**2 - 1) / (l - 1)) - l - 1) == 0
    assert order_sign(2 * c) == 1
    for undecided in (L - 3, L - l, x):
        with pytest.raises(ValueError, match="not decided"):
            order_sign(undecided)
    assert least([1, Rational(1, 2), l / (l + 1)], ((l, 2),)) == Rational(1, 2)
    with pytest.raises(ValueError, match="not decided"):
        order_sign(L - 3, ((L, 3),))  # zero at L = 3, positive beyond


def test_polynomials_are_exact():
    assert known((x + eps * y) ** 3) == {0: x**3, 1: 3 * x**2 * y, 2: 3 * x * y**2, 3: y**3}
    assert known((eps**2 * c) ** L) == {2 * L: c**L}
    assert known((eps * c) ** (L - 1) * eps ** (2 - L)) == {1: c ** (L - 1)}


@pytest.mark.parametrize(
    "expression",
    [
        sqrt(c + eps * x),
        sqrt(c * eps + x**2 * eps**2),
        1 / (c + eps * x + eps**2),
        sp.sin(eps * x) / eps,
        sp.tanh(x + eps * y),
        exp(eps * x) * sp.cosh(eps * y),
        log(c + eps * x),
        (1 + eps) ** x,
    ],
)
def test_agrees_with_series(expression):
    """Leading term and first correction as SymPy's own series has them."""
    terms = known(expression, extra=2)
    first = leading(terms)[0]
    ours = sum(v * eps**e for e, v in terms.items() if e <= first + 1)
    series = sp.series(expression * eps ** (-first), eps, 0, 2).removeO() * eps**first
    assert sp.simplify(ours - series) == 0


def test_truncated_series_with_cancelling_leads_is_refused():
    expression = sqrt(1 + eps * x) - 1 - eps * x / 2
    with pytest.raises(ValueError, match="raise extra"):
        leading(powers(expression, eps))
    assert leading(powers(expression, eps, extra=2)) == (2, -(x**2) / 8)


def test_every_rest_is_its_own():
    assert Rest("Rest") != Rest("Rest")
    with pytest.raises(ValueError, match="raise extra"):
        leading(powers(sqrt(1 + eps * x) - sqrt(1 + eps * x + eps**2), eps, extra=0))


def test_logarithm_about_zero_is_refused():
    with pytest.raises(ValueError, match="singular"):
        powers(log(eps * x + eps**2), eps)
    with pytest.raises(ValueError, match="no expansion"):
        powers(sp.sin(x / eps), eps)


def test_zero_test_goes_beyond_expansion():
    terms = powers((sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1) / eps + y, eps)
    assert leading(terms) == (0, y)
    with pytest.raises(ValueError, match="zero to all orders"):
        leading(powers((sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1) / eps, eps))


def test_exponentials():
    assert powers(exp(-c / eps), eps) == {}
    assert known(exp(-c / eps) + eps) == {1: 1}
    assert powers(exp(x / eps - c / eps**2), eps) == {}
    assert known(exp(2 * log(eps) + x)) == {2: exp(x)}
    assert known(sp.sinh(x - log(eps)))[-1] == exp(x) / 2
    for bad in (exp(c / eps), exp(x / eps)):
        with pytest.raises(ValueError, match="declare signs"):
            powers(bad, eps)


def test_kinks_scale_away_from_the_switch_only():
    assert known(sp.Max(0, eps * x)) == {1: sp.Max(0, x)}
    assert known(sp.Heaviside(eps * x)) == {0: sp.Heaviside(x)}
    assert known(sp.Abs(x * eps + 0)) == {1: sp.Abs(x)}
    with pytest.raises(ValueError, match="kink"):
        powers(sp.Max(0, x + eps * y), eps)


def test_sums_and_products():
    terms = known(Sum((eps * a[i] + s[i]) * s[i], i) / m)
    assert terms == {0: Sum(s[i] ** 2, (i, 0, m - 1)) / m, 1: Sum(a[i] * s[i], (i, 0, m - 1)) / m}
    k = Symbol("k", integer=True)
    r = IndexedBase("r")
    tail = powers(Sum(r[k] * eps**k, (k, l, K)), eps)
    assert set(tail) == {l, l + 1, l + 2}
    assert tail[l] == r[l] and unknown(tail[l + 2])
    assert powers(Sum(r[k] * eps**k, (k, 1, 3)), eps) == {1: r[1], 2: r[2], 3: r[3]}
    assert powers(Product(eps * r[k], (k, 1, L)), eps) == {L: Product(r[k], (k, 1, L))}
    with pytest.raises(ValueError, match="does not grow"):
        powers(Sum(r[k] * eps ** (-k), (k, l, K)), eps)


def test_small_is_declared_positive():
    with pytest.raises(ValueError, match="small"):
        powers(x, Symbol("e"))


EXPONENT = st.sampled_from([Rational(n, 4) for n in range(-4, 9)])
TERM = st.tuples(st.integers(1, 5), EXPONENT)


@settings(deadline=None, max_examples=20)
@given(st.lists(TERM, min_size=1, max_size=3), st.lists(TERM, min_size=1, max_size=3), st.sampled_from([-2, -1, 1, 3]))
def test_leading_term_is_the_limit(left, right, power):
    """Positive sums cannot cancel: expression over leading term goes to one."""
    first = sum(c * eps**e for c, e in left)
    second = sum(c * eps**e for c, e in right)
    expression = first**power * sqrt(second)
    exponent, coefficient = leading(powers(expression, eps))
    ratio = expression / (coefficient * eps**exponent)
    assert abs(sp.N(ratio.subs(eps, Rational(1, 10**60)), 30) - 1) < 1e-12

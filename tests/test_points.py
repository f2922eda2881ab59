"""Random points and the evaluator, against independent values."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    BlockDiagMatrix,
    BlockMatrix,
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    HadamardProduct,
    Identity,
    Idx,
    IndexedBase,
    Inverse,
    MatrixSymbol,
    Ne,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    Trace,
    ZeroMatrix,
    erf,
    gamma,
    pi,
    sqrt,
    symbols,
)

from plateaux.derivations.points import NoPoint, evaluate, extend, number, sample, shown

p, q, w = symbols("p q w", integer=True, positive=True)
A, W = MatrixSymbol("A", p, q), MatrixSymbol("W", w, q)
S = MatrixSymbol("S", p, p)
v = MatrixSymbol("v", p, 1)
tau, a, b = symbols("tau a b", positive=True)
x, y = symbols("x y", real=True)


def norm(value: Any) -> Any:
    return mpmath.mnorm(value, "f")


def test_assumptions_of_symbols() -> None:
    n, z = Symbol("n", integer=True, nonnegative=True), Symbol("z")
    neg, odd = Symbol("neg", negative=True), Symbol("odd", odd=True, positive=True)
    for seed in range(20):
        point = sample((n, z, neg, odd, a, x), seed=seed)
        assert point[n].is_Integer and point[n] >= 0 and point[neg] < 0 and point[a] > 0 and point[odd] % 2 == 1
        assert not point[z].is_real and point[x].is_rational


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_relations_hold(seed: int) -> None:
    point = sample((), (a < b, x > 2 * b + 3, x**2 > y, Ne(y, 0)), seed)
    assert point[a] < point[b] and point[x] > 2 * point[b] + 3 and point[x] ** 2 > point[y]


def test_narrow_domain_and_impossible_one() -> None:
    point = sample((a,), (a < Rational(1, 10**6),), 3)
    assert 0 < point[a] < Rational(1, 10**6)
    with pytest.raises(NoPoint, match="no point found in 50 draws"):
        sample((x,), (x**2 < -1,), tries=50)


def test_shapes_differ_both_ways() -> None:
    for seed in range(4):
        point = sample((A, W), seed=seed)
        assert (point[p], point[q]) == ((2, 3) if seed % 2 == 0 else (3, 2)) and 4 <= point[w] <= 6
        assert point[A].shape == (point[p], point[q]) and point[W].shape == (point[w], point[q])
    wide = sample((A, W), (w >= p + q,), 5)
    assert wide[w] >= wide[p] + wide[q]


def test_symmetric_letters() -> None:
    point = sample((S, A), symmetric=(S,))
    assert point[S] == point[S].T


@pytest.mark.parametrize("seed", [0, 1])
def test_matrix_identities_at_thirty_digits(seed: int) -> None:
    point = sample((A, S, W, v, tau), seed=seed, symmetric=(S,))
    gram = A * A.T + tau**2 * Identity(p)
    half, third = gram ** Rational(1, 2), gram ** Rational(1, 3)
    for zero in (
        half * half - gram,
        third**3 - gram,
        gram ** Rational(-1, 2) * half - Identity(p),
        Inverse(gram) * gram - Identity(p),
        half * A - A * (A.T * A + tau**2 * Identity(q)) ** Rational(1, 2),
        (A * A.T) ** 2 - A * A.T * A * A.T + ZeroMatrix(p, p),
        HadamardProduct(S, Identity(p)) - DiagonalMatrix(S),
        DiagMatrix(v) * v - HadamardProduct(v, v),
    ):
        assert norm(evaluate(zero, point)) < mpmath.mpf(10) ** -40
    block = BlockMatrix([[gram, A], [A.T, A.T * A]])
    flip = BlockDiagMatrix(Identity(p), -Identity(q))
    assert abs(evaluate(Trace(block * flip) - tau**2 * p, point)) < mpmath.mpf(10) ** -40
    assert abs(evaluate(Determinant(half) ** 2 - Determinant(gram), point)) < mpmath.mpf(10) ** -40
    assert abs(evaluate(A[0, 1] - A.T[1, 0], point)) == 0
    assert norm(evaluate(half * half - 2 * gram, point)) > 1


def test_fractional_power_needs_a_positive_symmetric_matrix() -> None:
    point = sample((A, S), symmetric=(S,))
    with pytest.raises(NoPoint, match="semidefinite"):
        evaluate((S * S - 9 * Identity(p) - 9 * A * A.T) ** Rational(1, 2), point)
    with pytest.raises(NoPoint, match="symmetric"):
        evaluate((A * A.T + MatrixSymbol("B", p, p)) ** Rational(1, 2), sample((A, MatrixSymbol("B", p, p))))


def test_scalars_against_known_values() -> None:
    point = {x: Rational(1, 3), a: Rational(2)}
    with mpmath.mp.workdps(40):
        assert (
            abs(evaluate(erf(x) + gamma(a + Rational(1, 2)), point) - mpmath.erf(mpmath.mpf(1) / 3) - mpmath.gamma(2.5))
            < 1e-38
        )
        assert abs(evaluate(sqrt(pi) ** 2 - pi, point)) < 1e-38
    assert evaluate(Piecewise((a, x > 0), (x, True)), point) == 2
    with pytest.raises(NoPoint):
        evaluate(1 / (a - 2), point)
    with pytest.raises(NoPoint, match="y has no value"):
        evaluate(x + y, point)


def test_sums_over_a_family() -> None:
    n = Symbol("n", integer=True, positive=True)
    i, j = symbols("i j", cls=Idx)
    c = IndexedBase("c")
    square = Sum(c[i], (i, 0, n - 1)) ** 2 - Sum(c[i] * c[j], (i, 0, n - 1), (j, 0, n - 1))
    point = sample((c, n), seed=4)
    assert abs(evaluate(square, point)) < mpmath.mpf(10) ** -40
    assert abs(evaluate(Sum(c[i], (i, 0, n - 1)), point)) > 0


def test_definitions_are_evaluated_in_order() -> None:
    r, k = symbols("r k")
    point = sample((x,), let=((r, x**2 + 1), (k, sqrt(r))))
    with mpmath.mp.workdps(50):
        assert abs(point[k] ** 2 - point[r]) < mpmath.mpf(10) ** -40
    more = extend(sample((x,)), ((r, x**2 + 1),), 75)
    with mpmath.mp.workdps(90):
        assert abs(more[r] - (point[x].p * mpmath.mpf(1) / point[x].q) ** 2 - 1) < mpmath.mpf(10) ** -80


def test_same_seed_same_point() -> None:
    assert sample((A, x, a), seed=7) == sample((a, x, A), seed=7)
    assert dict(shown(sample((A,), seed=0)))["p"] == "2"
    assert number(Symbol("m", negative=True), __import__("random").Random(1)) < 0


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_relations_keep_the_signs_of_their_letters(seed: int) -> None:
    """A letter that is moved to satisfy a relation keeps the assumptions it was made with."""
    up, down = Symbol("up", nonnegative=True), Symbol("down", nonpositive=True)
    minus, off = Symbol("minus", negative=True), Symbol("off", nonzero=True, real=True)
    point = sample((up, down, minus, off), (up <= x, down >= -a, minus > y, off < x), seed=seed)
    assert point[up] >= 0 >= point[down] and point[minus] < 0 and point[off] != 0
    assert point[up] <= point[x] and point[down] >= -point[a] and point[y] < point[minus] and point[off] < point[x]

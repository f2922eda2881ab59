"""Scalar identities, closures and invariant sets, with cofactors as certificates."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational, Symbol, cos, sqrt, symbols

from plateaux.theory.answers import Inconsistent, NotClosed, NotInvariant, Projected, Restricted
from plateaux.theory.closure import closure, project, restrict, roots
from plateaux.theory.formula import Source
from plateaux.theory.system import System
from plateaux.theory.words import prove, recheck

t = Symbol("t")
s, a, b, g, m, p, q, eta, tau, lam, rho = symbols("s a b g m p q eta tau lambda_ rho")
u, v = symbols("u v", positive=True)
MEANING = tuple((letter, str(letter)) for letter in (t, s, a, b, g, m, p, q, eta, tau, lam, rho))


def system(kind, *equations, **more):
    return System("test.mode", "a mode", kind, t, equations, MEANING, Source("plateaux"), **more)


MODE = system("flow", (s, -(a + b) * g), (a, -2 * s * g), (b, -2 * s * g), let=((g, s - m),))
STEP = system(
    "map",
    (s, s - eta * g * (a + b) + eta**2 * g**2 * s),
    (a, a - 2 * eta * g * s + eta**2 * g**2 * b),
    (b, b - 2 * eta * g * s + eta**2 * g**2 * a),
    let=((g, s - m),),
)
S_HALF, B_NEXT = s - eta * g * a, b - 2 * eta * g * s + eta**2 * g**2 * a
SEQUENTIAL = system(
    "map",
    (s, S_HALF - eta * g * B_NEXT), (a, a - 2 * eta * g * S_HALF + eta**2 * g**2 * B_NEXT), (b, B_NEXT),
    let=((g, s - m),),
)  # fmt: skip
DET = ("det", a * b - s**2 - tau**2)
EQUAL = ("equal", a - b)


def rechecked(answer):
    proofs = [proof for _, proof in answer.proofs]
    proofs += answer.found_proofs if isinstance(answer, Projected) else [x for _, x in answer.equation_proofs]
    for proof in proofs:
        assert recheck(proof, answer.given, answer.symmetric)
        for n, use in enumerate(proof.uses):
            uses = (*proof.uses[:n], replace(use, scale=-use.scale), *proof.uses[n + 1 :])
            assert not recheck(replace(proof, uses=uses), answer.given, answer.symmetric)
    return answer


def test_the_sum_of_singular_value_and_strength_obeys_a_riccati_equation():
    answer = project(MODE, ((p, a + s),), relations=(DET, EQUAL))
    assert isinstance(rechecked(answer), Projected)
    assert (answer.system.rate(p) - (tau**2 + 2 * m * p - p**2)).expand() == 0
    assert answer.system.let == ()


def test_roots_in_the_equations():
    flow = system("flow", (s, 2 * sqrt(s**2 + tau**2) * (m - s)))
    answer = project(flow, ((p, s + sqrt(s**2 + tau**2)),))
    assert isinstance(rechecked(answer), Projected)
    assert (answer.system.rate(p) - (tau**2 + 2 * m * p - p**2)).expand() == 0
    assert answer.nonzero == (sqrt(s**2 + tau**2),)
    inverse = project(flow, ((q, 1 / (s + sqrt(s**2 + tau**2))),))
    assert (rechecked(inverse).system.rate(q) - (1 - 2 * m * q - tau**2 * q**2)).expand() == 0
    wrong = project(flow, ((p, s - 2 * sqrt(s**2 + tau**2)),))
    assert isinstance(wrong, NotClosed)


def test_the_manifold_of_one_mode():
    answer = restrict(MODE, (DET, EQUAL), positive=(a, b))
    assert isinstance(rechecked(answer), Restricted)
    assert answer.system.items == (s,)
    let = dict(answer.system.let)
    assert let[a] == let[b] == sqrt(s**2 + tau**2) and let[g] == s - m
    rate = answer.system.rate(s).xreplace(let).xreplace(let)
    assert (rate - 2 * sqrt(s**2 + tau**2) * (m - s)).expand() == 0


def test_unequal_layers_share_the_arithmetic_mean():
    answer = restrict(MODE, (("det", a * b - s**2 - rho), ("gap", a - b - lam)), positive=(a, b))
    let = dict(rechecked(answer).system.let)
    assert let[b] == -lam / 2 + sqrt(rho + s**2 + lam**2 / 4)
    assert (let[a] - let[b] - lam).expand() == 0


def test_exact_steps_of_the_eigenvalues():
    answer = project(STEP, ((p, a + s), (q, a - s)), relations=(EQUAL,))
    assert isinstance(rechecked(answer), Projected)
    assert (answer.system.rate(p) - (1 - eta * g) ** 2 * p).expand() == 0
    assert (answer.system.rate(q) - (1 + eta * g) ** 2 * q).expand() == 0
    assert (dict(answer.system.let)[g] - ((p - q) / 2 - m)).expand() == 0


def test_determinant_of_one_mode():
    kept = restrict(SEQUENTIAL, (("det", a * b - s**2 - rho),))
    assert isinstance(rechecked(kept), Restricted)
    shrinks = restrict(STEP, (("det", a * b - s**2 - rho),))
    assert isinstance(shrinks, NotInvariant) and shrinks.proved
    assert (shrinks.normal_forms[0][1] - rho * ((1 - eta**2 * g**2) ** 2 - 1)).expand() == 0
    assert isinstance(project(STEP, ((p, a - b),)), NotClosed)  # its factor contains s
    proof = restrict(STEP, (EQUAL,))
    assert isinstance(rechecked(proof), Restricted)
    assert proof.proofs[0][1].uses[0].scale.expand() == (1 - eta**2 * g**2).expand()


def test_one_mode_alone_does_not_close():
    answer = project(MODE, ((p, s),))
    assert isinstance(answer, NotClosed) and answer.proved and not answer
    assert (answer.leftover[0][1] + (a + b) * g).expand() == 0
    assert set(answer.missing) == {a, b} and "no polynomial in p" in str(answer)


def test_what_is_missing_can_be_adopted():
    answer = closure(MODE, ((p, s),), rounds=1)
    assert isinstance(rechecked(answer), Projected) and len(answer.system.equations) == 3
    assert dict(answer.system.let) == {g: p - m}


def test_roots_of_scalar_relations():
    assert roots((("det", a * b - s**2), ("equal", a - b)), (a, b)) == ()  # not in triangular form
    assert roots((("square", a**2 - s**2 - tau**2),), (a,)) == ((a, sqrt(s**2 + tau**2), "s**2 + tau**2 >= 0"),)


@pytest.mark.parametrize(
    "relations",
    [
        (("det", a * b + s**2 - tau**2), EQUAL),
        (("det", a * b - 2 * s**2 - tau**2), EQUAL),
        (("det", a * s - s**2 - tau**2), EQUAL),
        (DET, ("equal", a - 2 * b)),
        (DET, ("equal", a - s)),
    ],
)
def test_planted_errors_in_the_manifold_are_seen(relations):
    assert isinstance(restrict(MODE, relations), NotInvariant | Inconsistent)


def test_contradictions_are_said():
    assert isinstance(restrict(MODE, (EQUAL, ("off", a - b - 1))), Inconsistent)
    assert isinstance(project(MODE, ((p, a),), relations=(EQUAL, ("off", a - b - 1))), Inconsistent)
    proof = prove(s, s, given=(("x", a - 1), ("y", a - 2)))
    assert not proof.ok and "inconsistent" in proof.residual and "x, y" in proof.residual


def test_scalar_identities_modulo_relations():
    given = (("det", a * b - rho), ("gap", a - b - lam))
    proof = prove(((a + b) / 2) ** 2, rho + lam**2 / 4, given=given)
    assert proof.ok and recheck(proof, given) and {use.relation for use in proof.uses} == {"det", "gap"}
    assert not recheck(replace(proof, uses=proof.uses[1:]), given)
    wrong = prove(((a + b) / 2) ** 2, rho + lam**2 / 2, given=given)
    assert not wrong.ok and wrong.complete and wrong.residual == "-lambda_**2/4"
    root = prove(sqrt(u + v) ** 3 / (u + v), sqrt(u + v))
    assert root.ok and recheck(root, ())
    assert prove(1 / (sqrt(u) - 1), (sqrt(u) + 1) / (u - 1)).ok
    undecided = prove(cos(u) ** 2, 1)
    assert not undecided.ok and not undecided.complete
    with pytest.raises(ValueError, match="float"):
        prove(0.5 * u, u)


def test_a_power_in_the_ideal_does_not_count_as_refuted():
    """s^2 = 0 makes s vanish, though s is not in the ideal."""
    proof = prove(s, 0, given=(("square", s**2),))
    assert not proof.ok and not proof.complete


def test_bad_input():
    from sympy import Idx, IndexedBase

    i = Idx("i", 3)
    x = IndexedBase("x")
    with pytest.raises(ValueError, match="plain symbols"):
        neurons = System("test.n", "n", "flow", t, ((x[i], -x[i]),), ((t, "t"), (x, "x")), Source("plateaux"))
        project(neurons, ((p, p),))


numbers = st.fractions(min_value=-5, max_value=5, max_denominator=7)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(numbers, st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4), numbers)
def test_monomials_agree_on_a_line_and_a_shift_is_seen(terms, x):
    """On a = b = s every monomial is a power of b."""
    given = (("equal", a - b), ("other", s - a))
    left = sum(Rational(c.numerator, c.denominator) * a**i * s**j for c, i, j in terms)
    right = sum(Rational(c.numerator, c.denominator) * b ** (i + j) for c, i, j in terms)
    proof = prove(left, right, given=given)
    assert proof.ok and recheck(proof, given)
    if x != 0:
        shift = Rational(x.numerator, x.denominator) * b
        assert not prove(left, right + shift, given=given).ok


def test_what_vanishes_only_to_a_power_is_unknown():
    from plateaux.theory.answers import Unknown

    answer = restrict(system("flow", (s, 0 * s), (a, s)), (("square", s**2), ("a", a)))
    assert isinstance(answer, Unknown) and not answer.proved and str(answer).startswith("Unknown")

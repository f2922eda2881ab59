"""Closed systems of observables and invariant sets of matrix flows and maps; planted errors; the aligned ansatz."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from sympy import BlockMatrix, HadamardProduct, Identity, MatrixSymbol, Rational, Symbol, Trace, ZeroMatrix, symbols

from plateaux.theory.align import Aligned, NotAligned, align
from plateaux.theory.answers import Inconsistent, NotClosed, NotInvariant, Projected, Restricted, Unknown
from plateaux.theory.closure import closure, project, restrict, roots
from plateaux.theory.formula import Source
from plateaux.theory.system import System
from plateaux.theory.words import matrix, poly, prove, recheck

d, e, w, k = symbols("d e w k", integer=True, positive=True)
N = d + e
t = Symbol("t")
tau, lam, rho, eta = symbols("tau lambda_ rho eta")
W1, W2, W3 = MatrixSymbol("W1", w, e), MatrixSymbol("W2", d, w), MatrixSymbol("W3", w, w)
A, G, M = (MatrixSymbol(name, d, e) for name in "AGM")
C1, C2 = MatrixSymbol("C1", e, e), MatrixSymbol("C2", d, d)
Q = MatrixSymbol("Q", N, w)
P, J, F, Mhat, S, L = (MatrixSymbol(name, N, N) for name in ("P", "J", "F", "Mhat", "S", "L"))
U, V, O = MatrixSymbol("U", d, k), MatrixSymbol("V", e, k), MatrixSymbol("O", w, k)
I_d, I_e, I_N = Identity(d), Identity(e), Identity(N)
V1, V2 = MatrixSymbol("V1", w, e), MatrixSymbol("V2", d, w)
MEANING = tuple((letter, str(letter)) for letter in (d, e, w, k, t, tau, lam, rho, eta, W1, W2, W3, A, G, M, C1, C2, Q))
MEANING += tuple((letter, str(letter)) for letter in (P, J, F, Mhat, S, L, U, V, O, V1, V2))


def system(kind, *equations, **more):
    return System("test.system", "a system", kind, t, equations, MEANING, Source("plateaux"), **more)


FLOW = system("flow", (W1, -W2.T * G), (W2, -G * W1.T))
STEP = system("map", (W1, W1 - eta * W2.T * G), (W2, W2 - eta * G * W1.T))
W1_NEXT = W1 - eta * W2.T * G
SEQUENTIAL = system("map", (W1, W1_NEXT), (W2, W2 - eta * G * W1_NEXT.T))
OBSERVABLES = ((A, W2 * W1), (C1, W1.T * W1), (C2, W2 * W2.T))
GRAM = ((A, -C2 * G - G * C1), (C1, -A.T * G - G.T * A), (C2, -A * G.T - G * A.T))
GRAM_FLOW = system("flow", *GRAM, symmetric=(C1, C2))
GRAM_STEP = (
    (A, A - eta * (C2 * G + G * C1) + eta**2 * G * A.T * G),
    (C1, C1 - eta * (G.T * A + A.T * G) + eta**2 * G.T * C2 * G),
    (C2, C2 - eta * (G * A.T + A * G.T) + eta**2 * G * C1 * G.T),
)
GRAM_SEQUENTIAL = (
    (A, A - eta * (C2 * G + G * C1) + eta**2 * (G * A.T * G + G * G.T * A) - eta**3 * G * G.T * C2 * G),
    (C1, C1 - eta * (G.T * A + A.T * G) + eta**2 * G.T * C2 * G),
    (
        C2,
        C2 - eta * (G * A.T + A * G.T) + eta**2 * (G * C1 * G.T + G * G.T * C2 + C2 * G * G.T)
        - eta**3 * (G * G.T * A * G.T + G * A.T * G * G.T) + eta**4 * G * G.T * C2 * G * G.T,
    ),
)  # fmt: skip
MANIFOLD = (
    ("outputs", C2 * C2 - A * A.T - tau**2 * I_d),
    ("between", A * C1 - C2 * A),
    ("inputs", C1 * C1 - A.T * A - tau**2 * I_e),
)
SIGNATURE = (("J^2 = I", J * J - I_N), ("FJ = -JF", F * J + J * F))
STACKED = system("flow", (P, -F * P - P * F), symmetric=(P, F))
DEEP = system("flow", (W1, -W3.T * W2.T * G), (W3, -W2.T * G * W1.T), (W2, -G * W1.T * W3.T))
DEEP_STEP = system("map", *((x, x + eta * rate) for x, rate in DEEP.equations))
BALANCE = (("balance.1", W1 * W1.T - W3.T * W3), ("balance.2", W3 * W3.T - W2.T * W2))


def same(left, right, symmetric=()):
    return poly(left - right, symmetric) == {}


def rechecked(answer):
    """Every certificate of an answer survives expansion, and none survives a flipped sign."""
    proofs = [proof for _, proof in answer.proofs]
    proofs += answer.found_proofs if isinstance(answer, Projected) else [p for _, p in answer.equation_proofs]
    for proof in proofs:
        assert recheck(proof, answer.given, answer.symmetric)
        for n, use in enumerate(proof.uses):
            uses = (*proof.uses[:n], replace(use, scale=-use.scale), *proof.uses[n + 1 :])
            assert not recheck(replace(proof, uses=uses), answer.given, answer.symmetric)
    return answer


def equations_are(answer, claimed):
    assert isinstance(answer, Projected), answer
    rechecked(answer)
    assert answer.system.items == tuple(item for item, _ in claimed)
    return all(same(answer.system.rate(item), rate, (C1, C2, P, F)) for item, rate in claimed)


@pytest.mark.parametrize(
    ("of", "claimed", "uses"),
    [(FLOW, GRAM, [2, 2, 2]), (STEP, GRAM_STEP, [4, 4, 4]), (SEQUENTIAL, GRAM_SEQUENTIAL, [6, 4, 9])],
    ids=["flow", "step", "sequential step"],
)
def test_the_map_and_the_gram_matrices_close(of, claimed, uses):
    answer = project(of, OBSERVABLES)
    assert equations_are(answer, claimed)
    assert [len(proof.uses) for _, proof in answer.proofs] == uses
    assert answer.complete and answer.nonzero == () and answer.found == ()
    assert set(answer.system.symmetric) == {C1, C2}
    assert dict(answer.system.meaning)[G] == "G"


def test_planted_errors_in_the_gram_equations_are_seen():
    for of, claimed in ((FLOW, GRAM), (STEP, GRAM_STEP), (SEQUENTIAL, GRAM_SEQUENTIAL)):
        answer = project(of, OBSERVABLES)
        for item, rate in claimed:
            for wrong in mutants(rate):
                assert not same(answer.system.rate(item), wrong, (C1, C2))


def mutants(expression, letters=()):
    """Sign and factor 2 on each term, neighbours swapped where the shapes allow it, a letter for another of its shape."""
    terms = poly(expression)
    out = []
    for word, c in terms.items():
        others = {u: b for u, b in terms.items() if u != word}
        out += [{**others, word: -c}, {**others, word: 2 * c}]
        for n in range(len(word)):
            for letter in letters:
                if letter != word[n] and letter.shape == word[n].shape:
                    new = (*word[:n], letter, *word[n + 1 :])
                    out.append({**others, new: others.get(new, 0) + c})
            if n and word[n].shape == word[n - 1].shape and word[n].rows == word[n].cols and word[n] != word[n - 1]:
                new = (*word[: n - 1], word[n], word[n - 1], *word[n + 1 :])
                out.append({**others, new: others.get(new, 0) + c})
    return [matrix({u: b for u, b in one.items() if b != 0}, expression.shape) for one in out]


def test_the_map_alone_does_not_close_and_says_what_is_missing():
    answer = project(FLOW, ((A, W2 * W1),))
    assert isinstance(answer, NotClosed) and not answer and answer.proved
    assert same(answer.leftover[0][1], -G * W1.T * W1 - W2 * W2.T * G)
    assert set(answer.missing) == {W1.T * W1, W2 * W2.T}
    assert str(answer) == (
        "The rate of A contains -G W1^T W1 - W2 W2^T G, which is no polynomial in A. "
        "Missing observables: W1^T W1, W2 W2^T."
    )
    adopted = closure(FLOW, ((A, W2 * W1),), rounds=1)
    assert isinstance(adopted, Projected) and len(adopted.system.equations) == 3
    assert isinstance(closure(DEEP, ((A, W2 * W3 * W1),), rounds=1), NotClosed)


def test_momentum_closes_after_two_rounds():
    momentum = system(
        "map",
        (V1, tau * V1 - W2.T * G), (V2, tau * V2 - G * W1.T),
        (W1, W1 + eta * (tau * V1 - W2.T * G)), (W2, W2 + eta * (tau * V2 - G * W1.T)),
    )  # fmt: skip
    assert isinstance(closure(momentum, ((A, W2 * W1),), rounds=1), NotClosed)
    answer = closure(momentum, ((A, W2 * W1),), rounds=2)
    assert isinstance(answer, Projected) and len(answer.system.equations) == 10
    rechecked(answer)


def test_the_stacked_gram_matrix_closes():
    assert equations_are(project(system("flow", (Q, -F * Q), symmetric=(F,)), ((P, Q * Q.T),)), ((P, -F * P - P * F),))
    answer = project(system("map", (Q, Q - eta * F * Q), symmetric=(F,)), ((P, Q * Q.T),))
    assert equations_are(answer, ((P, (I_N - eta * F) * P * (I_N - eta * F)),))


def test_lax_form_is_a_projection():
    answer = project(STACKED, ((L, P * J),), relations=SIGNATURE, symmetric=(J,))
    assert isinstance(rechecked(answer), Projected)
    proof = prove(answer.system.rate(L), L * F - F * L, given=SIGNATURE, symmetric=(F, J))
    assert proof.ok


def test_definitions_stay_letters():
    """The gradient of the squared error is reduced as a letter and comes back as a definition."""
    flow = system("flow", *FLOW.equations, let=((A, W2 * W1), (G, A - M)))
    answer = project(flow, OBSERVABLES)
    assert equations_are(answer, GRAM) and answer.system.let == ((G, A - M),)
    direct = system("flow", *FLOW.equations, let=((G, W2 * W1 - M),))
    assert project(direct, OBSERVABLES).system.let == ((G, A - M),)
    masked = system("flow", *FLOW.equations, let=((A, W2 * W1), (G, HadamardProduct(M, A - M))))
    assert project(masked, OBSERVABLES).system.let == ((G, HadamardProduct(M, A - M)),)
    staged = system("map", (W1, W1 - eta * W2.T * G), (W2, W2 - eta * G * V1.T), let=((V1, W1 - eta * W2.T * G),))
    assert equations_are(project(staged, OBSERVABLES), GRAM_SEQUENTIAL)
    with pytest.raises(ValueError, match="another definition"):
        project(system("flow", *FLOW.equations, let=((A, 2 * W2 * W1), (G, A - M))), OBSERVABLES)


def test_initial_values_are_carried_over():
    flow = system("flow", *FLOW.equations, given=((W1, V1), (W2, V2)))
    assert project(flow, OBSERVABLES).system.given[0] == (A, V2 * V1)


@pytest.mark.parametrize("kind", ["flow", "map"])
def test_moments_inside_one_activation_cone(kind):
    """Neurons stacked as columns: the moments of [W; a] close, v alone does not (W: e x w, a: d x w, D: e x d)."""
    a, data = MatrixSymbol("a", d, w), MatrixSymbol("D", e, d)
    weights = MatrixSymbol("W", e, w)
    moments = ((C1, weights * weights.T), (M, a * weights.T), (C2, a * a.T))
    rates = ((weights, data * a), (a, data.T * weights))
    names = (*MEANING, *((x, str(x)) for x in (a, data, weights)))
    equations = rates if kind == "flow" else tuple((x, x + eta * rate) for x, rate in rates)
    cone = System("test.cone", "cone", kind, t, equations, names, Source("plateaux"))
    answer = project(cone, moments)
    flow = {C1: data * M + M.T * data.T, M: C2 * data.T + data.T * C1, C2: M * data + data.T * M.T}
    square = {C1: data * C2 * data.T, M: data.T * M.T * data.T, C2: data.T * C1 * data}
    for item, rate in answer.system.equations:
        expected = flow[item] if kind == "flow" else item + eta * flow[item] + eta**2 * square[item]
        assert same(rate, expected, (C1, C2))
    alone = project(cone, moments[1:2])
    assert isinstance(alone, NotClosed) and alone.proved
    if kind == "flow":
        assert {poly(x)[y] for x in alone.missing for y in poly(x)} == {1}
        assert {next(iter(poly(x))) for x in alone.missing} == {(weights, weights.T), (a, a.T)}


def test_one_by_one_moments_print_once():
    a, data, weights = MatrixSymbol("a", 1, w), MatrixSymbol("D", e, 1), MatrixSymbol("W", e, w)
    v, a2 = MatrixSymbol("v", e, 1), MatrixSymbol("a2", 1, 1)
    names = (*MEANING, *((x, str(x)) for x in (a, data, weights)))
    flow = System(
        "test.cone", "cone", "flow", t, ((weights, data * a), (a, data.T * weights)), names, Source("plateaux")
    )
    answer = project(flow, ((C1, weights * weights.T), (v, weights * a.T), (a2, a * a.T)))
    assert isinstance(rechecked(answer), Projected)
    (word,) = poly(answer.system.rate(a2)).items()
    assert word[1] == 2 and word[0] in ((data.T, v), (v.T, data))


def test_balanced_layers():
    two = project(FLOW, OBSERVABLES, relations=(("balance", W1 * W1.T - W2.T * W2),))
    assert equations_are(two, GRAM) and two.complete
    values = {n: value for n, (_, value, _) in enumerate(roots(two.found, (C1, C2)))}
    assert values == {0: (A.T * A) ** Rational(1, 2), 1: (A * A.T) ** Rational(1, 2)}
    three = project(DEEP, ((A, W2 * W3 * W1), (C2, W2 * W2.T), (C1, W1.T * W1)), relations=BALANCE)
    assert isinstance(rechecked(three), Projected) and three.complete
    assert same(three.system.rate(A), -C2 * C2 * G - C2 * G * C1 - G * C1 * C1, (C1, C2))
    for fact in (C2 * C2 * C2 - A * A.T, C1 * C1 * C1 - A.T * A, C2 * A - A * C1):
        assert any(same(fact, sign * found, (C1, C2)) for _, found in three.found for sign in (1, -1))
    assert [x.args for _, x, _ in roots(three.found, (C1, C2))] == [
        (A.T * A, Rational(1, 3)),
        (A * A.T, Rational(1, 3)),
    ]
    assert isinstance(project(DEEP, ((A, W2 * W3 * W1), (C2, W2 * W2.T), (C1, W1.T * W1))), NotClosed)


def test_four_layers_even_though_the_completion_is_cut():
    x3 = MatrixSymbol("W4", w, w)
    names = (*MEANING, (x3, "W4"))
    layers = (W1, W3, x3, W2)
    up = [Identity(w), W3.T * x3.T * W2.T, x3.T * W2.T, W2.T]
    rates = (
        (W1, -up[1] * G),
        (W3, -up[2] * G * W1.T),
        (x3, -up[3] * G * W1.T * W3.T),
        (W2, -G * W1.T * W3.T * x3.T),
    )
    flow = System("test.four", "four", "flow", t, rates, names, Source("plateaux"))
    balance = tuple((f"balance.{n}", a * a.T - b.T * b) for n, (a, b) in enumerate(pairwise(layers)))
    answer = project(flow, ((A, W2 * x3 * W3 * W1), (C2, W2 * W2.T), (C1, W1.T * W1)), relations=balance)
    assert isinstance(rechecked(answer), Projected) and not answer.complete
    assert any(same(C2**4 - A * A.T, found, (C1, C2)) for _, found in answer.found)


def test_balance_is_kept_by_the_flow_and_not_by_a_step():
    free = rechecked(restrict(DEEP, BALANCE))
    assert isinstance(free, Restricted) and all(proof.uses == () for _, proof in free.proofs)
    broken = restrict(DEEP_STEP, BALANCE)
    assert isinstance(broken, NotInvariant) and broken.proved
    expected = eta**2 * (W3.T * W2.T * G * G.T * W2 * W3 - W1 * G.T * W2 * W2.T * G * W1.T)
    assert same(broken.normal_forms[0][1], expected)
    for name, relation in BALANCE[:1]:
        for wrong in mutants(relation):
            if not same(wrong, relation) and not same(wrong, -relation):
                assert not restrict(DEEP, ((name, wrong), BALANCE[1]), max_steps=60)


def test_the_invariant_manifold_gives_the_mixed_formula():
    answer = restrict(GRAM_FLOW, MANIFOLD, positive=(C1, C2))
    assert isinstance(rechecked(answer), Restricted) and answer.complete
    assert [len(proof.uses) for _, proof in answer.proofs] == [2, 2, 2]
    assert answer.system.items == (A,) and same(answer.system.rate(A), -C2 * G - G * C1)
    let = dict(answer.system.let)
    assert let[C2] == (A * A.T + tau**2 * I_d) ** Rational(1, 2)
    assert let[C1] == (A.T * A + tau**2 * I_e) ** Rational(1, 2)


def test_the_family_of_unequal_layers():
    family = (
        ("outputs", C2 * C2 - lam * C2 - A * A.T - rho * I_d),
        ("between", A * C1 - C2 * A + lam * A),
        ("inputs", C1 * C1 + lam * C1 - A.T * A - rho * I_e),
    )
    answer = restrict(GRAM_FLOW, family, positive=(C1, C2))
    assert isinstance(rechecked(answer), Restricted)
    shift = rho + lam**2 / 4
    let = dict(answer.system.let)
    assert same(let[C2], lam / 2 * I_d + (A * A.T + shift * I_d) ** Rational(1, 2))
    assert same(let[C1], -lam / 2 * I_e + (A.T * A + shift * I_e) ** Rational(1, 2))
    rate = answer.system.rate(A).xreplace(let)
    assert same(rate, -((A * A.T + shift * I_d) ** Rational(1, 2)) * G - G * (A.T * A + shift * I_e) ** Rational(1, 2))


def test_a_missing_relation_is_named():
    answer = restrict(GRAM_FLOW, (MANIFOLD[0], MANIFOLD[2]))
    assert isinstance(answer, NotInvariant) and answer.proved
    form = (A * C1 - C2 * A) * G.T + G * (C1 * A.T - A.T * C2)
    assert same(answer.normal_forms[0][1], form, (C1, C2))
    assert len(answer.missing) == 1 and same(answer.missing[0], C2 * A - A * C1, (C1, C2))
    assert "Relations that may be missing" in str(answer) and str(answer).startswith("Not invariant")


def test_planted_errors_in_the_manifold_are_seen():
    count = 0
    for place, (name, relation) in enumerate(MANIFOLD):
        for wrong in mutants(relation):
            if same(wrong, relation, (C1, C2)) or same(wrong, -relation, (C1, C2)):
                continue
            planted = (*MANIFOLD[:place], (name, wrong), *MANIFOLD[place + 1 :])
            answer = restrict(GRAM_FLOW, planted, max_steps=60)
            assert isinstance(answer, NotInvariant | Unknown | Inconsistent), (name, wrong)
            count += 1
    assert count >= 12


@pytest.mark.parametrize("right", [tau**2 * I_N, lam * P * J + rho * I_N], ids=["mixed", "family"])
def test_polynomial_relations_of_the_lax_matrix_are_kept(right):
    answer = restrict(STACKED, (("family", P * J * P * J - right), *SIGNATURE), symmetric=(J,))
    assert isinstance(rechecked(answer), Restricted) and answer.complete
    blocks = BlockMatrix([[C2, A], [A.T, C1]]) * BlockMatrix([[I_d, ZeroMatrix(d, e)], [ZeroMatrix(e, d), -I_e]])
    assert isinstance(restrict(GRAM_FLOW, (("square", blocks**2 - tau**2 * I_N),)), Restricted)


def test_invariance_alone_does_not_protect_constants():
    """Any polynomial relation of PJ is kept: the initial value has to fix lambda and rho."""
    for right in (-lam * P * J + rho * I_N, lam * P * J - 2 * rho * I_N):
        assert isinstance(
            restrict(STACKED, (("family", P * J * P * J - right), *SIGNATURE), symmetric=(J,)), Restricted
        )
    for wrong in (P * J * P * J - lam * J * P - rho * I_N, P * J * J * P - lam * P * J - rho * I_N):
        assert not restrict(STACKED, (("family", wrong), *SIGNATURE), symmetric=(J,), max_steps=100)


def test_letters_of_the_state_may_be_kept():
    answer = project(FLOW, ((W1, W1), (W2, W2), (A, W2 * W1)))
    assert isinstance(rechecked(answer), Projected)
    assert same(answer.system.rate(W1), -W2.T * G)
    assert any(same(found, sign * (W2 * W1 - A)) for _, found in answer.found for sign in (1, -1))


def test_the_riccati_equation_comes_out_by_itself():
    cubic = system(
        "flow",
        (P, Mhat * P + P * Mhat - P * P + (J * P * J * P + P * J * P * J) / 2),
        symmetric=(P, Mhat, J),
    )
    relations = (
        ("family", P * J * P * J - lam * P * J - rho * I_N),
        ("J^2 = I", J * J - I_N),
        ("MJ = -JM", Mhat * J + J * Mhat),
        ("S", S - Mhat - lam * J / 2),
    )
    answer = rechecked(restrict(cubic, relations, symmetric=(S,), order=(S, J)))
    assert same(answer.system.rate(P), rho * I_N + S * P + P * S - P * P)
    let = system("flow", *STACKED.equations, let=((F, (P - J * P * J) / 2 - Mhat),), symmetric=(P, F, J, Mhat))
    frozen = restrict(let, (*relations[:3], SIGNATURE[1]))
    assert isinstance(rechecked(frozen), Restricted) and same(frozen.system.rate(P), -F * P - P * F)


def test_false_invariance_is_unknown_and_contradictions_are_said():
    false = restrict(STACKED, (("false", P * J * P * J - lam * P * P - rho * I_N), *SIGNATURE), symmetric=(J,))
    assert isinstance(false, Unknown) and not false.proved and str(false).startswith("Unknown")
    assert same(false.normal_forms[0][1], 2 * lam * (P * P * F + P * F * P))
    contradiction = restrict(STACKED, (*SIGNATURE, ("F = J", F - J)), symmetric=(J,))
    assert isinstance(contradiction, Inconsistent) and "J^2 = I" in str(contradiction)
    assert isinstance(
        project(FLOW, OBSERVABLES, relations=(("one", W1 * W1.T), ("two", W1 * W1.T - Identity(w)))), Inconsistent
    )


def test_observables_modulo_relations_that_are_not_kept():
    answer = project(FLOW, OBSERVABLES, relations=(("wrong", W1 * W1.T - 2 * W2.T * W2),))
    assert isinstance(answer, NotInvariant)


def test_symmetry_must_be_kept():
    skew = restrict(system("flow", (P, F * P)), (("square", P * P - I_N),), symmetric=(P, F))
    assert isinstance(skew, NotInvariant) and "P = P^T" in dict(skew.normal_forms)
    square = system("flow", (P, F))
    with pytest.raises(ValueError, match="not symmetric"):
        restrict(system("flow", (P, F), let=((F, P * J),), symmetric=(P, J, F)), (("square", P * P - I_N),))
    with pytest.raises(ValueError, match="not symmetric"):
        project(square, ((L, P * J),), symmetric=(L,))


def test_inverses_move_along_a_flow():
    answer = project(STACKED, ((S, P.I),))
    assert isinstance(rechecked(answer), Projected) and same(answer.system.rate(S), S * F + F * S, (S, F))
    with pytest.raises(ValueError, match="no polynomial"):
        project(system("map", (P, P - eta * F * P), symmetric=()), ((S, P.I),))


@pytest.mark.parametrize("size", [1, k], ids=["one", "many"])
def test_equal_neurons(size):
    """Two neurons that start equal in one cone stay equal; in different cones they part (1 x 1 matrices refute nothing)."""
    out = 1 if size == 1 else d
    x, y = MatrixSymbol("w_a", e, size), MatrixSymbol("w_b", e, size)
    a, b = MatrixSymbol("a_a", out, size), MatrixSymbol("a_b", out, size)
    data, other = MatrixSymbol("D", e, out), MatrixSymbol("E", e, out)
    names = (*MEANING, *((z, str(z)) for z in (x, y, a, b, data, other)))

    def pair(second):
        rates = ((x, data * a), (a, data.T * x), (y, second * b), (b, second.T * y))
        return System("test.pair", "pair", "flow", t, rates, names, Source("plateaux"))

    equal = (("w", x - y), ("a", a - b))
    kept = rechecked(restrict(pair(data), equal))
    assert isinstance(kept, Restricted) and [len(proof.uses) for _, proof in kept.proofs] == [1, 1]
    parted = restrict(pair(other), equal)
    assert isinstance(parted, Unknown if size == 1 else NotInvariant)
    assert any(same(parted.normal_forms[0][1], (data - other) * z) for z in (a, b))


def test_bad_input():
    with pytest.raises(ValueError, match="shape"):
        project(FLOW, ((C1, W2 * W1),))
    with pytest.raises(ValueError, match="state"):
        project(STACKED, ((P, P * P),))
    with pytest.raises(ValueError, match="none given"):
        project(FLOW, ())
    with pytest.raises(ValueError, match="none given"):
        restrict(FLOW, ())
    with pytest.raises(ValueError, match="depends on the state"):
        project(FLOW, ((A, Trace(W2 * W2.T) * W2 * W1),))
    with pytest.raises(ValueError, match="mixes"):
        project(system("flow", (W1, -W2.T * G), (W2, -G * W1.T), (tau, tau)), OBSERVABLES)


# Aligned modes
SMALL = tuple(MatrixSymbol(name, k, k) for name in ("s", "a", "b", "g", "x", "y", "m"))
s, a, b, g, x, y, m = SMALL
SCALARS = {letter: Symbol(str(letter), real=True) for letter in SMALL}


def test_aligned_modes_of_the_gram_flow():
    flow = system("flow", *GRAM, symmetric=(C1, C2), let=((G, A - M),))
    forms = (
        (A, U * s * V.T),
        (C1, V * b * V.T + tau * (I_e - V * V.T)),
        (C2, U * a * U.T + tau * (I_d - U * U.T)),
        (G, U * g * V.T),
        (M, U * m * V.T),
    )
    answer = align(flow, forms, (U, V), (s, a, b, g, m))
    assert isinstance(answer, Aligned)
    z = SCALARS
    rates = dict(answer.system.equations)
    assert (rates[z[s]] + (z[a] + z[b]) * z[g]).expand() == 0
    assert (rates[z[a]] + 2 * z[s] * z[g]).expand() == 0 and (rates[z[b]] + 2 * z[s] * z[g]).expand() == 0
    assert answer.system.let == ((z[g], z[s] - z[m]),)
    assert all(recheck(proof, answer.given, answer.symmetric) for _, proof in answer.proofs)


def test_aligned_layers_flow_and_sequential_step():
    forms = ((W1, O * x * V.T), (W2, U * y * O.T))
    aligned = (*forms, (G, U * g * V.T))
    z = SCALARS
    flow = align(FLOW, aligned, (U, V, O), (x, y, g))
    assert flow.system.equations == ((z[x], -z[g] * z[y]), (z[y], -z[g] * z[x]))
    step = align(SEQUENTIAL, aligned, (U, V, O), (x, y, g))
    expected = (z[x] - eta * z[y] * z[g], z[y] - eta * z[x] * z[g] + eta**2 * z[y] * z[g] ** 2)
    assert all((rate - want).expand() == 0 for (_, rate), want in zip(step.system.equations, expected))
    free = align(FLOW, forms, (U, V, O), (x, y, g))
    assert isinstance(free, NotAligned)
    assert same(free.residuals[0][1], O * y * U.T * G * (V * V.T - I_e))
    assert "W1" in str(free)


def test_square_frames_do_not_hide_a_gradient_that_is_not_aligned():
    """With complete frames the second check is void; the first one still refuses."""
    weights = [MatrixSymbol(name, k, k) for name in ("R1", "R2", "H")]
    left, middle, right = (MatrixSymbol(name, k, k) for name in ("Ul", "Um", "Ur"))
    first, second, h = weights
    names = tuple((z, str(z)) for z in (k, t, *weights))
    flow = System(
        "test.square", "square", "flow", t, ((first, -second.T * h), (second, -h * first.T)), names, Source("plateaux")
    )
    forms = ((first, middle * x * right.T), (second, left * y * middle.T))
    free = align(flow, forms, (left, middle, right), (x, y))
    assert isinstance(free, NotAligned) and h in free.residuals[0][1].atoms(MatrixSymbol)
    assert isinstance(align(flow, (*forms, (h, left * g * right.T)), (left, middle, right), (x, y, g)), Aligned)


def test_forms_are_read_strictly():
    with pytest.raises(ValueError, match="forms"):
        align(FLOW, ((W1, O * x * V.T),), (U, V, O), (x, y))
    with pytest.raises(ValueError, match="not of the form"):
        align(FLOW, ((W1, O * x * y * V.T), (W2, U * y * O.T)), (U, V, O), (x, y))


def test_explicit_matrices_follow_the_projected_equations():
    """Independent oracle: numbers for the weights, the rate of each observable by the product rule."""
    rng = np.random.default_rng(3)
    sizes = {d: 3, e: 2, w: 4}
    at = {z: rng.integers(-3, 4, [sizes[n] for n in z.shape]) for z in (W1, W2, W3, G)}
    for of, observables in ((FLOW, OBSERVABLES), (STEP, OBSERVABLES), (SEQUENTIAL, OBSERVABLES)):
        answer = project(of, observables)
        new = {item: value(rate, at) for item, rate in of.equations}
        at_observables = {**at, **{z: value(expression, at) for z, expression in observables}}
        for z, expression in observables:
            if of.kind == "map":
                change = value(expression, {**at, **new})
            else:
                step = Rational(1, 10**6)
                shift = lambda sign: {**at, **{q: at[q] + sign * step * r for q, r in new.items()}}  # noqa: E731, B023
                change = (value(expression, shift(1)) - value(expression, shift(-1))) / (2 * step)
            assert np.all(value(answer.system.rate(z), at_observables) - change == 0)


def value(expression, at):
    """Evaluate a matrix expression exactly, eta = 1/3."""
    if expression in at:
        return at[expression]
    terms = poly(expression)
    total = 0
    for word, c in terms.items():
        body = None
        for letter in word:
            part = at[letter] if letter in at else at[letter.arg].T
            body = part if body is None else body @ part
        total = total + c.xreplace({eta: Rational(1, 3)}) * body
    return np.array(total)

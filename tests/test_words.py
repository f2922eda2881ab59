"""Matrix identities: proofs, refutations, certificates, contradictions; explicit integer matrices as independent oracle."""

from dataclasses import replace
from itertools import product as choices

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    BlockMatrix,
    Eq,
    HadamardProduct,
    Identity,
    MatrixSymbol,
    Rational,
    Symbol,
    Trace,
    ZeroMatrix,
    cos,
    sqrt,
    symbols,
)

from plateaux.theory.words import matrix, poly, prove, recheck, trace_poly

d, e, w = symbols("d e w", integer=True, positive=True)
N = d + e
tau, lam, rho, eta = symbols("tau lambda_ rho eta")
P, J, F, M, Z, S, R, D = (MatrixSymbol(name, N, N) for name in ("P", "J", "F", "M", "Z", "S", "R", "D"))
A, G = MatrixSymbol("A", d, e), MatrixSymbol("G", d, e)
C1, C2 = MatrixSymbol("C1", e, e), MatrixSymbol("C2", d, d)
I = Identity(N)
ZERO = ZeroMatrix(N, N)
SIGNATURE = (("J^2 = I", J * J - I), ("FJ = -JF", F * J + J * F))
SYMMETRIC = (P, J, F)
L = P * J
DL = -(F * P + P * F) * J
P_BLOCKS = BlockMatrix([[C2, A], [A.T, C1]])
F_BLOCKS = BlockMatrix([[ZeroMatrix(d, d), G], [G.T, ZeroMatrix(e, e)]])
J_BLOCKS = BlockMatrix([[Identity(d), ZeroMatrix(d, e)], [ZeroMatrix(e, d), -Identity(e)]])
L_BLOCKS = P_BLOCKS * J_BLOCKS


def shown(proof, given=(), symmetric=()):
    """The proof holds, and its certificate survives expansion."""
    assert proof.ok, proof
    assert proof.residual == ""
    assert recheck(proof, given, symmetric)
    return proof


def test_words_of_an_expression_and_back():
    assert poly(2 * A * A.T * C2 - tau / (tau - 1) * C2) == {(A, A.T, C2): 2, (C2,): -tau / (tau - 1)}
    assert poly(matrix(poly((A + G) * (A - 3 * G).T), (d, d))) == poly((A + G) * (A - 3 * G).T)
    assert poly(C2 * C2.T, symmetric=(C2,)) == {(C2, C2): 1}
    assert poly((C2 + tau * Identity(d)) ** 2) == {(): tau**2, (C2,): 2 * tau, (C2, C2): 1}
    assert poly((tau**2 - 1) / (tau - 1) * C2 - (tau + 1) * C2) == {}
    assert trace_poly(Trace(A * A.T) + Trace(Identity(d)) ** 2) == {((A, A.T),): 1, (): d**2}


@pytest.mark.parametrize("bad", [0.5 * A, C2**eta], ids=["float", "symbolic power"])
def test_inexact_or_symbolic_powers_are_refused(bad):
    with pytest.raises(ValueError, match=r"scalar|power"):
        poly(bad)


def test_lax_form_needs_the_signature():
    shown(prove(DL, L * F - F * L, given=SIGNATURE, symmetric=SYMMETRIC), SIGNATURE, SYMMETRIC)
    free = prove(DL, L * F - F * L, symmetric=SYMMETRIC)
    assert not free.ok and free.complete and free.residual == "-P F J - P J F"


def test_one_step_of_descent_conjugates():
    step = (I - eta * F) * P * (I - eta * F) * J
    proof = prove(step, (I - eta * F) * L * (I + eta * F), given=SIGNATURE, symmetric=SYMMETRIC)
    shown(proof, SIGNATURE, SYMMETRIC)
    assert {use.relation for use in proof.uses} == {"FJ = -JF"}
    shown(prove(J * (I - eta * F) * J, I + eta * F, given=SIGNATURE, symmetric=SYMMETRIC), SIGNATURE, SYMMETRIC)
    shown(prove((I - eta * F) * (I + eta * F), I - eta**2 * F**2))


@pytest.mark.parametrize("relation", [L * L - tau**2 * I, L * L - lam * L - rho * I], ids=["square", "family"])
def test_quadratic_relations_of_the_lax_matrix_are_kept(relation):
    given = (*SIGNATURE, ("family", relation))
    change = DL * L + L * DL - (lam * DL if relation.has(lam) else 0 * DL)
    shown(prove(change, ZERO, given=given, symmetric=SYMMETRIC), given, SYMMETRIC)


def test_false_invariance_is_never_proved():
    """With sloppy coefficients a hidden division by zero 'proves' this one."""
    given = (*SIGNATURE, ("false", L * L - lam * P * P - rho * I))
    change = DL * L + L * DL - lam * (-(F * P + P * F) * P - P * (F * P + P * F))
    proof = prove(change, ZERO, given=given, symmetric=SYMMETRIC)
    assert not proof.ok and not proof.complete and "lambda_" in proof.residual
    assert not recheck(proof, given, SYMMETRIC)


def test_contradiction_proves_nothing():
    given = (*SIGNATURE, ("F = J", F - J))
    for lhs, rhs in ((P, J), (P, P)):
        proof = prove(lhs, rhs, given=given, symmetric=SYMMETRIC)
        assert not proof.ok and proof.residual.startswith("inconsistent")
    proof = prove(P, J, given=(("a", L * L - lam * I), ("b", L * L - rho * I)))
    assert "unless lambda_ - rho = 0" in proof.residual


def test_riccati_equation_of_the_family():
    """Squared error on (PJ)^2 = lambda PJ + rho: the cubic term becomes a square."""
    given = (
        ("J^2 = I", J * J - I),
        ("MJ = -JM", M * J + J * M),
        ("family", L * L - lam * L - rho * I),
        ("S", S - M - lam * J / 2),
    )
    f = (P - J * P * J) / 2 - M
    symmetric = (P, J, M, S)
    shown(prove(-f * P - P * f, rho * I + S * P + P * S - P * P, given=given, symmetric=symmetric), given, symmetric)
    shown(prove(S * S - lam**2 / 4 * I, M * M, given=given, symmetric=symmetric), given, symmetric)
    root = (("R", R * R - S * S - rho * I),)
    change = rho * I + S * P + P * S - P * P
    commuting = (*root, ("SR = RS", S * R - R * S), ("D", D - P + S + R))
    shown(prove(change, -R * D - D * R - D * D, given=commuting, symmetric=symmetric), commuting, symmetric)


def test_block_matrices_are_compared_block_by_block():
    lax = prove(-(F_BLOCKS * P_BLOCKS + P_BLOCKS * F_BLOCKS) * J_BLOCKS, L_BLOCKS * F_BLOCKS - F_BLOCKS * L_BLOCKS)
    assert shown(lax).uses == ()
    given = (("manifold", L_BLOCKS**2 - tau**2 * Identity(N)),)
    change = L_BLOCKS * F_BLOCKS - F_BLOCKS * L_BLOCKS
    proof = prove(change * L_BLOCKS + L_BLOCKS * change, ZERO, given=given, symmetric=(C1, C2))
    shown(proof, given, (C1, C2))
    assert {use.relation.removesuffix("^T") for use in proof.uses} <= {
        f"manifold[{i},{j}]" for i in (1, 2) for j in (1, 2)
    }
    wrong = prove(L_BLOCKS**2, tau**2 * Identity(N), symmetric=(C1, C2))
    assert not wrong.ok and "block [1,2]: -C2 A + A C1" in wrong.residual.replace("A C1 - C2 A", "-C2 A + A C1")
    sequential = BlockMatrix([[Identity(d), -eta * G], [ZeroMatrix(e, d), Identity(e)]]) * BlockMatrix(
        [[Identity(d), ZeroMatrix(d, e)], [-eta * G.T, Identity(e)]]
    )
    moved = BlockMatrix([[C2 - eta * (G * A.T + A * G.T), A], [A.T, C1]])
    step = prove(sequential * P_BLOCKS * sequential.T, moved, symmetric=(C1, C2))
    assert not step.ok and step.complete and "block [1,1]" in step.residual
    with pytest.raises(ValueError, match="blocks"):
        prove(P_BLOCKS * F, ZERO)


def test_traces_up_to_rotation_and_transposition():
    shown(prove(Trace(G.T * C2 * A), Trace(A.T * C2 * G), symmetric=(C2,)), (), (C2,))
    shown(prove(Trace(G.T * C2 * G), Trace(G * G.T * C2)))
    assert not prove(Trace(G.T * C2 * A), Trace(A.T * C2 * G)).ok
    shown(prove(Trace(C2 + C2.T) ** 2, 4 * Trace(C2) ** 2))
    shown(prove(Trace(L_BLOCKS * L_BLOCKS), Trace(C2**2) + Trace(C1**2) - 2 * Trace(A * A.T), symmetric=(C1, C2)))


@pytest.mark.parametrize("power", [1, 2, 3, 4])
def test_spectrum_of_the_lax_matrix_is_conserved(power):
    change = Trace(L ** (power - 1) * DL) if power > 1 else Trace(DL)
    shown(prove(change, 0, given=SIGNATURE, symmetric=SYMMETRIC), SIGNATURE, SYMMETRIC)


def test_all_powers_at_once_and_traces_that_need_an_insertion():
    given = (*SIGNATURE, ("ZL = LZ", Z * L - L * Z))
    shown(prove(Trace(Z * (L * F - F * L)), 0, given=given, symmetric=SYMMETRIC), given, SYMMETRIC)
    assert not prove(Trace(Z * L * F), 0, given=given, symmetric=SYMMETRIC).ok
    shown(prove(Trace(F), 0, given=SIGNATURE, symmetric=SYMMETRIC), SIGNATURE, SYMMETRIC)
    shown(prove(Trace(J * J), N, given=SIGNATURE, symmetric=SYMMETRIC), SIGNATURE, SYMMETRIC)


def test_the_trace_of_an_identity_is_its_own_size():
    frame = MatrixSymbol("U", d, e)
    given = (("frame", frame.T * frame - Identity(e)),)
    shown(prove(Trace(frame * frame.T), e, given=given), given)
    assert not prove(Trace(frame * frame.T), d, given=given).ok
    shown(prove(Trace(P.I * P), N))
    shown(prove(Trace(P.I * F * P), Trace(F)))
    shown(prove(Trace(J * F * J), -Trace(F), given=SIGNATURE), SIGNATURE)


def test_inverses_and_roots_bring_their_own_relations():
    commute = (("XJ = JX", P * J - J * P),)
    shown(prove(P.I * J, J * P.I, given=commute), commute)
    shown(prove((2 * P).I, P.I / 2))
    shown(prove((P * J).I, J.I * P.I))
    step = (I + eta * F / 2).I * (I - eta * F / 2)
    proof = prove(step * L * step.I, step * P * step.T * J, given=SIGNATURE, symmetric=SYMMETRIC)
    shown(proof, SIGNATURE, SYMMETRIC)
    assert proof.nonzero == (eta,)
    square = A * A.T + tau**2 * Identity(d)
    root = square ** Rational(1, 2)
    shown(prove(root * square, square * root))
    assert not prove(
        root * A, A * (A.T * A + tau**2 * Identity(e)) ** Rational(1, 2)
    ).ok  # true, but positivity is needed
    q = Symbol("q", nonnegative=True)
    shown(prove((q**2 * I) ** Rational(1, 2), q * I))
    assert not prove((tau**2 * I) ** Rational(1, 2), tau * I).ok  # tau may be negative
    with pytest.raises(ValueError, match="not symmetric"):
        prove(C2 ** Rational(1, 2), C2)


def test_one_by_one_matrices_commute_and_equal_their_transposes():
    u, v, s = MatrixSymbol("u", d, 1), MatrixSymbol("v", d, 1), MatrixSymbol("s", 1, 1)
    shown(prove(u.T * v, v.T * u))
    shown(prove(u * (v.T * u) * s.T * v.T, u * s * (u.T * v) * v.T))
    assert not prove(u * v.T, v * u.T).ok


def test_scalars_are_exact():
    q = Symbol("q", positive=True)
    shown(prove(sqrt(q) * sqrt(q) * A, q * A))
    shown(prove((q**2 - 1) / (sqrt(q) - 1) * A, (q + 1) * (sqrt(q) + 1) * A))
    root = sqrt(q**2 + 1)
    assert prove((root * A) * (root * A.T), (q**2 + 1) * A * A.T).ok
    unsure = prove(cos(q) * A, 2 * A)
    assert not unsure.ok and not unsure.complete


def test_tampered_certificates_are_refused():
    given = (*SIGNATURE, ("family", L * L - lam * L - rho * I))
    proof = prove(DL * L + L * DL - lam * DL, ZERO, given=given, symmetric=SYMMETRIC)
    shown(proof, given, SYMMETRIC)
    for k, use in enumerate(proof.uses):
        for bad in (
            replace(use, scale=-use.scale),
            replace(use, right=(*use.right, P)),
            replace(use, relation="J^2 = I"),
        ):
            if bad != use:
                assert not recheck(replace(proof, uses=(*proof.uses[:k], bad, *proof.uses[k + 1 :])), given, SYMMETRIC)
    assert not recheck(replace(proof, uses=proof.uses[1:]), given, SYMMETRIC)
    assert not recheck(replace(proof, lhs=P), given, SYMMETRIC)
    assert not recheck(proof, SIGNATURE, SYMMETRIC)
    assert not recheck(replace(proof, nonzero=(lam - lam * rho / rho,)), given, SYMMETRIC)


def test_certificates_must_fit_together():
    given = (("square", C2 * C2 - Identity(d)),)
    proof = shown(prove(C2 * C2 * A, A, given=given), given)
    ill = replace(proof, uses=(replace(proof.uses[0], left=(C1,)),))
    assert not recheck(ill, given)
    assert not recheck(replace(proof, uses=(replace(proof.uses[0], right=(A, C2)),)), given)


def test_hidden_division_by_zero_is_refused():
    proof = shown(prove(P, P))
    zero = (lam + 1) ** 2 - lam**2 - 2 * lam - 1
    assert not recheck(replace(proof, nonzero=(zero,)), ())


@pytest.mark.parametrize(
    ("sides", "given"),
    [
        ((A, C2), ()),
        ((A, 1), ()),
        ((A, A), (("r", tau - lam),)),
        ((A, A), (("r", C2), ("r", C1))),
        ((A, A), (("r^T", C2),)),
    ],
    ids=["shapes", "scalar side", "scalar relation", "name twice", "name of a transpose"],
)
def test_bad_input(sides, given):
    with pytest.raises(ValueError, match=r"shape|given"):
        prove(*sides, given=given)


def test_equations_and_opaque_matrices():
    mask = HadamardProduct(A, G)
    shown(prove(mask * C1, mask * C1 + 0 * A))
    shown(prove(A * C1, C2 * A, given=(("e", Eq(A * C1, C2 * A, evaluate=False)),)), (("e", A * C1 - C2 * A),))


PLANTED = [
    (DL, L * F - F * L),
    (DL, L * F + F * L),
    (DL, L * F - P * L),
    (DL, L * F - F * J * P),
    (DL, 2 * L * F - F * L),
    (DL, J * J * F - F * L),
    ((I - eta * F) * P * (I - eta * F) * J, (I - eta * F) * L * (I - eta * F)),
    ((I - eta * F) * P * (I - eta * F) * J, (I + eta * F) * L * (I + eta * F)),
    ((I - eta * F) * P * (I - eta * F) * J, (I - eta * F) * L * (I + eta**2 * F)),
]


@pytest.mark.parametrize(("place", "sides"), list(enumerate(PLANTED)))
def test_planted_errors(place, sides):
    assert prove(*sides, given=SIGNATURE, symmetric=SYMMETRIC).ok is (place == 0)


# Independent oracle: explicit integer matrices on which the relations hold.
RNG = np.random.default_rng(7)
BLOCK = RNG.integers(-3, 4, (3, 2))
VALUES = {
    "J": np.diag([1, 1, 1, -1, -1]),
    "F": np.block([[np.zeros((3, 3), int), BLOCK], [BLOCK.T, np.zeros((2, 2), int)]]),
    "P": (lambda x: x + x.T)(RNG.integers(-3, 4, (5, 5))),
}
LETTERS = {"P": P, "J": J, "F": F}
polynomials = st.lists(
    st.tuples(st.integers(-4, 4).filter(bool), st.text("PJF", min_size=1, max_size=6)), min_size=1, max_size=4
)


def expression(terms):
    out = ZERO
    for c, word in terms:
        body = I
        for letter in word:
            body = body * LETTERS[letter]
        out = out + c * body
    return out


def value(terms):
    total = np.zeros((5, 5), int)
    for c, word in terms:
        body = np.eye(5, dtype=int)
        for letter in word:
            body = body @ VALUES[letter]
        total += c * body
    return total


@settings(deadline=None, max_examples=40)
@given(polynomials, polynomials)
def test_what_is_proved_holds_for_explicit_matrices(left, right):
    proof = prove(expression(left), expression(right), given=SIGNATURE, symmetric=SYMMETRIC)
    equal = np.array_equal(value(left), value(right))
    assert not proof.ok or equal
    assert not equal or proof.ok  # generic integers: no accident up to length 6
    assert proof.ok == recheck(proof, SIGNATURE, SYMMETRIC)


def test_short_words_agree_exactly_when_explicit_matrices_do():
    words = ["".join(w) for n in (1, 2, 3) for w in choices("PJF", repeat=n)]
    for a, b in choices(words[:12], words):
        for sign in (1, -1):
            proof = prove(expression([(1, a)]), expression([(sign, b)]), given=SIGNATURE, symmetric=SYMMETRIC)
            assert proof.ok == np.array_equal(value([(1, a)]), value([(sign, b)]))


def test_entrywise_products_commute_and_refute_nothing() -> None:
    n, m = symbols("n m", integer=True, positive=True)
    X, Y = MatrixSymbol("X", n, m), MatrixSymbol("Y", n, m)
    proof = prove(HadamardProduct(X, Y), HadamardProduct(Y, X))
    assert proof.ok and recheck(proof, ())
    distributed = prove(HadamardProduct(X, X + Y), HadamardProduct(X, X) + HadamardProduct(X, Y))
    assert not distributed.ok and not distributed.complete

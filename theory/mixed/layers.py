"""Layers and Gram matrices: gradient flow, gradient descent with both update orders, what they conserve."""

from __future__ import annotations

from sympy import BlockMatrix, Determinant, Eq, HadamardProduct, Identity, MatrixSymbol, Trace, ZeroMatrix

from ..flow import descent, gradient_flow
from ..formula import Source, Standing
from ..system import System
from .letters import (
    C1,
    C2,
    I_N,
    MEANING,
    OURS,
    PAPER,
    W1,
    W2,
    A,
    B,
    F,
    G,
    I_in,
    I_out,
    J,
    L,
    M,
    N,
    O,
    Omega,
    P,
    Q,
    Sigma,
    d_in,
    d_out,
    dB,
    dL,
    eta,
    formula,
    meaning,
    n,
    t,
    w,
)

LAYERS = gradient_flow(
    "mixed.layer-flow",
    Trace(G.T * W2 * W1),
    (W1, W2),
    time=t,
    title="gradient flow of both layers, any cost with gradient G",
    source=Source(PAPER, "sec. 2"),
    meaning=tuple(MEANING.items()),
)
STEP = descent(LAYERS, eta, id="mixed.layer-step", title="gradient descent, both layers at once", time=n)
STEP_SEQUENTIAL = descent(
    LAYERS,
    eta,
    id="mixed.layer-step-sequential",
    title="gradient descent, first layer first, second layer with the new first layer",
    sequential=True,
    time=n,
)

OBSERVABLES = ((A, W2 * W1), (C1, W1.T * W1), (C2, W2 * W2.T))
GRAM_EQUATIONS = ((A, -C2 * G - G * C1), (C1, -A.T * G - G.T * A), (C2, -A * G.T - G * A.T))
GRAM_LETTERS = (A, C1, C2, G, t)

GRAM = System(
    "mixed.gram",
    "gradient flow closes on the map and the two Gram matrices, any cost",
    "flow",
    t,
    GRAM_EQUATIONS,
    meaning(*GRAM_LETTERS),
    OURS,
    symmetric=(C1, C2),
)
GRAM_FLOW = System(
    "mixed.gram-flow",
    "Gram flow of the squared error",
    "flow",
    t,
    GRAM_EQUATIONS,
    meaning(*GRAM_LETTERS, M),
    OURS,
    let=((G, A - M),),
    symmetric=(C1, C2),
)
GRAM_FLOW_CORRELATED = System(
    "mixed.gram-flow-correlated",
    "Gram flow of the squared error with correlated inputs",
    "flow",
    t,
    GRAM_EQUATIONS,
    meaning(*GRAM_LETTERS, M, Sigma),
    OURS,
    let=((G, (A - M) * Sigma),),
    symmetric=(C1, C2),
)
GRAM_FLOW_MASKED = System(
    "mixed.gram-flow-masked",
    "Gram flow of matrix completion: squared error of the observed entries",
    "flow",
    t,
    GRAM_EQUATIONS,
    meaning(*GRAM_LETTERS, M, Omega),
    OURS,
    let=((G, HadamardProduct(Omega, A - M)),),
    symmetric=(C1, C2),
)
GRAM_STEP = System(
    "mixed.gram-step",
    "gradient descent on the Gram matrices, both layers at once",
    "map",
    n,
    (
        (A, A - eta * (G * C1 + C2 * G) + eta**2 * G * A.T * G),
        (C1, C1 - eta * (G.T * A + A.T * G) + eta**2 * G.T * C2 * G),
        (C2, C2 - eta * (G * A.T + A * G.T) + eta**2 * G * C1 * G.T),
    ),
    meaning(*GRAM_LETTERS, n, eta),
    OURS,
    symmetric=(C1, C2),
)
GRAM_STEP_SEQUENTIAL = System(
    "mixed.gram-step-sequential",
    "gradient descent on the Gram matrices, first layer first",
    "map",
    n,
    (
        (A, A - eta * (C2 * G + G * C1) + eta**2 * (G * A.T * G + G * G.T * A) - eta**3 * G * G.T * C2 * G),
        (C1, C1 - eta * (G.T * A + A.T * G) + eta**2 * G.T * C2 * G),
        (
            C2,
            C2
            - eta * (G * A.T + A * G.T)
            + eta**2 * (G * C1 * G.T + G * G.T * C2 + C2 * G * G.T)
            - eta**3 * (G * G.T * A * G.T + G * A.T * G * G.T)
            + eta**4 * G * G.T * C2 * G * G.T,
        ),
    ),
    meaning(*GRAM_LETTERS, n, eta),
    OURS,
    symmetric=(C1, C2),
)
STACKED = System(
    "mixed.stacked",
    "gradient flow of the stacked Gram matrix",
    "flow",
    t,
    ((P, -F * P - P * F),),
    meaning(P, F, t),
    OURS,
    symmetric=(P, F),
)
STACKED_STEP = System(
    "mixed.stacked-step",
    "gradient descent on the stacked Gram matrix, both layers at once",
    "map",
    n,
    ((P, (I_N - eta * F) * P * (I_N - eta * F)),),
    meaning(P, F, n, eta),
    OURS,
    symmetric=(P, F),
)

SIGNATURE = (("J^2 = I", J * J - I_N), ("FJ = -JF", F * J + J * F))
"""What is needed of J and F beyond their symmetry."""

P_BLOCKS = BlockMatrix([[C2, A], [A.T, C1]])
F_BLOCKS = BlockMatrix([[ZeroMatrix(d_out, d_out), G], [G.T, ZeroMatrix(d_in, d_in)]])
J_BLOCKS = BlockMatrix([[I_out, ZeroMatrix(d_out, d_in)], [ZeroMatrix(d_in, d_out), -I_in]])
T_BLOCKS = BlockMatrix([[I_out, -eta * G], [ZeroMatrix(d_in, d_out), I_in]]) * BlockMatrix(
    [[I_out, ZeroMatrix(d_out, d_in)], [-eta * G.T, I_in]]
)
"""The sequential update of the stacked weights: Q becomes TQ."""

Z = MatrixSymbol("Z", N, N)
Pn, Qn, L_next = MatrixSymbol("P_next", N, N), MatrixSymbol("Q_next", N, w), MatrixSymbol("L_next", N, N)
B_next, T = MatrixSymbol("B_next", w, w), MatrixSymbol("T", N, N)
NEXT = {
    Z: "any power of $PJ$",
    Pn: "stacked Gram matrix after one step",
    Qn: "stacked weights after one step",
    L_next: "Lax matrix after one step",
    B_next: "imbalance after one step",
    T: "matrix that one step applies to the stacked weights",
}

LATEX = ((Pn, "P^{+}"), (L_next, "L^{+}"), (B_next, "B^{+}"))

FORMULAS = (
    formula(
        "balance",
        "gradient flow conserves the imbalance of the layers",
        Eq(dB, ZeroMatrix(w, w), evaluate=False),
        Source(PAPER, "sec. 2"),
    ),
    formula(
        "step-balance",
        "gradient descent changes the imbalance by the square of the learning rate",
        Eq(B_next, B - eta**2 * (W2.T * G * G.T * W2 - W1 * G.T * G * W1.T)),
        OURS,
        let=((B, W2.T * W2 - W1 * W1.T),),
        standing=Standing.OURS,
        extra=NEXT,
    ),
    formula(
        "lax",
        "Lax form: the spectrum of PJ is conserved",
        Eq(dL, L * F - F * L),
        OURS,
        standing=Standing.OURS,
    ),
    formula(
        "spectrum",
        "the traces of all powers of PJ are conserved",
        Eq(Trace(Z * dL), 0),
        OURS,
        let=((dL, L * F - F * L),),
        standing=Standing.OURS,
        extra=NEXT,
    ),
    formula(
        "spectrum-imbalance",
        "the imbalance of the layers has the nonzero spectrum of PJ",
        Eq(L * Q, Q * B, evaluate=False),
        OURS,
        let=((L, Q * Q.T * J), (B, Q.T * J * Q)),
        standing=Standing.OURS,
    ),
    formula(
        "lax-step",
        "gradient descent conjugates PJ only up to the square of the learning rate",
        Eq(L_next, (I_N - eta * F) * L * (I_N + eta * F)),
        OURS,
        standing=Standing.OURS,
        extra=NEXT,
    ),
    formula(
        "step-determinant",
        "one simultaneous step shrinks the determinant of P",
        Eq(Determinant(Pn), Determinant(I_out - eta**2 * G * G.T) ** 2 * Determinant(P)),
        OURS,
        standing=Standing.OURS,
        extra=NEXT,
    ),
    formula(
        "step-sequential-determinant",
        "one sequential step conserves the determinant of P exactly",
        Eq(Determinant(Pn), Determinant(P)),
        OURS,
        standing=Standing.OURS,
        extra=NEXT,
    ),
    formula(
        "isospectral-step",
        "the Cayley step keeps the spectrum of PJ exactly",
        Eq(T * L * T.I, T * P * T.T * J, evaluate=False),
        OURS,
        let=((T, (I_N + eta * F / 2).I * (I_N - eta * F / 2)), (L, P * J)),
        standing=Standing.OURS,
        extra=NEXT,
    ),
    formula(
        "width-reduction",
        "turning the hidden neurons changes nothing that the map can see",
        Eq((W2 * O) * (O.T * W1), W2 * W1, evaluate=False),
        OURS,
        assuming=(Eq(O * O.T, Identity(w), evaluate=False),),
        standing=Standing.OURS,
        extra=NEXT,
    ),
)
SYSTEMS = (
    LAYERS,
    STEP,
    STEP_SEQUENTIAL,
    GRAM,
    GRAM_FLOW,
    GRAM_FLOW_CORRELATED,
    GRAM_FLOW_MASKED,
    GRAM_STEP,
    GRAM_STEP_SEQUENTIAL,
    STACKED,
    STACKED_STEP,
)

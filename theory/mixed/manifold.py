"""The invariant manifold, the mixed formula for any cost, its limits, and the family with unequal layers."""

from __future__ import annotations

from sympy import Eq, HadamardProduct, MatrixSymbol, Rational

from ..formula import Source, Standing
from ..system import System
from .letters import (
    C1,
    C2,
    I_N,
    OURS,
    PAPER,
    A,
    G,
    I_in,
    I_out,
    J,
    M,
    N,
    Omega,
    P,
    Sigma,
    d_out,
    dA,
    formula,
    lam,
    meaning,
    rho,
    t,
    tau,
    tau_1,
    tau_2,
)

HALF = Rational(1, 2)


def root_out(shift: object) -> object:
    """Square root of ``A A' + shift^2``."""
    return (A * A.T + shift**2 * I_out) ** HALF  # type: ignore[operator]


def root_in(shift: object) -> object:
    """Square root of ``A' A + shift^2``."""
    return (A.T * A + shift**2 * I_in) ** HALF  # type: ignore[operator]


TAU_E = (tau_1 + tau_2) / 2
MIXED_RATE = -root_out(tau) * G - G * root_in(tau)  # type: ignore[operator]

MIXED_FLOW = System(
    "mixed.dynamics",
    "mixed dynamics for squared error",
    "flow",
    t,
    ((A, MIXED_RATE),),
    meaning(A, G, M, t, tau),
    Source(PAPER, "sec. 3"),
    let=((G, A - M),),
)
MIXED_FLOW_CORRELATED = System(
    "mixed.dynamics-correlated",
    "mixed dynamics for squared error with correlated inputs",
    "flow",
    t,
    ((A, MIXED_RATE),),
    meaning(A, G, M, t, tau, Sigma),
    OURS,
    let=((G, (A - M) * Sigma),),
)
MIXED_FLOW_MASKED = System(
    "mixed.dynamics-masked",
    "mixed dynamics of matrix completion",
    "flow",
    t,
    ((A, MIXED_RATE),),
    meaning(A, G, M, t, tau, Omega),
    OURS,
    let=((G, HadamardProduct(Omega, A - M)),),
)

Pi = MatrixSymbol("Pi", d_out, d_out)
S = MatrixSymbol("S", N, N)
MORE = {
    Pi: "projector on the complement of the range of $W_2$ (symmetric)",
    S: "shifted target, $\\hat M+(\\lambda/2)J$ (symmetric)",
}

FORMULAS = (
    formula(
        "manifold",
        "the invariant manifold: PJ squares to a constant",
        Eq(P * J * P * J, tau**2 * I_N, evaluate=False),
        OURS,
        standing=Standing.OURS,
    ),
    formula(
        "manifold-outputs",
        "on the manifold, the second layer's Gram matrix is a square root",
        Eq(C2 * C2, A * A.T + tau**2 * I_out, evaluate=False),
        OURS,
        standing=Standing.OURS,
    ),
    formula(
        "manifold-inputs",
        "on the manifold, the first layer's Gram matrix is a square root",
        Eq(C1 * C1, A.T * A + tau**2 * I_in, evaluate=False),
        OURS,
        standing=Standing.OURS,
    ),
    formula(
        "manifold-between",
        "on the manifold, the map intertwines the two Gram matrices",
        Eq(A * C1, C2 * A, evaluate=False),
        OURS,
        standing=Standing.OURS,
    ),
    formula(
        "flow",
        "mixed dynamics: one formula for lazy, balanced and mixed regimes, any cost",
        Eq(dA, -C2 * G - G * C1),
        Source(PAPER, "main formula; exact on the manifold, of order width^(-1/2) from a Gaussian start"),
        let=((C2, root_out(tau)), (C1, root_in(tau))),
    ),
    formula(
        "lazy-flow",
        "lazy limit: for large tau the map follows the gradient of its own cost",
        Eq(dA, -2 * tau * G),
        Source(PAPER, "lazy regime"),
    ),
    formula(
        "balanced-flow",
        "balanced limit: at tau = 0 the rates are singular values",
        Eq(dA, -((A * A.T) ** HALF) * G - G * (A.T * A) ** HALF),
        Source(PAPER, "active regime"),
    ),
    formula(
        "family",
        "one family: PJ satisfies a quadratic equation",
        Eq(P * J * P * J, lam * P * J + rho * I_N, evaluate=False),
        OURS,
        standing=Standing.OURS,
    ),
    formula(
        "family-flow",
        "layers of unequal variance: only the arithmetic mean of the two scales matters",
        Eq(dA, -root_out(TAU_E) * G - G * root_in(TAU_E)),  # type: ignore[operator]
        OURS,
        standing=Standing.OURS,
        assuming=(tau_1 > 0, tau_2 > 0),
    ),
    formula(
        "balanced-family",
        "lambda-balanced weights with a second layer of full row rank: the same flow with tau = lambda/2",
        Eq(dA, -root_out(lam / 2) * G - G * root_in(lam / 2)),  # type: ignore[operator]
        OURS,
        standing=Standing.OURS,
        assuming=(lam > 0,),
    ),
    formula(
        "balanced-family-rank",
        "lambda-balanced weights without full row rank: a projector is added",
        Eq(dA, -root_out(lam / 2) * G - G * root_in(lam / 2) + lam * Pi * G),  # type: ignore[operator]
        OURS,
        standing=Standing.OURS,
        assuming=(lam > 0,),
        extra=MORE,
    ),
    formula(
        "correlated-flow",
        "with correlated inputs the gradient changes and the mixed formula stays",
        Eq(dA, -root_out(tau) * (A - M) * Sigma - (A - M) * Sigma * root_in(tau)),  # type: ignore[operator]
        OURS,
        standing=Standing.OURS,
    ),
)
SYSTEMS = (MIXED_FLOW, MIXED_FLOW_CORRELATED, MIXED_FLOW_MASKED)

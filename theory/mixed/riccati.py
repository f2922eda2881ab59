"""Squared error, whitened inputs: the Riccati equation of the family and its solution from any start."""

from __future__ import annotations

from sympy import BlockMatrix, Eq, Identity, MatrixSymbol, Symbol, cosh, sinh

from ..formula import Standing
from ..system import System
from .letters import I_N, OURS, F, J, Mhat, N, P, formula, meaning, rho, t, w

S, R = MatrixSymbol("S", N, N), MatrixSymbol("R", N, N)
Lo = MatrixSymbol("Lo", N, w)
I_w = Identity(w)
E, g, h = MatrixSymbol("E", N, N), MatrixSymbol("g", N, N), MatrixSymbol("h", N, N)
K = MatrixSymbol("K", w, w)
D, dD = MatrixSymbol("D", N, N), MatrixSymbol("dD", N, N)
H = MatrixSymbol("H", 2 * N, 2 * N)
mu, r = Symbol("mu", real=True), Symbol("r", positive=True)
c_t, e_t, g_t, h_t = (Symbol(name, real=True) for name in ("c_t", "e_t", "g_t", "h_t"))
MORE = {
    S: "shifted target, $\\hat M+(\\lambda/2)J$ (symmetric)",
    R: "square root of $S^2+\\rho I$ (symmetric)",
    Lo: "any factor of the start: $P(0)=L_oL_o^T$",
    E: "part of the solution that does not depend on the start: $e$ of every eigenvalue of $S$ (symmetric)",
    g: "decay of the start: $g$ of every eigenvalue of $S$ (symmetric)",
    h: "accumulated weight of the start: $h$ of every eigenvalue of $S$ (symmetric)",
    K: "inverse of $I+L_o^ThL_o$ (symmetric)",
    D: "distance from the final state, $P-S-R$ (symmetric)",
    dD: "rate of $D$",
    H: "Hamiltonian matrix of the Riccati equation",
    mu: "eigenvalue of $S$",
    r: "rate, $\\sqrt{\\mu^2+\\rho}$",
    c_t: "growth of the denominator",
    e_t: "eigenvalue of $E$",
    g_t: "eigenvalue of $g$",
    h_t: "eigenvalue of $h$",
}

LATEX = ((Lo, "L_o"), (c_t, "c(t)"), (e_t, "e(t)"), (g_t, "g(t)"), (h_t, "h(t)"))

STACKED_MSE = System(
    "mixed.stacked-mse",
    "gradient flow of the stacked Gram matrix for squared error, on or off the family",
    "flow",
    t,
    ((P, Mhat * P + P * Mhat - P * P + (J * P * J * P + P * J * P * J) / 2),),
    meaning(P, Mhat, J, t),
    OURS,
    symmetric=(P, Mhat, J),
)
RICCATI = System(
    "mixed.riccati",
    "matrix Riccati equation of squared error on the family",
    "flow",
    t,
    ((P, rho * I_N + S * P + P * S - P * P),),
    meaning(P, S, t, rho, extra=MORE),
    OURS,
    symmetric=(P, S),
)

C, SH = cosh(r * t), sinh(r * t)
GROWTH = C - (mu / r) * SH

FORMULAS = (
    formula(
        "gradient-stacked",
        "squared error: the stacked gradient is the off-diagonal part of P minus the target",
        Eq(F, (P - J * P * J) / 2 - Mhat),
        OURS,
        standing=Standing.OURS,
    ),
    formula(
        "hamiltonian",
        "the Hamiltonian of the Riccati equation squares to a block-diagonal matrix",
        Eq(H * H, BlockMatrix([[S * S + rho * I_N, 0 * S], [0 * S, S * S + rho * I_N]]), evaluate=False),
        OURS,
        let=((H, BlockMatrix([[S, rho * I_N], [I_N, -S]])),),
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "riccati-distance",
        "the distance from the final state obeys a Riccati equation without a constant",
        Eq(dD, -R * D - D * R - D * D),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "riccati-growth",
        "scalar growth in the solution, per eigenvalue of S",
        Eq(c_t, GROWTH),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "riccati-decay",
        "decay of the start, per eigenvalue of S",
        Eq(g_t, 1 / GROWTH),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "riccati-weight",
        "accumulated weight of the start, per eigenvalue of S",
        Eq(h_t, SH / (r * GROWTH)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "riccati-offset",
        "offset of the solution, per eigenvalue of S",
        Eq(e_t, rho * SH / (r * GROWTH)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "riccati-solution",
        "solution of the Riccati equation from any start, in its positive form",
        Eq(P, E + g * Lo * (I_w + Lo.T * h * Lo).I * Lo.T * g),
        OURS,
        solves="mixed.riccati",
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "riccati-end",
        "final state of squared error",
        Eq(P, S + R),
        OURS,
        let=(),
        standing=Standing.OURS,
        extra=MORE,
    ),
)
SYSTEMS = (STACKED_MSE, RICCATI)

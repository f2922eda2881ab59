"""Approximations that hold through the phases: composite moment and risk, and the heights of the plateaus."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Sum, Symbol, exp, sqrt

from ..formula import Source, Standing
from .letters import OURS, PAPER, K, M_of, degree, eps, formula, k, phi, sigma, t
from .theta import MORE as PHASE_ONE
from .theta import V_0, c, kappa, moment

start = Symbol("mean_a0", real=True)
R_c, plateau = Symbol("R_c", nonnegative=True), Symbol("R_plateau", nonnegative=True)

MORE: dict[Any, str] = {
    **PHASE_ONE,
    start: "its value at the start",
    R_c: "composite approximation of the risk until degree 2 is learned",
    plateau: "risk on the plateau before degree $l$ is learned",
}
LATEX = ((R_c, "R_c"), (plateau, r"R_{\mathrm{plateau}}"))
FORMULAS = (
    formula(
        "moment-one-composite",
        "moment of degree 1 from the start until it is learned, weights of mean zero and overlaps zero",
        Eq(
            moment,
            kappa / (1 + sqrt(eps) ** -1 * 4 * kappa / V_0 * exp(-2 * c * t / sqrt(eps)))
            - sqrt(eps) * V_0 / 4 * exp(-2 * c * t / sqrt(eps)),
        ),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "risk-composite",
        "risk from the start until degree 2 is learned; the moment of degree 1 is that of its own phase",
        Eq(
            R_c,
            (phi[0] - sigma[0] * start) ** 2 / 2 * exp(-2 * sigma[0] ** 2 * t / eps)
            + (phi[1] - sigma[1] * M_of[1]) ** 2 / 2
            + Sum(phi[k] ** 2, (k, 2, K)) / 2,
        ),
        Source(PAPER, "matched asymptotics"),
        standing=Standing.HEURISTIC,
        extra=MORE,
        assuming=(K >= 2,),
    ),
    formula(
        "plateau",
        "height of a plateau: the degrees that are not yet learned",
        Eq(plateau, Sum(phi[k] ** 2, (k, degree, K)) / 2),
        Source(PAPER, "canonical learning order"),
        extra=MORE,
        assuming=(degree <= K,),
    ),
)

"""Phase 1 from a random start and at finite width and dimension: effective variance, damping, and the time of degree 1.

The overlap of every neuron with itself damps its weight at the rate ``u/m`` of phase 1, which matters once the width is of
order ``eps**(-1/2)``; random first-layer weights in dimension ``d`` have overlaps of size ``d**(-1/2)``.
"""

from __future__ import annotations

from typing import Any

from sympy import Eq, Symbol, exp, log, sqrt, symbols

from ..formula import Standing
from ..system import System
from .equations import mean
from .letters import OURS, A, S, T, eps, formula, i, m, meaning, phi, sigma, t
from .theta import MORE as PHASE_ONE
from .theta import V_0, C, V, Z, alpha, c, kappa, t_1, zeta

damping = Symbol("N", positive=True)
power, gamma = symbols("u gamma", positive=True)
up, down = Symbol("mu_plus", positive=True), Symbol("mu_minus", negative=True)
sign = Symbol("varsigma", real=True, nonzero=True)
V_eff = Symbol("V_eff", positive=True)
d = Symbol("d", positive=True)
start_a, start_s = symbols("a_c0 s_c0", real=True)
now_a, now_s = symbols("a_c s_c", real=True)
moment = Symbol("M", real=True)
MORE: dict[Any, str] = {
    **PHASE_ONE,
    damping: "$m^{-1}$ in units of $\\epsilon^{1/2}$",
    power: "mean square of the activation without its mean, $\\sum_{k\\ge1}\\sigma_k^2$",
    gamma: "damping rate of the weights, $u/(m\\epsilon)$",
    up: "rate of growth of the linear phase",
    down: "rate of decay of the linear phase",
    sign: "sign of $\\sigma_1\\varphi_1$",
    V_eff: "effective variance: of $\\alpha_i+\\varsigma\\zeta_i$",
    d: "dimension of the inputs",
    start_a: "centred second-layer weight at the start",
    start_s: "centred overlap at the start",
    now_a: "centred second-layer weight",
    now_s: "centred overlap",
}
LATEX = (
    (up, r"\mu_+"),
    (down, r"\mu_-"),
    (sign, r"\varsigma"),
    (V_eff, r"V_{\mathrm{eff}}"),
    (start_a, r"\alpha_0"),
    (start_s, r"s_0"),
    (now_a, r"\alpha"),
)


G1 = sigma[1] * phi[1]
EQUATIONS = (
    (A[i], G1 * (S[i] - mean(S[i])) - damping * power * (A[i] - mean(A[i]))),
    (S[i], G1 * A[i]),
)
SYSTEMS = (
    System(
        "time-scales.phase-one-finite",
        "degree 1 before it is learned, at a width of order $\\epsilon^{-1/2}$",
        "flow",
        T,
        EQUATIONS,
        meaning(T, *(part for pair in EQUATIONS for part in pair), extra=MORE),
        OURS,
    ),
)
RATES = (
    (gamma, power / (m * eps)),
    (up, -gamma / 2 + sqrt(gamma**2 / 4 + c**2 / eps)),
    (down, -gamma / 2 - sqrt(gamma**2 / 4 + c**2 / eps)),
)
FORMULAS = (
    formula(
        "effective-variance",
        "variance that decides when degree 1 is learned from a random start",
        Eq(V_eff, V + Z + 2 * sign * C),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "end-of-phase-one",
        "weights once degree 1 is learned: the sum of start and signed overlap, rescaled",
        Eq(A[i], sqrt(kappa / V_eff) * (alpha[i] + sign * zeta[i])),
        OURS,
        let=((V_eff, V + Z + 2 * sign * C),),
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "logistic-one",
        "moment of degree 1 in time, small eps",
        Eq(moment, kappa / (1 + exp(-2 * c * (t - t_1) / sqrt(eps)))),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "growth-rate",
        "rate of growth before degree 1 is learned, finite width",
        Eq(up, RATES[1][1]),
        OURS,
        let=RATES[:1],
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "decay-rate",
        "rate of decay before degree 1 is learned, finite width",
        Eq(down, RATES[2][1]),
        OURS,
        let=RATES[:1],
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "linear-weights",
        "centred weights before degree 1 is learned, finite width",
        Eq(
            now_a,
            ((up * start_a + c * start_s / eps) * exp(up * t) - (down * start_a + c * start_s / eps) * exp(down * t))
            / (up - down),
        ),
        OURS,
        let=RATES,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "linear-overlaps",
        "centred overlaps before degree 1 is learned, finite width",
        Eq(
            now_s,
            eps
            / c
            * (
                up * (down * start_a + c * start_s / eps) * exp(down * t)
                - down * (up * start_a + c * start_s / eps) * exp(up * t)
            )
            / (up - down),
        ),
        OURS,
        let=RATES,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "half-time-one-finite",
        "estimate of the time at which half of degree 1 is learned: the growing mode, extrapolated, reaches the target",
        Eq(
            t_1,
            log(kappa * (up - down) ** 2 / (c * up * (V_0 + down**2 / (c**2 * d)))) / (2 * up),
        ),
        OURS,
        let=RATES,
        standing=Standing.HEURISTIC,
        extra=MORE,
    ),
)
"""``half-time-one-finite`` treats saturation as logistic; with damping that is an estimate, without it is the small-eps law."""

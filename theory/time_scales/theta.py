"""Phase 1 for any number of neurons and any start: one scalar equation, its closed form, and the time of learning degree 1."""

from __future__ import annotations

from typing import Any

from sympy import Eq, IndexedBase, Symbol, atanh, cosh, exp, log, sinh, sqrt, symbols, tanh

from ..formula import Standing
from ..system import System
from .letters import OURS, A, S, T, eps, formula, i, meaning, phi, sigma

theta = Symbol("theta", real=True)
alpha, zeta = IndexedBase("alpha"), IndexedBase("zeta")
A_mean, S_mean = symbols("A_mean S_mean", real=True)
moment = Symbol("M", real=True)
V, Z = Symbol("V", positive=True), Symbol("Z", nonnegative=True)
C = Symbol("C", real=True)
c, b = symbols("c b", positive=True)
D = Symbol("D", positive=True)
clock = Symbol("tau", nonnegative=True)
kappa, V_0, t_1, T_1 = symbols("kappa V_0 t_1 T_1", positive=True)
MORE: dict[Any, str] = {
    theta: "growth: integral of the rate of degree 1 over rescaled time",
    alpha: "centred second-layer weights at the start, rescaled",
    zeta: "centred overlaps at the start, rescaled",
    A_mean: "mean of the rescaled second-layer weights, constant",
    S_mean: "mean of the rescaled overlaps at the start",
    moment: "moment of degree 1",
    V: "variance of the rescaled second-layer weights at the start, $\\epsilon^{1/2}$ times that of the weights",
    Z: "variance of the rescaled overlaps at the start",
    C: "covariance of the rescaled weights and overlaps at the start",
    c: "rate of degree 1, $\\sigma_1\\varphi_1$",
    b: "nonlinearity of degree 1, $\\sigma_1^2V/2$",
    D: "rate of the closed form, $\\sqrt{c^2+b^2}$",
    clock: "rescaled time",
    kappa: "moment of degree 1 once it is learned, $\\varphi_1/\\sigma_1$",
    V_0: "variance of the second-layer weights at the start",
    T_1: "rescaled time at which half of degree 1 is learned",
    t_1: "time at which half of degree 1 is learned",
}
LATEX = (
    (A_mean, r"\bar{A}"),
    (S_mean, r"\bar{S}"),
    (clock, r"\tau"),
)

GROWN = (
    (V + Z) * sinh(theta) * cosh(theta) + C * (cosh(theta) ** 2 + sinh(theta) ** 2) + A_mean * (S_mean + A_mean * theta)
)
THETA = System(
    "time-scales.theta",
    "phase 1 as one scalar equation",
    "flow",
    T,
    ((theta, sigma[1] * (phi[1] - sigma[1] * GROWN)),),
    meaning(theta, sigma[1], phi[1], GROWN, T, extra=MORE),
    OURS,
)
SYSTEMS = (THETA,)

CLOSED = log((c + D * tanh(D * clock + atanh((b - c) / D))) / b) / 2
# the same through exponentials: neither atanh near -1 nor c + D tanh near zero loses digits where b is small
_ROOT = sqrt(c**2 + b**2)
_SHARE = (1 + b / (_ROOT + c)) / (_ROOT + c - b)
_FADING = exp(-2 * _ROOT * clock)
STABLE = log(((_ROOT + c) * _SHARE - b * _FADING / (_ROOT + c)) / (_FADING + b * _SHARE)) / 2
FORMULAS = (
    formula(
        "phase-one-weights",
        "second-layer weights in phase 1",
        Eq(A[i], A_mean + alpha[i] * cosh(theta) + zeta[i] * sinh(theta)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "phase-one-overlaps",
        "overlaps in phase 1",
        Eq(S[i], S_mean + A_mean * theta + alpha[i] * sinh(theta) + zeta[i] * cosh(theta)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "phase-one-moment",
        "moment of degree 1 in phase 1",
        Eq(moment, GROWN),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "phase-one-growth",
        "growth in phase 1 from overlaps zero and weights of mean zero",
        Eq(theta, CLOSED),
        OURS,
        float_form=STABLE,
        let=((D, sqrt(c**2 + b**2)),),
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "half-growth-time",
        "rescaled time at which half of degree 1 is learned, from overlaps zero and weights of mean zero",
        Eq(T_1, (atanh((sqrt(c**2 + 4 * b**2) - c) / (2 * D)) + atanh((c - b) / D)) / D),
        OURS,
        let=((D, sqrt(c**2 + b**2)),),
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "half-time-one",
        "time at which half of degree 1 is learned, small eps",
        Eq(t_1, sqrt(eps) / (2 * c) * log(4 * kappa / (sqrt(eps) * V_0))),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
)

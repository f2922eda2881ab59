"""Times of learning with all constants: phases matched to each other, and the corrected law of degree two and more."""

from __future__ import annotations

from typing import Any

from sympy import Eq, IndexedBase, Rational, Symbol, exp, sqrt, symbols

from ..formula import Formula, Source, Standing
from .inner import C, g, k_two, kappa, lag
from .letters import OURS, PAPER, A, S, T, eps, formula, i, phi, sigma
from .letters import degree as l

alpha, starts = IndexedBase("alpha"), IndexedBase("S_0")
mean_start = Symbol("mean_a0", real=True)
c, V_0 = symbols("c V_0", positive=True)
before, t_l, t_before = symbols("kappa_- t_l t_-", positive=True)
pure, blow_up = symbols("T_l tau_star", positive=True)
t_1, t_2, T_two, kappa_1 = symbols("t_1 t_2 T_2 kappa_1", positive=True)
MORE: dict[Any, str] = {
    alpha: "centred second-layer weights at the start",
    starts: "overlaps at the start over $\\epsilon$",
    mean_start: "mean of the second-layer weights at the start",
    c: "rate of degree 1, $\\sigma_1\\varphi_1$, positive",
    V_0: "variance of the second-layer weights at the start",
    g: "absolute value of $\\sigma_l\\varphi_l$",
    C: "constant of the ray that is reached",
    kappa: "absolute value of $\\varphi_l/\\sigma_l$ of the degree that is learned",
    before: "absolute value of $\\varphi_{l-1}/\\sigma_{l-1}$",
    kappa_1: "absolute value of $\\varphi_1/\\sigma_1$",
    pure: "blow-up time for drive and moment one: a number of the law of the weights and of the sign of the drive",
    T_two: "the same for degree 2",
    blow_up: "rescaled time from the end of the last phase to the formal blow-up",
    lag: "rescaled time by which half of degree $l$ is learned before the formal blow-up",
    k_two: "the same for degree 2",
    t_l: "time at which half of degree $l$ is learned",
    t_before: "time at which half of degree $l-1$ is learned",
    t_1: "time at which half of degree 1 is learned",
    t_2: "time at which half of degree 2 is learned",
}
LATEX = ((before, r"\kappa_-"), (t_before, "t_-"), (blow_up, r"\tau_\star"), (starts.label, "S_0"))


def claim(id: str, title: str, statement: Any, source: Source = OURS, **more: Any) -> Formula:
    return formula(id, title, statement, source, standing=more.pop("standing", Standing.OURS), extra=MORE, **more)


MEAN = phi[0] / sigma[0]
DECAY = exp(-(sigma[0] ** 2) * T)
FORMULAS = (
    claim(
        "phase-zero-weights",
        "second-layer weights in phase 0",
        Eq(A[i], MEAN + alpha[i] + (mean_start - MEAN) * DECAY),
    ),
    claim(
        "phase-zero-overlaps",
        "overlaps in phase 0, in units of $\\epsilon$",
        Eq(
            S[i],
            starts[i] + sigma[1] * phi[1] * ((MEAN + alpha[i]) * T + (mean_start - MEAN) * (1 - DECAY) / sigma[0] ** 2),
        ),
    ),
    claim(
        "saturation",
        "weights and overlaps while degree 1 is learned, time from its half: logistic, positive rate",
        Eq(A[i], alpha[i] * sqrt(kappa / V_0) / sqrt(1 + exp(-2 * c * T))),
    ),
    claim(
        "start-of-phase-two",
        "weights (and overlaps) with which degree 2 starts, in units of $\\epsilon^{-1/4}$ ($\\epsilon^{1/4}$)",
        Eq(A[i], alpha[i] * sqrt(kappa / V_0)),
    ),
    claim(
        "blow-up-time",
        "formal blow-up time of degree $l$: scaling in drive and learned moment",
        Eq(blow_up, pure / (g * before ** ((l - 1) / l))),
        assuming=(l >= 2,),
    ),
    claim(
        "half-time",
        "time of learning degree $l$ with its first correction, small eps",
        Eq(t_l, t_before + blow_up * eps ** (1 / (2 * l)) - lag * eps ** (1 / (l + 1))),
        Source(PAPER, "canonical learning order"),
        assuming=(l >= 2,),
        standing=Standing.HEURISTIC,
    ),
    claim(
        "half-time-two",
        "time of learning degree 2 with its first correction, small eps",
        Eq(t_2, t_1 + T_two / (g * sqrt(kappa_1)) * eps ** Rational(1, 4) - k_two * eps ** Rational(1, 3)),
        standing=Standing.HEURISTIC,
    ),
)

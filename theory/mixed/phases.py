"""Phase boundaries, early stopping of the lazy limit, global convergence."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Le, Rational, Symbol, Trace, exp, log, symbols

from ..formula import Source, Standing
from .letters import OURS, PAPER, G, formula, t, tau

gamma_s, gamma_w = symbols("gamma_sigma gamma_w", real=True)
d, k = symbols("d k", positive=True)
x, c = Symbol("x", nonnegative=True), Symbol("c", positive=True)
test, lazy_min, cost, cost_0, rate = symbols("test lazy_min C C_0 dC", real=True)
MORE: dict[Any, str] = {
    gamma_s: "exponent of the variance, $\\sigma^2=d^{\\gamma_\\sigma}$",
    gamma_w: "exponent of the width, $w=d^{\\gamma_w}$",
    d: "input and output dimension",
    k: "rank of the teacher",
    x: "decay of the start in the lazy limit, $e^{-2\\tau t}$",
    c: "squared size of the teacher per entry plus variance of the start, in units of the noise",
    test: "test error per entry in the lazy limit, averaged over draws",
    lazy_min: "smallest test error over time in the lazy limit",
    cost: "cost at time $t$",
    cost_0: "cost at the start",
    rate: "rate of the cost",
}
LATEX = ((gamma_s, r"\gamma_{\sigma}"), (gamma_w, r"\gamma_w"), (lazy_min, r"\mathrm{test}_{\min}"), (rate, r"\dot{C}"))

FORMULAS = (
    formula(
        "active-lazy-boundary",
        "signal modes become active below this line",
        Eq(gamma_s + gamma_w, 1, evaluate=False),
        Source(PAPER, "phase diagram"),
        standing=Standing.HEURISTIC,
        extra=MORE,
    ),
    formula(
        "noise-boundary",
        "noise modes become active below this line",
        Eq(gamma_s + gamma_w, Rational(1, 2), evaluate=False),
        OURS,
        standing=Standing.HEURISTIC,
        extra=MORE,
    ),
    formula(
        "infinite-noise-boundary",
        "above this line the start drowns the target",
        Eq(2 * gamma_s + gamma_w, 0, evaluate=False),
        Source(PAPER, "phase diagram"),
        standing=Standing.HEURISTIC,
        extra=MORE,
    ),
    formula(
        "underparameterised-boundary",
        "below this line the width is smaller than the rank of the teacher",
        Eq(gamma_w, log(k) / log(d)),
        Source(PAPER, "phase diagram"),
        extra=MORE,
    ),
    formula(
        "lazy-test",
        "test error of the lazy limit",
        Eq(test, x**2 * c + (1 - x) ** 2),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "lazy-min-test",
        "smallest test error over time in the lazy limit",
        Eq(lazy_min, c / (1 + c)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "descent-rate",
        "the cost decreases at least at the rate of the lazy limit",
        Le(rate, -2 * tau * Trace(G.T * G)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "global-convergence",
        "squared error converges from any start on the manifold",
        Le(cost, cost_0 * exp(-4 * tau * t)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
)

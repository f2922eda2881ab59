"""Why the phase boundaries, the lazy optimum and global convergence are true."""

from __future__ import annotations

from typing import Any

from sympy import Function, MatrixSymbol, Rational, Symbol, Trace, exp, expand_log, log, oo, sqrt

from ...theory.mixed.letters import C1, C2, A, G, I_in, I_out, d_in, d_out, sigma, t, tau, w
from ...theory.mixed.phases import c, cost_0, d, gamma_s, gamma_w, k, x
from ..chain import Book, Bound, Derivation, Derivative, Identity, Limit, Step
from .manifold import ROOTS

K2, K1 = MatrixSymbol("K_2", d_out, d_out), MatrixSymbol("K_1", d_in, d_in)
y = Symbol("y", positive=True)
"""Logarithm of the dimension."""
TAU = d ** (gamma_s + gamma_w)
v_0, v_A = Symbol("v_0", nonnegative=True), Symbol("v_A", nonnegative=True)
START, NOISE = Symbol("a_0", real=True), Symbol("e", real=True)
COST = Function("C")(t)
TEACHER = Symbol("a_star", real=True)


def boundary(id: str, scale: Any, claim: str) -> Derivation:
    """The exponent of a ratio changes its sign on the boundary."""

    def shows(b: Book) -> Limit:
        left, right = b.formula(id).statement.args
        return Limit(expand_log(log(scale(b)).subs(d, exp(y)), force=True) / y, y, oo, left - right)

    return Derivation(id, (Step(claim, shows),))


def drowned(b: Book) -> Any:
    return b.formula("mixed.start-variance").value.subs({sigma: d ** (gamma_s / 2), w: d**gamma_w})


def lazy_error(b: Book) -> Identity:
    """Mean square of the test error of one entry; start, teacher and noise are independent and centred."""
    error = (x * START + (1 - x) * (TEACHER + NOISE) - TEACHER).expand()
    squares = {START**2: v_0, TEACHER**2: v_A, NOISE**2: 1, START: 0, TEACHER: 0, NOISE: 0}
    square = (error**2).expand()
    for pair in (START * TEACHER, START * NOISE, TEACHER * NOISE):
        square = square.subs(pair, 0)
    return Identity(square.subs(squares), b.formula("mixed.lazy-test").value.subs(c, v_0 + v_A))


DERIVATIONS = (
    boundary(
        "mixed.active-lazy-boundary",
        lambda b: TAU / (d / sqrt(k)),
        "exponent of $\\tau$ over the size $d/\\sqrt{k}$ of the signal: a mode can pass $\\tau$ only where it is negative",
    ),
    boundary(
        "mixed.noise-boundary",
        lambda b: TAU / (2 * sqrt(d)),
        "exponent of $\\tau$ over the edge $2\\sqrt{d}$ of the noise",
    ),
    boundary("mixed.infinite-noise-boundary", drowned, "exponent of the variance of the map's entries at the start"),
    Derivation(
        "mixed.underparameterised-boundary",
        (
            Step(
                "there the width $d^{\\gamma_w}$ is the rank",
                lambda b: Identity(d ** b.formula("mixed.underparameterised-boundary").value, k),
            ),
        ),
    ),
    Derivation("mixed.lazy-test", (Step("mean over start, teacher and noise", lazy_error),)),
    Derivation(
        "mixed.lazy-min-test",
        (
            Step(
                "the test error exceeds it by a square",
                lambda b: Bound(
                    b.formula("mixed.lazy-min-test").value,
                    b.formula("mixed.lazy-test").value,
                    terms=((1 + c) * (x - 1 / (1 + c)) ** 2,),
                ),
            ),
            Step(
                "which vanishes at $x=1/(1+c)$, a decay that is reached",
                lambda b: Identity(
                    b.formula("mixed.lazy-test").value.subs(x, 1 / (1 + c)), b.formula("mixed.lazy-min-test").value
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.descent-rate",
        (
            Step(
                "what exceeds the bound are two squared norms, because $C_2-\\tau I$ and $C_1-\\tau I$ have square roots",
                lambda b: Bound(
                    Trace(G.T * b.system("mixed.gram").rate(A)),
                    b.formula("mixed.descent-rate").statement.args[1],
                    terms=(Trace((K2 * G).T * (K2 * G)), Trace((G * K1).T * (G * K1))),
                    given=(("K2", K2 * K2 - C2 + tau * I_out), ("K1", K1 * K1 - C1 + tau * I_in)),
                    symmetric=(K1, K2, C1, C2),
                    point=(
                        *ROOTS,
                        (K2, (C2 - tau * I_out) ** Rational(1, 2)),
                        (K1, (C1 - tau * I_in) ** Rational(1, 2)),
                    ),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.global-convergence",
        (
            Step(
                "for squared error the bound is $-4\\tau$ times the cost",
                lambda b: Identity(b.formula("mixed.descent-rate").statement.args[1], -4 * tau * Trace(G.T * G) / 2),
            ),
            Step(
                "so the cost times $e^{4\\tau t}$ cannot grow: its derivative has the sign of $\\dot C+4\\tau C$",
                lambda b: Identity(
                    (COST * exp(4 * tau * t)).diff(t), exp(4 * tau * t) * (COST.diff(t) + 4 * tau * COST)
                ),
            ),
            Step(
                "the bound decays at this rate",
                lambda b: Derivative(bound(b), t, -4 * tau * bound(b)),
            ),
            Step("and starts at the cost", lambda b: Identity(bound(b).subs(t, 0), cost_0)),
        ),
    ),
)


def bound(b: Book) -> Any:
    return b.formula("mixed.global-convergence").statement.args[1]

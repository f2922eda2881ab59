"""Why the times and limits of aligned modes are true: thresholds, lazy and active ends, stalls."""

from __future__ import annotations

from typing import Any

from sympy import Symbol, cosh, exp, log, oo, sqrt

from ...theory.mixed.letters import t, tau
from ...theory.mixed.modes import R, delta, m, s, s_0, theta
from ..chain import Derivation, Derivative, Identity, Limit, Reduction, Step
from .modes import starts, value

s_in, eps = Symbol("S", positive=True), Symbol("epsilon", positive=True)
goal, start = Symbol("m", positive=True), Symbol("s_0", positive=True)
z = Symbol("z", positive=True)
"""A relative distance below one is 1/(1 + z)."""
LAZY, INNER, OUTER = 2 * (m - s_in), 2 * m * sqrt(s_in**2 + 1), 2 * s_in * (m - s_in)


def solves(id: str, by: Any, rate: Any) -> Step:
    return Step(
        "it solves its equation",
        lambda book: Derivative(value(book, id), by, rate(book).xreplace({s: value(book, id), s_in: value(book, id)})),
    )


def reduces(scales: Any, rate: Any, order: int, claim: str) -> Step:
    return Step(claim, lambda book: Reduction(book.system("mixed.mode-flow"), scales, eps, ((s_in, rate),), order))


DERIVATIONS = (
    Derivation(
        "mixed.threshold-time",
        (
            Step(
                "the time from zero to tau",
                lambda book: Identity(value(book, "threshold-time"), value(book, "mode-time").subs({s: tau, s_0: 0})),
            ),
        ),
    ),
    Derivation(
        "mixed.threshold-time-small-tau",
        (
            Step(
                "limit of the threshold time",
                lambda book: Limit(
                    value(book, "threshold-time").subs(m, goal),
                    tau,
                    0,
                    value(book, "threshold-time-small-tau").subs(m, goal),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.convergence-time-active",
        (
            Step(
                "growth over the exact time, in units of $1/\\tau$, small tau",
                lambda book: Limit(
                    (tau * exp(2 * R * value(book, "mode-time").subs({s: (1 - delta) * m, s_0: 0}))).subs(
                        {m: goal, delta: 1 / (1 + z)}
                    ),
                    tau,
                    0,
                    (tau * exp(2 * m * value(book, "convergence-time-active"))).subs({m: goal, delta: 1 / (1 + z)}),
                ),
            ),
            Step(
                "the rate may be replaced by the target: $\\log(1/\\tau)$ times the difference of their inverses vanishes",
                lambda book: Limit((log(1 / tau) * (1 / R - 1 / m)).subs(m, goal), tau, 0, 0),
            ),
        ),
    ),
    Derivation(
        "mixed.convergence-time-lazy",
        (
            Step(
                "exact time in units of $1/\\tau$, large tau",
                lambda book: Limit(
                    (tau * value(book, "mode-time").subs({s: (1 - delta) * m, s_0: 0})).subs(m, goal),
                    tau,
                    oo,
                    (tau * value(book, "convergence-time-lazy")).expand(),
                    assuming=(delta < 1,),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.lazy-mode",
        (
            reduces(((tau, 1 / eps), (t, eps * theta), (s, s_in)), LAZY, 2, "large tau, in lazy time"),
            solves("lazy-mode", theta, lambda book: LAZY),
            starts("lazy-mode", 0, theta),
        ),
    ),
    Derivation(
        "mixed.mode-early",
        (
            reduces(((tau, eps), (s, eps * s_in)), INNER, 1, "small tau, singular value of the size of tau"),
            Step(
                "it solves this equation, where the root is $\\cosh 2mt$",
                lambda book: Identity(
                    (value(book, "mode-early") / tau).diff(t), INNER.xreplace({sqrt(s_in**2 + 1): cosh(2 * m * t)})
                ),
            ),
            Step(
                "the root is $\\cosh 2mt$",
                lambda book: Identity((value(book, "mode-early") / tau) ** 2 + 1, cosh(2 * m * t) ** 2),
            ),
            starts("mode-early", 0),
        ),
    ),
    Derivation(
        "mixed.balanced-mode",
        (
            reduces(((tau, eps), (s, s_in)), OUTER, 2, "small tau, singular value of the size of the target"),
            solves("balanced-mode", t, lambda book: OUTER),
            starts("balanced-mode", s_0),
        ),
    ),
    Derivation(
        "mixed.stall",
        (
            Step(
                "it solves the mode equation at $\\tau=0$, where $|s|=-s$",
                lambda book: Derivative(
                    value(book, "stall").subs(s_0, -start),
                    t,
                    book.system("mixed.mode-flow")
                    .rate(s)
                    .xreplace({sqrt(s**2 + tau**2): -s})
                    .xreplace({s: value(book, "stall").subs(s_0, -start)}),
                ),
            ),
            Step(
                "it starts at $s_0$", lambda book: Identity(value(book, "stall").subs(s_0, -start).subs(t, 0), -start)
            ),
            Step("it ends at zero", lambda book: Limit(value(book, "stall").subs({s_0: -start, m: goal}), t, oo, 0)),
        ),
    ),
)

"""Phases of learning as eps tends to zero: reduced flows on their own time-scales, with what is left out derived elsewhere.

Degree ``l`` is learned while the weights are of size ``eps**(-l/(2(l+1)))`` and the overlaps of size ``eps**(1/(2(l+1)))``.
Errors of learned degrees are small and follow the slow motion: they act as multipliers that keep the learned moments.
"""

from __future__ import annotations

from typing import Any

from sympy import Eq, Rational, Sum, Symbol, exp, log, sqrt

from ..formula import Let, Source, Standing
from ..system import System
from .equations import mean
from .letters import (
    OURS,
    PAPER,
    A,
    E,
    M,
    M_of,
    S,
    T,
    a,
    e,
    e_of,
    eps,
    flow,
    formula,
    i,
    k,
    phi,
    residual,
    s,
    sigma,
    t,
)

mean_start, mean_a = Symbol("mean_a0", real=True), Symbol("mean_a", real=True)
t_0 = Symbol("t_0", positive=True)
MORE: dict[Any, str] = {
    mean_a: "mean of the second-layer weights",
    mean_start: "its value at the start",
    t_0: "time at which half of degree 0 is learned from mean zero",
}
LATEX = ((mean_a, r"\langle a\rangle"), (mean_start, r"\langle a(0)\rangle"))


def of_degree(system: System, degree: int) -> System:
    """The mean field for degrees 0 to ``degree``, moments and errors of every degree as letters of their own."""

    def spread(expression: Any) -> Any:
        def terms(node: Any) -> Any:
            (_, first, _), *_ = node.limits
            return sum(node.function.xreplace({k: n}) for n in range(int(first), degree + 1))

        wide = expression.replace(lambda node: isinstance(node, Sum) and node.limits[0][0] == k, terms)
        return wide.xreplace(
            {**{M[n]: M_of[n] for n in range(degree + 1)}, **{e[n]: e_of[n] for n in range(degree + 1)}}
        )

    values = dict(system.let)
    let = [(M_of[n], spread(values[M[k]].xreplace({k: n}))) for n in range(degree + 1)]
    let += [(e_of[n], spread(values[e[k]].xreplace({k: n}))) for n in range(degree + 1)]
    equations = tuple((item, spread(rate)) for item, rate in system.equations)
    return flow(
        f"mean-field-degree-{degree}", f"{system.title}, K = {degree}", equations, system.source, let=tuple(let)
    )


def scales(clock: Any, weight: Any, overlap: Any, *errors: Any) -> Let:
    """Change of variables of one phase."""
    return (
        (t, clock * T),
        (a[i], weight * A[i]),
        (s[i], overlap * S[i]),
        *((e_of[n], size * E[n]) for n, size in enumerate(errors)),
    )


SCALES = {
    "phase-zero": scales(eps, 1, eps, 1),
    "phase-one-entry": scales(sqrt(eps), 1, sqrt(eps), sqrt(eps)),
    "phase-one": scales(sqrt(eps), eps ** Rational(-1, 4), eps ** Rational(1, 4), eps ** Rational(1, 4)),
    "phase-two-entry": scales(
        eps ** Rational(1, 4), eps ** Rational(-1, 4), eps ** Rational(1, 4), sqrt(eps), eps ** Rational(1, 4)
    ),
    "phase-two": scales(
        eps ** Rational(1, 3),
        eps ** Rational(-1, 3),
        eps ** Rational(1, 6),
        eps ** Rational(1, 3),
        eps ** Rational(1, 6),
    ),
}
"""Scales of time, weights, overlaps and promoted errors in every phase."""

G1 = sigma[1] * phi[1]
SPREAD = mean(A[i] ** 2) + mean(S[i] ** 2) - mean(S[i]) ** 2
TURN = mean(S[i] ** 3) - mean(S[i]) * mean(S[i] ** 2) + 2 * mean(A[i] ** 2 * S[i])


def second_degree(drive: Any) -> tuple[Let, Let]:
    """Equations and multipliers of the phases of degree 2, for the given coefficient of degree 2."""
    equations = (
        (A[i], sigma[0] * E[0] + sigma[1] * E[1] * S[i] + drive * S[i] ** 2),
        (S[i], A[i] * (sigma[1] * E[1] + 2 * drive * S[i])),
    )
    multipliers = (
        (E[1], -drive / sigma[1] * TURN / SPREAD),
        (E[0], -(sigma[1] * E[1] * mean(S[i]) + drive * mean(S[i] ** 2)) / sigma[0]),
    )
    return equations, multipliers


ENTRY, ENTRY_MULTIPLIERS = second_degree(sigma[2] * phi[2])
INNER, INNER_MULTIPLIERS = second_degree(sigma[2] * residual[2])

SYSTEMS = (
    flow(
        "phase-zero",
        "degree 0: the mean of the second layer relaxes, overlaps begin to grow",
        ((A[i], sigma[0] * E[0]), (S[i], G1 * A[i]), (E[0], -(sigma[0] ** 2) * E[0])),
        Source(PAPER, "first time-scale"),
        time=T,
    ),
    flow(
        "phase-one-entry",
        "degree 1 before it is learned: centred weights and overlaps grow exponentially",
        ((A[i], G1 * (S[i] - mean(S[i]))), (S[i], G1 * A[i])),
        Source(PAPER, "second time-scale"),
        time=T,
    ),
    flow(
        "phase-one",
        "degree 1 while it is learned",
        ((A[i], sigma[1] * residual[1] * (S[i] - mean(S[i]))), (S[i], sigma[1] * residual[1] * A[i])),
        Source(PAPER, "second time-scale"),
        time=T,
        let=((residual[1], phi[1] - sigma[1] * mean(A[i] * S[i])),),
    ),
    flow(
        "phase-two-entry",
        "degree 2 before it is learned, with the multipliers of degrees 0 and 1",
        ENTRY,
        OURS,
        time=T,
        let=ENTRY_MULTIPLIERS,
    ),
    flow(
        "phase-two",
        "degree 2 while it is learned",
        INNER,
        OURS,
        time=T,
        let=((residual[2], phi[2] - sigma[2] * mean(A[i] * S[i] ** 2)), *INNER_MULTIPLIERS),
    ),
)

FORMULAS = (
    formula(
        "mean-weight",
        "degree 0 in time",
        Eq(
            mean_a,
            phi[0] / sigma[0] + (mean_start - phi[0] / sigma[0]) * exp(-(sigma[0] ** 2) * t / eps),
        ),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "half-time-zero",
        "time at which half of degree 0 is learned from mean zero",
        Eq(t_0, eps * log(2) / sigma[0] ** 2),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
)

__all__ = ["FORMULAS", "LATEX", "SCALES", "SYSTEMS", "of_degree"]

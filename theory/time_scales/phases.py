"""Phases of learning as eps tends to zero: reduced flows on their own time-scales, with what is left out derived elsewhere.

Degree ``l`` is learned while the weights are of size ``eps**(-l/(2(l+1)))`` and the overlaps of size ``eps**(1/(2(l+1)))``.
Errors of learned degrees are small and follow the slow motion: they act as multipliers that keep the learned moments.
"""

from __future__ import annotations

from typing import Any

from sympy import Eq, Rational, Sum, Symbol, exp, log, sqrt

from ..formula import Let, Source, Standing
from ..system import System
from .entry import LATEX as ENTRY_LETTERS
from .entry import entry_scales, inner_scales, phase_entry, phase_inner
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
LATEX = ((mean_a, r"\langle a\rangle"), (mean_start, r"\langle a(0)\rangle"), *ENTRY_LETTERS)


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
    "phase-two-entry": entry_scales(2),
    "phase-two": inner_scales(2),
    "phase-three-entry": entry_scales(3),
    "phase-three": inner_scales(3),
}
"""Scales of time, weights, overlaps and promoted errors in every phase."""

G1 = sigma[1] * phi[1]
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
    phase_entry(2),
    phase_entry(2, learned=(1,)),
    phase_inner(2),
    phase_entry(3),
    phase_inner(3),
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

"""Exponents of the phases: sizes of weights and overlaps when a degree is learned, and the times in between.

The statements are for every degree; `split` writes the mean field in the form on which the dominant balance is searched.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Eq, Idx, Indexed, IndexedBase, Integer, S, Sum, Symbol

from ..formula import Source, Standing
from ..system import System
from .letters import OURS, PAPER, K, e, formula, k
from .letters import degree as l

omega, beta = Symbol("omega", positive=True), Symbol("beta", positive=True)
width, clock = Symbol("w", real=True), Symbol("vartheta", real=True)
size = Symbol("p", real=True)
missing = Symbol("n", integer=True, positive=True)
learned = Idx("k_1")
rho = IndexedBase("rho")
MORE: dict[Any, str] = {
    omega: "the second-layer weights are of size $\\epsilon^{-\\omega}$",
    beta: "the overlaps are of size $\\epsilon^{\\beta}$",
    width: "the fall takes a time of size $\\epsilon^w$",
    clock: "the next degree is learned after a time of size $\\epsilon^{\\vartheta}$",
    size: "the error of a learned degree $j$ is of size $\\epsilon^p$",
    missing: "number of degrees that neither activation nor target have",
    learned: "a learned degree",
}
LATEX = ((clock, r"\vartheta"),)


def split(system: System, last: Any, drive: Any) -> System:
    """The mean field with the errors of degrees up to ``last`` as open letters, and no degree between ``last`` and ``drive``.

    Parameters
    ----------
    system : the mean field, with sums over all degrees.
    last : the last learned degree, a number or a symbol.
    drive : the next degree of the target.

    Returns
    -------
    System : each sum over degrees in three parts: learned degrees with errors ``rho[j]``, ``drive``, and what is above.
    """

    def open_error(body: Any) -> Any:
        return body.replace(lambda x: isinstance(x, Indexed) and x.base == e, lambda x: rho[x.indices])

    def parts(node: Any) -> Any:
        _, first, top = node.limits[0]
        below = Sum(open_error(node.function.xreplace({k: learned})), (learned, first, last))
        return below + node.function.xreplace({k: drive}) + Sum(node.function, (k, drive + 1, top))

    def spread(expression: Any) -> Any:
        return expression.replace(lambda x: isinstance(x, Sum) and x.limits[0][0] == k, parts)

    words = {**dict(system.meaning), rho: "errors of the learned degrees"}
    words |= dict.fromkeys(S(last).free_symbols | S(drive).free_symbols, "degree")
    equations = tuple((item, spread(rate)) for item, rate in system.equations)
    return replace(system, id=f"{system.id}-split", equations=equations, meaning=tuple(words.items()))


def least(last: Any, drive: Any) -> tuple[tuple[Any, Any], ...]:
    """Least values of the symbolic degrees, for `balances`: the network has three degrees beyond ``drive``."""
    symbols = S(last).free_symbols | S(drive).free_symbols
    return (*((symbol, Integer(2)) for symbol in sorted(symbols, key=str)), (K, drive + 3))


def claim(id: str, title: str, statement: Any, source: Any = OURS) -> Any:
    return formula(id, title, statement, source, standing=Standing.OURS, extra=MORE)


FORMULAS = (
    claim(
        "weight-exponent",
        "second-layer weights while degree $l$ is learned, by dominant balance",
        Eq(omega, l / (2 * (l + 1))),
    ),
    claim(
        "overlap-exponent",
        "overlaps while degree $l$ is learned, by dominant balance",
        Eq(beta, 1 / (2 * (l + 1))),
    ),
    claim("width-exponent", "duration of the fall of degree $l$, by dominant balance", Eq(width, 1 / (l + 1))),
    claim(
        "entry-exponent",
        "time at which degree $l$ is learned once the lower ones are, by dominant balance",
        Eq(clock, 1 / (2 * l)),
        Source(PAPER, "canonical learning order"),
    ),
    claim(
        "gap-exponent",
        "time of the next degree after $l$ if $n$ degrees are missing in between, by dominant balance",
        Eq(clock, (1 - missing) / (2 * (l + 1))),
    ),
    claim(
        "multiplier-exponent",
        "errors of the learned degrees $j<l$ before degree $l$ is learned, by dominant balance",
        Eq(size, (l - learned) / (2 * l)),
    ),
)

__all__ = ["FORMULAS", "LATEX", "least", "split"]

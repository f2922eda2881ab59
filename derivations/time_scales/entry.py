"""Why the phases of degree three are ascents of one moment with the lower ones kept, and why that moment grows.

The means of powers become letters, so that the multipliers of any degree are found and compared as rational functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from sympy import S, Sum, Symbol, expand

from ...theory.flow import along
from ...theory.rescale import Reduced, SlowManifold, promote, rescale, restrict_fast
from ...theory.sums import normal_form
from ...theory.system import System
from ...theory.time_scales.entry import MORE, dM, j, lagrange, mu, nu, pull, push
from ...theory.time_scales.equations import mean
from ...theory.time_scales.letters import A, E, T, e_of, eps, i, m, meaning, residual, sigma
from ...theory.time_scales.letters import S as OVERLAP
from ...theory.time_scales.letters import degree as symbol_l
from ...theory.time_scales.phases import SCALES, of_degree
from ..chain import Book, Derivation, Identity, Step
from ..check_system import flat
from .equations import at

PHASES = {"phase-three-entry": 3, "phase-three": 3}


def folded(expression: Any, letter: Callable[[Any], Any]) -> Any:
    """Sums over neurons replaced by letters: each ``Sum(c*b)``, ``b`` what depends on the neuron, is ``c*m*letter(b)``.

    ``letter`` gets ``b`` as powers of items at the index ``i``.
    """

    def one(node: Any) -> Any:
        ((index, *_),) = node.limits
        factor, body = node.function.as_independent(index, as_Add=False)
        return factor * m * letter(body.xreplace({index: i}))

    return expand(normal_form(expression).replace(lambda node: isinstance(node, Sum), one))


def power_mean(body: Any) -> Any:
    """Letter of the mean of ``S**q`` or ``A**2*S**q``; of any other product a letter that occurs nowhere else."""
    for family, weight in ((mu, S.One), (nu, A[i] ** 2)):
        for q, letter in enumerate(family):
            if body == weight * OVERLAP[i] ** q:
                return letter
    return Symbol(f"mean of {body}", real=True)


@cache
def reduced(full: System, phase: str, degree: int) -> Reduced:
    """The mean field of degrees 0 to ``degree`` on the scales of a phase, errors of learned degrees promoted."""
    return rescale(promote(of_degree(full, degree), e_of[: PHASES[phase]]), SCALES[phase], eps)


@cache
def manifold(full: System, phase: str, degree: int) -> SlowManifold:
    """Its slow manifold, means of powers as letters."""
    found = reduced(full, phase, degree)
    words = tuple((letter, "mean of powers") for letter in (*mu, *nu))
    system = replace(found.system, meaning=(*found.system.meaning, *words))
    fast = tuple((item, folded(rate, power_mean), power) for item, rate, power in found.fast)
    return restrict_fast(replace(found, system=system, fast=fast))


def full(book: Book) -> System:
    return book.system("time-scales.mean-field")


def spelled(expression: Any, let: Any, degree: int) -> Any:
    """Definitions put in, but not those of the multipliers and of the rescaled error of the degree itself."""
    return flat(expression, tuple(pair for pair in let if pair[0] not in (*E, residual[degree])))


def moves(book: Book, phase: str, item: Any, degree: int) -> Identity:
    """Rates of the neurons on the scales of the phase, multipliers open, against the phase."""
    derived = reduced(full(book), phase, degree).system
    claimed = book.system(f"time-scales.{phase}")
    errors = tuple(pair for pair in claimed.let if pair[0] == residual[PHASES[phase]])
    left, right = flat(derived.rate(item), derived.let), flat(claimed.rate(item), errors)
    return Identity(at(left), at(right))


def multiplier(book: Book, phase: str, place: int, degree: int) -> Identity:
    """Where the error of a learned degree rests, against the definition of the phase."""
    found, claimed = manifold(full(book), phase, degree), book.system(f"time-scales.{phase}")
    l = PHASES[phase]
    own = {item: residual[l] for item, _ in found.system.let if str(item) == f"e_{l}_bar"}
    let = tuple(
        (item, folded(value, power_mean) if value.has(Sum) else value) for item, value in claimed.let[LET[phase] :]
    )
    return Identity(dict(found.solution)[E[place]].xreplace(own), spelled(dict(let)[E[place]], let, l))


LET = {"phase-three-entry": 0, "phase-three": 1}
"""Place of the first mean among the definitions: the error of the degree itself comes before."""


def attracts(book: Book, phase: str, place: int, degree: int) -> Identity:
    """Jacobian of the error of a learned degree: minus a square times what elimination leaves of its gradient."""
    found, claimed = manifold(full(book), phase, degree), book.system(f"time-scales.{phase}")
    jacobian = found.jacobians[place][1][0, 0]
    let = tuple(
        (item, folded(value, power_mean) if value.has(Sum) else value) for item, value in claimed.let[LET[phase] :]
    )
    pivot = next((letter for letter, _ in let if str(letter) == f"C_{place}{place}_{place}"), S.One)
    return Identity(jacobian, -(sigma[place] ** 2) * flat(pivot, let))


def error_order(book: Book, phase: str, case: tuple[int, Any]) -> Identity:
    """Least exponent of what is dropped."""
    degree, order = case
    return Identity(reduced(full(book), phase, degree).order, order)


def phase(name: str, cases: tuple[tuple[int, Any], ...], scope: str) -> Derivation:
    l = PHASES[name]
    top = cases[0][0]
    steps = [
        Step(
            f"promote the errors of degrees below {l} and rescale: rates of ${item.base}$",
            lambda book, degree, item=item: moves(book, name, item, degree),
            cases=tuple(degree for degree, _ in cases),
            scope=scope,
        )
        for item in (A[i], OVERLAP[i])
    ]
    steps += [
        Step(
            f"the error of degree {place} is fast and rests at its multiplier",
            lambda book, place=place: multiplier(book, name, place, top),
            scope=f"K = {top}",
        )
        for place in range(l)
    ]
    steps += [
        Step(
            f"and it is attracted: minus $\\sigma_{place}^2$ times the squared norm of an orthogonalised gradient",
            lambda book, place=place: attracts(book, name, place, top),
            scope=f"K = {top}",
        )
        for place in range(l)
    ]
    steps.append(
        Step(
            "order of the first dropped term",
            lambda book, case: error_order(book, name, case),
            cases=cases,
            scope=scope,
        )
    )
    return Derivation(f"time-scales.{name}", tuple(steps))


# ---- growth


def ascent_of(book: Book) -> System:
    """The flow with open multipliers, for any degree, from the definitions of the formula."""
    let = book.formula("time-scales.constrained-growth").let
    rates = dict(let)
    equations = ((A[i], rates[push[i]]), (OVERLAP[i], rates[pull[i]]))
    parts = [T, *(part for pair in equations for part in pair)]
    return System(
        "time-scales.ascent", "ascent with open multipliers", "flow", T, equations, meaning(*parts, extra=MORE),
        book.formula("time-scales.constrained-growth").source,
    )  # fmt: skip


def moment(j: Any) -> Any:
    return mean(A[i] * OVERLAP[i] ** j)


def squared_speed(book: Book) -> Identity:
    """Squared speed against the rates of all moments, each times its coefficient."""
    system = ascent_of(book)
    one = book.formula("time-scales.constrained-growth")
    others = Sum(lagrange[j] * along(moment(j), system), (j, 0, symbol_l - 1))
    claimed = one.statement.args[0].xreplace({dM: along(moment(symbol_l), system)})
    return Identity(flat(one.statement.args[1], one.let), claimed + others)


def kept(book: Book, case: tuple[str, int]) -> Identity:
    """Rate of a learned moment along a phase, multipliers put in."""
    phase, place = case
    system = book.system(f"time-scales.{phase}")
    let = tuple((item, folded(value, power_mean) if value.has(Sum) else value) for item, value in system.let)
    open_rate = folded(along(moment(place), replace(system, let=())), power_mean)
    return Identity(flat(open_rate, let), S.Zero)


DERIVATIONS = (
    phase("phase-three-entry", ((3, S.One / 6), (4, S.One / 6)), "K = 3, 4"),
    phase("phase-three", ((3, S.One / 4),), "K = 3"),
    Derivation(
        "time-scales.constrained-growth",
        (
            Step("squared speed: rates of the moments times their coefficients, by the chain rule", squared_speed),
            Step(
                "the multipliers of the phases keep the learned moments",
                kept,
                cases=(("phase-two-entry", 0), ("phase-two-entry", 1), *(("phase-three-entry", n) for n in range(3))),
                scope="l = 2, 3",
            ),
        ),
    ),
)

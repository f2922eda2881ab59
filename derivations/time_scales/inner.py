"""Why a degree is learned in a self-similar layer: the law on a ray, its time, and the exact rays of degree 2."""

from __future__ import annotations

from functools import cache
from typing import Any

from sympy import Add, Integer, Rational, S, Sum, Symbol, factor, powdenest, sqrt, symbols

from ...theory.formula import unroll
from ...theory.indices import put
from ...theory.system import System
from ...theory.time_scales.equations import mean
from ...theory.time_scales.inner import (
    C,
    F,
    M,
    g,
    growth,
    kappa,
    left,
    one_winner,
    start,
    two_winners,
    v,
)
from ...theory.time_scales.letters import A, i, m, phi, residual, sigma
from ...theory.time_scales.letters import S as OVERLAP
from ...theory.time_scales.letters import degree as l
from ..chain import Book, Derivation, Derivative, Identity, Limit, Step
from ..check_system import flat
from .equations import at

scale, unit = symbols("mu y", positive=True)
k = Symbol("k", positive=True)
ROOTS = (3 - k**2) / (2 * k), (3 + k**2) / (2 * k)
"""Roots of ``2m`` and of ``2m + 3``, both rational in one letter."""
RAYS = {
    "two-winners": ({}, two_winners(m, sqrt(2 * m / (m - 2)))),
    "one-winner": ({m: ROOTS[0] ** 2 / 2}, one_winner(ROOTS[0] ** 2 / 2, *ROOTS)),
}
"""Exact rays of degree 2, and the number of neurons in the letter."""


def value(book: Book, id: str, **more: Any) -> Any:
    return book.formula(f"time-scales.{id}").value


def ray(book: Book) -> Any:
    return book.system("time-scales.ray").rate(M)


# ---- the equation on a ray


def homogeneous(book: Book, phase: str, degree: int, item: Any) -> Identity:
    """Rates at ``scale`` times a state, the error of the degree held: ``scale**l`` times the rates."""
    system = book.system(f"time-scales.{phase}")
    let = tuple(pair for pair in system.let if pair[0] != residual[degree])
    rate = flat(system.rate(item), let)
    stretched = put(rate, ((A[i], scale * A[i]), (OVERLAP[i], scale * OVERLAP[i])))
    return Identity(at(stretched), at(scale**degree * rate))


def on_ray(book: Book) -> Identity:
    """Rate of ``M_star scale**(l+1)`` while the scale has the rate ``growth (1 - M/kappa) scale**l``; ``M_star`` is a power."""
    first = unit ** (l + 1)
    moment = first * scale ** (l + 1)
    change = moment.diff(scale) * growth * (1 - moment / kappa) * scale**l
    claimed = ray(book).xreplace({C: value(book, "ray-constant")}).xreplace({start: first}).xreplace({M: moment})
    return Identity(change / moment, powdenest(claimed / moment))


def constant_of_ray(book: Book) -> Identity:
    """Rate of the moment far from learned over its power ``2l/(l+1)``."""
    first = unit ** (l + 1)
    moment = first * scale ** (l + 1)
    change = moment.diff(scale) * growth * scale**l / powdenest(moment ** (2 * l / (l + 1)))
    return Identity(change, g * powdenest(value(book, "ray-constant").xreplace({start: first})))


def explodes(book: Book) -> Identity:
    """Derivative of the law by the time left, at the time at which the moment is a given power, against the ray."""
    law = value(book, "blow-up-law")
    far = book.system("time-scales.ray").rate(M).subs(1 / kappa, 0)
    when = {left: (l + 1) * unit ** (1 - l) / (g * C * (l - 1))}
    change = powdenest(law.diff(left).xreplace(when))
    return Identity(change, -powdenest(far.xreplace({M: powdenest(law.xreplace(when))})), assuming=(l >= 2,))


# ---- time


def solves(book: Book, degree: Any, claimed: Any) -> Derivative:
    return Derivative(claimed, v, 1 / (v**degree * (1 - v ** (degree + 1))), assuming=(v < 1,))


def by_leibniz(book: Book) -> Identity:
    """Derivative of the integral form."""
    claimed = value(book, "inner-antiderivative")
    return Identity(claimed.diff(v), 1 / (v**l * (1 - v ** (l + 1))), assuming=(l >= 2, v < 1))


def at_zero(book: Book) -> Identity:
    """What is left at zero beside the pole."""
    rest = value(book, "inner-antiderivative") + v ** (1 - l) / (l - 1)
    return Identity(rest.subs(v, 0).doit(), S.Zero)


def without_constant(degree: Any, claimed: Any) -> Limit:
    return Limit(claimed + v ** (1 - degree) / (degree - 1), v, 0, S.Zero)


def travels(book: Book) -> Identity:
    """Rate of ``kappa v**(l+1)``, the time left being the claimed one, against the equation of the ray."""
    antiderivative = value(book, "inner-antiderivative")
    clock = value(book, "inner-law").xreplace({F: antiderivative})
    moment = kappa * v ** (l + 1)
    return Identity(-moment.diff(v), ray(book).xreplace({M: moment}) * clock.diff(v), assuming=(l >= 2, v < 1))


def time_at(book: Book, degree: int, part: Any) -> Any:
    """Time left when a part is learned."""
    claimed = value(book, f"inner-antiderivative-{'two' if degree == 2 else 'three'}")
    return (
        value(book, "inner-law")
        .xreplace({l: Integer(degree), F: claimed})
        .xreplace({v: part ** Rational(1, degree + 1)})
    )


def lag(book: Book, degree: int, name: str) -> Identity:
    return Identity(value(book, f"lag-{name}"), time_at(book, degree, Rational(1, 2)))


def fall(book: Book, degree: int, name: str) -> Identity:
    return Identity(
        value(book, f"fall-{name}"), time_at(book, degree, Rational(1, 10)) - time_at(book, degree, Rational(9, 10))
    )


# ---- rays of degree 2


def grouped(expression: Any, groups: Any) -> Any:
    """Sums over neurons where all neurons of a group are equal."""

    def total(node: Any) -> Any:
        ((index, *_),) = node.limits
        return Add(
            *(count * node.function.xreplace({A[index]: one, OVERLAP[index]: two}) for count, one, two in groups)
        )

    return expression.replace(lambda node: isinstance(node, Sum), total)


def on_groups(book: Book, name: str) -> Any:
    """As `rates_on`."""
    return rates_on(book.system("time-scales.phase-two-entry"), name)


@cache
def rates_on(system: System, name: str) -> Any:
    """The flow before degree 2 is learned, drive one, multipliers put in: rates of a neuron as a function of its state."""
    number, groups = RAYS[name]
    drive = {phi[2]: 1 / sigma[2]}
    let = [(item, grouped(rate, groups).xreplace(drive)) for item, rate in system.let]
    short: list[tuple[Any, Any]] = []
    for item, rate in let:
        short.append((item, factor(unroll(rate, tuple(short)).xreplace(number))))
    return {item: unroll(system.rate(item).xreplace(drive), tuple(short)) for item in system.items}


def stays(book: Book, name: str, place: int, item: Any) -> Identity:
    """Rates of a group are its state times the growth of the first group."""
    _, groups = RAYS[name]
    rates = on_groups(book, name)

    def of(which: int, what: Any) -> Any:
        _, one, two = groups[which]
        return rates[what].xreplace({A[i]: one, OVERLAP[i]: two})

    _, one, two = groups[place]
    rate = of(0, OVERLAP[i]) / groups[0][2]
    return Identity(of(place, item), rate * (one if item == A[i] else two), assuming=beyond(name))


def keeps(name: str, power: int) -> Identity:
    number, groups = RAYS[name]
    return Identity(grouped(mean(A[i] * OVERLAP[i] ** power), groups).xreplace(number), S.Zero, assuming=beyond(name))


def beyond(name: str) -> tuple[Any, ...]:
    """Where the ray exists."""
    return (k < 1,) if name == "one-winner" else (m >= 5,)


def constant(book: Book, name: str) -> Identity:
    """Constant from the growth and the moment of the ray."""
    number, groups = RAYS[name]
    rate = on_groups(book, name)[OVERLAP[i]].xreplace({A[i]: groups[0][1], OVERLAP[i]: groups[0][2]})
    moment = grouped(mean(A[i] * OVERLAP[i] ** 2), groups).xreplace(number)
    found = value(book, "ray-constant").xreplace({l: Integer(2), g: S.One})
    found = found.xreplace({growth: factor(rate / groups[0][2]), start: factor(moment)})
    return Identity(factor(found**3), factor((value(book, name) ** 3).xreplace(number)), assuming=beyond(name))


def winners(name: str) -> Derivation:
    steps = [
        Step(f"the moment of degree {power} vanishes on the ray", lambda book, power=power: keeps(name, power))
        for power in (0, 1)
    ]
    steps += [
        Step(
            f"group {place + 1} grows along itself: ${item.base}$",
            lambda book, place=place, item=item: stays(book, name, place, item),
        )
        for place in range(3)
        for item in (A[i], OVERLAP[i])
    ]
    steps.append(Step("its constant", lambda book: constant(book, name)))
    return Derivation(f"time-scales.{name}", tuple(steps))


DERIVATIONS = (
    Derivation(
        "time-scales.ray",
        (
            Step(
                "the phases are homogeneous: rays are kept, and the scale has the rate $\\omega(1-M/\\kappa)\\mu^l$",
                lambda book, case: homogeneous(book, *case),
                cases=tuple(("phase-two", 2, item) for item in (A[i], OVERLAP[i])),
                scope="l = 2",
            ),
            Step("rate of the moment on the ray", on_ray),
        ),
    ),
    Derivation(
        "time-scales.ray-constant", (Step("rate of the moment far from learned over its power", constant_of_ray),)
    ),
    Derivation(
        "time-scales.blow-up-law",
        (Step("it solves the equation of the ray for a moment that is far from learned", explodes),),
    ),
    Derivation(
        "time-scales.inner-antiderivative",
        (
            Step("differentiated back", by_leibniz),
            Step("only the pole is left at zero", at_zero),
        ),
    ),
    Derivation(
        "time-scales.inner-antiderivative-two",
        (
            Step("differentiated back", lambda book: solves(book, 2, value(book, "inner-antiderivative-two"))),
            Step(
                "only the pole is left at zero",
                lambda book: without_constant(2, value(book, "inner-antiderivative-two")),
            ),
        ),
    ),
    Derivation(
        "time-scales.inner-antiderivative-three",
        (
            Step("differentiated back", lambda book: solves(book, 3, value(book, "inner-antiderivative-three"))),
            Step(
                "only the pole is left at zero",
                lambda book: without_constant(3, value(book, "inner-antiderivative-three")),
            ),
        ),
    ),
    Derivation("time-scales.inner-law", (Step("it solves the equation of the ray", travels),)),
    Derivation("time-scales.lag-two", (Step("the law at the share one half", lambda book: lag(book, 2, "two")),)),
    Derivation("time-scales.lag-three", (Step("the law at the share one half", lambda book: lag(book, 3, "three")),)),
    Derivation("time-scales.fall-two", (Step("the law at the two shares", lambda book: fall(book, 2, "two")),)),
    Derivation("time-scales.fall-three", (Step("the law at the two shares", lambda book: fall(book, 3, "three")),)),
    winners("two-winners"),
    winners("one-winner"),
)

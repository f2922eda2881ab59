"""Why exit times from a cone are true."""

from __future__ import annotations

from typing import Any

from sympy import (
    Piecewise,
    Rational,
    Symbol,
    atan,
    cos,
    exp,
    log,
    sin,
    sqrt,
    symbols,
    tan,
)

from ...theory.early_alignment.cone import (
    T_e,
    beta,
    cos_D,
    f_0,
    gamma,
    q,
    sin_D,
)
from ...theory.early_alignment.letters import (
    a_0,
    c_0,
    delta,
    t,
    theta,
)
from ..chain import Book, Bound, Derivation, Identity, Step
from .tools import of, value


def wall(b: Book) -> Identity:
    """The part of the weights along D, over its length, times the part of the point along D, and the constant rest."""
    k = Symbol("k", real=True)
    along = value(b, "axis-weight")
    table = {beta: c_0 * k, gamma: a_0 * k}
    return Identity(value(b, "wall-value").xreplace(table), f_0 - c_0 * k + along * k)


def roots(b: Book, id: str) -> tuple[Any, Any]:
    """``exp(delta t)`` at the exit, and the other root: their product is that of the quadratic."""
    root = exp(delta * value(b, id))
    return root, (beta - gamma) / (beta + gamma) / root


def meets(id: str) -> tuple[Step, ...]:
    """The value at the data point vanishes at the exit, and the quadratic has no third root."""

    def exits(b: Book) -> Identity:
        return Identity(value(b, "wall-value").subs(t, value(b, id)), 0, assuming=of(b, id).assuming)

    def factors(b: Book) -> Identity:
        one, other = roots(b, id)
        quadratic = of(b, "exit-quadratic").statement.args[0]
        return Identity(quadratic, (beta + gamma) * (q - one) * (q - other), assuming=of(b, id).assuming)

    return (
        Step("the value at the data point vanishes then", exits),
        Step("the quadratic in $q=e^{\\delta t}$ has this root and one other", factors),
    )


UP, DROP, OVER, DISC, TAIL = symbols("f_0 mu nu R xi", positive=True)
"""Distances from the ends of the ranges that are assumed."""
PULLED = {beta: -DROP - gamma, f_0: UP}
GRAZED = {gamma: -UP - OVER, beta: UP + OVER + DROP, f_0: UP}


def flat(expression: Any) -> Any:
    """What stands under square roots is multiplied out."""
    return expression.replace(lambda e: e.is_Pow and e.exp == Rational(1, 2), lambda e: sqrt(e.base.expand()))


def around(b: Book) -> Identity:
    """``(q_1 - 1)(1 - q_2) = 2 f_0/(-beta - gamma) > 0``: exactly one root lies above 1, that is at a positive time."""
    one, other = roots(b, "exit-time")
    return Identity(flat(((one - 1) * (1 - other)).subs(PULLED)), 2 * UP / DROP)


def larger(b: Book) -> Bound:
    one, other = (flat(root.subs(PULLED)) for root in roots(b, "exit-time"))
    return Bound(other, one, terms=(2 * sqrt((UP + gamma) ** 2 + 2 * UP * DROP) / DROP,))


def above(b: Book) -> Identity:
    """``(q_1 - 1)(q_2 - 1) = 2 f_0/(beta + gamma) > 0``: both roots lie on the same side of 1."""
    one, other = roots(b, "exit-time-grazing")
    return Identity(flat(((one - 1) * (other - 1)).subs(GRAZED)), 2 * UP / DROP)


def mean(b: Book) -> Identity:
    """``q_1 + q_2 - 2 = 2 (-f_0 - gamma)/(beta + gamma) > 0``: it is the side of positive times."""
    one, other = roots(b, "exit-time-grazing")
    return Identity(flat((one + other - 2).subs(GRAZED)), 2 * OVER / DROP)


def smaller(b: Book) -> Bound:
    """With the square root of the discriminant, which is assumed to be positive, as a letter of its own."""
    table = {OVER: DISC + TAIL, DROP: TAIL * (TAIL + 2 * DISC) / (2 * UP)}
    one, other = (flat(root.subs(GRAZED).subs(table)) for root in roots(b, "exit-time-grazing"))
    return Bound(one, other, terms=(4 * UP * DISC / (TAIL * (TAIL + 2 * DISC)),))


def float_same(id: str) -> tuple[Step, ...]:
    """The form for floating point is the same number, branch by branch."""

    def shows(b: Book, place: int) -> Identity:
        one = of(b, id)
        form = one.float_form
        (inner,) = form.atoms(Piecewise)
        branch = form.xreplace({inner: inner.args[place].expr})
        left, right = branch, one.value
        if id == "exit-time":
            left, right = exp(delta * branch.rewrite(log)), exp(delta * one.value)
        return Identity(left, right, assuming=one.assuming)

    return tuple(
        Step(f"its form for floating point is the same number, {words} branch", lambda b, k=k: shows(b, k))
        for k, words in enumerate(("first", "second"))
    )


def half_angle(b: Book) -> Identity:
    """Along the arc the value is ``C cos(theta) + S sin(theta)``; it vanishes at the angle of the formula."""
    angle = 2 * atan(value(b, "exit-angle"))
    arc = (cos_D * cos(theta) + sin_D * sin(theta)).subs(theta, angle)
    return Identity(arc, 0, assuming=of(b, "exit-angle").assuming)


def arrives(b: Book) -> Identity:
    one = of(b, "exit-time-balanced")
    reached = value(b, "aberration").subs(t, one.value)
    return Identity(tan(reached / 2), T_e, assuming=one.assuming)


DERIVATIONS = (
    Derivation(
        "early-alignment.wall-value",
        (Step("only the part of the weights along $D$ moves", wall),),
    ),
    Derivation(
        "early-alignment.exit-quadratic",
        (
            Step(
                "the two sides are the same polynomial",
                lambda b: Identity(of(b, "exit-quadratic").statement.args[0], value(b, "exit-quadratic")),
            ),
            Step(
                "the value is that of the wall at $q=e^{\\delta t}$",
                lambda b: Identity(
                    dict(of(b, "exit-quadratic").let)[of(b, "exit-quadratic").let[0][0]],
                    value(b, "wall-value").subs(t, log(q) / delta),
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.exit-time",
        (
            *meets("exit-time"),
            Step("exactly one of the two lies above one, that is at a positive time", around),
            Step("it is this one", larger),
            *float_same("exit-time"),
        ),
    ),
    Derivation(
        "early-alignment.exit-time-grazing",
        (
            *meets("exit-time-grazing"),
            Step("both lie on the same side of one", above),
            Step("that of positive times", mean),
            Step("this is the first", smaller),
            Step(
                "its form for floating point is the same number",
                lambda b: Identity(
                    exp(delta * of(b, "exit-time-grazing").float_form.rewrite(log)),
                    exp(delta * value(b, "exit-time-grazing")),
                    assuming=of(b, "exit-time-grazing").assuming,
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.exit-angle",
        (Step("the value on the arc vanishes at twice its arc tangent", half_angle), *float_same("exit-angle")),
    ),
    Derivation(
        "early-alignment.exit-time-balanced",
        (Step("the angle then is that at which the wall is met", arrives),),
    ),
)

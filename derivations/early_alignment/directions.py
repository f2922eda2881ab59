"""Why the statements about directions inside a cone are true."""

from __future__ import annotations

from typing import Any

from sympy import Identity as Eye
from sympy import MatrixSymbol, Symbol, Trace, atan, atanh, cos, exp, log, sin, sqrt, tan, tanh

from ...theory.early_alignment.directions import g, nu, rho, u
from ...theory.early_alignment.letters import (
    D,
    N,
    a,
    a_0,
    c,
    c_0,
    d,
    delta,
    dot,
    eta,
    p,
    phi_0,
    r,
    r_0,
    t,
    theta,
    theta_0,
    w,
)
from ..chain import Book, Derivation, Derivative, Identity, Rate, Step
from .tools import LENGTH, LENGTH_POINT, of, system, value

y = MatrixSymbol("y", d, 1)
half = Symbol("h", positive=True)
ALONG = (("<D,nu> = g", D.T * nu - g * Eye(1)), ("nu'nu = 1", nu.T * nu - Eye(1)), *LENGTH)
ALONG_POINT = ((nu, y / sqrt(dot(y, y))), (g, dot(D, nu)), *LENGTH_POINT)


def quotient(b: Book) -> Rate:
    one = system(b, "gauge")
    return Rate(
        system(b, "one-neuron"), w / a, one.rate(u).xreplace({u: w / a}).replace(Trace, lambda e: Trace(e).doit())
    )


def solves(id: str, flow: str, item: Any) -> tuple[Step, ...]:
    def shows(b: Book) -> Derivative:
        one = of(b, id)
        return Derivative(one.value, t, system(b, flow).rate(item).xreplace({item: one.value}), assuming=one.assuming)

    start = {r: r_0, theta: theta_0}[item]

    def read(angle: Any) -> Any:
        return tan(angle / 2) if item == theta else angle  # both angles are below pi

    return (
        Step("it solves the equation", shows),
        Step(
            "it starts where it should",
            lambda b: Identity(read(value(b, id).subs(t, 0)), read(start), assuming=of(b, id).assuming),
        ),
    )


def same_float(id: str, left: Any = lambda e: e) -> Step:
    return Step(
        "its form for floating point is the same number",
        lambda b: Identity(left(of(b, id).float_form), left(of(b, id).value), assuming=of(b, id).assuming),
    )


def step_ratio(b: Book) -> Identity:
    """One more step adds the rapidity of a step."""
    y = Symbol("y", real=True)
    table = {atanh(eta * delta): y, atanh(r_0): phi_0}
    now = value(b, "step-ratio")
    later = now.subs(N, N + 1).xreplace(table)
    following = system(b, "ratio-step").rate(r).xreplace({r: now.xreplace(table)}).subs(delta, tanh(y) / eta)
    return Identity(later, following)


DERIVATIONS = (
    Derivation(
        "early-alignment.direction",
        (
            Step(
                "length times direction moves as the weights do",
                lambda b: Rate(system(b, "direction"), rho * nu, system(b, "one-neuron").rate(w)),
            ),
            Step(
                "the direction keeps its length one",
                lambda b: Rate(
                    system(b, "direction"),
                    nu.T * nu,
                    0 * Eye(1),
                    given=ALONG,
                    point=ALONG_POINT,
                ),
            ),
            Step(
                "the output weight moves as before",
                lambda b: Identity(
                    system(b, "direction").rate(a).subs(g, dot(D, nu)),
                    rho * Trace(D.T * nu),
                ),
            ),
            Step(
                "which is the rate for weights of this length and direction",
                lambda b: Identity(
                    system(b, "one-neuron").rate(a).xreplace({w: rho * nu}).doit(), rho * Trace(D.T * nu)
                ),
            ),
        ),
    ),
    Derivation("early-alignment.gauge", (Step("the quotient rule", quotient),)),
    Derivation(
        "early-alignment.ratio-flow",
        (
            Step(
                "the quotient of the two equations of a neuron in a cone",
                lambda b: Rate(system(b, "axis"), c / a, system(b, "ratio-flow").rate(r).subs(r, c / a)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.ratio-step",
        (
            Step(
                "the quotient of the two maps of a neuron in a cone",
                lambda b: Rate(system(b, "axis-step"), c / a, system(b, "ratio-step").rate(r).subs(r, c / a) - c / a),
            ),
        ),
    ),
    Derivation(
        "early-alignment.angle-flow",
        (
            Step(
                "the tangent of half the angle is $p/(a+c)$ at $a^2=c^2+p^2$",
                lambda b: Identity(
                    (p / (a + c)).subs({c: cos(theta), a: 1, p: sin(theta)}), sin(theta) / (1 + cos(theta))
                ),
            ),
            Step(
                "its rate gives that of the angle",
                lambda b: Identity(
                    -p * (system(b, "axis").rate(a) + system(b, "axis").rate(c)) / (a + c) ** 2,
                    ((1 + half**2) / 2 * half_rate(b)).subs(half, p / (a + c)),
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.ratio",
        (*solves("ratio", "ratio-flow", r), same_float("ratio")),
    ),
    Derivation(
        "early-alignment.ratio-any",
        (
            *solves("ratio-any", "ratio-flow", r),
            Step(
                "aligned neurons stay aligned",
                lambda b: Identity(value(b, "ratio-any").subs(r_0, 1), 1),
            ),
            Step(
                "neurons that point away from $D$ do so for ever",
                lambda b: Identity(value(b, "ratio-any").subs(r_0, -1), -1),
            ),
        ),
    ),
    Derivation(
        "early-alignment.sign-change",
        (
            Step(
                "the output weight vanishes then",
                lambda b: Identity(
                    value(b, "axis-output").subs(c_0, r_0 * a_0).subs(t, value(b, "sign-change")).rewrite(exp),
                    0,
                    assuming=of(b, "sign-change").assuming,
                ),
            ),
            same_float("sign-change", lambda e: exp(2 * delta * e.rewrite(log))),
        ),
    ),
    Derivation(
        "early-alignment.growth",
        (
            Step(
                "the output weight at $c_0=r_0a_0$, in the rapidity of the start",
                lambda b: Identity(
                    of(b, "growth").statement.args[1],
                    (value(b, "axis-output").subs(c_0, r_0 * a_0) / a_0).subs(r_0, tanh(phi_0)),
                ),
            ),
            Step(
                "the rapidity is that of the start",
                lambda b: Identity(tanh(of(b, "growth").let[0][1]), r_0),
            ),
            Step(
                "its form for floating point is the same number",
                lambda b: Identity(
                    of(b, "growth").float_form.subs(r_0, tanh(phi_0)), of(b, "growth").statement.args[1]
                ),
            ),
        ),
    ),
    Derivation("early-alignment.aberration", solves("aberration", "angle-flow", theta)),
    Derivation(
        "early-alignment.growth-balanced",
        (
            Step(
                "the output weight at $c_0=a_0\\cos\\theta_0$",
                lambda b: Identity(
                    value(b, "growth-balanced"),
                    (value(b, "axis-output").subs(c_0, a_0 * cos(theta_0)) / a_0).expand(),
                    assuming=of(b, "growth-balanced").assuming,
                ),
            ),
            Step(
                "the angle is that of the aberration",
                lambda b: Identity(dict(of(b, "growth-balanced").let)[theta], value(b, "aberration")),
            ),
            same_float("growth-balanced"),
        ),
    ),
    Derivation(
        "early-alignment.speed",
        (
            Step(
                "square of the rate of a balanced direction",
                lambda b: Identity(
                    (D - g * nu).T * (D - g * nu), value(b, "speed") * Eye(1), given=ALONG, point=ALONG_POINT
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.step-ratio",
        (
            Step("one more step adds the rapidity of a step", step_ratio),
            Step("it starts where it should", lambda b: Identity(value(b, "step-ratio").subs(N, 0), r_0)),
        ),
    ),
)


def half_rate(b: Book) -> Any:
    """Rate of the angle in the tangent of its half."""
    rate = system(b, "angle-flow").rate(theta)
    return rate.subs(sin(theta), 2 * half / (1 + half**2)).subs(theta, 2 * atan(half))

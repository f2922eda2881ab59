"""Directions inside a cone: the ratio of dominated neurons, the angle of balanced ones, growth, the gauge w/a."""

from __future__ import annotations

from sympy import Eq, MatrixSymbol, Symbol, atan, atanh, cosh, exp, log, pi, sin, sinh, tan, tanh

from ..formula import Source
from ..system import System
from .letters import (
    OURS,
    PAPER,
    D,
    N,
    a,
    d,
    delta,
    dot,
    eta,
    formula,
    meaning,
    phi_0,
    r,
    r_0,
    t,
    theta,
    theta_0,
)

nu, u = MatrixSymbol("nu", d, 1), MatrixSymbol("u", d, 1)
rho = Symbol("rho", positive=True)
g = Symbol("g", real=True)
growth = Symbol("growth", positive=True)
t_0 = Symbol("t_0", positive=True)
tilt_N = Symbol("r_N", real=True)
speed = Symbol("speed", nonnegative=True)
MORE = {
    nu: "direction of the weights, $w/|w|$",
    rho: "length of the weights",
    u: "weights over output weight, $w/a$",
    g: "part of $D$ along the direction of the weights, $\\langle D,w\\rangle/|w|$",
    growth: "size of the output weight over its size at the start, $|a|/|a_0|$",
    t_0: "time at which the output weight changes its sign",
    tilt_N: "the ratio after $N$ steps",
    speed: "square of the speed of $w/a$ at $|w|=|a|$",
}
LATEX = ((nu, r"\hat{w}"), (rho, "|w|"), (growth, "|a|/|a_0|"), (tilt_N, "r_N"), (speed, r"|\dot{u}|^2"))

DIRECTION = System(
    "early-alignment.direction",
    "direction and length of the weights of one neuron",
    "flow",
    t,
    ((nu, a / rho * (D - g * nu)), (rho, a * g), (a, rho * g)),
    meaning(nu, rho, a, D, g, t, extra=MORE),
    Source(PAPER, "sec. 3"),
    let=((g, dot(D, nu)),),
)
GAUGE = System(
    "early-alignment.gauge",
    "weights over output weight, whatever the sign of the output weight",
    "flow",
    t,
    ((u, D - dot(D, u) * u),),
    meaning(u, D, t, extra=MORE),
    OURS,
)
RATIO = System(
    "early-alignment.ratio-flow",
    "ratio of the part of the weights along D to the output weight",
    "flow",
    t,
    ((r, delta * (1 - r**2)),),
    meaning(r, delta, t),
    OURS,
)
RATIO_STEP = System(
    "early-alignment.ratio-step",
    "the ratio under gradient descent",
    "map",
    N,
    ((r, (r + eta * delta) / (1 + eta * delta * r)),),
    meaning(r, delta, eta, N),
    OURS,
)
ANGLE = System(
    "early-alignment.angle-flow",
    "angle of a balanced neuron to D",
    "flow",
    t,
    ((theta, -delta * sin(theta)),),
    meaning(theta, delta, t),
    OURS,
)

INSIDE = (r_0 < 1, r_0 > -1)
FORMULAS = (
    formula(
        "ratio",
        "the ratio of a dominated neuron, from any start",
        Eq(r, tanh(delta * t + atanh(r_0))),
        assuming=INSIDE,
        solves="early-alignment.ratio-flow",
        float_form=(r_0 + tanh(delta * t)) / (1 + r_0 * tanh(delta * t)),
    ),
    formula(
        "ratio-any",
        "the ratio without the condition on the start; at 1 and -1 it rests",
        Eq(r, (r_0 + tanh(delta * t)) / (1 + r_0 * tanh(delta * t))),
    ),
    formula(
        "sign-change",
        "a neuron whose ratio starts below -1 changes the sign of its output weight",
        Eq(t_0, atanh(-1 / r_0) / delta),
        assuming=(r_0 < -1,),
        float_form=log((r_0 - 1) / (r_0 + 1)) / (2 * delta),
        extra=MORE,
    ),
    formula(
        "growth",
        "growth of the output weight of a dominated neuron",
        Eq(growth, cosh(delta * t + phi_0) / cosh(phi_0)),
        let=((phi_0, atanh(r_0)),),
        assuming=INSIDE,
        float_form=cosh(delta * t) + r_0 * sinh(delta * t),
        extra=MORE,
    ),
    formula(
        "aberration",
        "balanced neurons: the tangent of half the angle to D decays exponentially",
        Eq(theta, 2 * atan(exp(-delta * t) * tan(theta_0 / 2))),
        assuming=(theta_0 < pi,),
        solves="early-alignment.angle-flow",
    ),
    formula(
        "growth-balanced",
        "balanced neurons: growth from the two angles",
        Eq(growth, sin(theta_0) / sin(theta)),
        let=((theta, 2 * atan(exp(-delta * t) * tan(theta_0 / 2))),),
        assuming=(theta_0 < pi,),
        float_form=cosh(delta * t) + (1 - 2 * sin(theta_0 / 2) ** 2) * sinh(delta * t),
        extra=MORE,
    ),
    formula(
        "speed",
        "a balanced direction moves at most at the speed |D|",
        Eq(speed, delta**2 - g**2),
        extra=MORE,
    ),
    formula(
        "step-ratio",
        "gradient descent adds the rapidity artanh(eta delta) at every step instead of eta delta",
        Eq(tilt_N, tanh(N * atanh(eta * delta) + atanh(r_0))),
        assuming=(*INSIDE, eta * delta < 1),
        solves="early-alignment.ratio-step",
        extra=MORE,
    ),
)
SYSTEMS = (DIRECTION, GAUGE, RATIO, RATIO_STEP, ANGLE)

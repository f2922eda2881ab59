"""Aligned modes of squared error: the equation of one singular value at any depth, and times in closed form."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Expr, LambertW, Rational, Symbol, atan, cos, exp, log, pi, sin, symbols
from sympy.codegen.cfunctions import expm1, log1p

from ..flow import gradient_flow
from ..formula import Formula, Source, Standing
from ..system import System
from .letters import OURS, depth, formula, lam, meaning, t

a, b, q = symbols("a b q", positive=True)
g = Symbol("g", real=True)
x, s, s_0, goal = symbols("x s s_0 s_star", positive=True)
u, u_0 = symbols("u u_0", positive=True)
z, z_0 = symbols("z z_0", positive=True)
tau = Symbol("tau_L", nonnegative=True)
t_s = Symbol("t_s", real=True)
split = Symbol("f", real=True)
MORE: dict[Any, str] = {
    a: "strength of a layer along the mode",
    b: "strength of the next layer along the mode",
    q: "product of the strengths of all other layers",
    g: "gradient along the mode, $u^TGv$",
    x: "strength of every layer, $s^{1/L}$",
    s: "singular value of the map along one singular direction of the target",
    s_0: "its value at the start",
    goal: "singular value of the target",
    u: "strength of a layer in units of its final value, $(s/s^*)^{1/L}$",
    u_0: "its value at the start",
    z: "distance from the target, $s^*/s-1$",
    z_0: "its value at the start",
    tau: "time of gradient flow times the depth",
    t_s: "time at which the singular value is $s$",
    split: "time per unit of $u$, in units of $(s^*)^{2/L-2}$",
}
LATEX = ((goal, "s^{*}"), (tau, r"\tau"), (t_s, "t"))

ALIGNED = gradient_flow(
    "deep-linear.aligned-neighbours",
    g * q * a * b + lam / 2 * (a**2 + b**2),
    (a, b),
    time=t,
    title="two neighbouring layers along one aligned mode",
    source=OURS,
    meaning=meaning(a, b, q, g, lam, t, extra=MORE),
)
LAYER_MODE = System(
    "deep-linear.layer-mode",
    "squared error: strength of every layer along one aligned mode of balanced layers",
    "flow",
    t,
    ((x, x ** (depth - 1) * (goal - x**depth) - lam * x),),
    meaning(x, goal, depth, lam, t, extra=MORE),
    Source("saxe2014exact"),
)
MODE = System(
    "deep-linear.mode",
    "squared error: one singular value of the map of balanced layers",
    "flow",
    t,
    ((s, depth * s ** (2 - 2 / depth) * (goal - s) - depth * lam * s),),
    meaning(s, goal, depth, lam, t, extra=MORE),
    Source("arora2018optimization"),
)
UNIT_MODE = System(
    "deep-linear.unit-mode",
    "the same mode in units of its final value, without weight decay",
    "flow",
    t,
    ((u, goal ** (2 - 2 / depth) * u ** (depth - 1) * (1 - u**depth)),),
    meaning(u, goal, depth, t, extra=MORE),
    OURS,
)
INFINITE_MODE = System(
    "deep-linear.infinite-mode",
    "infinite depth: one singular value in time multiplied by the depth",
    "flow",
    tau,
    ((s, s**2 * (goal - s)),),
    meaning(s, goal, tau, extra=MORE),
    OURS,
)

LAYERS = (2, 3, 4)
"""Depths of which the time is written out; `time_formula` makes others."""


def angles(layers: int) -> tuple[Expr, ...]:
    """Angles of the roots of unity in the upper half plane."""
    return tuple(2 * pi * Rational(k, layers) for k in range(1, (layers + 1) // 2))


def by_roots(layers: int, u: Any) -> Any:
    """Antiderivative of ``u/(1 - u**L)`` by the roots of unity, zero at ``u = 0``."""
    real = log(1 - u) + (log(1 + u) if layers % 2 == 0 else 0)
    pairs = sum(
        (
            cos(2 * angle) * log(1 - 2 * u * cos(angle) + u**2)
            - 2 * sin(2 * angle) * atan(u * sin(angle) / (1 - u * cos(angle)))
            for angle in angles(layers)
        ),
        start=0 * u,
    )
    return -(real + pairs) / layers


def antiderivative(layers: int, u: Any) -> Any:
    """Antiderivative of ``1/(u**(L-1) (1 - u**L))``."""
    lead = log(u) if layers == 2 else -(u ** (2 - layers)) / (layers - 2)
    return lead + by_roots(layers, u)


def stable_time(layers: int) -> Any:
    """The time as differences that are taken before anything is rounded.

    Every logarithm and every arc tangent of the closed form at ``u`` minus itself at ``u_0`` is one function of ``u - u_0``,
    which comes from ``s - s_0``; ``1 - u`` comes from ``s^* - s``, and only the larger of two sizes is divided by the smaller.
    """
    grown = log1p((s - s_0) / s_0)
    gap, gap_0 = log1p((goal - s) / s) / layers, log1p((goal - s_0) / s_0) / layers
    v, v_0 = exp(-gap), exp(-gap_0)
    near, near_0 = -expm1(-gap), -expm1(-gap_0)
    step = v_0 * expm1(grown / layers)
    rest = -log1p(step / near)
    if layers % 2 == 0:
        rest += log1p(step / (1 + v_0))
    for angle in angles(layers):
        c = cos(angle)
        size = near_0**2 + 2 * v_0 * (1 - c)
        rest += cos(2 * angle) * log1p(step * (v + v_0 - 2 * c) / size)
        rest -= 2 * sin(2 * angle) * atan(sin(angle) * step / (near * near_0 + (v + v_0) * (1 - c)))
    if layers == 2:
        lead = grown / 2
    else:
        lead = -(v_0 ** (2 - layers)) * expm1(-Rational(layers - 2, layers) * grown) / (layers - 2)
    return (lead - rest / layers) / goal ** (2 - Rational(2, layers))


def time_formula(layers: int) -> Formula:
    """Time at which one singular value of a balanced network reaches ``s``, without weight decay.

    Parameters
    ----------
    layers : depth, at least 2.

    Raises
    ------
    ValueError : a depth below 2.
    """
    if layers < 2:
        raise ValueError(f"layers: {layers}; allowed: at least 2 (one layer relaxes exponentially)")
    power = Rational(1, layers)
    return formula(
        f"time-{layers}",
        f"{layers} layers: time at which one singular value reaches s",
        Eq(t_s, (antiderivative(layers, u) - antiderivative(layers, u_0)) / goal ** (2 - 2 * power)),
        let=((u_0, (s_0 / goal) ** power), (u, (s / goal) ** power)),
        assuming=(s < goal, s_0 < goal),
        standing=Standing.OURS,
        float_form=stable_time(layers),
        extra=MORE,
    )


Z_0 = goal / s_0 - 1

FORMULAS = (
    formula(
        "time-split",
        "the time splits into the escape from zero and the approach to the target, at any depth",
        Eq(split, u ** (1 - depth) + u / (1 - u**depth)),
        assuming=(u < 1,),
        standing=Standing.OURS,
        extra=MORE,
    ),
    *(time_formula(layers) for layers in LAYERS),
    formula(
        "mode-one-layer",
        "one layer relaxes exponentially",
        Eq(s, goal + (s_0 - goal) * exp(-t)),
        Source("saxe2014exact"),
        solves="deep-linear.mode",
        extra=MORE,
    ),
    formula(
        "mode-two-layers",
        "two layers: the logistic curve",
        Eq(s, goal / (1 + (goal / s_0 - 1) * exp(-2 * goal * t))),
        Source("saxe2014exact", "eq. (11)"),
        solves="deep-linear.mode",
        extra=MORE,
    ),
    formula(
        "mode-infinite-depth",
        "infinite depth: the singular value by Lambert's function",
        Eq(s, goal / (1 + LambertW(z_0 * exp(z_0 - goal**2 * tau)))),
        let=((z_0, Z_0),),
        assuming=(s_0 < goal,),
        solves="deep-linear.infinite-mode",
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "time-infinite-depth",
        "infinite depth: time, multiplied by the depth, at which one singular value reaches s",
        Eq(t_s, (log(z_0 / z) + z_0 - z) / goal**2),
        let=((z_0, Z_0), (z, goal / s - 1)),
        assuming=(s < goal, s_0 < goal),
        standing=Standing.OURS,
        float_form=(log1p((s - s_0) / s_0) + log1p((s - s_0) / (goal - s)) + goal * (s - s_0) / (s * s_0)) / goal**2,
        extra=MORE,
    ),
)
SYSTEMS = (ALIGNED, LAYER_MODE, MODE, UNIT_MODE, INFINITE_MODE)

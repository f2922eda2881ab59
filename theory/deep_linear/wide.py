"""Infinite width at fixed kappa: two layers in closed form, the law of the inner layers as a network of trees."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Integer, Symbol, binomial, exp, log, sqrt, symbols
from sympy.codegen.cfunctions import expm1

from ..formula import Standing
from ..system import System
from .letters import OURS, formula, meaning, t
from .modes import goal
from .regimes import kappa

p = Symbol("p", real=True)
n = Symbol("n_w", positive=True)
Z, rate, high, low = symbols("Z_w r_w z_plus z_minus", real=True)
E = Symbol("E_w", real=True)
order = Symbol("m", integer=True, nonnegative=True)
moment, series = symbols("mu_m g_w", positive=True)
mark = Symbol("zeta", positive=True)
reached = Symbol("t_p", real=True)
MORE: dict[Any, str] = {
    p: "one mode of the map",
    n: "squared norm of its part of either layer",
    goal: "singular value of the target",
    kappa: "width times the variance of the entries at the start",
    Z: "their sum $p+n$",
    rate: "rate at the end, $\\sqrt{\\kappa^2+(s^*)^2}$",
    high: "value of $Z$ at the end",
    low: "the other root, negative",
    E: "fading exponential",
    order: "order of the moment",
    moment: "moment of the squared inner layer at the root of the tree",
    series: "generating function of the moments",
    mark: "its argument",
    reached: "time at which the mode is $p$",
}
LATEX = (
    (n, "n"),
    (Z, "Z"),
    (rate, r"\omega"),
    (high, "z_{+}"),
    (low, "z_{-}"),
    (E, "E"),
    (moment, r"\mu_m"),
    (series, "g"),
    (reached, "t"),
)

WIDE = System(
    "deep-linear.infinite-width",
    "two layers at infinite width, squared error: one mode and the squared norm of its layers",
    "flow",
    t,
    ((p, 2 * (goal - p) * n), (n, 2 * (goal - p) * p)),
    meaning(p, n, goal, kappa, t, extra=MORE),
    OURS,
    given=((p, Integer(0)), (n, kappa)),
)


def claim(id: str, title: str, statement: Any, **more: Any) -> Any:
    """A formula with the letters of this module, derived here unless it says otherwise."""
    more.setdefault("standing", Standing.OURS)
    return formula(id, title, statement, OURS, extra=MORE, **more)


def stable() -> Any:
    """The mode as growth from zero: nothing is subtracted from its equal."""
    omega = sqrt(kappa**2 + goal**2)
    top, bottom = goal + omega, -(kappa**2) / (goal + omega)
    left = -expm1(-2 * omega * t)
    grown = (top - kappa) * (kappa - bottom) * left / ((kappa - bottom) + (top - kappa) * (1 - left))
    return grown * (2 * kappa + grown) / (2 * (kappa + grown))


FORMULAS = (
    claim(
        "infinite-width-conserved",
        "two layers at infinite width: squared norm of the layers of a mode, by conservation",
        Eq(n, sqrt(kappa**2 + p**2)),
    ),
    claim(
        "infinite-width-mode",
        "two layers at infinite width: one mode in closed form, between the lazy and the sigmoidal regime",
        Eq(p, (Z - kappa**2 / Z) / 2),
        let=(
            (rate, sqrt(kappa**2 + goal**2)),
            (high, goal + rate),
            (low, goal - rate),
            (E, (kappa - high) / (kappa - low) * exp(-2 * rate * t)),
            (Z, (high - low * E) / (1 - E)),
        ),
        solves="deep-linear.infinite-width",
        float_form=stable(),
    ),
    claim(
        "infinite-width-time",
        "two layers at infinite width: time at which one mode is reached",
        Eq(reached, log((high - kappa) * (Z - low) / ((high - Z) * (kappa - low))) / (2 * rate)),
        let=(
            (rate, sqrt(kappa**2 + goal**2)),
            (high, goal + rate),
            (low, goal - rate),
            (Z, p + sqrt(kappa**2 + p**2)),
        ),
        assuming=(p < goal, p > 0),
    ),
    claim(
        "tree-moments",
        "three layers at infinite width: moments of the inner layer at the root of its tree, the Catalan numbers",
        Eq(moment, binomial(2 * order, order) / (order + 1)),
    ),
    claim(
        "tree-series",
        "their generating function, by the equation of the Catalan numbers",
        Eq(series, (1 - sqrt(1 - 4 * mark)) / (2 * mark)),
        assuming=(4 * mark < 1,),
    ),
)  # fmt: skip
SYSTEMS = (WIDE,)

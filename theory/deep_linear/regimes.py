"""Regimes of the start at large width: kappa, sizes at the start, distances to minima and saddles, the lazy flow."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Max, Rational, Symbol, exp, sqrt, symbols

from ..formula import Source, Standing
from ..system import System
from .letters import OURS, depth, formula, meaning, t, w

gamma = Symbol("gamma", real=True)
kappa, sigma, spread = symbols("kappa sigma v_L", positive=True)
kernel, size = symbols("Theta A_F", positive=True)
p, p_0, goal = symbols("p p_0 s_star", real=True)
strength = Symbol("s_star", positive=True)
d_m, d_s, d_2 = symbols("d_m d_s d_2", nonnegative=True)
e_0, e_m, e_s, e_gap = symbols("e_0 e_m e_s e_g", real=True)
pull = Symbol("ell", positive=True)
MORE: dict[Any, str] = {
    gamma: "exponent of the start: the entries of all layers have variance $w^{-\\gamma}$",
    kappa: "width times the variance of the entries at the start",
    sigma: "standard deviation of the entries at the start",
    spread: "variance of the entries of the map at the start",
    kernel: "expected tangent kernel of the map at the start, times the identity",
    size: "norm of the target minus the map at the start",
    p: "entry of the map",
    p_0: "its value at the start",
    goal: "entry of the target",
    strength: "singular value of the target",
    d_m: "distance from the start to the nearest global minimum",
    d_s: "distance from the start to a saddle",
    d_2: "squared distance from the start to the nearest global minimum, one mode",
    e_0: "exponent in the width of the size of the map at the start",
    e_m: "exponent in the width of the distance to the nearest global minimum",
    e_s: "exponent in the width of the distance to the nearest saddle",
    e_gap: "exponent in the width of the ratio $d_s/d_m$",
    pull: "multiplier of the constraint that the mode is learned, below one",
}
LATEX = (
    (spread, "v_L"),
    (kernel, r"\Theta"),
    (size, r"\|A^{*}-A_0\|"),
    (goal, "s^{*}"),
    (strength, "s^{*}"),
    (d_2, "d_m^2"),
    (e_gap, "e_s-e_m"),
    (pull, r"\ell"),
)

LAZY = System(
    "deep-linear.lazy",
    "squared error with the tangent kernel of the start: one entry of the map",
    "flow",
    t,
    ((p, -depth * kappa ** (depth - 1) * (p - goal)),),
    meaning(p, goal, kappa, depth, t, extra=MORE),
    OURS,
)


def claim(id: str, title: str, statement: Any, source: Source = OURS, **more: Any) -> Any:
    """A formula with the letters of this module, derived here unless it says otherwise."""
    more.setdefault("standing", Standing.OURS)
    return formula(id, title, statement, source, extra=MORE, **more)


FORMULAS = (
    claim(
        "kappa",
        "width times variance: one at the transition",
        Eq(kappa, w ** (1 - gamma)),
    ),
    claim(
        "map-variance",
        "variance of the entries of the map at the start",
        Eq(spread, kappa**depth / w),
    ),
    claim(
        "tangent-kernel",
        "expected tangent kernel at the start",
        Eq(kernel, depth * kappa ** (depth - 1)),
    ),
    claim(
        "lazy-flow",
        "squared error with the tangent kernel of the start: every entry of the map relaxes exponentially",
        Eq(p, goal + (p_0 - goal) * exp(-depth * kappa ** (depth - 1) * t)),
        solves="deep-linear.lazy",
    ),
    claim(
        "lazy-distance",
        "distance to the nearest minimum while the tangent kernel stays: the norm of the error over its root",
        Eq(d_m, size / sqrt(depth * kappa ** (depth - 1))),
    ),
    claim(
        "map-exponent",
        "exponent of the size of the map at the start: zero in the parametrisation of the tangent kernel, at 1 - 1/L",
        Eq(e_0, (depth - 1 - depth * gamma) / 2),
    ),
    claim(
        "minimum-exponent",
        "below the transition: exponent of the distance to the nearest global minimum",
        Eq(e_m, Max(0, (depth - 1 - depth * gamma) / 2) - (depth - 1) * (1 - gamma) / 2),
        assuming=(gamma < 1,),
    ),
    claim(
        "saddle-exponent",
        "exponent of the distance to the nearest saddle",
        Eq(e_s, (1 - gamma) / 2),
        standing=Standing.HEURISTIC,
    ),
    claim(
        "distance-exponent",
        "below the transition saddles are far away compared with minima: exponent of the ratio",
        Eq(e_gap, Rational(1, 2) * depth * (1 - gamma) - Max(0, (depth - 1 - depth * gamma) / 2)),
        assuming=(gamma < 1,),
    ),
    claim(
        "crossover",
        "two layers, infinite width: the multiplier of one mode at the nearest global minimum",
        Eq(strength, 2 * kappa * pull / (1 - pull**2) ** 2),
        assuming=(pull < 1,),
    ),
    claim(
        "crossover-distance",
        "two layers, infinite width: squared distance to the nearest global minimum, one mode",
        Eq(d_2, 2 * kappa * pull**2 * (1 + pull**2) / (1 - pull**2) ** 2),
        assuming=(pull < 1,),
    ),
    claim(
        "saddle-distance-two-layers",
        "two layers, one input and output, infinite width: distance to the only saddle",
        Eq(d_s, sqrt(2 * kappa)),
    ),
    claim(
        "saddle-distance-three-layers",
        "three layers, one input and output, infinite width: distance to a saddle with the first layer zero",
        Eq(d_s, sqrt(3 * kappa / 2)),
    ),
)  # fmt: skip
SYSTEMS = (LAZY,)

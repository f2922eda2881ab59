"""Why width does not help: with positive labels and inner products one direction is left, reached in bounded time."""

from __future__ import annotations

from sympy import Eq, Ge, Le, Symbol, exp, pi, tan

from ..system import System
from .letters import OURS, delta, formula, meaning, n, t
from .rates import MORE as RATE_LETTERS
from .rates import C, t_in, theta_in

y_j, g_jk, rest = Symbol("y_j", positive=True), Symbol("g_jk", positive=True), Symbol("rest", nonnegative=True)
pull, pull_min = Symbol("pull_k", real=True), Symbol("q", positive=True)
lift = Symbol("G_u", nonnegative=True)
y_k, f_k, f_j = Symbol("y_k", positive=True), Symbol("f_k_plus", nonnegative=True), Symbol("f_rest", nonnegative=True)
depth, climb = Symbol("xi", nonnegative=True), Symbol("dxi", real=True)
x_size, T = Symbol("x_size", positive=True), Symbol("T", positive=True)
excess = Symbol("excess", nonnegative=True)
start_depth = Symbol("xi_0", nonnegative=True)
MORE = {
    **RATE_LETTERS,
    y_j: "label of one active point (positive)",
    g_jk: "inner product $\\langle x_j,x_k\\rangle$ of two data points (positive)",
    rest: "sum over the other active points, $\\sum_ly_l\\langle x_l,x_k\\rangle$ (not negative)",
    pull: "part of the driving vector along a data point, $\\langle D,x_k\\rangle$",
    pull_min: "smallest $y_j\\langle x_j,x_k\\rangle/n$ over all $j$ and $k$",
    excess: "what the part of the driving vector along the point exceeds it by",
    lift: "$\\langle D,u\\rangle$ with $u=w/a$",
    y_k: "label of one active point (positive)",
    f_k: "$\\langle x_k,u\\rangle$ of an active point (positive)",
    f_j: "sum over the other active points, $\\sum_ly_l\\langle x_l,u\\rangle$ (not negative)",
    depth: "distance to the hyperplane of a point that is not active, $-\\langle x_k,u\\rangle$",
    climb: "rate at which it is approached",
    start_depth: "that distance at the start",
    x_size: "largest length of a data point",
    T: "time at the latest from which on a neuron with $a>0$ that is not dead at the start has all points active",
}
LATEX = (
    (excess, "e"),
    (rest, r"g_{\mathrm{rest}}"),
    (pull, r"\langle D,x_k\rangle"),
    (lift, r"\langle D,u\rangle"),
    (f_k, r"\langle x_k,u\rangle"),
    (f_j, r"f_{\mathrm{rest}}"),
    (depth, r"\xi"),
    (climb, r"-\dot{\xi}"),
    (start_depth, r"\xi_0"),
    (x_size, r"\max_k|x_k|"),
    (g_jk, r"\langle x_j,x_k\rangle"),
)

APPROACH = System(
    "early-alignment.wall-flow",
    "distance of a neuron with a > 0 to the hyperplane of a point that is not active",
    "flow",
    t,
    ((depth, -(pull_min + excess) - lift * depth),),
    meaning(depth, pull_min, excess, lift, t, extra=MORE),
    OURS,
)

FORMULAS = (
    formula(
        "one-direction",
        "positive labels and inner products: every driving vector has a positive part along every data point",
        Ge(pull, y_j * g_jk / n, evaluate=False),
        let=((pull, (y_j * g_jk + rest) / n),),
        extra=MORE,
    ),
    formula(
        "one-lift",
        "positive labels: the driving vector has a positive part along every neuron with a > 0 that is not dead",
        Ge(lift, y_k * f_k / n, evaluate=False),
        let=((lift, (y_k * f_k + f_j) / n),),
        extra=MORE,
    ),
    formula(
        "wall-approach",
        "rate at which a neuron approaches the hyperplane of a point that is not active",
        Eq(climb, pull + lift * depth),
        extra=MORE,
    ),
    formula(
        "wall-speed",
        "hyperplanes of points that are not active are approached at no less than a fixed speed",
        Ge(climb, pull_min, evaluate=False),
        let=((pull, pull_min + excess), (climb, pull + lift * depth)),
        extra=MORE,
    ),
    formula(
        "entry-time",
        "neurons with a > 0 have all points active after a time that depends on neither width nor scale",
        Le(T, x_size / pull_min, evaluate=False),
        let=((T, start_depth / pull_min),),
        assuming=(start_depth <= x_size,),
        extra=MORE,
    ),
    formula(
        "constant-bound",
        "the constant of the alignment rate is bounded for all directions, so that more neurons give no stragglers",
        Le(C, 2 * exp(delta * T), evaluate=False),
        let=((C, 2 * tan(theta_in / 2) * exp(delta * t_in)),),
        assuming=(theta_in <= pi / 2, t_in <= T),
        extra=MORE,
    ),
)
SYSTEMS = (APPROACH,)

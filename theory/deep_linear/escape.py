"""Escape from the origin: the flow while the gradient is constant, times, scaling with the start, alignment."""

from __future__ import annotations

from typing import Any

from sympy import Eq, IndexedBase, MatrixSymbol, Sum, Symbol, exp, log, symbols

from ..formula import Source, Standing
from ..system import System
from .layers import LOWER
from .letters import OURS, PAPER, Wa, depth, formula, lam, meaning, t, w_0, w_1
from .modes import MORE as MODE_LETTERS
from .modes import goal, s_0, t_s, x

x_0, y = symbols("x_0 y", positive=True)
g_1, g_j = symbols("g_1 g_j", positive=True)
p_1, q_1 = symbols("p_1 q_1", positive=True)
p_j, q_j = symbols("p_j q_j", real=True)
alpha, T = symbols("alpha T", positive=True)
T_alpha, T_0 = symbols("T_alpha T_0", positive=True)
speed, growth = Symbol("c", positive=True), Symbol("r", real=True)
e, e_0 = symbols("e e_0", positive=True)
eps, eps_0, eps_alpha = symbols("epsilon epsilon_0 epsilon_alpha", real=True)
dWa = MatrixSymbol("dWa", w_1, w_0)
i, k, m = symbols("i k m", integer=True, nonnegative=True)
targets, plateau = IndexedBase("s_star_"), Symbol("C_k", nonnegative=True)
MORE: dict[Any, str] = {
    **MODE_LETTERS,
    x_0: "strength of every layer at the start",
    y: "strength of every inner layer",
    g_1: "largest singular value of $-G$ at the origin",
    g_j: "another singular value of $-G$ at the origin",
    p_1: "part of the first layer along the first right singular vector of $-G$",
    q_1: "part of the last layer along the first left singular vector of $-G$",
    p_j: "part of the first layer along right singular vector $j$",
    q_j: "part of the last layer along left singular vector $j$",
    alpha: "factor by which all weights of the start are scaled",
    T: "time of blow-up of the flow with constant gradient",
    T_alpha: "the same from the start scaled by $\\alpha$",
    T_0: "leading time of escape",
    speed: "speed: the norm $\\rho$ of all weights grows as $\\dot\\rho=c\\rho^{L-1}$",
    growth: "relative growth rate of the layers",
    e: "aligned content, $p_1+q_1$",
    e_0: "its value at the start",
    eps: "misalignment, $(p_j+q_j)/(p_1+q_1)$",
    eps_0: "its value at the start",
    eps_alpha: "misalignment from the start scaled by $\\alpha$, at the same aligned content",
    dWa: "rate of $W_l$ at weights scaled by $\\alpha$, over $\\alpha$",
    i: "index of a mode",
    k: "number of modes that are learned",
    m: "number of modes of the target",
    targets: "singular values of the target, decreasing",
    plateau: "loss on plateau $k$",
}
LATEX = (
    (eps, r"\varepsilon"),
    (eps_0, r"\varepsilon_0"),
    (eps_alpha, r"\varepsilon_{\alpha}"),
    (dWa, r"\dot{W}_l"),
    (targets.label, "s^{*}"),
)

ESCAPE = System(
    "deep-linear.escape",
    "strength of every layer along one mode while the gradient is constant",
    "flow",
    t,
    ((x, g_1 * x ** (depth - 1)),),
    meaning(x, g_1, depth, t, extra=MORE),
    Source(PAPER),
)
RANK_ONE = System(
    "deep-linear.rank-one",
    "layers of rank one while the gradient is constant, aligned or not",
    "flow",
    t,
    (
        (p_1, g_1 * y ** (depth - 2) * q_1),
        (q_1, g_1 * y ** (depth - 2) * p_1),
        (p_j, g_j * y ** (depth - 2) * q_j),
        (q_j, g_j * y ** (depth - 2) * p_j),
        (y, y ** (depth - 3) * (g_1 * p_1 * q_1 + g_j * p_j * q_j)),
    ),
    meaning(p_1, q_1, p_j, q_j, y, g_1, g_j, depth, t, extra=MORE),
    OURS,
)


def claim(id: str, title: str, statement: Any, source: Source = OURS, **more: Any) -> Any:
    """A formula with the letters of this module, derived here unless it says otherwise."""
    more.setdefault("standing", Standing.OURS)
    return formula(id, title, statement, source, extra=MORE, **more)


LEFT = x_0 ** (2 - depth) - (depth - 2) * g_1 * t
"""What is left of the blow-up: it vanishes at the time of blow-up."""

FORMULAS = (
    claim(
        "origin",
        "near the origin: weight decay is of first order in the weights, the gradient of order L - 1",
        Eq(dWa, -lam * Wa - alpha ** (depth - 2) * LOWER),
    ),
    claim(
        "origin-growth",
        "relative growth of balanced layers along one mode near the origin",
        Eq(growth, g_1 * x ** (depth - 2) - lam),
    ),
    claim("origin-two-layers", "two layers leave the origin if the decay is below g_1", Eq(growth, g_1 - lam)),
    claim("origin-deep", "three layers or more: the origin is stable for every weight decay", Eq(growth, -lam)),
    claim(
        "escape-solution",
        "three layers or more: growth along one mode, up to blow-up",
        Eq(x, LEFT ** (-1 / (depth - 2))),
        assuming=(depth > 2, LEFT > 0),
        solves="deep-linear.escape",
    ),
    claim(
        "escape-time",
        "three layers or more: time of blow-up along one mode",
        Eq(T, x_0 ** (2 - depth) / ((depth - 2) * g_1)),
        assuming=(depth > 2,),
    ),
    claim(
        "escape-two-layers",
        "two layers: growth along one mode is exponential",
        Eq(x, x_0 * exp(g_1 * t)),
        solves="deep-linear.escape",
    ),
    claim(
        "escape-scaling",
        "the time of blow-up scales exactly with the start, from any start",
        Eq(T_alpha, alpha ** (2 - depth) * T),
        assuming=(depth > 2,),
    ),
    claim(
        "escape-speed",
        "speed of all weights together along a balanced mode of rank one",
        Eq(speed, g_1 * depth ** (1 - depth / 2)),
    ),
    claim(
        "half-time-two-layers",
        "two layers: time at which half of the target is reached",
        Eq(t_s, log(goal / s_0 - 1) / (2 * goal)),
        assuming=(s_0 < goal,),
    ),
    claim(
        "small-start-time",
        "three layers or more: time to any fixed value from a small start, to leading order",
        Eq(T_0, s_0 ** (2 / depth - 1) / ((depth - 2) * goal)),
        assuming=(depth > 2,),
    ),
    claim(
        "alignment",
        "misalignment decays as a power of the size, with the same exponent at every depth",
        Eq(eps, eps_0 * (e / e_0) ** (g_j / g_1 - 1)),
        assuming=(g_j < g_1,),
    ),
    claim(
        "alignment-scaling",
        "misalignment at escape against the size of the start",
        Eq(eps_alpha, alpha ** (1 - g_j / g_1) * eps),
        assuming=(g_j < g_1,),
    ),
    claim(
        "saddle-to-saddle",
        "from a small start the loss rests on plateaus: modes are learned one after the other",
        Eq(plateau, Sum(targets[i] ** 2, (i, k + 1, m)) / 2),
        Source(PAPER, "conjecture on saddle-to-saddle dynamics"),
        standing=Standing.CONJECTURE,
    ),
)
SYSTEMS = (ESCAPE, RANK_ONE)

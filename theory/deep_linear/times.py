"""Times of one mode: roots of unity and the series at every depth, small starts, weight decay, infinite depth, plateaux."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Sum, Symbol, atan, cos, exp, floor, log, pi, sin, symbols

from ..formula import Source, Standing
from .escape import MORE as ESCAPE_LETTERS
from .escape import T_0, alpha, k
from .letters import OURS, depth, formula, lam, t
from .modes import MORE as MODE_LETTERS
from .modes import goal, s, s_0, tau, u, u_0, z, z_0

angle = Symbol("vartheta", positive=True)
n_terms = Symbol("n", integer=True, nonnegative=True)
approach, rest, term = symbols("F_a r_n b_n", real=True)
shift = Symbol("t_0", real=True)
c_0 = Symbol("c_0", positive=True)
duration = Symbol("delta_k", real=True)
upper, lower = symbols("s_k s_k1", positive=True)
MORE: dict[Any, str] = {
    **ESCAPE_LETTERS,
    **MODE_LETTERS,
    angle: "angle of the first root of unity",
    k: "index of a root of unity",
    n_terms: "number of terms",
    approach: "time of the approach, $\\int_0^uv/(1-v^L)\\,dv$",
    term: "term $n$ of its series",
    rest: "time per unit of $u$ that the first $n$ terms leave out",
    shift: "time beyond the leading one",
    c_0: "singular value of the start at $\\alpha=1$",
    duration: "duration of plateau $k$ over $\\ln(1/\\alpha)$, in the limit of a small start",
    upper: "singular value of the target along mode $k$",
    lower: "singular value of the target along mode $k+1$",
}
LATEX = (
    (angle, r"\vartheta"),
    (approach, r"F"),
    (duration, r"\Delta_k"),
    (upper, "s^{*}_k"),
    (lower, r"s^{*}_{k+1}"),
)


def claim(id: str, title: str, statement: Any, source: Source = OURS, **more: Any) -> Any:
    """A formula with the letters of this module, derived here unless it says otherwise."""
    more.setdefault("standing", Standing.OURS)
    return formula(id, title, statement, source, extra=MORE, **more)


EVEN = (1 + (-1) ** depth) / 2
PAIR = cos(2 * k * angle) * log(1 - 2 * u * cos(k * angle) + u**2) - 2 * sin(2 * k * angle) * atan(
    u * sin(k * angle) / (1 - u * cos(k * angle))
)
LESS = goal - lam

FORMULAS = (
    claim(
        "approach-roots",
        "time of the approach by roots of unity, at any depth",
        Eq(
            approach,
            -log(1 - u) / depth - EVEN * log(1 + u) / depth - Sum(PAIR, (k, 1, floor((depth - 1) / 2))) / depth,
        ),
        let=((angle, 2 * pi / depth),),
        assuming=(u < 1,),
    ),
    claim(
        "approach-term",
        "term of its series, at any depth: the series is that of a hypergeometric function",
        Eq(term, u ** (depth * n_terms + 2) / (depth * n_terms + 2)),
    ),
    claim(
        "approach-rest",
        "what the first terms of the series leave out, at any depth",
        Eq(rest, u ** (depth * n_terms + 1) / (1 - u**depth)),
        assuming=(u < 1,),
    ),
    claim(
        "small-start-shift",
        "three layers or more: time beyond the leading one, up to the square of $u_0$",
        Eq(shift, (-(u ** (2 - depth)) / (depth - 2) + approach - u_0**2 / 2) / goal ** (2 - 2 / depth)),
        assuming=(depth > 2,),
    ),
    claim(
        "mode-two-layers-decay",
        "two layers with weight decay: the logistic curve of a lower target, below or above zero",
        Eq(s, LESS / (1 + (LESS / s_0 - 1) * exp(-2 * LESS * t))),
        solves="deep-linear.mode",
    ),
    claim(
        "mode-two-layers-threshold",
        "two layers with weight decay at the threshold: the mode vanishes like one over time",
        Eq(s, s_0 / (1 + 2 * s_0 * t)),
        solves="deep-linear.mode",
    ),
    claim(
        "infinite-depth-log",
        "infinite depth: the equation of the singular value in a form that does not overflow",
        Eq(log(z) + z, log(z_0) + z_0 - goal**2 * tau),
        assuming=(s_0 < goal,),
    ),
    claim(
        "plateau-two-layers",
        "two layers: duration of a plateau over the logarithm of the start, for modes that grow one by one",
        Eq(duration, 1 / lower - 1 / upper),
        assuming=(lower < upper,),
    ),
    claim(
        "plateau-deep",
        "three layers or more: leading time of escape along one mode against the size of the start",
        Eq(T_0, c_0 ** (2 / depth - 1) * alpha ** (2 - depth) / ((depth - 2) * goal)),
        assuming=(depth > 2,),
    ),
)

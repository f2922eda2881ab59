"""Aligned modes of squared error: one singular value, its closed form, times and limits, exact discrete maps."""

from __future__ import annotations

from typing import Any

from sympy import Abs, And, Eq, Ge, Gt, Lt, Piecewise, S, Symbol, cosh, exp, log, sinh, sqrt, symbols, tanh, true
from sympy.codegen.cfunctions import expm1, log1p

from ..formula import Source, Standing
from ..system import System
from .letters import OURS, PAPER, eta, formula, meaning, n, t, tau

s, s_0, m = symbols("s s_0 m", real=True)
p, p_0 = symbols("p p_0", positive=True)
r = Symbol("r", positive=True)
a, b = symbols("a b", positive=True)
g = Symbol("g", real=True)
delta = Symbol("delta", positive=True)
theta = Symbol("theta", nonnegative=True)
varsigma = Symbol("varsigma", positive=True)
p_plus, p_minus = symbols("p_plus p_minus", real=True)
t_s = Symbol("t_s", real=True)
imbalance, determinant = symbols("imbalance determinant", real=True)
ds = Symbol("ds", real=True)
MORE: dict[Any, str] = {
    s: "singular value of the map along one singular direction of the target",
    s_0: "its value at the start",
    m: "singular value of the target",
    p: "sum of the singular value and the layers' strength, $s+\\sqrt{s^2+\\tau^2}$",
    p_0: "its value at the start",
    r: "rate of the mode, $\\sqrt{m^2+\\tau^2}$",
    a: "strength of the second layer along the mode",
    b: "strength of the first layer along the mode",
    g: "gradient along the mode, $s-m$",
    delta: "relative distance from the target",
    theta: "lazy time, $\\tau t$",
    varsigma: "variance of the inputs along the mode",
    p_plus: "$a+s$ after one step, at $a=b$",
    p_minus: "$a-s$ after one step, at $a=b$",
    t_s: "time",
    imbalance: "difference of the strengths $a-b$ after one step",
    determinant: "$ab-s^2$ after one step",
    ds: "rate of $s$",
}
LATEX = (
    (varsigma, r"\varsigma"),
    (p_plus, "p_+"),
    (p_minus, "p_-"),
    (t_s, "t"),
    (imbalance, r"(a-b)^{+}"),
    (determinant, r"(ab-s^2)^{+}"),
    (ds, r"\dot{s}"),
)

MODE_FLOW = System(
    "mixed.mode-flow",
    "one aligned singular value of the mixed dynamics",
    "flow",
    t,
    ((s, 2 * sqrt(s**2 + tau**2) * (m - s)),),
    meaning(s, m, t, tau, extra=MORE),
    Source(PAPER, "aligned modes"),
)
MODE_GRAM = System(
    "mixed.mode-gram",
    "one aligned singular value with the strengths of both layers",
    "flow",
    t,
    ((s, -(a + b) * g), (a, -2 * s * g), (b, -2 * s * g)),
    meaning(s, a, b, m, g, t, extra=MORE),
    OURS,
    let=((g, s - m),),
)
MODE_P = System(
    "mixed.mode-sum",
    "the same mode as a Riccati equation",
    "flow",
    t,
    ((p, tau**2 + 2 * m * p - p**2),),
    meaning(p, m, t, tau, extra=MORE),
    OURS,
)
MODE_STEP = System(
    "mixed.mode-step",
    "gradient descent of one aligned mode, both layers at once",
    "map",
    n,
    (
        (s, s - eta * g * (a + b) + eta**2 * g**2 * s),
        (a, a - 2 * eta * g * s + eta**2 * g**2 * b),
        (b, b - 2 * eta * g * s + eta**2 * g**2 * a),
    ),
    meaning(s, a, b, m, g, n, eta, extra=MORE),
    OURS,
    let=((g, s - m),),
)
S1, B_NEXT = s - eta * g * a, b - 2 * eta * g * s + eta**2 * g**2 * a
MODE_STEP_SEQUENTIAL = System(
    "mixed.mode-step-sequential",
    "gradient descent of one aligned mode, first layer first",
    "map",
    n,
    ((s, S1 - eta * g * B_NEXT), (a, a - 2 * eta * g * S1 + eta**2 * g**2 * B_NEXT), (b, B_NEXT)),
    meaning(s, a, b, m, g, n, eta, extra=MORE),
    OURS,
    let=((g, s - m),),
)

R, P0 = sqrt(m**2 + tau**2), s_0 + sqrt(s_0**2 + tau**2)
SUM = (p_0 * cosh(r * t) + (m * p_0 + tau**2) * sinh(r * t) / r) / (cosh(r * t) + (p_0 - m) * sinh(r * t) / r)


def cases(*pairs: Any) -> Any:
    """Piecewise as it is written: SymPy would spend its time on comparing the conditions."""
    return Piecewise(*pairs, evaluate=False)


def at_least_zero(value: Any) -> Any:
    return Ge(value, 0, evaluate=False)


def stable_mode(s_0: Any = s_0) -> Any:
    """The closed form of the mode as sums and products of positive terms.

    Everything is scaled by ``exp(-r t)``, differences of nearly equal numbers are replaced by their quotient forms
    (``r - m = tau^2/(r + m)`` and the like), and negative targets are turned into positive ones by the symmetry of the mode.
    What is left cancels only where ``s`` itself passes through zero.
    """
    sign = cases((-1, Lt(m, 0, evaluate=False)), (1, true))
    goal, start = Abs(m), sign * s_0
    rate = sqrt(goal**2 + tau**2)
    root = sqrt(start**2 + tau**2)
    decay = exp(-2 * rate * t)
    flow = cases((-expm1(-2 * rate * t) / (2 * rate), Gt(rate, 0, evaluate=False)), (t, true))
    above = cases((goal**2 / (rate + tau), Gt(rate, 0, evaluate=False)), (0, true))
    gap = cases((tau**2 / (rate + goal), Gt(rate, 0, evaluate=False)), (0, true))
    part = Abs(start) / (root + tau)
    # s_0 >= 0
    p = start + root
    lead = part * (decay + above * flow) + goal * flow
    top = p * decay + (rate * p + goal * p + tau**2) * flow
    bottom = decay + (gap + p) * flow
    up = lead * (p + tau) * (top + tau * bottom) / (2 * top * bottom)
    # s_0 < 0: q = tau^2/p at the start
    q = root + Abs(start)
    rise = goal * ((tau**2 / q + tau) / (root + tau) + part * (gap + tau) / (rate + tau))
    early = goal * flow - part * (decay + above * flow)
    late = (rise - decay * (part * (rate + tau) + goal)) / (2 * rate)
    lead = cases((early, Gt(2 * decay, 1, evaluate=False)), (late, true))
    top = decay + (rate + goal + q) * flow
    bottom = decay + (gap + tau**2 / q) * flow
    down = lead * (tau + q) * (tau * top / q + bottom) / (2 * top * bottom)
    return sign * cases(
        (0, And(Eq(s_0, 0, evaluate=False), Eq(tau, 0, evaluate=False), evaluate=False)),
        (up, at_least_zero(start)),
        (down, true),
    )


def stable_time(goal: Any, start: Any, end: Any) -> Any:
    """Time between two values of the mode for ``goal >= 0`` as one ``log1p`` of a product."""
    rate = sqrt(goal**2 + tau**2)
    root_0, root = sqrt(start**2 + tau**2), sqrt(end**2 + tau**2)
    p_0, p = start + root_0, end + root
    q_0, q = root_0 + Abs(start), root + Abs(end)
    # For a negative start p_0 = tau^2/q_0 is computed without cancellation; both negative: the factor tau^2 drops out.
    ratio = cases(
        ((p + p_0) / (p_0 + tau**2 / (rate + goal)), at_least_zero(start)),
        ((p + tau**2 / q_0) / (tau**2 / q_0 + tau**2 / (rate + goal)), at_least_zero(end)),
        ((1 / q + 1 / q_0) / (1 / q_0 + 1 / (rate + goal)), true),
    )
    p_end = cases((p, at_least_zero(end)), (tau**2 / q, true))
    factor = (end - start) * (rate + root) / ((root + root_0) * (goal - end) * (goal + rate + p_end))
    return log1p(2 * rate * ratio * factor) / (2 * rate)


def mode_time(start: Any, end: Any) -> Any:
    """Time between two values of the mode, as it stands on paper."""
    p_0, p = start + sqrt(start**2 + tau**2), end + sqrt(end**2 + tau**2)
    return log(((p + R - m) * (m + R - p_0)) / ((p_0 + R - m) * (m + R - p))) / (2 * R)


SIGN = cases((-1, Lt(m, 0, evaluate=False)), (1, true))
AT_THRESHOLD = mode_time(S.Zero, tau)

FORMULAS = (
    formula(
        "mode-sum-solution",
        "the mode in its Riccati variable",
        Eq(p, SUM),
        OURS,
        let=((r, R),),
        assuming=(R > 0,),
        solves="mixed.mode-sum",
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "mode",
        "closed form of one singular value under the mixed dynamics",
        Eq(s, (p - tau**2 / p) / 2),
        OURS,
        let=((r, R), (p_0, P0), (p, SUM)),
        solves="mixed.mode-flow",
        standing=Standing.OURS,
        float_form=stable_mode(),
        extra=MORE,
    ),
    formula(
        "mode-from-zero",
        "the same from zero: the start of infinite width",
        Eq(
            s,
            2
            * m
            * tau
            * tanh(r * t)
            * (r + tau * tanh(r * t))
            / ((r + tau * tanh(r * t)) ** 2 - m**2 * tanh(r * t) ** 2),
        ),
        OURS,
        let=((r, R),),
        assuming=(tau > 0,),
        solves="mixed.mode-flow",
        standing=Standing.OURS,
        float_form=stable_mode(S.Zero),
        extra=MORE,
    ),
    formula(
        "mode-time",
        "time at which one singular value reaches s",
        Eq(t_s, log((p + r - m) * (m + r - p_0) / ((p_0 + r - m) * (m + r - p))) / (2 * r)),
        OURS,
        let=((r, R), (p_0, P0), (p, s + sqrt(s**2 + tau**2))),
        assuming=((s - s_0) * (m - s) >= 0, tau > 0),
        standing=Standing.OURS,
        float_form=stable_time(Abs(m), SIGN * s_0, SIGN * s),
        extra=MORE,
    ),
    formula(
        "threshold-time",
        "time at which one singular value, from zero, reaches the threshold tau between its lazy and its active phase",
        Eq(t_s, AT_THRESHOLD),
        OURS,
        assuming=(m > tau, tau > 0),
        standing=Standing.OURS,
        float_form=stable_time(m, S.Zero, tau),
        extra=MORE,
    ),
    formula(
        "threshold-time-small-tau",
        "the lazy phase of an active mode does not depend on tau at leading order",
        Eq(t_s, log(1 + sqrt(2)) / (2 * m)),
        OURS,
        assuming=(m > 0,),
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "convergence-time-active",
        "time to come within a relative distance delta of the target, tau small",
        Eq(t_s, log(2 * m * (1 - delta) / (delta * tau)) / (2 * m)),
        OURS,
        assuming=(m > 0, tau > 0, delta < 1),
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "convergence-time-lazy",
        "time to come within a relative distance delta of the target, tau large",
        Eq(t_s, log(1 / delta) / (2 * tau)),
        OURS,
        assuming=(tau > 0, delta < 1),
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "lazy-mode",
        "lazy limit of the mode in lazy time",
        Eq(s, m * (1 - exp(-2 * theta))),
        Source(PAPER, "lazy regime"),
        extra=MORE,
    ),
    formula(
        "balanced-mode",
        "limit tau to zero at a fixed start: the logistic curve of balanced dynamics",
        Eq(s, m * s_0 * exp(2 * m * t) / (m - s_0 + s_0 * exp(2 * m * t))),
        Source("saxe2014exact", "eq. (11)"),
        assuming=(m > 0, s_0 > 0),
        extra=MORE,
    ),
    formula(
        "stall",
        "without imbalance a mode that starts on the wrong side of zero stops at zero",
        Eq(s, -m * Abs(s_0) * exp(-2 * m * t) / (m + Abs(s_0) - Abs(s_0) * exp(-2 * m * t))),
        OURS,
        assuming=(m > 0, s_0 < 0),
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "mode-invariant",
        "strengths and singular value of an aligned mode conserve their determinant",
        Eq(a * b - s**2, tau**2, evaluate=False),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "mode-step-sum",
        "equal strengths: one simultaneous step multiplies strength plus singular value",
        Eq(p_plus, (1 - eta * g) ** 2 * (a + s)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "mode-step-difference",
        "equal strengths: one simultaneous step multiplies strength minus singular value",
        Eq(p_minus, (1 + eta * g) ** 2 * (a - s)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "mode-step-imbalance",
        "one simultaneous step shrinks the difference of the strengths",
        Eq(imbalance, (1 - eta**2 * g**2) * (a - b)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "mode-step-determinant",
        "one sequential step conserves the determinant of the mode exactly",
        Eq(determinant, a * b - s**2),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "mode-early",
        "small tau, from zero: growth before the singular value passes tau",
        Eq(s, tau * sinh(2 * m * t)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "correlated-mode",
        "inputs of variance varsigma along the mode: the same mode, with target m/varsigma and time varsigma t",
        Eq(ds, 2 * varsigma * sqrt(s**2 + tau**2) * (m / varsigma - s)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
)
SYSTEMS = (MODE_FLOW, MODE_GRAM, MODE_P, MODE_STEP, MODE_STEP_SEQUENTIAL)

"""Weight decay: the scalar problem with its thresholds, curvatures, and the norm that decay amounts to."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Le, MatrixSymbol, Rational, Symbol, Trace, acos, cos, sqrt, symbols

from ..formula import Source, Standing
from .letters import OURS, PAPER, d_in, d_out, depth, formula, lam, weights
from .modes import MORE as MODE_LETTERS
from .modes import goal, s, x

loss, gap, curvature, ratio = (Symbol(name, real=True) for name in ("f", "f_gap", "f_2", "ratio"))
lam_loc, lam_glob = symbols("lambda_loc lambda_glob", positive=True)
s_loc, s_glob = symbols("s_loc s_glob", positive=True)
s_i, s_k = symbols("s_i s_k", positive=True)
a_i, b_i = symbols("a_i b_i", real=True)
pair, negative = symbols("f_ik c_ik", real=True)
X = symbols("x_1:5", positive=True)
theta, y = symbols("theta y", positive=True)
rank = Symbol("k", integer=True, positive=True)
U, V = MatrixSymbol("U", d_out, rank), MatrixSymbol("V", d_in, rank)
MORE: dict[Any, str] = {
    **MODE_LETTERS,
    loss: "loss of one mode with weight decay",
    gap: "loss at a critical point minus loss at the origin",
    curvature: "second derivative of the loss of one mode at a critical point",
    ratio: "ratio $\\lambda_{\\mathrm{loc}}/\\lambda_{\\mathrm{glob}}$",
    lam_loc: "weight decay below which the mode has a positive local minimum",
    lam_glob: "weight decay below which that minimum is global",
    s_loc: "singular value at which the positive minimum disappears",
    s_glob: "singular value at which the global minimum jumps",
    s_i: "singular value of the target along a mode that is not learned",
    s_k: "singular value of the target along a mode that is learned",
    a_i: "part of the last layer that turns the unit of mode $k$ towards mode $i$",
    b_i: "part of the first layer that turns the unit of mode $k$ towards mode $i$",
    pair: "loss as a function of the two parts",
    negative: "smallest curvature of the pair at a critical point",
    **{one: f"strength of layer {place}" for place, one in enumerate(X, 1)},
    theta: "angle of the root",
    y: "squared strength of every layer",
    rank: "number of singular vectors",
    U: "left singular vectors",
    V: "right singular vectors",
}
LATEX = (
    (gap, "f-f(0)"),
    (curvature, "f''"),
    (ratio, r"\lambda_{\mathrm{loc}}/\lambda_{\mathrm{glob}}"),
    (lam_loc, r"\lambda_{\mathrm{loc}}"),
    (lam_glob, r"\lambda_{\mathrm{glob}}"),
    (s_loc, r"s_{\mathrm{loc}}"),
    (s_glob, r"s_{\mathrm{glob}}"),
    (s_i, "s^{*}_i"),
    (s_k, "s^{*}_k"),
    (pair, "f_{ik}"),
    (negative, "c_{ik}"),
)


def claim(id: str, title: str, statement: Any, source: Source = OURS, **more: Any) -> Any:
    """A formula with the letters of this module, derived here unless it says otherwise."""
    more.setdefault("standing", Standing.OURS)
    return formula(id, title, statement, source, extra=MORE, **more)


def bound(layers: int) -> Any:
    """Decay of scalar layers against the power of their product."""
    product, total = 1, 0
    for one in X[:layers]:
        product, total = product * one, total + one**2
    return claim(
        f"factor-bound-{layers}",
        f"{layers} layers of one mode: the decay is at least that of equal layers with the same product",
        Le(layers * product ** Rational(2, layers), total),
        Source(PAPER),
    )


S_LOC = goal * (depth - 2) / (2 * (depth - 1))
S_GLOB = goal * (depth - 2) / (depth - 1)
SHARE = (depth - 2) / depth
ANGLE = acos(-(3 * lam / (2 * goal)) * sqrt(3 / goal)) / 3
W1, W2 = weights(2)

FORMULAS = (
    claim(
        "scalar-loss",
        "squared error with weight decay along one mode of equal layers",
        Eq(loss, (x**depth - goal) ** 2 / 2 + lam * depth * x**2 / 2),
    ),
    claim(
        "scalar-critical",
        "a positive strength is critical at exactly this weight decay",
        Eq(lam, x ** (depth - 2) * (goal - x**depth)),
    ),
    claim(
        "scalar-gap",
        "loss at a critical point against the origin",
        Eq(gap, x**depth * ((depth / 2 - 1) * goal - (depth - 1) * x**depth / 2)),
    ),
    claim(
        "scalar-curvature",
        "curvature at a critical point: positive exactly above s_loc",
        Eq(curvature, 2 * depth * (depth - 1) * x ** (depth - 2) * (x**depth - s_loc)),
        let=((s_loc, S_LOC),),
        assuming=(depth > 2,),
    ),
    claim(
        "local-threshold",
        "three layers or more: weight decay at which the positive minimum disappears",
        Eq(lam_loc, (goal * (depth - 2) / (2 * (depth - 1))) ** SHARE * goal * depth / (2 * (depth - 1))),
        assuming=(depth > 2,),
    ),
    claim(
        "global-threshold",
        "three layers or more: weight decay at which the global minimum jumps to zero",
        Eq(lam_glob, (goal * (depth - 2) / (depth - 1)) ** SHARE * goal / (depth - 1)),
        assuming=(depth > 2,),
    ),
    claim(
        "threshold-ratio",
        "between the two thresholds the positive minimum is local only; their ratio depends on the depth alone",
        Eq(ratio, depth * 2 ** (2 / depth - 2)),
        assuming=(depth > 2,),
    ),
    claim(
        "scalar-two-layers",
        "two layers: weight decay is a soft threshold",
        Eq(s, goal - lam),
        assuming=(lam < goal,),
    ),
    claim(
        "scalar-four-layers",
        "four layers: the positive minimum",
        Eq(s, y**2),
        let=((theta, ANGLE), (y, 2 * sqrt(goal / 3) * cos(theta))),
        assuming=(27 * lam**2 < 4 * goal**3,),
    ),
    claim(
        "pair-loss",
        "loss when the unit of a learned mode turns towards one that is not",
        Eq(
            pair,
            ((x**depth - s_k) ** 2 + x ** (2 * depth - 2) * (a_i**2 + b_i**2) + (x ** (depth - 2) * a_i * b_i - s_i) ** 2)
            / 2
            + lam * (depth * x**2 + a_i**2 + b_i**2) / 2,
        ),
    ),
    claim(
        "pair-curvature",
        "smallest curvature of the pair: negative exactly if the mode that is not learned is the larger one",
        Eq(negative, x ** (depth - 2) * (s_k - s_i)),
    ),
    *(bound(layers) for layers in (2, 3, 4)),
    claim(
        "factor-bound-matrix",
        "two layers: the decay is at least that of the trace norm, for any orthonormal frames",
        Le(2 * Trace(U.T * W2 * W1 * V), Trace(W2.T * W2) + Trace(W1.T * W1)),
        Source(PAPER),
    ),
)  # fmt: skip

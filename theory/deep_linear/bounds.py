"""Bounds and counts: time of blow-up from any start, the largest stable learning rate, the number of local minima."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Ge, Le, MatrixSymbol, Trace, sqrt, symbols

from ..formula import Standing
from .escape import MORE as ESCAPE_LETTERS
from .escape import T, g_1
from .letters import OURS, A, G, d_in, depth, formula, lam, w
from .modes import goal

rate, square = symbols("rho_dot Q", real=True)
radius, start = symbols("radius rho_0", positive=True)
pull, mean = symbols("h c_max", positive=True)
sharp, edge = symbols("S_1 eta_max", positive=True)
kept, minima = symbols("K N_min", integer=True, nonnegative=True)
P, R, Q, Z = (
    MatrixSymbol("P_l", w, w),
    MatrixSymbol("R_l", w, w),
    MatrixSymbol("Q_l", w, d_in),
    MatrixSymbol("Z_l", w, d_in),
)
bound_n, ratio = symbols("n_l tau_l", positive=True)
MORE: dict[Any, str] = {
    **ESCAPE_LETTERS,
    rate: "rate of the squared norm of all weights",
    square: "squared norm of all weights together",
    P: "a layer, or $-G^T$ times the layers above it",
    Q: "gradient pulled back to below the last layer, negative: $-(G^TW_L\\cdots)^T$",
    Z: "product of the layers below",
    bound_n: "bound of the squared operator norm of $P$",
    ratio: "any positive number; at the ratio of the two norms the bound is their product",
    radius: "norm of all weights together",
    start: "norm of all weights at the start",
    pull: "product of the norms of the layers times $g_1$, at least $-\\mathrm{Tr}(G^TA)$",
    mean: "largest speed of any direction",
    sharp: "largest curvature at a balanced minimum",
    edge: "largest stable learning rate",
    kept: "number of modes whose positive minimum exists, $\\lambda<\\lambda_{loc}(s^*_i)$",
    minima: "number of local minima, as maps",
}
LATEX = (
    (P, "P"),
    (Q, "Q"),
    (R, "R"),
    (Z, "Z"),
    (bound_n, "n"),
    (ratio, r"\tau"),
    (rate, r"\frac{d\rho^2}{dt}"),
    (square, r"\rho^2"),
    (radius, r"\rho"),
    (start, r"\rho_0"),
    (sharp, "S"),
    (edge, r"\eta_{\max}"),
    (minima, r"N_{\min}"),
    (mean, "c"),
)


def claim(id: str, title: str, statement: Any, **more: Any) -> Any:
    """A formula with the letters of this module, derived here unless it says otherwise."""
    more.setdefault("standing", Standing.OURS)
    return formula(id, title, statement, OURS, extra=MORE, **more)


FORMULAS = (
    claim(
        "norm-rate",
        "rate of the squared norm of all weights, any cost and any start",
        Eq(rate, -2 * depth * Trace(G.T * A) - 2 * lam * square),
    ),
    claim(
        "peel-bound",
        "one layer less: the norm of a product is at most the operator norm of the layer times that of the rest",
        Le(Trace(Z.T * P.T * P * Z), bound_n * Trace(Z.T * Z)),
    ),
    claim(
        "pairing-bound",
        "a pairing is at most the product of the two norms, at the best ratio",
        Le(2 * Trace(Q.T * Z), ratio * Trace(Q.T * Q) + Trace(Z.T * Z) / ratio),
    ),
    claim(
        "pull-bound",
        "layers of given norms pull hardest if the norms are equal",
        Le(pull, g_1 * (radius / sqrt(depth)) ** depth),
    ),
    claim(
        "blow-up-bound",
        "three layers or more: no start of this norm blows up earlier",
        Ge(T, start ** (2 - depth) / ((depth - 2) * mean)),
        assuming=(depth > 2,),
    ),
    claim(
        "sharpness",
        "squared error: largest curvature at a balanced minimum, by the largest singular value of the target",
        Eq(sharp, depth * goal ** (2 - 2 / depth)),
    ),
    claim(
        "stable-learning-rate",
        "gradient descent is linearly stable at a balanced minimum below this learning rate",
        Eq(edge, 2 / (depth * goal ** (2 - 2 / depth))),
    ),
    claim(
        "local-minima",
        "three layers or more, with decay: local minima are the prefixes of the modes that can be kept, one for each number",
        Eq(minima, kept + 1),
        assuming=(depth > 2,),
    ),
)  # fmt: skip

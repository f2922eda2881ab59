"""Consequences of the assumption on three points under which the spurious point is reached.

Points: ``x_1 = (-1 + e_1, 1 + f_1)``, ``x_2 = (b_2, 1 + f_2)``, ``x_3 = (1 - e_3, 1 + f_3)``; labels near 1, small, near 1.
"""

from __future__ import annotations

from typing import Any

from sympy import Ge, Le, Rational, Symbol

from ..formula import Formula, Let, Source
from .letters import PAPER, formula
from .spurious import MORE as POINT_LETTERS
from .spurious import L_star, null, product, residuals, scale

h = Symbol("eta_A", positive=True)
e_1, e_3 = Symbol("e_1", positive=True), Symbol("e_3", positive=True)
f_1, f_3 = Symbol("f_1", nonnegative=True), Symbol("f_3", nonnegative=True)
b_2, f_2 = Symbol("b_2", real=True), Symbol("f_2", real=True)
y_1, y_2, y_3 = (Symbol(f"y_{k}", positive=True) for k in (1, 2, 3))
g_13, g_12, g_23 = (Symbol(name, real=True) for name in ("g_13", "g_12", "g_23"))
MORE = {
    **POINT_LETTERS,
    h: "constant of the assumption, less than 1/6",
    e_1: "first feature of point 1 is $-1+e_1$",
    e_3: "first feature of point 3 is $1-e_3$",
    f_1: "second feature of point 1 is $1+f_1$",
    f_2: "second feature of point 2 is $1+f_2$",
    f_3: "second feature of point 3 is $1+f_3$",
    b_2: "first feature of point 2",
    y_1: "label of point 1, at least 1",
    y_2: "label of point 2, at most the constant of the assumption",
    y_3: "label of point 3, at least 1",
    g_13: "inner product $\\langle x_1,x_3\\rangle$",
    g_12: "inner product $\\langle x_1,x_2\\rangle$",
    g_23: "inner product $\\langle x_2,x_3\\rangle$",
}
LATEX = (
    (h, r"\eta"),
    (g_13, r"\langle x_1,x_3\rangle"),
    (g_12, r"\langle x_1,x_2\rangle"),
    (g_23, r"\langle x_2,x_3\rangle"),
)
GAP = 1 - 4 * h - h**2
"""Positive for a constant below 1/6: it is 11/36 there."""
ASSUMING = (
    h < Rational(1, 6),
    e_1 <= h,
    e_3 <= h,
    f_1 <= h,
    f_3 <= h,
    b_2 >= -h,
    b_2 <= h,
    f_2 >= -h,
    f_2 <= h,
)
LABELS = (y_1 >= 1, y_1 <= 1 + h, y_2 <= h, y_3 >= 1, y_3 <= 1 + h)
X_1, X_2, X_3 = (-1 + e_1, 1 + f_1), (b_2, 1 + f_2), (1 - e_3, 1 + f_3)


def inner(one: tuple[Any, Any], two: tuple[Any, Any]) -> Any:
    """Inner product of two points."""
    return sum(left * right for left, right in zip(one, two))


CROSS = (
    (null[0], b_2 * (1 + f_3) - (1 + f_2) * (1 - e_3)),
    (null[1], (1 - e_3) * (1 + f_1) + (1 + f_3) * (1 - e_1)),
    (null[2], -(1 - e_1) * (1 + f_2) - (1 + f_1) * b_2),
)


def bounded(id: str, title: str, relation: Any, let: Let, labels: tuple[Any, ...] = ()) -> Formula:
    """A bound that holds for all points of the assumption."""
    assuming = (*ASSUMING, *labels)
    used = relation.free_symbols | {symbol for _, value in let for symbol in value.free_symbols}
    kept = tuple(one for one in assuming if one.free_symbols <= used | {h})
    return formula(id, title, relation, Source(PAPER, "assumption on three points"), let=let, assuming=kept, extra=MORE)


FORMULAS = (
    bounded(
        "assumption-13",
        "the outer points have a positive inner product",
        Ge(g_13, e_1 + e_3 - e_1 * e_3, evaluate=False),
        ((g_13, inner(X_1, X_3)),),
    ),
    bounded(
        "assumption-12",
        "points 1 and 2 have a positive inner product",
        Ge(g_12, 1 - 2 * h, evaluate=False),
        ((g_12, inner(X_1, X_2)),),
    ),
    bounded(
        "assumption-23",
        "points 2 and 3 have a positive inner product",
        Ge(g_23, 1 - 2 * h, evaluate=False),
        ((g_23, inner(X_2, X_3)),),
    ),
    *(
        bounded(
            f"assumption-null-{k}",
            f"entry {k} of the cross product of the features under the assumption",
            Le(null[k - 1], bound, evaluate=False),
            CROSS[k - 1 : k],
        )
        for k, bound in ((1, 3 * h - 1), (2, 2 * (1 + h)), (3, 3 * h - 1))
    ),
    bounded(
        "assumption-residual",
        "the least squares map does not fit the points",
        Le(product, -2 * GAP, evaluate=False),
        (*CROSS, (product, null[0] * y_1 + null[1] * y_2 + null[2] * y_3)),
        LABELS,
    ),
    bounded(
        "assumption-null-2-low",
        "entry 2 of the cross product of the features is positive under the assumption",
        Ge(null[1], 2 * (1 - h), evaluate=False),
        CROSS[1:2],
    ),
    *(
        formula(
            f"assumption-sign-{k}",
            f"residual of point {k} at the least squares map is {'negative' if k == 2 else 'positive'}",
            (Le if k == 2 else Ge)(residuals[k - 1], bound, evaluate=False),
            Source(PAPER, "assumption on three points"),
            let=((residuals[k - 1], product / scale * null[k - 1]),),
            assuming=(h < Rational(1, 6), scale > 0, product <= -2 * GAP, known),
            extra=MORE,
        )
        for k, bound, known in (
            (1, 2 * GAP * (1 - 3 * h) / scale, null[0] <= 3 * h - 1),
            (2, -4 * GAP * (1 - h) / scale, null[1] >= 2 * (1 - h)),
            (3, 2 * GAP * (1 - 3 * h) / scale, null[2] <= 3 * h - 1),
        )
    ),
    formula(
        "assumption-loss",
        "the loss at the spurious stationary point is positive under the assumption",
        Ge(L_star, 2 * GAP**2 / (3 * scale), evaluate=False),
        Source(PAPER, "assumption on three points"),
        let=((L_star, product**2 / (6 * scale)),),
        assuming=(h < Rational(1, 6), scale > 0, product <= -2 * GAP),
        extra=MORE,
    ),
)
SYSTEMS = ()

"""Critical points of squared error: curvatures, their count, the roots of the scalar problem, unused hidden units."""

from __future__ import annotations

from typing import Any

from sympy import Eq, IndexedBase, Sum, Symbol, cbrt, sqrt, symbols

from ..formula import Standing
from .decay import MORE as DECAY_LETTERS
from .decay import s_i, s_k
from .escape import MORE as ESCAPE_LETTERS
from .escape import g_1, g_j, i, k, m
from .letters import OURS, depth, formula, lam
from .modes import goal, s, x

positive, unused, unused_loss, at_zero = symbols("c_ik^+ c_0 f_u f_0'' ", real=True)
a_u, b_u = symbols("a_u b_u", real=True)
negatives = Symbol("N_S", integer=True, nonnegative=True)
chosen = IndexedBase("chi")
inner, outer, r = symbols("Q P r", positive=True)
resolvent = Symbol("m_3", positive=True)
pair_speed = Symbol("c_2", positive=True)
MORE: dict[Any, str] = {
    **ESCAPE_LETTERS,
    **DECAY_LETTERS,
    positive: "largest curvature of the pair at a critical point",
    unused: "smallest curvature through a hidden unit that is not used",
    unused_loss: "loss of a hidden unit that is not used, along mode $i$",
    at_zero: "curvature of the loss of one mode at zero strength",
    a_u: "last-layer weight of a hidden unit that is not used, along mode $i$",
    b_u: "first-layer weight of a hidden unit that is not used, along mode $i$",
    negatives: "number of negative directions",
    chosen: "1 for the modes in $S$, 0 for all others (modes in decreasing order)",
    inner: "discriminant of the resolvent",
    outer: "cube root of the resolvent",
    resolvent: "root of the resolvent $8m^3-8\\lambda m=(s^*)^2$",
    r: "its square root, $\\sqrt{2m}$",
    pair_speed: "speed along two modes together",
}
LATEX = (
    (positive, r"c_{ik}^{+}"),
    (unused, r"c_u"),
    (unused_loss, r"f_u"),
    (at_zero, r"f_0''"),
    (negatives, r"N_S"),
    (chosen.label, r"\chi"),
    (resolvent, "m"),
    (pair_speed, "c_{1j}"),
)


def claim(id: str, title: str, statement: Any, **more: Any) -> Any:
    """A formula with the letters of this module, derived here unless it says otherwise."""
    more.setdefault("standing", Standing.OURS)
    return formula(id, title, statement, OURS, extra=MORE, **more)


SHARE = g_1 ** (-2 / (depth - 2)) + g_j ** (-2 / (depth - 2))

FORMULAS = (
    claim(
        "scalar-three-layers",
        "three layers: the positive minimum",
        Eq(s, x**3),
        let=(
            (inner, sqrt(goal**4 / 256 - lam**3 / 27)),
            (outer, cbrt(goal**2 / 16 + inner)),
            (resolvent, outer + lam / (3 * outer)),
            (r, sqrt(2 * resolvent)),
            (x, (r + sqrt(2 * goal / r - r**2)) / 2),
        ),
        assuming=(256 * lam**3 < 27 * goal**4,),
    ),
    claim(
        "zero-curvature",
        "three layers or more: the origin of one mode is a local minimum for every weight decay",
        Eq(at_zero, depth * lam),
        assuming=(depth > 2,),
    ),
    claim(
        "pair-largest",
        "largest curvature of the pair",
        Eq(positive, x ** (depth - 2) * (s_k + s_i)),
    ),
    claim(
        "unused-loss",
        "two layers: a hidden unit that is not used, along a mode that is not learned",
        Eq(unused_loss, (a_u * b_u - s_i) ** 2 / 2 + lam * (a_u**2 + b_u**2) / 2),
    ),
    claim(
        "unused-curvature",
        "two layers: smallest curvature through a hidden unit that is not used",
        Eq(unused, lam - s_i),
    ),
    claim(
        "negative-directions",
        "three layers or more: pairs of a learned mode and a larger one that is not; none exactly if S is a prefix",
        Eq(negatives, Sum(chosen[k] * Sum(1 - chosen[i], (i, 1, k - 1)), (k, 1, m))),
        assuming=(depth > 2,),
    ),
    claim(
        "escape-speed-pair",
        "speed along two balanced modes together: below that of either alone",
        Eq(pair_speed, (depth * SHARE) ** (1 - depth / 2)),
        assuming=(depth > 2,),
    ),
)  # fmt: skip

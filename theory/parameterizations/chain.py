"""The chain of scalars ``s_k' = c prod_{j != k} s_j``: intermediate weights start at ``m^{-1/2}``, the two outer ones at one.

Equal weights stay equal, so two letters hold a chain of any depth.
"""

from __future__ import annotations

from sympy import Rational, S, atan, log, pi, sqrt

from .letters import D, L, T, U, V, eps, equal, flow, formula, m, rate, t, t_esc, t_u, u, v

half = Rational(1, 2)

CHAIN = flow(
    "chain",
    "chain of scalars: intermediate weights u, outer weights v",
    ((u, rate * v**2 * u ** (L - 2)), (v, rate * v * u ** (L - 1))),
    given=((u, 1 / sqrt(m)), (v, S.One)),
    assuming=(L >= 2,),
)
ESCAPE = flow(
    "chain-escape",
    "chain of scalars before its escape: the outer weights wait",
    ((U, rate * V**2 * U ** (L - 2)), (V, S.Zero)),
    time=T,
    given=((U, S.One), (V, S.One)),
    assuming=(L >= 2,),
)
SYSTEMS = (CHAIN, ESCAPE)

SCALES = ((t, eps ** ((3 - L) / 2) * T), (u, sqrt(eps) * U), (v, V))
"""Change of variables before the escape, ``eps = 1/m``."""

BALANCE = ((D, 1 - 1 / m),)
START = 1 / sqrt(m)


def _between(primitive: object) -> object:
    """A primitive from the start to ``u``."""
    return primitive - primitive.subs(u, START)  # type: ignore[attr-defined]


FORMULAS = (
    formula("chain-balance", "difference of the squares of outer and inner weights", equal(D, v**2 - u**2)),
    formula(
        "chain-time-two",
        "time to reach u with two hidden layers",
        equal(t_u, _between(atan(u / sqrt(D))) / (rate * sqrt(D))),
        let=BALANCE,
        assuming=(m > 1,),
    ),
    formula(
        "chain-time-three",
        "time to reach u with three hidden layers",
        equal(t_u, _between(log(u**2 / (u**2 + D))) / (2 * rate * D)),
        let=BALANCE,
        assuming=(m > 1,),
    ),
    formula(
        "chain-time-four",
        "time to reach u with four hidden layers",
        equal(t_u, _between(-1 / u - atan(u / sqrt(D)) / sqrt(D)) / (rate * D)),
        let=BALANCE,
        assuming=(m > 1,),
    ),
    formula(
        "chain-growth",
        "intermediate weights before the escape, more than three hidden layers",
        equal(U, (1 - (L - 3) * rate * T) ** (1 / (3 - L))),
        solves="parameterizations.chain-escape",
        assuming=(L >= 4, (L - 3) * rate * T < 1),
    ),
    formula(
        "escape-two", "time of escape with two hidden layers: no power of the width", equal(t_esc, pi / (4 * rate))
    ),
    formula(
        "escape-three",
        "time of escape with three hidden layers, to leading order",
        equal(t_esc, log(m) / (2 * rate)),
        assuming=(m > 1,),
    ),
    formula(
        "escape-deep",
        "time of escape with more than three hidden layers, to leading order",
        equal(t_esc, m ** ((L - 3) / 2) / ((L - 3) * rate)),
        assuming=(L >= 4, m > 1),
    ),
)

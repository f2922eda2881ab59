"""Kernels of wide layers in closed form: arc-cosine (ReLU and its powers) and arcsine (error function)."""

from __future__ import annotations

from sympy import Eq, acos, asin, pi, sqrt

from .letters import S11, S12, S22, formula, kappa_0, kappa_1, kappa_2, kappa_erf, rho

INSIDE = (rho > -1, rho < 1)
POSITIVE = (S12**2 < S11 * S22,)
ANGLE = pi - acos(rho)

FORMULAS = (
    formula("step-kernel", "arc-cosine kernel of degree 0", Eq(kappa_0, ANGLE / (2 * pi)), assuming=INSIDE),
    formula(
        "relu-kernel",
        "arc-cosine kernel of degree 1",
        Eq(kappa_1, (sqrt(1 - rho**2) + rho * ANGLE) / (2 * pi)),
        assuming=INSIDE,
    ),
    formula(
        "relu-square-kernel",
        "arc-cosine kernel of degree 2",
        Eq(kappa_2, (3 * rho * sqrt(1 - rho**2) + (1 + 2 * rho**2) * ANGLE) / (2 * pi)),
        assuming=INSIDE,
    ),
    formula(
        "erf-kernel",
        "arcsine kernel",
        Eq(kappa_erf, 2 / pi * asin(2 * S12 / sqrt((1 + 2 * S11) * (1 + 2 * S22)))),
        assuming=POSITIVE,
    ),
)

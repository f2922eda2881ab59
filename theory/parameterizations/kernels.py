"""Kernels of wide layers in closed form: arc-cosine (ReLU and its powers) and arcsine (error function)."""

from __future__ import annotations

from sympy import acos, asin, pi, sqrt

from .letters import (
    G_2,
    S11,
    S12,
    S22,
    G_slope,
    S_next,
    Theta,
    Theta_next,
    equal,
    formula,
    kappa_0,
    kappa_1,
    kappa_2,
    kappa_erf,
    rho,
    rho_next,
    variance,
)

INSIDE = (rho > -1, rho < 1)
POSITIVE = (S12**2 < S11 * S22,)
ANGLE = pi - acos(rho)

FORMULAS = (
    formula("step-kernel", "arc-cosine kernel of degree 0", equal(kappa_0, ANGLE / (2 * pi)), assuming=INSIDE),
    formula(
        "relu-kernel",
        "arc-cosine kernel of degree 1",
        equal(kappa_1, (sqrt(1 - rho**2) + rho * ANGLE) / (2 * pi)),
        assuming=INSIDE,
    ),
    formula(
        "relu-square-kernel",
        "arc-cosine kernel of degree 2",
        equal(kappa_2, (3 * rho * sqrt(1 - rho**2) + (1 + 2 * rho**2) * ANGLE) / (2 * pi)),
        assuming=INSIDE,
    ),
    formula(
        "erf-kernel",
        "arcsine kernel",
        equal(kappa_erf, 2 / pi * asin(2 * S12 / sqrt((1 + 2 * S11) * (1 + 2 * S22)))),
        assuming=POSITIVE,
    ),
    formula("nngp-step", "covariance from one wide layer to the next", equal(S_next, variance * G_2)),
    formula(
        "ntk-step",
        "tangent kernel from one wide layer to the next, the variance in the start of the weights",
        equal(Theta_next, G_2 + variance * G_slope * Theta),
    ),
    formula(
        "relu-correlation",
        "correlation from one wide ReLU layer to the next",
        equal(rho_next, (sqrt(1 - rho**2) + rho * ANGLE) / pi),
        assuming=INSIDE,
    ),
    formula(
        "relu-ntk-step",
        "tangent kernel from one wide ReLU layer to the next: variance two, inputs of size one",
        equal(Theta_next, kappa_1 + 2 * kappa_0 * Theta),
        let=((kappa_0, ANGLE / (2 * pi)), (kappa_1, (sqrt(1 - rho**2) + rho * ANGLE) / (2 * pi))),
        assuming=INSIDE,
    ),
)

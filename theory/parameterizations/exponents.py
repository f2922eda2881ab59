"""Closed exponents: integrable parameterizations at the start and at the first step, rates of IP-LLR, relation to muP."""

from __future__ import annotations

from sympy import Eq, Min, Piecewise, Rational

from ..formula import Source
from .letters import (
    FEATURES,
    L_0,
    A_out,
    K_first,
    K_inner,
    K_out,
    L,
    W,
    W_next,
    a,
    c,
    c_inner,
    c_outer,
    e_dh,
    e_f,
    e_first,
    e_h,
    e_output,
    e_rel,
    e_steps,
    e_two,
    e_unaligned,
    equal,
    eta,
    formula,
    g,
    l,
    m,
    n,
    order_of,
    p,
    powers,
    r,
    ratio_dh,
    ratio_h,
    ratio_W,
)

half = Rational(1, 2)

FORMULAS = (
    formula(
        "effective-step",
        "gradient descent in effective weights: only 2a + c matters, so every layer has a gauge of its own",
        equal(W_next, W - eta * m ** (-(2 * a + c)) * g),
        Source(FEATURES, "symmetry of abc-parameterizations, here layer by layer"),
    ),
    formula(
        "ip-forward",
        "integrable parameterization: preactivations at the start",
        equal(e_h, -half * powers(0, l - 2)),
    ),
    formula(
        "ip-backward",
        "integrable parameterization: derivatives at the start",
        equal(e_dh, -half * (1 + powers(l - 1, L - 1))),
        assuming=(l <= L,),
    ),
    formula("ip-output", "integrable parameterization: output at the start", equal(e_f, -half * order_of())),
    formula(
        "ip-relative-update",
        "integrable parameterization: first change of every layer in between over its size, p >= 1",
        equal(e_rel, (3 - order_of()) / 2),
        assuming=(L >= 2, p >= 1),
    ),
    formula(
        "ip-first-layer-update",
        "integrable parameterization: first change of the first layer",
        equal(e_first, (1 - order_of()) / 2),
    ),
    formula(
        "ip-output-update",
        "integrable parameterization: first change of the output, where nothing in between outgrows its start",
        equal(e_output, 2 - order_of()),
        assuming=(L >= 3, p >= 1),
    ),
    formula(
        "ip-two-layers",
        "two hidden layers: the second moves by its size with ReLU, decays at every step less with 1 < p < 2, stays with p = 2",
        equal(e_two, -half * (p - 1) ** n),
        assuming=(p > 1, p <= 2),
    ),
    formula(
        "escape-steps",
        "integrable parameterization: steps until the layers in between have changed by their own size",
        equal(e_steps, (order_of() - 3) / 2),
        assuming=(L >= 2, p >= 1, order_of() >= 3),
    ),
    formula(
        "trivial-depth",
        "integrable parameterizations stay at their start from this number of hidden layers on: "
        "four layers of weights for ReLU, five layers of neurons with input and output counted",
        equal(L_0, Piecewise((3, Eq(p, 1)), (2, True))),
        Source("hajjar2021training", "more than four layers; the threshold in L and p derived here"),
        assuming=(p >= 1,),
    ),
    formula("ip-llr-outer", "IP-LLR: first rate of first and last layer", equal(c_outer, -(order_of() + 1) / 2)),
    formula(
        "ip-llr-inner",
        "IP-LLR: first rate of every layer in between",
        equal(c_inner, -(order_of() + 2) / 2),
        assuming=(L >= 2,),
    ),
    formula(
        "ip-llr-unaligned",
        "IP-LLR with an activation that is linear near zero: preactivations after the first step",
        equal(e_unaligned, -(l - 2) / 2),
        assuming=(l >= 2,),
    ),
    formula(
        "ip-mup-forward",
        "preactivations of IP over those of muP, exact at every width",
        equal(ratio_h, m ** (-half * powers(0, l - 2))),
    ),
    formula(
        "ip-mup-backward",
        "derivatives of IP over those of muP, exact at every width",
        equal(ratio_dh, m ** (half - half * powers(l - 1, L - 1))),
        assuming=(l <= L,),
    ),
    formula(
        "first-step-of-mup",
        "the first step of IP-LLR changes every effective weight as muP does, exactly at every width",
        equal(ratio_W, 1),
        Source("hajjar2021training", "IP-LLR and muP"),
    ),
    formula(
        "feature-speed",
        "speed of the features for a start of size one",
        equal(r, Min(A_out, K_out) - 1 + Min(K_first + 1, K_inner)),
        Source(FEATURES, "definition of r, here with a rate for each layer"),
        assuming=(L >= 2,),
    ),
)

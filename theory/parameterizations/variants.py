"""Variants of integrable parameterizations: unscaled biases, a start that is not centred; largest rates; the hybrid of muP."""

from __future__ import annotations

from sympy import Piecewise, Rational, S

from .letters import (
    U_1,
    U_2,
    U_3,
    K_jump,
    L,
    c_bias,
    c_bias_first,
    c_bias_weight,
    c_bounded,
    c_mup,
    c_ntk,
    change,
    chi_1,
    chi_2,
    chi_3,
    chi_sum,
    d_l,
    e_balanced,
    e_bias_dh,
    e_mean_dh,
    e_sample,
    e_softmax,
    e_spread,
    equal,
    formula,
    l,
    m,
    shrink,
    signal_sum,
    x_l,
    x_t,
)

half = Rational(1, 2)
BETWEEN = (l >= 2, l <= L)
SOFTMAX = ((chi_3, -chi_1 - chi_2),)

FORMULAS = (
    formula(
        "bias-samples",
        "IP with unscaled biases: deep layers hardly see the sample at the start",
        equal(e_sample, -(l - 1) / 2),
    ),
    formula(
        "bias-backward",
        "IP with unscaled biases: derivatives at the start",
        equal(e_bias_dh, -1 - (L - l) / 2),
        assuming=(l <= L,),
    ),
    formula("bias-rate-first", "IP-LLR with biases: first rate of the first layer", equal(c_bias_first, -(L + 1) / 2)),
    formula(
        "bias-rate-inner",
        "IP-LLR with biases: first rate of a layer in between",
        equal(c_bias_weight, -(L - l + 4) / 2),
        assuming=BETWEEN,
    ),
    formula(
        "bias-rate",
        "IP-LLR with biases: first rate of the biases",
        equal(c_bias, -(L - l + 2) / 2),
        assuming=(l <= L,),
    ),
    formula(
        "bias-one-sample",
        "where neither input nor signal of a layer depends on the sample, its first update sees the data through one number",
        equal(change, chi_sum * d_l * x_l * x_t),
    ),
    formula(
        "bias-balanced",
        "IP-LLR with biases: the first change of deep layers vanishes for balanced labels",
        equal(e_balanced, -(l - 2) / 2),
        assuming=BETWEEN,
    ),
    formula(
        "mean-spread",
        "IP with a mean: all neurons of a layer from the second on are nearly the same",
        equal(e_spread, -half),
        assuming=BETWEEN,
    ),
    formula(
        "mean-spread-odd",
        "IP with a mean and an odd activation: neurons of a layer from the third on are nearly the same",
        equal(e_spread, Piecewise((-half, l <= 2), (S.NegativeOne, True))),
        assuming=BETWEEN,
    ),
    formula("mean-backward", "IP with a mean: derivatives at the start", equal(e_mean_dh, -1), assuming=(l <= L,)),
    formula(
        "softmax-signal",
        "three outputs whose weights share their mean: it drops out of the first signal",
        equal(signal_sum, chi_1 * U_1 + chi_2 * U_2 + chi_3 * U_3),
        let=SOFTMAX,
    ),
    formula(
        "softmax-backward",
        "IP with a mean and softmax: derivatives at the start",
        equal(e_softmax, Piecewise((S.NegativeOne, l >= L), (Rational(-3, 2), True))),
        assuming=(l <= L,),
    ),
    formula("maximal-mup", "largest rates that keep everything bounded: muP moves every layer", equal(c_mup, 0)),
    formula(
        "maximal-ntk",
        "largest rates that keep features and the update of the output layer bounded: with NTK features move, the output blows up",
        equal(c_ntk, Piecewise((-half, l <= L), (S.Zero, True))),
        assuming=(l <= L + 1,),
    ),
    formula("maximal-ntk-bounded", "the same with a bounded output: NTK itself", equal(c_bounded, 0)),
    formula(
        "hybrid-shrink",
        "after the first step of muP, shrink the intermediate start by this: IP-LLR, exactly at every width",
        equal(shrink, m**-half),
    ),
    formula("hybrid-rates", "later rates of IP and of muP are the same", equal(K_jump, 0)),
)

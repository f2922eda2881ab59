"""The first step of IP-LLR with ReLU at infinite width, one sample: closed form.

Variance two in first layer and in between, so that sizes stay; preactivations at the start and backward signals are
independent Gaussians, the signals of variance one; rates all the same but for powers of the width.
"""

from __future__ import annotations

from sympy import Rational, atan, pi, sqrt

from .letters import L, chi, equal, eta, f_1, formula, o, o_1, o_next, q, s2

PUSH = chi * eta * q / sqrt(s2)
"""Size of the change of the first preactivations over their size at the start."""

RATIO = eta * chi * sqrt(s2) / (2 * pi)

OVERLAP = s2 * (PUSH - atan(PUSH) + pi) / (2 * pi)

FORMULAS = (
    formula(
        "first-step-overlap",
        "first layer: activations before and after the first step of IP-LLR",
        equal(o_1, OVERLAP),
        assuming=(eta > 0,),
    ),
    formula(
        "first-step-overlap-next", "the same from one layer to the next", equal(o_next, RATIO * o), assuming=(eta > 0,)
    ),
    formula(
        "first-step-output",
        "output of IP-LLR after its first step at infinite width",
        equal(f_1, eta * chi * (Rational(1, 4) + RATIO) * RATIO ** (L - 2) * o_1),
        let=((o_1, OVERLAP),),
        assuming=(eta > 0, L >= 2),
    ),
)

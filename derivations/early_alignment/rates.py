"""Why the sharp rates of early alignment are true."""

from __future__ import annotations

from typing import Any

from sympy import Symbol, atan, exp, expand_log, log, pi, powdenest, powsimp, symbols, tan, tanh

from ...theory.early_alignment.letters import a_0, c_0, delta, lam, p, phi_0, r_0, t, theta_0
from ...theory.early_alignment.rates import (
    ALIGNMENT_TIME,
    C,
    a_in,
    c_in,
    delta_max,
    eps,
    phi_1,
    phi_2,
    start,
    t_in,
    theta_in,
)
from ..chain import Book, Cited, Derivation, Identity, Limit, Step
from .tools import of, value

small = Symbol("P", positive=True)
"""``exp(-delta t)``."""
ell, h_1, h_2 = symbols("ell h_1 h_2", positive=True)
"""``log(1/lambda)`` and the tangents of half the angles to the walls."""


def later(b: Book) -> Any:
    """Angle of a balanced neuron a time ``t - t_in`` after it entered its last cone."""
    return value(b, "aberration").xreplace({theta_0: theta_in}).subs(t, t - t_in)


def rate(b: Book) -> Limit:
    one = of(b, "alignment-rate")
    return Limit(later(b).subs(t, ALIGNMENT_TIME) / one.value, lam, 0, 1, assuming=one.assuming)


def dominated(b: Book) -> Limit:
    """The tangent of the angle is the constant part of the weights over the part along D."""
    one = of(b, "alignment-constant-dominated")
    along = value(b, "axis-weight").xreplace({c_0: c_in, a_0: a_in}).subs(t, t - t_in).rewrite(exp)
    return Limit(atan(p / along).subs(t, log(1 / small) / delta) / small, small, 0, one.value, assuming=one.assuming)


def left(b: Book) -> Identity:
    """Neurons with a < 0 move away from D: the aberration backwards, from the wall at the alignment time."""
    sides = [value(b, "aberration").xreplace({theta_0: angle}).subs(t, ALIGNMENT_TIME) for angle in (phi_1, phi_2)]
    one = of(b, "cone-fraction")
    both = (one.value, (sides[0] + sides[1]) / (2 * pi))
    table = {lam: exp(-ell), phi_1: 2 * atan(h_1), phi_2: 2 * atan(h_2)}
    return Identity(*(side.subs(table).expand() for side in both))


def leading(b: Book) -> Limit:
    """Both sides in ``P``, the power of the scale of the start that they share."""
    table = {lam: small ** (delta_max / (eps * delta)), phi_1: 2 * atan(h_1), phi_2: 2 * atan(h_2)}
    exact, claim = (
        powsimp(powdenest(expand_log(value(b, id).subs(table), force=True), force=True))
        for id in ("cone-fraction", "cone-fraction-leading")
    )
    return Limit(exact / claim, small, 0, 1)


DERIVATIONS = (
    Derivation(
        "early-alignment.theorem",
        (Step("not derived here", lambda b: Cited(of(b, "theorem").source)),),
    ),
    Derivation(
        "early-alignment.alignment-constant",
        (
            Step(
                "the angle over its exponential, for long times",
                lambda b: Limit(
                    later(b).subs(t, log(1 / small) / delta) / small,
                    small,
                    0,
                    value(b, "alignment-constant"),
                    assuming=of(b, "alignment-constant").assuming,
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.alignment-rate",
        (
            Step("angle at the alignment time over the claim, for a small start", rate),
            Step(
                "the constant is that of the rate",
                lambda b: Identity(dict(of(b, "alignment-rate").let)[C], value(b, "alignment-constant")),
            ),
        ),
    ),
    Derivation(
        "early-alignment.alignment-constant-dominated",
        (
            Step("the angle over its exponential, for long times", dominated),
            Step(
                "for a balanced neuron it is the constant of before",
                lambda b: Identity(
                    value(b, "alignment-constant-dominated").subs({p: a_in * tan(theta_in / 2) * (1 + c_in / a_in)}),
                    value(b, "alignment-constant"),
                ),
            ),
        ),
    ),
    Derivation("early-alignment.cone-fraction", (Step("the aberration backwards from both walls", left),)),
    Derivation(
        "early-alignment.cone-fraction-leading",
        (Step("the fraction over the claim, for a small start", leading),),
    ),
    Derivation(
        "early-alignment.unit-time",
        (
            Step(
                "the output weight has size one then",
                lambda b: Identity(
                    lam * start * of(b, "growth").statement.args[1].subs(t, of(b, "unit-time").statement.args[1]),
                    1,
                ),
            ),
            Step(
                "the rapidity is that of the start",
                lambda b: Identity(tanh(dict(of(b, "unit-time").let)[phi_0]), r_0),
            ),
            Step(
                "of the two times it is the later one, positive for a small start",
                lambda b: Limit(delta * of(b, "unit-time").statement.args[1] / log(1 / lam), lam, 0, 1),
            ),
        ),
    ),
    Derivation(
        "early-alignment.unit-time-leading",
        (
            Step(
                "the time over the claim, for a small start",
                lambda b: Limit(of(b, "unit-time").statement.args[1] / value(b, "unit-time-leading"), lam, 0, 1),
            ),
        ),
    ),
)

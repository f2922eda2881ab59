"""Why the statements about critical directions, kinks and sliding are true."""

from __future__ import annotations

from typing import Any

from sympy import Identity as Eye
from sympy import MatrixSymbol, Symbol, Trace, ZeroMatrix, cancel

from ...theory.early_alignment.critical import (
    D_A,
    EARLY,
    ON,
    X_Z,
    D_off,
    kappa,
    push_off,
    push_on,
    size,
    v_off,
    v_on,
    x_k,
    y_k,
    z_n,
)
from ...theory.early_alignment.directions import g, nu, rho
from ...theory.early_alignment.letters import D, a, a_cone, d, dot, m, n, others, s, w
from ...theory.early_alignment.neuron import DRIVE
from ..chain import Book, Bound, Derivation, Derivative, Identity, Rate, Step
from .directions import ALONG, ALONG_POINT
from .tools import of, system, value

SILENT = {others: ZeroMatrix(n, 1), a_cone: ZeroMatrix(1, m)}
WIDE = Symbol("w_dimension", integer=True, positive=True)
"""Dimension that is larger than the number of points on a face (random points draw letters in w from 4 on)."""


def wide(expression: Any) -> Any:
    return expression.xreplace({X_Z: MatrixSymbol("X_Z", z_n, WIDE), D_A: MatrixSymbol("D_A", WIDE, 1)})


def balanced(b: Book) -> Identity:
    """Output weight ``s rho`` with ``s = 1`` or ``-1``."""
    rate = system(b, "direction").rate(nu).xreplace({a: s * rho})
    return Identity(rate, value(b, "ascent"))


ALONG_X = Symbol("zeta", real=True)
KINK = (
    ("|x_k|^2", x_k.T * x_k - size * Eye(1)),
    ("<D_off,x_k>", x_k.T * D_off - ALONG_X * Eye(1)),
)
KINK_POINT = ((size, dot(x_k, x_k)), (ALONG_X, dot(D_off, x_k)))


def mixed(b: Book) -> Any:
    """Off the point plus the share of the active side times what the point adds."""
    jump = value(b, "kink-jump").xreplace({dot(x_k, x_k): size})
    share = value(b, "sliding-share").subs({v_off: s * ALONG_X, v_on: s * ALONG_X + jump}, simultaneous=True)
    return D_off + cancel(share) * y_k / n * x_k


DERIVATIONS = (
    Derivation(
        "early-alignment.potential",
        (
            Step(
                "gradient of $\\langle w,D\\rangle$ while the activation pattern is constant",
                lambda b: Derivative(Trace(w.T * EARLY), w, value(b, "potential")),
            ),
            Step(
                "it is the driving vector of the cone without outputs",
                lambda b: Identity(value(b, "potential"), DRIVE.xreplace(SILENT).doit()),
            ),
        ),
    ),
    Derivation(
        "early-alignment.potential-homogeneous",
        (
            Step(
                "the activation pattern of $\\kappa w$ is that of $w$",
                lambda b: Identity(value(b, "potential-homogeneous"), Trace((kappa * w).T * EARLY)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.ascent",
        (
            Step("the direction flow at $a=s|w|$", balanced),
            Step(
                "it is $s$ times the part of $D$ at right angles to the direction",
                lambda b: Identity(value(b, "ascent"), s * (Eye(d) - nu * nu.T) * D, given=ALONG, point=ALONG_POINT),
            ),
        ),
    ),
    Derivation(
        "early-alignment.ascent-rate",
        (
            Step(
                "rate of $\\langle D,w\\rangle/|w|$ along the direction flow",
                lambda b: Rate(
                    system(b, "direction"),
                    D.T * nu,
                    value(b, "ascent-rate") * Eye(1),
                    given=ALONG,
                    point=ALONG_POINT,
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.critical",
        (
            Step(
                "square of the part of $D$ at right angles to the direction",
                lambda b: Identity(
                    (D - g * nu).T * (D - g * nu), value(b, "critical") * Eye(1), given=ALONG, point=ALONG_POINT
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.kink-jump",
        (
            Step(
                "speeds on both sides",
                lambda b: Identity(value(b, "kink-jump"), s * dot(ON, x_k) - s * dot(D_off, x_k)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.kink-label",
        (
            Step(
                "the jump with a push towards the hyperplane from both sides",
                lambda b: Identity(
                    value(b, "kink-jump").xreplace({dot(x_k, x_k): size}).subs(y_k, value(b, "kink-label") / s),
                    -push_on - push_off,
                ),
            ),
            Step(
                "so that sign times label is negative",
                lambda b: Bound(value(b, "kink-label"), 0, terms=(n * push_off / size, n * push_on / size)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.kink-repels",
        (
            Step(
                "the jump with a push off the hyperplane on both sides",
                lambda b: Identity(
                    value(b, "kink-jump").xreplace({dot(x_k, x_k): size}).subs(y_k, value(b, "kink-repels") / s),
                    push_on + push_off,
                ),
            ),
            Step(
                "so that sign times label is positive",
                lambda b: Bound(0, value(b, "kink-repels"), terms=(n * push_off / size, n * push_on / size)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.kink-critical",
        (
            Step(
                "the share without speed across the hyperplane, times what is left of one",
                lambda b: Identity(
                    value(b, "sliding-share") * (1 - value(b, "sliding-share")),
                    value(b, "kink-critical"),
                    assuming=of(b, "kink-critical").assuming,
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.sliding-vector",
        (
            Step(
                "the driving vector of the other side, and the share of the jump",
                lambda b: Identity(value(b, "sliding-vector"), mixed(b), given=KINK, point=KINK_POINT),
            ),
            Step(
                "it is at right angles to the input",
                lambda b: Identity(x_k.T * value(b, "sliding-vector"), 0 * Eye(1), given=KINK, point=KINK_POINT),
            ),
        ),
    ),
    Derivation(
        "early-alignment.sliding-share",
        (
            Step(
                "with this share of the active side there is no speed across the hyperplane",
                lambda b: Identity(
                    v_off + value(b, "sliding-share") * (v_on - v_off), 0, assuming=of(b, "sliding-share").assuming
                ),
            ),
            Step(
                "it is a share: not negative, and at most one",
                lambda b: Bound(
                    value(b, "sliding-share").subs({v_off: push_off, v_on: -push_on}),
                    1,
                    terms=(push_on / (push_off + push_on),),
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.face-vector",
        (
            Step(
                "it is at right angles to the inputs of the face",
                lambda b: Identity(wide(X_Z * value(b, "face-vector")), ZeroMatrix(z_n, 1)),
            ),
            Step(
                "the rest is a combination of the inputs of the face, so that it is the projection",
                lambda b: Identity(wide(D_A - value(b, "face-vector")), wide(X_Z.T * (X_Z * X_Z.T).I * X_Z * D_A)),
            ),
        ),
    ),
)

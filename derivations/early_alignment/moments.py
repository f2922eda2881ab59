"""Why the statements about moments of the cones are true."""

from __future__ import annotations

from typing import Any

from sympy import Identity as Eye
from sympy import MatrixSymbol, Symbol, Trace, ZeroMatrix

from ...theory.early_alignment.letters import A, D, I_z, M, S, W, X, a_cone, d, mask, n, others, v, w_cone, y, z
from ...theory.early_alignment.moments import OBSERVABLES, PULL, STACKED_OBSERVABLES, Psi
from ...theory.early_alignment.neuron import OUTPUT
from ..chain import Book, Closure, Derivation, Identity, Rate, Step
from .tools import system, value


def closes(id: str, by: str, observables: Any, words: str, symmetric: Any = ()) -> Derivation:
    return Derivation(
        f"early-alignment.{id}",
        (
            Step(
                words,
                lambda b: Closure(system(b, by), observables, system(b, id).equations, symmetric=symmetric),
            ),
        ),
    )


def full(b: Book, item: Any) -> Identity:
    """The cone in which every point is active, without neurons elsewhere."""
    rate = system(b, "network").rate(item).xreplace({mask: Eye(n), others: ZeroMatrix(n, 1)}).doit()
    return Identity(system(b, "full-cone-network").rate(item), rate)


def both(b: Book) -> Identity:
    """Each of two cones next to the other, without neurons elsewhere."""
    one = value(b, "output")
    turned = {mask: B_TWO, v: V_TWO, B_TWO: mask, V_TWO: v}
    alone = one.xreplace({others: ZeroMatrix(n, 1)}).doit()
    return Identity(
        one.xreplace({others: alone.xreplace(turned)}),
        one.xreplace(turned).xreplace({others: alone}),
        symmetric=(mask, B_TWO),
    )


B_TWO, V_TWO = MatrixSymbol("B_two", n, n), MatrixSymbol("v_two", d, 1)
MANY = Symbol("w_points", integer=True, positive=True)
"""Number of data points that is larger than the dimension (random points draw letters in w from 4 on)."""


def many(expression: Any) -> Any:
    """More points than dimensions, so that the Gram matrix of the inputs has an inverse."""
    return expression.xreplace({X: MatrixSymbol("X", MANY, d), y: MatrixSymbol("y", MANY, 1), n: MANY})


WORDS = "the moments close: no other letter of the neurons is left"

DERIVATIONS = (
    closes("moments", "neuron", OBSERVABLES, WORDS),
    closes("moments-step", "neuron-step", OBSERVABLES, WORDS),
    closes("moments-stacked", "stacked", STACKED_OBSERVABLES, WORDS, (M,)),
    closes("moments-stacked-step", "stacked-step", STACKED_OBSERVABLES, WORDS, (M,)),
    Derivation(
        "early-alignment.full-cone-network",
        (
            Step("the weights of a cone in which all points are active", lambda b: full(b, w_cone)),
            Step("its output weights", lambda b: full(b, a_cone)),
        ),
    ),
    Derivation(
        "early-alignment.full-cone-moments",
        (
            Step(
                WORDS,
                lambda b: Closure(
                    system(b, "full-cone-network"), OBSERVABLES, system(b, "full-cone-moments").equations
                ),
            ),
            Step(
                "the driving vector that enters is that of the moments",
                lambda b: Identity(
                    system(b, "full-cone-moments").rate(v),
                    system(b, "moments").rate(v).xreplace({D: PULL}),
                    symmetric=(A, W),
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.output",
        (
            Step(
                "what the neurons of one cone give at the data, next to all others",
                lambda b: Identity(value(b, "output").xreplace({v: w_cone * a_cone.T}), OUTPUT),
            ),
            Step("two cones, one after the other: the order does not matter", both),
        ),
    ),
    Derivation(
        "early-alignment.propagator-step",
        (
            Step(
                "its product with the reference neurons moves as the neurons do",
                lambda b: Identity(
                    system(b, "propagator-step").rate(Psi) * z,
                    system(b, "stacked-step").rate(z).xreplace({z: Psi * z}),
                    symmetric=(M,),
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.propagator",
        (
            Step(
                "one more step of the product is one step of the moments",
                lambda b: Identity(
                    value(b, "propagator").xreplace({Psi: system(b, "propagator-step").rate(Psi)}),
                    system(b, "moments-stacked-step").rate(S).xreplace({S: value(b, "propagator")}),
                    symmetric=(M,),
                ),
            ),
            Step(
                "at the reference time they are the moments of the reference neurons",
                lambda b: Identity(value(b, "propagator").xreplace({Psi: I_z}).doit(), z * z.T, symmetric=(M,)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.plateau",
        (
            Step(
                "the driving vector vanishes there: the normal equations",
                lambda b: Identity(many(PULL.xreplace({v: value(b, "plateau")})), ZeroMatrix(d, 1)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.plateau-descent",
        (
            Step(
                "rate of the loss of the linear map",
                lambda b: Rate(
                    system(b, "full-cone-moments"),
                    Trace((X * v - y).T * (X * v - y)) / (2 * n),
                    value(b, "plateau-descent"),
                ),
            ),
        ),
    ),
)

"""Why the statements about the neurons of one cone are true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Heaviside, Matrix, Max, Rational, Symbol, Trace, ZeroMatrix, log, symbols
from sympy import Identity as Eye

from ...theory.early_alignment.letters import (
    J_BLOCKS,
    M_BLOCKS,
    Z_BLOCKS,
    D,
    I_z,
    J,
    M,
    X,
    a,
    a_cone,
    a_start,
    d,
    delta,
    eta,
    m,
    mask,
    n,
    others,
    t,
    w,
    w_cone,
    w_start,
    y,
    z,
)
from ...theory.early_alignment.neuron import DRIVE, LOSS, MINKOWSKI, Phi
from ..chain import Book, Derivation, Identity, Rate, Step
from .tools import BLOCKS, CUBE, LENGTH, LENGTH_POINT, LORENTZ, of, system, value

P = Symbol("P", positive=True)
PATTERN = symbols("B_1:4", real=True)
"""Which of three points are active: zero or one."""


def coordinates() -> dict[str, Any]:
    """One neuron, three points in the plane, in numbers of their own."""
    return {
        "w": symbols("w_1:3", real=True),
        "X": Matrix(3, 2, symbols("x_1:7", real=True)),
        "y": Matrix(symbols("y_1:4", real=True)),
        "o": Matrix(symbols("o_1:4", real=True)),
    }


def relu_loss() -> Any:
    """Loss of one ReLU neuron next to fixed outputs of the others."""
    at = coordinates()
    pre = at["X"] * Matrix(at["w"])
    gaps = [a * Max(pre[k], 0) + at["o"][k] - at["y"][k] for k in range(3)]
    return Rational(1, 6) * sum(gap**2 for gap in gaps)


def relu_rate(book: Book, place: int) -> Identity:
    """The rate inside a cone against the slope of the ReLU loss, which SymPy writes with step functions."""
    at = coordinates()
    weights = Matrix(at["w"])
    pre = at["X"] * weights
    table = {
        mask: Matrix.diag(*PATTERN).as_immutable(),
        X: at["X"].as_immutable(),
        y: at["y"].as_immutable(),
        others: at["o"].as_immutable(),
        w_cone: weights.as_immutable(),
        a_cone: Matrix([[a]]).as_immutable(),
    }
    rate = system(book, "network").rate(a_cone if place == 2 else w_cone)
    rate = rate.subs({m: 1, n: 3, d: 2})
    rate = rate.xreplace({item.subs({m: 1, n: 3, d: 2}): new for item, new in table.items()}).doit()
    by = a if place == 2 else at["w"][place]
    entry = Matrix(rate)[0 if place == 2 else place]
    # Off the kinks a step function is 0 or 1, so that its square is itself, and ReLU is the step times the argument
    steps = [(on, one, Max(one, 0), Heaviside(one)) for on, one in zip(PATTERN, pre)]
    given = (
        *((f"ReLU {k}", relu - on * one) for k, (on, one, relu, _) in enumerate(steps, 1)),
        *((f"its slope {k}", slope - on) for k, (on, _, _, slope) in enumerate(steps, 1)),
        *((f"0 or 1 {k}", on**2 - on) for k, (on, *_) in enumerate(steps, 1)),
    )
    point = tuple((on, slope) for on, _, _, slope in steps)
    return Identity(-relu_loss().diff(by), entry.expand(deep=False), given=given, point=point)


def driven(book: Book, item: Any) -> Identity:
    """The common driving vector put into the rate of a cone."""
    return Identity(
        system(book, "network").rate(item),
        system(book, "neuron").rate(item).xreplace({D: DRIVE}),
        symmetric=(mask,),
    )


def boosted(book: Book) -> Any:
    """The boost with ``P = exp(delta t)``."""
    return value(book, "boost").replace(
        lambda e: e.is_Function, lambda e: e.xreplace({t: log(P) / delta}).rewrite("exp")
    )


def same(item: Any) -> Step:
    return Step(
        "one step follows the rate",
        lambda b: Identity(system(b, "neuron-step").rate(item), item + eta * system(b, "neuron").rate(item)),
    )


def one_neuron(item: Any) -> Step:
    def shows(b: Book) -> Identity:
        rate = system(b, "neuron").rate(w_cone if item == w else a_cone).subs(m, 1)
        table = {w_cone.subs(m, 1): w, a_cone.subs(m, 1): a * Eye(1)}
        rate = rate.xreplace(table).doit()
        claimed = system(b, "one-neuron").rate(item)
        return Identity(claimed, rate if item == w else Trace(rate))

    return Step("the cone with one neuron", shows)


def in_blocks(expression: Any) -> Any:
    return expression.xreplace({z: Z_BLOCKS, M: M_BLOCKS, J: J_BLOCKS})


def stacked(id: str, by: str) -> Step:
    """Block rows of the stacked system against the neuron system."""

    def shows(b: Book) -> Identity:
        top = Z_BLOCKS.xreplace({w_cone: system(b, by).rate(w_cone), a_cone: system(b, by).rate(a_cone)})
        return Identity(in_blocks(system(b, id).rate(z)), top)

    return Step("in blocks", shows)


def sides(b: Book, id: str) -> tuple[Any, Any]:
    left, right = of(b, id).statement.args
    return left, right


def stated(b: Book, id: str, put: Callable[[Any], Any] = lambda side: side, **more: Any) -> Identity:
    """The statement of a formula, with something put into both sides."""
    left, right = sides(b, id)
    return Identity(put(left), put(right), **more)


DERIVATIONS = (
    Derivation(
        "early-alignment.network",
        (
            Step(
                "it is minus the gradient of the ReLU loss of one neuron, three points in the plane in coordinates",
                relu_rate,
                cases=(0, 1, 2),
                scope="d = 2, n = 3, m = 1",
            ),
            Step(
                "all weights of the cone in any dimension: the loss falls at the square of the rates",
                lambda b: Rate(
                    system(b, "network"),
                    LOSS,
                    -Trace(system(b, "network").rate(w_cone).T * system(b, "network").rate(w_cone))
                    - Trace(system(b, "network").rate(a_cone).T * system(b, "network").rate(a_cone)),
                    symmetric=(mask,),
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.neuron",
        (
            Step(
                "weights: the rate of the loss has one driving vector for the whole cone", lambda b: driven(b, w_cone)
            ),
            Step("output weights: the same driving vector", lambda b: driven(b, a_cone)),
        ),
    ),
    Derivation("early-alignment.neuron-step", (same(w_cone), same(a_cone))),
    Derivation("early-alignment.one-neuron", (one_neuron(w), one_neuron(a))),
    Derivation("early-alignment.stacked", (stacked("stacked", "neuron"),)),
    Derivation("early-alignment.stacked-step", (stacked("stacked-step", "neuron-step"),)),
    Derivation(
        "early-alignment.invariant",
        (
            Step(
                "rate of $a_ia_j-\\langle w_i,w_j\\rangle$ for all pairs of the cone",
                lambda b: Rate(system(b, "neuron"), sides(b, "invariant")[0], ZeroMatrix(m, m)),
            ),
            Step(
                "so that it is what it was at the start",
                lambda b: Identity(
                    sides(b, "invariant")[0].xreplace({a_cone: a_start, w_cone: w_start}), sides(b, "invariant")[1]
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.generator",
        (Step("block by block", lambda b: stated(b, "generator", in_blocks)),),
    ),
    Derivation(
        "early-alignment.generator-cube",
        (
            Step(
                "block by block",
                lambda b: stated(b, "generator-cube", in_blocks, given=LENGTH, point=LENGTH_POINT),
            ),
        ),
    ),
    Derivation(
        "early-alignment.boost",
        (
            Step(
                "its rate is the generator times the boost",
                lambda b: Rate(
                    system(b, "stacked"),
                    value(b, "boost"),
                    M * value(b, "boost"),
                    given=(CUBE,),
                    symmetric=(M,),
                    point=BLOCKS,
                ),
            ),
            Step("it starts at the identity", lambda b: Identity(value(b, "boost").subs(t, 0).doit(), I_z)),
        ),
    ),
    Derivation(
        "early-alignment.boost-lorentz",
        (
            Step(
                "what it is made of anticommutes with the Minkowski form",
                lambda b: stated(
                    b,
                    "boost-lorentz",
                    lambda side: side.xreplace({Phi: boosted(b)}),
                    given=LORENTZ,
                    symmetric=(M, J),
                    point=BLOCKS,
                ),
            ),
            Step(
                "its closed form is that of the boost",
                lambda b: Identity(dict(of(b, "boost-lorentz").let)[Phi], value(b, "boost"), symmetric=(M,)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.step-drift",
        (
            Step(
                "change of $a_ia_j-\\langle w_i,w_j\\rangle$ in one step",
                lambda b: Rate(system(b, "neuron-step"), MINKOWSKI, value(b, "step-drift")),
            ),
        ),
    ),
    Derivation(
        "early-alignment.step-lorentz",
        (
            Step(
                "by the anticommutation",
                lambda b: stated(b, "step-lorentz", given=LORENTZ, symmetric=(M, J), point=BLOCKS),
            ),
            Step("block by block", lambda b: stated(b, "step-lorentz", in_blocks)),
        ),
    ),
)

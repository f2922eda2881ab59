"""Why the statements about layers and balance are true."""

from __future__ import annotations

from functools import partial
from typing import Any

from sympy import MatrixSymbol, Rational, Trace

from ...theory.deep_linear import LATEX
from ...theory.deep_linear.layers import INDUCTION, LOWER, UPPER, balances, ends, network
from ...theory.deep_linear.letters import (
    C1,
    C2,
    DEPTHS,
    A,
    D,
    G,
    K,
    R,
    V,
    Wa,
    Wb,
    X,
    Y,
    Z,
    d_in,
    d_out,
    eta,
    lam,
    w,
    weights,
)
from ...theory.symbols import latex, register
from ..chain import Book, Closure, Derivation, Identity, Rate, Step

register(*LATEX)

PAIR = Wa * Wa.T - Wb.T * Wb
ROOT = Rational(1, 2)
SPECTRUM = MatrixSymbol("S", 2, 2)


def frame(size: Any, name: str) -> Any:
    """Two orthonormal columns, from a free matrix."""
    free = MatrixSymbol(name, size, 2)
    return free * (free.T * free) ** -ROOT


def balanced_point(layers: int) -> tuple[tuple[Any, Any], ...]:
    """Weights of rank two of which all imbalances vanish."""
    inner, outer = frame(w, "Yw"), frame(d_out, "Yo")
    S = SPECTRUM + SPECTRUM.T
    W = weights(layers)
    middle = tuple((W[k], inner * S * inner.T) for k in range(1, layers - 1))
    return ((W[0], inner * S * frame(d_in, "Yi").T), *middle, (W[-1], outer * S * inner.T))


def at(expression: Any, layers: int, lower: int) -> Any:
    """The rate of neighbouring layers, for two layers of a network written out."""
    return expression.xreplace(ends(layers, lower)).doit()


def decrease(b: Book) -> Rate:
    """The rate of the loss with both parts, the gradient held fixed."""
    one = b.system("deep-linear.neighbours")
    lower, upper = LOWER + lam * Wa, UPPER + lam * Wb
    loss = Trace(G.T * X * Wb * Wa * Y) + lam / 2 * (Trace(Wa.T * Wa) + Trace(Wb.T * Wb))
    return Rate(one, loss, -Trace(lower.T * lower) - Trace(upper.T * upper))


def layer_steps(layers: int) -> Derivation:
    id = f"deep-linear.layer-flow-{layers}"

    def shows(b: Book, place: int) -> Identity:
        upper = place == layers
        rate = b.system("deep-linear.neighbours").rate(Wb if upper else Wa)
        return Identity(b.system(id).rate(weights(layers)[place - 1]), at(rate, layers, place - 1 if upper else place))

    steps = tuple(
        Step(f"layer {place} moves as in a network of any depth", partial(shows, place=place))
        for place in range(1, layers + 1)
    )
    balance = tuple(
        Step(
            f"its imbalance ${name}$ follows the balance law",
            lambda b, value=value: Rate(b.system(id), value, law(b, value)),
        )
        for name, value in balances(layers)
    )
    return Derivation(id, steps + balance)


def law(b: Book, value: Any) -> Any:
    """Right side of the balance law at an imbalance (the sizes change with the letter)."""
    scale = b.formula("deep-linear.balance").value.as_coeff_mmul()[0]
    return scale * value


def balanced(layers: int) -> Derivation:
    id = f"deep-linear.balanced-flow-{layers}"
    W = weights(layers)

    def shows(b: Book) -> Closure:
        return Closure(
            b.system(f"deep-linear.layer-flow-{layers}"),
            ((A, network(layers)), (C2, W[-1] * W[-1].T), (C1, W[0].T * W[0])),
            b.system(id).equations,
            relations=balances(layers),
            found=(C2**layers - A * A.T, C1**layers - A.T * A, C2 * A - A * C1),
            point=balanced_point(layers),
        )

    return Derivation(
        id, (Step("map and outer Gram matrices close on balanced layers, and the Grams are roots of the map's", shows),)
    )


def induct(b: Book, id: str) -> Identity:
    left, right = b.formula(id).statement.args
    return Identity(
        left, right, given=INDUCTION, symmetric=(C2, K, R),
        point=((K, Z.T * Z), (V, (Z.T * Z) ** ROOT), (C2, Z * Z.T), (R, Z * Z.T)),
    )  # fmt: skip


def first(b: Book, id: str) -> Identity:
    """The induction starts at the last layer: there, nothing above, the sides agree by definition."""
    left, right = b.formula(id).statement.args
    top = MatrixSymbol("W", d_out, w)
    table = {Z: top, C2: top * top.T, R: top * top.T, K: top.T * top}
    return Identity(left.xreplace(table), right.xreplace(table), given=(("V V' = W'W", V * V.T - top.T * top),),
                    point=((V, (top.T * top) ** ROOT),))  # fmt: skip


def induction(id: str) -> Derivation:
    return Derivation(
        id,
        (
            Step("with the last layer alone above it holds", lambda b: first(b, id)),
            Step("if it holds for the layers above, balance carries it over one more layer", lambda b: induct(b, id)),
        ),
    )


def critical(b: Book, item: Any) -> Identity:
    """At a critical point both sides equal minus the same word."""
    one = b.system("deep-linear.neighbours")
    side = b.formula("deep-linear.critical-balance").statement.args[0 if item == Wa else 1]
    word = LOWER * Wa.T
    other = one.rate(Wa) * Wa.T if item == Wa else Wb.T * one.rate(Wb)
    return Identity(side + other, -word)


DERIVATIONS = (
    Derivation(
        "deep-linear.neighbours",
        (
            Step("along the flow the loss decreases by the squared norms of both gradients", decrease),
            Step("lower layer", lambda b: Identity(b.system("deep-linear.neighbours").rate(Wa), -LOWER - lam * Wa)),
            Step("upper layer", lambda b: Identity(b.system("deep-linear.neighbours").rate(Wb), -UPPER - lam * Wb)),
        ),
    ),
    Derivation(
        "deep-linear.neighbours-step",
        tuple(
            Step(
                f"one step of ${latex(item)}$ follows its rate",
                lambda b, item=item: Identity(
                    b.system("deep-linear.neighbours-step").rate(item),
                    item + eta * b.system("deep-linear.neighbours").rate(item),
                ),
            )
            for item in (Wa, Wb)
        ),
    ),
    *(layer_steps(layers) for layers in DEPTHS),
    Derivation(
        "deep-linear.balance",
        (
            Step(
                "the rate of $W_lW_l^T-W_{l+1}^TW_{l+1}$, at any depth",
                lambda b: Rate(
                    b.system("deep-linear.neighbours"), PAIR, b.formula("deep-linear.balance").value.xreplace({D: PAIR})
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.balance-step",
        (
            Step(
                "the next imbalance minus the imbalance, at any depth",
                lambda b: Rate(
                    b.system("deep-linear.neighbours-step"), PAIR, b.formula("deep-linear.balance-step").value - PAIR
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.critical-balance",
        tuple(
            Step(
                f"where ${latex(item)}$ rests, its side is minus the word of the gradient that both share",
                lambda b, item=item: critical(b, item),
            )
            for item in (Wa, Wb)
        ),
    ),
    *(balanced(layers) for layers in (2, 3, 4)),
    *(induction(f"deep-linear.{id}") for id in ("outer-power", "outer-pull")),
)

"""Why biases, a start that is not centred, largest rates and the hybrid of muP do what they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sympy import Rational, symbols

from ...theory.parameterizations.calculus import Table, table
from ...theory.parameterizations.letters import (
    U_1,
    U_2,
    U_3,
    L,
    chi_1,
    chi_2,
    chi_3,
    chi_sum,
    d_l,
    l,
    mu,
    x_l,
    x_t,
)
from ...theory.parameterizations.maximal import largest_rates
from ...theory.parameterizations.scalings import first_rates, named
from ..chain import Book, Derivation, Identity, Step
from .exponents import BETWEEN, FIRST, LAST, A, derivation, value

half = Rational(1, 2)
DEPTHS = (1, 2, 3, 4)
HIDDEN = tuple((depth, layer) for depth in DEPTHS for layer in range(1, depth + 1))
INNER = tuple((depth, layer) for depth, layer in HIDDEN if layer > 1)


@cache
def with_biases(depth: int, activation: str = "relu", cancels: str | None = None) -> Table:
    return table(named("ip-llr-bias", depth), activation, steps=1, cancels=cancels)


@cache
def with_mean(depth: int, activation: str = "relu", cancels: str | None = None) -> Table:
    return table(named("ip", depth), activation, steps=1, centred=False, cancels=cancels)


@cache
def rates(name: str, depth: int, bounded: bool) -> tuple[Any, ...]:
    """Largest rates; muP with its multipliers ``-1/2, 0, ..., 0, 1/2``."""
    point = named(name, depth)
    return largest_rates(point.shifted((-half,) * (depth + 1)) if name == "mup" else point, bounded)


def of_table(id: str, make: Callable[..., Table], quantity: str, step: int = 0, **more: Any) -> Callable[..., Identity]:
    """One entry of the recursion against a closed exponent, in a case (depth, layer)."""

    def shows(book: Book, case: tuple[int, int]) -> Identity:
        depth, layer = case
        return Identity(make(depth, **more).value(quantity, layer, step), value(book, id, depth=depth, layer=layer))

    return shows


def recursion(
    id: str, words: str, make: Any, quantity: str, cases: Any = HIDDEN, scope: str = "", *more: Step, **options: Any
) -> Derivation:
    """A closed exponent: the recursion layer by layer, and further steps."""
    shows = of_table(id, make, quantity, options.pop("step", 0), **options)
    return derivation(id, Step(words, shows, cases=cases, scope=scope or "L = 1..4"), *more)


def between(id: str, change: Any, layer: Any = 1) -> Callable[[Book], Identity]:
    """From one layer to the next (or the one below), the exponent changes by this much."""
    return lambda book: Identity(value(book, id, layer=l + layer) - value(book, id), change)


def solved(id: str, place: int, of_bias: bool = False) -> Callable[..., Identity]:
    """Rates from the linear equations."""

    def shows(book: Book, case: tuple[int, int]) -> Identity:
        depth, layer = case
        found = first_rates(depth, 1, biases=True)[1 if of_bias else 0]
        assert found is not None
        return Identity(found[layer - 1], value(book, id, depth=depth, layer=layer))

    return shows


def all_move(book: Book, case: tuple[int, int]) -> Identity:
    depth, layer = case
    return Identity(with_biases(depth).value("Dh", layer, 1), 0)


def first_signal(book: Book) -> Identity:
    """Derivative of the loss by an activation: weights of three outputs with a common mean, their derivatives sum to zero."""
    weights = (mu + U_1, mu + U_2, mu + U_3)
    entry = book.formula("parameterizations.softmax-signal")
    signal = sum(weight * one for weight, one in zip(weights, (chi_1, chi_2, chi_3)))
    return Identity(signal, entry.statement.args[1], let=entry.let)


def one_number(book: Book) -> Identity:
    """The update summed over three samples that share input and signal."""
    chis = symbols("chi_1:4", real=True)
    summed = sum(one * d_l * x_l for one in chis) * x_t
    return Identity(summed, value(book, "bias-one-sample").subs(chi_sum, sum(chis)))


DERIVATIONS = (
    recursion(
        "bias-samples", "the recursion: W(0) on what differs, a random sum", with_biases, "vh", HIDDEN, "",
        Step("each layer loses 1/2", between("bias-samples", half - A("ip", BETWEEN))),
    ),
    recursion(
        "bias-backward", "the recursion: slopes have size one", with_biases, "dh", HIDDEN, "",
        Step("each layer gains 1/2", between("bias-backward", A("ip", BETWEEN) - half)),
        Step("the last sees the output weights", lambda book: Identity(value(book, "bias-backward", layer=L), -A("ip", LAST))),
    ),
    derivation(
        "bias-rate-first",
        Step("solved from the linear equations", solved("bias-rate-first", FIRST), cases=tuple((depth, 1) for depth in DEPTHS), scope="L = 1..4"),
        Step(
            "the first layer moves by its size",
            lambda book: Identity(value(book, "bias-backward", layer=1), value(book, "bias-rate-first")),
        ),
    ),
    derivation(
        "bias-rate-inner",
        Step("solved from the linear equations", solved("bias-rate-inner", BETWEEN), cases=INNER, scope="L = 2..4"),
        Step(
            "layers in between move by their size, aligned sum",
            lambda book: Identity(value(book, "bias-backward") + 1 - 2, value(book, "bias-rate-inner")),
        ),
        Step("with these rates the recursion moves everything by its size", all_move, cases=HIDDEN, scope="L = 1..4"),
    ),
    derivation(
        "bias-rate",
        Step("solved from the linear equations", solved("bias-rate", BETWEEN, True), cases=HIDDEN, scope="L = 1..4"),
        Step(
            "a bias moves by its size",
            lambda book: Identity(value(book, "bias-backward"), value(book, "bias-rate")),
        ),
    ),
    derivation("bias-one-sample", Step("the sum over three samples", one_number)),
    recursion(
        "bias-balanced", "the recursion with derivatives that sum to zero over the samples",
        with_biases, "Dh", INNER, "L = 2..4",
        Step("each layer loses 1/2: the first weights on the change of the layer below", between("bias-balanced", half - A("ip", BETWEEN))),
        step=1, cancels="samples",
    ),
    recursion("mean-spread", "the recursion: the random part of W(0) is all that differs", with_mean, "sh", INNER, "L = 2..4"),
    recursion("mean-spread-odd", "the recursion with tanh", with_mean, "sh", INNER, "L = 2..4", activation="tanh"),
    recursion(
        "mean-backward", "the recursion: sums over W(0) have a mean", with_mean, "dh", HIDDEN, "",
        Step("no layer loses anything", between("mean-backward", 1 - A("ip", BETWEEN))),
    ),
    derivation("softmax-signal", Step("weights $\\mu+U_c$, derivatives whose sum is zero", first_signal)),
    recursion(
        "softmax-backward", "the recursion with a centred signal in the last hidden layer",
        with_mean, "dh", HIDDEN, "", cancels="outputs",
    ),
    derivation(
        "maximal-mup",
        Step(
            "linear program, constraints read off the recursion, every layer",
            lambda book, case: Identity(rates("mup", case[0], True)[case[1] - 1], value(book, "maximal-mup")),
            cases=tuple((depth, layer) for depth in (1, 2, 3) for layer in range(1, depth + 2)),
            scope="L = 1..3",
        ),
    ),
    *(
        derivation(
            id,
            Step(
                "linear program, constraints read off the recursion, every layer",
                lambda book, case, id=id, bounded=bounded: Identity(
                    rates("ntk", case[0], bounded)[case[1] - 1], value(book, id, depth=case[0], layer=case[1])
                ),
                cases=tuple((depth, layer) for depth in (1, 2, 3) for layer in range(1, depth + 2)),
                scope="L = 1..3",
            ),
        )
        for id, bounded in (("maximal-ntk", False), ("maximal-ntk-bounded", True))
    ),
)  # fmt: skip

"""Why the statements about aligned modes are true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Identity as Eye
from sympy import Integer, LambertW, MatrixSymbol, Symbol, log, oo

from ...theory.deep_linear.letters import G, Wa, Wb, X, Y, d_in, d_out, depth, lam, t, w_0, w_1, w_2
from ...theory.deep_linear.modes import LAYERS, a, b, g, goal, q, s, s_0, tau, u, u_0, x, z_0
from ..chain import Book, Derivation, Derivative, Identity, Limit, Rate, Step

rank = Symbol("k", integer=True, positive=True)
U, V = MatrixSymbol("U", d_out, rank), MatrixSymbol("V", d_in, rank)
H0, H1, H2 = (MatrixSymbol(f"H{k}", size, rank) for k, size in enumerate((w_0, w_1, w_2)))
a_, b_, g_, above, below = (MatrixSymbol(f"{name}_", rank, rank) for name in ("a", "b", "g", "above", "below"))
DIAGONAL = (a_, b_, g_, above, below)
FRAMES = (
    ("H_0'H_0 = I", H0.T * H0 - Eye(rank)),
    ("H_1'H_1 = I", H1.T * H1 - Eye(rank)),
    ("H_2'H_2 = I", H2.T * H2 - Eye(rank)),
    ("U'GV = g", U.T * G * V - g_),
    *((f"{y} {z} = {z} {y}", y * z - z * y) for k, y in enumerate(DIAGONAL) for z in DIAGONAL[k + 1 :]),
)
ANSATZ = {Wa: H1 * a_ * H0.T, Wb: H2 * b_ * H1.T, X: U * above * H2.T, Y: H0 * below * V.T}
"""Layers whose singular frames fit together, and a gradient that is diagonal in the outer ones."""


def diagonal(rate: Any) -> Any:
    """A rate of the aligned neighbours as a matrix of all modes: letters become diagonal matrices."""
    total = 0 * a_
    words = {a: (a_,), b: (b_,), g: (g_,), q: (above, below)}
    for powers, factor in rate.as_poly(a, b, g, q).terms():
        word = factor * Eye(rank)
        for letter, power in zip((a, b, g, q), powers):
            for matrix in words[letter] * power:
                word = word * matrix
        total = total + word
    return total


def aligned(book: Book, item: Any) -> Identity:
    own, full, left, right = (a, Wa, H1, H0) if item == a else (b, Wb, H2, H1)
    rate = book.system("deep-linear.neighbours").rate(full).xreplace(ANSATZ)
    mine = diagonal(book.system("deep-linear.aligned-neighbours").rate(own))
    return Identity(rate, left * mine * right.T, given=FRAMES, symmetric=DIAGONAL)


def of(book: Book, id: str) -> Any:
    return book.formula(f"deep-linear.{id}")


def mode_at(book: Book, layers: Any, **more: Any) -> Any:
    """Rate of the singular value at one depth, without weight decay."""
    return book.system("deep-linear.mode").rate(s).subs({depth: layers, lam: 0, **more})


def solves(id: str, layers: Any) -> tuple[Step, ...]:
    def moves(book: Book) -> Derivative:
        value = of(book, id).value
        return Derivative(value, t, mode_at(book, Integer(layers)).subs(s, value))

    return (
        Step("it solves the equation of the mode", moves),
        Step("it starts at $s_0$", lambda book: Identity(of(book, id).value.subs(t, 0), s_0)),
    )


def in_units(book: Book, id: str) -> Any:
    """The time as a function of ``u`` and ``u_0``, as the formula says."""
    return of(book, id).statement.args[1]


def time_steps(layers: int) -> Derivation:
    id = f"time-{layers}"

    def slope(book: Book) -> Derivative:
        unit = book.system("deep-linear.unit-mode").rate(u).subs(depth, layers)
        return Derivative(in_units(book, id), u, 1 / unit, assuming=(u < 1,))

    def unit(book: Book) -> Rate:
        value = dict(of(book, id).let)[u]
        rate = book.system("deep-linear.unit-mode").rate(u).subs(depth, layers)
        return Rate(frozen(book, layers), value, rate.subs(u, value))

    return Derivation(
        f"deep-linear.{id}",
        (
            Step("its derivative by $u$ is one over the rate of $u$", slope),
            Step("the $u$ of the formula has this rate", unit),
            Step("no time passes between equal values", lambda book: Identity(in_units(book, id).subs(u, u_0), 0)),
            Step(
                "the $u_0$ of the formula is its $u$ at the start",
                lambda book: Identity(dict(of(book, id).let)[u_0], dict(of(book, id).let)[u].subs(s, s_0)),
            ),
        ),
    )


def frozen(book: Book, layers: int) -> Any:
    """The mode at one depth without weight decay, as a system."""
    one = book.system("deep-linear.mode")
    return replace(one, equations=((s, mode_at(book, Integer(layers))),))


def infinite(book: Book) -> Derivative:
    value = of(book, "mode-infinite-depth").statement.args[1]
    return Derivative(value, tau, book.system("deep-linear.infinite-mode").rate(s).subs(s, value))


def at_start(book: Book) -> Any:
    """Lambert's function at the start, over ``z_0``, plus their logarithms: it is zero if and only if both agree."""
    value = of(book, "mode-infinite-depth").statement.args[1]
    (inside,) = value.subs(tau, 0).atoms(LambertW)
    return inside - z_0 + log(inside) - log(z_0)


def lambert(book: Book) -> Derivative:
    return Derivative(at_start(book), z_0, Integer(0))


def one_start(book: Book) -> Identity:
    return Identity(at_start(book).subs(z_0, 1), 0)


DERIVATIONS = (
    Derivation(
        "deep-linear.aligned-neighbours",
        tuple(
            Step(
                f"layers with fitting singular frames keep them, and ${item}$ follows its own equation",
                lambda book, item=item: aligned(book, item),
            )
            for item in (a, b)
        ),
    ),
    Derivation(
        "deep-linear.layer-mode",
        (
            Step(
                "equal strengths stay equal",
                lambda book: Rate(book.system("deep-linear.aligned-neighbours"), a - b, (q * g - lam) * (a - b)),
            ),
            Step(
                "the rate with all strengths equal, and the gradient $x^L-s^*$ of the squared error",
                lambda book: Identity(
                    book.system("deep-linear.aligned-neighbours")
                    .rate(a)
                    .subs({a: x, b: x, q: x ** (depth - 2), g: x**depth - goal}),
                    book.system("deep-linear.layer-mode").rate(x),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.mode",
        (
            Step(
                "the rate of $x^L$",
                lambda book: Rate(
                    book.system("deep-linear.layer-mode"),
                    x**depth,
                    book.system("deep-linear.mode").rate(s).subs(s, x**depth),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.unit-mode",
        (
            Step(
                "the rate of $x$ divided by $(s^*)^{1/L}$, at $x=(s^*)^{1/L}u$",
                lambda book: Identity(
                    (book.system("deep-linear.layer-mode").rate(x) / goal ** (1 / depth)).subs(
                        {lam: 0, x: goal ** (1 / depth) * u}
                    ),
                    book.system("deep-linear.unit-mode").rate(u),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.infinite-mode",
        (
            Step(
                "the limit of the rate over the depth",
                lambda book: Limit(
                    book.system("deep-linear.mode").rate(s).subs(lam, 0) / depth,
                    depth,
                    oo,
                    book.system("deep-linear.infinite-mode").rate(s),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.time-split",
        (
            Step(
                "both parts add up to one over the rate of $u$",
                lambda book: Identity(
                    of(book, "time-split").value,
                    goal ** (2 - 2 / depth) / book.system("deep-linear.unit-mode").rate(u),
                    assuming=(u < 1,),
                ),
            ),
        ),
    ),
    *(time_steps(layers) for layers in LAYERS),
    Derivation("deep-linear.mode-one-layer", solves("mode-one-layer", 1)),
    Derivation("deep-linear.mode-two-layers", solves("mode-two-layers", 2)),
    Derivation(
        "deep-linear.mode-infinite-depth",
        (
            Step("it solves its equation", infinite),
            Step("at the start, $W+\\ln W-z_0-\\ln z_0$ does not depend on $z_0$", lambert),
            Step("it is zero at $z_0=1$, so that $W=z_0$, as $z+\\ln z$ grows", one_start),
            Step(
                "its derivative is a sum of positive numbers", lambda book: Derivative(z_0 + log(z_0), z_0, 1 + 1 / z_0)
            ),
            Step(
                "where $z=z_0$ the singular value is $s_0$",
                lambda book: Identity(
                    of(book, "mode-infinite-depth")
                    .statement.args[1]
                    .replace(LambertW, lambda inside: z_0)
                    .subs(z_0, dict(of(book, "mode-infinite-depth").let)[z_0]),
                    s_0,
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.time-infinite-depth",
        (
            Step(
                "its derivative by $s$ is one over the rate of $s$",
                lambda book: Derivative(
                    of(book, "time-infinite-depth").value,
                    s,
                    1 / book.system("deep-linear.infinite-mode").rate(s),
                    assuming=of(book, "time-infinite-depth").assuming,
                ),
            ),
            Step(
                "no time passes between equal values",
                lambda book: Identity(of(book, "time-infinite-depth").value.subs(s, s_0), 0),
            ),
        ),
    ),
)

"""Why the statements about the escape from the origin are true."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from sympy import Identity as Eye
from sympy import Integer, MatrixSymbol, Symbol, sqrt

from ...theory.deep_linear.escape import (
    T,
    alpha,
    e,
    e_0,
    eps,
    eps_0,
    g_1,
    g_j,
    k,
    p_1,
    p_j,
    q_1,
    q_j,
    x_0,
    y,
)
from ...theory.deep_linear.letters import G, Wa, Wb, X, Y, d_in, d_out, depth, lam, t, w_0, w_1, w_2
from ...theory.deep_linear.modes import a, b, g, goal, q, s, s_0, u, u_0, x
from ..chain import Book, Cited, Derivation, Derivative, Identity, Limit, Rate, Step

u_1, u_j = MatrixSymbol("u_1", d_out, 1), MatrixSymbol("u_j", d_out, 1)
v_1, v_j = MatrixSymbol("v_1", d_in, 1), MatrixSymbol("v_j", d_in, 1)
r_1, r_2 = MatrixSymbol("r_1", w_1, 1), MatrixSymbol("r_2", w_2, 1)
r_0 = MatrixSymbol("r_0", w_0, 1)
ONE = Eye(1)
begin, end = Symbol("F_0", real=True), Symbol("F_u", real=True)
UNIT = tuple(
    (f"{left}'{right} = {int(left == right)}", left.T * right - (ONE if left == right else 0 * ONE))
    for vectors in ((u_1, u_j), (v_1, v_j), (r_1,), (r_2,), (r_0,))
    for left in vectors
    for right in vectors
)
PULL = g_1 * u_1 * v_1.T + g_j * u_j * v_j.T
FIRST, LAST = p_1 * v_1 + p_j * v_j, q_1 * u_1 + q_j * u_j


def of(book: Book, id: str) -> Any:
    return book.formula(f"deep-linear.{id}")


def free(book: Book, item: Any, table: dict[Any, Any]) -> Any:
    """Rate of one of two neighbouring layers without decay, at given layers."""
    rate = book.system("deep-linear.neighbours").rate(item).subs(lam, 0)
    return rate.xreplace({G: -PULL, **table}).doit()


def claimed(book: Book, *pairs: tuple[Any, Any]) -> Any:
    """Sum of vectors times the claimed rates of their coefficients."""
    rates = [book.system("deep-linear.rank-one").rate(item) * vector for item, vector in pairs]
    return rates[0] + rates[1]


def first_layer(book: Book) -> Identity:
    table = {Wa: r_1 * FIRST.T, Wb: y * r_2 * r_1.T, X: y ** (depth - 3) * LAST * r_2.T, Y: Eye(d_in)}
    return Identity(free(book, Wa, table), r_1 * claimed(book, (p_1, v_1), (p_j, v_j)).T, given=UNIT)


def last_layer(book: Book) -> Identity:
    table = {Wb: LAST * r_1.T, Wa: y * r_1 * r_0.T, Y: y ** (depth - 3) * r_0 * FIRST.T, X: Eye(d_out)}
    return Identity(free(book, Wb, table), claimed(book, (q_1, u_1), (q_j, u_j)) * r_1.T, given=UNIT)


def inner_layer(book: Book) -> Identity:
    table = {Wb: LAST * r_1.T, Wa: y * r_1 * r_0.T, Y: y ** (depth - 3) * r_0 * FIRST.T, X: Eye(d_out)}
    return Identity(free(book, Wa, table), book.system("deep-linear.rank-one").rate(y) * r_1 * r_0.T, given=UNIT)


def inner_above(book: Book) -> Identity:
    """An inner layer as the upper of two neighbours, the first layer below it."""
    table = {Wa: r_1 * FIRST.T, Wb: y * r_2 * r_1.T, X: y ** (depth - 3) * LAST * r_2.T, Y: Eye(d_in)}
    return Identity(free(book, Wb, table), book.system("deep-linear.rank-one").rate(y) * r_2 * r_1.T, given=UNIT)


def inner_pair(book: Book, item: Any) -> Identity:
    """Two inner layers."""
    table = {
        Wa: y * r_1 * r_0.T,
        Wb: y * r_2 * r_1.T,
        X: y**k * LAST * r_2.T,
        Y: y ** (depth - 4 - k) * r_0 * FIRST.T,
    }
    ends = r_1 * r_0.T if item == Wa else r_2 * r_1.T
    return Identity(free(book, item, table), book.system("deep-linear.rank-one").rate(y) * ends, given=UNIT)


def along_mode(book: Book) -> Any:
    """Rate of every layer along one mode at the gradient of the origin."""
    rate = book.system("deep-linear.aligned-neighbours").rate(a)
    return rate.subs({a: x, b: x, q: x ** (depth - 2), g: -g_1})


def scaled(book: Book, item: Any = Wa) -> Any:
    """Rate of a layer at weights scaled by ``alpha``: itself, its neighbour, and all others together."""
    table = {Wa: alpha * Wa, Wb: alpha * Wb, Y: alpha ** (depth - 2) * Y}
    return book.system("deep-linear.neighbours").rate(item).xreplace(table)


def turned(rate: Any) -> Any:
    """The rate of the lower layer as that of the upper one, in the network that runs from the output to the input."""
    return rate.xreplace({Wa: Wb.T, Wb: Wa.T, X: Y.T, Y: X.T, G: G.T}).T.doit()


def scales(book: Book, item: Any) -> Identity:
    """``alpha theta(c t)`` solves the flow with ``c = T/T_alpha``."""
    speedup = T / of(book, "escape-scaling").value
    rate = book.system("deep-linear.neighbours").rate(item).subs(lam, 0)
    return Identity(scaled(book, item).subs(lam, 0), alpha * speedup * rate)


def escape(book: Book, layers: Any = None) -> Any:
    one = book.system("deep-linear.escape")
    return one if layers is None else replace(one, equations=((x, one.rate(x).subs(depth, layers)),))


def solution(book: Book) -> Derivative:
    one = of(book, "escape-solution")
    return Derivative(one.value, t, escape(book).rate(x).subs(x, one.value), assuming=one.assuming)


def misalignment(book: Book) -> Any:
    return of(book, "alignment").value.subs(e, p_1 + q_1)


def relaxes(book: Book, content: Any) -> Rate:
    """Both the ratio and the formula obey one linear equation; so they stay equal."""
    return Rate(book.system("deep-linear.rank-one"), content, (g_j - g_1) * y ** (depth - 2) * content)


def small_start(book: Book, layers: int) -> Limit:
    """Exact time at ``u_0`` small, in units of the target, over the leading one."""
    power = (goal ** (2 - 2 / depth)).subs(depth, layers)
    lead = power * of(book, "small-start-time").value.subs(s_0, goal * u_0**depth).subs(depth, layers)
    near, far = (of(book, "approach-roots").value.subs(depth, layers).doit().subs(u, one) for one in (u_0, u))
    exact = u_0 ** (2 - layers) / (layers - 2) - u ** (2 - layers) / (layers - 2) + end - begin
    let = ((begin, near), (end, far))
    return Limit(exact / lead, u_0, 0, Integer(1), let=let, assuming=(u < 1,))


DERIVATIONS = (
    Derivation(
        "deep-linear.origin",
        (
            Step(
                "the rate at scaled weights over the scale, at any depth",
                lambda book: Identity(scaled(book), alpha * of(book, "origin").value),
            ),
            Step(
                "the same for the upper layer, by reversing the network",
                lambda book: Identity(scaled(book, Wb), alpha * turned(of(book, "origin").value)),
            ),
        ),
    ),
    Derivation(
        "deep-linear.origin-growth",
        (
            Step(
                "the rate of every layer over its strength",
                lambda book: Identity(along_mode(book) / x, of(book, "origin-growth").value),
            ),
        ),
    ),
    Derivation(
        "deep-linear.origin-two-layers",
        (
            Step(
                "the growth with two layers does not depend on the strength",
                lambda book: Identity(
                    of(book, "origin-growth").value.subs(depth, 2), of(book, "origin-two-layers").value
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.origin-deep",
        (
            Step(
                "the growth in the limit of small strength",
                lambda book, layers: Limit(
                    of(book, "origin-growth").value.subs(depth, layers), x, 0, of(book, "origin-deep").value
                ),
                cases=(3, 4, 5, 6),
                scope="L = 3..6",
            ),
        ),
    ),
    Derivation(
        "deep-linear.escape",
        (
            Step(
                "the rate of every layer at constant gradient, without decay",
                lambda book: Identity(along_mode(book).subs(lam, 0), escape(book).rate(x)),
            ),
        ),
    ),
    Derivation(
        "deep-linear.escape-solution",
        (
            Step("it solves its equation", solution),
            Step(
                "it starts at $x_0$",
                lambda book: Identity(of(book, "escape-solution").value.subs(t, 0), x_0, assuming=(depth > 2,)),
            ),
        ),
    ),
    Derivation(
        "deep-linear.escape-time",
        (
            Step(
                "the inverse power of the solution falls to zero",
                lambda book: Identity(
                    (of(book, "escape-solution").value ** (2 - depth)).simplify().subs(t, of(book, "escape-time").value), 0,
                    assuming=(depth > 2,),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.escape-two-layers",
        (
            Step(
                "it solves its equation",
                lambda book: Derivative(
                    of(book, "escape-two-layers").value,
                    t,
                    escape(book, 2).rate(x).subs(x, of(book, "escape-two-layers").value),
                ),
            ),
            Step(
                "it starts at $x_0$", lambda book: Identity(of(book, "escape-two-layers").value.subs(t, 0), x_0)
            ),
        ),
    ),
    Derivation(
        "deep-linear.escape-scaling",
        tuple(
            Step(f"scaled weights run along the same path, faster: the {words} layer", partial(scales, item=item))
            for words, item in (("lower", Wa), ("upper", Wb))
        ),
    ),
    Derivation(
        "deep-linear.escape-speed",
        (
            Step(
                "the norm of $L$ layers of strength $x$ is $\\sqrt{L}x$",
                lambda book: Rate(
                    escape(book), sqrt(depth) * x, of(book, "escape-speed").value * (sqrt(depth) * x) ** (depth - 1)
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.half-time-two-layers",
        (
            Step(
                "the logistic curve at this time",
                lambda book: Identity(
                    of(book, "mode-two-layers").value.subs(t, of(book, "half-time-two-layers").value),
                    goal / 2,
                    assuming=(s_0 < goal,),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.small-start-time",
        (
            Step(
                "the exact time over the leading one tends to one",
                small_start,
                cases=(3, 4, 5, 6),
                scope="L = 3..6",
            ),
        ),
    ),
    Derivation(
        "deep-linear.rank-one",
        (
            Step("the first layer stays of rank one", first_layer),
            Step("the last layer stays of rank one", last_layer),
            Step("an inner layer below the last one only grows", inner_layer),
            Step("so does an inner layer above the first one", inner_above),
            *(
                Step(f"so does {words} of two inner layers", partial(inner_pair, item=item))
                for words, item in (("the lower", Wa), ("the upper", Wb))
            ),
        ),
    ),
    Derivation(
        "deep-linear.alignment",
        (
            Step("the rate of the misalignment", lambda book: relaxes(book, (p_j + q_j) / (p_1 + q_1))),
            Step("the formula has the same rate", lambda book: relaxes(book, misalignment(book))),
            Step("it starts right", lambda book: Identity(of(book, "alignment").value.subs(e, e_0), eps_0)),
        ),
    ),
    Derivation(
        "deep-linear.alignment-scaling",
        (
            Step(
                "the start scaled, the end fixed",
                lambda book: Identity(
                    of(book, "alignment").value.subs(e_0, alpha * e_0),
                    of(book, "alignment-scaling").value.subs(eps, of(book, "alignment").value),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.saddle-to-saddle",
        (
            Step(
                "a learned mode rests: squared error, no decay",
                lambda book: Identity(book.system("deep-linear.mode").rate(s).subs({lam: 0, s: goal}), 0),
            ),
            Step(
                "that gradient flow visits these plateaus one after the other is a conjecture",
                lambda book: Cited(of(book, "saddle-to-saddle").source),
            ),
        ),
    ),
)  # fmt: skip

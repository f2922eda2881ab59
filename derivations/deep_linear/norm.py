"""Why weight decay is a norm of the map: means, convexity, summation by parts, balanced layers."""

from __future__ import annotations

from typing import Any

from sympy import Trace, exp

from ...theory.deep_linear.layers import balances, network
from ...theory.deep_linear.letters import C2, depth, weights
from ...theory.deep_linear.norm import a, b, one, slopes, sums, terms, two
from ..chain import Book, Cited, Derivation, Derivative, Identity, Step
from .decay import of
from .layers import balanced_point


def gap(book: Book, id: str) -> Any:
    """Right side minus left side."""
    low, high = of(book, id).statement.args
    return high - low


def fewer(book: Book) -> Identity:
    """The gap at one depth by the gap at one layer less, a square more."""
    own = gap(book, "mean-step")
    return Identity(own, a * own.subs(depth, depth - 1) + depth * b ** (depth - 1) * (a - b) ** 2)


def parts(book: Book, count: int) -> Any:
    """The right side for so many terms."""
    return of(book, "summation-by-parts").value.subs(terms, count).doit()


def by_parts(book: Book, count: int) -> Identity:
    """One more term adds one more slope times difference."""
    added = slopes[count] * (sums[count] - sums[count - 1])
    return Identity(parts(book, count) - parts(book, count - 1), added)


def traces(book: Book, layers: int) -> Identity:
    """Norms of all layers written out, on balanced layers."""
    W = weights(layers)
    outer = of(book, "balanced-norm").value.subs(depth, layers).xreplace({C2: W[-1] * W[-1].T})
    norms = sum((Trace(one.T * one) for one in W[1:]), start=Trace(W[0].T * W[0]))
    return Identity(norms, outer, given=balances(layers), point=balanced_point(layers))


def powers(book: Book, layers: int) -> Identity:
    """The outer Gram matrix is the root of the map's: its trace is the sum of the powers 2/L of the singular values."""
    W, A = weights(layers), network(layers)
    own = of(book, "balanced-norm").value.subs(depth, layers).as_independent(Trace)[0]
    return Identity(
        own * (W[-1] * W[-1].T) ** layers, layers * A * A.T, given=balances(layers), point=balanced_point(layers)
    )


DEPTHS = (2, 3, 4, 5)
DERIVATIONS = (
    Derivation(
        "deep-linear.mean-step",
        (
            Step("the gap is $a$ times the gap with one layer less, plus $L\\,b^{L-1}(a-b)^2$", fewer),
            Step(
                "with one layer it is a square",
                lambda book: Identity(gap(book, "mean-step").subs(depth, 1), (a - b) ** 2),
            ),
            Step("equal means reach it", lambda book: Identity(gap(book, "mean-step").subs(a, b), 0)),
        ),
    ),
    Derivation(
        "deep-linear.convexity",
        (
            Step(
                "the derivative of the gap has the sign of $y_2-y_1$",
                lambda book: Derivative(
                    gap(book, "convexity"), two, 2 * (exp(2 * two / depth) - exp(2 * one / depth)) / depth
                ),
            ),
            Step("the gap is zero at $y_2=y_1$", lambda book: Identity(gap(book, "convexity").subs(two, one), 0)),
        ),
    ),
    Derivation(
        "deep-linear.summation-by-parts",
        (
            Step("one term", lambda book: Identity(parts(book, 1), slopes[1] * sums[1])),
            Step("one more term, up to eight", by_parts, cases=tuple(range(2, 9)), scope="n <= 8"),
        ),
    ),
    Derivation(
        "deep-linear.balanced-norm",
        (
            Step("the norms of all layers written out", traces, cases=DEPTHS, scope="L = 2..5"),
            Step(
                "the outer Gram matrix is a root of the map's",
                powers,
                cases=DEPTHS,
                scope="L = 2..5",
            ),
        ),
    ),
    Derivation(
        "deep-linear.singular-values-of-product",
        (Step("a theorem of Horn", lambda book: Cited(of(book, "singular-values-of-product").source)),),
    ),
)  # fmt: skip

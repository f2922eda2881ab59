"""Why the statements about regimes are true."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from sympy import Identity as Eye
from sympy import Integer, Matrix, MatrixSymbol, Max, Rational, Sum, Symbol, Trace, sqrt

from ...theory.deep_linear.layers import network
from ...theory.deep_linear.letters import G, d_in, d_out, depth, lam, t, w, weights
from ...theory.deep_linear.modes import a, b, g
from ...theory.deep_linear.modes import q as q_rest
from ...theory.deep_linear.regimes import gamma, goal, kappa, kernel, p, p_0, pull, sigma, size, strength
from ..chain import Book, Bound, Cited, Derivation, Derivative, Identity, Limit, Rate, Step
from .decay import of

DEPTHS = (2, 3, 4)
k, l = (Symbol(name, integer=True, nonnegative=True) for name in "kl")
c, q = Symbol("c", positive=True), Symbol("q", real=True)
J, delta, r = MatrixSymbol("J", d_out, w), MatrixSymbol("z", w, 1), MatrixSymbol("r", d_out, 1)


def one_layer_more(book: Book) -> Identity:
    """The variance of ``sum_k W_ik M_kj``: entries are independent with mean zero, so that squares add up."""
    value = of(book, "map-variance").value
    added = Sum(sigma**2 * value, (k, 1, w)).doit()
    return Identity(value.subs(depth, depth + 1), added.subs(sigma, sqrt(kappa / w)))


def sides(layers: int) -> tuple[tuple[str, Any], ...]:
    """Outer Gram matrices of the start: the expectation of every product of n layers is kappa**n times the identity."""
    W = weights(layers)
    found = []
    for count in range(1, layers):
        upper, lower = W[-1], W[0]
        for one in W[-2 : -count - 1 : -1]:
            upper = upper * one
        for one in W[1:count]:
            lower = one * lower
        found.append((f"upper {count}", upper * upper.T - kappa**count * Eye(d_out)))
        found.append((f"lower {count}", lower.T * lower - kappa**count * Eye(d_in)))
    return tuple(found)


def moves(book: Book, layers: int) -> Rate:
    """With these Gram matrices the map moves against the gradient at the rate of the kernel."""
    value = of(book, "tangent-kernel").value.subs(depth, layers)
    flow = book.system(f"deep-linear.layer-flow-{layers}")
    return Rate(without_decay(flow), network(layers), -value * G, given=sides(layers))


def without_decay(flow: Any) -> Any:
    return replace(flow, equations=tuple((item, rate.subs(lam, 0).doit()) for item, rate in flow.equations))


KERNEL = (("J J' = Theta", J * J.T - kernel * Eye(d_out)),)


def nearest(book: Book) -> Bound:
    """Any change ``z`` that removes the error ``r`` is at least as large as ``J' r / Theta``."""
    best = J.T * r / kernel
    rest = delta - best
    return Bound(
        Trace(r.T * r) / kernel, Trace(delta.T * delta), terms=(Trace(rest.T * rest),),
        given=(*KERNEL, ("J z = r", J * delta - r)),
    )  # fmt: skip


def reached(book: Book) -> Identity:
    """The formula is the norm of that change."""
    return Identity(of(book, "lazy-distance").value ** 2 * of(book, "tangent-kernel").value, size**2)


def exponent(book: Book, id: str, shift: Any) -> Identity:
    """A power of the width with this exponent, squared."""
    return Identity(w ** (2 * of(book, id).value), shift)


def by_width(book: Book, value: Any) -> Any:
    return value.subs(kappa, of(book, "kappa").value)


def distance(book: Book, error: Any) -> Any:
    """Squared distance in the lazy regime with an error of this size."""
    return by_width(book, of(book, "lazy-distance").value.subs(size, error) ** 2) * depth


def place(book: Book) -> tuple[Any, Any]:
    """Both layers of one mode at the nearest minimum, in the orthonormal frame of the start."""
    first, last = Matrix([1, pull]) / (1 - pull**2), Matrix([pull, 1]) / (1 - pull**2)
    return sqrt(kappa) * first, sqrt(kappa) * last


START = sqrt(kappa) * Matrix([1, 0]), sqrt(kappa) * Matrix([0, 1])


def stationary(book: Book, item: int) -> Identity:
    """The change of a layer is the multiplier times the other layer."""
    layers = place(book)
    return Identity(layers[item] - START[item], pull * layers[1 - item])


def learned(book: Book) -> Identity:
    first, last = place(book)
    return Identity((last.T * first)[0], of(book, "crossover").value)


def moved(book: Book) -> Identity:
    changes = [one - two for one, two in zip(place(book), START)]
    return Identity(sum((one.T * one)[0] for one in changes), of(book, "crossover-distance").value)


def at_strength(book: Book) -> Any:
    """Squared distance with kappa by the strength of the mode."""
    scale = strength / (of(book, "crossover").value / kappa)
    return of(book, "crossover-distance").value.subs(kappa, scale), scale


CHAIN = Rational(3, 4) * Rational(-1, 2) ** k
"""Last layer at the saddle in the basis of the chain, in units of the root of kappa."""


def geometric(first: Any, ratio: Any) -> Any:
    """Sum of ``first**2 ratio**(2k)`` over all k."""
    return first**2 / (1 - ratio**2)


def chain_cost(book: Book) -> Any:
    """Squared distance over kappa: layer one removed, last layer ``c q**k``, middle layer projected."""
    change = (c - 1) ** 2 + geometric(c * q, q)
    middle = geometric(c * (1 + q), q) / geometric(c, q)
    return 1 + change + middle


BEST = {c: Rational(3, 4), q: Rational(-1, 2)}


def balance_of(book: Book, first: bool) -> Identity:
    """Stationary in every coefficient of the last layer: coefficients of the change and of the projection."""
    total = geometric(BEST[c], BEST[q])
    share = (
        of(book, "saddle-distance-three-layers").value ** 2 / kappa - 1 - (BEST[c] - 1) ** 2 - (total - BEST[c] ** 2)
    )
    here, later = CHAIN, CHAIN.subs(k, k + 1)
    if first:
        return Identity((here - 1 + (here + later) / total - share * here / total).subs(k, 0), 0)
    earlier = CHAIN.subs(k, k - 1)
    return Identity(here + (earlier + 2 * here + later) / total - share * here / total, 0)


def branch(book: Book, id: str, below: bool) -> Any:
    """The exponent below or above ``1 - 1/L``: the map at the start counts, or it does not."""
    pick = lambda *both: next(one for one in both if bool(one.is_number) is not below)  # noqa: E731
    return of(book, id).value.replace(Max, pick)


def lazy_at(book: Book) -> Any:
    """Squared distance of the lazy regime at two layers, with kappa by the strength of the mode."""
    own = of(book, "lazy-distance").value.subs({depth: 2, size: strength}) ** 2
    return own.subs(kappa, at_strength(book)[1])


def rests(book: Book) -> Identity:
    """Rates of both layers at an error ``e``: the sum of their squares is ``e**2`` times that of the layers."""
    one, e = book.system("deep-linear.aligned-neighbours"), Symbol("e", real=True)
    speeds = [one.rate(item).subs({lam: 0, g: e, q_rest: 1}) for item in (a, b)]
    return Identity(sum(speed**2 for speed in speeds), e**2 * (a**2 + b**2))


DERIVATIONS = (
    Derivation("deep-linear.lazy", (
        Step("the rate is the kernel times the error",
             lambda book: Identity(book.system("deep-linear.lazy").rate(p), of(book, "tangent-kernel").value * (goal - p))),
    )),
    Derivation("deep-linear.kappa", (
        Step("width times $\\sigma^2=w^{-\\gamma}$", lambda book: Identity(w * w ** (-gamma), of(book, "kappa").value)),
    )),
    Derivation("deep-linear.map-variance", (
        Step("one more layer: squares of independent entries add up", one_layer_more),
        Step("one layer", lambda book: Identity(of(book, "map-variance").value.subs(depth, 1), kappa / w)),
    )),
    Derivation("deep-linear.tangent-kernel", (
        Step("every layer adds one product of outer Gram matrices",
             lambda book: Identity(Sum(kappa ** (depth - l) * kappa ** (l - 1), (l, 1, depth)).doit(),
                                   of(book, "tangent-kernel").value)),
        Step("with expected Gram matrices the map moves at this rate", moves, cases=DEPTHS, scope="L = 2..4"),
    )),
    Derivation("deep-linear.lazy-flow", (
        Step("it solves its equation", lambda book: Derivative(
            of(book, "lazy-flow").value, t, book.system("deep-linear.lazy").rate(p).subs(p, of(book, "lazy-flow").value))),
        Step("it starts at $p_0$", lambda book: Identity(of(book, "lazy-flow").value.subs(t, 0), p_0)),
    )),
    Derivation("deep-linear.lazy-distance", (
        Step("any change that removes the error is at least this large", nearest),
        Step("the square times the kernel is the squared error", reached),
    )),
    Derivation("deep-linear.map-exponent", (
        Step("the variance of the entries as a power of the width",
             lambda book: exponent(book, "map-exponent", by_width(book, of(book, "map-variance").value))),
        Step("positive exactly below $\\gamma=1-1/L$",
             lambda book: Identity(of(book, "map-exponent").value, depth * (1 - 1 / depth - gamma) / 2)),
    )),
    Derivation("deep-linear.minimum-exponent", (
        Step("below $1-1/L$ the error is the map at the start", lambda book: Identity(
            w ** (2 * branch(book, "minimum-exponent", True)),
            distance(book, sqrt(by_width(book, of(book, "map-variance").value))))),
        Step("above it the error is the target, which does not grow", lambda book: Identity(
            w ** (2 * branch(book, "minimum-exponent", False)), distance(book, 1))),
    )),
    Derivation("deep-linear.saddle-exponent", (
        Step("it is the exponent of $\\sqrt{\\kappa}$", lambda book: Identity(
            w ** (2 * of(book, "saddle-exponent").value), by_width(book, kappa))),
        Step("that a chain of layers of this size is annihilated only by a change of this size is an argument, not a proof",
             lambda book: Cited(of(book, "saddle-exponent").source)),
    )),
    Derivation("deep-linear.distance-exponent", (
        *(Step(f"the exponent of $d_s$ less that of $d_m$, {words} $1-1/L$", partial(
            lambda book, low: Identity(branch(book, "distance-exponent", low),
                                       of(book, "saddle-exponent").value - branch(book, "minimum-exponent", low)), low=low))
          for words, low in (("below", True), ("above", False))),
        Step("a half below", lambda book: Identity(branch(book, "distance-exponent", True), Rational(1, 2))),
    )),
    Derivation("deep-linear.crossover", (
        Step("the product of both layers is the mode", learned),
        *(Step("the change of a layer is the multiplier times the other layer", partial(stationary, item=item))
          for item in (0, 1)),
    )),
    Derivation("deep-linear.crossover-distance", (
        Step("the squared changes of both layers", moved),
        Step("large kappa: the distance of the lazy regime", lambda book: Limit(
            at_strength(book)[0] / lazy_at(book), pull, 0, Integer(1))),
        Step("small kappa: twice the mode", lambda book: Limit(at_strength(book)[0], pull, 1, 2 * strength, direction="-")),
    )),
    Derivation("deep-linear.saddle-distance-two-layers", (
        Step("both layers of the start are removed", lambda book: Identity(
            of(book, "saddle-distance-two-layers").value ** 2, sum((one.T * one)[0] for one in START))),
        Step("where both layers rest and the error is not zero, both vanish", rests),
    )),
    Derivation("deep-linear.saddle-distance-three-layers", (
        Step("the squared distance at $c_k=(3/4)(-1/2)^k$, by geometric series", lambda book: Identity(
            kappa * chain_cost(book).subs(BEST), of(book, "saddle-distance-three-layers").value ** 2)),
        Step("it is stationary in the first coefficient", lambda book: balance_of(book, True)),
        Step("it is stationary in every other coefficient", lambda book: balance_of(book, False)),
    )),
)  # fmt: skip

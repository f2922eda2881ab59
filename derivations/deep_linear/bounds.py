"""Why the bounds and counts are true."""

from __future__ import annotations

from itertools import product
from typing import Any

from sympy import Add, Integer, Matrix, Poly, Rational, Symbol, Trace, expand, prod, real_roots, symbols
from sympy import Identity as Eye

from ...theory.deep_linear.bounds import P, Q, R, Z, bound_n, kept, mean, radius, ratio, square, start
from ...theory.deep_linear.decay import X, s_i, s_k
from ...theory.deep_linear.escape import g_1
from ...theory.deep_linear.layers import network
from ...theory.deep_linear.letters import C1, C2, DEPTHS, A, G, depth, lam, w, weights
from ...theory.deep_linear.modes import goal, x
from ..chain import Book, Bound, Derivation, Identity, Rate, Step
from .decay import of
from .points import GOALS

low, more, top, slack = symbols("y_1 y_2 y_3 slack", positive=True)


def norm_rate(book: Book, layers: int) -> Rate:
    """The loss is homogeneous in the layers: each of them gives the same trace."""
    total = sum((Trace(W.T * W) for W in weights(layers)), start=0 * lam)
    claim = of(book, "norm-rate").value.subs(depth, layers).xreplace({A: network(layers), square: total})
    return Rate(book.system(f"deep-linear.layer-flow-{layers}"), total, claim)


def edge_of(book: Book) -> Any:
    return of(book, "sharpness").value


def along(book: Book, layers: int) -> Identity:
    """Curvature along the mode with all layers equal, per squared norm of the direction."""
    loss = of(book, "scalar-loss").value.subs({lam: 0, depth: layers})
    found = (loss.diff(x, 2) / layers).subs(x, top)
    return Identity(found.subs(goal, top**layers), edge_of(book).subs(depth, layers).subs(goal, top**layers))


def kernel(book: Book, layers: int) -> Bound:
    """Where nothing is left of the error, curvatures are factors of the balanced flow between two modes: none is larger."""
    rate = -book.system(f"deep-linear.balanced-flow-{layers}").rate(A).subs(lam, 0)
    found = rate.xreplace({C2: Matrix([[low]]), C1: Matrix([[low + more]]), G: Matrix([[1]])}).doit()
    largest = low + more + slack
    bound = edge_of(book).subs(depth, layers).subs(goal, largest ** Rational(layers, 2))
    value = Matrix(found)[0]
    return Bound(value, bound, terms=Add.make_args(expand(bound - value)))


def stable(book: Book) -> Identity:
    """At this learning rate a step along the sharpest direction turns the deviation round."""
    return Identity(1 - of(book, "stable-learning-rate").value * edge_of(book), -1)


def slower(book: Book) -> Bound:
    """With ``r' = c r^(L-1)`` less something, ``r^(2-L)`` falls at most at ``(L-2) c``, the rate over the claimed time."""
    speed = mean * radius ** (depth - 1) - slack
    deep = depth - 2
    claimed = of(book, "blow-up-bound").statement.args[1]
    falls = -(start ** (2 - depth)) / claimed
    beyond = Symbol("beyond", positive=True)
    rate = (-deep * radius ** (1 - depth) * speed).subs(depth, 2 + beyond)
    return Bound(
        falls.subs(depth, 2 + beyond), rate, terms=((deep * radius ** (1 - depth) * slack).subs(depth, 2 + beyond),)
    )


def equal_norms(book: Book, layers: int) -> Identity:
    """The factor bound at the norms of the layers, with its total the squared norm, is this bound."""
    least = of(book, f"factor-bound-{layers}").statement.args[0]
    size = prod(X[:layers])
    claim = of(book, "pull-bound").statement.args[1].subs(depth, layers)
    return Identity(claim.subs(radius, least ** Rational(1, 2)), g_1 * size)


def fastest(book: Book) -> Identity:
    """Twice ``L`` times the bound is twice ``r`` times the speed of the best direction to the power ``L - 1``."""
    bound = of(book, "pull-bound").statement.args[1]
    speed = of(book, "escape-speed").value * radius ** (depth - 1)
    return Identity(depth * bound, radius * speed)


def roots(book: Book, target: Any, decay: Any) -> list[Any]:
    """Positive critical strengths of three layers, with the sign of their curvature."""
    critical = of(book, "scalar-critical").value.subs({depth: 3, goal: target})
    found = [one for one in real_roots(Poly(critical - decay, x)) if one > 0]
    curvature = of(book, "scalar-curvature").value.subs({depth: 3, goal: target})
    return [(one, bool(curvature.subs(x, one.evalf(30)) > 0)) for one in found]


def count(book: Book, modes: int) -> Identity:
    """Every subset of four modes and every choice of roots, with a decay at which so many modes have a positive minimum."""
    edges = [of(book, "local-threshold").value.subs({depth: 3, goal: one}).evalf(30) for one in GOALS]
    limits = [2 * edges[0], *edges, Integer(0)]
    decay = Rational(str(((limits[modes] + limits[modes + 1]) / 2).round(6)))
    choices = [[None, *roots(book, one, decay)] for one in GOALS]
    pair = of(book, "pair-curvature").value.subs(depth, 3)
    found = 0
    for S in product(*choices):
        upper = all(one is None or one[1] for one in S)
        flat = all(
            S[k] is None
            or S[i] is not None
            or bool(pair.subs({x: S[k][0].evalf(30), s_k: GOALS[k], s_i: GOALS[i]}) >= 0)
            for i in range(4)
            for k in range(4)
        )
        found += upper and flat
    return Identity(of(book, "local-minima").value.subs(kept, modes), found)


def peel(book: Book) -> Bound:
    """The squared operator norm of a layer is at most ``n``: the gap is the norm of one more product."""
    low, high = of(book, "peel-bound").statement.args
    gram = bound_n * Eye(w) - P.T * P
    return Bound(low, high, terms=(Trace(Z.T * R.T * R * Z),), given=(("n I - W'W = R'R", gram - R.T * R),))


def pairing(book: Book) -> Bound:
    """The gap is a square."""
    low, high = of(book, "pairing-bound").statement.args
    gap = Q - Z / ratio
    return Bound(low, high, terms=(ratio * Trace(gap.T * gap),))


DERIVATIONS = (
    Derivation("deep-linear.peel-bound", (Step("what is left is a squared norm", peel),)),
    Derivation("deep-linear.pairing-bound", (Step("what is left is a squared norm", pairing),)),
    Derivation("deep-linear.norm-rate", (
        Step("all layers written out", norm_rate, cases=DEPTHS, scope="L = 2..5"),
    )),
    Derivation("deep-linear.sharpness", (
        Step("curvature along the mode, all layers equal", along, cases=(2, 3, 4), scope="L = 2..4"),
        Step("no pair of modes has a larger one", kernel, cases=(2, 3, 4), scope="L = 2..4"),
    )),
    Derivation("deep-linear.stable-learning-rate", (
        Step("the sharpest direction changes its sign in one step and keeps its size", stable),
    )),
    Derivation("deep-linear.blow-up-bound", (
        Step("the power $2-L$ of the norm falls at most linearly, to zero at this time", slower),
    )),
    Derivation("deep-linear.pull-bound", (
        Step("the bound of equal norms", equal_norms, cases=(2, 3, 4), scope="L = 2..4"),
        Step("it is the speed of the best direction", fastest),
    )),
    Derivation("deep-linear.local-minima", (
        Step("all subsets of four modes with all choices of roots", count, cases=(0, 1, 2, 3, 4), scope="L = 3, m = 4"),
    )),
)  # fmt: skip

"""Why one mode of three layers at infinite width moves on a chain, and why balanced layers move by one factor."""

from __future__ import annotations

from functools import partial
from typing import Any

from sympy import Identity as Eye
from sympy import Matrix, MatrixSymbol, Rational, diag, symbols, zeros

from ...theory.deep_linear.letters import C1, C2, A, G, d_in, d_out, lam, weights
from ...theory.deep_linear.modes import goal
from ...theory.deep_linear.regimes import kappa
from ...theory.deep_linear.tree import LEVELS, B, chain, chain_start
from ...theory.deep_linear.wide import order
from ..chain import Book, Derivation, Identity, Rate, Step
from .decay import of

W1, W2, W3 = weights(3)
U, V = MatrixSymbol("U", d_out, d_out), MatrixSymbol("V", d_in, d_in)
FRAMES = (("U'U = I", U.T * U - Eye(d_out)), ("V'V = I", V.T * V - Eye(d_in)))

TURNS = tuple(
    (turn, free * (free.T * free) ** -Rational(1, 2))
    for turn, free in ((U, MatrixSymbol("Yu", d_out, d_out)), (V, MatrixSymbol("Yv", d_in, d_in)))
)


def rates(book: Book, table: dict[Any, Any]) -> tuple[Any, ...]:
    """Rates of three layers without decay, at explicit matrices."""
    one = book.system("deep-linear.layer-flow-3")
    return tuple(one.rate(W).subs(lam, 0).doit().xreplace(table).doit() for W in (W1, W2, W3))


def claimed(book: Book, level: int) -> tuple[Any, Any]:
    """First and inner layer with the claimed rates in the place of the weights."""
    a, m = chain(level)
    table = dict(book.system(f"deep-linear.tree-flow-{level}").equations)
    return a.xreplace(table), m.xreplace(table)


def on_chain(book: Book, level: int) -> Identity:
    """All layers of one mode, the last one the mirror image of the first, side by side in one matrix."""
    a, m = chain(level)
    table = {W1: a, W2: m, W3: a.T, G: a.T * m * a - Matrix([[goal]])}
    first, middle, last = rates(book, table)
    rate_a, rate_m = claimed(book, level)
    return Identity(Matrix.hstack(Matrix(first), Matrix(middle), Matrix(last).T), Matrix.hstack(rate_a, rate_m, rate_a))


def two_modes(book: Book, level: int) -> Identity:
    """Every node once for each mode: layers that are diagonal in the modes stay so, each mode by its own equations."""
    a, m = chain(level)
    modes = []
    for name in ("e", "f"):
        # the letters of a mode of their own
        own = sorted(a.free_symbols | m.free_symbols | {goal}, key=str)
        modes.append(dict(zip(own, symbols(" ".join(f"{name}_{one}" for one in own), real=True))))
    first = diag(*(a.xreplace(one) for one in modes))
    middle = diag(*(m.xreplace(one) for one in modes))
    target = diag(*(one[goal] for one in modes))
    found = rates(book, {W1: first, W2: middle, W3: first.T, G: first.T * middle * first - target})
    rate_a, rate_m = claimed(book, level)
    own_a, own_m = (diag(*(part.xreplace(one) for one in modes)) for part in (rate_a, rate_m))
    return Identity(
        Matrix.hstack(Matrix(found[0]), Matrix(found[1]), Matrix(found[2]).T), Matrix.hstack(own_a, own_m, own_a)
    )


def turned(book: Book, item: Any) -> Identity:
    """The frames of the target may be turned into the first and the last layer."""
    one = book.system("deep-linear.layer-flow-3").rate(item)
    found = one.xreplace({W1: W1 * V.T, W3: U * W3, G: U * G * V.T}).doit()
    left, right = (U if item == W3 else None), (V.T if item == W1 else None)
    own = one if left is None else left * one
    return Identity(found, own if right is None else own * right, given=FRAMES, point=TURNS)


def start_of(book: Book, level: int) -> tuple[Any, Any]:
    """First and inner layer at the start, for ``kappa = 1``."""
    table = dict(book.system(f"deep-linear.tree-flow-{level}").given)
    a, m = chain(level)
    return a.xreplace(table).subs(kappa, 1), m.xreplace(table).subs(kappa, 1)


def walks(book: Book, level: int) -> Identity:
    """Moments at the root: those of the law as far as the walks stay above the cut, one walk is lost after that."""
    a, m = start_of(book, level)
    orders = range(level + 2)
    found = [(a.T * m ** (2 * power) * a)[0] for power in orders]
    moment = of(book, "tree-moments").value
    return Identity(Matrix(found), Matrix([moment.subs(order, power) - int(power == level + 1) for power in orders]))


def lost(book: Book, level: int) -> Identity:
    """The start with one level more differs by the edge between the last two levels."""
    _, m = start_of(book, level)
    size = level + 2
    edge = zeros(size, size)
    edge[level, level + 1] = edge[level + 1, level] = 1
    return Identity(chain_start(level + 1)[1] - diag(m, 0), edge)


def scale(book: Book, level: int) -> Identity:
    """Squared norm of the first layer and of the map's inner root: ``w`` entries of variance ``kappa/w``."""
    table = dict(book.system(f"deep-linear.tree-flow-{level}").given)
    a, m = (one.xreplace(table) for one in chain(level))
    return Identity(Matrix([(a.T * a)[0], (m**2)[0, 0], (a.T * m * a)[0]]), Matrix([kappa, kappa, 0]))


def chained(level: int) -> Derivation:
    return Derivation(
        f"deep-linear.tree-flow-{level}",
        (
            Step("layers on the chain, the last one the mirror image of the first, stay there: their rates",
                 partial(on_chain, level=level)),
            *(
                Step(f"the target may be made diagonal, its frames turn with the ends: layer {place}",
                     partial(turned, item=item))
                for place, item in enumerate((W1, W2, W3), 1)
            ),
            Step("with every node once for each mode, each mode follows these equations",
                 partial(two_modes, level=level), scope="two modes"),
            Step("at the start squared norms are kappa and the map is zero", partial(scale, level=level)),
            Step("moments at the root are those of the law down to the cut; the first one beyond it lacks one walk",
                 partial(walks, level=level)),
            Step("what the cut leaves out at the start is the edge below the last level", partial(lost, level=level)),
        ),
    )  # fmt: skip


TABLE = {C2: B * B.T, C1: B.T * B, A: B * B.T * B}


def reads(book: Book, item: Any) -> Rate:
    """Map and outer Gram matrices of the factor follow the balanced flow."""
    rate = book.system("deep-linear.balanced-flow-3").rate(item).xreplace(TABLE).doit()
    return Rate(book.system("deep-linear.root-flow"), TABLE[item], rate)


DERIVATIONS = (
    *map(chained, LEVELS),
    Derivation(
        "deep-linear.root-flow",
        (
            Step("$BB^TB$ follows the balanced flow of the map", lambda book: reads(book, A)),
            Step("$BB^T$ is the Gram matrix of the last layer", lambda book: reads(book, C2)),
            Step("$B^TB$ is the Gram matrix of the first layer", lambda book: reads(book, C1)),
        ),
    ),
)

"""Why the statements about infinite width are true."""

from __future__ import annotations

from typing import Any

from sympy import Identity as Eye
from sympy import Integer, Matrix, MatrixSymbol, Sum, Symbol, oo

from ...theory.deep_linear.letters import C1, C2, A, G, d_in, d_out, depth, lam, t, w, weights
from ...theory.deep_linear.modes import goal, s_0
from ...theory.deep_linear.regimes import goal as target
from ...theory.deep_linear.regimes import kappa, p_0
from ...theory.deep_linear.wide import Z, mark, n, order, p
from ..chain import Book, Closure, Derivation, Derivative, Identity, Limit, Rate, Step
from .decay import of

rank = Symbol("k", integer=True, positive=True)
U, V = MatrixSymbol("U", d_out, rank), MatrixSymbol("V", d_in, rank)
p_, n_, goal_ = (MatrixSymbol(f"{name}_", rank, rank) for name in ("p", "n", "s"))
DIAGONAL = (p_, n_, goal_)
FRAMES = (
    ("U'U = I", U.T * U - Eye(rank)),
    ("V'V = I", V.T * V - Eye(rank)),
    *((f"{x} {y} = {y} {x}", x * y - y * x) for k, x in enumerate(DIAGONAL) for y in DIAGONAL[k + 1 :]),
)
TABLE = {A: U * p_ * V.T, C2: U * n_ * U.T, C1: V * n_ * V.T, G: U * (p_ - goal_) * V.T}
"""Map and Gram matrices that are diagonal in the frames of the target, and the gradient of the squared error."""
tau = Symbol("tau_w", positive=True)
W1, W2 = weights(2)


def closes(book: Book) -> Closure:
    """Two layers close on map and outer Gram matrices from any start, with the equations of balanced layers."""
    return Closure(
        book.system("deep-linear.layer-flow-2"),
        ((A, W2 * W1), (C2, W2 * W2.T), (C1, W1.T * W1)),
        book.system("deep-linear.balanced-flow-2").equations,
    )


def in_matrices(rate: Any) -> Any:
    """A rate of one mode as a matrix of all modes."""
    total = 0 * p_
    for (a, b, c), factor in rate.as_poly(p, n, goal).terms():
        word = factor * Eye(rank)
        for letter, power in zip(DIAGONAL, (a, b, c)):
            word = word * letter**power if power else word
        total = total + word
    return total


def mode(book: Book, item: Any, left: Any, right: Any) -> Identity:
    """Every mode follows its own equation."""
    rate = book.system("deep-linear.balanced-flow-2").rate(item).subs(lam, 0).xreplace(TABLE).doit()
    own = in_matrices(book.system("deep-linear.infinite-width").rate(p if item == A else n))
    return Identity(rate, left * own * right.T, given=FRAMES, symmetric=DIAGONAL)


def frozen(book: Book) -> Any:
    return book.system("deep-linear.infinite-width")


def conserved(book: Book) -> Rate:
    """What the formula fixes, ``n**2 - p**2``, is conserved."""
    return Rate(frozen(book), n**2 - of(book, "infinite-width-conserved").value ** 2, 0)


def at_start(book: Book) -> Identity:
    start = dict(frozen(book).given)
    return Identity(of(book, "infinite-width-conserved").value.subs(p, start[p]), start[n])


def bernoulli(book: Book) -> Rate:
    """Rate of ``p + n`` along both equations."""
    return Rate(frozen(book), p + n, 2 * (goal - p) * (p + n))


def let_at(book: Book, time: Any) -> Any:
    """Definitions of the closed form at a time."""
    return tuple((item, value.subs(t, time)) for item, value in of(book, "infinite-width-mode").let)


def quadratic(book: Book) -> Derivative:
    """The closed form of ``Z`` against that rate, with p by the formula."""
    here = of(book, "infinite-width-mode").statement.args[1]
    return Derivative(Z, t, 2 * (goal - here) * Z, let=let_at(book, t))


def splits(book: Book) -> Identity:
    """``p`` of the formula is the one with ``n = Z - p`` and ``n**2 - p**2 = kappa**2``."""
    here = of(book, "infinite-width-mode").statement.args[1]
    return Identity((Z - here) ** 2 - here**2, kappa**2)


def lazy(book: Book) -> Limit:
    value = of(book, "infinite-width-mode").statement.args[1]
    linear = of(book, "lazy-flow").value.subs({p_0: 0, target: goal, depth: 2}).subs(t, tau / kappa)
    return Limit(value, kappa, oo, linear, let=let_at(book, tau / kappa))


def small(book: Book) -> Limit:
    """Time to half the target, less that of the logistic curve from ``kappa/2``."""
    own = of(book, "infinite-width-time").value.subs(p, goal / 2)
    logistic = of(book, "half-time-two-layers").value.subs(s_0, kappa / 2)
    return Limit(own - logistic, kappa, 0, Integer(0))


def starts(book: Book) -> Identity:
    """Expected start: squares of ``w`` entries of variance ``kappa/w`` add up, products of independent entries do not."""
    start, unit = dict(frozen(book).given), Symbol("i", integer=True)
    return Identity(Matrix([start[n], start[p]]), Matrix([Sum(kappa / w, (unit, 1, w)).doit(), 0]))


def inverse(book: Book) -> Derivative:
    one = of(book, "infinite-width-time")
    norm = of(book, "infinite-width-conserved").value
    return Derivative(one.value, p, 1 / frozen(book).rate(p).subs(n, norm), assuming=one.assuming)


def jacobi(size: int) -> Any:
    """Inner layer squared in the basis of the path from the root: ``W x_k = y_k + y_(k-1)``, ``W' y_k = x_k + x_(k+1)``."""
    W = Matrix(size, size, lambda row, column: int(row in (column, column - 1)))
    return W.T * W


def moment_of(book: Book, power: int) -> Identity:
    value = (jacobi(power + 2) ** power)[0, 0]
    return Identity(of(book, "tree-moments").value.subs(order, power), value)


def fraction_of(book: Book) -> Identity:
    """Continued fraction of the path: below the root ``h = 1/(1 - 2 zeta - zeta**2 h)``, at the root one loop less."""
    g = of(book, "tree-series").value
    below = g**2
    return Identity(below * (1 - 2 * mark - mark**2 * below), 1, assuming=(4 * mark < 1,))


def root_of(book: Book) -> Identity:
    g = of(book, "tree-series").value
    return Identity(g * (1 - mark - mark**2 * g**2), 1, assuming=(4 * mark < 1,))


def expands(book: Book, power: int) -> Identity:
    """Coefficients of the generating function."""
    x = Symbol("x", positive=True)
    g = of(book, "tree-series").value.subs(mark, x)
    return Identity(
        g.series(x, 0, power + 1).removeO().coeff(x, power), of(book, "tree-moments").value.subs(order, power)
    )


MOMENTS = tuple(range(9))
DERIVATIONS = (
    Derivation("deep-linear.infinite-width", (
        Step("two layers close on map and outer Gram matrices from any start", closes),
        Step("the map in the frames of the target", lambda book: mode(book, A, U, V)),
        Step("the Gram matrix of the last layer", lambda book: mode(book, C2, U, U)),
        Step("the Gram matrix of the first layer", lambda book: mode(book, C1, V, V)),
        Step("at the start the expected Gram matrices are kappa times the identity, the expected map is zero", starts),
    )),
    Derivation("deep-linear.infinite-width-conserved", (
        Step("the difference of squares is conserved", conserved),
        Step("at the start it holds", at_start),
    )),
    Derivation("deep-linear.infinite-width-mode", (
        Step("the rate of $p+n$", bernoulli),
        Step("the closed form of $Z$ has it", quadratic),
        Step("$p$ is the part with $n^2-p^2=\\kappa^2$", splits),
        Step("it starts at zero", lambda book: Identity(
            of(book, "infinite-width-mode").statement.args[1], 0, let=let_at(book, 0))),
        Step("large kappa: the lazy flow", lazy),
    )),
    Derivation("deep-linear.infinite-width-time", (
        Step("its derivative by $p$ is one over the rate", inverse),
        Step("no time passes at the start",
             lambda book: Identity(of(book, "infinite-width-time").value.subs(p, 0), 0)),
        Step("small kappa: the time to half the target is that of the logistic curve from $\\kappa/2$", small),
    )),
    Derivation("deep-linear.tree-moments", (
        Step("walks on the path of the tree", moment_of, cases=MOMENTS, scope="m <= 8"),
    )),
    Derivation("deep-linear.tree-series", (
        Step("the continued fraction below the root", fraction_of),
        Step("the continued fraction at the root", root_of),
        Step("its coefficients are the moments", expands, cases=MOMENTS[:5], scope="m <= 4"),
    )),
)  # fmt: skip

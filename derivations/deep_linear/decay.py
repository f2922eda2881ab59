"""Why the statements about weight decay are true."""

from __future__ import annotations

from typing import Any

from sympy import Identity as Eye
from sympy import Matrix, Mul, Symbol, Trace, cos, expand_power_base, powdenest, sqrt, symbols

from ...theory.deep_linear.decay import U, V, X, a_i, b_i, rank, s_i, s_k, s_loc, theta, y
from ...theory.deep_linear.letters import d_in, d_out, depth, lam, weights
from ...theory.deep_linear.modes import goal, s, x
from ..chain import Book, Bound, Derivation, Derivative, Identity, Step

W1, W2 = weights(2)
DEEP = (depth > 2,)
p = symbols("p_1:5", positive=True)
more = Symbol("more", positive=True)
"""Layers beyond two, so that SymPy knows the sign of ``L - 2``."""


def of(book: Book, id: str) -> Any:
    return book.formula(f"deep-linear.{id}")


def at_critical(book: Book, expression: Any) -> Any:
    """An expression with the weight decay that makes the strength critical."""
    return expression.subs(lam, of(book, "scalar-critical").value)


def threshold(book: Book, share: Any) -> Any:
    """The critical weight decay at a singular value."""
    return of(book, "scalar-critical").value.subs(x, share ** (1 / depth))


def whole(value: Any) -> Any:
    """A product to the power ``L``, factor by factor."""
    factors = Mul.make_args(value.subs(depth, 2 + more))
    return Mul(*(expand_power_base(powdenest(one ** (2 + more))) for one in factors))


def loc(book: Book) -> Any:
    """The singular value above which the curvature is positive."""
    return dict(of(book, "scalar-curvature").let)[s_loc]


def pair_loss(book: Book) -> Identity:
    """The pair of modes written out: last layer ``(x, a)``, first layer ``(x, b)``, all others ``x``."""
    product = x ** (depth - 2) * Matrix([x, a_i]) * Matrix([[x, b_i]])
    error = product - Matrix([[s_k, 0], [0, s_i]])
    decay = (depth - 2) * x**2 + (x**2 + a_i**2) + (x**2 + b_i**2)
    return Identity(of(book, "pair-loss").value, sum(one**2 for one in error) / 2 + lam / 2 * decay)


def pair_curvature(book: Book) -> Identity:
    """Second derivative along the diagonal ``a = b`` over two, where the learned mode is critical."""
    step = Symbol("h", real=True)
    along = of(book, "pair-loss").value.subs({a_i: step, b_i: step}).diff(step, 2).subs(step, 0) / 2
    critical = of(book, "scalar-critical").value.subs(goal, s_k)
    return Identity(along.subs(lam, critical), of(book, "pair-curvature").value)


def pair_other(book: Book) -> Identity:
    """The curvature along ``a = -b`` exceeds it by twice the coupling, a positive number."""
    step = Symbol("h", real=True)
    across = of(book, "pair-loss").value.subs({a_i: step, b_i: -step}).diff(step, 2).subs(step, 0) / 2
    critical = of(book, "scalar-critical").value.subs(goal, s_k)
    return Identity(across.subs(lam, critical) - of(book, "pair-curvature").value, 2 * s_i * x ** (depth - 2))


def root(book: Book) -> Any:
    """The squared strength of the formula, as a function of its angle."""
    return dict(of(book, "scalar-four-layers").let)[y]


def angle_of(book: Book) -> Any:
    return dict(of(book, "scalar-four-layers").let)[theta]


TRIPLE = -2 * goal / 3 * sqrt(goal / 3) * cos(3 * theta)


def four_layers(book: Book) -> Identity:
    """The critical weight decay at four layers, by the triple angle."""
    critical = of(book, "scalar-critical").value.subs(depth, 4).subs(x, sqrt(y))
    return Identity(critical.subs(y, root(book)), TRIPLE)


def angle_grows(book: Book) -> Derivative:
    """The derivative of the angle, a positive root."""
    growth = 1 / (2 * goal) * sqrt(3 / goal) / sqrt(1 - 27 * lam**2 / (4 * goal**3))
    return Derivative(angle_of(book), lam, growth, assuming=of(book, "scalar-four-layers").assuming)


def meets(book: Book) -> Identity:
    last = of(book, "local-threshold").value.subs(depth, 4)
    return Identity(of(book, "scalar-four-layers").value.subs(lam, last), loc(book).subs(depth, 4))


TERMS: dict[int, Any] = {
    2: ((p[0] ** 2 - p[1] ** 2) ** 2,),
    3: tuple(
        (p[0] ** 2 + p[1] ** 2 + p[2] ** 2) * (p[i] ** 2 - p[j] ** 2) ** 2 / 2 for i, j in ((0, 1), (1, 2), (0, 2))
    ),
    4: (
        (p[0] ** 4 - p[1] ** 4) ** 2,
        (p[2] ** 4 - p[3] ** 4) ** 2,
        2 * (p[0] ** 2 * p[1] ** 2 - p[2] ** 2 * p[3] ** 2) ** 2,
    ),
}
"""Squares that add up to the difference of both sides, with layer strengths ``x_l = p_l**L``; two layers: ``p_l**2``."""


def factor_bound(layers: int) -> Derivation:
    table = {X[k]: p[k] ** layers for k in range(layers)}
    id = f"factor-bound-{layers}"

    def bound(book: Book) -> Bound:
        low, high = (side.subs(table) for side in of(book, id).statement.args)
        return Bound(low, high, terms=TERMS[layers])

    def equal(book: Book) -> Identity:
        low, high = (side.subs(dict.fromkeys(X, x)) for side in of(book, id).statement.args)
        return Identity(low, high)

    return Derivation(
        f"deep-linear.{id}",
        (
            Step("the difference is a sum of squares, with layers $x_l=p_l^L$", bound),
            Step("equal layers reach it", equal),
        ),
    )


FRAMES = (("U'U = I", U.T * U - Eye(rank)), ("V'V = I", V.T * V - Eye(rank)))


def matrix_bound(book: Book) -> Bound:
    left, right = (Eye(d_out) - U * U.T) * W2, W1 * (Eye(d_in) - V * V.T)
    both = W2.T * U - W1 * V
    low, high = of(book, "factor-bound-matrix").statement.args
    return Bound(
        low, high, terms=(Trace(both.T * both), Trace(left.T * left), Trace(right.T * right)), given=FRAMES
    )  # fmt: skip


DERIVATIONS = (
    Derivation(
        "deep-linear.scalar-loss",
        (
            Step(
                "minus its derivative is $L$ times the rate of every layer",
                lambda book: Derivative(
                    of(book, "scalar-loss").value, x, -depth * book.system("deep-linear.layer-mode").rate(x)
                ),
            ),
            Step(
                "without strength it is half the squared target",
                lambda book: Identity(of(book, "scalar-loss").value.subs(x, 0), goal**2 / 2),
            ),
        ),
    ),
    Derivation(
        "deep-linear.scalar-critical",
        (
            Step(
                "at this weight decay the strength rests",
                lambda book: Identity(at_critical(book, book.system("deep-linear.layer-mode").rate(x)), 0),
            ),
        ),
    ),
    Derivation(
        "deep-linear.scalar-gap",
        (
            Step(
                "the loss with the critical weight decay put in, minus the loss at the origin",
                lambda book: Identity(
                    at_critical(book, of(book, "scalar-loss").value) - goal**2 / 2, of(book, "scalar-gap").value
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.scalar-curvature",
        (
            Step(
                "the second derivative of the loss with the critical weight decay put in",
                lambda book: Identity(
                    at_critical(book, of(book, "scalar-loss").value.diff(x, 2)),
                    of(book, "scalar-curvature").value,
                    assuming=DEEP,
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.local-threshold",
        (
            Step(
                "it is the critical weight decay at $s_{loc}$",
                lambda book: Identity(threshold(book, loc(book)), of(book, "local-threshold").value, assuming=DEEP),
            ),
            Step(
                "the critical weight decay rises with the strength below $s_{loc}$ and falls above",
                lambda book: Derivative(
                    of(book, "scalar-critical").value,
                    x,
                    2 * (depth - 1) * x ** (depth - 3) * (loc(book) - x**depth),
                    assuming=DEEP,
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.global-threshold",
        (
            Step(
                "it is the critical weight decay at $s_{glob}=s^*(L-2)/(L-1)$",
                lambda book: Identity(
                    threshold(book, goal * (depth - 2) / (depth - 1)), of(book, "global-threshold").value, assuming=DEEP
                ),
            ),
            Step(
                "the loss at a critical point is below that of the origin exactly above $s_{glob}$",
                lambda book: Identity(
                    of(book, "scalar-gap").value,
                    (depth - 1) / 2 * x**depth * (goal * (depth - 2) / (depth - 1) - x**depth),
                    assuming=DEEP,
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.threshold-ratio",
        (
            Step(
                "the quotient of the thresholds; both sides are positive, so their powers $L$ say the same",
                lambda book: Identity(
                    whole(of(book, "local-threshold").value) / whole(of(book, "global-threshold").value),
                    whole(of(book, "threshold-ratio").value),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.scalar-two-layers",
        (
            Step(
                "the mode rests there",
                lambda book: Identity(
                    book.system("deep-linear.mode").rate(s).subs(depth, 2).subs(s, of(book, "scalar-two-layers").value), 0
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.scalar-four-layers",
        (
            Step("the weight decay at which it is critical, by the triple angle", four_layers),
            Step("the angle makes this the weight decay", lambda book: Identity(TRIPLE.subs(theta, angle_of(book)), lam)),
            Step(
                "the singular value is the fourth power of the strength",
                lambda book: Identity(of(book, "scalar-four-layers").statement.args[1].subs(y, x**2), x**4),
            ),
            Step(
                "without decay it is the target: the upper root",
                lambda book: Identity(of(book, "scalar-four-layers").value.subs(lam, 0), goal),
            ),
            Step("the angle grows with the decay, up to the threshold", angle_grows),
            Step("at the threshold the upper root meets the lower one, at $s_{loc}$", meets),
        ),
    ),
    Derivation("deep-linear.pair-loss", (Step("squared error and decay, entry by entry", pair_loss),)),
    Derivation(
        "deep-linear.pair-curvature",
        (
            Step("the curvature along equal parts", pair_curvature),
            Step("the curvature along opposite parts is larger", pair_other),
        ),
    ),
    *(factor_bound(layers) for layers in (2, 3, 4)),
    Derivation(
        "deep-linear.factor-bound-matrix",
        (Step("the difference is a sum of squared norms", matrix_bound),),
    ),
)  # fmt: skip

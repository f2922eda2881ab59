"""Why the statements about critical points are true."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

from sympy import Integer, Rational, Symbol

from ...theory.deep_linear.decay import a_i, b_i, s_i, s_k
from ...theory.deep_linear.escape import g_1, g_j, m, x_0
from ...theory.deep_linear.letters import depth, lam
from ...theory.deep_linear.modes import a, b, g, goal, q, x
from ...theory.deep_linear.points import a_u, b_u, chosen, r, resolvent
from ..chain import Book, Derivation, Derivative, Identity, Step
from .decay import loc, of

h = Symbol("h", real=True)
BELOW = (256 * lam**3 < 27 * goal**4,)


def parts(book: Book) -> dict[Any, Any]:
    return dict(of(book, "scalar-three-layers").let)


def resolves(book: Book) -> Identity:
    """The root of the resolvent by its radicals."""
    own = parts(book)
    let = tuple((item, value) for item, value in own.items() if item not in (r, x))
    return Identity(8 * resolvent**3 - 8 * lam * resolvent, goal**2, let=let, assuming=BELOW)


DECAY = resolvent**2 - goal**2 / (8 * resolvent)


def is_critical(book: Book) -> Identity:
    """The strength solves the equation of the critical weight decay, given the resolvent."""
    own = parts(book)
    strength = own[x].subs(r, own[r])
    critical = of(book, "scalar-critical").value.subs(depth, 3)
    return Identity(
        critical.subs(x, strength).subs(lam, DECAY), DECAY, assuming=(4 * resolvent**3 < goal**2,)
    )  # fmt: skip


def unit_rate(book: Book, place: int, one: Any, other: Any) -> Any:
    """Rate of the weight of one hidden unit by the equation of two neighbours, with the error of the mode."""
    rate = book.system("deep-linear.aligned-neighbours").rate((a, b)[place])
    table = {a: one, b: other} if place == 0 else {a: other, b: one}
    return rate.subs({g: one * other - s_i, q: 1}).subs(table, simultaneous=True)


def pair(book: Book, sign: int) -> Any:
    """Curvature along equal or opposite parts, where the learned mode is critical."""
    along = of(book, "pair-loss").value.subs({a_i: h, b_i: sign * h}).diff(h, 2).subs(h, 0) / 2
    return along.subs(lam, of(book, "scalar-critical").value.subs(goal, s_k))


def mixed(book: Book) -> Identity:
    """Both directions are eigenvectors: there is no mixed curvature between equal and opposite parts."""
    e, f = Symbol("e", real=True), Symbol("f", real=True)
    across = of(book, "pair-loss").value.subs({a_i: e + f, b_i: e - f}, simultaneous=True)
    return Identity(across.diff(e).diff(f).subs({e: 0, f: 0}), 0)


def unit(book: Book, sign: int) -> Any:
    return of(book, "unused-loss").value.subs({a_u: h, b_u: sign * h}).diff(h, 2).subs(h, 0) / 2


GOALS = (Integer(5), Integer(3), Integer(2), Rational(1, 2))
SUBSETS = tuple(product((0, 1), repeat=4))


def count(book: Book, S: tuple[int, ...]) -> Identity:
    """Negative signs of the smallest curvatures of all pairs, with a target of four modes."""
    one = of(book, "pair-curvature").value.subs({depth: 3, x: 1})
    below = sum(
        bool(one.subs({s_i: GOALS[i], s_k: GOALS[k]}) < 0) for i in range(4) for k in range(4) if not S[i] and S[k]
    )
    table = {chosen[k + 1]: S[k] for k in range(4)}
    return Identity(of(book, "negative-directions").value.subs(m, 4).doit().subs(table), below)


def prefix(book: Book, S: tuple[int, ...]) -> Identity:
    """The count is zero exactly for prefixes."""
    table = {chosen[k + 1]: S[k] for k in range(4)}
    found = of(book, "negative-directions").value.subs(m, 4).doit().subs(table)
    return Identity(int(found == 0), int(tuple(sorted(S, reverse=True)) == S))


def speed(book: Book, gain: Any) -> Identity:
    """Strengths ``q g**(-1/(L-2))`` with all weights of norm one grow at one rate along both modes."""
    one = of(book, "escape-speed-pair").value
    size = one ** (1 / (depth - 2))
    strength = size * gain ** (-1 / (depth - 2))
    rate = book.system("deep-linear.escape").rate(x).subs({g_1: gain}).subs(x, strength)
    return Identity(rate.subs(depth, 2 + 2 * x_0), (one * strength).subs(depth, 2 + 2 * x_0))


def norm(book: Book) -> Identity:
    """All weights together have norm one."""
    square = of(book, "escape-speed-pair").value ** (2 / (depth - 2))
    total = depth * square * (g_1 ** (-2 / (depth - 2)) + g_j ** (-2 / (depth - 2)))
    return Identity(total.subs(depth, 2 + 2 * x_0), 1)


DERIVATIONS = (
    Derivation(
        "deep-linear.scalar-three-layers",
        (
            Step("its $m$ solves the resolvent", resolves),
            Step("with the resolvent it is critical at this weight decay", is_critical),
            Step("the singular value is the third power of the strength",
                 lambda book: Identity(of(book, "scalar-three-layers").statement.args[1], x**3)),
            Step("without decay it is the target, so it is the upper root until both meet",
                 lambda book: Identity(of(book, "scalar-three-layers").value.subs(lam, 0), goal)),
            Step("at the threshold it is $s_{loc}$",
                 lambda book: Identity(
                     of(book, "scalar-three-layers").value.subs(lam, of(book, "local-threshold").value.subs(depth, 3)),
                     loc(book).subs(depth, 3))),
        ),
    ),
    Derivation(
        "deep-linear.zero-curvature",
        (
            Step(
                "second derivative of the loss at zero",
                lambda book, layers: Identity(
                    of(book, "scalar-loss").value.subs(depth, layers).diff(x, 2).subs(x, 0),
                    of(book, "zero-curvature").value.subs(depth, layers),
                ),
                cases=(3, 4, 5, 6),
                scope="L = 3..6",
            ),
        ),
    ),
    Derivation(
        "deep-linear.pair-largest",
        (
            Step("the curvature along opposite parts",
                 lambda book: Identity(pair(book, -1), of(book, "pair-largest").value)),
            Step("equal and opposite parts are the principal directions", mixed),
        ),
    ),
    Derivation(
        "deep-linear.unused-loss",
        (
            Step("without it the error of the mode is left",
                 lambda book: Identity(of(book, "unused-loss").value.subs({a_u: 0, b_u: 0}), s_i**2 / 2)),
            *(
                Step("minus its derivative is the rate of the neighbours along one mode",
                     partial(lambda book, one, other, place: Derivative(
                         of(book, "unused-loss").value, one,
                         -unit_rate(book, place, one, other)), one=one, other=other, place=place))
                for one, other, place in ((a_u, b_u, 0), (b_u, a_u, 1))
            ),
        ),
    ),
    Derivation(
        "deep-linear.unused-curvature",
        (
            Step("the curvature along equal parts",
                 lambda book: Identity(unit(book, 1), of(book, "unused-curvature").value)),
            Step("the curvature along opposite parts is larger",
                 lambda book: Identity(unit(book, -1) - of(book, "unused-curvature").value, 2 * s_i)),
        ),
    ),
    Derivation(
        "deep-linear.negative-directions",
        (
            Step("negative signs among the pairs, all subsets of four modes", count, cases=SUBSETS, scope="m = 4"),
            Step("none exactly for prefixes", prefix, cases=SUBSETS, scope="m = 4"),
        ),
    ),
    Derivation(
        "deep-linear.escape-speed-pair",
        (
            Step("mode 1 grows at this rate", lambda book: speed(book, g_1)),
            Step("so does mode $j$", lambda book: speed(book, g_j)),
            Step("all weights together have norm one", norm),
        ),
    ),
)  # fmt: skip

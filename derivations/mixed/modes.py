"""Why the statements about aligned modes are true."""

from __future__ import annotations

from typing import Any

from sympy import Add, MatrixSymbol, Mul, Poly, Symbol, sqrt
from sympy import Identity as Eye

from ...theory.mixed.letters import C1, C2, A, G, I_in, I_out, d_in, d_out, t, tau
from ...theory.mixed.modes import a, b, g, m, p, p_0, s, s_0, varsigma
from ..chain import Book, Derivation, Derivative, Identity, Rate, Step

rank = Symbol("k", integer=True, positive=True)
U, V = MatrixSymbol("U", d_out, rank), MatrixSymbol("V", d_in, rank)
MODES = {x: MatrixSymbol(f"{x}_", rank, rank) for x in (s, a, b, g)}
"""Diagonal matrices of the modes: symmetric letters that commute."""
LETTERS = tuple(MODES.values())
FRAMES = (
    ("U'U = I", U.T * U - Eye(rank)),
    ("V'V = I", V.T * V - Eye(rank)),
    *((f"{y}{z} = {z}{y}", y * z - z * y) for k, y in enumerate(LETTERS) for z in LETTERS[k + 1 :]),
)
ANSATZ = {
    A: U * MODES[s] * V.T,
    C2: U * MODES[a] * U.T + tau * (I_out - U * U.T),
    C1: V * MODES[b] * V.T + tau * (I_in - V * V.T),
    G: U * MODES[g] * V.T,
}
HOME = {s: A, a: C2, b: C1}
FRAME = {s: (U, V), a: (U, U), b: (V, V)}
REST = {s: 0, a: tau * (I_out - U * U.T), b: tau * (I_in - V * V.T)}


def diagonal(expression: Any) -> Any:
    """A polynomial in the scalars of a mode as a matrix of all modes."""
    total = []
    for powers, factor in Poly(expression, *MODES).terms():
        words = [MODES[x] for x, power in zip(MODES, powers) for _ in range(power)]
        total.append(factor * (Mul(*words) if words else Eye(rank)))
    return Add(*total)


def aligned(of: str, by: str, item: Any) -> Step:
    """One equation of the mode from the Gram system, at weights aligned with the target."""

    def shows(book: Book) -> Identity:
        left, right = FRAME[item]
        full = book.system(by).rate(HOME[item]).xreplace(ANSATZ)
        own = left * diagonal(book.system(of).rate(item)) * right.T
        return Identity(
            full,
            own + REST[item] if book.system(by).kind == "map" and REST[item] != 0 else own,
            given=FRAMES,
            symmetric=LETTERS,
        )

    return Step(f"aligned weights stay aligned, and ${item}$ follows its own equation", shows)


def modes_of(of: str, by: str) -> Derivation:
    steps = [aligned(of, by, item) for item in (s, a, b)]
    steps.append(
        Step(
            "the gradient of the squared error along the mode",
            lambda book: Identity(dict(book.system(of).let)[g], s - m),
        )
    )
    return Derivation(of, tuple(steps))


def value(book: Book, id: str) -> Any:
    return book.formula(f"mixed.{id}").value


def starts(id: str, at: Any, by: Any = t) -> Step:
    return Step("it has the right start", lambda book: Identity(value(book, id).subs(by, 0), at))


def of_p(book: Book) -> Any:
    """The singular value as a function of its Riccati variable, as the formula says."""
    return book.formula("mixed.mode").statement.args[1]


def start_p(book: Book) -> Any:
    return dict(book.formula("mixed.mode").let)[p_0]


def time_of_p(book: Book) -> Any:
    """The time as a function of the Riccati variable at the end, as the formula says."""
    return book.formula("mixed.mode-time").statement.args[1]


def last(book: Book) -> Any:
    return dict(book.formula("mixed.mode-time").let)[p]


def chain_rule(book: Book) -> Identity:
    along = of_p(book).diff(p) * book.system("mixed.mode-sum").rate(p)
    root = of_p(book) + tau**2 / p
    rate = book.system("mixed.mode-flow").rate(s).xreplace({sqrt(s**2 + tau**2): root})
    return Identity(along, rate.xreplace({s: of_p(book)}))


def equal(expression: Any) -> Any:
    return expression.xreplace({b: a})


DERIVATIONS = (
    modes_of("mixed.mode-gram", "mixed.gram"),
    modes_of("mixed.mode-step", "mixed.gram-step"),
    modes_of("mixed.mode-step-sequential", "mixed.gram-step-sequential"),
    Derivation(
        "mixed.mode-invariant",
        (
            Step(
                "the determinant of the mode does not move",
                lambda book: Rate(
                    book.system("mixed.mode-gram"), book.formula("mixed.mode-invariant").statement.args[0], 0
                ),
            ),
            Step(
                "infinitely wide Gaussian weights start with both strengths tau and no singular value",
                lambda book: Identity(
                    book.formula("mixed.mode-invariant").statement.args[0].xreplace({a: tau, b: tau, s: 0}),
                    book.formula("mixed.mode-invariant").statement.args[1],
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-flow",
        (
            Step("equal strengths stay equal", lambda book: Rate(book.system("mixed.mode-gram"), a - b, 0)),
            Step(
                "equal strengths are the root of the invariant",
                lambda book: Identity(
                    book.formula("mixed.mode-invariant")
                    .statement.args[0]
                    .xreplace({a: sqrt(s**2 + tau**2), b: sqrt(s**2 + tau**2)}),
                    book.formula("mixed.mode-invariant").statement.args[1],
                ),
            ),
            Step(
                "the rate with both strengths equal to it",
                lambda book: Identity(
                    book.system("mixed.mode-gram")
                    .rate(s)
                    .xreplace(
                        {a: sqrt(s**2 + tau**2), b: sqrt(s**2 + tau**2), **dict(book.system("mixed.mode-gram").let)}
                    ),
                    book.system("mixed.mode-flow").rate(s),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-sum",
        (
            Step(
                "the rate of $s+\\sqrt{s^2+\\tau^2}$",
                lambda book: Rate(
                    book.system("mixed.mode-flow"),
                    s + sqrt(s**2 + tau**2),
                    book.system("mixed.mode-sum").rate(p).xreplace({p: s + sqrt(s**2 + tau**2)}),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-sum-solution",
        (
            Step(
                "it solves its equation",
                lambda book: Derivative(
                    value(book, "mode-sum-solution"),
                    t,
                    book.system("mixed.mode-sum").rate(p).xreplace({p: value(book, "mode-sum-solution")}),
                ),
            ),
            starts("mode-sum-solution", p_0),
        ),
    ),
    Derivation(
        "mixed.mode",
        (
            Step(
                "with $s=(p-\\tau^2/p)/2$, the root $\\sqrt{s^2+\\tau^2}$ is $(p+\\tau^2/p)/2$",
                lambda book: Identity((of_p(book) + tau**2 / p) ** 2, of_p(book) ** 2 + tau**2),
            ),
            Step(
                "at the start it is the positive root",
                lambda book: Identity((start_p(book) + tau**2 / start_p(book)) / 2, sqrt(s_0**2 + tau**2)),
            ),
            Step("by the chain rule the equation of $p$ is the equation of $s$", chain_rule),
            Step(
                "the $p$ of the formula solves its equation",
                lambda book: Identity(
                    dict(book.formula("mixed.mode").let)[p].xreplace(dict(book.formula("mixed.mode").let[:1])),
                    value(book, "mode-sum-solution"),
                ),
            ),
            Step(
                "it starts at $s_0$",
                lambda book: Identity(of_p(book).xreplace({p: start_p(book)}), s_0),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-from-zero",
        (
            Step(
                "it is the closed form at $s_0=0$",
                lambda book: Identity(value(book, "mode-from-zero"), value(book, "mode").subs(s_0, 0)),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-time",
        (
            Step(
                "its derivative by $p$ is one over the rate of $p$",
                lambda book: Derivative(
                    time_of_p(book).xreplace(dict(book.formula("mixed.mode-time").let[:1])),
                    p,
                    1 / book.system("mixed.mode-sum").rate(p),
                ),
            ),
            Step(
                "the $p$ of the formula has this rate",
                lambda book: Rate(
                    book.system("mixed.mode-flow"),
                    last(book),
                    book.system("mixed.mode-sum").rate(p).xreplace({p: last(book)}),
                ),
            ),
            Step("no time passes between equal $p$", lambda book: Identity(time_of_p(book).subs(p, p_0), 0)),
            Step(
                "the $p_0$ of the formula is its $p$ at the start",
                lambda book: Identity(dict(book.formula("mixed.mode-time").let)[p_0], last(book).subs(s, s_0)),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-step-sum",
        (
            Step(
                "next strength plus next singular value, at equal strengths",
                lambda book: Identity(
                    equal(book.system("mixed.mode-step").rate(a) + book.system("mixed.mode-step").rate(s)),
                    value(book, "mode-step-sum"),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-step-difference",
        (
            Step(
                "next strength minus next singular value, at equal strengths",
                lambda book: Identity(
                    equal(book.system("mixed.mode-step").rate(a) - book.system("mixed.mode-step").rate(s)),
                    value(book, "mode-step-difference"),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-step-imbalance",
        (
            Step(
                "next difference of the strengths",
                lambda book: Identity(
                    book.system("mixed.mode-step").rate(a) - book.system("mixed.mode-step").rate(b),
                    value(book, "mode-step-imbalance"),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.mode-step-determinant",
        (
            Step(
                "the determinant after one step",
                lambda book: Rate(
                    book.system("mixed.mode-step-sequential"),
                    a * b - s**2,
                    value(book, "mode-step-determinant") - (a * b - s**2),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.correlated-mode",
        (
            Step(
                "the mode with the gradient $\\varsigma s-m$",
                lambda book: Identity(
                    book.system("mixed.mode-gram")
                    .rate(s)
                    .xreplace({a: sqrt(s**2 + tau**2), b: sqrt(s**2 + tau**2), g: varsigma * s - m}),
                    value(book, "correlated-mode"),
                ),
            ),
            Step(
                "is the mode of white inputs with target $m/\\varsigma$ in time $\\varsigma t$",
                lambda book: Identity(
                    varsigma * book.system("mixed.mode-flow").rate(s).subs(m, m / varsigma),
                    value(book, "correlated-mode"),
                ),
            ),
        ),
    ),
)

"""Why the chain of scalars escapes when it does: its flow, the reduced flow before the escape, exact times, limits."""

from __future__ import annotations

from typing import Any

from sympy import Mul, S, Symbol, oo, sqrt, symbols

from ...theory.parameterizations.chain import SCALES
from ...theory.parameterizations.letters import D, L, T, U, V, eps, m, rate, u, v
from ..chain import Book, Derivation, Derivative, Identity, Limit, Rate, Reduction, Step
from .exponents import BETWEEN, LAST, A

NAME = "parameterizations"


def value(book: Book, id: str) -> Any:
    return book.formula(f"{NAME}.{id}").value


def start(book: Book, system: str, item: Any) -> Any:
    return dict(book.system(f"{NAME}.{system}").given)[item]


def of_product(book: Book, case: tuple[int, int]) -> Identity:
    """Gradient flow of minus the correlation with the target, at equal weights."""
    depth, place = case
    s: tuple[Symbol, ...] = symbols(f"s_1:{depth + 2}", positive=True)
    equal = {one: v if k in (0, depth) else u for k, one in enumerate(s)}
    slope = -(-rate * Mul(*s)).diff(s[place]).xreplace(equal)
    claimed = book.system(f"{NAME}.chain").rate(equal[s[place]])
    return Identity(slope, claimed.subs(L, depth))


def shared(book: Book, item: Any, count: Any) -> Identity:
    """The derivative of the product by equal factors, shared by their number."""
    loss = -rate * v**2 * u ** (L - 1)
    return Identity(-loss.diff(item) / count, book.system(f"{NAME}.chain").rate(item))


def time_to(id: str, depth: int) -> Derivation:
    """Exact time: its derivative is the inverse rate on the line of constant balance."""

    def slope(book: Book) -> Derivative:
        along = book.system(f"{NAME}.chain").rate(u).subs(L, depth).subs(v, sqrt(u**2 + D))
        return Derivative(book.formula(f"{NAME}.{id}").statement.args[1], u, 1 / along)

    def balance(book: Book) -> Identity:
        at = value(book, "chain-balance").subs({u: start(book, "chain", u), v: start(book, "chain", v)})
        return Identity(dict(book.formula(f"{NAME}.{id}").let)[D], at)

    return Derivation(
        f"{NAME}.{id}",
        (
            Step("its derivative by $u$ is one over the rate of $u$, with $v^2=u^2+D$", slope),
            Step("$D$ is the balance at the start", balance),
            Step(
                "it vanishes at the start",
                lambda book: Identity(
                    book.formula(f"{NAME}.{id}").statement.args[1].subs(u, start(book, "chain", u)), 0
                ),
            ),
        ),
    )


DERIVATIONS: tuple[Derivation, ...] = (
    Derivation(
        f"{NAME}.chain",
        (
            Step(
                "gradient flow of minus $c$ times the product, weight by weight",
                of_product,
                cases=tuple((depth, place) for depth in (2, 3, 5) for place in range(depth + 1)),
                scope="L = 2, 3, 5",
            ),
            Step("the $L-1$ equal factors share the derivative", lambda book: shared(book, u, L - 1)),
            Step("so do the two outer ones", lambda book: shared(book, v, S(2))),
            Step(
                "in between: start of IP over that of muP",
                lambda book: Identity(start(book, "chain", u), m ** (A("mup", BETWEEN) - A("ip", BETWEEN))),
            ),
            Step(
                "outer weights: the same for both",
                lambda book: Identity(start(book, "chain", v), m ** (A("mup", LAST) - A("ip", LAST))),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.chain-escape",
        (
            Step(
                "$t=m^{(L-3)/2}T$, $u=m^{-1/2}U$: what is left out is of order $1/m$",
                lambda book: Reduction(
                    book.system(f"{NAME}.chain"), SCALES, eps, book.system(f"{NAME}.chain-escape").equations, S.One
                ),
            ),
            *(
                Step(
                    f"start of ${new}$",
                    lambda book, old=old, new=new: Identity(
                        dict(SCALES)[old].subs({new: start(book, "chain-escape", new), eps: 1 / m}),
                        start(book, "chain", old),
                    ),
                )
                for old, new in ((u, U), (v, V))
            ),
        ),
    ),
    Derivation(
        f"{NAME}.chain-balance",
        (
            Step(
                "constant along the chain",
                lambda book: Rate(book.system(f"{NAME}.chain"), value(book, "chain-balance"), S.Zero),
            ),
            Step(
                "$1-1/m$ at the start",
                lambda book: Identity(
                    value(book, "chain-balance").subs({u: start(book, "chain", u), v: start(book, "chain", v)}),
                    1 - 1 / m,
                ),
            ),
        ),
    ),
    time_to("chain-time-two", 2),
    time_to("chain-time-three", 3),
    time_to("chain-time-four", 4),
    Derivation(
        f"{NAME}.chain-growth",
        (
            Step(
                "it solves the reduced flow, $V=1$",
                lambda book: Derivative(
                    value(book, "chain-growth"),
                    T,
                    book.system(f"{NAME}.chain-escape").rate(U).subs({V: 1, U: value(book, "chain-growth")}),
                    assuming=book.formula(f"{NAME}.chain-growth").assuming,
                ),
            ),
            Step(
                "it starts at one",
                lambda book: Identity(value(book, "chain-growth").subs(T, 0), start(book, "chain-escape", U)),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.escape-two",
        (
            Step(
                "the exact time to $u=1$ at infinite width",
                lambda book: Limit(value(book, "chain-time-two").subs(u, 1), m, oo, value(book, "escape-two")),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.escape-three",
        (
            Step(
                "the exact time to $u=1$ over it tends to one",
                lambda book: Limit(
                    value(book, "chain-time-three").subs(u, 1) / value(book, "escape-three"), m, oo, S.One
                ),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.escape-deep",
        (
            Step(
                "the reduced flow ends there: $U^{3-L}$ vanishes",
                lambda book: Identity(
                    (value(book, "chain-growth") ** (3 - L)).subs(T, value(book, "escape-deep") * m ** ((3 - L) / 2)),
                    0,
                ),
            ),
            Step(
                "the exact time to $u=1$ with four hidden layers over it tends to one",
                lambda book: Limit(
                    value(book, "chain-time-four").subs(u, 1) / value(book, "escape-deep").subs(L, 4), m, oo, S.One
                ),
            ),
        ),
    ),
)

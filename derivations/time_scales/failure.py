"""Why the canonical order fails where it does."""

from __future__ import annotations

from typing import Any

from sympy import Integer, S, Symbol, exp, sqrt

from ...theory.flow import along
from ...theory.time_scales.equations import mean
from ...theory.time_scales.failure import NAMES, d, power_sum, rate
from ...theory.time_scales.letters import A, T, a, i, j, m, phi, s, sigma
from ...theory.time_scales.letters import S as OVERLAP
from ...theory.time_scales.phases import of_degree
from ...theory.time_scales.theta import C, S_mean, V, Z, theta
from ..chain import Book, Derivation, Derivative, Identity, Step
from ..check_system import flat
from .equations import at

small = Symbol("x", real=True)
x, y, z = Symbol("x_1", real=True), Symbol("x_2", real=True), Symbol("x_3", real=True)


def value(book: Book, id: str) -> Any:
    return book.formula(f"time-scales.{id}").value


def neurons(expression: Any, values: dict[Any, Any], count: int = 2) -> Any:
    """Sums over a given number of neurons written out, then values put in."""
    return expression.xreplace({m: Integer(count)}).doit().xreplace(values)


def small_overlaps(book: Book, id: str, top: int, count: int = 2) -> Any:
    """Rate of the first overlap of a system of degrees 0 to ``top``, overlaps of order ``x``."""
    system = of_degree(book.system(f"time-scales.{id}"), top)
    rate = neurons(at(flat(system.rate(s[i]), system.let)), {}, count)
    return rate.xreplace({s[n]: small * s[n] for n in range(count)})


def stays(book: Book, case: tuple[str, int]) -> Identity:
    """Rate of an overlap where all are zero."""
    return Identity(small_overlaps(book, *case).subs(small, 0), at(value(book, "overlap-start")))


def escapes(book: Book, case: tuple[int, int]) -> Identity:
    """Linear part of the rate of the first overlap, three neurons, no degree 1 in the target."""
    top, column = case
    slope = small_overlaps(book, "mean-field", top, 3).xreplace({phi[1]: S.Zero}).diff(small).subs(small, 0)
    entry = value(book, "escape-matrix").xreplace({i: Integer(0), j: Integer(column)}).xreplace({m: Integer(3)})
    return Identity(slope.diff(s[column]), entry)


def product_moves(book: Book) -> Identity:
    """Chain rule through the mean field without even degrees."""
    system = of_degree(book.system("time-scales.mean-field"), 3)
    none = {sigma[0]: S.Zero, sigma[2]: S.Zero}
    change = s[i] * system.rate(a[i]) + a[i] * system.rate(s[i])
    return Identity(at(change.xreplace(none)), at(book.formula("time-scales.sign-rate").value))


def two_values(book: Book) -> Identity:
    """Rate of the second moment, weights and overlaps of two neurons that keep the moments of degrees 0 and 1."""
    system = book.system("time-scales.phase-two-entry")
    moved = neurons(flat(along(mean(A[i] * OVERLAP[i] ** 2), system), system.let), {})
    state = {A[0]: x, A[1]: -x, OVERLAP[0]: y + z, OVERLAP[1]: y - z}
    learned = {phi[1]: sigma[1] * x * z}
    return Identity(moved.xreplace(state).xreplace(learned), value(book, "two-valued").xreplace(learned))


def relaxes(book: Book) -> Derivative:
    """The scalar equation of phase 1 without variance."""
    grown = value(book, "equal-weights")
    rate = book.system("time-scales.theta").rate(theta).xreplace({V: S.Zero, Z: S.Zero, C: S.Zero, S_mean: S.Zero})
    return Derivative(grown, T, rate.xreplace({theta: grown}))


LEVELS = tuple((id, top) for id in ("mean-field", "diagonal") for top in (1, 3))
DERIVATIONS = (
    Derivation(
        "time-scales.overlap-start",
        (
            Step(
                "rate of an overlap where all overlaps are zero, mean field and diagonal",
                stays,
                cases=LEVELS,
                scope="m = 2, K = 1, 3",
            ),
        ),
    ),
    Derivation(
        "time-scales.escape-matrix",
        (
            Step(
                "derivative of the rate of an overlap by the overlaps at zero",
                escapes,
                cases=((2, 0), (2, 1), (3, 2)),
                scope="m = 3, K = 2, 3",
            ),
        ),
    ),
    Derivation(
        "time-scales.escape-time",
        (
            Step(
                "growth at that rate from $d^{-1/2}$ reaches one",
                lambda book: Identity(exp(rate * value(book, "escape-time")) / sqrt(d), S.One),
            ),
        ),
    ),
    Derivation("time-scales.sign-rate", (Step("chain rule in the mean field without even degrees", product_moves),)),
    *(
        Derivation(
            f"time-scales.too-few-atoms-{NAMES[n]}",
            (
                Step(
                    "every atom is a root of the product over all atoms",
                    lambda book, n=n: Identity(value(book, f"too-few-atoms-{NAMES[n]}"), power_sum(n, n)),
                ),
            ),
        )
        for n in NAMES
    ),
    Derivation(
        "time-scales.two-valued",
        (Step("rate of $\\langle AS^2\\rangle$ in the constrained flow, two neurons", two_values),),
    ),
    Derivation(
        "time-scales.equal-weights",
        (
            Step("it solves the scalar equation of phase 1 without variance", relaxes),
            Step("it starts at zero", lambda book: Identity(value(book, "equal-weights").subs(T, 0), S.Zero)),
        ),
    ),
)

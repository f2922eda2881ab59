"""Why the exponents are what they are: every dominant balance of the mean field, found by search."""

from __future__ import annotations

from functools import cache
from typing import Any

from sympy import IndexedBase, Integer, Symbol, symbols

from ...theory.balances import balances
from ...theory.rescale import promote
from ...theory.system import System
from ...theory.time_scales.exponents import beta, learned, least, missing, omega, rho, split
from ...theory.time_scales.letters import A, E, T, a, e_of, eps, i, s, t
from ...theory.time_scales.letters import S as OVERLAP
from ...theory.time_scales.letters import degree as l
from ...theory.time_scales.phases import of_degree
from ..chain import Book, Derivation, Identity, Step

time = Symbol("theta", real=True)
rho_scaled = IndexedBase("Rho")[learned]


def only(found: tuple[dict[Any, Any], ...]) -> dict[Any, Any]:
    """The balance, if there is exactly one."""
    if len(found) != 1:
        raise ValueError(f"balances: {len(found)} found where one is claimed: {found}")
    return found[0]


@cache
def balance(system: System, last: Any, drive: Any, weight: Any, overlap: Any) -> dict[Any, Any]:
    """Exponents while ``drive`` grows, degrees up to ``last`` learned; the sizes are given or to be found.

    The error of a learned degree is as large as the drive in the equation of the weights: `multipliers` finds this.
    """
    scales = {t: eps**time * T, a[i]: eps**-weight * A[i], s[i]: eps**overlap * OVERLAP[i]}
    scales[rho[learned]] = eps ** ((drive - learned) * overlap) * rho_scaled
    unknowns = (time, *(letter for letter in (omega, beta) if letter in (weight, overlap)))
    return only(balances(split(system, last, drive), scales, eps, unknowns, given=least(last, drive)))


def at(book: Book, id: str, where: Any) -> Any:
    """A formula at a degree."""
    return book.formula(f"time-scales.{id}").value.xreplace({l: where})


def inner(book: Book, degree: Any, unknown: Any, id: str) -> Identity:
    """What is found while a degree is learned, sizes unknown, against the formula."""
    found = balance(book.system("time-scales.mean-field"), degree - 1, degree, omega, beta)
    return Identity(found[unknown], at(book, id, degree))


def entry(book: Book, last: Any, drive: Any, claimed: Any) -> Identity:
    """The time that a degree takes to grow from the sizes at which the last one was learned, against the claim."""
    sizes = at(book, "weight-exponent", last), at(book, "overlap-exponent", last)
    return Identity(balance(book.system("time-scales.mean-field"), last, drive, *sizes)[time], claimed)


def gap(book: Book, last: Any, count: int) -> Identity:
    claimed = at(book, "gap-exponent", last).xreplace({missing: Integer(count)})
    return entry(book, last, last + 1 + count, claimed)


def multipliers(book: Book, degree: int, j: int) -> Identity:
    """The size of the error of degree ``j``, all of them unknown, before a degree is learned."""
    found = free_multipliers(book.system("time-scales.mean-field"), degree)
    id = "time-scales.multiplier-exponent"
    return Identity(found[SIZES[j]], book.formula(id).value.xreplace({l: Integer(degree), learned: Integer(j)}))


SIZES = symbols("p_0:5", positive=True)


@cache
def free_multipliers(system: System, degree: int) -> dict[Any, Any]:
    """Time and sizes of the errors of learned degrees, for weights and overlaps as large as the lower degree left them."""
    positive = Symbol(time.name, positive=True)  # else the last phase, still running, is a balance too
    overlap = Integer(1) / (2 * degree)
    scales = {t: eps**positive * T, a[i]: eps ** (-(degree - 1) * overlap) * A[i], s[i]: eps**overlap * OVERLAP[i]}
    scales |= {e_of[n]: eps ** SIZES[n] * E[n] for n in range(degree)}
    full = promote(of_degree(system, degree), e_of[:degree])
    return only(balances(full, scales, eps, (positive, *SIZES[:degree])))


SEVERAL = tuple(Integer(n) for n in range(1, 7))


def while_learned(id: str, unknown: Any) -> Derivation:
    return Derivation(
        f"time-scales.{id}",
        (
            Step(
                "the only balance of the mean field with all three exponents unknown, for a symbol $l$",
                lambda book: inner(book, l, unknown, id),
            ),
            Step(
                "the same with numbers for $l$",
                lambda book, degree: inner(book, degree, unknown, id),
                cases=SEVERAL,
                scope="l = 1..6",
            ),
        ),
    )


DERIVATIONS = (
    while_learned("weight-exponent", omega),
    while_learned("overlap-exponent", beta),
    while_learned("width-exponent", time),
    Derivation(
        "time-scales.entry-exponent",
        (
            Step(
                "the only balance from the sizes of degree $l-1$, for a symbol $l$",
                lambda book: entry(book, l - 1, l, at(book, "entry-exponent", l)),
            ),
            Step(
                "the same with numbers for $l$",
                lambda book, degree: entry(book, degree - 1, degree, at(book, "entry-exponent", degree)),
                cases=SEVERAL,
                scope="l = 1..6",
            ),
        ),
    ),
    Derivation(
        "time-scales.gap-exponent",
        (
            Step(
                "the only balance from the sizes of degree $l$, for a symbol $l$",
                lambda book, count: gap(book, l, count),
                cases=(1, 2),
                scope="n = 1, 2",
            ),
            Step(
                "the same with numbers for $l$",
                lambda book, case: gap(book, *case),
                cases=tuple((Integer(n), 1 + n % 2) for n in range(1, 4)),
                scope="(l, n) = (1, 2), (2, 1), (3, 2)",
            ),
        ),
    ),
    Derivation(
        "time-scales.multiplier-exponent",
        (
            Step(
                "the only balance with the sizes of all errors unknown and small",
                lambda book, case: multipliers(book, *case),
                cases=tuple((degree, j) for degree in (1, 2, 3) for j in range(degree)),
                scope="l = 1, 2, 3",
            ),
        ),
    ),
)

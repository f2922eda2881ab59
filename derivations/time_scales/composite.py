"""Why the composite approximations are true: layers matched, and the risk as a sum over degrees."""

from __future__ import annotations

from typing import Any

from sympy import Integer, S, Symbol, exp, expand, sqrt

from ...theory.matching import match
from ...theory.time_scales.letters import K, M_of, T, degree, e, eps, phi, sigma, t
from ...theory.time_scales.theta import V_0, V, c, t_1, theta
from ..chain import Book, Derivation, Identity, Step
from .theta import SPECIAL

y = Symbol("y", real=True)


def late(book: Book) -> Any:
    """Logistic solution in rescaled time from the half-time."""
    whole = book.formula("time-scales.logistic-one").value.xreplace({t: t_1 + sqrt(eps) * y})
    return whole.replace(exp, lambda power: exp(expand(power)))


def early(book: Book) -> Any:
    """Moment before saturation: growth is linear in rescaled time."""
    whole = book.formula("time-scales.phase-one-moment").value.xreplace({**SPECIAL, V: sqrt(eps) * V_0})
    return whole.xreplace({theta: c * T})


def shift(book: Book) -> Any:
    return book.formula("time-scales.half-time-one").value / sqrt(eps)


def growing(book: Book) -> Any:
    """The growing part of the early moment, where both solutions hold."""
    half = early(book).rewrite(exp).expand()
    return half.xreplace({exp(-2 * c * T): S.Zero})


def matched(book: Book) -> Any:
    """Times in units of ``1/(2c)``, so that powers of eps come out of the exponentials."""
    unit = {T: T / (2 * c)}, {y: y / (2 * c)}
    link = {T: y + 2 * c * shift(book)}
    return match(growing(book).xreplace(unit[0]), late(book).xreplace(unit[1]), y, link, eps)


def sums_up(book: Book) -> Identity:
    """Early plus late minus common part, in the time of gradient flow."""
    found = matched(book)
    whole = (
        early(book) + late(book).xreplace({y: T - shift(book)}) - found.common.xreplace({y: 2 * c * (T - shift(book))})
    )
    claimed = book.formula("time-scales.moment-one-composite").value.xreplace({t: sqrt(eps) * T})
    return Identity(whole.rewrite(exp), claimed)


def by_degree(book: Book, errors: Any, top: int) -> Any:
    """Risk of the mean field with the given errors of degrees 0 to ``top``."""
    statement = book.formula("time-scales.mean-field-risk").statement.args[1].xreplace({K: Integer(top)}).doit()
    return statement.xreplace({e[n]: errors(n) for n in range(top + 1)})


def composite(book: Book, top: int) -> Identity:
    """Errors of degrees 0 and 1 from their own phases, the others not learned."""
    zero = phi[0] - sigma[0] * book.formula("time-scales.mean-weight").value
    known = (zero, phi[1] - sigma[1] * M_of[1])
    claimed = book.formula("time-scales.risk-composite").value.xreplace({K: Integer(top)}).doit()
    return Identity(by_degree(book, lambda n: known[n] if n < 2 else phi[n], top), claimed)


def height(book: Book, case: tuple[int, int]) -> Identity:
    """Learned degrees have no error, the others all of it."""
    learned, top = case
    claimed = book.formula("time-scales.plateau").value.xreplace({degree: Integer(learned), K: Integer(top)}).doit()
    return Identity(by_degree(book, lambda n: S.Zero if n < learned else phi[n], top), claimed)


DERIVATIONS = (
    Derivation(
        "time-scales.moment-one-composite",
        (
            Step(
                "linear growth and logistic solution match: no residual",
                lambda book: Identity(matched(book).residual, S.Zero),
            ),
            Step("the sum of both without the common part", sums_up),
        ),
    ),
    Derivation(
        "time-scales.risk-composite",
        (Step("the risk with the errors of each phase", composite, cases=(2, 3, 5), scope="K = 2, 3, 5"),),
    ),
    Derivation(
        "time-scales.plateau",
        (
            Step(
                "the risk with learned degrees without error",
                height,
                cases=((1, 2), (2, 4), (3, 5), (5, 5)),
                scope="(l, K) = (1, 2), (2, 4), (3, 5), (5, 5)",
            ),
        ),
    ),
)

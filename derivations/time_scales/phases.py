"""Why the reduced flows of the phases are true: promoted, rescaled and restricted from the mean field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Rational
from sympy import S as NUMBERS

from ...theory.time_scales.equations import mean
from ...theory.time_scales.letters import A, E, e_of, eps, i, phi, sigma, t
from ...theory.time_scales.letters import S as OVERLAP
from ...theory.time_scales.phases import SCALES, mean_start, of_degree
from ..chain import Book, Derivation, Derivative, Identity, SlowReduction, Step


def reduction(
    book: Book, phase: str, degree: int, order: Any, powers: tuple[Any, ...] = (), keeps: tuple[Any, ...] = ()
) -> SlowReduction:
    """The phase from the mean field of degrees 0 to ``degree``."""
    slow = book.system(f"time-scales.{phase}")
    multipliers = dict(slow.let)
    promoted = len(SCALES[phase]) - 3
    if phase == "phase-zero":
        fast: tuple[Any, ...] = ()
    elif promoted == 1:
        # degree 0 alone: its multiplier removes the mean of the push on the weights
        drive = slow.rate(OVERLAP[i]) / A[i]
        fast = ((E[0], -drive * mean(OVERLAP[i]) / sigma[0], powers[0]),)
    else:
        fast = tuple((E[n], multipliers[E[n]], powers[n]) for n in range(promoted))
    return SlowReduction(
        of_degree(book.system("time-scales.mean-field"), degree), e_of[:promoted], SCALES[phase], eps, slow,
        fast=fast, keeps=keeps, order=order,
    )  # fmt: skip


def without_mean(book: Book, degree: int) -> SlowReduction:
    """Degree 2 before it is learned by an activation of mean zero: one multiplier."""
    slow = book.system("time-scales.phase-two-entry-one")
    full = of_degree(book.system("time-scales.mean-field"), degree)
    none = {sigma[0]: NUMBERS.Zero}
    full = replace(
        full,
        equations=tuple((item, rate.xreplace(none)) for item, rate in full.equations),
        let=tuple((item, value.xreplace(none)) for item, value in full.let),
    )
    scales = tuple(pair for pair in SCALES["phase-two-entry"] if pair[0] != e_of[0])
    return SlowReduction(
        full, e_of[1:2], scales, eps, slow,
        fast=((E[1], dict(slow.let)[E[1]], quarter),), keeps=(LEARNED,), order=quarter,
    )  # fmt: skip


def derivation(phase: str, claim: str, cases: tuple[tuple[int, Any], ...], scope: str, **more: Any) -> Derivation:
    step = Step(claim, lambda book, case: reduction(book, phase, *case, **more), cases=cases, scope=scope)
    return Derivation(f"time-scales.{phase}", (step,))


CENTRED = -sigma[0] * mean(A[i])
LEARNED = phi[1] - sigma[1] * mean(A[i] * OVERLAP[i])
half, quarter, third = Rational(1, 2), Rational(1, 4), Rational(1, 3)

DERIVATIONS = (
    derivation(
        "phase-zero",
        "promote $e_0$ and rescale: $t\\sim\\epsilon$, $s\\sim\\epsilon$; nothing is fast",
        ((1, 1), (2, 1)),
        "K = 1, 2",
    ),
    derivation(
        "phase-one-entry",
        "$t\\sim s\\sim e_0\\sim\\epsilon^{1/2}$: the error of degree 0 is fast and keeps the mean",
        ((1, half), (2, half)),
        "K = 1, 2",
        powers=(half,),
        keeps=(phi[0] - sigma[0] * mean(A[i]),),
    ),
    derivation(
        "phase-one",
        "$t\\sim\\epsilon^{1/2}$, $a\\sim\\epsilon^{-1/4}$, $s\\sim e_0\\sim\\epsilon^{1/4}$: error of order 1/2 for K = 1, 1/4 beyond",
        ((1, half), (2, quarter), (3, quarter)),
        "K = 1, 2, 3",
        powers=(half,),
        keeps=(CENTRED,),
    ),
    derivation(
        "phase-two-entry",
        "$t\\sim s\\sim\\epsilon^{1/4}$, $a\\sim\\epsilon^{-1/4}$: errors of degrees 0 and 1 are multipliers",
        ((2, quarter), (3, quarter)),
        "K = 2, 3",
        powers=(3 * quarter, quarter),
        keeps=(CENTRED, LEARNED),
    ),
    derivation(
        "phase-two",
        "$t\\sim\\epsilon^{1/3}$, $a\\sim\\epsilon^{-1/3}$, $s\\sim\\epsilon^{1/6}$: errors of degrees 0 and 1 are multipliers",
        ((2, third),),
        "K = 2",
        powers=(2 * third, third),
        keeps=(CENTRED, -sigma[1] * mean(A[i] * OVERLAP[i])),
    ),
    Derivation(
        "time-scales.phase-two-entry-one",
        (
            Step(
                "the same with $\\sigma_0=0$: the error of degree 1 is the only multiplier",
                without_mean,
                cases=(2, 3),
                scope="K = 2, 3",
            ),
        ),
    ),
    Derivation(
        "time-scales.mean-weight",
        (
            Step(
                "the error of degree 0 follows phase 0",
                lambda book: Derivative(
                    error(book), t, book.system("time-scales.phase-zero").rate(E[0]).xreplace({E[0]: error(book)}) / eps
                ),
            ),
            Step("it starts at its start", lambda book: Identity(mean_weight(book).subs(t, 0), mean_start)),
        ),
    ),
    Derivation(
        "time-scales.half-time-zero",
        (
            Step(
                "half of the limit is reached then",
                lambda book: Identity(
                    mean_weight(book).subs({mean_start: 0, t: book.formula("time-scales.half-time-zero").value}),
                    phi[0] / sigma[0] / 2,
                ),
            ),
        ),
    ),
)


def error(book: Book) -> Any:
    return phi[0] - sigma[0] * mean_weight(book)


def mean_weight(book: Book) -> Any:
    return book.formula("time-scales.mean-weight").value

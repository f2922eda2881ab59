"""Why phase 1 is one scalar equation, and when degree 1 is learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import S, Symbol, exp, sqrt

from ...theory.flow import along
from ...theory.indices import put
from ...theory.time_scales.equations import mean
from ...theory.time_scales.letters import A, eps, i, m, phi, residual, sigma
from ...theory.time_scales.letters import S as OVERLAP
from ...theory.time_scales.theta import V_0, A_mean, C, S_mean, V, Z, alpha, b, c, clock, kappa, theta, zeta
from ..chain import Book, Derivation, Identity, Limit, Step
from .equations import at

CENTRE = ((alpha[i], alpha[i] - mean(alpha[i])), (zeta[i], zeta[i] - mean(zeta[i])))


def path(book: Book, id: str) -> Any:
    """Weights or overlaps along phase 1, with explicitly centred starts."""
    return put(book.formula(f"time-scales.{id}").value, CENTRE)


def bends(book: Book) -> Identity:
    """Second derivative of the weights by ``theta``: the flow of phase 1 along itself, growth divided out."""
    system = book.system("time-scales.phase-one")
    growth = sigma[1] * residual[1]  # the common factor of both rates is the rate of theta
    turned = along(system.rate(A[i]) / growth, replace(system, let=())) / growth
    weights = ((A[i], path(book, "phase-one-weights")),)
    return Identity(at(path(book, "phase-one-weights").diff(theta, 2)), at(put(turned, weights)))


def follows(book: Book, item: Any) -> Identity:
    """Derivative by ``theta`` against the flow of phase 1, growth divided out."""
    system = book.system("time-scales.phase-one")
    path_of = {A[i]: path(book, "phase-one-weights"), OVERLAP[i]: path(book, "phase-one-overlaps")}
    rate = put(system.rate(item) / (sigma[1] * residual[1]), path_of.items())
    return Identity(at(path_of[item].diff(theta)), at(rate))


def scalar(book: Book) -> Identity:
    """The growth of phase 1, its mean of weight times overlap being the claimed moment."""
    error = dict(book.system("time-scales.phase-one").let)[residual[1]]
    moment = book.formula("time-scales.phase-one-moment").value
    claimed = book.system("time-scales.theta").rate(theta)
    return Identity(claimed, sigma[1] * error.xreplace({m * mean(A[i] * OVERLAP[i]): m * moment}))


def moments(book: Book) -> Identity:
    """Mean of weight times overlap against the formula, moments of the start put in."""
    one, other = path(book, "phase-one-weights"), path(book, "phase-one-overlaps")
    starts = dict(CENTRE)
    values = {
        V: mean(starts[alpha[i]] ** 2),
        Z: mean(starts[zeta[i]] ** 2),
        C: mean(starts[alpha[i]] * starts[zeta[i]]),
    }
    return Identity(mean(one * other), book.formula("time-scales.phase-one-moment").value.xreplace(values))


def weights(book: Book) -> Any:
    return book.formula("time-scales.phase-one-weights").value


SPECIAL = {A_mean: S.Zero, Z: S.Zero, C: S.Zero}


def growth(book: Book) -> Any:
    return book.formula("time-scales.phase-one-growth").value


def stable(book: Book) -> Identity:
    """Exponentials of the two forms: no logarithm of a cancelling difference is left."""
    one = book.formula("time-scales.phase-one-growth")
    return Identity(exp(2 * one.value), exp(2 * (one.float_form or 0)))


def special_rate(book: Book) -> Any:
    """Rate of ``theta`` from overlaps zero and weights of mean zero, in ``c`` and ``b`` and exponentials."""
    rate = book.system("time-scales.theta").rate(theta).xreplace(SPECIAL)
    return rate.xreplace({phi[1]: c / sigma[1]}).xreplace({V: 2 * b / sigma[1] ** 2}).rewrite(exp).expand()


def grows(book: Book) -> Identity:
    """Derivative of the closed form, its rate a letter, against the scalar equation."""
    one = book.formula("time-scales.phase-one-growth")
    closed, ((letter, root),) = one.statement.args[1], one.let
    kept = (("the rate of the closed form", letter**2 - root**2),)
    return Identity(closed.diff(clock), special_rate(book).subs(theta, closed), given=kept, point=one.let)


def half_grown(book: Book) -> Any:
    """Growth at the claimed time."""
    return growth(book).xreplace({clock: book.formula("time-scales.half-growth-time").value})


def half_learned(book: Book) -> Identity:
    """Moment at the claimed time against half of its limit; variance and limit in terms of ``c`` and ``b``."""
    grown = half_grown(book)
    moment = book.formula("time-scales.phase-one-moment").value.xreplace({**SPECIAL, V: 2 * b * kappa / c})
    return Identity(moment.xreplace({theta: grown}), kappa / 2)


def half_time_gap(book: Book) -> Limit:
    """Rescaled exact time minus the claimed one, as eps tends to zero; eps is the square of ``x``."""
    small = Symbol("x", positive=True)
    claimed = (book.formula("time-scales.half-time-one").value / sqrt(eps)).xreplace({eps: small**2})
    exact = book.formula("time-scales.half-growth-time").value.xreplace({b: c * small * V_0 / (2 * kappa)})
    return Limit(exact - claimed, small, S.Zero, S.Zero)


DERIVATIONS = (
    Derivation(
        "time-scales.phase-one-weights",
        (
            Step("second derivative along the flow of phase 1", bends),
            Step("the start", lambda book: Identity(at(weights(book).subs(theta, 0)), A_mean + alpha[0])),
            Step(
                "first derivative at the start: the centred overlap",
                lambda book: Identity(at(weights(book).diff(theta).subs(theta, 0)), zeta[0]),
            ),
        ),
    ),
    Derivation(
        "time-scales.phase-one-overlaps",
        (
            Step("rate of the weights in the flow of phase 1", lambda book: follows(book, A[i])),
            Step("rate of the overlaps", lambda book: follows(book, OVERLAP[i])),
            Step(
                "the start",
                lambda book: Identity(
                    at(book.formula("time-scales.phase-one-overlaps").value.subs(theta, 0)), S_mean + zeta[0]
                ),
            ),
        ),
    ),
    Derivation("time-scales.phase-one-moment", (Step("mean of weight times overlap", moments),)),
    Derivation(
        "time-scales.theta",
        (Step("the common factor of the rates of phase 1, with the moment put in", scalar),),
    ),
    Derivation(
        "time-scales.phase-one-growth",
        (
            Step("it solves the scalar equation", grows),
            Step("it starts at zero", lambda book: Identity(growth(book).subs(clock, 0), S.Zero)),
            Step("the form for small $b$ is equal", stable),
        ),
    ),
    Derivation(
        "time-scales.half-growth-time",
        (
            Step("the moment has half of its limit then", half_learned),
            Step(
                "of the two roots, $e^{2\\theta}$ is the positive one",
                lambda book: Identity(exp(2 * half_grown(book)), (c + sqrt(c**2 + 4 * b**2)) / (2 * b)),
            ),
        ),
    ),
    Derivation(
        "time-scales.half-time-one",
        (Step("the exact time differs by less and less, in units of $\\epsilon^{1/2}$", half_time_gap),),
    ),
)

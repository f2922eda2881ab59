"""Why the first step of IP-LLR has its closed form: Gaussian integrals, one for each layer."""

from __future__ import annotations

from typing import Any

from sympy import Symbol, atan, cos, exp, integrate, oo, pi, sin, sqrt

from ...theory.parameterizations.letters import L, chi, eta, o, o_1, q, s2
from ..chain import Book, Derivation, Derivative, Identity, Step

NAME = "parameterizations"
R, angle = Symbol("R", positive=True), Symbol("theta", real=True)
x = Symbol("x", real=True)
kappa = Symbol("kappa", positive=True)
OPEN = (eta > 0,)


def value(book: Book, id: str) -> Any:
    return book.formula(f"{NAME}.{id}").value


def radial() -> Any:
    """Mean of the squared radius of two standard normal variables."""
    return integrate(R**3 * exp(-(R**2) / 2), (R, 0, oo))


def sector(k: Any) -> Any:
    """``E[u (u + k z)_+; u > 0]``, u and z standard normal: the sector of the plane where both are positive."""
    primitive = integrate((cos(angle) * (cos(angle) + k * sin(angle))).expand(), angle)
    return radial() / (2 * pi) * (primitive.subs(angle, pi / 2) - primitive.subs(angle, -atan(1 / k)))


def half_mean(power: int) -> Any:
    """``E[x^power; x > 0]``, x standard normal."""
    return integrate(x**power * exp(-(x**2) / 2), (x, 0, oo)) / sqrt(2 * pi)


def overlap(book: Book) -> Derivative:
    """The push enters through ``k``; both sides differentiated by it, so that no branch of the arcus tangent matters."""
    closed = value(book, "first-step-overlap").subs(eta, kappa * sqrt(s2) / (chi * q))
    return Derivative(closed, kappa, (s2 * sector(kappa)).diff(kappa).simplify())


def below(book: Book, count: int) -> Any:
    """The overlap of a later layer, by the recursion of the book."""
    found: Any = o_1
    for _ in range(count):
        found = value(book, "first-step-overlap-next").subs(o, found)
    return found


def output(book: Book, depth: int) -> Identity:
    """Output weights on the activations, half of which are on, and the update of the output weights."""
    moved = eta * chi * below(book, depth - 2) * half_mean(2) * half_mean(0)
    updated = eta * chi * below(book, depth - 1)
    claimed = book.formula(f"{NAME}.first-step-output").statement.args[1].subs(L, depth)
    return Identity(moved + updated, claimed)


DERIVATIONS = (
    Derivation(
        f"{NAME}.first-step-overlap",
        (
            Step(
                "$E[x^1(0)x^1(1)]=s^2E[u(u+kz)_+;u>0]$ in polar coordinates, differentiated by $k$, the push over the size",
                overlap,
            ),
            Step(
                "no push: the mean square of half a Gaussian",
                lambda book: Identity(value(book, "first-step-overlap").subs(eta, 0), s2 * half_mean(2)),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.first-step-overlap-next",
        (
            Step(
                "$E[g_+(\\eta\\chi\\omega z)_+]$: the start vanishes, what is left is the update, $g$ and $z$ independent",
                lambda book: Identity(
                    sqrt(s2) * half_mean(1) * eta * chi * o * half_mean(1),
                    value(book, "first-step-overlap-next"),
                    assuming=OPEN,
                ),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.first-step-output",
        (
            Step(
                "output weights on the last activations, and their own update",
                output,
                cases=(2, 3, 4, 5),
                scope="L = 2..5",
            ),
            Step(
                "the overlap of the first layer",
                lambda book: Identity(
                    dict(book.formula(f"{NAME}.first-step-output").let)[o_1], value(book, "first-step-overlap")
                ),
            ),
        ),
    ),
)

"""Why the kernels are true: Price's theorem differentiates by the covariance, independence gives the value at zero."""

from __future__ import annotations

from typing import Any

from sympy import Matrix, S, Symbol, erf, exp, expand, eye, integrate, oo, pi, sqrt

from ...theory.parameterizations.kernels import INSIDE, POSITIVE
from ...theory.parameterizations.letters import S11, S12, S22, rho
from ..chain import Book, Derivation, Derivative, Identity, Step

x = Symbol("x", real=True)
NAME = "parameterizations"
PAIR = Matrix([[1, rho], [rho, 1]])
COVARIANCE = Matrix([[S11, S12], [S12, S22]])


def value(book: Book, id: str) -> Any:
    return book.formula(f"{NAME}.{id}").value


def mean_of_power(degree: int) -> Any:
    """Mean of ``relu(x)**degree``, the step for degree 0."""
    return integrate(x**degree * exp(-(x**2) / 2), (x, 0, oo)) / sqrt(2 * pi)


def density() -> Any:
    """Density of both variables at zero: what two steps have as derivatives."""
    return 1 / (2 * pi * sqrt(PAIR.det()))


def slopes_of_erf() -> Any:
    """Mean of the product of the slopes ``(2/sqrt(pi)) exp(-x^2)``: a Gaussian integral with another covariance."""
    slope = erf(x).diff(x).subs(x, 0)
    return slope**2 / sqrt((eye(2) + 2 * COVARIANCE).det())


def derivation(id: str, degree: int, slope: Any) -> Derivation:
    return Derivation(
        f"{NAME}.{id}",
        (
            Step(
                "derivative by the correlation: the mean of the product of the slopes (Price); both times $\\sqrt{1-\\rho^2}$",
                lambda book: Identity(
                    expand(value(book, id).diff(rho) * sqrt(PAIR.det())),
                    expand(slope(book) * sqrt(PAIR.det())),
                    assuming=INSIDE,
                ),
            ),
            Step(
                "without correlation: the square of the mean",
                lambda book: Identity(value(book, id).subs(rho, 0), mean_of_power(degree) ** 2),
            ),
        ),
    )


DERIVATIONS = (
    derivation("step-kernel", 0, lambda book: density()),
    derivation("relu-kernel", 1, lambda book: value(book, "step-kernel")),
    derivation("relu-square-kernel", 2, lambda book: 4 * value(book, "relu-kernel")),
    Derivation(
        f"{NAME}.erf-kernel",
        (
            Step(
                "derivative by the covariance: the mean of the product of the slopes (Price)",
                lambda book: Derivative(value(book, "erf-kernel"), S12, slopes_of_erf(), assuming=POSITIVE),
            ),
            Step(
                "without covariance it vanishes: the function is odd",
                lambda book: Identity(value(book, "erf-kernel").subs(S12, 0), S.Zero),
            ),
        ),
    ),
)

"""Why the kernels are true: Price's theorem differentiates by the covariance, independence gives the value at zero."""

from __future__ import annotations

from typing import Any

from sympy import Add, Function, Matrix, Poly, S, Symbol, erf, exp, expand, eye, integrate, oo, pi, sqrt, symbols

from ...theory.parameterizations.kernels import INSIDE, POSITIVE
from ...theory.parameterizations.letters import G_2, S11, S12, S22, G_slope, Theta, rho, variance
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


NEURONS = 3
phi = Function("phi")
WEIGHTS = symbols(f"w_1:{NEURONS + 1}", real=True)
INPUTS = tuple(symbols(f"{name}_1:{NEURONS + 1}", real=True) for name in ("h", "k"))
"""Preactivations of the layer below at two inputs."""


def layer(inputs: Any) -> Any:
    """A preactivation ``sum_j w_j phi(h_j)`` over the root of the number of neurons."""
    return Add(*(w * phi(h) for w, h in zip(WEIGHTS, inputs))) / sqrt(S(NEURONS))


def forward() -> tuple[Any, ...]:
    return (layer(INPUTS[0]) * layer(INPUTS[1]),)


def tangent() -> tuple[Any, ...]:
    """Products of derivatives at the two inputs; neurons of the layer below have independent weights, so no mixed terms."""
    one, other = (layer(inputs) for inputs in INPUTS)
    own = [one.diff(w) * other.diff(w) for w in WEIGHTS]
    return (*own, *(one.diff(h) * other.diff(k) * Theta for h, k in zip(*INPUTS)))


def mean_over_weights(*terms: Any) -> Any:
    """Mean over independent centred weights: squares have it, products of two different ones do not."""
    found = Poly(expand(Add(*terms)), *WEIGHTS)
    weigh = {(0,) * NEURONS: S.One} | {tuple(2 * (j == i) for j in range(NEURONS)): variance for i in range(NEURONS)}
    return Add(*(weigh.get(powers, S.Zero) * factor for powers, factor in found.terms()))


def over_neurons(expression: Any) -> Any:
    """Products at the two inputs, replaced by their means: the same for every neuron."""
    for h, k in zip(*INPUTS):
        expression = expression.subs(phi(h).diff(h) * phi(k).diff(k), G_slope).subs(phi(h) * phi(k), G_2)
    return expression


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
    Derivation(
        f"{NAME}.nngp-step",
        (
            Step(
                "independent weights: the mean of the product of two preactivations, three neurons",
                lambda book: Identity(over_neurons(mean_over_weights(*forward())), value(book, "nngp-step")),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.ntk-step",
        (
            Step(
                "differentiated by weights and by the layer below, mean over weights and neurons, three neurons",
                lambda book: Identity(over_neurons(mean_over_weights(*tangent())), value(book, "ntk-step")),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.relu-correlation",
        (
            Step(
                "covariance of the next layer, variance two, inputs of size one",
                lambda book: Identity(
                    value(book, "nngp-step").subs({variance: 2, G_2: value(book, "relu-kernel")}),
                    value(book, "relu-correlation"),
                    assuming=INSIDE,
                ),
            ),
            Step(
                "variance two keeps the size",
                lambda book: Identity(value(book, "nngp-step").subs({variance: 2, G_2: mean_of_power(2)}), S.One),
            ),
        ),
    ),
    Derivation(
        f"{NAME}.relu-ntk-step",
        (
            Step(
                "the step of the tangent kernel with the kernels of ReLU and of its slope",
                lambda book: Identity(
                    value(book, "ntk-step").subs(
                        {variance: 2, G_2: value(book, "relu-kernel"), G_slope: value(book, "step-kernel")}
                    ),
                    value(book, "relu-ntk-step"),
                    assuming=INSIDE,
                ),
            ),
        ),
    ),
)

"""The mean field as transport of a measure of weights and overlaps; neurons are its atoms.

The measure ``rho_t`` on pairs (weight, overlap) solves ``d_t rho + d_a(A rho) + d_s(B rho) = 0`` in the weak sense: the mean of
a test function changes at the mean rate of its gradient along the velocities ``(A, B)``.
"""

from __future__ import annotations

from typing import Any

from sympy import Eq, exp, symbols

from ..formula import Source, Standing
from .equations import MOMENTS, degrees, mean
from .letters import OURS, PAPER, M, a, e, eps, formula, i, k, phi, s, sigma

weight, overlap = symbols("a_x s_x", real=True)
velocity_a, velocity_s = symbols("A_x B_x", real=True)
first, second = symbols("p q", real=True)
change = symbols("dPsi", real=True)
MORE: dict[Any, str] = {
    weight: "a second-layer weight",
    overlap: "an overlap",
    velocity_a: "velocity of the measure in the direction of the weight",
    velocity_s: "velocity of the measure in the direction of the overlap",
    first: "frequency of the test function $e^{pa+qs}$ in the weight",
    second: "frequency of the test function in the overlap",
    change: "rate of the mean of the test function",
}
LATEX = (
    (weight, "a_*"),
    (overlap, "s_*"),
    (velocity_a, "A"),
    (velocity_s, "B"),
    (change, r"\dot{\Psi}"),
)
ERRORS = ((e[k], phi[k] - sigma[k] * M[k]),)
VELOCITY = (
    degrees(sigma[k] * e[k] * overlap**k) / eps,
    weight * (1 - overlap**2) * degrees(k * sigma[k] * e[k] * overlap ** (k - 1), 1),
)
TEST = exp(first * a[i] + second * s[i])
"""Exponentials determine a measure of compact support."""


def at_neuron(expression: Any) -> Any:
    """A field at the weight and the overlap of a neuron."""
    return expression.xreplace({weight: a[i], overlap: s[i]})


FORMULAS = (
    formula(
        "velocity-weight",
        "velocity of weights in the field of all neurons; moments are those of the measure",
        Eq(velocity_a, VELOCITY[0]),
        Source(PAPER, "mean-field limit"),
        let=ERRORS,
        extra=MORE,
    ),
    formula(
        "velocity-overlap",
        "velocity of overlaps in the field of all neurons",
        Eq(velocity_s, VELOCITY[1]),
        Source(PAPER, "mean-field limit"),
        let=ERRORS,
        extra=MORE,
    ),
    formula(
        "transport",
        "weak form of the transport of the measure, solved by the atoms of the mean field",
        Eq(change, mean((first * at_neuron(VELOCITY[0]) + second * at_neuron(VELOCITY[1])) * TEST)),
        OURS,
        let=MOMENTS,
        standing=Standing.OURS,
        extra=MORE,
    ),
)

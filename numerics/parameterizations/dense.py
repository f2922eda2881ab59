"""Fully connected networks with dense weights, for trainings of hundreds of steps: float32 or float64, BLAS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.parameterizations.scalings import Scaling
from .network import Function, functions

Array = NDArray[Any]

RATE = 0.3275911
POLYNOMIAL = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
"""Abramowitz and Stegun 7.1.26: error function from one exponential to 1.5e-7, the rounding of float32."""


def single_gelu(z: Array) -> tuple[Array, Array]:
    """GELU and its slope in float32; several times faster than SciPy's normal distribution, which computes in double."""
    one, half = np.float32(1), np.float32(0.5)
    bell = np.exp(-half * z * z)
    t = one / (one + np.float32(RATE / np.sqrt(2)) * np.abs(z))
    tail = np.full_like(z, POLYNOMIAL[0])
    for coefficient in POLYNOMIAL[1:]:
        tail *= t
        tail += np.float32(coefficient)
    tail *= half * t * bell
    below = np.where(z > 0, one - tail, tail)
    return z * below, below + z * bell * np.float32(1 / np.sqrt(2 * np.pi))


@dataclass
class Dense:
    """Weights and biases of all layers, changed in place.

    Parameters
    ----------
    W, b : effective weights (rows x columns) and biases (rows x 1), first layer to output.
    activation, p : as for `functions`.
    """

    W: list[Array]
    b: list[Array]
    activation: str
    p: float | None = None

    def __post_init__(self) -> None:
        self.phi, self.slope, _ = functions(self.activation, self.p)
        self.fast = self.activation == "gelu" and self.W[0].dtype == np.float32

    def activate(self, h: Array) -> tuple[Array, Array]:
        """Activations and slopes."""
        return single_gelu(h) if self.fast else (self.phi(h), self.slope(h))

    def forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        """Inputs of every layer and preactivations, each rows x batch."""
        xs, hs = [x], []
        for l, (W, b) in enumerate(zip(self.W, self.b)):
            hs.append(W @ xs[-1] + b)
            if l < len(self.W) - 1:
                xs.append(single_gelu(hs[-1])[0] if self.fast else self.phi(hs[-1]))
        return xs, hs

    def passes(self, x: Array, error: Function) -> tuple[list[Array], list[Array], list[Array]]:
        """Inputs of every layer, preactivations, and derivatives of the loss by them.

        Parameters
        ----------
        x : columns of inputs.
        error : derivative of the loss by the output, from the output.
        """
        xs, hs, slopes = [x], [self.W[0] @ x + self.b[0]], []
        for W, b in zip(self.W[1:], self.b[1:]):
            value, slope = self.activate(hs[-1])
            xs.append(value)
            slopes.append(slope)
            hs.append(W @ value + b)
        signals = [error(hs[-1])]
        for W, slope in zip(self.W[:0:-1], slopes[::-1]):
            signals.append((W.T @ signals[-1]) * slope)
        return xs, hs, signals[::-1]


def gaussian(
    scaling: Scaling,
    shapes: Sequence[tuple[int, int]],
    spreads: Sequence[float],
    rng: np.random.Generator,
    activation: str,
    *,
    p: float | None = None,
    mean: float = 0.0,
    dtype: Any = np.float64,
) -> Dense:
    """A network with Gaussian weights ``m^{-A}`` times spread; biases of size one where the scaling has rates for them.

    Parameters
    ----------
    scaling : exponents; numbers.
    shapes, spreads : rows x columns and standard deviation of each layer; the width is the number of rows of the first.
    rng : generator.
    activation, p : as for `functions`.
    mean : of the entries of layers 2 to ``L + 1``, before the power of the width.
    dtype : float32 or float64.
    """
    m = float(shapes[0][0])
    W = [
        (m ** -float(A) * ((mean if l else 0.0) + spread * rng.standard_normal(shape))).astype(dtype)
        for l, (shape, spread, A) in enumerate(zip(shapes, spreads, scaling.A))
    ]
    b = [np.zeros((rows, 1), dtype) for rows, _ in shapes]
    if scaling.bias is not None:
        b = [rng.standard_normal((rows, 1)).astype(dtype) for rows, _ in shapes]
    return Dense(W, b, activation, p)


def powers(scaling: Scaling, width: int, t: int) -> tuple[list[float], list[float]]:
    """What multiplies the updates of weights and of biases at a step, counted from 0 (zero without biases)."""
    m = float(width)
    biases = [0.0] * (scaling.L + 1) if scaling.bias is None else [m ** -float(B) for B in scaling.B(t)]
    return [m ** -float(K) for K in scaling.K(t)], biases

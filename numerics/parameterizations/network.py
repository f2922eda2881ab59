"""Fully connected networks with a scale for every layer, trained by plain gradient descent.

Updates stay factored, ``W = s U + sum_t D_t X_t^T``, so a step costs as much as a forward pass and one draw ``U`` serves every
parameterization.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gamma, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.parameterizations.calculus import ACTIVATIONS
from ...theory.parameterizations.scalings import Scaling, depth_of

Array = NDArray[Any]
Function = Callable[[Array], Array]


def _gelu(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(z * ndtr(z))


def _gelu_slope(z: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi))


def _erf(z: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(z))


FUNCTIONS: dict[str, tuple[Function, Function, float]] = {
    "linear": (lambda z: z, np.ones_like, 1.0),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2, 1.0),
    "erf": (_erf, lambda z: 2 / np.sqrt(np.pi) * np.exp(-z * z), 1.0),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), lambda z: np.exp(np.minimum(z, 0)), 1.0),
    "gelu": (_gelu, _gelu_slope, 2.0),
}
"""Activation, its slope, and the variance of the matrices in between (of `functions`: those that keep sizes in muP)."""


def functions(name: str, p: float | None = None) -> tuple[Function, Function, float]:
    """Activation, slope and variance of the matrices in between; that of ReLU and its powers keeps the size of ``h`` in muP.

    Parameters
    ----------
    name : a name of the calculus; ``"relu"`` takes a degree.
    p : degree of ``max(z, 0)**p``; only for ``"relu"``, 1 by default.

    Raises
    ------
    ValueError : unknown activation, a degree that is not positive or not for this activation.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation: {name!r}; allowed: {', '.join(ACTIVATIONS)}")
    if name not in ("relu", "relu2"):
        if p is not None:
            raise ValueError(f"p: {p} with {name}; only relu takes a degree")
        return FUNCTIONS[name]
    degree = 2.0 if name == "relu2" else float(1 if p is None else p)
    if not degree > 0:
        raise ValueError(f"p: {p}; a positive degree of homogeneity is needed")
    if degree == 1:
        return lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype), 2.0
    variance = 2 * sqrt(pi) / (2**degree * gamma(degree + 0.5))
    return (
        lambda z: np.maximum(z, 0) ** degree,
        lambda z: np.where(z > 0, degree * np.maximum(z, 0) ** (degree - 1), 0),
        variance,
    )


@dataclass(frozen=True, eq=False)
class Draw:
    """What two networks share: inputs, loss derivatives, random matrices.

    Parameters
    ----------
    inputs : d x B, one column for each sample.
    chi : derivative of the loss by the output at each sample, kept fixed: shape (B,).
    matrices : ``L + 1`` arrays: m x d, m x m, 1 x m, centred entries of size one.
    """

    inputs: Array
    chi: Array
    matrices: tuple[Array, ...]

    @property
    def width(self) -> int:
        """Number of neurons of a hidden layer."""
        return int(self.matrices[0].shape[0])


def draw(L: int, width: int, rng: np.random.Generator, variance: float = 2.0, d: int = 10, samples: int = 4) -> Draw:
    """Gaussian weights and inputs of norm ``sqrt(d)``; loss derivatives of both signs whose sum is not zero.

    Parameters
    ----------
    L, width : hidden layers and their width.
    rng : generator.
    variance : of the entries of the matrices in between; the first layer is divided by ``sqrt(d)``.
    d, samples : dimension and number of inputs.

    Raises
    ------
    ValueError : a number that is no positive integer.
    """
    depth_of(L)
    for name, value in (("width", width), ("d", d), ("samples", samples)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name}: {value!r}; a positive integer is needed")
    inputs = rng.standard_normal((d, samples))
    inputs *= np.sqrt(d) / np.linalg.norm(inputs, axis=0)
    chi = np.where(np.arange(samples) % 4 == 3, 1.0, -1.0) / samples
    shapes = [(width, d), *[(width, width)] * (L - 1), (1, width)]
    sizes = [1 / np.sqrt(d), *[np.sqrt(variance)] * (L - 1), 1.0]
    return Draw(inputs, chi, tuple(size * rng.standard_normal(shape) for shape, size in zip(shapes, sizes)))


@dataclass(frozen=True, eq=False)
class State:
    """Preactivations of layers 1 to ``L + 1`` (the output last), each rows x B, and derivatives of the output by the hidden ones."""

    h: tuple[Array, ...]
    dh: tuple[Array, ...]

    @property
    def output(self) -> Array:
        """Output at every sample, shape (B,)."""
        return np.asarray(self.h[-1][0])


def train(
    scaling: Scaling,
    drawn: Draw,
    steps: int,
    *,
    activation: str = "relu",
    p: float | None = None,
    eta: float = 1.0,
    shrink: float = 0.0,
) -> tuple[State, ...]:
    """States before and after each of the steps of gradient descent with a fixed derivative of the loss.

    Parameters
    ----------
    scaling : exponents; numbers.
    drawn : inputs and random matrices; its depth is that of the scaling.
    steps : number of steps.
    activation, p : as for `functions`.
    eta : step, without its power of the width.
    shrink : after the first step the initial part of the layers in between is multiplied by ``m**-shrink`` (the hybrid of muP
        that equals IP-LLR has 1/2).

    Raises
    ------
    ValueError : depths that differ, exponents that are no numbers, a vanishing derivative of the loss, bad activation.
    """
    phi, slope, _ = functions(activation, p)
    L, m = scaling.L, float(drawn.width)
    if len(drawn.matrices) != L + 1:
        raise ValueError(f"drawn: {len(drawn.matrices)} layers, but the scaling has {L + 1}")
    if not all(value.is_number for value in (*scaling.A, *scaling.K(0), *scaling.K(1))):
        raise ValueError(f"scaling: {scaling.name} has symbolic exponents; numbers are needed")
    if not np.any(drawn.chi):
        raise ValueError("chi: zero at every sample; nothing moves and no exponent exists")
    size = [m ** -float(A) for A in scaling.A]
    moves: list[list[tuple[Array, Array]]] = [[] for _ in range(L + 1)]

    def times(l: int, x: Array) -> Array:
        out = size[l] * (drawn.matrices[l] @ x)
        for left, right in moves[l]:
            out += left @ (right.T @ x)
        return np.asarray(out)

    def back(l: int, y: Array) -> Array:
        out = size[l] * (drawn.matrices[l].T @ y)
        for left, right in moves[l]:
            out += right @ (left.T @ y)
        return np.asarray(out)

    states = []
    for t in range(steps + 1):
        x, h = [drawn.inputs], []
        for l in range(L + 1):
            h.append(times(l, x[-1]))
            x.append(phi(h[-1]))
        signal = [np.ones_like(h[-1])]
        for l in range(L, 0, -1):
            signal.insert(0, back(l, signal[0]) * slope(h[l - 1]))
        states.append(State(tuple(h), tuple(signal[:-1])))
        if t < steps:
            rates = [eta * m ** -float(K) for K in scaling.K(t)]
            for l in range(L + 1):
                moves[l].append((-rates[l] * signal[l] * drawn.chi, x[l]))
            if t == 0 and shrink:
                size[1:L] = [one * m**-shrink for one in size[1:L]]
    return tuple(states)


def widths_of(widths: Sequence[int]) -> tuple[int, ...]:
    """Widths in increasing order, at least two; ValueError otherwise."""
    found = tuple(widths)
    if len(found) < 2 or any(isinstance(one, bool) or not isinstance(one, int | np.integer) for one in found):
        raise ValueError(f"widths: {found}; at least two positive integers are needed")
    if found[0] < 1 or any(one >= two for one, two in itertools.pairwise(found)):
        raise ValueError(f"widths: {found}; positive and increasing is needed")
    return found

"""Fully connected networks with a scale for every layer, trained by plain gradient descent.

Updates stay factored, ``W = s U + sum_t D_t X_t^T``, so a step costs as much as a forward pass, and one draw ``U`` serves every
parameterization and activation: networks are trained side by side, and each layer is one matrix product for all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import gamma, pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.parameterizations.calculus import ACTIVATIONS
from ...theory.parameterizations.scalings import Scaling, depth_of, named

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


ZERO = "zero at every sample: the loss has no slope at the start, nothing moves and no exponent exists"


@dataclass(frozen=True, eq=False)
class Draw:
    """What two networks share: inputs, loss derivatives, random matrices.

    Parameters
    ----------
    inputs : d x B, one column for each sample.
    chi : derivative of the loss by the output at each sample, kept fixed: shape (B,).
    matrices : ``L + 1`` arrays: m x d, m x m, 1 x m, centred entries of size one.
    biases : ``L + 1`` columns; used where the scaling has biases.
    """

    inputs: Array
    chi: Array
    matrices: tuple[Array, ...]
    biases: tuple[Array, ...] = ()

    @property
    def width(self) -> int:
        """Number of neurons of a hidden layer."""
        return int(self.matrices[0].shape[0])


def draw(
    L: int,
    width: int,
    rng: np.random.Generator,
    variance: float = 2.0,
    d: int = 10,
    samples: int = 4,
    dtype: Any = np.float64,
    chi: Sequence[float] | None = None,
) -> Draw:
    """Gaussian weights and inputs of norm ``sqrt(d)``; loss derivatives of both signs whose sum is not zero.

    Parameters
    ----------
    L, width : hidden layers and their width.
    rng : generator.
    variance : of the entries of the matrices in between; the first layer is divided by ``sqrt(d)``.
    d, samples : dimension and number of inputs.
    dtype : float32 or float64.
    chi : derivative of the loss at each sample, over their number; its length is the number of samples.

    Raises
    ------
    ValueError : a number that is no positive integer, another dtype, ``chi`` zero everywhere.
    """
    depth_of(L)
    if chi is not None:
        samples = len(chi)
    for name, value in (("width", width), ("d", d), ("samples", samples)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise ValueError(f"{name}: {value!r}; a positive integer is needed")
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype: {dtype!r}; allowed: float32, float64")
    signs = np.where(np.arange(samples) % 4 == 3, 1.0, -1.0) if chi is None else np.array(chi, float)
    if not np.all(np.isfinite(signs)) or not np.any(signs):
        raise ValueError(
            f"chi: {signs.tolist()}; {ZERO}" if not np.any(signs) else f"chi: {signs.tolist()} is not finite"
        )
    inputs = rng.standard_normal((d, samples)).astype(dtype)
    inputs *= np.sqrt(d) / np.linalg.norm(inputs, axis=0)
    shapes = [(width, d), *[(width, width)] * (L - 1), (1, width)]
    sizes = [1 / np.sqrt(d), *[np.sqrt(variance)] * (L - 1), 1.0]
    matrices = []
    for size, shape in zip(sizes, shapes):
        matrix = rng.standard_normal(shape, dtype=dtype)
        matrix *= size
        matrices.append(matrix)
    biases = tuple(rng.standard_normal((shape[0], 1), dtype=dtype) for shape in shapes)
    return Draw(inputs, (signs / samples).astype(dtype), tuple(matrices), biases)


def settled(drawn: Draw, activation: str = "relu", p: float | None = None) -> Draw:
    """The draw with every matrix rescaled so that the preactivations of muP start with mean square one.

    Powers of the random sizes of the layers below would otherwise leave the range of floats in deep networks of high degree.
    """
    phi, _, _ = functions(activation, p)
    A = named("mup", len(drawn.matrices) - 1).A
    x, matrices = drawn.inputs, []
    for matrix, exponent in zip(drawn.matrices, A):
        h = drawn.width ** -float(exponent) * (matrix @ x)
        size = float(np.sqrt(np.mean(h * h)))
        matrices.append(matrix / size)
        x = phi(h / size)
    return replace(drawn, matrices=tuple(matrices))


@dataclass(frozen=True, eq=False)
class State:
    """Preactivations of layers 1 to ``L + 1`` (the output last), each rows x B, and derivatives of the output by the hidden ones."""

    h: tuple[Array, ...]
    dh: tuple[Array, ...]

    @property
    def output(self) -> Array:
        """Output at every sample, shape (B,)."""
        return np.asarray(self.h[-1][0])


@dataclass(frozen=True, eq=False)
class Run:
    """One of several networks that share a draw.

    Parameters
    ----------
    scaling : exponents; numbers. With rates of biases, the network has biases.
    activation, p : as for `functions`.
    eta : step, without its power of the width; or one for each step, of which the last stays.
    shrink : after the first step the initial part of the layers in between is multiplied by ``m**-shrink`` (the hybrid of muP
        that equals IP-LLR has 1/2).
    gain : factor of the matrices in between.
    mean : added to the entries of the matrices of layers 2 to ``L + 1``.
    """

    scaling: Scaling
    activation: str = "relu"
    p: float | None = None
    eta: float | tuple[float, ...] = 1.0
    shrink: float = 0.0
    gain: float = 1.0
    mean: float = 0.0


class _Net:
    """The factored weights of one network."""

    def __init__(self, run: Run, drawn: Draw) -> None:
        scaling, self.run, self.drawn = run.scaling, run, drawn
        self.phi, self.slope, _ = functions(run.activation, run.p)
        self.L, self.m = scaling.L, float(drawn.width)
        if len(drawn.matrices) != self.L + 1:
            raise ValueError(f"drawn: {len(drawn.matrices)} layers, but the scaling has {self.L + 1}")
        if not all(value.is_number for value in (*scaling.A, *scaling.K(0), *scaling.K(1))):
            raise ValueError(f"scaling: {scaling.name} has symbolic exponents; numbers are needed")
        self.size = [self.m ** -float(A) for A in scaling.A]
        self.size[1 : self.L] = [run.gain * one for one in self.size[1 : self.L]]
        self.moves: list[list[tuple[Array, Array]]] = [[] for _ in range(self.L + 1)]
        self.biases = list(drawn.biases) if scaling.bias is not None else []

    def forward(self, l: int, x: Array, product: Array) -> Array:
        """Preactivations from the inputs and their product with the base matrix, which all networks share."""
        if self.run.mean and l:
            product = product + self.run.mean / (self.run.gain if l < self.L else 1.0) * x.sum(axis=0)
        out = self.size[l] * product
        for left, right in self.moves[l]:
            out += left @ (right.T @ x)
        return np.asarray(out + self.biases[l] if self.biases else out)

    def backward(self, l: int, y: Array, product: Array) -> Array:
        if self.run.mean and l:
            product = product + self.run.mean / (self.run.gain if l < self.L else 1.0) * y.sum(axis=0)
        out = self.size[l] * product
        for left, right in self.moves[l]:
            out += right @ (left.T @ y)
        return np.asarray(out)

    def step(self, t: int, x: list[Array], signal: list[Array]) -> None:
        """One update of every layer."""
        run = self.run
        eta = run.eta[min(t, len(run.eta) - 1)] if isinstance(run.eta, tuple) else run.eta
        for l, K in enumerate(run.scaling.K(t)):
            pull = signal[l] * self.drawn.chi
            self.moves[l].append((-eta * self.m ** -float(K) * pull, x[l]))
            if self.biases:
                rate = eta * self.m ** -float(run.scaling.B(t)[l])
                self.biases[l] = self.biases[l] - rate * pull.sum(axis=1, keepdims=True)
        if t == 0 and run.shrink:
            self.size[1 : self.L] = [one * self.m**-run.shrink for one in self.size[1 : self.L]]


def descend(runs: Sequence[Run], drawn: Draw, steps: int) -> tuple[tuple[State, ...], ...]:
    """Several networks on one draw, side by side: their states before and after each step of gradient descent.

    Parameters
    ----------
    runs : the networks.
    drawn : inputs and random matrices; its depth is that of the scalings.
    steps : number of steps, with a fixed derivative of the loss.

    Returns
    -------
    tuple : for each network, ``steps + 1`` states.

    Raises
    ------
    ValueError : depths that differ, exponents that are no numbers, a vanishing derivative of the loss, bad activation.
    """
    if not np.any(drawn.chi):
        raise ValueError(f"chi: {ZERO}")
    nets = [_Net(run, drawn) for run in runs]
    L = len(drawn.matrices) - 1

    def shared(matrix: Array, columns: list[Array]) -> list[Array]:
        """One product for all networks; the first layer sees the same inputs in each."""
        if all(one is columns[0] for one in columns):
            return [matrix @ columns[0]] * len(columns)
        return np.split(matrix @ np.concatenate(columns, axis=1), len(columns), axis=1)

    states: list[list[State]] = [[] for _ in nets]
    for t in range(steps + 1):
        x: list[list[Array]] = [[drawn.inputs] for _ in nets]
        h: list[list[Array]] = [[] for _ in nets]
        for l in range(L + 1):
            products = shared(drawn.matrices[l], [one[-1] for one in x])
            for net, xs, hs, product in zip(nets, x, h, products):
                hs.append(net.forward(l, xs[-1], product))
                xs.append(net.phi(hs[-1]))
        signal = [[np.ones_like(hs[-1])] for hs in h]
        for l in range(L, 0, -1):
            products = shared(drawn.matrices[l].T, [one[0] for one in signal])
            for net, hs, ds, product in zip(nets, h, signal, products):
                ds.insert(0, net.backward(l, ds[0], product) * net.slope(hs[l - 1]))
        for net, xs, hs, ds, kept in zip(nets, x, h, signal, states):
            kept.append(State(tuple(hs), tuple(ds[:-1])))
            if t < steps:
                net.step(t, xs, ds)
    return tuple(map(tuple, states))


def train(
    scaling: Scaling,
    drawn: Draw,
    steps: int,
    *,
    activation: str = "relu",
    p: float | None = None,
    eta: float | tuple[float, ...] = 1.0,
    shrink: float = 0.0,
) -> tuple[State, ...]:
    """States of one network before and after each of the steps; parameters as for `Run` and `descend`."""
    (states,) = descend([Run(scaling, activation, p, eta, shrink)], drawn, steps)
    return states


def widths_of(widths: Sequence[int]) -> tuple[int, ...]:
    """Widths in increasing order, at least two; ValueError otherwise."""
    found = tuple(widths)
    if len(found) < 2 or any(isinstance(one, bool) or not isinstance(one, int | np.integer) for one in found):
        raise ValueError(f"widths: {found}; at least two positive integers are needed")
    if found[0] < 1 or any(one >= two for one, two in itertools.pairwise(found)):
        raise ValueError(f"widths: {found}; positive and increasing is needed")
    return found

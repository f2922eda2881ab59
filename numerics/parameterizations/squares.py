"""Full-batch gradient descent on a squared loss: how long a network waits at its start, and how far its features move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.parameterizations.scalings import Scaling
from .dense import Dense, gaussian, powers
from .network import functions

Array = NDArray[Any]


@dataclass(frozen=True)
class Fit:
    """End of `fit`.

    Parameters
    ----------
    steps : number of steps until the loss was small enough.
    moved : change of the last hidden preactivations over their start, Frobenius norms over the samples.
    loss : over its start.
    """

    steps: int
    moved: float
    loss: float


def samples(count: int, d: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Inputs of norm ``sqrt(d)`` in columns, and targets of size one and both signs (of one sample: plus one)."""
    x = rng.standard_normal((d, count))
    x *= np.sqrt(d) / np.linalg.norm(x, axis=0)
    return x, np.where(np.arange(count) % 2 == 0, 1.0, -1.0)


def linear_or(
    scaling: Scaling, width: int, d: int, rng: np.random.Generator, activation: str, p: float | None
) -> Dense:
    """A network with one output and the variances that keep sizes in muP."""
    L, root = scaling.L, float(np.sqrt(functions(activation, p)[2]))
    shapes = [(width, d), *[(width, width)] * (L - 1), (1, width)]
    return gaussian(scaling, shapes, [d**-0.5, *[root] * (L - 1), 1.0], rng, activation, p=p)


def fit(
    scaling: Scaling,
    width: int,
    rng: np.random.Generator,
    *,
    activation: str = "linear",
    p: float | None = None,
    eta: float = 0.1,
    until: float = 0.5,
    most: int = 20000,
    count: int = 1,
    d: int = 10,
    alpha: float = 1.0,
) -> Fit:
    """Train on ``mean((alpha (f - f_0) - y)^2) / 2``, ``f_0`` the output at the start, at the rate ``eta / alpha^2``.

    Parameters
    ----------
    scaling : exponents; numbers.
    width : neurons of a hidden layer.
    rng : of inputs and weights.
    activation, p : as for `functions`.
    eta : step, without powers of the width and of alpha.
    until : training ends when the loss is this share of its start.
    most : largest number of steps.
    count, d : number and dimension of the inputs.
    alpha : scale of the output; large ones make training lazy.

    Raises
    ------
    ValueError : ``until`` not between 0 and 1, eta or alpha not positive, no end within ``most`` steps, divergence.
    """
    if not 0 < until < 1:
        raise ValueError(f"until: {until}; a share between 0 and 1, both excluded, is needed")
    for name, value in (("eta", eta), ("alpha", alpha)):
        if not value > 0:
            raise ValueError(f"{name}: {value}; a positive number is needed")
    x, y = samples(count, d, rng)
    net = linear_or(scaling, width, d, rng, activation, p)
    before = net.forward(x)[1]
    scales = [powers(scaling, width, t)[0] for t in (0, 1)]
    start = float(np.mean(y * y))

    def error(output: Array) -> Array:
        return (alpha * (output - before[-1]) - y) / count

    for t in range(most + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            xs, hs, signals = net.passes(x, error)
            loss = float(np.sum(signals[-1] ** 2)) * count / start
        if not np.isfinite(loss):
            raise ValueError(
                f"eta: {eta}; training diverged after {t} steps at width {width}, a smaller step is needed"
            )
        if loss <= until:
            moved = np.linalg.norm(hs[-2] - before[-2]) / np.linalg.norm(before[-2])
            return Fit(t, float(moved), loss)
        for W, scale, signal, inputs in zip(net.W, scales[min(t, 1)], signals, xs):
            W -= (eta / alpha * scale) * (signal @ inputs.T)
    raise ValueError(f"most: {most} steps do not bring the loss to {until} of its start at width {width}")

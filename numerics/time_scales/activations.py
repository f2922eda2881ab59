"""Values and slopes of activations on batches: what a network of any activation needs for its gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..hermite import FUNCTIONS, function

Array = NDArray[Any]
Pair = Callable[[Array], tuple[Array, Array]]
"""``z -> (sigma(z), sigma'(z))``, elementwise."""

STEP = 1e-5
"""Half the distance of the central differences of an activation without a known slope: error about 1e-10."""


def _relu(z: Array) -> tuple[Array, Array]:
    on = z > 0
    return z * on, on.astype(float)


def _tanh(z: Array) -> tuple[Array, Array]:
    y = np.tanh(z)
    return y, 1 - y * y


def _sigmoid(z: Array) -> tuple[Array, Array]:
    y = FUNCTIONS["sigmoid"](z)
    return y, y * (1 - y)


def _erf(z: Array) -> tuple[Array, Array]:
    return FUNCTIONS["erf"](z), 2 / np.sqrt(np.pi) * np.exp(-z * z)


def _gelu(z: Array) -> tuple[Array, Array]:
    from scipy.special import ndtr

    below = ndtr(z)
    return z * below, below + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def _exp(z: Array) -> tuple[Array, Array]:
    y = np.exp(z)
    return y, y


def _softplus(z: Array) -> tuple[Array, Array]:
    return FUNCTIONS["softplus"](z), FUNCTIONS["sigmoid"](z)


def _silu(z: Array) -> tuple[Array, Array]:
    y = FUNCTIONS["sigmoid"](z)
    return z * y, y + z * y * (1 - y)


PAIRS: dict[str, Pair] = {
    "relu": _relu, "tanh": _tanh, "sigmoid": _sigmoid, "erf": _erf, "gelu": _gelu, "exp": _exp, "softplus": _softplus,
    "silu": _silu,
}  # fmt: skip


def pair(activation: Any) -> Pair:
    """Value and slope of an activation.

    Parameters
    ----------
    activation : a name, a function of an array (slope by central differences), or a list of Hermite coefficients.

    Raises
    ------
    ValueError : an unknown name.
    """
    if isinstance(activation, str) and activation in PAIRS:
        return PAIRS[activation]
    if isinstance(activation, str) and activation.startswith("he"):
        function(activation)  # refuses an unknown name
        return polynomial(np.eye(int(activation[2:]) + 1)[-1])
    if callable(activation) or isinstance(activation, str):
        f = function(activation)
        return lambda z: (np.asarray(f(z), float), (np.asarray(f(z + STEP)) - np.asarray(f(z - STEP))) / (2 * STEP))
    return polynomial(activation)


def polynomial(coefficients: Sequence[float]) -> Pair:
    """Value and slope of a sum of normalised Hermite polynomials: one pass over the batch."""
    c = np.array(coefficients, dtype=float)

    def evaluate(z: Array) -> tuple[Array, Array]:
        flat = np.ascontiguousarray(z, dtype=float).reshape(-1)
        value, slope = np.empty_like(flat), np.empty_like(flat)
        hermite_kernel()(flat, c, value, slope)
        return value.reshape(np.shape(z)), slope.reshape(np.shape(z))

    return evaluate


@cache
def hermite_kernel() -> Any:
    """Compiled recursion of the polynomials ``h_k``; the slope of ``h_k`` is ``sqrt(k) h_(k-1)``."""
    from numba import njit

    @njit(cache=True)
    def evaluate(z, c, value, slope):  # type: ignore[no-untyped-def]  # pragma: no cover
        for n in range(z.size):
            x, before, now = z[n], 0.0, 1.0
            v, d = c[0], 0.0
            for k in range(1, c.size):
                root = np.sqrt(k)
                d += c[k] * root * now
                before, now = now, (x * now - np.sqrt(k - 1.0) * before) / root
                v += c[k] * now
            value[n], slope[n] = v, d

    return evaluate

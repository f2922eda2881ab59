"""Weights of a deep linear network: end-to-end map, gradients, Gaussian starts.

A network is a tuple ``(W_1, ..., W_L)`` from the input on: ``A = W_L ... W_1``. Hidden widths may differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Layers = tuple[Array, ...]


def check_depth(layers: int, least: int = 1) -> int:
    """Depth as an integer at least ``least``."""
    if int(layers) != layers or layers < least:
        raise ValueError(f"layers: {layers}; allowed: integers of at least {least}")
    return int(layers)


def check_positive(name: str, value: float, strict: bool = True) -> float:
    """A finite number that is positive (or not negative)."""
    number = float(value)
    if not np.isfinite(number) or number < 0 or (strict and number == 0):
        raise ValueError(f"{name}: {value}; allowed: {'positive' if strict else 'nonnegative'} numbers")
    return number


def check_times(times: Any) -> Array:
    """Strictly increasing times from 0 on."""
    at = np.atleast_1d(np.asarray(times, dtype=float))
    if at.ndim != 1 or not at.size or not np.isfinite(at).all() or at[0] < 0 or (np.diff(at) <= 0).any():
        raise ValueError("times: strictly increasing nonnegative numbers are needed")
    return at


def check_layers(weights: Sequence[Any]) -> Layers:
    """Matrices that can be multiplied, as real arrays.

    Raises
    ------
    ValueError : no layer, not a finite matrix, or neighbouring shapes that do not fit.
    """
    found = tuple(np.ascontiguousarray(W, dtype=float) for W in weights)
    if not found:
        raise ValueError("weights: has 0 layers; allowed: at least 1")
    for place, W in enumerate(found, 1):
        if W.ndim != 2 or not np.isfinite(W).all():
            raise ValueError(f"weights: layer {place} is not a finite matrix")
        if place > 1 and W.shape[1] != found[place - 2].shape[0]:
            raise ValueError(f"weights: layer {place} has {W.shape[1]} columns; {found[place - 2].shape[0]} are needed")
    return found


def product(weights: Sequence[Array]) -> Array:
    """End-to-end map ``W_L ... W_1``."""
    A = weights[0]
    for W in weights[1:]:
        A = W @ A
    return A


def pull_back(weights: Sequence[Array], G: Array) -> Layers:
    """Gradients ``W_{>l}^T G W_{<l}^T`` of every layer for the gradient ``G`` of the map (transposes, never conjugates)."""
    before = [weights[0]]
    for W in weights[1:-1]:
        before.append(W @ before[-1])
    out = []
    for place in range(len(weights) - 1, 0, -1):
        out.append(G @ before[place - 1].T)
        G = weights[place].T @ G
    return (*([G] + out[::-1]),)


def flatten(weights: Sequence[Array]) -> Array:
    """All weights in one vector."""
    return np.concatenate([W.ravel() for W in weights])


def unflatten(vector: Array, like: Sequence[Array]) -> Layers:
    """Weights of the shapes of ``like`` (views of the vector)."""
    out, start = [], 0
    for W in like:
        out.append(vector[start : start + W.size].reshape(W.shape))
        start += W.size
    return tuple(out)


def imbalance(weights: Sequence[Array]) -> float:
    """Largest Frobenius norm of ``W_l W_l^T - W_{l+1}^T W_{l+1}``; 0 for one layer."""
    pairs = pairwise(weights)
    return max((float(np.linalg.norm(W @ W.T - V.T @ V)) for W, V in pairs), default=0.0)


def gaussian(d_out: int, d_in: int, width: int, layers: int, kappa: float, seed: Any = 0) -> Layers:
    """Independent entries ``N(0, kappa/width)`` in every layer.

    Parameters
    ----------
    kappa : width times variance, ``width**(1 - gamma)`` for variance ``width**-gamma``.

    Raises
    ------
    ValueError : depth below 1, a size below 1, negative kappa.
    """
    layers = check_depth(layers)
    for name, size in (("d_out", d_out), ("d_in", d_in), ("width", width)):
        if int(size) != size or size < 1:
            raise ValueError(f"{name}: {size}; allowed: integers of at least 1")
    rng = np.random.default_rng(seed)
    sizes = [d_in, *[width] * (layers - 1), d_out]
    scale = np.sqrt(check_positive("kappa", kappa, strict=False) / width)
    return tuple(scale * rng.standard_normal((b, a)) for a, b in pairwise(sizes))

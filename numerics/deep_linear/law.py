"""Networks of three layers at any width, exactly in law, and the exact compression of a drawn network.

Block bidiagonalisation of the Gaussian middle layer from both ends; after T steps of gradient descent ``T + 1`` blocks are
exact. Two layers: `numerics.mixed.reduction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .network import Array, Layers, check_layers, check_positive


def bartlett(rng: np.random.Generator, size: int, degrees: float) -> Array:
    """Upper triangular factor R of a Gaussian matrix with ``degrees`` rows: ``R_jj`` chi with ``degrees - j``, j from 0."""
    R = np.triu(rng.standard_normal((size, size)), 1)
    R[np.arange(size), np.arange(size)] = np.sqrt(rng.chisquare(degrees - np.arange(size)))
    return R


def two_layers(d_out: int, d_in: int, width: int, kappa: float, seed: Any = 0) -> Layers:
    """Two layers of any width with entries ``N(0, kappa/width)``, reduced to width ``d_out + d_in``, equal in law."""
    from ..mixed.reduction import gaussian

    found = gaussian(d_out, d_in, width, check_positive("kappa", kappa) / width, seed)
    return found.W1, found.W2


def three_layers(d_out: int, d_in: int, width: int, kappa: float, blocks: int, seed: Any = 0) -> Layers:
    """Three layers of any width with entries ``N(0, kappa/width)``, in the basis that descent from them moves in.

    Parameters
    ----------
    blocks : even, at least 2; exact in law for ``blocks - 1`` steps. Both hidden layers get ``blocks (d_in + d_out)/2`` units.

    Raises
    ------
    ValueError : bad argument; more hidden units than the width, where the full network is to be simulated.
    """
    kappa = check_positive("kappa", kappa)
    for name, size in (("d_out", d_out), ("d_in", d_in), ("width", width)):
        if int(size) != size or size < 1:
            raise ValueError(f"{name}: {size}; allowed: integers of at least 1")
    if int(blocks) != blocks or blocks < 2 or blocks % 2:
        raise ValueError(f"blocks: {blocks}; allowed: even integers of at least 2")
    units = blocks * (d_in + d_out) // 2
    if units > width:
        raise ValueError(f"blocks: {blocks} need {units} units; allowed: at most the width {width}")
    rng, scale = np.random.default_rng(seed), np.sqrt(kappa / width)
    x = [d_in if k % 2 == 0 else d_out for k in range(blocks)]
    y = [d_out if k % 2 == 0 else d_in for k in range(blocks)]
    X, Y = np.concatenate([[0], np.cumsum(x)]), np.concatenate([[0], np.cumsum(y)])
    W = np.zeros((units, units))
    for k in range(blocks):
        W[Y[k] : Y[k + 1], X[k] : X[k + 1]] = rng.standard_normal((y[k], x[k]))
        if k + 1 < blocks:
            W[Y[k + 1] : Y[k + 2], X[k] : X[k + 1]] = bartlett(rng, x[k], width - Y[k + 1])
            W[Y[k] : Y[k + 1], X[k + 1] : X[k + 2]] = bartlett(rng, y[k], width - X[k + 1]).T
    first, last = np.zeros((units, d_in)), np.zeros((d_out, units))
    first[:d_in], last[:, :d_out] = bartlett(rng, d_in, width), bartlett(rng, d_out, width).T
    return scale * first, scale * W, scale * last


def compress(weights: Sequence[Any], blocks: int) -> Layers:
    """Three drawn layers in their block Krylov bases: the same descent for ``blocks - 1`` steps, at a small width.

    Raises
    ------
    ValueError : not three layers, fewer than one block.
    """
    if len(weights) != 3:
        raise ValueError(f"weights: has {len(weights)} layers; allowed: 3")
    W1, W2, W3 = check_layers(weights)
    if int(blocks) != blocks or blocks < 1:
        raise ValueError(f"blocks: {blocks}; allowed: integers of at least 1")
    X, Y = np.linalg.qr(W1)[0], np.linalg.qr(W3.T)[0]
    new_X, new_Y = X, Y
    for _ in range(blocks - 1):
        new_X, new_Y = _rest(W2.T @ new_Y, X), _rest(W2 @ new_X, Y)
        X, Y = np.hstack([X, new_X]), np.hstack([Y, new_Y])
    return X.T @ W1, Y.T @ W2 @ X, W3 @ Y


def _rest(block: Array, basis: Array) -> Array:
    """Orthonormal basis of what the block adds, orthogonalised twice; cut where the whole space is spanned."""
    for _ in range(2):
        block = np.linalg.qr(block - basis @ (basis.T @ block))[0]
    return block[:, : max(0, basis.shape[0] - basis.shape[1])]

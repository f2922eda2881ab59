"""Layers: gradient flow with weight decay, gradient descent, balance, and the flow of the map on the balanced set."""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import Any

from sympy import Eq, Identity, Trace

from ..flow import descent, gradient_flow
from ..formula import Source, Standing
from ..system import System
from .letters import (
    C1,
    C2,
    DEPTHS,
    MEANING,
    OURS,
    PAPER,
    A,
    D,
    D_next,
    G,
    K,
    R,
    V,
    Wa,
    Wb,
    X,
    Y,
    Z,
    dD,
    eta,
    formula,
    lam,
    meaning,
    n,
    t,
    weights,
)


def product(factors: Any) -> Any:
    """Product of matrices, the last layer on the left."""
    return reduce(mul, factors)


def network(layers: int) -> Any:
    """Map of a network of this many layers."""
    return product(reversed(weights(layers)))


def layer_flow(layers: int) -> System:
    """Gradient flow of all layers of a network, any cost, with weight decay.

    Parameters
    ----------
    layers : depth, at least 1.

    Raises
    ------
    ValueError : a depth below 1.
    """
    if layers < 1:
        raise ValueError(f"layers: {layers}; allowed: at least 1")
    decay = sum((Trace(W.T * W) for W in weights(layers)), start=0 * lam)
    loss = Trace(G.T * network(layers)) + lam / 2 * decay
    return gradient_flow(
        f"deep-linear.layer-flow-{layers}", loss, weights(layers), time=t,
        title=f"gradient flow of {layers} layers, any cost with gradient G, with weight decay",
        source=Source(PAPER), meaning=meaning(*weights(layers), G, lam, t),
    )  # fmt: skip


def balances(layers: int) -> tuple[tuple[str, Any], ...]:
    """Named imbalances of all neighbouring layers."""
    W = weights(layers)
    return tuple((f"D_{k + 1}", W[k] * W[k].T - W[k + 1].T * W[k + 1]) for k in range(layers - 1))


def balanced_flow(layers: int) -> System:
    """Flow of the map and the two outer Gram matrices on the balanced set."""
    pull = sum(
        (C2 ** (layers - k) * G * C1 ** (k - 1) for k in range(2, layers)), start=C2 ** (layers - 1) * G
    ) + G * C1 ** (layers - 1)
    return System(
        f"deep-linear.balanced-flow-{layers}",
        f"{layers} balanced layers: the map and the two outer Gram matrices, any cost",
        "flow",
        t,
        (
            (A, -pull - layers * lam * A),
            (C2, -G * A.T - A * G.T - 2 * lam * C2),
            (C1, -G.T * A - A.T * G - 2 * lam * C1),
        ),
        meaning(A, C1, C2, G, lam, t),
        OURS,
        symmetric=(C1, C2),
    )


NEIGHBOURS = gradient_flow(
    "deep-linear.neighbours",
    Trace(G.T * X * Wb * Wa * Y) + lam / 2 * (Trace(Wa.T * Wa) + Trace(Wb.T * Wb)),
    (Wa, Wb),
    time=t,
    title="gradient flow of two neighbouring layers inside a network of any depth",
    source=Source(PAPER),
    meaning=tuple(MEANING.items()),
)
NEIGHBOURS_STEP = descent(
    NEIGHBOURS, eta, id="deep-linear.neighbours-step", title="gradient descent of two neighbouring layers", time=n
)
LAYERS = {layers: layer_flow(layers) for layers in DEPTHS}
BALANCED = {layers: balanced_flow(layers) for layers in (2, 3, 4)}

LOWER, UPPER = Wb.T * X.T * G * Y.T, X.T * G * Y.T * Wa.T
"""Gradients of the cost by the lower and the upper of two neighbouring layers."""

FORMULAS = (
    formula(
        "balance",
        "the imbalance of neighbouring layers decays at twice the weight decay, and is conserved without it",
        Eq(dD, -2 * lam * D),
        standing=Standing.OURS,
    ),
    formula(
        "balance-step",
        "gradient descent changes the imbalance by the square of the learning rate",
        Eq(D_next, (1 - eta * lam) ** 2 * D + eta**2 * (LOWER * LOWER.T - UPPER.T * UPPER)),
        let=((D, Wa * Wa.T - Wb.T * Wb),),
        standing=Standing.OURS,
    ),
    formula(
        "critical-balance",
        "with weight decay every critical point is balanced: both Gram matrices are the same word",
        Eq(lam * Wa * Wa.T, lam * Wb.T * Wb, evaluate=False),
        standing=Standing.OURS,
    ),
    formula(
        "outer-power",
        "balanced layers: one more layer adds one more factor of the outer Gram matrix",
        Eq(Z * V * V.T * Z.T, C2 * R, evaluate=False),
        standing=Standing.OURS,
    ),
    formula(
        "outer-pull",
        "balanced layers: the outer Gram matrix acts from the left as each layer's own acts from the right",
        Eq(Z * V * V.T * V, C2 * Z * V, evaluate=False),
        standing=Standing.OURS,
    ),
)
SYSTEMS = (NEIGHBOURS, NEIGHBOURS_STEP, *LAYERS.values(), *BALANCED.values())
INDUCTION = (
    ("Z K = C_2 Z", Z * K - C2 * Z),
    ("Z Z' = R", Z * Z.T - R),
    ("R C_2 = C_2 R", R * C2 - C2 * R),
    ("V V' = K", V * V.T - K),
)
"""What the induction over the layers assumes of the product of the layers above, and of balance."""


def ends(layers: int, lower: int) -> dict[Any, Any]:
    """The letters of two neighbouring layers, for layers ``lower`` and ``lower + 1`` of a network written out."""
    W = weights(layers)
    above, below = W[lower + 1 :], W[: lower - 1]
    return {
        Wa: W[lower - 1],
        Wb: W[lower],
        X: product(reversed(above)) if above else Identity(W[-1].shape[0]),
        Y: product(reversed(below)) if below else Identity(W[0].shape[1]),
    }

"""Curvatures at all critical points of squared error, against second derivatives in all weights."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ...numerics.curve import Curve
from ...numerics.deep_linear.costs import Cost, squared_error
from ...numerics.deep_linear.network import Array, Layers, flatten, product, pull_back, unflatten
from ...numerics.deep_linear.saddles import curvatures
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import Inputs, simulated, theory, value

# ---- curvatures at all critical points

HESSE_S, HESSE_WIDTH, HESSE_DEPTHS, HESSE_DECAYS = np.array([3.0, 2.0, 1.0]), 4, (2, 3, 4), (0.0, 0.1)
SUBSETS = [S for size in range(4) for S in combinations((1, 2, 3), size)]
HESSE_CASES = [(L, decay, S) for L in HESSE_DEPTHS for decay in HESSE_DECAYS for S in SUBSETS]


def hesse_setup(seed: np.random.SeedSequence) -> Inputs:
    """Nothing is drawn."""
    return {}


def strength(book: Book, goal: float, decay: float, L: int) -> float:
    """The larger root of the critical equation of the book."""
    from scipy.optimize import brentq

    top = goal ** (1 / L)
    if decay == 0:
        return float(top)
    low = 0.0 if L == 2 else (goal * (L - 2) / (2 * (L - 1))) ** (1 / L)
    gap = lambda x: float(value(book, "scalar-critical", x=x, s_star=goal, L=L)) - decay  # noqa: E731
    return float(brentq(gap, max(low, 1e-6), top, xtol=1e-15, rtol=1e-15))


def padded(values: list[float]) -> Array:
    """Negative curvatures in order, and infinity for those that are not there."""
    out = np.full(HESSE_WIDTH * 3, np.inf)
    out[: len(values)] = np.sort(values)
    return out


def hesse_theory(inputs: Inputs, book: Book) -> Curve:
    """Negative curvatures by the formula of a pair; two layers have those of unused units beside them."""
    found, roots = [], {}
    for L, decay, S in HESSE_CASES:
        x = {k: strength(book, HESSE_S[k - 1], decay, L) for k in S}
        outside = [i for i in (1, 2, 3) if i not in S]
        pairs = [
            float(value(book, "pair-curvature", x=x[k], s_k=HESSE_S[k - 1], s_i=HESSE_S[i - 1], L=L))
            for i in outside
            for k in S
        ]
        if L == 2:
            pairs += [decay - HESSE_S[i - 1] for i in outside] * (HESSE_WIDTH - len(S))
        found.append(padded([one for one in pairs if one < -1e-9]))
        roots[L, decay, S] = x
    inputs["roots"] = roots
    return theory("pair-curvature", (("case", np.arange(len(HESSE_CASES))),), curvatures=found)


def hessian(weights: Layers, cost: Cost, decay: float) -> Array:
    """Second derivatives of the loss with decay, by complex steps in the gradient (exact to rounding)."""
    y = flatten(weights)
    H = np.empty((y.size, y.size))
    for k in range(y.size):
        z = y.astype(complex)
        z[k] += 1e-30j
        W = unflatten(z, weights)
        H[k] = (flatten(pull_back(W, product(W) - cost.target)) + decay * z).imag / 1e-30
    return H


def hesse_observed(inputs: Inputs) -> Curve:
    cost, found, slopes = squared_error(np.diag(HESSE_S)), [], []
    for L, decay, S in HESSE_CASES:
        x = np.zeros(HESSE_WIDTH)
        for k, root in inputs["roots"][L, decay, S].items():
            x[k - 1] = root
        inner = [np.diag(x)] * (L - 2)
        weights = (np.diag(x)[:, :3], *inner, np.diag(x)[:3])
        slopes.append(
            np.abs(flatten(pull_back(weights, cost.gradient(product(weights)))) + decay * flatten(weights)).max()
        )
        values = np.linalg.eigvalsh(hessian(weights, cost, decay))
        found.append(padded([float(one) for one in values if one < -1e-9]))
    axes = (("case", np.arange(len(HESSE_CASES))),)
    return simulated("ode", "hessian", axes, curvatures=found, gradient=slopes)


def hesse_measure(theory: Curve, observed: Curve) -> Measured:
    a, b = theory["curvatures"], observed["curvatures"]
    same = np.isfinite(a) == np.isfinite(b)
    gap = np.abs(
        np.where(np.isfinite(a) & np.isfinite(b), a, 0) - np.where(np.isfinite(a) & np.isfinite(b), b, 0)
    ).max()
    explicit = sum(
        curvatures(np.diag(HESSE_S), S, L, HESSE_WIDTH, decay).negative == np.isfinite(row).sum()
        for (L, decay, S), row in zip(HESSE_CASES, b)
    )
    words = f"{int(np.isfinite(b).sum())} negative directions at {len(b)} points, {int((~same.all(axis=1)).sum())} points differ"
    words += f"; the explicit blocks agree at {explicit}; gradient there {observed['gradient'].max():.1e}"
    return Measured(float(gap) if same.all() and explicit == len(b) else np.inf, detail=words)


COMPARISONS = (
    Comparison(
        "deep-linear.hessian-signatures",
        "negative curvatures at all critical points of three modes, width 4, depths 2, 3, 4, with decay and without",
        hesse_setup, hesse_theory, hesse_observed, hesse_measure,
        bound=1e-10, seconds=2.0,
        because="complex steps have no truncation; rounding of eigenvalues below fifty, and of the roots",
    ),
)  # fmt: skip

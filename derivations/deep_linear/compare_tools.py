"""What the comparisons of this paper share: systems closed with a cost, curves of the book, time stretched until blow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from sympy import HadamardProduct, MatrixSymbol

from ...numerics.curve import Curve, Provenance
from ...numerics.deep_linear.network import Array, Layers, flatten, product, pull_back, unflatten
from ...numerics.lower import lower_formula
from ...numerics.threads import one_thread
from ...theory.deep_linear.layers import network
from ...theory.deep_linear.letters import A, G, d_in, d_out
from ...theory.system import System
from ..chain import Book
from ..compare import Comparison, Measured

Inputs = dict[str, Any]
M, Sigma, Omega = MatrixSymbol("M", d_out, d_in), MatrixSymbol("Sigma", d_in, d_in), MatrixSymbol("Omega", d_out, d_in)
WORDS = ((M, "target"), (Sigma, "covariance of the inputs"), (Omega, "1 where an entry is observed"))


def value(book: Book, id: str, **numbers: Any) -> Array:
    """A formula of the book in numbers."""
    return np.asarray(lower_formula(book.formula(f"deep-linear.{id}"))(**numbers))


def closed(system: System, layers: int, cost: str) -> System:
    """A flow that leaves the gradient open, with squared error, correlated inputs or completion put in."""
    A_now = A if A in system.items else network(layers)
    error = A_now - M
    gradient = {"squared": error, "correlated": error * Sigma, "masked": HadamardProduct(Omega, error)}[cost]
    used = gradient.free_symbols
    more = tuple(pair for pair in WORDS if pair[0] in used)
    return replace(system, let=((G, gradient), *system.let), meaning=(*system.meaning, *more))


def evolve(system: System, times: Array, state: dict[str, Any], rtol: float = 1e-11, **parameters: Any) -> Curve:
    """Integrate a flow of the book: its items over ``time``."""
    from ...numerics.integrate import integrate
    from ...numerics.lower import lower

    return integrate(lower(system), state, parameters, times, rtol=rtol, atol=1e-2 * rtol)


def layer_map(curve: Curve, layers: int) -> Array:
    """Map of the network over time from its layers ``W1, ..., WL``."""
    A_now = curve["W1"]
    for k in range(2, layers + 1):
        A_now = curve[f"W{k}"] @ A_now
    return A_now


def stretched(start: Layers, g: Array, ends: Array, rtol: float = 1e-12) -> tuple[Array, list[Layers]]:
    """Flow under a constant gradient ``-g`` in the time ``d tau = r**(L-2) dt``, in which blow-up never comes.

    Parameters
    ----------
    start : layers.
    g : minus the gradient of the cost at the origin.
    ends : values of ``tau``.

    Returns
    -------
    times, and the layers, at each ``tau``.
    """
    from scipy.integrate import solve_ivp

    layers = len(start)

    def rate(_: float, y: Array) -> Array:
        # the direction and the logarithm of the radius, so that nothing overflows
        unit, log_r = y[:-2], y[-2]
        slope = flatten(pull_back(unflatten(unit, start), g))
        along = float(unit @ slope)
        return np.concatenate([slope - along * unit, [along, np.exp((2 - layers) * log_r)]])

    first = flatten(start)
    r = float(np.linalg.norm(first))
    y0 = np.concatenate([first / r, [np.log(r), 0.0]])
    run = solve_ivp(rate, (0.0, float(ends[-1])), y0, "DOP853", ends, rtol=rtol, atol=1e-14)
    if not run.success:
        raise RuntimeError(f"deep-linear escape: {run.message}")
    found = [unflatten(np.exp(y[-2]) * y[:-2] / np.linalg.norm(y[:-2]), start) for y in run.y.T]
    return np.asarray(run.y[-1]), found


def optimal(layers: int, width: int, d_out: int, d_in: int, r: float) -> Layers:
    """Layers of rank one of equal norms with total norm ``r``, along the first input and output coordinate."""
    sizes = [d_in, *[width] * (layers - 1), d_out]
    out = []
    for a, b in pairwise(sizes):
        W = np.zeros((b, a))
        W[0, 0] = r / np.sqrt(layers)
        out.append(W)
    return tuple(out)


def rotated(weights: Layers, rng: np.random.Generator) -> Layers:
    """The same map in other bases of the hidden units."""
    turns = [np.linalg.qr(rng.standard_normal((W.shape[0], W.shape[0])))[0] for W in weights[:-1]]
    first = (turns[0] @ weights[0],)
    inner = tuple(turns[k] @ weights[k] @ turns[k - 1].T for k in range(1, len(weights) - 1))
    return (*first, *inner, weights[-1] @ turns[-1].T)


def theory(what: str, axes: tuple[tuple[str, Any], ...], **columns: Any) -> Curve:
    """A curve predicted by the book."""
    shown = tuple((name, np.asarray(column)) for name, column in columns.items())
    return Curve(
        tuple((name, np.asarray(axis)) for name, axis in axes), shown, Provenance("theory", f"deep-linear.{what}")
    )


def simulated(by: str, what: str, axes: tuple[tuple[str, Any], ...], **columns: Any) -> Curve:
    """A curve from numbers, by ``"ode"`` or ``"gradient descent"``."""
    return replace(theory(what, axes, **columns), made_by=Provenance(by, f"deep-linear.{what}"))


def largest(name: str, relative: bool = False) -> Callable[[Curve, Curve], Measured]:
    """Largest difference of a column, and where along the first axis."""

    def measure(theory: Curve, observed: Curve) -> Measured:
        gap = np.abs(observed[name] - theory[name])
        if relative:
            gap = gap / np.abs(theory[name])
        axis, at = theory.axes[0]
        each = gap.reshape(len(at), -1).max(axis=1)
        words = ", ".join(f"{x:.4g}: {e:.1e}" for x, e in zip(at, each)) if len(at) <= 8 else ""
        worst = int(each.argmax())
        return Measured(float(each[worst]), detail=f"by {axis} -- {words}" if words else f"at {axis} {at[worst]:.4g}")

    return measure


def drawn(seed: np.random.SeedSequence) -> int:
    """Entropy to record in a provenance: the user's seed."""
    return int(np.ravel(np.asarray(seed.entropy))[0])


def on_one_thread(comparison: Comparison) -> Comparison:
    """The same comparison with BLAS on one thread."""

    def limited(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            with one_thread():
                return work(*arguments)

        return run

    return replace(
        comparison,
        theory=limited(comparison.theory),
        observed=limited(comparison.observed),
        measure=limited(comparison.measure),
    )


__all__ = [
    "Inputs", "closed", "drawn", "evolve", "largest", "layer_map", "on_one_thread", "optimal", "product", "rotated",
    "simulated", "stretched", "theory", "value",
]  # fmt: skip

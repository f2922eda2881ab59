"""What the comparisons of this paper share: targets, curves integrated from the book, errors and their sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import HadamardProduct

from ...numerics.curve import Curve
from ...numerics.mixed import Cost, Weights, descend
from ...numerics.mixed.descent import Order
from ...numerics.threads import one_thread
from ...theory.formula import Formula
from ...theory.mixed.letters import A, G, M, Omega, Sigma, meaning, t
from ...theory.system import System
from ..chain import Book
from ..compare import Comparison, Measured

Array = NDArray[Any]

SQUARED, CORRELATED, MASKED = A - M, (A - M) * Sigma, HadamardProduct(Omega, A - M)
"""Gradients of the costs; they close a formula that holds for any ``G``."""


ETA_RATE = 1 / 200
"""Learning rate times ``hypot(tau, ||M||)``, half the fastest rate, where gradient descent stands for its flow."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What both sides of a comparison share.

    Parameters
    ----------
    M : target.
    start : initial weights.
    tau : variance of the weights times width.
    times : recorded times, increasing.
    eta : learning rate; zero where nothing steps.
    more : further matrices and numbers, by name.
    """

    M: Array
    start: Weights
    tau: float
    times: Array
    eta: float = 0.0
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> Array:
        """Steps of gradient descent at the recorded times."""
        return np.rint(self.times / self.eta).astype(int)


def orthonormal(rng: np.random.Generator, d: int, k: int) -> Array:
    """``k`` orthonormal columns in dimension ``d``, uniform."""
    Q, R = np.linalg.qr(rng.standard_normal((d, k)))
    return np.asarray(Q * np.sign(np.diag(R)))


def planted(rng: np.random.Generator, m: Any, d_out: int, d_in: int) -> Array:
    """Target with the given singular values and random singular vectors."""
    m = np.asarray(m, dtype=float)
    return np.asarray((orthonormal(rng, d_out, len(m)) * m) @ orthonormal(rng, d_in, len(m)).T)


def grid(eta: float, end: float, points: int) -> Array:
    """About ``points`` times from 0 to ``end``, each a multiple of ``eta``, closer where the dynamics begins."""
    steps = np.unique(np.rint(np.linspace(0, 1, points) ** 1.5 * end / eta))
    return np.asarray(eta * steps)


def closed(formula: Formula, gradient: Any = SQUARED) -> System:
    """Flow of ``A`` from a formula for its rate that leaves the gradient open."""
    rate = formula.statement.args[1]
    parts = (rate, gradient, A, G, t, *(value for _, value in formula.let), *(item for item, _ in formula.let))
    let = ((G, gradient), *formula.let)
    return System(formula.id, formula.title, "flow", t, ((A, rate),), meaning(*parts), formula.source, let=let)


def evolve(system: System, times: Array, state: Mapping[str, Any], rtol: float = 1e-9, **parameters: Any) -> Curve:
    """Integrate a flow: its items as columns over ``time``; the absolute tolerance is ``rtol/100`` of the largest number."""
    from ...numerics.integrate import integrate
    from ...numerics.lower import lower

    size = max(float(np.abs(value).max()) for value in (*state.values(), *parameters.values()))
    return integrate(lower(system), state, parameters, times, rtol=rtol, atol=1e-2 * rtol * size)


def trained(problem: Problem, cost: Cost, order: Order = "sequential", columns: Sequence[str] = ("A",)) -> Curve:
    """Gradient descent at the learning rate and the recorded times of the problem."""
    steps = problem.steps
    form: Any = "gram" if order == "sequential" else "weights"
    return descend(
        problem.start, cost, problem.eta, int(steps[-1]), order=order, record=steps, columns=columns, form=form
    )


def gram_state(start: Weights) -> dict[str, Array]:
    """Initial state of a Gram flow."""
    return {"A": start.A, "C1": start.W1.T @ start.W1, "C2": start.W2 @ start.W2.T}


def from_zero(book: Book, M: Array, tau: float, times: Array) -> Array:
    """Closed form of the book from ``A = 0`` (infinite width): times x d_out x d_in."""
    from ...numerics.lower import lower_formula

    U, m, Vt = np.linalg.svd(M, full_matrices=False)
    s = lower_formula(book.formula("mixed.mode"))(t=times[:, None], s_0=0.0, m=m, tau=tau)
    return np.einsum("ai,ti,ib->tab", U, s, Vt, optimize=True)


def distance(one: Array, other: Array) -> Array:
    """Largest singular value of the difference, for each of the leading places."""
    return np.asarray(np.linalg.norm(one - other, 2, axis=(-2, -1)))


def width_error(N: int, width: float) -> float:
    """Size of ``P(0)/tau - I`` at a Gaussian start: ``2 sqrt(N/w) + N/w`` (edge of the Wishart spectrum)."""
    return float(2 * np.sqrt(N / width) + N / width)


def shift(relative: float) -> float:
    """Relative error of ``A`` when the rate of every mode is off by the relative amount: ``x e^{-x} <= 1/e`` times it."""
    return float(relative / np.e)


def drawn(seed: np.random.SeedSequence) -> int:
    """Entropy to record in a provenance: the user's seed."""
    return int(np.ravel(np.asarray(seed.entropy))[0])


def worst(theory: Curve, observed: Curve) -> Measured:
    """Largest error over time in the operator norm; the targets have norm one."""
    errors = distance(theory["A"], observed["A"])
    at = int(errors.argmax())
    return Measured(float(errors[at]), detail=f"at time {theory['time'][at]:.3g}; at the end {errors[-1]:.2g}")


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

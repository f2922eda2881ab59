"""One point of the published phase diagrams, by simulation and at two levels of theory, on the same data and draw.

Every function takes plain numbers and returns plain numbers, so that a grid can be swept in processes. Everything runs in the
singular basis of the target (gradient descent commutes with the rotation), where the mixed formula is cheapest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import one_thread
from .compiled import compiled_mode, gram_rate
from .descent import Descent, Order, Stop, mean_square, stable_rank
from .flow import NODES, MixedPath, Rate, interpolate, segments
from .modes import Mode, mode_errors
from .reduction import Weights, gaussian, on_manifold
from .teacher import SquaredError, check_integer, check_number, teacher

Array = NDArray[Any]


@dataclass(frozen=True)
class Scales:
    """Variance ``d^gamma_sigma``, width ``int(d^gamma_w)``, ``tau = variance * width`` and the published learning rate."""

    variance: float
    width: int
    tau: float
    eta: float


@dataclass(frozen=True, eq=False)
class Task:
    """Published data in the singular basis of the target: its singular values m, the rotated signal, both bases."""

    m: Array
    signal: Array
    U: Array
    V: Array
    norm: float


@lru_cache(maxsize=4)
def task(d: int, k: int, seed: int) -> Task:
    """Data of the diagrams: drawn once and shared over the grid."""
    data = teacher(d, k, np.random.SeedSequence([seed, 0]))
    U, m, Vt = np.linalg.svd(data.target)
    return Task(m, U.T @ data.signal @ Vt.T, U, Vt.T, float(np.linalg.norm(data.signal, 2)))


def scales(gamma_sigma: float, gamma_w: float, d: int, norm: float, divisor: float = 50.0) -> Scales:
    """Published scales: eta is ``1/(divisor w sigma^2)`` in the lazy regime (``gamma_sigma + gamma_w > 1``, with the width
    before rounding), else ``1/(divisor ||A*||_2)``.

    Raises
    ------
    ValueError : exponents that are not finite, a width below 1.
    """
    for name, value in (("gamma_sigma", gamma_sigma), ("gamma_w", gamma_w)):
        if not np.isfinite(value):
            raise ValueError(f"{name}: {value}; allowed: finite numbers")
    check_number("divisor", divisor, strict=True)
    variance, width = float(d) ** gamma_sigma, float(d) ** gamma_w
    if not 1 <= width < 1e15:
        raise ValueError(f"gamma_w: {gamma_w}; the width d^gamma_w = {width:.3g} must be between 1 and 1e15")
    lazy = gamma_sigma + gamma_w > 1
    eta = 1 / (divisor * width * variance) if lazy else 1 / (divisor * norm)
    return Scales(variance, int(width), variance * int(width), float(eta))


def _start(gamma_sigma: float, gamma_w: float, d: int, k: int, seed: int) -> tuple[Task, Scales, Weights]:
    """Data, scales and reduced float64 weights; the draw depends on the seed and the point alone."""
    d, k, seed = check_integer("d", d), check_integer("k", k), check_integer("seed", seed, low=0)
    data = task(d, k, seed)
    scale = scales(gamma_sigma, gamma_w, d, data.norm)
    point = [round(1e9 * (gamma + 1e3)) for gamma in (gamma_sigma, gamma_w)]
    weights = gaussian(d, d, scale.width, scale.variance, np.random.SeedSequence([seed, 1, *point]))
    return data, scale, Weights(weights.W1 @ data.V, data.U.T @ weights.W2)


def _result(test: float, A_rank: float, iterations: int, distance: float, records: int) -> dict[str, float]:
    return {
        "test error": float(test),
        "stable rank": float(A_rank),
        "iterations": float(iterations),
        "distance": float(distance),
        "records": float(records),
    }


def by_descent(
    gamma_sigma: float,
    gamma_w: float,
    *,
    d: int = 200,
    k: int = 5,
    steps: int = 750,
    seed: int = 0,
    order: Order = "sequential",
) -> dict[str, float]:
    """Width-reduced gradient descent in float32 with the published learning rate, update order and stopping rules.

    Returns
    -------
    ``test error`` (its minimum, per entry), ``stable rank`` and ``iterations`` there, ``distance`` (largest
    ``||A - A_mixed||_F/d`` up to the stop), ``records`` (number of steps taken + 1).

    Notes
    -----
    ``A_mixed`` is the mixed dynamics with the same steps: the same descent from the point of the invariant manifold with the
    same A_0. Against the mixed formula in continuous time the error of the step, not of the width, would be seen in the lazy
    regime.
    """
    with one_thread():
        data, scale, weights = _start(gamma_sigma, gamma_w, d, k, seed)
        run, twin = (
            Descent(
                Weights(start.W1.astype(np.float32), start.W2.astype(np.float32)),
                SquaredError(np.diag(data.m)), scale.eta, order, 0.0, 0.0,
            )
            for start in (weights, on_manifold(weights.A, scale.tau))
        )  # fmt: skip
        signal = np.asfortranarray(data.signal, dtype=np.float32)
        stop, losses, tests, best, distance = Stop(), [], [], np.empty_like(signal), 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            for step in range(check_integer("steps", steps) + 1):
                losses.append(2 * run.look() / d**2)
                twin.look()
                tests.append(mean_square(run.A, signal))
                if not np.isfinite(losses[-1]):
                    raise ValueError(f"eta: {scale.eta:.3g} makes gradient descent diverge at step {step}")
                if tests[-1] == min(tests):
                    np.copyto(best, run.A)
                distance = max(distance, mean_square(run.A, twin.A) ** 0.5)
                if stop(losses, tests):
                    break
                run.step()
                twin.step()
        least = int(np.argmin(tests))
        return _result(tests[least], stable_rank(best), least, distance, len(tests))


def by_flow(
    gamma_sigma: float,
    gamma_w: float,
    *,
    d: int = 200,
    k: int = 5,
    steps: int = 750,
    seed: int = 0,
    rate: Rate | None = None,
    rtol: float = 1e-6,
) -> dict[str, float]:
    """Exact Gram flow from the same draw, and its distance from the mixed formula from the same A_0.

    Errors are read off at the times of the steps of gradient descent, so that the same stopping rules apply. Returns as
    :func:`by_descent`; ``distance`` from the mixed formula in closed form, at the ends and middles of the integrator's steps.

    Parameters
    ----------
    rate : right-hand side on the flat ``(A, C1, C2)`` for the target ``diag(m)``; the compiled ``mixed.gram-flow`` if absent.
    rtol : relative tolerance; the absolute one is rtol times the size ``sigma^2 sqrt(w)`` of the entries of A_0.
    """
    with one_thread():
        data, scale, weights = _start(gamma_sigma, gamma_w, d, k, seed)
        rate = gram_rate(np.diag(data.m)) if rate is None else rate
        A0, C1, C2 = weights.A, weights.W1.T @ weights.W1, weights.W2 @ weights.W2.T
        path = MixedPath(A0, data.m, scale.tau)
        y0 = np.concatenate([A0.ravel(), C1.ravel(), C2.ravel()])
        last = check_integer("steps", steps)
        target, signal = np.diag(data.m).ravel(), data.signal.ravel()
        stop, distance = Stop(), 0.0
        losses, tests = [mean_square(y0[: d * d], target)], [mean_square(y0[: d * d], signal)]
        best = A0
        for part in segments(rate, y0, last * scale.eta, rtol, rtol * scale.variance * scale.width**0.5):
            h = part.end - part.start
            A = part.dense(part.start + h * NODES)[: d * d].T
            test = interpolate(((A - signal) ** 2).mean(axis=1), _theta(part.start, h, len(tests), scale.eta, last))
            loss = interpolate(((A - target) ** 2).mean(axis=1), _theta(part.start, h, len(tests), scale.eta, last))
            for node in (4, 8):
                mixed = path.at(part.start + h * NODES[node])
                distance = max(distance, mean_square(A[node].reshape(d, d), mixed) ** 0.5)
            done, low = False, min(tests)
            for value, error in zip(loss, test):
                losses.append(float(value))
                tests.append(float(error))
                if done := stop(losses, tests):
                    break
            if min(tests) < low:
                best = part.dense(int(np.argmin(tests)) * scale.eta)[: d * d].reshape(d, d)
            if done:
                break
        least = int(np.argmin(tests))
        return _result(tests[least], stable_rank(best), least, distance, len(tests))


def _theta(start: float, h: float, first: int, eta: float, last: int) -> Array:
    """Steps of gradient descent inside the segment, as fractions of it."""
    inside = np.arange(first, min(last, int((start + h) / eta * (1 + 1e-12))) + 1)
    return (inside * eta - start) / h


def by_mode(
    gamma_sigma: float,
    gamma_w: float,
    *,
    d: int = 200,
    k: int = 5,
    steps: int = 750,
    seed: int = 0,
    mode: Mode | None = None,
) -> dict[str, float]:
    """Scalar closed form from ``A = 0`` with ``sigma^4 w e^{-4 tau t}`` added to both errors; no draw of weights.

    Returns as :func:`by_descent`; ``stable rank`` is that of the closed form, ``distance`` is nan.
    """
    with one_thread():
        d, k, seed = check_integer("d", d), check_integer("k", k), check_integer("seed", seed, low=0)
        data = task(d, k, seed)
        scale = scales(gamma_sigma, gamma_w, d, data.norm)
        overlap = np.diag(data.signal)
        rest = float((data.signal**2).sum() - (overlap**2).sum())
        mode = compiled_mode() if mode is None else mode
        losses: list[float] = []
        tests: list[float] = []
        stop, best = Stop(), np.zeros_like(data.m)
        all_steps = np.arange(check_integer("steps", steps) + 1)
        for block in np.array_split(all_steps, len(all_steps) // 50 + 1):  # most points stop long before the last step
            loss, test, s = mode_errors(scale.eta * block, data.m, overlap, rest, d * d, scale.tau, mode, scale.width)
            done, low = False, min(tests, default=np.inf)
            for value, error in zip(loss.tolist(), test.tolist()):
                losses.append(value)
                tests.append(error)
                if done := stop(losses, tests):
                    break
            if min(tests) < low:
                best = s[int(np.argmin(tests)) - int(block[0])]
            if done:
                break
        least = int(np.argmin(tests))
        top = best.max()
        rank = float((best**2).sum() / top**2) if top > 0 else 0.0
        return _result(tests[least], rank, least, np.nan, len(tests))


def published_grid(points: int = 30) -> list[dict[str, float]]:
    """Exponents of the published phase diagrams, row by row in gamma_sigma."""
    sigmas, widths = np.linspace(-2.2, -0.8, points), np.linspace(1.75, 2.8, points)
    return [{"gamma_sigma": float(gs), "gamma_w": float(gw)} for gs in sigmas for gw in widths]


def descent_point(point: Mapping[str, Any], seed: Any = None) -> dict[str, float]:
    """:func:`by_descent` for a sweep. The draw follows from the ``seed`` in the point, so that all three share it."""
    return by_descent(**point)


def flow_point(point: Mapping[str, Any], seed: Any = None) -> dict[str, float]:
    """:func:`by_flow` for a sweep."""
    return by_flow(**point)


def mode_point(point: Mapping[str, Any], seed: Any = None) -> dict[str, float]:
    """:func:`by_mode` for a sweep."""
    return by_mode(**point)

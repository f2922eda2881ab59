"""The network itself in d dimensions: gradient flow, gradient descent and stochastic gradient descent, by hand in NumPy.

Nothing here comes from the derived equations: it is what they are compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .risks import risk
from .start import Task

Array = NDArray[Any]


def gradients(task: Task, a: Array, u: Array) -> tuple[Array, Array]:
    """Gradients of the population risk by the weights of both layers, through Hermite sums.

    Parameters
    ----------
    task : activation and target.
    a, u : weights: m, and m x d; the target's direction is the first axis.

    Returns
    -------
    m, and m x d (not projected).
    """
    m, s, r = len(a), u[:, 0], u @ u.T
    k = np.arange(len(task.phi))
    targets, kernels = task.sigma * task.phi, task.sigma**2
    polynomial = np.polynomial.polynomial.polyval
    slopes, kernel_slopes = (k * targets)[1:], (k * kernels)[1:]
    pair = a[:, None] * polynomial(r, kernel_slopes) * a[None, :] / m**2
    by_a = -polynomial(s, targets) / m + (polynomial(r, kernels) @ a + task.rest * a) / m**2
    by_u = pair @ u
    by_u[:, 0] -= a * polynomial(s, slopes) / m
    return by_a, by_u


def velocities(task: Task, a: Array, u: Array) -> tuple[Array, Array]:
    """Rates of the weights; the first layer moves on the sphere."""
    by_a, by_u = gradients(task, a, u)
    m = len(a)
    tangent = by_u - (by_u * u).sum(axis=1, keepdims=True) * u
    return -m * by_a / task.eps, -m * tangent


def gradient_flow(task: Task, times: Array, a: Array, u: Array, *, rtol: float = 1e-10) -> Curve:
    """Gradient flow of the network.

    Parameters
    ----------
    task : activation, target, ratio of time-scales.
    times : increasing times from 0 on.
    a, u : weights at the start: m, and m x d with unit rows.
    rtol : relative tolerance; the absolute one is a hundredth of it.

    Returns
    -------
    Curve : columns ``a``, ``s``, ``risk``, ``length`` (largest deviation of a row's length from one).
    """
    from scipy.integrate import solve_ivp

    a, u, times = checked(a, u, times)
    shape = u.shape

    def rate(t: float, y: Array) -> Array:
        da, du = velocities(task, y[: len(a)], y[len(a) :].reshape(shape))
        return np.concatenate([da, du.ravel()])

    run = solve_ivp(rate, (0.0, times[-1]), np.concatenate([a, u.ravel()]), "DOP853", times, rtol=rtol, atol=rtol / 100)
    if not run.success:
        raise RuntimeError(f"network: {run.message}")
    path = run.y.T
    detail = (("solver", "DOP853"), ("rtol", rtol), ("evaluations", int(run.nfev)))
    return recorded(task, times, path[:, : len(a)], path[:, len(a) :].reshape(-1, *shape), "ode", detail)


def descend(task: Task, step: float, times: Array, a: Array, u: Array) -> Curve:
    """Gradient descent on the population risk; rows of ``u`` are brought back to length one after every step.

    Parameters
    ----------
    task : activation, target, ratio of time-scales.
    step : learning rate in units of time; the second layer takes ``step/eps``.
    times : recorded times, multiples of the step.
    a, u : weights at the start.

    Raises
    ------
    ValueError : a step that is not positive, times that are no multiples of it, weights that do not fit.
    """
    path = stepped(step, times, a, u, lambda n, a, u: velocities(task, a, u))
    return recorded(task, *path, "gradient descent", (("step", float(step)),))


def stochastic(task: Task, step: float, times: Array, a: Array, u: Array, batch: Any, seed: Any = 0) -> Curve:
    """One-pass stochastic gradient descent: fresh Gaussian inputs at every step, the activation and target themselves.

    Parameters
    ----------
    task : activation, target, ratio of time-scales.
    step : learning rate in units of time; the second layer takes ``step/eps``.
    times : recorded times, multiples of the step.
    a, u : weights at the start; rows of ``u`` are brought back to length one after every step.
    batch : inputs of a step: a whole number, or a function of time (a growing batch) that is rounded.
    seed : number, seed sequence or generator.

    Returns
    -------
    Curve : as of `descend`; ``risk`` is the population risk of the weights on the path, by Hermite sums up to degree K.

    Raises
    ------
    ValueError : as of `descend`; a batch below 1.
    """
    rng = np.random.default_rng(seed)
    neuron, label = task.neuron, task.label
    size = batch if callable(batch) else lambda t: batch
    drawn = [0]

    def rates(n: int, a: Array, u: Array) -> tuple[Array, Array]:
        wanted = size(n * step)
        if isinstance(wanted, bool) or not np.isfinite(wanted) or round(wanted) < 1:
            raise ValueError(f"batch: {wanted} at time {n * step:.3g}; at least 1 input is needed")
        count = round(wanted)
        drawn[0] += count
        push_a, push_u = np.zeros_like(a), np.zeros_like(u)
        for begin in range(0, count, CHUNK):
            x = rng.standard_normal((min(CHUNK, count - begin), u.shape[1]))
            value, slope = neuron(x @ u.T)
            error = label(x[:, 0]) - value @ a / len(a)
            push_a += error @ value
            slope *= error[:, None]
            push_u += slope.T @ x
        push_u *= a[:, None] / count
        return push_a / (count * task.eps), push_u - (push_u * u).sum(axis=1, keepdims=True) * u

    path = stepped(step, times, a, u, rates)
    sizes = "function of time" if callable(batch) else int(batch)
    curve = recorded(task, *path, "gradient descent", (("step", float(step)), ("batch", sizes), ("inputs", drawn[0])))
    entropy = int(seed) if isinstance(seed, int | np.integer) else None
    return replace(curve, made_by=replace(curve.made_by, what="time-scales.sgd", seed=entropy))


CHUNK = 65536
"""Most inputs held at once: larger batches are summed in pieces."""


def stepped(
    step: float, times: Array, a: Array, u: Array, rates: Callable[[int, Array, Array], tuple[Array, Array]]
) -> tuple[Array, Array, Array]:
    """Times and weights of explicit steps on the spheres."""
    a, u, times = checked(a, u, times)
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"step: {step}; a positive number is needed")
    marks = np.rint(times / step).astype(int)
    if not np.allclose(marks * step, times, rtol=1e-9, atol=1e-9 * step):
        raise ValueError(f"times: multiples of the step {step} are needed")
    a, u = a.copy(), u.copy()
    kept_a, kept_u = [], []
    done = 0
    for mark in marks:
        for n in range(done, mark):
            da, du = rates(n, a, u)
            a += step * da
            u += step * du
            u /= np.linalg.norm(u, axis=1, keepdims=True)
        done = mark
        kept_a.append(a.copy())
        kept_u.append(u.copy())
    return times, np.array(kept_a), np.array(kept_u)


def checked(a: Array, u: Array, times: Array) -> tuple[Array, Array, Array]:
    """Weights and times as arrays, or a ValueError that says what does not fit."""
    a, u, times = (np.asarray(value, dtype=float) for value in (a, u, times))
    if a.ndim != 1 or u.ndim != 2 or len(u) != len(a):
        raise ValueError(f"u: has shape {u.shape}; one row for each of the {a.shape} weights is needed")
    if u.shape[1] < 2:
        raise ValueError(f"u: d = {u.shape[1]}; at least 2 is needed")
    if np.abs(np.linalg.norm(u, axis=1) - 1).max() > 1e-12:
        raise ValueError("u: rows of length one are needed")
    if times.ndim != 1 or not times.size or times[0] < 0 or np.any(np.diff(times) <= 0):
        raise ValueError("times: increasing times from 0 on are needed")
    return a, u, times


def recorded(task: Task, times: Array, a: Array, u: Array, by: str, detail: tuple[tuple[str, Any], ...]) -> Curve:
    """The path as a curve of order parameters."""
    r = np.einsum("tic,tjc->tij", u, u, optimize=True)
    s = u[:, :, 0]
    parameters = (("sigma", task.sigma.tolist()), ("phi", task.phi.tolist()), ("eps", task.eps), ("m", a.shape[1]),
                  ("d", u.shape[2]))  # fmt: skip
    moments = np.stack([(a * s**k).mean(axis=1) for k in range(len(task.phi))], axis=1)
    columns = (("a", a), ("s", s), ("r", r), ("moments", moments), ("risk", risk("network", task, a, s, r)),
               ("length", np.abs(np.linalg.norm(u, axis=2) - 1).max(axis=1)))  # fmt: skip
    return Curve((("time", times),), columns, Provenance(by, "time-scales.network", parameters, None, "", detail))

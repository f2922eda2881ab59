"""Two-layer ReLU networks ``h(x) = sum_j a_j relu(<w_j, x>)``: start, loss and plain gradient descent, the oracle of the others.

The loss is ``L = 1/(2n) sum_k (h(x_k) - y_k)^2``; ``relu'(0) = 0``. Published code often minimises the mean squared error
without the half: its learning rate ``lr`` is the step ``eta = 2 lr`` here, and its reported error is ``2 L``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Run:
    """A run of gradient descent or of its flow.

    Parameters
    ----------
    curve : over ``time``: ``step``, ``loss``, ``crossings`` (changes of an activation so far), ``flips`` (changes of the sign
        of an output weight so far); ``w`` and ``a`` if asked for.
    w, a : neurons at the end, m x d and m.
    """

    curve: Curve
    w: Array
    a: Array


def start(
    m: int, scale: float, seed: int | np.random.SeedSequence, *, d: int = 2, dominance: float = 1.0
) -> tuple[Array, Array]:
    """Weights at the start: ``w_j = scale m^{-1/2} g_j`` with g standard normal, ``a_j = +- dominance |w_j|`` with random signs.

    Parameters
    ----------
    m : width.
    scale : initialisation scale (lambda).
    seed : of `numpy.random.default_rng`.
    d : number of features, the constant one included.
    dominance : ``|a_j|/|w_j|``: 1 is balanced, more is dominated.

    Returns
    -------
    w, a : m x d and m.

    Raises
    ------
    ValueError : a width or dimension below 1, a scale or a dominance that is not positive.
    """
    for name, count in (("m", m), ("d", d)):
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise ValueError(f"{name}: {count!r}; a positive integer is needed")
    for name, value in (("scale", scale), ("dominance", dominance)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name}: {value}; a positive number is needed")
    rng = np.random.default_rng(seed)
    w = scale / np.sqrt(m) * rng.standard_normal((m, d))
    a = dominance * np.linalg.norm(w, axis=1) * rng.choice((-1.0, 1.0), m)
    return w, a


def outputs(X: Array, w: Array, a: Array) -> Array:
    """``h(x_k)``, for all rows of X."""
    return np.maximum(X @ w.T, 0.0) @ a


def loss(X: Array, y: Array, w: Array, a: Array) -> float:
    """``1/(2n) sum_k (h(x_k) - y_k)^2``."""
    return float(np.mean((outputs(X, w, a) - y) ** 2) / 2)


def linear_loss(X: Array, y: Array) -> float:
    """Loss of the best linear function: the limit of a network with every living neuron active on every point."""
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    return float(np.mean((X @ beta - y) ** 2) / 2)


def relu_descent(
    X: Array, y: Array, w: Array, a: Array, eta: float, steps: int, *,
    record: int | Sequence[int] | Array = 1000, neurons: bool = False,
) -> Run:  # fmt: skip
    """Gradient descent on all neurons, as one writes it down: m n d operations per step.

    Parameters
    ----------
    X, y : features n x d (the constant one last, if there is one) and labels n.
    w, a : weights at the start, m x d and m; not modified.
    eta : step on L.
    steps : number of steps.
    record : every so many steps and at the end, or the increasing steps to record.
    neurons : whether to record the weights as well.

    Raises
    ------
    ValueError : arrays that do not fit or are not finite, bad steps, divergence.
    """
    X, y, w, a = checked(X, y, w, a)
    eta, marks = check_step(eta), record_steps(record, steps)
    w, a = w.copy(), a.copy()
    n = len(y)
    found: dict[str, list[Any]] = {
        name: [] for name in ("loss", "crossings", "flips", *(("w", "a") if neurons else ()))
    }
    crossings = flips = 0
    active = positive = None
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(int(marks[-1]) + 1):
            F = w @ X.T
            now, sign = F > 0, a > 0
            if active is not None:
                crossings += int(np.count_nonzero(now != active))
                flips += int(np.count_nonzero(sign != positive))
            active, positive = now, sign
            r = y - np.where(now, F, 0.0).T @ a
            if step == marks[len(found["loss"])]:
                values: dict[str, Any] = {
                    "loss": float(r @ r / (2 * n)),
                    "crossings": crossings,
                    "flips": flips,
                    "w": w,
                    "a": a,
                }
                check_finite(values["loss"], eta, step)
                for name, kept in found.items():
                    kept.append(np.array(values[name]))
                if step == marks[-1]:
                    break
            D = (now * r) @ X / n
            w, a = w + eta * a[:, None] * D, a + eta * np.einsum("jd,jd->j", w, D)
    return recorded("early-alignment.plain", X, len(a), eta, marks, {k: np.array(v) for k, v in found.items()}, w, a)


def recorded(
    what: str, X: Array, m: int, eta: float, marks: Array, columns: dict[str, Array], w: Array, a: Array
) -> Run:
    """A run over the times of its steps."""
    made = Provenance("gradient descent", what, (("eta", float(eta)), ("m", m), ("n", len(X)), ("d", X.shape[1])))
    return Run(Curve((("time", eta * marks),), (("step", marks), *columns.items()), made), w, a)


def checked(X: Array, y: Array, w: Array, a: Array) -> tuple[Array, Array, Array, Array]:
    """Data and weights as arrays of numbers, or a ValueError that says what does not fit."""
    X, y, w, a = (np.ascontiguousarray(value, dtype=float) for value in (X, y, w, a))
    if X.ndim != 2 or not X.size:
        raise ValueError(f"X: has shape {X.shape}; n points with d features, one point a row, are needed")
    for name, array, shape in (("y", y, X.shape[:1]), ("a", a, a.shape[:1] or (1,)), ("w", w, (a.size, X.shape[1]))):
        if array.shape != shape or not array.size:
            raise ValueError(f"{name}: has shape {array.shape}; {shape} is needed")
    for name, array in (("X", X), ("y", y), ("w", w), ("a", a)):
        if not np.isfinite(array).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(f"{name}: is {array[place]} at {place}; finite numbers are needed")
    return X, y, w, a


def check_step(eta: float) -> float:
    """A positive step."""
    if not (np.isfinite(eta) and eta > 0):
        raise ValueError(f"eta: {eta}; a positive number is needed")
    return float(eta)


def check_finite(value: float, eta: float, step: int) -> None:
    """ValueError if the loss has overflowed."""
    if not np.isfinite(value):
        raise ValueError(f"eta: {eta} makes gradient descent diverge before step {step}; allowed: smaller ones")


def record_steps(record: int | Sequence[int] | Array, steps: int) -> Array:
    """Steps to record: multiples and the last one, or those given."""
    if not isinstance(steps, (int, np.integer)) or steps < 0:
        raise ValueError(f"steps: {steps!r}; an integer from 0 on is needed")
    chosen = np.asarray(record)
    if chosen.ndim == 0:
        if chosen.dtype.kind not in "iu" or chosen < 1:
            raise ValueError(f"record: {record}; a positive integer, or increasing steps, is needed")
        return np.unique(np.append(np.arange(0, steps + 1, int(chosen)), steps)).astype(np.int64)
    if (
        chosen.ndim > 1
        or not chosen.size
        or chosen.dtype.kind not in "iu"
        or (np.diff(chosen) <= 0).any()
        or chosen[0] < 0
        or chosen[-1] > steps
    ):
        raise ValueError(f"record: {record}; increasing steps between 0 and {steps} are needed")
    return np.unique(np.append(chosen, steps)).astype(np.int64)

"""What the comparisons of this paper share: matrix formulas as functions, and neurons followed by the formulas of the book."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import lambdify

from ...numerics.early_alignment.data import Dataset, assumption_points, three_points
from ...numerics.early_alignment.early import longest_drive
from ...numerics.lower import lower_formula
from ...theory.formula import Formula, letters
from ..chain import Book

Array = NDArray[Any]
PREFIX = "early-alignment."
LAMBDA, EPS, RATE = "lambda_", 0.5, float(np.hypot(-31 / 120, 2 / 3))
"""Name of the init scale in compiled formulas, coefficient of the alignment time, ``|D_full|`` of the three points."""
LONGEST = 1.25
"""Longest of the three points."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What both sides of a comparison share.

    Parameters
    ----------
    data : points and labels.
    w, a : start, m x d and m.
    eta : learning rate.
    more : further arrays and numbers, by name.
    """

    data: Dataset
    w: Array
    a: Array
    eta: float = 0.0
    more: Mapping[str, Any] = field(default_factory=dict)


@cache
def matrix_function(expression: Any) -> Callable[..., Array]:
    """An expression about matrices as a function of its letters by name; others that are given have no effect."""
    known = sorted(letters(expression), key=str)
    function = lambdify(known, expression, "numpy")

    def value(**given: Any) -> Array:
        # sizes of matrices are letters too: without effect, unless the value computes with them
        return np.asarray(function(*(given.get(str(letter), np.nan) for letter in known)), dtype=float)

    return value


def compiled(formula: Formula) -> Callable[..., Array]:
    """Value of a formula about matrices as a function of its letters."""
    return matrix_function(formula.value)


def drive(book: Book, data: Dataset, active: Array) -> Array:
    """Driving vector of an activation pattern (n booleans) while outputs are negligible."""
    X, y = data.X, data.y[:, None]
    return compiled(book.formula(PREFIX + "potential"))(B=np.diag(active.astype(float)), X=X, y=y, n=len(y))[:, 0]


def inside(book: Book, w: Array, a: Array, D: Array, t: float) -> tuple[Array, Array]:
    """Neurons (m x d and m) of one cone after a time t in it."""
    given = {"D": D[:, None], "delta": float(np.linalg.norm(D)), "t": t, "w_start": w.T, "a_start": a[None, :]}
    weights, outputs = (compiled(book.formula(PREFIX + name))(**given) for name in ("cone-weights", "cone-outputs"))
    return weights.T, outputs[0]


@dataclass(frozen=True, eq=False)
class Entry:
    """Neurons when they enter their last cone: weights, output weights, time, angle to D, and D."""

    w: Array
    a: Array
    time: Array
    angle: Array
    D: Array


def follow(book: Book, data: Dataset, w: Array, a: Array) -> Entry:
    """Balanced neurons with a > 0, all labels positive (so that none slides), from cone to cone by the closed forms of the book.

    Dead neurons have D = 0 and entry time 0.
    """
    X, y = data.X, data.y
    if (a <= 0).any() or (y <= 0).any():
        raise ValueError("a, y: must be positive; neurons of the other sign slide")
    leave = lower_formula(book.formula(PREFIX + "exit-time"))
    w, a, times = w.copy(), a.copy(), np.zeros(len(a))
    turns, Ds = np.zeros(len(a)), np.zeros_like(w)
    for j in range(len(a)):
        active = X @ w[j] > 0
        while True:
            D = drive(book, data, active)
            delta = float(np.linalg.norm(D))
            if not delta:
                break
            side = np.where(active, 1.0, -1.0)
            f, pull = np.maximum(side * (X @ w[j]), 1e-300), side * (X @ D)
            beta, gamma = (D @ w[j]) * pull / delta**2, a[j] * pull / delta
            meets = beta + gamma < 0
            if not meets.any():
                chord = np.linalg.norm(w[j] / np.linalg.norm(w[j]) - D / delta)
                turns[j] = 2 * np.arcsin(min(float(chord) / 2, 1.0))
                break
            wait = np.full(len(X), np.inf)
            wait[meets] = leave(beta=beta[meets], gamma=gamma[meets], f_0=f[meets], delta=delta)
            k = int(np.argmin(wait))
            moved, output = inside(book, w[j : j + 1], a[j : j + 1], D, float(wait[k]))
            w[j], a[j], times[j] = moved[0], output[0], times[j] + wait[k]
            active[k] = not active[k]
        Ds[j] = D
    return Entry(w, a, times, turns, Ds)


def upper(data: Dataset, seed: np.random.SeedSequence, m: int) -> tuple[Array, Array]:
    """Balanced starts of size one, a > 0, uniform among the directions of the plane that are not dead."""
    turn = np.random.default_rng(seed).uniform(0, 2 * np.pi, 4 * m)
    w = np.column_stack([np.cos(turn), np.sin(turn)])
    w = w[(data.X @ w.T > 0).any(axis=0)][:m]
    return w, np.ones(len(w))


def negligible(scale: float, eps: float = EPS) -> float:
    """Largest change of ``ln`` of the distance to D up to the alignment time that the outputs cause, on the three points.

    ``|h(x)| <= |x| sum |a||w| <= |x| lambda^2 e^{2 |D| t}`` for neurons of total size one; D changes by ``max |x|^2`` times
    the last factor at most; its integral up to the alignment time is ``max |x|^2 lambda^(2 - 2 eps)/(2 |D|)``.
    """
    return float(LONGEST**2 * scale ** (2 - 2 * eps) / (2 * RATE))


def drives(data: Dataset) -> float:
    """``|D_max|``."""
    return longest_drive(data.potential)


def angles(w: Array) -> Array:
    """Polar angles of the rows of w."""
    return np.arctan2(w[:, 1], w[:, 0])


def distinct(directions: Array, resolution: float) -> int:
    """Number of arcs of this width (radians) that cover all directions, counted from their largest gap on."""
    if not len(directions):
        return 0
    turn = np.sort(np.mod(directions, 2 * np.pi))
    first = (int(np.argmax(np.diff(np.append(turn, turn[0] + 2 * np.pi)))) + 1) % len(turn)
    left, count = np.mod(turn - turn[first], 2 * np.pi), 0
    while len(left):
        left, count = left[left > left.min() + resolution], count + 1
    return count


def plateau_loss(book: Book, data: Dataset) -> float:
    """Loss of the least squares map, by the formula of three points of the plane."""
    points = {f"{letter}_{k}": value for k, row in enumerate(data.X, 1) for letter, value in zip("bg", row)}
    labels = {f"y_{k}": value for k, value in enumerate(data.y, 1)}
    return float(lower_formula(book.formula(PREFIX + "spurious-loss"))(**points, **labels))


def plateau_map(book: Book, data: Dataset) -> Array:
    """The least squares map."""
    return compiled(book.formula(PREFIX + "plateau"))(X=data.X, y=data.y[:, None])[:, 0]


THREE = three_points()
MIDDLE = assumption_points()
"""The public three points, and the middle of the boxes of the assumption."""
RESOLUTION = float(np.radians(5.0))

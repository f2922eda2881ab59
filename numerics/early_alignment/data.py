"""Data sets: the three-point experiment, Assumption 3, forty points, and any CSV file; exact for the geometry."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.early_alignment.extremal import Potential, potential
from ...theory.early_alignment.faces import pivots

Array = NDArray[Any]
_DECIMAL = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?", re.ASCII)


@dataclass(frozen=True)
class Dataset:
    """Points and labels.

    Parameters
    ----------
    name : of the data, or of the file.
    points, labels : exact, n rows of d features, and n.
    features : names of the features.
    """

    name: str
    points: tuple[tuple[Fraction, ...], ...]
    labels: tuple[Fraction, ...]
    features: tuple[str, ...]

    @property
    def X(self) -> Array:
        """Features as floats, n x d."""
        return np.array(self.points, dtype=float)

    @property
    def y(self) -> Array:
        """Labels as floats."""
        return np.array(self.labels, dtype=float)

    @property
    def potential(self) -> Potential:
        """The potential G, exact."""
        return potential(self.points, self.labels)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is special about the data, in sentences; empty for points in general position."""
        found: list[str] = []
        groups: dict[tuple[Fraction, ...], list[int]] = {}
        for k, row in enumerate(self.points):
            first = next(value for value in row if value)
            groups.setdefault(tuple(value / first for value in row), []).append(k)
        for members in groups.values():
            if len(members) > 1:
                names = ", ".join(str(k + 1) for k in members)
                rows = {self.points[k] for k in members}
                same = "are equal" if len(rows) == 1 else "lie on one line through the origin"
                found.append(f"points {names} {same}: they share a hyperplane, on which labels times lengths add up")
        for k, place in enumerate(self.potential.place):
            if place is None:
                why = "its label is zero" if not self.labels[k] else "labels of points that share it cancel"
                found.append(f"point {k + 1} has no kink: {why}")
        rank, d = len(pivots(self.points, len(self.features))), len(self.features)
        if rank < d:
            found.append(
                f"the points span only {rank} of {d} dimensions: weights at right angles to them stay as they are"
            )
        return tuple(found)


def three_points() -> Dataset:
    """The three-point experiment: x = -3/4, -1/2, 1/8, a constant feature, y = 11/10, 1/10, 4/5."""
    x = (Fraction(-3, 4), Fraction(-1, 2), Fraction(1, 8))
    y = (Fraction(11, 10), Fraction(1, 10), Fraction(4, 5))
    return Dataset("three-points", tuple((value, Fraction(1)) for value in x), y, ("x1", "1"))


TEACHER = ((-1, 0), (-0.7, 0.7), (-0.55, 0.5), (-0.4, 1), (0, 0), (0.5, 1), (0.6, 0.6), (0.7, 0.7), (1, 0))
"""Knots of the piecewise linear function of the forty-point experiment."""


def forty_points(seed: int = 0, n: int = 40) -> Dataset:
    """The piecewise linear experiment: n sorted uniform points of [-1, 1], a constant feature; the published code has no seed."""
    x = np.sort(np.random.default_rng(seed).uniform(-1, 1, n))
    y = np.interp(x, *np.transpose(TEACHER))
    points = tuple((Fraction(float(value)), Fraction(1)) for value in x)
    return Dataset("forty-points", points, tuple(Fraction(float(value)) for value in y), ("x1", "1"))


def assumption_points(eta: Any = Fraction(1, 10), seed: int | None = None) -> Dataset:
    """Three points of Assumption 3: the middle of its boxes with ``y_2 = eta``, or a draw from the boxes.

    Parameters
    ----------
    eta : constant of the assumption, 0 < eta < 1/6; an exact number or text such as ``"0.1"`` (a float counts as it prints).
    seed : of a draw, on a grid of a thousandth of each box; None for the middle.
    """
    try:
        h = Fraction(repr(eta) if isinstance(eta, float) else eta)
    except (ValueError, TypeError) as error:
        raise ValueError(f"eta: {eta!r}; a number between 0 and 1/6 is needed") from error
    if not 0 < h < Fraction(1, 6):
        raise ValueError(f"eta: {eta}; a number between 0 and 1/6 is needed")
    if seed is None:
        share = [Fraction(1, 2)] * 8 + [Fraction(1)]
    else:
        share = [Fraction(int(k), 1000) for k in np.random.default_rng(seed).integers(1, 1000, 9)]
    e1, f1, b2, f2, e3, f3, y1, y3, y2 = (h * value for value in share)
    points = ((e1 - 1, 1 + f1), (2 * b2 - h, 1 + 2 * f2 - h), (1 - e3, 1 + f3))
    return Dataset("assumption-3", points, (1 + y1, y2, 1 + y3), ("x1", "x2"))


BUILT_IN: dict[str, Callable[[], Dataset]] = {
    "three-points": three_points,
    "assumption-3": assumption_points,
    "forty-points": forty_points,
}


def _number(text: str, where: str) -> Fraction:
    text = text.strip()
    match = NUMBER.fullmatch(text) if len(text) <= 1000 else None
    if match is None or (match[2] and not Fraction(match[2])):
        shown = repr(text if len(text) <= 40 else text[:40] + "...") if text else "an empty cell"
        raise ValueError(f"{where}: {shown} is not a finite number; allowed: 3, -0.5, 1e-3, 1/3")
    return Fraction(match[1]) / Fraction(match[2] or 1)


def read_csv(path: str | Path, *, labels: str | None = None, bias: bool = False) -> Dataset:
    """Data from a CSV file: one point a row, decimals read exactly.

    Parameters
    ----------
    path : of the file; its first row is a header if none of its cells is a number.
    labels : name (or number, from 1) of the column of the labels; ``y``, else the last one, by default.
    bias : whether to add a last feature 1.

    Raises
    ------
    ValueError : a file that cannot be read, has no points or no features; a cell that is not a finite number (row and column
        are named); rows of different lengths; an unknown column; a zero point; labels that are all zero.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [(k, row) for k, row in enumerate(csv.reader(file), 1) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"data: cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    if not lines:
        raise ValueError(f"data: {path} is empty; rows x1,...,xd,y are needed")
    heads = [cell.strip() for cell in lines[0][1]]
    if any(NUMBER.fullmatch(head) for head in heads):
        heads = [*(f"x{i}" for i in range(1, len(heads))), "y"]
    else:
        lines = lines[1:]
    if len(heads) < 2 or not lines:
        raise ValueError(
            f"data: {path} has {len(heads)} columns and {len(lines)} points; 2 columns and 1 point are needed"
        )
    target = _column(heads, labels)
    points, ys = [], []
    for number, row in lines:
        if len(row) != len(heads):
            raise ValueError(f"data: {path}, row {number}: has {len(row)} cells; there are {len(heads)} columns")
        values = [_number(cell, f"data: {path}, row {number}, column {head}") for cell, head in zip(row, heads)]
        ys.append(values.pop(target))
        points.append((*values, *([Fraction(1)] if bias else [])))
        if not any(points[-1]):
            raise ValueError(
                f"data: {path}, row {number}: all features are zero, so the point has no effect; leave it out, or add a bias"
            )
    features = (*(head for i, head in enumerate(heads) if i != target), *(["1"] if bias else []))
    data = Dataset(path.name, tuple(points), tuple(ys), features)
    potential(data.points, data.labels)  # refuses what has no potential
    return data


def _column(heads: Sequence[str], labels: str | None) -> int:
    if labels is None:
        return heads.index("y") if "y" in heads else len(heads) - 1
    if labels in heads:
        return heads.index(labels)
    if labels.isascii() and labels.isdigit() and 1 <= int(labels) <= len(heads):
        return int(labels) - 1
    raise ValueError(f"labels: no column {labels!r}; there are {', '.join(heads)}")

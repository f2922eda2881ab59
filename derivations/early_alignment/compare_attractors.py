"""The early phase: which directions attract neurons, random data in dimensions 2 to 4."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.early_alignment.data import Dataset
from ...numerics.early_alignment.early import early_phase
from ...numerics.lower import lower_formula
from ...theory.early_alignment.attractors import attractions
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import (
    PREFIX,
    Array,
    compiled,
)

# ---- attractors of random data

SHAPES, STARTS, NEAR = ((5, 2), (7, 2), (6, 3), (8, 3), (5, 4), (6, 4)), 150, 1e-6


def random_data(rng: np.random.Generator, n: int, d: int) -> Dataset:
    """Points and labels of either sign, on a grid of a thousandth."""
    rows = np.rint(1000 * rng.standard_normal((n, d + 1))).astype(int)
    exact = [[Fraction(int(value), 1000) for value in row] for row in rows]
    names = tuple(f"x{i + 1}" for i in range(d))
    return Dataset("random", tuple(tuple(row[:d]) for row in exact), tuple(row[d] for row in exact), names)


def attractors_setup(seed: np.random.SeedSequence) -> list[tuple[Dataset, Array]]:
    """Data, and balanced starts: random ones, and one close to every extremal vector that attracts by the exact geometry."""
    rng, found = np.random.default_rng(seed), []
    for n, d in SHAPES:
        data = random_data(rng, n, d)
        near = [np.array(one.extremal.direction, dtype=float) for one in attractions(data.potential) if one.balanced]
        close = np.array([v / np.linalg.norm(v) for v in near if v.any()]).reshape(-1, d)
        close = close + NEAR * rng.standard_normal(close.shape)
        found.append((data, np.concatenate([rng.standard_normal((STARTS, d)), close])))
    return found


def rest_points(book: Book, data: Dataset, s: int) -> Array:
    """Attractors of balanced neurons of sign s by the rule of the book: unit vectors, and zeros for the dead."""
    X, y, n = data.X, data.y, len(data.y)
    project, label = compiled(book.formula(PREFIX + "face-vector")), lower_formula(book.formula(PREFIX + "kink-label"))
    held = np.sign(label(n=1.0, u_off=1.0, u_on=1.0, x_sq=1.0))  # the sign of s y_k at a kink that pushes back
    found = [np.zeros(X.shape[1])]
    for face in data.potential.arrangement.faces():
        signs = np.array(face.signs)
        Z, D = signs == 0, X.T @ (y * (signs > 0)) / n
        if not (np.sign(s * y[Z]) == held).all():
            continue
        vector = project(D_A=D[:, None], X_Z=X[Z])[:, 0] if Z.any() else D
        size = float(np.linalg.norm(vector))
        if size < 1e-12:
            continue
        shares = np.linalg.lstsq((X[Z] * y[Z, None] / n).T, vector - D, rcond=None)[0] if Z.any() else np.zeros(0)
        alike = [np.array_equal(np.sign(X[~Z] @ vector), kind * signs[~Z]) for kind in (s, -s)]
        if ((shares >= 0) & (shares <= 1)).all() and (alike[0] or (alike[1] and face.dimension == 1)):
            found.append((s if alike[0] else -s) * vector / size)
    return np.array(found)


def attractors_theory(problem: list[tuple[Dataset, Array]], book: Book) -> Curve:
    """Predicted points, one row for each data set, sign and point (padded by nan)."""
    rows = [rest_points(book, data, s) for data, _ in problem for s in (1, -1)]
    return padded(rows, Provenance("theory", PREFIX + "face-vector"))


def padded(rows: list[Array], made: Provenance) -> Curve:
    """Point sets of several sizes and dimensions as one column."""
    table = np.full((len(rows), max(map(len, rows)), max(row.shape[1] for row in rows)), np.nan)
    for place, row in enumerate(rows):
        table[place, : len(row), : row.shape[1]] = row
    return Curve((("case", np.arange(len(rows))),), (("points", table),), made)


def attractors_observed(problem: list[tuple[Dataset, Array]]) -> Curve:
    """Limits of the neurons from all starts."""
    rows = []
    for data, w in problem:
        for s in (1, -1):
            phase = early_phase(data.potential, w, s * np.linalg.norm(w, axis=1))
            rows.append(np.where(phase.ending[:, None] == "rest", 0.0, phase.direction))
    return padded(rows, Provenance("ode", "early-alignment.early"))


def attractors_measure(theory: Curve, observed: Curve) -> Measured:
    worst, sizes = 0.0, []
    for rule, limits in zip(theory["points"], observed["points"]):
        keep = ~np.isnan(rule[0])
        rule, limits = (part[~np.isnan(part).all(axis=1)][:, keep] for part in (rule, limits))
        gaps = np.linalg.norm(rule[:, None] - limits[None], axis=2)
        missed = gaps[1:].min(axis=1)  # that all are reached; whether any neuron dies depends on the data
        worst = max(worst, float(gaps.min(axis=0).max()), float(missed.max(initial=0.0)))
        sizes.append(len(rule) - 1)
    words = (
        f"{sum(sizes)} attractors of {len(sizes)} cases, {STARTS} random starts each; both sets within this distance"
    )
    return Measured(worst, detail=words)


COMPARISONS = (
    Comparison(
        "early-alignment.attractors",
        "limits of the direction flow against the predicted attractors, random data in d = 2, 3, 4, both signs",
        attractors_setup, attractors_theory, attractors_observed, attractors_measure,
        bound=1e-7, seconds=2.0,
        because="limits are in closed form: rounding only; any other limit, or an attractor that is not reached, is off by far more",
    ),
)  # fmt: skip

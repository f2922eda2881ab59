"""The early phase: how fast neurons align, what is left, and how long entering takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.early_alignment.data import Dataset
from ...numerics.early_alignment.early import early_phase
from ...numerics.early_alignment.sectors import sector_descent
from ...numerics.fit import power_law
from ...numerics.lower import lower_formula
from ...theory.early_alignment.attractors import attractions
from ...theory.early_alignment.extremal import potential
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_attractors import random_data
from .compare_tools import (
    EPS,
    LAMBDA,
    PREFIX,
    RATE,
    THREE,
    Problem,
    angles,
    compiled,
    drives,
    follow,
    negligible,
    upper,
)

# ---- angle at the alignment time: gradient descent of the whole network

RATE_LAMBDAS, RATE_ETA, RATE_WIDTH = 10.0 ** -np.arange(3, 9), 1e-3, 60


def rate_setup(seed: np.random.SeedSequence) -> Problem:
    return Problem(THREE, *upper(THREE, seed, RATE_WIDTH), RATE_ETA)


def rate_theory(problem: Problem, book: Book) -> Curve:
    """Angles at the alignment time and the constant of every neuron, by the formulas of the book from the entry on."""
    entry, rate = (
        follow(book, problem.data, problem.w, problem.a),
        lower_formula(book.formula(PREFIX + "alignment-rate")),
    )
    given = {"delta": np.linalg.norm(entry.D, axis=1), "t_in": entry.time, "theta_in": entry.angle}
    lambdas = problem.more.get("lambdas", RATE_LAMBDAS)
    found = rate(delta_max=drives(problem.data), epsilon=EPS, **{LAMBDA: lambdas[:, None]}, **given)
    constant = lower_formula(book.formula(PREFIX + "alignment-constant"))(**given)
    shape = np.broadcast_shapes(found.shape)
    columns = (
        ("angle", found), ("C", np.broadcast_to(constant, shape)), ("t_in", np.broadcast_to(entry.time, shape)),
        ("D", np.broadcast_to(given["delta"], shape)),
    )  # fmt: skip
    return Curve((("scale", lambdas),), columns, Provenance("theory", PREFIX + "alignment-rate", (("epsilon", EPS),)))


def rate_observed(problem: Problem) -> Curve:
    data, m, D = problem.data, len(problem.a), THREE.y @ THREE.X / 3
    found = []
    for scale in RATE_LAMBDAS:
        size, steps = scale / np.sqrt(m), round(EPS * np.log(1 / scale) / RATE / problem.eta)
        run = sector_descent(data.X, data.y, size * problem.w, size * problem.a, problem.eta, steps, record=[steps])
        unit = run.w / np.linalg.norm(run.w, axis=1)[:, None]
        found.append(2 * np.arcsin(np.linalg.norm(unit - D / np.linalg.norm(D), axis=1) / 2))
    return Curve((("scale", RATE_LAMBDAS),), (("angle", np.array(found)),), run.curve.made_by)


def rate_measure(theory: Curve, observed: Curve) -> Measured:
    gap = np.abs(np.log(observed["angle"][-1] / theory["angle"][-1]))
    fits = [power_law(observed["scale"][-3:], row[-3:]).exponent for row in observed["angle"].T]
    top = observed["angle"].max(axis=1) / np.sqrt(observed["scale"])
    words = f"exponents {min(fits):.5f} to {max(fits):.5f} (eps = {EPS}); largest angle/lambda^eps {top[0]:.2f} to {top[-1]:.2f}"
    return Measured(float(gap.max()), detail=f"{words}, C up to {theory['C'].max():.2f}")


RATE_BOUND = len(THREE.y) * 2 * RATE * RATE_ETA + negligible(RATE_LAMBDAS[-1]) + RATE * RATE_ETA

# ---- shorter driving vectors: the exponent is smaller; scales down to 1e-30

WEAK_LAMBDAS = 10.0 ** -np.arange(5, 31, 5)


def weak_setup(seed: np.random.SeedSequence) -> Problem:
    """Points with positive labels and several attractors for a > 0, of different lengths."""
    rng = np.random.default_rng(seed)
    while True:
        one = random_data(rng, 6, 2)
        data = Dataset("random", one.points, tuple(abs(label) for label in one.labels), one.features)
        if not all(data.labels):
            continue
        sizes = [
            float(a.extremal.square) ** 0.5 for a in attractions(potential(data.points, data.labels)) if 1 in a.balanced
        ]
        if len(sizes) > 1 and min(sizes) < 0.7 * max(sizes):
            turn = rng.uniform(0, 2 * np.pi, 40)
            w = np.column_stack([np.cos(turn), np.sin(turn)])
            return Problem(data, w, np.ones(40), more={"lambdas": WEAK_LAMBDAS})


def weak_observed(problem: Problem) -> Curve:
    longest, found = drives(problem.data), []
    for scale in WEAK_LAMBDAS:
        tau = -EPS * np.log(scale) / longest
        found.append(
            early_phase(problem.data.potential, problem.w, problem.a, tau, log_scale=float(np.log(scale))).angle
        )
    return Curve((("scale", WEAK_LAMBDAS),), (("angle", np.array(found)),), Provenance("ode", "early-alignment.early"))


def weak_measure(theory: Curve, observed: Curve) -> Measured:
    tau = -EPS * np.log(theory["scale"]) / theory["D"].max()
    angle, inside = observed["angle"], (theory["t_in"] < tau[:, None]) & (theory["D"] > 0) & (observed["angle"] < 1)
    ratio = np.divide(angle, theory["angle"], out=np.ones_like(angle), where=inside)
    gap = np.where(inside, np.abs(np.log(ratio)) - angle**2 / 8, 0.0)
    late = inside[-2:].all(axis=0)
    exponents = np.log(angle[-1, late] / angle[-2, late]) / np.log(theory["scale"][-1] / theory["scale"][-2])
    kinds = np.unique(np.round(exponents, 6))
    words = f"exponents {', '.join(f'{value:.5f}' for value in kinds)}; eps |D|/|D_max| = "
    predicted = np.unique(np.round(EPS * theory["D"][0, late] / theory["D"].max(), 6))
    return Measured(float(gap.max()), detail=words + ", ".join(f"{value:.5f}" for value in predicted))


# ---- a < 0: how many have not left the full cone

LEFT_LAMBDAS, LEFT_ETA, LEFT_WIDTH = 10.0 ** -np.arange(3.0, 7.0), 1e-3, 40_000


def left_setup(seed: np.random.SeedSequence) -> Problem:
    """Directions evenly spaced on the circle from a random one on, a < 0."""
    turn = np.random.default_rng(seed).uniform() + 2 * np.pi * np.arange(LEFT_WIDTH) / LEFT_WIDTH
    return Problem(THREE, np.column_stack([np.cos(turn), np.sin(turn)]), -np.ones(LEFT_WIDTH), LEFT_ETA)


def left_theory(problem: Problem, book: Book) -> Curve:
    data = problem.data
    D = compiled(book.formula(PREFIX + "potential"))(B=np.eye(3), X=data.X, y=data.y[:, None], n=3)[:, 0]
    to_wall = np.pi / 2 - np.abs(angles(data.X) - angles(D[None, :]))  # angle from D to the hyperplane of each point
    turned = angles(data.X) > angles(D[None, :])
    walls = {"phi_1": to_wall[turned].min(), "phi_2": to_wall[~turned].min()}
    fraction = lower_formula(book.formula(PREFIX + "cone-fraction"))
    found = fraction(
        delta=float(np.linalg.norm(D)), delta_max=drives(data), epsilon=EPS, **{LAMBDA: LEFT_LAMBDAS}, **walls
    )
    return Curve((("scale", LEFT_LAMBDAS),), (("fraction", found),), Provenance("theory", PREFIX + "cone-fraction"))


def left_observed(problem: Problem) -> Curve:
    data, found = problem.data, []
    for scale in LEFT_LAMBDAS:
        size, steps = scale / np.sqrt(LEFT_WIDTH), round(EPS * np.log(1 / scale) / RATE / problem.eta)
        run = sector_descent(data.X, data.y, size * problem.w, size * problem.a, problem.eta, steps, record=[steps])
        found.append(float((run.w @ data.X.T > 0).all(axis=1).mean()))
    return Curve((("scale", LEFT_LAMBDAS),), (("fraction", np.array(found)),), run.curve.made_by)


def left_measure(theory: Curve, observed: Curve) -> Measured:
    gap = np.abs(theory["fraction"] - observed["fraction"])
    words = ", ".join(f"{seen:.6f} ({said:.6f})" for seen, said in zip(observed["fraction"], theory["fraction"]))
    return Measured(float(gap.max()), detail=f"seen (predicted): {words}")


LEFT_TOP = 0.0137
"""Largest of the fractions, at the scale 1e-3."""

# ---- why width does not help: bounded entry time

ENTRY_WIDTHS = (10, 100, 1000, 10_000, 100_000)


def entry_setup(seed: np.random.SeedSequence) -> Problem:
    turn = np.random.default_rng(seed).uniform(0, 2 * np.pi, ENTRY_WIDTHS[-1])
    return Problem(THREE, np.column_stack([np.cos(turn), np.sin(turn)]), np.ones(ENTRY_WIDTHS[-1]))


def entry_theory(problem: Problem, book: Book) -> Curve:
    X, y = problem.data.X, problem.data.y
    pull = float((y[:, None] * (X @ X.T)).min() / len(y))
    limit = lower_formula(book.formula(PREFIX + "entry-time"))(x_size=float(np.linalg.norm(X, axis=1).max()), q=pull)
    widths = np.array(ENTRY_WIDTHS)
    return Curve(
        (("width", widths),),
        (("time", np.full(len(widths), float(limit))),),
        Provenance("theory", PREFIX + "entry-time"),
    )


def entry_observed(problem: Problem) -> Curve:
    phase = early_phase(problem.data.potential, problem.w, problem.a)
    time = np.where(phase.ending == "aligned", phase.entry_time, 0.0)
    columns: list[Any] = [("time", np.array([time[:m].max() for m in ENTRY_WIDTHS]))]
    columns += [("C", np.array([np.where(time[:m] > 0, phase.constant[:m], 0.0).max() for m in ENTRY_WIDTHS]))]
    return Curve((("width", np.array(ENTRY_WIDTHS)),), tuple(columns), Provenance("ode", "early-alignment.early"))


def entry_measure(theory: Curve, observed: Curve) -> Measured:
    seen = ", ".join(f"{value:.4f}" for value in observed["time"])
    words = f"largest entry time by width {seen}; bound {theory['time'][0]:.1f}; largest C {observed['C'][-1]:.4f}"
    return Measured(float((observed["time"] / theory["time"]).max()), detail=words)


COMPARISONS = (
    Comparison(
        "early-alignment.rate",
        "angle of each neuron at the alignment time: exponent and constant against gradient descent of the network",
        rate_setup, rate_theory, rate_observed, rate_measure,
        bound=RATE_BOUND, seconds=2.0,
        because="ln angle: each of 3 crossings is late by a step at most, 2 |D_max| eta; the last step is rounded; outputs, lambda^(2 - 2 eps)",
    ),
    Comparison(
        "early-alignment.weak-rate",
        "exponent eps |D|/|D_max| for driving vectors shorter than the longest, scales 1e-5 to 1e-30",
        weak_setup, rate_theory, weak_observed, weak_measure,
        bound=1e-8, seconds=0.3,
        because="beyond the next order of the rate, angle^2/12 < angle^2/8 (subtracted), only rounding is left",
    ),
    Comparison(
        "early-alignment.left-behind",
        "a < 0: fraction of directions still in the full cone at the alignment time, against gradient descent",
        left_setup, left_theory, left_observed, left_measure,
        bound=1 / LEFT_WIDTH + LEFT_TOP * (2 * RATE * LEFT_ETA + negligible(1e-3)), seconds=2.0,
        because="counts of evenly spaced directions are off by one; relative: a step, 2 |D| eta, and outputs, lambda^(2 - 2 eps)",
    ),
    Comparison(
        "early-alignment.entry",
        "why width does not help: time until neurons with a > 0 have all points active, against the bound, widths 10 to 1e5",
        entry_setup, entry_theory, entry_observed, entry_measure,
        bound=1.0, seconds=0.5,
        because="ratio to the bound of the book, which depends on the data only",
    ),
)  # fmt: skip

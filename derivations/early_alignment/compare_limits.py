"""Where networks end, by width, scale and learning rate, and where the theory breaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.early_alignment.data import Dataset, assumption_points, forty_points
from ...numerics.early_alignment.diagram import CLOSE, spurious_fraction, wilson
from ...numerics.early_alignment.network import start
from ...numerics.early_alignment.sectors import sector_descent
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import (
    MIDDLE,
    PREFIX,
    RESOLUTION,
    THREE,
    Array,
    Problem,
    angles,
    distinct,
    plateau_loss,
    plateau_map,
)


def ends(data: Dataset, dominance: float, eta: float, seeds: Sequence[np.random.SeedSequence], width: int, scale: float,
         time: float) -> tuple[Array, Array]:  # fmt: skip
    """Losses and flips at the end of runs of gradient descent."""
    steps, found = round(time / eta), []
    for seed in seeds:
        w, a = start(width, scale, seed, dominance=dominance)
        curve = sector_descent(data.X, data.y, w, a, eta, steps, record=[steps]).curve
        found.append((curve["loss"][-1], curve["flips"][-1]))
    losses, flips = np.array(found, dtype=float).T
    return losses, flips


# ---- the spurious limit: loss, width, scale

LOSS_DATA = (THREE, *(assumption_points(seed=seed) for seed in range(4)), assumption_points())


def loss_setup(seed: np.random.SeedSequence) -> list[np.random.SeedSequence]:
    return seed.spawn(len(LOSS_DATA))


def loss_theory(seeds: list[np.random.SeedSequence], book: Book) -> Curve:
    losses = np.array([plateau_loss(book, data) for data in LOSS_DATA])
    return Curve(
        (("data", np.arange(len(LOSS_DATA))),), (("loss", losses),), Provenance("theory", PREFIX + "spurious-loss")
    )


def loss_observed(seeds: list[np.random.SeedSequence]) -> Curve:
    found = [ends(data, 1.05, 5e-3, [seed], 300, 1e-3, 1500.0) for data, seed in zip(LOSS_DATA, seeds)]
    losses, flips = (np.array([one[k][0] for one in found]) for k in range(2))
    return Curve((("data", np.arange(len(LOSS_DATA))),), (("loss", losses), ("flips", flips)), Provenance("gradient descent", "early-alignment.sectors"))  # fmt: skip


def loss_measure(theory: Curve, observed: Curve) -> Measured:
    gap = np.abs(observed["loss"] / theory["loss"] - 1)
    words = ", ".join(f"{value:.6f}" for value in observed["loss"])
    return Measured(float(gap.max()), detail=f"losses {words}; {int(observed['flips'].sum())} sign flips")


GRID_WIDTHS, GRID_SCALES, GRID_SEEDS = (50, 200, 2000), (1e-3, 1e-2, 0.03), 10


def draw(seed: np.random.SeedSequence) -> int:
    """One number from a seed sequence, for functions that take one."""
    return int(seed.generate_state(1)[0])


def grid_theory(seed: int, book: Book) -> Curve:
    """The loss of the plateau for every width and scale."""
    loss = np.full((len(GRID_WIDTHS), len(GRID_SCALES)), plateau_loss(book, THREE))
    axes = (("width", np.array(GRID_WIDTHS)), ("scale", np.array(GRID_SCALES)))
    return Curve(axes, (("loss", loss),), Provenance("theory", PREFIX + "spurious-loss"))


def grid_observed(seed: int) -> Curve:
    return spurious_fraction(THREE.X, THREE.y, GRID_WIDTHS, GRID_SCALES, seeds=GRID_SEEDS, steps=100_000, seed=seed)


def grid_measure(theory: Curve, observed: Curve) -> Measured:
    goal = theory["loss"][:, :, None]
    fraction = (np.abs(observed["loss"] - goal) < CLOSE * goal).mean(axis=2)
    low, high = wilson(fraction, observed["loss"].shape[2])
    k = np.unravel_index(int(fraction.argmin()), fraction.shape)
    words = f"smallest of {fraction.size} points of the grid, {observed['loss'].shape[2]} seeds each; its 95% interval {low[k]:.2f} to {high[k]:.2f}"
    return Measured(float(fraction.min()), detail=words)


# ---- the learning rate, and balanced or dominated starts

STEP_ETAS, STEP_WIDTH, STEP_SEEDS, LARGE_ETA = (0.02, 0.01, 0.005, 0.002), 2000, 3, 0.02


def middle_setup(seed: np.random.SeedSequence) -> list[np.random.SeedSequence]:
    return seed.spawn(STEP_SEEDS)


def middle_theory(seeds: list[np.random.SeedSequence], book: Book) -> Curve:
    loss = np.full(STEP_SEEDS, plateau_loss(book, MIDDLE))
    return Curve((("seed", np.arange(STEP_SEEDS)),), (("loss", loss),), Provenance("theory", PREFIX + "spurious-loss"))


def dominated_observed(seeds: list[np.random.SeedSequence]) -> Curve:
    found = [ends(MIDDLE, 1.05, eta, seeds, STEP_WIDTH, 1e-3, 1000.0) for eta in STEP_ETAS]
    losses, flips = (np.array([one[k] for one in found]).T for k in range(2))
    return seeds_curve(losses, flips, eta=np.array(STEP_ETAS))


def balanced_observed(seeds: list[np.random.SeedSequence]) -> Curve:
    return seeds_curve(*ends(MIDDLE, 1.0, LARGE_ETA, seeds, STEP_WIDTH, 1e-3, 2000.0))


def large_observed(seeds: list[np.random.SeedSequence]) -> Curve:
    return seeds_curve(*ends(MIDDLE, 1.05, 0.01, seeds, 300, 1.0, 300.0))


def seeds_curve(losses: Array, flips: Array, **axes: Array) -> Curve:
    """Losses and flips over seeds and further axes."""
    first = (("seed", np.arange(len(losses))), *axes.items())
    return Curve(first, (("loss", losses), ("flips", flips)), Provenance("gradient descent", "early-alignment.sectors"))


def distances(theory: Curve, observed: Curve) -> tuple[Array, str]:
    """Relative distance from the loss of the theory for each seed, and words."""
    loss, flips = observed["loss"], observed["flips"].astype(int)
    goal = theory["loss"].reshape(-1, *([1] * (loss.ndim - 1)))
    words = f"losses {loss.min():.3g} to {loss.max():.3g}, theory {theory['loss'][0]:.4f}; sign flips {flips.min()} to {flips.max()}"
    return np.abs(loss / goal - 1), words


def farthest(theory: Curve, observed: Curve) -> Measured:
    gap, words = distances(theory, observed)
    return Measured(float(gap.max()), detail=words)


def nearest(theory: Curve, observed: Curve) -> Measured:
    gap, words = distances(theory, observed)
    return Measured(float(gap.min()), detail=words)


# ---- forty points: the plateau is left

FORTY = forty_points()


def forty_setup(seed: np.random.SeedSequence) -> Problem:
    return Problem(FORTY, *start(300, 1e-3, seed, dominance=1.05), 1e-2)


def forty_theory(problem: Problem, book: Book) -> Curve:
    beta = plateau_map(book, FORTY)
    loss = float(((FORTY.X @ beta - FORTY.y) ** 2).mean() / 2)
    return Curve((("seed", np.arange(1)),), (("loss", np.array([loss])),), Provenance("theory", PREFIX + "plateau"))


def forty_observed(problem: Problem) -> Curve:
    run = sector_descent(FORTY.X, FORTY.y, problem.w, problem.a, problem.eta, 200_000, record=2000)
    size = np.abs(run.a) * np.linalg.norm(run.w, axis=1)
    live = (run.w @ FORTY.X.T > 0).any(axis=1) & (size > 1e-3 * size.max())
    count = distinct(angles(run.w[live]), RESOLUTION)
    columns = (("loss", run.curve["loss"][None]), ("directions", np.array([count])))
    return Curve((("seed", np.arange(1)),), columns, run.curve.made_by)


def forty_measure(theory: Curve, observed: Curve) -> Measured:
    goal, loss = theory["loss"][0], observed["loss"][0]
    near = int(np.abs(loss / goal - 1).argmin())
    words = (
        f"plateau {goal:.7f}: {loss[near]:.7f} at t = {20.0 * near:g}, {loss[-1]:.7f} at t = 2000; "
        f"{observed['directions'][0]} directions of 300 neurons"
    )
    return Measured(float(abs(loss[-1] / goal - 1)), detail=words)


COMPARISONS = (
    Comparison(
        "early-alignment.limit-loss",
        "loss at the end of gradient descent on three points and on draws of the assumption against the spurious loss",
        loss_setup, loss_theory, loss_observed, loss_measure,
        bound=1e-10, seconds=0.5,
        because="the slowest rate is |beta| times the smallest eigenvalue of X^T X/n, 0.07 or more: nothing is left at t = 1500 but rounding",
    ),
    Comparison(
        "early-alignment.limit-fraction",
        "fraction of starts that end at the spurious loss, small scales, widths 50 to 2000",
        draw, grid_theory, grid_observed, grid_measure,
        target=1.0, bound=0.5 / GRID_SEEDS, seconds=2.5,
        because="below the scale of the theorem all starts end there, whatever the width: a single other one is too many",
    ),
    Comparison(
        "early-alignment.dominated-steps",
        "|a| = 1.05 |w|: the spurious loss for every learning rate from 0.002 to 0.02",
        middle_setup, middle_theory, dominated_observed, farthest,
        bound=1e-8, seconds=1.0,
        because="no output weight changes its sign, so that the theorem's argument applies; rounding only at t = 1000",
    ),
    Comparison(
        "early-alignment.balanced-large-step",
        f"|a| = |w| and learning rate {LARGE_ETA}: output weights change their signs, and the network escapes",
        middle_setup, middle_theory, balanced_observed, nearest,
        bound=0.99, expect=Expect.BREAKS, seconds=0.8,
        because="each step makes a^2 - |w|^2 negative, a crosses zero in a partial cone and grows; the loss then goes to zero",
    ),
    Comparison(
        "early-alignment.large-start",
        "scale 1: the network reaches the global minimum",
        middle_setup, middle_theory, large_observed, nearest,
        bound=0.99, expect=Expect.BREAKS, seconds=0.6,
        because="outputs are not small while directions move, neurons stay in partial cones: zero loss",
    ),
    Comparison(
        "early-alignment.forty-points",
        "forty points: the plateau of the linear map is a saddle that is left",
        forty_setup, forty_theory, forty_observed, forty_measure,
        bound=0.3, expect=Expect.BREAKS, seconds=1.0,
        because="the best linear map is no local minimum there: what the network gains after the plateau is of the order of the loss",
    ),
)  # fmt: skip

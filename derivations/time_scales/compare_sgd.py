"""One-pass stochastic gradient descent against the closed equations: any activation, and falls that stay apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...numerics.curve import Curve
from ...numerics.time_scales import Intermittency, Task, directions, intermittency, stochastic, weights
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import PHI, Problem, in_words, on_network

# ---- activations

ACTIVATIONS = ("relu", "gelu", "tanh", "erf")
DEGREE, RATIO, STEP, BATCH, DRAWS = 30, 0.1, 1e-3, 500, 8


def activated(name: str) -> Callable[[np.random.SeedSequence], Problem]:
    """Six neurons of an activation in ten dimensions."""

    def setup(seed: np.random.SeedSequence) -> Problem:
        task = Task.of(name, PHI, RATIO, DEGREE)
        return Problem(task, np.linspace(0, 0.8, 9), weights(6), directions(6, 10, np.random.default_rng(seed)))

    return setup


def moments_predicted(problem: Problem, book: Book) -> Curve:
    """Moments of degrees 0 to 3 by the closed equations."""
    run = on_network(book, problem, 1e-9)
    return Curve(run.axes, (("moments", run["moments"][:, : len(PHI)]),), run.made_by)


def moments_of_draws(problem: Problem) -> Curve:
    """The same of the weights of networks that are trained with the activation itself: draw x time x degree."""
    runs = [
        stochastic(problem.task, STEP, problem.times, problem.a, problem.u, BATCH, one)
        for one in np.random.SeedSequence(11).spawn(DRAWS)
    ]
    axes = (("draw", np.arange(DRAWS)), ("time", problem.times))
    return Curve(axes, (("moments", np.array([run["moments"][:, : len(PHI)] for run in runs])),), runs[0].made_by)


def worst_moment(theory: Curve, observed: Curve) -> Measured:
    """Difference of the mean moments, at the time and degree where it is largest with two standard errors."""
    found = observed["moments"]
    gap = np.abs(found.mean(axis=0) - theory["moments"])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    n, k = np.unravel_index(int((gap + 2 * error).argmax()), gap.shape)
    moved = np.abs(theory["moments"] - theory["moments"][0]).max(axis=0)
    words = f"degree {k} at t = {theory['time'][n]:.2g}; the moments move by {in_words(moved)}"
    return Measured(float(gap[n, k]), float(error[n, k]), words)


def of_activation(name: str) -> Comparison:
    return Comparison(
        f"time-scales.activation-{name}",
        f"{name}: moments of the network under stochastic gradient descent against the closed equations, m = 6, d = 10",
        activated(name),
        moments_predicted,
        moments_of_draws,
        worst_moment,
        2 * STEP / RATIO,
        "Euler steps of rates up to 1/eps change moments of size two by step/eps each at most; noise is in the standard errors",
        seconds=1.5,
    )


# ---- growing batches

PACE, FALL = 3e-4, (1.5, 1.0, 0.6)
CELLS = 14


def growing(time: float) -> float:
    """Inputs of a step: few at first, in proportion to time later."""
    return 400 + 8e3 * time


def falling(seed: np.random.SeedSequence) -> Problem:
    """32 neurons in 60 dimensions, whole steps evenly spaced in log time."""
    end = 0.3
    marks = np.unique(np.rint(np.geomspace(1, end / PACE, 120)))
    task = Task((1.0, 1.0, 1.0), FALL, 3e-3)
    u = directions(32, 60, np.random.default_rng(seed))
    return Problem(task, PACE * np.concatenate([[0.0], marks]), weights(32), u)


def one_pass(problem: Problem, seed: int = 0) -> Curve:
    """Population risk on the path of one-pass stochastic gradient descent with growing batches."""
    return stochastic(problem.task, PACE, problem.times, problem.a, problem.u, growing, seed)


def slopes(curve: Curve) -> Intermittency:
    """``-d log R/d log t`` from the second step on, in a few cells of log time."""
    return intermittency(curve, between=(2 * PACE, float(curve["time"][-1])), points=CELLS)


def misplaced(theory: Curve, observed: Curve) -> Measured:
    """Share of the fall of log R that lies in other cells of log time; infinite if peaks are lost, or more than a cell away."""
    one, other = slopes(theory), slopes(observed)
    words = f"peaks at t = {in_words(other.peaks)}, by the theory {in_words(one.peaks)}"
    if len(one.peaks) != len(other.peaks) or len(one.peaks) < 2:
        return Measured(np.inf, detail=words)
    cell = np.log(one.times[1] / one.times[0])
    if np.abs(np.log(other.peaks / one.peaks)).max() > 1.01 * cell:
        return Measured(np.inf, detail=words)
    words += f"; share of log time {other.share:.3f}, by the theory {one.share:.3f}"
    return Measured(float(np.abs(other.slope - one.slope).sum() / one.slope.sum()), detail=words)


COMPARISONS = (
    *(of_activation(name) for name in ACTIVATIONS),
    Comparison(
        "time-scales.sgd-peaks",
        "stochastic gradient descent with growing batches keeps the peaks of -dlogR/dlogt of degrees 0 and 1 apart",
        falling,
        lambda problem, book: on_network(book, problem, 1e-8),
        one_pass,
        misplaced,
        PACE / 3e-3,
        "peaks must agree within a cell; Euler steps move a fall by step/(2 eps) of its time, which misplaces this part of the "
        "variation of the slope, twice the height of the peaks; noise is smaller",
        seconds=3.0,
    ),
)

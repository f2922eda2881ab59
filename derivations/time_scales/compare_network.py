"""The closed equations against the network in d dimensions: gradient flow, gradient descent, stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...numerics.curve import Curve
from ...numerics.time_scales import Task, descend, directions, gradient_flow, stochastic, weights
from ..compare import Comparison, Measured
from .compare_tools import PHI, SIGMA, Problem, in_words, on_network, sup


def in_dimension(m: int, d: int) -> Callable[[np.random.SeedSequence], Problem]:
    def setup(seed: np.random.SeedSequence) -> Problem:
        rng = np.random.default_rng(seed)
        return Problem(Task(SIGMA, PHI, 1e-2), np.linspace(0, 0.4, 41), weights(m), directions(m, d, rng))

    return setup


STEPS = (1e-4, 5e-5, 2.5e-5)


def descents(problem: Problem) -> Curve:
    """Gradient descent with three steps: risk over step and time."""
    runs = [descend(problem.task, step, problem.times, problem.a, problem.u) for step in STEPS]
    axes = (("step", np.array(STEPS)), ("time", problem.times))
    return Curve(axes, (("risk", np.array([run["risk"] for run in runs])),), runs[0].made_by)


def order_in_step(theory: Curve, observed: Curve) -> Measured:
    """Exponent of the largest difference of the risks in the step, between the two smallest steps."""
    errors = np.abs(observed["risk"] - theory["risk"]).max(axis=1)
    slope = np.log(errors[-2] / errors[-1]) / np.log(STEPS[-2] / STEPS[-1])
    return Measured(float(slope), detail=f"errors {in_words(errors)}")


# ---- noise of stochastic gradient descent

CELLS = ((4e-3, 64), (5e-4, 8), (4e-3, 1024), (5e-4, 128))
"""Pairs (step, batch): the first two have the same ratio, and so have the last two."""
DRAWS = 64


def noisy(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    task = Task(SIGMA[:3], PHI[:3], 0.1)
    return Problem(task, np.linspace(0, 0.2, 6), weights(6), directions(6, 10, rng))


def stochastic_runs(problem: Problem) -> Curve:
    """Difference of the risks of stochastic gradient descent and of gradient descent with the same step: cell x draw x time."""
    found = []
    for number, (step, batch) in enumerate(CELLS):
        plain = descend(problem.task, step, problem.times, problem.a, problem.u)["risk"]
        seeds = np.random.SeedSequence(number).spawn(DRAWS)
        runs = [stochastic(problem.task, step, problem.times, problem.a, problem.u, batch, one) for one in seeds]
        found.append([run["risk"] - plain for run in runs])
    axes = (("cell", np.arange(len(CELLS))), ("draw", np.arange(DRAWS)), ("time", problem.times))
    return Curve(axes, (("deviation", np.array(found)),), runs[0].made_by)


def exponents_of_noise(theory: Curve, observed: Curve) -> Measured:
    """Exponents of the noise in step and batch by least squares on the cells; the one farther from its half counts."""
    squares = (observed["deviation"] ** 2).mean(axis=2)  # cell x draw
    fall = float(theory["risk"][0] - theory["risk"][-1])
    design = np.column_stack([np.ones(len(CELLS)), np.log([step for step, _ in CELLS]), np.log([b for _, b in CELLS])])
    solve = np.linalg.pinv(design)
    fit = solve @ np.log(np.sqrt(squares.mean(axis=1)))
    spread = squares.std(axis=1, ddof=1) / squares.mean(axis=1) / 2 / np.sqrt(DRAWS)  # of the logarithm of the rms
    error = np.sqrt((solve**2) @ spread**2)
    gaps = np.array([fit[1] - 0.5, fit[2] + 0.5])
    place = int(np.abs(gaps).argmax())
    rms = np.sqrt(squares.mean(axis=1))
    words = (
        f"rms^2 ~ step^{2 * fit[1]:.3f}(+-{2 * error[1]:.2f}) batch^{2 * fit[2]:.3f}(+-{2 * error[2]:.2f}); "
        f"rms {in_words(rms)} of a fall of {fall:.2g}"
    )
    return Measured(float(abs(gaps[place])), float(error[1 + place]), words)


COMPARISONS = (
    Comparison(
        "time-scales.network-flow",
        "closed equations against gradient flow of the network, m = 20, d = 50",
        in_dimension(20, 50),
        lambda problem, book: on_network(book, problem),
        lambda problem: gradient_flow(problem.task, problem.times, problem.a, problem.u, rtol=1e-11),
        sup,
        1e-9,
        "the equations are exact: what is left are the tolerances 1e-11 of both integrators, times the growth of degree 1",
        seconds=2.0,
    ),
    Comparison(
        "time-scales.descent-order",
        "gradient descent approaches the closed equations like its step, m = 10, d = 30",
        in_dimension(10, 30),
        lambda problem, book: on_network(book, problem),
        descents,
        order_in_step,
        0.02,
        "Euler's method has order one; the next order adds about step/eps to the slope",
        target=1.0,
        seconds=4.0,
    ),
    Comparison(
        "time-scales.sgd-noise",
        "stochastic gradient descent: the risk along the path deviates like (step/batch)^(1/2)",
        noisy,
        lambda problem, book: on_network(book, problem),
        stochastic_runs,
        exponents_of_noise,
        0.2,
        "noise of a step is independent with covariance step^2/batch, over T/step steps; the rms of 64 draws is known to "
        "1/sqrt(128), over factors 8 and 16: three standard errors are 0.2; the quadratic term adds rms/fall over log 16",
        seconds=5.0,
    ),
)

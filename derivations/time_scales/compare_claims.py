"""Claims of the paper, measured: what is learned on each plateau, the composite risk, and how unevenly log time is used."""

from __future__ import annotations

import numpy as np

from ...numerics.curve import Curve
from ...numerics.time_scales import Task, intermittency, simulate, weights
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import (
    PHI,
    SIGMA,
    Array,
    Problem,
    half_time,
    in_words,
    log_times,
    number,
    over_time,
    rates_of,
    several,
)

DEEP, RATIO = 1e-16, 1e-8


def whole(seed: np.random.SeedSequence) -> Problem:
    """Eight neurons, all four degrees, until degree 3 is learned."""
    task = Task(SIGMA, PHI, DEEP)
    return Problem(task, log_times(DEEP, 3 * DEEP ** (1 / 6), 2000), weights(8), np.zeros(8))


def learned_by_then(problem: Problem, book: Book) -> Curve:
    """Coefficients of the network on each plateau, and the risk by the book."""
    phi, top = np.array(PHI), len(PHI)
    kept = np.tril(np.ones((top, top)))[: top - 1] * phi
    risk = [number(book, "plateau", phi=PHI, K=top - 1, l=k + 1) for k in range(top - 1)]
    return several("plateau", range(top - 1), coefficients=kept, risk=risk)


def found_by_then(problem: Problem) -> Curve:
    """The same in the mean field, at the geometric means of consecutive half times."""
    task = problem.task
    run = simulate("mean-field", task, problem.times, problem.a, problem.u, rtol=1e-9, warn=False)
    halves = [half_time(run, task, k) for k in range(len(PHI))]
    rows = np.searchsorted(run["time"], np.sqrt(np.multiply(halves[1:], halves[:-1])))
    return several(
        "plateau", range(len(PHI) - 1), coefficients=task.sigma * run["moments"][rows], risk=run["risk"][rows]
    )


def coefficients_apart(theory: Curve, observed: Curve) -> Measured:
    """Largest difference of a coefficient or of the risk on a plateau."""
    gaps = np.abs(theory["coefficients"] - observed["coefficients"]).max(axis=1)
    risks = np.abs(theory["risk"] - observed["risk"])
    words = f"coefficients off by {in_words(gaps)}, risk off by {in_words(risks)} on the three plateaus"
    return Measured(float(max(gaps.max(), risks.max())), detail=words)


def early(seed: np.random.SeedSequence) -> Problem:
    """Until the middle of the plateau before degree 2."""
    return Problem(Task(SIGMA, PHI, RATIO), log_times(RATIO, 10 * RATIO**0.5 * 1.2, 3000), weights(16), np.zeros(16))


def composite(problem: Problem, book: Book) -> Curve:
    """Risk of the book, uniform until degree 2 is learned."""
    task, times = problem.task, problem.times
    given = rates_of(task) | {"V_0": float(problem.a.var()), "mean_a0": float(problem.a.mean())}
    moment = over_time(book, "moment-one-composite", times, **given)
    flat = over_time(book, "risk-composite", times, K=len(PHI) - 1, M_1=0.0, **given)
    first = (task.phi[1] - task.sigma[1] * moment) ** 2 / 2 - task.phi[1] ** 2 / 2
    return Curve((("time", times),), (("risk", flat + first),))


def mean_field(problem: Problem) -> Curve:
    return simulate("mean-field", problem.task, problem.times, problem.a, problem.u, rtol=1e-9, warn=False)


def composite_error(theory: Curve, observed: Curve) -> Measured:
    gap: Array = np.abs(theory["risk"] - observed["risk"])
    return Measured(float(gap.max()), detail=f"at t = {theory['time'][int(gap.argmax())]:.3g}")


def shares_apart(theory: Curve, observed: Curve) -> Measured:
    """Difference of the shares of log time in which nine tenths of the fall of log R happen."""
    one, other = intermittency(theory), intermittency(observed)
    words = f"share {one.share:.4f} by the book, {other.share:.4f} measured; peaks at {in_words(other.peaks)}"
    return Measured(abs(one.share - other.share), detail=words)


COMPARISONS = (
    Comparison(
        "time-scales.learned-function",
        "on each plateau the network is the projection of the target on the learned degrees, eps = 1e-16, m = 8",
        whole,
        learned_by_then,
        found_by_then,
        coefficients_apart,
        DEEP ** (1 / 8),
        "a degree that is not learned yet is smaller by powers of the overlaps, which are eps^(1/8) at most",
        seconds=1.0,
    ),
    Comparison(
        "time-scales.composite-risk",
        "composite risk against the mean field until the plateau before degree 2, eps = 1e-8",
        early,
        composite,
        mean_field,
        composite_error,
        RATIO**0.25,
        "degree 2 has a moment of order eps^(1/4) there, which is the first term that is left out",
        seconds=1.0,
    ),
    Comparison(
        "time-scales.intermittency",
        "share of log time that the falls of degrees 0 and 1 take, eps = 1e-8",
        early,
        composite,
        mean_field,
        shares_apart,
        RATIO**0.25,
        "the risks differ by eps^(1/4) at most, and shares by the same part",
        seconds=1.0,
    ),
)

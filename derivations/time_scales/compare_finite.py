"""Finite width and finite dimension: how fast the reduced theories approach the closed equations, and when degree 1 is learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...numerics.curve import Curve
from ...numerics.fit import power_law
from ...numerics.time_scales import Task, directions, overlaps, simulate, weights
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import (
    PHI,
    SIGMA,
    Array,
    Problem,
    exact,
    half_time,
    in_words,
    number,
    rates_of,
    reduced,
    relative,
    several,
    single,
    sup,
)


def wide(m: int, eps: float, end: float, degrees: int = 4) -> Callable[[np.random.SeedSequence], Problem]:
    """Orthogonal neurons without overlap with the target."""

    def setup(seed: np.random.SeedSequence) -> Problem:
        task = Task(SIGMA[:degrees], PHI[:degrees], eps)
        return Problem(task, np.linspace(0, end, 161), weights(m), np.eye(m, m + 1, 1))

    return setup


# ---- order in the width

WIDTHS = (24, 48, 96, 192)


def widths(seed: np.random.SeedSequence) -> tuple[Problem, ...]:
    return tuple(wide(m, 1.0, 2.0)(seed) for m in WIDTHS)


def stacked(problems: tuple[Problem, ...], run: Callable[[Problem], Curve]) -> Curve:
    axes = (("width", np.array(WIDTHS)), ("time", problems[0].times))
    return Curve(axes, (("risk", np.array([run(problem)["risk"] for problem in problems])),))


def by_level(level: str) -> Callable[[tuple[Problem, ...], Book], Curve]:
    return lambda problems, book: stacked(problems, lambda problem: reduced(level)(problem, book))


def order_in_width(theory: Curve, observed: Curve) -> Measured:
    """Exponent of the mean absolute difference of the risks in the width, between the two largest widths."""
    errors = np.abs(theory["risk"] - observed["risk"]).mean(axis=1)
    law = power_law(np.array(WIDTHS), errors)
    slopes = np.diff(np.log(errors)) / np.diff(np.log(WIDTHS))
    words = f"errors {in_words(errors)}; local exponents {in_words(slopes)}; fit {law.exponent:.3f} [{law.low:.3f}, {law.high:.3f}]"
    return Measured(float(slopes[-1]), detail=words)


# ---- time of degree 1 at finite width and dimension


def damped(problem: Problem, book: Book, d: float = np.inf) -> float:
    """Time of degree 1 by the book."""
    given = rates_of(problem.task)
    return number(book, "half-time-one-finite", m=len(problem.a), V_0=float(problem.a.var()), d=d, **given)


def slack(problem: Problem) -> float:
    """Half an e-folding of degree 1 times the damping over the growth: what the shape of saturation can do to the time."""
    task, m = problem.task, len(problem.a)
    gamma, c = float((task.sigma[1:] ** 2).sum()) / (m * task.eps), task.sigma[1] * task.phi[1]
    growth = -gamma / 2 + np.sqrt(gamma**2 / 4 + c**2 / task.eps)
    return float(gamma / growth / (2 * growth))


def timed(problem: Problem) -> Curve:
    return single(half_time(exact(problem), problem.task, 1))


DIMENSIONS = (100, 400, 1600)
DRAWS = 30


def dimensions(seed: np.random.SeedSequence) -> Problem:
    problem = wide(40, 1e-2, 0.4, 2)(seed)
    starts = [[directions(40, d, np.random.default_rng(one)) for one in seed.spawn(DRAWS)] for d in DIMENSIONS]
    return Problem(problem.task, problem.times, problem.a, np.array([problem.u, starts], dtype=object))


def shifts_predicted(problem: Problem, book: Book) -> Curve:
    """Shift of the time of degree 1 by the book: dimension d against infinite dimension."""
    base = damped(problem, book)
    return several("dimension", DIMENSIONS, shift=[damped(problem, book, d) - base for d in DIMENSIONS])


def shifts_measured(problem: Problem) -> Curve:
    orthogonal, starts = problem.u
    base = half_time(exact(Problem(problem.task, problem.times, problem.a, orthogonal)), problem.task, 1)

    def shift(u: Array) -> float:
        s, r = overlaps(u)
        run = simulate("order-parameters", problem.task, problem.times, problem.a, s, r, rtol=1e-8)
        return half_time(run, problem.task, 1) - base

    found = np.array([[shift(u) for u in draws] for draws in starts])
    error = found.std(axis=1, ddof=1) / np.sqrt(DRAWS)
    return several("dimension", DIMENSIONS, shift=found.mean(axis=1), stderr=error)


def worst_shift(theory: Curve, observed: Curve) -> Measured:
    """Difference of the shifts, in the dimension where it is largest with its standard errors."""
    gap, error = np.abs(theory["shift"] - observed["shift"]), observed["stderr"]
    place = int((gap + 2 * error).argmax())
    pairs = zip(observed["dimension"], observed["shift"], error, theory["shift"])
    words = "; ".join(f"d={d:g}: {one:.4f}+-{e:.4f}, predicted {other:.4f}" for d, one, e, other in pairs)
    return Measured(float(gap[place]), float(error[place]), words)


def apart(theory: Curve, observed: Curve) -> Measured:
    """Difference of two times."""
    one, other = float(theory["value"][0]), float(observed["value"][0])
    return Measured(abs(other - one), detail=f"predicted {one:.6g}, measured {other:.6g}, {other / one - 1:+.2%}")


def slack_of(*arguments: Any) -> float:
    return slack(wide(*arguments)(np.random.SeedSequence(0)))


def finite_time(m: int, eps: float, end: float) -> Comparison:
    """The estimate with damping at one width."""
    return Comparison(
        f"time-scales.half-time-one-at-width-{m}",
        f"time of degree 1 with damping, m = {m}, eps = {eps:g}",
        wide(m, eps, end, 2),
        lambda problem, book: single(damped(problem, book)),
        timed,
        apart,
        slack_of(m, eps, end, 2),
        "saturation is not logistic by the damping over the growth, which moves the time by that part of half an e-folding",
        seconds=2.0,
    )


def undamped(problem: Problem, book: Book) -> Curve:
    return single(number(book, "half-time-one", V_0=float(problem.a.var()), **rates_of(problem.task)))


COMPARISONS = (
    Comparison(
        "time-scales.width-needed",
        "the mean field at m = 40 and eps = 1e-3 is not the theory of the network",
        wide(40, 1e-3, 0.4),
        reduced("mean-field"),
        exact,
        sup,
        0.3,
        "m eps = 0.04 is far below the horizon 0.4: the own overlap of every neuron damps the second layer at rate 1/(m eps)",
        expect=Expect.BREAKS,
        seconds=2.0,
    ),
    Comparison(
        "time-scales.width-order",
        "mean field against the closed equations: mean error of the risk like 1/m",
        widths,
        by_level("mean-field"),
        lambda problems: stacked(problems, exact),
        order_in_width,
        0.1,
        "next terms are smaller by u T/(m eps), 0.06 to 0.03 at the two largest widths, times the growth of order e of degree 1",
        target=-1.0,
        seconds=4.0,
    ),
    Comparison(
        "time-scales.width-corrected",
        "mean field with its diagonal: what is left is like 1/m too, because products of overlaps are not kept",
        widths,
        by_level("diagonal"),
        lambda problems: stacked(problems, exact),
        order_in_width,
        0.1,
        "the rate of r - s s is of order 1/m; next terms are smaller by u T/(m eps), 0.03 at the largest width, times the "
        "growth of order e of degree 1",
        target=-1.0,
        seconds=4.0,
    ),
    finite_time(160, 1e-3, 0.12),
    finite_time(80, 1e-2, 0.3),
    Comparison(
        "time-scales.half-time-one-undamped",
        "the time of degree 1 without damping is not that of 40 neurons at eps = 1e-3",
        wide(40, 1e-3, 0.2, 2),
        undamped,
        timed,
        relative,
        0.25,
        "damping over growth is about one there: the growth of degree 1 is slower by a third",
        expect=Expect.BREAKS,
        seconds=1.0,
    ),
    Comparison(
        "time-scales.dimension-shift",
        "random first-layer weights: degree 1 is learned earlier, m = 40, eps = 1e-2, d = 100 to 1600",
        dimensions,
        shifts_predicted,
        shifts_measured,
        worst_shift,
        slack_of(40, 1e-2, 0.4, 2),
        "the shape of saturation, as without dimension (damping over growth, of half an e-folding), with two standard errors",
        seconds=6.0,
    ),
)

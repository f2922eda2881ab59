"""Where the canonical order fails: gaps of either sign, two-valued weights, no degree 1, a degree that the activation lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...numerics.curve import Curve
from ...numerics.time_scales import Task, simulate, weights
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import Array, Problem, expression, half_time, in_words, log_times, number, relative, several, single

FLAT = (1.0, 1.0, 1.0, 1.0)


def run(problem: Problem, rtol: float = 1e-9) -> Curve:
    return simulate("mean-field", problem.task, problem.times, problem.a, problem.u, rtol=rtol, warn=False)


def at_ratios(
    sigma: Any, phi: Any, a: Array, ratios: tuple[float, ...], end: float
) -> Callable[[np.random.SeedSequence], tuple[Problem, ...]]:
    """The same task for several ratios of time-scales."""
    return lambda seed: tuple(
        Problem(Task(sigma, phi, eps), log_times(eps, end, 1500), a, np.zeros_like(a)) for eps in ratios
    )


def halves(degree: int) -> Callable[[tuple[Problem, ...]], Curve]:
    """Half times of a degree over eps."""

    def observed(problems: tuple[Problem, ...]) -> Curve:
        ratios = [problem.task.eps for problem in problems]
        return several("eps", ratios, time=[half_time(run(one), one.task, degree) for one in problems])

    return observed


def exponent(id: str, **given: Any) -> Callable[[Any, Book], Curve]:
    return lambda problems, book: single(number(book, id, **given))


def local_slope(theory: Curve, observed: Curve) -> Measured:
    """Distance of the last local exponent from that of the theory."""
    slopes = np.diff(np.log(observed["time"])) / np.diff(np.log(observed["eps"]))
    target = float(theory["value"][0])
    words = f"times {in_words(observed['time'])}; last exponent {slopes[-1]:.4f}, theory {target:.4g}"
    return Measured(abs(float(slopes[-1]) - target), detail=words)


def ends(
    phi: Any, sigma: Any = FLAT, eps: float = 1e-6, end: float = 50.0
) -> Callable[[np.random.SeedSequence], Problem]:
    return lambda seed: Problem(Task(sigma, phi, eps), log_times(eps, end, 800), weights(16), np.zeros(16))


def plateau(problem: Problem, book: Book) -> Curve:
    """Height of the plateau before degree 3."""
    return single(number(book, "plateau", phi=problem.task.phi, K=3, l=3))


def last_risk(problem: Problem) -> Curve:
    return single(float(run(problem)["risk"][-1]))


def difference(theory: Curve, observed: Curve) -> Measured:
    one, other = float(theory["value"][0]), float(observed["value"][0])
    return Measured(abs(other - one), detail=f"plateau {one:.6g}, risk at the end {other:.6g}")


DIMENSIONS = (1e12, 1e20)


def escaping(seed: np.random.SeedSequence) -> tuple[Problem, ...]:
    """No degree 1 in the target; overlaps of size d^(-1/2) with fixed directions."""
    rng, a = np.random.default_rng(seed), weights(4)
    direction, task = rng.standard_normal(4), Task(FLAT[:3], (0.5, 0.0, 0.8), 1e-6)
    return tuple(Problem(task, np.linspace(0, 14, 8001), a, direction / np.sqrt(d)) for d in DIMENSIONS)


def escape(problems: tuple[Problem, ...], book: Book) -> Curve:
    """Difference of the times by the book, from the largest eigenvalue of the escape matrix after phase 0."""
    task, m = problems[0].task, len(problems[0].a)
    a = problems[0].a - problems[0].a.mean() + task.phi[0] / task.sigma[0]
    matrix = expression(book, "escape-matrix", sigma=task.sigma, phi=task.phi, m=m)
    names = {str(x): x for x in matrix.free_symbols}
    entry = np.empty((m, m))
    from sympy import Idx, Indexed, lambdify

    places = sorted((x for x in matrix.atoms(Indexed) if str(x.base) == "a"), key=str)
    letters = [x for _, x in sorted(names.items()) if isinstance(x, Idx)]
    value = lambdify([*places, *letters], matrix, modules=[{"KroneckerDelta": lambda x, y: float(x == y)}, "numpy"])
    for row in range(m):
        for column in range(m):
            entry[row, column] = value(a[row], a[column], row, column)
    rate = float(np.linalg.eigvals(entry).real.max())
    times = [number(book, "escape-time", d=d, **{"lambda": rate}) for d in DIMENSIONS]
    return single(times[1] - times[0])


def escaped(problems: tuple[Problem, ...]) -> Curve:
    # the absolute tolerance must be small against overlaps of 1e-10
    times = [half_time(run(one, 1e-12), one.task, 2) for one in problems]
    return single(times[1] - times[0])


COMPARISONS = (
    Comparison(
        "time-scales.gap-learned",
        "gap at degree 2, same signs: degree 3 takes a time of order one",
        at_ratios(FLAT, (0.5, 1.0, 0.0, 0.6), weights(16), (1e-6, 1e-8, 1e-10), 2.0),
        exponent("gap-exponent", l=1, n=1),
        halves(3),
        local_slope,
        0.01,
        "corrections are of relative size eps^(1/4), 0.01 at 1e-8",
        seconds=1.0,
    ),
    Comparison(
        "time-scales.gap-stuck",
        "gap at degree 2, opposite signs of degrees 1 and 3: the risk stays on the plateau before degree 3",
        ends((0.5, 1.0, 0.0, -0.6)),
        plateau,
        last_risk,
        difference,
        1e-6**0.5,
        "the overlaps are of size eps^(1/4) on that plateau, and degree 3 has a moment of order eps^(1/2)",
        seconds=0.5,
    ),
    Comparison(
        "time-scales.two-valued-weights",
        "weights of two values: degree 2 does not keep its canonical time",
        at_ratios(FLAT[:3], (0.5, 1.0, 0.8), np.array([1.0, -1.0]), (1e-6, 1e-8, 1e-10), 1.0),
        exponent("entry-exponent", l=2),
        halves(2),
        local_slope,
        0.2,
        "two atoms cannot have a moment of degree 2 with those below kept: it grows linearly, and the time is of order one",
        expect=Expect.BREAKS,
        seconds=0.5,
    ),
    Comparison(
        "time-scales.escape-measured",
        "no degree 1 in the target: the time of degree 2 grows like log d over twice the rate of escape",
        escaping,
        escape,
        escaped,
        relative,
        5e-3,
        "the second direction is slower by half: at d = 1e12 it is left with 1e-6 to the power 1/2, a thousandth of the "
        "first; the weights drift by s^2/eps = 1e-6 until then, and both dimensions share what comes later",
        seconds=1.0,
    ),
    Comparison(
        "time-scales.missing-degree",
        "a degree that the activation lacks is never learned",
        ends((0.5, 1.0, 0.8, 0.6), (1.0, 1.0, 1.0, 0.0), end=5.0),
        plateau,
        last_risk,
        difference,
        1e-6**0.5,
        "the lower degrees approach their targets exponentially; what is left is the plateau before degree 3",
        seconds=0.5,
    ),
)

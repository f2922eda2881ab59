"""Times of the degrees against the laws of the book, down to eps = 1e-16, and the naive slope that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from ...numerics.curve import Curve
from ...numerics.fit import power_law
from ...numerics.time_scales import Task, after_phase_one, constrained, simulate, weights
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import (
    PHI,
    SIGMA,
    Array,
    Problem,
    half_time,
    in_words,
    log_times,
    number,
    rates_of,
    relative,
    several,
    single,
)


def learning(degree: int, eps: float, end: float, m: int) -> Callable[[np.random.SeedSequence], Problem]:
    """Degrees 0 and 1, times that resolve the fall of one of them."""

    def setup(seed: np.random.SeedSequence) -> Problem:
        return Problem(Task(SIGMA[:2], PHI[:2], eps), np.linspace(0, end, 4001), weights(m), np.zeros(m))

    return setup


def predicted(id: str) -> Callable[[Problem, Book], Curve]:
    """Half time of the book's formula."""

    def theory(problem: Problem, book: Book) -> Curve:
        return single(number(book, id, V_0=float(problem.a.var()), **rates_of(problem.task)))

    return theory


def measured(degree: int) -> Callable[[Problem], Curve]:
    """Half time of the mean field."""

    def observed(problem: Problem) -> Curve:
        run = simulate("mean-field", problem.task, problem.times, problem.a, problem.u, rtol=1e-10, warn=False)
        return single(half_time(run, problem.task, degree))

    return observed


WINDOW = np.linspace(0, 2, 41)
SMALL = (1e-4, 1e-6, 1e-8)


def phase_one_start(degree: int) -> Callable[[np.random.SeedSequence], tuple[Problem, ...]]:
    """Scaled starts on the slow manifold of phase 1, for several ratios of time-scales."""

    def setup(seed: np.random.SeedSequence) -> tuple[Problem, ...]:
        problems = []
        for eps in SMALL:
            task = Task(SIGMA[: degree + 1], PHI[: degree + 1], eps)
            A = weights(16)
            S = 0.3 + 0.4 * np.cos(np.arange(16.0))
            drive = task.sigma[1] * (task.phi[1] - task.sigma[1] * np.mean(A * S))
            error = -(eps**0.25) * drive * S.mean() / task.sigma[0]
            mean = (task.phi[0] - error) / task.sigma[0]
            problems.append(Problem(task, np.sqrt(eps) * WINDOW, eps**-0.25 * A + mean, eps**0.25 * S))
        return tuple(problems)

    return setup


def scaled(curves: list[tuple[Array, Array]]) -> Curve:
    axes = (("eps", np.array(SMALL)), ("time", WINDOW))
    A, S = (np.array([pair[place] for pair in curves]) for place in (0, 1))
    return Curve(axes, (("A", A), ("S", S)))


def phase_one(problems: tuple[Problem, ...], book: Book) -> Curve:
    """The reduced flow of the book in scaled letters."""
    from ...numerics.integrate import integrate
    from ...numerics.lower import lower

    made = lower(book.system("time-scales.phase-one"))
    curves = []
    for problem in problems:
        eps = problem.task.eps
        state = {"A": eps**0.25 * problem.a, "S": eps**-0.25 * problem.u}
        given = {"sigma": problem.task.sigma[1:2], "phi": problem.task.phi[1:2]}  # only degree 1 occurs
        run = integrate(made, state, given, WINDOW, rtol=1e-11)
        curves.append((run["A"], run["S"]))
    return scaled(curves)


def full_phase_one(problems: tuple[Problem, ...]) -> Curve:
    curves = []
    for problem in problems:
        eps = problem.task.eps
        run = simulate("mean-field", problem.task, problem.times, problem.a, problem.u, warn=False)
        curves.append((eps**0.25 * run["a"], eps**-0.25 * run["s"]))
    return scaled(curves)


def order_in_eps(theory: Curve, observed: Curve) -> Measured:
    """Exponent of the largest error of the scaled state, between the two smallest ratios of time-scales."""
    gaps = [np.abs(theory[name] - observed[name]).max(axis=(1, 2)) for name in ("A", "S")]
    errors = np.maximum(*gaps)
    slopes = np.diff(np.log(errors)) / np.diff(np.log(SMALL))
    return Measured(float(slopes[-1]), detail=f"errors {in_words(errors)}; slopes {in_words(slopes)}")


# ---- degree 2 and 3

TINY = (1e-8, 1e-10, 1e-12, 1e-14)
EVERY = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
DEEP = (1e-10, 1e-12, 1e-14, 1e-16)
Learned = tuple[int, int, tuple[float, ...]]
"""Number of neurons, largest degree, ratios of time-scales."""


def learned(m: int, degree: int, ratios: tuple[float, ...]) -> Callable[[np.random.SeedSequence], Learned]:
    return lambda seed: (m, degree, ratios)


def task_of(degree: int, eps: float) -> Task:
    return Task(SIGMA[: degree + 1], PHI[: degree + 1], eps)


@cache
def full(problem: Learned) -> Curve:
    """Half times of degrees 1 and above in the mean field, and the fall of degree 2 where it is the last one."""
    m, degree, ratios = problem
    a, times, widths = weights(m), [], []
    method = "Radau" if degree == 2 else None  # most digits; it stalls where degree 3 is learned below 1e-16
    for eps in ratios:
        task = task_of(degree, eps)
        path = log_times(eps, 3 * eps ** (1 / (2 * degree)), 4000)
        run = simulate("mean-field", task, path, a, 0 * a, rtol=1e-8 if degree > 2 else 1e-9, method=method, warn=False)
        times.append([half_time(run, task, k) for k in range(1, degree + 1)])
        fall = [half_time(run, task, 2, share) for share in (0.1, 0.9)] if degree == 2 else [0.0, np.nan]
        widths.append(fall[1] - fall[0])
    return several("eps", ratios, times=times, width=widths)


def corrected(problem: Learned, book: Book) -> Curve:
    """Time of degree 2 by the book from the measured time of degree 1, its lead over the blow-up, and its fall.

    The pure numbers are those of the constrained flow from the end of phase 1; the constant of the ray is read where
    ``M_2`` is of the size ``eps**(-1/4) |kappa_2|`` at which degree 2 is learned.
    """
    m, _, ratios = problem
    kappa, g = PHI[2] / SIGMA[2], SIGMA[2] * PHI[2]
    blown = constrained(2, 1.0, *after_phase_one(weights(m)))
    before = full(problem)["times"][:, 0]
    times, widths, leads = [], [], []
    for eps, t_1 in zip(ratios, before):
        ray = {"g": g, "kappa": kappa, "C": blown.prefactor(eps**-0.25 * kappa)}
        lead = number(book, "lag-two", **ray)
        given = {"t_1": t_1, "T_2": blown.time, "g": g, "kappa_1": PHI[1] / SIGMA[1], "k_2": lead, "eps": eps}
        times.append(number(book, "half-time-two", **given))
        widths.append(number(book, "fall-two", **ray) * eps ** (1 / 3))
        leads.append(lead)
    return several("eps", ratios, time=times, width=widths, lead=leads)


def order_of_law(theory: Curve, observed: Curve) -> Measured:
    """Exponent in eps of what the corrected law leaves of the time of degree 2."""
    eps = observed["eps"]
    left = np.abs(observed["times"][:, -1] - theory["time"])
    slopes = np.diff(np.log(left)) / np.diff(np.log(eps))
    lead = theory["lead"] - (observed["times"][:, -1] - theory["time"]) / eps ** (1 / 3)
    words = f"local exponents {in_words(slopes)}; lead measured {in_words(lead)}, theory {in_words(theory['lead'])}"
    return Measured(float(slopes[-1]), detail=words)


def width_of_fall(theory: Curve, observed: Curve) -> Measured:
    """Relative difference of the fall of degree 2 at the smallest ratio."""
    gaps = observed["width"] / theory["width"] - 1
    return Measured(float(abs(gaps[-1])), detail=f"relative differences {in_words(gaps)}")


def canonical(problem: Learned, book: Book) -> Curve:
    """Exponent of the time of the last degree by dominant balance."""
    return single(number(book, "entry-exponent", l=problem[1]))


def slope(theory: Curve, observed: Curve) -> Measured:
    """Log-log slope of the time of the last degree minus that of the theory."""
    law = power_law(observed["eps"], observed["times"][:, -1])
    target = float(theory["value"][0])
    words = f"fitted {law.exponent:.4f} [{law.low:.4f}, {law.high:.4f}], theory {target:.4f}"
    return Measured(abs(law.exponent - target), law.stderr, words)


def naive(name: str, m: int, degree: int, bound: float, because: str) -> Comparison:
    return Comparison(
        f"time-scales.naive-slope-{name}",
        f"fitted slope of the time of degree {degree} from eps = 1e-2 to 1e-8 is not the exponent, m = {m}",
        learned(m, degree, EVERY),
        canonical,
        full,
        slope,
        bound,
        because,
        expect=Expect.BREAKS,
        seconds=1.5,
    )


COMPARISONS = (
    Comparison(
        "time-scales.half-time-zero-measured",
        "time of degree 0 in the mean field at eps = 1e-6",
        learning(0, 1e-6, 3e-6, 16),
        predicted("half-time-zero"),
        measured(0),
        relative,
        1e-5,
        "the overlaps are of order eps then, and the times are interpolated from steps of 1e-3 of the fall",
    ),
    Comparison(
        "time-scales.half-time-one-measured",
        "time of degree 1 in the mean field at eps = 1e-8, m = 64",
        learning(1, 1e-8, 2e-3, 64),
        predicted("half-time-one"),
        measured(1),
        relative,
        2e-3,
        "the next term is of relative order eps^(1/2) log(1/eps) = 1.8e-3, from the mean of the weights",
        seconds=2.0,
    ),
    Comparison(
        "time-scales.phase-one-order",
        "phase 1 against the mean field: error of order 1/4 where degree 2 is there",
        phase_one_start(2),
        phase_one,
        full_phase_one,
        order_in_eps,
        0.03,
        "order of the first dropped term, the push of degree 2",
        target=0.25,
        seconds=2.0,
    ),
    Comparison(
        "time-scales.phase-one-order-linear",
        "phase 1 against the mean field: error of order 1/2 without degree 2",
        phase_one_start(1),
        phase_one,
        full_phase_one,
        order_in_eps,
        0.03,
        "order of the first dropped term: the rate of the error of degree 0",
        target=0.5,
        seconds=2.0,
    ),
    Comparison(
        "time-scales.half-time-two-order",
        "time of degree 2 minus the corrected law is of order 1/2, eps = 1e-8 to 1e-14, m = 4",
        learned(4, 2, TINY),
        corrected,
        full,
        order_of_law,
        1 / np.log(1e14),
        "degree 1 saturates over eps^(1/2), which shifts the start of phase 2; a logarithm beside it would move the slope by "
        "1/log(1/eps). With a wrong second term the order would be 1/3, with a wrong first one 1/4",
        target=0.5,
        seconds=2.0,
    ),
    Comparison(
        "time-scales.fall-two-measured",
        "duration of the fall of degree 2 at eps = 1e-14, m = 4",
        learned(4, 2, TINY),
        corrected,
        full,
        width_of_fall,
        1e-14 ** (1 / 12),
        "layers are matched in powers of eps^(1/12), the ratio of the fall to the time before it",
        seconds=2.0,
    ),
    naive(
        "two", 8, 2, 0.01,
        "the second term of the law is smaller by eps^(1/12) only, 0.2 to 0.7 here: it moves the slope by a twelfth of that "
        "times k_2 over tau*, 0.02 at least",
    ),
    naive(
        "three", 8, 3, 0.03,
        "the falls of degrees 2 and 3 merge at these ratios, and the correction is of relative size eps^(1/12) again",
    ),
    Comparison(
        "time-scales.entry-exponent-three",
        "slope of the time of degree 3 from eps = 1e-10 to 1e-16, m = 8",
        learned(8, 3, DEEP),
        canonical,
        full,
        slope,
        0.03,
        "corrections are powers of eps^(1/12), 0.07 at 1e-14 with coefficients of order one: they move the slope by a twelfth of "
        "that each; four are allowed for. The prefactor of this time is not predicted",
        seconds=3.0,
    ),
)  # fmt: skip

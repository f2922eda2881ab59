"""The claims of the abstract, measured: lazy below the threshold tau, aligned and fast above it, low rank at the best test error."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.lower import lower_formula
from ...numerics.mixed import SquaredError, aligned, balanced, descend, gaussian, teacher
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import ETA_RATE, Array, Problem, evolve, grid, orthonormal, trained, width_error

# ---- alignment and crossing: three signal directions above tau, the others below

D, WIDTH, TAU = 40, 1e6, 0.1
SIGNAL = np.array([1.0, 0.75, 0.5])
SPECTRUM = np.concatenate([SIGNAL, np.linspace(TAU / 2, 0, D - 3)])


def signal_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    U, V = orthonormal(rng, D, D), orthonormal(rng, D, D)
    eta = ETA_RATE / float(np.hypot(TAU, 1.0))
    start = gaussian(D, D, WIDTH, TAU / WIDTH, rng)
    return Problem((U * SPECTRUM) @ V.T, start, TAU, grid(eta, 3.0, 60), eta, {"U": U[:, :3], "V": V[:, :3]})


def with_alignment(problem: Problem, curve: Curve, **more: Array) -> Curve:
    """Singular values of the signal and their alignment ``|u_i.u_i*| |v_i.v_i*|`` with the target."""
    U, s, Vt = np.linalg.svd(curve["A"])
    left = np.einsum("tai,ai->ti", U[:, :, :3], problem.more["U"])
    right = np.einsum("tia,ai->ti", Vt[:, :3], problem.more["V"])
    columns = (("singular values", s[:, :3]), ("alignment", np.abs(left * right)), *more.items())
    return Curve((("time", curve["time"]),), columns, curve.made_by)


def signal_theory(problem: Problem, book: Book) -> Curve:
    flow = book.system("mixed.dynamics")
    run = evolve(flow, problem.times, {"A": problem.start.A}, 1e-7, M=problem.M, tau=TAU)
    crossing = lower_formula(book.formula("mixed.threshold-time"))(m=SIGNAL, tau=TAU)
    return with_alignment(problem, run, crossing=np.broadcast_to(crossing, (len(problem.times), 3)))


def signal_observed(problem: Problem) -> Curve:
    return with_alignment(problem, trained(problem, SquaredError(problem.M)))


def crossings(curve: Curve, level: Any) -> Array:
    """Times at which each singular value first reaches its level, between records by the curve's logarithm."""
    times, found = curve["time"], []
    for s, goal in zip(np.asarray(curve["singular values"]).T, np.broadcast_to(level, 3)):
        after = int(np.argmax(s >= goal))
        if not s[after] >= goal or after == 0:
            found.append(np.inf)
            continue
        part = np.log(goal / s[after - 1]) / np.log(s[after] / s[after - 1])
        found.append(times[after - 1] + part * (times[after] - times[after - 1]))
    return np.array(found)


def alignment_measure(theory: Curve, observed: Curve) -> Measured:
    """Largest misalignment after crossing, in what was observed and between it and the formula."""
    times, crossing, words, worst = theory["time"], theory["crossing"][0], [], 0.0
    for i in range(3):
        after = times >= crossing[i]
        found, expected = observed["alignment"][after, i], theory["alignment"][after, i]
        worst = max(worst, float(1 - found.min()), float(np.abs(found - expected).max()))
        words.append(
            f"s_{i + 1}: {observed['alignment'][0, i]:.2g} at the start, 1 - {1 - found.min():.1e} after crossing at "
            f"{crossing[i]:.3g} (mixed formula 1 - {1 - expected.min():.1e})"
        )
    return Measured(worst, detail="; ".join(words))


def crossing_measure(theory: Curve, observed: Curve) -> Measured:
    expected, found = theory["crossing"][0], crossings(observed, TAU)
    words = ", ".join(f"{a:.4g} for {b:.4g}" for a, b in zip(found, expected))
    return Measured(float(np.abs(found / expected - 1).max()), detail=f"crossing of tau, found for predicted: {words}")


# ---- rates at one time

RATE_M, RATE_ETA = np.geomspace(1.0, 0.02, 12), ETA_RATE / 5


def rates_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    U, V = orthonormal(rng, D, 12), orthonormal(rng, D, 12)
    eta = RATE_ETA / float(np.hypot(TAU, 1.0))
    middle = np.rint(1.5 / eta)
    times = eta * np.array([0, middle - 10, middle + 10])
    start = gaussian(D, D, WIDTH, TAU / WIDTH, rng)
    return Problem((U * RATE_M) @ V.T, start, TAU, times, eta, {"U": U, "V": V})


def rates(s: Array, times: Array, made: Provenance) -> Curve:
    """Rate at which each mode approaches its target between the last two times, and its value there."""
    left, right = RATE_M - s[1], RATE_M - s[2]
    rate = np.log(left / right) / (times[2] - times[1])
    return Curve((("m", RATE_M),), (("s", np.sqrt(s[1] * s[2])), ("rate", rate)), made)


def rates_theory(problem: Problem, book: Book) -> Curve:
    s = lower_formula(book.formula("mixed.mode"))(t=problem.times[:, None], s_0=0.0, m=RATE_M, tau=TAU)
    return rates(s, problem.times, Provenance("theory", "mixed.mode", (("tau", TAU),)))


def rates_observed(problem: Problem) -> Curve:
    run = trained(problem, SquaredError(problem.M))
    s = np.einsum("ai,tab,bi->ti", problem.more["U"], run["A"], problem.more["V"])
    return rates(s, problem.times, run.made_by)


def rates_measure(theory: Curve, observed: Curve) -> Measured:
    s, rate = observed["s"], observed["rate"]
    words = ", ".join(f"{a:.2g}: {b:.3f}, {c:.3f}" for a, b, c in zip(s / TAU, rate / (2 * TAU), rate / (2 * s)))
    return Measured(
        float(np.abs(rate / theory["rate"] - 1).max()), detail=f"s/tau: rate/(2 tau), rate/(2 s) -- {words}"
    )


# ---- time to converge after crossing, and the balanced start that is not aligned

AFTER_D, AFTER_TAU, AFTER_WIDTH, DELTA, AFTER_END = 40, 0.02, 1e8, 0.1, 16.0


def after_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    U, V = orthonormal(rng, AFTER_D, 3), orthonormal(rng, AFTER_D, 3)
    eta = ETA_RATE / float(np.hypot(AFTER_TAU, 1.0))
    start = gaussian(AFTER_D, AFTER_D, AFTER_WIDTH, AFTER_TAU / AFTER_WIDTH, rng)
    random = AFTER_TAU * orthonormal(rng, AFTER_D, 3) @ orthonormal(rng, AFTER_D, 3).T
    more = {"U": U, "V": V, "balanced": balanced(random, 0.0, 3)}
    return Problem((U * SIGNAL) @ V.T, start, AFTER_TAU, eta * np.arange(0.0, AFTER_END / eta, 8), eta, more)


def after_theory(problem: Problem, book: Book) -> Curve:
    end = lower_formula(book.formula("mixed.mode-time"))(m=SIGNAL, s_0=0.0, s=(1 - DELTA) * SIGNAL, tau=AFTER_TAU)
    crossing = lower_formula(book.formula("mixed.threshold-time"))(m=SIGNAL, tau=AFTER_TAU)
    made = Provenance("theory", "mixed.mode-time", (("tau", AFTER_TAU), ("delta", DELTA)))
    return Curve((("m", SIGNAL),), (("after crossing", end - crossing),), made)


def along_target(problem: Problem, curve: Curve) -> Curve:
    s = np.einsum("ai,tab,bi->ti", problem.more["U"], curve["A"], problem.more["V"])
    return Curve((("time", curve["time"]),), (("singular values", s),), curve.made_by)


def after_observed(problem: Problem) -> Curve:
    run = along_target(problem, trained(problem, SquaredError(problem.M)))
    found = crossings(run, (1 - DELTA) * SIGNAL) - crossings(run, AFTER_TAU)
    return Curve((("m", SIGNAL),), (("after crossing", found),), run.made_by)


def unaligned_observed(problem: Problem) -> Curve:
    start = problem.more["balanced"]
    moved = Problem(problem.M, start, 0.0, problem.times, problem.eta, problem.more)
    run = along_target(moved, trained(moved, SquaredError(problem.M)))
    found = np.minimum(crossings(run, (1 - DELTA) * SIGNAL), problem.times[-1])
    return Curve((("m", SIGNAL),), (("after crossing", found),), run.made_by)


def after_measure(theory: Curve, observed: Curve) -> Measured:
    expected, found = theory["after crossing"], observed["after crossing"]
    ratio = found / expected
    words = ", ".join(f"{a:.4g} for {b:.4g}" for a, b in zip(found, expected))
    return Measured(float(ratio[np.abs(ratio - 1).argmax()]), detail=f"time found for predicted: {words}")


# ---- stable rank at the best test error

BEST_D, BEST_K, BEST_WIDTH = 100, 3, 1e10


def best_setup(seed: np.random.SeedSequence) -> list[Problem]:
    """One teacher in the mixed regime, tau = sqrt(d)/2, and in the lazy one, tau = 10 ||M||."""
    draw, start = seed.spawn(2)
    task = teacher(BEST_D, BEST_K, draw)
    size, found = float(np.linalg.norm(task.target, 2)), []
    for tau in (BEST_D**0.5 / 2, 10 * size):
        eta = ETA_RATE / float(np.hypot(tau, size))
        weights = gaussian(BEST_D, BEST_D, BEST_WIDTH, tau / BEST_WIDTH, start)
        times = eta * np.arange(0.0, (4.0 if tau < size else 0.6) / ETA_RATE)
        found.append(Problem(task.target, weights, tau, times, eta, {"signal": task.signal}))
    return found


def best(curves: list[Curve]) -> Curve:
    """Stable rank and test error at the best test error, mixed and lazy."""
    at = [int(curve["test error"].argmin()) for curve in curves]
    columns = tuple(
        (name, np.array([curve[name][i] for curve, i in zip(curves, at)])) for name in ("test error", "stable rank")
    )
    return Curve((("regime (0 mixed, 1 lazy)", np.arange(2)),), columns, curves[0].made_by)


def best_theory(problems: list[Problem], book: Book) -> Curve:
    mode = lower_formula(book.formula("mixed.mode"))
    return best(
        [
            aligned(
                one.M, one.tau, one.times, lambda t, s_0, m, tau: mode(t=t, s_0=s_0, m=m, tau=tau),
                signal=one.more["signal"], width=BEST_WIDTH,
            )
            for one in problems
        ]
    )  # fmt: skip


def best_lazy(problems: list[Problem], book: Book) -> Curve:
    mode = lower_formula(book.formula("mixed.lazy-mode"))
    return best(
        [
            aligned(
                one.M, one.tau, one.times, lambda t, s_0, m, tau: mode(theta=tau * t, m=m), signal=one.more["signal"]
            )
            for one in problems
        ]
    )


def best_observed(problems: list[Problem]) -> Curve:
    columns = ("test error", "stable rank")
    return best(
        [
            descend(
                one.start, SquaredError(one.M), one.eta, int(one.steps[-1]), signal=one.more["signal"], columns=columns,
                form="gram",
            )
            for one in problems
        ]
    )  # fmt: skip


def best_words(theory: Curve, observed: Curve) -> str:
    rows = zip(("mixed", "lazy"), observed["stable rank"], theory["stable rank"], observed["test error"])
    return "; ".join(f"{name}: stable rank {a:.4g} for {b:.4g} at test error {c:.4g}" for name, a, b, c in rows)


def best_measure(theory: Curve, observed: Curve) -> Measured:
    ratio = observed["stable rank"] / theory["stable rank"]
    return Measured(float(np.abs(ratio - 1).max()), detail=best_words(theory, observed))


def best_mixed_measure(theory: Curve, observed: Curve) -> Measured:
    ratio = theory["stable rank"][0] / observed["stable rank"][0]
    return Measured(float(ratio - 1), detail=best_words(theory, observed))


# ---- where the bounds come from

GAP = min(
    abs(np.sinh(np.arcsinh(1) * other / m) - 1) / np.exp((other + m) * np.arcsinh(1) / (2 * m))
    for m in SIGNAL
    for other in SIGNAL
    if other != m
)
"""Smallest distance to another singular value at a crossing, in units of tau and of the growth of a perturbation by then."""
UNALIGNED = np.log((1 - DELTA) / DELTA * 2 * AFTER_D / (3 * AFTER_TAU) / 3) / np.log(
    2 * (1 - DELTA) / (DELTA * AFTER_TAU * (1 + np.sqrt(2)))
)
"""Time of the top mode from an overlap 3 times 3/d with a start of size tau, over its time after crossing."""
BEST_BOUND = 4 * (width_error(2 * BEST_D, BEST_WIDTH) + 2 * ETA_RATE)

COMPARISONS = (
    Comparison(
        "mixed.alignment-after-crossing",
        "gradient descent is aligned with the target once a singular value has crossed tau",
        signal_setup, signal_theory, signal_observed, alignment_measure,
        bound=float((np.sqrt(2) * D + 9.2 / GAP**2) / WIDTH), seconds=0.3,
        because="sqrt(2) d/w from the directions that stay small, and chi-square (4, at 1e-3)/2 over w and the gap^2 from the other signals",
    ),
    Comparison(
        "mixed.crossing",
        "gradient descent crosses tau at the threshold time",
        signal_setup, signal_theory, signal_observed, crossing_measure,
        bound=(width_error(2 * D, WIDTH) + ETA_RATE) / float(np.arcsinh(1)), seconds=0.3,
        because="the start is off by 2 sqrt(N/w) + N/w and growth by eta hypot(tau, ||M||); the time is asinh(1)/(2m)",
    ),
    Comparison(
        "mixed.rates-at-one-time",
        "at one time: singular values below tau move at rate 2 tau, those above at 2 s",
        rates_setup, rates_theory, rates_observed, rates_measure,
        bound=width_error(2 * D, WIDTH) + 4 * RATE_ETA, seconds=0.2,
        because="layers off by 2 sqrt(N/w) + N/w; s off by 2 (m t) eta m with m t < 2",
    ),
    Comparison(
        "mixed.convergence-after-crossing",
        "gradient descent at finite width converges after crossing as fast as an aligned mode",
        after_setup, after_theory, after_observed, after_measure,
        target=1.0, bound=width_error(2 * AFTER_D, AFTER_WIDTH) + ETA_RATE, seconds=0.4,
        because="rates off by 2 sqrt(N/w) + N/w and eta hypot(tau, ||M||) change a time by as much",
    ),
    Comparison(
        "mixed.unaligned-balanced",
        "a balanced start of size tau that is not aligned needs longer than a mode after crossing tau",
        after_setup, after_theory, unaligned_observed, after_measure,
        target=1.0, bound=float(UNALIGNED - 1), expect=Expect.BREAKS, seconds=0.4,
        because="a balanced mode is no faster than the aligned one of its overlap: k/d in the mean of a random start of rank k, 3 k/d allowed",
    ),
    Comparison(
        "mixed.rank-at-best",
        "stable rank at the best test error: closed form against gradient descent, mixed and lazy",
        best_setup, best_theory, best_observed, best_measure,
        bound=BEST_BOUND, seconds=1.5,
        because="rates and best time off by 2 sqrt(N/w) + N/w and twice eta hypot(tau, ||M||); a rank is of degree four in the modes",
    ),
    Comparison(
        "mixed.rank-at-best-lazy",
        "stable rank at the best test error in the mixed regime: the lazy limit misses the low rank",
        best_setup, best_lazy, best_observed, best_mixed_measure,
        bound=10 * BEST_BOUND, expect=Expect.BREAKS, seconds=1.5,
        because="the lazy flow keeps the shape of the target with its noise; ten times what width and steps explain",
    ),
)  # fmt: skip

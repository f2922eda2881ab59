"""The claims of the abstract, measured: lazy below the threshold tau, aligned and fast above it, low rank at the best test error."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.lower import lower_formula
from ...numerics.mixed import Descent, SquaredError, aligned, balanced, gaussian, teacher
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_descent import ETA_RATE
from .compare_tools import Array, Problem, evolve, grid, orthonormal, trained, width_error

# ---- alignment and crossing: three signal directions above tau, the others below

D, WIDTH, TAU = 60, 1e6, 0.1
SIGNAL = np.array([1.0, 0.75, 0.5])
SPECTRUM = np.concatenate([SIGNAL, np.linspace(TAU / 2, 0, D - 3)])


def signal_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    U, V = orthonormal(rng, D, D), orthonormal(rng, D, D)
    eta = ETA_RATE / float(np.hypot(TAU, 1.0))
    start = gaussian(D, D, WIDTH, TAU / WIDTH, rng)
    return Problem((U * SPECTRUM) @ V.T, start, TAU, grid(eta, 8.0, 120), eta, {"U": U[:, :3], "V": V[:, :3]})


def with_alignment(problem: Problem, curve: Curve, **more: Array) -> Curve:
    """Singular values of the signal and their alignment ``|u_i.u_i*| |v_i.v_i*|`` with the target."""
    U, s, Vt = np.linalg.svd(curve["A"])
    left = np.einsum("tai,ai->ti", U[:, :, :3], problem.more["U"])
    right = np.einsum("tia,ai->ti", Vt[:, :3], problem.more["V"])
    columns = (("singular values", s[:, :3]), ("alignment", np.abs(left * right)), *more.items())
    return Curve((("time", curve["time"]),), columns, curve.made_by)


def signal_theory(problem: Problem, book: Book) -> Curve:
    flow = book.system("mixed.dynamics")
    run = evolve(flow, problem.times, {"A": problem.start.A}, 1e-8, M=problem.M, tau=TAU)
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
    times, crossing = theory["time"], theory["crossing"][0]
    off = [
        1 - observed["alignment"][times >= crossing[i], i].min() for i in range(3)
    ]
    begin = observed["alignment"][0]
    predicted = [1 - theory["alignment"][times >= crossing[i], i].min() for i in range(3)]
    words = "; ".join(
        f"s_{i + 1}: {begin[i]:.2g} at the start, 1 - {off[i]:.1e} after crossing at {crossing[i]:.3g} (formula 1 - {predicted[i]:.1e})"
        for i in range(3)
    )
    return Measured(float(max(off)), detail=words)


def crossing_measure(theory: Curve, observed: Curve) -> Measured:
    expected, found = theory["crossing"][0], crossings(observed, TAU)
    words = ", ".join(f"{a:.4g} for {b:.4g}" for a, b in zip(found, expected))
    return Measured(float(np.abs(found / expected - 1).max()), detail=f"crossing of tau, found for predicted: {words}")


# ---- rates at one time

RATE_M, RATE_ETA = np.geomspace(1.0, 0.02, 12), ETA_RATE / 10


def rates_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    U, V = orthonormal(rng, D, 12), orthonormal(rng, D, 12)
    eta = RATE_ETA / float(np.hypot(TAU, 1.0))
    middle = np.rint(1.5 / eta)
    times = eta * np.array([0, middle - 20, middle + 20])
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
    return Measured(float(np.abs(rate / theory["rate"] - 1).max()), detail=f"s/tau: rate/(2 tau), rate/(2 s) -- {words}")


# ---- time to converge after crossing, and the balanced start that is not aligned

AFTER_D, AFTER_TAU, AFTER_WIDTH, DELTA = 40, 0.02, 1e8, 0.1


def after_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    U, V = orthonormal(rng, AFTER_D, 3), orthonormal(rng, AFTER_D, 3)
    eta = ETA_RATE / float(np.hypot(AFTER_TAU, 1.0))
    start = gaussian(AFTER_D, AFTER_D, AFTER_WIDTH, AFTER_TAU / AFTER_WIDTH, rng)
    random = AFTER_TAU * orthonormal(rng, AFTER_D, 3) @ orthonormal(rng, AFTER_D, 3).T
    more = {"U": U, "V": V, "balanced": balanced(random, 0.0, 3)}
    return Problem((U * SIGNAL) @ V.T, start, AFTER_TAU, eta * np.arange(0, 30.0 / eta, 4).round(), eta, more)


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
    found = crossings(run, (1 - DELTA) * SIGNAL)
    return Curve((("m", SIGNAL),), (("after crossing", found),), run.made_by)

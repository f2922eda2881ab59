"""Gradient descent against the theory: step size, one wide network, limits, layers of unequal variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.fit import order as observed_order
from ...numerics.fit import power_law
from ...numerics.lower import lower_formula
from ...numerics.mixed import (
    SquaredError,
    descend,
    gaussian,
    gram_curve,
    on_manifold,
    teacher,
)
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import (
    ETA_RATE,
    Problem,
    closed,
    distance,
    evolve,
    from_zero,
    gram_state,
    grid,
    planted,
    shift,
    trained,
    width_error,
)

# ---- order in the learning rate

ORDER_SPECTRUM, ORDER_TAU = np.linspace(1.0, 0.3, 6), 0.3
ORDER_ETAS = 0.02 / 2.0 ** np.arange(5)
ORDERS: tuple[Any, ...] = ("sequential", "simultaneous")
ORDER_RATE = float(2 * np.hypot(ORDER_SPECTRUM[0], ORDER_TAU))


def order_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    M = planted(rng, ORDER_SPECTRUM, 8, 6)
    return Problem(M, gaussian(8, 6, 1000, ORDER_TAU / 1000, rng), ORDER_TAU, grid(ORDER_ETAS[0], 10.0, 30))


def order_theory(problem: Problem, book: Book) -> Curve:
    flow = book.system("mixed.gram-flow")
    return evolve(flow, problem.times, gram_state(problem.start), 1e-12, M=problem.M)


def order_observed(problem: Problem) -> Curve:
    runs = [
        [
            trained(Problem(problem.M, problem.start, problem.tau, problem.times, eta), SquaredError(problem.M), order)
            for eta in ORDER_ETAS
        ]
        for order in ORDERS
    ]
    axes = (("order (0 sequential, 1 simultaneous)", np.arange(2)), ("eta", ORDER_ETAS), ("time", problem.times))
    return Curve(axes, (("A", np.array([[run["A"] for run in row] for row in runs])),), runs[0][0].made_by)


def order_measure(theory: Curve, observed: Curve) -> Measured:
    errors = distance(observed["A"], theory["A"]).max(axis=-1)
    found = [observed_order(ORDER_ETAS[-2:], row[-2:]) for row in errors]
    words = [
        f"{name}: {value:.4f}, error {row[0]:.1e} to {row[-1]:.1e}" for name, value, row in zip(ORDERS, found, errors)
    ]
    return Measured(max(found, key=lambda value: abs(value - 1)), detail="; ".join(words))


# ---- one wide network

WIDE_D, WIDE_K, WIDE_WIDTH = 100, 5, 1e6


def wide_setup(seed: np.random.SeedSequence) -> Problem:
    draw, start = seed.spawn(2)
    M, tau = teacher(WIDE_D, WIDE_K, draw).target, WIDE_D**0.75
    rate = float(np.hypot(tau, np.linalg.norm(M, 2)))
    eta = ETA_RATE / rate
    times = grid(eta, 8 / rate, 25)
    return Problem(M, gaussian(WIDE_D, WIDE_D, WIDE_WIDTH, tau / WIDE_WIDTH, start), tau, times, eta)


def wide_theory(problem: Problem, book: Book) -> Curve:
    M, tau, times, start = problem.M, problem.tau, problem.times, problem.start
    mixed = evolve(book.system("mixed.dynamics"), times, {"A": start.A}, 1e-7, M=M, tau=tau)["A"]
    S = np.block([[0 * M, M], [M.T, 0 * M]])
    riccati = evolve(book.system("mixed.riccati"), times, {"P": start.P}, 1e-7, S=S, rho=tau**2)["P"]
    columns = (
        ("A", mixed),
        ("closed form from A = 0", from_zero(book, M, tau, times)),
        ("Riccati from P_0", riccati[:, :WIDE_D, WIDE_D:]),
        ("singular values", np.linalg.svd(mixed, compute_uv=False)),
    )
    made = Provenance("theory", "mixed.dynamics", (("tau", float(tau)), ("width", WIDE_WIDTH)))
    return Curve((("time", times),), columns, made)


def wide_observed(problem: Problem) -> Curve:
    cost, steps = SquaredError(problem.M), problem.steps
    run = trained(problem, cost, columns=("A", "loss", "singular values"))
    half = descend(
        problem.start, cost, problem.eta / 2, int(2 * steps[-1]), record=2 * steps, columns=("A",), form="gram"
    )
    columns = (*run.columns[1:], ("A at eta/2", half["A"]))
    return Curve((("time", problem.times),), columns, run.made_by)


def wide_measure(theory: Curve, observed: Curve) -> Measured:
    A = observed["A"]
    size = float(observed["singular values"][-1, 0])
    errors = {name: distance(theory[name], A).max() / size for name in theory.names[:3]}
    names = {"A": "mixed formula from A_0"}
    words = [f"{names.get(name, name)} {value:.2e}" for name, value in errors.items()]
    step = 2 * distance(A, observed["A at eta/2"]).max() / size
    return Measured(float(errors["A"]), detail=f"largest error: {', '.join(words)}; of it finite eta {step:.2e}")


# ---- limits

LAZY, BALANCED = 8.0 * 2.0 ** np.arange(4), 0.125 / 2.0 ** np.arange(4)
"""``tau/||M||`` and ``tau/s_0``, the limit last."""
LIMIT_M = np.linspace(1.0, 0.2, 8)


def lazy_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    A_0 = planted(rng, LIMIT_M / 2, 8, 10)
    return Problem(planted(rng, LIMIT_M, 8, 10), on_manifold(A_0, 1.0), 1.0, np.linspace(0, 3, 25))


def lazy_theory(problem: Problem, book: Book) -> Curve:
    return evolve(closed(book.formula("mixed.lazy-flow")), problem.times, {"A": problem.start.A}, M=problem.M, tau=1.0)


def lazy_observed(problem: Problem) -> Curve:
    A = [gram_curve(problem.times / tau, on_manifold(problem.start.A, tau), problem.M, rtol=1e-11)["A"] for tau in LAZY]
    return Curve((("tau", LAZY), ("tau times time", problem.times)), (("A", np.array(A)),))


def balanced_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    M = planted(rng, LIMIT_M, 8, 10)
    return Problem(M, on_manifold(M / 10, 0.0), 0.0, np.linspace(0, 20, 25))


def balanced_theory(problem: Problem, book: Book) -> Curve:
    U, m, Vt = np.linalg.svd(problem.M, full_matrices=False)
    s = lower_formula(book.formula("mixed.balanced-mode"))(t=problem.times[:, None], s_0=m / 10, m=m)
    return Curve((("time", problem.times),), (("A", np.einsum("ai,ti,ib->tab", U, s, Vt)),))


def balanced_observed(problem: Problem) -> Curve:
    taus = BALANCED * LIMIT_M[-1] / 10
    A = [gram_curve(problem.times, on_manifold(problem.M / 10, tau), problem.M, rtol=1e-12)["A"] for tau in taus]
    return Curve((("tau", taus), ("time", problem.times)), (("A", np.array(A)),))


def limit_measure(theory: Curve, observed: Curve) -> Measured:
    errors = distance(observed["A"], theory["A"]).max(axis=-1)
    fit = power_law(observed["tau"], errors)
    return Measured(fit.exponent, fit.stderr, f"error {errors[0]:.1e} to {errors[-1]:.1e}: tau{str(fit)[1:]}")


# ---- layers of unequal variance

TAU_1, TAU_2, UNEQUAL_D = 1.0, 6.0, 30
UNEQUAL_WIDTHS = 10.0 ** np.arange(8, 11)


def unequal_setup(seed: np.random.SeedSequence) -> Problem:
    draw, start = seed.spawn(2)
    M = teacher(UNEQUAL_D, 3, draw).target
    times = np.linspace(0, 1, 25) * 8 / float(np.linalg.norm(M, 2))
    starts = [
        gaussian(UNEQUAL_D, UNEQUAL_D, w, TAU_1 / w, np.random.default_rng(start), variance_2=TAU_2 / w)
        for w in UNEQUAL_WIDTHS
    ]
    return Problem(M, starts[0], (TAU_1 + TAU_2) / 2, times, more={"starts": starts})


def over_widths(problem: Problem, runs: Sequence[Curve]) -> Curve:
    axes = (("width", UNEQUAL_WIDTHS), ("time", problem.times))
    A = np.array([run["A"] for run in runs]) / np.linalg.norm(problem.M, 2)
    return Curve(axes, (("A", A),), runs[0].made_by)


def arithmetic(problem: Problem, book: Book) -> Curve:
    flow, numbers = closed(book.formula("mixed.family-flow")), {"M": problem.M, "tau_1": TAU_1, "tau_2": TAU_2}
    starts = problem.more["starts"]
    return over_widths(problem, [evolve(flow, problem.times, {"A": one.A}, 1e-10, **numbers) for one in starts])


def geometric(problem: Problem, book: Book) -> Curve:
    flow, numbers = closed(book.formula("mixed.flow")), {"M": problem.M, "tau": float(np.sqrt(TAU_1 * TAU_2))}
    starts = problem.more["starts"]
    return over_widths(problem, [evolve(flow, problem.times, {"A": one.A}, 1e-10, **numbers) for one in starts])


def unequal_observed(problem: Problem) -> Curve:
    starts = problem.more["starts"]
    return over_widths(problem, [gram_curve(problem.times, one, problem.M, rtol=1e-11) for one in starts])


def unequal_exponent(theory: Curve, observed: Curve) -> Measured:
    errors = distance(theory["A"], observed["A"]).max(axis=-1)
    fit = power_law(UNEQUAL_WIDTHS, errors)
    return Measured(fit.exponent, fit.stderr, f"error {errors[0]:.1e} to {errors[-1]:.1e}: width{str(fit)[1:]}")


def unequal_floor(theory: Curve, observed: Curve) -> Measured:
    errors = distance(theory["A"], observed["A"]).max(axis=-1)
    return Measured(float(errors.min()), detail="error by width " + ", ".join(f"{error:.4g}" for error in errors))


UNEQUAL_NOISE = width_error(2 * UNEQUAL_D, UNEQUAL_WIDTHS[0]) * TAU_2 / TAU_1

COMPARISONS = (
    Comparison(
        "mixed.descent-order",
        "gradient descent against the exact flow, both update orders: first order in eta",
        order_setup, order_theory, order_observed, order_measure,
        target=1.0, bound=float(ORDER_ETAS[-2] * ORDER_RATE / (2 * np.log(2))), seconds=1.5,
        because="the next order is smaller by eta times the fastest rate, 2 hypot(m, tau); that over 2 ln 2 enters the order",
    ),
    Comparison(
        "mixed.wide-network",
        f"mixed formula against gradient descent at width {WIDE_WIDTH:.0e}, d = {WIDE_D}",
        wide_setup, wide_theory, wide_observed, wide_measure,
        bound=shift(width_error(2 * WIDE_D, WIDE_WIDTH) + ETA_RATE), seconds=5.0,
        because="rates are off by 2 sqrt(N/w) + N/w (width) and eta hypot(tau, ||M||) (steps); 1/e of that at most reaches A",
    ),
    Comparison(
        "mixed.lazy-limit",
        "lazy flow against the exact flow on the manifold: error of order (||M||/tau)^2",
        lazy_setup, lazy_theory, lazy_observed, limit_measure,
        target=-2.0, bound=float(2 / LAZY[0] ** 2), seconds=1.0,
        because="the square root expands in (||A||/tau)^2: the next term is smaller by (||M||/tau)^2, twice that enters the slope",
    ),
    Comparison(
        "mixed.balanced-limit",
        "balanced mode against the exact flow on the manifold: error of order (tau/s_0)^2",
        balanced_setup, balanced_theory, balanced_observed, limit_measure,
        target=2.0, bound=float(2 * BALANCED[0] ** 2), seconds=0.2,
        because="the square root expands in (tau/s)^2: the next term is smaller by (tau/s_0)^2, twice that enters the slope",
    ),
    Comparison(
        "mixed.unequal-variances",
        "layers of unequal variance, arithmetic mean of the scales: error of order width^(-1/2)",
        unequal_setup, arithmetic, unequal_observed, unequal_exponent,
        target=-0.5, bound=UNEQUAL_NOISE / 2, seconds=0.8,
        because="the next order is smaller by 2 sqrt(N/w) tau_2/tau_1 at the smallest width; half of that enters the slope",
    ),
    Comparison(
        "mixed.unequal-variances-geometric",
        "layers of unequal variance, geometric mean of the scales: an error that no width removes",
        unequal_setup, geometric, unequal_observed, unequal_floor,
        bound=10 * shift(UNEQUAL_NOISE), expect=Expect.BREAKS, seconds=0.8,
        because="only the arithmetic mean enters the flow of A; ten times what the finite width explains, 2 sqrt(N/w) tau_2/tau_1 / e",
    ),
)  # fmt: skip

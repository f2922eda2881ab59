"""Gradient descent against the theory: step size, a wide network, limits, unequal layers, other costs, and where it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.fit import order as observed_order
from ...numerics.fit import power_law
from ...numerics.lower import lower_formula
from ...numerics.mixed import (
    CorrelatedError,
    MaskedError,
    SquaredError,
    balanced,
    descend,
    gaussian,
    gram_curve,
    on_manifold,
    orthogonal,
    teacher,
)
from ...numerics.mixed.descent import Order
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import (
    MASKED,
    Array,
    Problem,
    closed,
    distance,
    evolve,
    from_zero,
    gram_state,
    grid,
    orthonormal,
    planted,
    shift,
    trained,
    width_error,
)

ETA_RATE = 1 / 200
"""Learning rate times ``hypot(tau, ||M||)``, half the fastest rate, where gradient descent stands for its flow."""


def worst(theory: Curve, observed: Curve) -> Measured:
    """Largest error over time in the operator norm; the targets have norm one."""
    errors = distance(theory["A"], observed["A"])
    at = int(errors.argmax())
    return Measured(float(errors[at]), detail=f"at time {theory['time'][at]:.3g}; at the end {errors[-1]:.2g}")


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
    axes = (("sequential, simultaneous", np.arange(2)), ("eta", ORDER_ETAS), ("time", problem.times))
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

# ---- other costs: correlated inputs, matrix completion

COST_D, COST_WIDTH, CONDITION = 20, 1e8, 4.0
COST_M = np.linspace(1.0, 0.1, 5)


def cost_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    M, tau = planted(rng, COST_M, COST_D, COST_D), 0.1
    axes = orthonormal(rng, COST_D, COST_D)
    sigma = (axes * np.geomspace(1 / np.sqrt(CONDITION), np.sqrt(CONDITION), COST_D)) @ axes.T
    eta = ETA_RATE / (np.sqrt(CONDITION) * float(np.hypot(tau, 1.0)))
    more = {"Sigma": sigma, "Omega": (rng.random((COST_D, COST_D)) < 0.5).astype(float)}
    start = gaussian(COST_D, COST_D, COST_WIDTH, tau / COST_WIDTH, rng)
    return Problem(M, start, tau, grid(eta, 12.0, 30), eta, more)


def correlated_theory(problem: Problem, book: Book) -> Curve:
    flow = book.system("mixed.dynamics-correlated")
    numbers = {"M": problem.M, "tau": problem.tau, "Sigma": problem.more["Sigma"]}
    return evolve(flow, problem.times, {"A": problem.start.A}, **numbers)


def completion_theory(problem: Problem, book: Book) -> Curve:
    flow = closed(book.formula("mixed.flow"), MASKED)
    numbers = {"M": problem.M, "tau": problem.tau, "Omega": problem.more["Omega"]}
    return evolve(flow, problem.times, {"A": problem.start.A}, **numbers)


def riccati_theory(problem: Problem, book: Book) -> Curve:
    """The Riccati equation of white inputs, from the sampled start."""
    zero = 0 * problem.M
    S = np.block([[zero, problem.M], [problem.M.T, zero]])
    run = evolve(book.system("mixed.riccati"), problem.times, {"P": problem.start.P}, S=S, rho=problem.tau**2)
    d = len(problem.M)
    return Curve((("time", problem.times),), (("A", run["P"][:, :d, d:]),), run.made_by)


RICCATI_TAU, RICCATI_SIGMA = 4.0, (0.5, 2.0)


def riccati_setup(seed: np.random.SeedSequence) -> Problem:
    """Two directions of equal target and variances 1/2 and 2; their geometric mean is the variance that is assumed."""
    rng = np.random.default_rng(seed)
    M = orthonormal(rng, 2, 2)
    eta = ETA_RATE / (max(RICCATI_SIGMA) * float(np.hypot(RICCATI_TAU, 1.0)))
    times = grid(eta, 2.0, 60)
    more = {"Sigma": np.diag(RICCATI_SIGMA)}
    return Problem(M, gaussian(2, 2, 1e10, RICCATI_TAU / 1e10, rng), RICCATI_TAU, times, eta, more)


# ---- where it must break

NARROW_D, NARROW_WIDTH, NARROW_TAU = 30, 15, 0.2
NARROW_M = np.linspace(1.0, 0.5, NARROW_D)


def narrow_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    M, eta = planted(rng, NARROW_M, NARROW_D, NARROW_D), 0.02
    start = gaussian(NARROW_D, NARROW_D, NARROW_WIDTH, NARROW_TAU / NARROW_WIDTH, rng)
    return Problem(M, start, NARROW_TAU, grid(eta, 20.0, 30), eta)


def mixed_theory(problem: Problem, book: Book) -> Curve:
    flow = book.system("mixed.dynamics")
    return evolve(flow, problem.times, {"A": problem.start.A}, M=problem.M, tau=problem.tau)


STEP_SPECTRUM, STEP_TAU, STEP_ETA = np.array([1.0, 0.8, 0.6, 0.4]), 0.2, 0.2
STEP_SHRINK = float(np.prod(1 - (STEP_ETA * STEP_SPECTRUM) ** 2) ** (2 / 10))


def step_setup(seed: np.random.SeedSequence) -> Problem:
    M = planted(np.random.default_rng(seed), STEP_SPECTRUM, 4, 6)
    return Problem(M, orthogonal(4, 6, STEP_TAU), STEP_TAU, STEP_ETA * np.arange(61.0), STEP_ETA)


def lax_spectrum(curve: Curve) -> Array:
    """Sizes of the eigenvalues of PJ in units of tau, sorted, at each time."""
    A, C1, C2 = (curve[name] for name in ("A", "C1", "C2"))
    PJ = np.block([[C2, -A], [np.swapaxes(A, 1, 2), -C1]])
    return np.sort(np.abs(np.linalg.eigvals(PJ)), axis=1) / STEP_TAU


def with_spectrum(curve: Curve) -> Curve:
    return Curve(curve.axes, (("spectrum", lax_spectrum(curve)),), curve.made_by)


def step_theory(problem: Problem, book: Book) -> Curve:
    flow = book.system("mixed.gram-flow")
    return with_spectrum(evolve(flow, problem.times, gram_state(problem.start), 1e-11, M=problem.M))


def step_observed(problem: Problem) -> Curve:
    return with_spectrum(trained(problem, SquaredError(problem.M), "simultaneous", ("A", "C1", "C2")))


def drift(theory: Curve, observed: Curve) -> Measured:
    gap = np.abs(observed["spectrum"] - theory["spectrum"]).max(axis=1)
    kept = np.abs(theory["spectrum"] - theory["spectrum"][0]).max()
    return Measured(float(gap.max()), detail=f"after one step {gap[1]:.3g}; the exact flow drifts by {kept:.1e}")


STALL_ETA, STALL_S = 0.01, -0.3


def stall_setup(seed: np.random.SeedSequence) -> Problem:
    M = planted(np.random.default_rng(seed), [1.0], 5, 4)
    start = balanced(STALL_S * M, 0.0, 1)
    return Problem(M, start, 0.0, grid(STALL_ETA, 10.0, 40), STALL_ETA)


def stall_theory(problem: Problem, book: Book) -> Curve:
    s = lower_formula(book.formula("mixed.stall"))(t=problem.times, s_0=STALL_S, m=1.0)
    A = s[:, None, None] * problem.M
    return Curve((("time", problem.times),), (("s", s), ("A", A)), Provenance("theory", "mixed.stall"))


def stall_observed(problem: Problem, order: Order) -> Curve:
    return trained(problem, SquaredError(problem.M), order, ("A", "loss"))


def stall_measure(theory: Curve, observed: Curve) -> Measured:
    error = distance(theory["A"], observed["A"]).max()
    loss = observed["loss"]
    words = f"loss {loss[0]:.3g} at the start, {loss[-1]:.3g} at the end"
    return Measured(float(error), detail=words)


# ---- global convergence

RATE_TAU, RATE_DRAWS, RATE_RTOL, RATE_END = 1.0, 6, 1e-10, 3.0


def rate_setup(seed: np.random.SeedSequence) -> Problem:
    rng = np.random.default_rng(seed)
    M = planted(rng, np.linspace(1.0, 0.1, 6), 6, 8)
    scales = np.geomspace(0.01, 3, RATE_DRAWS)
    starts = [on_manifold(scale * rng.standard_normal((6, 8)), RATE_TAU) for scale in scales]
    more = {"starts": starts, "scales": scales}
    return Problem(M, starts[0], RATE_TAU, np.linspace(0, RATE_END, 31), more=more)


def rate_theory(problem: Problem, book: Book) -> Curve:
    start = np.array([0.5 * ((one.A - problem.M) ** 2).sum() for one in problem.more["starts"]])
    bound = lower_formula(as_equation(book.formula("mixed.global-convergence")))
    cost = bound(C_0=start[:, None], t=problem.times, tau=RATE_TAU)
    axes = (("scale of A_0", problem.more["scales"]), ("time", problem.times))
    return Curve(axes, (("cost", cost),), Provenance("theory", "mixed.global-convergence"))


def as_equation(formula: Any) -> Any:
    """The bound itself as a formula: ``left = right`` in place of ``left <= right``."""
    from dataclasses import replace

    from sympy import Eq

    return replace(formula, statement=Eq(*formula.statement.args, evaluate=False))


def rate_observed(problem: Problem) -> Curve:
    runs = [gram_curve(problem.times, one, problem.M, rtol=RATE_RTOL) for one in problem.more["starts"]]
    cost = np.array([0.5 * ((run["A"] - problem.M) ** 2).sum(axis=(1, 2)) for run in runs])
    axes = (("scale of A_0", problem.more["scales"]), ("time", problem.times))
    return Curve(axes, (("cost", cost),), runs[0].made_by)


def rate_measure(theory: Curve, observed: Curve) -> Measured:
    ratio = observed["cost"] / theory["cost"]
    later = ratio[:, 1:].max(axis=1)
    words = ", ".join(f"{value:.3f}" for value in later)
    return Measured(
        max(0.0, float(ratio.max() - 1)), detail=f"cost over bound after the start, by size of A_0: {words}"
    )


COMPARISONS = (
    Comparison(
        "mixed.descent-order",
        "gradient descent against the exact flow, both update orders: first order in eta",
        order_setup, order_theory, order_observed, order_measure,
        target=1.0, bound=float(ORDER_ETAS[-2] * ORDER_RATE / (2 * np.log(2))), seconds=2.0,
        because="the next order is smaller by eta times the fastest rate, 2 hypot(m, tau); that over 2 ln 2 enters the order",
    ),
    Comparison(
        "mixed.wide-network",
        f"mixed formula against gradient descent at width {WIDE_WIDTH:.0e}, d = {WIDE_D}",
        wide_setup, wide_theory, wide_observed, wide_measure,
        bound=shift(width_error(2 * WIDE_D, WIDE_WIDTH) + ETA_RATE), seconds=10.0,
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
        target=2.0, bound=float(2 * BALANCED[0] ** 2), seconds=1.0,
        because="the square root expands in (tau/s)^2: the next term is smaller by (tau/s_0)^2, twice that enters the slope",
    ),
    Comparison(
        "mixed.unequal-variances",
        "layers of unequal variance, arithmetic mean of the scales: error of order width^(-1/2)",
        unequal_setup, arithmetic, unequal_observed, unequal_exponent,
        target=-0.5, bound=UNEQUAL_NOISE / 2, seconds=3.0,
        because="the next order is smaller by 2 sqrt(N/w) tau_2/tau_1 at the smallest width; half of that enters the slope",
    ),
    Comparison(
        "mixed.unequal-variances-geometric",
        "layers of unequal variance, geometric mean of the scales: an error that no width removes",
        unequal_setup, geometric, unequal_observed, unequal_floor,
        bound=10 * shift(UNEQUAL_NOISE), expect=Expect.BREAKS, seconds=3.0,
        because="only the arithmetic mean enters the flow of A; ten times what the finite width explains, 2 sqrt(N/w) tau_2/tau_1 / e",
    ),
    Comparison(
        "mixed.correlated-inputs",
        f"mixed formula with correlated inputs against gradient descent at width {COST_WIDTH:.0e}",
        cost_setup, correlated_theory,
        lambda problem: trained(problem, CorrelatedError(problem.M, problem.more["Sigma"])), worst,
        bound=shift(width_error(2 * COST_D, COST_WIDTH) + ETA_RATE) * float(np.sqrt(CONDITION)), seconds=2.0,
        because="as for mixed.wide-network, times the square root of the condition number of Sigma between its norm and the plain one",
    ),
    Comparison(
        "mixed.matrix-completion",
        f"mixed formula for matrix completion against gradient descent at width {COST_WIDTH:.0e}",
        cost_setup, completion_theory, lambda problem: trained(problem, MaskedError(problem.M, problem.more["Omega"])), worst,
        bound=shift(width_error(2 * COST_D, COST_WIDTH) + ETA_RATE), seconds=2.0,
        because="as for mixed.wide-network: the formula holds for the gradient of any cost",
    ),
    Comparison(
        "mixed.riccati-correlated",
        "closed form of white inputs, used with correlated ones",
        riccati_setup, riccati_theory,
        lambda problem: trained(problem, CorrelatedError(problem.M, problem.more["Sigma"])), worst,
        bound=0.25 - 1 / RICCATI_TAU**2 - shift(ETA_RATE), expect=Expect.BREAKS, seconds=1.0,
        because="no matrix Riccati equation: variances 1/2 and 2 put x - x^2 = 1/4 between the modes; less (||M||/tau)^2 and eta/e",
    ),
    Comparison(
        "mixed.small-width",
        f"mixed formula at width {NARROW_WIDTH} < d = {NARROW_D}",
        narrow_setup, mixed_theory, lambda problem: trained(problem, SquaredError(problem.M)), worst,
        bound=float(NARROW_M[NARROW_WIDTH] - 1e-2), expect=Expect.BREAKS, seconds=1.0,
        because="rank A <= w leaves an error of at least the singular value w + 1 of the target; less 1e-2 for the end of training",
    ),
    Comparison(
        "mixed.large-step",
        "conserved spectrum of PJ under gradient descent with a large step",
        step_setup, step_theory, step_observed, drift,
        bound=1 - STEP_SHRINK, expect=Expect.BREAKS, seconds=1.0,
        because="det P shrinks by det(1 - eta^2 GG')^2 in a step, already in the first, where G = -M: its root bounds the drift",
    ),
    Comparison(
        "mixed.global-convergence-rate",
        "exact flow on the manifold from several starts: C(t) <= C(0) exp(-4 tau t)",
        rate_setup, rate_theory, rate_observed, rate_measure,
        bound=float(2 * RATE_RTOL * np.exp(2 * RATE_TAU * RATE_END)), seconds=1.0,
        because="nothing but twice the tolerance of the integration, relative to a distance that has fallen by exp(-2 tau t)",
    ),
    Comparison(
        "mixed.stall",
        "no imbalance and a start on the wrong side: gradient descent stops at zero",
        stall_setup, stall_theory,
        lambda problem: stall_observed(problem, "simultaneous"), stall_measure,
        bound=shift(STALL_ETA), seconds=0.5,
        because="eta times half the fastest rate, 2 m, over e; the simultaneous update keeps equal layers equal",
    ),
    Comparison(
        "mixed.stall-sequential",
        "the same start, first layer first: gradient descent leaves the stall",
        stall_setup, stall_theory, lambda problem: stall_observed(problem, "sequential"), stall_measure,
        bound=0.9, expect=Expect.BREAKS, seconds=0.5,
        because="the sequential update makes an imbalance of order eta, which grows by exp(2 m t) to the size of the target",
    ),
)  # fmt: skip

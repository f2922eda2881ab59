"""Other costs, global convergence, and regimes in which the theory must break."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sympy import Eq

from ...numerics.curve import Curve, Provenance
from ...numerics.lower import lower_formula
from ...numerics.mixed import (
    CorrelatedError,
    MaskedError,
    SquaredError,
    balanced,
    gaussian,
    gram_curve,
    on_manifold,
    orthogonal,
)
from ...numerics.mixed.descent import Order
from ...theory.formula import Formula
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import (
    ETA_RATE,
    MASKED,
    Array,
    Problem,
    closed,
    distance,
    evolve,
    gram_state,
    grid,
    orthonormal,
    planted,
    shift,
    trained,
    width_error,
    worst,
)

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


def as_equation(formula: Formula) -> Formula:
    """The bound itself as a formula: ``left = right`` in place of ``left <= right``."""
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
        "mixed.correlated-inputs",
        f"mixed formula with correlated inputs against gradient descent at width {COST_WIDTH:.0e}",
        cost_setup, correlated_theory,
        lambda problem: trained(problem, CorrelatedError(problem.M, problem.more["Sigma"])), worst,
        bound=shift(width_error(2 * COST_D, COST_WIDTH) + ETA_RATE) * float(np.sqrt(CONDITION)), seconds=0.3,
        because="as for mixed.wide-network, times the square root of the condition number of Sigma between its norm and the plain one",
    ),
    Comparison(
        "mixed.matrix-completion",
        f"mixed formula for matrix completion against gradient descent at width {COST_WIDTH:.0e}",
        cost_setup, completion_theory, lambda problem: trained(problem, MaskedError(problem.M, problem.more["Omega"])), worst,
        bound=shift(width_error(2 * COST_D, COST_WIDTH) + ETA_RATE), seconds=0.3,
        because="as for mixed.wide-network: the formula holds for the gradient of any cost",
    ),
    Comparison(
        "mixed.riccati-correlated",
        "closed form of white inputs, used with correlated ones",
        riccati_setup, riccati_theory,
        lambda problem: trained(problem, CorrelatedError(problem.M, problem.more["Sigma"])), worst,
        bound=0.25 - 1 / RICCATI_TAU**2 - shift(ETA_RATE), expect=Expect.BREAKS, seconds=0.2,
        because="no matrix Riccati equation: variances 1/2 and 2 put x - x^2 = 1/4 between the modes; less (||M||/tau)^2 and eta/e",
    ),
    Comparison(
        "mixed.small-width",
        f"mixed formula at width {NARROW_WIDTH} < d = {NARROW_D}",
        narrow_setup, mixed_theory, lambda problem: trained(problem, SquaredError(problem.M)), worst,
        bound=float(NARROW_M[NARROW_WIDTH] - 1e-2), expect=Expect.BREAKS, seconds=0.3,
        because="rank A <= w leaves an error of at least the singular value w + 1 of the target; less 1e-2 for the end of training",
    ),
    Comparison(
        "mixed.large-step",
        "conserved spectrum of PJ under gradient descent with a large step",
        step_setup, step_theory, step_observed, drift,
        bound=1 - STEP_SHRINK, expect=Expect.BREAKS, seconds=0.2,
        because="det P shrinks by det(1 - eta^2 GG')^2 in a step, already in the first, where G = -M: its root bounds the drift",
    ),
    Comparison(
        "mixed.global-convergence-rate",
        "exact flow on the manifold from several starts: C(t) <= C(0) exp(-4 tau t)",
        rate_setup, rate_theory, rate_observed, rate_measure,
        bound=float(2 * RATE_RTOL * np.exp(2 * RATE_TAU * RATE_END)), seconds=0.2,
        because="nothing but twice the tolerance of the integration, relative to a distance that has fallen by exp(-2 tau t)",
    ),
    Comparison(
        "mixed.stall-simultaneous",
        "no imbalance and a start on the wrong side: gradient descent stops at zero",
        stall_setup, stall_theory,
        lambda problem: stall_observed(problem, "simultaneous"), stall_measure,
        bound=shift(STALL_ETA), seconds=0.2,
        because="eta times half the fastest rate, 2 m, over e; the simultaneous update keeps equal layers equal",
    ),
    Comparison(
        "mixed.stall-sequential",
        "the same start, first layer first: gradient descent leaves the stall",
        stall_setup, stall_theory, lambda problem: stall_observed(problem, "sequential"), stall_measure,
        bound=0.9, expect=Expect.BREAKS, seconds=0.2,
        because="the sequential update makes an imbalance of order eta, which grows by exp(2 m t) to the size of the target",
    ),
)  # fmt: skip

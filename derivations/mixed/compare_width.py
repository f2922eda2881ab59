"""How fast each level of theory approaches the exact flow as the width grows, in four regimes of ``tau/||M||``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.fit import power_law
from ...numerics.mixed import Weights, gaussian, gram_curve, response_start, teacher
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import Array, distance, drawn, evolve, from_zero, width_error

D, K, DRAWS = 40, 3, 3
REGIMES = np.array([0.0117, 0.117, 1.17, 11.7])
POINTS = 12

Level = Callable[[Book, Array, float, Weights, Array], Array]
"""``(book, M, tau, start, times) -> A``: one level of theory."""


class Study:
    """Teachers, starts and times of all regimes, draws and widths; the starts of one draw differ by their width only."""

    def __init__(self, seed: np.random.SeedSequence, widths: Array) -> None:
        self.widths, self.entropy = widths, drawn(seed)
        self.cases = []
        for regime in REGIMES:
            for draw in seed.spawn(DRAWS):
                M = teacher(D, K, draw).target
                size = float(np.linalg.norm(M, 2))
                tau = regime * size
                times = np.geomspace(0.02, 1, POINTS) * 12 / np.hypot(tau, size)
                (inner,) = draw.spawn(1)
                starts = [gaussian(D, D, w, tau / w, np.random.default_rng(inner)) for w in widths]
                self.cases.append((M, tau, times, starts))

    def curve(self, level: Callable[[Array, float, Weights, Array], Array], made: Provenance) -> Curve:
        """Maps divided by ``||M||``, over regime, draw, width and time."""
        A = [
            [level(M, tau, start, times) / np.linalg.norm(M, 2) for start in starts]
            for M, tau, times, starts in self.cases
        ]
        shape = (len(REGIMES), DRAWS, len(self.widths), POINTS)
        axes = (
            ("tau over ||M||", REGIMES),
            ("draw", np.arange(DRAWS)),
            ("width", self.widths),
            ("time in 12 over hypot(tau, ||M||)", np.geomspace(0.02, 1, POINTS)),
        )
        return Curve(axes, (("A", np.array(A).reshape(*shape, D, D)),), made)


def closed_form(book: Book, M: Array, tau: float, start: Weights, times: Array) -> Array:
    """Scalar closed form from ``A = 0``."""
    return from_zero(book, M, tau, times)


def mixed_formula(book: Book, M: Array, tau: float, start: Weights, times: Array) -> Array:
    """The mixed formula from the sampled ``A_0``."""
    return evolve(book.system("mixed.dynamics"), times, {"A": start.A}, 1e-9, M=M, tau=tau)["A"]


def riccati(book: Book, M: Array, tau: float, start: Weights, times: Array) -> Array:
    """The Riccati equation from the sampled ``P_0``."""
    zero = np.zeros((D, D))
    S = np.block([[zero, M], [M.T, zero]])
    return evolve(book.system("mixed.riccati"), times, {"P": start.P}, 1e-12, S=S, rho=tau**2)["P"][:, :D, D:]


def response(book: Book, M: Array, tau: float, start: Weights, times: Array) -> Array:
    """First-order response to the sampled deviation from ``tau I``."""
    begin = response_start(start, M, tau)
    state = {"s": np.zeros(D), "alpha": begin.alpha, "beta": begin.beta, "gamma": begin.gamma}
    run = evolve(book.system("mixed.response"), times, state, 1e-12, m=begin.m, tau=tau)
    return begin.assemble(run["s"], run["alpha"])


def exponents(target: float) -> Callable[[Curve, Curve], Measured]:
    """Measure the exponent farthest from the target over the regimes."""

    def measure(theory: Curve, observed: Curve) -> Measured:
        errors = distance(theory["A"], observed["A"]).max(axis=-1)
        fits = [power_law(observed["width"], regime) for regime in errors]
        worst = max(fits, key=lambda fit: abs(fit.exponent - target))
        words = [
            f"{regime:g}: {fit.exponent:.4f} [{fit.low:.4f}, {fit.high:.4f}], error {error:.1e} to {end:.1e}"
            for regime, fit, (error, *_, end) in zip(REGIMES, fits, np.exp(np.log(errors).mean(axis=1)))
        ]
        return Measured(worst.exponent, worst.stderr, "exponent by tau/||M|| -- " + "; ".join(words))

    return measure


def width_comparison(
    name: str, title: str, level: Level, what: str, target: float, widths: Any, seconds: float
) -> Comparison:
    """Exponent in the width of one level of theory against the exact Gram flow."""
    widths = np.asarray(widths, dtype=float)

    def exact(M: Array, tau: float, start: Weights, times: Array) -> Array:
        return gram_curve(times, start, M, rtol=1e-12)["A"]

    def theory(study: Study, book: Book) -> Curve:
        made = Provenance("theory", what, seed=study.entropy)
        return study.curve(lambda *case: level(book, *case), made)

    return Comparison(
        f"mixed.{name}",
        title,
        setup=lambda seed: Study(seed, widths),
        theory=theory,
        observed=lambda study: study.curve(exact, Provenance("ode", "mixed.gram-flow", seed=study.entropy)),
        measure=exponents(target),
        target=target,
        bound=width_error(2 * D, widths[0]) * max(REGIMES) / 2,
        because=(
            "the next order is smaller by ||P_0/tau - I|| = 2 sqrt(N/w) times max(1, tau/||M||), and half of that enters the "
            f"slope: at w = {widths[0]:.0e}, N = {2 * D}, tau/||M|| = {max(REGIMES)}"
        ),
        seconds=seconds,
    )


WIDE = 10.0 ** np.arange(8, 12)
COMPARISONS = (
    width_comparison(
        "width-closed-form",
        "closed form from A = 0 against the exact flow: error of order width^(-1/2)",
        closed_form, "mixed.mode", -0.5, WIDE, 2.5,
    ),
    width_comparison(
        "width-mixed",
        "mixed formula from the sampled A_0 against the exact flow: error of order width^(-1/2)",
        mixed_formula, "mixed.dynamics", -0.5, WIDE, 12.0,
    ),
    width_comparison(
        "width-riccati",
        "Riccati equation from the sampled P_0 against the exact flow: error of order width^(-1/2)",
        riccati, "mixed.riccati", -0.5, WIDE, 4.0,
    ),
    width_comparison(
        "width-response",
        "first-order response against the exact flow: error of order 1/width",
        response, "mixed.response", -1.0, 10.0 ** np.arange(7, 10), 2.0,
    ),
)  # fmt: skip

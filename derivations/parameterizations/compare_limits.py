"""Limits with numbers: the first step of IP-LLR in closed form, and one hidden layer from kernel to features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Piecewise, Rational, S, Symbol, simplify

from ...numerics.curve import Curve
from ...numerics.fit import power_law
from ...numerics.parameterizations import Run, descend, draw
from ...numerics.parameterizations.squares import fit
from ...theory.parameterizations.letters import L as DEPTH
from ...theory.parameterizations.letters import chi, eta, m, q, s2
from ...theory.parameterizations.scalings import Scaling, named
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import NAME, keep, worst

# ---- first step of IP-LLR

INPUTS, FIRST_WIDTH, FIRST_RATE = 10, 1024, 4


def first_step(L: int) -> Callable[[Any, Book], Curve]:
    """The closed form at infinite width; first preactivations of variance one."""

    def theory(_: Any, book: Book) -> Curve:
        value = book.formula(f"{NAME}.first-step-output").value.subs(DEPTH, L)
        return Curve((), (("f", np.array(float(value.subs({chi: 1, eta: FIRST_RATE, q: INPUTS, s2: 1}).evalf()))),))

    return theory


def first_outputs(L: int, draws: int, width: int = FIRST_WIDTH, both: bool = False) -> Callable[[Any], Curve]:
    """Output after the first step of IP-LLR whose start in between is deleted, which is its limit (and of IP-LLR itself)."""

    def observed(seed: np.random.SeedSequence) -> Curve:
        runs = [Run(named("mup", L), eta=float(FIRST_RATE), shrink=40.0)]
        runs += [Run(named("ip-llr", L), eta=float(FIRST_RATE))] * both
        found = []
        for sown in seed.spawn(draws):
            drawn = draw(L, width, np.random.default_rng(sown), 2.0, d=INPUTS, chi=[-1.0], dtype=np.float32)
            found.append([float(states[1].output[0]) for states in descend(runs, drawn, 1)])
        columns = zip(("f", "f of ip-llr"), np.array(found).T)
        return Curve((("draw", np.arange(draws)),), tuple(columns))

    return observed


def of_first(theory: Curve, observed: Curve) -> Measured:
    """Mean over its value at infinite width."""
    shares = observed["f"] / float(theory["f"])
    return Measured(
        float(shares.mean()),
        float(shares.std(ddof=1) / np.sqrt(len(shares))),
        f"mean of {len(shares)} draws over {float(theory['f']):.5g}",
    )


FADE_WIDTHS, FADE_DRAWS = (128, 256, 512, 1024), 16


def fading(_: Any, book: Book) -> Curve:
    """Exponent of what the start in between leaves in the output: the factor that shrinks it."""
    shrink = book.formula(f"{NAME}.hybrid-shrink").value
    return Curve((), (("exponent", np.array(float(m * shrink.diff(m) / shrink))),))


def gaps_of_starts(seed: np.random.SeedSequence) -> Curve:
    """Relative distance of the outputs with and without the start in between."""
    rows = []
    for width, sown in zip(FADE_WIDTHS, seed.spawn(len(FADE_WIDTHS))):
        curve = first_outputs(2, FADE_DRAWS, width, both=True)(sown)
        rows.append(np.abs(curve["f of ip-llr"] - curve["f"]) / curve["f"].mean())
    axes = (("draw", np.arange(FADE_DRAWS)), ("width", np.array(FADE_WIDTHS)))
    return Curve(axes, (("gap", np.array(rows).T),))


def of_gap(theory: Curve, observed: Curve) -> Measured:
    """Slope over the width, minus its exponent."""
    law = power_law(observed["width"].astype(float), observed["gap"])
    return Measured(
        law.exponent - float(theory["exponent"]),
        law.stderr,
        f"slope {law.exponent:.3f}; relative gaps {observed['gap'].mean(axis=0).round(3).tolist()}",
    )


# ---- one hidden layer, from kernel to features

WIDTHS_ONE, DRAWS_ONE, LEARNT = (256, 512, 1024, 2048), 12, 0.05
STARTS = (Rational(1, 2), Rational(3, 4), S.One)
"""Exponents of the output weights: NTK, half way, mean field."""
SCALES, WIDTH_OF_SCALES = (4.0, 16.0, 64.0, 256.0), 512
"""Factors of the output of the mean field."""


def one_layer(A: Any) -> Scaling:
    """One hidden layer whose output weights start like ``m^{-A}``, with the largest rates that keep the output bounded."""
    return Scaling(f"A = {A}", (S.Zero, A), (S.Zero, S.Zero), (1 - 2 * A, 1 - 2 * A))


def speed_of_one(A: Any, book: Book) -> Any:
    """The exponent ``r`` of the book; no layer in between is slower than the first."""
    scaling = one_layer(A)
    first, last = scaling.K()
    claim = book.formula(f"{NAME}.feature-speed")
    numbers = {"A_out": A, "K_out": last, "K_first": first, "K_inner": first + 1}
    return claim.value.subs({letter: numbers[letter.name] for letter in claim.parameters})


def by_start(_: Any, book: Book) -> Curve:
    """Features move like ``m^{-r}``."""
    return Curve((), tuple((f"A = {A}", np.array(float(-speed_of_one(A, book)))) for A in STARTS))


def features_by_start(seed: np.random.SeedSequence) -> Curve:
    """Relative change of the hidden preactivations when the loss has fallen to 5%, for each exponent."""
    sown = iter(seed.spawn(len(STARTS) * DRAWS_ONE * len(WIDTHS_ONE)))

    def moved(A: Any, width: int) -> float:
        rng = np.random.default_rng(next(sown))
        return fit(one_layer(A), width, rng, activation="relu", eta=0.05, until=LEARNT, count=4).moved

    axes = (("draw", np.arange(DRAWS_ONE)), ("width", np.array(WIDTHS_ONE)))
    found = [[[moved(A, width) for width in WIDTHS_ONE] for _ in range(DRAWS_ONE)] for A in STARTS]
    return Curve(axes, tuple((f"A = {A}", np.array(one)) for A, one in zip(STARTS, found)))


def by_scale(_: Any, book: Book) -> Curve:
    """A factor ``alpha = m^{1 - A}`` of the mean field stands for the exponent A: features move like ``m^{-r}``, a power of alpha."""
    A = Symbol("A", positive=True)
    inside = speed_of_one(A, book).subs(A, 1 - Symbol("x", positive=True))
    slope = simplify(inside.rewrite(Piecewise)).diff(Symbol("x", positive=True))
    return Curve((), (("exponent", np.array(float(-slope.subs(Symbol("x", positive=True), Rational(1, 4))))),))


def features_by_scale(seed: np.random.SeedSequence) -> Curve:
    """Relative change of the hidden preactivations of the mean field times alpha when the loss has fallen to 5%."""
    sown = [one.spawn(1)[0] for one in seed.spawn(DRAWS_ONE)]
    found = [
        [
            fit(
                named("ip", 1), WIDTH_OF_SCALES, np.random.default_rng(one), activation="relu", eta=0.05, until=LEARNT, count=4, alpha=alpha
            ).moved
            for alpha in SCALES
        ]
        for one in sown
    ]  # fmt: skip
    return Curve((("draw", np.arange(DRAWS_ONE)), ("alpha", np.array(SCALES))), (("moved", np.array(found)),))


def of_scale(theory: Curve, observed: Curve) -> Measured:
    """Slope over alpha, minus its exponent."""
    law = power_law(observed["alpha"], observed["moved"])
    away = law.exponent - float(theory["exponent"])
    return Measured(
        away,
        law.stderr,
        f"slope {law.exponent:.4f}; relative changes {observed['moved'].mean(axis=0).round(4).tolist()}",
    )


COMPARISONS: tuple[Comparison, ...] = (
    *(
        Comparison(
            f"{NAME}.first-step-{L}",
            f"output after the first step of IP-LLR at infinite width, closed form, against width {FIRST_WIDTH}: {L} hidden layers",
            keep, first_step(L), first_outputs(L, draws), of_first, bound,
            f"one draw differs by about {one:g} of its mean: five standard errors of {draws} draws, and {more:g} for what the width "
            "still adds (measured, falls like 1/m)",
            target=1.0, seconds=seconds,
        )
        for L, draws, one, more, bound, seconds in (
            (2, 64, 0.16, 0.02, 0.12, 3.0), (3, 64, 0.28, 0.04, 0.21, 6.0), (4, 64, 0.45, 0.1, 0.38, 9.0),
        )
    ),
    Comparison(
        f"{NAME}.first-step-start-fades",
        "what the start in between leaves in the output after the first step of IP-LLR falls like m^(-1/2), two hidden layers",
        keep, fading, gaps_of_starts, of_gap, 0.25, "half of the gap between exponents, 1/2", seconds=2.0,
    ),
    Comparison(
        f"{NAME}.kernel-to-features",
        "one hidden layer, trained to 5% of the loss: features move like m^(-r), from NTK over half way to the mean field",
        keep, by_start, features_by_start, worst, 0.125, "half of the gap between exponents, 1/4", seconds=3.0,
    ),
    Comparison(
        f"{NAME}.lazy-scale",
        "one hidden layer, mean field times alpha, trained to 5% of the loss: features move like 1/alpha",
        keep, by_scale, features_by_scale, of_scale, 0.1,
        "alpha from 4 on: the next order, 1/alpha^2, changes the slope by about 1/4 / log(64)", seconds=2.0,
    ),
)  # fmt: skip

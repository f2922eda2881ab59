"""What is exact at every width: the hybrid of muP is IP-LLR; the chain, as a flow and step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ...numerics.curve import Curve
from ...numerics.parameterizations import Draw, State, draw, escape_times, settled, train
from ...theory.parameterizations.letters import L as DEPTH
from ...theory.parameterizations.letters import m, p, rate, u
from ...theory.parameterizations.scalings import Scaling, named, spread
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import NAME, keep

# ---- the hybrid of muP

CASES = tuple((depth, degree) for depth in (2, 3, 4, 6) for degree in (Fraction(1), Fraction(3, 2), Fraction(2)))
STEPS = 3


@dataclass(frozen=True, eq=False)
class Tamed:
    """A draw and steps with which three steps of the hybrid stay near size one: powers up to ``p^L = 64`` forgive nothing."""

    drawn: Draw
    eta: tuple[float, ...]


def hybrid(drawn: Draw, depth: int, degree: Fraction, eta: tuple[float, ...], steps: int = STEPS) -> tuple[State, ...]:
    """One step of muP, then its intermediate start shrunk, then muP."""
    return train(named("mup", depth), drawn, steps, p=float(degree), eta=eta, shrink=0.5)


def tame(drawn: Draw, depth: int, degree: Fraction) -> Tamed:
    """First step: by bisection, so that the last hidden layer moves to size one; later steps: halved until they change
    the output by a factor of two at most."""
    drawn = settled(drawn, p=float(degree))
    low, high = -6.0, 4.0
    with np.errstate(all="ignore"):
        while high - low > 1e-3:
            middle = (low + high) / 2
            size = np.abs(hybrid(drawn, depth, degree, (10**middle,), 1)[1].h[depth - 1]).mean()
            low, high = (middle, high) if size < 1 else (low, middle)
        first = later = 10**low
        while True:
            f = [np.abs(state.output).max() for state in hybrid(drawn, depth, degree, (first, later))]
            if max(f[2:]) <= 2 * f[1] and min(f[2:]) >= f[1] / 2:
                return Tamed(drawn, (first, later))
            later /= 2


def draws(seed: np.random.SeedSequence) -> tuple[Tamed, ...]:
    generators = (np.random.default_rng(one) for one in seed.spawn(len(CASES)))
    return tuple(tame(draw(depth, 96, rng), depth, degree) for (depth, degree), rng in zip(CASES, generators))


def outputs(tamed: tuple[Tamed, ...], make: Callable[[int, Any], Scaling], shrink: float) -> Curve:
    """Outputs after each of three steps, by case."""
    found = []
    for one, (depth, degree) in zip(tamed, CASES):
        with np.errstate(all="ignore"):  # muP itself may leave the range of floats, see `relative`
            states = train(make(depth, degree), one.drawn, STEPS, p=float(degree), eta=one.eta, shrink=shrink)
        found.append([state.output for state in states[1:]])
    axes = (("case", np.arange(len(CASES))), ("step", np.arange(1, STEPS + 1)))
    return Curve(axes, (("output", np.array(found)),))


def by_book(tamed: tuple[Tamed, ...], book: Book) -> Curve:
    """Integrable parameterizations with the first rates of the book."""

    def scaling(depth: int, degree: Any) -> Scaling:
        ip = named("ip", depth)
        outer, inner = (
            book.formula(f"{NAME}.{id}").value.subs([(DEPTH, depth), (p, degree)]).doit()
            for id in ("ip-llr-outer", "ip-llr-inner")
        )
        return Scaling("ip-llr", ip.a, ip.b, spread((outer, inner, outer), depth), ip.c)

    return outputs(tamed, scaling, 0.0)


def gaps_of(theory: Curve, observed: Curve) -> Any:
    """Largest difference of the outputs over the largest output, by case and step; two where one has left the range of floats."""
    one, other = theory["output"], observed["output"]
    largest = np.maximum(np.abs(one).max(axis=2), np.abs(other).max(axis=2))
    gaps = np.abs(one - other).max(axis=2) / largest  # at most two, however different they are
    return np.where(np.isfinite(largest), gaps, 2.0)


def relative(theory: Curve, observed: Curve) -> Measured:
    """Largest difference over cases and steps."""
    gaps = gaps_of(theory, observed)
    case, step = np.unravel_index(int(np.argmax(gaps)), gaps.shape)
    return Measured(float(gaps[case, step]), detail=f"at L = {CASES[case][0]}, p = {CASES[case][1]}, step {step + 1}")


def least(theory: Curve, observed: Curve) -> Measured:
    """Difference after the first step in the case in which it is smallest."""
    gaps = gaps_of(theory, observed)[:, 0]
    case = int(np.argmin(gaps))
    return Measured(float(gaps[case]), detail=f"at L = {CASES[case][0]}, p = {CASES[case][1]}, step 1")


# ---- escape of the chain

DEPTHS = (2, 3, 4)
CHAIN_WIDTHS = (1e1, 1e2, 1e4)
WORDS = {2: "two", 3: "three", 4: "four"}


def exact_times(_: Any, book: Book) -> Curve:
    times = [
        [
            float(book.formula(f"{NAME}.chain-time-{WORDS[depth]}").value.subs({u: 1, rate: 1, m: int(width)}).evalf())
            for width in CHAIN_WIDTHS
        ]
        for depth in DEPTHS
    ]
    return Curve((("L", np.array(DEPTHS)), ("width", np.array(CHAIN_WIDTHS))), (("time", np.array(times)),))


def integrated(_: Any) -> Curve:
    from ...theory.parameterizations.chain import CHAIN

    times = np.array([escape_times(CHAIN, depth, CHAIN_WIDTHS) for depth in DEPTHS])
    return Curve((("L", np.array(DEPTHS)), ("width", np.array(CHAIN_WIDTHS))), (("time", times),))


def largest_gap(theory: Curve, observed: Curve) -> Measured:
    gaps = np.abs(observed["time"] / theory["time"] - 1)
    return Measured(float(gaps.max()))


DEEP_WIDTHS = (1e6, 1e7, 1e8)


def deep(_: Any, book: Book) -> Curve:
    """Leading order with five hidden layers."""
    claim = book.formula(f"{NAME}.escape-deep").value
    times = [float(claim.subs({DEPTH: 5, rate: 1, m: int(width)})) for width in DEEP_WIDTHS]
    return Curve((("width", np.array(DEEP_WIDTHS)),), (("time", np.array(times)),))


def deep_integrated(_: Any) -> Curve:
    from ...theory.parameterizations.chain import CHAIN

    return Curve((("width", np.array(DEEP_WIDTHS)),), (("time", escape_times(CHAIN, 5, DEEP_WIDTHS)),))


COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        f"{NAME}.hybrid",
        "IP-LLR is muP for one step and then shrinks its intermediate start: L = 2, 3, 4, 6 with p = 1, 3/2, 2, width 96",
        draws,
        by_book,
        lambda tamed: outputs(tamed, lambda depth, degree: named("mup", depth), 0.5),
        relative,
        1e-11,
        "rounding, 1e-16 times the sums over the width, and powers of every size up to p^L = 64",
        seconds=1.0,
    ),
    Comparison(
        f"{NAME}.not-mup",
        "IP-LLR is not muP: without the shrinking the outputs differ",
        draws,
        by_book,
        lambda tamed: outputs(tamed, lambda depth, degree: named("mup", depth), 0.0),
        least,
        0.1,
        "muP keeps its intermediate start, a factor m^(1/2) larger in every layer",
        expect=Expect.BREAKS,
        seconds=1.0,
    ),
    Comparison(
        f"{NAME}.chain-times",
        "exact times of the chain against its integrated flow, L = 2, 3, 4, width up to 1e4",
        keep,
        exact_times,
        integrated,
        largest_gap,
        1e-8,
        "tolerance 1e-11 of the integrator, times the growth from m^(-1/2)",
        seconds=2.0,
    ),
    Comparison(
        f"{NAME}.escape-orders",
        "leading order of the escape with five hidden layers against the integrated flow, width 1e6 to 1e8",
        keep,
        deep,
        deep_integrated,
        largest_gap,
        2e-5,
        "the next term is of order log(m)/m over the leading one: 1.4e-5 at 1e6",
        seconds=1.0,
    ),
)

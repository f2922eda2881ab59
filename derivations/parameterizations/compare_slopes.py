"""Exponents against slopes measured over the width: parameterizations, activations, depths, means and biases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...numerics.curve import Curve
from ...numerics.parameterizations import Run, coordinate_checks, name_of
from ...theory.parameterizations.calculus import table
from ...theory.parameterizations.scalings import Scaling, named, spread
from ..chain import Book
from ..compare import Comparison, Expect
from .compare_tools import NAME, at, exponents, joined, keep, recursion, speed, worst

WIDTHS = (128, 256, 512, 1024)
POINTS = ("ntk", "sp", "mup", "ip")
ACTIVATIONS = ("relu", "tanh", "gelu", "elu", "linear")
UNALIGNED = ("linear", "tanh", "elu", "gelu")
GAP = "exponents are multiples of 1/2: half of a gap, so that no other exponent is as near"
Theory = Callable[[Any, Book], Curve]


def side_by_side(
    runs: Mapping[str, Run], draws: int, samples: int = 4, steps: int = 1
) -> Callable[[np.random.SeedSequence], Curve]:
    """Coordinate checks of several networks on the same draws; labels of one sign, so that samples do not cancel."""
    chi = (-1.0,) * samples
    return lambda seed: joined(
        coordinate_checks(runs, WIDTHS, seed, draws=draws, steps=steps, dtype=np.float32, chi=chi)
    )


def of_ip(book: Book, L: int) -> dict[str, Any]:
    """Integrable parameterizations by the formulas of the book."""
    values: dict[str, Any] = {name_of("Dh", 1, 1): at(book, "ip-first-layer-update", L)}
    for layer in range(1, L + 1):
        forward = at(book, "ip-forward", L, layer)
        values |= {name_of("h", layer, 0): forward, name_of("dh", layer, 0): at(book, "ip-backward", L, layer)}
        if layer > 1:
            values[name_of("Dh", layer, 1)] = forward + at(book, "ip-relative-update", L)
    if L >= 3:
        values[name_of("Dh", L + 1, 1)] = at(book, "ip-output-update", L)
    return values


def of_points(L: int) -> Theory:
    """The recursion, and the formulas of the book where it has them; every activation."""

    def theory(_: Any, book: Book) -> Curve:
        found: dict[str, Any] = {}
        for point in POINTS:
            scaling = named(point, L)
            for activation in ACTIVATIONS:
                values = recursion(scaling, activation)
                values |= of_ip(book, L) if point == "ip" else {name_of("Dh", L, 1): speed(scaling, book)}
                found |= {f"{point} {activation}: {column}": value for column, value in values.items()}
        return exponents(found)

    return theory


def points(L: int, seconds: float) -> Comparison:
    runs = {f"{point} {one}": Run(named(point, L), one, eta=0.1) for point in POINTS for one in ACTIVATIONS}
    return Comparison(
        f"{NAME}.slopes-depth-{L}",
        f"sizes of everything against the width: NTK, SP, muP, IP with five activations, {L} hidden layers, one step",
        keep,
        of_points(L),
        side_by_side(runs, 32, 1),
        worst,
        0.25,
        GAP,
        seconds=seconds,
    )


def llr(book: Book, L: int) -> Scaling:
    """IP with the first rates of the book."""
    ip = named("ip", L)
    outer, inner = (at(book, id, L) for id in ("ip-llr-outer", "ip-llr-inner"))
    return Scaling("ip-llr", ip.a, ip.b, spread((outer, inner, outer), L), ip.c)


def of_aligned(L: int) -> Theory:
    """Layers in between after the first step of IP-LLR, aligned."""

    def theory(_: Any, book: Book) -> Curve:
        found = table(llr(book, L), steps=1)
        return exponents({f"ip-llr: {name_of('h', l, 1)}": found.value("h", l, 1) for l in range(2, L + 1)})

    return theory


def of_unaligned(L: int) -> Theory:
    """The same for activations that are linear near zero."""

    def theory(_: Any, book: Book) -> Curve:
        values = {name_of("Dh", l, 1): at(book, "ip-llr-unaligned", L, l) for l in range(2, L + 1)}
        return exponents({f"{one}: {column}": value for one in UNALIGNED for column, value in values.items()})

    return theory


def as_aligned(_: Any, book: Book) -> Curve:
    """The aligned exponent of the deepest hidden layer, where it does not apply."""
    column = name_of("h", 3, 1)
    return exponents({f"tanh: {column}": table(llr(book, 3), steps=1).value("h", 3, 1)})


def of_mean(L: int) -> Theory:
    """IP with a mean: derivatives, and what differs between neurons."""

    def theory(_: Any, book: Book) -> Curve:
        values: dict[str, Any] = {}
        for activation, spread_of in (("relu", "mean-spread"), ("tanh", "mean-spread-odd")):
            for l in range(1, L + 1):
                values[f"{activation}: {name_of('dh', l, 0)}"] = at(book, "mean-backward", L, l)
                if l > 1:
                    values[f"{activation}: {name_of('sh', l, 0)}"] = at(book, spread_of, L, l)
        return exponents(values)

    return theory


def of_bias(L: int) -> Theory:
    """Unscaled biases: derivatives, and what differs between samples; the first change with the rates of the book."""

    def theory(_: Any, book: Book) -> Curve:
        found = table(biased(book, L), "tanh", steps=1)
        values: dict[str, Any] = {}
        for activation in ("relu", "tanh"):
            for l in range(1, L + 1):
                values[f"{activation}: {name_of('vh', l, 0)}"] = at(book, "bias-samples", L, l)
                values[f"{activation}: {name_of('dh', l, 0)}"] = at(book, "bias-backward", L, l)
                values[f"{activation}: {name_of('Dh', l, 1)}"] = found.value("Dh", l, 1)
        return exponents(values)

    return theory


def biased(book: Book, L: int) -> Scaling:
    """IP with biases and the first rates of the book."""
    ip = named("ip-llr-bias", L)
    inner = [at(book, "bias-rate-inner", L, l) for l in range(2, L + 1)]
    first = (at(book, "bias-rate-first", L), *inner, ip.c[-1])
    return replace(ip, c=first, bias=(*(at(book, "bias-rate", L, l) for l in range(1, L + 1)), ip.bias[-1]))  # type: ignore[index]


def mean_runs(L: int) -> dict[str, Run]:
    return {one: Run(named("ip", L), one, eta=0.3, mean=1.0) for one in ("relu", "tanh")}


def bias_runs(L: int) -> dict[str, Run]:
    return {one: Run(named("ip-llr-bias", L), one, eta=1.0) for one in ("relu", "tanh")}


def unaligned(L: int, bound: float, because: str) -> Comparison:
    runs = {one: Run(named("ip-llr", L), one, eta=1.0, gain=0.5) for one in UNALIGNED}
    return Comparison(
        f"{NAME}.llr-unaligned-{L}",
        f"IP-LLR with activations that are linear near zero: layer l after the first step like m^(-(l-2)/2), {L} hidden layers",
        keep,
        of_unaligned(L),
        side_by_side(runs, 48, 8),
        worst,
        bound,
        because,
        seconds=8.0,
    )


COMPARISONS: tuple[Comparison, ...] = (
    points(2, 5.0),
    points(3, 7.0),
    points(4, 10.0),
    Comparison(
        f"{NAME}.llr-aligned",
        "IP-LLR with ReLU: layers in between have size one after the first step, three hidden layers",
        keep,
        of_aligned(3),
        side_by_side({"ip-llr": Run(named("ip-llr", 3), eta=4.0)}, 16),
        worst,
        0.5,
        "1/2 is what each random sum would cost; finite widths still differ (small constants), see first-step-of-mup for the proof",
        seconds=2.5,
    ),
    unaligned(3, 0.25, GAP),
    unaligned(4, 0.25, GAP),
    Comparison(
        f"{NAME}.llr-tanh-is-not-aligned",
        "IP-LLR with tanh: the deepest hidden layer vanishes, the aligned exponent is wrong",
        keep,
        as_aligned,
        side_by_side({"tanh": Run(named("ip-llr", 3), "tanh")}, 12),
        worst,
        0.25,
        "products of activations have no mean: the exponent is -1/2, not 0",
        expect=Expect.BREAKS,
        seconds=2.0,
    ),
    Comparison(
        f"{NAME}.mean",
        "IP whose weights have a mean: derivatives, and what differs between neurons, ReLU and tanh, four hidden layers",
        keep,
        of_mean(4),
        side_by_side(mean_runs(4), 24, steps=0),
        worst,
        0.25,
        GAP,
        seconds=2.0,
    ),
    Comparison(
        f"{NAME}.biases",
        "IP-LLR with unscaled biases: derivatives, what differs between samples, first change, ReLU and tanh, four hidden layers",
        keep,
        of_bias(4),
        side_by_side(bias_runs(4), 12),
        worst,
        0.25,
        GAP,
        seconds=3.0,
    ),
)

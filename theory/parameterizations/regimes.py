"""Which limit a scaling has: vanishing start, unstable, trivial, kernel, feature learning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .calculus import Activation, table
from .scalings import Scaling, degree_of, named


class Kind(StrEnum):
    """What remains of training at infinite width."""

    VANISHING = "vanishing start"
    UNSTABLE = "unstable"
    TRIVIAL = "trivial"
    KERNEL = "kernel"
    FEATURES = "feature learning"


@dataclass(frozen=True)
class Regime:
    """Result of `classify`.

    Parameters
    ----------
    kind : the class; a vanishing start does not say that nothing moves later: see ``moves``.
    r : ``min(A, K of the output) - 1 + min(K + [first layer])``: features move like ``m^{-r}`` from a start of size one.
    because : the condition that decides, with its numbers.
    moves : exponent of the change of the output after two steps.
    """

    kind: Kind
    r: Any
    because: str
    moves: Any


def feature_speed(scaling: Scaling) -> Any:
    """The exponent ``r``, with the rates that stay (of IP-LLR: those from the second step on)."""
    A, K = scaling.A, scaling.K(1)
    hidden = [K[l] + (1 if l == 0 else 0) for l in range(scaling.L)]
    return min(A[-1], K[-1]) - 1 + min(hidden)


def classify(scaling: Scaling, activation: Any = "relu", centred: bool = True) -> Regime:
    """The limit of infinite width.

    Parameters
    ----------
    scaling : exponents, numbers.
    activation, centred : as for `table`; a number is the degree of an aligned activation.

    Returns
    -------
    Regime

    Raises
    ------
    ValueError : exponents that are not numbers.
    """
    if not all(value.is_Rational for value in (*scaling.A, *scaling.K(0), *scaling.K(1))):
        raise ValueError(f"scaling: {scaling.name} has symbolic exponents; rational numbers are needed")
    found = table(scaling, activation, steps=2, centred=centred)
    L, r = scaling.L, feature_speed(scaling)
    moves = found.value("Dh", L + 1, 2)

    def made(kind: Kind, because: str) -> Regime:
        return Regime(kind, r, because, moves)

    start = {l: found.value("h", l) for l in range(1, L + 2)}
    for l, value in start.items():
        if value > 0:
            return made(Kind.UNSTABLE, f"h of layer {l} starts like m^({value})")
        if value < 0 and l <= L:
            return made(Kind.VANISHING, f"h of layer {l} starts like m^({value})")
    if r < 0:
        return made(Kind.UNSTABLE, f"r = {r} < 0: features grow without bound")
    if scaling.K(1)[-1] < 1:
        return made(Kind.UNSTABLE, f"K of the output = {scaling.K(1)[-1]} < 1: its update makes the output blow up")
    if scaling.A[-1] + r < 1:
        return made(Kind.UNSTABLE, f"A of the output + r = {scaling.A[-1] + r} < 1: moving features make it blow up")
    if scaling.A[-1] + r > 1 and scaling.K(1)[-1] > 1:
        return made(Kind.TRIVIAL, f"A + r = {scaling.A[-1] + r} and K = {scaling.K(1)[-1]} of the output exceed 1")
    if r == 0:
        return made(Kind.FEATURES, "r = 0")
    return made(Kind.KERNEL, f"r = {r} > 0")


def trivial_depth(p: Any, deepest: int = 6, steps: int = 3) -> int:
    """Least number of hidden layers from which integrable parameterizations stay at their start.

    Parameters
    ----------
    p : degree of an aligned activation, at least one.
    deepest : the largest number of hidden layers that is tried.
    steps : number of updates at which the output has to vanish.

    Returns
    -------
    int : from it on, the output vanishes after each of the steps.

    Raises
    ------
    ValueError : p below one; no such depth up to ``deepest``.
    """

    p = degree_of(p)
    if not p.is_Rational or p < 1:
        raise ValueError(f"p: {p}; a rational degree of at least one is needed")
    least = None
    for L in range(1, deepest + 1):
        found = table(named("ip", L), Activation("relu^p", p), steps)
        vanishes = all(found.value("h", L + 1, t) < 0 for t in range(steps + 1))
        least = (least or L) if vanishes else None
    if least is None:
        raise ValueError(f"deepest: {deepest}; the output does not vanish at this depth, try more layers")
    return least

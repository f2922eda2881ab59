"""Why the times of learning have their constants: phases matched to each other, and a scaling symmetry."""

from __future__ import annotations

from typing import Any

from sympy import Integer, Rational, S, Sum, Symbol, exp, factor, oo, powdenest, sqrt

from ...theory.indices import put
from ...theory.matching import match
from ...theory.time_scales.entry import mu, nu
from ...theory.time_scales.equations import mean
from ...theory.time_scales.inner import F, g, k_two, kappa, lag, left, v
from ...theory.time_scales.law import (
    MEAN,
    V_0,
    T_two,
    alpha,
    before,
    blow_up,
    c,
    kappa_1,
    mean_start,
    pure,
    starts,
    t_1,
    t_before,
)
from ...theory.time_scales.letters import A, E, T, eps, i, phi, residual, sigma, t
from ...theory.time_scales.letters import S as OVERLAP
from ...theory.time_scales.letters import degree as l
from ...theory.time_scales.theta import A_mean, S_mean, theta, zeta
from ..chain import Book, Derivation, Derivative, Identity, Limit, Step
from .entry import folded
from .equations import at
from .exponents import SEVERAL

scale = Symbol("mu", positive=True)


def value(book: Book, id: str) -> Any:
    return book.formula(f"time-scales.{id}").value


# ---- phase 0, and its match with the entry of phase 1


def relaxes(book: Book) -> Derivative:
    """Weights along phase 0; the error of degree 0 is that of their mean."""
    weights = value(book, "phase-zero-weights")
    error = phi[0] - sigma[0] * (weights - alpha[i])  # the mean of alpha is zero
    rate = book.system("time-scales.phase-zero").rate(A[i]).xreplace({E[0]: error})
    return Derivative(at(weights), T, at(rate))


def drifts(book: Book) -> Derivative:
    """Overlaps along phase 0."""
    rate = book.system("time-scales.phase-zero").rate(OVERLAP[i])
    return Derivative(
        at(value(book, "phase-zero-overlaps")), T, at(put(rate, ((A[i], value(book, "phase-zero-weights")),)))
    )


def starting(book: Book, id: str, claimed: Any) -> Identity:
    return Identity(at(value(book, id).subs(T, 0)), at(claimed))


c_1 = sigma[1] * phi[1]


def entry_of_one(book: Book, id: str, clock: Any) -> Any:
    """Weights or overlaps before degree 1 is learned: the growth is linear in time; units of the entry."""
    special = {A_mean: MEAN, S_mean: S.Zero, zeta[i]: S.Zero, theta: c_1 * clock}
    return at(value(book, id).xreplace(special))


def zero_to_one(book: Book, what: str) -> Identity:
    """Late phase 0 against the early entry of phase 1; the exponential of phase 0 is beyond all powers there."""
    clock = Symbol("T_1", positive=True)
    late = at(value(book, f"phase-zero-{what}").xreplace({exp(-(sigma[0] ** 2) * T): S.Zero}))
    early = entry_of_one(book, f"phase-one-{what}", clock).xreplace({clock: t / sqrt(eps)})
    units = {"weights": (S.One, S.One), "overlaps": (eps, sqrt(eps))}[what]
    return Identity(match(units[0] * late, units[1] * early, t, {T: t / eps}, eps).residual, S.Zero)


# ---- phase 1, from its entry to its end


def means(body: Any) -> Any:
    """Means of the centred weights at the start: zero and the variance."""
    return {alpha[i]: S.Zero, alpha[i] ** 2: V_0, S.One: S.One}.get(body, Symbol(f"mean of {body}"))


def learns(book: Book, item: Any) -> Derivative:
    """Weights and overlaps are equal on the ray; means of the start put in."""
    path = value(book, "saturation")
    system = book.system("time-scales.phase-one")
    both = ((A[i], path), (OVERLAP[i], path))
    error = folded(put(dict(system.let)[residual[1]], both), means)
    rate = put(system.rate(item), both).replace(lambda x: isinstance(x, Sum), lambda x: folded(x, means))
    rate = rate.xreplace({residual[1]: error}).xreplace({phi[1]: sigma[1] * kappa})
    return Derivative(at(path), T, at(rate.xreplace({sigma[1]: sqrt(c / kappa)})))


def half(book: Book) -> Identity:
    """Moment at time zero."""
    path = value(book, "saturation").xreplace({T: S.Zero})
    return Identity(folded(mean(path**2), means), kappa / 2)


def early_end(book: Book) -> Limit:
    """The logistic at its early end, its exponential divided out; ``z`` is ``exp(c T)``."""
    z = Symbol("z", positive=True)
    path = at(value(book, "saturation")).xreplace({exp(-2 * c * T): z**-2})
    return Limit(path / z, z, 0, at(value(book, "start-of-phase-two")))


def grows_out(book: Book) -> Identity:
    """The growing exponential of the entry of phase 1 against that end, its time counted from ``t_1``."""
    clock = Symbol("T_1", real=True)
    entry = at(value(book, "phase-one-weights")).xreplace({A_mean: S.Zero, zeta[0]: S.Zero}).rewrite(exp)
    growing = entry.expand().xreplace({exp(-theta): S.Zero}).xreplace({theta: c * clock})
    shift = value(book, "half-time-one") / sqrt(eps)
    end = eps ** Rational(-1, 4) * at(value(book, "start-of-phase-two")) * exp(c * (clock - shift))
    return Identity(growing, end)


# ---- degree two and more


def scaled(book: Book, degree: int, item: Any) -> Identity:
    """Rates of a phase entry at ``scale`` times a state and drive ``g``, in the stretched time, against drive one."""
    rate, stretched = rates(book, degree, item, scale, scale, g)
    clock = value(book, "blow-up-time").xreplace({l: Integer(degree)}).xreplace({before: scale**degree}) / pure
    return Identity(stretched * clock, scale * rate)


def rates(book: Book, degree: int, item: Any, weight: Any, overlap: Any, drive: Any) -> tuple[Any, Any]:
    """Rate of an item before a degree is learned, and the same for stretched weights and overlaps and another drive.

    The drive is one in the first. Definitions stay letters: the second writes each as its stretched value over its value,
    times its letter; means of powers stretch by themselves.
    """
    system = book.system(f"time-scales.phase-{'two' if degree == 2 else 'three'}-entry")
    one = {phi[degree]: 1 / sigma[degree]}
    swap = {A[i]: weight * A[i], OVERLAP[i]: overlap * OVERLAP[i]}
    swap |= {letter: overlap**q * letter for q, letter in enumerate(mu)}
    swap |= {letter: weight**2 * overlap**q * letter for q, letter in enumerate(nu)}

    def stretch(expression: Any) -> Any:
        return expression.xreplace({**swap, phi[degree]: drive / sigma[degree]})

    for letter, definition in system.let:
        if not definition.has(Sum):
            swap[letter] = factor(stretch(definition) / definition.xreplace(one)) * letter
    rate = system.rate(item)
    return at(rate.xreplace(one)), at(stretch(rate))


def mirrored(book: Book, degree: int, item: Any, flip: str) -> Identity:
    """Weights or overlaps with the other sign, and the drive with its sign: the same motion."""
    weight, overlap = (-1, 1) if flip == "weights" else (1, -1)
    rate, stretched = rates(book, degree, item, Integer(weight), Integer(overlap), Integer(weight * overlap**degree))
    return Identity(stretched, (weight if item == A[i] else overlap) * rate)


def moment_scale(book: Book, degree: int) -> Identity:
    """The moment of the last learned degree is ``scale**l``: so the scale is a root of it."""
    moment = A[i] * OVERLAP[i] ** (degree - 1)
    return Identity(moment.xreplace({A[i]: scale * A[i], OVERLAP[i]: scale * OVERLAP[i]}), scale**degree * moment)


ENTRIES = tuple((degree, item) for degree in (2, 3) for item in (A[i], OVERLAP[i]))
root = Symbol("y", positive=True)


def tail(book: Book) -> Identity:
    """Moment of the inner law where only the pole of its antiderivative counts, against the blow-up law."""
    pole = value(book, "inner-law").xreplace({F: -(v ** (1 - l)) / (l - 1)}).xreplace({kappa: root ** (l + 1)})
    law = powdenest(value(book, "blow-up-law").xreplace({left: powdenest(pole)}))
    return Identity(law, root ** (l + 1) * v ** (l + 1), assuming=(l >= 2, v < 1))


def origin(book: Book, degree: Any) -> Identity:
    """Entry and inner layer in the units of the network, each in its own time, a time ``u`` before the formal blow-up."""
    u = Symbol("u", positive=True)
    law = value(book, "blow-up-law").xreplace({l: degree})
    entry_time, inner_time = eps ** (1 / (2 * degree)), eps ** (1 / (degree + 1))
    blown = t_before + blow_up * entry_time
    claimed = value(book, "half-time").xreplace({l: degree}) + lag * inner_time
    outer = eps ** (1 / (2 * degree)) * law.xreplace({left: u / entry_time})
    inner = law.xreplace({left: (u + claimed - blown) / inner_time})
    power = -(degree - 1) / (degree + 1)
    return Identity(inner**power, outer**power)


def of_two(book: Book) -> Identity:
    """The general law with the scaling of the blow-up time, for degree 2."""
    time = value(book, "blow-up-time").xreplace({pure: T_two, before: kappa_1})
    whole = value(book, "half-time").xreplace({blow_up: time, lag: k_two, t_before: t_1})
    return Identity(value(book, "half-time-two"), whole.xreplace({l: Integer(2)}))


def both(what: str, id: str, shows: Any) -> tuple[Step, ...]:
    return (
        Step(f"{what} along phase 0", shows),
        Step("its late end is the early end of the entry of phase 1", lambda book: zero_to_one(book, id)),
    )


DERIVATIONS = (
    Derivation(
        "time-scales.phase-zero-weights",
        (
            *both("weights", "weights", relaxes),
            Step("the start", lambda book: starting(book, "phase-zero-weights", mean_start + alpha[i])),
        ),
    ),
    Derivation(
        "time-scales.phase-zero-overlaps",
        (
            *both("overlaps", "overlaps", drifts),
            Step("the start", lambda book: starting(book, "phase-zero-overlaps", starts[i])),
        ),
    ),
    Derivation(
        "time-scales.saturation",
        (
            Step("it solves phase 1: weights", lambda book: learns(book, A[i])),
            Step("it solves phase 1: overlaps", lambda book: learns(book, OVERLAP[i])),
            Step("half of degree 1 is learned at time zero", half),
        ),
    ),
    Derivation(
        "time-scales.start-of-phase-two",
        (
            Step(
                "late end of phase 1",
                lambda book: Limit(at(value(book, "saturation")), T, oo, at(value(book, "start-of-phase-two"))),
            ),
            Step("the same constant at the early end", early_end),
            Step("where the growing part of the entry arrives, its time counted from $t_1$", grows_out),
        ),
    ),
    Derivation(
        "time-scales.blow-up-time",
        (
            Step(
                "weights and overlaps stretched, time shrunk by the claimed factor: the same flow",
                lambda book, case: scaled(book, *case),
                cases=ENTRIES,
                scope="l = 2, 3",
            ),
            Step("the learned moment fixes the stretch", moment_scale, cases=(2, 3), scope="l = 2, 3"),
            Step(
                "the sign of the learned moment does not matter: reflected overlaps",
                lambda book, case: mirrored(book, case[0], case[1], "overlaps"),
                cases=ENTRIES,
                scope="l = 2, 3",
            ),
            Step(
                "reflected weights and drive",
                lambda book, case: mirrored(book, case[0], case[1], "weights"),
                cases=ENTRIES,
                scope="l = 2, 3",
            ),
        ),
    ),
    Derivation(
        "time-scales.half-time",
        (
            Step("the early end of the inner law is the blow-up law of the entry", tail),
            Step(
                "both hold at once if the inner time is counted from the formal blow-up",
                origin,
                cases=SEVERAL[1:],
                scope="l = 2..6",
            ),
        ),
    ),
    Derivation("time-scales.half-time-two", (Step("the general law with the scaling of its constants", of_two),)),
)

"""Why phase 1 at finite width and dimension is as stated: the damped flow, its linear solution, and the time of degree 1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Poly, Rational, Sum, Symbol, exp, expand, log, sqrt, tanh
from sympy import S as NUMBERS

from ...theory.indices import put
from ...theory.time_scales.equations import mean
from ...theory.time_scales.finite import V_eff, d, damping, down, now_s, power, sign, start_a, start_s, up
from ...theory.time_scales.letters import A, E, e_of, eps, i, m, phi, rest, sigma, t
from ...theory.time_scales.letters import S as OVERLAP
from ...theory.time_scales.phases import SCALES, of_degree
from ...theory.time_scales.theta import V_0, C, S_mean, V, Z, alpha, b, c, clock, kappa, t_1, theta, zeta
from ..chain import Book, Derivation, Derivative, Identity, Limit, Rate, SlowReduction, Step
from .entry import folded
from .equations import at
from .theta import CENTRE, SPECIAL, growth

self_weight = Symbol("n_self", positive=True)
time = Symbol("y", real=True)
half = Rational(1, 2)


def damped(book: Book, top: int) -> SlowReduction:
    """Phase 1 before degree 1 is learned from the diagonal system of degrees 0 to ``top``.

    One over the width, where it multiplies the own overlap, is a letter of size ``eps**(1/2)``.
    """
    wide = of_degree(book.system("time-scales.diagonal"), top)
    above = {1 / m: self_weight, rest: power - sum(sigma[n] ** 2 for n in range(1, top + 1))}
    words = (*wide.meaning, (self_weight, "one over the width, in the own overlap"), (power, "mean square, centred"))
    full = replace(wide, equations=tuple((item, rate.xreplace(above)) for item, rate in wide.equations), meaning=words)
    pull = sigma[1] * phi[1] * mean(OVERLAP[i]) - damping * power * mean(A[i])
    return SlowReduction(
        full, e_of[:1], (*SCALES["phase-one-entry"], (self_weight, sqrt(eps) * damping)), eps,
        book.system("time-scales.phase-one-finite"),
        fast=((E[0], -pull / sigma[0], half),), keeps=(phi[0] - sigma[0] * mean(A[i]),), order=half,
    )  # fmt: skip


def value(book: Book, id: str) -> Any:
    return book.formula(f"time-scales.{id}").value


def moment_grows(book: Book, side: int) -> Limit:
    """Moment of phase 1 far out: a quarter of the effective variance times an exponential ``1/x**2``."""
    x = Symbol("x", positive=True)
    moment = value(book, "phase-one-moment").rewrite(exp).expand().xreplace({theta: -side * log(x)})
    wanted = side * value(book, "effective-variance").xreplace({sign: NUMBERS(side)}) / 4
    return Limit(expand(moment * x**2), x, NUMBERS.Zero, wanted)


def is_variance(book: Book, side: int) -> Identity:
    """The effective variance is the variance of weight plus signed overlap."""
    starts = dict(CENTRE)
    values = {
        V: mean(starts[alpha[i]] ** 2),
        Z: mean(starts[zeta[i]] ** 2),
        C: mean(starts[alpha[i]] * starts[zeta[i]]),
    }
    whole = value(book, "effective-variance").xreplace({sign: NUMBERS(side)}).xreplace(values)
    return Identity(whole, mean(put(alpha[i] + side * zeta[i], CENTRE) ** 2))


def leading(expression: Any, power: int) -> Any:
    """Coefficient of ``exp(power*theta)``."""
    return expression.rewrite(exp).expand().coeff(exp(power * theta))


def ends(book: Book, what: tuple[str, int]) -> Identity:
    """Growing part of a weight or an overlap where the scalar equation rests, far out, against the end state."""
    id, side = what
    rate = book.system("time-scales.theta").rate(theta).xreplace({phi[1]: side * kappa * sigma[1]})
    # far out the rate is its constant part plus a multiple of exp(2|theta|): both cancel at rest
    squared = -side * sigma[1] ** 2 * kappa / leading(rate, 2 * side)
    end = at(value(book, "end-of-phase-one")).xreplace({sign: NUMBERS(side)})
    wanted = end * (side if id == "phase-one-overlaps" else 1)
    # the effective variance is positive: a letter for it, instead of that of the weights
    whole = value(book, "effective-variance").xreplace({sign: NUMBERS(side)})
    swap = {V: V_eff - (whole - V)}
    grown = sqrt(expand(1 / squared).xreplace(swap).expand()) ** -1
    return Identity(leading(at(value(book, id)), side) * grown, wanted.xreplace(swap))


def flipped(book: Book) -> Identity:
    """The scalar equation with the direction of the target reversed: overlaps and degree 1 change sign."""
    rate = book.system("time-scales.theta").rate(theta)
    signs = {theta: -theta, phi[1]: -phi[1], S_mean: -S_mean, C: -C}
    return Identity(rate.xreplace(signs), -rate)


def shifted(book: Book) -> Limit:
    """Argument of ``tanh`` in the closed form at a fixed distance from the claimed time, eps to zero."""
    claimed = (value(book, "half-time-one") / sqrt(eps)).xreplace({V_0: 2 * b * kappa / (c * sqrt(eps))})
    (node,) = growth(book).atoms(tanh)
    return Limit(node.args[0].xreplace({clock: claimed + time}), b, NUMBERS.Zero, c * time)


def through_tanh(book: Book) -> Identity:
    """Exact moment in terms of that ``tanh``: ``e = (b/c) exp(2 theta)`` stays of order one."""
    grown = growth(book)
    (node,) = grown.atoms(tanh)
    q = Symbol("q", positive=True)
    exact = value(book, "phase-one-moment").xreplace({**SPECIAL, V: 2 * b * kappa / c})
    e = 1 + sqrt(1 + (b / c) ** 2) * q
    return Identity(exact.xreplace({theta: grown.xreplace({node: q})}), kappa / 2 * (e - (b / c) ** 2 / e))


def half_logistic(book: Book) -> Identity:
    """The same without ``b``."""
    wanted = value(book, "logistic-one").xreplace({t: t_1 + sqrt(eps) * time})
    return Identity(kappa / 2 * (1 + tanh(c * time)), wanted)


def grows(book: Book, id: str) -> Rate:
    """Left eigenvector of the damped flow, in rescaled time; ``x`` is the square root of ``eps``."""
    x = Symbol("x", positive=True)
    units = {eps: x**2, m: 1 / (damping * x), c: sigma[1] * phi[1]}
    rate = expand(x * value(book, id).xreplace(units))
    mode = rate * (A[0] - mean(A[i])) + sigma[1] * phi[1] * (OVERLAP[0] - mean(OVERLAP[i]))
    return Rate(book.system("time-scales.phase-one-finite"), mode, rate * mode)


def linear(book: Book, what: str) -> Any:
    """Linear solution, its rates as letters."""
    return book.formula(f"time-scales.linear-{what}").statement.args[1]


def reached(book: Book) -> Identity:
    """Growing part of the moment at the claimed time, starts independent with variances ``V_0`` and ``1/d``."""
    product = linear(book, "weights") * linear(book, "overlaps")
    grown = product.xreplace({exp(down * t): NUMBERS.Zero})
    rest_of = Poly(expand(grown * exp(-2 * up * t)), start_a, start_s)
    size = rest_of.nth(2, 0) * V_0 + rest_of.nth(0, 2) / d
    rates = book.formula("time-scales.linear-weights").let
    return Identity(size * exp(2 * up * value(book, "half-time-one-finite")), kappa, let=rates)


def undamped(book: Book) -> Limit:
    """Width and dimension to infinity, together."""
    h = Symbol("h", positive=True)
    finite = value(book, "half-time-one-finite").xreplace({m: 1 / h, d: 1 / h})
    return Limit(finite, h, NUMBERS.Zero, value(book, "half-time-one"))


def no_mean(body: Any) -> Any:
    """Means of centred weights and overlaps are zero."""
    return NUMBERS.Zero if body in (A[i], OVERLAP[i]) else Symbol(f"mean of {body}")


def centred(book: Book, item: Any) -> Any:
    """Rate of a neuron in the damped flow if the means are zero."""
    rate = at(book.system("time-scales.phase-one-finite").rate(item))
    return rate.replace(lambda x: isinstance(x, Sum), lambda x: folded(x, no_mean))


def parts_move(book: Book, item: Any) -> Rate:
    """Centred parts move like neurons whose means are zero."""
    parts = {A[0]: A[0] - mean(A[i]), OVERLAP[0]: OVERLAP[0] - mean(OVERLAP[i])}
    system = book.system("time-scales.phase-one-finite")
    return Rate(system, at(item) - mean(item), centred(book, item).xreplace(parts))


def rate_in_time(book: Book, item: Any, weight: Any, overlap: Any) -> Any:
    """That rate in the time of gradient flow, of weights and overlaps in the units of the network."""
    units = {A[0]: weight, OVERLAP[0]: overlap / sqrt(eps), damping: 1 / (m * sqrt(eps)), phi[1]: c / sigma[1]}
    return centred(book, item).xreplace(units) / (sqrt(eps) if item == A[i] else 1)


def needed(book: Book) -> Any:
    """The overlap that the equation of the weights needs along the claimed weights."""
    weights = value(book, "linear-weights")
    found = rate_in_time(book, A[i], weights, now_s)
    return now_s + (weights.diff(t) - found) / found.diff(now_s)


def bends(book: Book) -> Derivative:
    """And it moves as it should: together, the equation of second order."""
    weights = value(book, "linear-weights")
    return Derivative(needed(book), t, rate_in_time(book, OVERLAP[i], weights, needed(book)))


def starts(book: Book, id: str) -> Identity:
    begin = start_a if id == "weights" else start_s
    return Identity(value(book, f"linear-{id}").subs(t, 0), begin)


def linear_steps(id: str) -> tuple[Step, ...]:
    first = (
        (
            Step("centred weights move as if all means were zero", lambda book: parts_move(book, A[i])),
            Step("centred overlaps move as if all means were zero", lambda book: parts_move(book, OVERLAP[i])),
            Step("the overlap that the equation of the weights needs has the rate of an overlap", bends),
            Step("it starts as the overlap", lambda book: Identity(needed(book).subs(t, 0), start_s)),
        )
        if id == "weights"
        else (
            Step(
                "it is the overlap that the equation of the weights needs",
                lambda book: Identity(value(book, "linear-overlaps"), needed(book)),
            ),
        )
    )
    return (*first, Step("it starts at the start", lambda book: starts(book, id)))


SIDES = "both signs"
DERIVATIONS = (
    Derivation(
        "time-scales.phase-one-finite",
        (
            Step(
                "$t\\sim s\\sim e_0\\sim m^{-1}\\sim\\epsilon^{1/2}$ in the diagonal system: the error of degree 0 is fast",
                damped,
                cases=(1, 2),
                scope="K = 1, 2",
            ),
        ),
    ),
    Derivation(
        "time-scales.effective-variance",
        (
            Step(
                "far out the moment is a quarter of it times $e^{2|\\theta|}$", moment_grows, cases=(1, -1), scope=SIDES
            ),
            Step("it is the variance of $\\alpha_i+\\varsigma\\zeta_i$", is_variance, cases=(1, -1), scope=SIDES),
            Step("reversing the direction of the target reverses overlaps, growth and degree 1", flipped),
        ),
    ),
    Derivation(
        "time-scales.end-of-phase-one",
        (
            Step(
                "weights and signed overlaps where the scalar equation rests, the growing exponential alone being left",
                ends,
                cases=tuple((f"phase-one-{id}", side) for id in ("weights", "overlaps") for side in (1, -1)),
                scope=SIDES,
            ),
        ),
    ),
    Derivation(
        "time-scales.logistic-one",
        (
            Step("argument of tanh at a fixed distance from the claimed time", shifted),
            Step("the exact moment through tanh", through_tanh),
            Step("its value without the nonlinearity $b$", half_logistic),
        ),
    ),
    *(
        Derivation(
            f"time-scales.{id}",
            (Step("a left eigenvector of the damped flow moves at this rate", lambda book, id=id: grows(book, id)),),
        )
        for id in ("growth-rate", "decay-rate")
    ),
    *(Derivation(f"time-scales.linear-{id}", linear_steps(id)) for id in ("weights", "overlaps")),
    Derivation(
        "time-scales.half-time-one-finite",
        (
            Step("the growing part of the moment, extrapolated, is $\\kappa_1$ then", reached),
            Step("width and dimension to infinity: the time of the infinite network", undamped),
        ),
    ),
)

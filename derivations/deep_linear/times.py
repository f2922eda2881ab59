"""Why the statements about times of one mode are true."""

from __future__ import annotations

from typing import Any

from sympy import (
    Function,
    Integer,
    Sum,
    Symbol,
    cancel,
    chebyshevt,
    chebyshevu,
    cos,
    expand,
    fraction,
    log,
    minimal_polynomial,
    pi,
    rem,
    sin,
    together,
)

from ...theory.deep_linear.escape import alpha, k
from ...theory.deep_linear.letters import depth, lam, t
from ...theory.deep_linear.modes import by_roots, goal, s, s_0, tau, u, u_0, z, z_0
from ...theory.deep_linear.times import angle, approach, c_0, lower, n_terms, upper
from ..chain import Book, Derivation, Derivative, Identity, Limit, Rate, Step
from .modes import of

C, S = Symbol("C", real=True), Symbol("S", real=True)
start = Symbol("F_0", real=True)
DEPTHS = tuple(range(2, 13))
DEEP = (depth > 2,)


def simple(summand: Any) -> Any:
    """Derivative of one summand by ``u`` as a rational function of ``u`` and the cosine of its angle."""

    def cosine(turn: Any) -> Any:
        return chebyshevt(turn / (k * angle), C)

    def sine(turn: Any) -> Any:
        return S * chebyshevu(turn / (k * angle) - 1, C)

    slope = together(summand.diff(u).replace(cos, cosine).replace(sin, sine))
    return cancel(expand(fraction(slope)[0]).subs(S**2, 1 - C**2) / expand(fraction(slope)[1]).subs(S**2, 1 - C**2))


def slope(book: Book, layers: int) -> Identity:
    """The derivative as a rational function of ``u`` and the cosine of the first angle, an algebraic number."""
    one = of(book, "approach-roots")
    (pairs,) = one.statement.args[1].atoms(Sum)
    (_, first, last) = pairs.limits[0]
    lowest = minimal_polynomial(cos(2 * pi / layers), C)
    every = simple(pairs.function)
    total = sum(
        (every.subs(C, rem(chebyshevt(number, C), lowest, C)) for number in range(first, last.subs(depth, layers) + 1)),
        start=Integer(0),
    )
    slot = Function("pairs")(u)
    written = one.statement.args[1].xreplace({pairs: slot}).subs(depth, layers).diff(u).xreplace({slot.diff(u): total})
    turn = dict(one.let)[angle].subs(depth, layers)
    return Identity(
        written, u / (1 - u**layers), given=(("the cosine is algebraic", lowest),), point=((C, cos(turn)),), assuming=(u < 1,)
    )  # fmt: skip


def same_as_written(book: Book, layers: int) -> Identity:
    """The closed times state it with the angles put in."""
    one = of(book, "approach-roots")
    return Identity(one.value.subs(depth, layers).doit(), by_roots(layers, u), assuming=(u < 1,))


def geometric(book: Book) -> Identity:
    """What ``n`` terms leave out, less what one more leaves out, is the derivative of term ``n``."""
    left = of(book, "approach-rest").value
    return Identity(
        left - left.subs(n_terms, n_terms + 1), of(book, "approach-term").value.diff(u), assuming=(u < 1,)
    )  # fmt: skip


def ratio(book: Book) -> Identity:
    """The quotient of neighbouring terms is that of ``u**2/2 * 2F1(1, 2/L; 1 + 2/L; u**L)``."""
    one, n = of(book, "approach-term").value, n_terms
    upper, lower = (n + 1) * (n + 2 / depth), (n + 1 + 2 / depth) * (n + 1)
    return Identity(one.subs(n, n + 1) / one, upper / lower * u**depth)


def approach_at(book: Book, layers: int, strength: Any) -> Any:
    """Time of the approach at one depth."""
    return of(book, "approach-roots").value.subs(depth, layers).doit().subs(u, strength)


def shifted(book: Book, layers: int) -> Identity:
    """Exact time, less the leading one and the shift: what the first term of the series leaves out at ``u_0``."""
    power = (goal ** (2 - 2 / depth)).subs(depth, layers)
    lead = power * of(book, "small-start-time").value.subs(s_0, goal * u_0**depth).subs(depth, layers)
    whole = power * of(book, "small-start-shift").value.subs(depth, layers)
    exact = [-(one ** (2 - layers)) / (layers - 2) + two for one, two in ((u, approach), (u_0, start))]
    return Identity(
        exact[0] - exact[1] - lead - whole, u_0**2 / 2 - start,
        let=((start, approach_at(book, layers, u_0)), (approach, approach_at(book, layers, u))), assuming=(u < 1, u_0 < 1),
    )  # fmt: skip


def first_rest(book: Book) -> Identity:
    """Before the first term everything is left."""
    return Identity(of(book, "approach-rest").value.subs(n_terms, 0), u / (1 - u**depth), assuming=(u < 1,))


def decay_steps(id: str, strength: Any) -> tuple[Step, ...]:
    def moves(book: Book) -> Derivative:
        value = of(book, id).value
        rate = book.system("deep-linear.mode").rate(s).subs({depth: 2, lam: strength})
        return Derivative(value, t, rate.subs(s, value))

    return (
        Step("it solves the equation of the mode", moves),
        Step("it starts at $s_0$", lambda book: Identity(of(book, id).value.subs(t, 0), s_0)),
    )


def log_rate(book: Book) -> Rate:
    """Left side minus right side keeps its value along the mode."""
    left, right = of(book, "infinite-depth-log").statement.args
    return Rate(book.system("deep-linear.infinite-mode"), left.subs(z, goal / s - 1), right.diff(tau))


def leaving(book: Book, target: Any) -> Any:
    """Time at which half of the target is reached from a start of size ``alpha**2``, over ``ln(1/alpha)``."""
    when = of(book, "half-time-two-layers").value.subs(goal, target)
    return when.subs(s_0, c_0 * alpha**2) / log(1 / alpha)


DERIVATIONS = (
    Derivation(
        "deep-linear.approach-roots",
        (
            Step(
                "its derivative, with cosine and sine of the angle as algebraic numbers",
                slope,
                cases=DEPTHS,
                scope="L = 2..12",
            ),
            Step(
                "the closed times contain it with the angles put in",
                same_as_written,
                cases=DEPTHS,
                scope="L = 2..12",
            ),
            Step(
                "it is zero at zero",
                lambda book, layers: Identity(of(book, "approach-roots").value.subs({depth: layers, u: 0}).doit(), 0),
                cases=DEPTHS,
                scope="L = 2..12",
            ),
        ),
    ),
    Derivation(
        "deep-linear.approach-term",
        (
            Step("with one more term what is left shrinks by its derivative, so the terms add up", geometric),
            Step("neighbouring terms have the quotient of a hypergeometric series", ratio),
        ),
    ),
    Derivation(
        "deep-linear.approach-rest",
        (
            Step("before the first term everything is left", first_rest),
            Step(
                "one more term leaves the share $u^L$ of it, which is below one",
                lambda book: Identity(
                    of(book, "approach-rest").value.subs(n_terms, n_terms + 1),
                    u**depth * of(book, "approach-rest").value,
                    assuming=(u < 1,),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.small-start-shift",
        (
            Step(
                "the exact time less both is what $u_0^2/2$ leaves out of the series of the approach at $u_0$",
                shifted,
                cases=DEPTHS[1:],
                scope="L = 3..12",
            ),
            Step(
                "$u_0^2/2$ is the first term of the series, so that the error is of order $u_0^{L+2}$",
                lambda book: Identity(of(book, "approach-term").value.subs(n_terms, 0), u**2 / 2),
            ),
        ),
    ),
    Derivation("deep-linear.mode-two-layers-decay", decay_steps("mode-two-layers-decay", lam)),
    Derivation("deep-linear.mode-two-layers-threshold", decay_steps("mode-two-layers-threshold", goal)),
    Derivation(
        "deep-linear.infinite-depth-log",
        (
            Step("the left side falls at the constant rate of the right side", log_rate),
            Step(
                "both sides agree at the start",
                lambda book: Identity(
                    of(book, "infinite-depth-log").statement.args[0].subs(z, z_0),
                    of(book, "infinite-depth-log").statement.args[1].subs(tau, 0),
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.plateau-two-layers",
        (
            Step(
                "mode $k+1$ leaves later than mode $k$ by this much",
                lambda book: Limit(
                    leaving(book, lower) - leaving(book, upper), alpha, 0, of(book, "plateau-two-layers").value
                ),
            ),
        ),
    ),
    Derivation(
        "deep-linear.plateau-deep",
        (
            Step(
                "the leading time from layers of size $\\alpha$",
                lambda book: Identity(
                    of(book, "small-start-time").value.subs(s_0, c_0 * alpha**depth),
                    of(book, "plateau-deep").value,
                    assuming=DEEP,
                ),
            ),
        ),
    ),
)  # fmt: skip

"""Why width does not help: the bounds on the entry time, term by term."""

from __future__ import annotations

from sympy import Identity as Eye
from sympy import MatrixSymbol, Symbol, Trace, exp, sqrt, tan

from ...theory.early_alignment.directions import g, nu, u
from ...theory.early_alignment.letters import D, d, delta, dot, n, t
from ...theory.early_alignment.rates import t_in, theta_in
from ...theory.early_alignment.width import T, depth, excess, f_j, lift, pull, pull_min, rest, start_depth, x_size
from ...theory.formula import unroll
from ..chain import Book, Bound, Derivation, Identity, Rate, Step
from .tools import of, system, value

x, y = MatrixSymbol("x", d, 1), MatrixSymbol("y", d, 1)
UNIT = (
    ("<x,nu> = g", x.T * nu - g * Eye(1)),
    ("nu'nu = 1", nu.T * nu - Eye(1)),
    ("x'x = |x|^2", x.T * x - x_size**2 * Eye(1)),
)
UNIT_POINT = ((nu, y / sqrt(dot(y, y))), (g, dot(x, nu)), (x_size, sqrt(Trace(x.T * x))))
more = Symbol("zeta", nonnegative=True)


def side(b: Book, id: str) -> tuple[object, object]:
    """Right side and left side of a lower bound, definitions put in."""
    left, right = of(b, id).statement.args
    return right, unroll(left, of(b, id).let)


def approach(b: Book) -> Rate:
    along = x.T * D
    claimed = value(b, "wall-approach")
    p, q = claimed.diff(pull), claimed.diff(lift).diff(depth)
    return Rate(system(b, "gauge"), x.T * u, p * along - q * dot(D, u) * (x.T * u))


def longest(b: Book) -> Bound:
    one = of(b, "entry-time")
    left, right = (unroll(side, one.let) for side in one.statement.args)
    return Bound(
        left,
        right,
        terms=(more / pull_min,),
        given=(("xi_0 <= |x|", more - x_size + start_depth),),
        assuming=one.assuming,
        point=((more, x_size - start_depth),),
    )


def constant(b: Book) -> Bound:
    """In ``e = 1 - tan(theta_in/2)`` and ``g = exp(delta (T - t_in)) - 1``, neither negative by what is assumed."""
    one = of(b, "constant-bound")
    left, right = (unroll(side, one.let) for side in one.statement.args)
    return Bound(
        left,
        right,
        terms=(2 * excess * exp(delta * t_in), 2 * more * exp(delta * t_in)),
        given=(
            ("e", excess - 1 + tan(theta_in / 2)),
            ("g", (more + 1) * exp(delta * t_in) - exp(delta * T)),
        ),
        assuming=one.assuming,
        point=((excess, 1 - tan(theta_in / 2)), (more, exp(delta * (T - t_in)) - 1)),
    )


def acute(b: Book) -> Bound:
    """``<D, u>`` is at least a positive number in every cone that is not empty, so that the angle at entry is acute."""
    low, high = side(b, "one-lift")
    return Bound(0, high, terms=(low, f_j / n))


DERIVATIONS = (
    Derivation(
        "early-alignment.one-direction",
        (Step("the other active points add", lambda b: Bound(*side(b, "one-direction"), terms=(rest / n,))),),
    ),
    Derivation(
        "early-alignment.one-lift",
        (Step("the other active points add", lambda b: Bound(*side(b, "one-lift"), terms=(f_j / n,))),),
    ),
    Derivation("early-alignment.wall-approach", (Step("rate of $\\langle x_k,w/a\\rangle$", approach),)),
    Derivation(
        "early-alignment.wall-speed",
        (Step("both further terms help", lambda b: Bound(*side(b, "wall-speed"), terms=(excess, lift * depth))),),
    ),
    Derivation(
        "early-alignment.entry-time",
        (
            Step(
                "the distance plus $q$ times the time changes at the rate $-e-\\langle D,u\\rangle\\xi$ of the rest",
                lambda b: Rate(system(b, "wall-flow"), depth + pull_min * t, -excess - lift * depth),
            ),
            Step(
                "so that it does not grow: the distance is at most $\\xi_0-qt$",
                lambda b: Bound(system(b, "wall-flow").rate(depth) + pull_min, 0, terms=(excess, lift * depth)),
            ),
            Step(
                "which is zero at the latest at this time",
                lambda b: Identity(start_depth - pull_min * of(b, "entry-time").let[0][1], 0),
            ),
            Step(
                "the distance at the start is at most $|x_k|$, as $|u|\\le1$: a part along a unit vector is no longer than the "
                "vector",
                lambda b: Identity(
                    (x - g * nu).T * (x - g * nu), (x_size**2 - g**2) * Eye(1), given=UNIT, point=UNIT_POINT
                ),
            ),
            Step("so that no start takes longer", longest),
            Step(
                "a point that is active stays active: on its hyperplane the speed is inwards",
                lambda b: Bound(pull_min, -system(b, "wall-flow").rate(depth).subs(depth, 0), terms=(excess,)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.wall-flow",
        (
            Step(
                "the approach, with the part of the driving vector along the point as its least value and an excess",
                lambda b: Identity(
                    system(b, "wall-flow").rate(depth), -value(b, "wall-approach").subs(pull, pull_min + excess)
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.constant-bound",
        (
            Step("both factors are smaller", constant),
            Step("the angle at entry is not obtuse: $\\langle D,w\\rangle>0$ there", acute),
        ),
    ),
)

"""Why width does not help: the bounds on the entry time, term by term."""

from __future__ import annotations

from sympy import MatrixSymbol, Symbol, atan, exp, log

from ...theory.early_alignment.directions import u
from ...theory.early_alignment.letters import D, d, delta, dot, n
from ...theory.early_alignment.rates import t_in, theta_in
from ...theory.early_alignment.width import T, depth, excess, f_j, lift, pull, pull_min, rest, x_size
from ...theory.early_alignment.width import n as points
from ..chain import Book, Bound, Derivation, Identity, Rate, Step
from .tools import of, system, value

x = MatrixSymbol("x", d, 1)
more = Symbol("more", nonnegative=True)


def side(b: Book, id: str) -> tuple[object, object]:
    """Right side and left side of a lower bound, definitions put in."""
    left, right = of(b, id).statement.args
    from ...theory.formula import unroll

    return right, unroll(left, of(b, id).let)


def approach(b: Book) -> Rate:
    along = x.T * D
    claimed = value(b, "wall-approach")
    p, q = claimed.diff(pull), claimed.diff(lift).diff(depth)
    return Rate(system(b, "gauge"), x.T * u, p * along - q * dot(D, u) * (x.T * u))


def constant(b: Book) -> Bound:
    """``theta_in = 2 atan(1 - e)``, ``T = t_in + log(1 + g)/delta``."""
    one = of(b, "constant-bound")
    claim = one.statement.args[1].subs(T, t_in + log(1 + more) / delta)
    left = one.let[0][1].subs(theta_in, 2 * atan(1 - excess))
    terms = (2 * excess * exp(delta * t_in), 2 * more * exp(delta * t_in))
    return Bound(left, claim.expand(), terms=terms)


DERIVATIONS = (
    Derivation(
        "early-alignment.one-direction",
        (Step("the other active points add", lambda b: Bound(*side(b, "one-direction"), terms=(rest / n,))),),
    ),
    Derivation(
        "early-alignment.one-lift",
        (Step("the other active points add", lambda b: Bound(*side(b, "one-lift"), terms=(f_j / points,))),),
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
                "at the least speed the largest distance $|x_k|$ (as $|w|\\le|a|$) takes this time",
                lambda b: Identity(pull_min * value(b, "entry-time"), x_size),
            ),
        ),
    ),
    Derivation("early-alignment.constant-bound", (Step("both factors are smaller", constant),)),
)

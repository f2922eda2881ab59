"""Why the Riccati equation and its solution are true (squared error, whitened inputs)."""

from __future__ import annotations

from typing import Any

from sympy import BlockMatrix, MatAdd, Rational, ZeroMatrix, oo, sqrt

from ...theory.formula import unroll
from ...theory.mixed.layers import F_BLOCKS, J_BLOCKS, P_BLOCKS
from ...theory.mixed.letters import C1, C2, I_N, F, G, J, M, Mhat, N, P, d_in, d_out, lam, rho, t
from ...theory.mixed.riccati import D, E, I_w, K, Lo, R, S, g, h, mu, r
from ..chain import Book, Derivation, Derivative, Identity, Limit, Rate, Step
from .manifold import ON_FAMILY

M_BLOCKS = BlockMatrix([[ZeroMatrix(d_out, d_out), M], [M.T, ZeroMatrix(d_in, d_in)]])
ROOT = ("R R = S S + rho", R * R - S * S - rho * I_N)
COMMUTE = ("R S = S R", R * S - S * R)
ROOT_POINT = ((R, (S * S + rho * I_N) ** Rational(1, 2)),)
SIGNED = (("J^2 = I", J * J - I_N), ("MJ = -JM", Mhat * J + J * Mhat))
SIGNED_POINT = ((Mhat, M_BLOCKS), (J, J_BLOCKS))
SHIFT = Mhat + lam / 2 * J
RATE = sqrt(mu**2 + rho)


def scalar(b: Book, name: str) -> Any:
    """One scalar function of the solution, with the rate put in."""
    return b.formula(f"mixed.riccati-{name}").value.subs(r, RATE)


def gradient_blocks(b: Book) -> Identity:
    put = {P: P_BLOCKS, J: J_BLOCKS, Mhat: M_BLOCKS}
    return Identity(
        F_BLOCKS.xreplace({G: dict(b.system("mixed.gram-flow").let)[G]}),
        b.formula("mixed.gradient-stacked").value.xreplace(put),
        symmetric=(C1, C2),
    )


def on_family(b: Book) -> Identity:
    """The rate off the family, reduced by the family relation."""
    family = b.formula("mixed.family").statement
    return Identity(
        b.system("mixed.stacked-mse").rate(P),
        b.system("mixed.riccati").rate(P).xreplace({S: SHIFT}),
        given=(("family", family.args[0] - family.args[1]), *SIGNED),
        symmetric=(P, Mhat, J),
        point=(*ON_FAMILY, (Mhat, M_BLOCKS)),
    )


def rates() -> dict[Any, Any]:
    """Rates of the three functions of S, as found for every eigenvalue."""
    return {E: rho * I_N + 2 * S * E - E * E, g: (S - E) * g, h: g * g}


def solution(b: Book) -> Identity:
    """The product rule on the positive form, against the Riccati equation."""
    value = b.formula("mixed.riccati-solution").value
    inner = (I_w + Lo.T * h * Lo).I
    value = value.xreplace({inner: K})
    move = rates()
    # K is an inverse: its rate is -K (rate of its inverse) K.
    rate = (
        move[E]
        + move[g] * Lo * K * Lo.T * g
        - g * Lo * K * Lo.T * move[h] * Lo * K * Lo.T * g
        + g * Lo * K * Lo.T * move[g].T
    )
    return Identity(
        rate,
        b.system("mixed.riccati").rate(P).xreplace({P: value}),
        given=(
            ("functions of S commute: E", S * E - E * S),
            ("functions of S commute: g", S * g - g * S),
            ("functions of S commute: E g", E * g - g * E),
        ),
        symmetric=(S, E, g, h, K),
        point=((E, S * S + I_N), (g, S + 2 * I_N), (h, S * S), (K, (I_w + Lo.T * h * Lo).I)),
    )


def eigenvalue(end: Any) -> Any:
    """A linear expression in S and R for one eigenvalue."""
    terms = ((term * I_N).as_coeff_mmul() for term in MatAdd.make_args(end))
    return sum(factor * {S: mu, R: r}[word.doit()] for factor, word in terms)


def eigen(name: str, rate: Any) -> Step:
    """Rate of one scalar function, written in the functions themselves."""

    def shows(b: Book) -> Derivative:
        return Derivative(scalar(b, name), t, rate(lambda other: scalar(b, other)))

    return Step(f"rate of the {name}, for every eigenvalue of $S$", shows)


def begins(name: str, value: int) -> Step:
    return Step(f"start of the {name}", lambda b: Identity(scalar(b, name).subs(t, 0), value))


OFFSET = (eigen("offset", lambda f: rho + 2 * mu * f("offset") - f("offset") ** 2), begins("offset", 0))
DECAY = (eigen("decay", lambda f: (mu - f("offset")) * f("decay")), begins("decay", 1))
WEIGHT = (eigen("weight", lambda f: f("decay") ** 2), begins("weight", 0))

DERIVATIONS = (
    Derivation("mixed.gradient-stacked", (Step("in blocks", gradient_blocks),)),
    Derivation(
        "mixed.stacked-mse",
        (
            Step(
                "the stacked flow with the gradient of the squared error",
                lambda b: Rate(
                    b.system("mixed.stacked"),
                    P,
                    b.system("mixed.stacked-mse").rate(P),
                    given=(("gradient", F - b.formula("mixed.gradient-stacked").value),),
                    symmetric=(P, F, J, Mhat),
                    point=((F, b.formula("mixed.gradient-stacked").value),),
                ),
            ),
        ),
    ),
    Derivation("mixed.riccati", (Step("the family relation turns the cubic terms into linear ones", on_family),)),
    Derivation(
        "mixed.hamiltonian",
        (
            Step(
                "block by block",
                lambda b: Identity(
                    unroll(b.formula("mixed.hamiltonian").statement.args[0], b.formula("mixed.hamiltonian").let),
                    b.formula("mixed.hamiltonian").statement.args[1],
                    symmetric=(S,),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.riccati-end",
        (
            Step(
                "it is a point of rest",
                lambda b: Identity(
                    b.system("mixed.riccati").rate(P).xreplace({P: b.formula("mixed.riccati-end").value}),
                    ZeroMatrix(N, N),
                    given=(ROOT, COMMUTE),
                    symmetric=(S, R),
                    point=ROOT_POINT,
                ),
            ),
            Step(
                "for every eigenvalue of $S$ the offset tends to $\\mu+r$",
                lambda b: Limit(
                    b.formula("mixed.riccati-offset").value.rewrite("exp").subs(rho, r**2 - mu**2),
                    t,
                    oo,
                    eigenvalue(b.formula("mixed.riccati-end").statement.args[1]),
                    assuming=(r > abs(mu),),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.riccati-distance",
        (
            Step(
                "the Riccati equation around its final state",
                lambda b: Identity(
                    b.system("mixed.riccati").rate(P).xreplace({P: D + b.formula("mixed.riccati-end").value}),
                    b.formula("mixed.riccati-distance").value,
                    given=(ROOT, COMMUTE),
                    symmetric=(S, R, D),
                    point=ROOT_POINT,
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.riccati-growth",
        (
            Step(
                "it solves $\\ddot c=r^2c$",
                lambda b: Derivative(
                    b.formula("mixed.riccati-growth").value.diff(t), t, r**2 * b.formula("mixed.riccati-growth").value
                ),
            ),
            Step("it starts at one", lambda b: Identity(b.formula("mixed.riccati-growth").value.subs(t, 0), 1)),
            Step(
                "it starts with slope $-\\mu$",
                lambda b: Identity(b.formula("mixed.riccati-growth").value.diff(t).subs(t, 0), -mu),
            ),
        ),
    ),
    Derivation("mixed.riccati-offset", OFFSET),
    Derivation("mixed.riccati-decay", DECAY),
    Derivation("mixed.riccati-weight", WEIGHT),
    Derivation(
        "mixed.riccati-solution",
        (
            *OFFSET,
            *DECAY,
            *WEIGHT,
            Step("the product rule with these rates gives the Riccati equation", solution),
            Step(
                "at $E=0$, $g=I$, $h=0$ it is the start",
                lambda b: Identity(
                    b.formula("mixed.riccati-solution")
                    .value.xreplace({h: ZeroMatrix(N, N)})
                    .doit()
                    .xreplace({E: ZeroMatrix(N, N), g: I_N})
                    .doit(),
                    Lo * Lo.T,
                ),
            ),
        ),
    ),
)

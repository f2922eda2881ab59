"""Why the mixed formula is true, for any cost: the invariant manifold, its family, and the limits."""

from __future__ import annotations

from typing import Any

from sympy import HadamardProduct, MatMul, MatPow, MatrixSymbol, Symbol, Trace, ZeroMatrix, oo, sqrt
from sympy import Identity as Eye

from ...theory.blocks import explode
from ...theory.mixed.layers import F_BLOCKS, J_BLOCKS, P_BLOCKS, SIGNATURE
from ...theory.mixed.letters import (
    C1,
    C2,
    A,
    F,
    G,
    I_in,
    I_out,
    J,
    M,
    Omega,
    P,
    Q,
    Sigma,
    d_in,
    d_out,
    lam,
    rho,
    tau,
    tau_1,
    tau_2,
    w,
)
from ...theory.mixed.manifold import TAU_E, Pi, root_in, root_out
from ...theory.symbols import latex
from ..chain import Book, Derivation, Identity, Invariance, Limit, Step
from .layers import SYMMETRIC, blocks, gradient_of, zero

NAMES = ("mixed.manifold-outputs", "mixed.manifold-between", "mixed.manifold-inputs")
ROOTS = ((C2, root_out(tau)), (C1, root_in(tau)))
ON_MANIFOLD = (*ROOTS, (P, P_BLOCKS), (F, F_BLOCKS), (J, J_BLOCKS))
x = Symbol("x", nonnegative=True)
LAM, RHO = tau_2 - tau_1, tau_1 * tau_2
FAMILY_ROOTS = ((C2, LAM / 2 * I_out + root_out(TAU_E)), (C1, -LAM / 2 * I_in + root_in(TAU_E)))


ON_FAMILY = (
    (lam, LAM),
    (rho, RHO),
    *FAMILY_ROOTS,
    (P, P_BLOCKS),
    (F, F_BLOCKS),
    (J, J_BLOCKS),
)
ON_BALANCED = (
    (lam, x),
    (C2, lam / 2 * I_out + root_out(lam / 2)),
    (C1, -lam / 2 * I_in + root_in(lam / 2)),
    (P, P_BLOCKS),
    (J, J_BLOCKS),
)
ROOT, Y = MatrixSymbol("R_2", d_out, d_out), MatrixSymbol("Y", d_out, 1)
PROJECTOR = (
    ("R R = A A' + lambda^2/4", ROOT * ROOT - A * A.T - lam**2 / 4 * I_out),
    ("Pi Pi = Pi", Pi * Pi - Pi),
    ("Pi A = 0", Pi * A),
    ("R Pi = lambda/2 Pi", ROOT * Pi - lam / 2 * Pi),
)
PROJECTED = (
    (Pi, Y * (Y.T * Y).I * Y.T),
    (A, G - Pi * G),
    (lam, x),
    (ROOT, root_out(lam / 2)),
)
"""A projector of rank one, a map that it annihilates, a positive lambda."""


def relations(b: Book) -> tuple[tuple[str, Any], ...]:
    """The three block relations of the manifold."""
    return tuple(zero(b.formula(name)) for name in NAMES)


def block(id: str, row: int, column: int) -> Step:
    """The relation is one block of ``(PJ)^2 = tau^2 I``."""

    def shows(b: Book) -> Identity:
        one, relation = b.formula("mixed.manifold").statement, zero(b.formula(id))[1]
        whole = explode(blocks(one.args[0]) - blocks(one.args[1]))
        return Identity(whole[row][column], relation, symmetric=(C1, C2))

    return Step("it is one block of $(PJ)^2=\\tau^2I$", shows)


def squared(root: Any) -> Any:
    """A square that SymPy does not multiply out, so that the printed step shows what it claims."""
    return MatPow(root, 2, evaluate=False)


def at_start(root: Any) -> Any:
    """A root without a map: that of a multiple of the identity, which SymPy leaves as it stands."""
    bare = root.xreplace({A: ZeroMatrix(d_out, d_in)}).doit()
    return bare.replace(
        lambda e: isinstance(e, MatPow) and isinstance(e.base, MatMul) and isinstance(e.base.args[-1], Eye),
        lambda e: e.base.as_coeff_mmul()[0] ** e.exp * e.base.args[-1],
    )


KEPT = Step(
    "the three block relations are kept together by the Gram flow of any cost",
    lambda b: Invariance(b.system("mixed.gram"), relations(b), symmetric=(C1, C2), point=ROOTS),
)


def kept(id: str, point: Any) -> Step:
    return Step(
        "the flow of any cost keeps the relation",
        lambda b: Invariance(
            b.system("mixed.stacked"), (zero(b.formula(id)), *SIGNATURE), symmetric=SYMMETRIC, point=point
        ),
    )


def start(id: str, first: Any, second: Any, values: dict[Any, Any]) -> Step:
    """The relation at a start with W2 W2' and W1' W1 multiples of the identity and no map."""
    values = {**values, C2: second * I_out, C1: first * I_in, A: ZeroMatrix(d_out, d_in)}

    def shows(b: Book) -> Identity:
        one = b.formula(id).statement
        return Identity(*(blocks(side).xreplace(values) for side in one.args))

    return Step("infinitely wide Gaussian weights start on it", shows)


def family_blocks(b: Book) -> Identity:
    """The family relation in blocks, at the roots that the formula uses."""
    one = b.formula("mixed.family").statement
    left, right = (blocks(side).xreplace({lam: LAM, rho: RHO}) for side in one.args)
    given = (
        ("C2", C2 * C2 - A * A.T - LAM * C2 - RHO * I_out),
        ("between", A * C1 - C2 * A + LAM * A),
        ("C1", C1 * C1 - A.T * A + LAM * C1 - RHO * I_in),
    )
    return Identity(left, right, given=given, symmetric=(C1, C2), point=FAMILY_ROOTS)


def rate_from_gram(id: str, roots: Any) -> Step:
    def shows(b: Book) -> Identity:
        put = dict(b.formula(id).let) or dict(roots)
        return Identity(b.system("mixed.gram").rate(A).xreplace(put), b.formula(id).value)

    return Step("the rate of the map in the Gram flow, at these roots", shows)


def dynamics(id: str, cost: Any) -> Derivation:
    """The mixed formula with the gradient of one cost."""
    return Derivation(
        id,
        (
            Step(
                "the rate is the mixed formula",
                lambda b: Identity(b.system(id).rate(A), b.formula("mixed.flow").value),
            ),
            Step(
                "the gradient is that of the cost",
                lambda b: Identity(dict(b.system(id).let)[G], gradient_of(cost), symmetric=(Sigma,)),
            ),
        ),
    )


DERIVATIONS = (
    Derivation("mixed.manifold", (kept("mixed.manifold", ON_MANIFOLD), start("mixed.manifold", tau, tau, {}))),
    *(
        Derivation(name, (block(name, *place), *([KEPT] if place == (0, 0) else [])))
        for name, place in zip(NAMES, ((0, 0), (0, 1), (1, 1)))
    ),
    Derivation(
        "mixed.flow",
        (
            Step(
                "$C_2$ is the root that the manifold asks for",
                lambda b: Identity(
                    squared(dict(b.formula("mixed.flow").let)[C2]),
                    b.formula("mixed.manifold-outputs").statement.args[1],
                ),
            ),
            Step(
                "$C_1$ is the root that the manifold asks for",
                lambda b: Identity(
                    squared(dict(b.formula("mixed.flow").let)[C1]), b.formula("mixed.manifold-inputs").statement.args[1]
                ),
            ),
            start("mixed.manifold", tau, tau, {}),
            *(
                Step(
                    f"at this start the root ${latex(letter)}$ is $\\tau I$, the nonnegative one",
                    lambda b, letter=letter, eye=eye: Identity(
                        at_start(dict(b.formula("mixed.flow").let)[letter]),
                        tau * eye,
                    ),
                )
                for letter, eye in ((C2, I_out), (C1, I_in))
            ),
            Step(
                "the flow of any cost stays on the manifold",
                lambda b: Invariance(
                    b.system("mixed.stacked"),
                    (zero(b.formula("mixed.manifold")), *SIGNATURE),
                    symmetric=SYMMETRIC,
                    point=ON_MANIFOLD,
                ),
            ),
            rate_from_gram("mixed.flow", ROOTS),
        ),
    ),
    dynamics("mixed.dynamics", Trace((A - M) * (A - M).T) / 2),
    dynamics("mixed.dynamics-correlated", Trace((A - M) * Sigma * (A - M).T) / 2),
    dynamics("mixed.dynamics-masked", Trace(HadamardProduct(Omega, A - M) * (A - M).T) / 2),
    Derivation(
        "mixed.correlated-flow",
        (
            Step(
                "the mixed formula with this gradient",
                lambda b: Identity(
                    b.formula("mixed.flow").value.xreplace({G: dict(b.system("mixed.dynamics-correlated").let)[G]}),
                    b.formula("mixed.correlated-flow").value,
                    symmetric=(Sigma,),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.lazy-flow",
        (
            Step(
                "for every singular value $x$ of the map, the root over $\\tau$ tends to one",
                lambda b: Limit(sqrt(x**2 + tau**2) / tau, tau, oo, 1),
            ),
            Step(
                "with both roots equal to $\\tau I$ the formula is the lazy one",
                lambda b: Identity(
                    b.formula("mixed.flow").value.xreplace({root_out(tau): tau * I_out, root_in(tau): tau * I_in}),
                    b.formula("mixed.lazy-flow").value,
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.balanced-flow",
        (
            Step(
                "the mixed formula at $\\tau=0$",
                lambda b: Identity(
                    b.formula("mixed.flow").value.subs(tau, 0).doit(), b.formula("mixed.balanced-flow").value
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.family",
        (
            kept("mixed.family", ON_FAMILY),
            start("mixed.family", tau_1, tau_2, {lam: LAM, rho: RHO}),
        ),
    ),
    Derivation(
        "mixed.family-flow",
        (
            start("mixed.family", tau_1, tau_2, {lam: LAM, rho: RHO}),
            kept("mixed.family", ON_FAMILY),
            Step("the family relation in blocks", family_blocks),
            Step(
                "$C_2$ solves its block: completing the square gives the arithmetic mean",
                lambda b: Identity(squared(FAMILY_ROOTS[0][1]), A * A.T + LAM * FAMILY_ROOTS[0][1] + RHO * I_out),
            ),
            Step(
                "$C_1$ solves its block",
                lambda b: Identity(squared(FAMILY_ROOTS[1][1]), A.T * A - LAM * FAMILY_ROOTS[1][1] + RHO * I_in),
            ),
            rate_from_gram("mixed.family-flow", FAMILY_ROOTS),
        ),
    ),
    Derivation(
        "mixed.balanced-family",
        (
            Step(
                "lambda-balanced weights satisfy $PJP=\\lambda P$",
                lambda b: Identity(
                    (Q * Q.T) * J * (Q * Q.T), lam * Q * Q.T, given=(("balanced", Q.T * J * Q - lam * Eye(w)),)
                ),
            ),
            Step(
                "which is the family with $\\rho=0$",
                lambda b: Identity(
                    b.formula("mixed.family").statement.args[0],
                    b.formula("mixed.family").statement.args[1].subs(rho, 0).doit(),
                    given=(("PJP", P * J * P - lam * P),),
                    symmetric=SYMMETRIC,
                    point=ON_BALANCED,
                ),
            ),
            Step(
                "the rate of the family at $\\tau_1=0$, $\\tau_2=\\lambda$",
                lambda b: Identity(
                    b.formula("mixed.family-flow").value.subs({tau_1: 0, tau_2: lam}),
                    b.formula("mixed.balanced-family").value,
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.balanced-family-rank",
        (
            Step(
                "the root with the projector solves the block of the family",
                lambda b: Identity(
                    (lam / 2 * I_out + ROOT - lam * Pi) * (lam / 2 * I_out + ROOT - lam * Pi),
                    A * A.T + lam * (lam / 2 * I_out + ROOT - lam * Pi),
                    given=PROJECTOR,
                    symmetric=(ROOT, Pi),
                    point=PROJECTED,
                ),
            ),
            Step(
                "and vanishes on the complement of the range of the second layer",
                lambda b: Identity(
                    (lam / 2 * I_out + ROOT - lam * Pi) * Pi,
                    ZeroMatrix(d_out, d_out),
                    given=PROJECTOR,
                    symmetric=(ROOT, Pi),
                    point=PROJECTED,
                ),
            ),
            Step(
                "the rate of the map in the Gram flow, at these roots",
                lambda b: Identity(
                    b.system("mixed.gram")
                    .rate(A)
                    .xreplace(
                        {C2: lam / 2 * I_out + root_out(lam / 2) - lam * Pi, C1: -lam / 2 * I_in + root_in(lam / 2)}
                    ),
                    b.formula("mixed.balanced-family-rank").value,
                ),
            ),
        ),
    ),
)

"""Why the statements about layers and Gram matrices are true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Determinant, HadamardProduct, Matrix, MatrixSymbol, Symbol, Trace, eye, zeros
from sympy import Identity as Eye

from ...theory.flow import gradient_flow
from ...theory.formula import Formula, unroll
from ...theory.mixed import LATEX
from ...theory.mixed.layers import F_BLOCKS, J_BLOCKS, OBSERVABLES, P_BLOCKS, SIGNATURE, T_BLOCKS, Pn, Z
from ...theory.mixed.letters import (
    C1,
    C2,
    I_N,
    MEANING,
    OURS,
    W1,
    W2,
    A,
    F,
    G,
    J,
    L,
    M,
    O,
    Omega,
    P,
    Sigma,
    eta,
    t,
    w,
)
from ...theory.symbols import latex, register
from ..chain import Book, Closure, Derivation, Identity, Rate, Step

register(*LATEX)
SYMMETRIC = (P, F, J)
SHAPES = ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3))
BLOCKS = ((F, F_BLOCKS), (J, J_BLOCKS))
"""Points on which J squares to one and anticommutes with F."""


def zero(formula: Formula) -> tuple[str, Any]:
    """The relation of a formula, as a named expression that vanishes."""
    return formula.id, formula.statement.args[0] - formula.statement.args[1]


def blocks(expression: Any) -> Any:
    """An expression in the stacked letters, in blocks."""
    return expression.xreplace({P: P_BLOCKS, F: F_BLOCKS, J: J_BLOCKS})


def stacked(system: Any) -> Any:
    """Rates or next values of a Gram system as one block matrix."""
    return P_BLOCKS.xreplace({A: system.rate(A), C1: system.rate(C1), C2: system.rate(C2)})


def gradient_of(cost: Any) -> Any:
    """Gradient of a cost by the map, through the reverse mode."""
    one = gradient_flow("mixed.cost", cost, (A,), time=t, title="cost", source=OURS, meaning=tuple(MEANING.items()))
    return -one.rate(A).xreplace(dict(one.let))


def entries(shape: tuple[int, int]) -> Matrix:
    """A matrix of symbols."""
    return Matrix(*shape, lambda i, j: Symbol(f"g{i}{j}", real=True))


def gram_block(name: str, id: str) -> tuple[Step, ...]:
    return (
        Step(
            "the blocks of the stacked update are those of the Gram matrices",
            lambda b: Identity(blocks(b.system(id).rate(P)), stacked(b.system(name)), symmetric=(C1, C2)),
        ),
    )


def descends(id: str) -> Derivation:
    def step(item: Any) -> Step:
        def shows(b: Book) -> Identity:
            flow, new = b.system("mixed.layer-flow"), b.system(id)
            rate = flow.rate(item)
            if id.endswith("sequential") and item == W2:
                rate = rate.xreplace({W1: new.rate(W1)})
            return Identity(new.rate(item), item + eta * rate)

        return Step(f"one step of ${latex(item)}$ follows its rate", shows)

    return Derivation(id, (step(W1), step(W2)))


def closes(id: str, by: str) -> Derivation:
    return Derivation(
        id,
        (
            Step(
                "map and Gram matrices close: no other letter of the weights is left",
                lambda b: Closure(b.system(by), OBSERVABLES, b.system(id).equations),
            ),
        ),
    )


def specialised(id: str, cost: Any) -> Derivation:
    return Derivation(
        id,
        (
            Step("the gradient is that of the cost", lambda b: Identity(dict(b.system(id).let)[G], gradient_of(cost), symmetric=(Sigma,))),
            *(
                Step(
                    f"the rate of ${latex(item)}$ is that of any cost",
                    lambda b, item=item: Identity(b.system(id).rate(item), b.system("mixed.gram").rate(item)),
                )
                for item in (A, C1, C2)
            ),
        ),
    )  # fmt: skip


def squares(b: Book) -> Any:
    return Rate(
        b.system("mixed.layer-flow"),
        Trace(G.T * W2 * W1),
        -Trace(G.T * W2 * W2.T * G) - Trace(W1 * G.T * G * W1.T),
    )


def turn(expression: Any) -> Any:
    return expression.xreplace({W2: W2 * O, W1: O.T * W1})


def orthogonal(b: Book) -> tuple[tuple[str, Any], ...]:
    return tuple(("O O' = I", one.args[0] - one.args[1]) for one in b.formula("mixed.width-reduction").assuming)


FREE = MatrixSymbol("Y", w, w)
X = (Eye(w) + FREE - FREE.T).I * (Eye(w) - FREE + FREE.T)
"""An orthogonal matrix at any point: the Cayley transform of an antisymmetric one."""


def width_step(item: Any, goal: Any) -> Step:
    def shows(b: Book) -> Identity:
        rate = b.system("mixed.layer-flow").rate(item)
        return Identity(turn(rate), rate.xreplace({}) if goal is None else goal(rate))

    return Step(f"turned weights have turned rates: ${latex(item)}$", shows)


def conjugates(b: Book) -> Identity:
    """The statement of the isospectral step, definitions put in."""
    one = b.formula("mixed.isospectral-step")
    left, right = (unroll(side, one.let) for side in one.statement.args)
    return Identity(left, right, given=SIGNATURE, symmetric=SYMMETRIC, point=BLOCKS)


DERIVATIONS = (
    Derivation(
        "mixed.layer-flow",
        (
            Step("along the flow the cost decreases by the squared norms of both gradients", squares),
            Step("first layer", lambda b: Identity(b.system("mixed.layer-flow").rate(W1), -W2.T * G)),
            Step("second layer", lambda b: Identity(b.system("mixed.layer-flow").rate(W2), -G * W1.T)),
        ),
    ),
    descends("mixed.layer-step"),
    descends("mixed.layer-step-sequential"),
    closes("mixed.gram", "mixed.layer-flow"),
    closes("mixed.gram-step", "mixed.layer-step"),
    closes("mixed.gram-step-sequential", "mixed.layer-step-sequential"),
    specialised("mixed.gram-flow", Trace((A - M) * (A - M).T) / 2),
    specialised("mixed.gram-flow-masked", Trace(HadamardProduct(Omega, A - M) * (A - M).T) / 2),
    specialised("mixed.gram-flow-correlated", Trace((A - M) * Sigma * (A - M).T) / 2),
    Derivation("mixed.stacked", gram_block("mixed.gram", "mixed.stacked")),
    Derivation("mixed.stacked-step", gram_block("mixed.gram-step", "mixed.stacked-step")),
    Derivation(
        "mixed.balance",
        (
            Step(
                "$W_2^TW_2-W_1W_1^T$ does not move",
                lambda b: Rate(
                    b.system("mixed.layer-flow"), W2.T * W2 - W1 * W1.T, b.formula("mixed.balance").statement.args[1]
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.step-balance",
        (
            Step(
                "one step moves it by the square of the learning rate",
                lambda b: Rate(
                    b.system("mixed.layer-step"),
                    W2.T * W2 - W1 * W1.T,
                    b.formula("mixed.step-balance").value - (W2.T * W2 - W1 * W1.T),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.lax",
        (
            Step(
                "the rate of $PJ$ is the commutator with $F$",
                lambda b: Rate(
                    b.system("mixed.stacked"),
                    P * J,
                    b.formula("mixed.lax").value.xreplace({L: P * J}),
                    given=SIGNATURE,
                    symmetric=SYMMETRIC,
                    point=BLOCKS,
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.spectrum",
        (
            Step(
                "the rate of $L$ is the Lax form",
                lambda b: Identity(dict(b.formula("mixed.spectrum").let).popitem()[1], b.formula("mixed.lax").value),
            ),
            Step(
                "a power of $L$ commutes with $L$, so the trace of its product with the commutator vanishes",
                lambda b: Identity(
                    unroll(b.formula("mixed.spectrum").statement.args[0], b.formula("mixed.spectrum").let),
                    b.formula("mixed.spectrum").statement.args[1],
                    given=(("Z L = L Z", Z * L - L * Z),),
                    point=((Z, L * L),),
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.spectrum-imbalance",
        (
            Step(
                "$PJ$ acts on the stacked weights as $B$ acts on the hidden neurons",
                lambda b: Identity(
                    *(
                        unroll(side, b.formula("mixed.spectrum-imbalance").let)
                        for side in b.formula("mixed.spectrum-imbalance").statement.args
                    )
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.lax-step",
        (
            Step(
                "one step of $PJ$",
                lambda b: Identity(
                    b.system("mixed.stacked-step").rate(P) * J,
                    b.formula("mixed.lax-step").value.xreplace({L: P * J}),
                    given=SIGNATURE,
                    symmetric=SYMMETRIC,
                    point=BLOCKS,
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.step-determinant",
        (
            Step(
                "one step multiplies $P$ from both sides by $I-\\eta F$",
                lambda b: Identity(
                    b.system("mixed.stacked-step").rate(P), (I_N - eta * F) * P * (I_N - eta * F), symmetric=(P, F)
                ),
            ),
            Step(
                "the two factors change the determinant as the formula says (determinants multiply)",
                lambda b, shape: Identity(
                    (eye(sum(shape)) - eta * stacked_entries(entries(shape))).det() ** 2,
                    determinants(b.formula("mixed.step-determinant").statement.args[1], shape, {P: 1}),
                ),
                cases=SHAPES,
                scope="d_out x d_in up to 2 x 3",
            ),
            Step(
                "written out entry by entry",
                lambda b, shape: whole(
                    b, "mixed.step-determinant", shape, lambda g: eye(sum(shape)) - eta * stacked_entries(g)
                ),
                cases=SHAPES[:3],
                scope="d_out x d_in up to 1 x 2",
            ),
        ),
    ),
    Derivation(
        "mixed.step-sequential-determinant",
        (
            Step(
                "one step is $P\\to TPT^T$ with $T$ a product of two unit triangular matrices",
                lambda b: Identity(
                    T_BLOCKS * P_BLOCKS * T_BLOCKS.T,
                    stacked(b.system("mixed.gram-step-sequential")),
                    symmetric=(C1, C2),
                ),
            ),
            Step(
                "the determinant of $T$ is one, so that of $P$ does not change (determinants multiply)",
                lambda b, shape: Identity(
                    sequential_entries(entries(shape)).det() ** 2,
                    determinants(b.formula("mixed.step-sequential-determinant").statement.args[1], shape, {P: 1}),
                ),
                cases=SHAPES[:4],
                scope="d_out x d_in up to 2 x 2",
            ),
            Step(
                "written out entry by entry",
                lambda b, shape: whole(b, "mixed.step-sequential-determinant", shape, sequential_entries),
                cases=SHAPES[:2],
                scope="d_out x d_in up to 1 x 2",
            ),
        ),
    ),
    Derivation(
        "mixed.isospectral-step",
        (
            Step(
                "the Cayley factor keeps the signature: $T^TJT=J$",
                lambda b: Identity(cayley(b).T * J * cayley(b), J, given=SIGNATURE, symmetric=SYMMETRIC, point=BLOCKS),
            ),
            Step(
                "it is the gradient step up to the square of the learning rate: $(I+\\eta F/2)(T-I)=-\\eta F$",
                lambda b: Identity((I_N + eta * F / 2) * (cayley(b) - I_N), -eta * F, symmetric=(F,)),
            ),
            Step(
                "so that $P\\to TPT^T$ conjugates $PJ$ by $T$",
                conjugates,
            ),
        ),
    ),
    Derivation(
        "mixed.width-reduction",
        (
            Step(
                "the map does not change",
                lambda b: Identity(
                    b.formula("mixed.width-reduction").statement.args[0],
                    b.formula("mixed.width-reduction").statement.args[1],
                    given=orthogonal(b),
                    point=((O, X),),
                ),
            ),
            Step(
                "the Gram matrix of the second layer does not change",
                lambda b: Identity(turn(W2 * W2.T), W2 * W2.T, given=orthogonal(b), point=((O, X),)),
            ),
            Step(
                "the Gram matrix of the first layer does not change",
                lambda b: Identity(turn(W1.T * W1), W1.T * W1, given=orthogonal(b), point=((O, X),)),
            ),
            width_step(W1, lambda rate: O.T * rate),
            width_step(W2, lambda rate: rate * O),
        ),
    ),
)


def cayley(b: Book) -> Any:
    """The matrix of the isospectral step."""
    return b.formula("mixed.isospectral-step").let[0][1]


def stacked_entries(g: Any) -> Any:
    """The stacked gradient, entry by entry."""
    rows, columns = g.shape
    return Matrix([[zeros(rows, rows), g], [g.T, zeros(columns, columns)]])


def sequential_entries(g: Any) -> Any:
    """The matrix of one sequential step, entry by entry."""
    rows, columns = g.shape
    upper = Matrix([[eye(rows), -eta * g], [zeros(columns, rows), eye(columns)]])
    lower = Matrix([[eye(rows), zeros(rows, columns)], [-eta * g.T, eye(columns)]])
    return upper * lower


def determinants(side: Any, shape: tuple[int, int], values: dict[Any, Any]) -> Any:
    """A side of the formula with determinants written out: of the gradient by its entries, of P and P_next by ``values``."""
    g = entries(shape)

    def written(node: Any) -> Any:
        if node.arg in values:
            return values[node.arg]
        value = node.arg.xreplace({G: g, Eye(node.arg.shape[0]): eye(shape[0])})
        return Matrix(value.doit()).det()

    return side.replace(lambda node: isinstance(node, Determinant), written)


def whole(b: Book, id: str, shape: tuple[int, int], factor: Callable[[Any], Any]) -> Identity:
    """Both sides of the formula for a small P of symbols."""
    size = sum(shape)
    old = Matrix(size, size, lambda i, j: Symbol(f"p{min(i, j)}{max(i, j)}", real=True))
    left = factor(entries(shape))
    values = {P: old.det(), Pn: (left * old * left.T).det()}
    return Identity(*(determinants(side, shape, values) for side in b.formula(id).statement.args))

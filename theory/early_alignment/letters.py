"""Letters of early alignment, with their meanings; one block for the whole paper.

Vectors are matrix letters with one column, so that everything holds in any dimension. The neurons of one activation cone
move alike: their weights stand side by side in `w_cone`, their output weights in the row `a_cone`. Where one neuron is
enough, its place is given by ``c`` (along ``D``), ``p`` (length at right angles to ``D``) and its output weight ``a``.
"""

from __future__ import annotations

from typing import Any

from sympy import BlockMatrix, Identity, MatrixSymbol, Symbol, Trace, ZeroMatrix, symbols

from ..formula import Formula, Let, Source, Standing, table

PAPER = "boursier2025early"
ORIGIN = "maennel2018gradient"
OURS = Source("plateaux")

d, m, n = symbols("d m n", integer=True, positive=True)
t = Symbol("t", nonnegative=True)
N = Symbol("N", integer=True, nonnegative=True)
eta = Symbol("eta", positive=True)
delta = Symbol("delta", positive=True)
lam = Symbol("lambda_", positive=True)
s = Symbol("s", real=True)

# All neurons of one activation cone
w_cone, a_cone = MatrixSymbol("w_cone", d, m), MatrixSymbol("a_cone", 1, m)
w_start, a_start = MatrixSymbol("w_start", d, m), MatrixSymbol("a_start", 1, m)
D = MatrixSymbol("D", d, 1)
X, y = MatrixSymbol("X", n, d), MatrixSymbol("y", n, 1)
mask, others = MatrixSymbol("B", n, n), MatrixSymbol("o", n, 1)
z = MatrixSymbol("z", d + 1, m)
M, J = MatrixSymbol("M", d + 1, d + 1), MatrixSymbol("J", d + 1, d + 1)
I_z = Identity(d + 1)
M_BLOCKS = BlockMatrix([[ZeroMatrix(d, d), D], [D.T, ZeroMatrix(1, 1)]])
J_BLOCKS = BlockMatrix([[-Identity(d), ZeroMatrix(d, 1)], [ZeroMatrix(1, d), Identity(1)]])
Z_BLOCKS = BlockMatrix([[w_cone], [a_cone]])
W, v, A = MatrixSymbol("W", d, d), MatrixSymbol("v", d, 1), MatrixSymbol("A", 1, 1)
S = MatrixSymbol("S", d + 1, d + 1)

# One neuron
w = MatrixSymbol("w", d, 1)
a, a_0 = symbols("a a_0", real=True)
c, c_0 = symbols("c c_0", real=True)
p = Symbol("p", nonnegative=True)
r, r_0 = symbols("r r_0", real=True)
phi_0 = Symbol("phi_0", real=True)
theta, theta_0 = symbols("theta theta_0", positive=True)


def dot(one: Any, two: Any) -> Any:
    """Inner product of two column vectors."""
    return Trace(one.T * two)


MEANING: dict[Any, str] = {
    d: "dimension of the inputs (a bias is a last feature 1)",
    m: "number of neurons in the activation cone",
    n: "number of data points",
    t: "time of gradient flow",
    N: "number of gradient-descent steps",
    eta: "learning rate (step on $L=\\frac1{2n}\\sum_k(h(x_k)-y_k)^2$)",
    delta: "length of $D$",
    lam: "scale of the weights at the start",
    s: "sign of the output weight",
    w_cone: "weights of the neurons of one activation cone, as columns",
    a_cone: "output weights of the neurons of one activation cone, as a row",
    w_start: "the weights at the start",
    a_start: "the output weights at the start",
    D: "driving vector of the activation cone, $\\frac1n\\sum_{k\\text{ active}}(y_k-h(x_k))x_k$",
    X: "inputs, as rows",
    y: "labels",
    mask: "activation pattern of the cone: diagonal, one where a point is active, else zero (symmetric)",
    others: "output of the neurons of all other cones at the data",
    z: "stacked weights: $w$ above $a$",
    M: "generator of the motion of stacked weights: blocks $0,D,D^T,0$ (symmetric)",
    J: "Minkowski form: $-1$ on weights, $+1$ on output weights (diagonal, symmetric)",
    W: "second moment of the weights of a cone, $\\sum_jw_jw_j^T$ (symmetric)",
    v: "linear map of a cone, $\\sum_ja_jw_j$",
    A: "second moment of the output weights of a cone, $\\sum_ja_j^2$ (symmetric)",
    S: "second moments of stacked weights, blocks $W,v,v^T,A$ (symmetric)",
    w: "weights of one neuron",
    a: "output weight of one neuron",
    a_0: "its value at the start",
    c: "part of the weights along $D$, $\\langle D,w\\rangle/|D|$",
    c_0: "its value at the start",
    p: "length of the part of the weights at right angles to $D$ (constant)",
    r: "ratio $\\langle D,w\\rangle/(|D|a)$",
    r_0: "its value at the start",
    phi_0: "rapidity at the start, $\\operatorname{artanh}r_0$",
    theta: "angle between the weights and $\\operatorname{sign}(a)D$",
    theta_0: "its value at the start",
}

LATEX = (
    (lam, r"\lambda"),
    (w_cone, "w"),
    (a_cone, "a"),
    (w_start, "w_0"),
    (a_start, "a_0"),
    (phi_0, r"\varphi_0"),
)


def meaning(*expressions: Any, extra: dict[Any, str] | None = None) -> tuple[tuple[Any, str], ...]:
    """Meanings of the letters that occur, from the table of the paper."""
    return table({**MEANING, **(extra or {})}, *expressions)


def formula(id: str, title: str, statement: Any, source: Source = OURS, *, let: Let = (), **more: Any) -> Formula:
    """A formula of this paper, derived here unless it says otherwise; the table of letters says what is symmetric."""
    extra = more.pop("extra", None)
    form = more.get("float_form")
    more.setdefault("standing", Standing.OURS if source == OURS else Standing.THEOREM)
    parts = [
        statement,
        *more.get("assuming", ()),
        *(part for pair in let for part in pair),
        *([] if form is None else [form]),
    ]
    known = meaning(*parts, extra=extra)
    symmetric = tuple(letter for letter, words in known if "symmetric" in words)
    return Formula(f"early-alignment.{id}", title, statement, known, source, let=let, symmetric=symmetric, **more)

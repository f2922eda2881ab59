"""Letters of the mixed dynamics, with their meanings; one block for the whole paper."""

from __future__ import annotations

from typing import Any

from sympy import Identity, MatrixSymbol, Symbol, symbols

from ..formula import Formula, Let, Source, table

PAPER = "tu2024mixed"
OURS = Source("plateaux")

d_out, d_in, w = symbols("d_out d_in w", integer=True, positive=True)
N = d_out + d_in
t = Symbol("t", nonnegative=True)
n = Symbol("n", integer=True, nonnegative=True)
eta = Symbol("eta", positive=True)
sigma = Symbol("sigma", positive=True)
tau = Symbol("tau", nonnegative=True)
tau_1, tau_2 = symbols("tau_1 tau_2", nonnegative=True)
lam, rho = Symbol("lambda_", real=True), Symbol("rho", nonnegative=True)

W1, W2 = MatrixSymbol("W1", w, d_in), MatrixSymbol("W2", d_out, w)
A, dA = MatrixSymbol("A", d_out, d_in), MatrixSymbol("dA", d_out, d_in)
G, M = MatrixSymbol("G", d_out, d_in), MatrixSymbol("M", d_out, d_in)
C1, C2 = MatrixSymbol("C1", d_in, d_in), MatrixSymbol("C2", d_out, d_out)
B, dB = MatrixSymbol("B", w, w), MatrixSymbol("dB", w, w)
O = MatrixSymbol("O", w, w)
Sigma = MatrixSymbol("Sigma", d_in, d_in)
Omega = MatrixSymbol("Omega", d_out, d_in)
I_out, I_in, I_N = Identity(d_out), Identity(d_in), Identity(N)

# Stacked weights: Q = [W2; W1'] has N = d_out + d_in rows, P = Q Q'. F, J and Mhat stay letters with two relations.
Q = MatrixSymbol("Q", N, w)
P, dP = MatrixSymbol("P", N, N), MatrixSymbol("dP", N, N)
F, J, Mhat = MatrixSymbol("F", N, N), MatrixSymbol("J", N, N), MatrixSymbol("Mhat", N, N)
L, dL = MatrixSymbol("L", N, N), MatrixSymbol("dL", N, N)

MEANING: dict[Any, str] = {
    d_out: "output dimension",
    d_in: "input dimension",
    w: "width",
    t: "time of gradient flow",
    n: "number of gradient-descent steps",
    eta: "learning rate",
    sigma: "standard deviation of every weight at the start",
    tau: "variance of the weights times width, $\\sigma^2 w$",
    tau_1: "variance of the first-layer weights times width",
    tau_2: "variance of the second-layer weights times width",
    lam: "imbalance of the layers: coefficient of $PJ$ in $(PJ)^2=\\lambda PJ+\\rho$",
    rho: "constant in $(PJ)^2=\\lambda PJ+\\rho$",
    W1: "first-layer weights",
    W2: "second-layer weights",
    A: "linear map of the network, $W_2W_1$",
    dA: "rate of $A$",
    G: "gradient of the cost with respect to $A$",
    M: "target matrix of the squared error",
    C1: "Gram matrix of the first layer, $W_1^TW_1$ (symmetric)",
    C2: "Gram matrix of the second layer, $W_2W_2^T$ (symmetric)",
    B: "imbalance of the layers, $W_2^TW_2-W_1W_1^T$ (symmetric)",
    dB: "rate of $B$",
    O: "orthogonal matrix acting on the hidden neurons",
    Sigma: "covariance of the inputs (symmetric)",
    Omega: "mask of the observed entries: ones and zeros",
    Q: "stacked weights, $W_2$ above $W_1^T$",
    P: "stacked Gram matrix, $QQ^T$, blocks $C_2,A,A^T,C_1$ (symmetric)",
    dP: "rate of $P$",
    F: "stacked gradient: off-diagonal blocks $G,G^T$ (symmetric)",
    J: "signature: $+1$ on outputs, $-1$ on inputs (diagonal, symmetric)",
    Mhat: "stacked target: off-diagonal blocks $M,M^T$ (symmetric)",
    L: "Lax matrix, $PJ$",
    dL: "rate of $L$",
}

LATEX = (
    (W1, "W_1"),
    (W2, "W_2"),
    (C1, "C_1"),
    (C2, "C_2"),
    (d_out, r"d_{\mathrm{out}}"),
    (d_in, r"d_{\mathrm{in}}"),
    (lam, r"\lambda"),
    (Mhat, r"\hat{M}"),
    (Sigma, r"\Sigma"),
    (Omega, r"\Omega"),
)


def meaning(*expressions: Any, extra: dict[Any, str] | None = None) -> tuple[tuple[Any, str], ...]:
    """Meanings of the letters that occur, from the table of the paper."""
    return table({**MEANING, **(extra or {})}, *expressions)


def formula(id: str, title: str, statement: Any, source: Source, *, let: Let = (), **more: Any) -> Formula:
    """A formula of this paper; meanings come from the table (and ``extra``), which says what is symmetric."""
    extra = more.pop("extra", None)
    form = more.get("float_form")
    parts = [
        statement,
        *more.get("assuming", ()),
        *(part for pair in let for part in pair),
        *([] if form is None else [form]),
    ]
    known = meaning(*parts, extra=extra)
    symmetric = tuple(letter for letter, words in known if "symmetric" in words)
    return Formula(f"mixed.{id}", title, statement, known, source, let=let, symmetric=symmetric, **more)

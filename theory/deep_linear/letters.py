"""Letters of deep linear networks, with their meanings; one block for the whole paper."""

from __future__ import annotations

from typing import Any

from sympy import MatrixSymbol, Symbol, symbols

from ..formula import Formula, Let, Source, table

PAPER = "jacot2021saddle"
OURS = Source("plateaux")

d_out, d_in, w = symbols("d_out d_in w", integer=True, positive=True)
w_0, w_1, w_2 = symbols("w_0 w_1 w_2", integer=True, positive=True)
t = Symbol("t", nonnegative=True)
n = Symbol("n", integer=True, nonnegative=True)
eta = Symbol("eta", positive=True)
lam = Symbol("lambda_d", nonnegative=True)
depth = Symbol("L", integer=True, positive=True)

A, G = MatrixSymbol("A", d_out, d_in), MatrixSymbol("G", d_out, d_in)
C1, C2 = MatrixSymbol("C1", d_in, d_in), MatrixSymbol("C2", d_out, d_out)
# Two neighbouring layers inside a network of any depth: the map is X W_b W_a Y.
Wa, Wb = MatrixSymbol("Wa", w_1, w_0), MatrixSymbol("Wb", w_2, w_1)
X, Y = MatrixSymbol("X", d_out, w_2), MatrixSymbol("Y", w_0, d_in)
D, dD, D_next = (MatrixSymbol(name, w_1, w_1) for name in ("D", "dD", "D_next"))
# Induction over the layers from the output: Z = W_L ... W_{l+1}, V = W_l, K = W_{l+1}' W_{l+1}, R = C_2^{L-l}.
Z, V = MatrixSymbol("Z", d_out, w), MatrixSymbol("V", w, w)
K, R = MatrixSymbol("K", w, w), MatrixSymbol("R", d_out, d_out)

DEPTHS = (2, 3, 4, 5)
"""Depths of which the layers are written out."""


def weights(layers: int) -> tuple[Any, ...]:
    """Weight matrices ``W1, ..., WL`` of a network of this many layers, from the input on."""
    sizes = [d_in, *(w for _ in range(layers - 1)), d_out]
    return tuple(MatrixSymbol(f"W{k}", sizes[k], sizes[k - 1]) for k in range(1, layers + 1))


MEANING: dict[Any, str] = {
    d_out: "output dimension",
    d_in: "input dimension",
    w: "width",
    w_0: "size below the lower of two neighbouring layers",
    w_1: "size between two neighbouring layers",
    w_2: "size above the upper of two neighbouring layers",
    t: "time of gradient flow",
    n: "number of gradient-descent steps",
    eta: "learning rate",
    lam: "weight decay: the loss has $(\\lambda/2)\\sum_l\\|W_l\\|^2$",
    depth: "depth: number of layers",
    **{W: f"weights of layer {k}" for k, W in enumerate(weights(5), 1)},
    **{weights(k)[-1]: f"weights of layer {k}" for k in DEPTHS},
    A: "linear map of the network, the product of all layers",
    G: "gradient of the cost with respect to $A$",
    C1: "Gram matrix of the first layer, $W_1^TW_1$ (symmetric)",
    C2: "Gram matrix of the last layer, $W_LW_L^T$ (symmetric)",
    Wa: "weights of a layer $l$",
    Wb: "weights of the next layer $l+1$",
    X: "product of the layers above $l+1$ (the identity if there is none)",
    Y: "product of the layers below $l$ (the identity if there is none)",
    D: "imbalance of two neighbouring layers, $W_lW_l^T-W_{l+1}^TW_{l+1}$ (symmetric)",
    dD: "rate of $D$",
    D_next: "imbalance after one step",
    Z: "product of the layers above $l$",
    V: "weights of layer $l$",
    K: "$W_{l+1}^TW_{l+1}$ (symmetric)",
    R: "power of $C_2$: as many factors as there are layers above $l$ (symmetric)",
}

LATEX = (
    (lam, r"\lambda"),
    (d_out, r"d_{\mathrm{out}}"),
    (d_in, r"d_{\mathrm{in}}"),
    (C1, "C_1"),
    (C2, "C_2"),
    (Wa, "W_l"),
    (Wb, "W_{l+1}"),
    (D_next, "D^{+}"),
    *((W, f"W_{k}") for k, W in enumerate(weights(5), 1)),
    *((weights(k)[-1], f"W_{k}") for k in DEPTHS),
)


def meaning(*expressions: Any, extra: dict[Any, str] | None = None) -> tuple[tuple[Any, str], ...]:
    """Meanings of the letters that occur, from the table of the paper."""
    return table({**MEANING, **(extra or {})}, *expressions)


def formula(id: str, title: str, statement: Any, source: Source = OURS, *, let: Let = (), **more: Any) -> Formula:
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
    return Formula(f"deep-linear.{id}", title, statement, known, source, let=let, symmetric=symmetric, **more)

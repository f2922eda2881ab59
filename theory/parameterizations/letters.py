"""Letters of the width exponents, with their meanings; one block for the whole paper."""

from __future__ import annotations

from typing import Any

from sympy import Sum, Symbol, symbols

from ..formula import Formula, Let, Source, Standing, table
from ..system import System

PAPER = "hajjar2021training"
FEATURES = "yang2021feature"
OURS = Source("plateaux")

m = Symbol("m", positive=True)
L = Symbol("L", integer=True, positive=True)
l = Symbol("l", integer=True, positive=True)
p = Symbol("p", positive=True)
k = Symbol("k", integer=True, nonnegative=True)

# one layer of weights
w, W, W_next, g, eta = symbols("w W W_next g eta", real=True)
a, c = symbols("a c_l", real=True)

# exponents
e_h, e_dh, e_f, e_rel, e_first, e_output = symbols("e_h e_dh e_f e_rel e_first e_output", real=True)
c_outer, c_inner, e_unaligned = symbols("c_outer c_inner e_unaligned", real=True)
r, A_out, K_out, K_first, K_inner = symbols("r A_out K_out K_first K_inner", real=True)
L_0 = Symbol("L_0", integer=True, positive=True)
ratio_h, ratio_dh, ratio_W = symbols("rho_h rho_dh rho_W", positive=True)

# chain of scalars
t, T = Symbol("t", nonnegative=True), Symbol("T", nonnegative=True)
u, v, U, V = symbols("u v U V", positive=True)
rate = Symbol("c", positive=True)
eps = Symbol("eps", positive=True)
t_u, t_esc, D = symbols("t_u t_esc D", positive=True)

# kernels
rho = Symbol("rho", real=True)
kappa_0, kappa_1, kappa_2, kappa_erf = symbols("kappa_0 kappa_1 kappa_2 kappa_erf", real=True)
S11, S22 = symbols("S_11 S_22", positive=True)
S12 = Symbol("S_12", real=True)

MEANING: dict[Any, str] = {
    m: "width of the hidden layers",
    L: "number of hidden layers; there are $L+1$ layers of weights",
    l: "layer, 1 to $L+1$ (the output)",
    p: "degree of homogeneity of the activation, $\\phi(sz)=s^p\\phi(z)$ for $s>0$",
    k: "summation index",
    w: "a trained weight",
    W: "the effective weight $m^{-a}w$",
    W_next: "the effective weight after one step",
    g: "derivative of the loss by the effective weight",
    eta: "step, without its power of the width",
    a: "exponent of the multiplier of the layer",
    c: "exponent of the rate of the layer",
    e_h: "exponent of the preactivations of layer $l$ at the start",
    e_dh: "exponent of the derivative of the output by the preactivations of layer $l$ at the start",
    e_f: "exponent of the output at the start",
    e_rel: "exponent of the first change of the preactivations of layer $l$ over their size, $2\\le l\\le L$",
    e_first: "exponent of the first change of the preactivations of layer 1",
    e_output: "exponent of the first change of the output",
    c_outer: "exponent of the first rate, first and last layer",
    c_inner: "exponent of the first rate, every layer in between",
    e_unaligned: "exponent of the preactivations of layer $l$ after the first step",
    r: "features move like $m^{-r}$",
    A_out: "exponent $a+b$ of the output layer",
    K_out: "exponent $2a+c$ of the output layer",
    K_first: "exponent $2a+c$ of the first layer",
    K_inner: "the least exponent $2a+c$ of the layers in between",
    L_0: "least number of hidden layers with a trivial limit",
    ratio_h: "preactivations of layer $l$ at the start over those of muP, same random numbers",
    ratio_dh: "derivatives by the preactivations of layer $l$ at the start over those of muP, same random numbers",
    ratio_W: "first change of an effective weight over that of muP, same random numbers and derivative of the loss",
    t: "time of gradient flow",
    T: "time over $m^{(L-3)/2}$",
    u: "each of the $L-1$ weights in between",
    v: "each of the two outer weights",
    U: "weight in between over its size at the start",
    V: "outer weight",
    rate: "correlation with the target",
    eps: "inverse width $1/m$",
    t_u: "time at which the weights in between reach $u$",
    t_esc: "time of escape",
    D: "difference of the squares of outer and inner weights, constant in time",
    rho: "correlation of two standard normal variables",
    kappa_0: "mean of the product of two steps of the variables",
    kappa_1: "mean of the product of two ReLU of the variables",
    kappa_2: "mean of the product of two squared ReLU of the variables",
    kappa_erf: "mean of the product of two error functions of centred normal variables",
    S11: "variance of the first variable",
    S22: "variance of the second variable",
    S12: "their covariance",
}

LATEX = (
    (W_next, r"W^{+}"),
    (e_dh, r"e_{dh}"),
    (e_rel, r"e_{\Delta h/h}"),
    (e_first, r"e_{\Delta h^1}"),
    (e_output, r"e_{\Delta f}"),
    (c_outer, r"c_{\mathrm{outer}}"),
    (c_inner, r"c_{\mathrm{inner}}"),
    (e_unaligned, r"e_{h(1)}"),
    (A_out, r"A_{L+1}"),
    (K_out, r"K_{L+1}"),
    (K_first, r"K_{1}"),
    (K_inner, r"K_{\mathrm{inner}}"),
    (t_esc, r"t_{\mathrm{esc}}"),
    (eps, r"\epsilon"),
    (kappa_erf, r"\kappa_{\mathrm{erf}}"),
)


def powers(first: Any, last: Any) -> Any:
    """``p^first + ... + p^last``."""
    return Sum(p**k, (k, first, last))


def order_of(depth: Any = L) -> Any:
    """``gamma``: order of the output in the intermediate weights, plus one."""
    return powers(0, depth - 1)


def meaning(*expressions: Any) -> tuple[tuple[Any, str], ...]:
    """Meanings of the letters that occur, from the table of the paper."""
    return table(MEANING, *expressions)


def formula(id: str, title: str, statement: Any, source: Source = OURS, *, let: Let = (), **more: Any) -> Formula:
    """A formula of this paper; meanings come from the table; derived here unless a source is given."""
    more.setdefault("standing", Standing.OURS if source is OURS else Standing.THEOREM)
    parts = [statement, *more.get("assuming", ()), *(part for pair in let for part in pair)]
    return Formula(f"parameterizations.{id}", title, statement, meaning(*parts), source, let=let, **more)


def flow(id: str, title: str, equations: Let, *, time: Any = t, given: Let = (), **more: Any) -> System:
    """A flow of this paper; meanings come from the table."""
    parts = [time, *more.get("assuming", ()), *(part for pair in (*equations, *given) for part in pair)]
    return System(f"parameterizations.{id}", title, "flow", time, equations, meaning(*parts), OURS, given=given, **more)

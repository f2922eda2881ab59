"""Letters of the width exponents, with their meanings; one block for the whole paper."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Sum, Symbol, symbols

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
e_two, e_steps = symbols("e_two e_steps", real=True)
n = Symbol("n", integer=True, nonnegative=True)
c_outer, c_inner, e_unaligned = symbols("c_outer c_inner e_unaligned", real=True)
r, A_out, K_out, K_first, K_inner = symbols("r A_out K_out K_first K_inner", real=True)
L_0 = Symbol("L_0", integer=True, positive=True)
ratio_h, ratio_dh, ratio_W = symbols("rho_h rho_dh rho_W", positive=True)

# biases, a start that is not centred, largest rates
e_sample, e_bias_dh, e_balanced, c_bias_first, c_bias_weight, c_bias = symbols("e_s e_b e_0 c_b1 c_bw c_b", real=True)
e_spread, e_mean_dh, e_softmax = symbols("e_n e_m e_z", real=True)
change, chi_sum, d_l, x_l, x_t = symbols("Delta_h chi_sum d_l x_l x_t", real=True)
signal_sum, mu, chi_1, chi_2, chi_3, U_1, U_2, U_3 = symbols("G mu chi_1 chi_2 chi_3 U_1 U_2 U_3", real=True)
c_mup, c_ntk, c_bounded, K_jump, shrink = symbols("c_mup c_ntk c_f K_jump sigma", real=True)

# first step at infinite width
chi, q, s2 = symbols("chi q s_2", positive=True)
o_1, o_next, o = symbols("omega_1 omega_next omega", positive=True)
f_1 = Symbol("f_1", real=True)

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
S_next, G_2, G_slope, Theta, Theta_next, rho_next = symbols("S_next G_2 G_slope Theta Theta_next rho_next", real=True)
variance = Symbol("nu", positive=True)

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
    e_two: "exponent of the preactivations of layer 2 of two hidden layers after $n$ steps",
    e_steps: "exponent of the number of steps after which the layers in between have changed by their own size",
    n: "number of steps",
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
    e_sample: "exponent of the part of the preactivations of layer $l$ that differs between samples, at the start, with biases",
    e_bias_dh: "exponent of the derivative by the preactivations of layer $l$ at the start, with biases",
    e_balanced: "exponent of the first change of layer $l$ where the derivatives of the loss sum to zero over the samples",
    c_bias_first: "exponent of the first rate of the weights of layer 1, with biases",
    c_bias_weight: "exponent of the first rate of the weights of layer $l$ in between, with biases",
    c_bias: "exponent of the first rate of the biases of layer $l$",
    e_spread: "exponent of the differences between neurons of layer $l$ at the start, which is not centred",
    e_mean_dh: "exponent of the derivative by the preactivations of layer $l$ at the start, which is not centred",
    e_softmax: "the same where the derivatives of the loss sum to zero over the outputs",
    change: "first change of a preactivation, over minus the rate",
    chi_sum: "sum of the derivatives of the loss over the samples",
    d_l: "derivative of the output by the preactivation, the same for all samples",
    x_l: "input of the layer, the same for all samples",
    x_t: "input of the layer of the sample at which the change is read",
    signal_sum: "derivative of the loss by an activation of the last hidden layer, times $m$",
    mu: "mean of the output weights, times $m$",
    chi_1: "derivative of the loss by output 1",
    chi_2: "derivative of the loss by output 2",
    chi_3: "derivative of the loss by output 3",
    U_1: "centred part of a weight of output 1, times $m$",
    U_2: "centred part of a weight of output 2, times $m$",
    U_3: "centred part of a weight of output 3, times $m$",
    c_mup: "least exponents of the rates in the multipliers and starts of muP ($a=-1/2,0,\\ldots,0,1/2$), every layer",
    c_ntk: "least exponents of the rates in the multipliers and starts of NTK, layer $l$, output free",
    c_bounded: "least exponents of the rates in the multipliers and starts of NTK, layer $l$, output bounded",
    K_jump: "difference of the effective rates of IP and muP, $2a+c$",
    shrink: "initial part of an intermediate effective weight of IP over that of muP, same random numbers",
    chi: "minus the derivative of the loss by the output at the start",
    q: "square of the norm of the input",
    s2: "variance of the first preactivations at the start",
    o_1: "mean of the product of the first activations before and after the first step",
    o_next: "the same, next layer; activations before the step in units of their size",
    o: "the same, layer before",
    f_1: "output after the first step at infinite width",
    S_next: "covariance of the preactivations of the next layer at two inputs",
    variance: "variance of the weights, times the width",
    G_2: "mean of the product of the activations at two inputs",
    G_slope: "mean of the product of the slopes of the activation at two inputs",
    Theta: "tangent kernel of a preactivation at two inputs",
    Theta_next: "tangent kernel of a preactivation of the next layer",
    rho_next: "correlation of the preactivations of the next layer at two inputs",
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
    (e_two, r"e_{h^2(n)}"),
    (e_steps, r"e_{n}"),
    (c_outer, r"c_{\mathrm{outer}}"),
    (c_inner, r"c_{\mathrm{inner}}"),
    (e_unaligned, r"e_{h(1)}"),
    (A_out, r"A_{L+1}"),
    (K_out, r"K_{L+1}"),
    (K_first, r"K_{1}"),
    (K_inner, r"K_{\mathrm{inner}}"),
    (e_sample, r"e_{\delta h}"),
    (e_bias_dh, r"e_{dh}^{\mathrm{bias}}"),
    (e_balanced, r"e_{\Delta h}^{\mathrm{balanced}}"),
    (c_bias_first, r"c_{1}^{\mathrm{bias}}"),
    (c_bias_weight, r"c_{l}^{\mathrm{bias}}"),
    (c_bias, r"c_{b,l}"),
    (e_spread, r"e_{\delta h}^{\mu}"),
    (e_mean_dh, r"e_{dh}^{\mu}"),
    (e_softmax, r"e_{dh}^{\mathrm{softmax}}"),
    (change, r"\Delta h"),
    (chi_sum, r"\Sigma_{\chi}"),
    (c_mup, r"c^{\mathrm{muP}}"),
    (c_ntk, r"c^{\mathrm{NTK}}"),
    (c_bounded, r"c^{\mathrm{NTK},f}"),
    (K_jump, r"K^{\mathrm{IP}}-K^{\mathrm{muP}}"),
    (s2, r"s^{2}"),
    (o_next, r"\omega^{+}"),
    (f_1, r"f(1)"),
    (S_next, r"S^{+}"),
    (Theta_next, r"\Theta^{+}"),
    (rho_next, r"\rho^{+}"),
    (G_slope, r"\dot{G}"),
    (G_2, r"G"),
    (variance, r"\nu"),
    (t_esc, r"t_{\mathrm{esc}}"),
    (eps, r"\epsilon"),
    (kappa_erf, r"\kappa_{\mathrm{erf}}"),
)


def equal(name: Any, value: Any) -> Any:
    """``name = value``, left as it stands: deciding whether it holds by itself costs most of the import."""
    return Eq(name, value, evaluate=False)


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

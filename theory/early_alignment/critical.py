"""Critical directions: the potential G on the sphere, its ascent, kinks, sliding, what extremal means."""

from __future__ import annotations

from sympy import Eq, MatrixSymbol, Ne, Symbol, symbols

from ..formula import Source
from .directions import MORE as DIRECTION_LETTERS
from .directions import g, nu, rho
from .letters import ORIGIN, PAPER, D, X, a, d, delta, dot, formula, mask, n, s, w, y

G, G_scaled, dG = symbols("G G_scaled dG", real=True)
kappa = Symbol("kappa", positive=True)
gradient = MatrixSymbol("grad_G", d, 1)
dnu, tangent = MatrixSymbol("dnu", d, 1), MatrixSymbol("tangent", d, 1)
gap = Symbol("gap", nonnegative=True)
x_k, D_off = MatrixSymbol("x_k", d, 1), MatrixSymbol("D_off", d, 1)
y_k = Symbol("y_k", real=True)
v_off, v_on, jump = symbols("v_off v_on jump", real=True)
share, label = Symbol("eta_k", nonnegative=True), Symbol("s_y_k", real=True)
size, inside = Symbol("x_sq", positive=True), Symbol("inside", real=True)
push_off, push_on = symbols("u_off u_on", positive=True)
z_n = Symbol("n_Z", integer=True, positive=True)
X_Z = MatrixSymbol("X_Z", z_n, d)
D_A, D_F = MatrixSymbol("D_A", d, 1), MatrixSymbol("D_F", d, 1)
weights = MatrixSymbol("eta_Z", z_n, 1)
MORE = {
    **DIRECTION_LETTERS,
    G: "potential $G(w)=\\frac1n\\sum_ky_k\\max(0,\\langle w,x_k\\rangle)$",
    G_scaled: "$G(\\kappa w)$",
    kappa: "positive number",
    dG: "rate of $G$ at the direction of a neuron",
    gradient: "gradient of $G$ inside the cone",
    dnu: "rate of the direction of a balanced neuron",
    tangent: "part of the gradient of $sG$ along the sphere",
    gap: "square of the part of $D$ at right angles to a unit vector: zero exactly at extremal directions",
    x_k: "input of one data point",
    y_k: "its label (its residual, if the output is not small)",
    D_off: "driving vector where the point is not active",
    v_off: "speed across the hyperplane of $x_k$ where the point is not active, $s\\langle D_{\\mathrm{off}},x_k\\rangle$",
    v_on: "speed across the hyperplane of $x_k$ where the point is active, $s\\langle D_{\\mathrm{on}},x_k\\rangle$",
    jump: "jump of the speed at the kink, $v_{\\mathrm{on}}-v_{\\mathrm{off}}$",
    share: "share of the active side while a neuron slides along the hyperplane",
    inside: "share of the active side times share of the other: not negative exactly for shares between 0 and 1",
    label: "sign of the output weight times label",
    size: "$|x_k|^2$",
    push_off: "speed towards the hyperplane from the side where the point is not active",
    push_on: "speed towards the hyperplane from the side where the point is active",
    z_n: "number of data points on whose hyperplanes the neuron is",
    X_Z: "inputs on whose hyperplanes the neuron is, as rows",
    D_A: "driving vector of the active points",
    D_F: "driving vector on the face",
    weights: "shares of the points on whose hyperplanes the neuron is, times $y_k/n$",
}
LATEX = (
    (G_scaled, r"G(\kappa w)"),
    (dG, r"\dot{G}"),
    (gradient, r"\nabla G"),
    (dnu, r"\dot{\hat{w}}"),
    (tangent, r"\nabla_{S}\,sG"),
    (D_off, r"D_{\mathrm{off}}"),
    (v_off, r"v_{\mathrm{off}}"),
    (v_on, r"v_{\mathrm{on}}"),
    (jump, r"v_{\mathrm{on}}-v_{\mathrm{off}}"),
    (label, "s y_k"),
    (gap, r"|D_{\perp}|^2"),
    (inside, r"\eta_k(1-\eta_k)"),
    (size, "|x_k|^2"),
    (push_off, r"u_{\mathrm{off}}"),
    (push_on, r"u_{\mathrm{on}}"),
    (z_n, "n_Z"),
    (weights, r"\eta_Z"),
)

EARLY = X.T * mask * y / n
"""Driving vector while the outputs are negligible."""
ON = D_off + y_k / n * x_k

FORMULAS = (
    formula(
        "potential",
        "the potential inside a cone: the driving vector is its gradient",
        Eq(gradient, EARLY),
        Source(ORIGIN),
        extra=MORE,
    ),
    formula(
        "potential-homogeneous",
        "the potential is homogeneous of degree one",
        Eq(G_scaled, kappa * dot(w, EARLY)),
        Source(ORIGIN),
        extra=MORE,
    ),
    formula(
        "ascent",
        "balanced directions follow gradient ascent of s G on the sphere",
        Eq(dnu, s * (D - g * nu)),
        Source(PAPER, "sec. 3"),
        extra=MORE,
    ),
    formula(
        "ascent-rate",
        "the potential rises along a neuron with a > 0 and falls along one with a < 0",
        Eq(dG, a / rho * (delta**2 - g**2)),
        extra=MORE,
    ),
    formula(
        "critical",
        "a direction rests exactly if D is parallel to it: then D is an extremal vector",
        Eq(gap, delta**2 - g**2),
        Source(PAPER, "definition of extremal vectors"),
        extra=MORE,
    ),
    formula(
        "kink-jump",
        "jump of the speed across the hyperplane of a data point",
        Eq(jump, s * y_k * dot(x_k, x_k) / n),
        extra=MORE,
    ),
    formula(
        "kink-label",
        "what pushes a neuron back onto the hyperplane from both sides: it slides only if sign times label is negative",
        Eq(label, -n * (push_off + push_on) / size),
        extra=MORE,
    ),
    formula(
        "kink-repels",
        "what pushes a neuron off the hyperplane on both sides: only if sign times label is positive",
        Eq(label, n * (push_off + push_on) / size),
        extra=MORE,
    ),
    formula(
        "kink-critical",
        "a direction on the hyperplane can rest exactly if the speeds on its two sides do not have the same sign; else it crosses",
        Eq(inside, -v_off * v_on / (v_off - v_on) ** 2),
        assuming=(Ne(v_off, v_on, evaluate=False),),
        extra=MORE,
    ),
    formula(
        "sliding-vector",
        "the driving vector with that share: the projection at right angles to the input",
        Eq(D_F, D_off - x_k * x_k.T * D_off / size),
        extra=MORE,
    ),
    formula(
        "sliding-share",
        "share of the active side that keeps a sliding neuron on the hyperplane",
        Eq(share, v_off / (v_off - v_on)),
        assuming=(v_off > 0, v_on < 0),
        extra=MORE,
    ),
    formula(
        "face-vector",
        "the driving vector on a face is the projection at right angles to the inputs of the face",
        Eq(D_F, D_A - X_Z.T * (X_Z * X_Z.T).I * X_Z * D_A),
        extra=MORE,
    ),
)
SYSTEMS = ()

"""The early-alignment theorem, its sharp rates with constants, and the time until the weights have size one."""

from __future__ import annotations

from sympy import Eq, Le, Symbol, acosh, atan, atanh, cosh, exp, log, pi, symbols, tan

from ..formula import Source, Standing
from .letters import PAPER, delta, formula, lam, p, phi_0, r_0, t

eps, delta_max = symbols("epsilon delta_max", positive=True)
theta_in, t_in = Symbol("theta_in", positive=True), Symbol("t_in", nonnegative=True)
a_in, c_in = Symbol("a_in", positive=True), Symbol("c_in", real=True)
angle, C = symbols("angle C", positive=True)
tau = Symbol("tau", positive=True)
power = Symbol("kappa", positive=True)
phi_1, phi_2 = symbols("phi_1 phi_2", positive=True)
fraction = Symbol("fraction", positive=True)
start = Symbol("a_start_", positive=True)
MORE = {
    eps: "coefficient of the alignment time",
    delta_max: "length of the longest driving vector, $|D_{\\max}|$",
    tau: "alignment time, $\\varepsilon\\ln(1/\\lambda)/|D_{\\max}|$",
    theta_in: "angle to $D$ when the neuron enters its last cone",
    t_in: "time at which it enters its last cone",
    a_in: "size of its output weight then, over $\\lambda$",
    c_in: "$s\\langle D,w\\rangle/|D|$ then, over $\\lambda$",
    angle: "angle to $D$ at the alignment time",
    C: "constant of the rate",
    power: "exponent of the theorem, from the source",
    phi_1: "angle from $D_{\\mathrm{full}}$ to one wall of the full cone",
    phi_2: "angle from $D_{\\mathrm{full}}$ to the other wall",
    fraction: "part of all directions with $a<0$ that are still in the full cone at the alignment time",
    start: "size of the output weight at the start, over $\\lambda$",
}
LATEX = (
    (eps, r"\varepsilon"),
    (delta_max, r"|D_{\max}|"),
    (theta_in, r"\theta_{\mathrm{in}}"),
    (t_in, r"t_{\mathrm{in}}"),
    (a_in, r"|a_{\mathrm{in}}|"),
    (c_in, r"c_{\mathrm{in}}"),
    (angle, r"\theta(\tau)"),
    (start, "|a_0|"),
    (fraction, r"\mathrm{part}"),
)

ALIGNMENT_TIME = eps * log(1 / lam) / delta_max
LEAVE = exp(-eps * delta / delta_max * log(1 / lam))

FORMULAS = (
    formula(
        "theorem",
        "early alignment: at the alignment time every neuron is dead (D = 0), within this angle of an extremal vector, "
        "or still near a critical direction of G that does not attract",
        Le(angle, lam ** (power * eps), evaluate=False),
        Source(PAPER, "early-alignment theorem"),
        standing=Standing.THEOREM,
        extra=MORE,
    ),
    formula(
        "alignment-constant",
        "constant of the alignment rate, balanced neuron",
        Eq(C, 2 * tan(theta_in / 2) * exp(delta * t_in)),
        assuming=(theta_in < pi,),
        extra=MORE,
    ),
    formula(
        "alignment-rate",
        "angle at the alignment time, to leading order: the exponent is smaller for shorter driving vectors",
        Eq(angle, C * lam ** (eps * delta / delta_max)),
        let=((C, 2 * tan(theta_in / 2) * exp(delta * t_in)),),
        assuming=(theta_in < pi,),
        extra=MORE,
    ),
    formula(
        "alignment-constant-dominated",
        "constant of the alignment rate, dominated neuron",
        Eq(C, 2 * p / (a_in + c_in) * exp(delta * t_in)),
        assuming=(a_in > abs(c_in),),
        extra=MORE,
    ),
    formula(
        "cone-fraction",
        "two dimensions: part of the directions with a < 0 that have not left the full cone",
        Eq(fraction, (atan(LEAVE * tan(phi_1 / 2)) + atan(LEAVE * tan(phi_2 / 2))) / pi),
        assuming=(phi_1 < pi, phi_2 < pi),
        extra=MORE,
    ),
    formula(
        "cone-fraction-leading",
        "the same for a small start",
        Eq(fraction, lam ** (eps * delta / delta_max) * (tan(phi_1 / 2) + tan(phi_2 / 2)) / pi),
        assuming=(phi_1 < pi, phi_2 < pi),
        extra=MORE,
    ),
    formula(
        "unit-time",
        "time at which the output weight reaches size one in a cone",
        Eq(t, (acosh(cosh(phi_0) / (lam * start)) - phi_0) / delta),
        let=((phi_0, atanh(r_0)),),
        assuming=(r_0 < 1, r_0 > -1, lam * start < 1),
        extra=MORE,
    ),
    formula(
        "unit-time-leading",
        "the same for a small start",
        Eq(t, log(1 / lam) / delta),
        extra=MORE,
    ),
)
SYSTEMS = ()

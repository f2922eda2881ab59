"""Motion inside one activation cone in closed form, exit times, and gradient descent with a constant driving vector."""

from __future__ import annotations

from sympy import (
    Determinant,
    Eq,
    Ge,
    MatrixSymbol,
    Piecewise,
    Symbol,
    atanh,
    cosh,
    log,
    pi,
    sinh,
    sqrt,
    symbols,
    tan,
    true,
)
from sympy.codegen.cfunctions import log1p

from ..system import System
from .letters import (
    OURS,
    D,
    I_z,
    M,
    N,
    a,
    a_0,
    a_cone,
    a_start,
    c,
    c_0,
    d,
    delta,
    eta,
    formula,
    meaning,
    p,
    t,
    theta_0,
    w_cone,
    w_start,
)

dc, g = Symbol("dc", real=True), Symbol("g", real=True)
f, f_0, beta, gamma = symbols("f f_0 beta gamma", real=True)
q, t_e = Symbol("q", positive=True), Symbol("t_e", positive=True)
cos_D, sin_D = symbols("C_k S_k", real=True)
T_e = Symbol("T_e", positive=True)
rho = Symbol("rho_N", nonnegative=True)
drift = Symbol("drift", real=True)
Psi, Inv = MatrixSymbol("Psi", d + 1, d + 1), MatrixSymbol("Psi_inv", d + 1, d + 1)
MORE = {
    f: "what the neuron does at a data point, $\\langle x_k,w\\rangle$",
    f_0: "its value at the start",
    beta: "$\\langle D,w_0\\rangle\\langle D,x_k\\rangle/|D|^2$",
    gamma: "$a_0\\langle D,x_k\\rangle/|D|$",
    q: "$e^{\\delta t}$",
    t_e: "time at which the neuron leaves the cone",
    cos_D: "$f$ on the unit circle of the motion, at angle 0: $\\langle x_k,sD\\rangle/|D|$",
    sin_D: "$f$ on the unit circle of the motion, at angle $\\pi/2$",
    T_e: "tangent of half the angle at which a balanced neuron leaves the cone",
    rho: "rapidity after $N$ steps",
    drift: "change of $a^2-|w|^2$ in one step",
    Psi: "what $N$ steps in the cone do to stacked weights",
    Inv: "inverse of one step",
}
LATEX = (
    (drift, r"\Delta(a^2-|w|^2)"),
    (Psi, r"\Psi"),
    (Inv, r"(I+\eta M)^{-1}"),
    (rho, r"\rho_N"),
    (q, r"e^{\delta t}"),
)

AXIS = System(
    "early-alignment.axis",
    "one neuron inside a cone: part of the weights along D, and the output weight",
    "flow",
    t,
    ((c, delta * a), (a, delta * c)),
    meaning(c, a, delta, t),
    OURS,
)
AXIS_STEP = System(
    "early-alignment.axis-step",
    "gradient descent of one neuron inside a cone",
    "map",
    N,
    ((c, c + eta * delta * a), (a, a + eta * delta * c)),
    meaning(c, a, delta, eta, N),
    OURS,
)

ROOT = sqrt(f_0 * (f_0 - 2 * beta) + gamma**2)
SLOPE = f_0 + gamma
"""Part of ``q - 1`` at the exit: ``q - 1 = -(SLOPE + ROOT)/(beta + gamma)``."""
STABLE_EXIT = (
    log1p(
        Piecewise(
            (-(SLOPE + ROOT) / (beta + gamma), Ge(SLOPE, 0, evaluate=False)),
            (2 * f_0 / (ROOT - SLOPE), true),
            evaluate=False,
        )
    )
    / delta
)
HYPOT = sqrt(cos_D**2 + sin_D**2)
EXPANSION = (
    I_z - M * M / delta**2 + (1 - eta**2 * delta**2) ** (N / 2) * (cosh(rho) / delta**2 * M * M + sinh(rho) / delta * M)
)

FORMULAS = (
    formula(
        "cone-weights",
        "weights inside a cone: only the part along D moves",
        Eq(
            w_cone,
            w_start + sinh(delta * t) / delta * D * a_start + (cosh(delta * t) - 1) / delta**2 * D * D.T * w_start,
        ),
    ),
    formula(
        "cone-outputs",
        "output weights inside a cone",
        Eq(a_cone, cosh(delta * t) * a_start + sinh(delta * t) / delta * D.T * w_start),
    ),
    formula(
        "axis-weight",
        "part of the weights along D inside a cone",
        Eq(c, c_0 * cosh(delta * t) + a_0 * sinh(delta * t)),
    ),
    formula(
        "axis-output",
        "output weight inside a cone",
        Eq(a, a_0 * cosh(delta * t) + c_0 * sinh(delta * t)),
    ),
    formula(
        "wall-value",
        "value at a data point along the motion inside a cone",
        Eq(f, f_0 + beta * (cosh(delta * t) - 1) + gamma * sinh(delta * t)),
        extra=MORE,
    ),
    formula(
        "exit-quadratic",
        "the neuron meets the wall of a data point at the roots of a quadratic in exp(delta t)",
        Eq((beta + gamma) * q**2 + 2 * (f_0 - beta) * q + beta - gamma, 2 * q * f, evaluate=False),
        let=((f, f_0 + beta * (q + 1 / q - 2) / 2 + gamma * (q - 1 / q) / 2),),
        extra=MORE,
    ),
    formula(
        "exit-time",
        "time at which a neuron that is pulled over a wall meets it",
        Eq(t_e, log(-(f_0 - beta + ROOT) / (beta + gamma)) / delta),
        assuming=(f_0 > 0, beta + gamma < 0),
        float_form=STABLE_EXIT,
        extra=MORE,
    ),
    formula(
        "exit-time-grazing",
        "time at which a neuron that is pulled over a wall only for a while first meets it",
        Eq(t_e, log(-(f_0 - beta + ROOT) / (beta + gamma)) / delta),
        assuming=(f_0 > 0, beta + gamma > 0, f_0 + gamma < 0, f_0 * (f_0 - 2 * beta) + gamma**2 > 0),
        float_form=log1p(2 * f_0 / (ROOT - SLOPE)) / delta,
        extra=MORE,
    ),
    formula(
        "exit-angle",
        "balanced neuron: half the angle at which it meets a wall that lies before D",
        Eq(T_e, (sin_D - HYPOT) / cos_D),
        assuming=(cos_D < 0,),
        float_form=Piecewise(
            (-cos_D / (HYPOT + sin_D), Ge(sin_D, 0, evaluate=False)),
            ((sin_D - HYPOT) / cos_D, true),
            evaluate=False,
        ),
        extra=MORE,
    ),
    formula(
        "exit-time-balanced",
        "balanced neuron: time at which it meets a wall, with all digits",
        Eq(t_e, log(tan(theta_0 / 2) / T_e) / delta),
        assuming=(theta_0 < pi, T_e < tan(theta_0 / 2)),
        extra=MORE,
    ),
    formula(
        "step-power",
        "N steps of gradient descent with a constant driving vector",
        Eq(Psi, EXPANSION),
        let=((rho, N * atanh(eta * delta)),),
        assuming=(eta * delta < 1,),
        extra=MORE,
    ),
    formula(
        "step-inverse",
        "one step backwards",
        Eq(Inv, I_z + (-eta * M + eta**2 * M * M) / (1 - eta**2 * delta**2)),
        assuming=(eta * delta < 1,),
        extra=MORE,
    ),
    formula(
        "step-determinant",
        "determinant of one step",
        Eq(Determinant(I_z + eta * M), 1 - eta**2 * delta**2),
    ),
    formula(
        "step-drift-balanced",
        "one step makes the conserved quantity of a balanced neuron negative",
        Eq(drift, -(eta**2) * delta**2 * p**2),
        extra=MORE,
    ),
)
SYSTEMS = (AXIS, AXIS_STEP)

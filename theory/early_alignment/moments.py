"""Second moments of the neurons of a cone: the whole dynamics, closed until a neuron changes its cone."""

from __future__ import annotations

from sympy import Eq, MatrixSymbol, Symbol, Trace

from ..flow import gradient_flow
from ..system import System
from .letters import (
    OURS,
    A,
    D,
    I_z,
    M,
    N,
    S,
    W,
    X,
    a_cone,
    d,
    eta,
    formula,
    mask,
    meaning,
    n,
    others,
    t,
    v,
    w_cone,
    y,
    z,
)

OBSERVABLES = ((A, a_cone * a_cone.T), (v, w_cone * a_cone.T), (W, w_cone * w_cone.T))
MOMENTS = System(
    "early-alignment.moments",
    "gradient flow closes on the second moments of every cone",
    "flow",
    t,
    ((A, D.T * v + v.T * D), (v, D * A + W * D), (W, D * v.T + v * D.T)),
    meaning(A, v, W, D, t),
    OURS,
    symmetric=(A, W),
)
MOMENTS_STEP = System(
    "early-alignment.moments-step",
    "gradient descent closes on the second moments of every cone, exactly for any step",
    "map",
    N,
    (
        (A, A + eta * (D.T * v + v.T * D) + eta**2 * D.T * W * D),
        (v, v + eta * (D * A + W * D) + eta**2 * D * v.T * D),
        (W, W + eta * (D * v.T + v * D.T) + eta**2 * D * A * D.T),
    ),
    meaning(A, v, W, D, eta, N),
    OURS,
    symmetric=(A, W),
)
MOMENTS_STACKED = System(
    "early-alignment.moments-stacked",
    "gradient flow of the stacked second moments",
    "flow",
    t,
    ((S, M * S + S * M),),
    meaning(S, M, t),
    OURS,
    symmetric=(S, M),
)
MOMENTS_STACKED_STEP = System(
    "early-alignment.moments-stacked-step",
    "gradient descent of the stacked second moments",
    "map",
    N,
    ((S, (I_z + eta * M) * S * (I_z + eta * M).T),),
    meaning(S, M, eta, N),
    OURS,
    symmetric=(S, M),
)
STACKED_OBSERVABLES = ((S, z * z.T),)

out = MatrixSymbol("h", n, 1)
Psi = MatrixSymbol("Psi", d + 1, d + 1)
beta, rate = MatrixSymbol("beta", d, 1), Symbol("dL", real=True)
MORE = {
    out: "outputs at the data",
    Psi: "product of the matrices $I+\\eta M$ of all steps since a reference time",
    beta: "linear map of least squared error",
    rate: "rate of the loss",
}
LATEX = ((Psi, r"\Psi"), (out, "h"), (beta, r"\beta^{*}"), (rate, r"\dot{L}"))

# After alignment all active neurons are in the full cone: a two-layer linear network.
FULL_CONE = gradient_flow(
    "early-alignment.full-cone-network",
    Trace((X * w_cone * a_cone.T - y).T * (X * w_cone * a_cone.T - y)) / (2 * n),
    (w_cone, a_cone),
    time=t,
    title="gradient flow when all active neurons are in the full cone: a linear network",
    source=OURS,
    meaning=meaning(w_cone, a_cone, X, y, t, n, d, w_cone.shape[1]),
)
PULL = X.T * (y - X * v) / n
FULL_CONE_MOMENTS = System(
    "early-alignment.full-cone-moments",
    "the flow after alignment: moments of the full cone",
    "flow",
    t,
    ((A, PULL.T * v + v.T * PULL), (v, PULL * A + W * PULL), (W, PULL * v.T + v * PULL.T)),
    meaning(A, v, W, X, y, n, t),
    OURS,
    symmetric=(A, W),
)

FORMULAS = (
    formula(
        "output",
        "outputs from the moments: a cone adds its own to those of all other cones, so that they are a sum over cones",
        Eq(out, mask * X * v + others),
        extra=MORE,
    ),
    formula(
        "propagator",
        "the moments now are those at a reference time, moved by the product of the steps",
        Eq(S, Psi * z * z.T * Psi.T),
        extra=MORE,
    ),
    formula(
        "plateau",
        "the flow after alignment rests at the least squares map",
        Eq(beta, (X.T * X).I * X.T * y),
        extra=MORE,
    ),
    formula(
        "plateau-descent",
        "after alignment the loss falls until the gradient of the linear map vanishes",
        Eq(rate, -Trace(D.T * W * D) - Trace(D.T * D * A)),
        let=((D, PULL),),
        extra=MORE,
    ),
)
PROPAGATOR = System(
    "early-alignment.propagator-step",
    "product of the steps of a cone; the generator may change at every step",
    "map",
    N,
    ((Psi, (I_z + eta * M) * Psi),),
    meaning(Psi, M, eta, N, extra=MORE),
    OURS,
    symmetric=(M,),
)
SYSTEMS = (PROPAGATOR, MOMENTS, MOMENTS_STEP, MOMENTS_STACKED, MOMENTS_STACKED_STEP, FULL_CONE, FULL_CONE_MOMENTS)

"""Finite width: first-order response about the path of infinite width, and what a Gaussian start looks like."""

from __future__ import annotations

from typing import Any

from sympy import Eq, Idx, IndexedBase, MatrixSymbol, Symbol, exp, sqrt

from ..formula import Source, Standing
from ..system import System
from .letters import OURS, J, N, P, d_in, d_out, formula, meaning, sigma, t, tau, w

size = Symbol("size", integer=True, positive=True)
i, j = Idx("i", size), Idx("j", size)
alpha, beta, gamma = IndexedBase("alpha"), IndexedBase("beta"), IndexedBase("gamma")
s, m, g, q, a = IndexedBase("s"), IndexedBase("m"), IndexedBase("g"), IndexedBase("q"), IndexedBase("a")
EP = MatrixSymbol("EP", N, N)
Z = MatrixSymbol("Z", N, w)
x_t, v_0, v_t = Symbol("x_t", real=True), Symbol("v_0", nonnegative=True), Symbol("v_t", nonnegative=True)
distance = Symbol("distance", nonnegative=True)
MORE: dict[Any, str] = {
    size: "larger of the two dimensions; the smaller one is padded",
    alpha: "first-order deviation of $A$ in the singular basis of the target",
    beta: "first-order deviation of $C_2$ in the same basis",
    gamma: "first-order deviation of $C_1$ in the same basis",
    s: "singular values on the path of infinite width",
    m: "singular values of the target",
    g: "gradient along the path, $s-m$",
    q: "sum $s+g$",
    a: "strength of both layers, $\\sqrt{s^2+\\tau^2}$",
    distance: "operator norm of $P/\\tau-I$ at the start",
    EP: "mean of $(PJ)^2$ at a Gaussian start",
    Z: "matrix of independent standard normal entries",
    x_t: "deviation of a noise mode",
    v_0: "variance of an entry of $A$ at the start",
    v_t: "mean square deviation of an entry of $A$ in a null direction of the target",
}
LATEX = ((EP, r"\mathbb{E}(PJ)^2"),)

RESPONSE = System(
    "mixed.response",
    "first-order response of the Gram flow to a finite width",
    "flow",
    t,
    (
        (s[i], 2 * a[i] * (m[i] - s[i])),
        (beta[i, j], -(alpha[i, j] * q[j] + alpha[j, i] * q[i])),
        (gamma[i, j], -(alpha[i, j] * q[i] + alpha[j, i] * q[j])),
        (alpha[i, j], -(beta[i, j] * g[j] + g[i] * gamma[i, j] + (a[i] + a[j]) * alpha[i, j])),
    ),
    meaning(s[i], alpha[i, j], beta[i, j], gamma[i, j], m[i], g[i], q[i], a[i], size, t, tau, extra=MORE),
    OURS,
    let=((a[i], sqrt(s[i] ** 2 + tau**2)), (g[i], s[i] - m[i]), (q[i], s[i] + g[i])),
)

FORMULAS = (
    formula(
        "gaussian-start",
        "mean of the squared Lax matrix at a Gaussian start: no correction of order N/w when the network is square",
        Eq(EP, tau**2 * ((1 + 1 / w) * (J * J) + (d_out - d_in) / w * J)),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "start-size",
        "relative distance of a Gaussian start from the manifold, for widths far above the total dimension",
        Eq(distance, 2 * sqrt((d_out + d_in) / w) + (d_out + d_in) / w),
        Source("davidson2001local", "largest singular value of a Gaussian matrix"),
        extra=MORE,
    ),
    formula(
        "start-variance",
        "variance of an entry of the map at a Gaussian start",
        Eq(v_0, sigma**4 * w),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "noise-correction",
        "test error that a Gaussian start adds in the null directions of the target",
        Eq(v_t, sigma**4 * w * exp(-4 * tau * t)),
        OURS,
        standing=Standing.HEURISTIC,
        extra=MORE,
    ),
    formula(
        "bartlett",
        "width reduction in law: P depends on the width only through a triangular factor",
        Eq(P, sigma**2 * Z * Z.T),
        Source("bartlett1933", "LQ factor of a Gaussian matrix"),
        extra=MORE,
    ),
)
SYSTEMS = (RESPONSE,)

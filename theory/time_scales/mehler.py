"""Correlation of Hermite polynomials of correlated inputs, and closed kernels of activations."""

from __future__ import annotations

from typing import Any

from sympy import Eq, KroneckerDelta, Rational, Symbol, acos, asin, exp, pi, sqrt, symbols

from ..formula import Source, Standing
from ..hermite import ACTIVATIONS as KNOWN
from ..hermite import GELU, NORMAL_CDF, RELU, x
from .letters import OURS, PAPER, formula

left, right = symbols("n_1 n_2", integer=True, nonnegative=True)
rho = Symbol("rho", real=True)
correlation = Symbol("H", real=True)
overlap, kernel = Symbol("r", real=True), Symbol("U", positive=True)
square = Symbol("U_1", positive=True)
scale = Symbol("b", positive=True)
MORE: dict[Any, str] = {
    left: "degree of the first polynomial",
    right: "degree of the second polynomial",
    rho: "correlation of the two inputs",
    correlation: "mean of the product of two normalised Hermite polynomials",
    overlap: "overlap of two neurons",
    square: "mean square of the activation, $\\sum_k\\sigma_k^2$",
    kernel: "correlation of two neurons, $\\sum_k\\sigma_k^2r^k$",
    scale: "scale of the input of the activation",
}
ERF = next(one.function for one in KNOWN if one.name == "erf")
KERNELS: dict[str, tuple[str, Any, Any]] = {
    "relu": ("rectified linear unit", RELU, (sqrt(1 - overlap**2) + overlap * (pi - acos(overlap))) / (2 * pi)),
    "erf": ("error function", ERF, 2 / pi * asin(2 * scale**2 * overlap / (1 + 2 * scale**2))),
    "exp": ("exponential", exp(scale * x), exp(scale**2 * (1 + overlap))),
    "normal-cdf": ("normal distribution function", NORMAL_CDF, Rational(1, 4) + asin(overlap / 2) / (2 * pi)),
    "gelu": (
        "Gaussian error linear unit",
        GELU,
        overlap / 4 + overlap * asin(overlap / 2) / (2 * pi) + 1 / (4 * pi * sqrt(1 - overlap**2 / 4)),
    ),
}
SQUARES: dict[str, Any] = {
    "relu": Rational(1, 2),
    "erf": 2 / pi * asin(2 * scale**2 / (1 + 2 * scale**2)),
    "exp": exp(2 * scale**2),
    "normal-cdf": Rational(1, 3),
    "gelu": Rational(1, 3) + sqrt(3) / (6 * pi),
}
LATEX = ((square, "U(1)"),)
FORMULAS = (
    formula(
        "hermite-correlation",
        "normalised Hermite polynomials of correlated normal variables: only equal degrees are correlated",
        Eq(correlation, KroneckerDelta(left, right) * rho**right),
        Source(PAPER, "Hermite expansion"),
        extra=MORE,
    ),
    *(
        formula(
            f"kernel-{name}",
            f"correlation of two neurons: {words}",
            Eq(kernel, value),
            OURS,
            assuming=(overlap**2 < 1,),
            standing=Standing.THEOREM,
            extra=MORE,
        )
        for name, (words, _, value) in KERNELS.items()
    ),
    *(
        formula(
            f"mean-square-{name}",
            f"mean square, that damps the second layer at finite width: {KERNELS[name][0]}",
            Eq(square, value),
            OURS,
            standing=Standing.THEOREM,
            extra=MORE,
        )
        for name, value in SQUARES.items()
    ),
)

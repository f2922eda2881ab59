"""Weight decay as a norm of the map, at any depth: means, majorisation and equal norms of balanced layers."""

from __future__ import annotations

from typing import Any

from sympy import Eq, IndexedBase, Le, Product, Sum, Symbol, Trace, exp, symbols

from ..formula import Source, Standing
from .escape import i, m
from .letters import C2, OURS, depth, formula

a, b = symbols("a_m b_m", positive=True)
one, two = symbols("y_1 y_2", real=True)
slopes, sums = IndexedBase("d"), IndexedBase("Z")
left = Symbol("A_d", real=True)
terms = Symbol("n", integer=True, nonnegative=True)
total = Symbol("R_d", nonnegative=True)
of_map, of_layers = IndexedBase("sigma"), IndexedBase("rho")
layer = Symbol("l", integer=True, positive=True)
MORE: dict[Any, str] = {
    i: "index of a singular value",
    m: "number of leading singular values",
    a: "strength of one more layer, to the power $2/(L+1)$",
    b: "geometric mean of the squared strengths of the others, to the power $1/(L+1)$",
    one: "logarithm of a singular value",
    two: "logarithm of the product of the layers' singular values",
    slopes: "slopes, in decreasing order",
    sums: "partial sums",
    left: "sum of slopes times differences",
    terms: "number of terms",
    total: "sum of the squared norms of all layers",
    of_map: "singular values of the map, decreasing",
    of_layers: "singular values of the layers, decreasing; first index: layer",
    layer: "layer",
}
LATEX = (
    (a, "a"),
    (b, "b"),
    (left, "A"),
    (total, r"\sum_l\|W_l\|^2"),
    (of_map.label, r"\sigma"),
    (of_layers.label, r"\rho"),
)


def claim(id: str, title: str, statement: Any, source: Source = OURS, **more: Any) -> Any:
    """A formula with the letters of this module, derived here unless it says otherwise."""
    more.setdefault("standing", Standing.OURS)
    return formula(id, title, statement, source, extra=MORE, **more)


FORMULAS = (
    claim(
        "mean-step",
        "arithmetic and geometric mean with one more layer: by induction the factor bound at every depth",
        Le((depth + 1) * a * b**depth, a ** (depth + 1) + depth * b ** (depth + 1)),
    ),
    claim(
        "convexity",
        "the power 2/L of a singular value is convex in its logarithm",
        Le(exp(2 * one / depth) * (1 + 2 * (two - one) / depth), exp(2 * two / depth)),
    ),
    claim(
        "summation-by-parts",
        "slopes that decrease weigh partial sums without a sign: the step from partial sums to sums of powers",
        Eq(left, slopes[terms] * sums[terms] + Sum((slopes[i] - slopes[i + 1]) * sums[i], (i, 1, terms - 1))),
    ),
    claim(
        "balanced-norm",
        "balanced layers: the norms of all layers together, by the outer Gram matrix",
        Eq(total, depth * Trace(C2)),
    ),
    claim(
        "singular-values-of-product",
        "products of leading singular values are at most those of the layers",
        Le(Product(of_map[i], (i, 1, m)), Product(of_layers[layer, i], (i, 1, m), (layer, 1, depth))),
        Source("horn1950singular"),
        standing=Standing.THEOREM,
    ),
)  # fmt: skip

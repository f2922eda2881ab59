"""Exact equations of the order parameters, the mean field, and its correction at a finite number of neurons.

Network ``(1/m) sum a_i sigma(<u_i, x>)`` with unit vectors ``u_i``, standard normal inputs, target ``phi(<u*, x>)``; the
second layer moves at the rate ``m/eps``, the first at the rate ``m`` on the sphere. Degrees of the activation above ``K`` are
uncorrelated between different neurons here (exact if there are none): all that is left of them is the mean square ``u_rest``.
"""

from __future__ import annotations

from typing import Any

from sympy import Eq, Sum, log

from ..formula import Source, Standing
from .letters import (
    OURS,
    PAPER,
    K,
    M,
    W,
    a,
    dfirst,
    doff,
    drisk,
    dsecond,
    e,
    eps,
    flow,
    formula,
    i,
    j,
    k,
    m,
    p,
    phi,
    r,
    rest,
    risk,
    risk_diagonal,
    s,
    sigma,
    v,
)


def mean(body: Any) -> Any:
    """Average over the neurons."""
    return Sum(body, (i, 0, m - 1)) / m


def degrees(body: Any, first: int = 0) -> Any:
    """Sum over the degrees from ``first`` on."""
    return Sum(body, (k, first, K))


def kernel(overlap: Any) -> Any:
    """Correlation of two neurons with the given overlap, ``U``."""
    return degrees(sigma[k] ** 2 * overlap**k)


MOMENTS = ((M[k], mean(a[i] * s[i] ** k)), (e[k], phi[k] - sigma[k] * M[k]))
PUSH = degrees(sigma[k] * e[k] * s[i] ** k)
PULL = degrees(k * sigma[k] * e[k] * s[i] ** (k - 1), 1)
SELF = degrees(sigma[k] ** 2 * (1 - s[i] ** (2 * k)), 1) + rest
SELF_SLOPE = degrees(k * sigma[k] ** 2 * s[i] ** (2 * k - 2), 1)

ORDER_PARAMETERS = flow(
    "order-parameters",
    "second-layer weights and overlaps: closed at any width and in any dimension",
    (
        (
            a[i],
            (degrees(sigma[k] * phi[k] * s[i] ** k) - (Sum(a[j] * kernel(r[i, j]), (j, 0, m - 1)) + rest * a[i]) / m)
            / eps,
        ),
        (s[i], a[i] * (v[i] * (1 - s[i] ** 2) - Sum(W[i, j] * (s[j] - r[i, j] * s[i]), (j, 0, m - 1)))),
        (
            r[i, j],
            a[i] * (v[i] * (s[j] - s[i] * r[i, j]) - Sum(W[i, p] * (r[j, p] - r[i, j] * r[i, p]), (p, 0, m - 1)))
            + a[j] * (v[j] * (s[i] - s[j] * r[i, j]) - Sum(W[j, p] * (r[i, p] - r[i, j] * r[j, p]), (p, 0, m - 1))),
        ),
    ),
    Source(PAPER, "reduction to order parameters"),
    let=(
        (v[i], degrees(k * sigma[k] * phi[k] * s[i] ** (k - 1), 1)),
        (W[i, j], a[j] * degrees(k * sigma[k] ** 2 * r[i, j] ** (k - 1), 1) / m),
    ),
)
MEAN_FIELD = flow(
    "mean-field",
    "the same for infinite dimension and infinite width: overlaps of neurons are products",
    ((a[i], PUSH / eps), (s[i], a[i] * (1 - s[i] ** 2) * PULL)),
    Source(PAPER, "mean-field equations"),
    let=MOMENTS,
)
DIAGONAL = flow(
    "diagonal",
    "mean field with the overlap of every neuron with itself",
    (
        (a[i], (PUSH - a[i] * SELF / m) / eps),
        (s[i], a[i] * (1 - s[i] ** 2) * (PULL + a[i] * s[i] * SELF_SLOPE / m)),
    ),
    OURS,
    let=MOMENTS,
)
SYSTEMS = (ORDER_PARAMETERS, MEAN_FIELD, DIAGONAL)

FORMULAS = (
    formula(
        "risk",
        "population risk in order parameters",
        Eq(
            risk,
            degrees(phi[k] ** 2) / 2
            - mean(a[i] * degrees(sigma[k] * phi[k] * s[i] ** k))
            + Sum(a[i] * a[j] * kernel(r[i, j]), (i, 0, m - 1), (j, 0, m - 1)) / (2 * m**2)
            + rest * mean(a[i] ** 2) / (2 * m),
        ),
        Source(PAPER, "population risk"),
    ),
    formula(
        "mean-field-risk",
        "population risk of the mean field: one square for each degree",
        Eq(risk, degrees(e[k] ** 2) / 2),
        Source(PAPER, "mean-field risk"),
        let=MOMENTS,
    ),
    formula(
        "diagonal-risk",
        "population risk with the overlap of every neuron with itself",
        Eq(risk_diagonal, degrees(e[k] ** 2) / 2 + mean(a[i] ** 2 * SELF) / (2 * m)),
        OURS,
        let=MOMENTS,
        standing=Standing.OURS,
    ),
    formula(
        "off-manifold",
        "products of overlaps are not kept at finite width: neurons of equal sign repel",
        Eq(
            doff,
            -a[0] * a[1] / m * degrees(k * sigma[k] ** 2 * (s[0] * s[1]) ** (k - 1), 1) * (2 - s[0] ** 2 - s[1] ** 2),
        ),
        OURS,
        standing=Standing.OURS,
        assuming=(m >= 2,),
    ),
    formula(
        "dissipation",
        "the risk decreases along the mean field",
        Eq(drisk, -mean(PUSH**2) / eps - mean(a[i] ** 2 * (1 - s[i] ** 2) * PULL**2)),
        OURS,
        let=MOMENTS,
        standing=Standing.OURS,
    ),
    formula(
        "second-layer-balance",
        "growth of the second layer",
        Eq(dsecond, 2 * degrees(sigma[k] * e[k] * M[k])),
        OURS,
        let=MOMENTS,
        standing=Standing.OURS,
    ),
    formula(
        "first-layer-balance",
        "growth of the overlaps",
        Eq(dfirst, 2 * degrees(k * sigma[k] * e[k] * M[k])),
        OURS,
        let=MOMENTS,
        standing=Standing.OURS,
    ),
)
"""Statements about the exact equations, each derived in ``derivations/time_scales``."""

OBSERVED = {
    "second-layer-balance": eps * mean(a[i] ** 2),
    "first-layer-balance": -mean(log(1 - s[i] ** 2)),
}
"""What changes at the rates of the balance laws."""

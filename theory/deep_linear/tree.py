"""Three layers at infinite width: one mode on the chain of the two trees, cut at a level; balanced layers by one factor.

Both trees of three layers are paths, and each is the other read from the output to the input. Node ``k`` of the chain is node
``k`` of the path of the input in one hidden layer, and node ``k`` of the path of the output in the other one. So the first and
the last layer are one vector, and the inner layer is symmetric; at the start it joins neighbours.
"""

from __future__ import annotations

from typing import Any

from sympy import Integer, Matrix, MatrixSymbol, Symbol, sqrt

from ..system import System
from .letters import OURS, G, d_in, d_out, lam, meaning, t
from .modes import goal
from .regimes import kappa

LEVELS = (1, 2)
"""Levels at which the chain is cut: it has one node more."""

B = MatrixSymbol("B", d_out, d_in)
ends = tuple(Symbol(f"a_{k}", real=True) for k in range(3))
inner = {(j, k): Symbol(f"m_{j}{k}", real=True) for k in range(3) for j in range(k + 1)}
MORE: dict[Any, str] = {
    B: "last layer, and the first one but for a rotation of the hidden units; $A=BB^TB$",
    goal: "singular value of the target",
    kappa: "width times the variance of the entries at the start",
    **{a: f"weight of the first and of the last layer at node {k} of the chain" for k, a in enumerate(ends)},
    **{m: f"weight of the inner layer between nodes {j} and {k} of the chain" for (j, k), m in inner.items()},
}


def chain(level: int) -> tuple[Any, Any]:
    """First layer (and last one, transposed) and inner layer of one mode, as explicit matrices."""
    size = level + 1
    return Matrix(ends[:size]), Matrix(size, size, lambda j, k: inner[min(j, k), max(j, k)])


def chain_start(level: int) -> tuple[Any, Any]:
    """First and inner layer at the start for ``kappa = 1``: the root, and the edges between neighbours."""
    size = level + 1
    return Matrix(size, 1, lambda k, _: int(k == 0)), Matrix(size, size, lambda j, k: int(abs(j - k) == 1))


def tree_flow(level: int) -> System:
    """Flow of one mode of squared error at infinite width, on the chain cut at a level.

    Raises
    ------
    ValueError : a level that is not written out.
    """
    if level not in LEVELS:
        raise ValueError(f"level: {level}; allowed: {', '.join(map(str, LEVELS))}")
    a, m = chain(level)
    here = {(j, k): one for (j, k), one in inner.items() if k <= level}
    error = goal - (a.T * m * a)[0]
    root, edges = chain_start(level)
    pulled = m * a
    return System(
        f"deep-linear.tree-flow-{level}",
        f"three layers at infinite width, squared error: one mode on the chain of the trees, cut at level {level}",
        "flow",
        t,
        (
            *((ends[k], error * pulled[k]) for k in range(level + 1)),
            *((one, error * ends[j] * ends[k]) for (j, k), one in here.items()),
        ),
        meaning(*ends[: level + 1], *here.values(), goal, kappa, t, extra=MORE),
        OURS,
        given=(
            *((ends[k], sqrt(kappa) * root[k]) for k in range(level + 1)),
            *((one, sqrt(kappa) * Integer(edges[j, k])) for (j, k), one in here.items()),
        ),
    )


ROOT_FLOW = System(
    "deep-linear.root-flow",
    "three balanced layers, any cost: the map by one factor, $A=BB^TB$",
    "flow",
    t,
    ((B, -G * B.T * B - B * (B.T * G - G.T * B) - lam * B),),
    meaning(B, G, lam, t, extra=MORE),
    OURS,
)
SYSTEMS = (*map(tree_flow, LEVELS), ROOT_FLOW)

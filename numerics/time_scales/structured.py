"""Implicit integration of flows whose neurons meet only in a few averages: Newton's equations in O(m K^2).

The Jacobian of ``(a_i, s_i)`` with rates that depend on ``(a_i, s_i)`` and on moments ``M_k`` is a 2 x 2 block for each neuron
plus a product of rank K + 1. Blocks and factors are derived from the system by SymPy, compiled like any other system, and
Newton's equations are solved by Woodbury's identity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance

Array = NDArray[Any]


@cache
def parts(system: Any) -> Any:
    """Compiled system whose rates, beside those of a and s, are the entries of blocks and factors of its Jacobian."""
    from sympy import IndexedBase

    from ...theory.indices import apart, names, put
    from ...theory.time_scales.letters import K, M, a, i, k, m, s
    from ..lower import lower

    moments = dict(system.let)[M[k]]
    later = tuple(pair for pair in system.let if pair[0] != M[k])
    equations, meaning = list(system.equations), dict(system.meaning)

    def entry(name: str, rate: Any, indices: tuple[Any, ...]) -> None:
        base = IndexedBase(name)
        meaning[base] = "entries of the Jacobian"
        equations.append((base[indices], rate))

    for item, rate in system.equations:
        for pair in reversed(later):
            rate = put(rate, (pair,))
        rate = apart(rate, names(rate, item))
        for place in (a[i], s[i]):
            entry(f"B_{item.base}{place.base}", derivative(rate, place, i), (i,))
        entry(f"F_{item.base}", derivative(rate, M[k], k), (i, k))
    for place in (a[i], s[i]):
        entry(f"D_{place.base}", derivative(moments, place, i, bound=True), (k, i))
    for letter, words in ((m, "number of neurons"), (K, "largest degree")):
        meaning.setdefault(letter, words)
    made = replace(
        system, id=f"{system.id}-structured", equations=tuple(equations), meaning=tuple(meaning.items())
    )  # fmt: skip
    return lower(made)


def derivative(rate: Any, place: Any, index: Any, *, bound: bool = False) -> Any:
    """Derivative by an entry with this very index: of a free one the same neuron's, of a summed one its own term."""
    from sympy import Add, Eq, Idx, Piecewise, S, Symbol

    from ...theory.time_scales.letters import k
    from ..lower.jacobian import _derivative

    moved = (
        Idx(Symbol("_n", integer=True), (index.lower, index.upper)) if bound or place.base.label.name == "M" else index
    )
    total = []
    for equal, coefficient in _derivative(rate, place.base[moved]):
        if any(one != other for one, other in equal):
            raise ValueError(f"structure: {equal} couples neurons beyond their moments")
        total.append(coefficient)
    found = Add(S.Zero, *total).xreplace({moved: index})
    if k in found.free_symbols and found.subs(k, 0) == 0:  # k*s**(k-1) at k = 0 is zero for s = 0 as well
        found = Piecewise((S.Zero, Eq(k, 0)), (found, True))
    return found


@dataclass(frozen=True, eq=False)
class Structured:
    """Jacobian ``blockdiag + F D``: blocks 2 x 2 x m, F 2 x m x (K+1), D (K+1) x 2 x m."""

    blocks: Array
    F: Array
    D: Array

    __array_ufunc__ = None

    def __rmul__(self, scale: Any) -> Structured:
        return Structured(scale * self.blocks, scale * self.F, self.D)

    def dense(self) -> Array:
        """The matrix itself, for tests."""
        m = self.blocks.shape[2]
        whole = np.einsum("pik,kqj->piqj", self.F, self.D)
        whole[:, np.arange(m), :, np.arange(m)] += np.moveaxis(self.blocks, 2, 0)
        return np.asarray(whole.reshape(2 * m, 2 * m))


@dataclass(frozen=True)
class Identity:
    """Multiple of the unit matrix, from which a `Structured` is subtracted."""

    scale: Any = 1.0

    __array_ufunc__ = None

    def __rmul__(self, scale: Any) -> Identity:
        return Identity(scale * self.scale)

    def __sub__(self, other: Structured) -> tuple[Any, Structured]:
        return self.scale, other


def factor(matrix: tuple[Any, Structured]) -> tuple[Array, ...]:
    """Inverse blocks and the small matrix of Woodbury's identity for ``scale - J``."""
    scale, J = matrix
    p, q, r, t = scale - J.blocks[0, 0], -J.blocks[0, 1], -J.blocks[1, 0], scale - J.blocks[1, 1]
    inverse = np.array([[t, -q], [-r, p]]) / (p * t - q * r)
    X = np.einsum("pqm,qmk->pmk", inverse, J.F)
    n = X.shape[2]
    small = np.eye(n) - J.D.reshape(n, -1) @ X.reshape(-1, n)
    return inverse, X.reshape(-1, n), J.D.reshape(n, -1), np.linalg.inv(small)


def solve(factors: tuple[Array, ...], b: Array) -> Array:
    """Solution of ``(scale - J) x = b``."""
    inverse, X, D, small = factors
    pair = b.reshape(2, -1)
    x = np.stack(
        [inverse[0, 0] * pair[0] + inverse[0, 1] * pair[1], inverse[1, 0] * pair[0] + inverse[1, 1] * pair[1]]
    ).ravel()
    return np.asarray(x + X @ (small @ (D @ x)))


def jacobian(system: Any, values: dict[str, Any], m: int) -> Any:
    """``y -> Structured`` at bound parameters."""
    made = parts(system)
    n = len(values["sigma"])
    shapes = {slot.name: {1: (m,), 2: (m, n)}[len(slot.dims)] for slot in made.layout.slots}
    shapes |= {"D_a": (n, m), "D_s": (n, m)}
    blank = {name: np.zeros(shape) for name, shape in shapes.items()}
    bound = made.bind(blank, values)
    state, function = bound.pack(blank), bound.function

    def at(y: Array) -> Structured:
        state[: 2 * m] = y
        out = bound.unpack(function(0.0, state))
        blocks = np.array([[out[f"B_{x}{z}"] for z in "as"] for x in "as"])
        return Structured(blocks, np.array([out["F_a"], out["F_s"]]), np.stack([out["D_a"], out["D_s"]], axis=1))

    return at


@cache
def solver(name: str) -> Any:
    """SciPy's BDF or Radau with the structured linear algebra."""
    from scipy.integrate import BDF, Radau

    base: Any = {"BDF": BDF, "Radau": Radau}[name]

    class Solver(base):
        """The method itself is SciPy's; only matrices and their solution are exchanged."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.lu, self.solve_lu, self.I = self.factor, solve, Identity()

        def factor(self, matrix: tuple[Any, Structured]) -> tuple[Array, ...]:
            self.nlu += 1
            return factor(matrix)

        def _validate_jac(self, jac: Any, sparsity: Any) -> tuple[Any, Any]:
            def counted(t: float, y: Array, f: Any = None) -> Structured:
                self.njev += 1
                found: Structured = jac(y)
                return found

            return counted, counted(self.t, self.y)

    return Solver


def integrate(
    system: Any, values: dict[str, Any], times: Array, state: dict[str, Array], rtol: float, method: str = "BDF"
) -> Curve:
    """Implicit integration of the mean field or the diagonal in O(m K^2) per Newton matrix; equal neurons stay equal.

    Parameters
    ----------
    system : with items ``a[i]``, ``s[i]`` that meet in the moments only.
    values : parameters by name.
    times : increasing times from 0 on.
    state : ``a`` and ``s`` at the start.
    rtol : relative tolerance; the absolute one is a thousandth of it.
    method : ``"BDF"`` or ``"Radau"``.
    """
    from scipy.integrate import solve_ivp

    from ..integrate import _plain
    from ..lower import lower

    if method not in ("BDF", "Radau"):
        raise ValueError(f"method: 'structured-{method}'; allowed: structured-BDF, structured-Radau")
    bound = lower(system).bind(state, values)
    y0, m, start = bound.pack(state), len(state["a"]), float(min(0.0, times[0]))
    first, group = np.unique(
        np.stack([state["a"], state["s"]], axis=1), axis=0, return_index=True, return_inverse=True
    )[1:]
    lift = np.concatenate([first[group.ravel()], m + first[group.ravel()]])
    rate, slope = bound.function, jacobian(system, values, m)
    path, counts = y0[None], (0, 0, 0)
    if times[-1] > start:
        function = rate if len(first) == m else lambda t, y: rate(t, y[lift])
        run = solve_ivp(
            function, (start, times[-1]), y0, solver(method), times, rtol=rtol, atol=1e-3 * rtol,
            jac=lambda y: slope(y[lift]),
        )  # fmt: skip
        if not run.success:
            raise RuntimeError(f"{system.id}: {run.message}")
        path, counts = run.y.T[:, lift], (int(run.nfev), int(run.njev), int(run.nlu))
    detail = (
        ("solver", f"structured {method}"),
        ("rtol", rtol),
        *zip(("evaluations", "jacobians", "factorizations"), counts),
    )
    made = Provenance("ode", system.id, tuple((k, _plain(v)) for k, v in values.items()), None, bound.digest, detail)
    return Curve((("time", times),), (("a", path[:, :m]), ("s", path[:, m:])), made)

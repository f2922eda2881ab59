"""Right-hand sides and formulas of the theory, compiled: none is typed here."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve
from .flow import Rate
from .modes import Mode
from .reduction import Weights, split
from .response import ResponseStart
from .teacher import check_matrix, check_number, check_times

Array = NDArray[Any]


@cache
def kernel(id: str) -> Any:
    """Compiled system of the paper."""
    from ...theory.mixed import SYSTEMS
    from ..lower import lower

    return lower(next(system for system in SYSTEMS if system.id == id))


def gram_rate(M: Array) -> Rate:
    """Right-hand side of ``mixed.gram-flow`` on the flat state ``(A, C1, C2)`` for the target M: four products."""
    function: Rate = kernel("mixed.gram-flow").parameters(M=M).function
    return function


def gram_curve(times: Array | float, start: Weights | Array, M: Array, *, rtol: float = 1e-9) -> Curve:
    """Exact gradient flow of squared error from weights of any width, or from P(0): columns ``A``, ``C1``, ``C2`` over ``time``.

    Parameters
    ----------
    times : t >= 0, increasing.
    M : target, d_out x d_in.
    rtol : relative tolerance; the absolute one is rtol times the root mean square entry of A, C1, C2 at the start.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the solver's own message.
    """
    from ..integrate import integrate

    M, times = check_matrix("M", M).astype(float), check_times(times, increasing=True)
    rtol = check_number("rtol", rtol, strict=True)
    P = start.P if isinstance(start, Weights) else check_matrix("P", start)
    d_out, d_in = M.shape
    if P.shape != (d_out + d_in,) * 2:
        raise ValueError(
            f"P: has shape {P.shape}; the target of shape {M.shape} asks for {d_out + d_in} rows and columns"
        )
    A, C1, C2 = split(np.asarray(P, dtype=float), d_out)
    size = float(np.sqrt(np.mean(np.concatenate([block.ravel() for block in (A, C1, C2)]) ** 2)))
    state = {"A": A, "C1": C1, "C2": C2}
    return integrate(kernel("mixed.gram-flow"), state, {"M": M}, times, rtol=rtol, atol=rtol * size or rtol)


@cache
def compiled_mode() -> Mode:
    """The formula ``mixed.mode`` in its stable form, ``s(t, s_0, m, tau)`` elementwise."""
    from ...theory.mixed import FORMULAS
    from ..lower import lower_formula

    function = lower_formula(next(formula for formula in FORMULAS if formula.id == "mixed.mode"))

    def mode(t: Array, s_0: Array, m: Array, tau: Array) -> Array:
        return function(t=t, s_0=s_0, m=m, tau=tau)

    return mode


def propagate(times: Array, tau: float, start: ResponseStart) -> tuple[Array, Array]:
    """Integrate ``mixed.response`` from ``s = 0`` and the sampled deviations: ``s`` (times x n), ``alpha`` (times x n x n)."""
    from ..integrate import integrate

    state = {"s": np.zeros(len(start.m)), "alpha": start.alpha, "beta": start.beta, "gamma": start.gamma}
    size = float(np.sqrt(np.mean(np.concatenate([np.ravel(value) for value in state.values()]) ** 2)))
    params = {"m": start.m, "tau": tau}
    curve = integrate(kernel("mixed.response"), state, params, times, rtol=1e-9, atol=1e-9 * size or 1e-9)
    return curve["s"], curve["alpha"]

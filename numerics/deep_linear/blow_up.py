"""Blow-up time of the flow of the leading form near the origin, by its homogeneity: direction and size apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .network import Array, check_layers, flatten, product, pull_back, unflatten


def blow_up_time(weights: Sequence[Any], G: Any, *, rtol: float = 1e-12, longest: float = 1e4) -> float:
    """Time at which the flow ``dW_l/dt = -W_{>l}^T G W_{<l}^T`` of at least three layers becomes infinite.

    With ``r`` the norm of all weights, ``rho`` their direction and ``d tau = r^(L-2) dt``, the direction has a flow of its own
    and ``m = r^(2-L)`` decays at the rate ``(L-2) c(rho)``; time is the integral of m. Nothing in it becomes infinite. Where
    the direction no longer changes, the rest of the time is ``m/((L-2) c)``.

    Parameters
    ----------
    G : gradient of the cost at the zero map, d_out x d_in.

    Raises
    ------
    ValueError : bad argument, fewer than three layers, weights 0.
    RuntimeError : the direction does not settle on one of growth, as for a start on the way to a saddle at rest.
    """
    from scipy.integrate import solve_ivp

    first, slope = check_layers(weights), np.atleast_2d(np.asarray(G, dtype=float))
    L = len(first)
    if L < 3:
        raise ValueError(f"weights: has {L} layers; allowed: at least 3, fewer do not blow up")
    if slope.shape != product(first).shape or not np.isfinite(slope).all():
        raise ValueError(f"G: has shape {slope.shape}; a finite matrix of shape {product(first).shape} is needed")
    y = flatten(first)
    size = float(np.linalg.norm(y))
    if size == 0:
        raise ValueError("weights: all are 0, where the flow rests")

    def drive(rho: Array) -> tuple[Array, float]:
        force = -flatten(pull_back(unflatten(rho, first), slope))
        return force, float(force @ rho)  # the speed c, as a form of degree L has it

    def rate(_: float, state: Array) -> Array:
        rho = state[:-2]
        force, c = drive(rho)
        # The last term holds the norm of the direction at 1 against rounding.
        turn = force - c * rho - 0.5 * (rho @ rho - 1) * rho
        return np.concatenate([turn, [-(L - 2) * c, np.exp(state[-2])]])

    def settled(_: float, state: Array) -> float:
        return float(state[-2]) + 40.0  # the rest is below 1e-17 of the size of the time at the start

    settled.terminal = True  # type: ignore[attr-defined]
    run = solve_ivp(
        rate, (0, longest / np.linalg.norm(slope, 2)), np.concatenate([y / size, [0.0, 0.0]]), "DOP853",
        events=settled, rtol=rtol, atol=rtol * 1e-2,
    )  # fmt: skip
    end = run.y[:, -1]
    c = drive(end[:-2])[1]
    if run.status != 1 or c <= 0:
        raise RuntimeError(f"blow-up: the direction grows at the rate {c:.3g} at the end; the time was not reached")
    return float((end[-1] + np.exp(end[-2]) / ((L - 2) * c)) * size ** (2 - L))

"""Gradient flow of ReLU networks on points of the plane, by the propagators of the cones, with walls as events.

All neurons of a cone, or sliding on a ray of it, undergo one linear map Phi with ``Phi' = M(D) Phi``; their second moments are
``Phi S Phi^T``. Scales as small as 1e-30 cost nothing: Phi does not depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .network import Run, checked
from .sectors import Cones, cones, locate

Array = NDArray[Any]
LARGE = 1e4  # entries of Phi at which its base is renewed


@dataclass(eq=False)
class Cells:
    """Neurons by cell: a cone ``c`` has the name ``(c, 0)``; a ray ``i`` on which neurons of sign s slide, ``(i, s)``."""

    X: Array
    y: Array
    table: Cones
    z: Array
    cell: list[tuple[int, int]]
    names: list[tuple[int, int]] = field(default_factory=list)

    def renew(self) -> Array:
        """Make the neurons as they are now the base; returns the flat propagators, identities."""
        self.names = sorted({name for name in self.cell if self.table.active[name[0]].any() or name[1]})
        number = {name: place for place, name in enumerate(self.names)}
        self.place = np.array([number.get(name, -1) for name in self.cell])
        self.S = (
            np.stack([self.z[self.place == p].T @ self.z[self.place == p] for p in range(len(self.names))])
            if self.names
            else np.zeros((0, 3, 3))
        )
        return np.tile(np.eye(3), (len(self.names), 1, 1)).ravel()

    def outputs(self, state: Array) -> Array:
        """``h(x_k)``."""
        P = state.reshape(-1, 3, 3)
        v = np.einsum("cij,cjk,ck->ci", P[:, :2], self.S, P[:, 2])
        return (
            np.einsum("kd,cd,ck->k", self.X, v, self.table.active[[name[0] for name in self.names]])
            if len(P)
            else np.zeros(len(self.y))
        )

    def pulls(self, state: Array) -> Array:
        """D of every cone, cones x 2."""
        return (self.table.active * (self.y - self.outputs(state))) @ self.X / len(self.y)

    def drive(self, D: Array, name: tuple[int, int]) -> Array:
        """D of a cell: on a ray, the part along it (x_k of the ray is orthogonal to it)."""
        if not name[1]:
            return D[name[0]]
        ray = self.ray(name[0])
        return (D[name[0]] @ ray) * ray

    def ray(self, i: int) -> Array:
        """Unit vector of the ray between cones i - 1 and i."""
        return np.array([self.table.normals[i, 1], -self.table.normals[i, 0]])

    def rate(self, t: float, state: Array) -> Array:
        P, D = state.reshape(-1, 3, 3), self.pulls(state)
        e = np.array([self.drive(D, name) for name in self.names]).reshape(-1, 2)
        return np.concatenate([e[:, :, None] * P[:, 2:], np.einsum("cd,cdj->cj", e, P[:, :2])[:, None]], axis=1).ravel()

    def neurons(self, state: Array) -> Array:
        """All neurons now, m x 3."""
        z, P = self.z.copy(), state.reshape(-1, 3, 3)
        moving = self.place >= 0
        z[moving] = np.einsum("jab,jb->ja", P[self.place[moving]], self.z[moving])
        return z

    def gaps(self, z: Array) -> Array:
        """Distances to the walls of the cell, m x 2; infinite in cells that do not move. Sliding: the coordinate on the ray."""
        N, first = self.table.normals, np.array([name[0] for name in self.cell])
        left = np.einsum("ja,ja->j", N[first], z[:, :2])
        right = -np.einsum("ja,ja->j", N[(first + 1) % len(N)], z[:, :2])
        found = np.stack([left, right], axis=1)
        sliding = np.array([name[1] != 0 for name in self.cell])
        along = N[first][:, 1] * z[:, 0] - N[first][:, 0] * z[:, 1]
        found[sliding] = np.stack([along, np.full(len(z), np.inf)], axis=1)[sliding]
        found[self.place < 0] = np.inf
        return found

    def pushes(self, state: Array) -> Array:
        """For sliding cells, how firmly they are held (least of the two pulls towards the ray); infinite for cones."""
        D, held = self.pulls(state), np.full(len(self.names), np.inf)
        for p, (i, s) in enumerate(self.names):
            if s:
                held[p] = min(s * D[i - 1] @ self.table.normals[i], -s * D[i] @ self.table.normals[i])
        return held

    def move(self, j: int, side: int, z: Array, state: Array) -> None:
        """Neuron j has reached the left (0) or right (1) wall of its cone, or w = 0 on a ray."""
        c, s = self.cell[j]
        if s:
            raise RuntimeError(
                f"flow: neuron {j}, sliding on a ray, has reached w = 0; its path from there is not followed"
            )
        N = len(self.table.normals)
        ray = c if side == 0 else (c + 1) % N
        to, outward = (c - 1) % N if side == 0 else ray, -1.0 if side == 0 else 1.0
        sign = 1 if z[j, 2] > 0 else -1
        onward = sign * outward * (self.pulls(state)[to] @ self.table.normals[ray])
        if onward > 0:
            self.cell[j] = (to, 0)
            return
        direction = self.ray(ray)
        z[j, :2] = (z[j, :2] @ direction) * direction
        if onward < 0:  # pushed back from the other side as well: it slides
            self.cell[j] = (ray, sign)
        else:  # nothing moves it there (the dead cone): it rests on the wall, behind it in the last digit
            self.cell[j] = (to, 0)
            z[j, :2] += outward * 4 * np.finfo(float).eps * np.abs(z[j, :2]).max() * self.table.normals[ray]

    def release(self, p: int, state: Array) -> None:
        """Members of a sliding cell go to the side that no longer holds them."""
        (i, s), D = self.names[p], self.pulls(state)
        before, after = s * D[i - 1] @ self.table.normals[i], s * D[i] @ self.table.normals[i]
        to = (i - 1) % len(self.table.normals) if before < -after else i
        self.cell = [(to, 0) if name == (i, s) else name for name in self.cell]


def sector_flow(
    X: Array, y: Array, w: Array, a: Array, times: Array, *, rtol: float = 1e-10, limit: int = 100_000
) -> Run:
    """Gradient flow (Filippov's, where neurons slide) of all neurons, in the plane.

    Parameters
    ----------
    X, y : features n x 2 and labels n.
    w, a : weights at the start, m x 2 and m, any scale; no row of w is zero.
    times : increasing times from 0 on.
    rtol : tolerance of the propagators, relative.
    limit : most events allowed.

    Returns
    -------
    Run : columns ``loss``, ``crossings`` (events so far), ``sliding`` (neurons on a ray), ``defect`` (largest change of
        ``a^2 - |w|^2`` of a neuron, over the largest ``|z|^2``: zero but for the solver's error).

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the solver's message, more than ``limit`` events, or a dominated neuron that slides into w = 0.

    Notes
    -----
    Walls are looked at after each step of the solver: a neuron that crosses one and comes back within a step is missed.
    """
    from scipy.integrate import DOP853

    X, y, w, a = checked(X, y, w, a)
    times = np.atleast_1d(np.asarray(times, dtype=float))
    if times.ndim != 1 or not np.isfinite(times).all() or times[0] < 0 or (np.diff(times) <= 0).any():
        raise ValueError("times: increasing times from 0 on are needed")
    if not 0 < rtol < 1:
        raise ValueError(f"rtol: {rtol}; a number between 0 and 1 is needed")
    table = cones(X)
    cells = Cells(X, y, table, np.column_stack([w, a]), [(int(c), 0) for c in locate(table, w)])
    norm = a**2 - (w**2).sum(axis=1)
    found: dict[str, list[float]] = {name: [] for name in ("loss", "crossings", "sliding", "defect")}
    t, state, events, evaluations = 0.0, cells.renew(), 0, 0

    def record(at: Array, z: Array) -> None:
        found["loss"].append(float(np.mean((cells.outputs(at) - y) ** 2) / 2))
        found["crossings"].append(events)
        found["sliding"].append(sum(name[1] != 0 for name in cells.cell))
        gap = np.abs(z[:, 2] ** 2 - (z[:, :2] ** 2).sum(axis=1) - norm).max()
        found["defect"].append(float(gap / (z**2).sum(axis=1).max()))

    while len(found["loss"]) < len(times) and times[len(found["loss"])] <= t:
        record(state, cells.z)
    step: float | None = None
    while t < times[-1]:
        solver = DOP853(
            cells.rate, t, state, times[-1], rtol=rtol, atol=rtol, first_step=step and min(step, times[-1] - t)
        )
        while solver.status == "running":
            message = solver.step()
            if solver.status == "failed":
                raise RuntimeError(f"flow: {message}")
            path, end = solver.dense_output(), solver.t
            reached, what = first_event(cells, path, solver.t_old, end, solver.y)
            while len(found["loss"]) < len(times) and times[len(found["loss"])] <= reached:
                at = path(times[len(found["loss"])])
                record(at, cells.neurons(at))
            if what is not None or np.abs(solver.y).max() > LARGE:
                break
        evaluations, step = evaluations + solver.nfev, solver.step_size
        t, state = reached, (path(reached) if what is not None else solver.y)
        z = cells.neurons(state)
        if what is not None:
            events += 1
            if events > limit:
                raise RuntimeError(f"flow: more than {limit} events before t = {t:.6g}")
            if what[0] == "wall":
                cells.move(what[1], what[2], z, state)
            else:
                cells.release(what[1], state)
        cells.z = z
        state = cells.renew()
    detail = (("solver", "DOP853"), ("rtol", rtol), ("events", events), ("evaluations", evaluations))
    made = Provenance("ode", "early-alignment.flow", (("m", len(a)), ("n", len(y))), detail=detail)
    columns = tuple((name, np.array(values)) for name, values in found.items())
    return Run(Curve((("time", times),), columns, made), cells.z[:, :2].copy(), cells.z[:, 2].copy())


def first_event(cells: Cells, path: Any, low: float, high: float, state: Array) -> tuple[float, Any]:
    """First wall reached, or sliding cell let go, in a step that ends in ``state``; the end and None if there is none."""
    from scipy.optimize import brentq

    def when(function: Any) -> float:
        return float(brentq(function, low, high, xtol=1e-14, rtol=1e-14)) if function(low) > 0 else low

    def gap(j: int, side: int) -> Any:
        return lambda t: cells.gaps(cells.neurons(path(t)))[j, side]

    def push(p: int) -> Any:
        return lambda t: cells.pushes(path(t))[p]

    walls = np.argwhere(cells.gaps(cells.neurons(state)) < 0)
    found = [(when(gap(j, side)), ("wall", int(j), int(side))) for j, side in walls]
    found += [(when(push(p)), ("ray", p, 0)) for p in map(int, np.flatnonzero(cells.pushes(state) < 0))]
    return min(found, key=lambda event: event[0], default=(high, None))


@cache
def full_cone_kernel() -> Any:
    """Compiled system ``early-alignment.full-cone-moments``."""
    from ...theory.early_alignment.moments import FULL_CONE_MOMENTS
    from ..lower import lower

    return lower(FULL_CONE_MOMENTS)


def linear_phase(X: Array, y: Array, w: Array, a: Array, times: Array, *, rtol: float = 1e-10) -> Curve:
    """The flow once every living neuron is active on every point: the derived equations of one (d+1) x (d+1) moment.

    Parameters
    ----------
    X, y : features n x d and labels n.
    w, a : weights at time 0 (any d), such as those of an event-driven early phase; dead neurons are left out.
    times : increasing times from 0 on.

    Returns
    -------
    Curve : columns ``loss``, ``v`` (the linear map), ``A``, ``W``.

    Raises
    ------
    ValueError : a neuron that is active on some points only, or none that is active.
    """
    from ..integrate import integrate

    X, y, w, a = checked(X, y, w, a)
    active = w @ X.T > 0
    full, some = active.all(axis=1), active.any(axis=1)
    if not full.any() or (full != some).any():
        place = int(np.flatnonzero(full != some)[0]) if full.any() else 0
        raise ValueError(
            f"w: row {place} is active on {int(active[place].sum())} of {len(y)} points; all living ones must be on all"
        )
    W, v, A = w[full].T @ w[full], w[full].T @ a[full], a[full] @ a[full]
    state = {"A": np.array([[A]]), "v": v[:, None], "W": W}
    curve = integrate(
        full_cone_kernel(), state, {"X": X, "y": y[:, None]}, times, rtol=rtol, atol=rtol * float(A + np.trace(W))
    )
    maps = curve["v"][:, :, 0]
    losses = ((maps @ X.T - y) ** 2).mean(axis=1) / 2
    columns = (("loss", losses), ("v", maps), ("A", curve["A"][:, 0, 0]), ("W", curve["W"]))
    return Curve(curve.axes, columns, curve.made_by)

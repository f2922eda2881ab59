"""Integration of compiled flows by SciPy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curve import Curve, Provenance
from .lower.kernel import Kernel

Array = NDArray[Any]
DENSE_JACOBIAN = 1000
"""Longest state for which a stiff method is given the analytic Jacobian, a dense matrix."""

METHODS = ("DOP853", "LSODA", "RK45", "RK23", "Radau", "BDF")


@cache
def macro_solver() -> Any:
    """`scipy.integrate.OdeSolver` that takes many DOP853 steps per call (defined late: SciPy is slow to import)."""
    from scipy.integrate import DOP853, DenseOutput, OdeSolver

    from .lower.steps import DENSE, ERROR3, ERROR5, LAST, STAGES, TOO_SMALL, packed, points, steps

    rows, C = np.zeros((DENSE + len(DOP853.D), LAST)), np.ones(LAST)
    rows[:STAGES, :STAGES], rows[STAGES, :STAGES], rows[STAGES + 1 : LAST] = DOP853.A, DOP853.B, DOP853.A_EXTRA
    rows[ERROR3, : STAGES + 1], rows[ERROR5, : STAGES + 1], rows[DENSE:] = DOP853.E3, DOP853.E5, DOP853.D
    C[:STAGES], C[STAGES + 1 :] = DOP853.C, DOP853.C_EXTRA
    tableau = (*packed(rows), C)

    class Inside(DenseOutput):
        """States between the ends of a block; its inner steps are made again where a state is asked for."""

        def __init__(self, call: tuple[Any, ...], ts: Array, ys: Array, fs: Array) -> None:
            super().__init__(ts[0], ts[-1])
            self.call, self.ts, self.ys, self.fs = call, ts, ys, fs

        def _call_impl(self, t: Array) -> Array:
            at = np.atleast_1d(np.asarray(t, dtype=float))
            forward = 1.0 if self.ts[-1] >= self.ts[0] else -1.0
            rows = np.searchsorted(forward * self.ts, forward * at, side="left") - 1
            rows = np.clip(rows, 0, len(self.ts) - 2)
            order = np.argsort(rows, kind="stable")
            out = np.empty((at.size, self.ys.shape[1]))
            points(*self.call, *tableau, self.ts, self.ys, self.fs, rows[order], at[order], out)
            states = np.empty_like(out)
            states[order] = out
            return states[0] if np.ndim(t) == 0 else states.T

    class MacroDOP853(OdeSolver):
        """DOP853 with up to ``block`` accepted steps per call.

        Parameters
        ----------
        kernel : bound `Kernel` whose function is ``fun``.
        watch : event functions ``(t, y)``; a block ends after the first inner step on which one changes sign.
        block : steps per call; by default 16 to 256, fewer for long states.
        at, out : times, and the array that receives the states there, made in passing while the stages are at hand;
            `solve_ivp` asks for a dense output instead, for which the stages are computed again.
        """

        t: float
        y: Array

        def __init__(
            self, fun: Any, t0: float, y0: Array, t_bound: float, vectorized: bool = False, *, kernel: Kernel,
            watch: Sequence[Callable[..., Any]] = (), block: int | None = None,
            at: Array | None = None, out: Array | None = None, **options: Any,
        ) -> None:  # fmt: skip
            start = DOP853(fun, t0, y0, t_bound, **options)  # checks its options and chooses the first step
            super().__init__(fun, t0, y0, t_bound, vectorized)
            self.nfev = start.nfev
            n = self.n
            self.block = block or int(np.clip(65536 // max(n, 1), 16, 256))
            self.kernel, self.watch, self.scratch = kernel, tuple(watch), kernel.work()
            self.parameters = kernel.bound()
            self.limits = np.array([self.direction, t_bound, start.max_step])
            self.rtol, self.atol = float(start.rtol), np.array(np.broadcast_to(start.atol, n), dtype=float)
            self.f, self.h_abs, self.K = start.f, float(start.h_abs), np.empty((LAST, n))
            self.at = np.empty(0) if at is None else np.array(at, dtype=float)
            self.out = np.empty((0, n)) if out is None else out
            self.next = int(np.count_nonzero(self.at == t0))
            self.out[: self.next] = self.y
            self.signs = [event(t0, self.y) for event in self.watch]

        def _step_impl(self) -> tuple[bool, str | None]:
            rows = self.block + 1
            ts, hs, ys, fs = np.empty(rows), np.empty(rows), np.empty((rows, self.n)), np.empty((rows, self.n))
            ts[0], hs[0], ys[0], fs[0] = self.t, self.h_abs, self.y, self.f
            call = (self.kernel.rhs, self.parameters, self.scratch)
            made, calls, status, self.next = steps(
                *call, *tableau, ts, hs, ys, fs, self.K, self.limits, self.rtol, self.atol, self.at, self.out, self.next
            )  # fmt: skip
            self.nfev += calls
            if made == 0 and status == TOO_SMALL:
                return False, self.TOO_SMALL_STEP
            made = self.first_change(ts, ys, made)
            # States after an event are made again from there.
            self.next = min(self.next, int(np.count_nonzero(self.direction * (ts[made] - self.at) >= 0)))
            self.h_abs, self.t, self.y, self.f = float(hs[made]), float(ts[made]), ys[made].copy(), fs[made].copy()
            self.record = call, ts[: made + 1], ys[: made + 1], fs[: made + 1]
            return True, None

        def first_change(self, ts: Array, ys: Array, made: int) -> int:
            """Steps up to the first on which an event changes sign: SciPy looks for one root per block."""
            for row in range(1, made + 1 if self.watch else 0):
                before, self.signs = self.signs, [event(ts[row], ys[row]) for event in self.watch]
                if any((a <= 0 <= b) or (a >= 0 >= b) for a, b in zip(before, self.signs)):
                    return row
            return made

        def _dense_output_impl(self) -> Any:
            return Inside(*self.record)

    return MacroDOP853


def integrate(
    kernel: Kernel,
    y0: Mapping[str, Any],
    params: Mapping[str, Any],
    times: Any,
    *,
    rtol: float = 1e-9,
    atol: float | Array = 1e-12,
    method: str = "DOP853",
    start: float | None = None,
    events: Sequence[Callable[..., Any]] = (),
    jacobian: Callable[[float, Array], Array] | None = None,
    **options: Any,
) -> Curve:
    """Solve a compiled flow.

    Parameters
    ----------
    kernel : from `lower`.
    y0 : state at the start, by name of item.
    params : parameters by name; a size by name where no array has it.
    times : increasing (or decreasing) times at which the state is wanted, from the start on.
    rtol, atol : tolerances of each component; plateaus need ``atol`` far below the smallest initial strength.
    method : ``"DOP853"`` (many compiled steps per call), ``"LSODA"`` for stiff flows, or another method of `solve_ivp`.
    start : time of ``y0``; by default the smaller of 0 and the first time.
    events : functions ``(t, y)`` as in `solve_ivp`; a terminal one ends the curve at its root.
    jacobian : ``(t, y)``, for stiff methods; by default derived from the system where that can be done.
    options : ``max_step``, ``first_step``.

    Returns
    -------
    Curve : axis ``time``, one column per item.

    Raises
    ------
    ValueError : bad argument.
    RuntimeError : the solver failed; its message.
    """
    from scipy.integrate import solve_ivp

    if kernel.kind != "flow":
        raise ValueError(f"kernel: {kernel.id} is a map; use iterate")
    if method not in METHODS:
        raise ValueError(f"method: {method!r}; allowed: {', '.join(METHODS)}")
    at = np.asarray(times, dtype=float)
    if at.ndim != 1 or not at.size or not np.isfinite(at).all():
        raise ValueError("times: a list of at least one finite time is needed")
    begin = min(0.0, float(at[0])) if start is None else float(start)
    gaps = np.diff(np.concatenate([[begin], at]))
    up, down = (gaps[1:] > 0).all() and gaps[0] >= 0, (gaps[1:] < 0).all() and gaps[0] <= 0
    if not (up or down):
        raise ValueError(
            f"times: from {at[0]} to {at[-1]}; strictly monotonic times from the start {begin} on are needed"
        )
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not (np.isfinite(value).all() and np.all(np.asarray(value) > 0)):
            raise ValueError(f"{name}: {value}; a positive number is needed")
    bound = kernel.bind(y0, params)
    state = bound.pack(y0)
    path = np.empty((0, state.size))
    detail: tuple[tuple[str, Any], ...] = (("solver", method), ("rtol", rtol), ("atol", _plain(atol)))
    if at[-1] == begin:
        return _curve(bound, params, at, state[None], (*detail, ("evaluations", 0), ("message", "no time to pass")))
    if method == "DOP853":
        solver: Any = macro_solver()
        path = np.empty((at.size, state.size))
        options |= {"kernel": bound, "watch": tuple(events), "at": at, "out": path}
    else:
        solver = method
        stiff = method in ("LSODA", "Radau", "BDF")
        exact = bound.jacobian if stiff and jacobian is None and state.size <= DENSE_JACOBIAN else jacobian
        if exact is not None:
            options["jac"] = exact
        detail += (("jacobian", "analytic" if exact is not None else "none or differences"),)
    span, wanted = (begin, float(at[-1])), list(events) or None
    try:
        inner = None if method == "DOP853" else at
        run = solve_ivp(bound.function, span, state, solver, inner, events=wanted, rtol=rtol, atol=atol, **options)
    except np.linalg.LinAlgError as error:  # an inverse inside the right-hand side
        raise RuntimeError(f"{kernel.id}: {error}") from error
    if not run.success:
        raise RuntimeError(f"{kernel.id}: {run.message}")
    if method != "DOP853":
        at, path = run.t, run.y.T
    if events:
        detail += (("events", tuple(tuple(float(t) for t in found) for found in run.t_events)),)
    if run.status == 1:  # the state at the terminal event closes the curve
        roots = [pair for ts, states in zip(run.t_events, run.y_events) for pair in zip(ts, states)]
        end, last = max(roots, key=lambda pair: abs(pair[0] - begin))
        before = np.sign(at[-1] - begin or 1.0) * (end - at) > 0 if method == "DOP853" else at != end
        at, path = np.append(at[before], end), np.concatenate([path[before].reshape(-1, state.size), last[None]])
    return _curve(bound, params, at, path, (*detail, ("evaluations", int(run.nfev)), ("message", run.message)))


def _curve(bound: Kernel, params: Mapping[str, Any], at: Array, path: Array, detail: Any) -> Curve:
    made = Provenance("ode", bound.id, tuple((k, _plain(v)) for k, v in params.items()), None, bound.digest, detail)
    return Curve((("time", at),), tuple(bound.unpack(np.ascontiguousarray(path)).items()), made)


def _plain(value: Any) -> Any:
    """Numbers and short lists as they are, long arrays by shape and hash."""
    array = np.asarray(value, dtype=float)
    if array.size <= 64:
        return array.tolist()
    return f"float64 {array.shape} sha256:{hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]}"

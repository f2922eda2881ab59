"""Gradient descent on two-layer linear networks: the direct simulator, any width, any cost, both update orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .reduction import Weights
from .teacher import Cost, check_integer, check_matrix, check_number

Array = NDArray[Any]
Order = Literal["sequential", "simultaneous"]
Form = Literal["weights", "gram"]
COLUMNS = ("loss", "test error", "singular values", "stable rank", "A", "C1", "C2", "W1", "W2")


@dataclass(frozen=True)
class Stop:
    """Stopping rules of the published phase diagrams (reference values as defaults), on recorded steps.

    Parameters
    ----------
    loss : stop once the loss is below.
    change, drop : stop once the loss changes by less than ``change`` between records after a total drop of ``drop``.
    rises : stop once the test error has risen strictly over that many records in a row (from the fourth record on).
    """

    loss: float = 1e-3
    change: float = 2e-4
    drop: float = 1e-2
    rises: int = 3

    def __call__(self, loss: Sequence[float], test: Sequence[float]) -> bool:
        """Whether to stop after the last record."""
        if loss[-1] < self.loss:
            return True
        last = test[-self.rises :]
        if len(test) > max(4, self.rises) and all(a < b for a, b in pairwise(last)):
            return True
        return len(loss) > 1 and loss[0] - loss[-1] > self.drop and abs(loss[-1] - loss[-2]) < self.change


def check_choice(name: str, value: str, allowed: Any) -> None:
    """One-line ValueError unless the value is one of a Literal's."""
    if value not in get_args(allowed):
        raise ValueError(f"{name}: {value!r}; allowed: {', '.join(map(repr, get_args(allowed)))}")


def stable_rank(A: Array) -> float:
    """``(||A||_F / ||A||_2)^2``; zero for the zero matrix."""
    s = np.linalg.svd(A, compute_uv=False)
    return float(np.sum((s / s[0]) ** 2)) if s[0] > 0 else 0.0


def _blas(name: str, dtype: np.dtype[Any]) -> Any:
    from scipy.linalg import blas

    return getattr(blas, ("s" if dtype == np.float32 else "d") + name)


class Descent:
    """State of one run: column-major weights updated in place by BLAS; no allocation per step.

    After ``step()`` the weights are new; ``A``, ``G`` and ``loss`` are those of the weights before it, and are refreshed by
    ``look()``. See :func:`descend` for the arguments.
    """

    def __init__(
        self, weights: Weights, cost: Cost, eta: float, order: Order, weight_decay: float, momentum: float
    ) -> None:
        dtype = np.result_type(weights.W1, weights.W2)
        if dtype not in (np.float32, np.float64):
            raise ValueError(f"weights: have type {dtype}; allowed: float32, float64")
        if cost.shape != weights.shape:
            raise ValueError(f"cost: its target has shape {cost.shape}; the network maps to {weights.shape}")
        check_choice("order", order, Order)
        self.eta = check_number("eta", eta, strict=True)
        self.decay = check_number("weight_decay", weight_decay)
        self.momentum = check_number("momentum", momentum)
        if self.momentum >= 1:
            raise ValueError(f"momentum: {momentum}; allowed: 0 <= momentum < 1")
        self.cost = cost.cast(dtype)
        self.W1 = np.array(weights.W1, dtype=dtype, order="F")
        self.W2 = np.array(weights.W2, dtype=dtype, order="F")
        self.A = np.empty(weights.shape, dtype=dtype, order="F")
        self.G = np.empty_like(self.A)
        self.old = self.W1 if order == "sequential" else np.empty_like(self.W1)
        self.gemm = _blas("gemm", self.W1.dtype)
        if self.momentum:
            self.V1, self.V2 = np.zeros_like(self.W1), np.zeros_like(self.W2)
            self.work1, self.work2 = np.empty_like(self.W1), np.empty_like(self.W2)

    @property
    def C1(self) -> Array:
        """``W1^T W1``."""
        return self.W1.T @ self.W1

    @property
    def C2(self) -> Array:
        """``W2 W2^T``."""
        return self.W2 @ self.W2.T

    def look(self) -> float:
        """Refresh ``A = W2 W1`` and ``G``, and return the cost."""
        self.gemm(1.0, self.W2, self.W1, 0.0, self.A, overwrite_c=1)
        return self.cost.evaluate(self.A, self.G)

    def step(self) -> None:
        """One update from the current ``G``: W1 first; W2 sees the new W1 (sequential) or the old one (simultaneous)."""
        if self.old is not self.W1:
            np.copyto(self.old, self.W1)
        if self.momentum:
            self._heavy_ball(self.W1, self.V1, self.work1, self.W2, self.G, 1, 0)
            self._heavy_ball(self.W2, self.V2, self.work2, self.G, self.old, 0, 1)
            return
        keep = 1.0 - self.eta * self.decay
        self.gemm(-self.eta, self.W2, self.G, keep, self.W1, trans_a=1, overwrite_c=1)
        self.gemm(-self.eta, self.G, self.old, keep, self.W2, trans_b=1, overwrite_c=1)

    def _heavy_ball(self, W: Array, V: Array, work: Array, a: Array, b: Array, trans_a: int, trans_b: int) -> None:
        """``V <- momentum V + gradient + decay W``, ``W <- W - eta V``."""
        self.gemm(1.0, a, b, self.momentum, V, trans_a=trans_a, trans_b=trans_b, overwrite_c=1)
        if self.decay:
            np.multiply(W, self.decay, out=work)
            np.add(V, work, out=V)
        np.multiply(V, self.eta, out=work)
        np.subtract(W, work, out=W)


class GramDescent:
    """The sequential update on ``A``, ``C1``, ``C2`` alone: four d^3 products per step instead of six, and no weights.

    Plain gradient descent only. The weights lose less to rounding: errors here are relative to the largest entry of P.
    """

    def __init__(self, weights: Weights, cost: Cost, eta: float) -> None:
        start = Descent(weights, cost, eta, "sequential", 0.0, 0.0)
        self.eta, self.cost, self.A, self.G = start.eta, start.cost, start.A, start.G
        self.upper1, self.upper2 = np.asfortranarray(start.C1), np.asfortranarray(start.C2)
        self.middle = np.empty_like(self.A)
        np.matmul(start.W2, start.W1, out=self.A)
        self.symm, self.syr2k = (_blas(name, self.A.dtype) for name in ("symm", "syr2k"))

    @property
    def C1(self) -> Array:
        """``W1^T W1``."""
        return np.triu(self.upper1) + np.triu(self.upper1, 1).T

    @property
    def C2(self) -> Array:
        """``W2 W2^T``."""
        return np.triu(self.upper2) + np.triu(self.upper2, 1).T

    def look(self) -> float:
        """Refresh ``G`` and return the cost."""
        return self.cost.evaluate(self.A, self.G)

    def step(self) -> None:
        """One update from the current ``G``: first layer (A, C1), then second layer (A, C2); upper triangles only."""
        np.copyto(self.middle, self.A)
        self.symm(-self.eta, self.upper2, self.G, 1.0, self.A, overwrite_c=1)
        np.add(self.middle, self.A, out=self.middle)  # C1 changes by -eta (G^T B + B^T G), B the mean of old and new A
        self.syr2k(-self.eta / 2, self.G, self.middle, 1.0, self.upper1, trans=1, overwrite_c=1)
        np.copyto(self.middle, self.A)
        self.symm(-self.eta, self.upper1, self.G, 1.0, self.A, side=1, overwrite_c=1)
        np.add(self.middle, self.A, out=self.middle)
        self.syr2k(-self.eta / 2, self.middle, self.G, 1.0, self.upper2, overwrite_c=1)


def _steps(record: int | Sequence[int] | Array, steps: int) -> Array:
    if np.ndim(record) == 0:
        every = check_integer("record", float(record))  # type: ignore[arg-type]
        return np.unique(np.append(np.arange(0, steps + 1, every), steps))
    chosen = np.asarray(record)
    if (
        len(chosen) == 0
        or chosen.dtype.kind not in "iu"
        or (np.diff(chosen) <= 0).any()
        or chosen[0] < 0
        or chosen[-1] > steps
    ):
        raise ValueError(f"record: {record}; allowed: increasing steps between 0 and {steps}")
    return chosen


def descend(
    weights: Weights,
    cost: Cost,
    eta: float,
    steps: int,
    *,
    order: Order = "sequential",
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    signal: Array | None = None,
    record: int | Sequence[int] | Array = 1,
    columns: Sequence[str] = ("loss", "singular values"),
    stop: Stop | None = None,
    form: Form = "weights",
) -> Curve:
    """Gradient descent ``W <- W - eta dC/dW`` from the given weights, in their own precision.

    Pass reduced weights (``gaussian``, ``reduce_width``) to simulate any width; full-width weights give brute force.

    Parameters
    ----------
    weights : initial weights, float32 or float64; not modified.
    cost : cost of ``A = W2 W1``.
    eta : learning rate (time per step).
    steps : number of steps.
    order : ``"sequential"`` updates W1 first and W2 with the new W1 and the same G; ``"simultaneous"`` both from the old ones.
    weight_decay, momentum : isotropic L2 added to the gradient, and heavy ball.
    signal : matrix that ``test error`` is measured against.
    record : every so many steps, or the increasing steps to record.
    columns : of ``loss`` (``2 C/(d_out d_in)``), ``test error`` (``||A - signal||_F^2/(d_out d_in)``), ``singular values``,
        ``stable rank``, ``A``, ``C1``, ``C2``, ``W1``, ``W2``.
    stop : stopping rules, applied to the records; needs ``signal``.
    form : what is stepped; ``"gram"`` is a third cheaper (plain sequential descent only, no W1 and W2).

    Returns
    -------
    Curve over ``time`` = eta * step with column ``step`` and those asked for; shorter if stopped.

    Raises
    ------
    ValueError : bad argument, or divergence.
    """
    check_choice("form", form, Form)
    run: Descent | GramDescent = Descent(weights, cost, eta, order, weight_decay, momentum)
    if form == "gram":
        if order != "sequential" or weight_decay or momentum or {"W1", "W2"} & set(columns):
            raise ValueError("form: 'gram' allows plain sequential descent only, without the columns W1 and W2")
        run = GramDescent(weights, cost, eta)
    steps = check_integer("steps", steps, low=0)
    chosen = _steps(record, steps)
    unknown = sorted(set(columns) - set(COLUMNS))
    if unknown:
        raise ValueError(f"columns: {unknown[0]!r}; allowed: {', '.join(COLUMNS)}")
    if signal is not None:
        signal = np.asfortranarray(check_matrix("signal", signal), dtype=run.A.dtype)
        if signal.shape != weights.shape:
            raise ValueError(f"signal: has shape {signal.shape}; the network maps to {weights.shape}")
    elif stop is not None or "test error" in columns:
        raise ValueError("signal: is needed for the test error and for stopping rules")
    entries = run.A.size
    losses: list[float] = []
    tests: list[float] = []
    kept: dict[str, list[Any]] = {name: [] for name in columns}
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps + 1):
            loss = 2 * run.look() / entries
            if not np.isfinite(loss):
                raise ValueError(f"eta: {eta} makes gradient descent diverge at step {step}; allowed: smaller ones")
            if step == chosen[len(losses)]:
                losses.append(loss)
                if signal is not None:
                    tests.append(mean_square(run.A, signal))
                for name in columns:
                    kept[name].append(_column(name, run, losses, tests))
                if len(losses) == len(chosen) or (stop is not None and stop(losses, tests)):
                    break
            run.step()
    done = chosen[: len(losses)]
    settings = {"order": order, "form": form, "eta": float(eta), "width": weights.width}
    settings |= {"weight_decay": float(weight_decay), "momentum": float(momentum)}
    detail = {"dtype": str(run.A.dtype), "cost": type(cost).__name__, "stopped": bool(done[-1] < steps)}
    made = Provenance("gradient descent", "mixed.descent", tuple(settings.items()), detail=tuple(detail.items()))
    found = tuple((name, np.array(values)) for name, values in kept.items())
    return Curve((("time", eta * done),), (("step", done), *found), made)


def mean_square(A: Array, B: Array) -> float:
    """Mean of the squared entries of ``A - B``."""
    difference = (A - B).ravel(order="K")
    return float(np.dot(difference, difference)) / A.size


def _column(name: str, run: Descent | GramDescent, losses: list[float], tests: list[float]) -> Any:
    match name:
        case "loss":
            return losses[-1]
        case "test error":
            return tests[-1]
        case "singular values":
            return np.linalg.svd(run.A, compute_uv=False)
        case "stable rank":
            return stable_rank(run.A)
        case _:
            return np.array(getattr(run, name), order="C")

"""One training run of a deep linear network from a small start, with the saddles that it passes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.deep_linear.balanced import balanced_layers
from ...numerics.deep_linear.costs import (
    Cost,
    completion,
    correlated,
    distinct_values,
    failing_completion,
    masked,
    squared_error,
)
from ...numerics.deep_linear.descent import descend, layer_flow
from ...numerics.deep_linear.network import Array, Layers, gaussian, product
from ...numerics.deep_linear.saddles import find_saddles
from ...numerics.threads import one_thread
from ..paper import Experiment, Progress

CostName = Literal["completion", "failing", "random", "mse", "correlated"]
Start = Literal["gaussian", "balanced"]
MOST_POINTS = 10**6


def explain(text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a settings field."""
    return {"help": text, **more}


def check_integer(name: str, value: Any, low: int = 1, high: int | None = None) -> int:
    """An integer in a range, or a one-line ValueError."""
    if isinstance(value, bool) or int(value) != value or value < low or (high is not None and value > high):
        span = f"integers from {low} to {high}" if high is not None else f"integers >= {low}"
        raise ValueError(f"{name}: {value}; allowed: {span}")
    return int(value)


def check_number(name: str, value: float, positive: bool = True) -> float:
    """A finite positive (nonnegative) number, or a one-line ValueError."""
    if not math.isfinite(value) or value < 0 or (positive and value == 0):
        raise ValueError(f"{name}: {value}; allowed: finite and {'>' if positive else '>='} 0")
    return float(value)


@dataclass(frozen=True)
class SimulateSettings:
    """A run by gradient flow, or by gradient descent if a learning rate is given; the defaults show three plateaus."""

    cost: CostName = field(
        default="completion",
        metadata=explain(
            "deterministic 8 x 8 completion, its failing mask, a random mask, squared error, or correlated inputs",
            choices=get_args(CostName),
        ),
    )
    L: int = field(default=3, metadata=explain("depth: number of layers, 1 or more"))
    d: int = field(default=8, metadata=explain("input and output dimension; 8 for completion and failing"))
    width: int | None = field(default=None, metadata=explain("hidden units; none: d"))
    s: tuple[float, ...] = field(
        default=(4.0, 2.0, 1.0), metadata=explain("singular values of the target, all different, as --s=4,2,1")
    )
    observed: float = field(default=0.75, metadata=explain("random: share of entries seen"))
    start: Start = field(
        default="gaussian", metadata=explain("independent entries, or balanced layers", choices=get_args(Start))
    )
    scale: float = field(default=1e-3, metadata=explain("standard deviation of the weights; balanced: s_0 = scale^L"))
    decay: float = field(default=0.0, metadata=explain("weight decay lambda"))
    eta: float | None = field(default=None, metadata=explain("learning rate of gradient descent; none: gradient flow"))
    time: float | None = field(default=None, metadata=explain("end of the run; none: long enough for all plateaus"))
    points: int = field(default=2000, metadata=explain("records, evenly in time"))
    seed: int = field(default=0, metadata=explain("seed of target, mask and weights"))

    def __post_init__(self) -> None:
        for name, allowed in (("cost", CostName), ("start", Start)):
            if getattr(self, name) not in get_args(allowed):
                raise ValueError(f"{name}: {getattr(self, name)!r}; allowed: {', '.join(get_args(allowed))}")
        check_integer("L", self.L)
        check_integer("d", self.d, 2, 200)
        if self.cost in ("completion", "failing") and self.d != 8:
            raise ValueError(f"d: {self.d}; cost {self.cost} is 8 x 8, allowed: 8")
        if self.width is not None:
            check_integer("width", self.width)
        if not 1 <= len(self.s) <= self.d:
            raise ValueError(f"s: {len(self.s)} values; allowed: 1 to {self.d}")
        for value in self.s:
            check_number("s", value)
        distinct_values(np.diag(np.asarray(self.s, dtype=float)))
        if self.cost in ("completion", "failing") and tuple(self.s) != (4.0, 2.0, 1.0):
            raise ValueError(f"s: {','.join(f'{one:g}' for one in self.s)}; cost {self.cost} has 4,2,1")
        if not 0 < self.observed <= 1:
            raise ValueError(f"observed: {self.observed}; allowed: above 0, at most 1")
        check_number("scale", self.scale)
        if self.start == "balanced" and self.scale**self.L == 0:
            raise ValueError(f"scale: {self.scale}; s_0 = scale^{self.L} is 0 in double precision")
        check_number("decay", self.decay, positive=False)
        for name in ("eta", "time"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name))
        check_integer("points", self.points, 3, MOST_POINTS)
        check_integer("seed", self.seed, 0)

    @property
    def end(self) -> float:
        """End of the run: by default a few times the longest plateau that the theory expects."""
        if self.time is not None:
            return self.time
        # a balanced start has every layer singular value at the scale, and overlaps with the modes of order d^(-1/2)
        size = self.scale * (math.sqrt(self.width or self.d) if self.start == "gaussian" else 1 / math.sqrt(self.d))
        if self.L <= 2:
            return max(5.0, 2 * math.log(1 / min(size, 0.5))) / min(self.s) + 10 / min(self.s)
        return 3 * size ** (2 - self.L) / ((self.L - 2) * min(self.s)) + 20 / min(self.s)


def prepare(settings: SimulateSettings) -> tuple[Cost, Layers]:
    """Cost and weights.

    Raises
    ------
    ValueError : a random mask that hides a whole row or column.
    """
    rng = np.random.default_rng([settings.seed, 1])
    d, s = settings.d, np.sort(np.asarray(settings.s, dtype=float))[::-1]
    U, V = (np.linalg.qr(rng.standard_normal((d, d)))[0][:, : s.size] for _ in range(2))
    target = (U * s) @ V.T
    if settings.cost == "random":
        cost = masked(target, rng.random((d, d)) < settings.observed)
    elif settings.cost == "correlated":
        Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
        S = (Q * np.geomspace(0.5, 2.0, d)) @ Q.T
        cost = correlated(target, (S + S.T) / 2)
    else:
        fixed = {"completion": completion, "failing": failing_completion}
        cost = fixed[settings.cost]() if settings.cost in fixed else squared_error(target)
    width, draw = settings.width or d, np.random.default_rng([settings.seed, 2])
    if settings.start == "balanced":
        Q, R = (np.linalg.qr(draw.standard_normal((d, d)))[0] for _ in range(2))
        return cost, balanced_layers(settings.scale**settings.L * Q @ R.T, settings.L)
    return cost, gaussian(d, d, width, settings.L, width * settings.scale**2, draw)


def run_simulate(settings: SimulateSettings, progress: Progress) -> Curve:
    """Train, and look for saddles as minima of the gradient's norm.

    Returns
    -------
    Curve over ``time``: ``loss`` (without decay), ``singular values``, ``gradient`` (norm over all weights;
    with a learning rate the speed of the map instead), ``saddle``: the
    rank at a saddle that was found, -1 elsewhere; with hidden entries also ``test error`` (root mean square).

    Raises
    ------
    ValueError : a mask that hides a whole row or column, divergence.
    """
    progress(0.0, "training")
    with one_thread():
        cost, weights = prepare(settings)
        try:
            run = _train(settings, cost, weights)
        except RuntimeError as error:
            raise ValueError(f"{'time' if settings.eta is None else 'eta'}: {error}") from None
        progress(0.9, "saddles")
        saddles = find_saddles(run, cost.target)
        marks = np.full(run["time"].size, -1)
        for one in saddles:
            marks[int(np.searchsorted(run["time"], one.time))] = one.rank
        s = np.linalg.svd(run["A"], compute_uv=False)
    columns: list[tuple[str, Array]] = [
        ("loss", run["loss"]), ("singular values", s), ("gradient", run["gradient"]), ("saddle", marks),
    ]  # fmt: skip
    if cost.mask is not None and not cost.mask.all():
        columns.append(("test error", np.array([cost.hidden_error(A) for A in run["A"]])))
    given = {
        "cost": settings.cost, "L": settings.L, "d": settings.d, "width": settings.width or settings.d,
        "scale": settings.scale, "decay": settings.decay, "eta": settings.eta or 0.0, "start": settings.start,
        "s": list(settings.s), "saddle losses": [one.loss for one in saddles],
    }  # fmt: skip
    by = "ode" if settings.eta is None else "gradient descent"
    progress(1.0, "")
    return Curve(run.axes, tuple(columns), Provenance(by, "deep-linear.layers", tuple(given.items()), settings.seed))


def _train(settings: SimulateSettings, cost: Cost, weights: Layers) -> Curve:
    """Columns ``A``, ``loss``, ``gradient`` over ``time``."""
    if settings.eta is None:
        times = np.linspace(0, settings.end, settings.points)
        curve, _ = layer_flow(weights, cost, times, decay=settings.decay, method="LSODA", rtol=1e-9, atol=1e-13)
        return curve
    steps = max(settings.points - 1, math.ceil(settings.end / settings.eta))
    record = max(1, steps // (settings.points - 1))
    curve, _ = descend(weights, cost, settings.eta, steps, decay=settings.decay, record=record)
    A = curve["A"]
    # no second run for the gradient: the speed of the map has its minima where the gradient of the weights has them
    speed = np.linalg.norm(np.gradient(A, axis=0), axis=(1, 2)) / (settings.eta * record)
    columns = (("A", A), ("loss", curve["loss"]), ("gradient", speed))
    return Curve((("time", settings.eta * curve["step"]),), columns, curve.made_by)


def plot_simulate(curve: Curve) -> Any:
    """Loss with the saddles marked, and singular values."""
    from .drawing import draw_run

    return draw_run(curve)


def simulate_seconds(settings: SimulateSettings) -> float:
    """Explicit steps as the end times the sharpness, or the steps of gradient descent."""
    sharp = settings.L * max(settings.s) ** (2 - 2 / settings.L)
    steps = settings.end * sharp / 2 if settings.eta is None else settings.end / settings.eta
    return 1.0 + 3e-5 * settings.L * min(steps, 1e7) * max(1.0, settings.d / 30) ** 2


SIMULATE = Experiment(
    "deep linear network from a small start: loss, singular values and the saddles on the way",
    SimulateSettings, run_simulate, plot_simulate, simulate_seconds,
)  # fmt: skip
__all__ = ["SIMULATE", "SimulateSettings", "plot_simulate", "prepare", "product", "run_simulate"]

"""One training run of a two-layer ReLU network on any data, exact at every step."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.early_alignment import BUILT_IN, Dataset, general_descent, linear_loss, read_csv, sector_descent, start
from ..paper import Experiment, Progress

MOST_STEPS = 10**9


def explain(text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a settings field."""
    return {"help": text, **more}


def check_whole(name: str, value: int, low: int, high: int | None = None) -> None:
    """One-line ValueError unless the value is an integer of the range."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
        allowed = f"integers from {low} on" if high is None else f"integers {low} to {high}"
        raise ValueError(f"{name}: {value!r}; allowed: {allowed}")


def check_positive(name: str, value: float) -> None:
    """One-line ValueError unless the value is finite and positive."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name}: {value}; allowed: finite numbers above 0")


def find_data(name: str, labels: str | None, bias: bool) -> Dataset:
    """Built-in data of this name, or those of a CSV file.

    Raises
    ------
    ValueError : no such data, a file that cannot be read as numbers, ``labels`` or ``bias`` beside a built-in name.
    """
    if name in BUILT_IN:
        if labels is not None or bias:
            raise ValueError(
                f"{'bias' if bias else 'labels'}: {name} is built in, constant feature and labels included"
            )
        return BUILT_IN[name]()
    if not Path(name).is_file():
        raise ValueError(f"data: no file {name!r}; built-in names: {', '.join(BUILT_IN)}")
    return read_csv(name, labels=labels, bias=bias)


@dataclass(frozen=True)
class SimulateSettings:
    """Gradient descent on ``1/(2n) sum (h - y)^2``; the defaults are the published three-point run at lr 1e-3 on the mean square."""

    data: str = field(default="three-points", metadata=explain(f"{', '.join(BUILT_IN)}, or a CSV file of x1,...,xd,y"))
    labels: str | None = field(
        default=None, metadata=explain("column of the labels in the file; none: y, else the last")
    )
    bias: bool = field(default=False, metadata=explain("add a last feature 1 to the points of the file"))
    m: int = field(default=20_000, metadata=explain("width"))
    scale: float = field(default=1e-3, metadata=explain("scale of the start (lambda)"))
    dominance: float = field(default=1.0, metadata=explain("|a|/|w| at the start: 1 balanced, more dominated"))
    eta: float = field(default=2e-3, metadata=explain("learning rate: twice that of the mean squared error"))
    steps: int = field(default=2_000_000, metadata=explain("steps of gradient descent"))
    records: int = field(default=400, metadata=explain("about how many times are recorded, evenly in log time"))
    seed: int = field(default=0, metadata=explain("seed of the start"))

    def __post_init__(self) -> None:
        find_data(self.data, self.labels, self.bias)
        check_whole("m", self.m, 1, 10**8)
        for name in ("scale", "dominance", "eta"):
            check_positive(name, getattr(self, name))
        check_whole("steps", self.steps, 1, MOST_STEPS)
        check_whole("records", self.records, 2, 100_000)
        check_whole("seed", self.seed, 0)

    @cached_property
    def dataset(self) -> Dataset:
        """The data."""
        return find_data(self.data, self.labels, self.bias)

    @property
    def marks(self) -> Any:
        """Steps to record: 0, and evenly in the logarithm."""
        return np.unique(np.concatenate([[0], np.rint(np.geomspace(1, self.steps, self.records - 1)).astype(int)]))


def run_simulate(settings: SimulateSettings, progress: Progress) -> Curve:
    """Gradient descent on all neurons: by the cones of the plane, or in any dimension.

    Returns
    -------
    Curve over ``time`` = eta * step: ``step``, ``loss`` (half the mean square), ``crossings`` of hyperplanes and ``flips`` of
    signs of output weights so far; the loss of the best linear map is among the parameters.

    Raises
    ------
    ValueError : divergence.
    """
    progress(0.05, "drawing")
    data = settings.dataset
    X, y = data.X, data.y
    w, a = start(settings.m, settings.scale, settings.seed, d=X.shape[1], dominance=settings.dominance)
    progress(0.1, "gradient descent")
    descend = sector_descent if X.shape[1] == 2 else general_descent
    run = descend(X, y, w, a, settings.eta, settings.steps, record=settings.marks)
    parameters = (
        ("data", data.name), ("n", len(y)), ("d", X.shape[1]), ("m", settings.m), ("scale", settings.scale),
        ("dominance", settings.dominance), ("eta", settings.eta), ("linear loss", linear_loss(X, y)),
    )  # fmt: skip
    progress(1.0, "")
    made = Provenance("gradient descent", run.curve.made_by.what, parameters, settings.seed)
    return Curve(run.curve.axes, run.curve.columns, made)


def plot_simulate(curve: Curve) -> Any:
    """Loss over time with that of the best linear map; crossings and sign flips."""
    from .drawing import draw_run

    return draw_run(curve)


def simulate_seconds(settings: SimulateSettings) -> float:
    """A step of the cones, and one look at each neuron."""
    n, d = len(settings.dataset.y), len(settings.dataset.features)
    return 1.0 + settings.steps * n * (6e-8 if d == 2 else 2e-6) + 3e-6 * settings.m * n


SIMULATE = Experiment(
    "gradient descent of a two-layer ReLU network, exact at every step; loss 1/(2n) sum (h - y)^2, half the mean squared error",
    SimulateSettings, run_simulate, plot_simulate, simulate_seconds,
)  # fmt: skip

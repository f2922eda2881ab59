"""Where networks get stuck: fraction of starts that end at the best linear map, over init scale and width."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...numerics.curve import Curve, Provenance
from ...numerics.early_alignment import Dataset, linear_loss, spurious_fraction
from ..paper import Experiment, Progress
from .simulate import MOST_STEPS, check_positive, check_whole, explain, find_data


@dataclass(frozen=True)
class DiagramSettings:
    """A grid of widths and scales; each point is a number of starts of gradient descent on ``1/(2n) sum (h - y)^2``."""

    data: str = field(default="three-points", metadata=explain("built-in name, or a CSV file of points of the plane"))
    labels: str | None = field(
        default=None, metadata=explain("column of the labels in the file; none: y, else the last")
    )
    bias: bool = field(default=False, metadata=explain("add a last feature 1 to the points of the file"))
    widths: tuple[int, ...] = field(default=(10, 20, 50, 100, 200, 500), metadata=explain("widths, as 10,100"))
    scales: tuple[float, ...] = field(
        default=(0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.35, 0.5, 1.0), metadata=explain("scales of the start, as 0.01,0.1")
    )
    seeds: int = field(default=20, metadata=explain("starts for each point of the grid"))
    dominance: float = field(default=1.0, metadata=explain("|a|/|w| at the start"))
    eta: float = field(default=1e-2, metadata=explain("learning rate"))
    steps: int = field(default=50_000, metadata=explain("steps of gradient descent"))
    jobs: int = field(default=-1, metadata=explain("processes; -1: one per core"))
    store: str | None = field(
        default=None, metadata=explain("folder of finished runs, to resume from; none: keep nothing")
    )
    seed: int = field(default=0, metadata=explain("seed of all starts"))

    def __post_init__(self) -> None:
        found = find_data(self.data, self.labels, self.bias)
        if len(found.features) != 2:
            raise ValueError(
                f"data: {self.data} has {len(found.features)} features; 2 (a constant one included) are needed"
            )
        if not linear_loss(found.X, found.y) > 1e-12:
            raise ValueError(f"data: {self.data} is fitted by a linear map; then no loss tells who gets stuck")
        for name in ("widths", "scales"):
            values = getattr(self, name)
            if not values or any(a >= b for a, b in pairwise(values)):
                shown = ",".join(f"{value:g}" for value in values)
                raise ValueError(f"{name}: {shown or 'none'}; allowed: increasing numbers, at least one")
        for width in self.widths:
            check_whole("widths", width, 1, 10**7)
        for scale in self.scales:
            check_positive("scales", scale)
        check_whole("seeds", self.seeds, 1)
        check_positive("dominance", self.dominance)
        check_positive("eta", self.eta)
        check_whole("steps", self.steps, 1, MOST_STEPS)
        if self.jobs != -1 and self.jobs < 1:
            raise ValueError(f"jobs: {self.jobs}; allowed: 1 or more, or -1 for one per core")
        if self.store is not None and (not self.store or Path(self.store).is_file()):
            raise ValueError(f"store: {self.store!r}; allowed: a folder")
        check_whole("seed", self.seed, 0)

    @property
    def dataset(self) -> Dataset:
        """The data."""
        return find_data(self.data, self.labels, self.bias)


def code_digest() -> str:
    """Hash of the code that a run goes through: a store does not mix two versions of it."""
    from ...numerics import early_alignment as numerics

    files = sorted(Path(str(numerics.__file__)).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def run_diagram(settings: DiagramSettings, progress: Progress) -> Curve:
    """Every point of the grid.

    Returns
    -------
    Curve over ``width`` and ``scale``: ``fraction`` that ends within 1 % of the loss of the best linear map, ``low`` and
    ``high`` (its 95 % Wilson interval), ``flips`` (mean), ``loss`` (of each start).
    """
    data = settings.dataset
    store = None if settings.store is None else Path(settings.store) / code_digest()
    curve = spurious_fraction(
        data.X, data.y, settings.widths, settings.scales, seeds=settings.seeds, eta=settings.eta, steps=settings.steps,
        dominance=settings.dominance, seed=settings.seed, jobs=settings.jobs, store=store, progress=progress,
    )  # fmt: skip
    parameters = (("data", data.name), ("linear loss", linear_loss(data.X, data.y)), *curve.made_by.parameters)
    made = Provenance(curve.made_by.by, curve.made_by.what, parameters, settings.seed)
    return Curve(curve.axes, curve.columns, made)


def plot_diagram(curve: Curve) -> Any:
    """Fraction over scale and width, with intervals."""
    from .drawing import draw_diagram

    return draw_diagram(curve)


def diagram_seconds(settings: DiagramSettings) -> float:
    """Large starts cross more; shared over the cores."""
    jobs = settings.jobs if settings.jobs > 0 else os.cpu_count() or 1
    n, runs = len(settings.dataset.y), settings.seeds * len(settings.scales)
    each = [settings.steps * (6e-8 * n + 1.5e-8 * math.sqrt(width)) + 3e-6 * width * n for width in settings.widths]
    return 2.0 + runs * sum(each) / jobs


PHASE_DIAGRAM = Experiment(
    "fraction of starts that end at the best linear map, over init scale and width, with 95 % Wilson intervals",
    DiagramSettings, run_diagram, plot_diagram, diagram_seconds,
)  # fmt: skip

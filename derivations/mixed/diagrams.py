"""Phase diagrams over variance and width, by simulation or by theory."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...numerics.curve import Curve, Provenance
from ...numerics.mixed import descent_point, flow_point, mode_point
from ...numerics.mixed.teacher import check_integer
from ...numerics.sweep import Function, sweep
from ..paper import Experiment, Progress
from .simulate import LOG_RANGE, explain, one_of

Array = NDArray[Any]
Level = Literal["descent", "flow", "mode"]
LEVELS: dict[str, tuple[Function, float]] = {
    "descent": (descent_point, 0.25),
    "flow": (flow_point, 0.55),
    "mode": (mode_point, 0.008),
}
"""For each level: a point of a sweep, and about how many seconds it takes at d = 200 on one core."""
MEASURES = ("test error", "stable rank", "iterations", "distance")


@dataclass(frozen=True)
class DiagramSettings:
    """A grid of exponents ``sigma^2 = d^gamma_sigma``, ``w = d^gamma_w``; the defaults are the published grid."""

    d: int = field(default=200, metadata=explain("output and input dimension, 2 or more"))
    k: int = field(default=5, metadata=explain("rank of the teacher"))
    grid: int = field(default=30, metadata=explain("points per side, 2 or more"))
    gamma_sigma: tuple[float, ...] = field(
        default=(-2.2, -0.8), metadata=explain("first and last exponent of the variance, as --gamma-sigma=-2.2,-0.8")
    )
    gamma_w: tuple[float, ...] = field(default=(1.75, 2.8), metadata=explain("first and last exponent of the width"))
    by: Level = field(
        default="mode",
        metadata=explain("simulation, exact flow, or scalar theory", choices=get_args(Level)),
    )
    steps: int = field(default=750, metadata=explain("most steps of gradient descent per point"))
    jobs: int = field(default=-1, metadata=explain("processes; -1: one per core"))
    store: str | None = field(
        default=None, metadata=explain("folder of finished points, to resume from; none: keep nothing")
    )
    seed: int = field(default=0, metadata=explain("seed of the teacher, the noise and the weights"))

    def __post_init__(self) -> None:
        check_integer("d", self.d, low=2)
        if check_integer("k", self.k) > self.d:
            raise ValueError(f"k: {self.k}; allowed: 1 to {self.d}")
        check_integer("grid", self.grid, low=2)
        for name in ("gamma_sigma", "gamma_w"):
            pair = getattr(self, name)
            if len(pair) != 2 or not all(map(math.isfinite, pair)) or pair[0] >= pair[1]:
                shown = ",".join(f"{value:g}" for value in pair)
                raise ValueError(f"{name}: {shown}; allowed: two finite numbers, the smaller first")
        if any(abs(value) * math.log(self.d) > LOG_RANGE for value in self.gamma_sigma):
            shown = ",".join(f"{value:g}" for value in self.gamma_sigma)
            raise ValueError(f"gamma_sigma: {shown}; the variance d^gamma_sigma must be between 1e-100 and 1e100")
        low, high = self.gamma_w
        if low < 0 or high * math.log(self.d) >= math.log(1e15):
            raise ValueError(f"gamma_w: {low:g},{high:g}; the width d^gamma_w must be between 1 and 1e15")
        one_of("by", self.by, Level)
        check_integer("steps", self.steps)
        if self.jobs != -1 and self.jobs < 1:
            raise ValueError(f"jobs: {self.jobs}; allowed: 1 or more, or -1 for one per core")
        if self.store is not None and (not self.store or Path(self.store).is_file()):
            raise ValueError(f"store: {self.store!r}; allowed: a folder")
        check_integer("seed", self.seed, low=0)

    @property
    def axes(self) -> tuple[Array, Array]:
        """Exponents of variance and width."""
        (a, b), (c, e) = self.gamma_sigma, self.gamma_w
        return np.linspace(a, b, self.grid), np.linspace(c, e, self.grid)


def code_digest(by: Level) -> str:
    """Hash of the code that a point runs through: a store does not mix two versions of it."""
    from ...numerics import mixed as numerics
    from ...theory import mixed as theory

    modules = [numerics] if by == "descent" else [numerics, theory]
    files = [file for module in modules for file in sorted(Path(str(module.__file__)).parent.glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def run_diagram(settings: DiagramSettings, progress: Progress) -> Curve:
    """Every point of the grid.

    Returns
    -------
    Curve over ``gamma_sigma`` and ``gamma_w``: least ``test error`` over time (per entry), ``stable rank`` and ``iterations``
    there, ``distance`` (largest ``||A - A_mixed||_F/d``; nan by mode), ``records`` (steps taken + 1).
    """
    sigmas, widths = settings.axes
    fixed = {"d": settings.d, "k": settings.k, "steps": settings.steps, "seed": settings.seed}
    points = [{"gamma_sigma": float(a), "gamma_w": float(b), **fixed} for a in sigmas for b in widths]
    function = LEVELS[settings.by][0]
    results = sweep(
        function, points, store=settings.store, jobs=settings.jobs, key=code_digest(settings.by), progress=progress, seed=settings.seed
    )  # fmt: skip
    shape = len(sigmas), len(widths)
    columns = tuple(
        (name, np.array([float(r[name]) for r in results]).reshape(shape)) for name in (*MEASURES, "records")
    )
    by = {"descent": "gradient descent", "flow": "ode", "mode": "theory"}[settings.by]
    parameters = (("by", settings.by), ("d", settings.d), ("k", settings.k), ("steps", settings.steps))
    made = Provenance(by, "mixed.diagram", parameters, settings.seed)
    return Curve((("gamma_sigma", sigmas), ("gamma_w", widths)), columns, made)


def plot_diagram(curve: Curve) -> Any:
    """The four published diagrams with the boundaries of the phases."""
    from .drawing import draw_diagrams

    return draw_diagrams([curve])


def diagram_seconds(settings: DiagramSettings) -> float:
    """Cubic in d by matrices, linear by modes; shared over the cores."""
    jobs = settings.jobs if settings.jobs > 0 else os.cpu_count() or 1
    power = 1 if settings.by == "mode" else 3
    return 2.0 + settings.grid**2 * LEVELS[settings.by][1] * (settings.d / 200) ** power / jobs


PHASE_DIAGRAM = Experiment(
    "least test error, stable rank, iterations and distance from the mixed dynamics over variance and width",
    DiagramSettings, run_diagram, plot_diagram, diagram_seconds,
)  # fmt: skip

"""Regimes over the size of the start and the depth, from distances of sampled networks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.deep_linear.distances import minimum_distance, saddle_distance
from ...numerics.deep_linear.law import three_layers, two_layers
from ...numerics.deep_linear.network import Layers
from ...numerics.sweep import sweep
from ..paper import Experiment, Progress
from .simulate import check_integer, check_number, explain

TARGET = np.diag([2.0, 1.0, 0.5])
BLOCKS = 8
DEPTHS = (2, 3)
WIDEST = 1e10


@dataclass(frozen=True)
class DiagramSettings:
    """Exponents of the distances in the width, from two widths, exact in law."""

    L: tuple[int, ...] = field(default=DEPTHS, metadata=explain("depths, 2 and 3, as --L=2,3"))
    grid: int = field(default=13, metadata=explain("points over gamma, 2 or more"))
    gamma: tuple[float, ...] = field(
        default=(0.25, 1.75), metadata=explain("first and last gamma in sigma^2 = w^-gamma, as --gamma=0.25,1.75")
    )
    width: tuple[float, ...] = field(
        default=(1e3, 1e5), metadata=explain("two widths between which the exponent is taken")
    )
    draws: int = field(default=5, metadata=explain("networks per point and width"))
    jobs: int = field(default=1, metadata=explain("processes; -1: one per core"))
    store: str | None = field(default=None, metadata=explain("folder of finished points, to resume from"))
    seed: int = field(default=0, metadata=explain("seed of the weights"))

    def __post_init__(self) -> None:
        if not self.L or len(set(self.L)) < len(self.L):
            raise ValueError(f"L: {','.join(map(str, self.L)) or 'none'}; allowed: different depths out of 2, 3")
        for one in self.L:
            check_integer("L", one, DEPTHS[0], DEPTHS[-1])
        check_integer("grid", self.grid, 2)
        if (
            len(self.gamma) != 2
            or not all(map(math.isfinite, self.gamma))
            or not 0 <= self.gamma[0] < self.gamma[1] <= 2
        ):
            raise ValueError(
                f"gamma: {','.join(f'{one:g}' for one in self.gamma)}; allowed: two numbers, 0 <= first < last <= 2"
            )
        low = BLOCKS * 3
        if len(self.width) != 2 or not low <= self.width[0] < self.width[1] <= WIDEST:
            raise ValueError(
                f"width: {','.join(f'{one:g}' for one in self.width)}; allowed: two numbers, {low} <= first < last <= {WIDEST:g}"
            )
        for width in self.width:
            check_number("width", width)
        check_integer("draws", self.draws)
        if self.jobs != -1:
            check_integer("jobs", self.jobs)
        check_integer("seed", self.seed, 0)


def network(L: int, width: int, kappa: float, seed: Any) -> Layers:
    """A network of any width, exactly in law."""
    return two_layers(3, 3, width, kappa, seed) if L == 2 else three_layers(3, 3, width, kappa, BLOCKS, seed)


def point(at: dict[str, Any], seed: np.random.SeedSequence) -> dict[str, Any]:
    """Mean logarithms of both distances at one gamma, depth and width."""
    width = float(at["width"])
    logs = []
    for one in seed.spawn(int(at["draws"])):
        start = network(int(at["L"]), int(width), width ** (1 - float(at["gamma"])), np.random.default_rng(one))
        logs.append([distance(find, start) for find in (minimum_distance, saddle_distance)])
    d_m, d_s = np.mean(logs, axis=0)
    return {"log d_m": d_m, "log d_s": d_s}


def distance(find: Any, start: Layers) -> float:
    """Logarithm of a distance; nan where the solver does not converge, never its last iterate."""
    try:
        return float(np.log(find(start, TARGET).value))
    except RuntimeError:
        return math.nan


def run_diagram(settings: DiagramSettings, progress: Progress) -> Curve:
    """Distances over gamma, depth and width, and exponents between the two widths over gamma and depth (nan: no convergence)."""
    gammas = np.linspace(settings.gamma[0], settings.gamma[1], settings.grid)
    points = [
        {"gamma": float(g), "L": int(L), "width": float(w), "draws": settings.draws}
        for g in gammas for L in settings.L for w in settings.width
    ]  # fmt: skip
    found = sweep(
        point, points, store=settings.store, jobs=settings.jobs, key="deep-linear.distances", progress=progress,
        seed=settings.seed,
    )  # fmt: skip
    shape = len(gammas), len(settings.L), 2
    logs = {name: np.array([float(one[f"log {name}"]) for one in found]).reshape(shape) for name in ("d_m", "d_s")}
    missing = int(sum(np.isnan(value).sum() for value in logs.values()))
    if missing:
        progress(1.0, f"{missing} of {2 * len(found)} distances did not converge and are left out")
    span = math.log(settings.width[1] / settings.width[0])
    slope = {name: np.diff(value, axis=-1)[..., 0] / span for name, value in logs.items()}
    columns = (
        *((name, np.exp(value)) for name, value in logs.items()),
        *((f"exponent {name}", np.repeat(value[..., None], 2, axis=-1)) for name, value in slope.items()),
        ("exponent ratio", np.repeat((slope["d_s"] - slope["d_m"])[..., None], 2, axis=-1)),
    )
    axes = (("gamma", gammas), ("L", np.array(settings.L)), ("width", np.array(settings.width)))
    return Curve(axes, columns, Provenance("ode", "deep-linear.distances", (("draws", settings.draws),), settings.seed))


def plot_diagram(curve: Curve) -> Any:
    """Exponents over gamma."""
    from .drawing import draw_exponents

    return draw_exponents(curve)


def diagram_seconds(settings: DiagramSettings) -> float:
    """Newton steps and conjugate gradients on networks of at most 24 units."""
    return 2.0 + 0.15 * settings.grid * settings.draws * len(settings.L)


PHASE_DIAGRAM = Experiment(
    "distances to the nearest global minimum and to the nearest saddle over the size of the start, at depths 2 and 3",
    DiagramSettings, run_diagram, plot_diagram, diagram_seconds,
)  # fmt: skip

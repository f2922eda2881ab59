"""One run at any level of the theory, or of the network itself, with the predicted times beside it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...numerics.curve import Curve
from ...numerics.time_scales import (
    LEVELS,
    NETWORK,
    Level,
    Task,
    after_phase_one,
    canonical,
    constrained,
    directions,
    regime,
    simulate,
    weights,
)
from ...numerics.time_scales.activations import PAIRS
from ..chain import Book
from ..paper import Experiment, Progress
from .compare_tools import log_times, number, rates_of

Array = NDArray[Any]
LEVEL_NAMES = (*LEVELS, *NETWORK)


def explain(text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a settings field."""
    return {"help": text, **more}


def coefficients_of(name: str, text: str) -> Any:
    """A name, or a comma list of Hermite coefficients."""
    if "," not in text:
        return text
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(
            f"{name}: {text!r}; allowed: a name ({', '.join(PAIRS)}, he2, ...) or numbers with commas"
        ) from None


@dataclass(frozen=True)
class SimulateSettings:
    """One run from overlaps zero, or from random first-layer weights in d dimensions."""

    activation: str = field(default="1,1,1,1", metadata=explain("name, or Hermite coefficients with commas"))
    target: str = field(default="0.5,1,0.8,0.6", metadata=explain("name, or Hermite coefficients with commas"))
    eps: float = field(default=1e-8, metadata=explain("ratio of time-scales, positive"))
    m: int = field(default=8, metadata=explain("number of neurons, 2 or more"))
    d: int | None = field(default=None, metadata=explain("dimension, 2 or more; none: infinite, overlaps zero"))
    level: str = field(default="mean-field", metadata=explain("level of theory, or the network", choices=LEVEL_NAMES))
    eta: float | None = field(default=None, metadata=explain("learning rate of the first layer; none: eps/20"))
    batch: int | None = field(default=None, metadata=explain("inputs of a step, for sgd; none: 100"))
    time: float | None = field(default=None, metadata=explain("end of the run; none: from the exponents"))
    seed: int = field(default=0, metadata=explain("seed of first-layer weights and inputs"))

    def __post_init__(self) -> None:
        if isinstance(self.m, bool) or self.m < 2:
            raise ValueError(f"m: {self.m}; a whole number of at least 2 is needed")
        if self.d is not None and self.d < 2:
            raise ValueError(f"d: {self.d}; a whole number of at least 2 is needed")
        if self.level not in LEVEL_NAMES:
            raise ValueError(f"level: {self.level!r}; allowed: {', '.join(LEVEL_NAMES)}")
        if self.level in NETWORK and self.d is None:
            raise ValueError(f"d: none; {self.level} trains a network in d dimensions, 2 or more")
        for name in ("eta", "time", "eps"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name}: {value}; a positive number is needed")
        if self.eta is not None and self.level not in ("gradient-descent", "sgd"):
            raise ValueError(
                f"eta: {self.eta} has no meaning at level {self.level}; only gradient-descent and sgd step"
            )
        if self.batch is not None and (self.level != "sgd" or self.batch < 1):
            raise ValueError(f"batch: {self.batch}; a number of at least 1, only at level sgd")
        if self.seed < 0:
            raise ValueError(f"seed: {self.seed}; allowed: 0 or more")
        task = self.task
        if task.sigma[1] * task.phi[1] == 0 and self.d is None:
            raise ValueError("target: sigma_1 phi_1 = 0 and overlaps zero: nothing beyond degree 0 is learned; give d")

    @property
    def task(self) -> Task:
        """Coefficients of activation and target."""
        sigma, phi = coefficients_of("activation", self.activation), coefficients_of("target", self.target)
        if isinstance(sigma, str) and isinstance(phi, list):
            return Task.of(sigma, phi, self.eps, max(len(phi) - 1, 1))
        return Task.of(sigma, phi, self.eps)

    @property
    def horizon(self) -> float:
        """End of the run: three times the scale of the last degree that both have; order one where a degree is missing."""
        if self.time is not None:
            return self.time
        g = self.task.sigma * self.task.phi
        last = max((k for k in range(1, len(g)) if g[k]), default=1)
        scale = self.eps ** (1 / (2 * last))
        if last == 1:
            return float(scale * max(1.0, np.log(1 / self.eps)) * 2 / abs(g[1] or 1.0))
        if any(g[k] == 0 for k in range(1, last)):
            return 3.0
        return float(3 * scale * max(1.0, 1 / abs(g[last])))


def predictions(task: Task, a: Array) -> dict[int, float]:
    """Half times of degrees 0 to 2 by the book, where its assumptions hold: all degrees below are there, overlaps zero."""
    from ...theory.time_scales import FORMULAS

    book, g = Book.of(*FORMULAS), task.sigma * task.phi
    found: dict[int, float] = {}
    if g[0] and abs(a.mean()) < 1e-12:
        found[0] = number(book, "half-time-zero", **rates_of(task))
    if not g[1] or not a.var():
        return found
    t_1 = number(book, "half-time-one", V_0=float(a.var()), **rates_of(task))
    if t_1 <= 0:
        return found
    found[1] = t_1
    if len(g) < 3 or not g[2]:
        return found
    kappa = abs(task.phi[2] / task.sigma[2])
    held = [j for j in (0, 1) if task.sigma[j]]
    try:
        A, S = after_phase_one(a, sign=float(np.sign(g[1])), centred=bool(task.sigma[0]))
        blown = constrained(2, float(np.sign(g[2])), A, S, degrees=held)
        ray = {"g": abs(g[2]), "kappa": kappa, "C": blown.prefactor(max(task.eps**-0.25 * kappa, 2.0))}
    except (RuntimeError, ValueError):  # too few different neurons: no canonical time
        return found
    given = {
        "T_2": blown.time,
        "g": abs(g[2]),
        "kappa_1": abs(task.phi[1] / task.sigma[1]),
        "eps": task.eps,
        "t_1": t_1,
    }
    found[2] = number(book, "half-time-two", k_2=number(book, "lag-two", **ray), **given)
    if found[2] <= t_1:
        del found[2]
    return found


def run_simulate(settings: SimulateSettings, progress: Progress) -> Curve:
    """The run, with ``share`` (learned share of each degree) and the predicted half times in its record.

    Raises
    ------
    ValueError : a step that is too large for the chosen level.
    """
    task, end, a = settings.task, settings.horizon, weights(settings.m)
    level: Level = next(one for one in (*LEVELS, *NETWORK) if one == settings.level)
    words = [regime(task, settings.m, end, settings.d or np.inf), canonical(task, a)]
    for text in filter(None, words):
        print(f"warning: {text}", file=sys.stderr)
    progress(0.1, level)
    times = log_times(settings.eps, end, 600)
    rng = np.random.default_rng(np.random.SeedSequence([settings.seed, 1]))
    u = None if settings.d is None else directions(settings.m, settings.d, rng)
    more: dict[str, Any] = {}
    if level in ("gradient-descent", "sgd"):
        step = settings.eta or settings.eps / 20
        times = step * np.unique(np.rint(times / step))
        more["step"] = step
        if level == "sgd":
            more |= {"batch": settings.batch or 100, "seed": settings.seed}
    if u is None and level == "order-parameters":
        more |= {"s": np.zeros(settings.m), "r": np.eye(settings.m)}
    elif u is None:
        more["s"] = np.zeros(settings.m)
    else:
        more["u"] = u
    curve = simulate(level, task, times, a, warn=False, rtol=1e-8, **more)
    progress(0.9, "predicted times")
    predicted = predictions(task, a)
    record = (
        ("activation", settings.activation), ("target", settings.target), ("level", level), ("eps", settings.eps),
        ("m", settings.m), ("d", settings.d), ("sigma", task.sigma.tolist()), ("phi", task.phi.tolist()),
        ("missing", task.missing), ("predicted", [[k, t] for k, t in predicted.items()]),
    )  # fmt: skip
    kept = tuple((name, curve[name]) for name in ("a", "s", "moments", "risk"))
    return Curve(curve.axes, kept, replace(curve.made_by, parameters=record, seed=settings.seed))


def plot_simulate(curve: Curve) -> Any:
    """Risk and learned coefficients against log time, with the predicted times."""
    from .drawing import draw_run

    return draw_run(curve)


def simulate_seconds(settings: SimulateSettings) -> float:
    """Steps times the cost of one, or about a second for the flows."""
    if settings.level in ("gradient-descent", "sgd"):
        steps = settings.horizon / (settings.eta or settings.eps / 20)
        inputs = (settings.batch or 100) * settings.m * 2e-8 if settings.level == "sgd" else 0.0
        return float(1 + steps * (5e-5 + inputs))
    return 2.0


SIMULATE = Experiment(
    "plateaus and falls of a two-layer network at any level of theory, with the predicted times",
    SimulateSettings, run_simulate, plot_simulate, simulate_seconds,
)  # fmt: skip

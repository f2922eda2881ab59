"""One training run at any width, with the mixed dynamics in closed form beside it."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...numerics.curve import Curve, Provenance
from ...numerics.mixed import (
    CorrelatedError,
    Cost,
    MaskedError,
    SquaredError,
    Weights,
    descend,
    gaussian,
    mixed_curve,
    scales,
    teacher,
)
from ...numerics.mixed.descent import Order
from ...numerics.mixed.teacher import check_integer, check_number
from ...numerics.threads import one_thread
from ..paper import Experiment, Progress

Array = NDArray[Any]
CostName = Literal["squared", "masked", "correlated"]
PUBLISHED_TAU, PUBLISHED_WIDTH = 0.4, 2.25
"""Exponents of the published run."""
WIDEST = 10**12
LOG_RANGE = math.log(1e100)
RUN_COLUMNS = ("loss", "test error", "singular values", "stable rank")
SMALL = 200
"""Largest dimension that runs on one BLAS thread: below, threads wait for each other longer than they compute."""


def one_of(name: str, value: Any, allowed: Any) -> None:
    """One-line ValueError unless the value is one of a Literal's."""
    if value not in get_args(allowed):
        raise ValueError(f"{name}: {value!r}; allowed: {', '.join(get_args(allowed))}")


def one_way(name: str, value: Any, other: str, exponent: Any) -> None:
    """One-line ValueError if a quantity is given in two ways, or by an exponent that is not finite."""
    if value is not None and exponent is not None:
        raise ValueError(f"{other}: {exponent} stands beside {name}={value}; give one of {name}, {other}")
    if exponent is not None and not math.isfinite(exponent):
        raise ValueError(f"{other}: {exponent}; allowed: finite numbers")


def explain(text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a settings field."""
    return {"help": text, **more}


@dataclass(frozen=True)
class SimulateSettings:
    """One run of gradient descent on the published teacher, reduced in width; the defaults are the published exponents."""

    d: int = field(default=100, metadata=explain("output dimension, 2 or more"))
    d_in: int | None = field(default=None, metadata=explain("input dimension; none: d"))
    k: int = field(default=5, metadata=explain("rank of the teacher"))
    width: int | None = field(default=None, metadata=explain("hidden neurons, 1 to 1e12; none: d^gamma_w"))
    gamma_w: float | None = field(
        default=None, metadata=explain("exponent of the width; none: 2.25 unless width is given")
    )
    sigma2: float | None = field(default=None, metadata=explain("variance of the weights; none: d^gamma_sigma"))
    tau: float | None = field(default=None, metadata=explain("sigma^2 w, in place of sigma2; none: from sigma2"))
    gamma_sigma: float | None = field(
        default=None,
        metadata=explain("exponent of the variance; none: that of tau = d^0.4, unless sigma2 or tau is given"),
    )
    eta: float | None = field(
        default=None, metadata=explain("learning rate; none: 1/(5 tau) if tau > d, else 1/(5 ||A*||), as published")
    )
    steps: int = field(default=100, metadata=explain("steps of gradient descent"))
    record: int = field(default=1, metadata=explain("record every so many steps"))
    order: Order = field(
        default="sequential", metadata=explain("W1 first, or both layers at once", choices=get_args(Order))
    )
    cost: CostName = field(
        default="squared",
        metadata=explain("squared error, matrix completion, or correlated inputs", choices=get_args(CostName)),
    )
    observed: float | None = field(default=None, metadata=explain("masked: share of entries seen; none: 0.5"))
    spread: float | None = field(
        default=None, metadata=explain("correlated: largest over smallest variance of the inputs; none: 10")
    )
    weight_decay: float = field(default=0.0, metadata=explain("L2 added to the gradient"))
    momentum: float = field(default=0.0, metadata=explain("heavy ball, 0 to below 1"))
    theory: bool | None = field(
        default=None,
        metadata=explain("closed form from the same A_0 alongside; none: where it exists (plain squared error)"),
    )
    seed: int = field(default=0, metadata=explain("seed of teacher, noise, weights and mask"))

    def __post_init__(self) -> None:
        check_integer("d", self.d, low=2)
        if self.d_in is not None:
            check_integer("d_in", self.d_in, low=2)
        smallest = min(self.d, self.d_in or self.d)
        if check_integer("k", self.k) > smallest:
            raise ValueError(f"k: {self.k}; allowed: 1 to {smallest}")
        one_way("width", self.width, "gamma_w", self.gamma_w)
        one_way("sigma2", self.sigma2, "gamma_sigma", self.gamma_sigma)
        one_way("tau", self.tau, "sigma2", self.sigma2)
        one_way("tau", self.tau, "gamma_sigma", self.gamma_sigma)
        if self.tau is not None:
            check_number("tau", self.tau, strict=True)
        if self.width is not None and check_integer("width", self.width) > WIDEST:
            raise ValueError(f"width: {self.width}; allowed: 1 to 1e12")
        if self.gamma_w is not None and not 0 <= self.gamma_w * math.log(self.d) <= math.log(WIDEST) + 1e-9:
            raise ValueError(f"gamma_w: {self.gamma_w}; the width d^gamma_w must be between 1 and 1e12")
        if self.sigma2 is not None:
            check_number("sigma2", self.sigma2, strict=True)
        if self.gamma_sigma is not None and abs(self.gamma_sigma) * math.log(self.d) > LOG_RANGE:
            raise ValueError(
                f"gamma_sigma: {self.gamma_sigma}; the variance d^gamma_sigma must be between 1e-100 and 1e100"
            )
        if self.eta is not None:
            check_number("eta", self.eta, strict=True)
        for name in ("steps", "record"):
            check_integer(name, getattr(self, name))
        check_integer("seed", self.seed, low=0)
        one_of("order", self.order, Order)
        one_of("cost", self.cost, CostName)
        for name, cost in (("observed", "masked"), ("spread", "correlated")):
            if getattr(self, name) is not None and self.cost != cost:
                raise ValueError(
                    f"{name}: {getattr(self, name)} has no meaning with cost {self.cost}; only with {cost}"
                )
        if self.observed is not None and not 0 < self.observed <= 1:
            raise ValueError(f"observed: {self.observed}; allowed: above 0, at most 1")
        if self.spread is not None:
            check_number("spread", self.spread, low=1.0)
        check_number("weight_decay", self.weight_decay)
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum: {self.momentum}; allowed: 0 <= momentum < 1")
        if self.theory and not self.solvable:
            raise ValueError("theory: yes; the closed form needs squared error without weight decay and momentum")

    @property
    def solvable(self) -> bool:
        """Whether the dynamics has a closed form."""
        return self.cost == "squared" and not self.weight_decay and not self.momentum

    @property
    def exponents(self) -> tuple[float, float]:
        """``gamma_sigma`` and ``gamma_w`` of what was given."""
        log = math.log(self.d)
        width = PUBLISHED_WIDTH if self.gamma_w is None else self.gamma_w
        width = width if self.width is None else math.log(self.width) / log
        sigma = PUBLISHED_TAU - width if self.gamma_sigma is None else self.gamma_sigma
        if self.tau is not None:
            return math.log(self.tau) / log - width, width
        return sigma if self.sigma2 is None else math.log(self.sigma2) / log, width


@dataclass(frozen=True, eq=False)
class Run:
    """What a run is made of: data, cost, start and scales."""

    signal: Array
    target: Array
    cost: Cost
    start: Weights
    width: int
    sigma2: float
    eta: float

    @property
    def tau(self) -> float:
        """``sigma^2 w``."""
        return self.sigma2 * self.width


def prepare(settings: SimulateSettings) -> Run:
    """Draw teacher, cost and weights."""
    d, d_in = settings.d, settings.d_in or settings.d
    teaching, starting, costing = (np.random.SeedSequence([settings.seed, stream]) for stream in range(3))
    data = teacher(max(d, d_in), settings.k, teaching)  # a block of the square teacher has the same law
    signal, target = data.signal[:d, :d_in], data.target[:d, :d_in]
    sigma, width = settings.exponents
    scale = scales(sigma, width, d, float(np.linalg.norm(signal, 2)), divisor=5.0)
    hidden = scale.width if settings.width is None else int(settings.width)
    variance = scale.variance if settings.sigma2 is None else settings.sigma2
    variance = variance if settings.tau is None else settings.tau / hidden
    start = gaussian(d, d_in, hidden, variance, starting)
    eta = scale.eta if settings.eta is None else settings.eta
    return Run(signal, target, _cost(settings, target, costing), start, hidden, variance, eta)


def _cost(settings: SimulateSettings, target: Array, seed: np.random.SeedSequence) -> Cost:
    rng, n = np.random.default_rng(seed), target.shape[1]
    if settings.cost == "masked":
        return MaskedError(target, (rng.random(target.shape) < (settings.observed or 0.5)).astype(float))
    if settings.cost == "correlated":
        basis, _ = np.linalg.qr(rng.standard_normal((n, n)))
        return CorrelatedError(target, (basis * np.geomspace(1.0, 1.0 / (settings.spread or 10.0), n)) @ basis.T)
    return SquaredError(target)


def described(A: Array, target: Array, signal: Array) -> dict[str, Any]:
    """Errors per entry, singular values and stable rank of maps (times x d_out x d_in), as gradient descent records them."""
    return {
        "loss": ((A - target) ** 2).mean(axis=(1, 2)),
        "test error": ((A - signal) ** 2).mean(axis=(1, 2)),
        "singular values": (s := np.linalg.svd(A, compute_uv=False)),
        "stable rank": stable_ranks(s),
    }


def stable_ranks(s: Array) -> Array:
    """``(||A||_F / ||A||_2)^2`` from singular values (times x number), zero for the zero matrix."""
    top = s[:, 0] ** 2
    return np.divide((s**2).sum(axis=1), top, out=np.zeros_like(top), where=top > 0)


def run_simulate(settings: SimulateSettings, progress: Progress) -> Curve:
    """Gradient descent, and beside it the mixed formula in closed form from the same ``A_0``.

    Returns
    -------
    Curve over ``time`` = eta * step: ``step``, ``loss`` and ``test error`` (per entry), ``singular values``, ``stable rank``,
    and the same with ``theory`` before the name.

    Raises
    ------
    ValueError : divergence.
    """
    with one_thread() if max(settings.d, settings.d_in or 0) <= SMALL else nullcontext():
        return _simulate(settings, progress)


def _simulate(settings: SimulateSettings, progress: Progress) -> Curve:
    progress(0.0, "drawing")
    run = prepare(settings)
    progress(0.1, "gradient descent")
    found = descend(
        run.start, run.cost, run.eta, settings.steps, order=settings.order, weight_decay=settings.weight_decay,
        momentum=settings.momentum, signal=run.signal, record=settings.record, columns=RUN_COLUMNS[:3],
    )  # fmt: skip
    columns = {**dict(found.columns), "stable rank": stable_ranks(found["singular values"])}
    if settings.solvable if settings.theory is None else settings.theory:
        parts = np.array_split(found["time"], max(len(found["time"]) // 16, 1))
        theory: list[dict[str, Any]] = []
        for place, times in enumerate(parts):
            progress(0.5 + 0.5 * place / len(parts), "closed form")
            A = mixed_curve(times, run.start.A, run.target, run.tau)["A"]
            theory.append(described(A, run.target, run.signal))
        columns |= {f"theory {name}": np.concatenate([part[name] for part in theory]) for name in RUN_COLUMNS}
    parameters = {
        "d": settings.d, "d_in": settings.d_in or settings.d, "k": settings.k, "width": run.width, "sigma2": run.sigma2,
        "tau": run.tau, "eta": run.eta, "order": settings.order, "cost": settings.cost,
        "weight_decay": settings.weight_decay, "momentum": settings.momentum,
    }  # fmt: skip
    made = Provenance("gradient descent", "mixed.descent", tuple(parameters.items()), settings.seed)
    progress(1.0, "")
    return Curve(found.axes, tuple(columns.items()), made)


def plot_simulate(curve: Curve) -> Any:
    """Errors, singular values with the threshold, stable rank."""
    from .drawing import draw_run

    return draw_run(curve)


def simulate_seconds(settings: SimulateSettings) -> float:
    """Products of matrices, and one singular value decomposition or two per record."""
    size = (max(settings.d, settings.d_in or 0) / 100) ** 3
    records = settings.steps / settings.record
    solved = settings.solvable if settings.theory is None else settings.theory
    return 1.0 + size * (5e-4 * settings.steps + (4e-3 if solved else 1.5e-3) * records)


SIMULATE = Experiment(
    "gradient descent on a two-layer linear network of any width, with the mixed dynamics in closed form beside it",
    SimulateSettings, run_simulate, plot_simulate, simulate_seconds,
)  # fmt: skip

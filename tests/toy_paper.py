"""A small paper, whole: logistic growth, with everything that a paper can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import Eq, Function, Symbol, exp, log

from plateaux import (
    Book,
    Comparison,
    Curve,
    Derivation,
    Derivative,
    Expect,
    Experiment,
    Figure,
    Formula,
    Grade,
    Identity,
    Measured,
    Paper,
    Provenance,
    Source,
    Standing,
    Step,
    System,
)
from plateaux.figures import panels

t = Symbol("t", nonnegative=True)
r = Symbol("r", positive=True)
x, x_0 = Symbol("x", positive=True), Symbol("x_0", positive=True)
OURS = Source("plateaux", "a toy & a test")

FLOW = System(
    "toy.flow", "logistic growth", "flow", t, ((x, r * x * (1 - x)),),
    ((t, "time"), (r, "growth rate"), (x, "share"), (x_0, "share at the start")), OURS, given=((x, x_0),),
)  # fmt: skip
GROWTH = Formula(
    "toy.growth",
    "share against time, starting from $x_0$",
    Eq(Function("x")(t), x_0 * exp(r * t) / (1 - x_0 + x_0 * exp(r * t))),
    ((t, "time"), (r, "growth rate"), (x_0, "share at the start, below 100%")),
    OURS,
    assuming=(x_0 < 1,),
    solves="toy.flow",
    standing=Standing.OURS,
    float_form=x_0 / (x_0 + (1 - x_0) * exp(-r * t)),
)
TIME = Formula(
    "toy.growth-time",
    "time at which a share is reached",
    Eq(t, log(x * (1 - x_0) / (x_0 * (1 - x))) / r),
    ((t, "time"), (r, "growth rate"), (x, "share"), (x_0, "share at the start")),
    Source("saxe2014exact", "eq. (7)"),
    assuming=(x_0 < 1, x < 1),
)


def solves(book: Book) -> Derivative:
    """The closed form obeys the equation of the system."""
    system, value = book.system("toy.flow"), book.formula("toy.growth").value
    return Derivative(value, t, system.rate(x).subs(x, value), assuming=(x_0 < 1,))


def starts(book: Book) -> Identity:
    """The closed form starts where the system starts."""
    return Identity(book.formula("toy.growth").value.subs(t, 0), dict(book.system("toy.flow").given)[x])


def inverse(book: Book) -> Identity:
    """Time of the share that is reached at time t."""
    back = book.formula("toy.growth-time").value.subs(x, book.formula("toy.growth").value)
    return Identity(exp(r * back), exp(r * t), assuming=(x_0 < 1,))


def curve(width: int, by: str, values: Any) -> Curve:
    """Share against time."""
    times = np.linspace(0.0, 5.0, 11)
    return Curve((("time", times),), (("share", values(times)),), Provenance(by, "toy.growth", (("width", width),)))


def exact(times: Any) -> Any:
    """Closed form at rate 1 from 0.1."""
    return 0.1 / (0.1 + 0.9 * np.exp(-times))


def compare_with(noise: float, bound: float, name: str, expect: Expect, because: str) -> Comparison:
    """Theory against itself with noise."""
    return Comparison(
        name, "closed form against a noisy run",
        setup=lambda seed: np.random.default_rng(seed).normal(size=11) * noise,
        theory=lambda inputs, book: curve(1, "theory", exact) if book.formula("toy.growth") else curve(0, "theory", exact),
        observed=lambda inputs: curve(1, "gradient descent", lambda times: exact(times) + inputs),
        measure=lambda a, b: Measured(float(np.max(np.abs(a["share"] - b["share"]))), 0.0, "largest distance"),
        bound=bound, because=because, expect=expect,
    )  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """Options of the toy run."""

    width: int = field(default=10, metadata={"help": "number of neurons"})
    rates: tuple[float, ...] = field(default=(1.0, 2.0), metadata={"help": "growth rates"})
    order: str = field(default="simultaneous", metadata={"choices": ("simultaneous", "sequential")})
    noisy: bool = False
    stop: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width: {self.width}; at least 1")


def run(settings: Settings, progress: Any) -> Curve:
    """Share for every rate."""
    progress(0.5, "half")
    rates, times = np.array(settings.rates), np.linspace(0.0, settings.stop or 5.0, 11)
    share = 0.1 / (0.1 + 0.9 * np.exp(-rates[:, None] * times))
    return Curve((("rate", rates), ("time", times)), (("share", share),), Provenance("ode", "toy.flow"))


def plot(curve: Curve) -> Any:
    """All runs in one panel."""
    figure, axes = panels()
    axes[0, 0].plot(curve["time"], curve["share"].T)
    return figure


def draw(seed: int, progress: Any) -> Any:
    """The closed form."""
    figure, axes = panels()
    axes[0, 0].plot(np.linspace(0, 5, 11), exact(np.linspace(0, 5, 11)))
    return figure


TOY = Paper(
    "toy", "A toy: 100% of logistic growth", "saxe2014exact",
    latex=((x_0, "x_{0}"),),
    formulas=(GROWTH, TIME),
    systems=(FLOW,),
    derivations=(
        Derivation("toy.growth", (
            Step("the closed form solves $\\dot x = r x(1-x)$", solves),
            Step("it starts at $x_0$ & nowhere else", starts),
        )),
        Derivation("toy.growth-time", (Step("it is the inverse of the closed form", inverse, by=Grade.EXACT),)),
    ),
    comparisons=(
        compare_with(1e-3, 1e-2, "toy.holds", Expect.HOLDS, "noise of 1e-3"),
        compare_with(1.0, 1e-2, "toy.breaks", Expect.BREAKS, "noise of 1"),
    ),
    figures=(Figure("toy.figure-1", "growth", "Share against time.", draw),),
    simulate=Experiment("runs the toy", Settings, run, plot),
    phase_diagram=Experiment("runs many toys", Settings, run, plot),
)  # fmt: skip

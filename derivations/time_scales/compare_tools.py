"""What the comparisons share: problems, flows of the book, numbers of the book, half times, and simple measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Float, Indexed, Integer, Sum

from ...numerics.curve import Curve
from ...numerics.time_scales import Task, overlaps, parameters, risk, simulate
from ...theory.system import System
from ..chain import Book
from ..compare import Measured

Array = NDArray[Any]
SIGMA, PHI = (1.0, 1.0, 1.0, 1.0), (0.5, 1.0, 0.8, 0.6)
"""Coefficients of most comparisons: every degree is there, the target's fall slowly."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What both sides share: task, times, second-layer weights, first-layer weights (or the overlaps at the start)."""

    task: Task
    times: Array
    a: Array
    u: Array


def evolve(system: System, problem: Problem, state: dict[str, Array], level: str, rtol: float = 1e-11) -> Curve:
    """A flow of the book from the given state, with moments and risk."""
    from ...numerics.integrate import integrate
    from ...numerics.lower import lower

    task = problem.task
    method = "DOP853" if task.eps >= 1e-3 else "LSODA"
    run = integrate(
        lower(system), state, parameters(level, task), problem.times, rtol=rtol, atol=rtol / 100, method=method
    )
    value = risk(level, task, run["a"], run["s"], run["r"] if "r" in run.names else None)
    moments = np.stack([(run["a"] * run["s"] ** k).mean(axis=1) for k in range(len(task.phi))], axis=1)
    return Curve(run.axes, (*run.columns, ("moments", moments), ("risk", value)), run.made_by)


def on_network(book: Book, problem: Problem, rtol: float = 1e-11) -> Curve:
    """The closed equations of the book from the overlaps of the network."""
    s, r = overlaps(problem.u)
    state = {"a": problem.a, "s": s, "r": r}
    return evolve(book.system("time-scales.order-parameters"), problem, state, "order-parameters", rtol)


def reduced(level: str) -> Callable[[Problem, Book], Curve]:
    """Mean field or diagonal of the book from overlaps zero."""

    def theory(problem: Problem, book: Book) -> Curve:
        state = {"a": problem.a, "s": np.zeros_like(problem.a)}
        return evolve(book.system(f"time-scales.{level}"), problem, state, level)

    return theory


def exact(problem: Problem) -> Curve:
    """The closed equations from orthogonal neurons without overlap with the target: infinite dimension."""
    s, r = overlaps(problem.u)
    return simulate("order-parameters", problem.task, problem.times, problem.a, s, r)


def expression(book: Book, id: str, **given: Any) -> Any:
    """Value of a formula of the book with numbers for letters, by name; ``sigma`` and ``phi`` are lists."""
    formula = book.formula(f"time-scales.{id}")
    value = formula.value

    def known(place: Any) -> Any:
        name = str(place.base if isinstance(place, Indexed) else place)
        if name not in given:
            return place
        return Float(given[name][int(place.indices[0])] if isinstance(place, Indexed) else given[name])

    limits = {x: Integer(given[str(x)]) for x in value.free_symbols if str(x) in ("K", "l") and str(x) in given}

    def spread(node: Any) -> Any:
        index, first, last = node.limits[0]
        return sum(node.function.xreplace({index: n}) for n in range(int(first), int(last) + 1))

    value = value.xreplace(limits).replace(lambda node: isinstance(node, Sum), spread)
    places = value.atoms(Indexed)
    value = value.xreplace({x: known(x) for x in places})
    return value.xreplace({x: known(x) for x in value.free_symbols})


def number(book: Book, id: str, **given: Any) -> float:
    """Value of a formula of the book as a number.

    Raises
    ------
    ValueError : a letter that is left.
    """
    value = expression(book, id, **given)
    if value.free_symbols:
        raise ValueError(f"given: {id} needs {', '.join(sorted(map(str, value.free_symbols)))} as well")
    return float(value)


def over_time(book: Book, id: str, times: Array, **given: Any) -> Array:
    """Value of a formula of the book at many times ``t``."""
    from sympy import lambdify

    value = expression(book, id, **given)
    (t,) = value.free_symbols
    return np.asarray(lambdify(t, value, "numpy")(times), dtype=float)


def rates_of(task: Task) -> dict[str, Any]:
    """Letters of a task in the formulas of phases 0 and 1, but for the variance of the weights."""
    return {
        "eps": task.eps, "c": abs(task.sigma[1] * task.phi[1]), "kappa": abs(task.phi[1] / task.sigma[1]),
        "sigma": task.sigma, "phi": task.phi, "u": float((task.sigma[1:] ** 2).sum() + task.rest),
    }  # fmt: skip


def crossing(times: Array, values: Array, level: float) -> float:
    """First time at which the values pass a level upwards, by cubic interpolation around it; ValueError if they never do."""
    from scipy.interpolate import PchipInterpolator

    above = values >= level
    place = int(np.argmax(above))
    if not above.any() or place == 0:
        raise ValueError(f"level: {level} is not passed upwards")
    part = slice(max(place - 4, 0), place + 4)
    found = PchipInterpolator(times[part], values[part] - level).roots(extrapolate=False)
    inside = found[(found >= times[place - 1]) & (found <= times[place])]
    return float(inside[0] if inside.size else times[place])


def shares(curve: Curve, task: Task, degree: int) -> Array:
    """Learned share of a degree along a curve."""
    return np.asarray(task.sigma[degree] * curve["moments"][:, degree] / task.phi[degree])


def half_time(curve: Curve, task: Task, degree: int, share: float = 0.5) -> float:
    """Time at which a share of a degree is learned."""
    return crossing(curve["time"], shares(curve, task, degree), share)


def single(value: float) -> Curve:
    """One number as a curve."""
    return several("place", [0], value=[value])


def several(axis: str, places: Any, **columns: Any) -> Curve:
    """Numbers over one axis; underscores of the names become blanks."""
    named = tuple((name.replace("_", " "), np.asarray(values, dtype=float)) for name, values in columns.items())
    return Curve(((axis, np.asarray(places, dtype=float)),), named)


def log_times(eps: float, end: float, points: int) -> Array:
    """Zero and times evenly spaced in their logarithm, from before degree 0 is learned."""
    return np.concatenate([[0.0], np.geomspace(eps / 30, end, points)])


def sup(theory: Curve, observed: Curve) -> Measured:
    """Largest difference of the risks."""
    gap = np.abs(theory["risk"] - observed["risk"])
    return Measured(float(gap.max()), detail=f"at t = {theory['time'][int(gap.argmax())]:.3g}")


def relative(theory: Curve, observed: Curve) -> Measured:
    """Relative difference of two numbers."""
    one, other = float(theory["value"][0]), float(observed["value"][0])
    return Measured(float(abs(other / one - 1)), detail=f"predicted {one:.8g}, measured {other:.8g}")


def in_words(values: Any) -> str:
    """Numbers in a line."""
    return ", ".join(f"{one:.3g}" for one in np.ravel(values))

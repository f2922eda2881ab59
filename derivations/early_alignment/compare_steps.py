"""Gradient descent step by step: closed moments of the cones, what a step does not conserve, order in the learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.early_alignment.general import general_descent
from ...numerics.early_alignment.network import relu_descent, start
from ...numerics.early_alignment.sectors import sector_descent
from ...numerics.fit import order as observed_order
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import PREFIX, THREE, Array, Problem, compiled, matrix_function

ROUNDING = 1e-12

# ---- every step by the moments of the cones

STEPS, STEP_ETA, STEP_WIDTH = 1500, 1e-2, 40


def steps_setup(seed: np.random.SeedSequence) -> Problem:
    w, a = start(STEP_WIDTH, 0.03, seed)
    return Problem(THREE, w, a, STEP_ETA)


def walk(problem: Problem, book: Book, steps: int) -> dict[str, Array]:
    """Gradient descent by the formulas of the book: outputs from the moments of the cones, neurons by the same steps.

    The moments are made from the neurons only when one of them changes its cone; ``drift`` is the change of ``a^2 - |w|^2`` so far.
    """
    X, y, eta, n = problem.data.X, problem.data.y, problem.eta, len(problem.data.y)
    functions = {str(item): matrix_function(rate) for item, rate in book.system(PREFIX + "moments-step").equations}
    moves = {str(item): matrix_function(rate) for item, rate in book.system(PREFIX + "neuron-step").equations}
    output, drift = compiled(book.formula(PREFIX + "output")), compiled(book.formula(PREFIX + "step-drift"))
    w, a, total = problem.w.copy(), problem.a.copy(), np.zeros(len(problem.a))
    found: dict[str, list[Any]] = {name: [] for name in ("loss", "crossings", "w", "a", "drift")}
    active, crossings, moments = w @ X.T > 0, 0, dict[bytes, dict[str, Array]]()
    for _ in range(steps + 1):
        now = w @ X.T > 0
        crossings += int((now != active).sum())
        cones = {row.tobytes(): row for row in now if row.any()}
        if (now != active).any() or not moments:
            moments = {key: second_moments(w, a, (now == row).all(axis=1)) for key, row in cones.items()}
        active = now
        h = np.zeros((n, 1))
        for key, S in moments.items():
            h = output(B=np.diag(cones[key] * 1.0), X=X, v=S["v"], o=h)
        h = h[:, 0]
        values = (float(((y - h) ** 2).mean() / 2), crossings, w.copy(), a.copy(), total.copy())
        for kept, value in zip(found.values(), values):
            kept.append(value)
        for key, row in cones.items():
            member = (now == row).all(axis=1)
            given = {
                "D": ((row * (y - h)) @ X / n)[:, None],
                "eta": eta,
                "w_cone": w[member].T,
                "a_cone": a[None, member],
            }
            moments[key] = {name: function(**given, **moments[key]) for name, function in functions.items()}
            total[member] += np.diag(drift(**given))
            w[member], a[member] = moves["w_cone"](**given).T, moves["a_cone"](**given)[0]
    return {name: np.array(values) for name, values in found.items()}


def second_moments(w: Array, a: Array, member: Array) -> dict[str, Array]:
    """``A``, ``v``, ``W`` of some neurons."""
    w, a = w[member], a[member]
    return {"A": np.array([[a @ a]]), "v": (w.T @ a)[:, None], "W": w.T @ w}


def steps_theory(problem: Problem, book: Book) -> Curve:
    found = walk(problem, book, STEPS)
    made = Provenance("theory", PREFIX + "moments-step", (("eta", problem.eta), ("m", len(problem.a))))
    return Curve((("step", np.arange(STEPS + 1)),), tuple(found.items()), made)


def steps_observed(problem: Problem) -> Curve:
    X, y = problem.data.X, problem.data.y
    runs = {
        "": relu_descent(X, y, problem.w, problem.a, problem.eta, STEPS, record=1, neurons=True),
        "sector ": sector_descent(X, y, problem.w, problem.a, problem.eta, STEPS, record=1, neurons=True),
        "general ": general_descent(X, y, problem.w, problem.a, problem.eta, STEPS, record=1, neurons=True),
    }
    columns = [(p + name, run.curve[name]) for p, run in runs.items() for name in ("loss", "crossings", "w", "a")]
    plain = runs[""].curve
    norm = plain["a"] ** 2 - (plain["w"] ** 2).sum(axis=2)
    return Curve((("step", np.arange(STEPS + 1)),), (*columns, ("drift", norm - norm[0])), plain.made_by)


def steps_measure(theory: Curve, observed: Curve) -> Measured:
    w, a = observed["w"], observed["a"]
    size = np.sqrt((w**2).sum(axis=2) + a**2).max(axis=1)
    errors, words = [], []
    for name, (curve, prefix) in {
        "book": (theory, ""), "sectors": (observed, "sector "), "any d": (observed, "general ")
    }.items():  # fmt: skip
        gap = np.sqrt(((curve[prefix + "w"] - w) ** 2).sum(axis=2) + (curve[prefix + "a"] - a) ** 2).max(axis=1) / size
        loss = np.abs(curve[prefix + "loss"] - observed["loss"]).max() / observed["loss"][0]
        same = np.array_equal(curve[prefix + "crossings"], observed["crossings"])
        errors.append(max(float(gap.max()), float(loss)) if same else np.inf)
        words.append(f"{name} {errors[-1]:.1e}")
    return Measured(
        max(errors), detail=f"{', '.join(words)}; {observed['crossings'][-1]} crossings, equal at every step"
    )


def drift_measure(theory: Curve, observed: Curve) -> Measured:
    size = (observed["a"] ** 2 + (observed["w"] ** 2).sum(axis=2)).max()
    error = np.abs(theory["drift"] - observed["drift"]).max() / size
    words = f"a^2 - |w|^2 drifts by {observed['drift'].min():.2e} to {observed['drift'].max():.2e}; largest |z|^2 {size:.3g}"
    return Measured(float(error), detail=words)


# ---- order in the learning rate, all neurons active on all points

ORDER_ETAS, ORDER_END = 0.05 / 2.0 ** np.arange(5), 20.0


def order_setup(seed: np.random.SeedSequence) -> Problem:
    w, a = start(30, 0.3, seed, dominance=1.2)
    # turned into the full cone: direction within 0.2 of D_full
    centre = THREE.y @ THREE.X
    w = 0.3 * np.linalg.norm(w, axis=1)[:, None] * centre / np.linalg.norm(centre) + 0.1 * w
    return Problem(THREE, w, np.abs(a), more={"times": np.arange(0.0, ORDER_END + 0.5, 1.0)})


def order_theory(problem: Problem, book: Book) -> Curve:
    from ...numerics.integrate import integrate
    from ...numerics.lower import lower

    state = second_moments(problem.w, problem.a, np.ones(len(problem.a), dtype=bool))
    X, y = problem.data.X, problem.data.y[:, None]
    kernel = lower(book.system(PREFIX + "full-cone-moments"))
    curve = integrate(kernel, state, {"X": X, "y": y}, problem.more["times"], rtol=1e-12, atol=1e-13)
    return Curve(curve.axes, (("v", curve["v"][:, :, 0]),), curve.made_by)


def order_observed(problem: Problem) -> Curve:
    times = problem.more["times"]
    found = []
    for eta in ORDER_ETAS:
        marks = np.rint(times / eta).astype(int)
        run = relu_descent(
            problem.data.X, problem.data.y, problem.w, problem.a, eta, int(marks[-1]), record=marks, neurons=True
        )
        found.append(np.einsum("tj,tjd->td", run.curve["a"], run.curve["w"]))
    axes = (("eta", ORDER_ETAS), ("time", times))
    return Curve(axes, (("v", np.array(found)),), run.curve.made_by)


def order_measure(theory: Curve, observed: Curve) -> Measured:
    errors = np.linalg.norm(observed["v"] - theory["v"], axis=2).max(axis=1)
    found = [observed_order(ORDER_ETAS[k : k + 2], errors[k : k + 2]) for k in range(len(ORDER_ETAS) - 1)]
    words = ", ".join(f"{value:.4f}" for value in found)
    return Measured(found[-1], detail=f"by halvings {words}; error of the map {errors[0]:.1e} to {errors[-1]:.1e}")


FASTEST = 3.0
"""Above the rates of the linear phase, ``(A + |W|) |X|^2/n``: 1.5 at the least squares map, doubled for the starts."""

COMPARISONS = (
    Comparison(
        "early-alignment.cone-moments",
        "closed moments of the cones, and two simulators made of them, against plain gradient descent at every step",
        steps_setup, steps_theory, steps_observed, steps_measure,
        bound=ROUNDING, seconds=4.0,
        because="the closure is exact: only rounding is left, of the largest neuron; crossings must be equal",
    ),
    Comparison(
        "early-alignment.drift",
        "a^2 - |w|^2 of every neuron under gradient descent, summed by the formula of one step",
        steps_setup, steps_theory, steps_observed, drift_measure,
        bound=float(STEPS * np.finfo(float).eps), seconds=3.0,
        because="exact but for rounding: 2e-16 of the largest |z|^2 a step; the drift itself is 1e-5 of it",
    ),
    Comparison(
        "early-alignment.descent-order",
        "gradient descent against the flow of the moments in the full cone: first order in the learning rate",
        order_setup, order_theory, order_observed, order_measure,
        target=1.0, bound=float(ORDER_ETAS[-2] * FASTEST / (2 * np.log(2))), seconds=1.5,
        because="the next order is smaller by eta times the fastest rate, (A + |W|)|X|^2/n < 3; that over 2 ln 2 enters the order",
    ),
)  # fmt: skip

"""After alignment: the loss over time, how many directions are left, and the last one."""

from __future__ import annotations

import numpy as np

from ...numerics.curve import Curve, Provenance
from ...numerics.early_alignment.network import start
from ...numerics.early_alignment.sectors import sector_descent
from ...numerics.lower import lower_formula
from ...theory.early_alignment.attractors import attractions
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import (
    LAMBDA,
    MIDDLE,
    PREFIX,
    RATE,
    RESOLUTION,
    THREE,
    Array,
    Problem,
    angles,
    distinct,
    drives,
    follow,
    inside,
    negligible,
    plateau_map,
    upper,
)

# ---- loss over time: early boost, then the linear phase

PHASE_SCALE, PHASE_ETA, PHASE_WIDTH, PHASE_END = 1e-5, 2e-3, 60, 60.0


def phases_setup(seed: np.random.SeedSequence) -> Problem:
    """Balanced start, a > 0, on the three points; dead neurons would change nothing."""
    w, a = upper(THREE, seed, PHASE_WIDTH)
    return Problem(THREE, w, a, PHASE_ETA, {"times": np.round(np.arange(6.0, PHASE_END, 0.25), 2)})


def phases_theory(problem: Problem, book: Book) -> Curve:
    """Outputs neglected up to the alignment time (eps = 1/2), by the formulas of a cone; then the flow of the moments."""
    from ...numerics.integrate import integrate
    from ...numerics.lower import lower

    data, times, size = problem.data, problem.more["times"], PHASE_SCALE / np.sqrt(PHASE_WIDTH)
    entry = follow(book, data, problem.w, problem.a)
    D, tau = entry.D[0], 0.5 * np.log(1 / PHASE_SCALE) / drives(data)
    switch = float(times[times >= tau][0])

    def boosted(t: float) -> tuple[Array, Array]:
        parts = [inside(book, w[None], a[None], D, t - t_in) for w, a, t_in in zip(entry.w, entry.a, entry.time)]
        return size * np.concatenate([w for w, _ in parts]), size * np.concatenate([a for _, a in parts])

    early, late = times[times < switch], times[times >= switch]
    maps = [boosted(t)[0].T @ boosted(t)[1] for t in early]
    w, a = boosted(switch)
    state = {"A": np.array([[a @ a]]), "v": (w.T @ a)[:, None], "W": w.T @ w}
    kernel, given = lower(book.system(PREFIX + "full-cone-moments")), {"X": data.X, "y": data.y[:, None]}
    flow = integrate(kernel, state, given, late - switch, rtol=1e-11, atol=1e-11 * float(a @ a))
    v = np.concatenate([np.array(maps).reshape(-1, 2), flow["v"][:, :, 0]])
    loss = ((v @ data.X.T - data.y) ** 2).mean(axis=1) / 2
    made = Provenance("theory", PREFIX + "full-cone-moments", (("scale", PHASE_SCALE), ("switch", switch)))
    return Curve((("time", times),), (("loss", loss),), made)


def phases_observed(problem: Problem) -> Curve:
    data, times, size = problem.data, problem.more["times"], PHASE_SCALE / np.sqrt(PHASE_WIDTH)
    marks = np.rint(times / problem.eta).astype(int)
    curve = sector_descent(
        data.X, data.y, size * problem.w, size * problem.a, problem.eta, int(marks[-1]), record=marks
    ).curve
    return Curve((("time", times),), (("loss", curve["loss"]), ("crossings", curve["crossings"])), curve.made_by)


def phases_measure(theory: Curve, observed: Curve) -> Measured:
    """Largest distance of the curves in time, where the loss falls."""
    loss, times = observed["loss"], theory["time"]
    falling = (loss < 0.95 * loss[0]) & (loss > loss[-1] + 0.05 * (loss[0] - loss[-1]))
    slope = np.gradient(loss, times)
    shift = np.abs((theory["loss"] - loss)[falling] / slope[falling])
    words = f"largest difference of the loss {np.abs(theory['loss'] - loss).max():.1e} of {loss[0]:.3f}; from t = {times[falling][0]:g} on"
    return Measured(float(shift.max()), detail=words)


CURVATURE = 1.5
"""Largest rate of the linear phase at its end, ``2 |beta*| |X|^2/n``."""
FALL = 3.0
"""Time that the growth from 5 % to 95 % of the map takes, ``ln(19)/(2 |D_full|)`` and half as long again."""
PHASE_BOUND = PHASE_ETA * CURVATURE * FALL / 2 + 2 * RATE * PHASE_ETA * 3 / RATE + 3 * negligible(PHASE_SCALE) / RATE

# ---- sparse: number of directions, and the last ones

SPARSE_WIDTHS, SPARSE_SCALES = (50, 200, 2000), (1e-4, 1e-5)
SPARSE_DATA = (THREE, MIDDLE)


def sparse_setup(seed: np.random.SeedSequence) -> list[np.random.SeedSequence]:
    return seed.spawn(len(SPARSE_WIDTHS))


def sparse_axes() -> tuple[tuple[str, Array], ...]:
    return (
        ("data", np.arange(len(SPARSE_DATA))),
        ("width", np.array(SPARSE_WIDTHS)),
        ("scale", np.array(SPARSE_SCALES)),
    )


def sparse_theory(seeds: list[np.random.SeedSequence], book: Book) -> Curve:
    """Number of attractors of a > 0 with D != 0, and the time at which to look: when weights have size one."""
    when = lower_formula(book.formula(PREFIX + "unit-time-leading"))
    gap = lower_formula(book.formula(PREFIX + "critical"))
    counts, times = [], []
    for data in SPARSE_DATA:
        found = [one.extremal for one in attractions(data.potential) if 1 in one.balanced]
        sizes = [float(one.square) ** 0.5 for one in found if one.kind]
        # extremal: the part of D at right angles to its direction vanishes
        counts.append(sum(abs(gap(delta=size, g=size)) < 1e-12 for size in sizes))
        times.append([float(when(delta=max(sizes), **{LAMBDA: scale})) for scale in SPARSE_SCALES])
    shape = tuple(len(values) for _, values in sparse_axes())
    columns = (
        ("directions", np.broadcast_to(np.array(counts)[:, None, None], shape)),
        ("look", np.broadcast_to(np.array(times)[:, None, :], shape)),
    )
    return Curve(sparse_axes(), columns, Provenance("theory", PREFIX + "critical"))


SPARSE_GRID = np.arange(0.0, 17.0, 0.1)


def sparse_observed(seeds: list[np.random.SeedSequence]) -> Curve:
    """Number of directions of neurons with a > 0 that are not dead, over time; arcs of 5 degrees that cover them."""
    marks = np.rint(SPARSE_GRID / 0.01).astype(int)
    counts = np.zeros(tuple(len(values) for _, values in sparse_axes()) + (len(marks),), dtype=int)
    for i, data in enumerate(SPARSE_DATA):
        for j, (width, seed) in enumerate(zip(SPARSE_WIDTHS, seeds)):
            for k, scale in enumerate(SPARSE_SCALES):
                w, a = start(width, scale, seed, dominance=1.05)  # steps of balanced starts can flip signs
                run = sector_descent(data.X, data.y, w, a, 0.01, int(marks[-1]), record=marks, neurons=True).curve
                for place, (now, out) in enumerate(zip(run["w"], run["a"])):
                    live = (out > 0) & (now @ data.X.T > 0).any(axis=1)
                    counts[i, j, k, place] = distinct(angles(now[live]), RESOLUTION)
    columns = (("directions", counts),)
    return Curve(sparse_axes(), columns, Provenance("gradient descent", "early-alignment.sectors", (("eta", 0.01),)))


def sparse_measure(theory: Curve, observed: Curve) -> Measured:
    place = np.searchsorted(SPARSE_GRID, theory["look"])
    seen = np.take_along_axis(observed["directions"], place[..., None], axis=-1)[..., 0]
    gap = np.abs(seen - theory["directions"])
    first = observed["directions"][..., 0]
    return Measured(float(gap.max()), detail=f"{first.min()} to {first.max()} directions at the start, {seen.min()} to {seen.max()} when weights have size one")  # fmt: skip


LAST_SCALE, LAST_WIDTH = 1e-3, 60


def last_setup(seed: np.random.SeedSequence) -> Problem:
    return Problem(THREE, *upper(THREE, seed, LAST_WIDTH), 1e-2)


def last_theory(problem: Problem, book: Book) -> Curve:
    """Directions of D_full and of the least squares map, and the largest angle between two neurons at the end.

    Balanced neurons are light-like: ``a_i a_j (1 - cos theta_ij)`` is invariant from the time on when all are in one cone. At
    ``t = ln(1/lambda)/|D|`` by the formulas of a cone, outputs neglected, the sum of ``a^2`` is A; at the end it is ``|beta*|``.
    """
    entry, beta = follow(book, problem.data, problem.w, problem.a), plateau_map(book, problem.data)
    time = float(lower_formula(book.formula(PREFIX + "unit-time-leading"))(delta=RATE, **{LAMBDA: LAST_SCALE}))
    parts = [inside(book, w[None], a[None], entry.D[0], time - t) for w, a, t in zip(entry.w, entry.a, entry.time)]
    turned, size = angles(np.concatenate([w for w, _ in parts])), LAST_SCALE / np.sqrt(len(parts))
    A = float(sum((size * a[0]) ** 2 for _, a in parts))
    spread = (turned.max() - turned.min()) * np.sqrt(A / np.linalg.norm(beta))
    columns = (("angle", angles(np.array([entry.D[0], beta]))), ("spread", np.full(2, spread)))
    return Curve((("when (0 aligned, 1 end)", np.arange(2)),), columns, Provenance("theory", PREFIX + "plateau"))


def last_observed(problem: Problem) -> Curve:
    size, data = LAST_SCALE / np.sqrt(LAST_WIDTH), problem.data
    steps = [round(np.log(1 / LAST_SCALE) / 2 / RATE / problem.eta), 100_000]
    run = sector_descent(
        data.X, data.y, size * problem.w, size * problem.a, problem.eta, steps[-1], record=steps, neurons=True
    )
    turned = np.array([angles(w) for w in run.curve["w"]])
    return Curve((("when (0 aligned, 1 end)", np.arange(2)),), (("angle", turned),), run.curve.made_by)


def last_measure(theory: Curve, observed: Curve) -> Measured:
    gap = np.abs(observed["angle"] - theory["angle"][:, None]).max(axis=1)
    words = f"from D_full ({np.degrees(theory['angle'][0]):.1f} deg) {gap[0]:.1e} at the alignment time, from the least squares map ({np.degrees(theory['angle'][1]):.1f} deg) {gap[1]:.1e} at the end"
    return Measured(float(gap[1] / theory["spread"][1]), detail=words)


COMPARISONS = (
    Comparison(
        "early-alignment.two-phases",
        f"loss over time, early boost and then the linear phase, against gradient descent at scale {PHASE_SCALE:g}",
        phases_setup, phases_theory, phases_observed, phases_measure,
        bound=PHASE_BOUND, seconds=0.5,
        because="shift in time: eta/2 times the largest rate over the fall; a step for each of 3 crossings, both ways; outputs before the switch",
    ),
    Comparison(
        "early-alignment.sparse",
        "number of distinct directions of living neurons when weights reach size one: that of the attractors, for every width",
        sparse_setup, sparse_theory, sparse_observed, sparse_measure,
        bound=0.5, seconds=1.0,
        because="a count; all are within 2 C lambda < 0.01 of each other then (C < 51 on these data); 0.087, 5 degrees, count as one",
    ),
    Comparison(
        "early-alignment.last-direction",
        "directions of all living neurons at the end: that of the least squares map, not the extremal vector",
        last_setup, last_theory, last_observed, last_measure,
        bound=1.0, seconds=0.3,
        because="in units of the largest angle between two neurons, from the Lorentz products that all boosts keep; the map lies between them",
    ),
)  # fmt: skip

"""Figures of the paper, and what gradient descent says to each of its claims."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import MARKERS, label_panels, panels, shades, style
from ...numerics.curve import Curve
from ...numerics.mixed import (
    SquaredError,
    Weights,
    aligned,
    descend,
    gaussian,
    gram_curve,
    mixed_curve,
    respond,
    solution,
    teacher,
)
from ...numerics.threads import one_thread
from ..paper import Figure, Progress
from .compare_tools import distance, planted
from .diagrams import DiagramSettings, Level, diagram_seconds, run_diagram
from .drawing import STROKES, draw_diagrams, draw_run, kinds_legend, mode_colours, scientific
from .simulate import RUN_COLUMNS, SimulateSettings, described, prepare, run_simulate

Array = NDArray[Any]
Draw = Callable[[int, Progress], Any]
LEVELS: tuple[Level, ...] = ("descent", "flow", "mode")


def light(draw: Draw) -> Draw:
    """The figure drawn on one BLAS thread: its matrices are small."""

    @wraps(draw)
    def alone(seed: int, progress: Progress) -> Any:
        with one_thread():
            return draw(seed, progress)

    return alone


def part_of(progress: Progress, first: float, last: float) -> Progress:
    """Progress of a part of the work."""
    return lambda fraction, words: progress(first + (last - first) * fraction, words)


def euler(run: Any, times: Array) -> Array:
    """The mixed formula with the steps of gradient descent, as published: explicit Euler on the compiled ``mixed.dynamics``."""
    from ...numerics.lower import lower
    from ...theory.mixed import SYSTEMS

    system = next(system for system in SYSTEMS if system.id == "mixed.dynamics")
    state = {"A": run.start.A}
    kernel = lower(system).bind(state, {"M": run.target, "tau": run.tau})
    y = kernel.pack(state)
    found = [y]
    for step in np.diff(times):
        y = y + step * kernel.function(0.0, y)
        found.append(y)
    return np.asarray(kernel.unpack(np.array(found))["A"])


def figure_1(seed: int, progress: Progress) -> Any:
    """The published run."""
    settings = SimulateSettings(d=500, theory=False, seed=seed)
    curve = run_simulate(settings, part_of(progress, 0.0, 0.6))
    progress(0.6, "mixed formula")
    run = prepare(settings)
    A = euler(run, curve["time"])
    progress(0.8, "singular values")
    found = described(A, run.target, run.signal)
    columns = (*curve.columns, *((f"theory {name}", found[name]) for name in RUN_COLUMNS))
    return draw_run(Curve(curve.axes, columns, curve.made_by), rank=False)


def demo(seed: int, progress: Progress) -> Any:
    """A width that nobody could simulate by force, in seconds; small steps, so that the closed form applies."""
    settings = SimulateSettings(d=100, width=10**6, tau=5.0, eta=4e-4, steps=400, record=4, seed=seed)
    return draw_run(run_simulate(settings, progress), rank=False)


def cache() -> str:
    """Folder of finished points: ``PLATEAUX_CACHE``, else the user's cache."""
    import platformdirs

    return str(Path(os.environ.get("PLATEAUX_CACHE") or platformdirs.user_cache_dir("plateaux")) / "phase-diagrams")


def diagrams(seed: int, progress: Progress, *, d: int, grid: int, store: bool, jobs: int = -1) -> Any:
    """The four diagrams by three levels side by side."""
    folder = cache() if store else None
    runs = [DiagramSettings(d=d, grid=grid, by=by, store=folder, seed=seed, jobs=jobs) for by in LEVELS]
    ends = np.cumsum([0.0, *map(diagram_seconds, runs)])
    ends /= ends[-1]
    return draw_diagrams(
        [run_diagram(one, part_of(progress, *ends[place : place + 2])) for place, one in enumerate(runs)]
    )


def published_seconds(d: int, grid: int) -> float:
    """About how long the three levels take on two cores."""
    return sum(diagram_seconds(DiagramSettings(d=d, grid=grid, by=by, jobs=2)) for by in LEVELS)


def few_modes(
    seed: int,
    tau: float,
    *,
    m: tuple[float, ...] = (40.0, 28.0, 18.0, 10.0),
    d: int = 50,
    width: float = 1e6,
    end: float,
) -> tuple[Array, Weights, Curve]:
    """Target with a few singular values and no noise, a Gaussian start, and gradient descent with small steps."""
    rng = np.random.default_rng([seed, 4])
    M = planted(rng, m, d, d)
    start = gaussian(d, d, width, tau / width, rng)
    eta = min(0.01 / max(m[0], tau), end / 100)
    steps = int(np.ceil(end / eta))
    chosen = np.unique(np.concatenate([[0], np.geomspace(1, steps, 200).astype(int)]))
    return M, start, descend(start, SquaredError(M), eta, steps, record=chosen, columns=("A",), order="simultaneous")


def overlaps(A: Array, M: Array, k: int) -> tuple[Array, Array]:
    """``|u_i.u_i*| |v_i.v_i*|`` and ``s_i`` of the leading k singular directions (times x k)."""
    U, s, Vt = np.linalg.svd(A)
    goal, _, goal_t = np.linalg.svd(M)
    left = np.abs(np.einsum("tai,ai->ti", U[:, :, :k], goal[:, :k]))
    right = np.abs(np.einsum("tia,ia->ti", Vt[:, :k], goal_t[:k]))
    return left * right, s[:, :k]


@light
def alignment(seed: int, progress: Progress) -> Any:
    """Singular vectors are aligned by the time their singular value passes tau."""
    m, tau = (40.0, 28.0, 18.0, 10.0), 2.0
    progress(0.1, "gradient descent")
    M, start, run = few_modes(seed, tau, m=m, width=5000, end=0.25)
    progress(0.5, "mixed formula")
    times, k = run["time"], len(m)
    sides = {"theory": mixed_curve(times, start.A, M, tau)["A"], "gradient descent": run["A"]}
    figure, axes = panels(1, 2, width="two", height=2.4)
    first, colours = 5e-4, mode_colours(k)
    with style():
        for kind, A in sides.items():
            aligns, s = overlaps(A, M, k)
            for mode, colour in enumerate(colours):
                axes[0, 0].plot(times, aligns[:, mode], color=colour, **STROKES[kind])
                axes[0, 1].plot(times, s[:, mode], color=colour, **STROKES[kind])
        for mode, colour in enumerate(colours):  # of gradient descent, which came last
            crossing = np.interp(tau, s[:, mode], times)
            axes[0, 0].plot(
                crossing, np.interp(crossing, times, aligns[:, mode]), "o", color=colour, markeredgecolor="k"
            )
            axes[0, 1].plot(crossing, tau, "o", color=colour, markeredgecolor="k")
        axes[0, 0].set(ylabel=r"$|u_i\cdot u_i^*|\,|v_i\cdot v_i^*|$", ylim=(0, 1.04))
        axes[0, 1].set(ylabel="singular values $s_i$", yscale="log")
        axes[0, 1].axhline(tau, color="k", linewidth=0.8, linestyle=(0, (4, 1, 1, 1)))
        axes[0, 1].annotate(
            r"$\tau$", (1, tau), (2, 0), ("axes fraction", "data"), textcoords="offset points", va="center"
        )
        from matplotlib.lines import Line2D

        lines = [Line2D([], [], color=c, label=f"$m_{i + 1}={goal:g}$") for i, (c, goal) in enumerate(zip(colours, m))]
        dot = Line2D([], [], color="w", marker="o", markeredgecolor="k", label=r"$s_i=\tau$")
        axes[0, 0].legend(handles=[*lines, dot], loc="lower right")
        axes[0, 1].legend(handles=kinds_legend("theory", "gradient descent"), loc="upper left")
        for ax in axes[0]:
            ax.set(xlabel="time $t$", xscale="log", xlim=(first, times[-1]))
        label_panels(axes)
        figure.suptitle(rf"alignment at $d=50$, $w=5000$, $\tau={tau:g}$", fontsize=8)
    return figure


@light
def rates(seed: int, progress: Progress) -> Any:
    """Rate of each singular value against its size: flat below tau, in proportion above."""
    from sympy import lambdify

    from ...theory.mixed import letters, modes

    formula = modes.MODE_FLOW.rate(modes.s) / (modes.m - modes.s)
    rate = lambdify((modes.s, letters.tau), formula.cancel(), "numpy")
    taus, m = (0.1, 1.0, 10.0), (40.0, 28.0, 18.0, 10.0)
    figure, axes = panels(1, 1, width="one", height=2.8)
    ax, grid = axes[0, 0], np.geomspace(3e-2, 40, 200)
    with style():
        for place, (tau, colour, marker) in enumerate(zip(taus, shades(len(taus)), MARKERS)):
            progress(place / len(taus), f"tau = {tau:g}")
            *_, run = few_modes(seed, tau, m=m, width=1e8, end=0.3 if tau < 5 else 0.15)
            times, s = run["time"], np.linalg.svd(run["A"], compute_uv=False)[:, : len(m)]
            middle = (s[2:] + s[:-2]) / 2
            measured = (s[2:] - s[:-2]) / (times[2:] - times[:-2])[:, None] / (np.array(m) - middle)
            clear = (middle < 0.9 * np.array(m)) & (middle > 3e-2)
            at, seen = middle[clear], measured[clear]
            keep = np.unique(np.searchsorted(np.sort(at), np.geomspace(at.min(), at.max(), 25)).clip(max=at.size - 1))
            order = np.argsort(at)[keep]
            ax.plot(grid, rate(grid, tau), color=colour, linewidth=2.8, alpha=0.4)
            ax.axhline(2 * tau, color=colour, linewidth=0.8, linestyle=(0, (1, 1)))
            ax.plot(at[order], seen[order], marker, color=colour, label=rf"$\tau={tau:g}$", markersize=3)
        ax.plot(grid, 2 * grid, color="k", linewidth=0.8, linestyle=(0, (4, 1.5)))
        ax.set(xscale="log", yscale="log", xlabel="singular value $s_i$", xlim=(grid[0], grid[-1]), ylim=(0.1, 120))
        ax.set_ylabel(r"rate $\dot s_i/(m_i-s_i)$")
        from matplotlib.lines import Line2D

        more = [
            Line2D([], [], color="grey", linewidth=2.8, alpha=0.6, label=r"theory $2\sqrt{s^2+\tau^2}$"),
            Line2D([], [], color="grey", linewidth=0.8, linestyle=(0, (1, 1)), label=r"lazy $2\tau$"),
            Line2D([], [], color="k", linewidth=0.8, linestyle=(0, (4, 1.5)), label="active $2s$"),
        ]
        dots, _ = ax.get_legend_handles_labels()
        figure.legend(handles=[*dots, *more], loc="outside upper center", ncols=2)
    return figure


def width_levels(M: Array, start: Weights, tau: float, times: Array) -> dict[str, Array]:
    """``A(t)`` at every level of theory."""
    U, _, Vt = np.linalg.svd(M, full_matrices=False)
    s = aligned(M, tau, times)["singular values"]
    return {
        r"scalar modes, $A_0=0$": np.einsum("ai,ti,ib->tab", U, s, Vt, optimize=True),
        "mixed formula from $A_0$": mixed_curve(times, start.A, M, tau)["A"],
        "Riccati from $P_0$": solution(times, start, M, 0.0, tau**2)["A"],
        "first-order response": respond(times, start, M, tau)["A"],
    }


@light
def width(seed: int, progress: Progress) -> Any:
    """Largest error over time of every level of theory against the exact flow."""
    from matplotlib.lines import Line2D

    from ...numerics.fit import power_law

    widths, draws, d, share = np.geomspace(1e4, 1e7, 7), 3, 40, 0.117
    errors: dict[str, list[list[float]]] = {}
    for draw in range(draws):
        rng = np.random.default_rng([seed, 6, draw])
        M = np.asarray(teacher(d, 3, np.random.SeedSequence([seed, 6, draw])).target)
        top = float(np.linalg.norm(M, 2))
        tau = share * top
        times = np.linspace(0, 3 / tau, 25)
        for place, w in enumerate(widths):
            progress((draw + place / len(widths)) / draws, f"w = {w:.0e}")
            start = gaussian(d, d, round(w), tau / round(w), rng)
            exact = gram_curve(times, start, M, rtol=1e-10)["A"]
            for name, A in width_levels(M, start, tau, times).items():
                rows = errors.setdefault(name, [[] for _ in range(draws)])
                rows[draw].append(float(distance(A, exact).max()) / top)
    figure, axes = panels(1, 1, width="one", height=2.9)
    ax, handles = axes[0, 0], []
    with style():
        for (name, found), colour, marker in zip(errors.items(), mode_colours(len(errors)), MARKERS):
            law = power_law(widths, np.array(found))
            fit = rf"$w^{{{law.exponent:.3f}\pm{(law.high - law.low) / 2:.3f}}}$"
            ax.plot(widths, np.array(found).T, marker, color=colour, markersize=3)
            ax.plot(widths, law.prefactor * widths**law.exponent, color=colour)
            handles.append(Line2D([], [], color=colour, marker=marker, label=f"{name}: {fit}"))
        ax.set(xscale="log", yscale="log", xlabel="width $w$", ylabel=r"$\max_t\|A-A_\mathrm{exact}\|_2/\|M\|_2$")
        figure.legend(
            handles=handles,
            loc="outside upper center",
            title=rf"$d={d}$, $k=3$, $\tau={scientific(share)}\,\|M\|_2$, 3 draws",
        )
    return figure


FIGURES: tuple[Figure, ...] = (
    Figure(
        "mixed.figure-1",
        "train and test error and singular values, d = 500",
        "Figure 1 of the paper: errors and singular values of one run (gradient descent dashed, mixed formula with the same "
        "explicit steps solid) at d = 500 with the published exponents, learning rate and update order; the line is the "
        "threshold sigma^2 w between lazy and active singular values.",
        figure_1,
        40.0,
    ),
    Figure(
        "mixed.demo",
        "the same at d = 100 and width 1e6",
        "Gradient descent at width 1e6 (dashed) and the mixed dynamics in closed form from the same start (solid).",
        demo,
        3.0,
    ),
    Figure(
        "mixed.phase-diagrams",
        "the four published phase diagrams by simulation, exact flow and scalar theory",
        "Least test error, stable rank and iterations there, and distance from the mixed dynamics over variance d^gamma_sigma "
        "and width d^gamma_w at d = 200 on the published grid of 30 x 30 points. Finished points are kept in the user's cache.",
        partial(diagrams, d=200, grid=30, store=True),
        published_seconds(200, 30),
    ),
    Figure(
        "mixed.phase-diagrams-small",
        "the same at d = 60 on 10 x 10 points",
        "The four phase diagrams at d = 60 on a coarse grid; the boundaries are those of the formulas at this d.",
        partial(diagrams, d=60, grid=10, store=False),
        published_seconds(60, 10),
    ),
    Figure(
        "mixed.alignment",
        "singular vectors align before their singular values pass tau",
        "Alignment of the singular vectors of A with those of the target and singular values against time; dots mark where a "
        "singular value of gradient descent passes tau.",
        alignment,
        2.0,
    ),
    Figure(
        "mixed.rates",
        "rate of each singular value against its size",
        "Rate measured in gradient descent (points, four modes for each tau) against the theory and its lazy and active limits.",
        rates,
        2.0,
    ),
    Figure(
        "mixed.width",
        "error of every level of theory against width",
        "Largest error over time against the exact flow, with fitted exponents and their 95% intervals over draws.",
        width,
        5.0,
    ),
)

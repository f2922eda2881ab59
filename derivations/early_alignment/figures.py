"""Figures: the potential, directions and the learned function over time, plateaus, and where networks get stuck."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import COLOURS, label_panels, panels, shades, style
from ...numerics.early_alignment import (
    Dataset,
    alignment_time,
    forty_points,
    linear_loss,
    outputs,
    sector_descent,
    start,
    three_points,
)
from ..paper import Figure, Progress
from .compare_attractors import random_data
from .compare_tools import angles, distinct
from .diagrams import DiagramSettings, diagram_seconds, run_diagram
from .drawing import DOWN, GREY, LOSS, UP, draw_diagram, draw_potential, scientific

Array = NDArray[Any]


def mixed_data(seed: int) -> Dataset:
    """Six random points of the plane with labels of either sign."""
    return random_data(np.random.default_rng([seed, 1]), 6, 2)


def potential(seed: int, progress: Progress) -> Any:
    """G on the circle for the three points and for random data."""
    from matplotlib.lines import Line2D

    figure, axes = panels(1, 2, width="two", height=2.9)
    with style():
        for ax, data in zip(axes[0], (three_points(), mixed_data(seed))):
            progress(0.5 * (data.name == "random"), data.name)
            draw_potential(ax, data)
        axes[0, 0].set_ylabel(r"$G(w)=\frac{1}{n}\sum_k y_k\,\max(0,\langle w,x_k\rangle)$")
        label_panels(axes)
        mark: dict[str, Any] = {"markeredgecolor": "k", "markersize": 5}
        handles = [
            Line2D([], [], color=UP, marker="^", label="motion for $a>0$; attracts $a>0$", **mark),
            Line2D([], [], color=DOWN, marker="v", label="motion for $a<0$; attracts $a<0$", **mark),
            Line2D([], [], color=GREY, linestyle=(0, (1, 2)), linewidth=0.8, label=r"$\langle w,x_k\rangle=0$"),
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return figure


def directions(seed: int, progress: Progress) -> Any:
    """Angles of all neurons over time, and how many distinct ones there are by width and scale."""
    from matplotlib.lines import Line2D

    data, eta, end, m, scale = three_points(), 5e-3, 60.0, 60, 1e-3
    figure, axes = panels(1, 2, width="two", height=2.6, width_ratios=(1.15, 1))
    marks = np.unique(np.rint(np.linspace(0, end, 600) / eta).astype(int))
    w, a = start(m, scale, seed, dominance=1.05)
    run = sector_descent(data.X, data.y, w, a, eta, int(marks[-1]), record=marks, neurons=True).curve
    times, turned = run["time"], np.degrees(np.unwrap([angles(w) for w in run["w"]], axis=0))
    best = np.linalg.lstsq(data.X, data.y, rcond=None)[0]
    goals = {r"$D_{\mathrm{full}}$": data.y @ data.X, r"$\beta^*$": best}
    left, right = axes[0]
    with style():
        for sign, colour in ((1, UP), (-1, DOWN)):
            chosen = np.flatnonzero(np.sign(a) == sign)
            shift = 360 * np.round((turned[-1, chosen] - 90) / 360)
            line: Any = "-" if sign > 0 else (0, (4, 1.5))
            left.plot(times, turned[:, chosen] - shift, color=colour, linewidth=0.7, linestyle=line)
        for (name, goal), va in zip(goals.items(), ("bottom", "top")):
            at = float(np.degrees(np.arctan2(goal[1], goal[0])))
            left.axhline(at, color="k", linewidth=0.7, linestyle=(0, (1, 1)))
            left.annotate(name, (1, at), (2, 0), ("axes fraction", "data"), textcoords="offset points", va=va)
        tau = alignment_time(data.potential, 0.5, np.log(scale))
        left.axvline(tau, color=GREY, linewidth=0.8)
        left.annotate(r"$\tau$", (tau, 1), (0, 2), ("data", "axes fraction"), textcoords="offset points", ha="center")
        left.set(xlabel="time $t$", ylabel="angle of $w_j$ (degrees)", xlim=(0, 30), ylim=(-100, 330))
        left.set_yticks(range(-90, 271, 90))
        words = [
            Line2D([], [], color=UP, label="$a_j>0$"),
            Line2D([], [], color=DOWN, linestyle=(0, (4, 1.5)), label="$a_j<0$"),
        ]
        left.legend(handles=words, loc="upper right", ncols=2)
        cases = [(m, scale) for scale in (1e-1, 1e-2, 1e-4) for m in (30, 1000)]
        for place, (m, scale) in enumerate(cases):
            progress(0.2 + 0.8 * place / len(cases), f"m = {m}, scale {scale:g}")
            w, a = start(m, scale, seed, dominance=1.05)
            run = sector_descent(data.X, data.y, w, a, 1e-2, 3000, record=10, neurons=True).curve
            count = [distinct(angles(w[(a > 0) & (w @ data.X.T > 0).any(axis=1)]), np.radians(5)) for w in run["w"]]
            line = "-" if m == 1000 else (0, (4, 1.5))
            right.plot(
                run["time"],
                count,
                color=COLOURS[(1, 2, 4)[place // 2]],
                linestyle=line,
                label=rf"$\lambda={scientific(scale)}$, $m={m}$",
            )
        right.set(xlabel="time $t$", ylabel="directions ($a>0$, not dead)", xlim=(0, 30), yscale="log", ylim=(0.8, 300))
        right.set_yticks([1, 2, 5, 10, 20, 40], ["1", "2", "5", "10", "20", "40"])
        right.minorticks_off()
        right.legend(loc="upper right")
        label_panels(axes)
    return figure


def function(seed: int, progress: Progress) -> Any:
    """The learned function at a few times: three points and forty points."""
    figure, axes = panels(1, 2, width="two", height=2.6)
    cases = (
        (three_points(), 2000, 5e-3, (5.0, 9.0, 10.0, 11.0, 13.0, 2000.0)),
        (forty_points(), 300, 1e-2, (10.0, 16.0, 40.0, 400.0, 600.0, 2000.0)),
    )
    grid = np.column_stack([np.linspace(-1, 1, 401), np.ones(401)])
    with style():
        for ax, (data, m, eta, times) in zip(axes[0], cases):
            progress(0.5 * (len(data.y) > 3), data.name)
            marks = np.rint(np.array(times) / eta).astype(int)
            w, a = start(m, 1e-3, seed, dominance=1.05)
            run = sector_descent(data.X, data.y, w, a, eta, int(marks[-1]), record=marks, neurons=True).curve
            for w, a, t, colour in zip(run["w"], run["a"], times, shades(len(times))):
                ax.plot(grid[:, 0], outputs(grid, w, a), color=colour, label=f"$t={t:g}$")
            best = np.linalg.lstsq(data.X, data.y, rcond=None)[0]
            ax.plot(grid[:, 0], grid @ best, color="k", linewidth=0.9, linestyle=(0, (4, 1.5)), label="best linear")
            ax.plot(
                data.X[:, 0],
                data.y,
                "o",
                color=DOWN,
                markeredgecolor="k",
                markersize=4 if len(data.y) < 9 else 2.5,
                label="data",
            )
            ax.set(xlabel="$x$", ylabel="$h(x)$", xlim=(-1, 1))
            ax.set_ylim(-0.05, 1.95)
            ax.set_yticks(np.arange(0, 1.3, 0.2))
            ax.legend(loc="upper right", ncols=2)
        label_panels(axes)
    return figure


def plateaus(seed: int, progress: Progress, *, m: int = 500, end: float = 4000.0) -> Any:
    """Loss over time: three points by scale, forty points balanced and dominated."""
    figure, axes = panels(1, 2, width="two", height=2.6)
    three, forty = three_points(), forty_points()
    scales = (1.0, 1e-1, 1e-2, 1e-4, 1e-8)
    left, right = axes[0]
    with style():
        for scale, colour in zip(scales, shades(len(scales))):
            progress(0.1, f"scale {scale:g}")
            eta = 1e-2
            marks = np.unique(np.rint(np.geomspace(0.1, 1000, 300) / eta).astype(int))
            run = sector_descent(three.X, three.y, *start(200, scale, seed), eta, int(marks[-1]), record=marks).curve
            left.plot(run["time"], run["loss"], color=colour, label=rf"$\lambda={scientific(scale)}$")
        left.set_ylim(1e-5, 1)
        left.legend(loc="lower left")
        marks = np.unique(np.rint(np.geomspace(0.1, end, 400) / 2e-3).astype(int))
        for dominance, ink, line in ((1.0, UP, "-"), (1.05, DOWN, (0, (4, 1.5)))):
            progress(0.3 + 0.4 * (dominance > 1), f"|a| = {dominance:g} |w|")
            w, a = start(m, 1e-3, seed, dominance=dominance)
            run = sector_descent(forty.X, forty.y, w, a, 2e-3, int(marks[-1]), record=marks).curve
            flips = int(run["flips"][-1])
            words = rf"$|a|={dominance:g}\,|w|$: {flips} sign flip{'s' * (flips != 1)}"
            right.plot(run["time"], run["loss"], color=ink, linestyle=line, label=words)
        right.set_ylim(1e-3, 1)
        right.legend(loc="upper right")
        for ax, data in ((left, three), (right, forty)):
            ax.axhline(linear_loss(data.X, data.y), color="k", linewidth=0.8, linestyle=(0, (1, 1)))
            ax.annotate(
                "best linear",
                (1, linear_loss(data.X, data.y)),
                (-2, 2),
                ("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
            )
            ax.set(xscale="log", yscale="log", xlabel="time $t$", ylabel=LOSS)
        left.set_xlim(0.1, 1000)
        right.set_xlim(1, end)
        label_panels(axes)
    return figure


def cache() -> str:
    """Folder of finished runs: ``PLATEAUX_CACHE``, else the user's cache."""
    import platformdirs

    return str(Path(os.environ.get("PLATEAUX_CACHE") or platformdirs.user_cache_dir("plateaux")) / "early-alignment")


def diagram(seed: int, progress: Progress, settings: DiagramSettings, *, store: bool = True) -> Any:
    """Fraction of starts that get stuck."""
    from dataclasses import replace

    return draw_diagram(run_diagram(replace(settings, seed=seed, store=cache() if store else None), progress))


STUCK = DiagramSettings(seeds=10)

FIGURES: tuple[Figure, ...] = (
    Figure(
        "early-alignment.circle",
        "the potential G on the circle, extremal vectors, and which way neurons move",
        "G against the angle of w for (a) the three points and (b) six random points with labels of either sign. Arrows: motion of "
        "directions for a > 0 (upper row, uphill) and a < 0 (lower row, downhill); dots: at rest. Filled marks: extremal vectors "
        "that attract balanced neurons; dotted lines: hyperplanes of the data.",
        potential,
        1.0,
    ),
    Figure(
        "early-alignment.directions",
        "directions of all neurons over time, and how many there are",
        "Gradient descent on the three points. (a) Angles of 60 neurons, scale 1e-3; tau is the alignment time for eps = 1/2. "
        "(b) Number of arcs of 5 degrees that cover the directions of all neurons with a > 0 that are not dead, by scale and width.",
        directions,
        4.0,
    ),
    Figure(
        "early-alignment.function",
        "the learned function over time",
        "Learned function at a few times for (a) the three points (m = 2000) and (b) the forty points (m = 300), scale 1e-3, "
        "|a| = 1.05 |w|: first the best linear map; then, on forty points only, more.",
        function,
        3.0,
    ),
    Figure(
        "early-alignment.plateaus",
        "plateaus of the loss",
        "Loss of gradient descent against time. (a) Three points, m = 200, by scale of the start: small ones stay at the best "
        "linear map. (b) Forty points, m = 500, scale 1e-3, learning rate 2e-3, balanced and dominated starts.",
        plateaus,
        30.0,
    ),
    Figure(
        "early-alignment.diagram",
        "where networks get stuck, over init scale and width",
        "Fraction of starts on the three points that end within 1 % of the loss of the best linear map, with 95 % Wilson intervals. "
        "Others reach zero loss or, at small width, have no living neuron. Finished runs are kept in the user's cache.",
        partial(diagram, settings=STUCK),
        diagram_seconds(STUCK),
    ),
    Figure(
        "early-alignment.diagram-small",
        "the same on a coarse grid",
        "Fraction of starts on the three points that end at the best linear map, two widths and three scales.",
        partial(
            diagram,
            settings=DiagramSettings(widths=(10, 50), scales=(0.03, 0.2, 0.5), seeds=5, steps=20_000, jobs=1),
            store=False,
        ),
        3.0,
    ),
)

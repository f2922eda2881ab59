"""Drawings: a run, the potential on the circle, and the diagram of spurious convergence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import COLOURS, LINES, label_panels, panels, style
from ...numerics.curve import Curve
from ...numerics.early_alignment import Dataset
from ...theory.early_alignment.attractors import attractions

Array = NDArray[Any]
UP, DOWN, GREY = COLOURS[1], COLOURS[4], "#8a8a8a"
"""Colours of neurons with a > 0 and a < 0, and of what is only there to compare."""
LOSS = r"loss $\frac{1}{2n}\sum_k(h(x_k)-y_k)^2$"


def scientific(value: float) -> str:
    """A number for mathtext, three digits."""
    text = f"{value:.3g}"
    digits, _, power = text.partition("e")
    if not power:
        return text
    return rf"10^{{{int(power)}}}" if digits == "1" else rf"{digits}\cdot10^{{{int(power)}}}"


def draw_run(curve: Curve) -> Any:
    """Loss over time with that of the best linear map; crossings and sign flips so far."""
    given, times = dict(curve.made_by.parameters), curve["time"]
    figure, axes = panels(1, 2, width="two", height=2.4)
    with style():
        later = times > 0
        left, right = axes[0]
        left.plot(
            times[later],
            np.maximum(curve["loss"][later], 1e-18),
            color=UP,
            **LINES["gradient descent"],
            label="gradient descent",
        )
        left.axhline(given["linear loss"], color="k", linewidth=0.8, label="best linear map")
        left.set(yscale="log", ylabel=LOSS)
        left.legend(loc="lower left")
        right.plot(times[later], curve["crossings"][later], color=UP, label="crossings of hyperplanes")
        right.plot(
            times[later],
            curve["flips"][later],
            color=DOWN,
            linestyle=(0, (4, 1.5)),
            label="sign flips of output weights",
        )
        right.set_yscale("symlog", linthresh=1)
        right.set(ylabel="so far", ylim=(-0.2, None))
        right.legend(loc="center right")
        for ax in axes[0]:
            ax.set(xlabel="time $t$ (learning rate times step)", xscale="log", xlim=(times[later][0], times[-1]))
        label_panels(axes)
        title = rf"{given['data']}, $m={given['m']}$, $\lambda={scientific(given['scale'])}$, $|a|/|w|={given['dominance']:g}$, $\eta={scientific(given['eta'])}$"
        figure.suptitle(title, fontsize=8)
    return figure


def draw_diagram(curve: Curve) -> Any:
    """Fraction that gets stuck over scale (columns) and width (rows), its 95 % interval in every cell."""
    given, widths, scales = dict(curve.made_by.parameters), curve["width"], curve["scale"]
    rows, columns = len(widths), len(scales)
    figure, axes = panels(1, 1, width="two", height=1.3 + 0.38 * rows)
    ax, fraction = axes[0, 0], curve["fraction"]
    with style():
        mesh = ax.imshow(fraction, origin="lower", aspect="auto", cmap="viridis", vmin=0, vmax=1)
        for i in range(rows):
            for j in range(columns):
                text = f"{fraction[i, j]:.2f}\n{curve['low'][i, j]:.2f}-{curve['high'][i, j]:.2f}"
                ax.text(j, i, text, ha="center", va="center", fontsize=5.5, color="k" if fraction[i, j] > 0.6 else "w")
        ax.set_xticks(range(columns), [f"{value:g}" for value in scales])
        ax.set_yticks(range(rows), [str(value) for value in widths])
        ax.tick_params(which="both", length=0)
        ax.minorticks_off()
        ax.grid(False)
        ax.set(xlabel=r"init scale $\lambda$", ylabel="width $m$")
        figure.colorbar(mesh, ax=ax, label="fraction at the best linear map", aspect=12)
        title = rf"{given['data']}: {given['seeds']} starts per cell, $|a|/|w|={given['dominance']:g}$, $\eta={scientific(given['eta'])}$, {given['steps']} steps"
        figure.suptitle(title, fontsize=8)
    return figure


def draw_potential(ax: Any, data: Dataset) -> None:
    """G on the circle against the angle; extremal vectors; which way neurons of either sign move."""
    G, X = data.potential, data.X
    turn = np.linspace(-180, 180, 1441)
    w = np.column_stack([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
    values = np.maximum(w @ X.T, 0.0) @ data.y / len(data.y)
    low, high = values.min(), values.max()
    span = high - low
    ax.plot(turn, values, color="k", linewidth=1.0)
    for x in X:
        for side in (-90, 90):
            wall = (np.degrees(np.arctan2(x[1], x[0])) + side + 180) % 360 - 180
            ax.axvline(wall, color=GREY, linewidth=0.5, linestyle=(0, (1, 2)), zorder=0)
    for one in attractions(G):
        if not one.extremal.kind:
            continue
        v = np.array(one.extremal.direction, dtype=float)
        at = np.degrees(np.arctan2(v[1], v[0]))
        unit = v / np.linalg.norm(v)
        height = float(np.maximum(X @ unit, 0.0) @ data.y / len(data.y))
        marker, colour = ("^", UP) if 1 in one.balanced else ("v", DOWN) if -1 in one.balanced else ("o", "w")
        ax.plot(at, height, marker, color=colour, markeredgecolor="k", markersize=5, zorder=3)
    slope = np.gradient(values, np.radians(turn))
    for place, (sign, colour) in enumerate(((1, UP), (-1, DOWN))):
        level = high + (0.16 + 0.13 * (1 - place)) * span
        for start in np.arange(-174, 180, 12):
            k = int(np.searchsorted(turn, start))
            if abs(slope[k]) < 1e-9:
                ax.plot(start, level, ".", color=colour, markersize=2)
                continue
            way = 8 * np.sign(sign * slope[k])
            arrow = {
                "arrowstyle": "->",
                "color": colour,
                "linewidth": 0.8,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": 5,
            }
            ax.annotate("", (start + way / 2, level), (start - way / 2, level), arrowprops=arrow)
    ax.set(xlim=(-180, 180), ylim=(low - 0.1 * span, high + 0.42 * span), xlabel="angle of $w$ (degrees)")
    ax.set_xticks(range(-180, 181, 60))

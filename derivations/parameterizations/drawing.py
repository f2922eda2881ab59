"""Drawings of a training and of tables of exponents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import COLOURS, MARKERS, label_panels, panels, shades, style
from ...numerics.curve import Curve

Array = NDArray[Any]
NAMES = {
    "ntk": "NTK", "sp": "SP", "mup": "muP", "ip": "IP", "ip-llr": "IP-LLR", "ip-mean": "IP, not centred",
    "ip-llr-bias": "IP-LLR, biases",
}  # fmt: skip
STROKES: dict[str, dict[str, Any]] = {
    "ip": {"color": COLOURS[0], "linestyle": "-"},
    "ip-llr": {"color": COLOURS[2], "linestyle": "-"},
    "mup": {"color": COLOURS[3], "linestyle": (0, (4, 1.5))},
    "ip-mean": {"color": COLOURS[4], "linestyle": (0, (1, 1))},
    "ntk": {"color": COLOURS[1], "linestyle": (0, (4, 1, 1, 1))},
    "ip-llr-bias": {"color": COLOURS[5], "linestyle": (0, (1, 1))},
}


def draw_training(curve: Curve) -> Any:
    """Training loss, test accuracy and number of predicted classes, stable ranks of the preactivations against the step."""
    given = dict(curve.made_by.parameters)
    figure, axes = panels(1, 3, width="two", height=2.3)
    loss, accuracy, rank = axes[0]
    steps, ranks = curve["step"], curve["stable ranks"]
    with style():
        loss.plot(steps, curve["loss"], "o-", color=COLOURS[1], markersize=2.5)
        flat = float(np.log(given["labels"]))
        loss.axhline(flat, color="k", linewidth=0.8, linestyle=(0, (4, 1, 1, 1)), label=rf"$\ln {given['labels']}$")
        loss.set(ylabel="training loss", ylim=(0, None))
        loss.legend()
        accuracy.plot(steps, curve["accuracy"], "o-", color=COLOURS[1], markersize=2.5, label="test accuracy")
        accuracy.plot(
            steps,
            curve["classes"] / given["labels"],
            "s:",
            color=COLOURS[4],
            markersize=2.5,
            label=f"predicted classes / {given['labels']}",
        )
        accuracy.set(ylabel="share", ylim=(0, 1.05))
        accuracy.legend()
        layers = ranks.shape[1]
        for l, colour in enumerate(shades(layers, "plasma")):
            label = "output" if l == layers - 1 else f"layer {l + 1}"
            rank.plot(steps, ranks[:, l], MARKERS[l % len(MARKERS)] + "-", color=colour, markersize=2.5, label=label)
        rank.set(ylabel="stable rank over the test", ylim=(0.9, None))
        rank.legend(fontsize=6)
        for ax in axes[0]:
            ax.set(xlabel="step")
        label_panels(axes)
        figure.suptitle(
            f"{given['images']}, {NAMES[given['point']]}, {given['activation']}, {given['L']} hidden layers of width "
            f"{given['width']}, rate {given['rate']:g}",
            fontsize=8,
        )
    return figure


def draw_losses(runs: Mapping[tuple[str, str], Sequence[Curve]], activations: Sequence[str]) -> Any:
    """Training loss against the step: one panel for each activation, one line for each seed.

    Parameters
    ----------
    runs : curves by (parameterization, activation), one for each seed.
    activations : order of the panels.
    """
    from matplotlib.lines import Line2D

    figure, axes = panels(1, len(activations), width="two", height=2.4, sharey=True)
    points = list(dict.fromkeys(point for point, _ in runs))
    with style():
        for ax, activation in zip(axes[0], activations):
            for point in points:
                for curve in runs.get((point, activation), ()):
                    ax.plot(curve["step"], curve["loss"], **STROKES[point])
            ax.set(xlabel="step", title=activation)
        axes[0, 0].set(ylabel="training loss", ylim=(0, 2.6))
        handles = [Line2D([], [], label=NAMES[point], **STROKES[point]) for point in points]
        figure.legend(handles=handles, loc="outside upper center", ncols=len(points))
    return figure


def draw_map(rows: Sequence[str], columns: Sequence[str], values: Array) -> Any:
    """Exponents as coloured squares with their numbers.

    Parameters
    ----------
    rows, columns : names.
    values : rows x columns; NaN is left white.
    """
    figure, axes = panels(1, 1, width="two", height=0.28 * len(rows) + 0.9)
    ax = axes[0, 0]
    with style():
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        image = ax.imshow(values, cmap="YlOrBr_r", vmin=low, vmax=high, aspect="auto")
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                text = f"{value:g}".replace("-", "\N{MINUS SIGN}")
                ax.text(
                    j,
                    i,
                    text,
                    ha="center",
                    va="center",
                    fontsize=6.5,
                    color="w" if value < low + 0.4 * (high - low) else "k",
                )
        ax.set_xticks(range(len(columns)), columns, fontsize=7)
        ax.set_yticks(range(len(rows)), rows)
        ax.tick_params(length=0, top=False, right=False)
        ax.minorticks_off()
        figure.colorbar(image, ax=ax, label="exponent of the width", pad=0.01)
    return figure

"""Figures: table of exponents, coordinate check, escape, digits, one layer from kernel to features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import COLOURS, MARKERS, label_panels, panels, style
from ...numerics.fit import power_law
from ...numerics.parameterizations import Run, coordinate_checks, name_of, slopes
from ...numerics.parameterizations.classify import Classifier, classify
from ...numerics.parameterizations.images import digits
from ...numerics.parameterizations.squares import fit
from ...numerics.threads import one_thread
from ...theory.parameterizations.calculus import table
from ...theory.parameterizations.scalings import named
from ..paper import Figure, Progress
from .compare_descent import ESCAPES
from .compare_limits import STARTS, one_layer
from .compare_slopes import ACTIVATIONS, WIDTHS
from .drawing import NAMES, draw_losses, draw_map

Array = NDArray[Any]
MAP_DEPTH, CHECK_DEPTH = 4, 3
POINTS = ("ntk", "sp", "mup", "ip", "ip-llr")
SIGNS = {"h": "h", "dh": r"\partial h", "Dh": r"\Delta h"}


def sign(quantity: str, layer: int, step: int, L: int) -> str:
    """A quantity as it is written."""
    if layer == L + 1:
        return f"$f({step})$" if quantity == "h" else rf"$\Delta f({step})$"
    return rf"${SIGNS[quantity]}^{layer}({step})$"


def ticks(axis: Any, values: Sequence[int]) -> None:
    """Ticks at these numbers of a logarithmic axis, and nowhere else."""
    from matplotlib.ticker import FixedLocator, NullLocator

    axis.set_major_locator(FixedLocator(values))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def exponent_map(seed: int, progress: Progress) -> Any:
    """Exponents of the recursion, ReLU."""
    L, columns = MAP_DEPTH, []
    for quantity, step in (("h", 0), ("dh", 0), ("Dh", 1)):
        columns += [(quantity, layer, step) for layer in range(1, L + (1 if quantity == "dh" else 2))]
    rows, values = [], []
    for point, centred in (*((point, True) for point in POINTS), ("ip", False), ("ip-llr-bias", True)):
        found = table(named(point, L), "relu", 2, centred)
        rows.append(NAMES[point] if centred else NAMES["ip-mean"])
        values.append([float(found.value(*column)) for column in columns])
    return draw_map(rows, [sign(*column, L) for column in columns], np.array(values))


def coordinates(seed: int, progress: Progress) -> Any:
    """Measured slopes with errors beside the exponents."""
    L = CHECK_DEPTH
    runs = {
        f"{point} {one}": Run(named(point, L), one, eta=4.0 if point == "ip-llr" else 0.1)
        for point in POINTS
        for one in (ACTIVATIONS if point != "ip-llr" else ("relu", "tanh"))
    }
    with one_thread():
        curves = coordinate_checks(runs, WIDTHS, seed, draws=12, dtype=np.float32, chi=(-1.0,) * 4, progress=progress)
    columns = [("h", l, 0) for l in range(1, L + 1)] + [("dh", l, 0) for l in range(1, L + 1)]
    columns += [("Dh", l, 1) for l in range(1, L + 2)]
    figure, axes = panels(1, len(POINTS), width="two", height=2.7, sharex=True, sharey=True)
    with style():
        for ax, point in zip(axes[0], POINTS):
            for place, one in enumerate(ACTIVATIONS):
                if f"{point} {one}" not in curves:
                    continue
                exponents, laws = table(named(point, L), one, 1), slopes(curves[f"{point} {one}"])
                for row, column in enumerate(columns):
                    y = row + 0.13 * (place - 2)
                    value, law = float(exponents.value(*column)), laws[name_of(*column)]
                    ax.plot([value], [y], "|", color="k", markersize=6, markeredgewidth=1.6, zorder=1)
                    ax.errorbar(
                        [law.exponent], [y], xerr=2 * law.stderr, fmt=MARKERS[place], color=COLOURS[1 + place % 5],
                        markersize=2.2, linewidth=0.7, zorder=2, label=one if row == 0 else None,
                    )  # fmt: skip
            ax.set(title=NAMES[point], xlabel="exponent of $m$", xlim=(-2.3, 0.6), xticks=(-2, -1, 0))
            ax.grid(axis="x", linewidth=0.3, color="0.85")
        axes[0, 0].set_yticks(range(len(columns)), [sign(*column, L) for column in columns])
        axes[0, 0].invert_yaxis()
        axes[0, 0].minorticks_off()
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(ACTIVATIONS), title="slopes with two standard errors; ticks: exponents")  # fmt: skip
    return figure


def escape(seed: int, progress: Progress) -> Any:
    """Steps until the loss has halved against the width."""
    draws = 12
    figure, axes = panels(1, 1, width="one", height=2.9)
    ax = axes[0, 0]
    with style(), one_thread():
        for place, (L, (eta, widths)) in enumerate(ESCAPES.items()):
            progress(place / len(ESCAPES), f"{L} hidden layers")
            rng = [np.random.default_rng([seed, L, one]) for one in range(draws)]
            steps = np.array([[fit(named("ip", L), m, one, eta=eta).steps for m in widths] for one in rng], float)
            shown = steps.mean(axis=0) / steps[:, 0].mean()
            error = steps.std(axis=0, ddof=1) / np.sqrt(draws) / steps[:, 0].mean()
            colour = COLOURS[1 + place]
            ax.errorbar(widths, shown, 2 * error, fmt=MARKERS[place], color=colour, markersize=3.5)
            m = np.geomspace(widths[0], widths[-1], 50)
            if L == 2:
                line, words = np.full_like(m, shown[-1]), "constant"
            elif L == 3:
                slope, start = np.polyfit(np.log(widths), shown, 1)
                line, words = start + slope * np.log(m), r"$a+b\,\ln m$ (fitted)"
            else:
                exponent = (L - 3) / 2
                line, words = (m / widths[-1]) ** exponent * shown[-1], rf"$\propto m^{{{exponent:g}}}$"
            ax.plot(m, line, color=colour, linewidth=0.9)
            law = power_law(np.array(widths, float), steps)
            ax.plot([], [], MARKERS[place] + "-", color=colour, markersize=3.5, linewidth=0.9,
                    label=rf"$L={L}$: {words}; slope {law.exponent:.2f}")  # fmt: skip
        ax.set(
            xscale="log",
            yscale="log",
            xlabel="width $m$",
            ylabel="steps until half of the loss,\nover those at the first width",
        )
        ticks(ax.xaxis, (32, 64, 128, 256, 512))
        ticks(ax.yaxis, (1, 2, 3, 4, 5))
        figure.legend(loc="outside upper center")
    return figure


def losses(seed: int, progress: Progress) -> Any:
    """Training loss on digits, two seeds."""
    images, activations, points = digits(seed), ("relu", "gelu", "elu", "tanh"), ("ip", "ip-llr", "mup", "ip-mean")
    runs: dict[tuple[str, str], list[Any]] = {}
    total, done = len(activations) * len(points) * 2, 0
    with one_thread():
        for activation in activations:
            for point in points:
                for draw in range(2):
                    progress(done / total, f"{point} {activation}")
                    one = Classifier(
                        point, activation=activation, seed=2 * seed + draw, cap=20.0 if activation == "elu" else 500.0
                    )
                    runs.setdefault((point, activation), []).append(classify(one, images, 24))
                    done += 1
    return draw_losses(runs, activations)


def kernel_to_features(seed: int, progress: Progress) -> Any:
    """How far features move in one hidden layer: against the width, and against the scale of the output."""
    draws, widths, scales, m = 8, (128, 256, 512, 1024, 2048), tuple(4.0**k for k in range(-1, 6)), 512
    figure, axes = panels(1, 2, width="two", height=2.6)
    with style(), one_thread():
        for place, A in enumerate(STARTS):
            progress(place / 4, f"A = {A}")
            moved = np.array(
                [
                    [
                        fit(one_layer(A), w, np.random.default_rng([seed, place, one, w]), activation="relu", eta=0.05, until=0.05, count=4).moved
                        for w in widths
                    ]
                    for one in range(draws)
                ]
            )  # fmt: skip
            law, mean = power_law(np.array(widths, float), moved), np.exp(np.log(moved).mean(axis=0))
            colour, name = COLOURS[1 + place], ("NTK", "half way", "mean field")[place]
            axes[0, 0].plot(widths, mean, MARKERS[place], color=colour, markersize=3.5)
            r = 1 - float(A)
            words = rf"{name}, $A={A}$: exponent ${-r + 0.0:g}$, slope ${law.exponent:.2f}$"
            line = mean[-1] * (np.array(widths) / widths[-1]) ** -r
            axes[0, 0].plot(widths, line, color=colour, label=words)
        axes[0, 0].set(
            xscale="log", yscale="log", ylim=(0.015, 12), xlabel="width $m$", ylabel="relative change of $h^1$"
        )
        axes[0, 0].legend(fontsize=6, loc="upper right")
        ticks(axes[0, 0].xaxis, widths)
        progress(0.8, "scales")
        moved = np.array(
            [
                [
                    fit(named("ip", 1), m, np.random.default_rng([seed, 9, one]), activation="relu", eta=0.05, until=0.05, count=4, alpha=a).moved
                    for a in scales
                ]
                for one in range(draws)
            ]
        )  # fmt: skip
        mean = np.exp(np.log(moved).mean(axis=0))
        axes[0, 1].plot(
            scales, mean, "o", color=COLOURS[1], markersize=3.5, label=f"mean field times $\\alpha$, $m={m}$"
        )
        x = np.array(scales[1:])
        axes[0, 1].plot(x, mean[-1] * scales[-1] / x, color=COLOURS[1], label=r"$\propto 1/\alpha$")
        axes[0, 1].set(xscale="log", yscale="log", xlabel=r"scale $\alpha$", ylabel="relative change of $h^1$")
        axes[0, 1].legend()
        label_panels(axes)
    return figure


FIGURES: tuple[Figure, ...] = (
    Figure(
        "parameterizations.exponents",
        "exponents of every parameterization, four hidden layers",
        "Exponents of the width: preactivations h and derivatives of the output by them at the start, changes after one step, "
        "ReLU. Negative ones vanish as the width grows.",
        exponent_map,
        1.0,
    ),
    Figure(
        "parameterizations.coordinates",
        "slopes measured over the width beside the exponents, three hidden layers",
        "Slopes over widths 128 to 1024 with two standard errors, 12 draws (points), beside the exponents of the recursion "
        "(ticks). The slopes of IP-LLR still carry small constants at these widths.",
        coordinates,
        8.0,
    ),
    Figure(
        "parameterizations.escape",
        "steps until integrable parameterizations leave their start",
        "Gradient descent on one sample, linear network, loss halved, mean of twelve draws: constant, logarithm, powers of the "
        "width. Each depth has its own rate and is shown over its first width; lines go through the last point.",
        escape,
        10.0,
    ),
    Figure(
        "parameterizations.digits",
        "training loss on digits: IP, IP-LLR, muP, weights with a mean",
        "Digits, four hidden layers of width 256, one rate for all, two seeds; IP-LLR calibrated (cap 20 for ELU, 500 else). "
        "Rates are not tuned: flat against learning is what can be compared, not speeds.",
        losses,
        100.0,
    ),
    Figure(
        "parameterizations.features",
        "one hidden layer: how far features move",
        "Relative change of the hidden preactivations when the loss has fallen to 5%: against the width for output weights that "
        "start like m^-A, and against a factor alpha of the output of the mean field.",
        kernel_to_features,
        4.0,
    ),
)

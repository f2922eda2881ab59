"""Drawings of curves: a run with its theory, and phase diagrams with the boundaries of the phases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import COLOURS, LINES, label_panels, panels, shades, style
from ...numerics.curve import Curve

Array = NDArray[Any]
BLUE, RED, GREY = COLOURS[1], COLOURS[4], "#9a9a9a"
REST = 6
"""Singular values of the noise that are drawn, evenly from the largest down, without the smallest sixth."""

LEVEL_TITLES = {
    "descent": "simulation: gradient descent, width-reduced",
    "flow": "theory: exact Gram flow",
    "mode": r"theory: scalar modes from $A_0=0$, plus $\sigma^4 w\,e^{-4\tau t}$",
}
LEVEL_ROWS = {"descent": "gradient descent", "flow": "exact Gram flow", "mode": "scalar theory"}
PANELS: tuple[tuple[str, str, Callable[[Array], Array]], ...] = (
    ("test error", "least test error", np.asarray),
    ("stable rank", "stable rank there", np.asarray),
    ("iterations", "iterations until then", np.asarray),
    ("distance", r"$\log_{10}$ distance from mixed", np.log10),
)
BOUNDARIES: tuple[tuple[str, str, Any], ...] = (
    ("mixed.active-lazy-boundary", "active | lazy", "-"),
    ("mixed.noise-boundary", "noise active | linear", (0, (5, 1.5))),
    ("mixed.infinite-noise-boundary", "infinite noise above", (0, (3, 1, 1, 1))),
    ("mixed.underparameterised-boundary", r"$w<k$ below", (0, (1, 1))),
)
STROKES: dict[str, dict[str, Any]] = {
    "theory": {**LINES["theory"], "linewidth": 2.8, "alpha": 0.4},
    "gradient descent": {**LINES["gradient descent"], "linewidth": 1.0},
}
"""Theory solid, broad and pale under gradient descent, dashed and thin: both are seen where they agree."""


def mode_colours(count: int) -> list[Any]:
    """Colours of the signal's modes, dark to light."""
    return list(shades(count, "plasma"))


def kinds_legend(*kinds: str) -> list[Any]:
    """Handles that say which line is theory and which is gradient descent."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], color="k", label=kind, **STROKES[kind]) for kind in kinds]


def draw_run(curve: Curve, *, rank: bool = True, title: str = "") -> Any:
    """Train and test error, singular values with the threshold ``sigma^2 w``, stable rank.

    Parameters
    ----------
    curve : of a run; the columns whose names begin with ``theory`` are drawn solid, where there are any.
    rank : whether the stable rank is drawn.
    """
    from matplotlib.lines import Line2D

    given = dict(curve.made_by.parameters)
    sides = [("gradient descent", ""), *([("theory", "theory ")] if "theory loss" in curve.names else [])]
    figure, axes = panels(1, 3 if rank else 2, width="two", height=2.3)
    times, k = curve["time"], int(given["k"])
    errors, values = axes[0, :2]
    with style():
        for kind, prefix in reversed(sides):
            for name, colour in (("loss", BLUE), ("test error", RED)):
                errors.plot(times, curve[f"{prefix}{name}"], color=colour, **STROKES[kind])
            s = curve[f"{prefix}singular values"]
            rest: Any = np.unique(np.linspace(k, max(k, 0.85 * s.shape[1]), REST).astype(int)) if s.shape[1] > k else []
            for place in rest:
                values.plot(times, s[:, place], color=GREY, **STROKES[kind])
            for place, colour in zip(range(k), mode_colours(k)):
                values.plot(times, s[:, place], color=colour, **STROKES[kind])
            if rank:
                axes[0, 2].plot(times, curve[f"{prefix}stable rank"], color=BLUE, **STROKES[kind])
        values.axhline(given["tau"], color="k", linewidth=0.8, linestyle=(0, (4, 1, 1, 1)))
        values.annotate(
            r"$\sigma^2 w$",
            (1, given["tau"]),
            (2, 0),
            ("axes fraction", "data"),
            textcoords="offset points",
            va="center",
        )
        positive = curve["singular values"][:, : k + 1]
        values.set(yscale="log", ylabel=r"singular values $s_i$")
        values.set_ylim(bottom=max(float(positive[positive > 0].min()) / 3, 1e-4 * float(positive.max())))
        errors.set(yscale="log", ylabel="error per entry")
        both = kinds_legend(*(kind for kind, _ in sides))
        shown = [Line2D([], [], color=BLUE, label="train"), Line2D([], [], color=RED, label="test")]
        errors.legend(handles=[*shown, *both])
        words = [Line2D([], [], color=mode_colours(k)[0], label="signal"), Line2D([], [], color=GREY, label="noise")]
        values.legend(handles=words, loc="lower right")
        if rank:
            axes[0, 2].set(ylabel=r"stable rank $\|A\|_F^2/\|A\|_2^2$")
            axes[0, 2].legend(handles=both)
        for ax in axes[0]:
            ax.set(xlabel="time $t$", xlim=(0, times[-1]))
        label_panels(axes)
        figure.suptitle(title or run_title(given), fontsize=8)
    return figure


def run_title(given: dict[str, Any]) -> str:
    """What was run, in a line."""
    shape = f"$d={given['d']}$" if given["d"] == given["d_in"] else f"${given['d']}\\times{given['d_in']}$"
    return (
        f"{shape}, $k={given['k']}$, $w={scientific(given['width'])}$, $\\sigma^2w={scientific(given['tau'])}$, "
        f"{given['cost']} error, {given['order']} updates, $\\eta={scientific(given['eta'])}$"
    )


def scientific(value: float) -> str:
    """A number for mathtext, three digits."""
    text = f"{value:.3g}"
    digits, _, power = text.partition("e")
    if not power:
        return text
    return rf"10^{{{int(power)}}}" if digits == "1" else rf"{digits}\cdot10^{{{int(power)}}}"


def boundary(id: str, sigmas: Array, d: int, k: int) -> Array:
    """Exponent of the width on a boundary, from its formula, against the exponent of the variance."""
    from sympy import lambdify, solve

    from ...theory.mixed import FORMULAS, phases

    statement = next(formula for formula in FORMULAS if formula.id == id).statement
    (value,) = solve(statement, phases.gamma_w)
    line = lambdify((phases.gamma_s, phases.d, phases.k), value, "numpy")
    return np.broadcast_to(np.asarray(line(sigmas, float(d), float(k)), dtype=float), sigmas.shape)


def draw_diagrams(curves: Sequence[Curve]) -> Any:
    """The four published diagrams, a row for each curve, with the boundaries of the phases.

    Parameters
    ----------
    curves : phase diagrams on the same axes. The colours of a column mean the same in all rows.
    """
    from matplotlib.colors import Normalize
    from matplotlib.patheffects import Normal, Stroke
    from matplotlib.ticker import MaxNLocator

    rows = len(curves)
    figure, axes = panels(rows, len(PANELS), width="two", height=1.1 + 1.55 * rows, sharex=True, sharey=True)
    sigmas, widths = curves[0]["gamma_sigma"], curves[0]["gamma_w"]
    given = [dict(curve.made_by.parameters) for curve in curves]
    d, k = int(given[0]["d"]), int(given[0]["k"])
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.08)  # inches; row labels keep off the edge
    outline = [Stroke(linewidth=2.2, foreground="black"), Normal()]
    handles: list[Any] = []
    with style():
        for column, (name, label, view) in enumerate(PANELS):
            shown = [view(np.where(curve[name] > 0, curve[name], np.nan)) for curve in curves]
            finite = np.concatenate([values[np.isfinite(values)] for values in shown])
            norm = Normalize(finite.min(), finite.max()) if finite.size else None
            mesh = None
            for row, values in enumerate(shown):
                ax = axes[row, column]
                if np.isfinite(values).any():
                    mesh = ax.pcolormesh(sigmas, widths, values.T, shading="nearest", norm=norm, rasterized=True)
                else:
                    ax.text(
                        0.5,
                        0.5,
                        "not defined:\nthis theory\nhas $A_0=0$",
                        transform=ax.transAxes,
                        ha="center",
                        va="center",
                    )
            if mesh is not None:
                figure.colorbar(
                    mesh, ax=axes[:, column], location="bottom", label=label, aspect=15, ticks=MaxNLocator(4)
                )
        half = (sigmas[1] - sigmas[0]) / 2, (widths[1] - widths[0]) / 2
        x = np.linspace(sigmas[0] - half[0], sigmas[-1] + half[0], 200)
        for id, words, line in BOUNDARIES:
            y = boundary(id, x, d, k)
            inside = (y > widths[0] - half[1]) & (y < widths[-1] + half[1])
            if not inside.any():
                continue
            for ax in axes.flat:
                if ax.texts:
                    continue
                (drawn,) = ax.plot(
                    x, y, color="white", linestyle=line, linewidth=1.2, path_effects=outline, label=words
                )
            handles.append(drawn)
        for ax in axes.flat:
            ax.set(xlim=(x[0], x[-1]), ylim=(widths[0] - half[1], widths[-1] + half[1]))
        for row, each in enumerate(given):
            lines = f"{LEVEL_ROWS[each['by']]}\n" if rows > 1 else ""
            axes[row, 0].set_ylabel(rf"{lines}$\gamma_w$")
        for ax in axes[-1]:
            ax.set_xlabel(r"$\gamma_{\sigma}$")
        label_panels(axes)
        of = LEVEL_TITLES[given[0]["by"]] if rows == 1 else "phase diagrams by simulation and by theory"
        figure.suptitle(f"{of}; $d={d}$, $k={k}$, ${len(sigmas)}\\times{len(widths)}$ points", fontsize=8)
        if handles:
            legend = figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), handlelength=3)
            legend.get_frame().set(facecolor="#cfcfcf", alpha=1.0, linewidth=0)
            legend.set_frame_on(True)
    return figure

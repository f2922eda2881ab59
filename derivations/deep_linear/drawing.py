"""Drawings: a run with its saddles, and exponents of distances over the size of the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import COLOURS, MARKERS, label_panels, panels, shades, style
from ...numerics.curve import Curve

Array = NDArray[Any]
GREY = "#9a9a9a"
SPARE = 1
"""Singular values that are drawn beyond those of the target."""


def scientific(value: float) -> str:
    """A number for mathtext, three digits."""
    digits, _, power = f"{value:.3g}".partition("e")
    if not power:
        return digits
    return rf"10^{{{int(power)}}}" if digits == "1" else rf"{digits}\cdot10^{{{int(power)}}}"


def draw_run(curve: Curve) -> Any:
    """Loss, with circles where the norm of the gradient is least on a plateau, and singular values below each other."""
    given = dict(curve.made_by.parameters)
    figure, axes = panels(1, 2, width="two", height=2.5)
    left, right = axes[0]
    times, loss, s = curve["time"], curve["loss"], curve["singular values"]
    at = np.flatnonzero(curve["saddle"] >= 0)
    goals = sorted(given["s"], reverse=True)
    with style():
        left.plot(times, loss, color=COLOURS[1], label="loss")
        if "test error" in curve.names:
            left.plot(times, curve["test error"], color=COLOURS[2], linestyle=(0, (4, 1.5)), label="test error (rms)")
        if at.size:
            left.plot(times[at], loss[at], "o", color="k", markerfacecolor="w", markersize=5, label="saddle found")
        for place in at:
            words = f"rank {int(curve['saddle'][place])}"
            left.annotate(words, (times[place], loss[place]), (7, 2), textcoords="offset points", va="bottom")
        floor = max(float(loss.max()) * 1e-9, float(loss.min()) / 3, 1e-300)
        left.set(yscale="log", ylabel="loss", ylim=(floor, 8 * float(loss.max())))
        for value in goals:
            right.axhline(value, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
        shown = min(s.shape[1], len(goals) + SPARE)
        for mode, colour in enumerate(shades(shown, "plasma"), 1):
            right.plot(times, s[:, mode - 1], color=colour, label=rf"$s_{{{mode}}}$")
        for place in at:
            right.axvline(times[place], color="k", linewidth=0.6, linestyle=(0, (4, 2)), zorder=0)
        right.set(ylabel="singular values of $A$", ylim=(0, 1.08 * max(float(s.max()), goals[0])))
        for ax in axes[0]:
            ax.set(xlabel="time $t$", xlim=(0, times[-1]))
        left.legend(loc="lower left")
        right.legend(ncols=2)
        label_panels(axes)
        figure.suptitle(run_title(given), fontsize=8)
    return figure


def run_title(given: dict[str, Any]) -> str:
    """What was run, in a line."""
    how = rf"gradient descent, $\eta={scientific(given['eta'])}$" if given["eta"] else "gradient flow"
    decay = rf", $\lambda={scientific(given['decay'])}$" if given["decay"] else ""
    return (
        f"{given['cost']}, $L={given['L']}$, $d={given['d']}$, $w={given['width']}$, {given['start']} start, "
        rf"scale ${scientific(given['scale'])}${decay}; {how}"
    )


def exponent(id: str, gamma: Any, L: int) -> Array:
    """An exponent of the width by its formula."""
    from ...numerics.lower import lower_formula
    from ...theory.deep_linear import FORMULAS

    formula = next(one for one in FORMULAS if one.id == f"deep-linear.{id}")
    given = {"gamma": np.asarray(gamma, dtype=float), "L": L}
    return np.asarray(lower_formula(formula)(**{name: given[name] for name in map(str, formula.parameters)}))


def saddle_exponent(gamma: Any, L: int = 2) -> Array:
    """Exponent of the distance to the nearest critical point that is no global minimum."""
    return exponent("saddle-exponent", gamma, L)


def minimum_exponent(gamma: Any, L: int) -> Array:
    """Exponent of the distance to the nearest global minimum; zero from the transition on, where the distance has a limit."""
    gamma = np.asarray(gamma, dtype=float)
    return np.where(gamma < 1, exponent("minimum-exponent", np.minimum(gamma, 1.0), L), 0.0)


def ratio_exponent(gamma: Any, L: int) -> Array:
    """Exponent of ``d_s/d_m`` in the width."""
    return np.asarray(saddle_exponent(gamma) - minimum_exponent(gamma, L))


def draw_exponents(curve: Curve) -> Any:
    """Measured exponents of both distances and of their ratio over gamma, with those of the theory as lines."""
    gamma, depths = curve["gamma"], curve["L"].astype(int)
    figure, axes = panels(1, 3, width="two", height=2.6)
    fine = np.linspace(gamma[0], gamma[-1], 400)
    names: Sequence[tuple[str, str, Any]] = (
        ("exponent d_m", r"exponent of $d_m$", minimum_exponent),
        ("exponent d_s", r"exponent of $d_s$", saddle_exponent),
        ("exponent ratio", r"exponent of $d_s/d_m$", ratio_exponent),
    )
    colours = [COLOURS[1], COLOURS[2], COLOURS[3]]
    with style():
        for ax, (name, label, rule) in zip(axes[0], names):
            for place, L in enumerate(depths):
                ax.plot(fine, rule(fine, L), color=colours[place], linewidth=2.4, alpha=0.4)
                ax.plot(
                    gamma,
                    curve[name][:, place, 0],
                    MARKERS[place],
                    color=colours[place],
                    markersize=3.5,
                    label=f"$L={L}$",
                    clip_on=False,
                )
            ax.axvline(1, color="k", linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
            ax.axhline(0, color=GREY, linewidth=0.5, zorder=0)
            ax.set(xlabel=r"$\gamma$ in $\sigma^2=w^{-\gamma}$", ylabel=label, xlim=(gamma[0], gamma[-1]))
        axes[0, 0].legend()
        label_panels(axes)
        w = [scientific(float(one)) for one in curve["width"]]
        figure.suptitle(
            rf"sampled at $w={w[0]}$ and ${w[-1]}$ (points) and theory for $w\to\infty$ (lines)", fontsize=8
        )
    return figure

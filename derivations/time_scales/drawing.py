"""Drawings of runs: risk with plateaus, learned coefficients, predicted times."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...figures import MARKERS, label_panels, panels, shades, style
from ...numerics.curve import Curve

Array = NDArray[Any]
FAINT = {"color": "#9a9a9a", "linewidth": 0.6, "linestyle": (0, (1, 2)), "zorder": 0}


def draw_plateaus(ax: Any, phi: Any, missing: float = 0.0) -> None:
    """Dotted lines at half the sum of the squares of the coefficients that are not learned yet."""
    for degree in range(1, len(phi)):
        if phi[degree]:
            ax.axhline(missing / 2 + sum(one**2 for one in phi[degree:]) / 2, **FAINT)


def draw_run(curve: Curve) -> Any:
    """Risk and learned share of each degree against log time; dashed lines are the predicted half times."""
    given = dict(curve.made_by.parameters)
    sigma, phi = np.array(given["sigma"]), np.array(given["phi"])
    degrees = [k for k in range(len(phi)) if sigma[k] * phi[k]]
    figure, axes = panels(1, 2, width="two", height=2.7)
    risk, learned = axes[0]
    keep = curve["time"] > 0
    times = curve["time"][keep]
    colours = shades(max(len(degrees), 2), "plasma")
    with style():
        risk.plot(times, curve["risk"][keep], color="k")
        draw_plateaus(risk, phi, float(given["missing"]))
        for place, (k, colour) in enumerate(zip(degrees, colours)):
            share = sigma[k] * curve["moments"][keep, k] / phi[k]
            marks = slice(place * 20 + 10, None, max(len(times) // 8, 1))
            learned.plot(times, share, color=colour)
            learned.plot(times[marks], share[marks], MARKERS[place % len(MARKERS)], color=colour, markersize=3)
            learned.plot([], [], color=colour, marker=MARKERS[place % len(MARKERS)], markersize=3, label=f"degree {k}")
        for k, time in given["predicted"]:
            for ax in (risk, learned):
                ax.axvline(time, color="k", linewidth=0.7, linestyle=(0, (4, 2)), zorder=0)
            risk.annotate(
                f"$t_{{{int(k)}}}$", (time, 1), (2, -8), ("data", "axes fraction"), textcoords="offset points"
            )
        learned.set(ylim=(-0.1, 1.25), ylabel=r"learned share $\sigma_kM_k/\varphi_k$")
        risk.set(ylabel="population risk")
        risk.set_ylim(bottom=0)
        for ax in axes[0]:
            ax.set(xscale="log", xlabel="time $t$", xlim=(times[0], times[-1]))
        label_panels(axes)
        figure.legend(*learned.get_legend_handles_labels(), loc="outside lower center", ncols=min(len(degrees), 6))
        d = "" if given["d"] is None else f", $d={given['d']}$"
        figure.suptitle(rf"{given['level']}, $\epsilon={given['eps']:g}$, $m={given['m']}${d}", fontsize=8)
    return figure

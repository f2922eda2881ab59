"""Figures of the time-scales: plateaus and falls of the risk."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...figures import panels, shades, style
from ...numerics.time_scales import Task, simulate, weights
from ..paper import Figure, Progress

SIGMA, PHI = (1.0, 1.0, 1.0, 1.0), (0.5, 1.0, 0.8, 0.6)
RATIOS = (1e-8, 1e-10, 1e-12)
NEURONS = 8


def plateaus(seed: int, progress: Progress) -> Any:
    """Risk of the mean field with few neurons against the logarithm of time, for small ratios of time-scales."""
    figure, axes = panels(1, 1, width="one")
    ax = axes[0, 0]
    a = weights(NEURONS)
    with style():
        for place, (eps, colour) in enumerate(zip(RATIOS, shades(len(RATIOS)))):
            progress(place / len(RATIOS), f"eps = {eps:g}")
            end = 4 * eps ** (1 / 6)
            times = np.concatenate([[0.0], np.geomspace(eps / 30, end, 800)])
            curve = simulate("mean-field", Task(SIGMA, PHI, eps), times, a, 0 * a, rtol=1e-8, warn=False)
            exponent = round(np.log10(eps))
            label = rf"$\epsilon=10^{{{exponent}}}$"
            ax.plot(times[1:], curve["risk"][1:], color=colour, label=label)
        for degree in range(1, len(PHI)):
            level = sum(one**2 for one in PHI[degree:]) / 2
            ax.axhline(level, color="#9a9a9a", linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
        ax.set_xscale("log")
        ax.set_xlabel("time $t$")
        ax.set_ylabel("population risk")
        ax.legend()
    return figure


FIGURES = (
    Figure(
        "time-scales.plateaus",
        "risk against log time: one fall for each degree of the target",
        "Mean field with 8 neurons and degrees 0 to 3; dotted lines are half the sum of the squares of the coefficients that "
        "are not learned yet. The times of the falls separate only as eps tends to zero.",
        plateaus,
        2.0,
    ),
)

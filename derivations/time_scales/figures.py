"""Figures of the time-scales: plateaus and falls, times against eps, finite width and dimension, SGD, a broken order."""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import lambdify

from ...figures import MARKERS, label_panels, panels, shades, style
from ...numerics.time_scales import Task, directions, overlaps, simulate, weights
from ...theory.time_scales.finite import d
from ..chain import Book
from ..paper import Figure, Progress
from .compare_sgd import FALL, falling, one_pass, slopes
from .compare_tools import PHI, SIGMA, expression, half_time, log_times, rates_of
from .drawing import draw_plateaus
from .simulate import predictions

RATIOS = (1e-8, 1e-10, 1e-12)
NEURONS = 8


def plateaus(seed: int, progress: Progress) -> Any:
    """Risk of the mean field with few neurons against the logarithm of time, with the predicted times."""
    figure, axes = panels(1, 1, width="one")
    ax, a = axes[0, 0], weights(NEURONS)
    with style():
        for place, (eps, colour) in enumerate(zip(RATIOS, shades(len(RATIOS)))):
            progress(place / len(RATIOS), f"eps = {eps:g}")
            task, times = Task(SIGMA, PHI, eps), log_times(eps, 4 * eps ** (1 / 6), 800)
            curve = simulate("mean-field", task, times, a, 0 * a, rtol=1e-8, warn=False)
            label = rf"$\epsilon=10^{{{round(np.log10(eps))}}}$"
            ax.plot(times[1:], curve["risk"][1:], color=colour, label=label)
            halves = np.array(list(predictions(task, a).values()))
            heights = np.interp(np.log(halves), np.log(times[1:]), curve["risk"][1:])
            ax.plot(halves, heights, MARKERS[place], color=colour, markersize=4, markeredgecolor="k")
        ax.plot([], [], "o", color="w", markeredgecolor="k", markersize=4, label="predicted $t_0, t_1, t_2$")
        draw_plateaus(ax, PHI)
        ax.set(xscale="log", xlabel="time $t$", ylabel="population risk")
        ax.legend()
    return figure


def sizes(seed: int, progress: Progress) -> Any:
    """Largest weight and overlap against log time, with the sizes that belong to each degree."""
    figure, axes = panels(1, 2, width="two", height=2.5)
    eps, a = 1e-12, weights(NEURONS)
    task, times = Task(SIGMA, PHI, eps), log_times(eps, 4 * eps ** (1 / 6), 800)
    curve = simulate("mean-field", task, times, a, 0 * a, rtol=1e-8, warn=False)
    progress(0.7, "drawing")
    halves = [half_time(curve, task, k) for k in range(len(PHI))]
    with style():
        for ax, name, power in ((axes[0, 0], "a", -0.5), (axes[0, 1], "s", 0.5)):
            ax.plot(times[1:], np.abs(curve[name][1:]).max(axis=1), color="k", label=rf"$\max_i|{name}_i|$")
            for k, time in enumerate(halves):
                ax.axvline(time, color="#9a9a9a", linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
                if k == 0 and name == "s":  # overlaps start from zero, and have no balance yet
                    continue
                size = eps ** (power * k / (k + 1)) if name == "a" else eps ** (power / (k + 1))
                label = r"$\epsilon^{-l/(2(l+1))}$" if name == "a" else r"$\epsilon^{1/(2(l+1))}$"
                ax.plot(time, size, MARKERS[1], color="#e07b39", markersize=5, label=label if k == 1 else None)
            ax.set(xscale="log", yscale="log", xlabel="time $t$", ylabel=f"size of ${name}$")
            ax.legend(loc="upper left")
        label_panels(axes)
        figure.suptitle(
            rf"$\epsilon=10^{{-12}}$, $m={NEURONS}$; dotted: half of degree $l=0,1,2,3$ learned", fontsize=8
        )
    return figure


def times(seed: int, progress: Progress) -> Any:
    """Half times against eps: measured, by the book, and a straight line through the large ratios."""
    figure, axes = panels(1, 1, width="one", height=3.0)
    ax, a, m = axes[0, 0], weights(4), 4
    ratios = np.geomspace(1e-2, 1e-16, 15)
    with style():
        found = []
        for place, eps in enumerate(ratios):
            progress(place / len(ratios), f"eps = {eps:.0e}")
            task = Task(SIGMA[:3], PHI[:3], float(eps))
            path = log_times(float(eps), 4 * eps**0.25, 2000)
            run = simulate("mean-field", task, path, a, 0 * a, rtol=1e-8, warn=False)
            found.append([half_time(run, task, k) for k in range(3)])
        measured = np.array(found)
        book = [predictions(Task(SIGMA[:3], PHI[:3], float(eps)), a) for eps in ratios]
        for k, colour in enumerate(shades(3, "plasma")):
            ax.plot(ratios, [one.get(k, np.nan) for one in book], color=colour, linewidth=2.8, alpha=0.4)
            ax.plot(ratios, measured[:, k], MARKERS[k], color=colour, markersize=3.5, label=f"$t_{k}$ measured")
        early = ratios >= 1e-7
        line = np.polyfit(np.log(ratios[early]), np.log(measured[early, 2]), 1)
        ax.plot(
            ratios,
            np.exp(np.polyval(line, np.log(ratios))),
            color="k",
            linewidth=0.8,
            linestyle=(0, (4, 2)),
            label=rf"fit of $t_2$ above $10^{{-7}}$: $\epsilon^{{{line[0]:.2f}}}$",
        )
        ax.plot([], [], color="grey", linewidth=2.8, alpha=0.6, label="theory")
        ax.set(xscale="log", yscale="log", xlabel=r"ratio of time-scales $\epsilon$", ylabel="half time")
        ax.set_title(f"$m={m}$", fontsize=8)
        ax.legend()
    return figure


DIMENSIONS, SEEDS = (100, 200, 400, 800, 1600), 16


def finite_width(seed: int, progress: Progress) -> Any:
    """Risk of the closed equations at several widths, of the diagonal and of the mean field; time of degree 1 over dimension."""
    figure, axes = panels(1, 2, width="two", height=2.8)
    with style():
        draw_widths(axes[0, 0], progress)
        draw_dimensions(axes[0, 1], seed, progress)
        label_panels(axes)
    return figure


def draw_widths(ax: Any, progress: Progress) -> None:
    """Risk over time from orthogonal neurons."""
    eps, path, widths = 1e-2, np.linspace(0, 0.4, 161), (10, 20, 40, 80)
    for place, (m, colour) in enumerate(zip(widths, shades(len(widths)))):
        progress(place / len(widths) / 2, f"m = {m}")
        task, a = Task(SIGMA, PHI, eps), weights(m)
        s, r = overlaps(np.eye(m, m + 1, 1))
        exact = simulate("order-parameters", task, path, a, s, r, rtol=1e-8)
        corrected = simulate("diagonal", task, path, a, s, rtol=1e-8)
        ax.plot(path, exact["risk"], color=colour, label=f"$m={m}$")
        ax.plot(path, corrected["risk"], color=colour, linestyle=(0, (4, 1.5)))
    mean = simulate("mean-field", task, path, a, s, warn=False)
    ax.plot(path, mean["risk"], color="k", linewidth=1.0, linestyle=(0, (1, 1)), label="mean field")
    ax.plot([], [], color="grey", linestyle=(0, (4, 1.5)), label="with diagonal")
    ax.set(xlabel="time $t$", ylabel="population risk", xlim=(0, 0.4))
    ax.legend()


def draw_dimensions(ax: Any, seed: int, progress: Progress) -> None:
    """How much earlier degree 1 is learned from random first-layer weights, by closed equations and by the book."""
    from ...theory.time_scales import FORMULAS

    book, m, path = Book.of(*FORMULAS), 40, np.linspace(0, 0.4, 161)
    a, every = weights(m), np.geomspace(80, 2000, 60)
    for place, (eps, colour) in enumerate(zip((1e-2, 3e-3), shades(2))):
        task = Task(SIGMA[:2], PHI[:2], eps)
        given = rates_of(task) | {"m": m, "V_0": float(a.var())}
        value = lambdify(d, expression(book, "half-time-one-finite", **given), "numpy")
        ax.plot(every, value(np.inf) - value(every), color=colour, label=rf"$\epsilon={eps:g}$")

        def learned(u: Any, task: Task = task) -> float:
            return half_time(simulate("order-parameters", task, path, a, u=u, rtol=1e-7), task, 1)

        base, shift = learned(np.eye(m, m + 1, 1)), np.empty((len(DIMENSIONS), SEEDS))
        for row, dimension in enumerate(DIMENSIONS):
            progress(0.5 + (place + row / len(DIMENSIONS)) / 4, f"eps = {eps:g}, d = {dimension}")
            rng = np.random.default_rng(np.random.SeedSequence([seed, place, row]))
            shift[row] = [base - learned(directions(m, dimension, rng)) for _ in range(SEEDS)]
        error = shift.std(axis=1, ddof=1) / np.sqrt(SEEDS)
        ax.errorbar(DIMENSIONS, shift.mean(axis=1), error, fmt=MARKERS[place], color=colour, markersize=3.5, capsize=2)
    ax.errorbar([], [], [], fmt=MARKERS[0], color="grey", markersize=3.5, label=f"mean of {SEEDS} starts")
    ax.plot([], [], color="grey", label="estimate")
    ax.set(xscale="log", yscale="log", xlabel="dimension $d$", ylabel=r"degree 1 earlier by $t_1(\infty)-t_1(d)$")
    ax.legend()


def stochastic_peaks(seed: int, progress: Progress) -> Any:
    """Risk and its log slope for one-pass stochastic gradient descent and for the closed equations."""
    figure, axes = panels(1, 2, width="two", height=2.6)
    problem = falling(np.random.SeedSequence(seed))
    progress(0.1, "closed equations")
    theory = simulate("order-parameters", problem.task, problem.times, problem.a, u=problem.u, rtol=1e-8)
    progress(0.3, "stochastic gradient descent")
    observed = one_pass(problem, seed)
    with style():
        for curve, words, look in (
            (theory, "closed equations", {"color": "k", "linewidth": 1.0}),
            (observed, "SGD, growing batches", {"color": "#e07b39", "marker": MARKERS[0], "markersize": 3}),
        ):
            found, times, risk = slopes(curve), curve["time"][1:], curve["risk"][1:]
            if "marker" in look:
                look["linestyle"] = "none"
                times, risk = times[::3], risk[::3]
            axes[0, 0].plot(times, risk, label=words, **look)
            axes[0, 1].plot(found.times, found.slope, label=words, **look)
        draw_plateaus(axes[0, 0], FALL)
        for ax, label in zip(axes[0], ("population risk", r"$-d\,\log R/d\,\log t$")):
            ax.set(xscale="log", xlabel="time $t$", ylabel=label)
        axes[0, 0].set_ylim(bottom=0)
        axes[0, 1].set_ylim(bottom=0)
        axes[0, 0].legend()
        label_panels(axes)
    return figure


CASES = (
    ("no gap, $+0.6$", (0.5, 1.0, 0.8, 0.6)),
    ("gap at 2, $+0.6$", (0.5, 1.0, 0.0, 0.6)),
    ("gap at 2, $-0.6$", (0.5, 1.0, 0.0, -0.6)),
)


def failing(seed: int, progress: Progress) -> Any:
    """Learned share of degree 3 without a gap, and with a gap of either sign."""
    figure, axes = panels(1, 1, width="one")
    ax, eps, a = axes[0, 0], 1e-8, weights(16)
    with style():
        for place, ((words, phi), colour) in enumerate(zip(CASES, shades(len(CASES), "plasma"))):
            task, path = Task(SIGMA, phi, eps), log_times(eps, 20.0, 800)
            if phi[2]:
                path = path[path < 3 * eps ** (1 / 6)]
            run = simulate("mean-field", task, path, a, 0 * a, rtol=1e-8, warn=False)
            share = run["moments"][1:, 3] / phi[3]
            ax.plot(path[1:], share, color=colour)
            keep = slice(40 + 20 * place, None, 70)
            ax.plot(path[1:][keep], share[keep], MARKERS[place], color=colour, markersize=3.5)
            ax.plot([], [], color=colour, marker=MARKERS[place], markersize=3.5, label=words)
        ax.set(xscale="log", xlabel="time $t$", ylabel=r"learned share of degree 3", xlim=(1e-4, 20))
        ax.legend(loc="upper left")
    return figure


FIGURES = (
    Figure(
        "time-scales.plateaus",
        "risk against log time: one fall for each degree of the target",
        "Mean field with 8 neurons and degrees 0 to 3; dotted lines are half the sum of the squares of the coefficients that "
        "are not learned yet, points the predicted half times of degrees 0 to 2. Falls separate only as eps tends to zero.",
        plateaus,
        3.0,
    ),
    Figure(
        "time-scales.sizes",
        "sizes of weights and overlaps in every phase",
        "Largest second-layer weight and overlap of the mean field; squares are the powers of eps of dominant balance, "
        "without prefactors, at the half time of each degree; overlaps start from zero and have no such size at degree 0.",
        sizes,
        1.0,
    ),
    Figure(
        "time-scales.times",
        "half times against the ratio of time-scales",
        "Half times of degrees 0 to 2 in the mean field (points) and by the corrected law (broad lines); the dashed line is a "
        "power law fitted where the ratio is not small: its exponent is not 1/4.",
        times,
        3.0,
    ),
    Figure(
        "time-scales.finite-width",
        "finite width against diagonal and mean field; time of degree 1 over dimension",
        "(a) Risk at eps = 1e-2 from orthogonal neurons: closed equations (solid), mean field with the diagonal (dashed), and "
        "mean field (dotted). (b) Degrees 0 and 1, 40 neurons: how much earlier degree 1 is learned from random first-layer "
        "weights than in infinite dimension; closed equations (points, one standard error) and the estimate (lines).",
        finite_width,
        8.0,
    ),
    Figure(
        "time-scales.sgd",
        "one-pass stochastic gradient descent: risk and its log slope against log time",
        "32 neurons in 60 dimensions, eps = 3e-3, degrees 0 to 2, batches that grow with time, one run; dotted lines are half "
        "the sum of the squares of the coefficients that are not learned yet. The slope is taken over 14 cells of log time.",
        stochastic_peaks,
        4.0,
    ),
    Figure(
        "time-scales.broken-order",
        "degree 3 with and without a gap",
        "Learned share of degree 3 at eps = 1e-8: without a gap early, with a gap of the right sign in a time of order one, "
        "with the wrong sign never within the run.",
        failing,
        1.0,
    ),
)

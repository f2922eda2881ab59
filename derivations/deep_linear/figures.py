"""Figures of deep linear networks: saddles, regimes, escape, decay, width."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ...figures import COLOURS, LINES, MARKERS, label_panels, panels, shades, style
from ...numerics.deep_linear.infinite import infinite_mode
from ...numerics.deep_linear.law import three_layers, two_layers
from ...numerics.deep_linear.network import flatten, gaussian, product
from ...numerics.deep_linear.paths import minimum, thresholds
from ...numerics.fit import power_law
from ...numerics.threads import one_thread
from ..paper import Figure, Progress
from .compare_tools import optimal, rotated, stretched
from .compare_width import batch
from .drawing import GREY, draw_run, minimum_exponent, ratio_exponent, saddle_exponent
from .simulate import SimulateSettings, run_simulate

Draw = Callable[[int, Progress], Any]
DASHED, DOTTED = LINES["gradient descent"]["linestyle"], LINES["ode"]["linestyle"]
PALE: dict[str, Any] = {"linewidth": 2.8, "alpha": 0.4}
"""Theory broad and pale under what is measured."""


def light(draw: Draw) -> Draw:
    """The figure drawn on one BLAS thread: its matrices are small."""

    @wraps(draw)
    def alone(seed: int, progress: Progress) -> Any:
        with one_thread():
            return draw(seed, progress)

    return alone


def staircase(seed: int, progress: Progress) -> Any:
    """The deterministic completion from a small start, three layers."""
    return draw_run(run_simulate(SimulateSettings(seed=seed), progress))


def regimes(seed: int, progress: Progress) -> Any:
    """Exponents of both distances and of their ratio over gamma and the depth."""
    figure, axes = panels(1, 3, width="two", height=2.9, sharey=True)
    gamma, depths = np.linspace(0, 2, 401), np.arange(2, 11)
    fields = (
        (r"$d_m$: nearest global minimum", minimum_exponent),
        (r"$d_s$: nearest other critical point", saddle_exponent),
        (r"ratio $d_s/d_m$", ratio_exponent),
    )
    from matplotlib.patheffects import Normal, Stroke

    outline = [Stroke(linewidth=2.6, foreground="black"), Normal()]
    with style():
        for ax, (title, rule) in zip(axes[0], fields):
            values = np.array([rule(gamma, int(L)) for L in depths])
            mesh = ax.pcolormesh(
                gamma, depths, values, shading="nearest", cmap="cividis", vmin=-0.5, vmax=0.5, rasterized=True
            )
            # steps, because the depth is an integer
            edge = np.repeat(1 - 1 / depths, 2)
            steps = np.ravel([depths - 0.5, depths + 0.5], order="F")
            ax.plot(edge, steps, color="w", linestyle=DASHED, path_effects=outline)
            ax.axvline(1, color="w", path_effects=outline)
            ax.set(xlabel=r"$\gamma$ in $\sigma^2=w^{-\gamma}$", title=title)
            ax.set_yticks(depths[::2])
        axes[0, 0].set_ylabel("depth $L$")
        last = axes[0, 2]
        last.annotate("tangent\nkernel:\n$1-1/L$", (0.04, 3.0), color="k", fontsize=7)
        last.annotate("lazy", (0.3, 8.5), color="k", ha="center", fontsize=8)
        last.annotate("saddle to\nsaddle", (1.5, 8.2), color="w", ha="center", fontsize=8)
        last.annotate(r"$\gamma=1$", (1.08, 4.0), color="w", fontsize=8)
        figure.colorbar(mesh, ax=axes, label="exponent of the width $w$", location="bottom", aspect=40)
    return figure


def escape(seed: int, progress: Progress) -> Any:
    """Radius along the optimal direction, times of blow-up from random starts, alignment."""
    figure, axes = panels(1, 3, width="two", height=2.5)
    rng, g = np.random.default_rng([seed, 3]), np.diag([2.0, 1.0, 0.5])
    radius, blow, turn = axes[0]
    with style():
        for L, colour in zip((3, 4, 5), (COLOURS[1], COLOURS[2], COLOURS[4])):
            r_0, c = 0.1, 2.0 * L ** (1 - L / 2)
            T = r_0 ** (2 - L) / ((L - 2) * c)
            t, states = stretched(
                rotated(optimal(L, 4, 3, 3, r_0), rng), g, np.linspace(0, 6 / ((L - 2) * c), 25), 1e-9
            )
            fine = np.linspace(0, 0.9975, 400)
            radius.plot(fine, (1 - fine) ** (-1 / (L - 2)), color=colour, **PALE)
            radius.plot(
                t / T,
                [np.linalg.norm(flatten(one)) / r_0 for one in states],
                MARKERS[L - 3],
                color=colour,
                label=f"$L={L}$",
            )
        radius.set(yscale="log", xlabel="time over blow-up time", ylabel="$r/r_0$", xlim=(0, 1.02))
        radius.legend()
        progress(0.3, "blow-up")
        alphas = np.geomspace(1, 1e-3, 7)
        for L, colour in zip((3, 4), (COLOURS[1], COLOURS[2])):
            unit, c = gaussian(3, 3, 5, L, 0.5, rng), 2.0 * L ** (1 - L / 2)
            times = []
            for alpha in alphas:
                at, _ = stretched(tuple(alpha * W for W in unit), g, np.array([20 / ((L - 2) * c) + 5]), 1e-9)
                times.append(float(at[-1]))
            bound = (alphas * np.linalg.norm(flatten(unit))) ** (2 - L) / ((L - 2) * c)
            blow.plot(alphas, times[0] * alphas ** (2.0 - L), color=colour, **PALE)
            blow.plot(alphas, times, MARKERS[L - 3], color=colour, markersize=4, label=f"$L={L}$")
            blow.plot(alphas, bound, color=colour, linestyle=DOTTED)
        blow.set(xscale="log", yscale="log", xlabel=r"size of the start $\alpha$", ylabel="time of blow-up")
        blow.plot([], [], color="k", linestyle=DOTTED, label="optimal start")
        blow.legend()
        progress(0.6, "alignment")
        for L, colour, mark in zip((2, 3, 4), (COLOURS[0], COLOURS[1], COLOURS[2]), ("-", DASHED, DOTTED)):
            start, c = gaussian(3, 3, 5, L, 1.0, rng), 2.0 * L ** (1 - L / 2)
            _, states = stretched(start, g, np.linspace(0, 14 / c + 4, 300), 1e-10)
            r = np.array([np.linalg.norm(flatten(one)) for one in states])
            U, _, Vt = np.linalg.svd(np.array([product(one) for one in states]))
            eps = np.abs(U[:, 1, 0] / U[:, 0, 0] + Vt[:, 0, 1] / Vt[:, 0, 0]) / 2
            turn.plot(r / r[0], eps, color=colour, linestyle=mark, label=f"$L={L}$")
        x = np.array([1e1, 1e6])
        turn.plot(x, 3 * x**-0.5, color=GREY, **PALE)
        turn.annotate(r"$r^{-(1-g_2/g_1)}$", (3e3, 0.08), fontsize=7)
        turn.set(xscale="log", yscale="log", xlabel="$r/r_0$", ylabel="misalignment", xlim=(1, 1e6), ylim=(1e-6, 10))
        turn.legend(loc="lower left")
        label_panels(axes)
    return figure


def decay(seed: int, progress: Progress) -> Any:
    """Loss of one mode with weight decay at three layers, and its minima against the decay at depths 2, 3, 4."""
    figure, axes = panels(1, 2, width="two", height=2.7)
    left, right = axes[0]
    x, (local, globally) = np.linspace(0, 1.12, 400), thresholds(1.0, 3)
    chosen = (
        (0.6 * globally, r"$0.6\,\lambda_{\mathrm{glob}}$"), (globally, r"$\lambda_{\mathrm{glob}}$"),
        (local, r"$\lambda_{\mathrm{loc}}$"), (1.15 * local, r"$1.15\,\lambda_{\mathrm{loc}}$"),
    )  # fmt: skip
    with style():
        for (lam, label), colour in zip(chosen, shades(4, "plasma")):
            loss = lambda x, lam=lam: (x**3 - 1) ** 2 / 2 + 1.5 * lam * x**2  # noqa: E731
            left.plot(x, loss(x), color=colour, label=label)
            s = minimum(1.0, lam, 3)
            if np.isfinite(s):
                left.plot(s ** (1 / 3), loss(s ** (1 / 3)), "o", color=colour, markersize=4)
        left.plot(0, 0.5, "ks", markersize=4)
        left.set(
            xlabel="strength of every layer $x=s^{1/L}$", ylabel="loss with decay", xlim=(-0.02, 1.12), ylim=(0, 1.0)
        )
        left.legend(title="$L=3$", loc="upper left")
        for L, paint in zip((2, 3, 4), (COLOURS[1], COLOURS[2], COLOURS[4])):
            local, globally = thresholds(1.0, L)
            decays = np.linspace(0, local, 300)[:-1]
            roots = np.array([minimum(1.0, one, L) for one in decays])
            is_global = decays <= globally
            right.plot(decays[is_global], roots[is_global], color=paint, label=f"$L={L}$")
            if L > 2:
                right.plot(decays[~is_global], roots[~is_global], color=paint, linestyle=DASHED)
                jump, edge = minimum(1.0, globally, L), (L - 2) / (2 * (L - 1))
                right.plot([globally] * 2, [0, jump], color=paint, linewidth=0.8, linestyle=DOTTED)
                right.annotate(
                    "", (local, 0.0), (local, edge), arrowprops={"arrowstyle": "->", "color": paint, "linewidth": 0.9}
                )
                right.plot(local, edge, "o", color=paint, markersize=4)
                right.plot(globally, jump, "D", color=paint, markersize=3.5)
        right.plot([], [], color="k", linestyle=DASHED, label="local only")
        right.plot([], [], "D", color="k", markersize=3.5, label=r"$\lambda_{\mathrm{glob}}$: jump")
        right.plot([], [], "o", color="k", markersize=4, label=r"$\lambda_{\mathrm{loc}}$: gone")
        right.set(xlabel=r"weight decay $\lambda$", ylabel="singular value $s$", xlim=(0, 1.05), ylim=(-0.02, 1.05))
        right.legend()
        label_panels(axes)
    return figure


def width(seed: int, progress: Progress) -> Any:
    """One mode at infinite width over sampled widths, and the deviation against the width."""
    figure, axes = panels(1, 3, width="two", height=2.5)
    from .compare_width import TIMES

    widths, draws, rng = (30, 100, 1000), 60, np.random.default_rng([seed, 4])
    fine = np.linspace(0, TIMES[-1], 100)
    colours = (COLOURS[4], COLOURS[2], COLOURS[1])
    with style():
        for ax, L in zip(axes[0, :2], (2, 3)):
            limit = infinite_mode(fine, 1.0, 1.0, L)["p"]
            goal = infinite_mode(np.concatenate([[0.0], TIMES]), 1.0, 1.0, L)["p"][1:]
            rms = []
            for w, colour in zip(widths, colours):
                progress(0.5 * (L - 2), f"depth {L}, width {w}")
                nets = [
                    two_layers(1, 1, w, 1.0, rng) if L == 2 else three_layers(1, 1, w, 1.0, 8, rng)
                    for _ in range(draws)
                ]
                p = batch(tuple(np.array(layer) for layer in zip(*nets)))
                rms.append(np.sqrt(((p - goal) ** 2).mean(axis=1)))
                part = slice(widths.index(w), None, len(widths))  # every width at its own times, to be told apart
                low, middle, high = np.quantile(p[:, part], [0.05, 0.5, 0.95], axis=0)
                ax.errorbar(
                    TIMES[part], middle, [middle - low, high - middle], fmt=MARKERS[widths.index(w)], color=colour, markersize=2.5,
                    linewidth=0.9, label=f"$w={w}$",
                )  # fmt: skip
            ax.plot(fine, limit, color="k", label=r"$w=\infty$", zorder=3, linewidth=1)
            ax.set(xlabel="time $t$", ylabel="map $p$" if L == 2 else None, title=f"$L={L}$", ylim=(-0.1, 1.15))
            each = np.array(rms)
            mean = np.sqrt((each**2).mean(axis=1))
            fit = power_law(np.array(widths), mean)
            label = rf"$L={L}$: $w^{{{fit.exponent:.2f}}}$"
            axes[0, 2].plot(widths, mean, "os"[L - 2], color=COLOURS[L - 1], label=label, markersize=4)
            axes[0, 2].plot(widths, mean[-1] * (np.array(widths) / widths[-1]) ** -0.5, color=COLOURS[L - 1], **PALE)
        axes[0, 0].legend(loc="lower right", fontsize=6)
        axes[0, 2].set(xscale="log", yscale="log", xlabel="width $w$", ylabel="rms deviation")
        axes[0, 2].legend()
        label_panels(axes)
    return figure


FIGURES = (
    Figure(
        "deep-linear.staircase",
        "matrix completion from a small start: loss on plateaus, and singular values",
        "Gradient flow of three layers of width 8 on the deterministic 8 x 8 completion, standard deviation of the weights "
        "1e-3. Circles: minima of the gradient's norm, found without second derivatives; dashed on the right at the same "
        "times. Dotted: singular values of the matrix to be completed.",
        light(staircase),
        5.0,
    ),
    Figure(
        "deep-linear.regimes",
        "exponents in the width of the distances from the start to minima and to other critical points",
        "Exponents for width to infinity, over the exponent gamma of the variance of the start and the depth. Solid: gamma = "
        "1; dashed: parametrisation of the tangent kernel, gamma = 1 - 1/L. Left of the solid line the start is far from "
        "saddles and near minima, right of it the reverse. The command phase-diagram measures them.",
        light(regimes),
        1.0,
    ),
    Figure(
        "deep-linear.escape-panel",
        "escape from the origin: radius, time of blow-up, alignment",
        "Constant gradient with singular values 2, 1, 1/2. (a) Norm of all weights along the optimal direction, dots by the "
        "flow of the layers, lines by the formula. (b) Random starts scaled by alpha: time of blow-up, line of slope -(L-2), "
        "dotted: shortest time for that norm. (c) Misalignment of random starts of depths 2 to 4, broad grey: slope "
        "-(1 - g_2/g_1), the same at every depth.",
        light(escape),
        2.0,
    ),
    Figure(
        "deep-linear.decay",
        "one mode with weight decay: landscape at three layers, minima against the decay",
        "Squared error, singular value 1 of the target. (a) Loss along equal layers; circles: positive minima, square: the "
        "origin, a minimum for every decay. (b) The minima: dashed where local only. At the diamond the global minimum "
        "jumps to zero, at the circle the positive minimum ends; lowering the decay again does not bring the mode back.",
        light(decay),
        1.0,
    ),
    Figure(
        "deep-linear.width",
        "infinite width against sampled widths",
        "One mode of squared error, width times variance 1, target 1. Median and 5 to 95 per cent of 60 networks of each "
        "width, exact in law, each width at its own times; black: the deterministic limit. Right: deviation with the "
        "fitted exponent; broad: slope -1/2.",
        light(width),
        4.0,
    ),
)  # fmt: skip

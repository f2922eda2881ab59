# %% [markdown]
# # Early alignment on three points, animated
#
# **Objective.** Watch a small start align with one direction, and the whole network end at the best linear map although it could
# fit all three points.
#
# **Equations.** $\dot w_j = a_j D(w_j)$, $\dot a_j = \langle w_j, D(w_j)\rangle$ with
# $D(w) = \frac1n\sum_{k:\langle w,x_k\rangle>0}(y_k-h(x_k))x_k$. While $h$ is negligible only directions move; all with $a>0$ turn
# to $D_{\mathrm{full}} = \frac1n\sum_k y_kx_k$, those with $a<0$ die.

# %% Parameters
from pathlib import Path

import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter

from plateaux.derivations.early_alignment.drawing import DOWN, UP
from plateaux.figures import panels, style
from plateaux.numerics.early_alignment import outputs, sector_descent, start, three_points

data, m, scale, eta, seed = three_points(), 100, 1e-3, 5e-3, 0
times = np.concatenate([np.linspace(0, 6, 25), np.linspace(6.3, 14, 40), np.geomspace(14.5, 120, 20)])

# %% Solve: gradient descent, exact at every step
w, a = start(m, scale, seed, dominance=1.05)
marks = np.rint(times / eta).astype(int)
run = sector_descent(data.X, data.y, w, a, eta, int(marks[-1]), record=marks, neurons=True).curve
best = np.linalg.lstsq(data.X, data.y, rcond=None)[0]
print(
    f"loss {run['loss'][0]:.4f} to {run['loss'][-1]:.6f}; best linear map {0.5 * ((data.X @ best - data.y) ** 2).mean():.6f}"
)

# %% Plot: directions (radius: log of the size of each neuron), and the learned function
grid = np.column_stack([np.linspace(-1, 1, 101), np.ones(101)])
size = np.log10(np.linalg.norm(run["w"], axis=2) * np.abs(run["a"]))
low, high = np.percentile(size[0], 2) - 3, size.max()
radius = np.clip((size - low) / (high - low), 0.02, 1)
unit = run["w"] / np.linalg.norm(run["w"], axis=2)[:, :, None]
figure, axes = panels(1, 2, width="two", height=2.9)
left, right = axes[0]
with style():
    turn = np.linspace(0, 2 * np.pi, 200)
    left.plot(np.cos(turn), np.sin(turn), color="#8a8a8a", linewidth=0.6)
    for x in data.X:
        wall = np.array([-x[1], x[0]]) / np.linalg.norm(x)
        left.plot(*np.transpose([-1.08 * wall, 1.08 * wall]), color="#8a8a8a", linewidth=0.6, linestyle=(0, (1, 2)))
    for vector, name in ((data.y @ data.X, r"$D_{\mathrm{full}}$"), (best, r"$\beta^*$")):
        tip = vector / np.linalg.norm(vector)
        left.plot(*tip, "s", color="k", markersize=3)
        left.annotate(name, 1.08 * tip, ha="center", va="bottom", fontsize=7)
    positive = left.plot([], [], "^", color=UP, markersize=4, markeredgewidth=0, label="$a_j>0$")[0]
    negative = left.plot([], [], "v", color=DOWN, markersize=4, markeredgewidth=0, label="$a_j<0$")[0]
    left.set(xlim=(-1.6, 1.6), ylim=(-1.25, 1.4), aspect="equal", xticks=[], yticks=[])
    left.spines[:].set_visible(False)
    left.legend(loc="lower right")
    right.plot(grid[:, 0], grid @ best, color="k", linewidth=0.9, linestyle=(0, (4, 1.5)), label="best linear")
    right.plot(data.X[:, 0], data.y, "o", color=DOWN, markeredgecolor="k", markersize=5, label="data")
    learned = right.plot([], [], color=UP, label="network")[0]
    right.set(xlim=(-1, 1), ylim=(-0.1, 1.55), xlabel="$x$", ylabel="$h(x)$")
    right.legend(loc="upper right")
    clock = right.text(0.03, 0.94, "", transform=right.transAxes, fontsize=8)

    def frame(k: int) -> None:
        place = unit[k] * radius[k][:, None]
        for line, chosen in ((positive, run["a"][k] > 0), (negative, run["a"][k] < 0)):
            line.set_data(place[chosen].T)
        learned.set_data(grid[:, 0], outputs(grid, run["w"][k], run["a"][k]))
        clock.set_text(f"$t={times[k]:.1f}$,  loss ${run['loss'][k]:.3f}$")

    shown = [*range(len(times)), *[len(times) - 1] * 10]
    movie = FuncAnimation(figure, frame, frames=shown)
    Path("images").mkdir(exist_ok=True)
    movie.save(Path("images") / "early-alignment.animation.gif", writer=PillowWriter(fps=10), dpi=100)

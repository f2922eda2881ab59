# %% [markdown]
# # Matrix completion: lazy networks do not generalise, active ones do
#
# **Objective.** Fill in the hidden entries of a noisy low-rank matrix by gradient descent on a two-layer linear network at three
# values of $\tau = \sigma^2 w$.
#
# **Equations.** The cost is $\frac12\|\Omega\circ(A-M)\|_F^2$; below $\tau$ every entry of $A$ moves for itself and hidden
# entries stay where they are, above it the network favours low rank. The width reduction is exact for any cost.

# %% Parameters
from pathlib import Path

from plateaux.derivations.mixed.experiments import SIMULATE, SimulateSettings
from plateaux.figures import COLOURS, LINES, panels, save, style

taus = (0.3, 10.0, 300.0)
runs = [
    SimulateSettings(d=60, k=2, width=10**8, tau=tau, cost="masked", observed=0.5, steps=400, seed=1) for tau in taus
]

# %% Solve
curves = [SIMULATE.run(settings, lambda fraction, words: None) for settings in runs]
for tau, curve in zip(taus, curves):
    print(
        f"tau = {tau:5g}: least test error {curve['test error'].min():.3f}, stable rank {curve['stable rank'][-1]:.1f}"
    )

# %% Plot
figure, axes = panels(1, 2, width="two", height=2.3)
with style():
    for tau, curve, colour in zip(taus, curves, (COLOURS[0], COLOURS[2], COLOURS[4])):
        for ax, name in zip(axes[0], ("test error", "stable rank")):
            ax.plot(
                curve["step"][1:], curve[name][1:], color=colour, label=rf"$\tau={tau:g}$", **LINES["gradient descent"]
            )
            ax.set(
                xlabel="step", ylabel=f"{name} per entry" if name == "test error" else name, xscale="log", xlim=(1, 400)
            )
    axes[0, 0].legend()
save(figure, Path("images") / "mixed.completion.png", command="python gallery/mixed_completion.py", seed=1)

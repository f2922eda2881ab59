# %% [markdown]
# # Gradient descent at a width of one million
#
# **Objective.** Train a two-layer linear network $A = W_2 W_1$ with $10^6$ hidden neurons, and see each singular value of $A$
# change from its lazy rate to its active rate when it passes $\sigma^2 w$.
#
# **Equations.** At large width, whatever the cost with gradient $G$,
# $\dot A = -\sqrt{AA^\top+\tau^2}\,G - G\sqrt{A^\top A+\tau^2}$ with $\tau = \sigma^2 w$. For squared error it has a closed
# form; gradient descent runs on an equivalent network of width $2d$, sampled exactly in law.

# %% Parameters
from pathlib import Path

from plateaux.derivations.mixed.experiments import SIMULATE, SimulateSettings
from plateaux.figures import save

settings = SimulateSettings(d=100, k=5, width=10**6, tau=5.0, eta=4e-4, steps=400, record=4, seed=0)

# %% Solve
curve = SIMULATE.run(settings, lambda fraction, words: None)
print(curve)

# %% How far is the theory from gradient descent?
for name in ("loss", "test error", "stable rank"):
    gap = abs(curve[name] - curve[f"theory {name}"]).max() / abs(curve[name]).max()
    print(f"{name:12} largest difference {gap:.1e} of its largest value")

# %% Plot
save(SIMULATE.plot(curve), Path("images") / "mixed.run.png", command="python gallery/mixed_run.py", seed=0)

# %% [markdown]
# # A phase diagram, by simulation and by theory
#
# **Objective.** Where in the plane of variance $\sigma^2 = d^{\gamma_\sigma}$ and width $w = d^{\gamma_w}$ does a linear
# network learn the low-rank signal before the noise, and does the theory know?
#
# **Equations.** A singular value is active above $\tau = \sigma^2 w$, so signals of size $d$ are active below
# $\gamma_\sigma+\gamma_w = 1$ and noise of size $\sqrt d$ below $\gamma_\sigma+\gamma_w = 1/2$.

# %% Parameters
from dataclasses import replace
from pathlib import Path

from plateaux.derivations.mixed.drawing import draw_diagrams
from plateaux.derivations.mixed.experiments import PHASE_DIAGRAM, DiagramSettings
from plateaux.figures import save

settings = DiagramSettings(d=40, k=3, grid=8, steps=750, jobs=1, seed=0)

# %% Solve: the same data and draws by gradient descent, by the exact flow, and by the scalar theory
curves = [
    PHASE_DIAGRAM.run(replace(settings, by=by), lambda fraction, words: None) for by in ("descent", "flow", "mode")
]
descent, flow, mode = (curve["test error"] for curve in curves)
print(
    f"least test error: flow within {abs(flow - descent).max():.3f}, scalar theory within {abs(mode - descent).max():.3f}"
)

# %% Plot
figure = draw_diagrams(curves)
save(figure, Path("images") / "mixed.phase-diagram.png", command="python gallery/mixed_phase_diagram.py", seed=0)

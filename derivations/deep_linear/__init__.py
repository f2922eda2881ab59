"""Deep linear networks: why it is true, and whether gradient descent agrees."""

from __future__ import annotations

from ...theory.deep_linear import FORMULAS, LATEX, SYSTEMS
from ...theory.symbols import register
from ..paper import Paper
from . import bounds, decay, escape, layers, modes, norm, points, regimes, times, tree, wide
from .comparisons import COMPARISONS
from .experiments import PHASE_DIAGRAM, SIMULATE
from .figures import FIGURES

register(*LATEX)

PAPER = Paper(
    id="deep-linear",
    title="Saddle-to-saddle dynamics in deep linear networks",
    cite="jacot2021saddle",
    latex=LATEX,
    formulas=FORMULAS,
    systems=SYSTEMS,
    derivations=(
        *layers.DERIVATIONS,
        *modes.DERIVATIONS,
        *escape.DERIVATIONS,
        *decay.DERIVATIONS,
        *times.DERIVATIONS,
        *points.DERIVATIONS,
        *norm.DERIVATIONS,
        *regimes.DERIVATIONS,
        *wide.DERIVATIONS,
        *tree.DERIVATIONS,
        *bounds.DERIVATIONS,
    ),
    comparisons=COMPARISONS,
    figures=FIGURES,
    simulate=SIMULATE,
    phase_diagram=PHASE_DIAGRAM,
    demo=("deep-linear.mode-two-layers", "deep-linear.mode-times", "deep-linear.decay"),
)

"""Mixed dynamics of two-layer linear networks: why it is true, and whether gradient descent agrees."""

from __future__ import annotations

from ...theory.mixed import FORMULAS, LATEX, SYSTEMS
from ...theory.symbols import register
from ..paper import Paper
from . import layers, limits, manifold, modes, phases, riccati, width
from .comparisons import COMPARISONS
from .experiments import PHASE_DIAGRAM, SIMULATE
from .figures import FIGURES

register(*LATEX)

PAPER = Paper(
    id="mixed",
    title="Mixed dynamics in linear networks: unifying the lazy and active regimes",
    cite="tu2024mixed",
    latex=LATEX,
    formulas=FORMULAS,
    systems=SYSTEMS,
    derivations=(
        *layers.DERIVATIONS,
        *manifold.DERIVATIONS,
        *riccati.DERIVATIONS,
        *modes.DERIVATIONS,
        *limits.DERIVATIONS,
        *width.DERIVATIONS,
        *phases.DERIVATIONS,
    ),
    comparisons=COMPARISONS,
    figures=FIGURES,
    simulate=SIMULATE,
    phase_diagram=PHASE_DIAGRAM,
    demo=("mixed.flow", "mixed.wide-network", "mixed.demo"),
)

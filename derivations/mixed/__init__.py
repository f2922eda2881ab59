"""Mixed dynamics of two-layer linear networks: why it is true, and whether gradient descent agrees."""

from __future__ import annotations

from ...theory.mixed import FORMULAS, LATEX, SYSTEMS
from ...theory.symbols import register
from ..paper import Paper
from . import layers, manifold, modes, phases, riccati, width

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
        *width.DERIVATIONS,
        *phases.DERIVATIONS,
    ),
    demo=("mixed.flow",),
)

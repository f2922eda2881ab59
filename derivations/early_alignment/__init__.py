"""Early alignment in two-layer ReLU networks: why it is true."""

from __future__ import annotations

from ...theory.early_alignment import FORMULAS, LATEX, SYSTEMS
from ...theory.symbols import register
from ..paper import Paper
from . import assumption, cone, critical, directions, exits, moments, neuron, rates, spurious, width
from .comparisons import COMPARISONS
from .experiments import PHASE_DIAGRAM, SIMULATE
from .figures import FIGURES

register(*LATEX)

DERIVATIONS = tuple(
    one
    for module in (neuron, cone, exits, directions, moments, critical, rates, width, spurious, assumption)
    for one in module.DERIVATIONS
)

PAPER = Paper(
    id="early-alignment",
    title="Early alignment in two-layer networks training is a two-edged sword",
    cite="boursier2025early",
    latex=LATEX,
    formulas=FORMULAS,
    systems=SYSTEMS,
    derivations=DERIVATIONS,
    comparisons=COMPARISONS,
    figures=FIGURES,
    simulate=SIMULATE,
    phase_diagram=PHASE_DIAGRAM,
)

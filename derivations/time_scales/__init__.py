"""Time-scales of learning in two-layer networks: why it is true, and whether gradient descent agrees."""

from __future__ import annotations

from ...theory.symbols import register
from ...theory.time_scales import FORMULAS, LATEX, SYSTEMS
from ..paper import Paper
from . import (
    composite,
    entry,
    equations,
    exponents,
    failure,
    finite,
    inner,
    law,
    measure,
    mehler,
    obstacles,
    phases,
    symmetry,
    theta,
)
from .comparisons import COMPARISONS
from .experiments import SIMULATE
from .figures import FIGURES

register(*LATEX)

PAPER = Paper(
    id="time-scales",
    title="Learning time-scales in two-layers neural networks",
    cite="berthier2024learning",
    latex=LATEX,
    formulas=FORMULAS,
    systems=SYSTEMS,
    derivations=(
        *equations.DERIVATIONS,
        *phases.DERIVATIONS,
        *theta.DERIVATIONS,
        *exponents.DERIVATIONS,
        *entry.DERIVATIONS,
        *inner.DERIVATIONS,
        *law.DERIVATIONS,
        *mehler.DERIVATIONS,
        *measure.DERIVATIONS,
        *finite.DERIVATIONS,
        *composite.DERIVATIONS,
        *failure.DERIVATIONS,
        *symmetry.DERIVATIONS,
        *obstacles.DERIVATIONS,
    ),
    comparisons=COMPARISONS,
    figures=FIGURES,
    simulate=SIMULATE,
)

"""Width exponents and integrable parameterizations: why it is true, and whether gradient descent agrees."""

from __future__ import annotations

from ...theory.parameterizations import FORMULAS, LATEX, SYSTEMS
from ...theory.symbols import register
from ..paper import Paper
from . import chain, exponents, first_step, kernels, llr, variants
from .comparisons import COMPARISONS
from .figures import FIGURES
from .simulate import SIMULATE

register(*LATEX)

PAPER = Paper(
    id="parameterizations",
    title="Training integrable parameterizations of deep neural networks in the infinite-width limit",
    cite="hajjar2021training",
    latex=LATEX,
    formulas=FORMULAS,
    systems=SYSTEMS,
    derivations=(
        *exponents.DERIVATIONS,
        *llr.DERIVATIONS,
        *variants.DERIVATIONS,
        *chain.DERIVATIONS,
        *kernels.DERIVATIONS,
        *first_step.DERIVATIONS,
    ),
    comparisons=COMPARISONS,
    figures=FIGURES,
    simulate=SIMULATE,
)

"""All comparisons of deep linear networks with gradient descent, gradient flow and direct minimisation."""

from __future__ import annotations

from . import (
    compare_decay,
    compare_escape,
    compare_hessian,
    compare_modes,
    compare_regimes,
    compare_saddles,
    compare_width,
)
from .compare_tools import on_one_thread

COMPARISONS = tuple(
    on_one_thread(comparison)
    for module in (
        compare_modes,
        compare_escape,
        compare_saddles,
        compare_hessian,
        compare_decay,
        compare_regimes,
        compare_width,
    )
    for comparison in module.COMPARISONS
)

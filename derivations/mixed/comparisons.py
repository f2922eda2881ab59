"""All comparisons of the mixed dynamics with gradient descent and exact flow."""

from __future__ import annotations

from . import compare_claims, compare_descent, compare_regimes, compare_width
from .compare_tools import on_one_thread

COMPARISONS = tuple(
    on_one_thread(comparison)
    for module in (compare_descent, compare_width, compare_claims, compare_regimes)
    for comparison in module.COMPARISONS
)

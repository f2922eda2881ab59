"""All comparisons of the paper."""

from __future__ import annotations

from ..compare import Comparison
from . import compare_descent, compare_exact, compare_images, compare_limits, compare_slopes

COMPARISONS: tuple[Comparison, ...] = (
    *compare_slopes.COMPARISONS,
    *compare_exact.COMPARISONS,
    *compare_descent.COMPARISONS,
    *compare_limits.COMPARISONS,
    *compare_images.COMPARISONS,
)

"""All comparisons of the mixed dynamics with gradient descent and exact flow."""

from __future__ import annotations

from . import compare_claims, compare_descent, compare_width

COMPARISONS = (*compare_descent.COMPARISONS, *compare_width.COMPARISONS, *compare_claims.COMPARISONS)

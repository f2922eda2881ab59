"""All comparisons of early alignment with gradient descent and its flow."""

from __future__ import annotations

from . import compare_alignment, compare_attractors, compare_limits, compare_phases, compare_steps

COMPARISONS = tuple(
    comparison
    for module in (compare_steps, compare_attractors, compare_alignment, compare_phases, compare_limits)
    for comparison in module.COMPARISONS
)

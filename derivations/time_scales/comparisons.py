"""All comparisons of the time-scales: theory against the network in d dimensions, and the laws of the phases."""

from __future__ import annotations

from . import compare_claims, compare_failures, compare_finite, compare_network, compare_sgd, compare_times

COMPARISONS = tuple(
    comparison
    for module in (compare_network, compare_sgd, compare_finite, compare_times, compare_claims, compare_failures)
    for comparison in module.COMPARISONS
)

"""The paper `deep-linear`: every derivation holds, and planted errors turn it red."""

from __future__ import annotations

import pytest
from paper_checks import PaperChecks

from plateaux.derivations.deep_linear import PAPER
from plateaux.theory.deep_linear.layers import layer_flow
from plateaux.theory.formula import Standing


class TestDeepLinear(PaperChecks):
    paper = PAPER
    cited = frozenset(
        f"deep-linear.{name}" for name in ("saddle-to-saddle", "singular-values-of-product", "saddle-exponent")
    )
    scopes = {  # noqa: RUF012
        "deep-linear.origin-deep": "L = 3..6",
        "deep-linear.small-start-time": "L = 3..6",
        "deep-linear.zero-curvature": "L = 3..6",
        "deep-linear.approach-roots": "L = 2..12",
        "deep-linear.small-start-shift": "L = 3..12",
        "deep-linear.negative-directions": "m = 4",
        "deep-linear.summation-by-parts": "n <= 8",
        "deep-linear.balanced-norm": "L = 2..5",
        "deep-linear.tangent-kernel": "L = 2..4",
        "deep-linear.tree-moments": "m <= 8",
        "deep-linear.tree-series": "m <= 4",
        "deep-linear.norm-rate": "L = 2..5",
        "deep-linear.pull-bound": "L = 2..4",
        "deep-linear.sharpness": "L = 2..4",
        "deep-linear.local-minima": "L = 3, m = 4",
        **{f"deep-linear.tree-flow-{level}": "two modes" for level in (1, 2)},
    }
    # A power of the outer Gram matrix commutes with it.
    equivalent = {"deep-linear.outer-power": {"C2 and R swapped"}}  # noqa: RUF012
    late = frozenset(
        f"deep-linear.{name}"
        for name in (
            "approach-roots",
            "small-start-shift",
            "small-start-time",
            "balanced-flow-4",
            "balanced-norm",
            "negative-directions",
            "infinite-width-mode",
            "infinite-width-time",
        )
    )
    heavy = frozenset(
        f"deep-linear.{name}"
        for name in (
            "time-3",
            "time-4",
            "balance-step",
            "norm-rate",
            "balanced-flow-2",
            "balanced-flow-3",
            "neighbours",
            "layer-flow-4",
            "layer-flow-5",
            "escape-speed-pair",
            "mode-two-layers-decay",
        )
    )


def test_saddle_to_saddle_is_a_conjecture() -> None:
    assert PAPER.book().formula("deep-linear.saddle-to-saddle").standing is Standing.CONJECTURE


def test_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="layers: 0; allowed: at least 1"):
        layer_flow(0)

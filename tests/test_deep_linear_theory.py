"""The paper `deep-linear`: every derivation holds, and planted errors turn it red."""

from __future__ import annotations

import pytest
from paper_checks import PaperChecks

from plateaux.derivations.deep_linear import PAPER
from plateaux.theory.deep_linear.layers import layer_flow
from plateaux.theory.formula import Standing


class TestDeepLinear(PaperChecks):
    paper = PAPER
    cited = frozenset({"deep-linear.saddle-to-saddle"})
    scopes = {"deep-linear.origin-deep": "L = 3..6", "deep-linear.small-start-time": "L = 3..6"}  # noqa: RUF012
    # A power of the outer Gram matrix commutes with it.
    equivalent = {"deep-linear.outer-power": {"C2 and R swapped"}}  # noqa: RUF012
    heavy = frozenset(
        f"deep-linear.{name}"
        for name in ("time-3", "time-5", "time-6", "balanced-flow-3", "balanced-flow-4", "neighbours", "layer-flow-5")
    )


def test_saddle_to_saddle_is_a_conjecture() -> None:
    assert PAPER.book().formula("deep-linear.saddle-to-saddle").standing is Standing.CONJECTURE


def test_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="layers: 0; allowed: at least 1"):
        layer_flow(0)

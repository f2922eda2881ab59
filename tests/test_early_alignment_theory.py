"""The paper `early-alignment`: every derivation holds, and planted errors turn it red."""

from __future__ import annotations

from paper_checks import PaperChecks

from plateaux.derivations.early_alignment import PAPER


class TestEarlyAlignment(PaperChecks):
    paper = PAPER
    cited = frozenset({"early-alignment.theorem", "early-alignment.spurious-theorem"})
    scopes = {  # noqa: RUF012
        "early-alignment.network": "d = 2, n = 3, m = 1",
        "early-alignment.exit-time": "0, 1",
        "early-alignment.exit-angle": "0, 1",
        "early-alignment.step-determinant": "d = 1, 2, 3",
    }

"""The paper `mixed`: every derivation holds, planted errors turn it red, float forms are the values."""

from __future__ import annotations

import mpmath
import pytest
from paper_checks import PaperChecks

from plateaux.derivations.mixed import PAPER
from plateaux.derivations.points import evaluate, sample
from plateaux.theory.formula import Formula
from plateaux.theory.mixed import modes


class TestMixed(PaperChecks):
    paper = PAPER
    cited = frozenset({"mixed.bartlett", "mixed.start-size"})
    scopes = {  # noqa: RUF012
        "mixed.step-determinant": "d_out x d_in up to 2 x 3; d_out x d_in up to 1 x 2",
        "mixed.step-sequential-determinant": "d_out x d_in up to 2 x 2; d_out x d_in up to 1 x 2",
        "mixed.response": "diagonal and off-diagonal entries",
        "mixed.gaussian-start": "d_out, d_in <= 2, w <= 3",
    }
    equivalent = {  # noqa: RUF012
        "mixed.manifold": {"J and P swapped"},  # (JP)^2 says the same as (PJ)^2
        "mixed.spectrum": {"factor Z dropped in Z*dL", "factor 2 at Trace(Z*dL)"},  # Z = I is a power too, 2 * 0 = 0
    }
    few = 3
    many = None


FLOAT = [one for one in PAPER.formulas if one.float_form is not None]


@pytest.mark.parametrize("formula", FLOAT, ids=lambda one: one.id)
def test_float_form_is_the_value(formula: Formula) -> None:
    for seed in range(8):
        point = sample((*formula.parameters, modes.t), formula.assuming, seed, digits=60)
        exact, form = (evaluate(e, point, digits=60) for e in (formula.value, formula.float_form))
        assert abs(exact - form) <= mpmath.mpf(10) ** -45 * (1 + abs(exact))

"""Comparisons of the time-scales: they are well, read their theory from the book, and have bounds with reasons."""

from __future__ import annotations

import pytest

from plateaux.derivations.compare import Expect, compare
from plateaux.derivations.time_scales import PAPER
from plateaux.derivations.time_scales.comparisons import COMPARISONS

BY_ID = {one.id.removeprefix("time-scales."): one for one in COMPARISONS}
QUICK = {"half-time-zero-measured", "half-time-two-order", "gap-stuck", "two-valued-weights", "learned-function"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in BY_ID])
def test_all_is_well(name):
    outcome = compare(BY_ID[name], PAPER.book())
    assert outcome.ok, str(outcome)
    assert outcome.uses and outcome.measured.detail and len(outcome.because) > 20


def test_ids_and_bounds():
    assert len(BY_ID) == len(COMPARISONS) and all(one.bound > 0 for one in COMPARISONS)
    assert sum(one.seconds for one in COMPARISONS) < 90
    assert {one.expect for one in COMPARISONS} == set(Expect)

"""The paper `time-scales`: every derivation holds, planted errors turn it red, and the check of slow manifolds can fail."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from sympy import Rational, S

from plateaux.derivations import time_scales
from plateaux.derivations.chain import Grade, SlowReduction, Verdict
from plateaux.derivations.check import cycles, decide, verify
from plateaux.derivations.mutate import plant
from plateaux.derivations.time_scales import entry, exponents, inner, law
from plateaux.derivations.time_scales.phases import CENTRED, reduction
from plateaux.export import check_lines
from plateaux.theory.time_scales.phases import SCALES, of_degree

PAPER = time_scales.PAPER
BOOK = PAPER.book()
DERIVATIONS = {one.of: one for one in PAPER.derivations}
ELSEWHERE = {one.of for part in (exponents, entry, inner, law) for one in part.DERIVATIONS}
"""Tested in ``test_time_scales_phases.py``."""
HERE = [of for of in DERIVATIONS if of not in ELSEWHERE]
HEAVY = {
    "risk",
    "order-parameters",
    "dissipation",
    "phase-two-entry",
    "phase-two-entry-one",
    "phase-two",
    "phase-one-overlaps",
    "phase-one-growth",
}
HEAVY |= {"half-growth-time", "half-time-one"}
CHEAP = [of for of in HERE if of.split(".")[1] not in HEAVY]
LONG = ("time-scales.phase-two-entry", "time-scales.phase-two-entry-one")
"""Verified in the slow tests only: phase two uses the same check."""


@cache
def verdict(of: str) -> Verdict:
    return verify(DERIVATIONS[of], BOOK)


@pytest.mark.parametrize("of", [pytest.param(of, marks=[pytest.mark.slow] * (of in LONG)) for of in HERE])
def test_derivation_holds(of: str) -> None:
    found = verdict(of)
    failed = [(step.claim, step.detail, step.residual) for step in found.steps if not step.ok]
    assert found.ok, failed
    assert found.grade is Grade.EXACT


def test_everything_has_a_derivation_and_nothing_rests_on_itself() -> None:
    assert {entry.id for entry in BOOK} == set(DERIVATIONS)
    assert cycles(verdict(of) for of in HERE if of not in LONG) == ()


def test_families_checked_case_by_case_say_so() -> None:
    assert verdict("time-scales.risk").scope == "m = 2, K = 1, 2, 3"
    assert verdict("time-scales.phase-two").scope == "K = 2"
    assert verdict("time-scales.order-parameters").scope == "all"


def test_cited_keys_exist() -> None:
    text = (Path(time_scales.__file__).parents[1] / "references.bib").read_text()
    keys = set(re.findall(r"^@\w+\{([^,]+),", text, re.M))
    assert {entry.source.key for entry in BOOK} | {PAPER.cite} <= keys


@pytest.mark.parametrize("of", CHEAP)
def test_planted_errors_turn_it_red(of: str) -> None:
    found = plant(DERIVATIONS[of], BOOK, limit=1, seed=1)
    assert found.survivors == () and len(found.rejected) == found.tested > 0


@pytest.mark.slow
@pytest.mark.parametrize("of", HERE)
def test_all_planted_errors_turn_it_red(of: str) -> None:
    found = plant(DERIVATIONS[of], BOOK)
    assert found.survivors == () and len(found.rejected) == found.tested > 0


# The check of slow manifolds

HALF, QUARTER = Rational(1, 2), Rational(1, 4)


def phase_one(**changes: object) -> SlowReduction:
    right = reduction(BOOK.fresh(), "phase-one", 2, QUARTER, (HALF,), (CENTRED,))
    return replace(right, **changes)


def test_slow_reduction_holds_and_says_how() -> None:
    found = decide(phase_one())
    assert found.ok and found.grade is Grade.EXACT
    assert "[[-sigma[0]**2]]" in found.detail and "exact rates at small values" in found.detail


WRONG = {
    "order": {"order": HALF},
    "power": {"fast": tuple((item, value, QUARTER) for item, value, _ in phase_one().fast)},
    "multiplier": {"fast": tuple((item, 2 * value, p) for item, value, p in phase_one().fast)},
    "sign of the multiplier": {"fast": tuple((item, -value, p) for item, value, p in phase_one().fast)},
    "constraint": {"keeps": (CENTRED + 1,)},
    "missing constraint": {"keeps": (CENTRED, CENTRED)},
    "scales": {"scales": SCALES["phase-two"][:4]},
    "nothing fast": {"fast": ()},
    "not promoted": {"promote": ()},
}


@pytest.mark.parametrize("what", WRONG)
def test_slow_reduction_refuses(what: str) -> None:
    try:
        found = decide(phase_one(**WRONG[what]))
    except ValueError as error:
        assert "\n" not in str(error)  # malformed input is refused with one line
        return
    assert not found.ok, what


def test_slow_reduction_refuses_other_equations() -> None:
    right = phase_one()
    slow = right.equals
    for item in slow.items:
        for rate in (2 * slow.rate(item), -slow.rate(item), S.Zero):
            equations = tuple((one, rate if one == item else other) for one, other in slow.equations)
            assert not decide(replace(right, equals=replace(slow, equations=equations))).ok
    fewer = replace(slow, equations=slow.equations[:1])
    assert not decide(replace(right, equals=fewer)).ok


def test_a_phase_needs_the_mean_field() -> None:
    """A sign error in the mean field reaches the reduced flow."""
    whole = BOOK.system("time-scales.mean-field")
    wrong = replace(whole, equations=tuple((item, -rate) for item, rate in whole.equations))
    assert not verify(DERIVATIONS["time-scales.phase-one"], BOOK.with_entry(wrong)).ok


def test_degrees_are_spelled_out() -> None:
    small = of_degree(BOOK.system("time-scales.mean-field"), 1)
    assert [str(item) for item, _ in small.let] == ["M_0", "M_1", "e_0", "e_1"]
    assert {str(letter) for letter in small.params} == {"eps", "m", "phi", "sigma"}


def test_a_slow_reduction_is_written_with_its_multipliers() -> None:
    rows = check_lines(phase_one())
    assert any(r"E_{0} &\to" in row for row in rows)
    assert sum(r"\dot" in row for row in rows) == 2 and not any("mathrel" in row for row in rows)

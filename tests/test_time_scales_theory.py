"""The paper `time-scales`: every derivation holds, planted errors turn it red, and the check of slow manifolds can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from paper_checks import PaperChecks
from sympy import Rational, S

from plateaux.derivations import time_scales
from plateaux.derivations.chain import Grade, SlowReduction
from plateaux.derivations.check import decide, verify
from plateaux.derivations.time_scales.phases import CENTRED, reduction
from plateaux.export import check_lines
from plateaux.theory.time_scales.phases import SCALES, of_degree

PAPER = time_scales.PAPER
BOOK = PAPER.book()
DERIVATIONS = {one.of: one for one in PAPER.derivations}


def ids(*names: str) -> frozenset[str]:
    return frozenset(f"time-scales.{name}" for name in names)


class TestTimeScales(PaperChecks):
    paper = PAPER
    scopes = {  # noqa: RUF012
        "time-scales.risk": "m = 2, K = 1, 2, 3",
        "time-scales.phase-zero": "K = 1, 2",
        "time-scales.phase-one-entry": "K = 1, 2",
        "time-scales.phase-one": "K = 1, 2, 3",
        "time-scales.phase-two-entry": "K = 2, 3",
        "time-scales.phase-two": "K = 2",
        "time-scales.phase-two-entry-one": "K = 2, 3",
        "time-scales.weight-exponent": "l = 1..6",
        "time-scales.overlap-exponent": "l = 1..6",
        "time-scales.width-exponent": "l = 1..6",
        "time-scales.entry-exponent": "l = 1..6",
        "time-scales.gap-exponent": "n = 1, 2; (l, n) = (1, 2), (2, 1), (3, 2)",
        "time-scales.multiplier-exponent": "l = 1, 2, 3",
        "time-scales.phase-three-entry": "K = 3, 4; K = 3",
        "time-scales.phase-three": "K = 3",
        "time-scales.constrained-growth": "l = 2, 3",
        "time-scales.ray": "l = 2",
        "time-scales.blow-up-time": "l = 2, 3",
        "time-scales.half-time": "l = 2..6",
        "time-scales.hermite-correlation": "degrees 0..6 of the polynomials; degrees 0..2 of the mean",
        "time-scales.kernel-relu": "degrees 0, 1 of the coefficients",
        "time-scales.kernel-erf": "degrees 0, 1 of the coefficients",
        "time-scales.kernel-exp": "degrees 0 of the coefficients",
        "time-scales.kernel-normal-cdf": "degrees 0, 1 of the coefficients",
        "time-scales.kernel-gelu": "degrees 0, 1, 2 of the coefficients",
        "time-scales.phase-one-finite": "K = 1, 2",
        "time-scales.effective-variance": "both signs",
        "time-scales.end-of-phase-one": "both signs",
        "time-scales.risk-composite": "K = 2, 3, 5",
        "time-scales.plateau": "(l, K) = (1, 2), (2, 4), (3, 5), (5, 5)",
        "time-scales.overlap-start": "m = 2, K = 1, 3",
        "time-scales.escape-matrix": "m = 3, K = 2, 3",
        "time-scales.missing-coefficient": "(n, K) = (0, 2), (1, 3), (3, 3), (3, 4)",
    }
    late = ids(
        "order-parameters",
        "entry-exponent",
        "gap-exponent",
        "multiplier-exponent",
        "phase-two-entry",
        "phase-two-entry-one",
        "phase-three-entry",
        "phase-three",
        "constrained-growth",
        "one-winner",
        "half-time-one",
        "hermite-correlation",
    )
    heavy = ids(
        "risk",
        "diagonal-risk",
        "dissipation",
        "off-manifold",
        "diagonal",
        "weight-exponent",
        "transport",
        "phase-two",
        "ray",
        "linear-weights",
        "phase-one-finite",
        "phase-one-growth",
        "half-growth-time",
        "logistic-one",
        "phase-one",
        "inner-antiderivative-two",
        "lag-two",
        "lag-three",
        "fall-two",
        "fall-three",
        "sign-drive",
        "too-few-atoms-three",
        "too-few-atoms-four",
        "two-valued",
        "risk-composite",
        "linear-overlaps",
        "phase-zero-overlaps",
        "half-time-one-finite",
    )
    few = 1


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

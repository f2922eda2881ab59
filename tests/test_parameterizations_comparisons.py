"""Theory against networks: every comparison of the paper, and that it can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sympy import Rational

from plateaux.derivations.chain import Book
from plateaux.derivations.compare import Comparison, Expect, compare
from plateaux.derivations.parameterizations import PAPER
from plateaux.derivations.parameterizations.compare_descent import CASES, of_depths, of_increments
from plateaux.derivations.parameterizations.compare_limits import STARTS, one_layer, speed_of_one
from plateaux.derivations.parameterizations.compare_tools import recursion, worst
from plateaux.numerics.curve import Curve
from plateaux.theory.parameterizations.regimes import feature_speed
from plateaux.theory.parameterizations.scalings import named

NAME = "parameterizations"
QUICK = (
    "steps-depth-2", "chain-steps", "chain-times", "hybrid", "not-mup", "lazy-scale", "kernel-to-features", "first-step-start-fades",
)  # fmt: skip
BY_NAME = {one.id.split(".", 1)[1]: one for one in PAPER.comparisons}
MARKED = [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in BY_NAME]


@pytest.mark.parametrize("name", MARKED)
def test_comparison_is_ok(name: str) -> None:
    found = compare(BY_NAME[name], PAPER.book(), seed=3)
    assert found.ok, found.measured
    assert found.uses


def test_every_comparison_says_why() -> None:
    assert set(QUICK) <= set(BY_NAME)
    assert all(one.id.startswith(f"{NAME}.") and one.seconds > 0 and one.because for one in PAPER.comparisons)


def planted(of: str, value: object) -> Book:
    """The book with a wrong formula."""
    entries = []
    for entry in PAPER.book():
        if entry.id == f"{NAME}.{of}":
            left = entry.statement.lhs  # type: ignore[union-attr]
            entry = replace(entry, statement=entry.statement.func(left, value))  # type: ignore[union-attr, arg-type]
        entries.append(entry)
    return Book.of(*entries)


@pytest.mark.parametrize(
    ("name", "of", "value"),
    [
        ("steps-depth-4", "escape-steps", 0),
        ("first-step-start-fades", "hybrid-shrink", 1 / PAPER.book().formula(f"{NAME}.hybrid-shrink").value ** -2),
    ],
)
def test_a_wrong_formula_is_found(name: str, of: str, value: object) -> None:
    assert not compare(BY_NAME[name], planted(of, value), seed=3).ok


def with_slopes(values: dict[str, float], widths: tuple[int, ...] = (64, 128, 256)) -> Curve:
    """Exact power laws, three equal draws."""
    m = np.array(widths, float)
    columns = tuple((name, np.tile(m**value, (3, 1))) for name, value in values.items())
    return Curve((("draw", np.arange(3)), ("width", m)), columns)


def test_the_worst_slope_is_found() -> None:
    theory = Curve((), (("a", np.array(0.0)), ("b", np.array(-0.5)), ("c", np.array(1.0))))
    found = worst(theory, with_slopes({"a": 0.1, "b": -0.8, "c": 1.0}))
    assert found.value == pytest.approx(0.3)
    assert "at b" in found.detail


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_increments_tell_a_logarithm_from_a_root(power: float) -> None:
    m = np.array([32, 64, 128, 256, 512], float)
    steps = np.log(m) if power == 0 else m**power
    curve = Curve((("draw", np.arange(4)), ("width", m)), (("steps", np.tile(10 * steps, (4, 1))),))
    zero = Curve((), (("exponent", np.array(0.0)),))
    assert of_increments(zero, curve).value == pytest.approx(power, abs=1e-9)


def test_depths_that_differ_are_counted() -> None:
    theory, observed = (
        Curve(
            (("degree", np.array([1, 2])),),
            (("depth", np.array(depths)), ("slopes", np.zeros((2, len(CASES)))), ("errors", np.zeros((2, len(CASES))))),
        )
        for depths in ((3, 2), (3, 4))
    )
    assert of_depths(theory, observed).value == 2


@pytest.mark.parametrize("A", STARTS)
def test_one_hidden_layer_has_the_speed_of_the_regimes(A: Rational) -> None:
    assert speed_of_one(A, PAPER.book()) == feature_speed(one_layer(A)) == 1 - A


def test_the_recursion_leaves_out_sums_of_two_powers() -> None:
    found = recursion(named("ip", 2))
    assert "Dh2@1" in found
    assert "h2@1" not in found  # m^(-1/2) at the start, size one after the step
    assert "h3@0" not in found
    assert found["h2@0"] == Rational(-1, 2)


def test_breaking_comparisons_name_why() -> None:
    breaking: list[Comparison] = [one for one in PAPER.comparisons if one.expect is Expect.BREAKS]
    assert {one.id.split(".", 1)[1] for one in breaking} == {
        "llr-tanh-is-not-aligned", "not-mup", "digits-mean", "relu-collapses",
    }  # fmt: skip

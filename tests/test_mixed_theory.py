"""The paper `mixed`: every derivation holds, and planted errors turn it red."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import mpmath
import pytest

from plateaux.derivations import mixed
from plateaux.derivations.chain import Derivation, Grade, Verdict
from plateaux.derivations.check import cycles, verify
from plateaux.derivations.mutate import plant
from plateaux.derivations.points import evaluate, sample
from plateaux.theory.formula import Formula
from plateaux.theory.mixed import modes

PAPER = mixed.PAPER
BOOK = PAPER.book()
DERIVATIONS = {one.of: one for one in PAPER.derivations}
CITED = {"mixed.bartlett", "mixed.start-size"}
EQUIVALENT = {
    "mixed.manifold": {"J and P swapped"},
    "mixed.spectrum": {"factor Z dropped in Z*dL", "factor 2 at Trace(Z*dL)"},
}
"""Planted changes that leave the statement true: (JP)^2 says the same as (PJ)^2, Z = I is a power too, twice zero is zero."""


@cache
def verdict(of: str) -> Verdict:
    return verify(DERIVATIONS[of], BOOK)


@pytest.mark.parametrize("of", DERIVATIONS)
def test_derivation_holds(of: str) -> None:
    found = verdict(of)
    failed = [(step.claim, step.detail, step.residual) for step in found.steps if not step.ok]
    assert found.ok, failed
    assert found.grade is (Grade.CITED if of in CITED else Grade.EXACT)


def test_everything_has_a_derivation() -> None:
    assert {entry.id for entry in BOOK} == set(DERIVATIONS)


def test_the_graph_of_formulas_has_no_cycle() -> None:
    assert cycles(verdict(of) for of in DERIVATIONS) == ()


def test_a_family_checked_case_by_case_says_so() -> None:
    assert verdict("mixed.gaussian-start").scope != "all"
    assert "2 x 3" in verdict("mixed.step-determinant").scope


def test_cited_keys_exist() -> None:
    text = (Path(mixed.__file__).parents[1] / "references.bib").read_text()
    keys = set(re.findall(r"^@\w+\{([^,]+),", text, re.M))
    assert {entry.source.key for entry in BOOK} | {PAPER.cite} <= keys


def reject(derivation: Derivation, limit: int | None, seed: int) -> None:
    found = plant(derivation, BOOK, limit=limit, seed=seed)
    left = set(found.survivors) - EQUIVALENT.get(derivation.of, set())
    assert not left, left
    assert found.tested == 0 or found.rejected


CHECKED = [of for of in DERIVATIONS if of not in CITED]


@pytest.mark.parametrize("of", CHECKED)
def test_planted_errors_turn_it_red(of: str) -> None:
    reject(DERIVATIONS[of], 3, 1)


@pytest.mark.slow
@pytest.mark.parametrize("of", CHECKED)
def test_all_planted_errors_turn_it_red(of: str) -> None:
    reject(DERIVATIONS[of], None, 0)


FLOAT = [one for one in PAPER.formulas if one.float_form is not None]


@pytest.mark.parametrize("formula", FLOAT, ids=lambda one: one.id)
def test_float_form_is_the_value(formula: Formula) -> None:
    for seed in range(8):
        point = sample((*formula.parameters, modes.t), formula.assuming, seed, digits=60)
        exact, form = (evaluate(e, point, digits=60) for e in (formula.value, formula.float_form))
        assert abs(exact - form) <= mpmath.mpf(10) ** -45 * (1 + abs(exact))

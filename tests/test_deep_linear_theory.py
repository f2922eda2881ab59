"""The paper `deep-linear`: every derivation holds, and planted errors turn it red."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from plateaux.derivations import deep_linear
from plateaux.derivations.chain import Derivation, Grade, Verdict
from plateaux.derivations.check import cycles, verify
from plateaux.derivations.mutate import plant
from plateaux.theory.deep_linear.layers import layer_flow
from plateaux.theory.formula import Standing

PAPER = deep_linear.PAPER
BOOK = PAPER.book()
DERIVATIONS = {one.of: one for one in PAPER.derivations}
CITED = {"deep-linear.saddle-to-saddle"}
SCOPES = {"deep-linear.origin-deep": "L = 3..6", "deep-linear.small-start-time": "L = 3..6"}
EQUIVALENT = {"deep-linear.outer-power": {"C2 and R swapped"}}
"""Planted changes that leave the statement true: a power of the outer Gram matrix commutes with it."""
HEAVY = {"deep-linear.time-5", "deep-linear.balanced-flow-3", "deep-linear.balanced-flow-4"}


@cache
def verdict(of: str) -> Verdict:
    return verify(DERIVATIONS[of], BOOK)


@pytest.mark.parametrize("of", DERIVATIONS)
def test_derivation_holds(of: str) -> None:
    found = verdict(of)
    failed = [(step.claim, step.detail, step.residual) for step in found.steps if not step.ok]
    assert found.ok, failed
    assert found.grade is (Grade.CITED if of in CITED else Grade.EXACT)
    assert found.scope == SCOPES.get(of, "all")


def test_everything_has_a_derivation() -> None:
    assert {entry.id for entry in BOOK} == set(DERIVATIONS)


def test_the_graph_of_formulas_has_no_cycle() -> None:
    assert cycles(verdict(of) for of in DERIVATIONS) == ()


def test_saddle_to_saddle_is_a_conjecture() -> None:
    assert BOOK.formula("deep-linear.saddle-to-saddle").standing is Standing.CONJECTURE


def test_cited_keys_exist() -> None:
    text = (Path(deep_linear.__file__).parents[1] / "references.bib").read_text()
    keys = set(re.findall(r"^@\w+\{([^,]+),", text, re.M))
    assert {entry.source.key for entry in BOOK} | {PAPER.cite} <= keys


def test_no_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="layers: 0; allowed: at least 1"):
        layer_flow(0)


def reject(derivation: Derivation, limit: int | None, seed: int) -> None:
    found = plant(derivation, BOOK, limit=limit, seed=seed)
    left = set(found.survivors) - EQUIVALENT.get(derivation.of, set())
    assert not left, left
    assert not found.raised, found.raised
    assert found.tested == 0 or found.rejected


CHECKED = [of for of in DERIVATIONS if of not in CITED]


@pytest.mark.parametrize("of", [of for of in CHECKED if of not in HEAVY])
def test_planted_errors_turn_it_red(of: str) -> None:
    reject(DERIVATIONS[of], 2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("of", CHECKED)
def test_more_planted_errors_turn_it_red(of: str) -> None:
    reject(DERIVATIONS[of], 10, 0)

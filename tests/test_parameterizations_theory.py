"""The paper `parameterizations`: every derivation holds, planted errors turn it red, bad input is one line."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from plateaux.derivations import parameterizations
from plateaux.derivations.chain import Grade, Verdict
from plateaux.derivations.check import cycles, verify
from plateaux.derivations.compare import compare
from plateaux.derivations.mutate import plant
from plateaux.theory.parameterizations.scalings import named

PAPER = parameterizations.PAPER
BOOK = PAPER.book()
DERIVATIONS = {one.of: one for one in PAPER.derivations}


@cache
def verdict(of: str) -> Verdict:
    return verify(DERIVATIONS[of], BOOK)


@pytest.mark.parametrize("of", DERIVATIONS)
def test_derivation_holds(of: str) -> None:
    found = verdict(of)
    assert found.ok, [(step.claim, step.detail, step.residual) for step in found.steps if not step.ok]
    assert found.grade is Grade.EXACT


def test_the_graph_is_whole_and_has_no_cycle() -> None:
    assert {entry.id for entry in BOOK} == set(DERIVATIONS)
    assert cycles(verdict(of) for of in DERIVATIONS) == ()


def test_cited_keys_exist() -> None:
    text = (Path(parameterizations.__file__).parents[1] / "references.bib").read_text()
    assert {entry.source.key for entry in BOOK} | {PAPER.cite} <= set(re.findall(r"^@\w+\{([^,]+),", text, re.M))


@pytest.mark.parametrize("of", DERIVATIONS)
def test_planted_errors_turn_it_red(of: str) -> None:
    found = plant(DERIVATIONS[of], BOOK, limit=3, seed=1)
    assert not found.survivors, found.survivors


@pytest.mark.parametrize("one", PAPER.comparisons, ids=lambda one: one.id)
def test_comparison(one) -> None:
    outcome = compare(one, BOOK)
    assert outcome.ok, outcome


@pytest.mark.parametrize("depth", [0, -1])
def test_no_hidden_layer_is_refused(depth: int) -> None:
    with pytest.raises(ValueError) as caught:
        named("mup", depth)
    assert "\n" not in str(caught.value)


def test_unknown_names_and_degrees_are_refused() -> None:
    with pytest.raises(ValueError):
        named("nonsense", 3)
    with pytest.raises(ValueError):
        named("ip-llr", 3, 0)

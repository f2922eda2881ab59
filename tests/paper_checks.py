"""What must hold for every paper: derivations hold with their grade, planted errors turn them red, sources exist."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from functools import cache
from pathlib import Path

import pytest

from plateaux.derivations import mutate
from plateaux.derivations.chain import Derivation, Grade, Verdict
from plateaux.derivations.check import cycles, verify
from plateaux.derivations.paper import Paper


@cache
def verdict(paper: Paper, of: str) -> Verdict:
    """Verdict of one derivation of a paper, made once."""
    return verify(derivation(paper, of), paper.book())


def derivation(paper: Paper, of: str) -> Derivation:
    """The derivation of an id."""
    return next(one for one in paper.derivations if one.of == of)


class PaperChecks:
    """Tests of one paper; its test file derives a class ``Test...`` and fills in what is special.

    Attributes
    ----------
    paper : the paper.
    cited : ids that are cited, not shown.
    scopes : scopes of families that are checked case by case; every other scope is "all".
    equivalent : planted changes that leave a statement true, by id, each with its reason beside it.
    late : ids verified in the slow run only.
    heavy : ids whose planted errors are tried in the slow run only.
    few, many : planted errors for each derivation in the default and in the slow run.
    """

    paper: Paper
    cited: Set[str] = frozenset()
    scopes: Mapping[str, str] = {}
    equivalent: Mapping[str, Set[str]] = {}
    late: Set[str] = frozenset()
    heavy: Set[str] = frozenset()
    few: int = 2
    many: int | None = 10

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        ids = [one.of for one in self.paper.derivations]
        shown = [of for of in ids if of not in self.cited]
        if "of" in metafunc.fixturenames:
            metafunc.parametrize("of", [pytest.param(of, marks=[pytest.mark.slow] * (of in self.late)) for of in ids])
        if "light" in metafunc.fixturenames:
            metafunc.parametrize("light", [of for of in shown if of not in self.heavy | self.late])
        if "shown" in metafunc.fixturenames:
            metafunc.parametrize("shown", shown)

    def test_derivation_holds(self, of: str) -> None:
        found = verdict(self.paper, of)
        failed = [(step.claim, step.detail, step.residual) for step in found.steps if not step.ok]
        assert found.ok, failed
        assert found.grade is (Grade.CITED if of in self.cited else Grade.EXACT)
        assert found.scope == self.scopes.get(of, "all")

    def test_everything_has_a_derivation(self) -> None:
        ids = [one.of for one in self.paper.derivations]
        assert sorted(ids) == sorted(entry.id for entry in self.paper.book())
        assert self.cited | set(self.scopes) | set(self.equivalent) | self.late | self.heavy <= set(ids)

    def test_nothing_rests_on_itself(self) -> None:
        assert cycles(verdict(self.paper, one.of) for one in self.paper.derivations if one.of not in self.late) == ()

    def test_cited_keys_exist(self) -> None:
        text = (Path(mutate.__file__).parent / "references.bib").read_text()
        keys = set(re.findall(r"^@\w+\{([^,]+),", text, re.M))
        assert {entry.source.key for entry in self.paper.book()} | {self.paper.cite} <= keys

    def plant(self, of: str, limit: int | None, seed: int) -> None:
        found = mutate.plant(derivation(self.paper, of), self.paper.book(), limit=limit, seed=seed)
        left = set(found.survivors) - self.equivalent.get(of, set())
        assert not left, left
        assert not found.raised, found.raised
        assert found.tested == 0 or found.rejected

    def test_planted_errors_turn_it_red(self, light: str) -> None:
        self.plant(light, self.few, 1)

    @pytest.mark.slow
    def test_more_planted_errors_turn_it_red(self, shown: str) -> None:
        self.plant(shown, self.many, 0)

"""All papers live in one process: their letters do not collide, and their ids are their own."""

from __future__ import annotations

from plateaux.library import Library
from plateaux.papers import NAMES, load


def test_all_papers_load_together() -> None:
    papers = [load(name) for name in NAMES]
    assert [paper.id for paper in papers] == list(NAMES)
    assert len({paper.cite for paper in papers}) == len(papers)


def test_every_paper_is_whole() -> None:
    for name in NAMES:
        paper = load(name)
        assert paper.formulas and paper.systems and paper.derivations and paper.comparisons and paper.figures, name
        assert paper.simulate is not None, name


def test_the_library_finds_what_every_paper_holds() -> None:
    library = Library(())
    for name in NAMES:
        for entry in load(name).book():
            assert library.find(entry.id) == entry

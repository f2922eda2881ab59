"""Verdicts and outcomes as small tables."""

from html.parser import HTMLParser

import numpy as np

from plateaux.derivations.chain import Book, Grade, Verdict
from plateaux.derivations.compare import Comparison, Expect, Measured, compare
from plateaux.numerics.curve import Curve
from plateaux.numerics.tables import html_table, text_table

GOOD = Verdict("mixed.mode", "the mode equation", True, Grade.EXACT, seconds=0.2, detail="polynomial")
BAD = Verdict(
    "mixed.mode", "the initial value", False, Grade.NUMERIC, "L = 2..6", residual="<tau>\n+ 1", counterexample=(("tau", "0.3"),)
)  # fmt: skip
WHOLE = Verdict("mixed.mode", "mode", False, Grade.NUMERIC, uses=("mixed.flow",), seconds=0.3, steps=(GOOD, BAD))


class Cells(HTMLParser):
    """Text of the cells; every tag must close in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


def test_a_failed_step_shows_what_is_left_and_where():
    lines = str(WHOLE).splitlines()
    assert len(lines) == 5 and lines[0].startswith("mixed.mode: FAILED, numeric") and "uses mixed.flow" in lines[0]
    assert "the mode equation  ok       exact" in lines[3] and "polynomial" in lines[3]
    assert "FAILED" in lines[4] and "L = 2..6" in lines[4] and "residual <tau> + 1; at tau = 0.3" in lines[4]
    assert "the mode equation" in str(GOOD)


def test_html_is_well_formed_and_escaped():
    cells = Cells(WHOLE._repr_html_()).cells
    assert {"the mode equation", "exact", "numeric", "FAILED"} <= set(cells)
    assert any(cell.startswith("residual <tau>") for cell in cells)
    assert Cells(html_table(["a&b"], [["<i>"]], title="<c>")).cells == ["<c>", "a&b", "<i>"]


def test_text_columns_line_up():
    assert text_table(["a", "bb"], [["ccc", "d"]]) == "a    bb\n---  --\nccc  d"
    assert text_table(["a"], []) == "a\n-"


def outcome(expect):
    curve = Curve((("t", np.linspace(0, 1, 5)),), ())
    comparison = Comparison(
        "mixed.width", "error against width", lambda seeds: None, lambda inputs, book: curve, lambda inputs: curve,
        lambda theory, observed: Measured(-0.51, 0.01, "exponent"), 0.05, "central limit", target=-0.5, expect=expect,
    )  # fmt: skip
    return compare(comparison, Book.of(), seed=7)


def test_outcome_says_what_was_asked():
    holds, breaks = outcome(Expect.HOLDS), outcome(Expect.BREAKS)
    assert str(holds).startswith("mixed.width: ok, error against width")
    assert str(breaks).startswith("mixed.width: FAILED, error against width")
    assert "-0.51 +- 0.01 exponent" in str(holds) and "at most 0.05 away from -0.5" in str(holds)
    assert "must break" in str(breaks) and "at least 0.05 away from -0.5" in str(breaks)
    assert {"central limit", "7"} <= set(Cells(holds._repr_html_()).cells)
    assert "\n" not in repr(holds)

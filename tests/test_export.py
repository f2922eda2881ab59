"""LaTeX that parses, labels that are unique, SymPy objects that come back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from pylatexenc.latexwalker import LatexWalker
from sympy import BlockMatrix, Eq, Identity, MatrixSymbol, Symbol, Trace, sqrt, symbols
from toy_paper import FLOW, GROWTH, TOY, t, x

import plateaux
import plateaux.papers
from plateaux import Bound, Cited, Closure, Derivative, Invariance, Limit, Rate, Reduction, Series, Source, export
from plateaux import Identity as Same
from plateaux.cite import bibliography, bibtex, cited_keys
from plateaux.derivations.chain import Derivation, Step
from plateaux.theory.formula import Formula

m, n = symbols("m n", integer=True, positive=True)
A, B, C = MatrixSymbol("A", m, n), MatrixSymbol("B", n, m), MatrixSymbol("C", m, m)
a, eps = Symbol("a", positive=True), Symbol("eps", positive=True)

CHECKS = {
    "identity": Same((A * B) * (A * B), A * (B * A) * B, given=(("C = AB", C - A * B),)),
    "blocks": Same(BlockMatrix([[C, A], [B, Identity(n)]]) * BlockMatrix([[C, A], [B, Identity(n)]]), C),
    "derivative": Derivative(a**2, a, 2 * a),
    "rate": Rate(FLOW, x**2, 2 * x * FLOW.rate(x)),
    "closure": Closure(FLOW, ((a, x**2),), ((a, 2 * a - 2 * a * sqrt(a)),)),
    "invariance": Invariance(FLOW, (("C symmetric", C - C.T), ("x", x - 1))),
    "reduction": Reduction(FLOW, ((x, eps * a),), eps, ((a, a),)),
    "limit": Limit(a / (1 + a), a, sympy.oo, 1),
    "series": Series(sympy.sin(a), a, 3, a),
    "bound": Bound(2 * a, 1 + a**2, terms=((1 - a) ** 2,)),
    "trace": Same(Trace(A * B), Trace(B * A)),
    "long": Same(sum(Symbol(f"long_name_{i}") ** i for i in range(1, 30)), Symbol("q")),
    "long-right": Same(Symbol("q"), sum(-(Symbol(f"long_name_{i}") ** i) for i in range(1, 30))),
    "cited": Cited(Source("saxe2014exact", "Thm 3.2 [sec. 1] & more")),
}


def parses(text: str) -> None:
    """The text is balanced LaTeX, and no Python shows through."""
    LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    bare = re.sub(r"(?m)^%.*$", "", text)
    for leak in ("MatrixSymbol", "**", "Symbol(", "Eq(", "<function", "None", "Trace(", "ZeroMatrix"):
        assert leak not in bare
    assert text.count("{") - text.count("\\{") == text.count("}") - text.count("\\}")
    assert sorted(re.findall(r"\\begin\{(\w+)", text)) == sorted(re.findall(r"\\end\{(\w+)", text))


def labels_unique(text: str) -> None:
    found = re.findall(r"\\label\{([^}]*)\}", text)
    assert found and len(found) == len(set(found))


@pytest.mark.parametrize("name", CHECKS)
def test_every_kind_of_check_is_written(name: str) -> None:
    derivation = Derivation("toy.growth", (Step("100% of $a_1$ & of_it", lambda book: CHECKS[name]),))
    text = export.latex_derivation(derivation, TOY.book())
    parses(text)
    labels_unique(text)
    assert "not checked" in text and r"100\% of $a_1$ \& of\_it" in text
    assert max(map(len, text.splitlines())) < 700


def test_documents_of_a_paper(tmp_path: Path) -> None:
    assert plateaux.main(["latex", "toy", "--out", str(tmp_path)], papers=(TOY,)) == 0
    text = (tmp_path / "toy.tex").read_text()
    parses(text)
    labels_unique(text)
    assert {f"eq:plx:{entry.id}" for entry in TOY.book()} <= set(re.findall(r"\\label\{([^}]*)\}", text))
    assert set(re.findall(r"\\eqref\{([^}]*)\}", text)) <= set(re.findall(r"\\label\{([^}]*)\}", text))
    bib = (tmp_path / "references.bib").read_text()
    for key in re.findall(r"\\cite(?:\[\{.*?\}\])?\{([^}]*)\}", text):
        assert f"{{{key}," in bib
    packages = re.findall(r"\\usepackage\{([^}]*)\}", text)
    assert packages == ["amsmath,amssymb"]
    assert "exact" in text


def test_a_formula_alone_refers_to_others_by_id(capsys: pytest.CaptureFixture[str]) -> None:
    assert plateaux.main(["latex", "toy.growth", "--unchecked"], papers=(TOY,)) == 0
    text = capsys.readouterr().out
    parses(text)
    assert r"\eqref" not in text and "not checked" in text


def revive(text: str) -> Any:
    """A SymPy object from its srepr (in a test only: this evaluates code)."""
    names = {"Str": sympy.core.symbol.Str, "ExprCondPair": sympy.functions.elementary.piecewise.ExprCondPair}
    return eval(text, dict(vars(sympy)) | names)


def comes_back(original: Any, text: str) -> bool:
    """Equal, up to the order of the terms of a sum of matrices, which srepr sorts."""
    return bool(
        revive(text) == original or (sympy.srepr(revive(text)) == text and revive(text).doit() == original.doit())
    )


@pytest.mark.parametrize("entry", [GROWTH, FLOW], ids=lambda entry: entry.id)
def test_stored_objects_come_back(entry: object) -> None:
    record = json.loads(export.stored(entry))  # type: ignore[arg-type]
    if isinstance(entry, Formula):
        assert revive(record["statement"]) == entry.statement
        assert tuple(revive(one) for one in record["assuming"]) == entry.assuming
    else:
        assert tuple((revive(a), revive(b)) for a, b in record["equations"]) == FLOW.equations


LONG = ("time-scales", "deep-linear")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in plateaux.papers.NAMES]
)
def test_known_papers_are_written_and_come_back(name: str, tmp_path: Path) -> None:
    paper = plateaux.papers.load(name)
    assert set(cited_keys(paper)) <= set(bibliography())
    assert plateaux.main(["latex", name, "--unchecked", "--out", str(tmp_path)]) == 0
    text = (tmp_path / f"{name}.tex").read_text()
    parses(text)
    labels_unique(text)
    for entry in paper.formulas:
        record = json.loads((tmp_path / f"{entry.id}.srepr").read_text())
        assert comes_back(entry.statement, record["statement"])
        assert all(comes_back(a, x) and comes_back(b, y) for (a, b), (x, y) in zip(entry.let, record["let"]))


def test_matrix_statement_comes_back() -> None:
    formula = Formula(
        "toy.matrix", "a matrix statement", Eq(C, A * B - eps * A * A.T),
        tuple((letter, "a letter") for letter in (A, B, C, m, n, eps)), Source("plateaux"),
    )  # fmt: skip
    assert comes_back(formula.statement, json.loads(export.stored(formula))["statement"])
    parses(export.latex_formula(formula))
    assert r"A\in\mathbb{R}^{m\times n}" in export.latex_formula(formula)


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30))
@settings(deadline=None, max_examples=100)
def test_words_are_escaped(text: str) -> None:
    if "$" not in text:
        LatexWalker("\\text{" + export.words(text) + "}", tolerant_parsing=False).get_latex_nodes()
    assert export.words("a_b $x_1$ 5%") == r"a\_b $x_1$ 5\%"
    assert export.words("5$ each") == r"5\$ each"


def test_every_cited_key_is_known() -> None:
    known = bibliography()
    assert {"plateaux", "tu2024mixed", "saxe2014exact", "braun2022exact", "domine2024lazy"} <= set(known)
    assert set(cited_keys(TOY)) <= set(known)
    assert bibtex(["nobody2000"]).startswith("% nobody2000")
    text = (Path(export.__file__).parent / "derivations" / "references.bib").read_text(encoding="utf-8")
    assert len(known) == len(re.findall("^@", text, re.M))
    for entry in known.values():
        assert entry.count("{") == entry.count("}")


def test_a_cited_step_counts_as_source() -> None:
    from dataclasses import replace

    step = Step("known", lambda book: Cited(Source("li2021towards")))
    paper = replace(TOY, derivations=(Derivation("toy.growth", (step,)),))
    assert "li2021towards" in cited_keys(paper)
    assert t in GROWTH.parameters


def test_a_step_that_cannot_be_built_is_marked() -> None:
    def broken(book: Any) -> Any:
        raise ZeroDivisionError

    derivation = Derivation("toy.growth", (Step("broken", broken),))
    with pytest.raises(ZeroDivisionError):
        export.latex_derivation(derivation, TOY.book())
    text = export.latex_derivation(derivation, TOY.book(), plateaux.verify(derivation, TOY.book()))
    parses(text)
    assert "FAILED" in text


def test_scopes_and_sizes_are_escaped():
    """Found by a LaTeX engine: an underscore in a scope, a sum of sizes without parentheses."""
    from plateaux.derivations.mixed import PAPER

    chain = {one.of: one for one in PAPER.derivations}
    written = export.latex_derivation(chain["mixed.step-determinant"], PAPER.book())
    assert r"d\_out x d\_in" in written and " d_out x d_in" not in written
    formula = PAPER.book().formula("mixed.step-determinant")
    assert r"^{(d_{\mathrm{in}} + d_{\mathrm{out}})\times (" in export.latex_formula(formula)

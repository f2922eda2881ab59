"""The command line on a small paper: what it prints, what it refuses, and with which exit code."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Eq, Rational, exp
from toy_paper import FLOW, GROWTH, TOY, t, x_0

import plateaux
from plateaux.commands.strict import exact
from plateaux.derivations.chain import Derivation, Step
from plateaux.numerics.store import load

COMMANDS = [
    "list",
    "show",
    "eval",
    "verify",
    "compare",
    "simulate",
    "phase-diagram",
    "figures",
    "plot",
    "latex",
    "cite",
    "info",
]
HEAVY = {"numpy", "sympy", "scipy", "numba", "matplotlib", "rich", "joblib"}
PWNED = Path("/tmp/pwned-by-plateaux")


def run(*argv: str, paper: Any = TOY) -> int:
    return plateaux.main(list(argv), papers=(paper,))


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line of a refusal: exit code 2, nothing on stdout."""
    assert run(*argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n") and err.count("\n") == 1, err
    return err


POINT = ("t=1", "r=1", "x_0=0.5")
BAD = [
    (("display", "toy.growth"), "invalid choice"),
    (("show", "toy.grwth"), "toy.growth"),
    (("show", "ty.growth"), "toy.growth"),
    (("show", "toy.holds"), "is a comparison"),
    (("eval", "toy.flow"), "is a system"),
    (("list", "toyz"), "there are toy"),
    (("eval", "toy.growth", "t=1", "r=1"), "x_0 missing"),
    (("eval", "toy.growth", *POINT, "q=1"), "'q' is unknown"),
    (("eval", "toy.growth", *POINT, "t=2"), "given twice"),
    (("eval", "toy.growth", "t", "r=1", "x_0=0.5"), "name=value"),
    (("eval", "toy.growth", "t=one", "r=1", "x_0=0.5"), "is not a number"),
    (("eval", "toy.growth", "t=nan", "r=1", "x_0=0.5"), "is not a number"),
    (("eval", "toy.growth", "t=inf", "r=1", "x_0=0.5"), "is not a number"),
    (("eval", "toy.growth", "t=1e999", "r=1", "x_0=0.5"), "out of range"),
    (("eval", "toy.growth", "t=1/0", "r=1", "x_0=0.5"), "divides by zero"),
    (("eval", "toy.growth", "t=-1", "r=1", "x_0=0.5"), "t is nonnegative"),
    (("eval", "toy.growth", "t=1", "r=0", "x_0=0.5"), "r is positive"),
    (("eval", "toy.growth", "t=1", "r=1", "x_0=2"), "needs x_0 < 1"),
    (("eval", "toy.growth", *POINT, "--digits", "0"), "allowed: 1 to"),
    (("eval", "toy.growth", *POINT, "--digits", "many"), "is not a number"),
    (("eval", "toy.growth", f"t=__import__('os').system('touch {PWNED}')", "r=1", "x_0=0.5"), "is not a number"),
    (("eval", "toy.growth", f"__import__('os').system('touch {PWNED}')=1"), "name=value"),
    (("compare", "toy.hold"), "toy.holds"),
    (("compare", "toy", "--seed", "-1"), "negative"),
    (("simulate", "toyz", "--out", "a.npz"), "nearest: toy"),
    (("simulate", "toy", "--out", "a.npz", "--width", "0"), "width: 0; at least 1"),
    (("simulate", "toy", "--out", "a.npz", "--width", "2.5"), "not a whole number"),
    (("simulate", "toy", "--out", "a.npz", "--rates", "1,two"), "is not a number"),
    (("simulate", "toy", "--out", "a.npz", "--order", "random"), "simultaneous, sequential"),
    (("simulate", "toy", "--out", "a.npz", "--depth", "3"), "unrecognized arguments"),
    (("simulate", "toy", "--out", "a.txt"), "must end in .npz"),
    (("simulate", "toy", "--out", "/dev/null/a.npz"), "cannot write"),
    (("simulate", "toy", "--out", "a.npz", "--json", "a.json"), "another name"),
    (("phase-diagram", "toy", "--out", "/proc/none/a.npz"), "cannot write"),
    (("figures", "toy", "--out", "/dev/null"), "it is a file"),
    (("latex", "toy", "--out", "/proc/none"), "cannot write"),
    (("verify", "toy", "--json", "/dev/null/a.json"), "cannot write"),
    (("plot", "none.npz"), "does not exist"),
    (("cite", "toy.none"), "toy.growth"),
    (("latex", "toy.none"), "toy.growth"),
    (("demo", "toy"), "names nothing"),
]


@pytest.mark.parametrize(("argv", "says"), BAD, ids=[" ".join(argv)[:60] for argv, _ in BAD])
def test_bad_input(
    argv: tuple[str, ...],
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert says in refused(capsys, *argv)
    assert not PWNED.exists()
    assert not list(tmp_path.iterdir())


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "toy", "--about", "noisy") == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["toy.holds", "toy.breaks"]


@pytest.mark.parametrize("id", ["toy.growth", "toy.flow"])
def test_show(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", id) == 0
    out = capsys.readouterr().out
    assert "growth rate" in out and "source: plateaux" in out and "LaTeX" in out
    assert ("it starts at" in out and "exact" in out) == (id == "toy.growth")


def test_eval_float(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("eval", "toy.growth", "t=1e3", "r=1", "x_0=1e-3") == 0
    assert float(capsys.readouterr().out) == 1.0
    assert run("eval", "toy.growth", "t=1", "r=1/2", "x_0=1e-3") == 0
    value = 1e-3 / (1e-3 + (1 - 1e-3) * math.exp(-0.5))
    assert float(capsys.readouterr().out) == pytest.approx(value, rel=4e-16)


def test_eval_many_digits(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "eval.json"
    assert run("eval", "toy.growth", "t=1", "r=1", "x_0=1/3", "--digits", "50", "--json", str(file)) == 0
    printed = capsys.readouterr().out.strip()
    third = Rational(1, 3)
    assert printed == str((third * exp(1) / (1 - third + third * exp(1))).evalf(50))
    record = json.loads(file.read_text())
    assert record["value"] == printed and record["parameters"] == {"t": "1", "r": "1", "x_0": "1/3"}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
@settings(deadline=None, max_examples=50)
def test_numbers_are_exact(value: Any) -> None:
    assert exact("x", str(value)) == Fraction(value)


@given(st.text(max_size=12))
@settings(deadline=None, max_examples=200)
def test_text_is_a_number_or_refused(text: str) -> None:
    try:
        value = exact("x", text)
    except ValueError as error:
        assert "\n" not in str(error)
    else:
        assert set(text.strip()) <= set("0123456789.+-eE/") and math.isfinite(value)


def test_verify(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "v.json"
    assert run("verify", "toy.growth-time", "--json", str(file)) == 0
    out = capsys.readouterr().out
    assert "all well" in out
    record = json.loads(file.read_text())
    assert record["ok"]
    assert [entry["id"] for entry in record["entries"]] == ["toy.growth-time", "toy.growth", "toy.flow"]  # the chain


def test_verify_in_processes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "toy", "--jobs", "2") == 0
    assert "3 entries" in capsys.readouterr().out


def test_planted_error_fails(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = replace(GROWTH, statement=Eq(GROWTH.name, GROWTH.value + x_0 * t))
    assert run("verify", "toy.growth-time", paper=replace(TOY, formulas=(wrong, TOY.formulas[1]))) == 1
    out = capsys.readouterr().out
    assert "FAILED" in out and "residual" in out and "the closed form solves" in out
    assert run("show", "toy.growth", paper=replace(TOY, formulas=(wrong, TOY.formulas[1]))) == 1


def test_own_statement_without_derivation_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "toy", paper=replace(TOY, derivations=TOY.derivations[1:])) == 1
    assert "no derivation" in capsys.readouterr().out


def test_cited_statement_stands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "toy", paper=replace(TOY, derivations=TOY.derivations[:1])) == 0
    assert "cited" in capsys.readouterr().out


def test_cycle_fails(capsys: pytest.CaptureFixture[str]) -> None:
    back = Step(
        "uses what rests on it",
        lambda book: book.formula("toy.growth-time") and TOY.derivations[0].steps[1].shows(book),
    )
    looped = Derivation("toy.growth", (*TOY.derivations[0].steps, back))
    assert run("verify", "toy", paper=replace(TOY, derivations=(looped, TOY.derivations[1]))) == 1
    assert "cycle" in capsys.readouterr().out


def test_compare(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("compare", "toy", "--seed", "3", "--out", str(tmp_path), "--json", str(tmp_path / "c.json")) == 0
    assert "all well; seed 3" in capsys.readouterr().out
    assert [one["ok"] for one in json.loads((tmp_path / "c.json").read_text())["comparisons"]] == [True, True]
    kept = load(tmp_path / "toy.holds.theory.npz")
    assert "--seed 3" in dict(kept.made_by.detail)["command"]


def test_comparison_that_does_not_hold(capsys: pytest.CaptureFixture[str]) -> None:
    tight = replace(TOY.comparisons[0], bound=1e-9)
    assert run("compare", "toy", paper=replace(TOY, comparisons=(tight,))) == 1
    assert "FAILED" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["simulate", "phase-diagram"])
def test_experiment(command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "deep" / "s.npz"
    options = ("--width", "1e2", "--rates", "1,0.5", "--noisy", "yes", "--stop", "none", "--seed", "7")
    assert run(command, "toy", *options, "--out", str(file)) == 0
    curve = load(file)
    assert curve.made_by.seed == 7 and list(curve["rate"]) == [1.0, 0.5]
    assert dict(curve.made_by.detail)["experiment"] == command
    assert run("plot", str(file), "--out", str(tmp_path / "s.svg")) == 0
    assert command in (tmp_path / "s.svg").read_text()
    assert capsys.readouterr().err == ""


def test_experiment_help_lists_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("simulate", "toy", "--help") == 0
    out = capsys.readouterr().out
    assert "number of neurons; default 10" in out and "one of simultaneous, sequential" in out and "default 1,2" in out


def test_figures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("figures", "toy", "--out", str(tmp_path), "--format", "svg") == 0
    assert "figures toy" in (tmp_path / "toy.figure-1.svg").read_text()
    assert "Share against time." in capsys.readouterr().out


def test_plain_plot(tmp_path: Path) -> None:
    assert run("compare", "toy.holds", "--out", str(tmp_path)) == 0
    assert run("plot", str(tmp_path / "toy.holds.observed.npz")) == 0
    assert (tmp_path / "toy.holds.observed.png").stat().st_size > 1000


def test_cite_holds_sources_of_the_chain(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("cite", "toy.growth-time") == 0
    out = capsys.readouterr().out
    assert "@inproceedings{saxe2014exact," in out and "@software{plateaux," in out
    assert run("cite", "toy.flow") == 0
    assert "saxe2014exact" not in capsys.readouterr().out


def test_demo(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    paper = replace(TOY, demo=("toy.growth", "toy.holds", "toy.figure-1"))
    assert run("demo", "toy", "--out", str(tmp_path), paper=paper) == 0
    out = capsys.readouterr().out
    assert "$ plateaux verify toy.growth" in out
    for name in ("toy.growth.tex", "toy.holds.theory.npz", "toy.figure-1.png", "references.bib"):
        assert str(tmp_path / name) in out and (tmp_path / name).is_file()
    with pytest.raises(ValueError, match=r"demo: toy\.none"):
        replace(TOY, demo=("toy.none",))


def test_info(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("info", "--json", str(tmp_path / "i.json")) == 0
    assert "linear algebra" in json.loads((tmp_path / "i.json").read_text())["info"]
    assert "cache" in capsys.readouterr().out


def test_interrupt_leaves_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def stop(settings: Any, progress: Any) -> Any:
        raise KeyboardInterrupt

    assert TOY.simulate is not None
    paper = replace(TOY, simulate=replace(TOY.simulate, run=stop))
    assert run("simulate", "toy", "--out", str(tmp_path / "s.npz"), paper=paper) == 130
    assert not list(tmp_path.iterdir())
    assert capsys.readouterr().err.count("\n") == 1


def test_every_command_teaches_by_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    top = capsys.readouterr().out
    for command in COMMANDS:
        assert command in top
        assert run(command, "--help") == 0
        assert capsys.readouterr().out.count("  plateaux ") >= 2


def test_own_paper_hides_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert FLOW.id.startswith(TOY.id)
    assert plateaux.main(["show", "toy.growth"]) == 2
    assert "'toy.growth' is not known" in capsys.readouterr().err


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_imports_nothing_heavy(option: str) -> None:
    done = python(
        f"import sys, plateaux; code = plateaux.main([{option!r}]); "
        f"print(code, sorted({{m.split('.')[0] for m in sys.modules}} & {HEAVY!r}))"
    )
    assert done.stdout.splitlines()[-1] == "0 []", done


def test_a_closed_pipe_is_no_error() -> None:
    program = f'{sys.executable} -c \'import sys, plateaux; sys.exit(plateaux.main(["eval", "--help"]))\''
    pipe = ["bash", "-c", program + " | true; echo ${PIPESTATUS[0]}"]
    done = subprocess.run(pipe, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "0" and done.stderr == ""


def test_a_terminal_is_told_how_long(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    slow = replace(TOY.comparisons[0], seconds=200.0)
    assert run("compare", "toy", paper=replace(TOY, comparisons=(slow,))) == 0
    out, err = capsys.readouterr()
    assert "comparing: about 3 min" in err and "about" not in out


@pytest.mark.parametrize("name", plateaux.__all__)
def test_public_names_are_there(name: str) -> None:
    assert getattr(plateaux, name) is not None

"""Simulation and figures: settings, small runs, files, drawings that keep inside their page."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from plateaux.cli import main
from plateaux.derivations.parameterizations import PAPER
from plateaux.derivations.parameterizations.drawing import draw_losses, draw_map
from plateaux.derivations.parameterizations.figures import FIGURES
from plateaux.derivations.parameterizations.simulate import SIMULATE, SimulateSettings, plot_simulate, run_simulate
from plateaux.figures import save
from plateaux.numerics.store import load

BY_NAME = {figure.id.split(".", 1)[1]: figure for figure in FIGURES}
SMALL = SimulateSettings(depth=2, width=16, steps=12, batch=16, records=4)


def quiet(fraction: float, words: str) -> None:
    assert 0 <= fraction <= 1
    assert "\n" not in words


def contained(figure: object) -> bool:
    """Whether all that is drawn lies on the page."""
    figure.draw_without_rendering()  # type: ignore[attr-defined]
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()  # type: ignore[attr-defined]
    return bool(box.x0 > -0.01 and box.y0 > -0.01 and box.x1 < width + 0.01 and box.y1 < height + 0.01)


BAD = [
    ({"depth": 0}, "depth: 0"),
    ({"records": 1}, "records: 1"),
    ({"param": "sp"}, "param: 'sp'; allowed: ip,"),
    ({"activation": "swish"}, "activation: 'swish'"),
    ({"width": 1}, "width: 1"),
    ({"rate": -0.1}, "rate: -0.1"),
    ({"seed": -1}, "seed: -1"),
]


@pytest.mark.parametrize(("more", "words"), BAD)
def test_bad_settings_are_one_line(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        SimulateSettings(**more)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_small_run_is_drawn() -> None:
    curve = run_simulate(SMALL, quiet)
    assert curve["loss"].shape == (4,)
    assert curve["stable ranks"].shape == (4, 3)
    assert dict(curve.made_by.parameters)["images"] == "digits"
    figure = plot_simulate(curve)
    assert contained(figure)
    assert [ax.get_ylabel() for ax in figure.axes] == ["training loss", "share", "stable rank over the test"]
    assert SIMULATE.seconds(SMALL) < SIMULATE.seconds(SimulateSettings(width=2048))
    losses = draw_losses({("ip-llr", "gelu"): [curve, curve], ("mup", "relu"): [curve]}, ("relu", "gelu"))
    assert contained(losses)
    assert [len(ax.lines) for ax in losses.axes] == [1, 2]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--images", "/nowhere"], "is no folder"),
        (["--param", "sp"], "param: 'sp'"),
        (["--depth", "0"], "depth: 0"),
        (["--depth", "2.5"], "whole number"),
        (["--rate", "0"], "rate: 0"),
        (["--activation", "swish"], "activation: 'swish'"),
    ],
)
def test_the_command_refuses_in_one_line(
    words: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run.npz"
    assert main(["simulate", "parameterizations", "--out", str(out), *words]) == 2
    said = capsys.readouterr().err.strip()
    assert complaint in said
    assert "\n" not in said
    assert not out.exists()


def test_the_command_writes_and_plots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, picture = tmp_path / "run.npz", tmp_path / "run.png"
    settings = [
        "--depth",
        "2",
        "--width",
        "16",
        "--steps",
        "8",
        "--batch",
        "16",
        "--records",
        "3",
        "--param",
        "mup",
        "--seed",
        "5",
    ]
    assert main(["simulate", "parameterizations", "--out", str(out), *settings]) == 0
    assert load(out).made_by.seed == 5
    assert main(["plot", str(out), "--out", str(picture)]) == 0
    assert picture.stat().st_size > 10_000
    capsys.readouterr()


def test_the_map_shows_every_number() -> None:
    figure = draw_map(["one", "two"], ["a", "b", "c"], np.array([[0, -0.5, -1], [np.nan, 0, -2]]))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["0", "\N{MINUS SIGN}0.5", "\N{MINUS SIGN}1", "0", "\N{MINUS SIGN}2"]
    assert contained(figure)


def test_the_exponents_are_drawn(tmp_path: Path) -> None:
    figure = BY_NAME["exponents"].draw(0, quiet)
    assert contained(figure)
    save(figure, tmp_path / "map.png", command="test")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][:4] == ["NTK", "SP", "muP", "IP"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coordinates", "escape", "digits", "features"])
def test_figures_are_drawn(name: str) -> None:
    assert contained(BY_NAME[name].draw(1, quiet))


def test_the_paper_holds_them() -> None:
    assert PAPER.figures == FIGURES
    assert PAPER.simulate is SIMULATE
    assert all(figure.caption.endswith(".") and figure.seconds > 0 for figure in FIGURES)

"""Experiments and figures of early alignment: bad settings, small runs, resuming, drawings that keep inside their page."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plateaux.cli import main
from plateaux.derivations.early_alignment.diagrams import DiagramSettings, run_diagram
from plateaux.derivations.early_alignment.experiments import PHASE_DIAGRAM, SIMULATE
from plateaux.derivations.early_alignment.figures import FIGURES
from plateaux.derivations.early_alignment.simulate import SimulateSettings, run_simulate
from plateaux.figures import style
from plateaux.numerics.early_alignment import relu_descent, start, three_points
from plateaux.numerics.store import load

SMALL = SimulateSettings(m=30, scale=0.01, eta=0.01, steps=500, records=20)
TINY = DiagramSettings(widths=(5, 10), scales=(0.05, 0.5), seeds=2, steps=200, jobs=1)
GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
BY_ID = {figure.id.split(".")[1]: figure for figure in FIGURES}


def quiet(fraction, words):
    assert 0 <= fraction <= 1 and "\n" not in words


def contained(figure):
    """Whether all that is drawn lies on the page, and the figure's legends cover no axes."""
    figure.draw_without_rendering()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    inside = box.x0 > -0.01 and box.y0 > -0.01 and box.x1 < width + 0.01 and box.y1 < height + 0.01
    return inside and not any(
        legend.get_window_extent().overlaps(ax.get_tightbbox()) for legend in figure.legends for ax in figure.axes
    )


@pytest.mark.parametrize(
    ("settings", "bad", "message"),
    [
        (SimulateSettings, {"data": "nowhere.csv"}, "data: no file 'nowhere.csv'; built-in names: three-points"),
        (SimulateSettings, {"bias": True}, "bias: three-points is built in"),
        (SimulateSettings, {"labels": "y"}, "labels: three-points is built in"),
        (SimulateSettings, {"m": 0}, "m: 0; allowed: integers 1 to"),
        (SimulateSettings, {"scale": 0.0}, "scale: 0.0; allowed: finite numbers above 0"),
        (SimulateSettings, {"eta": np.nan}, "eta: nan; allowed"),
        (SimulateSettings, {"dominance": -1.0}, "dominance: -1.0; allowed"),
        (SimulateSettings, {"steps": 0}, "steps: 0; allowed"),
        (SimulateSettings, {"records": 1}, "records: 1; allowed"),
        (SimulateSettings, {"seed": -1}, "seed: -1; allowed"),
        (DiagramSettings, {"widths": ()}, "widths: none; allowed: increasing"),
        (DiagramSettings, {"widths": (10, 5)}, "widths: 10,5; allowed: increasing"),
        (DiagramSettings, {"scales": (0.0, 1.0)}, "scales: 0.0; allowed"),
        (DiagramSettings, {"seeds": 0}, "seeds: 0; allowed"),
        (DiagramSettings, {"jobs": 0}, "jobs: 0; allowed"),
        (DiagramSettings, {"store": ""}, "store: ''; allowed: a folder"),
    ],
)
def test_bad_settings(settings, bad, message):
    with pytest.raises(ValueError) as caught:
        settings(**bad)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_diagram_refuses_data_without_a_linear_plateau(tmp_path):
    file = tmp_path / "line.csv"
    file.write_text("x,y\n0,1\n1,2\n2,3\n")
    with pytest.raises(ValueError, match="fitted by a linear map"):
        DiagramSettings(data=str(file), bias=True)
    file.write_text("a,b,y\n0,1,1\n1,2,0\n2,3,3\n1,1,1\n")
    with pytest.raises(ValueError, match="has 3 features; 2"):
        DiagramSettings(data=str(file), bias=True)


def test_run_is_plain_descent():
    curve = run_simulate(SMALL, quiet)
    data = three_points()
    plain = relu_descent(data.X, data.y, *start(30, 0.01, 0), 0.01, 500, record=SMALL.marks).curve
    assert np.allclose(curve["loss"], plain["loss"], rtol=1e-12)
    assert np.array_equal(curve["crossings"], plain["crossings"])
    assert contained(SIMULATE.plot(curve)) and SIMULATE.seconds(SMALL) > 0


def test_run_on_a_file_in_three_dimensions(tmp_path):
    file = tmp_path / "points.csv"
    file.write_text("a,b,target\n0,1,1\n1,2,0\n2,-3,3\n1,1,1\n")
    settings = SimulateSettings(
        data=str(file), labels="target", bias=True, m=10, scale=0.1, eta=0.01, steps=50, records=5
    )
    curve = run_simulate(settings, quiet)
    assert dict(curve.made_by.parameters)["d"] == 3 and curve["loss"][-1] < curve["loss"][0]


def test_diagram_resumes(tmp_path):
    from dataclasses import replace

    told: list[str] = []
    settings = replace(TINY, store=str(tmp_path))
    first = run_diagram(settings, quiet)
    again = run_diagram(settings, lambda fraction, words: told.append(words))
    assert np.array_equal(first["loss"], again["loss"]) and "8 of them from the store" in told[-1]
    assert (first["low"] <= first["fraction"]).all() and (first["fraction"] <= first["high"]).all()
    assert contained(PHASE_DIAGRAM.plot(first)) and PHASE_DIAGRAM.seconds(TINY) > 0


@pytest.mark.parametrize(
    "name",
    ["circle", "diagram-small", *(pytest.param(name, marks=pytest.mark.slow) for name in ("directions", "function"))],
)
def test_figures_keep_inside_their_page(name):
    with style():
        assert contained(BY_ID[name].draw(0, quiet))


def test_every_figure_has_words():
    assert all(figure.title and figure.caption and figure.seconds > 0 for figure in FIGURES)


def test_command_line(capsys, tmp_path):
    out = tmp_path / "run.npz"
    words = ["simulate", "early-alignment", "--m", "20", "--scale", "0.01", "--eta", "0.01", "--steps", "100"]
    assert main([*words, "--out", str(out)]) == 0
    assert load(out)["step"][-1] == 100
    assert main(["plot", str(out), "--out", str(tmp_path / "run.png")]) == 0
    capsys.readouterr()
    assert main([*words, "--dominance", "0", "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert "dominance: 0.0; allowed" in error and error.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(not GALLERY.is_dir(), reason="the tests stand without the documentation")
def test_animation(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    space = runpy.run_path(str(GALLERY / "early_alignment_animation.py"))
    (path,) = (tmp_path / "images").iterdir()
    with Image.open(path) as image:
        assert image.n_frames > 50 and path.stat().st_size < 1.5e6
    assert space["run"]["loss"][-1] == pytest.approx(256 / 2925, rel=1e-3)
    assert "nan" not in capsys.readouterr().out

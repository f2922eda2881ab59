"""Experiments and figures of the mixed dynamics: bad settings, small runs, resuming, and drawings that keep inside their page."""

from __future__ import annotations

import math
import runpy
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from plateaux.derivations.mixed.diagrams import MEASURES, DiagramSettings, code_digest, run_diagram
from plateaux.derivations.mixed.drawing import BOUNDARIES, boundary, draw_diagrams, draw_run, scientific
from plateaux.derivations.mixed.experiments import PHASE_DIAGRAM, SIMULATE
from plateaux.derivations.mixed.figures import FIGURES, LEVELS, diagrams, euler, overlaps
from plateaux.derivations.mixed.simulate import SimulateSettings, prepare, run_simulate
from plateaux.figures import panels, save
from plateaux.numerics.mixed import descend, descent_point, mode_point
from plateaux.numerics.store import load
from plateaux.numerics.store import save as save_curve

SMALL = SimulateSettings(d=12, k=2, width=10**6, sigma2=5e-7, steps=40)
TINY = DiagramSettings(d=16, k=2, grid=3, steps=60, jobs=1)
GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
BY_ID = {figure.id: figure for figure in FIGURES}


def quiet(fraction, words):
    assert 0 <= fraction <= 1 and "\n" not in words


def contained(figure):
    """Whether all that is drawn lies on the page, and the figure's legends cover no axes."""
    figure.draw_without_rendering()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    inside = box.x0 > -0.01 and box.y0 > -0.01 and box.x1 < width + 0.01 and box.y1 < height + 0.01
    covered = any(
        legend.get_window_extent().overlaps(ax.get_tightbbox()) for legend in figure.legends for ax in figure.axes
    )
    return inside and not covered


@pytest.mark.parametrize(
    ("settings", "bad", "message"),
    [
        (SimulateSettings, {"d": 1}, "d: 1; allowed: integers >= 2"),
        (SimulateSettings, {"d_in": 0}, "d_in: 0; allowed"),
        (SimulateSettings, {"k": 0}, "k: 0; allowed"),
        (SimulateSettings, {"d": 9, "d_in": 4, "k": 5}, "k: 5; allowed: 1 to 4"),
        (SimulateSettings, {"width": 0}, "width: 0; allowed: integers >= 1"),
        (SimulateSettings, {"width": 10**13}, "width: 10000000000000; allowed: 1 to 1e12"),
        (SimulateSettings, {"gamma_w": -1.0}, "gamma_w: -1.0; the width"),
        (SimulateSettings, {"gamma_w": math.nan}, "gamma_w: nan; allowed: finite"),
        (SimulateSettings, {"gamma_w": 1e6}, "gamma_w: 1000000.0; the width"),
        (SimulateSettings, {"width": 10, "gamma_w": 2.0}, "gamma_w: 2.0 stands beside width=10; give one"),
        (SimulateSettings, {"sigma2": -1e-3}, "sigma2: -0.001; allowed: finite and > 0"),
        (SimulateSettings, {"sigma2": 1e-3, "gamma_sigma": -1.0}, "gamma_sigma: -1.0 stands beside sigma2"),
        (SimulateSettings, {"tau": 1.0, "sigma2": 1e-3}, "sigma2: 0.001 stands beside tau=1.0"),
        (SimulateSettings, {"tau": 1.0, "gamma_sigma": -1.0}, "gamma_sigma: -1.0 stands beside tau"),
        (SimulateSettings, {"tau": 0.0}, "tau: 0.0; allowed"),
        (SimulateSettings, {"gamma_sigma": -1e6}, "gamma_sigma: -1000000.0; the variance"),
        (SimulateSettings, {"gamma_sigma": 1e6}, "gamma_sigma: 1000000.0; the variance"),
        (SimulateSettings, {"eta": 0.0}, "eta: 0.0; allowed"),
        (SimulateSettings, {"eta": math.inf}, "eta: inf; allowed"),
        (SimulateSettings, {"steps": 0}, "steps: 0; allowed"),
        (SimulateSettings, {"record": 0}, "record: 0; allowed"),
        (SimulateSettings, {"order": "both"}, "order: 'both'; allowed: sequential, simultaneous"),
        (SimulateSettings, {"cost": "huber"}, "cost: 'huber'; allowed: squared, masked, correlated"),
        (SimulateSettings, {"observed": 0.5}, "observed: 0.5 has no meaning with cost squared"),
        (SimulateSettings, {"cost": "masked", "observed": 1.5}, "observed: 1.5; allowed: above 0"),
        (SimulateSettings, {"cost": "masked", "spread": 3.0}, "spread: 3.0 has no meaning with cost masked"),
        (SimulateSettings, {"cost": "correlated", "spread": 0.5}, "spread: 0.5; allowed"),
        (SimulateSettings, {"weight_decay": -1.0}, "weight_decay: -1.0; allowed"),
        (SimulateSettings, {"momentum": 1.0}, "momentum: 1.0; allowed: 0 <= momentum < 1"),
        (SimulateSettings, {"theory": True, "momentum": 0.5}, "theory: yes; the closed form needs squared error"),
        (SimulateSettings, {"seed": -1}, "seed: -1; allowed"),
        (DiagramSettings, {"d": 1}, "d: 1; allowed"),
        (DiagramSettings, {"k": 300}, "k: 300; allowed: 1 to 200"),
        (DiagramSettings, {"grid": 1}, "grid: 1; allowed"),
        (DiagramSettings, {"gamma_sigma": (-1.0,)}, "gamma_sigma: -1; allowed: two finite numbers"),
        (DiagramSettings, {"gamma_sigma": (-1.0, -2.0)}, "gamma_sigma: -1,-2; allowed"),
        (DiagramSettings, {"gamma_sigma": (-1.0, 1e4)}, "gamma_sigma: -1,10000; the variance"),
        (DiagramSettings, {"gamma_w": (1.0, math.nan)}, "gamma_w: 1,nan; allowed"),
        (DiagramSettings, {"gamma_w": (-1.0, 2.0)}, "gamma_w: -1,2; the width"),
        (DiagramSettings, {"gamma_w": (1.0, 1e9)}, "gamma_w: 1,1e.09; the width"),
        (DiagramSettings, {"by": "magic"}, "by: 'magic'; allowed: descent, flow, mode"),
        (DiagramSettings, {"steps": 0}, "steps: 0; allowed"),
        (DiagramSettings, {"jobs": 0}, "jobs: 0; allowed"),
        (DiagramSettings, {"store": __file__}, "store: .*; allowed: a folder"),
        (DiagramSettings, {"seed": -3}, "seed: -3; allowed"),
    ],
)
def test_bad_settings_are_one_line(settings, bad, message):
    with pytest.raises(ValueError, match=message) as caught:
        settings(**bad)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


def test_published_run():
    """Scales and learning rate of section 12, both branches; exponents and plain numbers say the same."""
    run = prepare(SimulateSettings(d=30, k=2))
    assert run.width == int(30**2.25) and run.sigma2 == pytest.approx(30**-1.85)
    assert run.eta == pytest.approx(1 / (5 * np.linalg.norm(run.signal, 2)))
    lazy = SimulateSettings(d=30, k=2, gamma_sigma=-1.0)
    assert prepare(lazy).eta == pytest.approx(1 / (5 * 30**1.25))
    same = prepare(SimulateSettings(d=30, k=2, width=int(30**2.25), sigma2=30**-1.85))
    assert np.allclose(same.start.Q, run.start.Q) and same.width == run.width
    wide = prepare(SimulateSettings(d=12, k=2, width=10**12, tau=3.0))
    assert wide.width == 10**12 and wide.tau == pytest.approx(3.0) and wide.sigma2 == pytest.approx(3e-12)
    assert wide.eta == pytest.approx(1 / (5 * np.linalg.norm(wide.signal, 2)))


def test_theory_and_descent_meet_as_the_steps_shrink():
    """At width 1e12 nothing but the step is between them: half the step, half the distance."""
    gaps = []
    for eta, steps in ((2e-4, 1000), (1e-4, 2000)):
        curve = run_simulate(
            replace(SMALL, width=10**12, sigma2=5e-13, eta=eta, steps=steps, record=steps // 20), quiet
        )
        gaps.append(np.abs(curve["singular values"] - curve["theory singular values"]).max())
        for name in ("loss", "test error", "stable rank"):
            assert curve[name] == pytest.approx(curve[f"theory {name}"], rel=0.05)
    assert 1.95 < gaps[0] / gaps[1] < 2.05


@pytest.mark.parametrize(
    "more",
    [
        {"d_in": 7},
        {"cost": "masked", "observed": 0.7, "d_in": 20},
        {"cost": "correlated", "spread": 5.0},
        {"weight_decay": 0.1, "momentum": 0.5, "order": "simultaneous"},
        {"theory": False, "record": 7},
        {"width": 1},
    ],
)
def test_small_runs(more, tmp_path):
    settings = replace(SMALL, **more)
    curve = run_simulate(settings, quiet)
    assert curve["loss"][-1] < curve["loss"][0] and np.isfinite(curve["test error"]).all()
    assert ("theory loss" in curve.names) == (settings.solvable and settings.theory is not False)
    assert curve["singular values"].shape[1] == min(settings.d, settings.d_in or settings.d)
    if settings.width == 1:
        assert curve["stable rank"] == pytest.approx(1.0)
    assert SIMULATE.seconds(settings) > 0
    save_curve(curve, tmp_path / "run.npz")
    again = load(tmp_path / "run.npz")
    figure = SIMULATE.plot(again)
    assert isinstance(figure, Figure) and all(ax.get_xlabel() and ax.get_ylabel() for ax in figure.axes)
    if "d_in" in more or "theory" in more:  # laying out takes time
        assert contained(figure)


def test_divergence_is_said():
    with pytest.raises(ValueError, match=r"eta: 10\.0 makes gradient descent diverge"):
        run_simulate(replace(SMALL, eta=10.0), quiet)


def test_seed_decides():
    one, two, other = (run_simulate(replace(SMALL, seed=seed, theory=False), quiet)["loss"] for seed in (1, 1, 2))
    assert np.array_equal(one, two) and not np.allclose(one, other)


def test_euler_of_the_formula_is_descent_on_the_manifold_to_second_order():
    """One explicit step of the compiled formula and one simultaneous step from the manifold differ by O(eta^2)."""
    from plateaux.numerics.mixed import on_manifold

    gaps = []
    for eta in (1e-3, 5e-4):
        run = prepare(replace(SMALL, eta=eta))
        A = euler(run, eta * np.arange(2))
        start = on_manifold(run.start.A, run.tau)
        step = descend(start, run.cost, eta, 1, order="simultaneous", columns=("A",))["A"]
        gaps.append(np.abs(A[1] - step[1]).max())
    assert 3.9 < gaps[0] / gaps[1] < 4.1


@pytest.mark.parametrize("by", LEVELS)
def test_small_diagrams(by):
    settings = replace(TINY, by=by)
    curve = run_diagram(settings, quiet)
    assert curve["gamma_sigma"][[0, -1]].tolist() == [-2.2, -0.8] and curve["gamma_w"][[0, -1]].tolist() == [1.75, 2.8]
    assert curve["test error"].shape == (3, 3) and set(MEASURES) < set(curve.names)
    point = {"gamma_sigma": -2.2, "gamma_w": 2.8, "d": 16, "k": 2, "steps": 60, "seed": 0}
    if by != "flow":  # rows are variances, columns are widths
        alone = {"descent": descent_point, "mode": mode_point}[by](point)
        assert curve["test error"][0, -1] == pytest.approx(alone["test error"], rel=1e-4)
    assert np.isnan(curve["distance"]).all() == (by == "mode")
    figure = PHASE_DIAGRAM.plot(curve)
    assert contained(figure) and len(figure.legends) == 1
    title = figure.get_suptitle()
    assert {"descent": "gradient descent", "flow": "exact Gram flow", "mode": "scalar modes"}[by] in title
    assert PHASE_DIAGRAM.seconds(settings) > 0


def test_diagram_resumes_after_a_kill(tmp_path):
    settings = replace(TINY, by="descent", store=str(tmp_path / "store"))
    whole = run_diagram(replace(settings, store=None), quiet)

    def kill(fraction, words):
        if fraction > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_diagram(settings, kill)
    files = list((tmp_path / "store").iterdir())
    assert 0 < len(files) < 9
    stamps, said = {file: file.stat().st_mtime_ns for file in files}, []
    again = run_diagram(settings, lambda fraction, words: said.append(words))
    assert f"{len(files)} of them from the store" in said[0] and len(list((tmp_path / "store").iterdir())) == 9
    assert all(file.stat().st_mtime_ns == stamp for file, stamp in stamps.items())
    for name in MEASURES:
        assert np.array_equal(again[name], whole[name])
    assert code_digest("descent") != code_digest("flow")


def test_boundaries_are_those_of_the_formulas():
    x = np.linspace(-2.2, -0.8, 5)
    lines = [boundary(id, x, 200, 5) for id, _, _ in BOUNDARIES]
    assert lines[0] == pytest.approx(1 - x) and lines[1] == pytest.approx(0.5 - x) and lines[2] == pytest.approx(-2 * x)
    assert lines[3] == pytest.approx(0.3037639690)
    low = run_diagram(replace(TINY, d=20, k=3, gamma_w=(0.1, 1.2)), quiet)
    figure = draw_diagrams([low])
    assert any("w<k" in text.get_text() for text in figure.legends[0].get_texts())


def test_overlaps():
    rng = np.random.default_rng(5)
    (U, _), (V, _) = (np.linalg.qr(rng.standard_normal((6, 3))) for _ in range(2))
    M = (U * [3.0, 2.0, 1.0]) @ V.T
    same, s = overlaps(np.array([M, (U * [5.0, 0.2, 0.1]) @ V.T]), M, 3)
    assert same == pytest.approx(1.0) and s[1] == pytest.approx([5.0, 0.2, 0.1])
    swapped, _ = overlaps(((U * [2.0, 3.0, 1.0]) @ V.T)[None], M, 3)
    assert swapped[0] == pytest.approx([0.0, 0.0, 1.0], abs=1e-12)


def test_numbers_in_titles():
    assert [scientific(x) for x in (1e6, 31622, 5.0, 2.5e-7)] == ["10^{6}", r"3.16\cdot10^{4}", "5", r"2.5\cdot10^{-7}"]


QUICK = {name: BY_ID[f"mixed.{name}"].draw for name in ("demo", "alignment", "rates", "width")}
QUICK["phase-diagrams"] = partial(diagrams, d=16, grid=3, store=True, jobs=1)


@pytest.mark.parametrize("name", QUICK)
def test_figures(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PLATEAUX_CACHE", str(tmp_path / "cache"))
    figure = QUICK[name](0, quiet)
    assert isinstance(figure, Figure) and contained(figure)
    plain = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert all(ax.get_ylabel() for ax in plain) or name == "phase-diagrams"
    assert any(ax.get_xlabel() for ax in plain)
    assert figure.legends or any(ax.get_legend() for ax in plain)
    save(figure, tmp_path / "figure.png", command=f"plateaux figures mixed.{name}", seed=0)
    with Image.open(tmp_path / "figure.png") as image:
        assert image.info["Command"] == f"plateaux figures mixed.{name}" and image.info["Seed"] == "0"
        grey = np.asarray(image.convert("L"))
    assert grey.min() < 60 and grey.max() == 255
    if name == "width":
        texts = [text.get_text() for text in figure.legends[0].get_texts()]
        found = [float(text.split("w^{")[1].split(r"\pm")[0]) for text in texts]
        assert found[:3] == pytest.approx([-0.5] * 3, abs=0.05) and found[3] == pytest.approx(-1, abs=0.05)
    if name == "phase-diagrams":
        assert len(list((tmp_path / "cache" / "phase-diagrams").glob("*.npz"))) == 3 * 9
    for ax in plain:
        crowded = ax.get_legend()
        assert crowded is None or not crowded.get_window_extent().overlaps(ax.xaxis.label.get_window_extent())


def test_text_off_the_page_is_seen():
    figure, axes = panels()
    axes[0, 0].set_xlabel("time")
    assert contained(figure)
    axes[0, 0].text(1.5, 0.5, "lost", transform=axes[0, 0].transAxes).set_in_layout(True)
    figure.set_layout_engine("none")
    assert not contained(figure)


def test_figures_are_named_and_timed():
    assert len(BY_ID) == len(FIGURES) == 7 and all(id.startswith("mixed.") for id in BY_ID)
    assert all(figure.caption.endswith(".") and figure.seconds > 0 for figure in FIGURES)


@pytest.mark.skipif(not GALLERY.is_dir(), reason="the tests stand without the documentation")
@pytest.mark.parametrize(
    "name", ["mixed_run", "mixed_completion", pytest.param("mixed_phase_diagram", marks=pytest.mark.slow)]
)
def test_gallery(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    space = runpy.run_path(str(GALLERY / f"{name}.py"))
    (path,) = (tmp_path / "images").iterdir()
    with Image.open(path) as image:
        assert image.info["Command"] == f"python gallery/{name}.py"
    said = capsys.readouterr().out
    if name == "mixed_completion":  # the claim of its title
        least = [curve["test error"].min() for curve in space["curves"]]
        assert least == sorted(least) and least[0] < 0.5 * least[-1] and said.count("tau =") == 3
    assert "nan" not in said


def test_gallery_is_listed():
    if GALLERY.is_dir():
        page = (GALLERY.parent / "README.md").read_text()
        assert all(f"gallery/{script.name}" in page for script in GALLERY.glob("*.py"))
        images = list((GALLERY.parent / "images").glob("*.png"))
        assert images and all(f"images/{image.name}" in page for image in images)
        assert sum(image.stat().st_size for image in images) < 1.5e6


@pytest.mark.slow
def test_published_figure():
    """d = 500 as published: descent and the Euler steps of the formula end at the same errors."""
    settings = SimulateSettings(d=500, theory=False)
    curve, run = run_simulate(settings, quiet), prepare(settings)
    A = euler(run, curve["time"])
    test = ((A - run.signal) ** 2).mean(axis=(1, 2))
    assert test.min() == pytest.approx(curve["test error"].min(), rel=0.15)
    assert test[-1] == pytest.approx(curve["test error"][-1], rel=0.01)
    assert isinstance(draw_run(curve, rank=False), Figure)

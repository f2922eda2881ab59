"""Figures and experiments of deep linear networks: drawn, saved, refused in one line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from plateaux.cli import main
from plateaux.derivations.deep_linear.diagrams import PHASE_DIAGRAM, DiagramSettings, run_diagram
from plateaux.derivations.deep_linear.drawing import minimum_exponent, ratio_exponent, saddle_exponent
from plateaux.derivations.deep_linear.figures import FIGURES
from plateaux.derivations.deep_linear.simulate import SIMULATE, SimulateSettings, run_simulate
from plateaux.figures import save

BY_ID = {one.id.removeprefix("deep-linear."): one for one in FIGURES}
SMALL = SimulateSettings(cost="mse", L=2, d=4, scale=1e-6, points=1000)


def quiet(fraction, words):
    pass


@pytest.mark.parametrize(
    "name",
    ["regimes", "decay", *(pytest.param(n, marks=pytest.mark.slow) for n in ("staircase", "escape-panel", "width"))],
)
def test_figures(name, tmp_path):
    figure = BY_ID[name].draw(0, quiet)
    assert isinstance(figure, Figure)
    plain = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert all(ax.get_xlabel() for ax in plain) and plain[0].get_ylabel()
    save(figure, tmp_path / "figure.png", command="test", seed=0)


def test_figures_are_named_and_timed():
    assert len(BY_ID) == len(FIGURES) == 5
    assert all(one.caption.endswith(".") and one.seconds > 0 for one in FIGURES)


@pytest.mark.parametrize(
    ("settings", "bad", "message"),
    [
        (SimulateSettings, {"cost": "huber"}, "cost: 'huber'; allowed: completion"),
        (SimulateSettings, {"L": 0}, "L: 0; allowed: integers >= 1"),
        (SimulateSettings, {"d": 6}, "d: 6; cost completion is 8 x 8"),
        (SimulateSettings, {"d": 1, "cost": "mse"}, "d: 1; allowed"),
        (SimulateSettings, {"width": 0}, "width: 0; allowed"),
        (SimulateSettings, {"cost": "mse", "s": (2.0, 2.0)}, "singular values 1 and 2 are both 2; a gap is needed"),
        (SimulateSettings, {"cost": "mse", "s": (1.0, -1.0)}, "s: -1.0; allowed"),
        (SimulateSettings, {"s": (3.0, 1.0)}, "s: 3,1; cost completion has 4,2,1"),
        (SimulateSettings, {"observed": 0.0}, "observed: 0.0; allowed"),
        (SimulateSettings, {"start": "zero"}, "start: 'zero'; allowed"),
        (SimulateSettings, {"scale": 0.0}, "scale: 0.0; allowed"),
        (SimulateSettings, {"scale": -1e-3, "start": "balanced"}, "scale: -0.001; allowed"),
        (SimulateSettings, {"scale": 1e-200, "L": 2, "start": "balanced"}, "s_0 = scale\\^2 is 0"),
        (SimulateSettings, {"decay": -1.0}, "decay: -1.0; allowed"),
        (SimulateSettings, {"eta": 0.0}, "eta: 0.0; allowed"),
        (SimulateSettings, {"time": float("nan")}, "time: nan; allowed"),
        (SimulateSettings, {"points": 2}, "points: 2; allowed"),
        (SimulateSettings, {"seed": -1}, "seed: -1; allowed"),
        (DiagramSettings, {"L": (4,)}, "L: 4; allowed: integers from 2 to 3"),
        (DiagramSettings, {"L": (2, 2)}, "L: 2,2; allowed"),
        (DiagramSettings, {"grid": 1}, "grid: 1; allowed"),
        (DiagramSettings, {"gamma": (1.0, 0.5)}, "gamma: 1,0.5; allowed"),
        (DiagramSettings, {"width": (10.0, 100.0)}, "width: 10,100; allowed"),
        (DiagramSettings, {"draws": 0}, "draws: 0; allowed"),
        (DiagramSettings, {"jobs": 0}, "jobs: 0; allowed"),
    ],
)
def test_bad_settings_are_one_line(settings, bad, message):
    with pytest.raises(ValueError, match=message) as caught:
        settings(**bad)
    assert "\n" not in str(caught.value)


def test_a_mask_that_hides_a_row_is_refused():
    with pytest.raises(ValueError, match=r"mask: hides all of (row|column)"):
        run_simulate(SimulateSettings(cost="random", observed=0.05), quiet)


def test_divergence_is_said():
    with pytest.raises(ValueError, match=r"eta: gradient descent diverged .* learning rate is 5"):
        run_simulate(replace(SMALL, scale=0.1, eta=5.0, time=500.0), quiet)


@pytest.mark.parametrize("more", [{}, {"eta": 0.02}, {"L": 3, "scale": 3e-3, "start": "balanced"}])
def test_saddles_are_those_of_squared_error(more):
    curve = run_simulate(replace(SMALL, **more), quiet)
    losses = dict(curve.made_by.parameters)["saddle losses"]
    if "start" not in more:
        assert losses == pytest.approx([2.5, 0.5], abs=2e-3)
        assert curve["saddle"][curve["saddle"] >= 0].tolist() == [1, 2]
    assert curve["loss"][-1] < 1e-6 and curve["singular values"].shape[1] == 4
    assert isinstance(SIMULATE.plot(curve), Figure) and SIMULATE.seconds(SMALL) > 0


def test_hidden_entries_have_an_error():
    curve = run_simulate(SimulateSettings(cost="failing", L=2, scale=1e-6, time=5.0, points=50), quiet)
    assert curve["test error"].shape == (50,)
    other = run_simulate(
        SimulateSettings(cost="correlated", d=4, L=1, scale=0.1, time=2.0, decay=0.1, points=20), quiet
    )
    assert "test error" not in other.names and other["loss"][-1] < other["loss"][0]


def test_exponents_meet_at_the_boundaries():
    for L in (2, 3, 7):
        edge = 1 - 1 / L
        assert minimum_exponent(edge, L) == pytest.approx(-edge / 2) and ratio_exponent(edge, L) == pytest.approx(0.5)
        assert ratio_exponent(1.0, L) == pytest.approx(0.0) and ratio_exponent(0.1, L) == pytest.approx(0.5)
        assert ratio_exponent(1.5, L) == pytest.approx(-0.25)
    assert saddle_exponent([0.0, 2.0]) == pytest.approx([0.5, -0.5])


def test_small_diagram():
    settings = DiagramSettings(L=(2,), grid=2, gamma=(0.85, 1.25), draws=2, width=(1e3, 1e4))
    curve = run_diagram(settings, quiet)
    assert curve["d_m"].shape == (2, 1, 2) and np.isfinite(curve["d_s"]).all()
    assert curve["exponent d_s"][:, 0, 0] == pytest.approx([0.075, -0.125], abs=0.04)
    assert isinstance(PHASE_DIAGRAM.plot(curve), Figure) and PHASE_DIAGRAM.seconds(settings) > 0


def test_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = "simulate deep-linear --cost mse --L 2 --d 4 --scale 1e-6 --points 200 --out run.npz"
    assert main(run.split()) == 0 and (tmp_path / "run.npz").is_file()
    assert main(["plot", "run.npz", "--out", "run.png"]) == 0 and (tmp_path / "run.png").is_file()
    capsys.readouterr()
    for bad in ("--L 0", "--scale 0", "--cost mse --s=2,2"):
        with pytest.raises(SystemExit) as ended:
            raise SystemExit(main(["simulate", "deep-linear", *bad.split(), "--out", "bad.npz"]))
        assert ended.value.code == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1

"""Figures and the experiment of the time-scales: drawings inside their page, small runs at every level, refusals of the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from plateaux.cli import main
from plateaux.derivations.time_scales.figures import FIGURES
from plateaux.derivations.time_scales.simulate import SIMULATE, SimulateSettings
from plateaux.numerics.time_scales import LEVELS, NETWORK

BY_NAME = {figure.id.split(".", 1)[1]: figure for figure in FIGURES}
SMALL = {"activation": "1,1", "target": "0.5,1", "eps": 1e-2, "m": 4, "time": 0.02}


def quiet(fraction: float, words: str) -> None:
    assert 0 <= fraction <= 1
    assert "\n" not in words


def contained(figure: object) -> bool:
    """Whether all that is drawn lies on the page."""
    figure.draw_without_rendering()  # type: ignore[attr-defined]
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()  # type: ignore[attr-defined]
    return bool(box.x0 > -0.01 and box.y0 > -0.01 and box.x1 < width + 0.01 and box.y1 < height + 0.01)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name != "sizes")) for name in BY_NAME])
def test_figure_is_drawn(name: str) -> None:
    figure = BY_NAME[name].draw(1, quiet)
    assert contained(figure)
    assert all(ax.get_xlabel() and ax.get_ylabel() and ax.lines for ax in figure.axes)


def test_sizes_meet_the_marks_up_to_a_prefactor() -> None:
    """Squares are powers of eps without prefactors: every measured size is within a factor of six."""
    figure = BY_NAME["sizes"].draw(1, quiet)
    for ax in figure.axes:
        path = ax.lines[0]
        for mark in (line for line in ax.lines if line.get_marker() == "s"):
            at = np.interp(np.log(mark.get_xdata()[0]), np.log(path.get_xdata()), path.get_ydata())
            assert abs(np.log(at / mark.get_ydata()[0])) < np.log(6)


@pytest.mark.parametrize("level", (*LEVELS, *NETWORK))
def test_small_run_at_every_level(level: str) -> None:
    more = {"d": 5} if level in NETWORK else {}
    more |= {"batch": 20} if level == "sgd" else {}
    curve = SIMULATE.run(SimulateSettings(**SMALL, level=level, **more), quiet)  # type: ignore[arg-type]
    assert curve["a"].shape == (len(curve["time"]), 4)
    assert curve["moments"].shape == (len(curve["time"]), 2)
    assert curve["time"][-1] == pytest.approx(0.02, rel=0.03)
    assert curve["risk"][-1] < curve["risk"][0] - 0.05
    figure = SIMULATE.plot(curve)
    assert contained(figure)


def test_levels_agree_from_the_same_weights() -> None:
    """Closed equations and gradient flow of the network are the same; Euler steps of eps/20 differ by a few percent."""
    runs = {
        level: SIMULATE.run(SimulateSettings(**SMALL, level=level, d=5), quiet)  # type: ignore[arg-type]
        for level in ("order-parameters", "gradient-flow", "gradient-descent")
    }
    exact, network, steps = runs.values()
    np.testing.assert_allclose(network["risk"], exact["risk"], atol=1e-7)
    on_steps = np.interp(steps["time"], exact["time"], exact["risk"])
    assert np.abs(steps["risk"] - on_steps).max() < 0.05 * exact["risk"][0]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--eps", "0"), "eps"), (("--m", "1"), "m:"), (("--d", "1"), "d:"), (("--activation", "nope"), "nope"),
        (("--target", "0.5,x"), "target"), (("--target", "0.5,0,0.8,0.6"), "target"), (("--target", "0.5,1"), "target"),
        (("--level", "sgd"), "d:"), (("--level", "mean-field", "--eta", "0.1"), "eta"), (("--batch", "3"), "batch"),
        (("--time", "-1"), "time"), (("--seed", "-1"), "seed"),
    ],
)  # fmt: skip
def test_the_command_refuses_in_one_line(
    options: tuple[str, ...], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run.npz"
    assert main(["simulate", "time-scales", *options, "--out", str(out)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert word in lines[0]
    assert not list(tmp_path.iterdir())

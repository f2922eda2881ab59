"""Drawing helpers: grey, reproducible bytes, metadata, no global state."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from plateaux import figures

COMMAND = "plateaux figures mixed.phase --out <here> & 'there'"


def drawn():
    figure, axes = figures.panels(1, 2, width="two")
    with figures.style():
        for ax in axes[0]:
            for by, line in figures.LINES.items():
                ax.plot([0, 1], [0, len(by)], label=by, **line)
            ax.set_xlabel(r"$t/\tau$")
            ax.legend()
        figures.label_panels(axes)
    return figure


def test_colours_keep_their_order_in_grey():
    for colours in (figures.COLOURS, figures.shades(7), figures.shades(7, "cividis")):
        steps = np.diff([figures.luminance(colour) for colour in colours])
        assert np.all(steps > 0.02)
    assert figures.luminance("white") == pytest.approx(1) and figures.luminance("#808080") == pytest.approx(
        0.2159, abs=1e-4
    )
    assert len(set(figures.MARKERS)) == len(figures.COLOURS)


def test_style_has_the_same_colours_and_goes_away():
    before = dict(matplotlib.rcParams)
    with figures.style():
        cycle = [f"#{colour.lstrip('#')}" for colour in matplotlib.rcParams["axes.prop_cycle"].by_key()["color"]]
        assert tuple(cycle) == figures.COLOURS and matplotlib.rcParams["font.size"] == 8
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_files_are_reproducible_and_say_how_they_were_made(tmp_path, kind):
    for name in ("a", "b"):
        figures.save(drawn(), tmp_path / f"{name}.{kind}", command=COMMAND, seed=11)
    data = (tmp_path / f"a.{kind}").read_bytes()
    assert data == (tmp_path / f"b.{kind}").read_bytes()
    if kind == "png":
        from PIL import Image

        with Image.open(tmp_path / "a.png") as image:
            assert image.info["Command"] == COMMAND and image.info["Seed"] == "11"
            assert image.info["Software"].startswith("plateaux 0.") and image.size == (2100, 787)
    elif kind == "svg":
        import xml.etree.ElementTree as tree

        words = [element.text for element in tree.fromstring(data).iter() if element.text]
        assert COMMAND in words and "seed=11" in words and b"<dc:date>" not in data
    else:
        assert b"seed=11" in data and b"plateaux 0." in data and b"CreationDate" not in data
        assert b"plateaux figures mixed.phase --out" in data
    assert len(list(tmp_path.iterdir())) == 2


def test_no_pyplot_and_light_import():
    program = (
        "import sys, plateaux.figures as f; print('matplotlib' in sys.modules); f.panels();"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_bad_input(tmp_path):
    with pytest.raises(ValueError, match=r"width: 'three'; allowed: 'one', 'two'"):
        figures.panels(width="three")
    with pytest.raises(ValueError, match=r"a.jpg must end in one of .png, .pdf, .svg"):
        figures.save(drawn(), tmp_path / "a.jpg", command="x")
    with pytest.raises(ValueError, match="count: 0"):
        figures.shades(0)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="cannot write"):
        figures.save(drawn(), tmp_path / "file" / "a.png", command="x")

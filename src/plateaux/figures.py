"""Drawing helpers: sizes, colours that survive grey, panel letters, and files that say how they were made.

Figures are `matplotlib.figure.Figure` objects, made without pyplot: no display is needed and no global state is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .numerics.store import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTHS = {"one": 3.4, "two": 7.0}
"""Width of a figure over one or two columns of a page, in inches."""

COLOURS = ("#1a1a2e", "#2b4c9b", "#a8325e", "#0f8a7e", "#e07b39", "#e5b83b")
"""Six hues of rising luminance, the same as in the style file: in grey they keep their order."""

MARKERS = ("o", "s", "^", "D", "v", "P")
"""A marker for each colour, for points that are few."""

LINES: dict[str, dict[str, Any]] = {
    "theory": {"linestyle": "-"},
    "gradient descent": {"linestyle": (0, (4, 1.5))},
    "ode": {"linestyle": (0, (1, 1))},
}
"""How a curve is drawn, by what it was made by: theory solid, gradient descent dashed, integrated flow dotted."""

FORMATS = (".png", ".pdf", ".svg")


@contextmanager
def style() -> Iterator[None]:
    """Draw with the style of the project; the settings from before come back afterwards."""
    import matplotlib

    # starts from matplotlib's defaults: a figure does not depend on whose machine draws it
    with matplotlib.rc_context(fname=Path(__file__).with_name("plateaux.mplstyle")):
        yield


def panels(
    rows: int = 1, columns: int = 1, *, width: str = "one", height: float | None = None, **options: Any
) -> tuple[Figure, Any]:
    """A figure with a grid of axes.

    Parameters
    ----------
    rows, columns : shape of the grid.
    width : ``"one"`` or ``"two"`` columns of a page.
    height : inches; by default panels are 0.75 times as high as wide.
    options : passed to `matplotlib.figure.Figure.subplots` (``sharex``, ``width_ratios``, ...).

    Returns
    -------
    figure, axes : axes of shape (rows, columns).

    Raises
    ------
    ValueError : an unknown width.
    """
    from matplotlib.figure import Figure

    if width not in WIDTHS:
        raise ValueError(f"width: {width!r}; allowed: {', '.join(map(repr, WIDTHS))}")
    inches = WIDTHS[width]
    with style():
        figure = Figure(figsize=(inches, 0.75 * inches / columns * rows if height is None else height))
        return figure, figure.subplots(rows, columns, squeeze=False, **options)


def shades(count: int, name: str = "viridis") -> list[tuple[float, float, float, float]]:
    """Colours for an ordered parameter, dark to light, without the palest end that vanishes on paper.

    Parameters
    ----------
    count : how many, at least one.
    name : a matplotlib colour map of rising luminance.
    """
    import matplotlib

    if count < 1:
        raise ValueError(f"count: {count}; at least 1")
    colours = matplotlib.colormaps[name]
    return [colours(0.85 * place / max(count - 1, 1)) for place in range(count)]


def luminance(colour: Any) -> float:
    """Relative luminance of a colour, 0 black to 1 white (WCAG 2.2, from linear sRGB)."""
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def label_panels(axes: Any, letters: Sequence[str] = "abcdefghijklmnopqrstuvwxyz") -> None:
    """Write (a), (b), ... above the left corner of each of the axes, row by row."""
    import numpy as np

    for ax, letter in zip(np.ravel(axes), letters):
        ax.set_title(f"({letter})", loc="left", fontweight="bold")


def save(figure: Figure, path: str | Path, *, command: str, seed: int | None = None) -> None:
    """Write a figure with the record of how it was made.

    Parameters
    ----------
    figure : what to write.
    path : ends in ``.png``, ``.pdf`` or ``.svg``; written atomically.
    command : shell command that makes the figure again.
    seed : seed of what it shows; None if nothing was drawn at random.

    Raises
    ------
    ValueError : another format, or a path that cannot be written.

    Notes
    -----
    The record stands in the metadata of the file: PNG text ``Command``, ``Seed``, ``Software``; PDF ``Subject``,
    ``Keywords``, ``Creator``; SVG ``Description``, ``Keywords``, ``Creator``. There are no time stamps and no random
    identifiers, so that the same figure gives the same bytes.
    """
    import matplotlib

    path = Path(path)
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise ValueError(f"path: {path} must end in one of {', '.join(FORMATS)}")
    software, sown = f"plateaux {version('plateaux')}", "none" if seed is None else str(seed)
    records: dict[str, dict[str, Any]] = {
        ".png": {"Command": command, "Seed": sown, "Software": f"{software}, matplotlib {matplotlib.__version__}"},
        ".pdf": {"Subject": command, "Keywords": f"seed={sown}", "Creator": software, "CreationDate": None},
        ".svg": {"Description": command, "Keywords": [f"seed={sown}"], "Creator": software, "Date": None},
    }
    with style(), atomic(path) as temporary:  # some settings, of late ticks among them, are read only now
        figure.savefig(temporary, format=kind[1:], metadata=records[kind])

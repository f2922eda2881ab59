"""Tables, progress and files of the commands."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..derivations.paper import Progress

SHORT = 2.0
"""Seconds of work that need no announcement."""


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print aligned columns."""
    from ..numerics.tables import text_table

    shown = text_table(list(heads), [[str(cell) for cell in row] for row in rows])
    print("\n".join(line.rstrip() for line in shown.split("\n")))


def seconds_in_words(seconds: float) -> str:
    """About how long, in words."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@contextmanager
def progress(title: str, seconds: float) -> Iterator[Progress]:
    """A progress bar on a terminal's stderr, silence elsewhere; long work first says about how long it takes."""
    if not sys.stderr.isatty():
        yield lambda fraction, words: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if seconds > SHORT:
        console.print(f"{title}: about {seconds_in_words(seconds)}", markup=False, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task(title, total=1.0)

        def advance(fraction: float, words: str) -> None:
            bars.update(task, completed=fraction, description=f"{title} {words}".rstrip())

        yield advance


def _probe(folder: Path, path: Path) -> None:
    """Refuse a folder in which no file can be made; a folder that does not exist yet counts as its nearest parent."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(f"out: cannot write {path}: {error.strerror or error}") from error


def output_file(text: str | None, *suffixes: str) -> Path | None:
    """Path of a file to be written, checked before the work starts.

    Raises
    ------
    ValueError : it is a directory, nothing can be written there, or its suffix is none of ``suffixes``.
    """
    if text is None:
        return None
    path = Path(text)
    if suffixes and path.suffix.lower() not in suffixes:
        raise ValueError(f"out: {text!r} must end in {' or '.join(suffixes)}")
    if path.is_dir():
        raise ValueError(f"out: cannot write {path}: it is a directory")
    _probe(path.parent, path)
    return path


def output_folder(text: str | None) -> Path | None:
    """Path of a folder to be filled, checked before the work starts; ValueError if nothing can be written there."""
    if text is None:
        return None
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise ValueError(f"out: cannot write into {path}: it is a file")
    _probe(path, path)
    return path


def write_json(path: Path | None, report: Any) -> None:
    """Write a report atomically, if a path was given."""
    if path is None:
        return
    from ..numerics.store import plain, versions, write_text

    record = {"versions": versions(), **report}
    write_text(path, json.dumps(plain(record), indent=1, ensure_ascii=False, allow_nan=False) + "\n")

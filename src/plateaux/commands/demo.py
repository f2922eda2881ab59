"""demo: a paper in a minute, by the other commands."""

from __future__ import annotations

import shlex
from argparse import Namespace
from pathlib import Path
from time import perf_counter

from ..derivations.compare import Comparison
from ..derivations.paper import Figure
from ..library import Library
from .console import output_folder


def demo(options: Namespace, library: Library) -> int:
    """Verify, compare, draw and write what the paper names for its demonstration; print each command before its answer."""
    paper = library.paper(options.paper or library.names[0])
    out = output_folder(options.out)
    if not paper.demo:
        raise ValueError(f"paper: {paper.id} names nothing for a demonstration")
    start, worst = perf_counter(), 0
    for id in paper.demo:
        for words in commands_for(library, id, str(out)):
            print(f"$ plateaux {shlex.join(words)}", flush=True)
            worst = max(worst, options.again(words))
            print()
    files = sorted(str(file) for file in Path(str(out)).rglob("*") if file.suffix in (".tex", ".png", ".bib", ".npz"))
    print(f"{perf_counter() - start:.0f} s; written to {out}:\n" + "\n".join(f"  {file}" for file in files))
    return worst


def commands_for(library: Library, id: str, out: str) -> list[list[str]]:
    """The commands that show an entry."""
    entry = library.find(id)
    if isinstance(entry, Comparison):
        return [["compare", id, "--out", out]]
    if isinstance(entry, Figure):
        return [["figures", id, "--out", out]]
    return [["verify", id], ["latex", id, "--out", out]]

"""list, show, eval, cite, info: what is known, without long work."""

from __future__ import annotations

import os
import platform
import sys
from argparse import Namespace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..derivations.chain import Verdict
from ..library import Library, chain, contents, derivation_of
from ..theory.formula import Formula
from ..theory.system import System
from .console import output_file, progress, table, write_json


def list_entries(options: Namespace, library: Library) -> int:
    """Ids and titles, by paper and kind."""
    out = output_file(options.json, ".json")
    word = (options.about or "").lower()
    rows = []
    for paper in library.papers([options.paper] if options.paper else []):
        for id, entry in contents(paper).items():
            meaning = " ".join(text for _, text in getattr(entry, "meaning", ()))
            if word in f"{id} {entry.title} {meaning}".lower():
                rows.append((id, type(entry).__name__.lower(), entry.title))
    if not rows:
        print(f"nothing about {options.about!r}" if word else "no entries", file=sys.stderr)
    else:
        table(("id", "kind", "title"), rows)
    write_json(out, {"entries": [dict(zip(("id", "kind", "title"), row)) for row in rows]})
    return 0


def pretty(expression: Any) -> str:
    """An expression for a terminal: two-dimensional, in Unicode where the terminal can show it."""
    from sympy import pretty as draw

    unicode = "utf" in (getattr(sys.stdout, "encoding", "") or "").lower()
    return str(draw(expression, use_unicode=unicode, wrap_line=False))


def _statement(entry: Formula | System) -> list[tuple[str, Any]]:
    """Pairs (words, expression) that say what an entry states."""
    if isinstance(entry, Formula):
        parts = [("", entry.statement)]
    else:
        what = "rate of" if entry.kind == "flow" else "next value of"
        parts = [(f"{what} {item}", rate) for item, rate in entry.equations]
        parts += [(f"{item} at the start", value) for item, value in entry.given]
    return parts + [(f"where {item} =", value) for item, value in entry.let]


def show(options: Namespace, library: Library) -> int:
    """Statement, letters, conditions, source, derivation with verdicts."""
    from ..theory.symbols import latex

    out = output_file(options.json, ".json")
    entry = library.find(options.id, "formula or system")
    paper = library.of(entry.id)
    print(f"{entry.id}: {entry.title}\n")
    for lead, expression in _statement(entry):
        block = pretty(expression)
        print((f"{lead}\n" if lead else "") + "\n".join(f"    {line}" for line in block.split("\n")) + "\n")
    print(f"LaTeX\n    {entry._repr_latex_().strip('$').removeprefix(chr(92) + 'displaystyle').strip()}")
    for item, value in entry.let:
        print(f"    {latex(item)} = {latex(value)}")
    print("\nletters")
    shapes = [
        (letter, "x".join(map(str, getattr(letter, "shape", ()))) or "scalar", text) for letter, text in entry.meaning
    ]
    table(("letter", "shape", "assumed", "meaning"), [(a, b, _assumed(a), c) for a, b, c in shapes])
    if entry.assuming:
        print("\nvalid for " + ", ".join(map(str, entry.assuming)))
    standing = f" ({entry.standing})" if isinstance(entry, Formula) else ""
    print(f"\nsource: {entry.source.key}{', ' + entry.source.where if entry.source.where else ''}{standing}")
    if isinstance(entry, Formula) and entry.solves:
        print(f"solves: {entry.solves}")
    verdict = _derive(paper, entry.id)
    if verdict is None:
        print("derivation: none here")
    else:
        print(f"\n{verdict}")
    record = {"id": entry.id, "title": entry.title, "latex": entry._repr_latex_(), "source": entry.source.key}
    write_json(out, {**record, "verdict": None if verdict is None else as_data(verdict)})
    return 0 if verdict is None or verdict.ok else 1


def _derive(paper: Any, id: str) -> Verdict | None:
    from ..derivations.check import verify

    derivation = derivation_of(paper, id)
    if derivation is None:
        return None
    with progress(f"checking {id}", 1.0):
        return verify(derivation, paper.book())


def as_data(verdict: Verdict) -> dict[str, Any]:
    """A verdict in terms of JSON."""
    names = ("of", "claim", "ok", "scope", "detail", "residual", "seconds", "sympy")
    return {name: getattr(verdict, name) for name in names} | {
        "grade": str(verdict.grade),
        "uses": list(verdict.uses),
        "counterexample": [list(pair) for pair in verdict.counterexample],
        "steps": [as_data(step) for step in verdict.steps],
    }


ASSUMED = ("integer", "positive", "nonnegative", "negative", "nonpositive", "nonzero")
"""Assumptions of letters that restrict a number, in the order in which they are named; the rest are real."""


def _assumed(letter: Any) -> str:
    facts = [name for name in ASSUMED if getattr(letter, f"is_{name}", None)]
    if "positive" in facts or "negative" in facts:
        facts = [name for name in facts if name in ("integer", "positive", "negative")]
    return " ".join(facts) or ("real" if getattr(letter, "is_real", False) else "")


def cite(options: Namespace, library: Library) -> int:
    """BibTeX of formulas, of what they rest on, and of this project."""
    from ..cite import bibtex, sources

    out = output_file(options.json, ".json")
    chosen = library.select(options.ids, "formula or system")
    keys: dict[str, None] = {}
    for paper, entry in chosen:
        keys |= dict.fromkeys(sources(paper, chain(paper, entry.id)))
    print(bibtex(keys), end="")
    write_json(out, {"ids": [entry.id for _, entry in chosen], "keys": list(keys)})
    return 0


PACKAGES = [
    "plateaux",
    "sympy",
    "mpmath",
    "scipy",
    "numpy",
    "numba",
    "llvmlite",
    "matplotlib",
    "joblib",
    "platformdirs",
    "rich",
]


def info(options: Namespace, library: Library) -> int:
    """Versions, cache, linear algebra, threads, processor."""
    from ..numerics.lower.module import cache_dir

    out = output_file(options.json, ".json")
    cache = cache_dir()
    files = [file for file in cache.rglob("*") if file.is_file()] if cache.is_dir() else []
    facts = {name: _version(name) for name in PACKAGES}
    facts |= {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": str(_cores()),
        "linear algebra": _blas(),
        "cache": f"{cache} ({len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB)",
        "papers": ", ".join(library.names),
    }
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        if name in os.environ:
            facts[name] = os.environ[name]
    table(("what", "value"), list(facts.items()))
    write_json(out, {"info": facts})
    return 0


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _blas() -> str:
    import numpy as np  # noqa: F401  # loads the library that is asked about
    from threadpoolctl import threadpool_info

    return "; ".join(
        f"{one['internal_api']} {one['version']}, {one['num_threads']} threads" for one in threadpool_info()
    )

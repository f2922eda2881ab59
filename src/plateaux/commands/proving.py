"""verify: run derivations and everything that they rest on; latex: write them down."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from ..derivations.chain import Verdict
from ..derivations.paper import Paper
from ..library import Library, derivation_of
from ..papers import load
from ..theory.formula import Standing
from ..theory.system import System
from .console import output_file, output_folder, progress, table, write_json
from .reading import as_data

FEW = 6
"""Up to so many derivations are checked in this process: starting others would take longer."""

SHARES = 6
"""Into how many parts each process's work is cut. Neighbours stay together: they often share what a process remembers."""

PER_DERIVATION = 0.3
"""About how many seconds a derivation takes."""


def _several(paper: Paper | str, ids: Sequence[str]) -> list[Verdict]:
    """Check derivations in this process or another; a known paper travels as its name."""
    from ..derivations.check import verify

    paper = load(paper) if isinstance(paper, str) else paper
    book = paper.book()
    return [verify(derivation, book) for derivation in paper.derivations if derivation.of in ids]


def check_all(
    paper: Paper, ids: Sequence[str], jobs: int, done: Callable[[str], None], *, own: bool, follow: bool = True
) -> dict[str, Verdict]:
    """Verdicts of formulas, and (``follow``) of everything that they read, wave by wave.

    A paper of the caller (``own``) is sent to other processes whole, a known one as its name.
    """
    found: dict[str, Verdict] = {}
    wave = [id for id in dict.fromkeys(ids) if derivation_of(paper, id) is not None]
    known = set(wave)
    sent: Paper | str = paper if own else paper.id
    from joblib import Parallel, cpu_count, delayed

    while wave:
        workers = 1 if jobs == 1 or (jobs == 0 and len(wave) <= FEW) else min(jobs or cpu_count(), len(wave))
        verdicts: list[Verdict] = []
        if workers == 1:
            for id in wave:
                verdicts += _several(paper, [id])
                done(id)
        else:
            size = -(-len(wave) // (SHARES * workers))
            order = [one.of for one in paper.derivations if one.of in wave]
            parts = [order[start : start + size] for start in range(0, len(order), size)]
            run = Parallel(n_jobs=workers, return_as="generator")
            for some in run(delayed(_several)(sent, part) for part in parts):
                verdicts += some
                for verdict in some:
                    done(verdict.of)
            verdicts.sort(key=lambda verdict: wave.index(verdict.of))
        found |= {verdict.of: verdict for verdict in verdicts}
        wave = []
        for verdict in verdicts if follow else ():
            for used in verdict.uses:
                if used not in known and derivation_of(paper, used) is not None:
                    known.add(used)
                    wave.append(used)
    return found


def standing_without(entry: Any) -> tuple[bool, str]:
    """Whether an entry may stand without a derivation, and what it then is."""
    if isinstance(entry, System):
        return True, "definition"
    if entry.standing is not Standing.OURS and entry.source.key != "plateaux":
        return True, "cited"
    return False, "no derivation"


def verify(options: Namespace, library: Library) -> int:
    """Check derivations; print one line for each formula, and what failed in full."""
    from ..cite import bibliography, sources
    from ..derivations.check import cycles

    out = output_file(options.json, ".json")
    chosen = library.select(options.names, "formula or system")
    start = perf_counter()
    heads = ("id", "grade", "scope", "steps", "seconds")
    rows: list[tuple[Any, ...]] = []
    failures: list[str] = []
    verdicts: list[Verdict] = []
    finished: list[str] = []
    with progress("checking", PER_DERIVATION * len(chosen)) as advance:

        def done(id: str) -> None:
            finished.append(id)
            advance(min(len(finished) / len(chosen), 1.0), id)

        for paper in dict.fromkeys(paper for paper, _ in chosen):
            ids = [entry.id for one, entry in chosen if one is paper]
            found = check_all(paper, ids, options.jobs, done, own=paper.id in library.own)
            verdicts += found.values()
            entries = {entry.id: entry for entry in paper.book()}
            used = [id for verdict in found.values() for id in verdict.uses]
            for id in dict.fromkeys([*ids, *found, *used]):
                if id in found:
                    one = found[id]
                    grade = str(one.grade) if one.ok else "FAILED"
                    rows.append((id, grade, one.scope, len(one.steps), round(one.seconds, 2)))
                    failures += [] if one.ok else [describe(one)]
                else:
                    allowed, grade = standing_without(entries[id])
                    rows.append((id, grade, "", 0, 0))
                    failures += [] if allowed else [f"{id}: no derivation, and it is no cited statement"]
            failures += [f"cycle: {' -> '.join((*cycle, cycle[0]))}" for cycle in cycles(list(found.values()))]
            if paper.id not in library.own:
                held = [row[0] for row in rows if row[0] in entries]
                # only a derivation with a cited step has sources beside those of its formula
                partly = [
                    id for id in held if id in found and any(str(step.grade) == "cited" for step in found[id].steps)
                ]
                keys = (paper.cite, *(entries[id].source.key for id in held), *sources(paper, partly))
                missing = [key for key in dict.fromkeys(keys) if key not in bibliography()]
                failures += [f"{paper.id}: {key} is cited but not in references.bib" for key in missing]
    seconds = perf_counter() - start
    table(heads, rows)
    for failure in failures:
        print(f"\n{failure}")
    grades = [row[1] for row in rows]
    totals = ", ".join(f"{grades.count(grade)} {grade}" for grade in dict.fromkeys(grades))
    end = f"{len(failures)} not ok" if failures else "all well"
    print(f"\n{len(rows)} entries: {totals or 'nothing to check'}; {seconds:.1f} s; {end}")
    entries_data = [dict(zip(heads, row)) for row in rows]
    data = {"ok": not failures, "failures": failures, "entries": entries_data, "seconds": seconds}
    write_json(out, {**data, "verdicts": [as_data(one) for one in verdicts]})
    return 1 if failures else 0


def describe(verdict: Verdict) -> str:
    """What failed: claim, how it was checked, what is left, and where."""
    lines = [f"{verdict.of}: {verdict.claim}"]
    for step in [step for step in verdict.steps if not step.ok] or [verdict]:
        lines += [f"  claim: {step.claim}", f"  found: {step.detail}"]
        lines += [f"  residual: {step.residual}"] if step.residual else []
        if step.counterexample:
            lines.append("  at " + ", ".join(f"{letter} = {value}" for letter, value in step.counterexample))
    return "\n".join(lines)


def latex(options: Namespace, library: Library) -> int:
    """LaTeX of formulas and derivations: to stdout, or one document for each name, with BibTeX and the SymPy objects."""
    from .. import export
    from ..cite import bibtex, sources
    from ..numerics.store import write_text

    out, report = output_folder(options.out), output_file(options.json, ".json")
    names = options.names or list(library.names)
    keys: dict[str, None] = {}
    ok = True
    written: list[Path] = []
    selected = {name: library.select([name], "formula or system") for name in names}
    if out is None:
        print(f"{export.MACROS}\n")
    for name, chosen in selected.items():
        paper = chosen[0][0] if chosen else library.paper(name)
        ids = [entry.id for _, entry in chosen]
        found: dict[str, Verdict] = {}
        if not options.unchecked:
            with progress(f"checking {name}", PER_DERIVATION * len(ids)):
                found = check_all(paper, ids, 0, lambda id: None, own=paper.id in library.own, follow=False)
        ok &= all(verdict.ok for verdict in found.values())
        parts = []
        for _, entry in chosen:
            derivation = derivation_of(paper, entry.id)
            parts.append(export.latex_formula(entry))
            if derivation is not None:
                parts.append(export.latex_derivation(derivation, paper.book(), found.get(entry.id)))
        used = sources(paper, ids)
        keys |= dict.fromkeys(used)
        if out is None:
            print(export.known_references("\n".join(parts)))
            continue
        title = paper.title if name == paper.id else chosen[0][1].title
        write_text(out / f"{name}.tex", export.document(title, parts, command=options.command_line))
        written.append(out / f"{name}.tex")
        for _, entry in chosen:
            write_text(out / f"{entry.id}.srepr", export.stored(entry))
    if out is not None:
        write_text(out / "references.bib", bibtex(keys))
        print("\n".join(map(str, [*written, out / "references.bib"])))
    write_json(report, {"ok": ok, "names": names, "files": [str(path) for path in written], "keys": list(keys)})
    return 0 if ok else 1

"""compare, simulate, phase-diagram, figures, plot: the work that takes time."""

from __future__ import annotations

import argparse
import dataclasses
from argparse import Namespace
from pathlib import Path
from typing import Any

from ..library import Library
from ..numerics.curve import Curve
from .console import output_file, output_folder, progress, table, write_json
from .options import Parser, add_settings, experiment_help, make_settings

FIGURES = (".png", ".pdf", ".svg")


FEW = 3
"""So many comparisons are shown with their details, more only where they fail."""


def marked(curve: Curve, command: str, **detail: Any) -> Curve:
    """The curve with the command that made it in its record."""
    extra = {"command": command, **detail}
    kept = tuple(pair for pair in curve.made_by.detail if pair[0] not in extra)
    return dataclasses.replace(curve, made_by=dataclasses.replace(curve.made_by, detail=(*kept, *extra.items())))


def compare(options: Namespace, library: Library) -> int:
    """Run comparisons; print what was measured against what theory says."""
    from ..derivations.compare import compare as run
    from ..numerics.store import save

    out, report = output_folder(options.out), output_file(options.json, ".json")
    chosen = library.select(options.names, "comparison")
    total = sum(comparison.seconds for _, comparison in chosen)
    rows, records, ok, spent = [], [], True, 0.0
    with progress("comparing", total) as advance:
        for paper, comparison in chosen:
            advance(spent / max(total, 1e-9), comparison.id)
            outcome = run(comparison, paper.book(), options.seed)
            spent += comparison.seconds
            ok &= outcome.ok
            value = outcome.measured
            measured = f"{value.value:.4g} +- {value.stderr:.1g}"
            side = "<=" if outcome.expect == "holds" else ">="
            row = (outcome.of, measured, f"{outcome.target:g}", f"{side} {outcome.bound:.3g}", str(outcome.expect))
            rows.append((*row, "ok" if outcome.ok else "FAILED", f"{outcome.seconds:.1f}"))
            if out is not None:
                for side, curve in (("theory", outcome.theory), ("observed", outcome.observed)):
                    save(marked(curve, options.command_line), out / f"{outcome.of}.{side}.npz")
            names = ("of", "title", "ok", "target", "bound", "because", "seed", "seconds")
            record = {name: getattr(outcome, name) for name in names} | {"expect": str(outcome.expect)}
            records.append({**record, "uses": list(outcome.uses), "measured": dataclasses.asdict(value)})
    table(("id", "measured", "theory", "distance", "expect", "verdict", "seconds"), rows)
    failed = [record for record in records if not record["ok"]]
    for record in records if len(records) <= FEW else failed:
        print(f"\n{record['of']}: {record['title']}\n  bound because {record['because']}")
        print("\n".join(f"  {part}" for part in record["measured"]["detail"].split("; ")))
    print(f"\n{len(rows)} comparisons: {'all well' if ok else f'{len(failed)} not ok'}; seed {options.seed}")
    write_json(report, {"ok": ok, "seed": options.seed, "command": options.command_line, "comparisons": records})
    return 0 if ok else 1


def experiment(command: str, argv: list[str], library: Library, command_line: str) -> int:
    """Simulate or phase-diagram: options are the fields of the paper's settings."""
    from ..library import nearest
    from ..numerics.store import save

    name = next((word for word in argv if word in library.names), None)
    if name is None:
        word = next((word for word in argv if not word.startswith("-")), "")
        raise ValueError(f"paper: {word!r} is not known{nearest(word, library.names)}")
    what = getattr(library.paper(name), command.replace("-", "_"))
    if what is None:
        raise ValueError(f"paper: {name} has no {command}")
    parser = Parser(
        prog=f"plateaux {command}", description=what.title, epilog=experiment_help(command, name),
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("paper", choices=[name], help="paper id")
    parser.add_argument(
        "--out", metavar="FILE.npz", required=True, help="where the curve goes (a .json record beside it)"
    )
    parser.add_argument("--json", metavar="FILE", help="a report, as JSON")
    add_settings(parser, what.settings)
    options = parser.parse_args(argv)
    out, report = output_file(options.out, ".npz"), output_file(options.json, ".json")
    assert out is not None
    if report == out.with_suffix(".json"):
        raise ValueError(f"json: {report} is where the record of {out} goes; another name is needed")
    settings = make_settings(what.settings, options)
    with progress(f"{name} {command}", what.seconds(settings)) as advance:
        curve = marked(what.run(settings, advance), command_line, paper=name, experiment=command)
    seed = getattr(settings, "seed", None)
    if curve.made_by.seed is None and isinstance(seed, int):
        curve = dataclasses.replace(curve, made_by=dataclasses.replace(curve.made_by, seed=seed))
    save(curve, out)
    print(repr(curve))
    print(f"\n{out}\ndraw it: plateaux plot {out}")
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    write_json(report, {"paper": name, "command": command_line, "settings": values, "out": str(out)})
    return 0


def figures(options: Namespace, library: Library) -> int:
    """Draw figures of papers."""
    from ..figures import save, style

    out, report = output_folder(options.out), output_file(options.json, ".json")
    assert out is not None
    chosen = library.select(options.names, "figure")
    total = sum(figure.seconds for _, figure in chosen)
    spent, records = 0.0, []
    with progress("drawing", total) as advance:
        for _, figure in chosen:
            share, before = figure.seconds / max(total, 1e-9), spent / max(total, 1e-9)
            with style():
                drawn = figure.draw(
                    options.seed,
                    lambda part, words, a=before, b=share, id=figure.id: advance(a + b * part, f"{id} {words}"),
                )
                path = out / f"{figure.id}.{options.format}"
                save(drawn, path, command=options.command_line, seed=options.seed)
            spent += figure.seconds
            records.append({"id": figure.id, "path": str(path), "caption": figure.caption})
    for record in records:
        print(f"{record['path']}\n    {record['caption']}")
    write_json(report, {"seed": options.seed, "command": options.command_line, "figures": records})
    return 0


def plot(options: Namespace, library: Library) -> int:
    """Draw a stored curve: the way its paper draws it, or plainly."""
    from ..figures import save, style
    from ..numerics.store import load

    source = Path(options.file)
    out = output_file(options.out or str(source.with_suffix(".png")), *FIGURES)
    assert out is not None
    curve = load(source)
    detail = dict(curve.made_by.detail)
    draw = plain_plot
    if detail.get("paper") in library.names:
        what = getattr(library.paper(detail["paper"]), str(detail.get("experiment")).replace("-", "_"), None)
        draw = plain_plot if what is None else what.plot
    with style():
        figure = draw(curve)
        made = detail.get("command", "")
        save(
            figure,
            out,
            command=f"{made} && {options.command_line}" if made else options.command_line,
            seed=curve.made_by.seed,
        )
    print(out)
    return 0


def plain_plot(curve: Curve) -> Any:
    """Columns over the first axis, one panel each; over two axes as an image."""
    import numpy as np

    from ..figures import panels

    numeric = [(name, np.asarray(column)) for name, column in curve.columns if np.asarray(column).dtype.kind in "fiub"]
    if not numeric or not curve.axes:
        raise ValueError("file: holds no column of numbers over an axis; nothing to draw")
    figure, axes = panels(len(numeric), 1)
    across, values = curve.axes[0]
    for (name, column), ax in zip(numeric, axes[:, 0]):
        if len(curve.axes) == 2 and column.ndim == 2:
            down, others = curve.axes[1]
            figure.colorbar(ax.pcolormesh(values, others, column.T, shading="nearest"), ax=ax, label=name)
            ax.set(xlabel=across, ylabel=down)
        else:
            ax.plot(values, column.reshape(len(values), -1))
            ax.set(xlabel=across, ylabel=name)
    return figure

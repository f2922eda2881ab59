"""coordinate-check: measured slopes against the width, beside the exponents that theory predicts."""

from __future__ import annotations

import itertools
from argparse import Namespace
from typing import Any

from ..library import Library
from ..theory.parameterizations.calculus import table as exponents_of
from .console import output_file, progress, table, write_json
from .exponents import degree_from, depth_from, scaling_from
from .running import marked
from .strict import exact, real, whole

MOST_WIDTH = 16384
RATE = 2e-9
"""Seconds for each entry of a matrix between layers: drawn once, used in every pass."""


def check(options: Namespace, library: Library) -> int:
    """Train networks of several widths; print slopes, standard errors and exponents."""
    out, report = output_file(options.out, ".npz"), output_file(options.json, ".json")
    if out is not None and report == out.with_suffix(".json"):
        raise ValueError(f"json: {report} is where the record of {out} goes; another name is needed")
    depth = depth_from(options.depth)
    activation, p = degree_from(options)
    scaling = scaling_from(options, depth, p)
    widths = tuple(whole("widths", one) for one in options.widths.split(","))
    if any(one >= two for one, two in itertools.pairwise(widths)) or widths[0] < 2 or widths[-1] > MOST_WIDTH:
        raise ValueError(f"widths: {options.widths}; allowed: increasing, from 2 to {MOST_WIDTH}")
    if len(widths) < 2:
        raise ValueError(f"widths: {options.widths}; at least two are needed")
    seeds, steps, seed = (whole(name, getattr(options, name)) for name in ("seeds", "steps", "seed"))
    if not 1 <= steps <= 5:
        raise ValueError(f"steps: {steps}; allowed: 1 to 5")
    if seeds < 2:
        raise ValueError(f"seeds: {seeds}; at least two are needed for a standard error")
    eta = real("eta", options.eta)
    if not eta > 0:
        raise ValueError(f"eta: {options.eta}; a positive step is needed")
    chi = None if options.chi is None else [float(exact("chi", one)) for one in options.chi.split(",")]
    if chi is not None and not any(chi):
        raise ValueError(
            f"chi: {options.chi}; the loss has no slope at the start, nothing moves and no exponent exists"
        )

    from ..numerics.parameterizations import Run, coordinate_checks, slopes
    from ..numerics.store import save

    run = Run(
        scaling, options.activation, None if options.p is None else float(p), eta, mean=1.0 if options.mean else 0.0
    )
    dtype = {"32": "float32", "64": "float64"}[options.bits]
    seconds = RATE * seeds * sum(width**2 for width in widths) * (depth - 1) * (10 + 10 * steps)
    with progress("coordinate check", seconds) as advance:
        curve = coordinate_checks(
            {scaling.name: run}, widths, seed, draws=seeds, steps=steps, dtype=dtype, chi=chi, progress=advance
        )[scaling.name]
    found = slopes(curve)
    if out is not None:
        save(marked(curve, options.command_line), out)
    rows, records, warned = rows_of(scaling, activation, found, steps, not options.mean)
    table(("quantity", "step", "slope", "s.e.", "95% interval", "last octave", "theory", "kind"), rows)
    for words in warned:
        print(f"warning: {words}")
    print(f"\n{scaling.name}, {depth} hidden layers, {options.activation}, widths {options.widths}, {seeds} seeds" +
          (f"; {out}" if out is not None else ""))  # fmt: skip
    write_json(report, {"command": options.command_line, "slopes": records, "warnings": warned})
    return 0


def rows_of(
    scaling: Any, activation: Any, found: Any, steps: int, centred: bool
) -> tuple[list[Any], list[Any], list[str]]:
    """Rows for the terminal, records for JSON, warnings: one for each predicted exponent that was measured."""
    from ..numerics.parameterizations import name_of

    rows, records, warned = [], [], []
    for one in exponents_of(scaling, activation, steps, centred).entries:
        name = name_of(one.quantity, one.layer, one.step)
        if one.quantity not in ("h", "dh", "Dh", "vh", "sh", "sdh"):
            continue
        label = (
            {"h": "f", "Dh": "Df"}.get(one.quantity, one.quantity)
            if one.layer == scaling.L + 1
            else f"{one.quantity}{one.layer}"
        )
        if name not in found:
            warned.append(f"{label} after {one.step} steps vanishes at some width; no slope")
            continue
        fit = found[name]
        kind = "sharp" if one.sharp else "bound"
        rows.append((label, one.step, f"{fit.exponent:.3f}", f"{fit.stderr:.3f}", f"{fit.low:.2f} to {fit.high:.2f}",
                     f"{fit.local:.3f}", str(one.value), kind))  # fmt: skip
        records.append({"quantity": label, "step": one.step, "slope": fit.exponent, "stderr": fit.stderr, "low": fit.low,
                        "high": fit.high, "last_octave": fit.local, "theory": str(one.value), "kind": kind,
                        "warning": fit.warning})  # fmt: skip
        if fit.warning:
            warned.append(f"{label} after {one.step} steps: {fit.warning}")
    return rows, records, warned

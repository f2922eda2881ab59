"""extremal-vectors: exact geometry of a data set."""

from __future__ import annotations

import math
from argparse import Namespace
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..library import Library
from ..theory.early_alignment.attractors import Attraction
from .console import output_file, table, write_json

LONGEST_EXACT = 24
"""Most characters of an exact number in the table; longer ones are shown as decimals, and are exact in the JSON file."""

KINDS = {1: "along D", -1: "against D", 0: "D = 0"}


def read(options: Namespace) -> Any:
    """The data that the options name."""
    from ..numerics.early_alignment.data import BUILT_IN, read_csv

    if options.data in BUILT_IN and not Path(options.data).exists():
        for name in ("bias", "labels"):
            if getattr(options, name) is not None:
                raise ValueError(f"{name}: {options.data} is built in, constant feature and labels included")
        return BUILT_IN[options.data]()
    if not Path(options.data).is_file():
        raise ValueError(f"data: no file {options.data!r}; built-in names: {', '.join(BUILT_IN)}")
    return read_csv(options.data, labels=options.labels, bias=bool(options.bias))


def extremal_vectors(options: Namespace, library: Library) -> int:
    """Print all extremal vectors of a data set, with the neurons that each attracts."""
    from ..theory.early_alignment.attractors import attractions

    out = output_file(options.json, ".json")
    data = read(options)
    found = attractions(data.potential)
    print(f"{data.name}: {len(data.points)} points, features {', '.join(data.features)}")
    for note in data.notes:
        print(f"note: {note}")
    print()
    heads = ("signs", "D", "|D|", "angle of w", "kind", "attracts a > 0", "attracts a < 0")
    heads = heads if len(data.features) == 2 else (*heads[:3], "direction of w", *heads[4:])
    table(heads, [_row(one, len(data.features) == 2) for one in found])
    print("\nsigns: of <w, x_k> at the points in their order; ? where D = 0 for either sign")
    print(
        "kind: neurons rest with w along D or against it; against D attracts a > 0 only if balanced, as does along D a < 0"
    )
    if any("rests" in cell for one in found for cell in _row(one, True)):
        print("rests: neurons that start in this set (D = 0) stay in it; others may enter it, but not from all sides")
    write_json(out, {"data": data.name, "features": list(data.features), "notes": list(data.notes),
                     "points": [list(map(str, row)) for row in data.points], "labels": list(map(str, data.labels)),
                     "extremal": [_record(one) for one in found]})  # fmt: skip
    return 0


def _row(one: Attraction, plane: bool) -> tuple[str, ...]:
    vector = one.extremal
    D = f"({', '.join(map(_short, vector.vector))})" if vector.kind else "0"
    w = [float(value) for value in vector.direction]
    if not vector.kind:
        where = "-"
    elif plane:
        where = f"{math.degrees(math.atan2(w[1], w[0])):.4g}°"
    else:
        where = "(" + ", ".join(f"{value / math.hypot(*w):.4g}" for value in w) + ")"
    kind = KINDS[vector.kind] if vector.kind else f"D = 0{', dead' if set(vector.pattern) <= {'-'} else ''}"
    return (vector.pattern, D, f"{math.sqrt(vector.square):.6g}", where, kind, _attracted(one, 1), _attracted(one, -1))


def _attracted(one: Attraction, s: int) -> str:
    if s in one.balanced_only:
        return "balanced only"
    return "yes" if s in one.balanced else "no" if one.extremal.kind else "rests"


def _short(value: Fraction) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_EXACT else f"{float(value):.8g}"


def _record(one: Attraction) -> dict[str, Any]:
    vector = one.extremal
    return {
        "pattern": vector.pattern,
        "D": list(map(str, vector.vector)),
        "norm": math.sqrt(vector.square),
        "norm squared": str(vector.square),
        "kind": vector.kind,
        "dimension": vector.face.dimension,
        "shares": None if vector.shares is None else list(map(str, vector.shares)),
        "attracts balanced": list(one.balanced),
        "attracts dominated": list(one.dominated),
    }

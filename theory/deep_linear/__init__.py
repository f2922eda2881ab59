"""Deep linear networks: what is true (layers, balance, aligned modes, escape, weight decay, regimes, infinite width).

Source: A. Jacot, F. Ged, B. Simsek, C. Hongler, F. Gabriel, "Saddle-to-Saddle Dynamics in Deep Linear Networks: Small
Initialization Training, Symmetry, and Sparsity", 2021. Its claim of saddle-to-saddle dynamics is a conjecture.

The formulas are built when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..formula import Formula
from ..system import System

PARTS = (
    "letters",
    "layers",
    "modes",
    "times",
    "escape",
    "decay",
    "points",
    "norm",
    "regimes",
    "wide",
    "tree",
    "bounds",
)

FORMULAS: tuple[Formula, ...]
SYSTEMS: tuple[System, ...]
LATEX: tuple[tuple[Any, str], ...]

__all__ = ["FORMULAS", "LATEX", "SYSTEMS"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = tuple(one for part in PARTS for one in getattr(import_module(f".{part}", __name__), name, ()))
    globals()[name] = found
    return found

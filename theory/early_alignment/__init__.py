"""Early alignment in two-layer ReLU networks: what is true.

Source: E. Boursier, N. Flammarion, "Early Alignment in Two-Layer Networks Training is a Two-Edged Sword", JMLR 26 (2025). The
Lorentz structure, closed forms inside a cone, moment closures, sharp rates and the bound on the entry time were derived for
this project.

The formulas are built when they are first asked for: the geometry of the data (`faces`, `extremal`, `attractors`) needs none.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..formula import Formula
from ..system import System

PARTS = ("neuron", "cone", "directions", "moments", "critical", "rates", "width", "spurious", "assumption")

FORMULAS: tuple[Formula, ...]
SYSTEMS: tuple[System, ...]
LATEX: tuple[tuple[Any, str], ...]

__all__ = ["FORMULAS", "LATEX", "SYSTEMS"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    parts = ("letters", *PARTS) if name == "LATEX" else PARTS
    found: Any = tuple(one for part in parts for one in getattr(import_module(f".{part}", __name__), name, ()))
    globals()[name] = found
    return found

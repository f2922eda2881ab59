"""Time-scales of learning in two-layer networks: what is true.

Source: R. Berthier, A. Montanari, K. Zhou, "Learning time-scales in two-layers neural networks", FoCM 2024. The correction at
finite width, balance laws, and the reduced equations of each phase were derived for this project.

The formulas are built when they are first asked for: a simulation needs only a few of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..formula import Formula
from ..system import System

PARTS = (
    "equations", "exponents", "phases", "theta", "entry", "inner", "law", "mehler", "measure", "finite", "composite", "failure",
    "symmetry", "obstacles",
)  # fmt: skip
"""Modules that hold statements, in the order of the paper."""

FORMULAS: tuple[Formula, ...]
SYSTEMS: tuple[System, ...]
LATEX: tuple[tuple[Any, str], ...]

__all__ = ["FORMULAS", "LATEX", "SYSTEMS"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    parts = ("letters", *PARTS) if name == "LATEX" else PARTS
    found = tuple(
        dict.fromkeys(one for part in parts for one in getattr(import_module(f".{part}", __name__), name, ()))
    )
    globals()[name] = found
    return found

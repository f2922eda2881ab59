"""The papers that the tool knows, imported on use."""

from __future__ import annotations

from importlib import import_module

from .derivations.paper import Paper
from .theory.symbols import register

NAMES = ("mixed", "time-scales", "deep-linear", "parameterizations", "early-alignment")
"""Paper ids; each is a module in ``derivations`` (hyphens become underscores) that exports ``PAPER``."""


def load(name: str) -> Paper:
    """Import one paper and register its LaTeX letters; ValueError if there is none of this name."""
    if name not in NAMES:
        raise ValueError(f"paper: {name!r} is not known; there are {', '.join(NAMES)}")
    module = import_module(f".derivations.{name.replace('-', '_')}", __package__)
    paper: Paper = module.PAPER
    register(*paper.latex)
    return paper

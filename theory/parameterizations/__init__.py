"""Width exponents and integrable parameterizations of deep networks: what is true.

Sources: K. Hajjar, L. Chizat, C. Giraud, "Training Integrable Parameterizations of Deep Neural Networks in the Infinite-Width
Limit", 2021; G. Yang, E. Hu, "Feature Learning in Infinite-Width Neural Networks", 2021. The closed exponents, the threshold
in depth and degree, rates for every degree, the escape times and the first step at infinite width were derived for this project.

The formulas are built when they are first asked for: the calculus alone needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..formula import Formula
from ..system import System

PARTS = ("exponents", "variants", "chain", "kernels", "first_step")

FORMULAS: tuple[Formula, ...]
SYSTEMS: tuple[System, ...]
LATEX: tuple[tuple[Any, str], ...]

__all__ = ["FORMULAS", "LATEX", "SYSTEMS"]


def __getattr__(name: str) -> Any:
    if name == "FORMULAS":
        found: Any = tuple(one for part in PARTS for one in import_module(f".{part}", __name__).FORMULAS)
    elif name == "SYSTEMS":
        found = import_module(".chain", __name__).SYSTEMS
    elif name == "LATEX":
        found = import_module(".letters", __name__).LATEX
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found

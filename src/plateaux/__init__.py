"""plateaux: training dynamics of neural networks, derived, checked, compiled and confronted with gradient descent."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Formula": "theory.formula",
    "Source": "theory.formula",
    "Standing": "theory.formula",
    "System": "theory.system",
    "gradient_flow": "theory.flow",
    "descent": "theory.flow",
    "along": "theory.flow",
    "project": "theory.closure",
    "restrict": "theory.closure",
    "rescale": "theory.rescale",
    "NotClosed": "theory.answers",
    "NotInvariant": "theory.answers",
    "Inconsistent": "theory.answers",
    "Unknown": "theory.answers",
    "Curve": "numerics.curve",
    "Provenance": "numerics.curve",
    "lower": "numerics.lower",
    "lower_formula": "numerics.lower",
    "integrate": "numerics.integrate",
    "load": "numerics.store",
    "save": "numerics.store",
    "power_law": "numerics.fit",
    "sweep": "numerics.sweep",
    "Book": "derivations.chain",
    "Step": "derivations.chain",
    "Derivation": "derivations.chain",
    "Verdict": "derivations.chain",
    "Grade": "derivations.chain",
    "Identity": "derivations.chain",
    "Derivative": "derivations.chain",
    "Rate": "derivations.chain",
    "Closure": "derivations.chain",
    "Invariance": "derivations.chain",
    "Reduction": "derivations.chain",
    "SlowReduction": "derivations.chain",
    "Limit": "derivations.chain",
    "Series": "derivations.chain",
    "Bound": "derivations.chain",
    "Cited": "derivations.chain",
    "check": "derivations.check",
    "verify": "derivations.check",
    "Comparison": "derivations.compare",
    "Expect": "derivations.compare",
    "Measured": "derivations.compare",
    "compare": "derivations.compare",
    "Paper": "derivations.paper",
    "Figure": "derivations.paper",
    "Experiment": "derivations.paper",
    "latex_formula": "export",
    "latex_derivation": "export",
    "bibtex": "cite",
    "main": "cli",
}
"""Public name -> module that defines it; imported on use, so that ``import plateaux`` stays light."""

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'plateaux' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__

"""Lowering: from SymPy systems and formulas to compiled functions."""

from .function import Function, lower_formula
from .kernel import Kernel, lower
from .layout import Layout

__all__ = ["Function", "Kernel", "Layout", "lower", "lower_formula"]

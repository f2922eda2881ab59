"""Formulas as compiled elementwise functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from ...theory.formula import Formula
from .build import module_text
from .loops import Program
from .module import load
from .printer import HELPERS, identifier

Array = NDArray[Any]
SIGNATURE = "void(float64[:, ::1], float64[::1])"


@dataclass(frozen=True, eq=False)
class Function:
    """A formula as a compiled function of keyword arrays.

    Parameters
    ----------
    id : id of the formula.
    names : its parameters in ASCII.
    source, digest : generated source, and SHA-256 of source and versions.
    evaluate : compiled ``evaluate(arguments, out)``: one row per parameter.
    formula : what was lowered.
    """

    id: str
    names: tuple[str, ...]
    source: str = field(repr=False)
    digest: str
    evaluate: Any = field(repr=False)
    formula: Formula = field(repr=False)

    def __reduce__(self) -> Any:
        return lower_formula, (self.formula,)

    def __call__(self, **values: Any) -> Array:
        """Value at every point of the broadcast arguments, float64; nan and inf where the formula has no value.

        Raises
        ------
        ValueError : a missing or unknown parameter, not a number, shapes that do not broadcast.
        """
        takes = f"{self.id} takes {', '.join(self.names) or 'no parameters'}"
        for name in values:
            if name not in self.names:
                raise ValueError(f"parameter: {name!r} is unknown; {takes}")
        missing = [name for name in self.names if name not in values]
        if missing:
            raise ValueError(f"parameter: {', '.join(missing)} missing; {takes}")
        arrays = {}
        for name in self.names:
            arrays[name] = np.asarray(values[name])
            if arrays[name].dtype.kind not in "biuf":
                raise ValueError(f"{name}: {str(values[name])[:40]!r} is no real number or array of them")
        try:
            shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
        except ValueError:
            shapes = ", ".join(f"{name} {a.shape}" for name, a in arrays.items())
            raise ValueError(f"parameter: shapes do not fit: {shapes}") from None
        arguments = np.empty((len(self.names), int(np.prod(shape, dtype=int))))
        for row, array in zip(arguments, arrays.values()):
            row.reshape(shape)[...] = array
        out = np.empty(arguments.shape[1])
        self.evaluate(arguments, out)
        return out.reshape(shape)


@cache
def lower_formula(formula: Formula) -> Function:
    """Compile the value of a formula, by its float form where it has one.

    Parameters
    ----------
    formula : its parameters must be numbers.

    Raises
    ------
    ValueError : parameters that are matrices or indexed, a function that cannot be lowered.
    """
    value = formula.value if formula.float_form is None else formula.float_form
    names = {str(p): p for p in (*formula.parameters, *sorted(value.free_symbols, key=str))}
    other = [name for name, p in names.items() if not isinstance(p, Symbol)]
    if other or getattr(value, "is_Matrix", False):
        raise ValueError(f"id: {formula.id} is a statement about {', '.join(other) or 'matrices'}; numbers only")
    program = Program()
    body = ["for _e in range(out.size):"]
    for row, (name, letter) in enumerate(names.items()):
        program.texts[letter] = identifier(name)
        body.append(f"    {program.texts[letter]} = arguments[{row}, _e]")
    result, settled = program.fresh("v"), program.settle(value, ())
    if program.ops:
        raise ValueError(f"id: {formula.id} has a sum of variable length; evaluate it, or lower it as a system")
    body += program.statements([(result, "=", settled)], {}, set(), "    ")
    body.append(f"    out[_e] = {result.name}")
    helpers = "\n\n".join(HELPERS[name] for name in sorted(program.printer.helpers))
    # No fast arithmetic: a float form orders its operations for accuracy.
    source = module_text(formula.id, helpers, SIGNATURE, "False", "evaluate(arguments, out)", body)
    digest, module = load(source)
    return Function(formula.id, tuple(names), source, digest, module.evaluate, formula)

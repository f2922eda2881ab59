"""Curves: arrays over named axes, with the record of how they were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Provenance:
    """How a curve was made.

    Parameters
    ----------
    by : ``"theory"``, ``"ode"`` or ``"gradient descent"``.
    what : id of the formula, system or simulator.
    parameters : pairs ``(name, value)``, values plain numbers, strings or lists of them.
    seed : entropy of the seed sequence; None if nothing was drawn.
    digest : hash of the kernel source; empty if no kernel was compiled.
    detail : solver, tolerances, number of evaluations, message.
    """

    by: str
    what: str
    parameters: tuple[tuple[str, Any], ...] = ()
    seed: int | None = None
    digest: str = ""
    detail: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class Curve:
    """Columns over ordered axes.

    Parameters
    ----------
    axes : pairs ``(name, values)``, each 1-D.
    columns : pairs ``(name, array)``; the leading dimensions are the axes, further ones are the column's own.
    made_by : provenance.

    Raises
    ------
    ValueError : a column whose leading shape is not that of the axes, a repeated name.
    """

    axes: tuple[tuple[str, Array], ...]
    columns: tuple[tuple[str, Array], ...]
    made_by: Provenance = field(default_factory=lambda: Provenance("theory", ""))

    def __post_init__(self) -> None:
        names = [name for name, _ in (*self.axes, *self.columns)]
        if len(set(names)) < len(names):
            raise ValueError(f"columns: a name stands twice in {names}")
        shape = tuple(len(values) for _, values in self.axes)
        for name, array in self.columns:
            if np.shape(array)[: len(shape)] != shape:
                raise ValueError(f"columns: {name} has shape {np.shape(array)}; its leading dimensions must be {shape}")

    def __getitem__(self, name: str) -> Array:
        for key, array in (*self.axes, *self.columns):
            if key == name:
                return array
        raise KeyError(f"{name!r}; there are {', '.join(key for key, _ in (*self.axes, *self.columns))}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(name for name, _ in self.columns)

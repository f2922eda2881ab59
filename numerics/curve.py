"""Curves: arrays over named axes, with the record of how they were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tables import html_table, text_table

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

    def select(self, **where: Any) -> Curve:
        """Part of the curve.

        Parameters
        ----------
        where : for any axis by name, one of its values (the axis goes) or a pair ``(low, high)`` (the axis keeps the values
            from low to high, both included).

        Returns
        -------
        Curve : with the same provenance.

        Raises
        ------
        ValueError : no such axis, a value that is not on it, an interval without a value.
        """
        axes, index = [], []
        unknown = sorted(set(where) - {name for name, _ in self.axes})
        if unknown:
            raise ValueError(
                f"{unknown[0]}: no axis of this name; there are {', '.join(n for n, _ in self.axes) or 'none'}"
            )
        for name, values in self.axes:
            chosen = where.get(name)
            if isinstance(chosen, tuple):
                low, high = chosen
                places = np.flatnonzero((values >= low) & (values <= high))
            else:
                places = np.arange(len(values)) if chosen is None else np.flatnonzero(values == chosen)
            if chosen is not None and not len(places):
                raise ValueError(f"{name}: {chosen} is not on this axis, which holds {_span(values)}")
            if chosen is None or isinstance(chosen, tuple):
                axes.append((name, values[places]))
                index.append(places)
            else:
                index.append(places[:1])
        keep = tuple(slice(None) if name in dict(axes) else 0 for name, _ in self.axes)
        columns = tuple(
            (name, np.asarray(array)[np.ix_(*index)][keep] if index else array) for name, array in self.columns
        )
        return Curve(tuple(axes), columns, self.made_by)

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        header = ["name", "kind", "shape", "type", "values"]
        kinds = [*(("axis", *axis) for axis in self.axes), *(("column", *column) for column in self.columns)]
        return header, [
            [
                name,
                kind,
                " x ".join(map(str, np.shape(values))) or "scalar",
                str(np.asarray(values).dtype),
                _span(values),
            ]
            for kind, name, values in kinds
        ]

    def _title(self) -> str:
        made = self.made_by
        given = ", ".join(f"{name}={value}" for name, value in made.parameters)
        seed = f"; seed {made.seed}" if made.seed is not None else ""
        return f"Curve by {made.by}: {made.what or 'unnamed'}{f' ({given})' if given else ''}{seed}"

    def __repr__(self) -> str:
        return f"{self._title()}\n{text_table(*self._rows())}"

    def _repr_html_(self) -> str:
        return html_table(*self._rows(), title=self._title())


def _span(values: Any) -> str:
    """The values in a few words: all of a few, else the first and the last or the range."""
    array = np.asarray(values)
    if array.size <= 3 or array.dtype.kind not in "iuf":
        flat = array.ravel()
        shown = [f"{value:.6g}" if array.dtype.kind in "iufc" else str(value) for value in flat[:3]]
        return ", ".join(shown) + (f", ... ({flat.size})" if flat.size > 3 else "")
    finite = array[np.isfinite(array)]
    missing = f"; {array.size - finite.size} not finite" if finite.size < array.size else ""
    return (f"{finite.min():.6g} to {finite.max():.6g}" if finite.size else "none finite") + missing

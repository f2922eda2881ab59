"""A dynamical system: what evolves, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sympy import Basic, Symbol

from .formula import ID, Let, Source, check_let, letters


@dataclass(frozen=True)
class System:
    """A flow (rates) or a map (next values).

    Parameters
    ----------
    id : paper id, a dot, a readable name.
    title : one line in words.
    kind : ``"flow"``: equations are rates; ``"map"``: equations are next values.
    time : continuous time, or the number of steps.
    equations : pairs ``(item, rate or next value)``: symbol, ``a[i]`` (its index carries the range) or matrix symbol.
    meaning : pairs ``(letter, words)`` for every letter.
    source : where it comes from.
    let : ordered definitions used by the equations.
    given : initial values, pairs ``(item, value)``.
    symmetric : matrix items with ``X.T = X``.
    assuming : relations between parameters that must hold.
    switches : expressions at whose zeros a piecewise-smooth flow changes its form.

    Raises
    ------
    ValueError : malformed id, repeated item, a letter without a meaning, a definition that uses a later one.

    Notes
    -----
    Letters that are neither items nor definitions are parameters; a matrix parameter is constant in time, and a matrix
    ``G`` that is left open stands for the gradient of any cost.
    """

    id: str
    title: str
    kind: Literal["flow", "map"]
    time: Symbol
    equations: Let
    meaning: tuple[tuple[Basic, str], ...]
    source: Source
    let: Let = ()
    given: Let = ()
    symmetric: tuple[Basic, ...] = ()
    assuming: tuple[Basic, ...] = ()
    switches: tuple[Basic, ...] = ()

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise ValueError(f"id: {self.id!r} is not of the form paper-id.readable-name")
        if self.kind not in ("flow", "map"):
            raise ValueError(f"kind: {self.kind!r} of {self.id}; allowed: 'flow', 'map'")
        check_let(self.id, self.let)
        items = self.items
        if len(set(items)) < len(items):
            raise ValueError(f"equations: {self.id} gives an item two equations")
        known = {letter for letter, _ in self.meaning}
        pairs = (*self.equations, *self.let, *self.given)
        used = letters(self.time, *self.assuming, *self.switches, *(part for pair in pairs for part in pair))
        missing = sorted(str(letter) for letter in used - known)
        if missing:
            raise ValueError(f"meaning: {self.id} gives no meaning for {', '.join(missing)}")

    @property
    def items(self) -> tuple[Any, ...]:
        """What evolves, in the order of the equations."""
        return tuple(item for item, _ in self.equations)

    @property
    def params(self) -> tuple[Basic, ...]:
        """Letters that are neither items, nor definitions, nor time, by name (symbols of shapes included)."""
        inside = letters(*self.items, *(item for item, _ in self.let)) - self.shapes
        used = letters(*(part for pair in (*self.equations, *self.let) for part in pair))
        return tuple(sorted(used - inside - {self.time}, key=str))

    @property
    def shapes(self) -> frozenset[Basic]:
        """Symbols that occur in shapes of matrices."""
        matrices = {letter for pair in (*self.equations, *self.let) for part in pair for letter in letters(part)}
        return frozenset(
            s for m in matrices if getattr(m, "is_Matrix", False) for size in m.shape for s in size.free_symbols
        )

    def rate(self, item: Any) -> Any:
        """Rate (flow) or next value (map) of an item."""
        return dict(self.equations)[item]

    def _repr_latex_(self) -> str:
        from .symbols import latex_system

        return f"$\\displaystyle {latex_system(self)}$"

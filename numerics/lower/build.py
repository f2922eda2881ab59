"""From a system to the source of its kernel and the layouts of its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sympy import Add, Idx, Indexed, IndexedBase, MatrixSymbol, Symbol, expand

from ...theory.formula import letters
from ...theory.system import System
from .layout import Layout
from .loops import Program
from .matrices import OF_MATRICES, Matrices
from .module import FASTMATH
from .printer import HELPERS, identifier
from .ranges import elements, spans, static, union

SIGNATURE = "void(float64, float64[::1], float64[::1], float64[::1], float64[::1])"


@dataclass(frozen=True)
class Draft:
    """Source of a kernel, layouts, length of the scratch space, and least lengths ``(array, axis, length)``."""

    source: str
    state: Layout
    parameters: Layout
    sizes: tuple[str, ...]
    work: Any
    needs: tuple[tuple[str, int, int], ...] = ()


def letter(item: Any) -> Any:
    """Base of ``a[i]``, the item itself otherwise."""
    return item.base if isinstance(item, Indexed) else item


def name_of(item: Any) -> str:
    """Name on paper."""
    return str(item.label) if isinstance(item, IndexedBase) else str(letter(item))


def _swap(expression: Any, table: Mapping[Any, Any]) -> Any:
    return expression.xreplace(table) if table else expression


def draft(system: System, fixed: Mapping[Any, Any] | None) -> Draft:
    """Write the kernel of a system; ``fixed`` are the sizes that become literals."""
    return writer(system, fixed).draft()


def writer(system: System, fixed: Mapping[Any, Any] | None) -> Writer:
    """The system with literals for its fixed sizes, ready to be written."""
    pairs = [*system.let, *system.equations]
    everything = [part for pair in pairs for part in pair]
    ranges = {s for e in everything for i in e.atoms(Idx) for s in i.free_symbols if isinstance(s, Symbol)}
    table = static(letters(*everything) | ranges | system.shapes, fixed)
    let, equations = (
        [(_swap(item, table), elements(_swap(value, table))) for item, value in part]
        for part in (system.let, system.equations)
    )
    merged = _compound(system, let, equations)
    let, equations = ([(_swap(i, merged), _swap(v, merged)) for i, v in part] for part in (let, equations))
    symmetric = frozenset(_swap(_swap(m, table), merged) for m in system.symmetric)
    return Writer(system, let, equations, symmetric)


def _compound(system: System, let: list[Any], equations: list[Any]) -> dict[Any, Any]:
    """Matrices whose side is a sum, such as ``d_out + d_in``, get a size of their own."""
    found: dict[Any, Any] = {}
    matrices = {m for pair in (*let, *equations) for part in pair for m in part.atoms(MatrixSymbol)}
    for side in sorted({s for m in matrices for s in m.shape if not s.is_Symbol and not s.is_Integer}, key=str):
        name = "_plus_".join(str(s) for s in side.args) if isinstance(side, Add) else f"side{len(found)}"
        try:
            identifier(name)
        except ValueError:
            name = f"side{len(found)}"
        found[side] = Symbol(name, integer=True, positive=True)
    return found


class Writer:
    """One kernel being written."""

    def __init__(self, system: System, let: list[Any], equations: list[Any], symmetric: frozenset[Any]) -> None:
        self.system, self.let, self.equations = system, let, equations
        self.program = Program()
        self.items = [letter(item) for item, _ in equations]
        self.defined = {letter(item) for item, _ in let}
        found: dict[Any, list[list[Any]]] = {}
        for item, value in (*let, *equations):
            for part in (item, value):
                spans(part, found, {})
        self.spans: dict[Any, Any] = {}
        for item, _ in (*let, *equations):
            if isinstance(item, Indexed):
                self.check_indices(item)
                self.spans[item.base] = [(i.lower, i.upper) for i in item.indices]
        for base, places in found.items():
            if base not in self.spans:
                self.spans[base] = [union(base, place) for place in places]
        self.needs = tuple(
            (str(base.label), axis, int(high - self.spans[base][axis][0]) + 1)
            for base, places in found.items()
            for axis, place in enumerate(places)
            for low, high in place
            if low == high and (high - self.spans[base][axis][0]).is_Integer
        )
        dims = {s for e in (*let, *equations) for part in e for m in part.atoms(MatrixSymbol) for s in m.shape}
        sizes = {s for d in dims for s in d.free_symbols}
        sizes |= {s for place in self.spans.values() for span in place for end in span for s in end.free_symbols}
        self.sizes = sorted(sizes, key=str)
        matrices = {s.name: s for m in symmetric for s in [m]}
        names = {m: identifier(m.name) for m in self.matrices()}
        self.matrix = Matrices(self.program, names, frozenset(matrices.values()))

    @staticmethod
    def check_indices(item: Any) -> None:
        for index in item.indices:
            if not isinstance(index, Idx) or index.lower is None:
                raise ValueError(f"index: {index} of {item} has no range; write Idx({str(index)!r}, size)")

    def matrices(self) -> list[Any]:
        found = {m for pair in (*self.let, *self.equations) for part in pair for m in part.atoms(MatrixSymbol)}
        return sorted(found, key=str)

    def dims(self, item: Any) -> tuple[Any, ...]:
        """Lengths of an array."""
        if isinstance(item, MatrixSymbol):
            return tuple(item.shape)
        if isinstance(item, IndexedBase):
            matrix = next((m for m in self.matrices() if m.name == name_of(item)), None)
            if matrix is not None:
                return tuple(matrix.shape)
            return tuple(expand(high - low + 1) for low, high in self.spans[item])
        return ()

    def parameters(self) -> list[Any]:
        """Letters that are given: numbers first, then arrays, by name."""
        used = letters(*(part for pair in (*self.let, *self.equations) for part in pair))
        hidden = {name_of(m) for m in self.matrices()}
        own = {*self.items, *self.defined, self.system.time, *self.sizes}
        found = [p for p in used - own if not (isinstance(p, IndexedBase) and name_of(p) in hidden)]
        return sorted(found, key=lambda p: (bool(self.dims(p)), str(p)))

    def begin(self) -> tuple[list[str], Layout, Layout]:
        """First lines, which name the parts of the flat vectors, and the layouts."""
        program, given = self.program, self.parameters()
        taken: dict[str, Any] = {}
        for item in (*self.items, *self.defined, *given, *self.sizes):
            if taken.setdefault(name_of(item), item) is not item:
                raise ValueError(f"name: {self.system.id} has two letters {name_of(item)!r}")
        program.texts[self.system.time] = "t"
        for size in self.sizes:
            program.texts[size] = identifier(str(size))
        state = Layout.of((name_of(i), self.dims(i)) for i in self.items)
        parameters = Layout.of(((name_of(p), self.dims(p)) for p in given), len(self.sizes))
        head = [f"{program.texts[s]} = int(par[{n}])" for n, s in enumerate(self.sizes)]
        head += self.views("y", state, self.items) + self.views("par", parameters, given)
        return head, state, parameters

    def draft(self) -> Draft:
        """The kernel of the rates or next values."""
        (head, state, parameters), program, outputs = self.begin(), self.program, []
        for item, slot in zip(self.items, state.slots):
            symbol = program.fresh(f"rate_{slot.name}_")
            base = IndexedBase(symbol)
            program.outputs.add(base)
            lows = tuple(low for low, _ in self.spans[item]) if isinstance(item, IndexedBase) else (0,)
            program.arrays[base] = symbol.name, lows
            head.append(program.view(symbol.name, "out", slot.offset, slot.dims or (expand(1),)))
            outputs.append(base)
        self.matrix.survey([v for _, v in (*self.let, *self.equations) if getattr(v, "is_Matrix", False)])
        for item, value in self.let:
            self.definition(item, value)
        for base, (item, value) in zip(outputs, self.equations):
            self.equation(item, value, base)
        return self.finish(head, state, parameters)

    def finish(self, head: list[str], state: Layout, parameters: Layout) -> Draft:
        """Source and layouts."""
        body = [*head, *self.program.write()]
        sizes = tuple(map(str, self.sizes))
        return Draft(self.source(body), state, parameters, sizes, self.program.work, self.needs)

    def views(self, vector: str, layout: Layout, items: list[Any]) -> list[str]:
        """Lines that name the parts of a flat vector."""
        lines, program = [], self.program
        for item, slot in zip(items, layout.slots):
            name = identifier(slot.name)
            if not slot.dims:
                program.texts[item] = name
                lines.append(f"{name} = {program.view('', vector, slot.offset, (expand(1),))[3:].split(':')[0]}]")
                continue
            lines.append(program.view(name, vector, slot.offset, slot.dims))
            base = item if isinstance(item, IndexedBase) else IndexedBase(slot.name)
            spans_of = self.spans.get(item) if isinstance(item, IndexedBase) else None
            program.arrays[base] = name, tuple(low for low, _ in spans_of) if spans_of else (0,) * len(slot.dims)
        return lines

    def definition(self, item: Any, value: Any) -> None:
        if not isinstance(item, MatrixSymbol):
            self.program.define(item, self.scalar(value))
            return
        name = self.matrix.names[item]
        self.matrix.line(self.program.view(name, "work", self.program.allocate(item.shape), item.shape))
        base = IndexedBase(item.name)
        self.program.arrays[base] = name, (0, 0)
        self.into(name, value, {item, base})

    def equation(self, item: Any, value: Any, base: Any) -> None:
        if isinstance(item, MatrixSymbol):
            self.into(self.program.arrays[base][0], value, {base})
        else:
            self.program.output(item, self.scalar(value), base)

    def into(self, target: str, value: Any, writes: set[Any]) -> None:
        """Write a matrix expression into an array."""
        value = self.matrix.clean(value)
        self.matrix.store(target, value)
        self.program.add(self.matrix.flush(writes, [value]))

    def scalar(self, value: Any) -> Any:
        """A number; traces in it are computed first."""
        if value.has(*OF_MATRICES):
            result = self.matrix.scalar(value)
            self.program.add(self.matrix.flush(result.free_symbols, [value]))
            return result
        return value

    def source(self, body: list[str]) -> str:
        helpers = "\n\n".join(HELPERS[name] for name in sorted(self.program.printer.helpers))
        return module_text(self.system.id, helpers, SIGNATURE, FASTMATH, "rhs(t, y, out, par, work)", body)


def module_text(what: str, helpers: str, signature: str, fastmath: str, head: str, body: list[str]) -> str:
    """Source of a module with one compiled function."""
    lines = "\n".join(f"    {line}" for line in body)
    return (
        f'"""Generated from {what}; do not edit."""\n\nimport math\n\nimport numpy as np\nfrom numba import njit\n\n\n'
        f"{helpers}\n\n"
        f'@njit("{signature}", cache=True, fastmath={fastmath}, error_model="numpy")\ndef {head}:\n{lines}\n'
    )


@cache
def draft_cached(system: System, fixed: tuple[tuple[str, int], ...]) -> Draft:
    """The same kernel is written once per process."""
    return draft(system, dict(fixed))

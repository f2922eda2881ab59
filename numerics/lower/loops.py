"""Indexed definitions as loops: sums are hoisted and made separable, loops over one range are fused, then written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from sympy import (
    Add,
    Expr,
    IndexedBase,
    Integer,
    Mul,
    Piecewise,
    Product,
    S,
    Sum,
    Symbol,
    cse,
    expand,
    preorder_traversal,
)
from sympy import Indexed as Entry

from ...theory.indices import apart, names
from .fuse import Limit, Lines, Loop, fuse, kept_arrays
from .printer import Printer, bare, identifier, integer

UNROLL = 16
"""Ranges of literal length up to this are unrolled."""


@dataclass
class Program:
    """A function under construction.

    Parameters
    ----------
    texts : symbol -> text in the source.
    arrays : base of an array -> its text and the first value of each index.
    """

    texts: dict[Any, str] = field(default_factory=dict)
    arrays: dict[Any, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)
    dims: dict[Any, tuple[Any, ...]] = field(default_factory=dict)
    locals: set[Any] = field(default_factory=set)
    outputs: set[Any] = field(default_factory=set)
    ops: list[Loop | Lines] = field(default_factory=list)
    work: Any = S.Zero
    scalars: dict[Any, Any] = field(default_factory=dict)
    hoisted: dict[Any, Any] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        self.printer = Printer(self.texts)

    # names

    def fresh(self, stem: str) -> Any:
        """A generated symbol; its text begins with an underscore, which no user's letter does."""
        self.count += 1
        symbol = Symbol(f"_{stem}{self.count}", real=True)
        self.texts[symbol] = symbol.name
        return symbol

    def index(self, depth: int) -> Any:
        """Loop index of this depth."""
        symbol = Symbol(f"_{'ijklpq'[depth]}", integer=True, nonnegative=True)
        self.texts[symbol] = symbol.name
        return symbol

    def raw(self, text: str) -> Any:
        """A symbol that prints as this generated text."""
        symbol = Symbol(f"_raw {text}", real=True)
        self.texts[symbol] = text
        return symbol

    def print(self, expression: Any) -> str:
        """Text of a scalar expression."""
        return bare(self.printer.doprint(expression))

    # definitions

    def define(self, item: Any, value: Any) -> None:
        """A definition that later ones may use: a number, or an entry of an array at every index."""
        if not isinstance(item, Entry):
            self.texts.setdefault(item, identifier(str(item)))
            self.add(Loop((), [(item, "=", self.settle(value, ()))]))
            return
        name = identifier(str(item.base.label))
        self.arrays[item.base] = name, tuple(index.lower for index in item.indices)
        self.dims[item.base] = tuple(index.upper - index.lower + 1 for index in item.indices)
        self.locals.add(item.base)
        for limits, target, expression in self.instances(item, value):
            if not any(index.free_symbols for index in target.indices):
                symbol = self.fresh(f"{name}_")
                settled = self.settle(expression, ())
                self.scalars[target] = symbol
                self.add(Loop((), [(symbol, "=", settled)]))
            else:
                self.add(Loop(limits, [(target, "=", self.settle(expression, limits))]))

    def output(self, item: Any, value: Any, base: Any) -> None:
        """An equation: the entry of ``base`` in the result."""
        if not isinstance(item, Entry):
            self.add(Loop((), [(base[0], "=", self.settle(value, ()))]))
            return
        for limits, target, expression in self.instances(item, value):
            self.add(Loop(limits, [(base[target.indices], "=", self.settle(expression, limits))]))

    def add(self, op: Loop | Lines) -> None:
        """Append, after what the values needed."""
        self.ops.append(op)

    def instances(self, item: Any, value: Any) -> Iterator[tuple[tuple[Limit, ...], Any, Any]]:
        """Definition at each value of its short literal ranges, under loops over the other ranges."""
        if value.has(Sum, Product):
            value = apart(value, names(item))  # a sum may use the name of an outer index
        short = [i for i in item.indices if _short(i.lower, i.upper)]
        limits: list[Limit] = []
        rename: dict[Any, Any] = {}
        for i in item.indices:
            if i not in short:
                rename[i] = self.index(len(limits))
                limits.append((rename[i], i.lower, i.upper))
        for values in product(*(range(int(i.lower), int(i.upper) + 1) for i in short)):
            swap = rename | {i: Integer(v) for i, v in zip(short, values)}
            yield tuple(limits), item.xreplace(swap), value.xreplace(swap)

    # sums and products

    def settle(self, e: Any, outer: tuple[Limit, ...]) -> Any:
        """Replace sums and products: unroll, split into separable ones, hoist what does not need all outer indices."""
        if isinstance(e, Entry) and e in self.scalars:
            return self.scalars[e]
        if not e.args or not e.has(Sum, Product, Entry):
            return e
        if not isinstance(e, Sum | Product):
            return e.func(*(self.settle(arg, outer) for arg in e.args)) if not isinstance(e, Entry) else e
        limits = _ordered(e, {i for i, _, _ in outer})
        body, (index, low, high) = e.function, limits[-1]
        if len(limits) > 1:
            body = e.func(body, *limits[:-1])
        fold = Add if isinstance(e, Sum) else Mul
        if _short(low, high):
            values = range(int(low), int(high) + 1)
            return fold(*(self.settle(body.xreplace({index: Integer(v)}), outer) for v in values))
        if low.free_symbols & {i for i, _, _ in outer} or high.free_symbols & {i for i, _, _ in outer}:
            raise ValueError(f"sum: limits ({index}, {low}, {high}) depend on an outer index; sizes only are allowed")
        own = self.index(len(outer))
        limit = (own, low, high)
        body = self.settle(body.xreplace({index: own}), (*outer, limit))
        used = tuple(o for o in outer if o[0] in body.free_symbols)
        if used and fold is Add:
            terms = self.separated(body, own, {o[0] for o in used})
            if terms:
                return Add(*(c * self.reduced(Sum, part, limit, outer) for c, part in terms))
        return self.reduced(type(e), body, limit, outer)

    def separated(self, body: Any, own: Any, outside: set[Any]) -> list[tuple[Any, Any]]:
        """Pairs ``(coefficient, summand)`` whose summands depend on fewer outer indices; empty if there are none."""
        for form in (body, expand(body, power_base=False, power_exp=False, log=False)):
            terms = [term.as_independent(own, as_Add=False) for term in Add.make_args(form)]
            if len(terms) <= 64 and all(part.free_symbols & outside < outside for _, part in terms):
                return terms
        return []

    def reduced(self, kind: Any, body: Any, limit: Limit, outer: tuple[Limit, ...]) -> Any:
        """A sum or product over one index: an accumulator of its own, an array, or an inner loop."""
        own, low, high = limit
        if own not in body.free_symbols:
            count = high - low + 1
            return count * body if kind is Sum else body**count
        used = tuple(o for o in outer if o[0] in body.free_symbols)
        if used and len(used) == len(outer):
            return kind(body, limit)
        swap = {o[0]: self.index(n) for n, o in enumerate(used)} | {own: self.index(len(used))}
        body, own = body.xreplace(swap), swap[own]
        limits = tuple((swap[i], first, last) for i, first, last in used)
        key = (kind, body, (own, low, high), limits)
        if key not in self.hoisted:
            if not used:
                accumulator = self.fresh("sum" if kind is Sum else "product")
                self.add(Loop(((own, low, high),), [(accumulator, "+=" if kind is Sum else "*=", body)]))
                self.hoisted[key] = accumulator
            else:
                symbol = self.fresh("row")
                base = IndexedBase(symbol)
                self.arrays[base] = symbol.name, tuple(first for _, first, _ in limits)
                self.dims[base] = tuple(last - first + 1 for _, first, last in limits)
                self.locals.add(base)
                self.add(Loop(limits, [(base[tuple(i for i, _, _ in limits)], "=", kind(body, (own, low, high)))]))
                self.hoisted[key] = base
        found = self.hoisted[key]
        return found if not used else found[tuple(i for i, _, _ in used)]

    # text

    def write(self) -> list[str]:
        """Lines of the fused program."""
        self.ops = fuse(self.ops)
        kept = kept_arrays(self.ops, self.locals)
        lines: list[str] = []
        for base in sorted(kept, key=str):
            name, _ = self.arrays[base]
            lines.append(self.view(name, "work", self.allocate(self.dims[base]), self.dims[base]))
        loads: dict[Any, Any] = {}
        for op in self.ops:
            if isinstance(op, Loop):
                self.loads(op.body, set(), self.locals, loads, lines, 0)
        for op in self.ops:
            lines += self.loop(op, kept, loads) if isinstance(op, Loop) else op.lines
        return lines

    def allocate(self, dims: tuple[Any, ...]) -> Any:
        """Place in the work array."""
        place = self.work
        self.work = expand(self.work + Mul(*dims))
        return place

    def view(self, name: str, vector: str, place: Any, dims: tuple[Any, ...]) -> str:
        """Line that makes a part of a flat vector an array."""
        low, high = integer(expand(place), self.texts), integer(expand(place + Mul(*dims)), self.texts)
        shape = ", ".join(integer(expand(d), self.texts) for d in dims)
        return f"{name} = {vector}[{low}:{high}]" + (f".reshape(({shape}))" if len(dims) > 1 else "")

    def place(self, entry: Any) -> str:
        """Text of an entry of an array."""
        name, lows = self.arrays[entry.base]
        at = ", ".join(integer(expand(i - low), self.texts) for i, low in zip(entry.indices, lows))
        return f"{name}[{at}]"

    def loads(
        self, body: Iterable[Any], indices: set[Any], without: Any, loads: dict[Any, Any], lines: list[str], level: int
    ) -> None:
        """Read the entries whose indices are all known at this level into local names."""
        for entry in _entries(value for _, _, value in body):
            free = {s for i in entry.indices for s in i.free_symbols if s.name.startswith("_")}
            if free <= indices and not {entry, entry.base} & (loads.keys() | without):
                loads[entry] = self.fresh("y" if level else "c")
                lines.append(f"{'    ' * level}{loads[entry]} = {self.place(entry)}")

    def loop(self, op: Loop, kept: set[Any], loads: dict[Any, Any]) -> list[str]:
        """Lines of one loop nest."""
        lines, loads = [], dict(loads)
        starts = {"+=": "0.0", "*=": "1.0"}
        lines += [f"{self.texts[t]} = {starts[o]}" for t, o, _ in op.body if o != "=" and not isinstance(t, Entry)]
        indices: set[Any] = set()
        own = {t for t, _, _ in op.body if isinstance(t, Entry)}
        self.loads(op.body, indices, own, loads, lines, 0)
        for level, limit in enumerate(op.limits):
            lines.append("    " * level + self.head(limit))
            indices.add(limit[0])
            self.loads(op.body, indices, own, loads, lines, level + 1)
        pad = "    " * len(op.limits)
        for layer in _layers(op.body):
            pairs, stores = [], []
            for target, operator, value in layer:
                if isinstance(target, Entry):
                    symbol = self.fresh("v")
                    loads[target] = symbol
                    if target.base in kept or target.base in self.outputs:
                        stores.append(f"{pad}{self.place(target)} {operator} {symbol}")
                    target, operator = symbol, "="
                pairs.append((target, operator, value))
            lines += self.statements(pairs, loads, indices, pad) + stores
        return lines

    def head(self, limit: Limit) -> str:
        index, low, high = limit
        first = "" if low == 0 else f"{integer(low, self.texts)}, "
        return f"for {self.texts[index]} in range({first}{integer(expand(high + 1), self.texts)}):"

    def statements(self, pairs: list[Any], loads: dict[Any, Any], indices: set[Any], pad: str) -> list[str]:
        """Assignments of one layer: inner loops first, common subexpressions once."""
        lines: list[str] = []
        inner: dict[Limit, list[Any]] = {}
        swap: dict[Any, Any] = {}
        for _, _, value in pairs:
            for part in _outermost(value, (Sum, Product)):
                if part not in swap:
                    swap[part] = self.fresh("s")
                    operator = "+=" if isinstance(part, Sum) else "*="
                    *deeper, limit = part.limits  # SymPy joins nested sums; the last limit is the outermost
                    body = part.func(part.function, *deeper) if deeper else part.function
                    inner.setdefault(limit, []).append((swap[part], operator, body))
        for limit, body in inner.items():
            lines += [f"{pad}{t} = {'0.0' if o == '+=' else '1.0'}" for t, o, _ in body]
            lines.append(pad + self.head(limit))
            more, within = dict(loads), indices | {limit[0]}
            self.loads(body, within, set(), more, lines, len(pad) // 4 + 1)
            lines += self.statements(body, more, within, pad + "    ")
        values = [value.xreplace(swap).xreplace(loads) for _, _, value in pairs]
        temporaries, values = cse(values, symbols=iter(lambda: self.fresh("x"), None), order="none")
        for symbol, value in temporaries:
            lines += self.assign(self.texts[symbol], "=", value, pad)
        for (target, operator, _), value in zip(pairs, values):
            lines += self.assign(self.texts[target], operator, value, pad)
        return lines

    def assign(self, target: str, operator: str, value: Any, pad: str) -> list[str]:
        """One assignment; a case distinction is a chain of ``if``, so that only one branch is evaluated."""
        if isinstance(value, Piecewise) and operator == "=":
            lines, word = [], "if"
            for branch, condition in value.args:
                if condition == True:  # noqa: E712
                    lines.append(f"{pad}else:" if word == "elif" else f"{pad}if True:")
                else:
                    lines.append(f"{pad}{word} {self.print(condition)}:")
                lines += self.assign(target, "=", branch, pad + "    ")
                word = "elif"
            if value.args[-1][1] != True:  # noqa: E712
                lines += [f"{pad}else:", f"{pad}    {target} = math.nan"]
            return lines
        lines, swap = [], {}
        for part in _outermost(value, (Piecewise,)):
            if part not in swap:
                swap[part] = self.fresh("x")
                lines += self.assign(self.texts[swap[part]], "=", part, pad)
        return [*lines, f"{pad}{target} {operator} {self.print(value.xreplace(swap))}"]


def _short(low: Any, high: Any) -> bool:
    return bool(low.is_Integer and high.is_Integer and high - low < UNROLL)


def _ordered(e: Any, outside: set[Any]) -> list[Any]:
    """Limits of a sum, that one innermost whose summand needs the fewest other indices."""
    limits = list(e.limits)
    bound = {index for index, *_ in limits}
    if len(limits) == 1 or any(end.free_symbols & bound for _, *ends in limits for end in ends):
        return limits

    def needs(limit: Any) -> int:
        part = e.function.as_independent(limit[0], as_Add=False)[1]
        return len(part.free_symbols & (bound | outside) - {limit[0]})

    first = min(limits, key=needs)
    return [first, *(limit for limit in limits if limit is not first)]


def _entries(values: Iterable[Expr]) -> list[Any]:
    """Array entries in order of appearance, each once."""
    return list(
        dict.fromkeys(node for value in values for node in preorder_traversal(value) if isinstance(node, Entry))
    )


def _outermost(value: Any, kinds: tuple[Any, ...]) -> list[Any]:
    if isinstance(value, kinds):
        return [value]
    return [part for arg in value.args for part in _outermost(arg, kinds)]


def _layers(body: list[Any]) -> list[list[Any]]:
    """Runs of statements none of which reads a target of its run."""
    layers: list[list[Any]] = [[]]
    written: set[Any] = set()
    for statement in body:
        if written & (statement[2].atoms(Entry) | statement[2].atoms(Symbol)):
            layers.append([])
            written = set()
        layers[-1].append(statement)
        written.add(statement[0])
    return layers

"""Bound indices of sums: renaming apart, canonical names, and putting values into items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sympy import Idx, Indexed, Product, S, Sum, Symbol

Bounds = tuple[tuple[Any, Any, Any], ...]
"""Bound indices with their first and last values: limits of a sum."""


def key(item: Any) -> Any:
    """What identifies an item: the base of ``a[i]``, the letter itself otherwise."""
    return item.base if isinstance(item, Indexed) else item


def names(*expressions: Any) -> set[str]:
    """Names of all symbols and indices, free and bound."""
    return {symbol.name for e in expressions for symbol in e.atoms(Symbol, Idx)}


def free_names(*expressions: Any) -> set[str]:
    """Names of the free symbols and indices."""
    return {str(s) for e in expressions for s in e.free_symbols if isinstance(s, Symbol | Idx)}


def fresh(index: Any, taken: set[str], stem: str | None = None) -> Any:
    """An index like the given one with the first name that is not taken; the name is then taken."""
    stem = re.sub(r"_\d+$", "", index.name) if stem is None else stem
    name, count = stem, 0
    while name in taken:
        count += 1
        name = f"{stem}_{count}"
    taken.add(name)
    if isinstance(index, Idx):
        label = Symbol(name, integer=True)
        return Idx(label, (index.lower, index.upper)) if index.lower is not None else Idx(label)
    return Symbol(name, **index._assumptions_orig)


def _rename(node: Any, taken: set[str], stems: Mapping[Any, str], inside: set[str] | None) -> Any:
    """Rename bound indices; `inside` is None for pairwise different names, else the names of the enclosing sums."""
    if not node.args or not node.has(Sum, Product):
        return node
    if not isinstance(node, Sum | Product):
        return node.func(*(_rename(arg, taken, stems, inside) for arg in node.args))
    body = node.function
    limits: list[tuple[Any, ...]] = []
    used = taken if inside is None else taken | inside | free_names(node)
    for index, *ends in node.limits:
        new = fresh(index, used, stems.get(tuple(ends)))
        swap = {index: new}
        # An outer limit may not depend on an inner index, but an inner one may depend on an outer index.
        body = body.xreplace(swap)
        limits = [(i, *(end.xreplace(swap) for end in e)) for i, *e in limits] + [(new, *ends)]
    deeper = None if inside is None else inside | {str(i) for i, *_ in limits}
    return node.func(_rename(body, taken, stems, deeper), *limits)


def apart(expression: Any, taken: set[str]) -> Any:
    """Give every bound index a name of its own outside `taken`, which grows."""
    return _rename(expression, taken, {}, None)


def canonical(expression: Any, taken: Iterable[str] = (), stems: Mapping[Any, str] | None = None) -> Any:
    """Give bound indices the first free name (stem by range), so that equal sums become equal expressions."""
    return _rename(expression, set(taken), stems or {}, set())


def put(expression: Any, values: Iterable[tuple[Any, Any]]) -> Any:
    """Put values for items, all at once; ``(a[i], value)`` acts on ``a`` at every index, under sums as well."""
    table = {key(item): (item, value) for item, value in values}
    if not table:
        return expression
    for item, _ in table.values():
        if isinstance(item, Indexed) and any(i.is_number for i in item.indices):
            raise ValueError(f"item: {item} is one entry; allowed: families such as {item.base}[i]")
    expression = apart(expression, free_names(*(value for _, value in table.values())))
    taken = names(expression, *(item for item, _ in table.values()))
    swap = {}
    for place in sorted(expression.atoms(Indexed) | expression.free_symbols, key=str):
        if key(place) in table and not (place in table and isinstance(table[place][0], Indexed)):
            item, value = table[key(place)]
            value = apart(value, taken)
            if isinstance(item, Indexed):
                value = value.xreplace(dict(zip(item.indices, place.indices)))
            swap[place] = value
    return expression.xreplace(swap)


def collect_sum(body: Any, bounds: Bounds) -> Any:
    """Sum over bounds, factors that do not depend on an index in front of its sum."""
    for index, low, high in bounds:
        outside, inside = body.as_independent(index, as_Add=False)
        body = outside * ((high - low + 1) if inside is S.One else Sum(inside, (index, low, high)))
    return body

"""Jacobians of scalar and indexed flows, derived by SymPy and written as loops like the flow itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import DiracDelta, Dummy, Idx, Indexed, IndexedBase, Mul, Product, S, Sum, Symbol, Tuple, expand

from ...theory.adjoint import power_form
from ...theory.indices import apart, names, put
from ...theory.system import System
from .build import Draft, Writer, writer

Parts = list[tuple[tuple[tuple[Any, Any], ...], Any]]
"""Terms ``(pairs of indices that must be equal, coefficient)``."""


def draft_jacobian(system: System, fixed: Mapping[Any, Any] | None) -> Draft:
    """Kernel that writes the dense Jacobian, rows and columns in the order of the state.

    Raises
    ------
    ValueError : matrices in the system, products over indices, a function without a derivative that can be lowered.
    """
    made = writer(system, fixed)
    if made.matrices() or any(value.has(Product) for _, value in (*made.let, *made.equations)):
        raise ValueError(f"jacobian: {system.id} is no system of numbers and entries")
    head, state, parameters = made.begin()
    length, program = state.length, made.program
    symbol = program.fresh("jacobian_")
    base = IndexedBase(symbol)
    program.outputs.add(base)
    program.arrays[base] = symbol.name, (0,)
    head += [program.view(symbol.name, "out", S.Zero, (length * length,)), f"{symbol.name}[:] = 0.0"]
    for row, (item, value) in zip(state.slots, made.equations):
        for pair in reversed(made.let):
            value = put(value, (pair,))
        value = apart(value, names(value, item))
        for column, place in zip(state.slots, made.items):
            _block(made, item, value, place, row.offset, column.offset, base, length)
    return made.finish(head, state, parameters)


def _block(
    made: Writer, item: Any, value: Any, place: Any, row: Any, column: Any, base: Any, length: Any
) -> None:  # fmt: skip
    """Derivative of one rate by one item."""
    spans = made.spans[place] if isinstance(place, IndexedBase) else []
    moving = tuple(Idx(Symbol(f"_p{k}", integer=True), span) for k, span in enumerate(spans))
    entry = place[moving] if moving else place
    for equal, coefficient in _derivative(value, entry):
        coefficient = coefficient.replace(DiracDelta, lambda *_: S.Zero)
        if coefficient == 0:
            continue
        swap: dict[Any, Any] = {}
        for index, moved in equal:
            if moved in swap and swap[moved] != index:
                raise ValueError(f"jacobian: {value} repeats an index of {entry}")
            swap[moved] = index
        left = tuple(p for p in moving if p not in swap)
        own = tuple(item.indices) if isinstance(item, Indexed) else ()
        address = (row + _inside(made, item, own)) * length + column + _inside(made, entry, moving).xreplace(swap)
        both = Tuple(coefficient.xreplace(swap), address)
        fake = IndexedBase("entries")[own + left] if own + left else Symbol("entry")
        runs = made.program.instances(fake, both) if own + left else iter([((), fake, both)])
        for limits, _, (term, at) in runs:
            program = made.program
            program.add(_loop(limits, base[expand(at)], program.settle(term, limits)))


def _loop(limits: Any, target: Any, value: Any) -> Any:
    from .fuse import Loop

    return Loop(limits, [(target, "+=", value)])


def _inside(made: Writer, item: Any, indices: tuple[Any, ...]) -> Any:
    """Place of an entry inside its array, a polynomial of indices and sizes."""
    if not indices:
        return S.Zero
    place = S.Zero
    for index, (low, high) in zip(indices, made.spans[item.base]):
        place = place * (high - low + 1) + index - low
    return place


def _derivative(e: Any, entry: Any) -> Parts:
    """Derivative by one entry whose indices are free."""
    if e == entry and not isinstance(entry, Indexed):
        return [((), S.One)]
    if isinstance(e, Indexed):
        if not isinstance(entry, Indexed) or e.base != entry.base:
            return []
        return [(tuple(zip(e.indices, entry.indices)), S.One)]
    if isinstance(e, Sum):
        body = e.function if len(e.limits) == 1 else Sum(e.function, *e.limits[:-1])
        return [part for term in _derivative(body, entry) for part in [_summed(term, e.limits[-1])]]
    leaves = [node for node in _leaves(e) if node == entry or node.has(Sum, Indexed)]
    swap = {leaf: Dummy(real=True) for leaf in leaves}
    plain = e.xreplace(swap)
    return [
        (equal, Mul(power_form(plain.diff(dummy)).xreplace({d: leaf for leaf, d in swap.items()}), factor))
        for node, dummy in swap.items()
        for equal, factor in _derivative(node, entry)
    ]


def _summed(term: Any, limit: Any) -> Any:
    """One term of a derivative under a sum: the sum runs, or an equality of its index picks one summand."""
    equal, coefficient = term
    index, low, high = limit
    while coefficient != 0 and low.is_Integer and coefficient.xreplace({index: low}) == 0:
        low += 1  # k*s**(k-1) at k = 0 is zero for s = 0 as well
    for n, (own, moved) in enumerate(equal):
        if own == index:
            rest = equal[:n] + equal[n + 1 :]
            pick = {index: moved}
            return tuple((a.xreplace(pick), b) for a, b in rest), coefficient.xreplace(pick)
        if index in own.free_symbols:
            raise ValueError(f"jacobian: index {own} is no plain index")
    return equal, Sum(coefficient, (index, low, high))


def _leaves(e: Any) -> list[Any]:
    """Outermost sums, entries and symbols."""
    if isinstance(e, Sum | Indexed | Symbol):
        return [e]
    return list(dict.fromkeys(leaf for arg in e.args for leaf in _leaves(arg)))

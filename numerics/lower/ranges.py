"""Ranges of indices, and with them the shapes of arrays that a system takes as parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Idx, Indexed, Integer, Product, Sum, Symbol, expand
from sympy.matrices.expressions.matexpr import MatrixElement

Span = tuple[Any, Any]
"""First and last value."""


def spans(expression: Any, found: dict[Any, list[list[Span]]], known: Mapping[Any, Span]) -> None:
    """Collect for each base and place the ranges that its indices run over.

    Parameters
    ----------
    expression : where to look.
    found : base -> for each place the ranges met; it grows.
    known : ranges of the indices that are bound outside.
    """
    if isinstance(expression, Sum | Product):
        bound = dict(known)
        for index, low, high in reversed(expression.limits):
            bound[index] = low, high
        spans(expression.function, found, bound)
        return
    if isinstance(expression, Indexed):
        places = found.setdefault(expression.base, [[] for _ in expression.indices])
        if len(places) != len(expression.indices):
            raise ValueError(
                f"index: {expression.base} stands with {len(places)} and {len(expression.indices)} indices"
            )
        for place, index in zip(places, expression.indices):
            place.append(_span(index, known, expression))
    for arg in getattr(expression, "args", ()):
        spans(arg, found, known)


def _span(index: Any, known: Mapping[Any, Span], where: Any) -> Span:
    low = high = index
    for letter in sorted(index.atoms(Idx) | (index.free_symbols & known.keys()), key=str):
        ends = known.get(letter) or ((letter.lower, letter.upper) if isinstance(letter, Idx) else (None, None))
        if ends[0] is None:
            raise ValueError(f"index: {letter} of {where} has no range; write Idx({str(letter)!r}, size)")
        if expand(index).coeff(letter).is_negative:
            ends = ends[1], ends[0]
        low, high = low.xreplace({letter: ends[0]}), high.xreplace({letter: ends[1]})
    return expand(low), expand(high)


def union(base: Any, ranges: list[Span]) -> Span:
    """Smallest range that holds all; literal places count only where there is no other range."""
    ranges = [span for span in ranges if span[0] != span[1]] or ranges
    low, high = ranges[0]
    for first, last in ranges[1:]:
        low = first if _below(base, first, low) else low
        high = last if _below(base, high, last) else high
    return low, high


def _below(base: Any, one: Any, other: Any) -> bool:
    gap = expand(other - one)
    if gap.is_nonnegative or gap.is_negative:
        return bool(gap.is_positive)
    raise ValueError(f"index: {base} runs to {one} and to {other}, of which neither is known to be larger")


def elements(expression: Any) -> Any:
    """Entries of matrix symbols as entries of arrays."""
    from sympy import IndexedBase

    swap = {
        e: IndexedBase(e.parent.name)[e.i, e.j]
        for e in expression.atoms(MatrixElement)
        if getattr(e.parent, "name", None)
    }
    return expression.xreplace(swap) if swap else expression


def static(letters: Any, values: Mapping[Any, Any] | None) -> dict[Any, Any]:
    """Swap of size letters for numbers, names allowed as keys.

    Raises
    ------
    ValueError : an unknown letter, no positive whole number.
    """
    by_name = {str(s): s for s in letters if isinstance(s, Symbol)}
    swap = {}
    for letter, value in (values or {}).items():
        if str(letter) not in by_name:
            raise ValueError(f"static: {letter} is no letter of the system; allowed: {', '.join(sorted(by_name))}")
        if isinstance(value, bool) or int(value) != value or value < 1:
            raise ValueError(f"static: {letter} = {value}; a whole number of at least 1 is needed")
        swap[by_name[str(letter)]] = Integer(int(value))
    return swap

"""Dominant balance: unknown exponents of a system by max-plus bookkeeping.

With unknown exponents the terms of an equation have sizes ``small**form``, each form linear in the unknowns. A balance
is a point at which in every equation, its rate counted as one term, the least form is attained twice: a vertex of the
tropical prevariety of the system. Exponents are exact rationals, or rational functions of symbols such as a degree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sympy import Add, Eq, Ge, Gt, Le, Lt, S, Symbol

from .exponents import Given, powers, unknown
from .indices import key, names, put
from .rescale import Scales, _Change, _scaled
from .system import System
from .tropical import FROZEN, RATE, Row, Search


def balances(
    system: System,
    scales: Scales,
    small: Symbol,
    unknowns: Iterable[Symbol],
    *,
    where: Iterable[Any] = (),
    given: Given = (),
    frozen: Iterable[Any] = (),
    algebraic: Iterable[Any] = (),
    extra: int = 1,
) -> tuple[dict[Any, Any], ...]:
    """All distinguished limits of a flow: exponents at which every equation has two leading terms.

    Parameters
    ----------
    system : flow of scalar or indexed items. Promote definitions that are to have a scale of their own first.
    scales : as for `rescale`, with unknown exponents: ``{t: eps**theta*T, a[i]: eps**(-omega)*A[i]}``.
    small : the small parameter, a positive symbol.
    unknowns : exponents to find. One declared positive, nonnegative, negative or nonpositive is searched there only.
    where : further conditions, linear in the unknowns: ``Eq``, ``>=``, ``>``, ``<=``, ``<``.
    given : least values of integer symbols in exponents.
    frozen : old items whose rate alone may lead (``X' = 0`` has nonzero solutions).
    algebraic : expressions in old letters that vanish, such as ``q**2 - s**2 - tau**2``.
    extra : as for `rescale`.

    Returns
    -------
    tuple : one dictionary ``unknown -> exponent`` per balance. Empty: the terms cannot be balanced.

    Raises
    ------
    ValueError : a scale freedom is left (named); exponents not linear in the unknowns; a sign that is not decided.

    Notes
    -----
    Signs are used only where they are certain: leading terms of one definite sign, without the rate, do not balance.
    Which of several balances is taken is decided by the start and by matching, not by the equations.
    """
    letters = tuple(unknowns)
    if not letters or len(set(letters)) < len(letters) or not all(isinstance(u, Symbol) for u in letters):
        raise ValueError(f"unknowns: {letters}; allowed: different symbols, at least one")
    if system.kind != "flow":
        raise ValueError(f"system: {system.id} is a map; a flow is needed")
    still = {key(item) for item in frozen}
    for item in still - {key(item) for item in system.items}:
        raise ValueError(f"frozen: {item} is no item of {system.id}; allowed: {', '.join(map(str, system.items))}")
    rows = _rows(system, scales, small, letters, given, still, tuple(algebraic), extra)
    conditions = list(_conditions(letters, where))
    used = {s for e, _ in (*(t for row in rows for t in row), *conditions) for s in e.free_symbols}
    return Search(letters, sorted(used - set(letters), key=str), given).run(rows, conditions)


def _rows(
    system: System,
    scales: Scales,
    small: Symbol,
    letters: tuple[Symbol, ...],
    given: Given,
    frozen: set[Any],
    algebraic: tuple[Any, ...],
    extra: int,
) -> list[Row]:
    """Terms of all equations after the change of variables, with their exponents in the unknowns."""
    free = {s for pair in given for part in pair for s in S(part).free_symbols}
    known = {letter for letter, _ in system.meaning}
    words = tuple((letter, "exponent") for letter in sorted({*letters, *free} - known, key=str))
    change = _Change(replace(system, meaning=(*system.meaning, *words)), scales, small)
    clock = change.slope(system.time)
    taken = names(*(part for pair in (*change.values, *system.equations, *system.let) for part in pair))
    values = list(change.values)

    def terms(expression: Any) -> Row:
        return list(powers(expression, small, given=given, extra=extra).items())

    for item, value in system.let:
        plain, value = value, put(value, values)
        if value == plain:
            continue
        parts = terms(value)
        if len(parts) == 1 and not isinstance(parts[0][1], Add) and not unknown(parts[0][1]):
            value = small ** parts[0][0] * _scaled(item, taken)  # a letter is cheaper than its definition
        values.append((item, value))
    rows = []
    for old, rate in system.equations:
        mark = FROZEN if key(old) in frozen else RATE
        rows.append([*terms(put(rate, values) * clock / change.slope(old)), (S.Zero, mark)])
    rows += [terms(put(expression, values)) for expression in algebraic]
    return rows


def _conditions(letters: tuple[Symbol, ...], where: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """Conditions as pairs ``(expression, sign)``: ``>``, ``>=`` or ``=`` zero; assumptions of the unknowns included."""
    for u in letters:
        if u.is_positive or u.is_negative:
            yield (u if u.is_positive else -u), ">"
        elif u.is_nonnegative or u.is_nonpositive:
            yield (u if u.is_nonnegative else -u), ">="
    for relation in where:
        if relation in (True, S.true):  # SymPy has already decided it by assumptions
            continue
        if not isinstance(relation, Eq | Ge | Gt | Le | Lt):
            raise ValueError(f"where: {relation}; allowed: linear equations and inequalities that can hold")
        gap = relation.lhs - relation.rhs
        yield (-gap if isinstance(relation, Le | Lt) else gap), {Eq: "=", Gt: ">", Lt: ">"}.get(relation.func, ">=")

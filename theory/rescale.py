"""Reduced dynamics by singular perturbation: change of scales, slow manifold, matching of layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Dummy, Indexed, IndexedBase, Matrix, S, Symbol, expand, factor, log, oo

from .exponents import Given, is_zero, leading, least, order_sign, powers, strip, unknown
from .flow import along
from .formula import letters, table
from .indices import canonical, fresh, key, names, put
from .matching import Matched, match
from .system import System

__all__ = ["Matched", "Reduced", "SlowManifold", "constraints", "match", "promote", "rescale", "restrict_fast"]

Scales = Mapping[Any, Any] | Iterable[tuple[Any, Any]]
"""Old item (or time, or parameter) -> expression in at most one new letter and the small parameter."""


@dataclass(frozen=True)
class Reduced:
    """A system to leading order in a small parameter.

    Parameters
    ----------
    system : equations of the slow (and frozen) items. Fast items are open letters in it.
    fast : ``(item, g, p)`` means ``small**p * item' = g``.
    dropped : ``(item, term, exponent)``: what was left out, relative to what was kept. The rate of a fast item counts.
    order : least exponent in ``dropped``; ``oo`` if nothing was dropped.
    small : the small parameter.
    given : least values of integer symbols in exponents.
    """

    system: System
    fast: tuple[tuple[Any, Any, Any], ...]
    dropped: tuple[tuple[Any, Any, Any], ...]
    order: Any
    small: Symbol
    given: Given = ()


@dataclass(frozen=True)
class SlowManifold:
    """A reduced system with its fast items solved for.

    Parameters
    ----------
    system : closed equations of the slow items.
    solution : pairs ``(fast item, value on the manifold)``, slowest first, each may use the earlier ones: they are the
        last definitions of the system.
    jacobians : pairs ``(p, matrix)`` of the groups of equal ``p``, fastest first, the faster groups put in. The manifold
        attracts where every matrix has its eigenvalues in the left half plane.
    """

    system: System
    solution: tuple[tuple[Any, Any], ...]
    jacobians: tuple[tuple[Any, Any], ...]


class _Change:
    """A change of variables: old letters, their expressions, and the new letters in them."""

    def __init__(self, system: System, scales: Scales, small: Symbol) -> None:
        self.values = tuple(scales.items() if isinstance(scales, Mapping) else scales)
        words = dict(system.meaning)
        let_keys = {key(item) for item, _ in system.let}
        state = {key(item) for item in system.items}
        old = {key(item) for item, _ in self.values}
        if len(old) < len(self.values):
            raise ValueError("scales: a letter is scaled twice")
        self.new: dict[Any, Any] = {}
        self.words = {**words}
        for item, value in self.values:
            name = key(item)
            if name not in words or name in let_keys:
                why = "is defined in let; promote it first" if name in let_keys else f"is no letter of {system.id}"
                raise ValueError(f"scales: {item} {why}")
            if getattr(item, "is_Matrix", False):
                raise ValueError(f"scales: {item} is a matrix; allowed: numbers and indexed items")
            inside = letters(value) - {small}
            fresh_letters = sorted(inside - set(words), key=str)
            reused = inside & (old | state)
            if reused or len(fresh_letters) > 1 or (name in state | {system.time} and len(fresh_letters) != 1):
                raise ValueError(f"scales: {item} -> {value}; allowed: an expression in exactly one new letter")
            for letter in fresh_letters:
                if letter in self.new.values():
                    raise ValueError(f"scales: the new letter {letter} stands for two old ones")
                self.new[name] = letter
                self.words[letter] = f"rescaled {words[name]}"
        self.words.setdefault(small, "small parameter")
        self.time = self.new.get(system.time, system.time)

    def item(self, old: Any) -> Any:
        """New item for an old one."""
        letter = self.new.get(key(old), key(old))
        return letter[old.indices] if isinstance(old, Indexed) else letter

    def slope(self, old: Any) -> Any:
        """Derivative of the old item by the new one."""
        for item, value in self.values:
            if key(item) == key(old):
                value = value.xreplace(dict(zip(item.indices, old.indices))) if isinstance(old, Indexed) else value
                x = Dummy("x", positive=self.item(old).is_positive or None, real=True)
                return value.xreplace({self.item(old): x}).diff(x).xreplace({x: self.item(old)})
        return S.One


def rescale(
    system: System,
    scales: Scales,
    small: Symbol,
    *,
    given: Given = (),
    extra: int = 1,
    id: str | None = None,
    title: str | None = None,
) -> Reduced:
    """Leading order of a flow after a change of scales.

    Parameters
    ----------
    system : flow of scalar or indexed items.
    scales : old item, time or parameter -> expression in new letters: ``{t: sqrt(eps)*T, a[i]: eps**Q(1, 4)*A[i], tau: 1/eps}``.
        What is not named keeps its letter. Definitions are scaled automatically.
    small : the small parameter, a positive symbol.
    given : least values of integer symbols in exponents.
    extra : corrections kept of non-polynomial functions.
    id, title : of the reduced system; default from the old one.

    Returns
    -------
    Reduced : slow equations, fast equations, dropped terms with their exponents, order.

    Raises
    ------
    ValueError : malformed scales, exponents whose order is not decided, cancelling leading terms, ``log(small)`` left over.
    """
    if system.kind != "flow":
        raise ValueError(f"system: {system.id} is a map; a flow is needed")
    change = _Change(system, scales, small)
    clock = change.slope(system.time)
    taken = names(*(part for pair in (*change.values, *system.equations, *system.let) for part in pair))
    taken |= {str(letter) for letter in change.words}
    values, let = list(change.values), []
    for item, value in system.let:
        plain, value = value, put(value, values)
        if value == plain:
            let.append((item, value))
            continue
        terms = powers(value, small, given=given, extra=extra)
        if len(terms) == 1 and not unknown(next(iter(terms.values()))):
            ((exponent, coefficient),) = terms.items()
            new = _scaled(item, taken)
            change.words[key(new)] = f"rescaled {change.words[key(item)]}"
            let.append((new, _neat(item, coefficient)))
            value = small**exponent * new
        values.append((item, value))
    slow, fast, dropped = [], [], []
    for old, rate in system.equations:
        if getattr(old, "is_Matrix", False):
            raise ValueError(f"system: {old} is a matrix; allowed: numbers and indexed items")
        item = change.item(old)
        terms = powers(put(rate, values) * clock / change.slope(old), small, given=given, extra=extra)
        terms = strip(terms, given)
        terms = {e: _neat(item, c) for e, c in terms.items()}
        first, lead = leading(terms, given) if terms else (S.Zero, S.Zero)
        direction = order_sign(first, given)
        if lead.has(log(small)):
            raise ValueError(f"scales: log({small}) is left in the equation of {item}; choose the scale of time")
        if direction >= 0:
            slow.append((item, lead if direction == 0 else S.Zero))
        else:
            fast.append((item, lead, -first))
            dropped.append((item, "rate", -first))
        floor = first if direction < 0 else S.Zero
        dropped += [(item, c, e - floor) for e, c in terms.items() if direction > 0 or e != first]
    order = least((e for _, _, e in dropped), given) if dropped else oo
    known = tuple(d for d in dropped if isinstance(d[1], str) or not unknown(d[1]))
    parts = [change.time, small, *(part for entry in (*slow, *fast, *let) for part in entry)]
    assuming = tuple(r for r in (put(relation, change.values) for relation in system.assuming) if r != S.true)
    reduced = System(
        id or f"{system.id}-reduced",
        title or f"{system.title}, leading order in {small}",
        "flow",
        change.time,
        tuple(slow),
        table(change.words, *parts, *assuming),
        system.source,
        let=_needed(let, [rate for _, rate in slow] + [g for _, g, _ in fast]),
        assuming=assuming,
    )
    return Reduced(reduced, tuple(fast), known, order, small, given)


def _scaled(item: Any, taken: set[str]) -> Any:
    """A new letter for a rescaled definition, never the old one."""
    letter = key(item)
    stem = f"{letter.label.name if isinstance(letter, IndexedBase) else letter.name}_bar"
    if isinstance(item, Indexed):
        return IndexedBase(fresh(Symbol(stem), taken).name)[item.indices]
    return fresh(Symbol(stem, **letter._assumptions_orig), taken, stem)


def _needed(let: list[tuple[Any, Any]], used: list[Any]) -> tuple[tuple[Any, Any], ...]:
    """Those definitions that something still uses."""
    kept: list[tuple[Any, Any]] = []
    for item, value in reversed(let):
        if key(item) in letters(*used):
            kept.append((item, value))
            used = [*used, value]
    return tuple(reversed(kept))


def promote(system: System, items: tuple[Any, ...], *, id: str | None = None, title: str | None = None) -> System:
    """Definitions become state items, with rates by Leibniz through sums and definitions.

    Parameters
    ----------
    system : flow.
    items : letters defined in ``system.let``.
    id, title : of the result; default those of the system.

    Returns
    -------
    System : over-determined on purpose: a start must satisfy the former definitions, and then the flow keeps them.

    Raises
    ------
    ValueError : not a flow; an item without a definition.
    """
    if system.kind != "flow":
        raise ValueError(f"system: {system.id} is a map; a flow is needed")
    defined = {key(item): item for item, _ in system.let}
    for item in items:
        if key(item) not in defined:
            raise ValueError(f"items: {item} is not defined in let; allowed: {', '.join(map(str, defined)) or 'none'}")
    chosen = {key(item) for item in items}
    rates = tuple((defined[key(item)], along(defined[key(item)], system)) for item in items)
    starts = dict(system.given)
    given = list(system.given)
    if starts:
        whole: list[tuple[Any, Any]] = []
        for item, value in system.let:
            whole.append((item, put(put(value, whole), system.given)))
        given += [(item, value) for item, value in whole if key(item) in chosen]
    return replace(
        system,
        id=id or system.id,
        title=title or system.title,
        equations=(*system.equations, *rates),
        let=tuple((item, value) for item, value in system.let if key(item) not in chosen),
        given=tuple(given),
    )


def constraints(
    system: System, items: tuple[Any, ...], scales: Scales, small: Symbol, *, given: Given = (), extra: int = 1
) -> tuple[Any, ...]:
    """What must vanish on the slow manifold: rescaled definitions of promoted items at leading order.

    Parameters
    ----------
    system : the system before `promote`.
    items : letters defined in ``system.let``.
    scales, small, given, extra : as for `rescale`, scales of the promoted items included.

    Returns
    -------
    tuple : leading coefficients of definition minus item, in new letters.
    """
    change = _Change(promote(system, items), scales, small)
    chosen = {key(item) for item in items}
    values = list(change.values)
    found = {}
    for item, value in system.let:
        value = put(value, values)
        if key(item) in chosen:
            terms = powers(value - put(item, change.values), small, given=given, extra=extra)
            found[key(item)] = _neat(item, leading(terms, given)[1])
        else:
            values.append((item, value))
    return tuple(found[key(item)] for item in items)


def restrict_fast(reduced: Reduced, *, id: str | None = None, title: str | None = None) -> SlowManifold:
    """Solve the fast equations, fastest group first, and put the result into the slow ones.

    Parameters
    ----------
    reduced : from `rescale`.
    id, title : of the slow system; default from the reduced one.

    Returns
    -------
    SlowManifold : closed slow system, values of the fast items, Jacobian of every group.

    Raises
    ------
    ValueError : a group that is not linear in its items, has no unique solution, or provably repels.
    """
    given = reduced.given
    system = reduced.system
    waiting = list(reduced.fast)
    solved: list[tuple[Any, Any]] = []
    jacobians = []
    let = _dependent(system, [item for item, _, _ in waiting])
    while waiting:
        slowest = least((-p for _, _, p in waiting), given)
        group = [entry for entry in waiting if order_sign(-entry[2] - slowest, given) == 0]
        waiting = [entry for entry in waiting if entry not in group]
        fast = [item for item, _, _ in group]
        stands = [Dummy(str(item)) for item in fast]
        right = []
        for _, g, _ in group:
            g = _inline(_inline(g, let), tuple(reversed(solved)))
            right.append(expand(g.xreplace(dict(zip(fast, stands)))))
        if letters(*right) & {key(item) for item in fast}:
            raise ValueError("reduced: a fast indexed item couples to its sum; promote the sum first")
        jacobian = Matrix(right).jacobian(stands).applyfunc(lambda e: factor(canonical(e)))
        if jacobian.free_symbols & set(stands):
            raise ValueError(f"reduced: the fast equations of {fast} are not linear in them")
        if is_zero(jacobian.det()):
            raise ValueError(f"reduced: the fast equations of {fast} have no unique solution")
        if jacobian.trace().is_nonnegative:  # an attracting group has a negative trace
            raise ValueError(f"reduced: the slow manifold repels along {fast}: Jacobian {jacobian}")
        rest = Matrix([g.xreplace(dict.fromkeys(stands, S.Zero)) for g in right])
        solved += [(item, _neat(item, factor(_neat(item, root)))) for item, root in zip(fast, jacobian.LUsolve(-rest))]
        jacobians.append((group[0][2], jacobian))
    # A faster item may be written through slower ones, so the slowest group is defined first.
    solution = tuple(reversed(solved))
    slow = replace(
        system,
        id=id or system.id,
        title=title or f"{system.title}, on the slow manifold",
        let=(*(pair for pair in system.let if pair not in let), *solution, *let),
    )
    return SlowManifold(slow, solution, tuple(jacobians))


def _neat(item: Any, value: Any) -> Any:
    """Bound indices with the first names that the item's own indices leave free."""
    return canonical(value, {str(i) for i in item.indices} if isinstance(item, Indexed) else ())


def _dependent(system: System, items: list[Any]) -> tuple[tuple[Any, Any], ...]:
    """Definitions that depend on some items, directly or through other definitions."""
    watch, found = {key(item) for item in items}, []
    for item, value in system.let:
        if letters(value) & watch:
            watch.add(key(item))
            found.append((item, value))
    return tuple(found)


def _inline(expression: Any, let: tuple[tuple[Any, Any], ...]) -> Any:
    for pair in reversed(let):
        expression = put(expression, (pair,))
    return expression

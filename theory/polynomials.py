"""`prove`, `project` and `restrict` for scalars: Groebner bases, with cofactors as certificates.

Groebner bases are finite, so that the answer "not closed" is always a proof, for generic parameters and up to signs of roots.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Add, Mul, Poly, Symbol, factor, sympify

from .answers import Draft, Inconsistent, NotClosed, NotInvariant, Projected, Restricted, Unknown, new_system
from .certificate import Named, Proof
from .formula import Let, letters
from .motion import moving, plain
from .roots import scalar_roots
from .system import System
from .variety import Variety


def prove_scalars(lhs: Any, rhs: Any, given: Named) -> Proof:
    """Decide a scalar equation modulo scalar relations; roots are generators, functions independent letters."""
    difference = lhs - rhs
    symbols = sorted({s for e in (difference, *(e for _, e in given)) for s in e.free_symbols}, key=str)
    variety = Variety(given, (), symbols, (difference,), order="grevlex")
    shown = (((), difference),)
    if variety.inconsistent:
        return Proof(False, False, variety.inconsistent, (), tuple(variety.nonzero), shown, lhs, rhs)
    flat = variety.flatten(difference)
    rest = variety.reduce(flat)
    if rest == 0:
        return variety.proof(lhs, rhs, flat)
    decided = not variety.opaque and all(variety.names) and variety.refutes([difference])
    return Proof(False, decided, str(variety.restore(rest)), (), tuple(variety.nonzero), shown, lhs, rhs)


def change(system: System, equations: Let, e: Any) -> Any:
    """Rate or next value of a scalar expression."""
    if system.kind == "map":
        return e.subs(dict(equations), simultaneous=True)
    return Add(*(e.diff(item) * rate for item, rate in equations))


def _check(system: System, *expressions: Any) -> None:
    for item in (*system.items, *expressions):
        e = item
        if getattr(e, "is_Matrix", False) or not hasattr(e, "free_symbols"):
            raise ValueError(f"expression: {e} is no scalar, but {system.id} is a system of scalars")
    for item in system.items:
        if not isinstance(item, Symbol):
            raise ValueError(f"system: {system.id} has the item {item}; allowed: plain symbols")


def _setting(system: System, frozen: bool, relations: Named, observables: Let) -> tuple[Let, Named, tuple[Any, ...]]:
    """Equations, all relations, and the parameters that the relations bind."""
    equations = system.equations if frozen else tuple((x, plain(system, e)) for x, e in system.equations)
    folds = tuple((f"{y} = {e}", e - y) for y, e in observables if y != e)
    bound = {s for _, e in relations if not e.free_symbols & {*system.items} for s in e.free_symbols}
    return equations, (*relations, *folds), tuple(sorted(bound, key=str))


def project_scalars(
    system: System,
    observables: Let,
    relations: Named = (),
    *,
    order: Iterable[Any] = (),
    meaning: tuple[tuple[Any, str], ...] = (),
    id: str = "",
    title: str = "",
) -> Projected | NotClosed | NotInvariant | Inconsistent | Unknown:
    """`project` for a system of scalars."""
    _check(system, *(e for pair in observables for e in pair), *(e for _, e in relations))
    options = (tuple(order), meaning, id, title)
    first = _project(system, observables, relations, True, *options)
    if isinstance(first, NotClosed | NotInvariant | Unknown) and moving(system):
        second = _project(system, observables, relations, False, *options)
        return second if isinstance(second, Projected) else first
    return first


def _project(
    system: System, observables: Let, relations: Named, frozen: bool, order: Any, meaning: Any, id: str, title: str
) -> Any:
    observables = tuple((y, plain(system, e)) for y, e in observables)
    relations = tuple((name, plain(system, e)) for name, e in relations)
    equations, given, bound = _setting(system, frozen, relations, observables)
    changes = [change(system, equations, e) for _, e in observables]
    moved = [change(system, equations, e) for _, e in relations]
    names = [y for y, _ in observables]
    kept = {y for y, e in observables if y == e}
    heavy = [x for x in system.items if x not in kept]
    light = [*sorted(names, key=lambda y: order.index(y) if y in order else -1, reverse=True), *bound]
    let = tuple((x, e) for x, e in system.let) if frozen else ()
    variety = Variety(given, heavy, light, (*changes, *moved, *(e for _, e in let)))
    if variety.inconsistent:
        return Inconsistent(variety.inconsistent)
    failed = _failed(variety, relations, moved)
    if failed:
        return _not_invariant(variety, failed, system)
    bad = {*variety.heavy}
    rates, proofs, leftover = [], [], []
    for (y, _), e in zip(observables, changes):
        flat = variety.flatten(e)
        rest = variety.reduce(flat)
        rates.append((y, factor(variety.restore(rest))))
        if rest.free_symbols & bad:
            leftover.append((y, rest))
        else:
            proofs.append((y, variety.proof(e, rates[-1][1], flat - rest)))
    lets: list[tuple[Any, Any]] = []
    needed = letters(*(e for _, e in rates))
    for x, e in reversed(let):
        if x in needed:
            rest = variety.reduce(variety.flatten(e))
            if rest.free_symbols & bad:
                leftover.append((x, rest))
            lets.insert(0, (x, variety.restore(rest)))
            needed |= letters(lets[0][1])
    if leftover:
        parts = tuple((y, factor(variety.restore(_state_part(rest, bad)))) for y, rest in leftover)
        monomials = {
            variety.restore(Mul(*(g**k for g, k in zip(variety.heavy, powers))))
            for _, rest in leftover
            for powers in Poly(rest, *variety.heavy, domain="EX").monoms()
            if any(powers)
        }
        return NotClosed(parts, tuple(sorted(monomials, key=str)), not variety.opaque, observables, system.kind)
    found: list[tuple[str, Any]] = []
    found_proofs: list[Proof] = []
    for e in variety.relations():
        if not e.free_symbols & bad and e.free_symbols & {*names}:
            whole = variety.restore(e)
            found.append((f"found.{len(found) + 1}", whole))
            found_proofs.append(variety.proof(whole, sympify(0), e))
    start = dict(system.given)
    initial = tuple((y, e.xreplace(start)) for y, e in observables if start and e.free_symbols & {*heavy} <= {*start})
    draft = Draft(tuple(rates), tuple(lets), initial, ())
    return Projected(
        new_system(system, draft, observables, meaning, id, title), tuple(proofs), tuple(found), tuple(found_proofs),
        True, tuple(variety.nonzero), given, (),
    )  # fmt: skip


def _state_part(rest: Any, bad: set[Any]) -> Any:
    return Add(*(term for term in Add.make_args(rest.expand()) if term.free_symbols & bad))


def _failed(variety: Variety, relations: Named, moved: list[Any]) -> list[tuple[str, Any]]:
    out = []
    for (name, _), e in zip(relations, moved):
        rest = variety.reduce(variety.flatten(e))
        if rest != 0:
            out.append((name, factor(variety.restore(rest))))
    return out


def _not_invariant(variety: Variety, failed: list[tuple[str, Any]], system: System) -> NotInvariant | Unknown:
    refuted = not variety.opaque and variety.refutes(e for _, e in failed)
    return (NotInvariant if refuted else Unknown)(tuple(failed), (), system.kind)


def restrict_scalars(
    system: System,
    relations: Named,
    *,
    positive: Iterable[Any] = (),
    meaning: tuple[tuple[Any, str], ...] = (),
) -> Restricted | NotInvariant | Inconsistent | Unknown:
    """`restrict` for a system of scalars."""
    _check(system, *(e for _, e in relations))
    first = _restrict(system, relations, True, tuple(positive), meaning)
    if isinstance(first, NotInvariant | Unknown) and moving(system):
        second = _restrict(system, relations, False, tuple(positive), meaning)
        return second if isinstance(second, Restricted) else first
    return first


def _restrict(system: System, relations: Named, frozen: bool, positive: tuple[Any, ...], meaning: Any) -> Any:
    relations = tuple((name, plain(system, e)) for name, e in relations)
    equations, given, bound = _setting(system, frozen, relations, ())
    moved = [change(system, equations, e) for _, e in relations]
    items = [*positive, *(x for x in system.items if x not in positive)]
    variety = Variety(given, items, bound, (*moved, *(e for _, e in equations)))
    if variety.inconsistent:
        return Inconsistent(variety.inconsistent)
    failed = _failed(variety, relations, moved)
    if failed:
        return _not_invariant(variety, failed, system)
    proofs = tuple((name, variety.proof(e, sympify(0), variety.flatten(e))) for (name, _), e in zip(relations, moved))
    roots = scalar_roots(tuple(map(variety.restore, variety.relations())), positive)
    solved = {x for x, _, _ in roots}
    reduced = []
    for x, e in equations:
        flat = variety.flatten(e)
        rest = variety.reduce(flat)
        reduced.append((x, variety.proof(e, factor(variety.restore(rest)), flat - rest)))
    kept = tuple((x, shown.rhs) for x, shown in reduced if x not in solved)
    let = (*((x, e) for x, e, _ in roots), *(system.let if frozen else ()))
    draft = Draft(kept, let, tuple(pair for pair in system.given if pair[0] not in solved), ())
    new = new_system(system, draft, (), meaning, f"{system.id}-restricted", f"{system.title}, on an invariant set")
    return Restricted(new, proofs, True, tuple(variety.nonzero), given, (), roots, tuple(reduced))

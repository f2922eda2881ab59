"""What `project` and `restrict` answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .algebra import poly
from .certificate import Named, Proof
from .formula import Let, letters
from .scalars import is_matrix
from .spelling import text
from .symbols import latex
from .system import System


@dataclass(frozen=True)
class Projected:
    """The closed system of the observables.

    Parameters
    ----------
    system : its equations are in the new letters.
    proofs : pairs ``(new letter, proof that the change of its expression is the equation)``.
    found : relations among the observables that follow, pairs ``(name, expression that vanishes)``.
    found_proofs : their proofs, in the same order.
    complete : whether the completion was finished (then `found` generates all of them).
    nonzero : scalars that were divided by.
    given, symmetric : what the proofs may use: pass them to `recheck`.
    """

    system: System
    proofs: tuple[tuple[Any, Proof], ...]
    found: Named
    found_proofs: tuple[Proof, ...]
    complete: bool
    nonzero: tuple[Any, ...]
    given: Named
    symmetric: tuple[Any, ...]


@dataclass(frozen=True)
class NotClosed:
    """The observables do not close.

    Parameters
    ----------
    leftover : pairs ``(new letter, part of its rate or next value that still contains the state)``.
    missing : products of state letters that would have to be observables too.
    proved : whether this is a proof for generic matrices; if not, longer words might still close it.
    observables : what was asked for.
    kind : flow or map.
    """

    leftover: Let
    missing: tuple[Any, ...]
    proved: bool
    observables: Let
    kind: str = "flow"

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        names = ", ".join(str(letter) for letter, _ in self.observables)
        what = "rate" if self.kind == "flow" else "next value"
        parts = [f"The {what} of {letter} contains {readable(e)}" for letter, e in self.leftover]
        verdict = f"which is no polynomial in {names}" if self.proved else f"which was not reduced to {names} (unknown)"
        return f"{'; '.join(parts)}, {verdict}. Missing observables: {', '.join(map(readable, self.missing)) or 'none found'}."


@dataclass(frozen=True)
class Restricted:
    """The system on an invariant set.

    Parameters
    ----------
    system : rates in normal form; items that are roots of others have become definitions.
    proofs : pairs ``(name of the relation, proof that its change vanishes on the set)``.
    complete, nonzero, given, symmetric : as in `Projected`.
    roots : triples ``(item, closed form, condition)`` of the items that became definitions.
    equation_proofs : pairs ``(item, proof that its rate or next value equals its normal form on the set)``.
    """

    system: System
    proofs: tuple[tuple[str, Proof], ...]
    complete: bool
    nonzero: tuple[Any, ...]
    given: Named
    symmetric: tuple[Any, ...]
    roots: tuple[tuple[Any, Any, str], ...] = ()
    equation_proofs: tuple[tuple[Any, Proof], ...] = ()


@dataclass(frozen=True)
class NotInvariant:
    """The set is not invariant.

    Parameters
    ----------
    normal_forms : pairs ``(name of the relation, what its rate or next value is on the set)``.
    missing : relations that, added, might make the set invariant.
    kind : flow or map.
    """

    normal_forms: tuple[tuple[str, Any], ...]
    missing: tuple[Any, ...]
    kind: str = "flow"

    proved = True

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"Not invariant: {_forms(self.normal_forms, self.missing, self.kind)}"


@dataclass(frozen=True)
class Unknown:
    """Neither proved nor refuted: the completion was cut (or a power of what is left vanishes); fields as in `NotInvariant`."""

    normal_forms: tuple[tuple[str, Any], ...]
    missing: tuple[Any, ...]
    kind: str = "flow"

    proved = False

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"Unknown whether invariant: {_forms(self.normal_forms, self.missing, self.kind)}"


@dataclass(frozen=True)
class Inconsistent:
    """The relations contradict each other: everything would follow from them."""

    reason: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.reason[0].upper() + self.reason[1:] + "."


@dataclass(frozen=True)
class Draft:
    """Equations whose letters have no meanings yet."""

    equations: Let
    let: Let
    given: Let
    symmetric: tuple[Any, ...]


def new_system(
    system: System, draft: Draft, observables: Let, meaning: tuple[tuple[Any, str], ...], id: str, title: str
) -> System:
    """The system of the observables, with meanings from the old system and defaults for the new letters."""
    known = dict(system.meaning)
    words = {letter: f"observable ${latex(e)}$" for letter, e in observables if letter not in known} | dict(meaning)
    used = letters(system.time, *(part for pair in (*draft.equations, *draft.let, *draft.given) for part in pair))
    table = {**known, **words}
    fallback = dict.fromkeys(sorted(used - set(table), key=str), "parameter of the relations")
    return System(
        id or f"{system.id}-projected", title or f"{system.title}, in {', '.join(str(y) for y, _ in observables)}",
        system.kind, system.time, draft.equations,
        tuple((letter, what) for letter, what in {**table, **fallback}.items() if letter in used), system.source,
        let=draft.let, given=draft.given, symmetric=draft.symmetric, assuming=system.assuming,
    )  # fmt: skip


def readable(e: Any) -> str:
    """Words of a matrix, or a scalar as it is."""
    return text(poly(e)) if is_matrix(e) else str(e)


def _forms(normal_forms: tuple[tuple[str, Any], ...], missing: tuple[Any, ...], kind: str) -> str:
    what = "rate" if kind == "flow" else "next value"
    parts = "; ".join(f"the {what} of {name} is {readable(e)}" for name, e in normal_forms)
    more = f" Relations that may be missing: {', '.join(f'{readable(e)} = 0' for e in missing)}." if missing else ""
    return f"on the set, {parts}.{more}"

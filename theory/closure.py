"""`project` and `restrict`: the closed system of some observables, the system on an invariant set.

Both are questions about ideals. The set where the relations vanish is invariant if the rates of the relations (their next
values, for a map) lie in the ideal of the relations. Observables close if, modulo the folds ``expression - new letter``, their
rates can be written without a letter of the state. Completion under an order in which the state outweighs everything else
finds the rates, and on the way the relations among the observables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from typing import Any

from sympy import MatrixSymbol, Symbol

from .answers import Inconsistent, NotClosed, NotInvariant, Projected, Restricted, Unknown, new_system
from .certificate import Named
from .formula import Let
from .motion import check_matrices, moving
from .polynomials import project_scalars, restrict_scalars
from .question import Question
from .roots import roots
from .scalars import is_matrix
from .system import System
from .words import split

__all__ = [
    "Inconsistent",
    "NotClosed",
    "NotInvariant",
    "Projected",
    "Restricted",
    "Unknown",
    "closure",
    "project",
    "restrict",
    "roots",
]


def project(
    system: System,
    observables: Let,
    *,
    relations: Named = (),
    symmetric: Iterable[Any] = (),
    order: Iterable[Any] = (),
    max_length: int = 12,
    max_steps: int = 400,
    meaning: tuple[tuple[Any, str], ...] = (),
    id: str = "",
    title: str = "",
) -> Projected | NotClosed | NotInvariant | Inconsistent | Unknown:
    """The closed system of some observables, derived from the equations of the state.

    Parameters
    ----------
    system : flow or map of matrices (or of scalars: then Groebner bases decide).
    observables : pairs ``(new letter, expression in the state)``; ``(X, X)`` keeps a letter of the state.
    relations : named relations on the state, each zero; that the system keeps them is shown first.
    symmetric : further symmetric letters (symmetric observables are recognised).
    order : letters from the lightest on; relations are solved for the heavier ones.
    max_length, max_steps : bounds of the completion.
    meaning : words for the new letters; default ``"observable <expression>"``.
    id, title : of the new system; default: those of the old one, with ``-projected``.

    Returns
    -------
    Projected, or NotClosed with what is missing, or NotInvariant if the system does not keep the relations, or Inconsistent
    if they contradict each other.

    Notes
    -----
    Definitions of the system stay letters where possible: a gradient that depends on an observable only is reduced as a
    letter, and its definition is put into the new system.
    """
    observables, relations = tuple(observables), tuple(relations)
    if not observables:
        raise ValueError("observables: none given")
    if not any(map(is_matrix, system.items)):
        return project_scalars(system, observables, relations, order=order, meaning=meaning, id=id, title=title)
    check_matrices(system, *(e for pair in observables for e in pair))
    for letter, e in observables:
        if letter.shape != e.shape:
            raise ValueError(f"observables: {letter} has shape {letter.shape}, its expression {e.shape}")
        if letter in system.items and letter != e:
            raise ValueError(f"observables: {letter} is a letter of the state; give the observable a new one")
    job = Question(system, observables, split(relations), tuple(symmetric), tuple(order), max_length, max_steps)
    first = job.project(frozen=True)
    if isinstance(first, NotClosed | NotInvariant | Unknown) and moving(system):
        second = job.project(frozen=False)
        first = second if isinstance(second, Projected) else first
    if not isinstance(first, Projected):
        return first
    draft: Any = first.system
    named = new_system(system, draft, observables, meaning, id, title)
    return replace(first, system=named)


def restrict(
    system: System,
    relations: Named,
    *,
    symmetric: Iterable[Any] = (),
    positive: Iterable[Any] = (),
    order: Iterable[Any] = (),
    max_length: int = 12,
    max_steps: int = 400,
    meaning: tuple[tuple[Any, str], ...] = (),
) -> Restricted | NotInvariant | Inconsistent | Unknown:
    """Show that the set on which the relations vanish is invariant, and give the system on it.

    Parameters
    ----------
    system : flow or map.
    relations : pairs ``(name, expression)``, each expression zero on the set; block relations are split.
    symmetric : further symmetric letters.
    positive : symmetric positive semidefinite items; those that the relations make roots of the others become definitions.
    order : letters from the lightest on.
    max_length, max_steps : bounds of the completion.
    meaning : words for letters that only the relations have; default ``"parameter of the relations"``.

    Notes
    -----
    An invariant set says nothing about the start: a solution that uses it needs its own initial-value step.
    """
    relations = tuple(relations)
    if not relations:
        raise ValueError("relations: none given")
    if not any(map(is_matrix, system.items)):
        return restrict_scalars(system, relations, positive=positive, meaning=meaning)
    relations = split(relations)
    check_matrices(system, *(e for _, e in relations))
    job = Question(system, (), relations, tuple(symmetric), tuple(order), max_length, max_steps, tuple(meaning))
    first = job.restrict(True, tuple(positive))
    if isinstance(first, NotInvariant | Unknown) and moving(system):
        second = job.restrict(False, tuple(positive))
        return second if isinstance(second, Restricted) else first
    return first


def closure(
    system: System, observables: Let, rounds: int = 3, **options: Any
) -> Projected | NotClosed | NotInvariant | Inconsistent | Unknown:
    """`project`, adopting what is missing as further observables ``O1, O2, ...`` for some rounds."""
    observables = tuple(observables)
    taken = {str(letter) for letter, _ in (*system.meaning, *observables)}
    names = (f"O{k}" for k in count(1) if f"O{k}" not in taken)
    answer = project(system, observables, **options)
    for _ in range(rounds):
        if not isinstance(answer, NotClosed) or not answer.missing:
            break
        for e in answer.missing:
            letter = MatrixSymbol(next(names), *e.shape) if is_matrix(e) else Symbol(next(names))
            observables += ((letter, e),)
        answer = project(system, observables, **options)
    return answer

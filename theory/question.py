"""One question to the words: do the observables close, is the set invariant?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sympy import MatrixSymbol

from .algebra import Algebra, poly
from .answers import Draft, Inconsistent, NotClosed, NotInvariant, Projected, Restricted, Unknown
from .certificate import Named, Proof
from .completion import Terms
from .formula import Let, letters
from .leftovers import missing_runs, proof_of, relations_found, suggest
from .motion import Motion, moving, plain
from .roots import roots
from .scalars import is_matrix
from .system import System
from .words import Ideal, prove


@dataclass(frozen=True)
class Question:
    """One question, asked with the definitions of the system frozen, or put in."""

    system: System
    observables: Let
    relations: Named
    symmetric: tuple[Any, ...]
    order: tuple[Any, ...]
    max_length: int
    max_steps: int
    meaning: tuple[tuple[Any, str], ...] = ()

    def equations(self, frozen: bool, folds: dict[Any, Any]) -> Let:
        """Equations with definitions put in (or, frozen, with those that are observables folded)."""
        if frozen:
            return tuple((item, value.xreplace(folds)) for item, value in self.system.equations)
        return tuple((item, plain(self.system, value)) for item, value in self.system.equations)

    def symmetric_letters(self, observables: Let, relations: Named) -> set[Any]:
        """Symmetric letters: those declared, shown to be so where they have a definition, and the observables that are."""
        symmetric = {*self.system.symmetric, *self.symmetric}
        for y, e in (*((item, plain(self.system, value)) for item, value in self.system.let), *observables):
            if not is_matrix(y) or y == e or y.rows != y.cols:
                continue
            others = symmetric - {y}
            if poly(e, others) == poly(e.T, others):
                symmetric.add(y)
            elif y in symmetric and not prove(e, e.T, given=relations, symmetric=others):
                raise ValueError(f"symmetric: {y} = {e} is not symmetric")
        return symmetric

    def folds(self, observables: Let, symmetric: set[Any]) -> dict[Any, Any]:
        """Definitions of the system that are observables."""
        found = {}
        for item, value in moving(self.system):
            for y, e in observables:
                if is_matrix(value) and item.shape == y.shape and _same(plain(self.system, value), e, symmetric):
                    found[item] = y
                elif item == y:
                    raise ValueError(f"observables: {y} has another definition in {self.system.id}")
        return found

    def project(self, frozen: bool) -> Any:
        system, observables = self.system, tuple((y, plain(self.system, e)) for y, e in self.observables)
        relations = tuple((name, plain(system, e)) for name, e in self.relations)
        symmetric = self.symmetric_letters(observables, relations)
        folds = self.folds(observables, symmetric)
        equations = self.equations(frozen, folds)
        let = tuple((item, value.xreplace(folds)) for item, value in system.let if item not in folds) if frozen else ()
        kept = {y for y, e in observables if y == e}
        given = (*relations, *((f"{y} = {e}", e - y) for y, e in observables if y != e))
        algebra = Algebra(
            (*(e for pair in equations for e in pair), *(e for _, e in given), *(e for pair in observables for e in pair),
             *(e for pair in let for e in pair if is_matrix(pair[0]))),
            symmetric=symmetric, order=(*self.order, *(y for y, _ in observables)), heavy=set(system.items) - kept,
        )  # fmt: skip
        ideal = Ideal(algebra, [(name, algebra.encode(e)) for name, e in given], self.max_length, self.max_steps)
        if ideal.contradiction:
            return Inconsistent(ideal.contradiction)
        motion = Motion(algebra, system, equations)
        failed = _invariance(ideal, motion, relations)[1]
        if failed:
            return self._not_invariant(ideal, relations, failed)
        rates, proofs, leftover = [], [], []
        for y, e in observables:
            change = motion.of(algebra.encode(e))
            rest, steps = ideal.reduce(change)
            rates.append((y, rest))
            leftover.append((y, {w: c for w, c in rest.items() if algebra.key(w)[0]}))
            proofs.append((y, proof_of(ideal, change, rest, steps, y.shape)))
        lets = self._lets(ideal, let, [rest for _, rest in rates], leftover)
        if any(rest for _, rest in leftover):
            left = tuple((y, algebra.decode(rest, y.shape)) for y, rest in leftover if rest)
            missing = missing_runs([rest for _, rest in leftover], algebra)
            return NotClosed(left, missing, ideal.complete, self.observables, system.kind)
        known = [name for name, e in relations if not self._heavy(algebra, e)] + [n for n, _ in algebra.definitions]
        found = relations_found(ideal, frozenset(known))
        start = dict(system.given)
        initial = tuple(
            (y, e.xreplace(start))
            for y, e in observables
            if start and e.atoms(MatrixSymbol) & set(system.items) <= set(start)
        )
        pairs = tuple((y, algebra.decode(rest, y.shape)) for y, rest in rates)
        used = letters(*(part for pair in (*pairs, *lets) for part in pair))
        draft: Any = Draft(pairs, lets, initial, tuple(s for s in symmetric if s in used))
        return Projected(
            draft, tuple(proofs), tuple((n, e) for n, e, _ in found), tuple(p for _, _, p in found), ideal.complete,
            ideal.nonzero, given, tuple(symmetric),
        )  # fmt: skip

    def _lets(self, ideal: Ideal, let: Let, rates: list[Terms], leftover: list[tuple[Any, Terms]]) -> Let:
        """Definitions that the new equations use, in the new letters; what does not reduce joins the leftover."""
        algebra = ideal.algebra
        needed = letters(*(algebra.decode(r, (s.shape)) for r, (s, _) in zip(rates, leftover)))
        out: list[tuple[Any, Any]] = []
        for item, value in reversed(let):
            if item not in needed:
                continue
            if not self._heavy(algebra, value):
                new = value
            elif is_matrix(value):
                rest, _ = ideal.reduce(algebra.encode(value))
                leftover.append((item, {w: c for w, c in rest.items() if algebra.key(w)[0]}))
                new = algebra.decode(rest, item.shape)
            else:
                raise ValueError(
                    f"let: the scalar {item} of {self.system.id} depends on the state; write it as a matrix"
                )
            needed |= letters(new)
            out.append((item, new))
        return tuple(reversed(out))

    def _heavy(self, algebra: Algebra, value: Any) -> bool:
        return not algebra.heavy.isdisjoint(value.atoms(MatrixSymbol))

    def _not_invariant(self, ideal: Ideal, relations: Named, failed: list[tuple[str, Terms]]) -> NotInvariant | Unknown:
        algebra = ideal.algebra
        shapes = {f"{x} = {x}^T": x.shape for x in self.system.items} | {name: e.shape for name, e in relations}
        forms = tuple((name, algebra.decode(rest, shapes[name])) for name, rest in failed)
        kind: Any = NotInvariant if ideal.complete else Unknown
        missing = suggest([(rest, shapes[name]) for name, rest in failed], ideal, set(self.system.items))
        return kind(forms, missing, self.system.kind)

    def restrict(self, frozen: bool, positive: tuple[Any, ...]) -> Any:
        system = self.system
        equations = self.equations(frozen, {})
        moved = tuple((name, plain(system, e)) for name, e in self.relations)
        symmetric = self.symmetric_letters((), moved) | {*positive}
        given = self.relations if frozen else moved
        algebra = Algebra(
            (*(e for pair in equations for e in pair), *(e for _, e in (*given, *moved))),
            symmetric=symmetric, order=(*self.order, *(s for s in system.params if is_matrix(s))),
        )  # fmt: skip
        ideal = Ideal(algebra, [(name, algebra.encode(e)) for name, e in given], self.max_length, self.max_steps)
        if ideal.contradiction:
            return Inconsistent(ideal.contradiction)
        motion = Motion(algebra, system, equations)
        proofs, failed = _invariance(ideal, motion, moved)
        if failed:
            return self._not_invariant(ideal, moved, failed)
        reduced = [(item, proof_of(ideal, terms, *ideal.reduce(terms), item.shape))
                   for item, terms in ((item, algebra.encode(e)) for item, e in equations)]  # fmt: skip
        normal = {item: shown.rhs for item, shown in reduced}
        rules = relations_found(ideal)
        roots_found = roots((*given, *((name, e) for name, e, _ in rules)), positive)
        solved = {item for item, _, _ in roots_found}
        let = (*((item, value) for item, value, _ in roots_found), *(system.let if frozen else _constant(system)))
        kept = tuple((item, e) for item, e in normal.items() if item not in solved)
        known = {letter for letter, _ in (*system.meaning, *self.meaning)}
        new = sorted(letters(*(part for pair in (*kept, *let) for part in pair)) - known, key=str)
        draft = replace(
            system, id=f"{system.id}-restricted", title=f"{system.title}, on an invariant set", let=let, equations=kept,
            meaning=(*system.meaning, *self.meaning, *((letter, "parameter of the relations") for letter in new)),
            symmetric=tuple(sorted(symmetric & letters(*normal, *normal.values(), *(v for _, v in let)), key=str)),
            given=tuple(pair for pair in system.given if pair[0] not in solved),
        )  # fmt: skip
        return Restricted(
            draft, tuple(proofs), ideal.complete, ideal.nonzero, given, tuple(symmetric), roots_found, tuple(reduced)
        )


def _constant(system: System) -> Let:
    depends = {item for item, _ in moving(system)}
    return tuple(pair for pair in system.let if pair[0] not in depends)


def _same(left: Any, right: Any, symmetric: Iterable[Any]) -> bool:
    return poly(left - right, symmetric) == {}


def _invariance(
    ideal: Ideal, motion: Motion, relations: Named
) -> tuple[list[tuple[str, Proof]], list[tuple[str, Terms]]]:
    """Proofs that the changes of the relations vanish, and the normal forms of those that do not.

    That an item is symmetric is a relation too: its rate or next value must be symmetric.
    """
    algebra = ideal.algebra
    proofs, failed = [], []
    changes = [(name, e, motion.of(algebra.encode(e))) for name, e in relations]
    for item in motion.items:
        if item in algebra.symmetric:
            rate = motion.of(algebra.encode(item))
            skew = algebra.add(rate, algebra.transpose(rate), -1)
            changes += [(f"{item} = {item}^T", item, skew)] if skew else []
    for name, e, change in changes:
        rest, steps = ideal.reduce(change)
        if rest:
            failed.append((name, rest))
        else:
            proofs.append((name, proof_of(ideal, change, rest, steps, e.shape)))
    return proofs, failed

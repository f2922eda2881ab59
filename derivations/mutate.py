"""Planted errors: small changes of a formula or a system that its own derivation has to reject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from random import Random
from typing import Any

import sympy
from sympy import Basic, Expr, MatrixExpr, MatrixSymbol, Symbol, Transpose, sympify

from ..theory.formula import Formula, unroll
from ..theory.system import System
from . import twin as numeric
from .chain import Book, Check, Derivation, Step
from .check import decide, points_of, verify


@dataclass(frozen=True)
class Campaign:
    """What became of the planted errors.

    Parameters
    ----------
    tested : number of planted errors.
    rejected : those that a step refused because its claim is false.
    raised : pairs (description, error) of those that only broke a step: no evidence that the step can fail.
    survivors : those that every step accepted.
    """

    tested: int
    rejected: tuple[str, ...]
    raised: tuple[tuple[str, str], ...]
    survivors: tuple[str, ...]


def mutants(entry: Any) -> Iterator[tuple[str, Any]]:
    """Changed copies of an expression, a formula or a system, with a description.

    Sign of a term, factor 2, dropped term, dropped factor, exponent + 1, constant + 1, swapped letters of the same kind or
    shape, transposed letter; in statement, definitions, equations and initial values. Assumptions stay. What SymPy refuses
    (shapes that do not fit) and what equals the original at random points is left out.
    """
    if isinstance(entry, Formula):
        yield from _of_formula(entry)
    elif isinstance(entry, System):
        yield from _of_system(entry)
    else:
        entry = sympify(entry)
        for words, changed in _changes(entry):
            if not _same(entry, changed, ()):
                yield words, changed


def _of_formula(entry: Formula) -> Iterator[tuple[str, Formula]]:
    whole = _flat(entry.statement, entry)
    for side in range(len(entry.statement.args)):
        if side == 0 and entry.statement.args[0].is_Atom:
            continue
        for words, changed in _changes(entry.statement.args[side]):
            args = list(entry.statement.args)
            args[side] = changed
            statement = _build(entry.statement.func, args)
            if statement is not None and statement not in (sympy.true, sympy.false):
                mutant = _made(entry, statement=statement)
                if mutant is not None and not _same(whole, _flat(statement, entry), entry.assuming, statement=True):
                    yield words, mutant
    for words, let in _of_pairs(entry.let):
        mutant = _made(entry, let=let)
        if mutant is not None and not _same(whole, _flat(entry.statement, mutant), entry.assuming, statement=True):
            yield f"{words} (definition)", mutant


def _of_system(entry: System) -> Iterator[tuple[str, System]]:
    whole = _rates(entry)
    for name, part in (("equations", ""), ("let", " (definition)"), ("given", " (initial value)")):
        for words, pairs in _of_pairs(getattr(entry, name)):
            mutant = _made(entry, **{name: pairs})
            if mutant is not None and not all(_same(a, b, entry.assuming) for a, b in zip(whole, _rates(mutant))):
                yield words + part, mutant


def _of_pairs(pairs: Any) -> Iterator[tuple[str, Any]]:
    for place, (item, value) in enumerate(pairs):
        for words, changed in _changes(sympify(value)):
            yield f"{item}: {words}", (*pairs[:place], (item, changed), *pairs[place + 1 :])


def _rates(system: System) -> list[Any]:
    return [unroll(sympify(value), system.let) for _, value in (*system.equations, *system.given)]


def _flat(statement: Any, entry: Formula) -> Any:
    """The sides of the statement with the definitions put in."""
    sides = [unroll(side, entry.let) for side in statement.args]
    return tuple(sides) if len(sides) == 2 else (unroll(statement, entry.let),)


def _made(entry: Any, **changes: Any) -> Any:
    """The changed entry; None if it refuses the change."""
    try:
        return replace(entry, **changes)
    except ValueError:
        return None


def _build(head: Any, args: list[Any]) -> Any:
    """A node from its arguments; None if SymPy refuses it (shapes that do not fit, a pole)."""
    shapes = [arg.shape for arg in args if getattr(arg, "is_Matrix", False)]
    # SymPy lets shapes pass that differ as symbols but might be equal as numbers
    if head is sympy.MatAdd and len(set(shapes)) > 1:
        return None
    if head is sympy.MatMul and any(one[1] != two[0] for one, two in pairwise(shapes)):
        return None
    try:
        node = head(*args)
        node = node.doit(deep=False) if isinstance(node, (sympy.MatAdd, sympy.MatMul)) else node
    except (ValueError, TypeError, AttributeError, NotImplementedError, ZeroDivisionError):
        return None
    if node.has(sympy.zoo, sympy.nan):
        return None
    return node


def _paths(e: Basic, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Basic]]:
    yield path, e
    if isinstance(e, (Symbol, MatrixSymbol, sympy.Idx, sympy.Indexed, sympy.Identity, sympy.ZeroMatrix)):
        return
    for place, arg in enumerate(e.args):
        if isinstance(e, sympy.Sum) and place > 0:
            return
        yield from _paths(arg, (*path, place))


def _put(e: Any, path: tuple[int, ...], new: Any) -> Any:
    if not path:
        return new
    args = list(e.args)
    args[path[0]] = _put(args[path[0]], path[1:], new)
    return None if args[path[0]] is None else _build(e.func, args)


def _changes(e: Any) -> Iterator[tuple[str, Any]]:
    """Changed expressions, each once."""
    seen = {e}
    shape = getattr(e, "shape", None)
    for words, path, new in _edits(e):
        changed = _put(e, path, new)
        if changed is not None and changed not in seen and getattr(changed, "shape", None) == shape:
            seen.add(changed)
            yield words, changed
    for one, two in combinations(sorted(e.free_symbols, key=str), 2):
        if _alike(one, two):
            changed = e.xreplace({one: two, two: one})
            if changed not in seen and getattr(changed, "shape", None) == shape:
                seen.add(changed)
                yield f"{one} and {two} swapped", changed


def _alike(one: Any, two: Any) -> bool:
    if isinstance(one, MatrixSymbol) or isinstance(two, MatrixSymbol):
        return isinstance(one, MatrixSymbol) and isinstance(two, MatrixSymbol) and one.shape == two.shape
    return isinstance(one, Symbol) and isinstance(two, Symbol) and not isinstance(one, sympy.Idx) \
        and not isinstance(two, sympy.Idx) and one.is_integer == two.is_integer  # fmt: skip


def _brief(e: Any) -> str:
    text = str(e)
    return text if len(text) < 40 else text[:36] + " ..."


def _edits(e: Any) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    """Local edits: words, place, new node."""
    for path, node in _paths(e):
        sums = isinstance(node, (sympy.Add, sympy.MatAdd))
        if sums or (not path and isinstance(node, (Expr, MatrixExpr))):
            for place, term in enumerate(node.args if sums else (node,)):
                here = (*path, place) if sums else path
                yield f"sign of {_brief(term)}", here, -term
                yield f"factor 2 at {_brief(term)}", here, 2 * term
                if sums:
                    rest = [arg for k, arg in enumerate(node.args) if k != place]
                    yield f"{_brief(term)} dropped", path, _build(node.func, rest)
        if isinstance(node, (sympy.Mul, sympy.MatMul)):
            for place, factor in enumerate(node.args):
                rest = [arg for k, arg in enumerate(node.args) if k != place]
                yield f"factor {_brief(factor)} dropped in {_brief(node)}", path, _build(node.func, rest)
        if isinstance(node, (sympy.Pow, sympy.MatPow)) and getattr(node, "shape", None) is None:
            yield f"exponent of {_brief(node)} + 1", path, _build(sympy.Pow, [node.base, node.exp + 1])
        elif isinstance(node, sympy.MatPow):
            yield f"exponent of {_brief(node)} + 1", path, _build(sympy.MatPow, [node.base, node.exp + 1])
        if isinstance(node, sympy.exp):
            yield f"sign in {_brief(node)}", path, sympy.exp(-node.args[0])
            yield f"factor 2 in {_brief(node)}", path, sympy.exp(2 * node.args[0])
        if node.is_Number and node is not sympy.S.NegativeOne:
            yield f"constant {node} + 1", path, node + 1
        if isinstance(node, MatrixSymbol):
            yield f"{node} transposed", path, Transpose(node)
        if isinstance(node, Transpose):
            yield f"{node} not transposed", path, node.arg


def _same(one: Any, two: Any, assuming: tuple[Any, ...], statement: bool = False) -> bool:
    """Whether two expressions (or statements, up to sign) agree at random points; False if that cannot be told."""
    if one == two:
        return True
    if statement:
        if len(one) != len(two) or len(one) != 2:
            return False
        try:
            left, right = (pair[0] - pair[1] for pair in (one, two))
        except (ValueError, TypeError, AttributeError):
            return False
        return _same(left, right, assuming) or _same(left, -right, assuming)
    try:
        where = numeric.domain(one, two, assuming=tuple(r for r in assuming if r not in (True, False)))
        return numeric.sides(one, two, where, count=2).agree is True
    except (ValueError, TypeError, AttributeError, NotImplementedError):
        return False


def _checks(step: Step, book: Book) -> list[Check]:
    return [step.shows(book, case) for case in step.cases] if step.cases else [step.shows(book)]


def plant(derivation: Derivation, book: Book, limit: int | None = None, seed: int = 0) -> Campaign:
    """Run a derivation on books with one changed entry, the one that it shows.

    Parameters
    ----------
    derivation : the steps.
    book : formulas and systems; its statement has to pass first.
    limit : largest number of planted errors, drawn at random; None for all.
    seed : of the draw.

    Raises
    ------
    ValueError : the true statement does not pass.

    Notes
    -----
    A point at which a step fails is enough to reject. Steps that make the same check as on the true book say nothing about
    the planted error and are not run again. A proof is only asked for where all points agree.
    """
    truth = verify(derivation, book)
    if not truth.ok:
        raise ValueError(f"derivation: the true statement of {derivation.of} does not pass: {truth.detail}")
    original = [_checks(step, book.fresh()) for step in derivation.steps]
    entry = next(one for one in book if one.id == derivation.of)
    planted = list(mutants(entry))
    if limit is not None and len(planted) > limit:
        planted = Random(seed).sample(planted, limit)
    rejected, survived, raised = [], [], []
    for words, mutant in planted:
        ok, error = _accepted(derivation, book.with_entry(mutant), original)
        if error:
            raised.append((words, error))
        elif ok:
            survived.append(words)
        else:
            rejected.append(words)
    return Campaign(len(planted), tuple(rejected), tuple(raised), tuple(survived))


def _accepted(derivation: Derivation, book: Book, original: list[list[Check]]) -> tuple[bool, str]:
    """Whether every step accepts the book, and the error if one was raised and none found its claim false."""
    error = ""
    pending: list[tuple[Step, Check]] = []
    for step, before in zip(derivation.steps, original):
        try:
            changed = [one for one in _checks(step, book.fresh()) if one not in before]
            for one in changed:
                if points_of(one).agree is False:
                    return False, ""
                pending.append((step, one))
        except Exception as problem:
            error = error or f"{step.claim}: {type(problem).__name__}: {str(problem)[:80]}"
    for step, one in pending:
        try:
            if not decide(one, step.by).ok:
                return False, ""
        except Exception as problem:
            error = error or f"{step.claim}: {type(problem).__name__}: {str(problem)[:80]}"
    return not error, error


def survivors(derivation: Derivation, book: Book, limit: int | None = None, seed: int = 0) -> tuple[str, ...]:
    """Descriptions of the planted errors that the derivation does not refuse because a claim is false.

    Those that only made a step raise an error are among them, marked ``raised``: use `plant` to tell them apart.
    """
    found = plant(derivation, book, limit, seed)
    return (*found.survivors, *(f"{words} (raised: {error})" for words, error in found.raised))

"""Planted errors: small changes of a formula or a system that its own derivation has to reject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    tested : number of planted errors, without those that say the same as the original.
    rejected : those that a step refused because its claim is false.
    raised : pairs (description, error) of those that only broke a step: no evidence that the step can fail.
    survivors : those that every step accepted.
    """

    tested: int
    rejected: tuple[str, ...]
    raised: tuple[tuple[str, str], ...]
    survivors: tuple[str, ...]


def mutants(entry: Any, symmetric: Iterable[Any] = ()) -> Iterator[tuple[str, Any]]:
    """Changed copies of an expression, a formula or a system, with a description.

    Sign of a term, factor 2, dropped term, dropped factor, exponent + 1, constant + 1, swapped letters of the same kind or
    shape, transposed letter; in statement, definitions, equations and initial values. Assumptions stay, and so does a name
    on the left side. What does not fit in shape, and what equals the original at random points, is left out.

    Parameters
    ----------
    entry : formula, system or expression.
    symmetric : matrix letters with ``X.T = X``: they are not transposed, and get symmetric matrices at points.
    """
    letters = _symmetric(entry, symmetric)
    for words, mutant in _raw(entry, letters):
        if not equivalent(entry, mutant, letters):
            yield words, mutant


def equivalent(entry: Any, mutant: Any, symmetric: Iterable[Any] = ()) -> bool:
    """Whether a mutant says the same as the original, by random points; a statement may change its sign as a whole."""
    letters = _symmetric(entry, symmetric)
    if isinstance(entry, Formula):
        sides = [[unroll(side, one.let) for side in one.statement.args] for one in (entry, mutant)]
        if sides[0] == sides[1]:
            return True
        try:
            left, right = (pair[0] - pair[1] for pair in sides)
        except (ValueError, TypeError, AttributeError):
            return False
        return any(_same(left, sign * right, entry.assuming, letters) for sign in (1, -1))
    if isinstance(entry, System):
        pairs = zip(_rates(entry), _rates(mutant))
        return all(_same(one, two, entry.assuming, letters) for one, two in pairs)
    return _same(sympify(entry), mutant, (), letters)


def _symmetric(entry: Any, more: Iterable[Any]) -> frozenset[Any]:
    return frozenset((*getattr(entry, "symmetric", ()), *more))


def _raw(entry: Any, symmetric: frozenset[Any]) -> Iterator[tuple[str, Any]]:
    """Mutants, those that say the same as the original among them."""
    if isinstance(entry, Formula):
        for side, expression in enumerate(entry.statement.args):
            if side == 0 and _is_name(expression):
                continue
            for words, changed in _changes(expression, symmetric):
                args = list(entry.statement.args)
                args[side] = changed
                statement = _build(entry.statement.func, args)
                if statement is not None and statement not in (sympy.true, sympy.false):
                    yield from _made(words, entry, statement=statement)
        for words, let in _of_pairs(entry.let, symmetric):
            yield from _made(f"{words} (definition)", entry, let=let)
    elif isinstance(entry, System):
        for name, part in (("equations", ""), ("let", " (definition)"), ("given", " (initial value)")):
            for words, pairs in _of_pairs(getattr(entry, name), symmetric):
                yield from _made(words + part, entry, **{name: pairs})
    else:
        yield from _changes(sympify(entry), symmetric)


def _is_name(e: Any) -> bool:
    """A letter, or a function, trace or determinant of letters: it names what the right side says."""
    if isinstance(e, (Symbol, MatrixSymbol, sympy.Indexed)) or e.is_number:
        return True
    named = isinstance(e, (sympy.Function, sympy.Determinant, sympy.Trace, sympy.Derivative, sympy.Transpose))
    return named and all(isinstance(arg, (Symbol, MatrixSymbol, sympy.Tuple)) for arg in e.args)


def _of_pairs(pairs: Any, symmetric: frozenset[Any]) -> Iterator[tuple[str, Any]]:
    for place, (item, value) in enumerate(pairs):
        for words, changed in _changes(sympify(value), symmetric):
            yield f"{item}: {words}", (*pairs[:place], (item, changed), *pairs[place + 1 :])


def _rates(system: System) -> list[Any]:
    return [unroll(sympify(value), system.let) for _, value in (*system.equations, *system.given)]


def _made(words: str, entry: Any, **changes: Any) -> Iterator[tuple[str, Any]]:
    """The changed entry, unless it refuses the change."""
    try:
        yield words, replace(entry, **changes)
    except ValueError:
        return


def _build(head: Any, args: list[Any]) -> Any:
    """A node from its arguments; None if SymPy refuses it (shapes that do not fit, a pole)."""
    shapes = [arg.shape for arg in args if getattr(arg, "is_Matrix", False)]
    square = (sympy.Trace, sympy.Determinant, sympy.Inverse, sympy.MatPow)
    if head in square and any(one[0] != one[1] for one in shapes):
        return None
    # SymPy lets shapes pass that differ as symbols but might be equal as numbers
    if head in (sympy.MatAdd, sympy.HadamardProduct, sympy.Eq) and len(set(shapes)) > 1:
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


def _shape(e: Any) -> Any:
    """Shape of a matrix; None for numbers, entries of families among them."""
    return None if isinstance(e, sympy.Indexed) else getattr(e, "shape", None)


def _changes(e: Any, symmetric: frozenset[Any]) -> Iterator[tuple[str, Any]]:
    """Changed expressions, each once."""
    seen = {e}
    shape = _shape(e)
    for words, path, new in _edits(e, symmetric):
        changed = _put(e, path, new)
        if changed is not None and changed not in seen and _shape(changed) == shape:
            seen.add(changed)
            yield words, changed
    for one, two in combinations(sorted(e.free_symbols, key=str), 2):
        if _alike(one, two):
            changed = e.xreplace({one: two, two: one})
            if changed not in seen and _shape(changed) == shape:
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


def _edits(e: Any, symmetric: frozenset[Any]) -> Iterator[tuple[str, tuple[int, ...], Any]]:
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
        if isinstance(node, (sympy.Pow, sympy.MatPow)) and _shape(node) is None:
            yield f"exponent of {_brief(node)} + 1", path, _build(sympy.Pow, [node.base, node.exp + 1])
        elif isinstance(node, sympy.MatPow):
            yield f"exponent of {_brief(node)} + 1", path, _build(sympy.MatPow, [node.base, node.exp + 1])
        if isinstance(node, sympy.exp):
            yield f"sign in {_brief(node)}", path, sympy.exp(-node.args[0])
            yield f"factor 2 in {_brief(node)}", path, sympy.exp(2 * node.args[0])
        if node.is_Number and node is not sympy.S.NegativeOne:
            yield f"constant {node} + 1", path, node + 1
        if isinstance(node, MatrixSymbol) and node not in symmetric:
            yield f"{node} transposed", path, Transpose(node)
        if isinstance(node, Transpose):
            yield f"{node} not transposed", path, node.arg


def _same(one: Any, two: Any, assuming: tuple[Any, ...], symmetric: frozenset[Any]) -> bool:
    """Whether two expressions agree at random points; False if that cannot be told."""
    if one == two:
        return True
    try:
        where = numeric.domain(one, two, assuming=assuming, symmetric=tuple(symmetric))
        return numeric.sides(one, two, where, count=2).agree is True
    except (ValueError, TypeError, AttributeError, NotImplementedError, IndexError):
        return False


def _checks(step: Step, book: Book) -> list[Check]:
    return [step.shows(book, case) for case in step.cases] if step.cases else [step.shows(book)]


def _learned(checks: Iterable[Check]) -> set[Any]:
    """Letters that the checks of the true statement know to be symmetric."""
    found: set[Any] = set()
    for one in checks:
        found |= {*getattr(one, "symmetric", ()), *getattr(getattr(one, "system", None), "symmetric", ())}
        given = dict(getattr(one, "given", ()))
        found |= {
            letter
            for e in given.values()
            for letter in e.atoms(MatrixSymbol)
            if e in (letter - letter.T, letter.T - letter)
        }
    return found


def plant(
    derivation: Derivation, book: Book, limit: int | None = None, seed: int = 0, *, symmetric: Iterable[Any] = ()
) -> Campaign:
    """Run a derivation on books with one changed entry, the one that it shows.

    Parameters
    ----------
    derivation : the steps.
    book : formulas and systems; its statement has to pass first.
    limit : largest number of planted errors, drawn at random; None for all.
    seed : of the draw.
    symmetric : matrix letters with ``X.T = X``, beyond those that the checks or the system say.

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
    letters = _symmetric(entry, (*symmetric, *_learned(one for checks in original for one in checks)))
    planted = list(_raw(entry, letters))
    if limit is not None and len(planted) > limit:
        planted = Random(seed).sample(planted, limit)
    rejected, survived, raised = [], [], []
    for words, mutant in planted:
        ok, error = _accepted(derivation, book.with_entry(mutant), original)
        # most are refused at once, so only the others are compared with the original
        if (ok or error) and equivalent(entry, mutant, letters):
            continue
        if error:
            raised.append((words, error))
        elif ok:
            survived.append(words)
        else:
            rejected.append(words)
    tested = len(rejected) + len(raised) + len(survived)
    return Campaign(tested, tuple(rejected), tuple(raised), tuple(survived))


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


def survivors(
    derivation: Derivation, book: Book, limit: int | None = None, seed: int = 0, *, symmetric: Iterable[Any] = ()
) -> tuple[str, ...]:
    """Descriptions of the planted errors that the derivation does not refuse because a claim is false.

    Those that only made a step raise an error are among them, marked ``raised``: use `plant` to tell them apart.
    """
    found = plant(derivation, book, limit, seed, symmetric=symmetric)
    return (*found.survivors, *(f"{words} (raised: {error})" for words, error in found.raised))

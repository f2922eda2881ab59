"""How checks are decided: a symbolic proof and random points side by side; both have to agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import sympy

from .chain import (
    Book,
    Bound,
    Check,
    Cited,
    Closure,
    Derivation,
    Derivative,
    Grade,
    Identity,
    Invariance,
    Limit,
    Rate,
    Reduction,
    Series,
    SlowReduction,
    Step,
    Verdict,
)
from .check_equal import Proof, short
from .twin import Twin

STRENGTH = (Grade.CITED, Grade.NUMERIC, Grade.SERIES, Grade.EXACT)
"""Weakest first."""

BEST = {Series: Grade.SERIES, Cited: Grade.CITED}
"""The strongest grade that a kind of check can reach, where that is not EXACT; a step need not claim it."""


@dataclass(frozen=True)
class Found:
    """A decided check."""

    ok: bool
    grade: Grade
    detail: str
    residual: str = ""
    counterexample: tuple[tuple[str, str], ...] = ()


def combine(proof: Proof | None, twin: Twin, by: Grade, best: Grade = Grade.EXACT) -> Found:
    """One verdict from both; a disagreement is never ok."""
    if twin.agree is False:
        words = twin.detail
        if proof is not None and proof.ok:
            words = f"proof and points disagree: the symbols say zero ({proof.detail}), but {twin.detail}"
        left = proof.residual if proof is not None and proof.residual else twin.residual
        return Found(False, Grade.NUMERIC, words, left, twin.counterexample)
    if proof is not None and proof.ok:
        return Found(True, proof.grade, "; ".join(part for part in (proof.detail, twin.detail) if part))
    proof = proof or Proof(None)
    if twin.agree is None:
        words = "refuted by the symbols" if proof.ok is False else "not proved"
        detail = "; ".join(part for part in (words, proof.detail, twin.detail) if part)
        return Found(False, by, detail, proof.residual)
    claimed = min(by, best, key=STRENGTH.index)
    if proof.ok is False:
        words = f"symbols and points disagree: refuted ({proof.detail}), but {twin.detail} agree"
        return Found(False, Grade.NUMERIC, words, proof.residual)
    if STRENGTH.index(claimed) > STRENGTH.index(Grade.NUMERIC):
        words = "; ".join(part for part in (f"claimed {claimed}, reached numeric: {twin.detail}", proof.detail) if part)
        return Found(False, Grade.NUMERIC, words, proof.residual)
    return Found(True, Grade.NUMERIC, twin.detail)


def _kinds() -> dict[type, tuple[Any, Any]]:
    from . import check_equal as equal
    from . import check_limit as limit
    from . import check_system as system

    return {
        Identity: (equal.identity_twin, equal.identity_proof),
        Derivative: (equal.derivative_twin, equal.derivative_proof),
        Limit: (limit.limit_twin, limit.limit_proof),
        Series: (limit.series_twin, limit.series_proof),
        Bound: (equal.bound_twin, equal.bound_proof),
        Rate: (system.rate_twin, system.rate_proof),
        Closure: (system.closure_twin, system.closure_proof),
        Invariance: (system.invariance_twin, system.invariance_proof),
        Reduction: (system.reduction_twin, system.reduction_proof),
        SlowReduction: (system.slow_twin, system.slow_proof),
    }


def points_of(one: Check) -> Twin:
    """Only the random points of a check (a failing point is enough to reject)."""
    return Twin(None) if isinstance(one, Cited) else _kinds()[type(one)][0](one)


def decide(one: Check, by: Grade = Grade.EXACT) -> Found:
    """Proof and points of one check."""
    if isinstance(one, Cited):
        where = f", {one.source.where}" if one.source.where else ""
        return Found(True, Grade.CITED, f"cited: {one.source.key}{where}")
    if type(one) not in _kinds():
        raise ValueError(f"shows: made a {type(one).__name__}; allowed: a check of chain.py")
    points, proof = _kinds()[type(one)]
    return combine(proof(one), points(one), by, BEST.get(type(one), Grade.EXACT))


def _weakest(grades: Iterable[Grade]) -> Grade:
    return min(grades, key=STRENGTH.index, default=Grade.EXACT)


def check(step: Step, book: Book, of: str = "") -> Verdict:
    """Run one step, over all its cases.

    Parameters
    ----------
    step : the claim and how it is shown.
    book : formulas and systems; what is read is recorded in a fresh copy of it.
    of : id of the formula that the step is about; it is left out of the uses.

    Returns
    -------
    Verdict; an exception inside ``shows`` is a failed verdict that says what was raised. A family that is checked case by
    case never has scope ``"all"``.
    """
    start, read = perf_counter(), book.fresh()
    found: list[Found] = []
    for case in step.cases or (None,):
        prefix = f"case {case}: " if step.cases else ""
        try:
            one = step.shows(read, case) if step.cases else step.shows(read)
            result = decide(one, step.by)
        except Exception as error:
            result = Found(False, step.by, f"raised {type(error).__name__}: {short(error)}")
        found.append(replace(result, detail=prefix + result.detail))
        if not result.ok:
            break
    bad = next((one for one in found if not one.ok), None)
    scope = step.scope
    if step.cases and scope == "all":
        scope = ", ".join(map(str, step.cases))
    said = bad or found[0]
    return Verdict(
        of, step.claim, bad is None, _weakest(one.grade for one in found), scope,
        tuple(id for id in read.uses if id != of), said.detail, said.residual, said.counterexample,
        perf_counter() - start, sympy.__version__,
    )  # fmt: skip


def verify(derivation: Derivation, book: Book) -> Verdict:
    """Run all steps of a derivation; the grade is the weakest of its steps."""
    start = perf_counter()
    entry = book.fresh()._read(derivation.of)
    steps = tuple(check(step, book, derivation.of) for step in derivation.steps)
    if not steps:
        raise ValueError(f"steps: the derivation of {derivation.of} has none")
    bad = next((one for one in steps if not one.ok), None)
    scopes = tuple(dict.fromkeys(one.scope for one in steps if one.scope != "all"))
    detail = f"{sum(one.ok for one in steps)} of {len(steps)} steps" + (f"; {bad.claim}: {bad.detail}" if bad else "")
    return Verdict(
        derivation.of, entry.title, bad is None, _weakest(one.grade for one in steps), "; ".join(scopes) or "all",
        tuple(dict.fromkeys(id for one in steps for id in one.uses)), detail,
        bad.residual if bad else "", bad.counterexample if bad else (), perf_counter() - start, sympy.__version__, steps,
    )  # fmt: skip


def cycles(verdicts: Iterable[Verdict]) -> tuple[tuple[str, ...], ...]:
    """Cycles in the graph of formulas: ids, each resting on the next one and the last on the first."""
    edges = {one.of: one.uses for one in verdicts}
    done: set[str] = set()
    found: list[tuple[str, ...]] = []

    def visit(id: str, path: list[str]) -> None:
        if id in path:
            found.append(tuple(path[path.index(id) :]))
        elif id not in done:
            for used in edges.get(id, ()):
                visit(used, [*path, id])
            done.add(id)

    for id in edges:
        visit(id, [])
    return tuple(found)


def chain_of(id: str, verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Everything that a formula rests on, what is used before what uses it."""
    edges = {one.of: one.uses for one in verdicts}
    out: list[str] = []
    seen: set[str] = set()

    def visit(one: str) -> None:
        if one in seen:
            return
        seen.add(one)
        for used in edges.get(one, ()):
            visit(used)
        out.append(one)

    visit(id)
    return tuple(out[:-1])


def order(derivations: Iterable[Derivation], book: Book) -> tuple[str, ...]:
    """Ids of the derivations, what is used first; only reads the book, decides nothing. ValueError on a cycle."""
    read: list[Verdict] = []
    for derivation in derivations:
        pages = book.fresh()
        for step in derivation.steps:
            for case in step.cases or (None,):
                step.shows(pages, case) if step.cases else step.shows(pages)
        read.append(
            Verdict(derivation.of, "", True, Grade.CITED, uses=tuple(i for i in pages.uses if i != derivation.of))
        )
    loops = cycles(read)
    if loops:
        raise ValueError(f"derivations: {' -> '.join((*loops[0], loops[0][0]))} is a cycle")
    ids = {one.of for one in read}
    out: dict[str, None] = {}
    for one in read:
        out |= dict.fromkeys(id for id in (*chain_of(one.of, read), one.of) if id in ids)
    return tuple(out)

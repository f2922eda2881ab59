"""What a completed ideal tells: proofs of reductions, relations that were found, and what would be needed to close."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import MatrixSymbol, Transpose, ZeroMatrix

from .algebra import Algebra
from .certificate import Proof
from .completion import Steps, Terms
from .words import Ideal


def proof_of(ideal: Ideal, terms: Terms, rest: Terms, steps: Steps, shape: Any) -> Proof:
    """Proof that a polynomial equals its normal form."""
    algebra = ideal.algebra
    difference = algebra.add(terms, rest, -1)
    return Proof(
        True, True, "", ideal.uses(steps), ideal.nonzero, tuple(algebra.public(difference).items()),
        algebra.decode(terms, shape), algebra.decode(rest, shape) if rest else ZeroMatrix(*shape),
    )  # fmt: skip


def relations_found(ideal: Ideal, known: frozenset[str] = frozenset()) -> list[tuple[str, Any, Proof]]:
    """Rules without letters to be eliminated, in lowest form; not those that follow from the known relations alone."""
    algebra, engine = ideal.algebra, ideal.engine
    out: list[tuple[str, Any, Proof]] = []
    seen: list[Terms] = []

    def plain_first(number: int) -> Any:  # a relation and its transpose are one: take the one that reads better
        lead = engine.rules[number].lead
        return len(lead), sum(isinstance(algebra.letters[x], Transpose) for x in lead), algebra.key(lead)

    for number in sorted(engine.active, key=plain_first):
        rule = engine.rules[number]
        if algebra.key(rule.lead)[0]:
            continue
        rest, steps = engine.reduce(rule.rest)
        one = algebra.scalars.one
        terms = {rule.lead: one, **rest}
        used = {ideal.names[i].removesuffix("^T") for _, i, _ in engine.certificate(rule.steps)}
        if used <= known or any(
            algebra.transpose(terms) == old or algebra.add(algebra.transpose(terms), old) == {} for old in seen
        ):
            continue
        seen.append(terms)
        first = algebra.letters[rule.lead[0]].rows, algebra.letters[rule.lead[-1]].cols
        shown = proof_of(ideal, terms, {}, rule.steps + [(-c, u, i, v) for c, u, i, v in steps], first)
        out.append((f"found.{len(out) + 1}", algebra.decode(terms, first), shown))
    return out


def missing_runs(leftover: Iterable[Terms], algebra: Algebra) -> tuple[Any, ...]:
    """Maximal runs of state letters in the leftover words, up to transposition."""
    runs: dict[Any, None] = {}
    for terms in leftover:
        for word in sorted(terms, key=algebra.key):
            run: list[int] = []
            for x in (*word, None):
                if x is not None and algebra.outweighs(algebra.symbol(x)):
                    run.append(x)
                elif run:
                    turned = tuple(algebra.flip[y] for y in reversed(run))
                    both = sorted((tuple(run), turned), key=lambda w: isinstance(algebra.letters[w[0]], Transpose))
                    if not any(w in runs for w in both):
                        runs[both[0]] = None
                    run = []
    shapes = ((algebra.letters[r[0]].rows, algebra.letters[r[-1]].cols) for r in runs)
    return tuple(algebra.decode({run: algebra.scalars.one}, shape) for run, shape in zip(runs, shapes))


def suggest(failed: list[tuple[Terms, Any]], ideal: Ideal, state: set[Any]) -> tuple[Any, ...]:
    """Factors beside an outermost constant letter: if that letter is arbitrary, each of them must vanish."""
    algebra = ideal.algebra
    out: list[Terms] = []
    for terms, _ in failed:
        groups: dict[Any, Terms] = {}
        for word, c in terms.items():
            free = [k for k, x in enumerate(word) if not state & algebra.symbol(x).atoms(MatrixSymbol)]
            if free and len(word) > 1 and free[-1] == len(word) - 1:
                groups.setdefault((1, word[-1:]), {})[word[:-1]] = c
            elif free and len(word) > 1 and free[0] == 0:
                groups.setdefault((0, word[:1]), {})[word[1:]] = c
        for group in groups.values():
            lead = group[max(group, key=algebra.key)]
            monic = {w: c / lead for w, c in group.items()}
            turned = algebra.transpose(monic)
            if not any(old in (monic, turned) or algebra.add(old, turned) == {} for old in out):
                out.append(monic)
    shapes = [
        next((algebra.letters[w[0]].rows, algebra.letters[w[-1]].cols) for w in terms if w)
        for terms in out
        if any(terms)
    ]
    return tuple(algebra.decode(terms, shape) for terms, shape in zip([t for t in out if any(t)], shapes))

"""Matrix identities proved modulo named relations, with certificates that expansion alone can re-check.

`prove` completes the relations to rewriting rules and reduces the difference of the two sides. What it returns says which
relation was used where; `recheck` believes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from sympy import Eq, HadamardProduct, MatrixSymbol, Trace, ZeroMatrix, default_sort_key, factor_list, fraction, sympify

from .algebra import Algebra, poly, trace_poly
from .blocks import explode, explode_trace, has_blocks
from .certificate import Named, Proof, Use, recheck
from .completion import Completion, Steps, Terms, Word, add_to
from .polynomials import prove_scalars
from .scalars import is_matrix
from .spelling import Poly, matrix, text

__all__ = ["Ideal", "Poly", "Proof", "Use", "matrix", "poly", "prove", "recheck", "text", "trace_poly"]


class Ideal:
    """Relations, their transposes, and the rules completed from them.

    Parameters
    ----------
    algebra : letters and scalars of everything that will be reduced.
    relations : pairs ``(name, polynomial)``, each zero. The relations that define inverses and roots are added.
    max_length, max_steps : bounds of the completion.
    """

    def __init__(
        self, algebra: Algebra, relations: Iterable[tuple[str, Terms]], max_length: int = 12, max_steps: int = 400
    ) -> None:
        self.algebra = algebra
        self.names: list[str] = []
        self.terms: list[Terms] = []
        for name, terms in (*relations, *algebra.definitions):
            for label, one in ((name, terms), (f"{name}^T", algebra.transpose(terms))):
                if one and not any(one == old or algebra.add(one, old) == {} for old in self.terms):
                    self.names.append(label)
                    self.terms.append(one)
        self.engine = Completion(self.terms, algebra.key, max_length, max_steps)
        self.engine.run()

    @property
    def complete(self) -> bool:
        """Whether a nonzero normal form refutes."""
        return self.engine.complete and not (self.algebra.thin or self.algebra.foreign or self.algebra.scalars.opaque)

    @property
    def contradiction(self) -> str:
        """Why the relations contradict each other, or ``''``."""
        if self.engine.contradiction is None:
            return ""
        steps = self.engine.rules[self.engine.contradiction].steps
        names = dict.fromkeys(use.relation for use in self.uses(steps))
        unless = "".join(f" (unless {c} = 0)" for c in self.nonzero)
        return f"inconsistent: the relations {', '.join(names)} give I = 0{unless}"

    @property
    def nonzero(self) -> tuple[Any, ...]:
        """Scalars that were divided by, as irreducible factors (without those that are nonzero by assumption)."""
        found = (factor_list(fraction(self.algebra.scalars.out(c))[0])[1] for c in self.engine.nonzero)
        return tuple(dict.fromkeys(factor for factors in found for factor, _ in factors if factor.is_zero is not False))

    def reduce(self, terms: Terms) -> tuple[Terms, Steps]:
        """Normal form and steps; coefficients that vanish only after multiplying out roots are dropped."""
        rest, steps = self.engine.reduce(terms)
        while self.algebra.thin and (tidied := self.algebra.tidy(rest)) != rest:
            rest, more = self.engine.reduce(tidied)
            steps += more
        return {w: c for w, c in rest.items() if not self.algebra.scalars.vanishes(c)}, steps

    def reduce_trace(self, terms: dict[tuple[Word, ...], Any]) -> tuple[dict[tuple[Word, ...], Any], tuple[Use, ...]]:
        """Normal form of a polynomial in traces: every rotation of every word is tried. Sound, not complete."""
        todo = dict(terms)
        done: dict[tuple[Word, ...], Any] = {}
        uses: list[Use] = []
        while todo:
            product = max(todo, key=lambda words: sorted(map(self.algebra.key, words), reverse=True))
            c = todo.pop(product)
            for place, word in enumerate(product):
                beside = product[:place] + product[place + 1 :]
                found = self._turn(word)
                if found:
                    rest, steps = found
                    for new, d in rest.items():
                        add_to(todo, tuple(sorted((*beside, new))) if new else beside, c * d)
                    uses += self.uses([(c * d, u, i, v) for d, u, i, v in steps], beside)
                    break
            else:
                add_to(done, product, c)
        return {w: c for w, c in done.items() if not self.algebra.scalars.vanishes(c)}, tuple(uses)

    def _turn(self, word: Word) -> tuple[Terms, Steps] | None:
        """Rewrite one rotation of a word so that only smaller traces are left."""
        algebra, one = self.algebra, self.algebra.scalars.one
        flipped = tuple(algebra.flip[x] for x in reversed(word))
        turns = [w[k:] + w[:k] for w in (word, flipped) for k in range(len(word))]
        plain = ((turned, *self.engine.reduce({turned: one})) for turned in turns)
        inserted = (answer for turned in turns for answer in self._inserted(turned))
        for turned, rest, steps in chain(plain, inserted):
            if not steps:
                continue
            out: Terms = {}
            for new, c in rest.items():
                size = one if new else algebra.scalars.into(algebra.letters[turned[0]].rows)
                add_to(out, algebra.cycle(new), c * size)
            if word in out:  # the trace came back: solve for it
                back = one - out.pop(word)
                if not back:
                    continue
                out = {w: c / back for w, c in out.items()}
                steps = [(c / back, u, i, v) for c, u, i, v in steps]
            if all(algebra.key(new) < algebra.key(word) for new in out):
                return out, steps
        return None

    def _inserted(self, word: Word) -> Iterator[tuple[Word, Terms, Steps]]:
        """Write a trace as tr(Y w X) for every rule X Y = scalar, reduced."""
        algebra, engine = self.algebra, self.engine
        for number in sorted(engine.active):
            rule = engine.rules[number]
            if set(rule.rest) != {()} or algebra.letters[rule.lead[0]].rows != algebra.letters[word[0]].rows:
                continue
            scale = algebra.scalars.one / rule.rest[()]
            for k in range(1, len(rule.lead)):
                turned = rule.lead[k:] + word + rule.lead[:k]
                rest, steps = engine.reduce({turned: -scale})
                yield turned, rest, [(scale, word, number, ()), *steps]

    def uses(self, steps: Steps, beside: tuple[Word, ...] = ()) -> tuple[Use, ...]:
        """Certificate of steps in the original relations."""
        algebra, found = self.algebra, self.engine.certificate(steps)
        around = tuple(algebra.word(w) for w in beside)
        return tuple(
            Use(algebra.scalars.out(c), algebra.word(u), self.names[i], algebra.word(v), around)
            for (u, i, v), c in found.items()
        )


def as_zero(relation: Any) -> Any:
    """A relation as an expression that vanishes (``Eq`` is allowed)."""
    return relation.lhs - relation.rhs if isinstance(relation, Eq) else sympify(relation)


def split(relations: Named) -> Named:
    """Named relations without blocks: a block relation becomes one relation ``name[i,j]`` per block that is not zero."""
    out = []
    for name, relation in relations:
        zero = as_zero(relation)
        if not is_matrix(zero):
            raise ValueError(f"given: {name} is no matrix relation; put scalar definitions into let")
        grid = explode(zero)
        if isinstance(grid, list):
            out += [(f"{name}[{i},{j}]", e) for i, row in enumerate(grid, 1) for j, e in enumerate(row, 1)]
        else:
            out.append((name, zero))
    names = [name for name, _ in out]
    if any(name.endswith("^T") for name in names):
        raise ValueError(f"given: a name among {names} ends in ^T, which stands for the transposed relation")
    if len(set(names)) < len(names):
        raise ValueError(f"given: a name stands twice among {names}")
    return tuple(out)


def entrywise(expression: Any) -> Any:
    """Factors of entrywise products in one order: they commute."""
    if not expression.has(HadamardProduct):
        return expression
    return expression.replace(
        lambda e: isinstance(e, HadamardProduct), lambda e: HadamardProduct(*sorted(e.args, key=default_sort_key))
    )


def prove(
    lhs: Any,
    rhs: Any,
    *,
    given: Named = (),
    symmetric: Iterable[Any] = (),
    max_length: int = 12,
    max_steps: int = 400,
) -> Proof:
    """Decide ``lhs = rhs`` for matrices of any size, block matrices, or scalars made of traces.

    Parameters
    ----------
    lhs, rhs : matrix expressions of one shape, or scalars with `Trace`.
    given : pairs ``(name, expression)``, each expression zero; block relations are split into ``name[i,j]``.
    symmetric : matrix symbols with ``X.T = X``.
    max_length : longest overlap of two rules that is looked at.
    max_steps : number of critical pairs that are looked at.

    Returns
    -------
    Proof; never ok if the relations are found to contradict each other.

    Raises
    ------
    ValueError : shapes that differ, floats, a scalar relation, a plain matrix beside a block matrix.
    """
    lhs, rhs, symmetric = sympify(lhs), sympify(rhs), tuple(symmetric)
    given = tuple((name, as_zero(e)) for name, e in given)
    lhs, rhs, given = entrywise(lhs), entrywise(rhs), tuple((name, entrywise(e)) for name, e in given)
    if not (is_matrix(lhs) or is_matrix(rhs) or (lhs - rhs).has(Trace) or any(is_matrix(e) for _, e in given)):
        return prove_scalars(lhs, rhs, given)
    named = split(given)
    if is_matrix(lhs) or is_matrix(rhs):
        lhs, rhs = (ZeroMatrix(*other.shape) if e == 0 else e for e, other in ((lhs, rhs), (rhs, lhs)))
        if not (is_matrix(lhs) and is_matrix(rhs)) or lhs.shape != rhs.shape:
            raise ValueError(f"shape: {getattr(lhs, 'shape', 'scalar')} against {getattr(rhs, 'shape', 'scalar')}")
        pairs = _pairs(lhs, rhs)
    else:
        lhs, rhs = explode_trace(lhs), explode_trace(rhs)
        pairs = [("", lhs, rhs)]
    sides = [side for _, *both in pairs for side in both]
    everything = (*sides, *(e for _, e in named))
    symbols = {s for e in everything for s in e.atoms(MatrixSymbol)}
    sizes = () if is_matrix(lhs) else tuple({size for s in symbols for size in s.shape})  # traces of identities
    algebra = Algebra((*everything, *sizes), symmetric=symmetric)
    ideal = Ideal(algebra, [(name, algebra.encode(e)) for name, e in named], max_length, max_steps)
    parts = [(name, _decide(ideal, a, b)) for name, a, b in pairs]
    if len(parts) == 1 and not parts[0][0]:
        return parts[0][1]
    left = "; ".join(f"block {name}: {proof.residual}" for name, proof in parts if not proof.ok)
    return Proof(
        all(proof.ok for _, proof in parts),
        all(proof.complete for _, proof in parts),
        left,
        tuple(use for _, proof in parts for use in proof.uses),
        ideal.nonzero,
        tuple(((name, word), c) for name, proof in parts for word, c in proof.difference),
        lhs,
        rhs,
        tuple(parts),
    )


def _pairs(lhs: Any, rhs: Any) -> list[tuple[str, Any, Any]]:
    """Both sides block by block, or as they are."""
    if not has_blocks(lhs, rhs):
        return [("", lhs, rhs)]
    grid = explode(lhs - rhs)  # shapes of blocks are checked here
    if not isinstance(grid, list):
        return [("", lhs, rhs)]
    zero = [[ZeroMatrix(*e.shape) for e in row] for row in grid]
    return [(f"[{i + 1},{j + 1}]", entry, zero[i][j]) for i, row in enumerate(grid) for j, entry in enumerate(row)]


def _decide(ideal: Ideal, lhs: Any, rhs: Any) -> Proof:
    algebra = ideal.algebra
    uses: tuple[Use, ...]
    if is_matrix(lhs):
        terms = algebra.add(algebra.encode(lhs), algebra.encode(rhs), -1)
        rest, steps = ideal.reduce(terms)
        uses = ideal.uses(steps)
        difference = tuple(algebra.public(terms).items())
        left, complete = algebra.text(rest) if rest else "", ideal.complete
    else:
        traces = dict(algebra.encode_trace(lhs))
        for key, c in algebra.encode_trace(rhs).items():
            add_to(traces, key, -c)
        remaining, uses = ideal.reduce_trace(traces)
        out = algebra.scalars.out
        difference = tuple((tuple(algebra.word(w) for w in key), out(c)) for key, c in traces.items())
        complete = ideal.complete and not ideal.terms
        left = text({tuple(f"tr({text({algebra.word(w): 1})})" for w in key): out(c) for key, c in remaining.items()})
        left = left if remaining else ""
    if ideal.contradiction:
        return Proof(False, False, ideal.contradiction, (), ideal.nonzero, difference, lhs, rhs)
    return Proof(not left, complete or not left, left, uses if not left else (), ideal.nonzero, difference, lhs, rhs)

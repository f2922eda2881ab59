"""Certificates, and their re-check by expansion alone: nothing of rewriting or completion is used here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

from sympy import (
    Add,
    Dummy,
    Inverse,
    MatPow,
    Pow,
    Rational,
    Trace,
    Transpose,
    cancel,
    expand,
    fraction,
    rem,
    sympify,
    together,
    zoo,
)

from .algebra import poly, trace_poly
from .blocks import explode, explode_trace
from .scalars import is_matrix
from .spelling import Letter, Poly, text

PlainWord = tuple[Any, ...]
Named = tuple[tuple[str, Any], ...]
"""Named relations ``(name, expression)``, each expression zero."""


@dataclass(frozen=True)
class Use:
    """One use of a relation: ``scale * left * relation * right`` (inside a trace, and times the traces ``beside``)."""

    scale: Any
    left: tuple[Letter, ...]
    relation: str
    right: tuple[Letter, ...]
    beside: tuple[tuple[Letter, ...], ...] = ()

    def __str__(self) -> str:
        left, right = (text({word: 1}) + " " if word else "" for word in (self.left, self.right))
        return f"{self.scale} * {left}[{self.relation}] {right}".strip()


@dataclass(frozen=True)
class Proof:
    """What `prove` found; true as a Boolean if the identity holds.

    Parameters
    ----------
    ok : whether the difference is the sum of the uses.
    complete : whether what is left refutes the identity (for generic matrices); if not, the answer is unknown.
    residual : what is left of the difference, in readable words; ``''`` if ok.
    uses : which relation was used where. Empty with ok: an identity of the free algebra.
    nonzero : scalars that were divided by; the proof holds where none of them vanishes.
    difference : left minus right side, pairs ``(word, coefficient)``.
    lhs, rhs : the two sides.
    parts : proofs of the blocks, pairs ``("[i,j]", proof)``, for block matrices.
    """

    ok: bool
    complete: bool
    residual: str
    uses: tuple[Use, ...]
    nonzero: tuple[Any, ...]
    difference: tuple[tuple[Any, Any], ...]
    lhs: Any
    rhs: Any
    parts: tuple[tuple[str, Proof], ...] = ()

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        if self.ok:
            names = ", ".join(dict.fromkeys(use.relation for use in self.uses))
            how = f"{len(self.uses)} uses of {names}" if names else "expansion alone"
            given = f", if {', '.join(map(str, self.nonzero))} is not zero" if self.nonzero else ""
            return f"proved by {how}{given}"
        return f"{'refuted' if self.complete else 'not decided'}: left over {self.residual}"


def definitions(letter: Any, symmetric: tuple[Any, ...]) -> dict[str, Poly]:
    """Relations that define an inverse or a root, by name."""
    out: dict[str, Poly] = {}
    if isinstance(letter, Inverse):
        base = poly(letter.arg, symmetric)
        for side in ("right", "left"):
            terms = {(*word, letter) if side == "right" else (letter, *word): c for word, c in base.items()}
            out[f"{letter} {side}"] = {**terms, (): terms.get((), 0) - 1}
    elif isinstance(letter, MatPow):
        terms = {(letter,) * int(1 / letter.exp): sympify(1)}
        for word, c in poly(letter.base, symmetric).items():
            terms[word] = terms.get(word, 0) - c
        out[f"{letter} power"] = terms
    return out


def recheck(proof: Proof, given: Iterable[tuple[str, Any]], symmetric: Iterable[Any] = ()) -> bool:
    """Expand a certificate: the two sides differ by exactly the sum of the uses.

    Every coefficient must vanish identically, and again at a random rational point at which neither a denominator nor a
    scalar that was divided by vanishes (a hidden division by zero would otherwise pass as 0 = 0).

    Parameters
    ----------
    proof : from `prove`, `project` or `restrict`.
    given : the named relations, each zero; block relations are split as in `prove`.
    symmetric : matrix symbols with ``X.T = X``.
    """
    if not proof.ok:
        return False
    symmetric, given = tuple(symmetric), tuple(given)
    if not any(is_matrix(e) for e in (proof.lhs, *(e for _, e in given))) and not proof.lhs.has(Trace):
        return _scalar_holds(proof, dict(given))
    relations: dict[str, Any] = {}
    for name, relation in given:
        zero = relation.lhs - relation.rhs if hasattr(relation, "lhs") else relation
        grid = explode(zero)
        if isinstance(grid, list):
            relations |= {f"{name}[{i},{j}]": e for i, row in enumerate(grid, 1) for j, e in enumerate(row, 1)}
        else:
            relations[name] = zero
    if not proof.parts:
        return _holds(proof, proof.lhs, proof.rhs, relations, symmetric)
    grid = explode(proof.lhs - proof.rhs)
    blocks = {f"[{i},{j}]": e for i, row in enumerate(grid, 1) for j, e in enumerate(row, 1)}
    return set(blocks) == {name for name, _ in proof.parts} and all(
        part.ok and _holds(part, blocks[name], 0 * blocks[name], relations, symmetric) for name, part in proof.parts
    )


def _lookup(use: Use, relations: dict[str, Any], letters: set[Any], symmetric: tuple[Any, ...]) -> Any:
    """Words of a used relation and its shape; None if there is no such relation."""
    name = use.relation if use.relation in relations else use.relation.removesuffix("^T")
    if name in relations:
        terms, shape = poly(relations[name], symmetric), relations[name].shape
    else:
        found = {n: (terms, x.shape) for x in letters for n, terms in definitions(x, symmetric).items()}
        if name not in found:
            return None
        terms, shape = found[name]
    if name != use.relation:
        terms, shape = {_reverse(word, symmetric): c for word, c in terms.items()}, shape[::-1]
    return terms, shape


def _fits(word: PlainWord, rows: Any = None, cols: Any = None) -> bool:
    """Whether the letters can be multiplied, and the outer sizes are as stated."""
    inner = all(x.cols == y.rows for x, y in pairwise(word))
    return inner and (not word or (rows in (None, word[0].rows) and cols in (None, word[-1].cols)))


def _holds(proof: Any, lhs: Any, rhs: Any, relations: dict[str, Any], symmetric: tuple[Any, ...]) -> bool:
    traced = not is_matrix(lhs)
    total: dict[Any, list[Any]] = {}

    def add(key: Any, value: Any) -> None:
        form = tuple(sorted((_cycle(w, symmetric) for w in key), key=str)) if traced else _thin(key, symmetric)
        total.setdefault(form, []).append(value)

    words: list[PlainWord] = [word for use in proof.uses for word in (use.left, use.right)]
    for side, sign in ((lhs, 1), (rhs, -1)):
        terms = trace_poly(explode_trace(sympify(side)), symmetric) if traced else poly(side, symmetric)
        for key, c in terms.items():
            add(key, sign * c)
            words += key if traced else (key,)
    letters = {x.arg if isinstance(x, Transpose) else x for word in words for x in word}
    divided = list(proof.nonzero)
    for use in proof.uses:
        found = _lookup(use, relations, letters, symmetric)
        if found is None or not (_fits(use.left, cols=found[1][0]) and _fits(use.right, rows=found[1][1])):
            return False
        terms, shape = found
        divided.append(fraction(together(use.scale))[1])
        rows, cols = (use.left[0].rows if use.left else shape[0]), (use.right[-1].cols if use.right else shape[1])
        if (rows, cols) != ((rows, rows) if traced else lhs.shape):
            return False
        for word, c in terms.items():
            whole = use.left + word + use.right
            if not traced:
                add(whole, -use.scale * c)
            else:  # the trace of the identity is its size
                add((*use.beside, whole) if whole else use.beside, -use.scale * c * (1 if whole else rows))
    sums = [Add(*parts) for parts in total.values()]
    if any(expand(fraction(together(cancel(e)))[0]) != 0 for e in sums):
        return False
    symbols = {s for e in (*sums, *divided) for s in sympify(e).free_symbols}
    draw = Random(20240527)
    point = {s: Rational(draw.randint(100, 9999), draw.randint(100, 9999)) for s in sorted(symbols, key=str)}
    if any(sympify(e).xreplace(point) in (0, zoo) for e in divided):
        return False
    return all(Add(*(sympify(part).xreplace(point) for part in parts)).expand() == 0 for parts in total.values())


def _scalar_holds(proof: Any, relations: dict[str, Any]) -> bool:
    """The scalar case: roots become symbols whose powers are divided out."""
    if any(use.relation not in relations for use in proof.uses):
        return False
    roots: dict[Any, Any] = {}
    parts = [proof.lhs - proof.rhs, *(-use.scale * relations[use.relation] for use in proof.uses)]
    top = expand(fraction(together(Add(*(_rooted(sympify(e), roots) for e in parts))))[0])
    for (base, q), root in reversed(roots.items()):
        top = expand(fraction(together(rem(top, root**q - base, root)))[0])
    if top != 0:
        return False
    divided = [*proof.nonzero, *(fraction(together(use.scale))[1] for use in proof.uses)]
    symbols = {s for e in (*parts, *divided) for s in sympify(e).free_symbols}
    draw = Random(20240527)
    point = {s: Rational(draw.randint(100, 9999), draw.randint(100, 9999)) for s in sorted(symbols, key=str)}
    small = Rational(1, 10**25)
    total = Add(*(sympify(e).xreplace(point).evalf(40) for e in parts))
    return abs(total) < small and all(abs(sympify(e).xreplace(point).evalf(40)) > small for e in divided)


def _rooted(e: Any, roots: dict[Any, Any]) -> Any:
    """Replace roots by symbols, innermost first: ``roots`` maps ``(base, q)`` to the symbol of the q-th root."""
    if not e.args:
        return e
    args = [_rooted(part, roots) for part in e.args]
    if isinstance(e, Pow) and e.exp.is_Rational and not e.exp.is_Integer:
        key = (args[0], e.exp.q)
        return roots.setdefault(key, Dummy(f"root{len(roots)}")) ** e.exp.p
    return e.func(*args)


def _flip(letter: Any, symmetric: tuple[Any, ...]) -> Any:
    if isinstance(letter, Transpose):
        return letter.arg
    if letter in symmetric or letter.shape == (1, 1):
        return letter
    if isinstance(letter, MatPow) and letter.is_Matrix:
        base = letter.base
        if poly(base.T, symmetric) == poly(base, symmetric):
            return letter
    return Transpose(letter)


def _reverse(word: PlainWord, symmetric: tuple[Any, ...]) -> PlainWord:
    return tuple(_flip(x, symmetric) for x in reversed(word))


def _cycle(word: PlainWord, symmetric: tuple[Any, ...]) -> PlainWord:
    turns = [w[k:] + w[:k] for w in (word, _reverse(word, symmetric)) for k in range(len(word))]
    return min(turns, key=str, default=())


def _thin(word: PlainWord, symmetric: tuple[Any, ...]) -> PlainWord:
    """Sort the 1 x 1 factors of a word (they commute and equal their transposes)."""
    cuts = [k for k, x in enumerate(word) if x.rows == 1] + ([len(word)] if word and word[-1].cols == 1 else [])
    if len(cuts) < 2:
        return word
    parts = [min(p, _reverse(p, symmetric), key=str) for p in (word[i:j] for i, j in pairwise(cuts))]
    return word[: cuts[0]] + tuple(x for p in sorted(parts, key=str) for x in p) + word[cuts[-1] :]

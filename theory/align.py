"""Aligned modes: matrices that are diagonal in fixed frames reduce to one scalar equation per mode.

Frames have orthonormal columns and need not be square. A symmetric letter that commutes with the others of its kind *is* a
matrix that is diagonal in the frame, so that no index is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sympy import Identity, Mul, Symbol, factor

from .algebra import Algebra
from .answers import readable
from .certificate import Named, Proof
from .completion import Terms, product
from .formula import Let, letters
from .system import System
from .words import Ideal


@dataclass(frozen=True)
class Aligned:
    """One scalar equation per mode.

    Parameters
    ----------
    system : in one scalar per diagonal letter.
    proofs : pairs ``(item, proof that its rate or next value keeps the form)``.
    given, symmetric : what the proofs may use: pass them to `recheck`.
    """

    system: System
    proofs: tuple[tuple[Any, Proof], ...]
    given: Named
    symmetric: tuple[Any, ...]


@dataclass(frozen=True)
class NotAligned:
    """Some items do not keep their form: pairs ``(item, what is outside of the form)``."""

    residuals: tuple[tuple[Any, Any], ...]

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        parts = (f"the change of {item} leaves {readable(e)}" for item, e in self.residuals)
        return f"Not aligned: {'; '.join(parts)}."


def align(
    system: System,
    forms: Let,
    frames: Iterable[Any],
    diagonal: Iterable[Any],
    *,
    symmetric: Iterable[Any] = (),
    scalars: tuple[tuple[Any, Symbol], ...] = (),
    meaning: tuple[tuple[Any, str], ...] = (),
    id: str = "",
    title: str = "",
) -> Aligned | NotAligned:
    """Put matrices that are diagonal in fixed frames into a system and read off the scalar equations.

    Parameters
    ----------
    system : flow or map of matrices.
    forms : pairs ``(item, L*x*R.T + extra)``, one for every item, and for parameters and definitions that are aligned; x is a
        diagonal letter, L and R are frames or products of frames, extra has no diagonal letter.
    frames : matrix symbols with ``U.T*U = I``, constant in time.
    diagonal : square matrix symbols: symmetric, commuting.
    symmetric : further symmetric letters.
    scalars : symbols for the diagonal letters; default: real symbols of the same names.
    meaning : words for the scalars; default ``"<name> along one mode"``.

    Notes
    -----
    Two checks per item: the coordinate ``L.T*rate*R`` is a word in diagonal letters only, and the rate minus
    ``L*coordinate*R.T`` vanishes. With square frames the second one says nothing; the first one does.
    """
    frames, diagonal, forms = tuple(frames), tuple(diagonal), tuple(forms)
    table = dict(forms)
    lost = [item for item in system.items if item not in table]
    if lost:
        raise ValueError(f"forms: {system.id} needs a form for {', '.join(map(str, lost))}")
    given = (
        *((f"{u}^T {u} = I", u.T * u - Identity(u.cols)) for u in frames),
        *((f"{u} {u}^T = I", u * u.T - Identity(u.rows)) for u in frames if u.rows == u.cols),
        *((f"{x} {y} = {y} {x}", x * y - y * x) for k, x in enumerate(diagonal) for y in diagonal[k + 1 :]),
    )
    marks = {*system.symmetric, *symmetric, *diagonal}
    let = tuple((item, value) for item, value in system.let if item in table)
    values = {item: value.xreplace(dict(system.let)) if item not in table else value for item, value in system.let}
    free = {item: value for item, value in values.items() if item not in table}
    rates = [(item, rate.xreplace(free).xreplace(table)) for item, rate in system.equations]
    lets = [(item, value.xreplace(free).xreplace(table)) for item, value in let]
    algebra = Algebra(
        (*(e for _, e in (*rates, *lets, *forms)), *(e for _, e in given)), symmetric=marks, order=diagonal
    )
    ideal = Ideal(algebra, [(name, algebra.encode(e)) for name, e in given])
    if ideal.contradiction:
        raise ValueError(f"frames: {ideal.contradiction}")
    names = dict(scalars)
    names = {x: names.get(x, Symbol(str(x), real=True)) for x in diagonal}
    modes = [_mode(algebra, item, algebra.encode(table[item]), {*diagonal}) for item, _ in (*rates, *lets)]
    equations: list[tuple[Any, Any]] = []
    definitions: list[tuple[Any, Any]] = []
    proofs: list[tuple[Any, Proof]] = []
    residuals: list[tuple[Any, Any]] = []
    for (item, e), (x, left, right, extra) in zip((*rates, *lets), modes):
        moving = (item, e) in rates
        total = algebra.encode(e)
        offset: Terms = {} if moving and system.kind == "flow" else extra
        inner = product(product(algebra.transpose(left), algebra.add(total, offset, -1)), algebra.transpose(right))
        coordinate, _ = ideal.reduce(inner)
        whole = algebra.add(product(product(left, coordinate), right), offset)
        rest, steps = ideal.reduce(algebra.add(total, whole, -1))
        if rest or any(algebra.symbol(k) not in diagonal for word in coordinate for k in word):
            residuals.append((item, algebra.decode(rest or coordinate, item.shape if rest else x.shape)))
            continue
        value = sum(algebra.scalars.out(c) * Mul(*(names[algebra.symbol(k)] for k in w)) for w, c in coordinate.items())
        (equations if moving else definitions).append((names[x], factor(value)))
        difference = tuple(algebra.public(algebra.add(total, whole, -1)).items())
        rhs = algebra.decode(whole, item.shape)
        proof = Proof(True, True, "", ideal.uses(steps), ideal.nonzero, difference, e, rhs)
        proofs.append((item, proof))
    if residuals:
        return NotAligned(tuple(residuals))
    used = letters(system.time, *(part for pair in (*equations, *definitions) for part in pair))
    words = {**dict(system.meaning), **{s: f"{x} along one mode" for x, s in names.items()}, **dict(meaning)}
    scalar = System(
        id or f"{system.id}-aligned", title or f"{system.title}, one aligned mode", system.kind, system.time,
        tuple(equations), tuple((s, what) for s, what in words.items() if s in used)
        + tuple((s, "parameter of the form") for s in sorted(used - {*words}, key=str)),
        system.source, let=tuple(definitions), assuming=system.assuming,
    )  # fmt: skip
    return Aligned(scalar, tuple(proofs), given, tuple(sorted(marks, key=str)))


def _mode(algebra: Algebra, item: Any, terms: Terms, diagonal: set[Any]) -> tuple[Any, Terms, Terms, Terms]:
    """Split ``L*x*R.T + extra``: the diagonal letter, L, R.T and extra."""
    one = algebra.scalars.one
    found = [(word, c) for word, c in terms.items() if any(algebra.symbol(k) in diagonal for k in word)]
    places = [k for word, _ in found for k, x in enumerate(word) if algebra.symbol(x) in diagonal]
    if len(found) != 1 or len(places) != 1 or found[0][1] != one:
        raise ValueError(f"forms: {item} is not of the form L*x*R.T + extra with one diagonal letter x")
    word, k = found[0][0], places[0]
    return algebra.symbol(word[k]), {word[:k]: one}, {word[k + 1 :]: one}, {w: c for w, c in terms.items() if w != word}

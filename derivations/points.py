"""Random points inside the domain, and expressions at points, to any number of digits: the twin of every proof.

Base letters get exact rational values, so that the same point can be evaluated again with more digits: a difference that
is zero up to rounding shrinks with the digits, one that is not stays. Matrix points are rectangular both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

import mpmath
import sympy
from sympy import Idx, IndexedBase, Integer, MatrixSymbol, Rational, Symbol, sympify
from sympy.core.function import AppliedUndef, UndefinedFunction

from ..theory.formula import Let, letters, unroll
from .evaluate import Family, NoPoint, evaluate, holds, number, plain

__all__ = ["Family", "NoPoint", "Point", "concrete", "evaluate", "extend", "number", "sample", "shown"]

Point = dict[Any, Any]
"""Letter -> exact number, mpmath number, matrix, or `Family`."""


def _sizes(names: list[Any], rng: Random, place: int) -> Point:
    """Different sizes, (2, 3) or (3, 2) for the first two that are no width, 4 to 6 for a width."""
    ends = [2, 3, 4, 5, 6] if place % 2 == 0 else [3, 2, 5, 4, 6]
    sizes: Point = {}
    for name in names:
        wide = str(name)[:1] in "wh"
        sizes[name] = Integer(
            rng.randint(4, 6) if wide else ends[len([s for s in sizes if str(s)[:1] not in "wh"]) % 5]
        )
    return sizes


def _sign(name: Any, place: int, turn: int) -> int:
    """Both signs within the first two points; later on, and where relations refuse that, chance decides."""
    return (-1) ** (place + Random(str(name)).randint(0, 1)) if place < 2 and turn < 20 else 0


def _matrix(symbol: Any, sizes: Point, rng: Random, symmetric: bool) -> Any:
    rows, columns = (int(size.xreplace(sizes)) for size in symbol.shape)
    entries = [[Rational(rng.randint(-997, 997), 499) for _ in range(columns)] for _ in range(rows)]
    if symmetric:
        entries = [[entries[min(i, j)][max(i, j)] for j in range(columns)] for i in range(rows)]
    return sympy.ImmutableDenseMatrix(entries)


def sample(
    letters_: Iterable[Any],
    assuming: Iterable[Any] = (),
    seed: int | Random = 0,
    digits: int = 30,
    let: Let = (),
    *,
    symmetric: Iterable[Any] = (),
    tries: int = 400,
) -> Point:
    """Draw a point from the assumptions of the letters and from relations.

    Parameters
    ----------
    letters_ : symbols, matrix symbols, indexed bases; symbols of shapes are added.
    assuming : relations that the point satisfies.
    seed : seed or generator; seeds of different parity give different orders of the two outer sizes.
    digits : digits of the values of definitions.
    let : ordered definitions; their items are evaluated, not drawn.
    symmetric : matrix letters that get symmetric matrices.
    tries : number of draws before giving up.

    Returns
    -------
    Letter -> value: exact for drawn letters.

    Raises
    ------
    NoPoint : (a ValueError) no point found that satisfies the relations.
    """
    place = seed if isinstance(seed, int) else seed.randint(0, 1)
    rng = Random(seed) if isinstance(seed, int) else seed
    assuming, symmetric = tuple(assuming), set(symmetric)
    defined = {item for item, _ in let}
    names = set(letters_) | letters(*assuming, *(value for _, value in let))
    names |= {size for name in names if isinstance(name, MatrixSymbol) for size in letters(*map(sympify, name.shape))}
    names -= defined
    shapes = {s for n in names if isinstance(n, MatrixSymbol) for size in n.shape for s in size.free_symbols}
    shapes |= {
        s for item in defined if isinstance(item, MatrixSymbol) for size in item.shape for s in size.free_symbols
    }
    relations = [unroll(relation, let) for relation in assuming]
    compared = letters(*(r for r in relations if getattr(r, "is_Relational", False)))
    ordered = sorted(names - shapes, key=str)
    for turn in range(tries):
        point = _sizes(sorted(shapes, key=str), rng, place)
        for name in ordered:
            if isinstance(name, MatrixSymbol):
                point[name] = _matrix(name, point, rng, name in symmetric)
            elif isinstance(name, IndexedBase):
                point[name] = Family(name, rng.randint(0, 10**9))
            elif isinstance(name, Idx):
                point[name] = Integer(rng.randint(0, 1))
            elif isinstance(name, Symbol):
                point[name] = number(name, rng, name in compared, min(turn // 40, 3), _sign(name, place, turn))
        for relation in relations if turn % 2 else ():
            _push(relation, point, rng)
        if all(holds(relation, point, digits) for relation in relations):
            return extend(point, let, digits)
    raise NoPoint(f"assuming: no point found in {tries} draws that satisfies {', '.join(map(str, assuming))}")


def _push(relation: Any, point: Point, rng: Random) -> None:
    """Move a letter that stands alone on one side of a failing inequality to the right side of the other."""
    if getattr(relation, "rel_op", None) not in (">", ">=", "<", "<=") or holds(relation, point, 15):
        return
    less, more = relation.args if relation.rel_op[0] == "<" else relation.args[::-1]
    for letter, other, sign in ((less, more, -1), (more, less, 1)):
        if isinstance(letter, Symbol) and letter in point and letter not in other.free_symbols:
            try:
                edge = mpmath.re(evaluate(other, point, 15))
            except NoPoint:
                continue
            edge = Rational(str(mpmath.nstr(edge, 12)))
            gap = abs(number(Symbol("gap", positive=True), rng))
            value = edge * gap / (1 + gap) if sign < 0 and edge > 0 and rng.random() < 0.7 else edge + sign * gap
            if _may_be(letter, value):
                point[letter] = value
                return


def _may_be(letter: Symbol, value: Any) -> bool:
    """Whether the assumptions of a letter allow a rational value; whole numbers are left to chance."""
    kinds = ("positive", "negative", "nonnegative", "nonpositive", "nonzero")
    barred = letter.is_integer or letter.is_real is False
    return not barred and all(getattr(value, f"is_{kind}") for kind in kinds if letter.assumptions0.get(kind))


def extend(point: Mapping[Any, Any], let: Let, digits: int = 30) -> Point:
    """The point with the values of ordered definitions."""
    out = dict(point)
    for item, value in let:
        out[item] = evaluate(value, out, digits)
    return out


def concrete(expressions: tuple[Any, ...], seed: int) -> tuple[Any, ...]:
    """Expressions with every opaque function replaced by a random cubic, so that they have values."""
    functions = {f for e in expressions for f in getattr(e, "atoms", lambda *_: ())(AppliedUndef)}
    heads = sorted({f.func for f in functions}, key=str)
    if not heads:
        return expressions
    table: dict[UndefinedFunction, Any] = {}
    for head in heads:
        places = max(len(f.args) for f in functions if f.func is head)
        slots = [sympy.Dummy() for _ in range(places)]
        rng = Random(f"{seed}{head}")
        body = sum(Rational(rng.randint(1, 99), 31) * (1 + sum(slots)) ** k for k in range(4))
        body += sum(Rational(rng.randint(1, 99), 17) * slot**2 for slot in slots)
        table[head] = sympy.Lambda(tuple(slots), body)
    return tuple(e.subs(table).doit() if hasattr(e, "subs") and e.has(*heads) else e for e in expressions)


def shown(point: Mapping[Any, Any], digits: int = 8) -> tuple[tuple[str, str], ...]:
    """A point for reading: pairs ``(letter, value)``, by name."""

    def text(value: Any) -> str:
        if isinstance(value, Family):
            return f"[{', '.join(text(value.at((k,) * 1)) for k in range(3))}, ...]"
        if getattr(value, "is_Integer", False):
            return str(value)
        value = plain(value)
        if isinstance(value, mpmath.matrix):
            rows = ("[" + ", ".join(mpmath.nstr(v, 4) for v in row) + "]" for row in value.tolist())
            return "[" + ", ".join(rows) + "]"
        return str(mpmath.nstr(value, digits))

    return tuple((str(letter), text(value)) for letter, value in sorted(point.items(), key=lambda pair: str(pair[0])))

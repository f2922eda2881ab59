"""Faces of the arrangement of the hyperplanes at right angles to data points, in exact arithmetic, any dimension.

A face is the set of all w with given signs of ``<w, x_k>``. Degenerate positions are allowed: parallel points, more points
on a hyperplane than its dimension, points that do not span the space. There the algorithm needs no linear program: a cone
that is pointed (up to the directions that no point sees) has an extreme ray, and rays are null vectors of subsets of points.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from itertools import combinations
from math import comb, lcm
from typing import Any

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

Signs = tuple[int, ...]
Row = tuple[Fraction, ...]

MOST_SUBSETS = 300_000
"""Most subsets of points whose null vectors are computed: about a minute."""


@dataclass(frozen=True, order=True)
class Face:
    """A face of the arrangement.

    Parameters
    ----------
    dimension : of its span; 1 for rays, d for open cones.
    signs : of ``<w, x_k>``, each -1, 0 or 1.
    """

    dimension: int
    signs: Signs


def exact(value: Any, what: str = "value") -> Fraction:
    """The rational number that a value is: a float counts as the binary fraction it holds; ValueError if not finite."""
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    try:
        return Fraction(value)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"{what}: {value!r}; a finite number is needed") from error


def exact_rows(points: Iterable[Iterable[Any]]) -> tuple[Row, ...]:
    """Points as rows of fractions.

    Raises
    ------
    ValueError : no point, points of different or no length, a number that is not finite, a zero point.
    """
    rows = tuple(tuple(exact(value, f"point {k}") for value in point) for k, point in enumerate(points, 1))
    if not rows or not rows[0]:
        raise ValueError("points: none; at least one point with at least one feature is needed")
    for k, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise ValueError(f"point {k}: has {len(row)} features, point 1 has {len(rows[0])}")
        if not any(row):
            raise ValueError(f"point {k}: all features are zero, so it has no hyperplane and no effect; leave it out")
    return rows


def dot(one: Sequence[Any], two: Sequence[Any]) -> Any:
    """Inner product."""
    return sum(left * right for left, right in zip(one, two))


def sign(value: Any) -> int:
    """-1, 0 or 1."""
    return (value > 0) - (value < 0)


def matrix(rows: Sequence[Sequence[Any]], width: int) -> Any:
    """Rows as SymPy's dense matrix of rationals."""
    entries = [[QQ(value.numerator, value.denominator) for value in row] for row in rows]
    return DomainMatrix(entries, (len(rows), width), QQ)


def fractions(values: Iterable[Any]) -> Row:
    """Numbers of SymPy's rational field as fractions."""
    return tuple(Fraction(int(value.numerator), int(value.denominator)) for value in values)


def pivots(rows: Sequence[Sequence[Any]], width: int) -> tuple[int, ...]:
    """Columns that span the columns of a matrix."""
    return tuple(matrix(rows, width).rref()[1]) if rows else ()


def face_count(n: int, d: int, k: int) -> int:
    """Number of k-dimensional faces, 1 <= k <= d, of n >= d points in general position."""
    return 2 * comb(n, d - k) * sum(comb(n - d + k - 1, i) for i in range(k))


class Arrangement:
    """Rays, sign vectors and ranks of subsets of points, each computed once.

    Parameters
    ----------
    points : rows; may be empty.
    d : number of features.

    Raises
    ------
    ValueError : more than `MOST_SUBSETS` subsets of points would have to be looked at.
    """

    def __init__(self, points: Sequence[Row], d: int) -> None:
        self.d = d
        # Positive multiples have the same signs; integers are faster than fractions.
        scales = [lcm(*(value.denominator for value in row)) for row in points]
        self.rows = tuple(tuple(int(value * scale) for value in row) for row, scale in zip(points, scales))
        self.all = tuple(range(len(self.rows)))
        self._pivots: dict[Signs, tuple[int, ...]] = {}
        self._rays: dict[Signs, tuple[Signs, ...]] = {}
        self._covectors: dict[Signs, frozenset[Signs]] = {}
        subsets = comb(len(points), max(self.rank(self.all) - 1, 0))
        if subsets > MOST_SUBSETS:
            raise ValueError(
                f"points: {len(points)} of rank {self.rank(self.all)} have {subsets} candidate rays; "
                f"at most {MOST_SUBSETS} are allowed"
            )

    def rank(self, chosen: Signs) -> int:
        """Rank of the points with the given numbers."""
        return len(self.columns(chosen))

    def columns(self, chosen: Signs) -> tuple[int, ...]:
        """Features that span all features of the chosen points."""
        if chosen not in self._pivots:
            self._pivots[chosen] = pivots([self.rows[k] for k in chosen], self.d)
        return self._pivots[chosen]

    def signs(self, w: Sequence[Any], chosen: Signs | None = None) -> Signs:
        """Signs of ``<w, x_k>`` at the chosen points."""
        return tuple(sign(dot(w, self.rows[k])) for k in (self.all if chosen is None else chosen))

    def rays(self, chosen: Signs) -> tuple[Signs, ...]:
        """One vector v of each pair of rays v, -v of the arrangement of the chosen points (integers, d entries)."""
        if chosen not in self._rays:
            columns = self.columns(chosen)
            found: dict[Signs, Signs] = {}
            for subset in combinations(chosen, max(len(columns) - 1, 0)) if columns else ():
                null = self._null(subset, columns)
                if null is not None:
                    signs = self.signs(null, chosen)
                    first = next(value for value in signs if value)
                    found.setdefault(tuple(first * value for value in signs), tuple(first * value for value in null))
            self._rays[chosen] = tuple(found.values())
        return self._rays[chosen]

    def _null(self, subset: Signs, columns: Signs) -> Signs | None:
        """Vector in the span of the given features at right angles to all points of a subset; None if there are several."""
        if len(columns) == 1:
            values: Sequence[Any] = (1,)
        elif len(columns) == 2:
            x, y = (self.rows[subset[0]][column] for column in columns)
            values = (-y, x)
            if not (x or y):
                return None
        else:
            null = matrix([[self.rows[k][column] for column in columns] for k in subset], len(columns)).nullspace()
            if null.shape[0] != 1:
                return None
            entries = fractions(null.to_list()[0])
            scale = lcm(*(value.denominator for value in entries))
            values = [int(value * scale) for value in entries]
        placed = dict(zip(columns, values))
        return tuple(placed.get(column, 0) for column in range(self.d))

    def covectors(self, chosen: Signs) -> frozenset[Signs]:
        """Sign vectors of all faces of the arrangement of the chosen points, the zero vector among them."""
        if chosen not in self._covectors:
            plane = self.rank(chosen) == 2
            self._covectors[chosen] = frozenset(self._around(chosen) if plane else self._gathered(chosen))
        return self._covectors[chosen]

    def _gathered(self, chosen: Signs) -> Iterable[Signs]:
        yield (0,) * len(chosen)
        for ray in self.rays(chosen):
            signs = self.signs(ray, chosen)
            zeros = tuple(k for k, value in zip(chosen, signs) if not value)
            for local in self.covectors(zeros):
                for turn in (1, -1):
                    inner = iter(local)
                    yield tuple(turn * value or next(inner) for value in signs)

    def _around(self, chosen: Signs) -> Iterable[Signs]:
        """Rank two: walk once around the circle, switching the points of each ray that is passed."""
        yield (0,) * len(chosen)
        i, j = self.columns(chosen)
        half = [(ray[i], ray[j]) for ray in self.rays(chosen)]
        rays = sorted([*half, *((-x, -y) for x, y in half)], key=cmp_to_key(_by_angle))
        flat = [(self.rows[k][i], self.rows[k][j]) for k in chosen]
        behind: dict[tuple[int, int], list[int]] = {ray: [] for ray in rays}
        place = {_lowest(ray): ray for ray in rays}
        for slot, (x, y) in enumerate(flat):
            for turn in (1, -1):
                behind[place[_lowest((-turn * y, turn * x))]].append(slot)
        current = [sign(dot(point, rays[0])) for point in flat]
        for ray in rays:
            for slot in behind[ray]:
                current[slot] = 0
            yield tuple(current)
            for slot in behind[ray]:
                current[slot] = sign(dot(flat[slot], (-ray[1], ray[0])))
            yield tuple(current)

    def faces(self) -> tuple[Face, ...]:
        """All faces of dimension 1 to d."""
        found = []
        for signs in self.covectors(self.all):
            dimension = self.d - self.rank(tuple(k for k, value in enumerate(signs) if not value))
            if dimension:
                found.append(Face(dimension, signs))
        return tuple(sorted(found))


def _lowest(vector: tuple[int, int]) -> tuple[Fraction, int]:
    """A name of the direction of a vector in the plane: slope and side."""
    x, y = vector
    return (Fraction(y, x), sign(x)) if x else (Fraction(0), 2 * sign(y))


def _by_angle(one: tuple[int, int], two: tuple[int, int]) -> int:
    """Order of two directions around the circle, from the positive first axis counter-clockwise."""
    lower = [(y < 0 or (y == 0 and x < 0)) for x, y in (one, two)]
    return lower[0] - lower[1] or sign(one[1] * two[0] - one[0] * two[1])


def faces(points: Iterable[Iterable[Any]]) -> tuple[Face, ...]:
    """All faces, of dimension 1 to d, of the arrangement of the hyperplanes ``<w, x_k> = 0``.

    Parameters
    ----------
    points : n rows of d numbers, exact ones or floats (taken as the binary fractions that they hold).

    Returns
    -------
    tuple of Face : by dimension, then by signs.

    Raises
    ------
    ValueError : bad points, or too many subsets of points.
    """
    rows = exact_rows(points)
    return Arrangement(rows, len(rows[0])).faces()

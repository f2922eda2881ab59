"""All extremal vectors of a data set, exactly: one projection for each face of the arrangement of its hyperplanes.

While outputs are negligible, a neuron of sign s climbs ``s G`` on the sphere, ``G(w) = 1/n sum_k y_k relu(<w, x_k>)``. An
extremal vector is a D in the subdifferential of G at a w that is parallel to it (kind 1), antiparallel (kind -1), or D = 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from .faces import Arrangement, Face, Row, Signs, dot, exact, exact_rows, fractions, matrix, sign


@dataclass(frozen=True)
class Potential:
    """``G(w) = <drift, w> + sum_k strength_k relu(<w, wall_k>)``: every hyperplane once, every strength nonzero.

    Points on one ray add up: ``x_l = c x_k`` with c > 0 adds ``c y_l`` to the label of ``x_k``; with c < 0 it adds
    ``|c| y_l`` as well, and a term linear in w, since ``relu(-u) = relu(u) - u``. Hyperplanes whose strengths cancel go.

    Parameters
    ----------
    points, labels : the data, n x d and n.
    drift : d numbers.
    walls, strengths : inputs that stand for the hyperplanes, and what each adds to D where it is active, divided by n.
    place : for each point its wall and the sign of its multiple; None if that hyperplane has gone.
    """

    points: tuple[Row, ...]
    labels: Row
    drift: Row
    walls: tuple[Row, ...]
    strengths: Row
    place: tuple[tuple[int, int] | None, ...]

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.drift)

    @cached_property
    def arrangement(self) -> Arrangement:
        """Arrangement of the walls."""
        return Arrangement(self.walls, self.d)

    def on(self, signs: Signs) -> Row:
        """Driving vector D where the walls have the given signs (0 counts as not active)."""
        total = list(self.drift)
        for value, strength, wall in zip(signs, self.strengths, self.walls):
            if value > 0:
                total = [entry + strength * feature for entry, feature in zip(total, wall)]
        return tuple(total)

    def value(self, w: Sequence[Any]) -> Any:
        """G(w)."""
        outputs = (dot(w, wall) for wall in self.walls)
        return dot(w, self.drift) + sum(k * u for k, u in zip(self.strengths, outputs) if u > 0)


@dataclass(frozen=True)
class Extremal:
    """An extremal vector and the face on which it is one.

    Parameters
    ----------
    face : of the arrangement of the walls of the potential.
    vector : D, exact.
    kind : 1 if the face contains the direction of D, -1 if that of -D, 0 if D = 0.
    shares : for each wall of the face the share of its strength in D, 0 to 1; None if they are not unique.
    pattern : signs at all n points of the directions w, one of ``+-0``; ``?`` where the face (D = 0) leaves it open.
    """

    face: Face
    vector: Row
    kind: int
    shares: Row | None
    pattern: str

    @property
    def direction(self) -> Row:
        """Where neurons rest: kind times D, not normalised; zeros if D = 0."""
        return tuple(self.kind * value for value in self.vector)

    @property
    def square(self) -> Fraction:
        """``|D|^2``, exact."""
        return Fraction(dot(self.vector, self.vector))


def potential(points: Iterable[Iterable[Any]], labels: Iterable[Any]) -> Potential:
    """The potential of a data set, without repeated hyperplanes.

    Raises
    ------
    ValueError : bad points, another number of labels, labels that are all zero, or data that cancel so that G = 0.
    """
    rows = exact_rows(points)
    ys = tuple(exact(value, f"label {k}") for k, value in enumerate(labels, 1))
    if len(ys) != len(rows):
        raise ValueError(f"labels: {len(ys)} for {len(rows)} points; one label for each point is needed")
    if not any(ys):
        raise ValueError("labels: all are zero, so every direction is at rest; at least one nonzero label is needed")
    n = len(rows)
    groups: dict[Row, list[int]] = {}
    for k, row in enumerate(rows):
        first = next(value for value in row if value)
        groups.setdefault(tuple(value / first for value in row), []).append(k)
    drift = [Fraction(0)] * len(rows[0])
    walls: list[Row] = []
    strengths: list[Fraction] = []
    place: list[tuple[int, int] | None] = [None] * n
    for members in groups.values():
        wall = rows[members[0]]
        axis = next(i for i, value in enumerate(wall) if value)
        ratios = [rows[k][axis] / wall[axis] for k in members]
        strength = sum((abs(c) * ys[k] for c, k in zip(ratios, members)), Fraction(0)) / n
        for c, k in zip(ratios, members):
            if c < 0:
                drift = [entry + ys[k] * feature / n for entry, feature in zip(drift, rows[k])]
            if strength:
                place[k] = (len(walls), sign(c))
        if strength:
            walls.append(wall)
            strengths.append(strength)
    if not walls and not any(drift):
        raise ValueError("labels: points on the same rays cancel, so every direction is at rest")
    return Potential(rows, ys, tuple(drift), tuple(walls), tuple(strengths), tuple(place))


@dataclass(frozen=True)
class Projector:
    """Projection at right angles to the walls of a face."""

    chosen: Signs
    basis: tuple[int, ...]
    inverse: tuple[Row, ...]

    @classmethod
    def of(cls, G: Potential, chosen: Signs) -> Projector:
        """For the walls with the given numbers; a basis of them is enough."""
        rows = [G.walls[k] for k in chosen]
        columns = tuple(zip(*rows)) if rows else ()
        basis = tuple(chosen[i] for i in matrix(columns, len(rows)).rref()[1]) if rows else ()
        gram = [[dot(G.walls[k], G.walls[l]) for l in basis] for k in basis]
        inverse = matrix(gram, len(basis)).inv().to_list() if basis else []
        return cls(chosen, basis, tuple(fractions(row) for row in inverse))

    def split(self, G: Potential, D: Row) -> tuple[Row, Row]:
        """The part of D at right angles to the walls, and the coefficients of the rest on the basis."""
        products = [dot(G.walls[k], D) for k in self.basis]
        weights = tuple(Fraction(dot(row, products)) for row in self.inverse)
        rest = list(D)
        for weight, k in zip(weights, self.basis):
            rest = [entry - weight * feature for entry, feature in zip(rest, G.walls[k])]
        return tuple(rest), weights


def tilt(G: Potential, chosen: Signs, part: Row, s: int, turn: Sequence[Any]) -> Fraction:
    """Slope at a face of ``s G``, less that of its vector, in the direction ``turn`` across the chosen walls.

    ``part`` is ``D_A - D_F``. Along the face the slope vanishes, so only the parts along the walls count.
    """
    slope = dot(part, turn)
    for k in chosen:
        slope += G.strengths[k] * max(dot(G.walls[k], turn), 0)
    return Fraction(s * slope)


def _reaches(G: Potential, chosen: Signs, part: Row) -> bool:
    """Whether ``-part`` is a sum of shares in [0, 1] of the chosen walls: a zonotope contains 0.

    Its support function is linear on every cone of the arrangement of the chosen walls; it is >= 0 if it is at the rays.
    """
    for ray in G.arrangement.rays(chosen):
        for turn in (1, -1):
            support = turn * dot(part, ray)
            for k in chosen:
                support += max(turn * G.strengths[k] * dot(G.walls[k], ray), 0)
            if support < 0:
                return False
    return True


def _pattern(G: Potential, face: Face, w: Row) -> str:
    if any(w):
        return "".join("-0+"[sign(dot(w, point)) + 1] for point in G.points)
    found = ("?" if place is None else "-0+"[place[1] * face.signs[place[0]] + 1] for place in G.place)
    return "".join(found)


def extremal_vectors(G: Potential) -> tuple[Extremal, ...]:
    """All extremal vectors of a data set, exact.

    Parameters
    ----------
    G : from `potential`.

    Returns
    -------
    tuple of Extremal : longest first. Faces with D = 0 appear only where they do not bound a larger one.

    Notes
    -----
    D on a face is the projection of ``D_A`` (active walls) at right angles to the walls of the face; it is extremal if the
    shares of these walls in D lie in [0, 1] and its signs are those of the face, or their opposites. Where the walls of a
    face are dependent the shares are not unique; whether there are any in [0, 1] is decided at the rays of these walls.
    """
    projectors: dict[Signs, Projector] = {}
    found = []
    for face in G.arrangement.faces():
        chosen = tuple(k for k, value in enumerate(face.signs) if not value)
        if chosen not in projectors:
            projectors[chosen] = Projector.of(G, chosen)
        projector = projectors[chosen]
        start = G.on(face.signs)
        D, weights = projector.split(G, start)
        kinds = [0] if not any(D) else []
        if not kinds:
            signs = G.arrangement.signs(D)
            kinds = [kind for kind in (1, -1) if all(kind * a == b for a, b in zip(signs, face.signs))]
        if not kinds:
            continue
        shares = None
        if len(projector.basis) == len(chosen):
            shares = tuple(-weight / G.strengths[k] for weight, k in zip(weights, chosen))
            inside = all(0 <= share <= 1 for share in shares)
        else:
            inside = _reaches(G, chosen, tuple(a - b for a, b in zip(start, D)))
        if inside:
            for kind in kinds:
                w = tuple(kind * value for value in D)
                found.append(Extremal(face, D, kind, shares, _pattern(G, face, w)))
    flat = [one.face for one in found if not one.kind]
    kept = [one for one in found if one.kind or not any(bounds(one.face, face) for face in flat)]
    return tuple(sorted(kept, key=lambda one: (-one.square, one.face)))


def bounds(one: Face, other: Face) -> bool:
    """Whether a face lies on the boundary of another."""
    return one != other and all(a in (0, b) for a, b in zip(one.signs, other.signs))

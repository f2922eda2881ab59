"""Which extremal vectors attract neurons, exactly, for either sign of the output weight.

Balanced directions climb ``s G`` on the sphere, so the attractors are its strict local maxima, and flat sets of maxima
(D = 0, the dead neurons). Across the walls of a face, ``s G`` is piecewise linear; whether it falls in all directions is
decided at the rays of the arrangement of these walls.
"""

from __future__ import annotations

from dataclasses import dataclass

from .extremal import Extremal, Potential, Projector, bounds, extremal_vectors, tilt
from .faces import Face


@dataclass(frozen=True)
class Attraction:
    """Whom an extremal vector attracts.

    Parameters
    ----------
    extremal : the vector.
    balanced : signs s of the output weights of neurons with ``|a| = |w|`` that it attracts.
    dominated : signs s of neurons with ``|a| > |w|`` that it attracts.
    """

    extremal: Extremal
    balanced: tuple[int, ...]
    dominated: tuple[int, ...]

    @property
    def balanced_only(self) -> tuple[int, ...]:
        """Signs of neurons that it attracts only if they are balanced exactly; other ones pass through w = 0 and leave."""
        return tuple(s for s in self.balanced if s not in self.dominated)


def _falls(G: Potential, face: Face, s: int) -> tuple[bool, bool]:
    """Whether ``s G`` falls or stays level in all directions across the walls of a face; whether it falls in all of them."""
    chosen = tuple(k for k, value in enumerate(face.signs) if not value)
    start = G.on(face.signs)
    D, _ = Projector.of(G, chosen).split(G, start)
    part = tuple(a - b for a, b in zip(start, D))
    rays = G.arrangement.rays(chosen)
    slopes = [tilt(G, chosen, part, s, tuple(turn * value for value in ray)) for ray in rays for turn in (1, -1)]
    return all(slope <= 0 for slope in slopes), all(slope < 0 for slope in slopes)


def attracts(G: Potential, extremal: Extremal, s: int, *, dominated: bool = False) -> bool:
    """Whether an extremal vector attracts the neurons near it.

    Parameters
    ----------
    G, extremal : the potential, and one of its extremal vectors.
    s : sign of the output weight, 1 or -1.
    dominated : whether ``|a| > |w|`` strictly.

    Notes
    -----
    At a distance v across the walls and u along the face, ``s G`` on the sphere is
    ``(s G + slope(v))/sqrt(1 + |u|^2 + |v|^2)``: a strict maximum if slope <= 0 and s G > 0 (kind = s), or if slope < 0 for
    all v and there is no u (a ray). On a ray of kind -s the norm decays; unless exactly balanced, w reaches 0 and leaves.
    """
    if s not in (1, -1):
        raise ValueError(f"s: {s}; allowed: 1, -1")
    level, strict = _falls(G, extremal.face, s)
    if extremal.kind == 0:  # a flat set: all its boundary must be level or falling
        edge = [face for face in G.arrangement.faces() if bounds(face, extremal.face)]
        return level and all(_falls(G, face, s)[0] for face in edge)
    if extremal.kind == s:
        return level
    return strict and extremal.face.dimension == 1 and not dominated


def attractions(G: Potential) -> tuple[Attraction, ...]:
    """All extremal vectors with the signs of the neurons that each attracts, in the order of `extremal_vectors`."""
    return tuple(
        Attraction(
            one,
            tuple(s for s in (1, -1) if attracts(G, one, s)),
            tuple(s for s in (1, -1) if attracts(G, one, s, dominated=True)),
        )
        for one in extremal_vectors(G)
    )

"""Relations solved for items that are roots of the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import MatPow, Rational, sqrt
from sympy import Poly as ScalarPoly

from .algebra import poly
from .certificate import Named
from .scalars import is_matrix
from .spelling import matrix


def roots(found: Named, positive: Iterable[Any]) -> tuple[tuple[Any, Any, str], ...]:
    """Items that relations make roots of the others.

    ``X^n = R`` gives ``R^(1/n)``; ``X^2 = b X + R`` gives ``b/2 + (R + b^2/4)^(1/2)``.

    Parameters
    ----------
    found : named relations, each zero.
    positive : symmetric positive semidefinite letters X (or positive scalars) to look for.

    Returns
    -------
    Triples ``(X, closed form, condition under which it is the only positive semidefinite solution)``.
    """
    letters = tuple(positive)
    scalar = tuple(x for x in letters if not is_matrix(x))
    positive = tuple(x for x in letters if is_matrix(x))
    out = {answer[0]: answer for answer in scalar_roots((e for _, e in found if not is_matrix(e)), scalar)}
    for x in positive:
        for _, relation in found:
            terms = poly(relation, positive) if is_matrix(relation) else {}
            powers = {len(word): c for word, c in terms.items() if word and set(word) == {x}}
            rest = {word: c for word, c in terms.items() if word and set(word) != {x}}
            other = {letter for word in rest for letter in word}
            if x in out or not powers or other & {*positive}:
                continue
            n = max(powers)
            lead = powers.pop(n)
            right = {word: (-c / lead).cancel() for word, c in rest.items()}
            if () in terms:
                right[()] = (-terms[()] / lead).cancel()
            value = matrix(right, x.shape)
            if poly(value, positive) != poly(value.T, positive) or n < 2:
                continue
            if not powers:
                out[x] = (x, MatPow(value, Rational(1, n)), f"{value} positive semidefinite")
            elif n == 2:
                b = (-powers[1] / lead).cancel()
                inner = matrix({**right, (): right.get((), 0) + b**2 / 4}, x.shape)
                root = matrix({(): b / 2}, x.shape) + MatPow(inner, Rational(1, 2))
                out[x] = (x, root, f"{value} positive definite")
    return tuple(out.values())


def scalar_roots(zeros: Iterable[Any], positive: Iterable[Any]) -> tuple[tuple[Any, Any, str], ...]:
    """Positive solutions of ``X = R``, ``X^n = R`` and ``X^2 = b X + R`` with R free of the other positive symbols."""
    zeros, positive = tuple(zeros), tuple(positive)
    out: dict[Any, tuple[Any, Any, str]] = {}
    for x in reversed(positive):
        for e in zeros:
            if x in out or x not in e.free_symbols:
                continue
            coefficients = ScalarPoly(e, x).all_coeffs()
            n, lead = len(coefficients) - 1, coefficients[0]
            tail = [(-c / lead).cancel() for c in coefficients[1:]]
            if any(c.free_symbols & ({*positive} - {*out}) for c in tail) or lead.free_symbols & {*positive}:
                continue
            known = {y: value for y, value, _ in out.values()}
            tail = [c.xreplace(known) for c in tail]
            if not any(tail[:-1]):
                value = tail[-1] if n == 1 else tail[-1] ** Rational(1, n)
                out[x] = (x, value, "" if n == 1 else f"{tail[-1]} >= 0")
            elif n == 2:
                out[x] = (x, tail[0] / 2 + sqrt(tail[1] + tail[0] ** 2 / 4), f"{tail[1]} > 0")
    return tuple(out.values())

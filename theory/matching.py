"""Matching of an inner and an outer solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Add, Symbol, simplify, solve

from .exponents import Given, leading, powers


@dataclass(frozen=True)
class Matched:
    """Inner and outer solution compared where both hold.

    Parameters
    ----------
    residual : zero if they match; its free constants can be solved for.
    common : the common part, in outer time.
    composite : inner + outer - common, in outer time.
    """

    residual: Any
    common: Any
    composite: Any


def match(inner: Any, outer: Any, t: Symbol, inner_time: Any, small: Symbol, *, given: Given = ()) -> Matched:
    """Match an inner with an outer solution by their leading terms.

    Parameters
    ----------
    inner : solution of the layer, in inner time ``T`` (and the small parameter).
    outer : solution outside, in outer time.
    t : outer time.
    inner_time : ``{T: expression in t}`` or the pair; time shifts may contain ``log(small)``.
    small : the small parameter.
    given : least values of integer symbols in exponents.

    Returns
    -------
    Matched : residual (zero if they match; solve it for free constants), common part, composite.

    Raises
    ------
    ValueError : the relation between the times cannot be inverted, or a solution has no leading term.
    """
    pairs = list(inner_time.items()) if isinstance(inner_time, Mapping) else [tuple(inner_time)]
    if len(pairs) != 1:
        raise ValueError(f"inner_time: {inner_time}; allowed: one pair (inner time, expression in {t})")
    ((T, link),) = pairs
    back = solve(T - link, t)
    if len(back) != 1:
        raise ValueError(f"inner_time: {T} = {link} has no unique inverse in {t}")

    def lead(expression: Any) -> Any:
        exponent, coefficient = leading(powers(expression, small, given=given), given)
        return coefficient * small**exponent

    inside = lead(inner.xreplace({T: link}))
    outside = lead(outer.xreplace({t: back[0]})).xreplace({T: link})
    outside = Add(*(c * small**e for e, c in powers(outside, small, given=given).items()))
    residual = simplify(inside - outside)
    return Matched(residual, inside, inner.xreplace({T: link}) + outer - inside)

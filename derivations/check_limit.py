"""Limits and series: SymPy's own, and digits that come closer and closer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy
from sympy import S, sympify

from ..theory.formula import unroll
from . import twin as numeric
from .chain import Grade, Limit, Series
from .check_equal import Proof, prove_equal, short
from .check_scalar import elementary
from .twin import Twin

FAILURES = (
    NotImplementedError, ValueError, TypeError, RecursionError, sympy.PoleError, AttributeError, ZeroDivisionError,
)  # fmt: skip
"""What SymPy's limits and series raise where they give up."""


def _limit_parts(one: Limit | Series) -> tuple[Any, Any, numeric.Domain]:
    of, equals = (unroll(sympify(e), one.let) for e in (one.of, one.equals))
    order = sympify(one.order) if isinstance(one, Series) else sympify(one.to)
    # relations on the variable itself mean nothing in the limit
    assuming = tuple(r for r in (unroll(r, one.let) for r in one.assuming) if not r.has(one.var))
    where = numeric.domain(of, equals, order, assuming=assuming)
    return of, equals, replace(where, letters=where.letters - {one.var, S.Infinity})


def limit_twin(one: Limit) -> Twin:
    of, equals, where = _limit_parts(one)
    to = sympify(one.to)
    target = _approach_from(to, one.direction)
    if equals in (S.Infinity, S.NegativeInfinity):
        return numeric.diverges(of, one.var, target, 1 if equals is S.Infinity else -1, where)
    return numeric.approach(of, one.var, target, None, where, equals)


def _approach_from(to: Any, direction: str) -> Any:
    if to.is_infinite:
        sign = 1 if to is S.Infinity else -1
        return lambda h: sign / h
    return lambda h: to - h if direction == "-" else to + h


def limit_proof(one: Limit) -> Proof:
    of, equals, _ = _limit_parts(one)
    last = Proof(None, "SymPy finds no limit")
    to, direction = sympify(one.to), one.direction
    h = sympy.Dummy("h", positive=True)
    near = of.xreplace({one.var: _approach_from(to, direction)(h)})
    for make in (
        lambda: sympy.limit(of, one.var, to, direction),
        lambda: sympy.limit(elementary(near), h, 0, "+"),
        lambda: sympy.limit(sympy.powsimp(sympy.expand(elementary(near))), h, 0, "+"),
    ):
        try:
            value = make()
        except (
            NotImplementedError,
            ValueError,
            TypeError,
            RecursionError,
            sympy.PoleError,
            AttributeError,
            ZeroDivisionError,
        ):
            continue
        if not isinstance(value, sympy.Expr) or value.has(sympy.Limit, S.NaN, one.var, h, sympy.AccumBounds):
            continue
        if value.is_infinite or equals.is_infinite:
            last = Proof(value == equals, f"SymPy's limit is {short(value)}", "" if value == equals else short(value))
        else:
            last = prove_equal(value, equals)
            last = replace(
                last, detail=f"limit, then {last.detail}" if last.detail else f"SymPy's limit is {short(value, 60)}"
            )
        if last.ok:
            return last
    return last if last.ok is None else replace(last, ok=None)


def series_twin(one: Series) -> Twin:
    of, equals, where = _limit_parts(one)
    return numeric.approach(of, one.var, lambda h: h, sympify(one.order), where, equals)


def series_proof(one: Series) -> Proof:
    of, equals, _ = _limit_parts(one)
    order = sympify(one.order)
    h = sympy.Dummy(one.var.name, positive=True)
    gap = (of - equals).xreplace({one.var: h})
    left: Any = gap
    for form in (gap, elementary(gap)):
        try:
            if order.is_Integer and order > 0:
                left = sympy.series(form, h, 0, int(order)).removeO()
                proof = prove_equal(left, S.Zero)
                if proof.ok:
                    return Proof(True, f"expansion to order {order}", grade=Grade.SERIES)
            value = sympy.limit(form / h**order, h, 0, "+")
            if value.is_finite and not value.has(h, sympy.Limit):
                return Proof(True, f"expansion to order {order}", grade=Grade.SERIES)
        except FAILURES:
            continue
    return Proof(None, "", short(left), Grade.SERIES)

"""Why the assumption on three points has the consequences that are stated, term by term."""

from __future__ import annotations

from typing import Any

from sympy import Rational, Symbol

from ...theory.early_alignment.assumption import GAP, b_2, e_1, e_3, f_1, f_2, f_3, h, y_1, y_2, y_3
from ...theory.early_alignment.spurious import null, product, scale
from ...theory.formula import unroll
from ..chain import Book, Bound, Derivation, Identity, Step
from .tools import of

o_1, o_3, o_h = (Symbol(name, positive=True) for name in ("o_1", "o_3", "o_h"))
o_6 = Symbol("o_6", positive=True)
k, l, l_1, k_up = (Symbol(name, nonnegative=True) for name in ("k", "l", "l_1", "k_up"))
m_1, m_3, n_1, n_3 = (Symbol(name, nonnegative=True) for name in ("m_1", "m_3", "n_1", "n_3"))
SLACK = (
    (o_1, 1 - e_1),
    (o_3, 1 - e_3),
    (o_h, 1 - h),
    (k, h - b_2),
    (k_up, h + b_2),
    (l, h + f_2),
    (m_1, h - e_1),
    (m_3, h - e_3),
    (n_1, h - f_1),
    (n_3, h - f_3),
)
"""Distances from the ends of the ranges; none is negative under the assumption."""
TERMS: dict[str, tuple[Any, ...]] = {
    "13": (f_1, f_3, f_1 * f_3),
    "12": (o_1 * k, e_1 * h, f_1 * (o_h + l), l),
    "23": (o_3 * k_up, e_3 * h, f_3 * (o_h + l), l),
    "null-1": (l * o_h, m_3 * o_h, l * m_3, h * n_3, k * (1 + f_3)),
    "null-2": (e_1, e_3, n_1, n_3, e_3 * f_1, e_1 * f_3),
    "null-2-low": (m_1, m_3, f_1 * o_3, f_3 * o_1),
    "null-3": (l * o_h, m_1 * o_h, l * m_1, h * n_1, k_up * (1 + f_1)),
}


def bound(b: Book, name: str) -> Bound:
    one = of(b, f"assumption-{name}")
    left, right = (unroll(side, one.let) for side in one.statement.args)
    lower = one.statement.rel_op == ">="
    used = [(slack, value) for slack, value in SLACK if any(term.has(slack) for term in TERMS[name])]
    return Bound(
        right if lower else left,
        left if lower else right,
        terms=TERMS[name],
        given=tuple((str(slack), slack - value) for slack, value in used),
        assuming=one.assuming,
        point=tuple(used),
    )


DERIVATIONS = tuple(
    Derivation(
        f"early-alignment.assumption-{name}",
        (Step("in distances from the ends of the ranges", lambda b, name=name: bound(b, name)),),
    )
    for name in TERMS
)


def residual(b: Book) -> Bound:
    """The bounds of the cross product and of the labels, with their slacks, against the bound of the whole."""
    one = of(b, "assumption-residual")
    upper = tuple(of(b, f"assumption-null-{k}").statement.args[1] for k in (1, 2, 3))
    slack = (n_1, k, n_3)
    tops = tuple(bound - gap for bound, gap in zip(upper, slack))
    whole = one.let[-1][1].xreplace({**dict(zip(null, tops)), y_1: 1 + m_1, y_2: h - l, y_3: 1 + m_3})
    terms = (n_1, n_1 * m_1, n_3, n_3 * m_3, o_6 * m_1, o_6 * m_3, 2 * (1 + h) * l, k * y_2)
    return Bound(
        whole,
        one.statement.args[1],
        terms=terms,
        given=(("1 - 3 h", o_6 - 1 + 3 * h), ("y_2", y_2 - h + l)),
        assuming=(h < Rational(1, 6), l <= h),
        point=((o_6, 1 - 3 * h), (y_2, h - l)),
    )


DERIVATIONS += (
    Derivation(
        "early-alignment.assumption-residual",
        (
            Step("from the bounds of the cross product and of the labels", residual),
            *(
                Step(
                    f"entry {place} of the cross product is that of its bound",
                    lambda b, place=place: Identity(
                        of(b, "assumption-residual").let[place - 1][1], of(b, f"assumption-null-{place}").let[0][1]
                    ),
                )
                for place in (1, 2, 3)
            ),
        ),
    ),
)


def sign(b: Book, k: int) -> Bound:
    """``-c.y = 2 gap + more`` and the entry of the cross product with its own slack: products of positive numbers."""
    one = of(b, f"assumption-sign-{k}")
    entry, part = (2 * (1 - h), 2 * o_h) if k == 2 else (1 - 3 * h, o_1)
    table = {product: -2 * room - m_1, null[k - 1]: (entry + l_1) * (1 if k == 2 else -1), scale: length}
    left, right = (unroll(side, one.let).xreplace(table) for side in one.statement.args)
    low, high = (left, right) if k == 2 else (right, left)
    return Bound(
        low,
        high,
        terms=(m_1 * part / length, 2 * room * l_1 / length, m_1 * l_1 / length),
        given=(("gap", room - GAP), ("1 - 3 h", o_1 - 1 + 3 * h), ("1 - h", o_h - 1 + h)),
        assuming=(h < Rational(1, 6),),
        point=((room, GAP), (o_1, 1 - 3 * h), (o_h, 1 - h)),
    )


def known(id: str, source: str, place: int) -> Step:
    """What is assumed about a letter is the bound that holds for it under the assumption on three points."""
    return Step(
        "what is assumed is a bound that was shown",
        lambda b: Identity(of(b, id).assuming[place].args[1], of(b, source).statement.args[1]),
    )


def loss(b: Book) -> Bound:
    one = of(b, "assumption-loss")
    table = {product: -2 * room - m_1, scale: length}
    left, right = (unroll(side, one.let).xreplace(table) for side in one.statement.args)
    return Bound(
        right,
        left,
        terms=(2 * room * m_1 / (3 * length), m_1**2 / (6 * length)),
        given=(("gap", room - GAP),),
        assuming=(h < Rational(1, 6),),
        point=((room, GAP),),
    )


length, room = Symbol("ell", positive=True), Symbol("R", positive=True)
BELOW = Symbol("mu", nonnegative=True)


def gap(b: Book) -> Bound:
    """``1 - 4 h - h^2 >= 11/36`` with ``h = 1/6 - below``."""
    low = of(b, "assumption-loss").assuming[2].args[1] / -2
    return Bound(
        Rational(11, 36),
        low,
        terms=(4 * BELOW, BELOW * (Rational(1, 6) + h)),
        given=(("below", BELOW - Rational(1, 6) + h),),
        assuming=(h < Rational(1, 6),),
        point=((BELOW, Rational(1, 6) - h),),
    )


DERIVATIONS += (
    *(
        Derivation(
            f"early-alignment.assumption-sign-{k}",
            (
                Step("from the bounds of the cross product", lambda b, k=k: sign(b, k)),
                Step(
                    "the residual is that of the least squares map",
                    lambda b, k=k: Identity(
                        of(b, f"assumption-sign-{k}").let[0][1], of(b, f"residual-{k}").statement.args[1]
                    ),
                ),
                known(f"assumption-sign-{k}", "assumption-residual", 2),
                known(f"assumption-sign-{k}", "assumption-null-2-low" if k == 2 else f"assumption-null-{k}", 3),
            ),
        )
        for k in (1, 2, 3)
    ),
    Derivation(
        "early-alignment.assumption-loss",
        (
            Step("from the bound of the cross product times labels", loss),
            Step(
                "the loss is that of the least squares map",
                lambda b: Identity(of(b, "assumption-loss").let[0][1], of(b, "spurious-loss").statement.args[1]),
            ),
            known("assumption-loss", "assumption-residual", 2),
            Step("what it is bounded by is positive", gap),
        ),
    ),
)

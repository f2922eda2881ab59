"""Equality of scalars and matrices by symbols, and the checks that rest on it: identities, derivatives, bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import mpmath
import sympy
from sympy import MatrixBase, S, Trace, sympify

from ..theory.formula import unroll
from . import twin as numeric
from .chain import Bound, Derivative, Grade, Identity
from .check_scalar import nonnegative, proves_zero
from .points import NoPoint, concrete, evaluate, extend, shown
from .twin import Twin


@dataclass(frozen=True)
class Proof:
    """What symbols say: ``ok`` is None if it is unknown."""

    ok: bool | None
    detail: str = ""
    residual: str = ""
    grade: Grade = Grade.EXACT


def short(expression: Any, length: int = 160) -> str:
    """An expression in one short line."""
    text = " ".join(str(expression).split())
    return text if len(text) <= length else text[: length - 4] + " ..."


def is_matrix(expression: Any) -> bool:
    """Matrix expressions and explicit matrices."""
    return bool(getattr(expression, "is_Matrix", False))


def has_matrices(*expressions: Any) -> bool:
    """Whether matrix letters occur, under traces as well."""
    return any(is_matrix(e) or sympify(e).has(sympy.MatrixSymbol, Trace) for e in expressions)


def prove_equal(left: Any, right: Any, given: Any = (), symmetric: Any = ()) -> Proof:
    """Prove an identity between scalars or matrices; the certificate of a matrix proof is re-checked by expansion."""
    left, right, given = sympify(left), sympify(right), tuple(given)
    if isinstance(left, MatrixBase) and isinstance(right, MatrixBase):
        if left.shape != right.shape:
            return Proof(False, f"shapes {left.shape} and {right.shape} differ")
        parts = [prove_equal(a, b, given) for a, b in zip(left, right)]
        return join(parts)
    if has_matrices(left, right, *(e for _, e in given)):
        return _prove_words(left, right, given, tuple(symmetric))
    ok, how, left_over = proves_zero(left - right, given)
    return Proof(ok, how, "" if ok else short(left_over))


def _plain_roots(e: Any) -> Any:
    """``(c I)**r = c**r I`` for nonnegative numbers ``c``."""

    def is_root(power: Any) -> bool:
        if not isinstance(power, sympy.MatPow) or has_matrices(power.exp):
            return False
        scale, rest = power.base.as_coeff_mmul()
        return isinstance(rest, sympy.Identity) and bool(scale.is_nonnegative)

    def root(power: Any) -> Any:
        scale, rest = power.base.as_coeff_mmul()
        return scale**power.exp * rest

    return e.replace(is_root, root) if e.has(sympy.MatPow) else e


def _prove_words(left: Any, right: Any, given: Any, symmetric: tuple[Any, ...]) -> Proof:
    from ..theory.words import prove, recheck

    left, right = _plain_roots(left), _plain_roots(right)
    try:
        proof = prove(left, right, given=given, symmetric=symmetric)
    except ValueError as error:
        if "shape" in str(error):
            raise
        return Proof(None, f"not decided by rewriting ({short(error)})", short(left - right))
    if not proof.ok:
        # outside the ideal of relations, or of the equations of a root, is not yet false
        refuted = proof.complete and not given and not (left - right).has(sympy.MatPow, sympy.Inverse)
        return Proof(False if refuted else None, "rewriting", short(proof.residual))
    if not recheck(proof, given, symmetric):
        return Proof(None, "the certificate of the rewriting does not expand to the difference", "")
    used = sorted({use.relation for use in proof.uses})
    words = f"rewriting, {len(proof.uses)} uses of {', '.join(used)}" if used else "expansion of words"
    generic = f", where {', '.join(map(str, proof.nonzero))} nonzero" if proof.nonzero else ""
    return Proof(True, words + generic)


def join(parts: Sequence[Proof]) -> Proof:
    """The proof of several claims at once."""
    bad = next((p for p in parts if not p.ok), None)
    if bad is not None:
        return bad
    how = "; ".join(dict.fromkeys(p.detail for p in parts if p.detail))
    return Proof(True, how)


def identity_twin(one: Identity) -> Twin:
    left, right, given = _opened(one)
    assuming = tuple(unroll(r, one.let) for r in one.assuming)
    where = numeric.domain(left, right, assuming=assuming, given=given, point=one.point, symmetric=one.symmetric)
    return numeric.sides(left, right, where)


def _opened(one: Identity | Bound) -> tuple[Any, Any, tuple[tuple[str, Any], ...]]:
    left, right = (unroll(sympify(side), one.let) for side in (one.lhs, one.rhs))
    return left, right, tuple((name, unroll(sympify(e), one.let)) for name, e in one.given)


def identity_proof(one: Identity) -> Proof:
    left, right, given = _opened(one)
    return prove_equal(left, right, given, one.symmetric)


def derivative_twin(one: Derivative) -> Twin:
    of, equals = (unroll(sympify(e), one.let) for e in (one.of, one.equals))
    assuming = tuple(unroll(r, one.let) for r in one.assuming)
    of, equals = concrete((of, equals), 1)
    where = numeric.domain(of, equals, one.by, assuming=assuming)
    right = lambda p, d: evaluate(equals, p, d)  # noqa: E731
    return numeric.compare(numeric.derivative(of, one.by), right, where)


def derivative_proof(one: Derivative) -> Proof:
    of, equals = (unroll(sympify(e), one.let) for e in (one.of, one.equals))
    # SymPy differentiates a sum of traces to zero without a word, so the terms go one by one
    terms = [term.diff(one.by) for term in sympy.Add.make_args(of.doit().expand() if has_matrices(of) else of)]
    slope = terms[0]
    for term in terms[1:]:
        slope = term if slope == 0 else slope if term == 0 else slope + term
    return prove_equal(slope, equals)


def bound_twin(one: Bound) -> Twin:
    """Sampling: the right side is at least the left side at many points."""
    left, right, given = _opened(one)
    if given and not one.point:
        return Twin(None, "no numeric twin (no points on the given relations)")
    count = 12 if one.terms else 200
    where = numeric.domain(
        left, right, assuming=tuple(unroll(r, one.let) for r in one.assuming), given=given, point=one.point,
        symmetric=one.symmetric,
    )  # fmt: skip
    holds = numeric.sides(S.Zero, S.Zero, where) if given else Twin(True)
    if holds.agree is False:
        return holds
    good, last = 0, ""
    for seed in range(2 * count):
        try:
            base = where.draw(seed)
            here = extend(base, one.point)
            a, b = evaluate(left, here), evaluate(right, here)
        except NoPoint as error:
            last = str(error)
            continue
        scale = max(abs(a), abs(b), mpmath.mpf(1))
        if abs(mpmath.im(b - a)) > scale * mpmath.mpf(10) ** -30 or mpmath.re(b - a) < -scale * mpmath.mpf(10) ** -30:
            return Twin(False, "the bound is broken at a point", f"rhs - lhs = {mpmath.nstr(b - a, 8)}", shown(here))
        good += 1
        if good == count:
            return Twin(True, f"{count} random points")
    return Twin(None, f"no numeric twin ({last})")


def bound_proof(one: Bound) -> Proof:
    if not one.terms:
        return Proof(None, "only sampled: no terms were given")
    left, right, given = _opened(one)
    terms = tuple(unroll(sympify(term), one.let) for term in one.terms)
    for term in terms:
        if not nonnegative(term, one.symmetric):
            return Proof(None, "a term is not manifestly nonnegative", short(term))
    total = prove_equal(right - left, sympy.Add(*terms), given, one.symmetric)
    return replace(total, detail=f"{len(terms)} nonnegative terms; {total.detail}") if total.ok else total

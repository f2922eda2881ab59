"""Polynomials in words back to matrix expressions, and to readable text."""

from __future__ import annotations

from typing import Any

from sympy import Add, Identity, Inverse, MatAdd, MatMul, Transpose, ZeroMatrix

Letter = Any
Poly = dict[tuple[Letter, ...], Any]
"""``{word: scalar}``; the empty word is the identity of whatever shape fits."""


def matrix(poly: Poly, shape: tuple[Any, Any]) -> Any:
    """Matrix expression of a polynomial in words; short words first."""
    summands = []
    for word, c in sorted(poly.items(), key=lambda term: (len(term[0]), str(term[0]))):
        if not word and shape[0] != shape[1]:
            raise ValueError(f"shape: {shape} is not square, but the identity occurs")
        body = _times(word) if word else Identity(shape[0])
        summands.append(body if c == 1 else MatMul(c, *(body.args if isinstance(body, MatMul) else (body,))))
    return (
        ZeroMatrix(*shape)
        if not summands
        else summands[0]
        if len(summands) == 1
        else MatAdd(*summands).doit(deep=False)
    )


def _times(word: tuple[Letter, ...]) -> Any:
    """Product of letters; inverses are left where they are (SymPy would cancel them, and the words would change)."""
    if len(word) == 1:
        return word[0]
    return MatMul(*word) if any(x.has(Inverse) for x in word) else MatMul(*word).doit()


def text(poly: Poly) -> str:
    """Readable words."""
    parts = []
    for word, c in poly.items():
        body = " ".join(f"{x.arg}^T" if isinstance(x, Transpose) else str(x) for x in word) or "I"
        scale = "" if c == 1 else "-" if c == -1 else f"({c})*" if isinstance(c, Add) else f"{c}*"
        parts.append(f"{scale}{body}")
    return " + ".join(parts).replace("+ -", "- ") or "0"

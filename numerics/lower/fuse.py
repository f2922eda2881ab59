"""Statements of a kernel, and the fusion of loops over one range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Indexed as Entry
from sympy import Symbol

Limit = tuple[Any, Any, Any]
"""Index, first and last value."""


@dataclass
class Loop:
    """Statements ``(target, operator, value)`` under nested loops; without limits they stand alone."""

    limits: tuple[Limit, ...]
    body: list[tuple[Any, str, Any]]

    @property
    def reads(self) -> set[Any]:
        return {letter for _, _, value in self.body for letter in _letters(value)}

    @property
    def writes(self) -> set[Any]:
        return {target.base if isinstance(target, Entry) else target for target, _, _ in self.body}


@dataclass
class Lines:
    """Finished statements, such as matrix products."""

    lines: list[str]
    reads: set[Any]
    writes: set[Any]


def _letters(value: Any) -> set[Any]:
    return {e.base for e in value.atoms(Entry)} | value.atoms(Symbol)


def fuse(ops: list[Loop | Lines]) -> list[Loop | Lines]:
    """Join loops over equal ranges when nothing between them is needed."""
    done: list[Loop | Lines] = []
    for op in ops:
        for host in reversed(done):
            if isinstance(op, Loop) and isinstance(host, Loop) and _joinable(host, op):
                host.body.extend(op.body)
                break
            if op.reads & host.writes:
                done.append(op)
                break
        else:
            done.append(op)
    return done


def kept_arrays(ops: list[Loop | Lines], arrays: set[Any]) -> set[Any]:
    """Those of the arrays that are read outside the loop that defines them, or at another index there."""
    found = set()
    for op in ops:
        if not isinstance(op, Loop):
            found |= op.reads & arrays
            continue
        targets = {t for t, _, _ in op.body}
        for _, _, value in op.body:
            found |= {e.base for e in value.atoms(Entry) if e.base in arrays and e not in targets}
    return found


def _joinable(host: Loop, op: Loop) -> bool:
    """Same ranges, and the later one reads what the earlier one defines only at the same index."""
    if host.limits != op.limits:
        return False
    if not host.limits:
        return True
    targets = {t for t, _, _ in host.body}
    numbers = {t for t in targets if not isinstance(t, Entry)}
    bases = {t.base for t in targets if isinstance(t, Entry)}
    for _, _, value in op.body:
        if value.atoms(Symbol) & numbers:
            return False
        if any(e.base in bases and e not in targets for e in value.atoms(Entry)):
            return False
    return True

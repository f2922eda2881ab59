"""Indexed sums: a normal form that decides equality, and closed equations of order parameters from a risk.

An expression is written as a sum of terms, each a product under one joint sum; bound indices are renamed by the smallest
spelling over all their permutations. Equal polynomials in indexed letters, with symbolic sizes and symbolic exponents, get
equal normal forms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

from sympy import (
    Add,
    Function,
    Idx,
    Indexed,
    KroneckerDelta,
    Mul,
    Pow,
    S,
    Sum,
    Symbol,
    expand,
    fraction,
    powsimp,
    together,
)

from .adjoint import Adjoints
from .answers import NotClosed
from .formula import Let
from .indices import Bounds, apart, collect_sum, free_names, fresh, key, names

INNER = Function("inner")
"""Stands for an inner product that the table does not have."""

Terms = list[tuple[Any, Bounds]]


def normal_form(expression: Any, symmetric: Iterable[Any] = ()) -> Any:
    """Write an expression as a sum of products under joint sums, with canonical bound indices.

    Parameters
    ----------
    expression : scalar; sums have numeric or symbolic ends that contain no bound index. An index that meets another one in
        a Kronecker delta is split off its sum (both are taken to be in range).
    symmetric : bases with ``r[i, j] = r[j, i]``.

    Returns
    -------
    The normal form: zero exactly when the expression is a polynomial identity in its indexed letters, opaque functions and
    powers counted as letters.

    Raises
    ------
    ValueError : a sum whose ends contain the index of another sum.
    """
    return _normal(expression, frozenset(symmetric), 0)


def _normal(expression: Any, bases: frozenset[Any], depth: int) -> Any:
    """The normal form; sums that stay inside powers and functions are one deeper and have index names of their own."""
    apart_expression = apart(expression, free_names(expression))
    terms = [one for term in _terms(apart_expression, names(apart_expression)) for one in _split_deltas(*term)]
    found: dict[tuple[Any, Bounds], Any] = {}
    for body, bounds in _same_starts(terms):
        for term, used in _counted(body, bounds):
            coefficient, rest = powsimp(term, combine="exp").as_coeff_Mul()
            where = _canonical(rest, used, bases, depth)
            found[where] = found.get(where, S.Zero) + coefficient
    return Add(*(c * Sum(body, *bounds) if bounds else c * body for (body, bounds), c in found.items() if c != 0))


def vanishes(expression: Any, symmetric: Iterable[Any] = ()) -> bool:
    """Whether a rational function of sums vanishes identically; denominators are cleared first."""
    bases = frozenset(symmetric)
    if not any(power.exp.is_negative and power.base.has(Sum) for power in expression.atoms(Pow)):
        return bool(normal_form(expression, bases) == 0)
    plain = _inside(expression, bases, 0)
    return bool(normal_form(fraction(together(plain))[0], bases) == 0)


def _inside(node: Any, symmetric: frozenset[Any], depth: int) -> Any:
    """Normal forms of the outermost sums of an expression."""
    if isinstance(node, Sum):
        return _normal(node, symmetric, depth)
    return node.func(*(_inside(arg, symmetric, depth) for arg in node.args)) if node.has(Sum) else node


def _terms(node: Any, taken: set[str]) -> Terms:
    """Products without sums, each with the bounds of its joint sum; bound names are pairwise different."""
    if not node.has(Sum):
        return [(node, ())]
    if isinstance(node, Add):
        return [term for arg in node.args for term in _terms(arg, taken)]
    if isinstance(node, Sum):
        limits = tuple(tuple(limit) for limit in node.limits)
        bound = {index for index, *_ in limits}
        if any(end.free_symbols & bound for _, *ends in limits for end in ends):
            raise ValueError(f"expression: the ends of {node} contain an index of another sum")
        return [(body, (*bounds, *limits)) for body, bounds in _terms(node.function, taken)]
    if isinstance(node, Mul):
        parts = [_terms(arg, taken) for arg in node.args]
        return [(Mul(*(b for b, _ in way)), tuple(l for _, ls in way for l in ls)) for way in product(*parts)]
    if isinstance(node, Pow) and node.exp.is_Integer and node.exp > 0:
        copies = [apart(node.base, taken) for _ in range(int(node.exp) - 1)]
        return _terms(Mul(node.base, *copies, evaluate=False), taken)
    return [(node, ())]


def _split_deltas(body: Any, bounds: Bounds) -> Terms:
    """Split a bound index where it meets another one: the sum without the delta, plus what the delta changes."""
    bound = {index: (low, high) for index, low, high in bounds}
    for delta in sorted(body.atoms(KroneckerDelta), key=str):
        one, other = (delta.args[0], delta.args[1]) if delta.args[0] in bound else (delta.args[1], delta.args[0])
        if one not in bound:
            continue
        if other in bound and bound[other] != bound[one]:
            raise ValueError(f"expression: {delta} compares indices of different ranges")
        left = tuple(limit for limit in bounds if limit[0] != one)
        off, on = body.xreplace({delta: S.Zero}), body.xreplace({delta: S.One})
        pieces = ((off, bounds), (on.xreplace({one: other}), left), (-off.xreplace({one: other}), left))
        return [term for piece in pieces for term in _split_deltas(*piece)]
    return [(body, bounds)]


def _same_starts(terms: Terms) -> Terms:
    """Sums that end together start together: the first terms of those that start earlier are taken out."""
    starts: dict[Any, Any] = {}
    for _, bounds in terms:
        for _, low, high in bounds:
            if low.is_Integer:
                starts[high] = max(low, starts.get(high, low))
    out: Terms = []
    waiting = list(terms)
    while waiting:
        body, bounds = waiting.pop()
        early = next((limit for limit in bounds if limit[1].is_Integer and limit[1] < starts[limit[2]]), None)
        if early is None:
            out.append((body, bounds))
            continue
        index, low, high = early
        others = tuple(limit for limit in bounds if limit != early)
        waiting += [(body, (*others, (index, low + 1, high))), (body.xreplace({index: low}), others)]
    return out


def _counted(body: Any, bounds: Bounds) -> Terms:
    """Expanded terms; an index that does not occur in a term becomes the factor of its range."""
    out: Terms = []
    for term in Add.make_args(expand(body, power_exp=False)):
        used = tuple(limit for limit in bounds if limit[0] in term.free_symbols)
        counts = Mul(*(high - low + 1 for index, low, high in bounds if index not in term.free_symbols))
        out += [(piece, used) for piece in Add.make_args(expand(term * counts, power_exp=False))]
    return out


def _canonical(body: Any, bounds: Bounds, symmetric: frozenset[Any], depth: int) -> tuple[Any, Bounds]:
    """The smallest spelling of one term."""
    if not bounds:
        return _sorted(_inside(body, symmetric, depth + 1), symmetric), ()
    groups: dict[tuple[Any, Any], list[Any]] = {}
    for index, low, high in sorted(bounds, key=lambda limit: (str(limit[2]), str(limit[1]))):
        groups.setdefault((low, high), []).append(index)
    best: tuple[str, Any] | None = None
    letters = {
        ends: [_index(depth, g, p, ends) for p in range(len(group))] for g, (ends, group) in enumerate(groups.items())
    }
    for way in product(*(permutations(group) for group in groups.values())):
        swap = {
            old: new for old_group, new_group in zip(way, letters.values()) for old, new in zip(old_group, new_group)
        }
        spelled = _sorted(_inside(body.xreplace(swap), symmetric, depth + 1), symmetric)
        if best is None or str(spelled) < best[0]:
            best = str(spelled), spelled
    assert best is not None
    return best[1], tuple((index, *ends) for ends, group in letters.items() for index in group)


def _index(depth: int, group: int, place: int, ends: tuple[Any, Any]) -> Any:
    return Idx(Symbol(f"{'n' * (depth + 1)}{group}_{place}", integer=True), ends)


def _sorted(body: Any, symmetric: frozenset[Any]) -> Any:
    if not symmetric:
        return body
    swap = {e: e.base[sorted(e.indices, key=str)] for e in body.atoms(Indexed) if e.base in symmetric}
    return powsimp(body.xreplace(swap), combine="exp") if swap else body


# Order parameters


@dataclass(frozen=True)
class OrderParameters:
    """Closed equations of weights and inner products.

    Parameters
    ----------
    equations : pairs ``(item, rate)`` for the weights and the inner products.
    spheres : pairs ``(vector, cofactor)``: ``<u, u>`` changes at rate ``cofactor * (1 - <u, u>)``, so the sphere is kept.
    """

    equations: Let
    spheres: Let


def order_parameters(risk: Any, weights: Let, vectors: Let, table: Let) -> OrderParameters | NotClosed:
    """Closed equations of inner products under the gradient flow of a risk, vectors on the unit sphere.

    Parameters
    ----------
    risk : scalar in the weights and in the items of the table; functions may be opaque.
    weights : pairs ``(a[i], mobility)``.
    vectors : pairs ``(u[i], mobility)``; the flow is ``-mobility * (I - u u^T)`` times the gradient by ``u``.
    table : pairs ``((vector, vector), item)``, such as ``((u[i], v), s[i])``, ``((u[i], u[j]), r[i, j])``, ``((v, v), 1)``; a
        family of products of one vector family with itself is symmetric.

    Returns
    -------
    OrderParameters, or NotClosed with the inner products that the table does not have.

    Raises
    ------
    ValueError : a table entry without two vectors, an item that stands twice.
    """
    items = [item for _, item in table if not item.is_number]
    if len({key(item) for item in items}) < len(items):
        raise ValueError("table: an item stands for two inner products")
    if any(len(pair) != 2 for pair, _ in table):
        raise ValueError("table: every entry is ((vector, vector), item)")
    symmetric = {key(item) for (x, y), item in table if isinstance(item, Indexed) and key(x) == key(y)}
    sweep = Adjoints((*items, *(a for a, _ in weights)))
    sweep.pull(apart(risk, names(risk, *items)), S.One)
    pushes = {key(u): -mobility * _gradient(u, table, sweep) for u, mobility in vectors}
    flows = {key(u): (u, pushes[key(u)] - inner(u, pushes[key(u)], table) * u) for u, _ in vectors}
    equations = [(a, normal_form(-mobility * sweep.total(a), symmetric)) for a, mobility in weights]
    for (x, y), item in table:
        if not item.is_number:
            change = inner(_moved(x, flows), y, table) + inner(x, _moved(y, flows), table)
            equations.append((item, normal_form(change, symmetric)))
    leftover = tuple((item, rate) for item, rate in equations if rate.has(INNER))
    if leftover:
        missing = sorted({e for _, rate in leftover for e in rate.atoms(INNER)}, key=str)
        return NotClosed(leftover, tuple(missing), True, tuple((item, INNER(*pair)) for pair, item in table))
    spheres = []
    for u, _ in vectors:
        square, cofactor = _look_up(u, u, table), normal_form(2 * inner(u, pushes[key(u)], table), symmetric)
        rate = 2 * inner(u, flows[key(u)][1], table)
        assert normal_form(rate - (1 - square) * cofactor, symmetric) == 0
        spheres.append((u, cofactor))
    return OrderParameters(tuple(equations), tuple(spheres))


def inner(x: Any, y: Any, table: Let) -> Any:
    """Inner product of two linear combinations of vectors, by the table; what is missing stays as ``inner(x, y)``."""
    taken = names(x, y)
    total = S.Zero
    left, right = _terms(apart(x, taken), taken), _terms(apart(y, taken), taken)
    bases = {key(vector) for pair, _ in table for vector in pair}
    for (one, ones), (other, others) in product(left, right):
        for first, second in product(Add.make_args(expand(one)), Add.make_args(expand(other))):
            (scale, u), (factor, v) = _vector(first, bases), _vector(second, bases)
            if u is not None and v is not None:
                total += collect_sum(scale * factor * _look_up(u, v, table), (*ones, *others))
    return total


def _vector(term: Any, bases: set[Any]) -> tuple[Any, Any]:
    """Coefficient and vector of one term of a linear combination."""
    found = [factor for factor in Mul.make_args(term) if key(factor) in bases]
    if term == 0:
        return S.Zero, None
    if len(found) != 1:
        raise ValueError(f"vector: {term} is no multiple of one vector of the table")
    return term / found[0], found[0]


def _look_up(u: Any, v: Any, table: Let) -> Any:
    for (x, y), item in table:
        for one, other in ((u, v), (v, u)):
            if (key(one), key(other)) == (key(x), key(y)):
                swap = dict(zip(getattr(x, "indices", ()), getattr(one, "indices", ())))
                swap |= dict(zip(getattr(y, "indices", ()), getattr(other, "indices", ())))
                return item.xreplace(swap)
    return INNER(*sorted((u, v), key=str))


def _gradient(u: Any, table: Let, sweep: Adjoints) -> Any:
    """Gradient by ``u`` through the inner products, as a linear combination of vectors."""
    gradient = S.Zero
    for pair, item in table:
        for slot in (0, 1):
            if item.is_number or key(pair[slot]) != key(u):
                continue
            mine, other = pair[slot], pair[1 - slot]
            taken = names(sweep.total(item), *pair, u)
            fresh_ones = {index: fresh(index, taken) for index in getattr(other, "indices", ())}
            swap = {**fresh_ones, **dict(zip(getattr(mine, "indices", ()), getattr(u, "indices", ())))}
            bounds = tuple((new, new.lower, new.upper) for new in fresh_ones.values())
            taken |= {index.name for index in swap.values()}
            body = apart(sweep.total(item), taken).xreplace(swap) * other.xreplace(swap)
            gradient += Sum(body, *bounds) if bounds else body
    return gradient


def _moved(vector: Any, flows: dict[Any, tuple[Any, Any]]) -> Any:
    if key(vector) not in flows:
        return S.Zero
    u, velocity = flows[key(vector)]
    swap = dict(zip(getattr(u, "indices", ()), getattr(vector, "indices", ())))
    taken = names(velocity, vector)
    return apart(velocity, taken).xreplace(swap)

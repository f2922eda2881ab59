"""Gradient flow by reverse mode, gradient descent, and derivatives along a system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import (
    Add,
    BlockMatrix,
    Determinant,
    HadamardProduct,
    Idx,
    ImmutableDenseMatrix,
    Indexed,
    IndexedBase,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    Product,
    S,
    Sum,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from .adjoint import Adjoints, add, hadamard, mul, partials, slope, split
from .formula import Let, Source, letters
from .indices import Bounds, apart, canonical, fresh, key, names, put
from .system import System


def _hoist(item: Any, adjoint: Any) -> bool:
    """Whether an adjoint deserves a letter: a composite matrix, or a number that costs a sum or a trace."""
    if getattr(item, "is_Matrix", False):
        return len(adjoint.atoms(MatrixSymbol)) > 1 or adjoint.has(MatAdd)
    return bool(adjoint.has(Sum, Trace))


def _bar(item: Any, taken: set[str]) -> Any:
    """Letter for the derivative of the loss by a definition."""
    letter = key(item)
    stem = f"{letter.label.name if isinstance(letter, IndexedBase) else letter.name}_bar"
    name = fresh(Symbol(stem), taken).name
    if isinstance(item, MatrixSymbol):
        return MatrixSymbol(name, *item.shape)
    return IndexedBase(name)[item.indices] if isinstance(item, Indexed) else Symbol(name, real=True)


def _symmetrize(expression: Any, symmetric: tuple[Any, ...]) -> Any:
    if not symmetric:
        return expression
    expression = expression.xreplace({Transpose(letter): letter for letter in symmetric})
    return _merge(expression)


def _merge(node: Any) -> Any:
    """Collect equal terms of matrix sums again."""
    if isinstance(node, MatAdd):
        return add(*(_merge(arg) for arg in node.args))
    if isinstance(node, MatMul):
        return mul(*(_merge(arg) if arg.is_Matrix else arg for arg in node.args))
    return node


def gradient_flow(
    id: str,
    loss: Any,
    state: tuple[Any, ...],
    *,
    time: Symbol,
    source: Source,
    title: str,
    meaning: tuple[tuple[Any, str], ...],
    let: Let = (),
    mobility: Let = (),
    gradient: Let | None = None,
    symmetric: tuple[Any, ...] = (),
    **more: Any,
) -> System:
    """Minus the mobility times the gradient of a loss, by one reverse sweep through its definitions.

    Parameters
    ----------
    id, title, time, source : see `System`.
    loss : a number: scalar expression, sums over ``Idx``, traces of matrix words. ``Trace(G.T*A)`` with a letter ``G``
        stands for any cost whose gradient with respect to ``A`` is ``G`` (held fixed while differentiating).
    state : items: symbols, ``a[i]`` or matrix symbols.
    let : ordered definitions used by the loss. They are kept, never expanded; the derivative of the loss by a
        definition becomes a definition itself (``A_bar``) where that saves work.
    mobility : pairs ``(item, factor)``: a scalar (learning rate, ``1 - s[i]**2``, ``1/eps``) or, for a matrix item, a
        matrix that multiplies the gradient from the left. Default 1.
    gradient : pairs ``(defined item, letter)``: names for derivatives of the loss, such as ``((A, G),)``.
    symmetric : matrix letters equal to their transpose.
    meaning : pairs ``(letter, words)``; adjoint letters get theirs from the definition they belong to.
    more : further fields of `System`, such as ``given``.

    Returns
    -------
    System : flow with one equation per state item.

    Raises
    ------
    ValueError : unknown item in ``mobility`` or ``gradient``; an expression without a derivative rule, such as a
        fractional matrix power.
    """
    items = (*state, *(item for item, _ in let))
    known = {key(item) for item, _ in let}
    for item, _ in mobility:
        if key(item) not in map(key, state):
            raise ValueError(f"mobility: {item} is no item of the state; allowed: {', '.join(map(str, state))}")
    for item, _ in gradient or ():
        if key(item) not in known:
            raise ValueError(f"gradient: {item} is not defined in let; allowed: {', '.join(map(str, known)) or 'none'}")
    if getattr(loss, "is_Matrix", False):
        raise ValueError(f"loss: {loss} is a matrix; a number is needed")
    for item in items:
        if isinstance(item, Indexed) and not all(isinstance(index, Idx) for index in item.indices):
            raise ValueError(f"state: {item} is one entry; allowed: families such as a[i] with i an Idx")
    named = {key(item): letter for item, letter in gradient or ()}
    stems = {(i.lower, i.upper): i.name for item in items if isinstance(item, Indexed) for i in item.indices}
    outside = {i.name for item in items if isinstance(item, Indexed) for i in item.indices if isinstance(i, Idx)}
    taken = names(loss, *(part for pair in let for part in pair), *state, *(letter for letter, _ in meaning))
    sweep = Adjoints(items)
    words: dict[Any, str] = dict(meaning)
    adjoints: list[tuple[Any, Any]] = []

    def neat(expression: Any) -> Any:
        return _symmetrize(canonical(expression, outside, stems), symmetric)

    sweep.pull(apart(loss, taken), S.One)
    for item, value in reversed(let):
        if key(item) not in sweep.parts:
            continue
        adjoint = neat(sweep.total(item))
        if key(item) in named or _hoist(item, adjoint):
            letter = named.get(key(item)) or _bar(item, taken)
            adjoints.append((letter, adjoint))
            words.setdefault(key(letter), f"derivative of the loss by {key(item)}")
            adjoint = letter
        bounds: Bounds = ()
        if isinstance(item, Indexed):  # the definition holds at every index: pull it for a fresh one and sum
            swap = {i: fresh(i, taken) for i in item.indices if isinstance(i, Idx)}
            bounds = tuple((new, old.lower, old.upper) for old, new in swap.items())
            value, adjoint = value.xreplace(swap), adjoint.xreplace(swap)
        sweep.pull(apart(value, taken), apart(adjoint, taken), bounds)
    factors = {key(item): (item, factor) for item, factor in mobility}
    equations = []
    for item in state:
        total = neat(sweep.total(item))
        _, factor = factors.get(key(item), (item, S.One))
        if isinstance(item, Indexed) and key(item) in factors:
            factor = factor.xreplace(dict(zip(factors[key(item)][0].indices, item.indices)))
        if getattr(item, "is_Matrix", False):
            equations.append((item, mul(-1, factor, total)))
        else:  # numbers and powers of the mobility go into the terms of the gradient, sums such as 1 - s**2 stay in front
            sums = [f for f in Mul.make_args(factor) if f.is_Add]
            rest = -factor / Mul(*sums)
            equations.append((item, Mul(*sums) * Add(*(rest * part for part in Add.make_args(total)))))
    return System(
        id, title, "flow", time, tuple(equations), tuple(words.items()), source,
        let=(*let, *adjoints), symmetric=tuple(s for s in symmetric if s in items), **more,
    )  # fmt: skip


def descent(
    flow: System,
    step: Any,
    *,
    id: str,
    title: str,
    time: Symbol | None = None,
    sequential: bool = False,
    meaning: tuple[tuple[Any, str], ...] = (),
    source: Source | None = None,
) -> System:
    """Gradient descent: the Euler map ``X + step*rate`` of a gradient flow.

    Parameters
    ----------
    flow : system of kind ``"flow"``.
    step : learning rate.
    id, title : of the map.
    time : number of steps; default: the symbol of the flow.
    sequential : update the items in order, later ones with the new values of earlier ones. Definitions (gradients,
        residuals) stay at the old point.
    meaning : pairs for letters that are new here.
    source : default: that of the flow.

    Returns
    -------
    System : kind ``"map"``.

    Raises
    ------
    ValueError : `flow` is a map.
    """
    if flow.kind != "flow":
        raise ValueError(f"flow: {flow.id} is a map; a flow is needed")
    equations: list[tuple[Any, Any]] = []
    for item, rate in flow.equations:
        rate = put(rate, equations) if sequential else rate
        matrix = getattr(item, "is_Matrix", False)
        equations.append((item, add(item, mul(step, rate)) if matrix else item + step * rate))
    words = {**dict(flow.meaning), **dict(meaning)}
    return System(
        id, title, "map", time or flow.time, tuple(equations), tuple(words.items()), source or flow.source,
        let=flow.let, given=flow.given, symmetric=flow.symmetric, assuming=flow.assuming, switches=flow.switches,
    )  # fmt: skip


def along(expression: Any, system: System) -> Any:
    """Derivative of an expression along a flow; next value minus value along a map.

    Parameters
    ----------
    expression : number, matrix expression or block matrix in the letters of the system.
    system : flow or map. Items have rates, definitions are differentiated through, the time symbol runs, every other
        letter is constant.

    Returns
    -------
    The derivative (the difference), in items and definitions of the system; nothing is expanded.

    Raises
    ------
    ValueError : a fractional power of a matrix that is not constant, or another expression without a rule.
    """
    if isinstance(expression, BlockMatrix):
        return BlockMatrix(expression.blocks.applyfunc(lambda block: along(block, system)))
    if isinstance(expression, ImmutableDenseMatrix):
        return expression.applyfunc(lambda entry: along(entry, system))
    if system.kind == "flow":
        return _Tangent(system).of(apart(expression, names(*(p for e in system.equations for p in e))))
    values: list[tuple[Any, Any]] = []
    for item, value in system.let:
        values.append((item, put(value, values)))
    later = put(put(expression, values), (*system.equations, (system.time, system.time + 1)))
    if getattr(expression, "is_Matrix", False):
        return add(later, mul(-1, expression))
    return later - expression


class _Tangent:
    """Forward sweep: the derivative of expressions along a flow."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.items = {key(item): (item, rate) for item, rate in system.equations}
        self.let = {key(item): (item, value) for item, value in system.let}
        self.watch = frozenset({*self.items, *self.let, system.time})

    def letter(self, place: Any) -> Any:
        """Derivative of an item or a definition, at the index where it stands."""
        if place == self.system.time:
            return S.One
        if key(place) in self.items:
            item, rate = self.items[key(place)]
        else:
            item, value = self.let[key(place)]
            rate = self.of(value)
        return put(place, ((item, rate),))

    def of(self, node: Any) -> Any:
        """Derivative of a number or a matrix."""
        if getattr(node, "is_Matrix", False):
            return self.matrix(node)
        terms = []
        for leaf, partial in partials(node, self.watch):
            if isinstance(leaf, Sum):
                rate = Sum(self.of(leaf.function), *leaf.limits)
            elif isinstance(leaf, Trace):
                rate = Trace(self.matrix(leaf.arg))
            elif isinstance(leaf, Determinant):
                rate = leaf * Trace(mul(Inverse(leaf.arg), self.matrix(leaf.arg)))
            elif isinstance(leaf, MatrixElement):
                rate = self.matrix(leaf.parent)[leaf.i, leaf.j]
            elif isinstance(leaf, Product):
                raise ValueError(f"expression: no rule for the derivative of {leaf}; write the product's logarithm")
            else:
                rate = self.letter(leaf)
            terms.append(partial * rate)
        return Add(*terms)

    def matrix(self, node: Any) -> Any:
        """Derivative of a matrix expression, by Leibniz."""
        if isinstance(node, ImmutableDenseMatrix):
            return node.applyfunc(self.of)
        if isinstance(node, BlockMatrix):
            return BlockMatrix(node.blocks.applyfunc(self.matrix))
        if not letters(node) & self.watch:
            return ZeroMatrix(*node.shape)
        if isinstance(node, MatrixSymbol):
            return self.letter(node)
        if isinstance(node, MatAdd):
            return add(*(self.matrix(arg) for arg in node.args))
        if isinstance(node, Transpose):
            return self.matrix(node.arg).T
        if isinstance(node, Inverse):
            return mul(-1, node, self.matrix(node.arg), node)
        if isinstance(node, HadamardProduct):
            return add(*self._leibniz(hadamard, list(node.args)))
        if isinstance(node, ElementwiseApplyFunction):
            rate = ElementwiseApplyFunction(slope(node.function), node.expr)
            return hadamard(rate, self.matrix(node.expr))
        if isinstance(node, MatMul | MatPow):
            scale, factors = split(node)
            terms = [mul(scale, term) for term in self._leibniz(mul, factors)]
            return add(mul(self.of(scale), *factors), *terms)
        raise ValueError(f"expression: no rule for the derivative of {type(node).__name__} {node}")

    def _leibniz(self, product: Callable[..., Any], factors: list[Any]) -> list[MatrixExpr]:
        return [
            product(*factors[:place], self.matrix(factor), *factors[place + 1 :])
            for place, factor in enumerate(factors)
        ]

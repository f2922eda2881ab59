"""The reverse sweep: derivatives of a scalar by all its letters at once, and the rules both sweeps share.

Matrix derivatives are taken by the rules below and never by SymPy's own: SymPy 1.14 returns 0 for
``(Trace(X) + Trace(X*X)).diff(X)``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import (
    Add,
    Determinant,
    Dummy,
    HadamardProduct,
    Heaviside,
    Identity,
    Idx,
    Indexed,
    IndexedBase,
    Inverse,
    KroneckerDelta,
    Lambda,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    Mul,
    Pow,
    Product,
    S,
    Sum,
    Symbol,
    Trace,
    Transpose,
    ZeroMatrix,
    powsimp,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from .formula import letters
from .indices import Bounds, collect_sum, key


def mul(*factors: Any) -> Any:
    """Matrix product in SymPy's flat form; sums inside are left alone."""
    return MatMul(*factors).doit(deep=False)


def add(*terms: Any) -> Any:
    """Matrix sum with equal terms collected."""
    return MatAdd(*terms).doit(deep=False) if len(terms) > 1 else terms[0]


def hadamard(*factors: Any) -> Any:
    """Entrywise product."""
    return HadamardProduct(*factors).doit(deep=False)


def split(product: Any) -> tuple[Any, list[Any]]:
    """Scalar coefficient and matrix factors; natural powers become repeated factors."""
    if isinstance(product, MatPow):
        if not (product.exp.is_Integer and product.exp > 0):
            raise ValueError(f"power: {product} cannot be differentiated; allowed: natural exponents and inverses")
        return S.One, [product.base] * int(product.exp)
    factors = [arg for arg in product.args if arg.is_Matrix]
    return Mul(*(arg for arg in product.args if not arg.is_Matrix)), factors


def _leaves(node: Any, watch: frozenset[Any]) -> Iterator[Any]:
    """Smallest parts of a scalar that have a derivative rule of their own and depend on watched letters."""
    if isinstance(node, IndexedBase | Idx):
        return
    if isinstance(node, Indexed):
        if node.base in watch:
            yield node
    elif isinstance(node, Symbol | Sum | Product | Trace | MatrixElement | Determinant):
        if letters(node) & watch:
            yield node
    elif getattr(node, "is_Matrix", False):
        if letters(node) & watch:
            raise ValueError(f"expression: the matrix {node} stands where a number is needed")
    else:
        for arg in node.args:
            yield from _leaves(arg, watch)


def partials(scalar: Any, watch: frozenset[Any]) -> list[tuple[Any, Any]]:
    """Pairs (leaf, partial derivative by that leaf)."""
    leaves = list(dict.fromkeys(_leaves(scalar, watch)))
    stand = {leaf: Dummy(real=leaf.is_real, positive=leaf.is_positive or None) for leaf in leaves}
    back = {dummy: leaf for leaf, dummy in stand.items()}
    flat = scalar.xreplace(stand)
    return [(leaf, power_form(flat.diff(stand[leaf])).xreplace(back)) for leaf in leaves]


def power_form(derivative: Any) -> Any:
    """``k*s**k/s`` becomes ``k*s**(k-1)`` (finite at 0), and the derivative of relu at its kink is 0."""
    if any(not power.exp.is_number for power in derivative.atoms(Pow)):
        derivative = powsimp(derivative, combine="exp")
    return derivative.replace(lambda e: isinstance(e, Heaviside), lambda e: Heaviside(e.args[0], 0))


class Adjoints:
    """Accumulates, letter by letter, the derivative of a scalar: the reverse sweep."""

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.items = {key(item): item for item in items}
        self.watch = frozenset(self.items)
        self.parts: dict[Any, list[Any]] = {}

    def total(self, item: Any, zero: Any = S.Zero) -> Any:
        """Derivative by an item, as collected so far."""
        parts = self.parts.get(key(item), [])
        if getattr(item, "is_Matrix", False):
            return add(*parts) if parts else ZeroMatrix(*item.shape)
        return Add(*parts) if parts else zero

    def pull(self, node: Any, seed: Any, bounds: Bounds = ()) -> None:
        """Send `seed` = derivative by `node` down to the letters in `node`; everything is summed over `bounds`."""
        if getattr(node, "is_Matrix", False):
            return self._matrix(node, seed)
        for leaf, partial in partials(node, self.watch):
            weight = seed * partial
            if isinstance(leaf, Sum):
                self.pull(leaf.function, weight, tuple(tuple(limit) for limit in leaf.limits) + bounds)
            elif isinstance(leaf, Indexed):
                self._indexed(leaf, weight, bounds)
            elif isinstance(leaf, Trace):
                self._matrix(leaf.arg, Identity(leaf.arg.rows), collect_sum(weight, bounds))
            elif isinstance(leaf, Symbol):
                self.parts.setdefault(leaf, []).append(collect_sum(weight, bounds))
            else:
                raise ValueError(f"loss: no rule for the gradient of {leaf}")

    def _indexed(self, leaf: Any, weight: Any, bounds: Bounds) -> None:
        item = self.items[leaf.base]
        if len(item.indices) != len(leaf.indices):
            raise ValueError(f"loss: {leaf} and {item} have different numbers of indices")
        left, swap = list(bounds), dict[Any, Any]()
        for place, slot in zip(leaf.indices, item.indices):
            limit = next((b for b in left if b[0] == place), None)
            same = limit is not None and getattr(slot, "lower", None) in (None, limit[1])
            same = same and getattr(slot, "upper", None) in (None, limit[2])  # type: ignore[index]
            if same:  # the delta of this index collapses its sum
                left = [b for b in left if b is not limit]
                swap[place] = slot
            else:
                weight *= KroneckerDelta(place, slot)
        # Limits of other sums never contain a collapsed index: bounds were renamed apart and are rectangular.
        self.parts.setdefault(leaf.base, []).append(collect_sum(weight.xreplace(swap), tuple(left)))

    def _matrix(self, node: Any, seed: Any, scale: Any = S.One) -> None:
        # The number travels beside the seed: SymPy would distribute it over sums inside the word.
        if not letters(node) & self.watch:
            return
        if isinstance(node, MatrixSymbol):
            self.parts.setdefault(node, []).append(mul(scale, seed))
        elif isinstance(node, MatAdd):
            for arg in node.args:
                self._matrix(arg, seed, scale)
        elif isinstance(node, Transpose):
            self._matrix(node.arg, seed.T, scale)
        elif isinstance(node, Inverse):
            self._matrix(node.arg, mul(node.T, seed, node.T), -scale)
        elif isinstance(node, HadamardProduct):
            for place, arg in enumerate(node.args):
                self._matrix(arg, hadamard(*node.args[:place], *node.args[place + 1 :], seed), scale)
        elif isinstance(node, ElementwiseApplyFunction):
            rate = ElementwiseApplyFunction(slope(node.function), node.expr)
            self._matrix(node.expr, hadamard(rate, seed), scale)
        elif isinstance(node, MatMul | MatPow):
            number, factors = split(node)
            self.pull(number, scale * Trace(mul(seed.T, *factors)))
            for place, arg in enumerate(factors):
                before, after = [f.T for f in factors[:place][::-1]], [f.T for f in factors[place + 1 :][::-1]]
                self._matrix(arg, mul(*before, seed, *after), scale * number)
        else:
            raise ValueError(f"loss: no rule for the gradient of {type(node).__name__} {node}")


def slope(function: Any) -> Any:
    """Derivative of a function that acts on every entry."""
    x = Dummy("x", real=True)
    return Lambda(x, power_form(function(x).diff(x)))

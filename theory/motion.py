"""How polynomials in the state change: the Leibniz rule along a flow, substitution of next values for a map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import Inverse, MatrixSymbol

from .algebra import Algebra
from .completion import Terms, product
from .formula import Let, unroll
from .scalars import is_matrix
from .system import System


def moving(system: System) -> Let:
    """Definitions that depend on the state."""
    state = set(system.items)
    found: list[tuple[Any, Any]] = []
    for item, value in system.let:
        if value.has(*state) or any(value.has(letter) for letter, _ in found):
            found.append((item, value))
    return tuple(found)


def plain(system: System, expression: Any) -> Any:
    """An expression with the definitions that depend on the state put in; constants stay letters."""
    return unroll(expression, moving(system))


class Motion:
    """Rates or next values of words.

    Parameters
    ----------
    algebra : has met the equations and everything that will be moved.
    system : says whether it is a flow or a map.
    equations : pairs ``(state letter, rate or next value)``; letters without an equation are constant.
    """

    def __init__(self, algebra: Algebra, system: System, equations: Iterable[tuple[Any, Any]]) -> None:
        self.algebra, self.flow, self.name = algebra, system.kind == "flow", system.id
        self._rates: dict[int, Terms] = {}
        self.items = system.items
        self._state = frozenset(system.items)
        for scalar in algebra.scalars.opaque:
            if self._state & scalar.atoms(MatrixSymbol):
                raise ValueError(f"{self.name}: the scalar {scalar} depends on the state; allowed: constant scalars")
        for item, value in equations:
            self._put(next(iter(algebra.encode(item)))[0], algebra.encode(value))

    def _put(self, number: int, rate: Terms) -> None:
        self._rates[number] = rate
        self._rates[self.algebra.flip[number]] = self.algebra.transpose(rate)

    def _letter(self, number: int) -> Terms | None:
        """Rate or next value of a letter; None if the letter is constant."""
        algebra = self.algebra
        symbol = algebra.symbol(number)
        if number not in self._rates and self._state & symbol.atoms(MatrixSymbol):
            if not (isinstance(symbol, Inverse) and self.flow):
                raise ValueError(f"{self.name}: the change of {symbol} is no polynomial in its letters")
            own = next(iter(algebra.encode(symbol)))
            inner = product(
                product({own: algebra.scalars.one}, self.of(algebra.encode(symbol.arg))), {own: algebra.scalars.one}
            )
            self._put(own[0], {word: -c for word, c in inner.items()})
        return self._rates.get(number)

    def of(self, terms: Terms) -> Terms:
        """Rate (flow) or next value (map) of a polynomial."""
        algebra = self.algebra
        out: Terms = {}
        for word, c in terms.items():
            if self.flow:
                for k, x in enumerate(word):
                    rate = self._letter(x)
                    if rate:
                        whole = product(product({word[:k]: c}, rate), {word[k + 1 :]: algebra.scalars.one})
                        out = algebra.add(out, whole)
            else:
                new: Terms = {(): c}
                for x in word:
                    rate = self._letter(x)
                    new = product(new, {(x,): algebra.scalars.one} if rate is None else rate)
                out = algebra.add(out, new)
        return algebra.tidy(out)


def check_matrices(system: System, *expressions: Any) -> None:
    """ValueError unless the state consists of matrix symbols and the expressions are matrices."""
    for item in system.items:
        if not isinstance(item, MatrixSymbol):
            raise ValueError(f"system: {system.id} mixes matrices with the scalar {item}")
    for e in expressions:
        if not is_matrix(e):
            raise ValueError(f"expression: {e} is a scalar; matrix systems need matrix expressions")

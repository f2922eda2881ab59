"""Letters, words and exact scalars: matrix expressions to polynomials in noncommuting letters and back.

A letter is a matrix symbol or its transpose (for a symmetric one both are the same letter), an inverse, or a root. A word is
a product of letters. An identity between words holds for every shape.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from sympy import (
    Add,
    BlockMatrix,
    Identity,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    MatrixExpr,
    MatrixSymbol,
    Mul,
    Pow,
    Rational,
    Trace,
    Transpose,
    ZeroMatrix,
    sympify,
)

from .completion import Terms, Word, add_to, product
from .scalars import Scalars, is_matrix, scalars
from .spelling import Letter, Poly, matrix, text


class Algebra:
    """Letters, words and scalars of a set of expressions; letters are numbered as they are met.

    Parameters
    ----------
    expressions : everything that will be encoded (their scalars make the field).
    symmetric : matrix symbols with ``X.T = X``.
    order : matrix symbols from the lightest on; the others follow by name, inverses and roots behind them.
    heavy : matrix symbols that outweigh all others together (to be eliminated).
    """

    def __init__(
        self,
        expressions: Iterable[Any],
        *,
        symmetric: Iterable[Any] = (),
        order: Iterable[Any] = (),
        heavy: Iterable[Any] = (),
    ) -> None:
        expressions = tuple(expressions)
        self.scalars = Scalars(part for e in expressions for part in scalars(e))
        self.symmetric = frozenset(symmetric)
        self.order, self.heavy = tuple(order), frozenset(heavy)
        self.letters: list[Letter] = []
        self.flip: list[int] = []
        self.definitions: list[tuple[str, Terms]] = []
        self.thin = False
        self.foreign = False  # letters such as A o B, whose own identities words do not know
        self._number: dict[Any, int] = {}
        self._keys: dict[Word, Any] = {}
        for symbol in self.symmetric:
            if symbol.rows != symbol.cols:
                raise ValueError(f"symmetric: {symbol} has shape {symbol.shape}; allowed: square matrices")
        for e in expressions:
            self.encode(e) if is_matrix(e) else self.encode_trace(e)
        self.rank = self._ranks()

    # letters -----------------------------------------------------------------------------------------------------------

    def _letter(self, value: Any, symmetric: bool) -> int:
        if value not in self._number:
            thin = 1 in value.shape
            self.thin |= thin
            number = len(self.letters)
            self._number[value] = number
            self.letters.append(value)
            self.flip.append(number)
            if not (symmetric or value.shape == (1, 1)):
                self._number[Transpose(value)] = number + 1
                self.letters.append(Transpose(value))
                self.flip[number] = number + 1
                self.flip.append(number)
        return self._number[value]

    def _derived(self, value: Any, base: Terms) -> int:
        """An inverse or a root, with the relations that define it."""
        if value not in self._number:
            symmetric = self.transpose(base) == base
            if isinstance(value, Inverse):
                number = self._letter(value, symmetric)
                word: Terms = {(number,): self.scalars.one}
                pairs = [("right", product(base, word)), ("left", product(word, base))]
            else:
                if not symmetric:
                    raise ValueError(f"root: {value} is the root of a matrix that is not symmetric")
                number = self._letter(value, True)
                pairs = [("power", {(number,) * int(1 / value.exp): self.scalars.one})]
            for side, terms in pairs:
                if isinstance(value, Inverse):
                    add_to(terms, (), -self.scalars.one)
                else:
                    for w, c in base.items():
                        add_to(terms, w, -c)
                self.definitions.append((f"{value} {side}", terms))
        return self._number[value]

    def _root(self, base: Terms, shape: tuple[Any, Any], q: int) -> Terms:
        """Root of a positive semidefinite matrix: a letter, but that of a multiple of the identity is known."""
        if set(base) <= {()}:
            value = self.scalars.out(base.get((), 0 * self.scalars.one)) ** Rational(1, q)
            if self.scalars.knows(value):
                return self._scale(value)
        return {(self._derived(MatPow(self.decode(base, shape), Rational(1, q)), base),): self.scalars.one}

    def symbol(self, number: int) -> Any:
        """The matrix (symbol, inverse, root) behind a letter, without its transpose."""
        letter = self.letters[number]
        return letter.arg if isinstance(letter, Transpose) else letter

    def outweighs(self, symbol: Any) -> bool:
        """Whether a matrix is, or is made of, something to be eliminated."""
        return not self.heavy.isdisjoint(symbol.atoms(MatrixSymbol))

    def _ranks(self) -> list[int]:
        place = {symbol: k for k, symbol in enumerate(self.order)}

        def weight(number: int) -> Any:
            symbol = self.symbol(number)
            plain = isinstance(symbol, MatrixSymbol)
            return self.outweighs(symbol), place.get(symbol, len(place)), not plain, str(symbol), number

        ranks = [0] * len(self.letters)
        for rank, number in enumerate(sorted(range(len(self.letters)), key=weight)):
            ranks[number] = rank
        self._is_heavy = [self.outweighs(self.symbol(k)) for k in range(len(ranks))]
        self._keys.clear()
        return ranks

    def weight(self, terms: Iterable[Word]) -> int:
        """Largest number of heavy letters in a word."""
        return max((self.key(word)[0] for word in terms), default=0)

    def key(self, word: Word) -> Any:
        """Sort key: number of heavy letters, length, letters."""
        found = self._keys.get(word)
        if found is None:
            heavy = self._is_heavy
            found = self._keys[word] = (sum(heavy[x] for x in word), len(word), tuple(self.rank[x] for x in word))
        return found

    # polynomials -------------------------------------------------------------------------------------------------------

    def transpose(self, terms: Terms) -> Terms:
        """Transpose: words reversed, letters flipped."""
        return {tuple(self.flip[x] for x in reversed(word)): c for word, c in terms.items()}

    def add(self, left: Terms, right: Terms, scale: int = 1) -> Terms:
        """``left + scale * right``."""
        out = dict(left)
        for word, c in right.items():
            add_to(out, word, c * scale)
        return out

    def encode(self, expression: Any) -> Terms:
        """Polynomial of a matrix expression; ValueError for what has no words."""
        e, one = expression, self.scalars.one
        if isinstance(e, MatrixSymbol):
            return {(self._letter(e, e in self.symmetric),): one}
        if isinstance(e, Transpose):
            return self.transpose(self.encode(e.arg))
        if isinstance(e, Identity):
            return {(): one}
        if isinstance(e, ZeroMatrix):
            return {}
        if isinstance(e, MatAdd):
            out: Terms = {}
            for part in e.args:
                out = self.add(out, self.encode(part))
            return self.tidy(out)
        if isinstance(e, MatMul):
            out = {(): one}
            for part in e.args:
                out = product(out, self.encode(part) if is_matrix(part) else self._scale(part))
            return self.tidy(out)
        if isinstance(e, MatPow):
            base, power = self.encode(e.base), e.exp
            if not power.is_Rational:
                raise ValueError(f"power: {e} has a symbolic exponent; allowed: rational numbers")
            out = {(): one}
            if power.is_Integer and power >= 0:
                unit = base
            elif power.is_Integer:
                unit = {(self._derived(Inverse(self.decode(base, e.base.shape)), base),): one}
            elif power > 0:
                unit = self._root(base, e.base.shape, power.q)
            else:
                raise ValueError(f"power: {e}; write the inverse of a root as (X**(1/2)).I")
            for _ in range(abs(int(power.p))):
                out = product(out, unit)
            return self.tidy(out)
        if isinstance(e, MatrixExpr) and not isinstance(e, BlockMatrix):
            self.foreign = True
            return {(self._letter(e, False),): one}
        raise ValueError(f"words: {e} is no matrix expression")

    def _scale(self, expression: Any) -> Terms:
        value = self.scalars.into(expression)
        return {(): value} if value else {}

    def encode_trace(self, expression: Any) -> dict[tuple[Word, ...], Any]:
        """A scalar as a polynomial in traces: ``{sorted words up to rotation and transposition: coefficient}``."""
        e = sympify(expression)
        if isinstance(e, Trace):
            out: dict[tuple[Word, ...], Any] = {}
            for word, c in self.encode(e.arg).items():
                if word:
                    add_to(out, (self.cycle(word),), c)
                else:
                    add_to(out, (), c * self.scalars.into(e.arg.rows))
            return out
        if not e.has(Trace):
            value = self.scalars.into(e)
            return {(): value} if value else {}
        if isinstance(e, Add):
            out = {}
            for part in e.args:
                for key, c in self.encode_trace(part).items():
                    add_to(out, key, c)
            return out
        if isinstance(e, Mul) or (isinstance(e, Pow) and e.exp.is_Integer and e.exp > 0):
            out = {(): self.scalars.one}
            for factor in e.args if isinstance(e, Mul) else [e.base] * int(e.exp):
                part = self.encode_trace(factor)
                new: dict[tuple[Word, ...], Any] = {}
                for a, c in out.items():
                    for b, d in part.items():
                        add_to(new, tuple(sorted(a + b)), c * d)
                out = new
            return out
        raise ValueError(f"trace: {e} is no polynomial in traces")

    def cycle(self, word: Word) -> Word:
        """Representative of a word up to rotation and transposition."""
        turned = tuple(self.flip[x] for x in reversed(word))
        n = len(word)
        return min((w[k:] + w[:k] for w in (word, turned) for k in range(n)), default=())

    def tidy(self, terms: Terms) -> Terms:
        """Use that 1 x 1 matrices commute with each other and equal their transposes."""
        if not self.thin:
            return terms
        out: Terms = {}
        for word, c in terms.items():
            add_to(out, self._tidy_word(word), c)
        return out

    def _tidy_word(self, word: Word) -> Word:
        cuts = [k for k, x in enumerate(word) if self.letters[x].rows == 1]
        if word and self.letters[word[-1]].cols == 1:
            cuts.append(len(word))
        if len(cuts) < 2:
            return word
        parts = [word[i:j] for i, j in pairwise(cuts)]
        parts = sorted(min(p, tuple(self.flip[x] for x in reversed(p))) for p in parts)
        return word[: cuts[0]] + tuple(x for p in parts for x in p) + word[cuts[-1] :]

    # back to SymPy -----------------------------------------------------------------------------------------------------

    def word(self, word: Word) -> tuple[Letter, ...]:
        """Letters of a word."""
        return tuple(self.letters[x] for x in word)

    def public(self, terms: Terms) -> Poly:
        """Polynomial with SymPy letters and SymPy coefficients."""
        return {self.word(word): self.scalars.out(c) for word, c in terms.items()}

    def decode(self, terms: Terms, shape: tuple[Any, Any]) -> Any:
        """Matrix expression of a polynomial."""
        return matrix(self.public(terms), shape)

    def text(self, terms: Terms) -> str:
        """Readable words, heaviest first."""
        return text({self.word(w): self.scalars.out(c) for w, c in sorted(terms.items(), key=lambda t: self.key(t[0]))})


def poly(expr: Any, symmetric: Iterable[Any] = ()) -> Poly:
    """Words of a matrix expression with their exact coefficients.

    Raises
    ------
    ValueError : a float, a symbolic matrix power, or something that is no matrix.
    """
    algebra = Algebra((expr,), symmetric=symmetric)
    return algebra.public(algebra.encode(expr))


def trace_poly(expr: Any, symmetric: Iterable[Any] = ()) -> dict[tuple[tuple[Letter, ...], ...], Any]:
    """A scalar as a polynomial in traces of words, words up to rotation and transposition."""
    algebra = Algebra((expr,), symmetric=symmetric)
    terms = algebra.encode_trace(expr)
    return {tuple(algebra.word(w) for w in key): algebra.scalars.out(c) for key, c in terms.items()}

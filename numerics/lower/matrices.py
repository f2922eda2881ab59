"""Matrix expressions: products into BLAS, each once; sums fused; both square roots of one Gram pair from one SVD."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sympy import (
    Add,
    Determinant,
    HadamardPower,
    HadamardProduct,
    Identity,
    Indexed,
    IndexedBase,
    Inverse,
    MatAdd,
    MatMul,
    MatPow,
    MatrixSymbol,
    OneMatrix,
    S,
    Trace,
    Transpose,
    ZeroMatrix,
    preorder_traversal,
)
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement

from .fuse import Lines
from .loops import Program
from .printer import integer

Ref = tuple[str, bool]
"""Name of a contiguous array, and whether the matrix is its transpose."""

OF_MATRICES = (Trace, Determinant, MatrixElement)
"""Numbers that are made of matrices."""

TYPICAL = 100
"""Length that stands for a symbolic dimension when the order of a product is chosen."""


@dataclass
class Matrices:
    """Writes matrix expressions as lines of a program.

    Parameters
    ----------
    program : receives names, scratch space and lines.
    names : matrix symbol -> name of its array.
    symmetric : matrix symbols that equal their transpose.
    """

    program: Program
    names: dict[Any, str]
    symmetric: frozenset[Any]
    lines: list[str] = field(default_factory=list)
    reads: set[Any] = field(default_factory=set)
    done: dict[Any, Ref] = field(default_factory=dict)
    pairs: Counter[Any] = field(default_factory=Counter)

    # what is needed more than once

    def survey(self, expressions: list[Any]) -> None:
        """Count neighbours in products, so that products that occur twice are formed first."""
        for expression in expressions:
            for node in preorder_traversal(self.clean(expression)):
                if isinstance(node, MatMul):
                    factors = self.factors(node)[1]
                    for pair in pairwise(factors):
                        self.pairs[self.key(pair)] += 1

    def clean(self, expression: Any) -> Any:
        """Transposes at the letters, none on symmetric ones."""
        if not getattr(expression, "is_Matrix", False):
            return expression
        return expression.doit(deep=True).xreplace({Transpose(m): m for m in self.symmetric})

    def turn(self, expression: Any) -> Any:
        """Transpose of a clean expression, clean."""
        if isinstance(expression, MatPow) and self.is_symmetric(expression.base):
            return expression
        return self.clean(Transpose(expression))

    def is_symmetric(self, expression: Any) -> bool:
        return bool(self.clean(Transpose(expression)) == expression)

    def factors(self, product: Any) -> tuple[Any, list[Any]]:
        """Number in front and matrix factors; identities dropped, whole powers written out."""
        coefficient, matrices = product.as_coeff_matrices()
        flat: list[Any] = []
        for m in matrices:
            if isinstance(m, MatPow) and m.exp.is_Integer and m.exp > 0:
                flat += [m.base] * int(m.exp)
            elif not isinstance(m, Identity):
                flat.append(m)
        if not flat and matrices:
            flat = [matrices[0]]
        return coefficient, flat

    def key(self, factors: tuple[Any, ...]) -> tuple[Any, ...]:
        """A product and its transpose have one key."""
        other = tuple(self.turn(f) for f in reversed(factors))
        return min(factors, other, key=str)

    # values

    def line(self, text: str) -> None:
        self.lines.append(text)

    def scratch(self, shape: tuple[Any, ...], stem: str = "w") -> str:
        """A matrix in the work array."""
        name: str = self.program.fresh(stem).name
        self.line(self.program.view(name, "work", self.program.allocate(shape), shape))
        return name

    def ref(self, expression: Any) -> Ref:
        """Array that holds the matrix."""
        if isinstance(expression, MatrixSymbol):
            self.reads.add(expression)
            return self.names[expression], False
        if isinstance(expression, Transpose):
            name, turned = self.ref(expression.arg)
            return name, not turned
        if expression in self.done:
            return self.done[expression]
        other = self.turn(expression)
        if other in self.done:
            name, turned = self.done[other]
            return name, not turned
        self.done[expression] = found = self.compute(expression)
        return found

    def compute(self, e: Any) -> Ref:
        if isinstance(e, MatMul):
            coefficient, factors = self.factors(e)
            if coefficient == 1 and len(factors) == 1:
                return self.ref(factors[0])
            if coefficient == 1:
                return self.product(tuple(factors))
        if isinstance(e, Inverse) or (isinstance(e, MatPow) and e.exp == -1):
            name = self.scratch(e.shape)
            self.line(f"{name}[:, :] = np.linalg.inv({text(self.ref(e.args[0]))})")
            return name, False
        if isinstance(e, MatPow):
            if e.exp.is_Integer and e.exp > 0:
                return self.product((e.base,) * int(e.exp))
            if e.exp.is_Integer:
                return self.ref(Inverse(MatPow(e.base, -e.exp).doit()))
            return self.root(e.base, e.exp)
        name = self.scratch(e.shape)
        self.store(name, e)
        return name, False

    def product(self, factors: tuple[Any, ...]) -> Ref:
        """Product of two or more factors in a cheap order."""
        if len(factors) == 1:
            return self.ref(factors[0])
        key = self.key(factors)
        if key not in self.done:
            cut = self.cut(key)[1]
            left, right = key[:cut], key[cut:]
            name = self.scratch((left[0].shape[0], right[-1].shape[1]))
            if len(left) == 1 and isinstance(left[0], Inverse):
                self.line(f"{name}[:, :] = np.linalg.solve({text(self.ref(left[0].arg))}, {text(self.product(right))})")
            else:
                self.line(f"np.dot({text(self.product(left))}, {text(self.product(right))}, {name})")
            self.done[key] = name, False
        name, turned = self.done[key]
        return name, turned != (key != factors)

    def cut(self, factors: tuple[Any, ...]) -> tuple[float, int]:
        """Cost and place of the cheapest last multiplication; what is there already costs nothing."""
        if len(factors) == 1 or self.key(factors) in self.done:
            return 0.0, 1
        best = (float("inf"), 1)
        for n in range(1, len(factors)):
            left, right = factors[:n], factors[n:]
            sizes = (left[0].shape[0], left[-1].shape[1], right[-1].shape[1])
            cost = 1.0
            for size in sizes:
                cost *= int(size) if size.is_Integer else TYPICAL
            if len(factors) == 2:
                cost /= self.pairs[self.key(factors)] or 1
            best = min(best, (cost + self.cut(left)[0] + self.cut(right)[0], n))
        return best

    # square roots

    def root(self, base: Any, power: Any) -> Ref:
        """Half power of a symmetric matrix."""
        name = self.scratch(base.shape)
        gram = self.gram(base)
        if gram is None:
            values, vectors = self.eigen(base)
            # A small negative eigenvalue is the roundoff of zero.
            scaled = self.scaled(vectors, base.shape, values, self.power(f"max({values}[_j], 0.0)", power))
            self.line(f"np.dot({scaled}, {vectors}.T, {name})")
            return name, False
        factor, shift, matrix, left = gram
        u, s, v = self.svd(matrix)
        rows, columns = matrix.shape
        c = self.program.fresh("c").name
        k = self.program.fresh("c").name
        self.line(f"{c} = {self.program.print(self.number(shift))}")
        self.line(f"{k} = {self.program.print(self.number(factor))}")
        vectors = u if left else f"{v}.T"
        # (c + k s^2)^p = c^p + difference: singular vectors that a thin SVD lacks only see c^p.
        square = f"{k} * {s}[_j] * {s}[_j]"
        if power == S.Half:
            weight = f"({square} / (math.sqrt({square} + {c}) + math.sqrt({c})) if {square} != 0.0 else 0.0)"
        else:
            weight = f"{self.power(f'({square} + {c})', power)} - {self.power(c, power)}"
        scaled = self.scaled(vectors, (rows if left else columns, None), s, weight)
        self.line(f"np.dot({scaled}, {vectors}.T, {name})")
        if shift != 0:
            self.line(f"for _i in range({name}.shape[0]):")
            self.line(f"    {name}[_i, _i] += {self.power(c, power)}")
        return name, False

    def power(self, value: str, power: Any) -> str:
        return self.program.print(self.program.raw(value) ** power)

    def scaled(self, vectors: str, shape: Any, values: str, weight: str) -> str:
        """Vectors with each column multiplied by its weight."""
        name: str = self.program.fresh("e").name
        self.line(f"{name} = np.empty(({vectors}.shape[0], {values}.size))")
        self.line(f"for _j in range({values}.size):")
        weigh = self.program.fresh("x").name
        self.line(f"    {weigh} = {weight}")
        self.line(f"    for _i in range({vectors}.shape[0]):")
        self.line(f"        {name}[_i, _j] = {vectors}[_i, _j] * {weigh}")
        return name

    def gram(self, base: Any) -> tuple[Any, Any, Any, bool] | None:
        """``(k, c, X, left)`` if the matrix is ``k X X' + c`` (left) or ``k X' X + c``."""
        shift, found = S.Zero, None
        for term in MatAdd.make_args(base):
            coefficient, factors = self.factors(term) if isinstance(term, MatMul) else (S.One, [term])
            if len(factors) == 1 and isinstance(factors[0], Identity):
                shift += coefficient
            elif found is None and len(factors) == 2 and self.turn(factors[0]) == factors[1]:
                found = coefficient, factors[0]
            else:
                return None
        if found is None:
            return None
        coefficient, matrix = found
        if isinstance(matrix, Transpose):
            return coefficient, shift, matrix.arg, False
        return coefficient, shift, matrix, True

    def svd(self, matrix: Any) -> tuple[str, str, str]:
        """Names of the thin singular value decomposition, computed once for a matrix."""
        key = ("svd", matrix)
        if key not in self.done:
            names = [self.program.fresh(stem).name for stem in ("u", "s", "vt")]
            held = self.finite(matrix)
            self.line(f"{', '.join(names)} = np.linalg.svd({held}, False)")
            self.done[key] = (" ".join(names), False)
        u, s, v = self.done[key][0].split()
        return u, s, v

    def finite(self, matrix: Any) -> str:
        """Text of a matrix for LAPACK, which refuses nan and inf: then every rate is nan and the solver steps back."""
        held = text(self.ref(matrix))
        self.line(f"if not math.isfinite(np.sum({held})):")
        self.line("    out[:] = math.nan")
        self.line("    return")
        return held

    def eigen(self, matrix: Any) -> tuple[str, str]:
        """Names of eigenvalues and eigenvectors, computed once for a matrix."""
        key = ("eigh", matrix)
        if key not in self.done:
            names = [self.program.fresh(stem).name for stem in ("s", "u")]
            held = self.finite(matrix)
            self.line(f"{', '.join(names)} = np.linalg.eigh({held})")
            self.done[key] = (" ".join(names), False)
        s, u = self.done[key][0].split()
        return s, u

    # sums

    def entry(self, e: Any) -> tuple[Any, Any]:
        """Entry ``(_i, _j)`` as a number, and what is added on the diagonal."""
        if isinstance(e, MatAdd):
            parts = [self.entry(arg) for arg in e.args]
            return Add(*(p for p, _ in parts)), Add(*(d for _, d in parts))
        if isinstance(e, Identity):
            return S.Zero, S.One
        if isinstance(e, ZeroMatrix):
            return S.Zero, S.Zero
        if isinstance(e, OneMatrix):
            return S.One, S.Zero
        if isinstance(e, MatMul):
            coefficient, factors = self.factors(e)
            coefficient = self.number(coefficient)
            inner, diagonal = (
                self.entry(factors[0]) if len(factors) == 1 else (self.at(self.product(tuple(factors))), 0)
            )
            return coefficient * inner, coefficient * diagonal
        if isinstance(e, HadamardProduct):
            value = S.One
            for arg in e.args:
                value *= self.plain(arg)
            return value, S.Zero
        if isinstance(e, HadamardPower):
            return self.plain(e.base) ** self.number(e.exp), S.Zero
        if isinstance(e, ElementwiseApplyFunction):
            return e.function(self.plain(e.expr)), S.Zero
        return self.at(self.ref(e)), S.Zero

    def plain(self, e: Any) -> Any:
        """Entry of a matrix with its diagonal in it."""
        value, diagonal = self.entry(e)
        return value if diagonal == 0 else self.at(self.ref(e))

    def at(self, ref: Ref) -> Any:
        return self.program.raw(f"{ref[0]}[{'_j, _i' if ref[1] else '_i, _j'}]")

    def store(self, target: str, e: Any) -> None:
        """Write a matrix into an array: one loop for the whole sum."""
        value, diagonal = self.entry(e)
        rows, columns = (integer(size, self.program.texts) for size in e.shape)
        self.line(f"for _i in range({rows}):")
        self.line(f"    for _j in range({columns}):")
        entry = self.program.fresh("v")
        self.lines += self.program.statements([(entry, "=", value)], {}, set(), " " * 8)
        self.line(f"        {target}[_i, _j] = {entry.name}")
        if diagonal != 0:
            self.line(f"for _i in range({rows}):")
            self.line(f"    {target}[_i, _i] += {self.program.print(self.number(diagonal))}")

    # numbers made of matrices

    def number(self, e: Any) -> Any:
        """A number inside a matrix expression: sums, entries, traces and determinants are computed first."""
        e = self.scalar(self.program.settle(e, ()))
        entries = {entry: self.program.raw(self.program.place(entry)) for entry in e.atoms(Indexed)}
        return e.xreplace(entries)

    def scalar(self, e: Any) -> Any:
        """A number with what it needs of matrices computed first."""
        if isinstance(e, MatrixElement):
            if not (e.i.is_Integer and e.j.is_Integer):
                raise ValueError(
                    f"matrix: entry {e} of an expression; only literal places are allowed, or a definition"
                )
            name, turned = self.ref(self.clean(e.parent))
            return self.program.raw(f"{name}[{e.j}, {e.i}]" if turned else f"{name}[{e.i}, {e.j}]")
        if isinstance(e, Trace | Determinant):
            result = self.program.fresh("n")
            matrix = self.clean(e.arg)
            if isinstance(e, Determinant):
                self.line(f"{result.name} = np.linalg.det({text(self.ref(matrix))})")
                return result
            self.line(f"{result.name} = 0.0")
            _, factors = self.factors(matrix) if isinstance(matrix, MatMul) else (1, [matrix])
            scale = S.One
            if len(factors) == 2 and not any(isinstance(f, Identity) for f in factors):
                scale = self.scalar(self.factors(matrix)[0])
                value = self.at(self.ref(factors[0])) * self.at(self.ref(self.turn(factors[1])))
                columns = integer(factors[0].shape[1], self.program.texts)
                loops = [f"for _i in range({integer(matrix.shape[0], self.program.texts)}):"]
                loops += [f"    for _j in range({columns}):"]
            else:
                held = self.ref(matrix)
                value = self.program.raw(f"{held[0]}[_i, _i]")
                loops = [f"for _i in range({integer(matrix.shape[0], self.program.texts)}):"]
            self.lines += [*loops, f"{'    ' * len(loops)}{result.name} += {self.program.print(value)}"]
            return scale * result
        if not getattr(e, "args", ()) or not e.has(*OF_MATRICES):
            return e
        return e.func(*(self.scalar(arg) for arg in e.args))

    def flush(self, writes: set[Any], more: Any = ()) -> Lines:
        """The lines so far as one piece of the program."""
        coefficients = set().union(*(e.free_symbols | e.atoms(IndexedBase) for e in more))
        piece = Lines(self.lines, self.reads | coefficients, writes)
        self.lines, self.reads = [], set()
        return piece


def text(ref: Ref) -> str:
    """The array as an argument of BLAS: a transpose is a view."""
    return f"{ref[0]}.T" if ref[1] else ref[0]

"""Commutative polynomials modulo relations: Groebner bases, with cofactors as certificates.

Roots become generators with the relation that defines them, denominators that contain generators become generators for their
inverses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sympy import QQ, Add, Dummy, Mul, Pow, Rational, Symbol, factor_list, fraction, groebner, sympify, together

from .certificate import Named, Proof, Use


class Variety:
    """Polynomials modulo relations.

    Parameters
    ----------
    relations : pairs ``(name, expression)``, each zero.
    heavy : symbols to be eliminated.
    light : symbols to be kept as generators.
    others : expressions that will be reduced; their remaining symbols are parameters of the coefficient field.
    order : monomial order; ``"lex"`` eliminates.
    """

    def __init__(
        self,
        relations: Named,
        heavy: Iterable[Symbol],
        light: Iterable[Symbol],
        others: Iterable[Any] = (),
        order: str = "lex",
    ) -> None:
        self.heavy, self.light = list(heavy), list(light)
        self.names: list[str] = []
        self.zeros: list[Any] = []
        self.nonzero: list[Any] = []
        self.opaque = False
        self._made: dict[Any, Symbol] = {}
        self.back: dict[Any, Any] = {}
        for name, e in relations:
            zero, bottom = fraction(together(self.flatten(e)))
            self.divide(bottom)
            self.names.append(name)
            self.zeros.append(zero)
        flat = [self.flatten(e) for e in others]
        gens = (*self.heavy, *self.light)
        self.params = sorted({s for e in (*self.zeros, *flat) for s in e.free_symbols} - set(gens), key=str)
        self.domain = QQ.frac_field(*self.params) if self.params else QQ
        self.gens = gens
        present = [z for z in self.zeros if z != 0]
        self.basis = groebner(present, *gens, order=order, domain=self.domain) if present and gens else None
        self.inconsistent = ""
        if self.basis is not None and self.basis.exprs == [1]:
            names = ", ".join(name for name in self.names if name)
            self.inconsistent = f"inconsistent: the relations {names} give 1 = 0"

    def relations(self) -> list[Any]:
        """Groebner basis, flat."""
        return [] if self.basis is None else list(self.basis.exprs)

    def divide(self, bottom: Any) -> None:
        """Record what was divided by."""
        for part, _ in factor_list(bottom)[1]:
            whole = self.restore(part)
            if whole.is_zero is not False and whole not in self.nonzero:
                self.nonzero.append(whole)

    def restore(self, e: Any) -> Any:
        """Put roots and inverses back."""
        for made, value in reversed(self.back.items()):
            e = e.xreplace({made: value})
        return e

    def flatten(self, e: Any) -> Any:
        """Replace roots, denominators with generators, and functions by new generators."""
        e = sympify(e)
        if e.is_Float:
            raise ValueError(f"scalar: {e} is a float; allowed: exact numbers such as Rational(1, 2)")
        if isinstance(e, Symbol) or e.is_Rational:
            return e
        if isinstance(e, (Add, Mul)):
            return e.func(*(self.flatten(part) for part in e.args))
        if isinstance(e, Pow) and e.exp.is_Integer:
            return self._power(self.flatten(e.base), int(e.exp))
        if isinstance(e, Pow) and e.exp.is_Rational:
            base = self.flatten(e.base)
            return self._power(self._make(base, e.exp.q, e.base), int(e.exp.p))
        if e not in self._made:  # a function: an independent generator
            self.opaque = True
            self._new(e, e, {*self.heavy} & e.free_symbols)
        return self._made[e]

    def _power(self, base: Any, n: int) -> Any:
        if n >= 0:
            return base**n
        gens = {*self.heavy, *self.light}
        if not base.free_symbols & gens:
            return base**n
        if (base, -1) not in self._made:
            made = self._new((base, -1), 1 / self.restore(base), base.free_symbols & {*self.heavy})
            self.names.append("")
            self.zeros.append(fraction(together(made * base - 1))[0])
            self.divide(fraction(together(base))[0])
        return self._made[(base, -1)] ** -n

    def _make(self, base: Any, q: int, original: Any) -> Symbol:
        if (base, q) not in self._made:
            made = self._new((base, q), original ** Rational(1, q), base.free_symbols & {*self.heavy})
            self.names.append("")
            self.zeros.append(fraction(together(made**q - base))[0])
        return self._made[(base, q)]

    def _new(self, key: Any, value: Any, heavy: Any) -> Symbol:
        made = self._made[key] = Dummy(f"z{len(self._made)}")
        self.back[made] = value
        (self.heavy if heavy else self.light).insert(0, made)
        return made

    def reduce(self, e: Any) -> Any:
        """Normal form of a flat expression; denominators of parameters are recorded."""
        top, bottom = fraction(together(e))
        self.divide(bottom)
        rest = top.expand() if self.basis is None else self.basis.reduce(top)[1]
        return rest / bottom

    def refutes(self, left: Iterable[Any]) -> bool:
        """Whether some expression is nonzero somewhere (over the complex numbers) on the set: no power of it is in the ideal."""
        extra = Dummy("extra")
        for e in left:
            top = fraction(together(self.flatten(e)))[0]
            basis = groebner([*self.zeros, 1 - extra * top], extra, *self.gens, order="grevlex", domain=self.domain)
            if basis.exprs != [1]:
                return True
        return False

    def uses(self, difference: Any) -> tuple[Use, ...]:
        """Cofactors of a flat polynomial that lies in the ideal."""
        top, bottom = fraction(together(difference))
        top = top.expand()
        if top == 0:
            return ()
        ring = self.domain.old_poly_ring(*self.gens)
        present = [(name, z) for name, z in zip(self.names, self.zeros) if z != 0]
        found = ring.ideal(*(z for _, z in present)).in_terms_of_generators(top)
        pairs = ((name, self.restore(ring.to_sympy(c)) / self.restore(bottom)) for (name, _), c in zip(present, found))
        return tuple(Use(c, (), name, ()) for name, c in pairs if name and c != 0)

    def proof(self, lhs: Any, rhs: Any, flat: Any) -> Proof:
        """Proof of an equation whose flat difference lies in the ideal."""
        return Proof(True, True, "", self.uses(flat), tuple(self.nonzero), (((), lhs - rhs),), lhs, rhs)

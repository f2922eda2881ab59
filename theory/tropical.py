"""Vertices of a tropical prevariety: points at which the least term of every equation is attained twice.

Terms have exponents that are linear forms in the unknowns, over the rationals or over rational functions of symbols with
known least values. All arithmetic is exact; a sign that is not decided is refused, not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from sympy import QQ, Add, CoercionFailed, Float, Poly, PolynomialError, Symbol, cancel

from .exponents import Given, is_zero, order_sign, unknown

Form = tuple[Any, ...]
"""Constant and coefficients of the unknowns, elements of one exact field."""

Row = list[tuple[Any, Any]]
"""Terms of one equation: pairs ``(exponent, coefficient)``; the rate has the exponent 0 and the coefficient `RATE`."""

RATE, FROZEN = Symbol("rate"), Symbol("rate_of_frozen_item")


class Search:
    """Depth first over equations: choose two terms that tie, eliminate one unknown, drop impossible branches."""

    def __init__(self, letters: tuple[Symbol, ...], parameters: list[Any], given: Given) -> None:
        self.letters, self.given = letters, given
        self.field = QQ.frac_field(*parameters) if parameters else QQ
        self.zero, self.one = self.field.zero, self.field.one
        self.positive = [bool(u.is_positive) for u in letters]
        self.nonnegative = [bool(u.is_nonnegative) for u in letters]
        self.signs: dict[Any, int | None] = {}
        self.definites: dict[Form, int | None] = {}
        self.visited: dict[Any, bool] = {}
        self.points: dict[Form, None] = {}
        self.freedoms: list[tuple[int, ...]] = []

    # Exact forms

    def form(self, exponent: Any) -> Form:
        """An exponent as a form; ValueError if it is not linear in the unknowns."""
        try:
            poly = Poly(cancel(exponent), *self.letters, domain=self.field)
        except (PolynomialError, CoercionFailed):
            poly = None
        if poly is None or exponent.has(Float) or poly.total_degree() > 1:
            raise ValueError(
                f"scales: the exponent {exponent} is not linear in {', '.join(map(str, self.letters))} with exact coefficients"
            )
        rows = dict(poly.rep.to_dict())
        unit = [tuple(int(i == j) for j in range(len(self.letters))) for i in range(len(self.letters))]
        return tuple(self.field.convert(rows.get(m, self.zero)) for m in ((0,) * len(self.letters), *unit))

    def sign(self, element: Any) -> int | None:
        """Sign of a field element for all admissible values of its symbols; None if it is not decided."""
        if self.field is QQ or element == self.zero:
            return (element > 0) - (element < 0) if self.field is QQ else 0
        if element not in self.signs:
            try:
                self.signs[element] = order_sign(self.field.to_sympy(element), self.given)
            except ValueError:
                self.signs[element] = None
        return self.signs[element]

    def definite(self, form: Form) -> int | None:
        """Sign of a form for all admissible unknowns, 0 for the zero form, None if it depends on them."""
        if form not in self.definites:
            self.definites[form] = self._definite(form)
        return self.definites[form]

    def _definite(self, form: Form) -> int | None:
        if not any(form):
            return 0
        signs, strict = set(), False
        for place, c in enumerate(form):
            if not c:
                continue
            if place and not self.nonnegative[place - 1]:
                return None
            signs.add(self.sign(c))
            strict |= not place or self.positive[place - 1]
        return signs.pop() if len(signs) == 1 and strict else None

    def reduce(self, form: Form, solved: dict[int, Form]) -> Form:
        """A form with the solved unknowns put in."""
        for place, value in solved.items():
            factor = form[place]
            if factor:
                out = list(form)
                out[place] = self.zero
                for i, v in enumerate(value):
                    if v:
                        out[i] += v * factor
                form = tuple(out)
        return form

    def minus(self, left: Form, right: Form) -> Form:
        return tuple(p - q if q else p for p, q in zip(left, right))

    def solve(self, form: Form, solved: dict[int, Form]) -> dict[int, Form] | None:
        """Use ``form = 0`` to eliminate one unknown; None if it is impossible."""
        form = self.reduce(form, solved)
        places = [i for i, c in enumerate(form) if i and c]
        if not places:
            return solved if not any(form) else None
        pivots = [i for i in places if self.sign(form[i])]
        if not pivots:
            raise ValueError(f"given: no coefficient of {self.text(form)} has a definite sign; give least values")
        pivot = pivots[-1]
        value = tuple(-c / form[pivot] if i != pivot else self.zero for i, c in enumerate(form))
        return {**{i: self.reduce(v, {pivot: value}) for i, v in solved.items()}, pivot: value}

    def text(self, form: Form) -> str:
        """A form in letters."""
        back = [self.field.to_sympy(c) for c in form]
        return str(back[0] + sum(c * u for c, u in zip(back[1:], self.letters)))

    # Search

    def run(self, rows: list[Row], conditions: list[tuple[Any, str]]) -> tuple[dict[Any, Any], ...]:
        equations = []
        for row in rows:
            groups: dict[Form, list[Any]] = {}
            for exponent, coefficient in row:
                groups.setdefault(self.form(exponent), []).append(coefficient)
            equations.append(self.relevant(groups))
        solved: dict[int, Form] = {}
        for expression in (e for e, sign in conditions if sign == "="):
            further = self.solve(self.form(expression), solved)
            if further is None:
                raise ValueError(f"where: {expression} = 0 contradicts the other equations of where")
            solved = further
        bounds = [(self.form(expression), sign == ">") for expression, sign in conditions if sign != "="]
        self.equations, self.bounds = equations, bounds
        counted = [
            {form: sum(map(_count, coefficients)) for form, coefficients in groups.items()} for groups in equations
        ]
        self.visit(solved, {}, dict(enumerate(counted)))
        points = sorted(self.points, key=lambda p: [str(self.field.to_sympy(c)) for c in p])
        if self.freedoms:
            free = [str(self.letters[i - 1]) for i in min(self.freedoms, key=len)]
            raise ValueError(f"unknowns: a scale freedom is left in {', '.join(free)}; add a condition to where")
        return tuple({u: self.field.to_sympy(c) for u, c in zip(self.letters, point)} for point in points)

    def merge(self, groups: dict[Form, int], solved: dict[int, Form]) -> dict[Form, int]:
        """Forms with the solved unknowns put in; those that exceed another one everywhere are removed."""
        out: dict[Form, int] = {}
        for form, count in groups.items():
            form = self.reduce(form, solved)
            out[form] = out.get(form, 0) + count
        kept = list(out)
        for form in list(out):
            if any(other is not form and self.definite(self.minus(form, other)) == 1 for other in kept):
                kept.remove(form)
        return {form: out[form] for form in kept}

    def relevant(self, groups: dict[Form, list[Any]]) -> dict[Form, list[Any]]:
        """Terms that are not zero and do not exceed another one everywhere; the zero test is dear, so it comes last."""
        while True:
            kept = {form: groups[form] for form in self.merge(dict.fromkeys(groups, 1), {})}
            zero = [f for f, coefficients in kept.items() if all(not unknown(c) and is_zero(c) for c in coefficients)]
            if not zero:
                return kept
            groups = {form: coefficients for form, coefficients in groups.items() if form not in zero}

    def visit(
        self,
        solved: dict[int, Form],
        done: dict[int, tuple[Form, tuple[Form, ...]]],
        todo: dict[int, dict[Form, int]],
    ) -> bool:
        """Search a branch; whether it contains a point."""
        state = (
            frozenset(solved.items()),
            frozenset((i, self.reduce(low, solved)) for i, (low, _) in done.items()),
        )
        if state not in self.visited:
            gaps = self.gaps(solved, done)
            go = self.branch if todo else self.finish
            self.visited[state] = gaps is not None and go(solved, done, todo, gaps)
        return self.visited[state]

    def branch(self, solved: dict[int, Form], done: Any, todo: dict[int, dict[Form, int]], _: Any) -> bool:
        """Balance one more equation, that with the fewest choices."""
        todo = {i: self.merge(groups, solved) for i, groups in todo.items()}
        choices = {i: self.candidates(groups) for i, groups in todo.items()}
        number = min(choices, key=lambda i: (len(choices[i]), i))
        options, forms = choices[number], tuple(todo[number])
        rest = {i: groups for i, groups in todo.items() if i != number}
        found = False
        for low, tie in options:
            further = self.solve(tie, solved) if tie else solved
            found |= further is not None and self.visit(further, {**done, number: (low, forms)}, rest)
        return found

    def candidates(self, groups: dict[Form, int]) -> list[tuple[Form, Form | None]]:
        """Least form and the equation that makes two forms tie (None where one form balances itself)."""
        alone = [form for form, count in groups.items() if count > 1]  # ties with these come in `finish`
        pairs = combinations([form for form in groups if form not in alone], 2)
        gaps = ((p, self.minus(q, p)) for p, q in pairs)
        return [*((form, None) for form in alone), *((p, gap) for p, gap in gaps if any(gap[1:]))]

    def gaps(self, solved: dict[int, Form], done: Any) -> list[tuple[Form, bool]] | None:
        """What must be nonnegative (or positive) and is not yet decided; None if something is negative."""
        waiting: dict[tuple[Form, bool], None] = {}
        for form, strict in (
            *self.bounds,
            *((self.minus(form, low), False) for low, forms in done.values() for form in forms),
        ):
            form = self.reduce(form, solved)
            sign = self.definite(form)
            if sign == -1 or (sign == 0 and strict):
                return None
            if sign is None:
                waiting[form, strict] = None
        return list(waiting)

    def finish(self, solved: dict[int, Form], done: Any, _: Any, gaps: list[tuple[Form, bool]]) -> bool:
        """All equations are balanced: a point, or further ties until there is one; else a family without any."""
        left = [i for i in range(1, len(self.letters) + 1) if i not in solved]
        if not left:
            if gaps:
                raise ValueError(f"given: the sign of {self.text(gaps[0][0])} is not decided; give least values")
            point = tuple(solved[i][0] for i in range(1, len(self.letters) + 1))
            if all(self.balanced(groups, point) for groups in self.equations):
                self.points[point] = None
            return True
        ties = {form for low, forms in done.values() for form in self.ties(low, forms, solved)}
        found = False
        for tie in sorted(ties, key=str):
            further = self.solve(tie, solved)
            found |= further is not None and self.visit(further, done, {})
        if not found and self.possible(gaps):
            moving = [i for i, form in solved.items() if any(form[1:])]
            self.freedoms.append(tuple(sorted([*left, *moving])))
        return found

    def ties(self, low: Form, forms: tuple[Form, ...], solved: dict[int, Form]) -> Iterator[Form]:
        for form in forms:
            gap = self.reduce(self.minus(form, low), solved)
            if any(gap[1:]) and self.definite(gap) != 1:
                yield gap

    def balanced(self, groups: dict[Form, list[Any]], point: Form) -> bool:
        """Whether the leading terms can cancel or drive: not if all have one definite sign and the rate is smaller."""
        leading: list[Any] = []
        least = None
        for form, coefficients in groups.items():
            value = form[0] + sum((c * p for c, p in zip(form[1:], point)), self.zero)
            sign = -1 if least is None else self.sign(value - least)
            if sign is None:
                raise ValueError(f"given: the order of exponents {value} and {least} is not decided")
            if sign < 0:
                least, leading = value, []
            if sign <= 0:
                leading += coefficients
        if any(unknown(c) for c in leading):
            raise ValueError("extra: the rest of a truncated series would lead; raise extra")
        if RATE in leading or FROZEN in leading:
            return True
        parts = [part for c in leading for part in Add.make_args(c)]
        return not (all(p.is_positive for p in parts) or all(p.is_negative for p in parts))

    def possible(self, gaps: list[tuple[Form, bool]]) -> bool:
        """Whether linear inequalities have a solution (Fourier-Motzkin); what is not decided counts as possible."""
        size = range(len(self.letters) + 1)
        for place in size[1:]:
            if self.nonnegative[place - 1]:  # what follows from this alone is not among the gaps
                unit = tuple(self.one if i == place else self.zero for i in size)
                gaps = [*gaps, (unit, self.positive[place - 1])]
        for place in size[1:]:
            signs = [self.sign(form[place]) for form, _ in gaps]
            if None in signs:
                return True
            kept = [gap for gap, sign in zip(gaps, signs) if sign == 0]
            upper = [gap for gap, sign in zip(gaps, signs) if sign == -1]
            lower = [gap for gap, sign in zip(gaps, signs) if sign == 1]
            for (p, hard), (q, other) in ((p, q) for p in lower for q in upper):
                kept.append((tuple(v / p[place] - w / q[place] for v, w in zip(p, q)), hard or other))
            gaps = self.tightest(kept)
        ends = [(self.sign(form[0]), strict) for form, strict in gaps]
        return not any(sign == -1 or (sign == 0 and strict) for sign, strict in ends)

    def tightest(self, gaps: list[tuple[Form, bool]]) -> list[tuple[Form, bool]]:
        """Of inequalities with proportional linear parts the strongest: elimination would multiply them."""
        kept: dict[Any, tuple[Form, bool]] = {}
        for form, strict in gaps:
            lead = next((c for c in form[1:] if c), self.one)
            size = {1: lead, -1: -lead}.get(self.sign(lead) or 0, self.one)
            form = tuple(c / size for c in form)
            old = kept.get(form[1:])
            order = -1 if old is None else self.sign(form[0] - old[0][0])
            if order is None:
                kept[form] = form, strict
            elif order == -1 or (order == 0 and strict):
                kept[form[1:]] = form, strict
        return list(kept.values())


def _count(coefficient: Any) -> int:
    """A coefficient that is itself a sum can balance itself; so can the rate of a frozen item."""
    return 2 if isinstance(coefficient, Add) or coefficient == FROZEN else 1

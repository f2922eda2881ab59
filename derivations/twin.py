"""The numeric twin of a proof: both sides at random points, with enough digits to tell zero from small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import mpmath
from sympy import MatrixSymbol, Rational, Symbol, sympify

from ..theory.formula import Let, letters, unroll
from ..theory.indices import put
from ..theory.system import System
from .points import NoPoint, Point, concrete, evaluate, extend, sample, shown

DIGITS = 30
MORE = 75
"""With this many digits a difference that is zero up to rounding shrinks, one that is not stays."""

Side = Callable[[Mapping[Any, Any], int], Any]
"""Value of one side at a point, to so many digits."""


@dataclass(frozen=True)
class Twin:
    """What random points say: ``agree`` is None if there is no twin, and ``detail`` says why."""

    agree: bool | None
    detail: str = ""
    residual: str = ""
    counterexample: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Domain:
    """Where points are drawn: letters, relations they satisfy, relations that ``point`` makes true on them."""

    letters: frozenset[Any]
    assuming: tuple[Any, ...] = ()
    given: tuple[tuple[str, Any], ...] = ()
    point: Let = ()
    symmetric: tuple[Any, ...] = ()

    @property
    def drawn(self) -> frozenset[Any]:
        """Letters that are drawn: all that ``point`` does not define."""
        return (self.letters | letters(*(value for _, value in self.point))) - {item for item, _ in self.point}

    def draw(self, seed: int) -> Point:
        """Base letters of a point on which the relations hold."""
        assuming = tuple(unroll(relation, self.point) for relation in self.assuming)
        return sample(self.drawn, assuming, seed, DIGITS, symmetric=self.symmetric)


def domain(
    *expressions: Any,
    assuming: tuple[Any, ...] = (),
    given: tuple[tuple[str, Any], ...] = (),
    point: Let = (),
    symmetric: tuple[Any, ...] = (),
) -> Domain:
    """Domain over the union of the letters of all expressions."""
    used = letters(*map(sympify, expressions), *assuming, *(e for _, e in given))
    return Domain(frozenset(used), assuming, given, point, symmetric)


def size(value: Any) -> Any:
    """Absolute value, or Frobenius norm."""
    return mpmath.mnorm(value, "f") if isinstance(value, mpmath.matrix) else abs(value)


def difference(left: Any, right: Any) -> Any:
    """Left minus right; a zero that has no shape fits every shape."""
    if isinstance(left, mpmath.matrix) != isinstance(right, mpmath.matrix):
        scalar, matrix, sign = (right, left, 1) if isinstance(left, mpmath.matrix) else (left, right, -1)
        if scalar != 0:
            raise NoPoint("a number is compared with a matrix")
        return matrix * sign
    return left - right


def equal(left: Side, right: Side, point: Mapping[Any, Any], let: Let = ()) -> tuple[bool, Any]:
    """Whether two sides agree at a point to 30 digits, and by how much they differ."""
    sizes = []
    for digits in (DIGITS, MORE):
        with mpmath.mp.workdps(2 * digits):
            here = extend(point, let, digits)
            a, b = left(here, digits), right(here, digits)
            gap, scale = size(difference(a, b)), max(size(a), size(b))
            if gap <= scale * mpmath.mpf(10) ** -digits:
                return True, gap
            sizes.append(gap)
    return bool(sizes[1] <= sizes[0] * mpmath.mpf(10) ** -(DIGITS - 5)), sizes[1]


def compare(left: Side, right: Side, where: Domain, count: int = 3) -> Twin:
    """Both sides at random points; the first point at which they differ is the counterexample."""
    if where.given and not where.point:
        return Twin(None, "no numeric twin (no points on the given relations)")
    good, last = 0, ""
    for seed in range(4 * count):
        try:
            base = where.draw(seed)
            for name, relation in where.given:
                ok, gap = equal(_side(relation), lambda p, d: mpmath.mpf(0), base, where.point)
                if not ok:
                    words = f"the points do not satisfy the given relation {name}"
                    return Twin(False, words, mpmath.nstr(gap, 5), shown(extend(base, where.point)))
            same, gap = equal(left, right, base, where.point)
        except NoPoint as error:
            last = str(error)
            continue
        if not same:
            here = {k: v for k, v in extend(base, where.point).items() if k in where.letters or k in where.drawn}
            return Twin(False, "the two sides differ at a point", mpmath.nstr(gap, 8), shown(here))
        good += 1
        if good == count:
            return Twin(True, f"{count} random points at {DIGITS} digits")
    return Twin(None, f"no numeric twin ({last})")


def _side(expression: Any) -> Side:
    return lambda point, digits: evaluate(expression, point, digits)


def sides(left: Any, right: Any, where: Domain, count: int = 3) -> Twin:
    """Two expressions at random points."""
    left, right = concrete((sympify(left), sympify(right)), 1)
    return compare(_side(left), _side(right), where, count)


def slope(shifted: Callable[[Any], Any]) -> Side:
    """Central difference of ``shifted(h)`` at ``h = 0``, exact to the digits that are asked for."""

    def value(point: Mapping[Any, Any], digits: int) -> Any:
        # the error is h**2, the rounding 10**(-2 digits) / h
        step = Rational(1, 10 ** (digits // 2 + 5))
        ahead, behind = (evaluate(shifted(h), point, 2 * digits) for h in (step, -step))
        with mpmath.mp.workdps(2 * digits):
            return (ahead - behind) / (2 * mpmath.mpf(step.p) / step.q)

    return value


def derivative(of: Any, by: Any) -> Side:
    """Derivative of a scalar by a scalar or by a matrix, from differences alone."""
    if not isinstance(by, MatrixSymbol):
        return slope(lambda h: of.xreplace({by: by + h}))

    def value(point: Mapping[Any, Any], digits: int) -> Any:
        step = mpmath.mpf(10) ** -(digits // 2 + 5)
        centre = evaluate(by, point, 2 * digits)
        out = mpmath.matrix(centre.rows, centre.cols)
        for i in range(centre.rows):
            for j in range(centre.cols):
                ends = []
                for sign in (1, -1):
                    moved = centre.copy()
                    moved[i, j] += sign * step
                    ends.append(evaluate(of, {**point, by: moved}, 2 * digits))
                out[i, j] = (ends[0] - ends[1]) / (2 * step)
        return out

    return value


def motion(of: Any, system: System) -> Side:
    """Change of an expression along a system, by moving the state: a central difference, or next value minus value."""
    of = sympify(of)
    lets = tuple((item, put(value, system.let[:k][::-1])) for k, (item, value) in enumerate(system.let))

    def flat(expression: Any) -> Any:
        for item, value in reversed(lets):
            expression = put(expression, ((item, value),))
        return expression

    equations = tuple((item, flat(value)) for item, value in system.equations)
    of = flat(of)
    if system.kind == "map":
        moved = put(of, (*equations, (system.time, system.time + 1)))
        return lambda p, d: difference(evaluate(moved, p, d), evaluate(of, p, d))

    def shifted(h: Any) -> Any:
        ends = tuple((item, item + h * rate) for item, rate in equations)
        return put(of, (*ends, (system.time, system.time + h)))

    return slope(shifted)


def system_domain(system: System, *expressions: Any, **more: Any) -> Domain:
    """Points of the state and the parameters of a system, and of further expressions."""
    parts = [part for pair in (*system.equations, *system.let) for part in pair]
    symmetric = tuple(dict.fromkeys((*system.symmetric, *more.pop("symmetric", ()))))
    found = domain(
        *parts, *expressions, assuming=(*system.assuming, *more.pop("assuming", ())), symmetric=symmetric, **more
    )
    defined = {getattr(item, "base", item) for item, _ in system.let}
    return replace(found, letters=found.letters - defined)


def powers_of_ten(f: Callable[[Any], Any], exponents: tuple[int, ...], digits: int) -> list[Any]:
    """Absolute values of ``f(10**-k)``."""
    with mpmath.mp.workdps(digits):
        return [abs(f(Rational(1, 10**k))) for k in exponents]


def approach(of: Any, var: Symbol, target: Any, order: Any, where: Domain, equals: Any, count: int = 3) -> Twin:
    """Whether ``of - equals`` at ``var = target(h)`` vanishes as ``h`` falls, at least like ``h**order`` if that is given.

    Without an order the distance has to fall by at least ``10**8`` from ``h = 10**-32`` to ``10**-128``.
    """
    exponents = (16, 32, 128) if order is None else (8, 16, 32)
    good, last = 0, ""
    for seed in range(4 * count):
        try:
            point = where.draw(seed)
            power = None if order is None else evaluate(order, point)
            digits = 420 if power is None else int(40 * max(abs(power), 1) * 2) + 120
            values = []
            for k in exponents:
                at = of.xreplace({var: target(Rational(1, 10**k))})
                left = evaluate(at, point, digits)
                right = evaluate(sympify(equals).xreplace({var: target(Rational(1, 10**k))}), point, digits)
                with mpmath.mp.workdps(digits):
                    values.append(abs(left - right))
                floor = mpmath.mpf(10) ** -(digits - 5) * max(1, abs(right))
        except NoPoint as error:
            last = str(error)
            continue
        first, second = (v if v > floor else mpmath.mpf(0) for v in values[1:])
        if power is None:
            fine = second <= first * mpmath.mpf(10) ** -8
            slow = None if fine else _slow(of - equals, var, target, point)
            fine, stuck = fine or slow is True, slow is False
        else:
            rate = mpmath.inf if second == 0 else mpmath.log10(values[1] / second) / (exponents[2] - exponents[1])
            fine = rate >= power - mpmath.mpf("0.2")
            stuck = not fine
        if stuck and second != 0:
            words = (
                "the difference does not vanish"
                if power is None
                else f"the difference has order {mpmath.nstr(rate, 4)}"
            )
            place = ((str(var), _place(target, exponents[2])),)
            return Twin(False, words, mpmath.nstr(values[2], 8), (*shown(point), *place))
        if not fine and second != 0:
            return Twin(None, "no numeric twin (the approach is too slow to judge)")
        good += 1
        if good == count:
            return Twin(True, f"{count} random points, distance 10^-{exponents[2]}")
    return Twin(None, f"no numeric twin ({last})")


def _place(target: Any, exponent: int) -> str:
    """Where the variable was, for reading."""
    return str(target(Symbol(f"10^-{exponent}"))).replace("1/10^-", "10^")


def _slow(gap: Any, var: Symbol, target: Any, point: Mapping[Any, Any]) -> bool | None:
    """Whether a gap that falls like an inverse logarithm vanishes: extrapolation in one over the number of digits.

    True: the extrapolated gap is below a thousandth of the last one. False: it is not, and three digits of it are settled.
    """
    steps = (32, 64, 128, 256)
    values = [evaluate(gap.xreplace({var: target(Rational(1, 10**k))}), point, 900) for k in steps]
    if abs(values[-1]) > abs(values[-2]) * mpmath.mpf("0.9"):
        return False
    with mpmath.mp.workdps(60):
        table, shorter = [+v for v in values], values[-1]
        for width in range(1, len(steps)):
            for i in range(len(steps) - width):
                # Neville's scheme at 1/k = 0
                here, there = mpmath.mpf(1) / steps[i], mpmath.mpf(1) / steps[i + width]
                table[i] = (here * table[i + 1] - there * table[i]) / (here - there)
            shorter = table[1] if width == len(steps) - 2 else shorter
        if abs(table[0]) < abs(values[-1]) / 1000:
            return True
        return False if abs(table[0] - shorter) < abs(table[0]) / 1000 else None


def diverges(of: Any, var: Symbol, target: Any, sign: int, where: Domain, count: int = 3) -> Twin:
    """Whether ``of`` grows beyond all bounds with the given sign as ``h`` falls."""
    good, last = 0, ""
    for seed in range(4 * count):
        try:
            point = where.draw(seed)
            near, far = (evaluate(of.xreplace({var: target(Rational(1, 10**k))}), point, 300) for k in (32, 128))
        except NoPoint as error:
            last = str(error)
            continue
        if not (mpmath.re(far) * sign > mpmath.re(near) * sign + 1 and mpmath.re(far) * sign > 10):
            place = ((str(var), _place(target, 128)),)
            return Twin(False, "the expression does not grow", mpmath.nstr(far, 8), (*shown(point), *place))
        good += 1
        if good == count:
            return Twin(True, f"{count} random points, distance 10^-128")
    return Twin(None, f"no numeric twin ({last})")

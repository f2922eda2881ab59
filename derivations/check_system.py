"""Checks about systems: rates, closures, invariant sets and reductions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mpmath
import sympy
from sympy import Indexed, Rational, S, sympify

from ..theory.formula import Let, unroll
from ..theory.indices import apart, put
from . import twin as numeric
from .chain import Closure, Invariance, Rate, Reduction, SlowReduction
from .check_equal import Proof, has_matrices, join, prove_equal, short
from .points import evaluate
from .twin import Twin


def rate_twin(one: Rate) -> Twin:
    of, equals = (unroll(sympify(e), one.let) for e in (one.of, one.equals))
    equals = flat(equals, one.system.let) if equals.has(Indexed) else unroll(equals, one.system.let)
    given = tuple((name, unroll(sympify(e), one.let)) for name, e in one.given)
    where = numeric.system_domain(one.system, of, equals, given=given, point=one.point, symmetric=one.symmetric)
    return numeric.compare(numeric.motion(of, one.system), lambda p, d: evaluate(equals, p, d), where)


def rate_proof(one: Rate) -> Proof:
    from ..theory.flow import along

    of, equals = (unroll(sympify(e), one.let) for e in (one.of, one.equals))
    given = tuple((name, unroll(sympify(e), one.let)) for name, e in one.given)
    symmetric = tuple(dict.fromkeys((*one.system.symmetric, *one.symmetric)))
    change = along(of, one.system)
    if any(isinstance(item, Indexed) for item, _ in one.system.let):
        return prove_equal(flat(change, one.system.let), flat(equals, one.system.let), given, symmetric)
    direct = prove_equal(change, equals, given, symmetric)
    if direct.ok or not one.system.let:
        return direct
    return prove_equal(unroll(change, one.system.let), unroll(equals, one.system.let), given, symmetric)


def closure_proof(one: Closure) -> Proof:
    from ..theory.answers import Projected
    from ..theory.closure import project
    from ..theory.words import recheck

    result = project(one.system, one.observables, relations=one.relations, symmetric=one.symmetric)
    if not isinstance(result, Projected):
        ok = False if getattr(result, "proved", False) else None
        return Proof(ok, short(result, 400), short(result))
    parts = []
    if has_matrices(*(e for _, e in one.observables)):
        broken = [letter for letter, proof in result.proofs if not recheck(proof, result.given, result.symmetric)]
        if broken:
            return Proof(None, f"the certificate of {broken[0]} does not expand to the difference")
    derived = dict(result.system.equations)
    if set(derived) != {letter for letter, _ in one.equals}:
        return Proof(False, f"the equations are for {', '.join(map(str, derived))}")
    letters_symmetric = tuple(dict.fromkeys((*result.system.symmetric, *result.symmetric)))
    for letter, claimed in one.equals:
        left, right = (unroll(sympify(e), result.system.let) for e in (derived[letter], claimed))
        right = unroll(right, one.system.let)
        parts.append(prove_equal(left, right, result.found, letters_symmetric))
    for expression in one.found:
        zero = (
            sympy.ZeroMatrix(*expression.shape) if has_matrices(expression) and hasattr(expression, "shape") else S.Zero
        )
        parts.append(prove_equal(expression, zero, result.found, letters_symmetric))
    total = join(parts)
    return replace(total, detail=f"projection; {total.detail}") if total.ok else total


def closure_twin(one: Closure) -> Twin:
    """The claimed equations, evaluated on observables of a random state, against the change of the observables."""
    if one.relations and not one.point:
        return Twin(None, "no numeric twin (no points on the relations)")
    equations = dict(one.equals)
    where = numeric.system_domain(
        one.system, *(e for _, e in one.observables), *equations.values(), *one.found,
        given=one.relations, point=one.point, symmetric=tuple(one.symmetric),
    )  # fmt: skip
    where = replace(where, letters=where.letters - {letter for letter, _ in one.observables})
    twin = Twin(True)
    for letter, expression in one.observables:
        if letter not in equations:
            return Twin(False, f"no equation is claimed for {letter}")
        claimed = unroll(unroll(sympify(equations[letter]), one.system.let), one.observables)
        if one.system.kind == "map":
            claimed = claimed - expression
        twin = numeric.compare(numeric.motion(expression, one.system), _value(claimed), where)
        if not twin.agree:
            return replace(twin, detail=f"{letter}: {twin.detail}")
    for relation in one.found:
        at_state = unroll(sympify(relation), one.observables)
        twin = numeric.compare(_value(at_state), lambda p, d: mpmath.mpf(0), where)
        if not twin.agree:
            return replace(twin, detail=f"{short(relation)}: {twin.detail}")
    return twin


def _value(expression: Any) -> numeric.Side:
    return lambda point, digits: evaluate(expression, point, digits)


def invariance_proof(one: Invariance) -> Proof:
    from ..theory.answers import Restricted
    from ..theory.closure import restrict
    from ..theory.words import recheck

    result = restrict(one.system, one.relations, symmetric=one.symmetric)
    if not isinstance(result, Restricted):
        ok = False if getattr(result, "proved", False) else None
        return Proof(ok, short(result, 400), short(result))
    matrices = has_matrices(*(e for _, e in one.relations))
    broken = [n for n, proof in result.proofs if matrices and not recheck(proof, result.given, result.symmetric)]
    if broken:
        return Proof(None, f"the certificate of {broken[0]} does not expand to the difference")
    uses = sum(len(getattr(proof, "uses", ())) for _, proof in result.proofs)
    return Proof(True, f"restriction, {len(result.proofs)} relations, {uses} uses")


def invariance_twin(one: Invariance) -> Twin:
    """At points of the set, the change of every relation vanishes."""
    where = numeric.system_domain(
        one.system, *(e for _, e in one.relations), given=one.relations, point=one.point, symmetric=one.symmetric
    )
    twin = Twin(None, "no numeric twin")
    for name, relation in one.relations:
        twin = numeric.compare(numeric.motion(relation, one.system), lambda p, d: mpmath.mpf(0), where)
        if not twin.agree:
            return replace(twin, detail=f"change of {name}: {twin.detail}")
    return twin


def reduction_proof(one: Reduction) -> Proof:
    from ..theory.rescale import rescale

    result = rescale(one.system, one.scales, one.small)
    derived: dict[Any, Any] = dict(result.system.equations)
    derived |= {item: rate for item, rate, _ in result.fast}
    claimed = dict(one.equals)
    if set(claimed) != set(derived):
        return Proof(False, f"the reduced equations are for {', '.join(map(str, derived))}")
    parts = [
        prove_equal(unroll(derived[item], result.system.let), unroll(sympify(rate), result.system.let))
        for item, rate in claimed.items()
    ]
    if one.order is not None:
        same = prove_equal(result.order, sympify(one.order)) if result.order != one.order else Proof(True, "order")
        if not same.ok:
            return Proof(
                False, f"the error is of order {result.order} in {one.small}, not {one.order}", short(result.order)
            )
        parts.append(same)
    total = join(parts)
    dropped = len(result.dropped)
    return replace(total, detail=f"rescaling, {dropped} dropped terms; {total.detail}") if total.ok else total


def reduction_twin(one: Reduction) -> Twin:
    """The exact rescaled rates at small values of the parameter, against the claimed ones: the error has the order."""
    system, scales = one.system, dict(one.scales)
    if any(hasattr(item, "indices") for item in system.items):
        return Twin(None, "no numeric twin (indexed items)")
    full = {item: unroll(rate, system.let).xreplace(scales) for item, rate in system.equations}
    time = scales.get(system.time, system.time)
    clock = _new(system.time, time, one)
    pairs = [(_new(item, scales.get(item, item), one), item) for item in system.items]
    claimed = dict(one.equals)
    speed = time.diff(clock) if clock is not None else S.One
    for new, item in pairs:
        if new not in claimed:
            return Twin(False, f"no equation is claimed for {new}")
        rate = full[item] * speed / scales.get(item, item).diff(new)
        target = sympify(claimed[new])
        where = numeric.domain(rate, target, assuming=tuple(r.xreplace(scales) for r in system.assuming))
        where = replace(where, letters=where.letters - {one.small})
        # a fast item is claimed up to the power of the small parameter in front of its rate
        power = _power(rate, target, one.small, where)
        if power is None:
            continue
        scaled = rate * one.small ** (-power)
        order = one.order if one.order not in (None, S.Infinity) else None
        twin = numeric.approach(scaled, one.small, lambda h: h, order, where, target)
        if twin.agree is not True:
            return replace(twin, detail=f"{new}: {twin.detail}")
    return Twin(True, "exact rates at small values of the parameter")


def flat(expression: Any, let: Let) -> Any:
    """Ordered definitions put in, families at every index."""
    for pair in reversed(let):
        expression = put(expression, (pair,))
    return expression


def slow_proof(one: SlowReduction) -> Proof:
    from ..theory.rescale import constraints, promote, rescale, restrict_fast

    reduced = rescale(promote(one.system, one.promote), one.scales, one.small)
    system, solution = reduced.system, {}
    powers = {item: p for item, _, p in reduced.fast}
    jacobians: tuple[Any, ...] = ()
    if reduced.fast:
        manifold = restrict_fast(reduced)
        system, jacobians = manifold.system, manifold.jacobians
        solution = {item: flat(item, system.let) for item, _ in manifold.solution}
    if set(system.items) != set(one.equals.items) or set(solution) != {item for item, _, _ in one.fast}:
        return Proof(
            False, f"slow: {', '.join(map(str, system.items))}; fast: {', '.join(map(str, solution)) or 'none'}"
        )
    if one.order is not None and reduced.order != one.order:
        return Proof(False, f"the error is of order {reduced.order} in {one.small}, not {one.order}")
    wrong = [item for item, _, p in one.fast if powers[item] != p]
    if wrong:
        return Proof(False, f"{one.small}**{powers[wrong[0]]} stands in front of the rate of {wrong[0]}")
    pairs = [(flat(system.rate(item), system.let), flat(rate, one.equals.let)) for item, rate in one.equals.equations]
    pairs += [(solution[item], flat(sympify(value), one.equals.let)) for item, value, _ in one.fast]
    if one.keeps:
        kept = constraints(one.system, one.promote, one.scales, one.small)
        if len(kept) != len(one.keeps):
            return Proof(False, f"the manifold keeps {', '.join(map(short, kept))}")
        pairs += list(zip(kept, one.keeps))
    total = join([prove_equal(left, right) for left, right in pairs])
    rates = "; ".join(f"{one.small}**{-p}: {short(matrix.tolist(), 60)}" for p, matrix in jacobians)
    words = f"slow manifold, {len(reduced.dropped)} dropped terms{', Jacobians at ' * bool(rates)}{rates}"
    return replace(total, detail=f"{words}; {total.detail}") if total.ok else total


def slow_twin(one: SlowReduction) -> Twin:
    """Exact rescaled rates at the claimed values of the fast items: slow ones tend to the claim, fast ones to rest."""
    from ..theory.rescale import promote

    lifted = promote(one.system, one.promote)
    scales = dict(one.scales)
    clock = scales[one.system.time]
    speed = clock.diff(_new(one.system.time, clock, one))
    fast = tuple((item, flat(sympify(value), one.equals.let)) for item, value, _ in one.fast)
    powers = {item: p for item, _, p in one.fast}
    claimed = dict(one.equals.equations)
    seen = set()
    for old in lifted.items:
        value = scales.get(old, old)
        new = next((item for item in (*claimed, *powers) if value.has(item)), None)
        if new is None:
            return Twin(False, f"nothing is claimed for {old}")
        seen.add(new)
        rate = put(flat(lifted.rate(old), lifted.let), one.scales) * speed / (value / new)
        rate = _first(put(rate, fast) * one.small ** powers.get(new, S.Zero), new)
        target = _first(flat(sympify(claimed.get(new, S.Zero)), one.equals.let), new)
        where = numeric.domain(rate, target, assuming=one.equals.assuming)
        where = replace(where, letters=where.letters - {one.small})
        twin = numeric.approach(rate, one.small, lambda h: h, one.order if new in claimed else None, where, target)
        if twin.agree is not True:
            return replace(twin, detail=f"{new}: {twin.detail}")
    if seen != {*claimed, *powers}:
        return Twin(False, "an equation is claimed for a letter that is no item")
    return Twin(True, "exact rates at small values of the parameter")


def _first(expression: Any, item: Any) -> Any:
    """A family's equation at its first member."""
    indices = getattr(item, "indices", ())
    free = {str(index) for index in indices}
    return apart(expression, free).xreplace(dict.fromkeys(indices, S.Zero))


def _new(old: Any, value: Any, one: Reduction | SlowReduction) -> Any:
    """The new letter in the expression of an old one."""
    if value == old:
        return old
    found = sorted(value.free_symbols - {one.small} - set(dict(one.system.meaning)), key=str)
    return found[0] if found else old


def _power(rate: Any, target: Any, small: Any, where: numeric.Domain) -> Any:
    """Leading negative power of the small parameter in a rate, from digits; zero for a slow item, None if unclear."""
    point = where.draw(0)
    ends = [abs(evaluate(rate.xreplace({small: Rational(1, 10**k)}), point, 200)) for k in (32, 64)]
    if 0 in ends:
        return S.Zero
    power = -Rational(str(mpmath.nstr(mpmath.log10(ends[1] / ends[0]) / 32, 12))).limit_denominator(60)
    return power if power < 0 else S.Zero

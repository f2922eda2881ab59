"""Reduced dynamics: scales, dropped terms and their order, slow manifolds, matching."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import sympy as sp
from sympy import Idx, IndexedBase, Rational, Sum, Symbol, exp, log, oo, sinh, sqrt, symbols

from plateaux.theory.flow import along, gradient_flow
from plateaux.theory.formula import Source
from plateaux.theory.indices import put
from plateaux.theory.rescale import constraints, match, promote, rescale, restrict_fast
from plateaux.theory.system import System

Q = Rational
eps = Symbol("eps", positive=True)
t, T = symbols("t T", real=True)
s, m, X = symbols("s m X", real=True)
tau = Symbol("tau", nonnegative=True)


def system(*equations, **options):
    """A flow in which every letter means something."""
    free = {f for pair in equations for part in pair for f in part.free_symbols} | {t, eps}
    free |= {f for pair in options.get("let", ()) for part in pair for f in part.free_symbols}
    words = tuple((x, f"letter {x}") for x in sorted(free, key=str))
    return System("test.flow", "a flow", "flow", t, equations, words, Source("plateaux"), **options)


MODE = system((s, 2 * sqrt(s**2 + tau**2) * (m - s)))


def same(left, right):
    return sp.simplify(left - right) == 0


# One mode of the mixed dynamics


def test_lazy_limit():
    lazy = rescale(MODE, {tau: 1 / eps, t: eps * T, s: X}, eps, id="test.lazy")
    assert lazy.system.id == "test.lazy" and lazy.system.time == T
    assert same(lazy.system.rate(X), 2 * (m - X))
    assert lazy.order == 2 and lazy.fast == ()
    ((item, term, exponent),) = lazy.dropped
    assert (item, exponent) == (X, 2) and same(term, X**2 * (m - X))
    words = dict(lazy.system.meaning)
    assert words[X] == "rescaled letter s" and words[T] == "rescaled letter t" and s not in words


def test_inner_layer():
    inner = rescale(MODE, ((tau, eps), (s, eps * X)), eps)
    assert same(inner.system.rate(X), 2 * m * sqrt(X**2 + 1))
    assert inner.order == 1 and inner.system.time == t


def test_outer_region_and_where_it_fails():
    x = Symbol("x", positive=True)
    outer = rescale(MODE, {tau: eps, s: x}, eps)
    assert same(outer.system.rate(x), 2 * x * (m - x))
    assert outer.order == 2
    (_, term, _) = outer.dropped[0]
    assert same(term, (m - x) / x)  # blows up at small x, where the layer sits


def test_order_is_what_the_error_does():
    """Rates of the full and the reduced mode at one point: halving eps divides the difference by 2**order."""
    full = MODE.rate(s)
    for scales, jacobian, order in [({tau: 1 / eps, t: eps * T, s: X}, eps, 2), ({tau: eps, s: eps * X}, 1 / eps, 1)]:
        reduced = rescale(MODE, scales, eps)
        assert reduced.order == order

        def gap(value, scales=scales, jacobian=jacobian, reduced=reduced):
            values = {k: v.subs(eps, value) for k, v in ((k, sp.sympify(v)) for k, v in scales.items())}
            true = full.subs(values, simultaneous=True) * jacobian.subs(eps, value) if jacobian != 1 else full
            return abs(sp.N((true - reduced.system.rate(X)).subs({X: Q(3, 10), m: Q(7, 10)}), 40))

        slope = math.log2(gap(Q(1, 2**12)) / gap(Q(1, 2**13)))
        assert slope == pytest.approx(order, abs=0.01)


# Symbolic exponents


def test_deep_mode_with_symbolic_depth():
    L = Symbol("L", integer=True, positive=True)
    x, y, goal = symbols("x y goal", positive=True)
    deep = system((x, x ** (L - 1) * (goal - x**L)))
    reduced = rescale(deep, {x: eps * y, t: eps ** (2 - L) * T}, eps, given=((L, 3),))
    assert reduced.system.rate(y) == goal * y ** (L - 1)
    assert reduced.order == L
    wrong = rescale(deep, {x: eps * y, t: T}, eps, given=((L, 3),))
    assert wrong.system.rate(y) == 0  # frozen on this clock
    assert sp.expand(wrong.order - (L - 2)) == 0
    quick = rescale(deep, {x: eps * y, t: eps ** (-L) * T}, eps, given=((L, 3),))
    assert quick.fast[0][2] == 2 and quick.system.equations == ()
    with pytest.raises(ValueError, match="not decided"):
        rescale(deep, {x: eps * y, t: T}, eps)


def test_logarithmic_time_and_an_exponent_as_variable():
    a, delta = symbols("a delta", positive=True)
    y = Symbol("y", positive=True)
    reduced = rescale(system((a, a * (delta - a**2))), {t: -log(eps) * T, a: eps**y}, eps)
    assert reduced.system.rate(y) == -delta
    assert reduced.order == 2 * y
    with pytest.raises(ValueError, match="log"):
        rescale(system((a, a * (delta - a**2))), {t: -log(eps) * T, a: Symbol("b", positive=True)}, eps)


def test_relu_neuron():
    v, a, W, A, y = symbols("v a W A y", real=True)
    neuron = system((v, a * (y - a * sp.Max(0, v)) * sp.Heaviside(v, 0)), (a, (y - a * sp.Max(0, v)) * sp.Max(0, v)))
    reduced = rescale(neuron, {v: eps * W, a: eps * A}, eps)
    assert reduced.system.rate(W) == A * y * sp.Heaviside(W, 0)
    assert reduced.system.rate(A) == y * sp.Max(0, W)
    assert reduced.order == 2


def test_nothing_dropped_is_an_exact_symmetry():
    u, v, U, V = symbols("u v U V", real=True)
    reduced = rescale(system((u, u * v), (v, u**2)), {u: eps * U, v: eps * V, t: T / eps}, eps)
    assert reduced.dropped == () and reduced.order == oo


def test_cancelling_leading_terms_are_refused():
    u = Symbol("u", real=True)
    rate = (sqrt(1 + tau * u) - 1 - tau * u / 2) / tau**2
    with pytest.raises(ValueError, match="raise extra"):
        rescale(system((u, rate)), {tau: eps, u: X}, eps)
    assert rescale(system((u, rate)), {tau: eps, u: X}, eps, extra=2).system.rate(X) == -(X**2) / 8


# Two-layer network on a single-index target: neurons a[i], s[i], second layer faster by 1/eps

n = Symbol("n", integer=True, positive=True)
i = Idx("i", n)
a, u, A, S = map(IndexedBase, ("a", "s", "A", "S"))
M, rho, R = symbols("M0:3", real=True), symbols("rho0:3", real=True), symbols("R0:3", real=True)
phi, sigma = symbols("phi0:3", nonzero=True), symbols("sigma0:3", nonzero=True)
LET = (
    *((M[k], Sum(a[i] * u[i] ** k, i) / n) for k in range(3)),
    *((rho[k], sigma[k] * (phi[k] - sigma[k] * M[k])) for k in range(3)),
)
LETTERS = (t, a, u, *M, *rho, *phi, *sigma, eps, n)
NEURONS = gradient_flow(
    "test.neurons",
    sum(rho[k] ** 2 / sigma[k] ** 2 for k in range(3)) / 2,
    (a[i], u[i]),
    let=LET,
    mobility=((a[i], n / eps), (u[i], n * (1 - u[i] ** 2))),
    time=t,
    source=Source("plateaux"),
    title="neurons",
    meaning=tuple((x, f"letter {x}") for x in LETTERS),
)
g1, g2 = phi[1] * sigma[1], phi[2] * sigma[2]


def mean(body):
    return Sum(body, (i, 0, n - 1)) / n


def numbers(expression, size=3):
    """An exact value at a fixed rational point with three neurons, sums carried out."""
    values = {A: [Q(1, 2), Q(-2, 3), Q(5, 4)], S: [Q(1, 3), Q(3, 5), Q(-1, 7)]}

    def go(e):
        if isinstance(e, Sum):
            body = e.function
            for index, low, high in e.limits:
                assert (low, high) == (0, n - 1)
                body = sp.Add(*(body.xreplace({index: sp.Integer(k)}) for k in range(size)))
            return go(body)
        if isinstance(e, sp.Indexed):
            return values[e.base][1 if e.indices[0] == i else int(e.indices[0])]  # sums are carried out: i is free
        return e.func(*map(go, e.args)) if e.args else e

    return sp.simplify(go(expression).subs(n, size))


def equal(left, right):
    """Equality at the exact point, at neuron 1."""
    return numbers(left - right) == 0


def scaled(clock, size_a, size_s, residuals):
    """Promote as many residuals as there are scales, and rescale."""
    scales = {t: clock * T, a[i]: size_a * A[i], u[i]: size_s * S[i]}
    scales |= {rho[k]: value * R[k] for k, value in enumerate(residuals)}
    items = rho[: len(residuals)]
    return rescale(promote(NEURONS, items), scales, eps), constraints(NEURONS, items, scales, eps)


def test_promoted_residual_keeps_its_definition():
    """The rate of the promoted item is the derivative of its definition: the start's constraint stays true."""
    lifted = promote(NEURONS, (rho[0],))
    assert lifted.items == (a[i], u[i], rho[0]) and rho[0] not in dict(lifted.let)
    change = lifted.rate(rho[0]) - along(sigma[0] * (phi[0] - sigma[0] * Sum(a[i], i) / n), lifted)
    point = {rho[0]: Q(1, 3), rho[1]: Q(2, 7), rho[2]: Q(-3, 5), eps: Q(1, 9)}
    assert numbers(put(change, ((a[i], A[i]), (u[i], S[i]))).xreplace(point)) == 0
    with pytest.raises(ValueError, match="not defined"):
        promote(NEURONS, (phi[0],))


def test_phase_0():
    reduced, _ = scaled(eps, 1, eps, [1])
    assert reduced.system.rate(A[i]) == R[0]
    assert reduced.system.rate(S[i]) == g1 * A[i]
    assert reduced.system.rate(R[0]) == -(sigma[0] ** 2) * R[0]
    assert reduced.order == 1 and reduced.fast == ()


PHASES = {
    "1 entry": ((sqrt(eps), 1, sqrt(eps), [sqrt(eps)]), Q(1, 2)),
    "1 inner": ((sqrt(eps), eps ** Q(-1, 4), eps ** Q(1, 4), [eps ** Q(1, 4)]), Q(1, 4)),
    "2 entry": ((eps ** Q(1, 4), eps ** Q(-1, 4), eps ** Q(1, 4), [sqrt(eps), eps ** Q(1, 4)]), Q(1, 4)),
    "2 inner": ((eps ** Q(1, 3), eps ** Q(-1, 3), eps ** Q(1, 6), [eps ** Q(1, 3), eps ** Q(1, 6)]), Q(1, 3)),
}


@pytest.mark.parametrize("phase", PHASES)
def test_order_of_every_phase(phase):
    scales, order = PHASES[phase]
    assert scaled(*scales)[0].order == order


def test_phase_1_entry():
    reduced, (constraint,) = scaled(*PHASES["1 entry"][0])
    ((item, g, p),) = reduced.fast
    assert (item, p) == (R[0], Q(1, 2)) and equal(g, -(sigma[0] ** 2) * (R[0] + g1 * mean(S[i])))
    assert same(constraint, sigma[0] * (phi[0] - sigma[0] * mean(A[i])))
    slow = restrict_fast(reduced)
    assert slow.jacobians == ((Q(1, 2), sp.Matrix([[-(sigma[0] ** 2)]])),)
    assert equal(put(slow.system.rate(A[i]), slow.system.let), g1 * (S[i] - mean(S[i])))
    assert slow.system.rate(S[i]) == g1 * A[i]


def test_phase_2_multipliers():
    """Multipliers of the learned degrees, by the slow manifold; the learned moments stay where they are."""
    reduced, (first, second) = scaled(*PHASES["2 entry"][0])
    assert [p for _, _, p in reduced.fast] == [Q(3, 4), Q(1, 4)]
    assert equal(first, -(sigma[0] ** 2) * mean(A[i]))
    assert equal(second, sigma[1] * (phi[1] - sigma[1] * mean(A[i] * S[i])))
    slow = restrict_fast(reduced)
    assert [item for item, _ in slow.solution] == [R[1], R[0]]
    spread = mean(A[i] ** 2) + mean(S[i] ** 2) - mean(S[i]) ** 2
    top = mean(S[i] ** 3) - mean(S[i]) * mean(S[i] ** 2) + 2 * mean(A[i] ** 2 * S[i])
    multiplier = dict(slow.solution)
    assert equal(multiplier[R[1]], -g2 * top / spread)
    assert equal(multiplier[R[0]], -R[1] * mean(S[i]) - g2 * mean(S[i] ** 2))
    assert [p for p, _ in slow.jacobians] == [Q(3, 4), Q(1, 4)]
    assert equal(slow.jacobians[1][1][0, 0], -(sigma[1] ** 2) * spread)
    for moment in (mean(A[i]), mean(A[i] * S[i])):
        rate = along(moment, slow.system)
        for pair in reversed(slow.system.let):
            rate = put(rate, (pair,))
        assert numbers(rate) == 0
    assert numbers(put(along(mean(A[i] * S[i] ** 2), slow.system), slow.solution[::-1])) != 0


def test_phase_2_inner_layer_has_the_unlearned_residual_for_its_constant():
    inner = restrict_fast(scaled(*PHASES["2 inner"][0])[0])
    entry = restrict_fast(scaled(*PHASES["2 entry"][0])[0])
    (residual,) = (item for item, _ in inner.system.let if str(item) == "rho2_bar")
    for item in (R[0], R[1]):
        assert equal(dict(inner.solution)[item], dict(entry.solution)[item].subs(phi[2], residual / sigma[2]))
    assert "M2_bar" in [str(item) for item, _ in inner.system.let]


@pytest.mark.parametrize("clock, fast, frozen", [(Q(1, 3), 0, 2), (Q(1, 5), 2, 0)])
def test_a_wrong_clock_is_reported_not_accepted(clock, fast, frozen):
    right = PHASES["2 entry"][0]
    reduced, _ = scaled(eps**clock, *right[1:])
    moving = [item for item, _, p in reduced.fast if item in (A[i], S[i])]
    assert len(moving) == fast
    assert all(p == Q(1, 20) for item, _, p in reduced.fast if item in moving)
    assert sum(rate == 0 for _, rate in reduced.system.equations) == frozen


def test_manifolds_that_repel_or_do_not_exist():
    v, w, V, W = symbols("v w V W", real=True)
    scales = {v: V, w: W}
    good = restrict_fast(rescale(system((v, w), (w, (v - 2 * w) / eps)), scales, eps))
    assert good.solution == ((W, V / 2),) and put(good.system.rate(V), good.system.let) == V / 2
    for rate, text in [((v + w) / eps, "repels"), ((v - w**3) / eps, "not linear"), (v / eps, "no unique solution")]:
        with pytest.raises(ValueError, match=text):
            restrict_fast(rescale(system((v, w), (w, rate)), scales, eps))


# Input


def test_bad_scales_are_refused_in_one_line():
    let = ((Symbol("f", real=True), s**2),)
    with_let = system((s, -let[0][0]), let=let)
    other = Symbol("Y", real=True)
    for call, text in [
        (lambda: rescale(MODE, {Symbol("z"): X}, eps), "z is no letter"),
        (lambda: rescale(with_let, {let[0][0]: eps * X}, eps), "promote it first"),
        (lambda: rescale(MODE, {s: X * other}, eps), "exactly one new letter"),
        (lambda: rescale(MODE, {s: eps * s}, eps), "exactly one new letter"),
        (lambda: rescale(MODE, {s: eps}, eps), "exactly one new letter"),
        (lambda: rescale(MODE, ((s, X), (s, eps * X)), eps), "scaled twice"),
        (lambda: rescale(MODE, {s: X, t: X}, eps), "stands for two"),
        (lambda: rescale(MODE, {s: X}, Symbol("e")), "positive"),
    ]:
        with pytest.raises(ValueError, match=text) as caught:
            call()
        assert "\n" not in str(caught.value)


# Matching

C, th, Ti = symbols("C th Ti")
GOAL = Symbol("m", positive=True)


def mixed_match(shift, constant=C):
    outer = GOAL / (1 + constant * exp(-2 * GOAL * th))
    return match(eps * sinh(2 * GOAL * Ti), outer, th, {Ti: th - shift * log(eps) / (2 * GOAL)}, eps)


def test_matching_finds_the_constant_of_the_mode():
    matched = mixed_match(1)
    assert sp.solve(matched.residual, C) == [2 * GOAL]
    assert mixed_match(1, 2 * GOAL).residual == 0
    assert same(matched.common, exp(2 * GOAL * th) / 2)
    assert mixed_match(Q(1, 2)).residual != 0
    assert sp.solve(mixed_match(Q(1, 2)).residual, C) != [2 * GOAL]


def test_composite_is_uniform():
    """Against the exact mode from zero: the error of the composite falls like tau, everywhere."""
    composite = mixed_match(1, 2 * GOAL).composite
    errors = []
    for value in (Q(1, 10**3), Q(1, 10**4), Q(1, 10**5)):
        r = sqrt(1 + value**2)
        shift = -log(value) / 2
        worst = 0
        for k in range(1, 40):
            time = 2 * shift * Q(k, 20)
            th_ = sp.tanh(r * time)
            exact = 2 * value * th_ * (r + value * th_) / ((r + value * th_) ** 2 - th_**2)
            got = composite.subs({GOAL: 1, th: time - shift, eps: value})
            worst = max(worst, abs(sp.N(exact - got, 30)))
        errors.append(worst)
    slopes = [math.log10(x / y) for x, y in pairwise(errors)]
    assert slopes == pytest.approx([1, 1], abs=0.02)


def test_matching_refuses_relations_between_times_that_cannot_be_inverted():
    with pytest.raises(ValueError, match="no unique inverse"):
        match(Ti, th, th, {Ti: th**2}, eps)
    with pytest.raises(ValueError, match="one pair"):
        match(Ti, th, th, {Ti: th, C: th}, eps)

"""Unknown exponents of singularly perturbed systems, against the literature and against direct enumeration."""

from __future__ import annotations

from itertools import combinations

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Eq, Idx, IndexedBase, Rational, Sum, Symbol, sqrt, symbols

from plateaux.theory.balances import balances
from plateaux.theory.flow import gradient_flow
from plateaux.theory.formula import Source
from plateaux.theory.rescale import promote, rescale
from plateaux.theory.system import System
from plateaux.theory.tropical import Search

Q = Rational
OURS = Source("plateaux")
eps = Symbol("eps", positive=True)
t, T = symbols("t T", real=True)
theta, omega, beta = symbols("theta omega beta", positive=True)
clock = Symbol("theta", real=True)
L = Symbol("L", integer=True, positive=True)
x, y, z, X, Y, Z = symbols("x y z X Y Z", real=True)
goal = Symbol("goal", positive=True)


def system(*equations, let=(), extra=()):
    """A flow in which every letter means something."""
    pairs = (*equations, *let)
    free = {f for pair in pairs for part in pair for f in part.free_symbols} | {t, eps, *extra}
    return System(
        "test.flow", "a flow", "flow", t, equations, tuple((f, "letter") for f in sorted(free, key=str)), OURS, let=let
    )


# Two-layer network on a single-index target, from its population risk: neurons a[i], s[i], second layer faster by 1/eps

n = Symbol("n", integer=True, positive=True)
i = Idx("i", n)
a, s, A, S = map(IndexedBase, ("a", "s", "A", "S"))


def network(degrees):
    M, rho = symbols(f"M0:{degrees}", real=True), symbols(f"rho0:{degrees}", real=True)
    phi, sigma = symbols(f"phi0:{degrees}", nonzero=True), symbols(f"sigma0:{degrees}", nonzero=True)
    let = (
        *((M[k], Sum(a[i] * s[i] ** k, i) / n) for k in range(degrees)),
        *((rho[k], sigma[k] * (phi[k] - sigma[k] * M[k])) for k in range(degrees)),
    )
    return gradient_flow(
        "test.neurons",
        sum(rho[k] ** 2 / sigma[k] ** 2 for k in range(degrees)) / 2,
        (a[i], s[i]),
        let=let,
        mobility=((a[i], n / eps), (s[i], n * (1 - s[i] ** 2))),
        time=t,
        source=OURS,
        title="neurons",
        meaning=tuple((letter, "letter") for letter in (t, a, s, *M, *rho, *phi, *sigma, eps, n)),
    ), rho


def layer(degree, size_a, size_s, residuals, unknowns, **options):
    """Balances of the layer in which `degree` is learned, with the residuals of the lower degrees promoted."""
    flow, rho = network(degree + 1)
    scales = {t: eps ** unknowns[0] * T, a[i]: eps**-size_a * A[i], s[i]: eps**size_s * S[i]}
    scales |= {rho[j]: eps**size * Symbol(f"R{j}", real=True) for j, size in enumerate(residuals)}
    return balances(promote(flow, rho[:degree]), scales, eps, unknowns, **options)


def inner(degree, residuals=None):
    free = () if residuals is None else residuals
    sizes = residuals or [
        (degree - j) * beta for j in range(degree)
    ]  # as large as the driving term of the same equation
    where = (omega >= (degree - 1) * beta,)  # M_(degree-1) = kappa is not zero
    return layer(degree, omega, beta, sizes, (theta, omega, beta, *free), where=where)


def entry(degree, residuals=None, time=theta):
    size_a, size_s = Q(degree - 1, 2 * degree), Q(1, 2 * degree)
    sizes = residuals or [(degree - j) * size_s for j in range(degree)]
    return layer(degree, size_a, size_s, sizes, (time, *(residuals or ())))


@pytest.mark.parametrize(
    "degree", [1, 2, 3, 4, pytest.param(5, marks=pytest.mark.slow), pytest.param(6, marks=pytest.mark.slow)]
)
def test_inner_layer(degree):
    """Sizes and width when a degree is learned: omega = l/(2(l+1)), beta = 1/(2(l+1)), width 1/(l+1), unique."""
    up = 2 * (degree + 1)
    assert inner(degree) == ({theta: Q(2, up), omega: Q(degree, up), beta: Q(1, up)},)


@pytest.mark.parametrize("degree", range(1, 7))
def test_entry_layer(degree):
    assert entry(degree) == ({theta: Q(1, 2 * degree)},)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_multipliers_are_found_not_assumed(degree):
    """Sizes of the residuals of learned degrees free and positive: (l-j)/(2l), the multiplier rule is a result."""
    free = symbols(f"r0:{degree}", positive=True)
    expected = {theta: Q(1, 2 * degree)} | {r: Q(degree - j, 2 * degree) for j, r in enumerate(free)}
    assert entry(degree, free) == (expected,)


def test_multipliers_of_the_inner_layer_are_found():
    free = symbols("r0:2", positive=True)
    assert inner(2, free) == ({theta: Q(1, 3), omega: Q(1, 3), beta: Q(1, 6), free[0]: Q(1, 3), free[1]: Q(1, 6)},)


def test_other_balances_are_listed():
    """Without the sign of the residuals the previous layer, still running, is a balance too."""
    free = symbols("r0:2", real=True)
    found = entry(2, free, clock)
    assert len(found) == 2
    assert {clock: Q(1, 4), free[0]: Q(1, 2), free[1]: Q(1, 4)} in found
    assert {clock: Q(1, 2), free[0]: Q(1, 4), free[1]: 0} in found


def test_start_of_the_network():
    """Second layer of size one: degree 0 on the clock eps, then degree 1 on the clock sqrt(eps)."""
    r0 = Symbol("r0", nonnegative=True)
    found = layer(1, 0, beta, [r0], (clock, beta, r0))
    assert {tuple(one.values()) for one in found} == {(1, 1, 0), (Q(1, 2), Q(1, 2), Q(1, 2))}


@pytest.mark.parametrize("degree", [1, 2])
def test_found_exponents_give_a_reduced_system(degree):
    """At the exponents nothing is frozen and no neuron is fast; a little off they are."""
    ((*_,),) = (found := inner(degree),)
    values = found[0]
    flow, rho = network(degree + 1)
    for shift, moving in ((0, True), (Q(1, 40), False), (Q(-1, 40), False)):
        scales = {
            t: eps ** (values[theta] + shift) * T,
            a[i]: eps ** -values[omega] * A[i],
            s[i]: eps ** values[beta] * S[i],
        }
        scales |= {rho[j]: eps ** ((degree - j) * values[beta]) * Symbol(f"R{j}", real=True) for j in range(degree)}
        reduced = rescale(promote(flow, rho[:degree]), scales, eps)
        rates = dict(reduced.system.equations)
        assert all(item in rates and rates[item] != 0 for item in (A[i], S[i])) == moving


# The same for a symbolic degree: residuals of the learned degrees j < l are open letters, sums over j < l and k > l


def symbolic(drive):
    """Degrees below l learned, degree `drive` grows next; M_k are definitions only."""
    l, K = symbols("l K", integer=True, positive=True)
    j, k = Idx("j"), Idx("k")
    rho, M, phi, sigma, R = map(IndexedBase, ("rho", "M", "phi", "sigma", "R"))
    first, phi_l, sigma_l = Symbol("M_l", real=True), *symbols("phi_l sigma_l", nonzero=True)
    top = drive(l)
    residual = sigma_l * (phi_l - sigma_l * first)
    rest = sigma[k] * (phi[k] - sigma[k] * M[k])
    rate_a = Sum(rho[j] * s[i] ** j, (j, 0, l - 1)) + residual * s[i] ** top + Sum(rest * s[i] ** k, (k, top + 1, K))
    rate_s = (
        Sum(j * rho[j] * s[i] ** (j - 1), (j, 0, l - 1))
        + top * residual * s[i] ** (top - 1)
        + Sum(k * rest * s[i] ** (k - 1), (k, top + 1, K))
    )
    flow = System(
        "test.symbolic",
        "neurons",
        "flow",
        t,
        ((a[i], rate_a / eps), (s[i], a[i] * (1 - s[i] ** 2) * rate_s)),
        tuple((letter, "letter") for letter in (t, a, s, rho, M, first, phi, sigma, phi_l, sigma_l, eps, n, l, K)),
        OURS,
        let=((first, Sum(a[i] * s[i] ** top, i) / n), (M[k], Sum(a[i] * s[i] ** k, i) / n)),
    )

    def solve(size_a, size_s, unknowns):
        scales = {t: eps**clock * T, a[i]: eps**-size_a * A[i], s[i]: eps**size_s * S[i]}
        scales[rho[j]] = eps ** ((top - j) * size_s) * R[j]
        return balances(flow, scales, eps, unknowns, given=((l, 1), (K, top + 3)))

    return l, solve


def test_inner_layer_of_symbolic_degree():
    l, solve = symbolic(lambda l: l)
    (found,) = solve(omega, beta, (clock, omega, beta))
    expected = {clock: 1 / (l + 1), omega: l / (2 * (l + 1)), beta: 1 / (2 * (l + 1))}
    assert all(sp.cancel(found[u] - expected[u]) == 0 for u in expected)


def test_entry_layer_of_symbolic_degree():
    l, solve = symbolic(lambda l: l)
    (found,) = solve((l - 1) / (2 * l), 1 / (2 * l), (clock,))
    assert sp.cancel(found[clock] - 1 / (2 * l)) == 0


def test_gap_in_the_spectrum_of_symbolic_degree():
    """After degrees below l the next one is l + 1: its time is of order one for every l."""
    l, solve = symbolic(lambda l: l + 1)
    (found,) = solve((l - 1) / (2 * l), 1 / (2 * l), (clock,))
    assert found == {clock: 0}


# Other systems


def test_mixed_mode():
    """``s' = 2 q (m - s)``, ``q^2 = s^2 + tau^2``: an inner layer of size tau and the outer region, on the same clock."""
    p, q = symbols("p q", real=True)
    tau = Symbol("tau", positive=True)
    mode = system((x, 2 * y * (goal - x)), extra=(tau,))
    found = balances(
        mode,
        {tau: eps, x: eps**p * X, y: eps**q * Y, t: eps**clock * T},
        eps,
        (p, q, clock),
        algebraic=(y**2 - x**2 - tau**2,),
    )
    assert found == ({p: 0, q: 0, clock: 0}, {p: 1, q: 1, clock: 0})


def test_deep_mode_of_symbolic_depth():
    u, v = symbols("u v", positive=True)
    p = Symbol("p", real=True)
    deep = system((u, u ** (L - 1) * (goal - u**L)))
    assert balances(deep, {u: eps * v, t: eps**clock * T}, eps, (clock,), given=((L, 3),)) == ({clock: 2 - L},)
    assert balances(deep, {u: eps**p * v, t: eps**clock * T}, eps, (clock, p), given=((L, 3),)) == ({clock: 0, p: 0},)
    small = Symbol("p", positive=True)  # every small start has a clock of its own: not one balance, a family
    with pytest.raises(ValueError, match="scale freedom is left in theta, p"):
        balances(deep, {u: eps**small * v, t: eps**clock * T}, eps, (clock, small), given=((L, 3),))


def test_frozen_items():
    """One layer of size one, L - 1 small ones: the large one does not move while the small ones grow."""
    chain = system((x, y ** (L - 1)), (y, x * y ** (L - 2)))
    scales = {x: X, y: sqrt(eps) * Y, t: eps**clock * T}
    assert balances(chain, scales, eps, (clock,), given=((L, 4),)) == ()
    (found,) = balances(chain, scales, eps, (clock,), given=((L, 4),), frozen=(x,))
    assert sp.expand(found[clock] - (3 - L) / 2) == 0


def test_a_coefficient_can_balance_itself():
    """``eps x' = phi - x`` with x of size one: the right-hand side vanishes by itself on slow clocks."""
    phi = Symbol("phi", positive=True)
    pair = system((x, (phi - x) / eps), (y, x * y))
    scales = {x: X, y: Y, t: eps**clock * T}
    assert balances(pair, scales, eps, (clock,)) == ({clock: 0},)
    found = balances(pair, scales, eps, (clock,), frozen=(y,))
    assert found == ({clock: 0}, {clock: 1})


def test_terms_of_one_sign_do_not_balance():
    u, v = symbols("u v", positive=True)
    p, q = symbols("p q", real=True)
    scales = {x: eps**p * X, u: eps**q * v, t: T}
    for sign, expected in ((-1, ({p: 1, q: Q(1, 2)},)), (1, ())):
        flow = system((x, -(x - eps)), extra=(u,))
        found = balances(flow, scales, eps, (p, q), algebraic=(u**2 + sign * eps,))
        assert found == expected


def test_cancelled_terms_do_not_count():
    """A coefficient that is zero by an identity is not a leading term."""
    zero = sp.sin(y) ** 2 + sp.cos(y) ** 2 - 1
    flow = system((x, zero / eps + x), extra=(y,))
    assert balances(flow, {x: X, t: eps**clock * T}, eps, (clock,)) == ({clock: 0},)


def test_definitions_are_scaled_or_put_in():
    m, d = symbols("m d", real=True)
    flow = system((x, d - x), let=((m, x**2 / eps), (d, 1 - m)))
    p = Symbol("p", real=True)
    found = balances(flow, {x: eps**p * X, t: eps**clock * T}, eps, (p, clock))
    assert {p: Q(1, 2), clock: Q(1, 2)} in found


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 4)), min_size=2, max_size=5, unique_by=lambda term: term[1])
)
def test_one_equation_against_direct_enumeration(terms):
    """``0 = sum c_k eps^p_k x^k``: the balances are the slopes of the Newton polygon."""
    p = Symbol("p", real=True)
    polynomial = sum(Symbol(f"c{k}", real=True) * eps**size * x**k for size, k in terms)
    flow = system((y, -y), extra=polynomial.free_symbols | {x})
    found = balances(flow, {x: eps**p * X, y: Y, t: T}, eps, (p,), algebraic=(polynomial,))
    slopes = set()
    for (size, k), (other, m) in combinations(terms, 2):
        slope = Q(other - size, k - m)
        level = [c + slope * d for c, d in terms]
        if size + slope * k == min(level):
            slopes.add(slope)
    assert {one[p] for one in found} == slopes


TERMS = st.lists(
    st.tuples(st.integers(-2, 3), st.integers(0, 3), st.integers(0, 3)),
    min_size=2,
    max_size=4,
    unique_by=lambda term: term[1:],
)


@settings(max_examples=30, deadline=None)
@given(TERMS, TERMS)
def test_two_equations_against_direct_enumeration(first, second):
    """All pairs of ties of two polynomials in two unknown sizes, solved and checked one by one."""
    p, q = symbols("p q", real=True)

    def polynomial(name, terms):
        return sum(Symbol(f"{name}{k}", real=True) * eps**e * x**m * z**l for k, (e, m, l) in enumerate(terms))

    algebraic = (polynomial("c", first), polynomial("d", second))
    flow = system((y, -y), extra={x, z}.union(*(e.free_symbols for e in algebraic)))
    expected = set()
    ties = [(n, u, v) for n, terms in enumerate((first, second)) for u, v in combinations(terms, 2)]
    for pair in combinations(ties, 2):
        matrix = sp.Matrix([[u[k] - v[k] for k in (1, 2)] for _, u, v in pair])
        if matrix.det() == 0:
            continue
        at = matrix.LUsolve(sp.Matrix([v[0] - u[0] for _, u, v in pair]))
        levels = [sorted(e + m * at[0] + l * at[1] for e, m, l in terms) for terms in (first, second)]
        tied = all(u[0] + u[1] * at[0] + u[2] * at[1] == levels[n][0] for n, u, _ in pair)
        if tied and all(level[0] == level[1] for level in levels):
            expected.add(tuple(at))
    scales = {x: eps**p * X, z: eps**q * Z, y: Y, t: T}
    try:
        found = {(one[p], one[q]) for one in balances(flow, scales, eps, (p, q), algebraic=algebraic)}
    except ValueError as error:
        assert "freedom" in str(error)
        return
    assert found == expected


# Input


def test_conditions():
    p = Symbol("p", real=True)
    flow = system((x, x - x**2 + eps * x**3))
    scales = {x: eps**p * X, t: eps**clock * T}
    both = balances(flow, scales, eps, (p, clock))
    assert both == ({p: -1, clock: 1}, {p: 0, clock: 0})
    assert balances(flow, scales, eps, (p, clock), where=(p > -1,)) == both[1:]
    assert balances(flow, scales, eps, (p, clock), where=(p >= -1, clock >= 1)) == both[:1]
    assert balances(flow, scales, eps, (p, clock), where=(Eq(p, -clock), p < 0)) == both[:1]
    with pytest.raises(ValueError, match="freedom is left in p, theta"):  # large starts: each has a clock of its own
        balances(flow, scales, eps, (p, clock), where=(p <= -2,))
    assert balances(flow, scales, eps, (p, clock), where=(Eq(clock, 3), p >= -1)) == ()


def test_a_scale_freedom_is_named():
    """``x' = x^2`` has a symmetry: no size is distinguished until one is given."""
    p = Symbol("p", real=True)
    flow = system((x, x**2))
    scales = {x: eps**p * X, t: eps**clock * T}
    with pytest.raises(ValueError, match="freedom is left in p, theta; add a condition"):
        balances(flow, scales, eps, (p, clock))
    assert balances(flow, scales, eps, (p, clock), where=(Eq(p, 2),)) == ({p: 2, clock: -2},)


def test_families_are_feasible_ones():
    """Fourier-Motzkin with the signs of the unknowns: ``p <= q``, ``q <= 1 - p`` and ``p >= 1/2`` or more."""
    p, q = symbols("p q", positive=True)
    search = Search((p, q), [], ())
    rows = [(search.form(q - p), False), (search.form(1 - p - q), False)]
    assert search.possible([*rows, (search.form(p - Q(1, 2)), False)])
    assert not search.possible([*rows, (search.form(p - Q(1, 2)), True)])
    assert not search.possible([(search.form(-p), False)])  # by its sign alone
    assert search.possible([(search.form(1 - p), False), (search.form(2 - 2 * p), True)])


MODE = system((x, x - x**2))
P = Symbol("p", real=True)


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: balances(MODE, {x: eps**P * X}, eps, ()), "unknowns"),
        (lambda: balances(MODE, {x: eps**P * X}, eps, (P, P)), "unknowns"),
        (lambda: balances(MODE, {x: eps ** (P**2) * X}, eps, (P,)), "not linear in p"),
        (lambda: balances(MODE, {x: eps ** (1 / P) * X}, eps, (P,)), "not linear in p"),
        (lambda: balances(MODE, {x: eps ** (0.5 * P) * X}, eps, (P,)), "exact coefficients"),
        (lambda: balances(MODE, {x: eps ** (sqrt(2) * P) * X}, eps, (P,)), "exact coefficients"),
        (lambda: balances(MODE, {y: eps**P * X}, eps, (P,)), "y is no letter"),
        (lambda: balances(MODE, {x: eps**P * X}, eps, (P,), frozen=(y,)), "frozen: y"),
        (lambda: balances(MODE, {x: eps**P * X}, eps, (P,), where=(sp.Ne(P, 0),)), "where"),
        (lambda: balances(MODE, {x: eps**P * X}, eps, (P,), where=(Eq(P, 0), Eq(P, 1))), "contradicts"),
        (lambda: balances(MODE, {x: eps**P * X}, eps, (P,), where=(sp.false,)), "where"),
        (lambda: balances(MODE, {x: eps**P * X}, Symbol("e"), (P,)), "not declared positive"),
    ],
)
def test_bad_input_is_one_line(call, text):
    with pytest.raises(ValueError, match=text) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_undecided_signs_are_refused():
    c, p = symbols("c p", real=True)
    flow = system((x, eps**c * x - x**2))
    with pytest.raises(ValueError, match=r"not decided|definite sign"):
        balances(flow, {x: eps**p * X, t: T}, eps, (p,), where=(p >= 0,))

"""Generated kernels against plain NumPy, mpmath and each other."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    HadamardProduct,
    Heaviside,
    Identity,
    Idx,
    IndexedBase,
    Inverse,
    MatrixSymbol,
    Max,
    Min,
    Piecewise,
    Product,
    Rational,
    Sum,
    Symbol,
    Trace,
    symbols,
)
from sympy.codegen.cfunctions import expm1, hypot, log1p

from plateaux.numerics.lower import lower, lower_formula
from plateaux.numerics.lower.module import load
from plateaux.theory.formula import Formula, Source, letters
from plateaux.theory.mixed import FORMULAS, SYSTEMS
from plateaux.theory.system import System

MIXED = {s.id: s for s in SYSTEMS}
t, tau, eps = Symbol("t"), Symbol("tau", positive=True), Symbol("epsilon", positive=True)
m, K, p, q = symbols("m K p q", integer=True, positive=True)
i, j, k = Idx("i", m), Idx("j", m), Idx("k", K)
a, s, c, w, x, M, rho, phi, sigma = map(IndexedBase, ["a", "s", "c", "w", "x", "M", "rho", "phi", "sigma"])
HALF = Rational(1, 2)


def system(equations, let=(), kind="flow", **more):
    """A system in which every letter means something."""
    parts = [t, *(e for pair in (*equations, *let) for e in pair)]
    known = {*letters(*parts), m, K, p, q}
    words = tuple((letter, "a letter") for letter in sorted(known, key=str))
    return System(
        "test.system", "a system", kind, t, tuple(equations), words, Source("plateaux"), let=tuple(let), **more
    )


def rate(kernel, state, parameters, time=0.0):
    """Rates of a kernel by name."""
    bound = kernel.bind(state, parameters)
    return bound.unpack(bound.function(time, bound.pack(state)))


def neurons():
    """Fast and slow weights of a wide network: sums over the neurons for each degree."""
    degree = Symbol("k", integer=True)
    let = (
        (M[k], Sum(a[j] * s[j] ** k, (j, 0, m - 1)) / m),
        (rho[k], sigma[k] * (phi[k] - sigma[k] * M[k])),
    )
    equations = (
        (a[i], Sum(rho[degree] * s[i] ** degree, (degree, 0, K - 1)) / eps),
        (
            s[i],
            a[i] * (1 - s[i] ** 2) * Sum(degree * rho[degree] * s[i] ** (degree - 1), (degree, 1, K - 1)),
        ),
    )
    return system(equations, let)


MODES = system(((s[i], 2 * sp.sqrt(s[i] ** 2 + tau**2) * (c[i] - s[i])),))


def neurons_numpy(a, s, sigma, phi, epsilon):
    powers = s ** np.arange(len(phi))[:, None]
    r = sigma * (phi - sigma * (a * powers).mean(axis=1))
    slope = sum(n * r[n] * s ** (n - 1) for n in range(1, len(phi)))
    return {"a": r @ powers / epsilon, "s": a * (1 - s**2) * slope}


def test_modes_against_numpy():
    r = np.random.default_rng(0)
    start, target = r.normal(size=1000), r.normal(size=1000)
    found = rate(lower(MODES), {"s": start}, {"c": target, "tau": 0.3})["s"]
    np.testing.assert_allclose(found, 2 * np.sqrt(start**2 + 0.09) * (target - start), rtol=4e-15, atol=1e-15)


@pytest.mark.parametrize("fixed", [None, {K: 4}, {"K": 4}])
def test_neurons_with_sums_over_the_population(fixed):
    r = np.random.default_rng(1)
    state = {"a": r.normal(size=50), "s": r.uniform(-1, 1, size=50)}
    values = {"sigma": np.array([1, 0.8, 0.5, 0.3]), "phi": np.array([0.5, 0.8, 0.6, 0.4]), "epsilon": 1e-2}
    found = rate(lower(neurons(), static=fixed), state, values)
    for name, wanted in neurons_numpy(**state, **values).items():
        np.testing.assert_allclose(found[name], wanted, rtol=1e-12, atol=1e-13)


def test_static_sizes_are_unrolled_and_loops_fused():
    source = lower(neurons(), static={K: 4}).source
    assert source.count("for ") == 2  # one over the neurons for all sums, one for both equations
    assert "K" not in source.split("def rhs")[1]
    assert lower(neurons()).source.count("for ") > 2


def test_a_separable_double_sum_costs_one_loop_per_factor():
    kernel = Sum(a[j] * (1 + s[i] * s[j] + (s[i] * s[j]) ** 2), (j, 0, m - 1))
    flow = system(((a[i], -kernel / m), (s[i], kernel * s[i])))
    lowered = lower(flow)
    assert "        for " not in lowered.source  # no loop inside a loop
    r = np.random.default_rng(2)
    state = {"a": r.normal(size=7), "s": r.normal(size=7)}
    z = np.outer(state["s"], state["s"])
    wanted = (1 + z + z**2) @ state["a"]
    found = rate(lowered, state, {})
    np.testing.assert_allclose(found["a"], -wanted / 7, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(found["s"], wanted * state["s"], rtol=1e-13, atol=1e-13)


def test_a_sum_that_cannot_be_separated_is_a_row_or_an_inner_loop():
    row = Sum(sp.tanh(w[i, j] * x[j]), (j, 0, m - 1))
    column = Sum(w[j, i] * x[j], (j, 0, m - 1))
    l = Idx("l", m)
    flow = system(((w[i, l], row * x[l] - w[i, l] * column.xreplace({i: l})), (x[i], row + column)))
    r = np.random.default_rng(3)
    W, X = r.normal(size=(5, 5)), r.normal(size=5)
    found = rate(lower(flow), {"w": W, "x": X}, {})
    rows, columns = np.tanh(W * X).sum(axis=1), W.T @ X
    np.testing.assert_allclose(found["w"], np.outer(rows, X) - W * columns, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(found["x"], rows + columns, rtol=1e-13, atol=1e-13)


def test_sums_inside_sums_that_cannot_be_separated():
    l = Idx("l", m)
    triple = Sum(sp.sin(x[i] * x[j] * x[l]), (j, 0, m - 1), (l, 0, m - 1))
    chain = Sum(x[i] * w[i, j] * w[l, j] * x[l], (j, 0, m - 1), (l, 0, m - 1))
    X, W = np.array([0.3, -1.2, 0.8]), np.random.default_rng(12).normal(size=(3, 3))
    flow = system(((x[i], triple),))
    wanted = np.sin(X[:, None, None] * X[:, None] * X).sum(axis=(1, 2))
    np.testing.assert_allclose(rate(lower(flow), {"x": X}, {})["x"], wanted, rtol=1e-13)
    product = lower(system(((x[i], chain),)))
    assert "            for " not in product.source  # two matrix-vector products
    np.testing.assert_allclose(rate(product, {"x": X}, {"w": W})["x"], X * (W @ W.T @ X), rtol=1e-13)


def test_products_shifted_ranges_and_several_sizes():
    b, n = IndexedBase("b"), Idx("n", (1, K))
    others = Product(1 + a[j] ** 2, (j, 0, m - 1))
    double = Sum(a[j] * b[n] * sp.cos(a[j] * b[n]), (j, 0, m - 1), (n, 1, K))
    flow = system(((a[i], others * i + double), (b[n], n * b[n] - sp.exp(-t))))
    A, B = np.array([0.3, -0.2, 0.5]), np.array([1.0, 2.0])
    found = rate(lower(flow), {"a": A, "b": B}, {}, time=0.7)
    z = np.outer(A, B)
    np.testing.assert_allclose(found["a"], np.prod(1 + A**2) * np.arange(3) + (z * np.cos(z)).sum(), rtol=1e-14)
    np.testing.assert_allclose(found["b"], [1, 2] * B - np.exp(-0.7), rtol=1e-14)
    unrolled = rate(lower(flow, static={"K": 2, "m": 3}), {"a": A, "b": B}, {}, time=0.7)
    np.testing.assert_allclose(unrolled["a"], found["a"], rtol=1e-14)


def test_a_sum_may_use_the_name_of_the_outer_index():
    flow = system(((a[k], a[k] * Sum(a[k] ** 2, (k, 0, K - 1))),))
    A = np.array([1.0, -2.0, 0.5])
    for fixed in (None, {K: 3}):
        np.testing.assert_allclose(rate(lower(flow, static=fixed), {"a": A}, {})["a"], A * (A @ A), rtol=1e-15)


def test_pair_indexed_response_against_numpy():
    r = np.random.default_rng(4)
    n, strength = 6, 0.2
    S, alpha, beta, gamma = r.normal(size=n), *r.normal(size=(3, n, n))
    goal = r.normal(size=n)
    found = rate(
        lower(MIXED["mixed.response"]),
        {"s": S, "alpha": alpha, "beta": beta, "gamma": gamma},
        {"m": goal, "tau": strength},
    )
    root, slope = np.sqrt(S**2 + strength**2), S - goal
    both = S + slope
    wanted = {
        "s": 2 * root * (goal - S),
        "beta": -(alpha * both + alpha.T * both[:, None]),
        "gamma": -(alpha * both[:, None] + alpha.T * both),
        "alpha": -(beta * slope + slope[:, None] * gamma + (root[:, None] + root) * alpha),
    }
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-13, atol=1e-14)


X, Y, Z = MatrixSymbol("X", p, q), MatrixSymbol("Y", p, q), MatrixSymbol("Z", q, q)
MATRIX = {
    "transposed pair": (X * Y.T * X, lambda X, Y, Z: X @ Y.T @ X),
    "long product": (X * Z * X.T * Y * Z - Y, lambda X, Y, Z: X @ Z @ X.T @ Y @ Z - Y),
    "elementwise": (HadamardProduct(X + Y, Y) - 3 * X * Z / 2, lambda X, Y, Z: (X + Y) * Y - 1.5 * X @ Z),
    "inverse": (
        X * Inverse(Z * Z.T + Identity(q)) + tau * Y,
        lambda X, Y, Z: X @ np.linalg.inv(Z @ Z.T + np.eye(len(Z))) + 0.3 * Y,
    ),
    "solve": (
        (Inverse(Z * Z.T + Identity(q)) * X.T).T,
        lambda X, Y, Z: np.linalg.solve(Z @ Z.T + np.eye(len(Z)), X.T).T,
    ),
    "trace": (Trace(X * Y.T) * X + Trace(Z) * Y, lambda X, Y, Z: np.sum(X * Y) * X + np.trace(Z) * Y),
    "identity": ((Identity(p) - tau * X * X.T) * Y, lambda X, Y, Z: Y - 0.3 * X @ X.T @ Y),
    "applied": (X.applyfunc(sp.tanh) + Y, lambda X, Y, Z: np.tanh(X) + Y),
    "root of a sum": (
        (X * Z.T * Z * X.T + X * X.T + Identity(p)) ** HALF * Y,
        lambda X, Y, Z: root(X @ Z.T @ Z @ X.T + X @ X.T + np.eye(len(X))) @ Y,
    ),
    "inverse root": (
        (X * X.T + tau * Identity(p)) ** -HALF * Y,
        lambda X, Y, Z: np.linalg.inv(root(X @ X.T + 0.3 * np.eye(len(X)))) @ Y,
    ),
    "power 3/2": (Y * (X.T * X + Identity(q)) ** (3 * HALF), lambda X, Y, Z: Y @ cube(root(X.T @ X + np.eye(len(Z))))),
}


def cube(matrix):
    return matrix @ matrix @ matrix


def root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T


@pytest.mark.parametrize("name", MATRIX)
def test_matrix_right_hand_sides(name):
    value, numpy = MATRIX[name]
    kernel = lower(system(((X, value),)))
    r = np.random.default_rng(5)
    for shape in ((3, 5), (5, 2)):
        V = {"X": r.normal(size=shape), "Y": r.normal(size=shape), "Z": r.normal(size=(shape[1],) * 2)}
        others = {n: V.get(n, 0.3) for n in kernel.layout_par.names}
        found = rate(kernel, {"X": V["X"]}, others)["X"]
        wanted = numpy(**V)
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max())


@pytest.mark.parametrize("shape", [(6, 3), (3, 6), (4, 4)])
def test_both_roots_share_one_decomposition(shape):
    kernel = lower(MIXED["mixed.dynamics"])
    assert kernel.source.count("linalg.svd") == 1 and "eigh" not in kernel.source
    r = np.random.default_rng(6)
    A, target = r.normal(size=shape), r.normal(size=shape)
    A[:, 0] = 0.0 if shape[0] == 6 else A[:, 0]  # a zero singular value
    G = A - target
    for strength in (0.0, 1e-8, 0.3):
        left = root(A @ A.T + strength**2 * np.eye(shape[0]))
        right = root(A.T @ A + strength**2 * np.eye(shape[1]))
        found = rate(kernel, {"A": A}, {"M": target, "tau": strength})["A"]
        # eigh of the Gram matrix knows its small eigenvalues to 1e-16 only, hence their roots to 1e-8.
        np.testing.assert_allclose(found, -left @ G - G @ right, atol=1e-13 if strength == 0.3 else 2e-7)


def test_gram_flow_forms_each_product_once():
    kernel = lower(MIXED["mixed.gram-flow"])
    assert kernel.source.count("np.dot") == 4
    r = np.random.default_rng(7)
    A, target, C1, C2 = r.normal(size=(4, 3)), r.normal(size=(4, 3)), r.normal(size=(3, 3)), r.normal(size=(4, 4))
    C1, C2, G = C1 + C1.T, C2 + C2.T, A - target
    found = rate(kernel, {"A": A, "C1": C1, "C2": C2}, {"M": target})
    np.testing.assert_allclose(found["A"], -(C2 @ G + G @ C1), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(found["C1"], -(A.T @ G + G.T @ A), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(found["C2"], -(A @ G.T + G @ A.T), rtol=1e-13, atol=1e-13)
    assert np.array_equal(found["C1"], found["C1"].T)


def test_numbers_entries_and_matrices_in_one_system():
    u, g = IndexedBase("u"), Symbol("g")
    D = MatrixSymbol("D", p, q)
    row, column = Idx("r", p), Idx("n", q)
    flow = system(
        ((g, Trace(D.T * D) - g * t), (u[column], Sum(D[row, column] * g, (row, 0, p - 1))), (X, g * D)),
        ((D, X - Y),),
    )
    r = np.random.default_rng(8)
    V = {"X": r.normal(size=(2, 4)), "g": 0.5, "u": r.normal(size=4)}
    goal = r.normal(size=(2, 4))
    found = rate(lower(flow), V, {"Y": goal}, time=2.0)
    D_ = V["X"] - goal
    np.testing.assert_allclose(found["g"], np.sum(D_**2) - 1.0, rtol=1e-14)
    np.testing.assert_allclose(found["u"], 0.5 * D_.sum(axis=0), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(found["X"], 0.5 * D_, rtol=1e-14)


def test_numbers_in_front_of_matrices_and_quadratic_forms():
    u, g, V = IndexedBase("u"), Symbol("g"), MatrixSymbol("V", p, 1)
    n = Idx("n", q)
    flow = system(
        (
            (X, Sum(u[n] ** 2, (n, 0, q - 1)) * X + u[1] * Trace(X * Z * X.T) * Y),
            (u[n], -u[n] * Trace(Z) / p),
            (g, (V.T * X * X.T * V)[0, 0] + sp.Determinant(Z) * g),
            (V, X * X.T * V - g * V),
        )
    )
    r = np.random.default_rng(13)
    S = {"X": r.normal(size=(2, 3)), "u": r.normal(size=3), "g": 0.4, "V": r.normal(size=(2, 1))}
    Y_, Z_ = r.normal(size=(2, 3)), r.normal(size=(3, 3))
    kernel = lower(flow)
    found = rate(kernel, S, {"Y": Y_, "Z": Z_})
    A, U, W = S["X"], S["u"], S["V"]
    np.testing.assert_allclose(found["X"], U @ U * A + U[1] * np.trace(A @ Z_ @ A.T) * Y_, rtol=1e-12)
    np.testing.assert_allclose(found["u"], -U * np.trace(Z_) / 2, rtol=1e-13)
    np.testing.assert_allclose(found["g"], (W.T @ A @ A.T @ W)[0, 0] + 0.4 * np.linalg.det(Z_), rtol=1e-12)
    np.testing.assert_allclose(found["V"], A @ A.T @ W - 0.4 * W, rtol=1e-12, atol=1e-14)
    short = {"X": A[:, :1], "u": U[:1], "g": 0.4, "V": W}
    with pytest.raises(ValueError, match=r"u: has shape .* at least 2"):
        rate(kernel, short, {"Y": Y_[:, :1], "Z": Z_[:1, :1]})


def test_a_map_steps_and_iterates():
    kernel = lower(MIXED["mixed.gram-step"])
    r = np.random.default_rng(9)
    W1, W2, G, eta = r.normal(size=(6, 3)), r.normal(size=(2, 6)), r.normal(size=(2, 3)), 0.01
    bound = kernel.parameters(G=G, eta=eta)
    path = bound.iterate(bound.pack({"A": W2 @ W1, "C1": W1.T @ W1, "C2": W2 @ W2.T}), 5)
    for _ in range(5):
        W1, W2 = W1 - eta * W2.T @ G, W2 - eta * G @ W1.T
    last = bound.unpack(path)
    assert last["A"].shape == (6, 2, 3)
    np.testing.assert_allclose(last["A"][-1], W2 @ W1, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(last["C1"][-1], W1.T @ W1, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(bound.step(path[0]), path[1])


def test_corners_have_the_values_of_the_convention():
    flow = lower(system(((y, 2 * sp.sign(y) + Heaviside(y) + Heaviside(z, 1) + Max(y, z)),)))

    def at(value, other):
        return rate(flow, {"y": value}, {"z": other})["y"]

    assert at(0.0, 0.0) == 1.0 and at(1.0, -1.0) == 4.0 and at(-1.0, 0.0) == -1.0
    bound = flow.parameters(z=1.0)
    assert np.isnan(bound.function(0.0, np.array([np.nan]))).all()


# formulas

y, z = symbols("y z", real=True)
FUNCTIONS = {
    "roots": sp.sqrt(y**2 + 1) / (y**2 + 2) ** (3 * HALF) + (y**2 + 1) ** Rational(1, 3) - y**5 / 7 + y**-3,
    "cases": Piecewise((sp.sqrt(y) + Piecewise((z, z > 0), (z**2, True)), y > 0), (sp.exp(y), y > -1), (y * z, True)),
    "corners": Max(y, z, 0) - Min(y, 2) + Abs(z) * sp.sign(y) + 3 * Heaviside(z),
    "special": sp.erf(y) + sp.gamma(y**2 + 1) + sp.loggamma(z**2 + 1) + sp.erfc(z) + sp.factorial(y**2),
    "accurate": expm1(y) + log1p(z**2) + hypot(y, z) + sp.atan2(y, z),
    "hyperbolic": sp.asinh(y) + sp.tanh(z) / sp.cosh(y) + sp.atan(y) + sp.pi - sp.E + sp.EulerGamma,
    "short sum": Sum(y ** Symbol("n") / (1 + Symbol("n")), (Symbol("n"), 0, 5)),
}


def formula(value):
    name = Symbol("value")
    words = tuple((letter, "a letter") for letter in letters(sp.Eq(name, value, evaluate=False)))
    return Formula("test.formula", "a value", sp.Eq(name, value, evaluate=False), words, Source("plateaux"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_agree_with_mpmath(name):
    value = FUNCTIONS[name]
    function = lower_formula(formula(value))
    r = np.random.default_rng(10)
    grid = r.uniform(-2, 2, size=(2, 40))
    found = function(**dict(zip(function.names, grid[: len(function.names)])))
    for column, got in enumerate(found):
        point = {Symbol(n, real=True): Rational(*v.as_integer_ratio()) for n, v in zip(function.names, grid[:, column])}
        wanted = mpmath.mpf(str(value.doit().subs(point).evalf(40)))
        assert abs(got - wanted) < 2e-14 * max(1, abs(wanted))


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-3, 3).filter(lambda v: abs(v) > 1e-6),
    st.floats(-3, 3),
    st.floats(1e-6, 10),
    st.floats(0, 20),
)
def test_the_mode_at_any_point(goal, start, strength, time):
    mode = next(f for f in FORMULAS if f.id == "mixed.mode")
    found = float(lower_formula(mode)(m=goal, s_0=start, tau=strength, t=time))
    with mpmath.workdps(60):
        g, s0, r0, at = map(mpmath.mpf, (goal, start, strength, time))
        speed = mpmath.sqrt(g**2 + r0**2)
        p0, e = s0 + mpmath.sqrt(s0**2 + r0**2), mpmath.exp(-2 * speed * at)
        plus, minus = g + speed, g - speed
        ratio = (p0 - plus) / (p0 - minus) * e
        big = (plus - minus * ratio) / (1 - ratio)
        wanted = (big - r0**2 / big) / 2
    # Where the mode crosses zero, its parts cancel: what is left of the start is known to its rounding.
    assert abs(found - wanted) <= 1e-13 * abs(wanted) + 1e-15 * abs(start) * float(e) + 1e-50


def test_formulas_broadcast_and_refuse_bad_input():
    function = lower_formula(formula(y * z))
    np.testing.assert_array_equal(function(y=[[1], [2]], z=[3, 4, 5]), [[3, 4, 5], [6, 8, 10]])
    strided = np.arange(10.0)[::2]
    strided.flags.writeable = False
    np.testing.assert_array_equal(function(y=strided, z=2), 2 * strided)
    for bad, word in (({"y": 1}, "z missing"), ({"y": 1, "z": 2, "u": 3}, "'u' is unknown")):
        with pytest.raises(ValueError, match=word):
            function(**bad)
    with pytest.raises(ValueError, match="no real number"):
        function(y="__import__('os')", z=1)
    with pytest.raises(ValueError, match="do not fit"):
        function(y=[1, 2], z=[1, 2, 3])
    matrix = next(f for f in FORMULAS if f.id == "mixed.flow")
    with pytest.raises(ValueError, match="numbers only"):
        lower_formula(matrix)


# refusals


@pytest.mark.parametrize("name", ["x;import os", "__class__", "a b", "α", "x" * 61, "1x", "os.system('x')"])
def test_only_plain_names_reach_the_source(name):
    letter = Symbol(name, real=True)
    with pytest.raises(ValueError, match="name"):
        lower_formula(formula(letter**2))
    with pytest.raises(ValueError, match="name"):
        lower(system(((letter, -letter),)))


def test_names_of_python_and_of_the_kernel_are_no_trouble():
    words = symbols("par out work np math lambda t_ y range", real=True)
    flow = system(((words[0], sum(n * v for n, v in enumerate(words, 1))),))
    values = {str(v): 10.0**n for n, v in enumerate(words)}
    found = rate(lower(flow), {"par": 1.0}, {n: v for n, v in values.items() if n != "par"})
    assert found["par"] == sum(n * 10.0 ** (n - 1) for n in range(1, 10))


def test_what_cannot_be_lowered_is_named():
    with pytest.raises(ValueError, match="f cannot be lowered"):
        lower(system(((y, sp.Function("f")(y)),)))
    with pytest.raises(ValueError, match="besselj"):
        lower(system(((y, sp.besselj(0, y)),)))
    with pytest.raises(ValueError, match="no range"):
        lower(system(((a[Idx("i")], a[Idx("i")]),)))
    with pytest.raises(ValueError, match="static"):
        lower(MODES, static={"banana": 3})
    with pytest.raises(ValueError, match="static"):
        lower(MODES, static={m: 0})


def test_bad_parameters_and_states():
    kernel = lower(MIXED["mixed.dynamics"])
    good = {"M": np.ones((2, 3)), "tau": 0.1}
    for bad, word in (
        ({"M": good["M"]}, "tau missing"),
        ({**good, "lr": 1}, "'lr' is unknown"),
        ({**good, "tau": float("nan")}, "nan"),
        ({**good, "tau": [1.0]}, "a number is needed"),
        ({**good, "M": np.ones(3)}, "2 axes"),
        ({**good, "M": "text"}, "no real number"),
        ({**good, "d_in": 4}, "allowed"),
        ({**good, "M": np.ones((0, 3))}, "no allowed size"),
    ):
        with pytest.raises(ValueError, match=word) as error:
            kernel.parameters(**bad)
        assert "\n" not in str(error.value)
    bound = kernel.parameters(**good)
    for bad, word in (({}, "missing"), ({"A": np.ones((3, 2))}, "shape"), ({"A": good["M"], "B": 1}, "unknown")):
        with pytest.raises(ValueError, match=word):
            bound.pack(bad)
    with pytest.raises(ValueError, match="none is bound"):
        kernel.function  # noqa: B018
    with pytest.raises(ValueError, match="is a flow"):
        bound.iterate(np.zeros(6), 3)


def test_strided_and_read_only_states_are_accepted():
    bound = lower(MODES).parameters(c=np.ones(4), tau=0.1)
    block = np.arange(8.0).reshape(4, 2)
    frozen = block[:, 0].copy()
    frozen.flags.writeable = False
    first, second = bound.function(0.0, block[:, 0]), bound.function(0.0, frozen)
    np.testing.assert_array_equal(first, second)
    assert first is not second and np.array_equal(frozen, block[:, 0])


def test_nan_in_a_root_gives_nan_rates():
    bound = lower(MIXED["mixed.dynamics"]).parameters(M=np.ones((2, 3)), tau=0.1)
    assert np.isnan(bound.function(0.0, np.full(6, np.nan))).all()


def test_unpack_finds_the_one_open_size():
    kernel = lower(MODES)
    assert kernel.unpack(np.zeros((5, 12)))["s"].shape == (5, 12)


# Jacobian


@pytest.mark.parametrize("name", ["modes", "neurons", "neurons, fixed", "response", "triple"])
def test_jacobian_against_central_differences(name):
    r = np.random.default_rng(11)
    n = 4
    if name.startswith("neurons"):
        kernel = lower(neurons(), static={K: 3} if "fixed" in name else None)
        state = {"a": r.normal(size=n), "s": r.uniform(-1, 1, size=n)}
        values = {"sigma": [1, 0.8, 0.5], "phi": [0.5, 0.8, 0.6], "epsilon": 0.5}
    elif name == "modes":
        kernel, state, values = lower(MODES), {"s": r.normal(size=n)}, {"c": np.ones(n), "tau": 0.4}
    elif name == "triple":
        triple = Sum(sp.tanh(w[i, j] * x[j]) * x[i], (j, 0, m - 1), (i, 0, m - 1))
        l = Idx("l", m)
        kernel = lower(system(((w[i, l], -triple * w[l, i]), (x[i], triple + x[i] * Sum(w[j, i], (j, 0, m - 1))))))
        state, values = {"w": r.normal(size=(n, n)), "x": r.normal(size=n)}, {}
    else:
        kernel = lower(MIXED["mixed.response"])
        state = {"s": r.normal(size=n), **{v: r.normal(size=(n, n)) for v in ("alpha", "beta", "gamma")}}
        values = {"m": np.ones(n), "tau": 0.3}
    bound = kernel.bind(state, values)
    at, f, h = bound.pack(state), bound.function, 1e-3
    found = bound.jacobian(0.0, at)

    def slope(e):  # central differences of order 6
        weights = {1: 0.75, 2: -0.15, 3: 1 / 60}
        return sum(c / h * (f(0.0, at + k * h * e) - f(0.0, at - k * h * e)) for k, c in weights.items())

    wanted = np.array([slope(e) for e in np.eye(at.size)]).T
    np.testing.assert_allclose(found, wanted, atol=1e-10 * max(1, np.abs(wanted).max()))
    assert name == "modes" or not np.allclose(found, wanted.T)


def test_matrix_systems_have_no_jacobian():
    bound = lower(MIXED["mixed.dynamics"]).parameters(M=np.ones((2, 3)), tau=0.1)
    assert bound.jacobian is None


# cache

SCRIPT = """
import time
from plateaux.theory.mixed import SYSTEMS
from plateaux.numerics.lower import lower
import numpy as np
kernel = lower(next(s for s in SYSTEMS if s.id == "mixed.mode-flow"))
bound = kernel.parameters(m=1.0, tau=0.5)
print(kernel.digest, bound.function(0.0, np.array([0.0]))[0], sum(kernel.rhs.stats.cache_hits.values()))
"""


def run(folder, count=1):
    environment = {**os.environ, "PLATEAUX_CACHE": str(folder)}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    answers = [process.communicate(timeout=120) for process in started]
    for process, (_, errors) in zip(started, answers):
        assert process.returncode == 0 and not errors, errors
    return [out.split() for out, _ in answers]


def test_two_processes_share_the_cache_and_the_next_one_is_warm(tmp_path):
    first = run(tmp_path, 2)
    assert {tuple(answer[:2]) for answer in first} == {(first[0][0], "1.0")}
    assert run(tmp_path)[0] == [*first[0][:2], "1"]
    assert not list(tmp_path.rglob("*.part"))


def test_without_a_writable_place_it_still_works(tmp_path):
    (tmp_path / "file").write_text("no directory")
    assert run(tmp_path / "file")[0][1] == "1.0"


def test_a_changed_file_is_written_again(tmp_path, monkeypatch):
    monkeypatch.setenv("PLATEAUX_CACHE", str(tmp_path))
    source = "VALUE = 3\n"
    digest, module = load(source)
    assert module.VALUE == 3
    path = next(tmp_path.rglob("*.py"))
    path.write_text("VALUE = 4\n")
    sys.modules.pop(module.__name__)
    assert load(source)[1].VALUE == 3 and load(source)[0] == digest
    sys.modules.pop(module.__name__)


def test_kernels_and_functions_travel_to_other_processes():
    bound = pickle.loads(pickle.dumps(lower(MODES).parameters(c=[1.0, 2.0], tau=0.1)))
    np.testing.assert_allclose(bound.function(0.0, np.zeros(2)), [0.2, 0.4])
    assert pickle.loads(pickle.dumps(lower_formula(formula(y * z))))(y=2, z=3) == 6


def test_different_sources_have_different_digests():
    assert lower(neurons()).digest != lower(neurons(), static={K: 3}).digest
    assert lower(MODES).digest == lower(MODES).digest

"""Gradient flow, descent and derivatives along a system, against independent derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import HadamardProduct, Idx, IndexedBase, MatrixSymbol, Sum, Symbol, Trace, symbols

from plateaux.theory.flow import along, descent, gradient_flow
from plateaux.theory.formula import Source, unroll
from plateaux.theory.indices import key, put

t, eta, eps = Symbol("t"), Symbol("eta", positive=True), Symbol("eps", positive=True)
p, q, w = symbols("p q w", integer=True, positive=True)


def matrices(d_out, d_in, width):
    """Letters of a deep linear network with the given shapes."""
    outer = (d_out, d_in)
    shapes = {"W1": (width, d_in), "V": (width, width), "W2": (d_out, width), "A": outer, "M": outer, "G": outer}
    shapes |= {"Omega": outer, "Sigma": (d_in, d_in), "H": (width, d_in), "X": (width, width)}
    return {name: MatrixSymbol(name, *shape) for name, shape in shapes.items()}


def flow(loss, state, meaning=(), **options):
    """Gradient flow in which every letter means something."""
    let = options.get("let", ())
    parts = [loss, *(x for pair in (*let, *options.get("mobility", ())) for x in pair), *state, t]
    free = {s for e in parts for s in e.free_symbols}
    free |= {s for m in list(free) if getattr(m, "is_Matrix", False) for n in m.shape for s in n.free_symbols}
    free |= {key(x) for x in free}
    free |= {letter for _, letter in options.get("gradient") or ()}
    words = tuple((x, f"letter {x}") for x in sorted(free, key=str)) + tuple(meaning)
    return gradient_flow(
        "test.flow", loss, state, time=t, source=Source("plateaux"), title="a flow", meaning=words, **options
    )


def explicit(expression):
    """Entries instead of matrix letters; traces and products carried out by SymPy's explicit matrices."""
    if isinstance(expression, Trace):
        return explicit(expression.arg).trace()
    if getattr(expression, "is_Matrix", False):
        if isinstance(expression, sp.ImmutableDenseMatrix):
            return expression
        if isinstance(expression, sp.MatMul):
            out = sp.Integer(1)
            for arg in expression.args:
                out = out * explicit(arg)
            return out
        if isinstance(expression, sp.MatAdd):
            return sum((explicit(arg) for arg in expression.args[1:]), explicit(expression.args[0]))
        if isinstance(expression, HadamardProduct):
            out = explicit(expression.args[0])
            for arg in expression.args[1:]:
                out = out.multiply_elementwise(explicit(arg))
            return out
        if isinstance(expression, sp.Transpose):
            return explicit(expression.arg).T
        if isinstance(expression, sp.Inverse):
            return explicit(expression.arg).inv()
        if isinstance(expression, sp.MatPow):
            return explicit(expression.base) ** expression.exp
        return expression.as_explicit()
    if not expression.has(Trace):
        return expression
    return expression.func(*(explicit(arg) for arg in expression.args))


def wrong_entries(system, loss, let=()):
    """Differences between the rates and minus the entrywise derivative by SymPy, those that are not zero."""
    number = explicit(unroll(loss, let))
    bad = []
    for item, rate in system.equations:
        rate = explicit(unroll(rate, system.let))
        for entry, value in zip(item.as_explicit(), rate):
            if sp.expand(value + sp.diff(number, entry)) != 0:
                bad.append((entry, value))
    return bad


a2x3 = matrices(2, 3, 2)
W1, V, W2, A, M = (a2x3[n] for n in ("W1", "V", "W2", "A", "M"))
G, Omega, Sigma, H, X = (a2x3[n] for n in ("G", "Omega", "Sigma", "H", "X"))
LOSSES = {
    "any cost": (Trace(G.T * W2 * W1), (W1, W2), ()),
    "squared error": (Trace((A - M) * (A - M).T) / 2, (A,), ()),
    "correlated": (Trace((A - M) * Sigma * (A - M).T) / 2, (A,), ()),
    "two layers": (Trace((W2 * W1 - M) * (W2 * W1 - M).T) / 2, (W1, W2), ()),
    "two layers, let": (Trace((A - M) * (A - M).T) / 2, (W1, W2), ((A, W2 * W1),)),
    "three layers, let": (Trace((A - M) * Sigma * (A - M).T), (W1, V, W2), ((H, V * W1), (A, W2 * H))),
    "mask": (Trace(HadamardProduct(Omega, A - M) * (A - M).T) / 2, (W1, W2), ((A, W2 * W1),)),
    "two traces": (Trace(X) + Trace(X * X), (X,), ()),
    "cube": (Trace(X**3) / 3 + Trace(X * X.T) * Trace(X) ** 2, (X,), ()),
    "quartic": (Trace(W1 * W1.T * W1 * W1.T), (W1,), ()),
    "balance": (Trace((W2.T * W2 - W1 * W1.T) * (W2.T * W2 - W1 * W1.T)), (W1, W2), ()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_matrix_gradients_entry_by_entry(name):
    loss, state, let = LOSSES[name]
    assert wrong_entries(flow(loss, state, let=let), loss, let) == []


def test_entrywise_comparison_sees_planted_errors():
    loss, state, let = LOSSES["two layers, let"]
    good = flow(loss, state, let=let)
    assert wrong_entries(flow(2 * loss, state, let=let), loss, let)
    assert wrong_entries(flow(loss, state, let=((A, -W2 * W1),)), loss, let)
    assert wrong_entries(good, Trace((A - M) * Sigma * (A - M).T) / 2, let)


def test_inverse():
    system = flow(Trace(X.I), (X,))
    value = sp.Matrix([[2, 1], [sp.Rational(1, 3), 3]])
    entries = dict(zip(X.as_explicit(), value))
    number = sp.Matrix(2, 2, list(X.as_explicit())).inv().trace()
    rate = explicit(system.rate(X).xreplace({X: sp.ImmutableDenseMatrix(value)}).doit())
    for entry, got in zip(X.as_explicit(), rate):
        assert sp.simplify(got + number.diff(entry).subs(entries)) == 0


def evaluate(expression, values):
    """Numbers for matrix expressions, by NumPy."""
    if expression in values:
        return values[expression]
    args = [evaluate(arg, values) for arg in expression.args if not isinstance(arg, sp.core.symbol.Str)]
    if isinstance(expression, sp.MatMul | sp.Mul):
        out = args[0]
        for arg in args[1:]:
            out = out @ arg if np.ndim(out) and np.ndim(arg) else out * arg
        return out
    if isinstance(expression, sp.MatAdd | sp.Add):
        return sum(args[1:], args[0])
    if isinstance(expression, sp.Transpose):
        return args[0].T
    if isinstance(expression, HadamardProduct):
        return np.prod(args, axis=0)
    if isinstance(expression, Trace):
        return np.trace(args[0])
    if isinstance(expression, sp.MatPow):
        return np.linalg.matrix_power(args[0], int(args[1]))
    return float(expression)


@pytest.mark.parametrize("shape", [(4, 3, 5), (3, 5, 2)])
def test_matrix_gradients_by_finite_differences(shape):
    """Symbolic shapes, rectangular both ways; the loss itself is written in NumPy."""
    rng = np.random.default_rng(7)
    sym = matrices(p, q, w)
    w1, w2, a, m, h, v = (sym[n] for n in ("W1", "W2", "A", "M", "H", "V"))
    omega, sigma = sym["Omega"], sym["Sigma"]
    loss = Trace(HadamardProduct(omega, a - m) * sigma * (a - m).T) / 2
    system = flow(loss, (w1, v, w2), let=((h, v * w1), (a, w2 * h)))
    sizes = dict(zip((p, q, w), shape))
    values = {x: rng.normal(size=tuple(int(n.subs(sizes)) for n in x.shape)) for x in (w1, v, w2, m, omega, sigma)}

    def cost(weights):
        residual = weights[w2] @ weights[v] @ weights[w1] - weights[m]
        return np.trace((weights[omega] * residual) @ weights[sigma] @ residual.T) / 2

    everything = dict(values)
    for item, value in system.let:
        everything[item] = evaluate(value, everything)
    for item, rate in system.equations:
        got, step = evaluate(rate, everything), 1e-6
        for place in np.ndindex(*values[item].shape):
            bump = np.zeros(values[item].shape)
            bump[place] = step
            slope = (cost({**values, item: values[item] + bump}) - cost({**values, item: values[item] - bump})) / (
                2 * step
            )
            assert got[place] == pytest.approx(-slope, rel=1e-6, abs=1e-7)


def test_reverse_mode_hoists_and_never_expands():
    sym = matrices(p, q, w)
    w1, w2, a, m, g = (sym[n] for n in ("W1", "W2", "A", "M", "G"))
    sigma = sym["Sigma"]
    loss = Trace((a - m) * sigma * (a - m).T) / 2
    system = flow(loss, (w1, w2), let=((a, w2 * w1),), gradient=((a, g),), symmetric=(sigma,))
    assert system.let == ((a, w2 * w1), (g, (a - m) * sigma))
    assert system.equations == ((w1, -w2.T * g), (w2, -g * w1.T))
    bar = flow(loss, (w1, w2), let=((a, w2 * w1),), symmetric=(sigma,))
    assert [item.name for item, _ in bar.let] == ["A", "A_bar"]
    assert dict(bar.meaning)[bar.let[1][0]] == "derivative of the loss by A"


def test_frozen_gradient_is_any_cost():
    sym = matrices(p, q, w)
    w1, w2, g = sym["W1"], sym["W2"], sym["G"]
    rate, other = Symbol("r1"), Symbol("r2")
    system = flow(Trace(g.T * w2 * w1), (w1, w2), mobility=((w1, rate), (w2, other)))
    assert system.equations == ((w1, -rate * w2.T * g), (w2, -other * g * w1.T))
    metric = MatrixSymbol("K", w, w)
    assert flow(Trace(g.T * w2 * w1), (w1,), mobility=((w1, metric),)).rate(w1) == -metric * w2.T * g


# Indexed state

m = Symbol("m", integer=True, positive=True)
i, j, k = Idx("i", m), Idx("j", m), Idx("k", (0, 2))
a, s, z = IndexedBase("a"), IndexedBase("s"), IndexedBase("z")
wt, x, y = IndexedBase("w"), IndexedBase("x"), Symbol("y", real=True)
f = Symbol("f", real=True)
INDEXED = {
    "same index": (Sum(a[i], i) ** 2 / 2, (a[i],), ()),
    "double sum": (Sum(a[i] * a[j] * sp.cos(s[i] * s[j]), i, j) / (2 * m**2), (a[i], s[i]), ()),
    "nested sum": (Sum(a[i] * Sum(a[j] ** 2 * s[i] ** 3, j), i), (a[i], s[i]), ()),
    "one entry": (a[0] ** 3 + Sum(a[i] * s[i], i), (a[i], s[i]), ()),
    "part of the range": (Sum(a[j] ** 2, (j, 1, m - 1)), (a[i],), ()),
    "diagonal": (Sum(wt[i, i] ** 2 * a[i], i) + Sum(wt[i, j] ** 3, i, j), (wt[i, j], a[i]), ()),
    "network": ((f - y) ** 2 / 2, (a[i], wt[i, k]), ((z[i], Sum(wt[i, k] * x[k], k)), (f, Sum(a[i] * sp.sinh(z[i]), i)))),
    "scalar and indexed": (f**2 * Sum(a[i], i) + sp.exp(f), (f, a[i]), ()),
}  # fmt: skip


def entries(item, size):
    """All entries of an indexed item for ``m = size``."""
    if not isinstance(item, sp.Indexed):
        return [(item, {})]
    ranges = [range(int(n.lower), int(n.upper.subs(m, size)) + 1) for n in item.indices]
    grid = np.array(np.meshgrid(*ranges, indexing="ij")).reshape(len(ranges), -1).T.tolist()
    return [(item.base[tuple(at)], dict(zip(item.indices, at))) for at in grid]


def carry_out(expression, size):
    """Sums term by term, for ``m = size``."""
    if isinstance(expression, Sum):
        body = expression.function
        for index, low, high in expression.limits:  # indices first: m also stands inside the ranges of Idx
            steps = range(int(low.subs(m, size)), int(high.subs(m, size)) + 1)
            body = sp.Add(*(body.xreplace({index: sp.Integer(n)}) for n in steps))
        return carry_out(body, size)
    if not expression.has(Sum):
        return expression.xreplace({m: sp.Integer(size)})
    return expression.func(*(carry_out(arg, size) for arg in expression.args))


def number(expression, let, size):
    """Definitions put in at every index, and sums carried out."""
    for pair in reversed(let):
        expression = put(expression, (pair,))
    return carry_out(expression, size)


def at_entry(rate, let, at, size):
    """A rate at one entry."""
    for pair in reversed(let):
        rate = put(rate, (pair,))
    return carry_out(rate.xreplace({index: sp.Integer(n) for index, n in at.items()}), size).doit()


@pytest.mark.parametrize("name", INDEXED)
def test_indexed_gradients_entry_by_entry(name):
    loss, state, let = INDEXED[name]
    system, size = flow(loss, state, let=let), 3
    whole = number(loss, let, size)
    for item, rate in system.equations:
        for entry, at in entries(item, size):
            assert sp.expand(at_entry(rate, system.let, at, size) + whole.diff(entry)) == 0, (entry, rate)


def test_network_is_back_propagated():
    loss, state, let = INDEXED["network"]
    system = flow(loss, state, let=let)
    i_1 = Idx("i_1", m)
    assert system.let == let  # nothing costs a sum: both adjoints are written where they are used
    assert sp.expand(system.rate(wt[i, k]) + (f - y) * a[i] * sp.cosh(z[i]) * x[k]) == 0
    double = flow(*INDEXED["same index"][:2])
    assert double.rate(a[i]) == -Sum(a[i_1], (i_1, 0, m - 1))


def test_mobility_of_indexed_items():
    system = flow(Sum(a[i] * s[i], i) / m, (a[i], s[i]), mobility=((a[i], m / eps), (s[i], m * (1 - s[i] ** 2))))
    assert sp.expand(system.rate(a[i]) + s[i] / eps) == sp.expand(system.rate(s[i]) + (1 - s[i] ** 2) * a[i]) == 0
    other = flow(Sum(a[i] * s[i], i) / m, (a[i], s[i]), mobility=((s[j], m * (1 - s[j] ** 2)),))
    assert other.rate(s[i]) == system.rate(s[i])


def test_powers_stay_finite_and_relu_has_no_slope_at_its_kink():
    n, u = Symbol("n", integer=True, positive=True), Symbol("u", real=True)
    rate = flow(u**n, (u,)).rate(u)
    assert rate.subs({n: 2, u: 0}) == 0
    kink = flow(sp.Max(0, u), (u,)).rate(u)
    assert [kink.subs(u, v) for v in (-1, 0, 1)] == [0, 0, -1]


def test_bad_input_is_refused_in_one_line():
    for call, text in [
        (lambda: flow(W2 * W1, (W1,)), "loss: .* is a matrix"),
        (lambda: flow(Trace(W2 * W1 * M.T), (W1,), mobility=((W2, eps),)), "mobility: W2 is no item"),
        (lambda: flow(Trace(W2 * W1 * M.T), (W1,), gradient=((A, G),)), "gradient: A is not defined"),
        (lambda: flow(Trace((X * X.T) ** sp.Rational(1, 2)), (X,)), "cannot be differentiated"),
        (lambda: flow(sp.Determinant(X), (X,)), "no rule"),
        (lambda: flow(a[0] ** 2, (a[0],)), "one entry"),
        (lambda: put(a[0], ((a[0], eps),)), "one entry"),
        (
            lambda: descent(
                descent(flow(y**2, (y,), meaning=((eta, "e"),)), eta, id="t.m", title="m"), eta, id="t.n", title="n"
            ),
            "is a map",
        ),
    ]:
        with pytest.raises(ValueError, match=text) as caught:
            call()
        assert "\n" not in str(caught.value)


# along

SYM = matrices(p, q, w)
LAYERS = flow(Trace(SYM["G"].T * SYM["W2"] * SYM["W1"]), (SYM["W1"], SYM["W2"]), meaning=((eta, "rate"), (p, "p")))


def flat(expression):
    """Normal form of a matrix word."""
    return sp.expand(expression.doit()).doit() if getattr(expression, "is_Matrix", False) else sp.expand(expression)


def test_gram_matrices_along_the_flow():
    w1, w2, g = SYM["W1"], SYM["W2"], SYM["G"]
    assert flat(along(w2 * w1, LAYERS)) == flat(-w2 * w2.T * g - g * w1.T * w1)
    assert flat(along(w2.T * w2 - w1 * w1.T, LAYERS)) == sp.ZeroMatrix(w, w)
    block = sp.BlockMatrix([[w2 * w2.T, w2 * w1], [w1.T * w2.T, w1.T * w1]])
    rate = along(block, LAYERS)
    assert flat(rate.blocks[1, 0]) == flat(along(w2 * w1, LAYERS).T)
    assert flat(along(Trace(w1 * w1.T), LAYERS)) != 0
    assert along(g, LAYERS) == sp.ZeroMatrix(p, q)


def test_gradient_descent_changes_the_balance_at_second_order():
    w1, w2, g = SYM["W1"], SYM["W2"], SYM["G"]
    step = descent(LAYERS, eta, id="test.step", title="both layers at once")
    change = along(w2.T * w2 - w1 * w1.T, step)
    assert flat(change) == flat(eta**2 * (w1 * g.T * g * w1.T - w2.T * g * g.T * w2))


def test_both_update_orders_entry_by_entry():
    w1, w2, g = W1, W2, G
    base = flow(Trace(G.T * W2 * W1), (W1, W2), meaning=((eta, "rate"),))
    both = descent(base, eta, id="test.both", title="both")
    turn = descent(base, eta, id="test.turn", title="in turn", sequential=True)
    assert both.kind == turn.kind == "map"
    next_1 = w1 - eta * w2.T * g
    same = [
        (both, w1, next_1),
        (both, w2, w2 - eta * g * w1.T),
        (turn, w1, next_1),
        (turn, w2, w2 - eta * g * next_1.T),
    ]
    for system, item, expected in same:
        assert (explicit(system.rate(item)) - explicit(expected)).expand() == sp.zeros(*item.shape)
    assert explicit(turn.rate(w2)) != explicit(both.rate(w2))
    # The sequential update conserves det P exactly (width 5 = rows of Q), the simultaneous one does not.
    wide = matrices(2, 3, 5)
    base = flow(Trace(wide["G"].T * wide["W2"] * wide["W1"]), (wide["W1"], wide["W2"]), meaning=((eta, "rate"),))
    rng = np.random.default_rng(3)
    draw = {
        wide[n]: sp.ImmutableDenseMatrix(*wide[n].shape, lambda *_: sp.Rational(int(rng.integers(-9, 10)), 4))
        for n in ("W1", "W2", "G")
    } | {eta: sp.Rational(1, 3)}

    def det(first, second):
        stacked = sp.Matrix.vstack(sp.Matrix(second), sp.Matrix(first).T)
        return (stacked * stacked.T).det()

    old = det(draw[wide["W1"]], draw[wide["W2"]])
    for sequential in (True, False):
        system = descent(base, eta, id="test.d", title="d", sequential=sequential)
        new = [explicit(system.rate(item).xreplace(draw)) for item in (wide["W1"], wide["W2"])]
        assert (det(*new) == old) is sequential


def test_definitions_stay_at_the_old_point_in_a_sequential_update():
    u, v, r, b = symbols("u v r b", real=True)
    base = flow(r**2 / 2, (u, v), let=((r, u * v - b),), meaning=((eta, "rate"),))
    turn = descent(base, eta, id="test.turn", title="in turn", sequential=True)
    assert sp.expand(turn.rate(v) - (v - eta * r * (u - eta * r * v))) == 0
    # along a map: the definition moves with the state
    assert sp.expand(unroll(along(r, turn) - (turn.rate(u) * turn.rate(v) - u * v), turn.let)) == 0


@pytest.mark.parametrize("name", ["same index", "double sum", "network"])
def test_loss_falls_by_the_squared_slopes(name):
    """dR/dt = -sum of squares: forward and reverse mode agree."""
    loss, state, let = INDEXED[name]
    system, size = flow(loss, state, let=let), 3
    change = number(along(loss, system), system.let, size)
    squares = 0
    for item, rate in system.equations:
        squares += sum(at_entry(rate, system.let, at, size) ** 2 for _, at in entries(item, size))
    assert sp.expand(change + squares) == 0


def test_along_chain_rules():
    u, v = symbols("u v", real=True)
    system = flow(u**2 * v, (u, v))
    assert along(sp.exp(u) * t, system) == sp.exp(u) - 2 * t * u * v * sp.exp(u)
    assert along(Symbol("constant"), system) == 0
    matrix = sp.ImmutableDenseMatrix([[u, 1], [v, u * v]])
    assert along(matrix, system)[1, 0] == -(u**2)
    steps = descent(system, eta, id="test.s", title="s", time=t, meaning=((eta, "rate"),))
    assert sp.expand(along(u, steps) + 2 * eta * u * v) == 0
    assert along(t, steps) == 1


def test_blocks_and_entries_along_a_map():
    w1, w2, g = SYM["W1"], SYM["W2"], SYM["G"]
    step = descent(LAYERS, eta, id="test.step", title="both layers at once")
    block = sp.BlockMatrix([[w2 * w2.T, w2 * w1], [w1.T * w2.T, w1.T * w1]])
    change = along(block, step)
    assert isinstance(change, sp.BlockMatrix)
    gram = -eta * (w2 * w2.T * g + g * w1.T * w1) + eta**2 * g * w1.T * w2.T * g
    assert flat(change.blocks[0, 1]) == flat(gram)
    assert along(g, step) == sp.ZeroMatrix(p, q)


def test_fractional_matrix_powers_are_never_differentiated():
    c = (SYM["W2"] * SYM["W2"].T) ** sp.Rational(1, 2)
    with pytest.raises(ValueError, match="cannot be differentiated"):
        along(c, LAYERS)
    assert along((SYM["G"] * SYM["G"].T) ** sp.Rational(1, 2), LAYERS) == sp.ZeroMatrix(p, p)


Y = MatrixSymbol("Y", 2, 2)
WORD = st.lists(st.sampled_from([X, X.T, Y, Y.T]), min_size=1, max_size=4)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(-3, 3), WORD), min_size=1, max_size=3))
def test_random_words_against_entrywise_derivatives(terms):
    loss = sum((c * Trace(sp.MatMul(*word)) for c, word in terms), sp.Integer(0))
    assert wrong_entries(flow(loss, (X, Y)), loss) == []

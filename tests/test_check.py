"""Every kind of check: a true toy statement passes, a planted error turns it red with a residual and a point."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import (
    Eq,
    Function,
    Inverse,
    MatrixSymbol,
    Rational,
    S,
    Symbol,
    Trace,
    asinh,
    atanh,
    cosh,
    coth,
    exp,
    log,
    oo,
    sin,
    sqrt,
    symbols,
    tanh,
)
from sympy import (
    Identity as Eye,
)

from plateaux.derivations import check_equal as module
from plateaux.derivations.chain import (
    Book,
    Bound,
    Cited,
    Closure,
    Derivation,
    Derivative,
    Grade,
    Identity,
    Invariance,
    Limit,
    Rate,
    Reduction,
    Series,
    Step,
    Verdict,
)
from plateaux.derivations.check import chain_of, check, cycles, order, verify
from plateaux.theory.formula import Formula, Source
from plateaux.theory.system import System

OURS = Source("plateaux")
t, m, s0, tau, eps, p0 = symbols("t m s_0 tau epsilon p_0", positive=True)
x, y = symbols("x y", real=True)
s, a, b, T = symbols("s a b T", positive=True)
p, q, w = symbols("p q w", integer=True, positive=True)
W1, W2, G, A = MatrixSymbol("W1", w, q), MatrixSymbol("W2", p, w), MatrixSymbol("G", p, q), MatrixSymbol("A", p, q)
C1, C2 = MatrixSymbol("C1", q, q), MatrixSymbol("C2", p, p)
LOGISTIC = m * s0 * exp(2 * m * t) / (m - s0 + s0 * exp(2 * m * t))
R = sqrt(m**2 + tau**2)


def run(one: Any, by: Grade = Grade.EXACT) -> Verdict:
    return check(Step("toy", lambda book: one, by=by), Book.of())


def green(one: Any, grade: Grade = Grade.EXACT, by: Grade = Grade.EXACT) -> Verdict:
    verdict = run(one, by)
    assert verdict.ok, verdict
    assert verdict.grade is grade
    assert not verdict.residual and not verdict.counterexample
    return verdict


def red(one: Any, point: bool = True, by: Grade = Grade.EXACT) -> Verdict:
    verdict = run(one, by)
    assert not verdict.ok, verdict
    assert "raised" not in verdict.detail, verdict
    assert verdict.residual
    assert bool(verdict.counterexample) is point, verdict
    return verdict


WEIGHTS: dict[Any, str] = {t: "time", W1: "in", W2: "out", G: "gradient", p: "rows", q: "columns", w: "width"}
FLOW = System("toy.flow", "layers", "flow", t, ((W1, -W2.T * G), (W2, -G * W1.T)), tuple(WEIGHTS.items()), OURS)
DESCENT = System(
    "toy.descent", "layers", "map", t, ((W1, W1 - eps * W2.T * G), (W2, W2 - eps * G * W1.T)),
    (*WEIGHTS.items(), (eps, "step")), OURS,
)  # fmt: skip
MODE = System(
    "toy.mode", "mode", "flow", t, ((s, (a + b) * (m - s)), (a, 2 * s * (m - s)), (b, 2 * s * (m - s))),
    ((t, "time"), (s, "mode"), (a, "out"), (b, "in"), (m, "target")), OURS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "wrong"),
    [
        (LOGISTIC.diff(t), 2 * LOGISTIC * (m - LOGISTIC), LOGISTIC * (m - LOGISTIC)),
        (LOGISTIC.subs(t, 0), s0, s0 + 1),
        (asinh(x), log(x + sqrt(x**2 + 1)), log(x - sqrt(x**2 + 1))),
        (asinh(s / tau), log((s + sqrt(s**2 + tau**2)) / tau), log((s + sqrt(s**2 + tau**2)) / (2 * tau))),
        (log(a * b**2), log(a) + 2 * log(b), log(a) + log(b)),
        (cosh(x) ** 2 - 1, (cosh(2 * x) - 1) / 2, (cosh(2 * x) + 1) / 2),
        (1 / (x**2 - 4), (1 / (x - 2) - 1 / (x + 2)) / 4, (1 / (x - 2) - 1 / (x + 2)) / 2),
    ],
)
def test_scalar_identity(left: Any, right: Any, wrong: Any) -> None:
    green(Identity(left, right))
    red(Identity(left, wrong))


def test_square_root_is_not_the_letter() -> None:
    green(Identity(sqrt(a**2 + 2 * a * b + b**2), a + b))
    red(Identity(sqrt(x**2 + 2 * x * y + y**2), x + y))


def test_tanh_form_of_a_riccati_equation() -> None:
    form = m + R * tanh(R * t + atanh((p0 - m) / R))
    start = (p0 < m + R,)
    green(Identity(form.diff(t), tau**2 + 2 * m * form - form**2, assuming=start))
    green(Identity(form.subs(t, 0), p0, assuming=start))
    red(Identity(form.diff(t), tau**2 + m * form - form**2, assuming=start))


def test_let_and_assuming_reach_proof_and_points() -> None:
    r = Symbol("r", positive=True)
    green(Identity(r**2 - m**2, tau**2, let=((r, R),)))
    red(Identity(r**2 - m**2, tau**2, let=((r, sqrt(m**2 + tau)),)))
    assert "x" in dict(red(Identity(x + abs(x), S.Zero, assuming=(x > 3,))).counterexample)


def test_scalar_relations_need_points() -> None:
    relation = (("circle", x**2 + y**2 - 1),)
    point = ((y, sqrt(1 - x**2)),)
    inside = (x**2 < 1,)
    one = Identity(x**4 - y**4, 2 * x**2 - 1, relation)
    assert "no numeric twin" in green(one).detail
    green(Identity(x**4 - y**4, 2 * x**2 - 1, relation, point=point, assuming=inside))
    red(Identity(x**4 - y**4, x**2 - 1, relation, point=point, assuming=inside))
    verdict = red(Identity(x**4 - y**4, 2 * x**2 - 1, relation, point=((y, sqrt(2 - x**2)),), assuming=inside))
    assert "do not satisfy the given relation circle" in verdict.detail


def test_matrix_identity_on_a_set_with_a_fractional_power() -> None:
    given = (("out", C2 * C2 - A * A.T - tau**2 * Eye(p)), ("both", A * C1 - C2 * A))
    root = (A * A.T + tau**2 * Eye(p)) ** Rational(1, 2)
    point = ((C2, root), (C1, (A.T * A + tau**2 * Eye(q)) ** Rational(1, 2)))
    true = Identity(C2 * A * C1, A * A.T * A + tau**2 * A, given, symmetric=(C1, C2), point=point)
    verdict = green(true)
    assert "rewriting" in verdict.detail and "3 random points" in verdict.detail
    wrong = red(Identity(C2 * A * C1, A * A.T * A - tau**2 * A, given, symmetric=(C1, C2), point=point))
    sizes = dict(wrong.counterexample)
    assert {sizes["p"], sizes["q"]} == {"2", "3"}
    assert "no numeric twin" in green(Identity(C2 * A * C1, A * A.T * A + tau**2 * A, given, symmetric=(C1, C2))).detail
    bad = Identity(C2 * A, A * C1, given, symmetric=(C1, C2), point=((C2, A * A.T), point[1]))
    assert "do not satisfy" in red(bad).detail


def test_matrix_identity_shapes_differ_both_ways() -> None:
    green(Identity((W2 * W1).T * A, W1.T * W2.T * A))
    red(Identity(A * A.T, C2, symmetric=(C2,)))
    green(Identity(Inverse(C2) * C2 * A, A))
    green(Identity((tau**2 * Eye(p)) ** Rational(1, 2), tau * Eye(p)))
    red(Identity((x**2 * Eye(p)) ** Rational(1, 2), x * Eye(p)))


def test_derivative() -> None:
    green(Derivative(exp(-m * t) * sin(x), t, -m * exp(-m * t) * sin(x)))
    red(Derivative(exp(-m * t), t, m * exp(-m * t)))
    loss = Trace((W2 * W1 - A) * (W2 * W1 - A).T) / 2
    green(Derivative(loss, W1, W2.T * (W2 * W1 - A)))
    red(Derivative(loss, W1, 2 * W2.T * (W2 * W1 - A)))
    square = MatrixSymbol("X", p, p)
    # SymPy says zero for this sum of traces
    green(Derivative(Trace(square) + Trace(square * square), square, Eye(p) + 2 * square.T))


def test_rate_of_flow_and_map() -> None:
    green(Rate(FLOW, W2 * W1, -(W2 * W2.T * G + G * W1.T * W1)))
    red(Rate(FLOW, W2 * W1, -(W2 * W2.T * G - G * W1.T * W1)))
    green(Rate(DESCENT, W2 * W2.T, eps**2 * G * W1.T * W1 * G.T - eps * (W2 * W1 * G.T + G * W1.T * W2.T)))
    red(Rate(DESCENT, W2 * W2.T, -eps * (W2 * W1 * G.T + G * W1.T * W2.T)))
    green(Rate(MODE, a * b - s**2, S.Zero, given=(("same", a - b),), point=((a, b),)))
    green(Rate(MODE, a - b, S.Zero))
    red(Rate(MODE, a + b, 2 * s * (m - s)))


OBSERVED = ((A, W2 * W1), (C1, W1.T * W1), (C2, W2 * W2.T))


def test_closure() -> None:
    rates = ((A, -C2 * G - G * C1), (C1, -A.T * G - G.T * A), (C2, -A * G.T - G * A.T))
    green(Closure(FLOW, OBSERVED, rates, symmetric=(C1, C2)))
    red(Closure(FLOW, OBSERVED, ((A, -C2 * G + G * C1), *rates[1:]), symmetric=(C1, C2)))
    missing = red(Closure(FLOW, OBSERVED[:1], ((A, -2 * G),)))
    assert "differ" in missing.detail


def test_invariance() -> None:
    green(Invariance(FLOW, (("balance", W2.T * W2 - W1 * W1.T),)))
    alone = run(Invariance(DESCENT, (("balance", W2.T * W2 - W1 * W1.T),)))
    assert not alone.ok and alone.residual
    scalars = (("product", a * b - s**2 - tau**2), ("same", a - b))
    on = ((a, sqrt(s**2 + tau**2)), (b, sqrt(s**2 + tau**2)))
    verdict = green(Invariance(MODE, scalars, point=on))
    assert "3 random points" in verdict.detail
    wrong = (("product", a * b - 2 * s**2 - tau**2), ("same", a - b))
    off = ((a, sqrt(2 * s**2 + tau**2)), (b, sqrt(2 * s**2 + tau**2)))
    red(Invariance(MODE, wrong, point=off))


def test_reduction() -> None:
    flow = System(
        "toy.scaled", "mode", "flow", t, ((s, 2 * sqrt(s**2 + tau**2) * (m - s)),),
        ((t, "time"), (s, "mode"), (tau, "scale"), (m, "target")), OURS,
    )  # fmt: skip
    scales = ((t, eps * T), (tau, 1 / eps))
    green(Reduction(flow, scales, eps, ((s, 2 * (m - s)),), order=2))
    red(Reduction(flow, scales, eps, ((s, (m - s)),), order=2))
    red(Reduction(flow, scales, eps, ((s, 2 * (m - s)),), order=3))


def test_limit() -> None:
    green(Limit((coth(t) - 1 / t) / t, t, 0, Rational(1, 3)))
    red(Limit((coth(t) - 1 / t) / t, t, 0, Rational(1, 2)))
    threshold = log((1 + sqrt(2)) * (R + m) / (R + m - tau * (1 + sqrt(2)))) / (2 * R)
    green(Limit(threshold, tau, 0, log(1 + sqrt(2)) / (2 * m)))
    green(Limit(m * tanh(t), t, oo, m))
    green(Limit(1 / t, t, 0, oo))
    red(Limit(1 / (1 + t), t, 0, oo))
    green(Limit(abs(x) / x, x, 0, S.NegativeOne, direction="-"))
    red(Limit(abs(x) / x, x, 0, S.NegativeOne))


def test_series() -> None:
    green(Series(sin(x), x, 5, x - x**3 / 6), Grade.SERIES)
    green(Series(sqrt(m**2 + tau**2), tau, 4, m + tau**2 / (2 * m)), Grade.SERIES)
    wrong = red(Series(sin(x), x, 5, x + x**3 / 6))
    assert "order 3" in wrong.detail
    red(Series(sin(x), x, 4, x))


def test_bound() -> None:
    green(Bound(2 * x * y, x**2 + y**2, terms=((x - y) ** 2,)))
    assert "manifestly" in run(Bound(2 * x * y, x**2 + y**2, terms=(x**2 + y**2 - 2 * x * y,))).detail
    red(Bound(3 * x * y, x**2 + y**2, terms=((x - y) ** 2,)))
    trace = Trace(G.T * C2 * C2 * G)
    green(Bound(S.Zero, trace, terms=(trace,), symmetric=(C2,)))
    sampled = Bound(log(1 + a), a)
    green(sampled, Grade.NUMERIC, by=Grade.NUMERIC)
    assert "claimed exact, reached numeric" in run(sampled).detail
    red(Bound(a, log(1 + a)), by=Grade.NUMERIC)


def test_cited_is_no_proof() -> None:
    verdict = green(Cited(Source("saxe2014", "eq. (3)")), Grade.CITED)
    assert verdict.detail == "cited: saxe2014, eq. (3)"


def test_proof_and_points_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "prove_equal", lambda *_: module.Proof(True, "trust me"))
    verdict = run(Identity(x**2, x**3))
    assert not verdict.ok and "proof and points disagree" in verdict.detail and verdict.counterexample


def test_unknown_proof_is_never_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "prove_equal", lambda *_: module.Proof(None))
    one = Identity(sin(x) ** 2 + sin(x + S.Pi / 2) ** 2, 1)
    assert "claimed exact, reached numeric" in run(one).detail
    green(one, Grade.NUMERIC, by=Grade.NUMERIC)


def test_opaque_functions_have_points() -> None:
    V = Function("V")
    green(Identity((V(x) ** 2).diff(x), 2 * V(x) * V(x).diff(x)))
    red(Identity((V(x) ** 2).diff(x), V(x) * V(x).diff(x)))


def formula(id: str, statement: Any, **more: Any) -> Formula:
    names = {t: "time", m: "target", s0: "start", s: "mode"}
    used = statement.free_symbols
    return Formula(id, id, statement, tuple((k, v) for k, v in names.items() if k in used), OURS, **more)


MODE_FORMULA = formula("toy.mode-form", Eq(s, LOGISTIC))
TIME = formula("toy.time", Eq(t, log(s * (m - s0) / (s0 * (m - s))) / (2 * m)))


def equation(book: Book) -> Identity:
    value = book.formula("toy.mode-form").value
    return Identity(value.diff(t), 2 * value * (m - value))


def start(book: Book) -> Identity:
    return Identity(book.formula("toy.mode-form").value.subs(t, 0), s0)


def inverse(book: Book) -> Identity:
    return Identity(book.formula("toy.time").value.subs(s, book.formula("toy.mode-form").value), t, assuming=(s0 < m,))


FORM = Derivation("toy.mode-form", (Step("solves the equation", equation), Step("starts right", start)))
INVERSE = Derivation("toy.time", (Step("inverts the mode", inverse),))


def test_derivation_records_uses_and_grade() -> None:
    book = Book.of(MODE_FORMULA, TIME)
    first, second = verify(FORM, book), verify(INVERSE, book)
    assert first.ok and first.grade is Grade.EXACT and first.scope == "all" and first.uses == ()
    assert second.ok, second
    assert second.uses == ("toy.mode-form",) and second.seconds > 0 and second.sympy
    assert chain_of("toy.time", (first, second)) == ("toy.mode-form",)
    assert order((INVERSE, FORM), book) == ("toy.mode-form", "toy.time")
    assert cycles((first, second)) == ()


def test_planted_error_in_the_book() -> None:
    wrong = formula("toy.mode-form", Eq(s, LOGISTIC.subs(t, 2 * t)))
    verdict = verify(FORM, Book.of(MODE_FORMULA, TIME).with_entry(wrong))
    assert [one.ok for one in verdict.steps] == [False, True]
    assert not verdict.ok and verdict.residual and verdict.counterexample


def test_exception_is_a_failed_verdict() -> None:
    verdict = check(Step("reads what is not there", lambda book: book.formula("toy.none")), Book.of())
    assert not verdict.ok and "raised ValueError" in verdict.detail and "toy.none" in verdict.detail


def test_cycles() -> None:
    ring = [Verdict(one, "", True, Grade.EXACT, uses=(two,)) for one, two in ("ab", "bc", "ca", "da")]
    assert cycles(ring) == (("a", "b", "c"),)
    loop = Derivation("toy.time", (Step("reads both", inverse),)), Derivation("toy.mode-form", (Step("too", inverse),))
    with pytest.raises(ValueError, match="cycle"):
        order(loop, Book.of(MODE_FORMULA, TIME))


def test_family_never_has_scope_all() -> None:
    power = Step("powers", lambda book, n: Identity((x**n).diff(x), n * x ** (n - 1)), cases=(2, 3, 4))
    verdict = check(power, Book.of())
    assert verdict.ok and verdict.scope == "2, 3, 4"
    bad = Step("powers", lambda book, n: Identity(x**n, x**2), cases=(2, 3))
    assert check(bad, Book.of()).detail.startswith("case 3: ")


def test_limit_as_slow_as_a_logarithm() -> None:
    green(Limit(log(a * t) / log(t), t, oo, S.One))
    assert "10^128" in dict(red(Limit(log(a * t) / log(t), t, oo, Rational(1001, 1000))).counterexample)["t"]


def test_closure_of_a_map_and_on_a_set() -> None:
    steps = (
        (A, A - eps * (C2 * G + G * C1) + eps**2 * G * A.T * G),
        (C1, C1 - eps * (A.T * G + G.T * A) + eps**2 * G.T * C2 * G),
        (C2, C2 - eps * (A * G.T + G * A.T) + eps**2 * G * C1 * G.T),
    )
    green(Closure(DESCENT, OBSERVED, steps, symmetric=(C1, C2)))
    red(Closure(DESCENT, OBSERVED, (steps[0], steps[1], (C2, steps[2][1] + eps**2 * G * G.T)), symmetric=(C1, C2)))
    balance = (("balance", W2.T * W2 - W1 * W1.T),)
    rates = ((A, -C2 * G - G * C1), (C1, -A.T * G - G.T * A), (C2, -A * G.T - G * A.T))
    on_set = Closure(FLOW, OBSERVED, rates, balance, symmetric=(C1, C2), found=(C2 * C2 - A * A.T, A * C1 - C2 * A))
    assert "no numeric twin" in green(on_set).detail
    off = Closure(FLOW, OBSERVED, rates, balance, symmetric=(C1, C2), found=(C2 * C2 - 2 * A * A.T,))
    assert not run(off).ok

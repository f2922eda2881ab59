"""Planted errors: what is made, what is left out, and that derivations refuse them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sympy import Eq, MatrixSymbol, Symbol, exp, log, sqrt, symbols

from plateaux.derivations.chain import Book, Closure, Derivation, Identity, Invariance, Step
from plateaux.derivations.mutate import mutants, plant, survivors
from plateaux.theory.formula import Formula, Source
from plateaux.theory.system import System

OURS = Source("plateaux")
t, m, s0, s, r = symbols("t m s_0 s r", positive=True)
tau = Symbol("tau", positive=True)
p, q, w = symbols("p q w", integer=True, positive=True)
W1, W2, G = MatrixSymbol("W1", w, q), MatrixSymbol("W2", p, w), MatrixSymbol("G", p, q)
A, C1, C2 = MatrixSymbol("A", p, q), MatrixSymbol("C1", q, q), MatrixSymbol("C2", p, p)
WORDS = ((t, "time"), (m, "target"), (s0, "start"), (s, "mode"))
FORM = Formula("toy.form", "mode", Eq(s, m * s0 * exp(2 * m * t) / (m - s0 + s0 * exp(2 * m * t))), WORDS, OURS)
EQUATION = Step("solves the equation", lambda book: rate(book.formula("toy.form").value))
START = Step("starts right", lambda book: Identity(book.formula("toy.form").value.subs(t, 0), s0))


def rate(value: Any) -> Identity:
    return Identity(value.diff(t), 2 * value * (m - value))


def changed(expression: Any) -> set[Any]:
    return {one for _, one in mutants(expression)}


def test_kinds_of_mutants() -> None:
    found = changed(3 * t**2 + m)
    assert {-3 * t**2 + m, 3 * t**2 - m, 3 * t**2, m, 6 * t**2 + m, 3 * t**2 + 2 * m} <= found
    assert {3 * t**3 + m, 4 * t**2 + m, t**2 + m, 3 * m**2 + t} <= found
    assert 3 * t**2 + m not in found


def test_equal_mutants_are_left_out() -> None:
    assert m + t not in changed(t + m)
    words = [text for text, _ in mutants(t + m)]
    assert "m and t swapped" not in words
    assert sqrt(t**2 + m**2) not in changed(sqrt(m**2 + t**2))


def test_matrix_mutants_fit_their_shapes() -> None:
    found = changed(C2 * G + G * C1)
    assert C2.T * G + G * C1 in found and -C2 * G + G * C1 in found and 2 * (C2 * G) + G * C1 in found
    assert G + G * C1 in found
    assert all(one.shape == (p, q) for one in found)
    assert not any("G transposed" in words for words, _ in mutants(C2 * G + G * C1))


def test_definitions_are_mutated_and_assumptions_are_not() -> None:
    one = Formula(
        "toy.root", "root", Eq(s, r - m), (*WORDS, (r, "root"), (tau, "scale")), OURS, let=((r, sqrt(m**2 + tau**2)),),
        assuming=(m > tau,),
    )  # fmt: skip
    made = [mutant for _, mutant in mutants(one)]
    assert any(mutant.let != one.let for mutant in made)
    assert all(mutant.assuming == one.assuming for mutant in made)
    dead = replace(one, statement=Eq(s, m))
    assert all(mutant.let == one.let for _, mutant in mutants(dead))


def test_two_steps_refuse_all_and_one_does_not() -> None:
    book = Book.of(FORM)
    both = plant(Derivation("toy.form", (EQUATION, START)), book)
    assert both.tested > 20 and both.survivors == () and both.raised == ()
    assert survivors(Derivation("toy.form", (EQUATION, START)), book) == ()
    assert survivors(Derivation("toy.form", (START,)), book)
    few = plant(Derivation("toy.form", (EQUATION, START)), book, limit=5, seed=3)
    assert few.tested == 5


def test_the_truth_has_to_pass_first() -> None:
    wrong = replace(FORM, statement=Eq(s, m * s0 * exp(m * t) / (m - s0 + s0 * exp(m * t))))
    with pytest.raises(ValueError, match="true statement"):
        survivors(Derivation("toy.form", (EQUATION,)), Book.of(wrong))


def test_a_crash_is_no_rejection() -> None:
    def fragile(book: Book) -> Identity:
        if book.formula("toy.form") != FORM:
            raise TypeError("cannot read this")
        return Identity(m, m)

    found = plant(Derivation("toy.form", (Step("fragile", fragile),)), Book.of(FORM), limit=4)
    assert found.rejected == found.survivors == () and len(found.raised) == 4
    left = survivors(Derivation("toy.form", (Step("fragile", fragile),)), Book.of(FORM), limit=4)
    assert len(left) == 4 and all("raised" in one for one in left)


def test_system_against_its_closure() -> None:
    words = ((t, "time"), (W1, "in"), (W2, "out"), (G, "gradient"), (p, "rows"), (q, "columns"), (w, "width"))
    flow = System("toy.flow", "layers", "flow", t, ((W1, -W2.T * G), (W2, -G * W1.T)), words, OURS)

    def closed(book: Book) -> Closure:
        rates = ((A, -C2 * G - G * C1), (C1, -A.T * G - G.T * A), (C2, -A * G.T - G * A.T))
        return Closure(
            book.system("toy.flow"), ((A, W2 * W1), (C1, W1.T * W1), (C2, W2 * W2.T)), rates, symmetric=(C1, C2)
        )

    found = plant(Derivation("toy.flow", (Step("closes", closed),)), Book.of(flow))
    assert found.tested >= 4 and found.survivors == () and found.raised == ()

    def balance(book: Book) -> Invariance:
        return Invariance(book.system("toy.flow"), (("balance", W2.T * W2 - W1 * W1.T),))

    weak = plant(Derivation("toy.flow", (Step("balance", balance),)), Book.of(flow))
    assert weak.survivors == ()


def test_inverse_relation_with_an_assumption() -> None:
    time = Formula(
        "toy.time", "time", Eq(t, log(s * (m - s0) / (s0 * (m - s))) / (2 * m)), WORDS, OURS, assuming=(s0 < m, s < m)
    )

    def inverse(book: Book) -> Identity:
        mode = FORM.value
        return Identity(book.formula("toy.time").value.subs(s, mode), t, assuming=(s0 < m,))

    found = plant(Derivation("toy.time", (Step("inverts", inverse),)), Book.of(time))
    assert found.tested > 15 and found.survivors == () and found.raised == ()

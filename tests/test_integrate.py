"""Macro steps against SciPy's own DOP853, exact solutions, events and failures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import DOP853, solve_ivp
from sympy import Idx, IndexedBase, MatrixSymbol, Symbol, cos, symbols

from plateaux.numerics.integrate import integrate, macro_solver
from plateaux.numerics.lower import lower, lower_formula
from plateaux.theory.formula import Source, letters
from plateaux.theory.mixed import FORMULAS, SYSTEMS
from plateaux.theory.system import System

MIXED = {s.id: s for s in SYSTEMS}
t = Symbol("t")
u, v, y, rate = symbols("u v y rate", real=True)


def system(*equations):
    parts = [t, *(e for pair in equations for e in pair)]
    words = tuple((letter, "a letter") for letter in sorted(letters(*parts), key=str))
    return System("test.system", "a system", "flow", t, equations, words, Source("plateaux"))


OSCILLATOR = system((u, rate * v), (v, -rate * u))
DRIVEN = system((y, cos(t) * y))


@pytest.fixture(scope="module")
def layers():
    """The mixed flow of a rectangular map, bound, with its start."""
    r = np.random.default_rng(0)
    start, values = {"A": 0.1 * r.normal(size=(4, 3))}, {"M": r.normal(size=(4, 3)), "tau": 0.3}
    return lower(MIXED["mixed.dynamics"]), start, values


@pytest.mark.parametrize("block", [1, 3, 64])
def test_equal_steps_give_scipys_states_to_roundoff(layers, block):
    kernel, start, values = layers
    bound = kernel.bind(start, values)
    state, options = bound.pack(start), {"rtol": 1e-3, "atol": 1e-3, "first_step": 0.05, "max_step": 0.05}
    own = solve_ivp(
        bound.function, (0, 2), state, macro_solver(), dense_output=True, kernel=bound, block=block, **options
    )
    stock = solve_ivp(bound.function, (0, 2), state, DOP853, dense_output=True, **options)
    at = np.linspace(0, 2, 77)
    np.testing.assert_allclose(own.sol(at), stock.sol(at), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(own.y[:, -1], stock.y[:, -1], rtol=1e-13, atol=1e-14)
    assert own.t[-1] == stock.t[-1] and own.status == stock.status == 0


@pytest.mark.parametrize("span", [(0.0, 3.0), (3.0, 0.0)])
def test_step_control_is_scipys(layers, span):
    kernel, start, values = layers
    if span[0] > span[1]:
        kernel, start, values = lower(OSCILLATOR), {"u": 1.0, "v": 0.0}, {"rate": 2.0}
    bound = kernel.bind(start, values)
    own = macro_solver()(
        bound.function, span[0], bound.pack(start), span[1], kernel=bound, block=1, rtol=1e-6, atol=1e-9
    )
    stock = DOP853(bound.function, span[0], bound.pack(start), span[1], rtol=1e-6, atol=1e-9)
    steps = 0
    while stock.status == "running":
        assert own.step() is None and stock.step() is None
        steps += 1
        # The error estimate is a difference of nearly equal numbers: steps agree to its own rounding, not to the last bit.
        assert own.t == pytest.approx(stock.t, rel=1e-6)
    assert own.status == stock.status == "finished" and own.nfev == stock.nfev and steps > 5


def test_the_order_of_convergence_is_eight():
    bound = lower(OSCILLATOR).parameters(rate=2.0)
    errors = []
    for step in (0.4, 0.2, 0.1):
        run = solve_ivp(
            bound.function, (0, 4), [1.0, 0.0], macro_solver(), kernel=bound,
            rtol=1.0, atol=1e3, first_step=step, max_step=step,
        )  # fmt: skip
        errors.append(np.abs(run.y[:, -1] - [np.cos(8), -np.sin(8)]).max())
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert ((orders > 7.7) & (orders < 8.3)).all()


def test_time_dependent_rates_and_dense_times():
    times = np.linspace(0, 5, 501)
    curve = integrate(lower(DRIVEN), {"y": 1.0}, {}, times, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(curve["y"], np.exp(np.sin(times)), rtol=1e-9)


def test_one_mode_against_its_closed_form():
    times = np.linspace(0, 8, 41)
    mode = lower_formula(next(f for f in FORMULAS if f.id == "mixed.mode"))
    for goal, start in ((1.0, 0.0), (-0.7, 0.2), (0.5, 2.0)):
        curve = integrate(
            lower(MIXED["mixed.mode-flow"]), {"s": start}, {"m": goal, "tau": 1e-3}, times, rtol=1e-11, atol=1e-14
        )
        np.testing.assert_allclose(curve["s"], mode(t=times, m=goal, s_0=start, tau=1e-3), rtol=2e-8, atol=1e-12)


def test_the_matrix_flow_stays_on_the_gram_flow(layers):
    kernel, start, values = layers
    times, A, tau = np.linspace(0, 3, 13), start["A"], values["tau"]

    def root(matrix):
        w, V = np.linalg.eigh(matrix)
        return V * np.sqrt(w) @ V.T

    grams = {"C1": root(A.T @ A + tau**2 * np.eye(3)), "C2": root(A @ A.T + tau**2 * np.eye(4))}
    first = integrate(kernel, start, values, times)
    second = integrate(lower(MIXED["mixed.gram-flow"]), {"A": A, **grams}, {"M": values["M"]}, times)
    np.testing.assert_allclose(first["A"], second["A"], atol=1e-8)
    assert second["C1"].shape == (13, 3, 3)
    np.testing.assert_allclose(second["C1"], second["C1"].transpose(0, 2, 1), atol=1e-13)


def test_gram_flow_against_the_layers():
    r = np.random.default_rng(1)
    W1, W2, M = 0.3 * r.normal(size=(5, 3)), 0.3 * r.normal(size=(2, 5)), r.normal(size=(2, 3))
    times = np.linspace(0, 2, 9)
    grams = {"A": W2 @ W1, "C1": W1.T @ W1, "C2": W2 @ W2.T}
    curve = integrate(lower(MIXED["mixed.gram-flow"]), grams, {"M": M}, times)

    def layers(_, state):
        V1, V2 = state[:15].reshape(5, 3), state[15:].reshape(2, 5)
        G = V2 @ V1 - M
        return -np.concatenate([(V2.T @ G).ravel(), (G @ V1.T).ravel()])

    run = solve_ivp(layers, (0, 2), np.concatenate([W1.ravel(), W2.ravel()]), "DOP853", times, rtol=1e-10, atol=1e-13)
    wanted = [state[15:].reshape(2, 5) @ state[:15].reshape(5, 3) for state in run.y.T]
    np.testing.assert_allclose(curve["A"], wanted, atol=1e-8)


@pytest.mark.parametrize("method", ["LSODA", "Radau"])
def test_stiff_methods_get_the_analytic_jacobian(method):
    flow = system((u, -1000 * (u - cos(t)) + v), (v, u - v))
    times = np.linspace(0, 2, 5)
    curve = integrate(lower(flow), {"u": 1.0, "v": 0.0}, {}, times, method=method, rtol=1e-8, atol=1e-10)
    reference = integrate(lower(flow), {"u": 1.0, "v": 0.0}, {}, times, rtol=1e-10, atol=1e-12)
    assert dict(curve.made_by.detail)["jacobian"] == "analytic"
    assert dict(curve.made_by.detail)["evaluations"] < dict(reference.made_by.detail)["evaluations"] / 5
    np.testing.assert_allclose(curve["u"], reference["u"], atol=2e-7)


def test_an_event_between_two_blocks_is_found():
    kernel = lower(OSCILLATOR)

    def crossing(_, state):
        return state[0]

    times = np.linspace(0, 10, 11)
    curve = integrate(kernel, {"u": 1.0, "v": 0.0}, {"rate": 1.0}, times, events=[crossing])
    roots = dict(curve.made_by.detail)["events"][0]
    np.testing.assert_allclose(
        roots, np.pi * np.array([0.5, 1.5, 2.5]), atol=1e-8
    )  # an even number per block hides none
    plain = integrate(kernel, {"u": 1.0, "v": 0.0}, {"rate": 1.0}, times)
    np.testing.assert_allclose(curve["u"], plain["u"], rtol=0, atol=1e-14)
    assert len(roots) == 3
    crossing.terminal = True
    ended = integrate(kernel, {"u": 1.0, "v": 0.0}, {"rate": 1.0}, times, events=[crossing])
    assert ended["time"][-1] == pytest.approx(np.pi / 2, abs=1e-8) and len(ended["time"]) == 3
    assert ended["v"][-1] == pytest.approx(-1, abs=1e-8)


def test_provenance_tells_how():
    kernel = lower(OSCILLATOR)
    curve = integrate(kernel, {"u": 1.0, "v": 0.0}, {"rate": 1.0}, [0.0, 1.0])
    made, detail = curve.made_by, dict(curve.made_by.detail)
    assert (made.by, made.what, made.digest) == ("ode", "test.system", kernel.digest)
    assert made.parameters == (("rate", 1.0),)
    assert detail["solver"] == "DOP853" and detail["rtol"] == 1e-9 and detail["evaluations"] > 12
    assert curve["u"].shape == (2,) and curve["u"][0] == 1.0


def test_starts_and_directions():
    kernel, start = lower(DRIVEN), {"y": 1.0}
    late = integrate(kernel, start, {}, [2.0, 3.0], start=2.0)
    np.testing.assert_allclose(late["y"], [1, np.exp(np.sin(3) - np.sin(2))], rtol=1e-8)
    back = integrate(kernel, start, {}, [-1.0, -2.0], start=0.0)
    np.testing.assert_allclose(back["y"], np.exp(np.sin([-1.0, -2.0])), rtol=1e-8)
    np.testing.assert_array_equal(integrate(kernel, start, {}, [0.0])["y"], [1.0])


def test_sizes_without_an_array_parameter():
    n = Symbol("n", integer=True, positive=True)
    x, i = IndexedBase("x"), Idx("i", n)
    P = MatrixSymbol("P", n, n)
    curve = integrate(lower(system((x[i], -x[i] / n), (P, -P))), {"x": [1.0, 2.0], "P": np.eye(2)}, {}, [0.0, 1.0])
    np.testing.assert_allclose(curve["x"][-1], np.array([1, 2]) * np.exp(-0.5), rtol=1e-8)
    np.testing.assert_allclose(curve["P"][-1], np.eye(2) * np.exp(-1), rtol=1e-8)
    with pytest.raises(ValueError, match="shape"):
        integrate(lower(system((x[i], -x[i] / n), (P, -P))), {"x": [1.0, 2.0], "P": np.eye(3)}, {}, [0.0, 1.0])


def test_a_solution_that_ends_raises_the_solvers_message():
    blow = lower(system((y, y**2)))
    with pytest.raises(RuntimeError, match=r"test\.system: Required step size"):
        integrate(blow, {"y": 1.0}, {}, [0.0, 2.0])
    n = Symbol("n", integer=True, positive=True)
    X, M = MatrixSymbol("X", n, n), MatrixSymbol("M", n, n)
    with pytest.raises(RuntimeError, match="singular"):
        integrate(lower(system((X, M.I * X))), {"X": np.eye(2)}, {"M": np.zeros((2, 2))}, [0.0, 1.0])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"times": [0.0, 1.0, 0.5]}, "monotonic"),
        ({"times": [np.nan]}, "finite"),
        ({"times": []}, "at least one"),
        ({"rtol": 0.0}, "rtol"),
        ({"atol": -1.0}, "atol"),
        ({"method": "Euler"}, "method"),
        ({"y0": {"u": 1.0}}, "v missing"),
        ({"y0": {"u": 1.0, "v": np.nan}}, "nan"),
        ({"params": {}}, "rate missing"),
        ({"params": {"rate": 1, "speed": 2}}, "'speed' is unknown"),
    ],
)
def test_bad_input_is_one_line(change, word):
    given = {"y0": {"u": 1.0, "v": 0.0}, "params": {"rate": 1.0}, "times": [0.0, 1.0], **change}
    with pytest.raises(ValueError, match=word) as error:
        integrate(lower(OSCILLATOR), **given)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="is a map"):
        integrate(lower(MIXED["mixed.mode-step"]), {}, {}, [0.0, 1.0])

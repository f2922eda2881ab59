"""Generated kernels against NumPy, and macro steps against SciPy's own DOP853, in pairs within one run: ratios only.

Run ``python benchmarks/bench_lower.py [kernels] [solvers] [start]``; under pytest each pair is one benchmark.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from sympy import Idx, IndexedBase, Sum, Symbol, sqrt, symbols

from plateaux.numerics.integrate import integrate
from plateaux.numerics.lower import Kernel, lower
from plateaux.theory.formula import Source, letters
from plateaux.theory.mixed import SYSTEMS
from plateaux.theory.system import System

MIXED = {system.id: system for system in SYSTEMS}
Case = tuple[Kernel, dict[str, Any], dict[str, Any], float, Callable[[Any], Any]]


def indexed(name: str, equations: Any, let: Any = ()) -> System:
    """A system of the benchmark."""
    t, parts = Symbol("t"), [e for pair in (*equations, *let) for e in pair]
    sizes = {s for e in parts for index in e.atoms(Idx) for s in index.upper.free_symbols}
    words = tuple((letter, "a letter") for letter in sorted(letters(t, *parts) | sizes, key=str))
    return System(f"bench.{name}", name, "flow", t, tuple(equations), words, Source("plateaux"), let=tuple(let))


def modes() -> Case:
    """1000 aligned singular values."""
    n, tau = Symbol("n", integer=True, positive=True), Symbol("tau", positive=True)
    s, c, i = IndexedBase("s"), IndexedBase("c"), Idx("i", n)
    goal = 1 / np.arange(1.0, 1001.0)
    kernel = lower(indexed("modes", ((s[i], 2 * sqrt(s[i] ** 2 + tau**2) * (c[i] - s[i])),)))
    return (
        kernel,
        {"s": np.zeros(1000)},
        {"c": goal, "tau": 1e-2},
        20.0,
        lambda y: 2 * np.sqrt(y**2 + 1e-4) * (goal - y),
    )


def time_scales(neurons: int) -> Case:
    """Fast second layer, slow first layer: sums over the neurons for four degrees."""
    m, K = symbols("m K", integer=True, positive=True)
    eps, degree = Symbol("epsilon", positive=True), Symbol("k", integer=True)
    a, s, M, rho, phi, sigma = map(IndexedBase, ("a", "s", "M", "rho", "phi", "sigma"))
    i, j, k = Idx("i", m), Idx("j", m), Idx("k", K)
    slope = Sum(degree * rho[degree] * s[i] ** (degree - 1), (degree, 1, K - 1))
    let = ((M[k], Sum(a[j] * s[j] ** k, (j, 0, m - 1)) / m), (rho[k], sigma[k] * (phi[k] - sigma[k] * M[k])))
    equations = (
        (a[i], Sum(rho[degree] * s[i] ** degree, (degree, 0, K - 1)) / eps),
        (s[i], a[i] * (1 - s[i] ** 2) * slope),
    )
    kernel = lower(indexed("time-scales", equations, let), static={K: 4})
    activation, target, small = np.array([1, 0.8, 0.5, 0.3]), np.array([0.5, 0.8, 0.6, 0.4]), 1e-4
    r = np.random.default_rng(0)
    start = {"a": r.normal(size=neurons), "s": np.zeros(neurons)}

    def naive(y: Any) -> Any:
        A, S = np.split(y, 2)
        powers = S ** np.arange(4)[:, None]
        R = activation * (target - activation * (A * powers).mean(axis=1))
        return np.concatenate([R @ powers / small, A * (1 - S**2) * (np.arange(1, 4) * R[1:] @ powers[:3])])

    return kernel, start, {"sigma": activation, "phi": target, "epsilon": small}, 1.0, naive


def matrices(d: int) -> tuple[Any, Any]:
    """Small start and a target with singular values 1/i."""
    r = np.random.default_rng(0)
    U, V = np.linalg.qr(r.normal(size=(d, d)))[0], np.linalg.qr(r.normal(size=(d, d)))[0]
    return 1e-2 * r.normal(size=(d, d)) / np.sqrt(d), U / np.arange(1.0, d + 1) @ V.T


def mixed(d: int) -> Case:
    """The mixed formula; NumPy takes two SVDs."""
    A0, M = matrices(d)

    def root(P: Any) -> Any:
        U, s, _ = np.linalg.svd(P)
        return U * np.sqrt(s) @ U.T

    def naive(y: Any) -> Any:
        A = y.reshape(d, d)
        G, shift = A - M, 1e-4 * np.eye(d)
        return -(root(A @ A.T + shift) @ G + G @ root(A.T @ A + shift)).ravel()

    return lower(MIXED["mixed.dynamics"]), {"A": A0}, {"M": M, "tau": 1e-2}, 20.0, naive


def gram(d: int) -> Case:
    """The Gram flow; NumPy as written, six products."""
    A0, M = matrices(d)
    start = {"A": A0, "C1": 1e-2 * np.eye(d), "C2": 1e-2 * np.eye(d)}

    def naive(y: Any) -> Any:
        A, C1, C2 = y.reshape(3, d, d)
        G = A - M
        parts = -C2 @ G - G @ C1, -A.T @ G - G.T @ A, -A @ G.T - G @ A.T
        return np.concatenate([part.ravel() for part in parts])

    return lower(MIXED["mixed.gram-flow"]), start, {"M": M}, 20.0, naive


CASES: dict[str, Callable[[], Case]] = {
    "modes, n=1000": modes,
    "time scales, m=50": lambda: time_scales(50),
    "time scales, m=500": lambda: time_scales(500),
    "mixed formula, d=50": lambda: mixed(50),
    "Gram flow, d=50": lambda: gram(50),
    "Gram flow, d=200": lambda: gram(200),
}


def best(call: Callable[[], Any], repeats: int) -> float:
    """Shortest CPU time of one call."""
    times = []
    for _ in range(repeats):
        start = process_time()
        call()
        times.append(process_time() - start)
    return min(times)


def repeated(call: Callable[[], Any], count: int) -> Callable[[], None]:
    """The call many times."""

    def loop() -> None:
        for _ in range(count):
            call()

    return loop


def kernels() -> None:
    """One right-hand side, called from Python."""
    print(f"{'right-hand side':<22} {'kernel us':>10} {'NumPy us':>10} {'ratio':>7} {'difference':>11}")
    for name, make in CASES.items():
        kernel, start, values, _, naive = make()
        bound = kernel.bind(start, values)
        y, par, work = bound.pack(start), bound.bound(), bound.work()
        out = np.empty_like(y)
        count = max(3, int(2e5 // y.size))
        own = best(repeated(lambda: kernel.rhs(0.0, y, out, par, work), count), 5) / count  # noqa: B023
        other = best(repeated(lambda: naive(y), count), 3) / count  # noqa: B023
        error = np.abs(out - naive(y)).max() / np.abs(out).max()
        print(f"{name:<22} {own * 1e6:10.2f} {other * 1e6:10.2f} {other / own:7.1f} {error:11.1e}")


def pair(name: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Macro steps and SciPy's own DOP853 with the same kernel, tolerance and times."""
    kernel, start, values, end, _ = CASES[name]()
    bound, times = kernel.bind(start, values), np.linspace(0, end, 101)
    y, options = bound.pack(start), {"rtol": 1e-6, "atol": 1e-8}
    return (
        lambda: integrate(kernel, start, values, times, **options),
        lambda: solve_ivp(bound.function, (0, end), y, "DOP853", times, **options),
    )


def solvers() -> None:
    """Whole solutions at tolerance 1e-6."""
    print(f"\n{'solution, 101 times':<22} {'macro ms':>10} {'SciPy ms':>10} {'ratio':>7} {'difference':>11}")
    for name in CASES:
        own, stock = pair(name)
        curve, run = own(), stock()
        path = np.concatenate([curve[n].reshape(101, -1) for n in curve.names], axis=1)
        error = np.abs(path - run.y.T).max() / np.abs(path).max()
        seconds = best(own, 3), best(stock, 2)
        ratio = seconds[1] / seconds[0]
        print(f"{name:<22} {seconds[0] * 1e3:10.2f} {seconds[1] * 1e3:10.2f} {ratio:7.1f} {error:11.1e}")


SCRIPT = """
from time import perf_counter
from plateaux.theory.mixed import SYSTEMS
import plateaux.numerics.lower, numba, scipy.integrate
from plateaux.numerics.lower import lower
for id in ("mixed.mode-flow", "mixed.response", "mixed.dynamics", "mixed.gram-flow"):
    system = next(s for s in SYSTEMS if s.id == id)
    begin = perf_counter()
    lower(system)
    print(id, perf_counter() - begin)
"""


def start() -> None:
    """Lowering in a first and in a second process."""
    print(f"\n{'lowering':<22} {'first ms':>10} {'second ms':>10}")
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PLATEAUX_CACHE": folder}
        runs = [
            subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
            for _ in range(2)
        ]
    for first, second in zip(*(run.stdout.splitlines() for run in runs)):
        name, cold = first.split()
        print(f"{name:<22} {float(cold) * 1e3:10.1f} {float(second.split()[1]) * 1e3:10.1f}")


@pytest.mark.parametrize("way", ["macro", "scipy"])
@pytest.mark.parametrize("name", list(CASES)[:-1])
def test_solution(benchmark: Any, name: str, way: str) -> None:
    """One solution; the groups of pytest-benchmark hold the pairs."""
    benchmark.group = name
    own, stock = pair(name)
    benchmark.pedantic(own if way == "macro" else stock, rounds=3, warmup_rounds=1)


if __name__ == "__main__":
    begin = perf_counter()
    for part in sys.argv[1:] or ("kernels", "solvers", "start"):
        {"kernels": kernels, "solvers": solvers, "start": start}[part]()
    print(f"\n{perf_counter() - begin:.0f} s in all")

"""Speed of the two-layer linear network tools against the published way, in pairs within one run: ratios only.

Run ``python benchmarks/bench_mixed.py [descent] [solution] [diagram]``; one BLAS thread; a few minutes in all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from scipy.integrate import DOP853, RK45
from threadpoolctl import threadpool_limits

from plateaux.numerics.mixed import (
    Descent,
    GramDescent,
    SquaredError,
    Weights,
    by_descent,
    by_flow,
    by_mode,
    gaussian,
    gaussian_full,
    gram,
    on_manifold,
    published_grid,
    reduce_width,
    teacher,
)
from plateaux.numerics.mixed.compiled import gram_rate

D = 200


def best(call: Callable[[], Any], repeats: int) -> float:
    """Shortest wall time of one call."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)


def published(weights: Weights, M: Any, eta: float) -> Callable[[], None]:
    """The step as one writes it down: new arrays for products, residual and update."""
    W = [weights.W1, weights.W2]

    def call() -> None:
        G = W[1] @ W[0] - M
        W[0] = W[0] - eta * (W[1].T @ G)
        W[1] = W[1] - eta * (G @ W[0].T)

    return call


def step(run: Descent | GramDescent) -> Callable[[], None]:
    """The package's own step."""

    def call() -> None:
        run.look()
        run.step()

    return call


def descent() -> None:
    """One gradient-descent step at width 1e5: brute force against reduced width."""
    width, eta = 100_000, 1e-4
    for dtype in (np.float32, np.float64):
        cost = SquaredError(teacher(D, 5, 1, dtype=dtype).target)
        full = gaussian_full(D, D, width, 1 / width, 0, dtype=dtype)
        reduced = reduce_width(full)
        runs = {
            "brute force, new arrays each step (published way)": (published(full, cost.target, eta), 3),
            "brute force, BLAS in place": (step(Descent(full, cost, eta, "sequential", 0, 0)), 3),
            "reduced weights, sequential": (step(Descent(reduced, cost, eta, "sequential", 0, 0)), 100),
            "reduced weights, simultaneous": (step(Descent(reduced, cost, eta, "simultaneous", 0, 0)), 100),
            "Gram form, sequential": (step(GramDescent(reduced, cost, eta)), 100),
        }
        cost_of = {name: best(call, repeats) for name, (call, repeats) in runs.items()}
        first, second, *others = cost_of
        print(f"\none step at width 1e5, d = {D}, {np.dtype(dtype)}")
        for name in (first, second):
            print(f"  {name:<52} {cost_of[name] * 1e3:9.2f} ms")
        for name in others:
            ratios = " and ".join(f"{cost_of[brute] / cost_of[name]:.0f}" for brute in (first, second))
            print(f"  {name:<52} {cost_of[name] * 1e3:9.2f} ms; {ratios} times faster")


def solution() -> None:
    """A(t) from the same A_0 at equal error: Gram flow against the mixed formula with two full SVDs per right-hand side."""
    width, variance = int(D**2.25), float(D) ** -1.85
    data, tau = teacher(D, 5, 1), variance * width
    M = data.target
    A0 = gaussian(D, D, width, variance, 0).A
    start = on_manifold(A0, tau)
    eta = 1 / (50 * np.linalg.norm(data.signal, 2))
    end = 300 * eta
    exact = gram(end, start.Q, M, 0.0, tau**2)[0, :D, D:]
    scale = np.linalg.norm(M, 2)

    def two_svds(t: float, y: Any) -> Any:
        A = y.reshape(D, D)
        G = A - M
        U, s, _ = np.linalg.svd(A @ A.T)
        V, r, _ = np.linalg.svd(A.T @ A)
        left, right = (U * np.sqrt(s + tau**2)) @ U.T, (V * np.sqrt(r + tau**2)) @ V.T
        return -(left @ G + G @ right).ravel()

    def euler(steps: int) -> Any:
        y = A0.ravel()
        for _ in range(steps):
            y = y + end / steps * two_svds(0.0, y)
        return y

    def adaptive(method: Any, rate: Any, y: Any, rtol: float) -> Any:
        solver = method(rate, 0.0, y, end, rtol=rtol, atol=rtol * variance * width**0.5)
        while solver.status == "running":
            solver.step()
        return solver.y

    blocks = np.concatenate([A0.ravel(), (start.W1.T @ start.W1).ravel(), (start.W2 @ start.W2.T).ravel()])
    rate = gram_rate(M)
    runs: list[tuple[str, Callable[[], Any]]] = [("published: explicit Euler, 300 steps", lambda: euler(300))]
    flows = {"two SVDs": (two_svds, A0.ravel()), "Gram flow": (rate, blocks)}
    for name, (function, y) in flows.items():
        for method in (RK45, DOP853):
            for rtol in (1e-2, 1e-3, 1e-4, 1e-6, 1e-8):
                call = partial(adaptive, method, function, y, rtol)
                runs.append((f"{name}, {method.__name__}, rtol {rtol:.0e}", call))
    runs.append(("closed form, thin QR", lambda: gram(end, start.Q, M, 0.0, tau**2)[0, :D, D:].ravel()))
    found = []
    for name, call in runs:
        begin = perf_counter()
        A = call()[: D * D].reshape(D, D)
        found.append((name, perf_counter() - begin, np.linalg.norm(A - exact, 2) / scale))
    print(f"\nA(t) at d = {D}; error relative to ||M||, against the closed form")
    for name, seconds, error in found:
        fast = [s for n, s, e in found if n.startswith("Gram") and e <= error]
        foil = bool(fast) and not name.startswith(("Gram", "closed"))
        ratio = f"; Gram flow to at most that error: {seconds / min(fast):.1f} times faster" if foil else ""
        print(f"  {name:<40} {seconds:8.2f} s, error {error:.1e}{ratio}")
    pair = best(lambda: two_svds(0.0, A0.ravel()), 5), best(lambda: rate(0.0, blocks), 20)
    print(
        f"  one right-hand side: two SVDs {pair[0] * 1e3:.1f} ms, Gram flow {pair[1] * 1e3:.2f} ms, ratio {pair[0] / pair[1]:.1f}"
    )


def diagram() -> None:
    """Core time of the published phase diagrams, extrapolated from every 29th of the 900 points."""
    points = published_grid()[::29]
    print(f"\nphase diagram, {len(points)} of 900 points, one core, extrapolated to the grid")
    for name, function in (
        ("gradient descent, float32", by_descent),
        ("Gram flow + mixed formula", by_flow),
        ("modes", by_mode),
    ):
        function(**points[0])
        begin = perf_counter()
        for point in points:
            function(**point)
        seconds = (perf_counter() - begin) * 900 / len(points)
        print(f"  {name:<30} {seconds:8.1f} core-seconds")


if __name__ == "__main__":
    with threadpool_limits(1):
        for part in sys.argv[1:] or ("descent", "solution", "diagram"):
            {"descent": descent, "solution": solution, "diagram": diagram}[part]()

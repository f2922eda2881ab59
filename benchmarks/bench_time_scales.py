"""Speed of the simulators of the time-scales of learning against the naive way, in pairs within one run: ratios only.

Run ``python benchmarks/bench_time_scales.py [rates] [ratio] [newton] [overlaps] [batches]``; one BLAS thread; about two minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from numba import njit
from scipy.linalg import lu_factor, lu_solve
from threadpoolctl import threadpool_limits

from plateaux.numerics.time_scales import Task, directions, kernel, overlaps, simulate, structured, weights
from plateaux.numerics.time_scales.flows import book
from plateaux.numerics.time_scales.matrix import rate

SIGMA, PHI = [1.0, 1.0, 1.0, 1.0], [0.5, 1.0, 0.8, 0.6]


def best(call: Callable[[], Any], repeats: int) -> float:
    """Shortest wall time of one call."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)


def naive(task: Task, a: Any, s: Any) -> tuple[Any, Any]:
    """Mean field as one writes it down: the kernel of all pairs, O(m^2 K) in NumPy."""
    m, overlap = len(a), np.outer(s, s)
    V = sum(f * c * s**k for k, (f, c) in enumerate(zip(task.phi, task.sigma)))
    slope = sum(k * f * c * s ** (k - 1) for k, (f, c) in enumerate(zip(task.phi, task.sigma)) if k)
    U = sum(c**2 * overlap**k for k, c in enumerate(task.sigma))
    U_slope = sum(k * c**2 * overlap ** (k - 1) for k, c in enumerate(task.sigma) if k)
    return (V - U @ a / m) / task.eps, a * (1 - s**2) * (slope - U_slope @ (a * s) / m)


@njit(cache=True)  # type: ignore[untyped-decorator]
def naive_loops(a, s, sigma, phi, eps, da, ds):  # type: ignore[no-untyped-def]
    """The same by loops over all pairs."""
    m = a.size
    for i in range(m):
        push, pull = 0.0, 0.0
        for k in range(sigma.size):
            push += sigma[k] * phi[k] * s[i] ** k
            if k:
                pull += k * sigma[k] * phi[k] * s[i] ** (k - 1)
        for j in range(m):
            x = s[i] * s[j]
            for k in range(sigma.size):
                push -= a[j] * sigma[k] ** 2 * x**k / m
                if k:
                    pull -= a[j] * s[j] * k * sigma[k] ** 2 * x ** (k - 1) / m
        da[i], ds[i] = push / eps, a[i] * (1 - s[i] ** 2) * pull


def rates() -> None:
    """One right-hand side of the mean field at m = 1000."""
    m, rng = 1000, np.random.default_rng(0)
    task, a, s = Task(SIGMA, PHI, 1e-4), rng.standard_normal(1000), rng.uniform(-0.9, 0.9, 1000)
    bound = kernel("mean-field").bind({"a": a, "s": s}, task.parameters)
    y, out, par, work = bound.pack({"a": a, "s": s}), np.empty(2 * m), bound.bound(), bound.work()
    da, ds = np.empty(m), np.empty(m)
    one, two = (lambda: naive(task, a, s)), (lambda: naive_loops(a, s, task.sigma, task.phi, task.eps, da, ds))

    def many() -> None:
        for _ in range(200):
            bound.rhs(0.0, y, out, par, work)

    two()
    many()
    wanted = np.concatenate(one())
    gap = max(np.abs(out - wanted).max(), np.abs(np.concatenate([da, ds]) - wanted).max()) / np.abs(wanted).max()
    fast, pairs = best(many, 20) / 200, {"NumPy, all pairs": best(one, 3), "Numba, all pairs": best(two, 5)}
    print(f"\none right-hand side of the mean field, m = {m}, four degrees; largest difference {gap:.0e}")
    print(f"  derived and compiled, called from Python {fast * 1e6:9.2f} us")
    for name, seconds in pairs.items():
        print(f"  {name:<40} {seconds * 1e6:9.0f} us; {seconds / fast:.0f} times slower")


def ratio() -> None:
    """Whole integrations at eps = 1e-8 and 1e-2, time at equal error."""
    m, costs = 64, {}
    print(f"\nmean field, m = {m}, until 3 eps^(1/6); seconds at the largest error 1e-5 of the risk at 60 times")
    for eps in (1e-2, 1e-4, 1e-6, 1e-8):
        task = Task(SIGMA, PHI, eps)
        times = np.concatenate([[0.0], np.geomspace(eps / 10, 3 * eps ** (1 / 6), 60)])
        run = partial(simulate, "mean-field", task, times, weights(m), np.zeros(m), warn=False)
        exact, costs[eps] = run(rtol=1e-12, method="structured-Radau")["risk"], {}
        for method in ("DOP853", "LSODA", "structured-BDF", "structured-Radau"):
            if method == "DOP853" and eps < 1e-4:
                continue
            found = []
            for rtol in 10.0 ** -np.arange(3, 10):
                error = np.abs(run(rtol=rtol, method=method)["risk"] - exact).max()
                found.append((np.log(error), np.log(best(partial(run, rtol=rtol, method=method), 2))))
            errors, logs = np.array(sorted(found)).T
            costs[eps][method] = float(np.exp(np.interp(np.log(1e-5), errors, logs)))
        print(f"  eps {eps:.0e}: " + ", ".join(f"{name} {seconds:.3f}" for name, seconds in costs[eps].items()))
    for name in ("LSODA", "structured-BDF", "structured-Radau"):
        print(f"  {name}: 1e-8 against 1e-2 {costs[1e-8][name] / costs[1e-2][name]:.2f} times")
    least = [min(costs[eps].values()) for eps in (1e-8, 1e-2)]
    print(f"  fastest of all at each: {least[0] / least[1]:.2f} times")


def newton() -> None:
    """Structured against dense solution of Newton's equations, and whole integrations by BDF."""
    for m in (100, 150, 300, 512, 1000):
        task, rng = Task(SIGMA, PHI, 1e-6), np.random.default_rng(0)
        a, s, b = rng.standard_normal(m), rng.uniform(-0.5, 0.5, m), rng.standard_normal(2 * m)
        bound, h = kernel("mean-field").bind({"a": a, "s": s}, task.parameters), 1e-5
        y, unit = bound.pack({"a": a, "s": s}), np.eye(2 * m)
        dense, slope = bound.jacobian, structured.jacobian(book("mean-field"), task.parameters, m)
        J, Js = dense(0.0, y), slope(y)
        pairs = {
            "Jacobian": (partial(dense, 0.0, y), partial(slope, y)),
            "factors": (partial(lu_factor, unit - h * J), partial(structured.factor, (1.0, h * Js))),
        }
        factors = pairs["factors"][0](), pairs["factors"][1]()
        pairs["solution"] = (partial(lu_solve, factors[0], b), partial(structured.solve, factors[1], b))
        gap = np.abs(pairs["solution"][0]() - pairs["solution"][1]()).max() / np.abs(b).max()
        print(f"\nNewton's equations, m = {m}; largest difference of the solutions {gap:.0e}")
        for name, (full, fast) in pairs.items():
            slow, quick = best(full, 3), best(fast, 20)
            print(
                f"  {name:<10} dense {slow * 1e3:9.2f} ms, structured {quick * 1e3:7.3f} ms, ratio {slow / quick:.0f}"
            )
        if m not in (100, 150, 300):
            continue
        times = np.concatenate([[0.0], np.geomspace(1e-7, 0.15, 20)])
        run = partial(simulate, "mean-field", task, times, weights(m), np.zeros(m), rtol=1e-6, warn=False)
        paths = {name: run(method=name)["risk"] for name in ("BDF", "structured-BDF")}
        cost = {name: best(partial(run, method=name), 1) for name in ("LSODA", "BDF", "structured-BDF")}
        ratios = ", ".join(f"{name} {cost[name] / cost['structured-BDF']:.1f}" for name in ("LSODA", "BDF"))
        gap = np.abs(paths["BDF"] - paths["structured-BDF"]).max()
        print(f"  whole run, eps 1e-6, relative to structured-BDF: {ratios}; risks of both BDF differ by {gap:.0e}")


def overlap_rates() -> None:
    """Order parameters: matrix products against the compiled loops."""
    print("\none right-hand side of the order parameters")
    for m in (4, 8, 12, 16, 24, 32, 64, 128, 256):
        task, u = Task(SIGMA, PHI, 1e-2), directions(m, 2 * m, np.random.default_rng(0))
        s, r = overlaps(u)
        state = {"a": weights(m), "s": s, "r": r}
        bound = kernel("order-parameters").bind(state, task.finite)
        y, loops, products = bound.pack(state), bound.function, rate(task, m)
        gap = np.abs(loops(0.0, y) - products(0.0, y)).max()
        pair = best(partial(loops, 0.0, y), 7), best(partial(products, 0.0, y), 20)
        print(
            f"  m = {m:<4} loops {pair[0] * 1e6:9.1f} us, products {pair[1] * 1e6:8.1f} us, ratio {pair[0] / pair[1]:5.2f}; differ by {gap:.0e}"
        )
    task, m = Task(SIGMA, PHI, 1e-2), 64
    u, times = directions(m, 200, np.random.default_rng(0)), np.linspace(0, 0.4, 11)
    cost = {name: best(partial(simulate, "order-parameters", task, times, weights(m), u=u, method=name, rtol=1e-7), 2)
            for name in ("loops", "matrix")}  # fmt: skip
    print(f"  whole run, m = {m}, eps 1e-2: loops {cost['loops']:.2f} s, products {cost['matrix']:.2f} s")


def batches() -> None:
    """One step of stochastic gradient descent: share of drawing the inputs."""
    m, d, B = 20, 100, 1000
    rng = np.random.default_rng(0)
    u, drawn = directions(m, d, rng), best(lambda: rng.standard_normal((B, d)), 20)
    print(
        f"\none step of stochastic gradient descent, m = {m}, d = {d}, B = {B}; the inputs alone {drawn * 1e3:.2f} ms"
    )
    for name in ("relu", "tanh", "gelu", "erf", "polynomial"):
        task = Task(SIGMA, PHI, 1e-2) if name == "polynomial" else Task.of(name, PHI, 1e-2)
        run = partial(simulate, "sgd", task, [100 * 1e-4], weights(m), u=u, step=1e-4, batch=B, seed=0)
        run()
        print(f"  {name:<12} {best(run, 3) * 10:.2f} ms")


if __name__ == "__main__":
    PARTS = {"rates": rates, "ratio": ratio, "newton": newton, "overlaps": overlap_rates, "batches": batches}
    with threadpool_limits(1):
        for part in sys.argv[1:] or PARTS:
            PARTS[part]()

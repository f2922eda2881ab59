"""Speed of cone-moment gradient descent against plain gradient descent, in pairs within one run: ratios only.

Run ``python benchmarks/bench_early_alignment.py [published] [forty] [general]``; one thread; about a minute in all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from plateaux.numerics.early_alignment.fused import fused
from plateaux.numerics.early_alignment.general import general_descent
from plateaux.numerics.early_alignment.network import linear_loss, start
from plateaux.numerics.early_alignment.sectors import sector_descent

THREE = np.array([[-0.75, 1.0], [-0.5, 1.0], [0.125, 1.0]]), np.array([1.1, 0.1, 0.8])
ETA, SCALE, STEPS = 2e-3, 1e-3, 2_000_000


def forty() -> tuple[Any, Any]:
    """The 40 points of the second experiment, with seeded inputs."""
    x = np.sort(np.random.default_rng(0).uniform(-1, 1, 40))
    corners = [-1, -0.7, -0.55, -0.4, 0, 0.5, 0.6, 0.7, 1]
    return np.column_stack([x, np.ones(40)]), np.interp(x, corners, [0, 0.7, 0.5, 1, 0, 1, 0.6, 0.7, 0])


def cost(call: Callable[[], Any]) -> tuple[float, Any]:
    """Process time of a call, and what it returns."""
    begin = process_time()
    result = call()
    return process_time() - begin, result


def per_step(call: Callable[[int], Any], steps: int) -> float:
    """Process time of one step, the time of 0 steps taken off."""
    return (cost(lambda: call(steps))[0] - cost(lambda: call(0))[0]) / steps


def pair(X: Any, y: Any, m: int, plain_steps: int, fused_steps: int, rounds: int = 3) -> None:
    """Our run in full, and the peers' time per step times the number of steps, interleaved; the best of the rounds."""
    w, a = start(m, SCALE, 1)

    def rows(steps: int) -> Any:
        return by_rows(X, y, w, a, steps)

    def columns(steps: int) -> Any:
        return by_columns(X, y, np.ascontiguousarray(w.T), a, steps)

    def loop(kind: Any) -> Callable[[int], Any]:
        return lambda steps: fused(
            X.astype(kind), y.astype(kind), w.T.astype(kind, order="C"), a.astype(kind), kind(ETA), steps
        )

    sector_descent(X, y, w[:20], a[:20], ETA, 10)
    for kind in (np.float64, np.float32):
        loop(kind)(2)
    ours, peers = [], {}
    for _ in range(rounds):
        seconds, run = cost(lambda: sector_descent(X, y, w, a, ETA, STEPS, record=20_000))
        ours.append(seconds)
        peers.setdefault("vectorised NumPy, one row per neuron", []).append(per_step(rows, plain_steps))
        peers.setdefault("vectorised NumPy, one row per feature", []).append(per_step(columns, plain_steps))
        peers.setdefault("fused Numba, fastmath, float64", []).append(per_step(loop(np.float64), fused_steps))
        peers.setdefault("fused Numba, fastmath, float32", []).append(per_step(loop(np.float32), fused_steps))
    print(
        f"\n{len(X)} points, width {m}, {STEPS:.0e} steps; extrapolated from {plain_steps} and {fused_steps} steps; best of {rounds}"
    )
    print(
        f"  cone moments, in full                              {min(ours):9.2f} s (rounds {', '.join(f'{s:.2f}' for s in ours)})"
    )
    for name, steps in peers.items():
        print(
            f"  {name:<50} {min(steps) * STEPS:9.0f} s, {min(steps) * 1e6:7.1f} us a step; ratio {min(steps) * STEPS / min(ours):.0f}"
        )
    last = run.curve
    print(
        f"  loss {last['loss'][-1]:.10f}, linear {linear_loss(X, y):.10f}; {last['crossings'][-1]} crossings, {last['flips'][-1]} flips"
    )


def by_rows(X: Any, y: Any, w: Any, a: Any, steps: int) -> Any:
    """Two-layer gradient descent as one writes it in NumPy: w is m x d."""
    n = len(y)
    for _ in range(steps):
        F = w @ X.T
        active = F > 0
        r = y - a @ (active * F)
        D = (active * r) @ X * (ETA / n)
        w, a = w + a[:, None] * D, a + (w * D).sum(axis=1)
    return w, a


def by_columns(X: Any, y: Any, w: Any, a: Any, steps: int) -> Any:
    """The same with long rows, which NumPy likes better: w is d x m."""
    n = len(y)
    for _ in range(steps):
        F = X @ w
        active = F > 0
        r = y - np.maximum(F, 0) @ a
        D = (X * (ETA / n * r)[:, None]).T @ active
        w, a = w + a * D, a + (w * D).sum(axis=0)
    return w, a


def general(n: int, d: int, m: int, steps: int, plain_steps: int, positive: bool) -> None:
    """Any dimension against NumPy: aligned data (every inner product and label positive), and labels of both signs."""
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    if positive:
        X[:, -1], y = 3 * np.sqrt(d), np.abs(y)
    w, a = start(m, SCALE, 1, d=d)
    general_descent(X, y, w[:20], a[:20], ETA, 10)
    seconds, run = cost(lambda: general_descent(X, y, w, a, ETA, steps, record=steps))
    plain = per_step(lambda s: by_columns(X, y, np.ascontiguousarray(w.T), a, s), plain_steps)
    kind = "one direction" if positive else "labels of both signs"
    print(f"{n} points in {d} dimensions, width {m}, {steps} steps, {kind}: {seconds:.2f} s; NumPy (one row per feature) "
          f"{plain * steps:.1f} s; ratio {plain * steps / seconds:.1f}; {run.curve['crossings'][-1]} crossings")  # fmt: skip


def main(names: list[str]) -> None:
    """The benchmarks by name, or all."""
    benchmarks = {
        "published": lambda: pair(*THREE, 20_000, 2_000, 20_000),
        "forty": lambda: pair(*forty(), 2_000, 2_000, 20_000, rounds=1),
        "general": lambda: [
            general(10, 5, 5_000, steps, 500, positive) for positive in (True, False) for steps in (5_000, 50_000)
        ],
    }
    with threadpool_limits(1):
        for name in names or benchmarks:
            benchmarks[name]()


if __name__ == "__main__":
    main(sys.argv[1:])

"""Speed of thin balanced factors against one decomposition, and of descent in law at width 1e6: pairs within one run.

Run ``python benchmarks/bench_deep_linear.py``; one thread; ratios only are to be compared between machines.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from plateaux.numerics.deep_linear import balanced, costs, descent, law, network, root


def per_call(call: Callable[[], Any], calls: int) -> float:
    """Process time of one call."""
    begin = process_time()
    for _ in range(calls):
        call()
    return (process_time() - begin) / calls


def right_hand_sides(d: int, layers: int = 3, rounds: int = 7, calls: int = 60) -> None:
    """Interleaved rounds; median of the ratios of neighbouring rounds, with their range."""
    rng = np.random.default_rng(0)
    cost, A = costs.squared_error(rng.standard_normal((d, d))), rng.standard_normal((d, d)) / np.sqrt(d)
    weights = balanced.balanced_layers(A, layers)
    field, y = balanced.factor_field(weights, cost), network.flatten(weights)
    fields = {"layers": lambda: field(0.0, y)}
    field(0.0, y)  # compiled before it is timed
    if layers == 3:
        one = root.root_flow(cost)
        z = one.put(A)
        fields["one factor"] = lambda: one.rate(0.0, z)
    for name, call in fields.items():
        pairs = [
            (per_call(call, calls), per_call(lambda: balanced.svd_rate(A, cost, layers), calls)) for _ in range(rounds)
        ]
        ratios = sorted(slow / thin for thin, slow in pairs)
        thin, slow = np.median(np.array(pairs), axis=0)
        print(
            f"d = {d}, {name}: {thin * 1e6:.0f} us, one SVD {slow * 1e6:.0f} us;"
            f" ratio {ratios[rounds // 2]:.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f}); wanted 8"
        )


def crossover(d: int = 10, rounds: int = 5) -> None:
    """Descent of three layers, compiled against BLAS, over the width."""
    cost, kept = costs.squared_error(np.random.default_rng(2).standard_normal((d, d))), descent.SMALL
    try:
        for width in (10, 30, 60, 100, 150, 300):
            start, steps = network.gaussian(d, d, width, 3, 0.3, seed=1), max(20, min(2000, 400_000 // width**2))
            pairs = []
            for _ in range(rounds + 1):  # the first one compiles
                pair = []
                for descent.SMALL in (10**9, 0):
                    run = lambda: descent.descend(start, cost, 0.01, steps, record=steps)  # noqa: B023, E731
                    pair.append(per_call(run, 1) / steps)
                pairs.append(pair)
            compiled, blas = np.median(np.array(pairs[1:]), axis=0)
            print(f"width {width}: step compiled {compiled * 1e6:.1f} us, BLAS {blas * 1e6:.1f} us")
    finally:
        descent.SMALL = kept


def widths(d_out: int = 2, d_in: int = 3, steps: int = 400, rounds: int = 5) -> None:
    """Descent in law at width 1e6 with 8 blocks (draw included) against the full network at width 50."""
    cost = costs.squared_error(np.random.default_rng(1).standard_normal((d_out, d_in)))
    pairs = []
    for seed in range(rounds):
        short = per_call(
            lambda seed=seed: descent.descend(
                law.three_layers(d_out, d_in, 10**6, 1.0, 8, seed), cost, 0.02, steps, record=steps
            ),
            1,
        )
        full = per_call(
            lambda seed=seed: descent.descend(
                network.gaussian(d_out, d_in, 50, 3, 1.0, seed), cost, 0.02, steps, record=steps
            ),
            1,
        )
        pairs.append(short / full)
    print(
        f"three layers, width 1e6 in law / width 50 in full: {np.median(pairs):.2f} ({min(pairs):.2f} to {max(pairs):.2f}); wanted about 1"
    )


if __name__ == "__main__":
    with threadpool_limits(1):
        for size in (30, 100):
            right_hand_sides(size)
        crossover()
        widths()

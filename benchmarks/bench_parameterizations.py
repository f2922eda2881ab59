"""Speed of the coordinate check: networks side by side on one draw against one by one, and the whole check.

Run ``python benchmarks/bench_parameterizations.py [shared] [check]``; one BLAS thread; a few minutes in all.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

from plateaux.numerics.parameterizations import Run, coordinate_checks, descend, draw
from plateaux.theory.parameterizations.scalings import named

L = 3
POINTS = ("ntk", "sp", "mup", "ip", "ip-llr")
ACTIVATIONS = ("relu", "linear", "tanh", "gelu", "elu")
WIDTHS = (64, 128, 256, 512, 1024, 2048, 4096)
RUNS = {f"{point} {name}": Run(named(point, L), name) for point in POINTS for name in ACTIVATIONS}


def shared() -> None:
    """One draw at width 2048, two steps: all networks at once against one by one."""
    for dtype in (np.float32, np.float64):
        drawn = draw(L, 2048, np.random.default_rng(0), 1.0, dtype=dtype)
        begin = perf_counter()
        descend(list(RUNS.values()), drawn, 2)
        together = perf_counter() - begin
        begin = perf_counter()
        for run in RUNS.values():
            descend([run], drawn, 2)
        alone = perf_counter() - begin
        print(
            f"{np.dtype(dtype)}: {len(RUNS)} networks side by side {together:.2f} s, one by one {alone / together:.1f} times that"
        )


def check() -> None:
    """The whole check: five parameterizations, five activations, widths to 4096, two steps, four draws."""
    for dtype in (np.float32, np.float64):
        begin = perf_counter()
        coordinate_checks(RUNS, WIDTHS, 0, draws=4, steps=2, dtype=dtype)
        print(
            f"{np.dtype(dtype)}: {len(RUNS)} networks, widths {WIDTHS[0]} to {WIDTHS[-1]}, 4 draws: {perf_counter() - begin:.0f} s"
        )


if __name__ == "__main__":
    with threadpool_limits(1):
        for part in sys.argv[1:] or ("shared", "check"):
            {"shared": shared, "check": check}[part]()

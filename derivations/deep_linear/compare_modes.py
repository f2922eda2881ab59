"""Flow of maps and modes, steps of gradient descent, and order of learning."""

from __future__ import annotations

import numpy as np

from ...numerics.curve import Curve
from ...numerics.deep_linear.balanced import balanced_layers
from ...numerics.deep_linear.costs import correlated, scalar, squared_error
from ...numerics.deep_linear.descent import descend, layer_flow
from ...numerics.deep_linear.network import gaussian
from ...numerics.fit import order
from ...numerics.lower import lower_formula
from ...theory.deep_linear.modes import LAYERS, time_formula
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import (
    Inputs,
    closed,
    evolve,
    largest,
    layer_map,
    rotated,
    simulated,
    theory,
    value,
)

RTOL = 1e-12

# ---- times of one mode

MODE_DEPTHS, S_0, GOAL = (2, 3, 4, 5, 6), 0.01, 2.0
MODE_GROWTH = (GOAL / S_0) ** (1 - 2 / max(MODE_DEPTHS))
STEPS = 1e3


def mode_setup(seed: np.random.SeedSequence) -> Inputs:
    return {"s": np.concatenate([np.geomspace(S_0, 0.9 * GOAL, 30), [0.99 * GOAL]])}


def mode_times(inputs: Inputs, book: Book) -> Curve:
    s = inputs["s"]
    at = np.array(
        [
            value(book, f"time-{L}", s=s, s_0=S_0, s_star=GOAL)
            if L in LAYERS
            else lower_formula(time_formula(L))(s=s, s_0=S_0, s_star=GOAL)
            for L in MODE_DEPTHS
        ]
    )
    inputs["times"] = at
    return theory("time", (("depth", MODE_DEPTHS), ("place", np.arange(s.size))), s=np.broadcast_to(s, at.shape), t=at)


def mode_flow(inputs: Inputs) -> Curve:
    found = []
    for L, times in zip(MODE_DEPTHS, inputs["times"]):
        start = balanced_layers(np.array([[S_0]]), L)
        curve, _ = layer_flow(start, scalar(GOAL), times, rtol=RTOL, atol=1e-15)
        found.append(curve["A"][:, 0, 0])
    return simulated("ode", "layers", (("depth", MODE_DEPTHS), ("place", np.arange(len(inputs["s"])))), s=found)


# ---- the map of balanced layers

MAP_DEPTHS, MAP_DECAY, MAP_END = (2, 3, 4), 0.07, 1.5


def map_setup(seed: np.random.SeedSequence) -> Inputs:
    rng = np.random.default_rng(seed)
    A, M = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    S = (Q * [0.5, 1.0, 2.0]) @ Q.T
    return {"A": A / np.linalg.norm(A, 2), "M": M / np.linalg.norm(M, 2), "S": (S + S.T) / 2,
            "times": np.linspace(0, MAP_END, 16), "rng": rng}  # fmt: skip


def map_theory(inputs: Inputs, book: Book) -> Curve:
    U, s, Vt = np.linalg.svd(inputs["A"], full_matrices=False)
    found = []
    for L in MAP_DEPTHS:
        grams = {"A": inputs["A"], "C1": (Vt.T * s ** (2 / L)) @ Vt, "C2": (U * s ** (2 / L)) @ U.T}
        flow = closed(book.system(f"deep-linear.balanced-flow-{L}"), L, "correlated")
        run = evolve(flow, inputs["times"], grams, RTOL, M=inputs["M"], Sigma=inputs["S"], lambda_d=MAP_DECAY)
        found.append(run["A"])
    return theory("balanced-flow", (("depth", MAP_DEPTHS), ("time", inputs["times"])), A=found)


def map_observed(inputs: Inputs) -> Curve:
    cost, found = correlated(inputs["M"], inputs["S"]), []
    for L in MAP_DEPTHS:
        start = rotated(balanced_layers(inputs["A"], L), np.random.default_rng(1))
        curve, _ = layer_flow(start, cost, inputs["times"], decay=MAP_DECAY, rtol=RTOL, atol=1e-14)
        found.append(curve["A"])
    return simulated("ode", "layers", (("depth", MAP_DEPTHS), ("time", inputs["times"])), A=found)


# ---- gradient descent against gradient flow

STEP_SIZES, STEP_END = 0.02 / 2.0 ** np.arange(5), 2.0
STEP_SHARPNESS = 3 * 1.0  # L s_1^(2 - 2/L) for L = 3, s_1 = 1


def step_setup(seed: np.random.SeedSequence) -> Inputs:
    rng = np.random.default_rng(seed)
    M = rng.standard_normal((4, 3))
    return {"M": M / np.linalg.norm(M, 2), "start": gaussian(4, 3, 6, 3, 0.3, rng)}


def step_theory(inputs: Inputs, book: Book) -> Curve:
    flow = closed(book.system("deep-linear.layer-flow-3"), 3, "squared")
    state = {f"W{k}": W for k, W in enumerate(inputs["start"], 1)}
    run = evolve(flow, np.array([0.0, STEP_END]), state, RTOL, M=inputs["M"], lambda_d=0.0)
    A = layer_map(run, 3)[-1]
    return theory("layer-flow-3", (("eta", STEP_SIZES),), A=[A] * len(STEP_SIZES))


def step_observed(inputs: Inputs) -> Curve:
    cost, found = squared_error(inputs["M"]), []
    for eta in STEP_SIZES:
        steps = round(STEP_END / eta)
        curve, _ = descend(inputs["start"], cost, eta, steps, record=steps)
        found.append(curve["A"][-1])
    return simulated("gradient descent", "layers", (("eta", STEP_SIZES),), A=found)


def step_measure(theory: Curve, observed: Curve) -> Measured:
    errors = np.linalg.norm(observed["A"] - theory["A"], axis=(1, 2))
    return Measured(order(observed["eta"], errors), detail=f"errors {errors[0]:.2e} to {errors[-1]:.2e}")


# ---- order of learning

ORDER_S, ORDER_ALPHA = np.array([4.0, 2.0, 1.0]), 1e-8
ORDER_ERROR = ORDER_ALPHA ** (2 * (1 - 2.0 / 4.0))


def order_setup(seed: np.random.SeedSequence) -> Inputs:
    return {"start": gaussian(3, 3, 6, 2, 6 * ORDER_ALPHA**2, np.random.default_rng(seed))}


def order_theory(inputs: Inputs, book: Book) -> Curve:
    """Half-times from the growing part of every mode, without what lies along hidden directions already in use."""
    W1, W2 = inputs["start"]
    grow = (W1 + W2.T) / 2
    _, R = np.linalg.qr(grow)
    s_0 = np.diag(R) ** 2
    t = [float(value(book, "half-time-two-layers", s_0=a, s_star=b)) for a, b in zip(s_0, ORDER_S)]
    return theory("half-time-two-layers", (("mode", (1, 2, 3)),), t=t)


def order_observed(inputs: Inputs) -> Curve:
    times = np.linspace(0, 1.5 * np.log(1 / ORDER_ALPHA) / ORDER_S[-1], 6001)
    curve, _ = layer_flow(inputs["start"], squared_error(np.diag(ORDER_S)), times, rtol=1e-11, atol=1e-20)
    s = np.einsum("tii->ti", curve["A"])
    found = []
    for i, goal in enumerate(ORDER_S):
        logit = np.log(np.maximum(s[:, i], 1e-300) / np.maximum(goal - s[:, i], 1e-300))
        k = int(np.argmax(s[:, i] > goal / 2))
        found.append(np.interp(0.0, logit[k - 1 : k + 1], times[k - 1 : k + 1]))
    return simulated("ode", "layers", (("mode", (1, 2, 3)),), t=found)


COMPARISONS = (
    Comparison(
        "deep-linear.mode-times",
        "time of one singular value at depths 2 to 6 against the flow of the layers",
        mode_setup, mode_times, mode_flow, largest("s", relative=True),
        bound=1e-8, seconds=0.5,
        because=f"tolerance {RTOL:g} in fewer than {STEPS:g} steps; an early error grows by (s*/s_0)^(1-2/L) <= {MODE_GROWTH:.3g}",
    ),
    Comparison(
        "deep-linear.balanced-map",
        "flow of the map of balanced layers, with decay and correlated inputs, against the flow of the layers",
        map_setup, map_theory, map_observed, largest("A"),
        bound=STEPS * RTOL, seconds=1.5,
        because=f"nothing but the tolerance {RTOL:g} of both integrations in fewer than {STEPS:g} steps",
    ),
    Comparison(
        "deep-linear.step-order",
        "gradient descent of three layers approaches its flow in the first order of the learning rate",
        step_setup, step_theory, step_observed, step_measure,
        target=1.0, bound=float(STEP_SIZES[0] * STEP_SHARPNESS), seconds=1.0,
        because="the next order is smaller by the learning rate times the sharpness L s_1^(2-2/L)",
    ),
    Comparison(
        "deep-linear.order-of-learning",
        "two layers: times at which the modes of a small random start are half learned, one after the other",
        order_setup, order_theory, order_observed, largest("t", relative=True),
        bound=ORDER_ERROR, seconds=1.0,
        because="when a mode is learned the next is still of size alpha^(2 - 2 s_2/s_1), which is alpha here",
    ),
)  # fmt: skip

"""Escape from the origin: blow-up, its scaling, the optimal direction, alignment."""

from __future__ import annotations

import numpy as np

from ...numerics.curve import Curve
from ...numerics.deep_linear.balanced import solve
from ...numerics.deep_linear.network import Array, Layers, flatten, gaussian, product, pull_back, unflatten
from ...numerics.fit import power_law
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import (
    Inputs,
    largest,
    optimal,
    rotated,
    simulated,
    stretched,
    theory,
    value,
)

RTOL = 1e-12

STEPS = 1e3

# ---- blow-up

BLOW_DEPTHS, BLOW_G, BLOW_R = (3, 4, 5), np.diag([2.0, 1.0, 0.5]), 0.01
DECADES = 10.0
"""Decades by which the square root of what is left of the time shrinks; the rest of the time is the remainder."""


def speed(book: Book, L: int) -> float:
    return float(value(book, "escape-speed", g_1=BLOW_G[0, 0], L=L))


def blow_setup(seed: np.random.SeedSequence) -> Inputs:
    return {"rng": np.random.default_rng(seed)}


def blow_theory(inputs: Inputs, book: Book) -> Curve:
    T = [float(value(book, "escape-time", x_0=BLOW_R / np.sqrt(L), g_1=2.0, L=L)) for L in BLOW_DEPTHS]
    inputs["ends"] = {L: DECADES * np.log(10) / ((L - 2) * speed(book, L)) for L in BLOW_DEPTHS}
    return theory("escape-time", (("depth", BLOW_DEPTHS),), T=T)


def blow_observed(inputs: Inputs) -> Curve:
    found = []
    for L in BLOW_DEPTHS:
        start = rotated(optimal(L, 5, 3, 3, BLOW_R), inputs["rng"])
        times, _ = stretched(start, BLOW_G, np.array([inputs["ends"][L]]), RTOL)
        found.append(times[-1])
    return simulated("ode", "escape", (("depth", BLOW_DEPTHS),), T=found)


ALPHAS = 10.0 ** -np.arange(4)


def scaling_theory(inputs: Inputs, book: Book) -> Curve:
    inputs["ends"] = {L: DECADES * np.log(10) / ((L - 2) * speed(book, L)) for L in (3, 4)}
    T = [[float(value(book, "escape-scaling", alpha=a, T=1.0, L=L)) for a in ALPHAS] for L in (3, 4)]
    return theory("escape-scaling", (("depth", (3, 4)), ("alpha", ALPHAS)), T=T)


def scaling_observed(inputs: Inputs) -> Curve:
    """Time at which the radius is one million times that of the start, without any change of time."""
    found = []
    for L in (3, 4):
        start = gaussian(3, 3, 5, L, 0.5, inputs["rng"])
        times = []
        for alpha in ALPHAS:
            first = tuple(alpha * W for W in start)
            times.append(reach(first, 1e3 * float(np.linalg.norm(flatten(first)))))
        found.append(np.array(times) / times[0])
    return simulated("ode", "escape", (("depth", (3, 4)), ("alpha", ALPHAS)), T=found)


def reach(start: Layers, radius: float) -> float:
    """Time at which all weights together have this norm, in plain time."""
    from scipy.integrate import solve_ivp

    def rate(_: float, y: np.ndarray) -> np.ndarray:
        return flatten(pull_back(unflatten(y, start), BLOW_G))

    def there(_: float, y: np.ndarray) -> float:
        return float(np.log(np.linalg.norm(y) / radius))

    there.terminal = True  # type: ignore[attr-defined]
    size = float(np.linalg.norm(flatten(start)))
    longest = 100.0 * size ** (2 - len(start))
    run = solve_ivp(rate, (0, longest), flatten(start), "DOP853", events=there, rtol=RTOL, atol=1e-15 * size)
    if run.status != 1:
        raise RuntimeError(f"deep-linear escape: radius {radius:.3g} is not reached by {longest:.3g}")
    return float(run.t_events[0][0])


RADIUS_DEPTHS, RADIUS_SHARES = (2, 3, 4, 5), np.linspace(0, 0.9, 10)


def radius_theory(inputs: Inputs, book: Book) -> Curve:
    found, at = [], []
    for L in RADIUS_DEPTHS:
        x_0 = BLOW_R / np.sqrt(L)
        end = 5.0 if L == 2 else float(value(book, "escape-time", x_0=x_0, g_1=2.0, L=L))
        times = end * RADIUS_SHARES
        id = "escape-two-layers" if L == 2 else "escape-solution"
        depth = {} if L == 2 else {"L": L}
        found.append(np.sqrt(L) * value(book, id, t=times, x_0=x_0, g_1=2.0, **depth))
        at.append(times)
    inputs["at"] = at
    return theory("escape-solution", (("depth", RADIUS_DEPTHS), ("share", RADIUS_SHARES)), r=found)


def radius_observed(inputs: Inputs) -> Curve:
    found = []
    for L, times in zip(RADIUS_DEPTHS, inputs["at"]):
        start = rotated(optimal(L, 5, 3, 3, BLOW_R), inputs["rng"])

        def rate(_: float, y: Array, start: Layers = start) -> Array:
            return flatten(pull_back(unflatten(y, start), BLOW_G))

        path = solve(rate, flatten(start), times, "DOP853", RTOL, 1e-16)
        found.append(np.linalg.norm(path, axis=1))
    return simulated("ode", "escape", (("depth", RADIUS_DEPTHS), ("share", RADIUS_SHARES)), r=found)


# ---- alignment

ALIGN_DEPTHS, ALIGN_ALPHAS = (2, 3, 4), np.geomspace(1e-4, 1e-8, 7)


def align_theory(inputs: Inputs, book: Book) -> Curve:
    eps = value(book, "alignment-scaling", alpha=ALIGN_ALPHAS, epsilon=1.0, g_j=1.0, g_1=2.0)
    inputs["c"] = {L: speed(book, L) for L in ALIGN_DEPTHS}
    return theory("alignment-scaling", (("alpha", ALIGN_ALPHAS),), eps=np.abs(eps))


def align_observed(inputs: Inputs) -> Curve:
    """Misalignment of the map's top singular vectors when the radius is one, by one run: the flow of directions is the same."""
    found = []
    for L in ALIGN_DEPTHS:
        start = gaussian(3, 3, 5, L, 1.0, inputs["rng"])
        r = float(np.linalg.norm(flatten(start)))
        # dense in the logarithm of the radius, which grows by c per unit of stretched time
        _, states = stretched(start, BLOW_G, np.linspace(0, 25 / inputs["c"][L] + 5, 4000), RTOL)
        radii = np.array([np.linalg.norm(flatten(one)) for one in states]) / r
        eps = []
        for one in states:
            U, _, Vt = np.linalg.svd(product(one))
            eps.append(abs(U[1, 0] / U[0, 0] + Vt[0, 1] / Vt[0, 0]) / 2)
        at = np.interp(np.log(1 / ALIGN_ALPHAS), np.log(radii), np.log(np.array(eps)))
        found.append(np.exp(at))
    return simulated("ode", "escape", (("alpha", ALIGN_ALPHAS),), eps=np.array(found).T)


def align_measure(theory: Curve, observed: Curve) -> Measured:
    target = power_law(theory["alpha"], theory["eps"]).exponent
    fits = [power_law(observed["alpha"], column) for column in observed["eps"].T]
    worst = max(fits, key=lambda fit: abs(fit.exponent - target))
    words = ", ".join(
        f"L={L}: {fit.exponent:.5f} [{fit.low:.5f}, {fit.high:.5f}]" for L, fit in zip(ALIGN_DEPTHS, fits)
    )
    return Measured(worst.exponent, detail=f"the formula gives {target:.4g}; {words}")


COMPARISONS = (
    Comparison(
        "deep-linear.blow-up",
        "time of blow-up along the optimal direction at depths 3 to 5 against the flow of all layers",
        blow_setup, blow_theory, blow_observed, largest("T", relative=True),
        bound=1e-8, seconds=0.3,
        because=f"tolerance {RTOL:g} in fewer than {STEPS:g} steps; the flow stops when 1e-{DECADES:g} of the time is left",
    ),
    Comparison(
        "deep-linear.blow-up-scaling",
        "time to a thousand times the radius from a random start scaled by 1 to 1/1000",
        blow_setup, scaling_theory, scaling_observed, largest("T", relative=True),
        bound=1e-8, seconds=1.0,
        because=f"the scaling is exact: nothing but the tolerance {RTOL:g} in fewer than {STEPS:g} steps",
    ),
    Comparison(
        "deep-linear.optimal-radius",
        "norm of all weights along the optimal direction at depths 2 to 5, up to 0.9 of the blow-up",
        blow_setup, radius_theory, radius_observed, largest("r", relative=True),
        bound=1e-8, seconds=0.5,
        because=f"tolerance {RTOL:g} in fewer than {STEPS:g} steps; an error of the time grows by 1/(1 - 0.9)",
    ),
    Comparison(
        "deep-linear.alignment-exponent",
        "misalignment of a random start at escape against its size: exponent 1 - g_2/g_1 at depths 2, 3, 4",
        blow_setup, align_theory, align_observed, align_measure,
        target=0.5, bound=float(ALIGN_ALPHAS[0] ** 0.5), seconds=2.0,
        because="the next terms are smaller by alpha^(g_2/g_1) and alpha^(1-g_2/g_1), both square roots",
    ),
)  # fmt: skip

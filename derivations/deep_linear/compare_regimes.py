"""Size of the start and width: lazy networks, distances to critical points, infinite width, and the exact law."""

from __future__ import annotations

import numpy as np

from ...numerics.curve import Curve
from ...numerics.deep_linear.costs import completion, squared_error
from ...numerics.deep_linear.descent import descend
from ...numerics.deep_linear.distances import minimum_distance, saddle_distance
from ...numerics.deep_linear.infinite import infinite_mode
from ...numerics.deep_linear.law import three_layers, two_layers
from ...numerics.deep_linear.network import gaussian, product
from ...numerics.fit import power_law
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import Inputs, simulated, theory, value

# ---- lazy networks

LAZY_DEPTHS, LAZY_KAPPA = (2, 3, 4), {2: 2.0 ** np.arange(4, 8), 3: 2.0 ** np.arange(3, 7), 4: 2.0 ** np.arange(2, 6)}
LAZY_SHARES = np.linspace(0.1, 3, 12)


def lazy_setup(seed: np.random.SeedSequence) -> Inputs:
    return {"seed": seed}


def linear_rate(book: Book, L: int, kappa: float) -> float:
    """Rate of the linear model: the tangent kernel of the book."""
    return float(value(book, "tangent-kernel", L=L, kappa=kappa))


def lazy_theory(inputs: Inputs, book: Book) -> Curve:
    A, rates = [], []
    for L in LAZY_DEPTHS:
        rates.append([linear_rate(book, L, kappa) for kappa in LAZY_KAPPA[L]])
        pairs = zip(LAZY_KAPPA[L], rates[-1])
        A.append(
            [value(book, "lazy-flow", t=LAZY_SHARES / rate, kappa=k, L=L, p_0=0.0, s_star=1.0) for k, rate in pairs]
        )
    inputs["rates"] = np.array(rates)
    axes = (("depth", LAZY_DEPTHS), ("place", np.arange(4)), ("time times rate", LAZY_SHARES))
    return theory("lazy-flow", axes, p=A)


def lazy_observed(inputs: Inputs) -> Curve:
    """One mode at infinite width: no randomness is left."""
    p = [
        [
            infinite_mode(LAZY_SHARES / rate, 1.0, kappa, L, 0 if L == 2 else 4)["p"]
            for kappa, rate in zip(LAZY_KAPPA[L], row)
        ]
        for L, row in zip(LAZY_DEPTHS, inputs["rates"])
    ]
    axes = (("depth", LAZY_DEPTHS), ("place", np.arange(4)), ("time times rate", LAZY_SHARES))
    return simulated("ode", "infinite-width", axes, p=p)


def lazy_measure(theory: Curve, observed: Curve) -> Measured:
    """Exponent in kappa of the distance, over minus the depth; one is expected."""
    gaps = np.abs(observed["p"] - theory["p"]).max(axis=2)
    fits = [power_law(LAZY_KAPPA[L], row) for L, row in zip(LAZY_DEPTHS, gaps)]
    shares = [-fit.exponent / L for L, fit in zip(LAZY_DEPTHS, fits)]
    words = ", ".join(f"L={L}: {fit.exponent:.3f} [{fit.low:.3f}, {fit.high:.3f}]" for L, fit in zip(LAZY_DEPTHS, fits))
    return Measured(max(shares, key=lambda one: abs(one - 1)), detail=f"exponent over minus depth; {words}")


FINITE_WIDTH, FINITE_KAPPA, FINITE_DRAWS = 400, {2: 16.0, 3: 8.0, 4: 6.0}, 3


def finite_theory(inputs: Inputs, book: Book) -> Curve:
    """Relaxation of the sampled map at the rate of the linear model."""
    A, M = [], np.diag([1.0, 0.5])
    inputs["starts"], inputs["rates"] = [], []
    for L in LAZY_DEPTHS:
        start = gaussian(2, 2, FINITE_WIDTH, L, FINITE_KAPPA[L], inputs["seed"].spawn(1)[0])
        A_0 = product(start)
        inputs["starts"].append(start)
        inputs["rates"].append(linear_rate(book, L, FINITE_KAPPA[L]))
        numbers = {"p_0": A_0, "s_star": M, "kappa": FINITE_KAPPA[L], "L": L}
        A.append([value(book, "lazy-flow", t=one / inputs["rates"][-1], **numbers) for one in LAZY_SHARES])
    return theory("lazy-flow", (("depth", LAZY_DEPTHS), ("time times rate", LAZY_SHARES)), A=A)


def finite_observed(inputs: Inputs) -> Curve:
    A, cost = [], squared_error(np.diag([1.0, 0.5]))
    for start, rate in zip(inputs["starts"], inputs["rates"]):
        per = 40  # steps per record: learning rate times rate is 1/150
        eta = float(LAZY_SHARES[1] - LAZY_SHARES[0]) / rate / per
        steps = round(float(LAZY_SHARES[-1]) / (rate * eta))
        curve, _ = descend(start, cost, eta, steps, record=1)
        at = np.rint(LAZY_SHARES / (rate * eta)).astype(int)
        A.append(curve["A"][at])
    return simulated("gradient descent", "layers", (("depth", LAZY_DEPTHS), ("time times rate", LAZY_SHARES)), A=A)


def finite_measure(theory: Curve, observed: Curve) -> Measured:
    gap = np.linalg.norm(observed["A"] - theory["A"], 2, axis=(2, 3)).max(axis=1)
    size = np.linalg.norm(theory["A"][:, 0] - np.diag([1.0, 0.5]), 2, axis=(1, 2))
    words = ", ".join(f"L={L}: {one:.3f}" for L, one in zip(LAZY_DEPTHS, gap / size))
    return Measured(float((gap / size).max()), detail=f"largest distance over that of the start; {words}")


BIAS_KAPPA, BIAS_WIDTH, BIAS_BLOCKS = 12.0, 10**6, 8


def bias_theory(inputs: Inputs, book: Book) -> Curve:
    """Low rank: from a small start the flow of the book recovers the hidden entries."""
    from .compare_saddles import trajectory

    cost = completion()
    start = gaussian(8, 8, 8, 3, 8 * 1e-6, inputs["seed"].spawn(1)[0])
    A = trajectory(book, cost, start, until=1e-8)[-1]
    inputs["lazy"] = three_layers(8, 8, BIAS_WIDTH, BIAS_KAPPA, BIAS_BLOCKS, inputs["seed"].spawn(1)[0])
    inputs["rate"] = linear_rate(book, 3, BIAS_KAPPA)
    return theory("layer-flow-3", (("place", (0,)),), A=[A])


def bias_observed(inputs: Inputs) -> Curve:
    """A lazy network on the same entries, at zero loss; its start subtracted."""
    cost, start = completion(), inputs["lazy"]
    curve, end = descend(start, cost, 0.05 / inputs["rate"], 600, record=600)
    A = product(end)
    return simulated("gradient descent", "layers", (("place", (0,)),), A=[A], moved=[A - curve["A"][0]])


def bias_measure(theory: Curve, observed: Curve) -> Measured:
    """Error on hidden entries of what the lazy network has learned, over their size."""
    cost = completion()
    hidden = ~np.asarray(cost.mask)
    size = float(np.sqrt(np.mean(cost.target[hidden] ** 2)))
    moved = observed["moved"][0]
    error = float(np.sqrt(np.mean((moved - cost.target)[hidden] ** 2))) / size
    share = float(np.sqrt(np.mean(moved[hidden] ** 2))) / size
    s = np.linalg.svd(moved, compute_uv=False)
    low = cost.hidden_error(theory["A"][0]) / size
    words = (
        f"hidden entries move by {share:.2f} of their size; loss {cost.value(observed['A'][0]):.0e}; singular values "
    )
    words += f"{', '.join(f'{one:.2f}' for one in s[:5])}, ...; from a small start the error is {low:.0e}"
    return Measured(error if low < 1e-3 else -np.inf, detail=words)


# ---- distances

DIST_TARGET, DIST_WIDTHS, DIST_BLOCKS = np.diag([2.0, 1.0, 0.5]), np.array([1e4, 1e6, 1e8]), 8
DIST_CASES = (
    ("d_m", 2, 0.25, 30),
    ("d_m", 2, 0.85, 8),
    ("d_m", 3, 0.85, 4),
    ("d_s", 2, 0.75, 8),
    ("d_s", 2, 1.25, 8),
    ("d_s", 3, 0.85, 4),
    ("d_s", 3, 1.25, 4),
)
"""Distance, depth, gamma, draws; the exponents of the width are those of the book."""
DIST_NEXT = float((2.0 / DIST_WIDTHS[0] ** 0.15) ** 2)
"""Next order of the lazy distance at the smallest kappa, ``(s_1/kappa**(L/2))**2`` at two layers."""
DIST_NOISE = 2 * 0.35 * np.sqrt(2 / 30)
"""Two standard errors of the norm of nine Gaussian entries over the draws, at both ends of the line."""


def distance_theory(inputs: Inputs, book: Book) -> Curve:
    slopes = [
        float(
            value(book, "minimum-exponent", gamma=gamma, L=L)
            if name == "d_m"
            else value(book, "saddle-exponent", gamma=gamma)
        )
        for name, L, gamma, _ in DIST_CASES
    ]
    return theory("minimum-exponent", (("case", np.arange(len(DIST_CASES))),), exponent=slopes)


def distance_observed(inputs: Inputs) -> Curve:
    found = []
    for name, L, gamma, draws in DIST_CASES:
        find = minimum_distance if name == "d_m" else saddle_distance
        rows = []
        for seed in inputs["seed"].spawn(draws):
            row = []
            for w in DIST_WIDTHS:
                kappa, rng = float(w) ** (1 - gamma), np.random.default_rng(seed.spawn(1)[0])
                start = (
                    two_layers(3, 3, int(w), kappa, rng)
                    if L == 2
                    else three_layers(3, 3, int(w), kappa, DIST_BLOCKS, rng)
                )
                row.append(find(start, DIST_TARGET).value)
            rows.append(row)
        fit = power_law(DIST_WIDTHS, np.array(rows))
        found.append([fit.exponent, fit.low, fit.high])
    return simulated("ode", "distances", (("case", np.arange(len(DIST_CASES))),), exponent=found)


def distance_measure(theory: Curve, observed: Curve) -> Measured:
    gaps = np.abs(observed["exponent"][:, 0] - theory["exponent"])
    words = "; ".join(
        f"{name} L={L} gamma={gamma:g}: {fit:.3f} [{low:.3f}, {high:.3f}], theory {goal:.3g}"
        for (name, L, gamma, *_), (fit, low, high), goal in zip(DIST_CASES, observed["exponent"], theory["exponent"])
    )
    return Measured(float(gaps.max()), detail=words)


COMPARISONS = (
    Comparison(
        "deep-linear.lazy-exponent",
        "infinite width: distance from the linear model of rate L kappa^(L-1) against kappa, over minus the depth",
        lazy_setup, lazy_theory, lazy_observed, lazy_measure,
        target=1.0, bound=float(max(1 / LAZY_KAPPA[L][0] for L in LAZY_DEPTHS)), seconds=3.0,
        because="the distance is of order (s*/kappa^(L/2))^2; the next order is smaller by 1/kappa at least, 1/4 at the smallest kappa",
    ),
    Comparison(
        "deep-linear.lazy-network",
        f"sampled networks of width {FINITE_WIDTH} at depths 2, 3, 4 and large kappa against the linear model",
        lazy_setup, finite_theory, finite_observed, finite_measure,
        bound=float(np.exp(-1) * (2 * (max(LAZY_DEPTHS) - 1) * np.sqrt(2 / FINITE_WIDTH) + 1 / 150) + max(k**-L * 4 for L, k in FINITE_KAPPA.items())),
        seconds=6.0,
        because="the 2(L - 1) factors of a term of the kernel are off by sqrt(d/w) each, and x exp(-x) <= 1/e; plus the distance to the limit of order kappa^-L",
    ),
    Comparison(
        "deep-linear.lazy-completion",
        "matrix completion, three layers: low rank is lost where the network is lazy, hidden entries stay",
        lazy_setup, bias_theory, bias_observed, bias_measure,
        bound=1 - float(48 * 3 * np.sqrt(8 / BIAS_WIDTH)), expect=Expect.BREAKS, seconds=3.0,
        because="hidden entries move only by what the kernel differs from a multiple of the identity, below 3 sqrt(d/w) for each of the 48 observed entries",
    ),
    Comparison(
        "deep-linear.distance-exponents",
        "distances to the nearest global minimum and to the nearest other critical point against width 1e4 to 1e8 (exact in law)",
        lazy_setup, distance_theory, distance_observed, distance_measure,
        bound=float((DIST_NEXT + DIST_NOISE) / np.log(DIST_WIDTHS[-1] / DIST_WIDTHS[0])), seconds=3.0,
        because="next order (s*/kappa^(L/2))^2 at the smallest kappa, and the fluctuation of the norm of nine entries, over the log of the range",
    ),
)  # fmt: skip

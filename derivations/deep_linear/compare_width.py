"""Infinite width against sampled widths, and the exact law of three layers against full networks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...numerics.curve import Curve
from ...numerics.deep_linear.costs import squared_error
from ...numerics.deep_linear.descent import descend
from ...numerics.deep_linear.infinite import infinite_mode, tree
from ...numerics.deep_linear.law import three_layers, two_layers
from ...numerics.deep_linear.network import Array, Layers, gaussian, product
from ...numerics.fit import power_law
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import Inputs, closed, evolve, largest, layer_map, simulated, theory, value

TIMES, KAPPA, BLOCKS, STEP = np.linspace(0.1, 2.0, 8), 1.0, 8, 5e-2
RMS = np.array([100, 400, 1600]), 300
BIAS = np.array([20, 80]), 3000
"""Widths, and draws of each."""


def setup(seed: np.random.SeedSequence) -> Inputs:
    return {"seed": seed}


def limit(inputs: Inputs, book: Book) -> Curve:
    """The deterministic limit: the closed form of the book at two layers, its layer flow from the trees at three."""
    start = tuple(np.sqrt(KAPPA) * W for W in tree(3, 8))
    flow = closed(book.system("deep-linear.layer-flow-3"), 3, "squared")
    state = {f"W{k}": W for k, W in enumerate(start, 1)}
    run = evolve(flow, np.concatenate([[0.0], TIMES]), state, 1e-12, M=np.ones((1, 1)), lambda_d=0.0)
    p = [value(book, "infinite-width-mode", t=TIMES, s_star=1.0, kappa=KAPPA), layer_map(run, 3)[1:, 0, 0]]
    return theory("infinite-width-mode", (("depth", (2, 3)), ("time", TIMES)), p=p)


def solved(inputs: Inputs) -> Curve:
    """The solver of any depth: flow of the smallest network at two layers, trees of its own depth at three."""
    p = [infinite_mode(TIMES, 1.0, KAPPA, L)["p"] for L in (2, 3)]
    return simulated("ode", "infinite-width", (("depth", (2, 3)), ("time", TIMES)), p=p)


def sampled(case: tuple[Array, int]) -> Callable[[Inputs], Curve]:
    """Networks of several widths, exact in law."""
    widths, draws = case

    def observed(inputs: Inputs) -> Curve:
        found = []
        for L in (2, 3):
            row = []
            for w, seed in zip(widths, inputs["seed"].spawn(len(widths))):
                rng = np.random.default_rng(seed)
                nets = [
                    two_layers(1, 1, int(w), KAPPA, rng) if L == 2 else three_layers(1, 1, int(w), KAPPA, BLOCKS, rng)
                    for _ in range(draws)
                ]
                first, *rest = (np.array(layer) for layer in zip(*nets))
                # both signs of the first layer have the same law: what is odd in the start cancels in the mean
                row.append(np.concatenate([batch((sign * first, *rest)) for sign in (1, -1)]))
            found.append(row)
        axes = (("depth", (2, 3)), ("width", widths), ("draw", np.arange(2 * draws)), ("time", TIMES))
        return simulated("ode", "law", axes, p=found)

    return observed


def slopes(W: Layers) -> Layers:
    """Rates of a batch of networks of one number, whose goal is 1 (draws x rows x columns)."""
    before, after = [np.ones((len(W[0]), 1, 1))], [np.ones((len(W[0]), 1, 1))]
    for one in W:
        before.append(one @ before[-1])
    for one in W[:0:-1]:
        after.append(after[-1] @ one)
    error = before[-1] - 1.0
    return tuple(-error * (np.swapaxes(a, 1, 2) @ np.swapaxes(b, 1, 2)) for a, b in zip(after[::-1], before))


def batch(W: Layers) -> Array:
    """Maps of a batch over the times (draws x times), by the fourth-order rule of Runge and Kutta."""

    def moved(W: Layers, by: float, rates: Layers) -> Layers:
        return tuple(one + by * rate for one, rate in zip(W, rates))

    out, now = [], 0.0
    for end in TIMES:
        count = max(1, round((end - now) / STEP))
        h = (end - now) / count
        for _ in range(count):
            k1 = slopes(W)
            k2 = slopes(moved(W, h / 2, k1))
            k3 = slopes(moved(W, h / 2, k2))
            k4 = slopes(moved(W, h, k3))
            W = tuple(w + h / 6 * (a + 2 * b + 2 * c + d) for w, a, b, c, d in zip(W, k1, k2, k3, k4))
        now = end
        out.append(product(W)[:, 0, 0])
    return np.array(out).T


def rms_measure(theory: Curve, observed: Curve) -> Measured:
    """Exponent of the root mean square deviation over draws and times."""
    words, worst = [], -0.5
    for k, L in enumerate((2, 3)):
        gap = observed["p"][k] - theory["p"][k]
        rms = np.sqrt((gap**2).mean(axis=(1, 2)))
        fit = power_law(observed["width"], rms)
        words.append(
            f"L={L}: {fit.exponent:.3f} [{fit.low:.3f}, {fit.high:.3f}], sqrt(w) rms {rms[-1] * observed['width'][-1] ** 0.5:.2f}"
        )
        worst = max(worst, fit.exponent, key=lambda one: abs(one + 0.5))
    return Measured(worst, detail="; ".join(words))


def bias_measure(theory: Curve, observed: Curve) -> Measured:
    """Exponent of the mean deviation between the first and the last width, with its error; the times are averaged."""
    words, worst, w = [], Measured(-1.0), observed["width"]
    for k, L in enumerate((2, 3)):
        gap = (observed["p"][k] - theory["p"][k]).mean(axis=2)
        half = gap.shape[1] // 2
        pairs = (gap[:, :half] + gap[:, half:]) / 2
        bias, error = pairs.mean(axis=1), pairs.std(axis=1, ddof=1) / np.sqrt(half)
        span = np.log(w[-1] / w[0])
        slope = float(np.log(bias[-1] / bias[0]) / span) if bias[-1] * bias[0] > 0 else np.nan
        stderr = float(np.hypot(error[0] / bias[0], error[-1] / bias[-1]) / span)
        words.append(
            f"L={L}: {slope:.2f} +- {stderr:.2f}, w times bias {', '.join(f'{b * x:.2f}' for b, x in zip(bias, w))}"
        )
        if not abs(slope + 1) + 2 * stderr <= abs(worst.value + 1) + 2 * worst.stderr:
            worst = Measured(slope, stderr)
    return Measured(worst.value, worst.stderr, "; ".join(words))


LAW_SIZE, LAW_WIDTH, LAW_DRAWS, LAW_STEPS, LAW_ETA, LAW_LEVEL = (2, 3), 30, 400, 5, 0.1, 1e-4
LAW_TARGET = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.0]])
LAW_NAMES = ("corner", "norm", "top singular value", "loss")


def statistics(A: Array) -> list[float]:
    return [
        float(A[0, 0]), float(np.linalg.norm(A)), float(np.linalg.norm(A, 2)), float(((A - LAW_TARGET) ** 2).sum() / 2)
    ]  # fmt: skip


def law_axes() -> tuple[tuple[str, Array], ...]:
    return (("draw", np.arange(LAW_DRAWS)), ("step", np.array([0, 1, LAW_STEPS])), ("which", np.arange(len(LAW_NAMES))))


def law_theory(inputs: Inputs, book: Book) -> Curve:
    """Reduced networks, by Euler steps of the layer flow of the book."""
    from ...numerics.lower import lower

    flow, (draws, _) = closed(book.system("deep-linear.layer-flow-3"), 3, "squared"), inputs["seed"].spawn(2)
    rng, found = np.random.default_rng(draws), []
    for _ in range(LAW_DRAWS):
        state = {f"W{k}": W for k, W in enumerate(three_layers(*LAW_SIZE, LAW_WIDTH, 1.0, LAW_STEPS + 1, rng), 1)}
        kernel = lower(flow).bind(state, {"M": LAW_TARGET, "lambda_d": 0.0})
        y, rows = kernel.pack(state), []
        for step in range(LAW_STEPS + 1):
            if step in (0, 1, LAW_STEPS):
                now = kernel.unpack(y)
                rows.append(statistics(now["W3"] @ now["W2"] @ now["W1"]))
            y = y + LAW_ETA * kernel.function(0.0, y)
        found.append(rows)
    return theory("layer-flow-3", law_axes(), statistic=found)


def law_observed(inputs: Inputs) -> Curve:
    """Full networks."""
    (_, draws), cost, found = inputs["seed"].spawn(2), squared_error(LAW_TARGET), []
    rng = np.random.default_rng(draws)
    for _ in range(LAW_DRAWS):
        curve, _ = descend(gaussian(*LAW_SIZE, LAW_WIDTH, 3, 1.0, rng), cost, LAW_ETA, LAW_STEPS)
        found.append([statistics(curve["A"][step]) for step in (0, 1, LAW_STEPS)])
    return simulated("gradient descent", "layers", law_axes(), statistic=found)


def law_measure(theory: Curve, observed: Curve) -> Measured:
    """Largest Kolmogorov-Smirnov distance over all statistics."""
    from scipy.stats import ks_2samp

    a, b = (curve["statistic"].reshape(LAW_DRAWS, -1) for curve in (theory, observed))
    tests = [ks_2samp(x, y) for x, y in zip(a.T, b.T)]
    worst = max(float(one.statistic) for one in tests)
    least = min(float(one.pvalue) for one in tests)
    ratio = a.std(axis=0) / b.std(axis=0)
    return Measured(
        worst,
        detail=f"least p of {len(tests)} tests {least:.2f}; standard deviations {ratio.min():.3f} to {ratio.max():.3f} of each other",
    )


LAW_TESTS = 3 * len(LAW_NAMES)
LAW_BOUND = float(np.sqrt(-np.log(LAW_LEVEL / LAW_TESTS / 2) / 2) * np.sqrt(2 / LAW_DRAWS))

COMPARISONS = (
    Comparison(
        "deep-linear.infinite-width-solver",
        "infinite width: the solver against the closed form at two layers and the layer flow of the book from the trees at three",
        setup, limit, solved, largest("p"),
        bound=1e-10, seconds=1.0,
        because="trees converge faster than exponentially, beyond 1e-11 from depth 5 on; tolerance 1e-12 of both integrations",
    ),
    Comparison(
        "deep-linear.width-deviation",
        "finite widths, exact in law, against infinite width: root mean square deviation of order width^(-1/2)",
        setup, limit, sampled(RMS), rms_measure,
        target=-0.5, bound=float(4 / np.sqrt(2 * RMS[1]) / np.log(16) + 1 / RMS[0][0] ** 0.5), seconds=3.0,
        because="four standard errors of a standard deviation over the draws, over the log of the range; the next order is smaller by w^(-1/2)",
    ),
    Comparison(
        "deep-linear.width-bias",
        "finite widths, exact in law, against infinite width: mean deviation of order 1/width",
        setup, limit, sampled(BIAS), bias_measure,
        target=-1.0, bound=0.5, seconds=6.0,
        because="half-integer powers are its neighbours: two standard errors must keep clear of them",
    ),
    Comparison(
        "deep-linear.law",
        f"three layers at width {LAW_WIDTH}: gradient descent on the reduced network has the law of the full one",
        setup, law_theory, law_observed, law_measure,
        bound=LAW_BOUND, seconds=2.0,
        because=f"Kolmogorov-Smirnov at level {LAW_LEVEL:g} over {LAW_TESTS} tests of {LAW_DRAWS} draws",
    ),
)  # fmt: skip

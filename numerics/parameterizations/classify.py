"""Classification of images by networks whose layers scale with the width: float32 and BLAS, plain SGD, cross-entropy.

The calibration of the first step, means that do not vanish and biases are those of the published experiments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.parameterizations.scalings import named
from ..curve import Curve, Provenance
from .images import Images
from .network import functions

Array = NDArray[Any]
POINTS = ("ip", "ip-llr", "mup", "ntk", "ip-mean", "ip-llr-bias")
"""What can be trained: named points, IP whose entries have a mean, and IP-LLR with biases that do not shrink."""


@dataclass(frozen=True)
class Run:
    """How one network is trained.

    Parameters
    ----------
    point : one of `POINTS`.
    L, width : hidden layers and their width.
    activation : ``"relu"``, ``"gelu"``, ``"elu"``, ``"tanh"``, ...
    steps, rate, batch : steps of SGD, learning rate without its power of the width, samples drawn with replacement at each step.
    seed : of the weights and batches.
    calibrate : the first step of IP-LLR is scaled so that each layer's change on the batch has mean size one (0.1 for the output).
    cap : largest base rate that the calibration may take.
    single : float32.
    """

    point: str
    L: int = 4
    width: int = 256
    activation: str = "gelu"
    steps: int = 300
    rate: float = 0.1
    batch: int = 256
    seed: int = 0
    calibrate: bool = True
    cap: float = 500.0
    single: bool = True

    def __post_init__(self) -> None:
        if self.point not in POINTS:
            raise ValueError(f"point: {self.point!r}; allowed: {', '.join(POINTS)}")
        functions(self.activation)
        for name, least in (("L", 1), ("width", 2), ("steps", 1), ("batch", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name}: {value!r}; an integer of at least {least} is needed")
        for name in ("rate", "cap"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name}: {getattr(self, name)}; a positive number is needed")


@dataclass
class Net:
    """Weights and biases of all layers, changed in place."""

    W: list[Array]
    b: list[Array]
    phi: Any
    slope: Any

    def forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        """Inputs of every layer and preactivations, each rows x batch."""
        xs, hs = [x], []
        for W, b in zip(self.W, self.b):
            hs.append(W @ xs[-1] + b)
            xs.append(self.phi(hs[-1]))
        return xs[:-1], hs

    def backward(self, hs: list[Array], chi: Array) -> list[Array]:
        """Derivatives of the loss by the preactivations, from that by the output."""
        signals = [chi]
        for W, h in zip(self.W[:0:-1], hs[-2::-1]):
            signals.append((W.T @ signals[-1]) * self.slope(h))
        return signals[::-1]


def start(run: Run, pixels: int, classes: int, rng: np.random.Generator) -> Net:
    """Weights at the start; the first layer has a bias as one more constant input."""
    phi, slope, variance = functions(run.activation)
    m, dtype = float(run.width), np.float32 if run.single else np.float64
    scaling = named("ip" if run.point.startswith("ip") else run.point, run.L)
    shapes = [(run.width, pixels + 1), *[(run.width, run.width)] * (run.L - 1), (classes, run.width)]
    spreads = [np.sqrt(variance / (pixels + 1)), *[np.sqrt(variance)] * (run.L - 1), 1.0]
    weights = []
    for l, (shape, spread, A) in enumerate(zip(shapes, spreads, scaling.A)):
        mean = 1.0 if run.point == "ip-mean" and l else 0.0
        weights.append((m ** -float(A) * (mean + spread * rng.standard_normal(shape))).astype(dtype))
    biases = [np.zeros((shape[0], 1), dtype) for shape in shapes]
    if run.point == "ip-llr-bias":
        biases = [rng.standard_normal((shape[0], 1)).astype(dtype) for shape in shapes]
    return Net(weights, biases, phi, slope)


def rates(run: Run, first: bool) -> tuple[list[float], list[float]]:
    """Powers of the width that multiply the updates of weights and of biases."""
    m, L = float(run.width), run.L
    if run.point == "ip-llr-bias" and first:
        c = [-(L + 1) / 2, *[-(L - l + 4) / 2 for l in range(2, L + 1)], -1.0]
        a = [0.0, *[1.0] * L]
        return [m ** -(2 * x + y) for x, y in zip(a, c)], [m ** ((L - l + 2) / 2) for l in range(1, L + 1)] + [1.0]
    base = run.point if run.point in ("mup", "ntk") else "ip"
    scaling = named("ip-llr" if run.point == "ip-llr" and first else base, L)
    biases = [m] * L + [1.0] if run.point == "ip-llr-bias" else [0.0] * (L + 1)
    return [m ** -float(K) for K in scaling.K(0)], biases


def step(net: Net, run: Run, x: Array, labels: Array, first: bool) -> None:
    """One step of SGD; the first of IP-LLR is calibrated layer by layer, on inputs that the lower layers have changed."""
    xs, hs = net.forward(x)
    signals = net.backward(hs, error(hs[-1], labels))
    by_weight, by_bias = rates(run, first)
    calibrated = first and run.calibrate and run.point.startswith("ip-llr")
    moved = x
    for l, (signal, before) in enumerate(zip(signals, xs)):
        change = -by_weight[l] * (signal @ before.T)
        shift = -by_bias[l] * signal.sum(axis=1, keepdims=True)
        factor = run.rate
        if calibrated:
            size = float(np.abs(change @ moved + shift).mean())
            wanted = 0.1 if l == run.L else 1.0
            factor = min(wanted / size, run.cap) if size > 0 else run.cap
        net.W[l] += change.dtype.type(factor) * change
        net.b[l] += change.dtype.type(factor) * shift
        if calibrated and l < run.L:
            moved = net.phi(net.W[l] @ moved + net.b[l])


def error(output: Array, labels: Array) -> Array:
    """Derivative of the mean cross-entropy by the output, classes x batch."""
    p = np.exp(output - output.max(axis=0))
    p /= p.sum(axis=0)
    p[labels, np.arange(len(labels))] -= 1
    return np.asarray(p / len(labels))


def cross_entropy(output: Array, labels: Array) -> float:
    """Mean cross-entropy; infinite or NaN where training has broken down."""
    z = output.astype(float)
    z = z - z.max(axis=0)
    return float((np.log(np.exp(z).sum(axis=0)) - z[labels, np.arange(len(labels))]).mean())


def stable_rank(matrix: Array) -> float:
    """Sum of squared singular values over the largest; NaN for a matrix that is zero or not finite."""
    if not np.isfinite(matrix).all() or not matrix.any():
        return float("nan")
    small = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    scaled = small.astype(float) / np.abs(small).max()
    squares = np.linalg.eigvalsh(scaled @ scaled.T)
    return float(squares.sum() / squares[-1])


def classify(run: Run, images: Images, records: int = 20) -> Curve:
    """Train one network.

    Parameters
    ----------
    run : how.
    images : what is classified.
    records : about how many times losses are recorded.

    Returns
    -------
    Curve : axis ``step``; columns ``loss`` (training), ``accuracy`` (test), ``classes`` (different classes predicted on the test),
        ``stable ranks`` (of the preactivations of every layer over the test, recorded x (L + 1)).
        A run that breaks down keeps its NaN.
    """
    rng = np.random.default_rng(np.random.SeedSequence(run.seed))
    dtype = np.float32 if run.single else np.float64
    train, test = (np.vstack([x.T, np.ones(len(x))]).astype(dtype) for x in (images.train, images.test))
    net = start(run, images.train.shape[1], images.classes, rng)
    marks = np.unique(np.rint(np.linspace(0, 1, records) ** 2 * run.steps).astype(int))
    rows: list[tuple[float, float, int, list[float]]] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(run.steps + 1):
            if t in marks:
                rows.append(record(net, train, images.train_labels, test, images.test_labels))
            if t < run.steps:
                chosen = rng.integers(train.shape[1], size=run.batch)
                step(net, run, train[:, chosen], images.train_labels[chosen], t == 0)
    loss, accuracy, classes, ranks = (np.array(column) for column in zip(*rows))
    kept = tuple((name, getattr(run, name)) for name in run.__dataclass_fields__ if name != "seed")
    return Curve(
        (("step", marks),),
        (("loss", loss), ("accuracy", accuracy), ("classes", classes), ("stable ranks", ranks)),
        Provenance("gradient descent", "parameterizations.classify", (("images", images.name), *kept), run.seed),
    )


def record(net: Net, train: Array, train_labels: Array, test: Array, labels: Array) -> tuple[float, float, int, list[float]]:
    """Training loss, test accuracy, number of predicted classes, stable ranks of the preactivations over the test."""
    loss = cross_entropy(net.forward(train)[1][-1], train_labels)
    hs = net.forward(test)[1]
    guess = hs[-1].argmax(axis=0)
    return loss, float((guess == labels).mean()), len(np.unique(guess)), [stable_rank(h) for h in hs]

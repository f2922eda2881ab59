"""Classification of images by networks whose layers scale with the width: float32, plain SGD, cross-entropy.

The calibration of the first step, means that do not vanish and biases are those of the published experiments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.parameterizations.scalings import Scaling, named
from ..curve import Curve, Provenance
from .dense import Dense, gaussian, powers
from .images import Images
from .network import functions

Array = NDArray[Any]
POINTS = ("ip", "ip-llr", "mup", "ntk", "ip-mean", "ip-llr-bias")
"""What can be trained: named points, IP whose entries have a mean, and IP-LLR with biases that do not shrink."""
Powers = tuple[list[float], list[float]]
LAST = 0.1
"""Mean size of the first change of the output, after calibration."""


@dataclass(frozen=True)
class Classifier:
    """One network and how it is trained.

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
        for name, least in (("L", 1), ("width", 2), ("steps", 1), ("batch", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name}: {value!r}; an integer of at least {least} is needed")
        for name in ("rate", "cap"):
            value = getattr(self, name)
            if isinstance(value, bool) or not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name}: {value!r}; a positive number is needed")

    @property
    def scaling(self) -> Scaling:
        """Exponents of the layers; the degree of the activation matters for IP-LLR."""
        return named("ip" if self.point == "ip-mean" else self.point, self.L, 2 if self.activation == "relu2" else 1)


def start(one: Classifier, pixels: int, classes: int, rng: np.random.Generator) -> Dense:
    """Weights at the start; the first layer has a bias as one more constant input."""
    root = float(np.sqrt(functions(one.activation)[2]))
    shapes = [(one.width, pixels + 1), *[(one.width, one.width)] * (one.L - 1), (classes, one.width)]
    spreads = [root / np.sqrt(pixels + 1), *[root] * (one.L - 1), 1.0]
    mean, dtype = float(one.point == "ip-mean"), np.float32 if one.single else np.float64
    return gaussian(one.scaling, shapes, spreads, rng, one.activation, mean=mean, dtype=dtype)


def step(net: Dense, one: Classifier, x: Array, labels: Array, scales: Powers, first: bool) -> list[float]:
    """One step of SGD; the first of IP-LLR is calibrated layer by layer, on inputs that the lower layers have changed.

    Parameters
    ----------
    net : changed in place.
    one : how it is trained.
    x, labels : the batch, in columns.
    scales : what multiplies the updates of weights and biases.
    first : whether this is the first step.

    Returns
    -------
    list : base rate of each layer.
    """
    xs, _, signals = net.passes(x, lambda output: error(output, labels))
    by_weight, by_bias = scales
    calibrated = first and one.calibrate and one.point.startswith("ip-llr")
    moved, rates = x, []
    for l, (signal, before) in enumerate(zip(signals, xs)):
        change = -by_weight[l] * (signal @ before.T)
        shift = -by_bias[l] * signal.sum(axis=1, keepdims=True)
        rate = one.rate
        if calibrated:
            size = float(np.abs(change @ moved + shift).mean())
            wanted = LAST if l == one.L else 1.0
            rate = min(wanted / size, one.cap) if size > 0 else one.cap
        net.W[l] += change.dtype.type(rate) * change
        net.b[l] += change.dtype.type(rate) * shift
        if calibrated and l < one.L:
            moved = net.activate(net.W[l] @ moved + net.b[l])[0]
        rates.append(rate)
    return rates


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


def classify(
    one: Classifier, images: Images, records: int = 20, progress: Callable[[float, str], None] | None = None
) -> Curve:
    """Train one network.

    Parameters
    ----------
    one : the network and how.
    images : what is classified.
    records : about how many times losses are recorded, more at the beginning; at least two.
    progress : called with the fraction done and a few words.

    Returns
    -------
    Curve : axis ``step``; columns ``loss`` (training), ``accuracy`` (test), ``classes`` (different classes predicted on the test),
        ``stable ranks`` (of the preactivations of every layer over the test, recorded x (L + 1)). From where a run breaks down
        on, everything is NaN. The provenance holds the base rates of the first step.

    Raises
    ------
    ValueError : fewer than two records.
    """
    if isinstance(records, bool) or not isinstance(records, int) or records < 2:
        raise ValueError(f"records: {records!r}; an integer of at least 2 is needed")
    rng = np.random.default_rng(np.random.SeedSequence(one.seed))
    dtype = np.float32 if one.single else np.float64
    train, test = (np.vstack([x.T, np.ones(len(x))]).astype(dtype) for x in (images.train, images.test))
    net = start(one, images.train.shape[1], images.classes, rng)
    scales = [powers(one.scaling, one.width, t) for t in (0, 1)]
    marks = np.unique(np.rint(np.linspace(0, 1, records) ** 2 * one.steps).astype(int))
    columns = ("loss", "accuracy", "classes", "stable ranks")
    found: dict[str, Array] = {name: np.full(len(marks), np.nan) for name in columns[:3]}
    found["stable ranks"] = np.full((len(marks), one.L + 1), np.nan)
    first: list[float] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(one.steps + 1):
            if t in marks:
                row = record(net, train, images.train_labels, test, images.test_labels)
                if not np.isfinite(row[0]):
                    break
                for name, value in zip(columns, row):
                    found[name][np.searchsorted(marks, t)] = value
                if progress is not None:
                    progress(t / one.steps, f"step {t}, loss {row[0]:.3g}")
            if t < one.steps:
                chosen = rng.integers(train.shape[1], size=one.batch)
                rates = step(net, one, train[:, chosen], images.train_labels[chosen], scales[min(t, 1)], t == 0)
                first = first or rates
    kept = tuple((field.name, getattr(one, field.name)) for field in fields(one) if field.name != "seed")
    return Curve(
        (("step", marks),),
        tuple(found.items()),
        Provenance(
            "gradient descent",
            "parameterizations.classify",
            (("images", images.name), ("labels", images.classes), *kept),
            one.seed,
            detail=(("first rates", first),),
        ),
    )


def record(
    net: Dense, train: Array, train_labels: Array, test: Array, labels: Array
) -> tuple[float, float, int, list[float]]:
    """Training loss, test accuracy, number of predicted classes, stable ranks of the preactivations over the test."""
    loss = cross_entropy(net.forward(train)[1][-1], train_labels)
    hs = net.forward(test)[1]
    guess = hs[-1].argmax(axis=0)
    return loss, float((guess == labels).mean()), len(np.unique(guess)), [stable_rank(h) for h in hs]

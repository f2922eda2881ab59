"""Digits: integrable parameterizations stay flat, the remedies learn or do not, and ReLU collapses in deep networks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ...numerics.curve import Curve
from ...numerics.parameterizations.classify import Classifier, classify
from ...numerics.parameterizations.images import Images, digits
from ...numerics.threads import one_thread
from ...theory.parameterizations.calculus import table
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_slopes import llr
from .compare_tools import NAME, at, keep

LAYERS, WIDTH, SEEDS, DEEP, FLAT = 4, 256, 3, 6, float(np.log(10))


@cache
def images() -> Images:
    """The digits with one split: seeds are of weights and batches."""
    return digits()


def trained(point: str, activation: str = "gelu", seeds: int = SEEDS, **more: Any) -> Callable[[Any], Curve]:
    """Several runs of one network: last loss, accuracy, number of predicted classes, stable rank of the output; largest
    distance of the loss from ``ln 10`` at any time."""

    def observed(seed: np.random.SeedSequence) -> Curve:
        rows = []
        with one_thread():
            for sown in seed.generate_state(seeds):
                one = Classifier(point, LAYERS, WIDTH, activation, seed=int(sown))
                curve = classify(Classifier(**(vars(one) | more)), images(), 8)
                ranks = curve["stable ranks"][-1]
                moved = np.abs(curve["loss"] - FLAT).max()
                rows.append((curve["loss"][-1], curve["accuracy"][-1], curve["classes"][-1], ranks[-1], moved))
        names = ("loss", "accuracy", "classes", "stable rank", "moved")
        return Curve((("run", np.arange(seeds)),), tuple(zip(names, np.array(rows).T)))

    return observed


def said(observed: Curve, *names: str) -> str:
    """Columns in words, one number for each run."""
    return "; ".join(f"{name} {', '.join(f'{value:.3g}' for value in observed[name])}" for name in names)


def stays(_: Any, book: Book) -> Curve:
    """Size of the logits of IP at the start, by the formula of the book: ``m^e``."""
    return Curve((), (("size", np.array(float(WIDTH) ** float(at(book, "ip-output", LAYERS)))),))


def of_flat(theory: Curve, observed: Curve) -> Measured:
    """Largest distance of the loss from that of equal logits, in units of the predicted logits."""
    units = observed["moved"] / float(theory["size"])
    return Measured(
        float(units.max()), 0.0, f"loss differs from ln 10 by {', '.join(f'{v:.1e}' for v in observed['moved'])}"
    )


def same_first_step(_: Any, book: Book) -> Curve:
    """The first step of IP-LLR over that of muP: one, so features move."""
    ratio = book.formula(f"{NAME}.first-step-of-mup").value
    return Curve((), (("accuracy", np.array(float(ratio))),))


def features_move(_: Any, book: Book) -> Curve:
    """muP moves every layer: the largest rates are its own, so nothing is left to gain."""
    return Curve((), (("accuracy", np.array(1 - float(book.formula(f"{NAME}.maximal-mup").value))),))


def learns(*exponents: Any) -> Curve:
    """Last loss where the deepest hidden layer moves by its size, and where it does not."""
    return Curve((), (("loss", np.array(0.0 if all(one == 0 for one in exponents) else FLAT)),))


def by_signals(_: Any, book: Book) -> Curve:
    """Weights with a mean: signals of every layer have the size of those of muP, ``m^{-1}``, so every layer moves."""
    return learns(*(1 + at(book, "mean-backward", LAYERS, l) for l in range(1, LAYERS + 1)))


def by_rates(_: Any, book: Book) -> Curve:
    """IP-LLR with ReLU: every layer moves by its size, by the recursion."""
    found = table(llr(book, DEEP), steps=1)
    return learns(*(found.value("h", l, 1) for l in range(1, DEEP + 1)))


def of_error(theory: Curve, observed: Curve) -> Measured:
    """Share of wrong test images."""
    wrong = float(theory["accuracy"]) - observed["accuracy"]
    return Measured(
        float(wrong.mean()), float(wrong.std(ddof=1) / np.sqrt(len(wrong))), said(observed, "loss", "accuracy")
    )


def of_loss(theory: Curve, observed: Curve) -> Measured:
    """Distance of the last loss from its prediction, over the loss of equal logits."""
    left = np.abs(observed["loss"] - float(theory["loss"])) / FLAT
    error = float(left.std(ddof=1) / np.sqrt(len(left))) if len(left) > 1 else 0.0
    return Measured(float(left.mean()), error, said(observed, "loss", "accuracy", "classes", "stable rank"))


LEARNS = "a network that has not learnt is wrong on about 0.9 of the test; 0.1 is as far from that as learning needs"

COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        f"{NAME}.digits-ip",
        "digits, IP with four hidden layers of width 256, GELU: the loss stays at ln 10 for 300 steps",
        keep,
        stays,
        trained("ip"),
        of_flat,
        2.0,
        "logits change the loss by at most twice the largest of them, and they have size m^(-2) by the formula",
        seconds=12.0,
    ),
    Comparison(
        f"{NAME}.digits-ip-llr",
        "the same with the first rates of IP-LLR, calibrated: learns",
        keep,
        same_first_step,
        trained("ip-llr"),
        of_error,
        0.1,
        LEARNS,
        seconds=12.0,
    ),
    Comparison(
        f"{NAME}.digits-mup",
        "the same with muP: learns",
        keep,
        features_move,
        trained("mup"),
        of_error,
        0.1,
        LEARNS,
        seconds=12.0,
    ),
    Comparison(
        f"{NAME}.digits-mean",
        "IP whose weights have a mean moves but hardly learns: more than half of the loss is left",
        keep,
        by_signals,
        trained("ip-mean"),
        of_loss,
        0.5,
        "the layers in between are one neuron each, and the softmax cancels the first signal",
        expect=Expect.BREAKS,
        seconds=12.0,
    ),
    Comparison(
        f"{NAME}.relu-collapses",
        "IP-LLR is made for ReLU, but with six hidden layers of width 512 it does not learn: one class for all images",
        keep,
        by_rates,
        trained("ip-llr", "relu", 1, L=DEEP, width=512, steps=80),
        of_loss,
        0.5,
        "all images have proportional preactivations (stable rank one), ReLU keeps proportions, so the largest logit is the same",
        expect=Expect.BREAKS,
        seconds=8.0,
    ),
)

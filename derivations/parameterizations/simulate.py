"""One network on images: digits, or MNIST and CIFAR-10 from local files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ...numerics.curve import Curve
from ...numerics.parameterizations.classify import Classifier, classify
from ...numerics.parameterizations.images import Images, digits, from_folder
from ...numerics.threads import one_thread
from ...theory.parameterizations.activations import ACTIVATIONS
from ..paper import Experiment, Progress

Point = Literal["ip", "ip-llr", "mup", "ntk", "ip-mean", "ip-llr-bias"]


def explain(text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a settings field."""
    return {"help": text, **more}


@dataclass(frozen=True)
class SimulateSettings:
    """Plain SGD with cross-entropy; the defaults are a run of IP-LLR that learns within seconds."""

    images: str = field(default="digits", metadata=explain("digits, or a folder with MNIST (IDX) or CIFAR-10 (binary)"))
    param: Point = field(
        default="ip-llr",
        metadata=explain("parameterization; ip-mean: IP whose entries have mean one", choices=get_args(Point)),
    )
    activation: str = field(default="gelu", metadata=explain("activation", choices=tuple(ACTIVATIONS)))
    depth: int = field(default=4, metadata=explain("hidden layers"))
    width: int = field(default=256, metadata=explain("neurons of a hidden layer"))
    steps: int = field(default=300, metadata=explain("steps of SGD"))
    rate: float = field(default=0.1, metadata=explain("learning rate without its power of the width"))
    batch: int = field(default=256, metadata=explain("samples of a step, drawn with replacement"))
    calibrate: bool = field(
        default=True, metadata=explain("IP-LLR: scale the first step so that every layer changes by size one")
    )
    cap: float = field(default=500.0, metadata=explain("largest base rate of the calibration"))
    records: int = field(default=20, metadata=explain("about how many times the losses are recorded, 2 or more"))
    seed: int = field(default=0, metadata=explain("seed of split, weights and batches"))

    def __post_init__(self) -> None:
        for name in ("depth", "records"):
            value, least = getattr(self, name), 2 if name == "records" else 1
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name}: {value!r}; an integer of at least {least} is needed")
        if self.param not in get_args(Point):
            raise ValueError(f"param: {self.param!r}; allowed: {', '.join(get_args(Point))}")
        self.classifier()

    def classifier(self) -> Classifier:
        """The network that is trained."""
        return Classifier(
            self.param, self.depth, self.width, self.activation, self.steps, self.rate, self.batch, self.seed,
            self.calibrate, self.cap,
        )  # fmt: skip

    def load(self) -> Images:
        """The images; ValueError where a folder does not hold them."""
        return digits(self.seed) if self.images == "digits" else from_folder(self.images)


def run_simulate(settings: SimulateSettings, progress: Progress) -> Curve:
    """Train one network; columns as of `classify`."""
    progress(0.0, "reading images")
    images = settings.load()
    if settings.width <= 512:  # small matrices: threads wait for each other longer than they compute
        with one_thread():
            return classify(settings.classifier(), images, settings.records, progress)
    return classify(settings.classifier(), images, settings.records, progress)


def plot_simulate(curve: Curve) -> Any:
    """Loss, accuracy, stable ranks of the layers."""
    from .drawing import draw_training

    return draw_training(curve)


def simulate_seconds(settings: SimulateSettings) -> float:
    """Three products for each layer and step on one core, and as much again for the activations of small networks."""
    products = 6.0 * settings.batch * settings.width**2 * max(settings.depth - 1, 1) * settings.steps
    return 1.5 + products / 3e10


SIMULATE = Experiment(
    "images classified by a network whose layers scale with the width: integrable parameterizations, muP, NTK",
    SimulateSettings, run_simulate, plot_simulate, simulate_seconds,
)  # fmt: skip

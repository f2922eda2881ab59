"""Early alignment in two-layer ReLU networks: geometry and simulators."""

from .data import BUILT_IN, Dataset, assumption_points, forty_points, read_csv, three_points
from .diagram import spurious_fraction, wilson
from .early import EarlyPhase, Event, alignment_time, early_phase, longest_drive, neuron_events
from .flow import linear_phase, sector_flow
from .general import general_descent
from .network import Run, linear_loss, loss, outputs, relu_descent, start
from .sectors import sector_descent

__all__ = [
    "BUILT_IN",
    "Dataset",
    "EarlyPhase",
    "Event",
    "Run",
    "alignment_time",
    "assumption_points",
    "early_phase",
    "forty_points",
    "general_descent",
    "linear_loss",
    "linear_phase",
    "longest_drive",
    "loss",
    "neuron_events",
    "outputs",
    "read_csv",
    "relu_descent",
    "sector_descent",
    "sector_flow",
    "spurious_fraction",
    "start",
    "three_points",
    "wilson",
]

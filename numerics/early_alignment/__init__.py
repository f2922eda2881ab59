"""Early alignment in two-layer ReLU networks: geometry and simulators."""

from .data import BUILT_IN, Dataset, assumption_points, forty_points, read_csv, three_points
from .early import EarlyPhase, Event, alignment_time, early_phase, longest_drive, neuron_events

__all__ = [
    "BUILT_IN",
    "Dataset",
    "EarlyPhase",
    "Event",
    "alignment_time",
    "assumption_points",
    "early_phase",
    "forty_points",
    "longest_drive",
    "neuron_events",
    "read_csv",
    "three_points",
]

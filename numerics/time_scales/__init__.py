"""Two-layer networks on a single-index target: derived flows and the network itself in d dimensions."""

from .flows import LEVELS, Level, kernel, risk, simulate
from .network import descend, gradient_flow, gradients, velocities
from .start import Task, directions, overlaps, regime, weights

__all__ = [
    "LEVELS",
    "Level",
    "Task",
    "descend",
    "directions",
    "gradient_flow",
    "gradients",
    "kernel",
    "overlaps",
    "regime",
    "risk",
    "simulate",
    "velocities",
    "weights",
]

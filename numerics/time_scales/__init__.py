"""Time-scales of learning, numerically: derived flows and the network itself in d dimensions."""

from .constrained import Blowup, after_phase_one, constrained
from .falls import Falls, Intermittency, falls, intermittency
from .flows import LEVELS, NETWORK, Level, kernel, parameters, simulate
from .network import descend, gradient_flow, gradients, stochastic, velocities
from .risks import risk
from .start import Task, canonical, directions, overlaps, regime, weights

__all__ = [
    "LEVELS",
    "NETWORK",
    "Blowup",
    "Falls",
    "Intermittency",
    "Level",
    "Task",
    "after_phase_one",
    "canonical",
    "constrained",
    "descend",
    "directions",
    "falls",
    "gradient_flow",
    "gradients",
    "intermittency",
    "kernel",
    "overlaps",
    "parameters",
    "regime",
    "risk",
    "simulate",
    "stochastic",
    "velocities",
    "weights",
]

"""What a person can run."""

from .diagrams import PHASE_DIAGRAM, DiagramSettings, run_diagram
from .simulate import SIMULATE, SimulateSettings, run_simulate

__all__ = ["PHASE_DIAGRAM", "SIMULATE", "DiagramSettings", "SimulateSettings", "run_diagram", "run_simulate"]

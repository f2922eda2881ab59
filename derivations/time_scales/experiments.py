"""Experiments behind ``plateaux simulate``."""

from __future__ import annotations

from .simulate import SIMULATE, SimulateSettings

__all__ = ["SIMULATE", "SimulateSettings"]

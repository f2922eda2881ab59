"""Networks with a scale for every layer: training, coordinate check, escape of the chain."""

from .chain import escape_times
from .coordinates import coordinate_check, name_of, sizes, slopes
from .network import Draw, State, draw, functions, train, widths_of

__all__ = [
    "Draw", "State", "coordinate_check", "draw", "escape_times", "functions", "name_of", "sizes", "slopes", "train", "widths_of",
]  # fmt: skip

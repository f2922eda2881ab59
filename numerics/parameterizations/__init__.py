"""Networks with a scale for every layer: training, coordinate check, escape of the chain."""

from .chain import escape_times
from .coordinates import coordinate_check, coordinate_checks, name_of, sizes, slopes
from .network import Draw, Run, State, descend, draw, functions, settled, train, widths_of

__all__ = [
    "Draw", "Run", "State", "coordinate_check", "coordinate_checks", "descend", "draw", "escape_times", "functions", "name_of",
    "settled", "sizes", "slopes", "train", "widths_of",
]  # fmt: skip

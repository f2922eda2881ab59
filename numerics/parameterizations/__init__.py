"""Networks with a scale for every layer: coordinate check, escape, classification of images."""

from .chain import escape_times
from .classify import Classifier, classify
from .coordinates import coordinate_check, coordinate_checks, name_of, sizes, slopes
from .images import Images, digits, from_folder
from .network import Draw, Run, State, descend, draw, functions, settled, train, widths_of
from .squares import Fit, fit

__all__ = [
    "Classifier", "Draw", "Fit", "Images", "Run", "State", "classify", "coordinate_check", "coordinate_checks", "descend", "digits",
    "draw", "escape_times", "fit", "from_folder", "functions", "name_of", "settled", "sizes", "slopes", "train", "widths_of",
]  # fmt: skip

"""Two-layer linear networks: gradient descent at any width, closed forms, corrections, phase diagrams."""

from .compiled import gram_curve, gram_rate
from .descent import Descent, GramDescent, Stop, descend, stable_rank
from .diagram import Scales, by_descent, by_flow, by_mode, descent_point, flow_point, mode_point, published_grid, scales
from .flow import mixed_curve
from .isospectral import isospectral_descend, step_matrix
from .modes import aligned
from .reduction import Weights, balanced, gaussian, gaussian_full, on_manifold, orthogonal, reduce_width, split, unstack
from .response import ResponseStart, respond, response_start
from .riccati import balanced_correction, factor, gram, manifold_defect, solution
from .teacher import CorrelatedError, Cost, MaskedError, SquaredError, Teacher, teacher

__all__ = [
    "CorrelatedError",
    "Cost",
    "Descent",
    "GramDescent",
    "MaskedError",
    "ResponseStart",
    "Scales",
    "SquaredError",
    "Stop",
    "Teacher",
    "Weights",
    "aligned",
    "balanced",
    "balanced_correction",
    "by_descent",
    "by_flow",
    "by_mode",
    "descend",
    "descent_point",
    "factor",
    "flow_point",
    "gaussian",
    "gaussian_full",
    "gram",
    "gram_curve",
    "gram_rate",
    "isospectral_descend",
    "manifold_defect",
    "mixed_curve",
    "mode_point",
    "on_manifold",
    "orthogonal",
    "published_grid",
    "reduce_width",
    "respond",
    "response_start",
    "scales",
    "solution",
    "split",
    "stable_rank",
    "step_matrix",
    "teacher",
    "unstack",
]

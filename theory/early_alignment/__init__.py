"""Early alignment in two-layer ReLU networks: what is true.

Source: E. Boursier, N. Flammarion, "Early Alignment in Two-Layer Networks Training is a Two-Edged Sword", JMLR 26 (2025). The
Lorentz structure, closed forms inside a cone, moment closures, sharp rates and the bound on the entry time were derived for
this project.
"""

from . import assumption, cone, critical, directions, moments, neuron, rates, spurious, width
from .letters import LATEX as LETTERS

_MODULES = (neuron, cone, directions, moments, critical, rates, width, spurious, assumption)
FORMULAS = tuple(one for module in _MODULES for one in module.FORMULAS)
SYSTEMS = tuple(one for module in _MODULES for one in module.SYSTEMS)
LATEX = (*LETTERS, *(pair for module in _MODULES for pair in getattr(module, "LATEX", ())))

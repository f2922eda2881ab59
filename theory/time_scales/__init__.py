"""Time-scales of learning in two-layer networks: what is true.

Source: R. Berthier, A. Montanari, K. Zhou, "Learning time-scales in two-layers neural networks", FoCM 2024. The correction at
finite width, balance laws, and the reduced equations of each phase were derived for this project.
"""

from .equations import FORMULAS as EXACT_FORMULAS
from .equations import SYSTEMS as EXACT_SYSTEMS
from .letters import LATEX as LETTERS
from .phases import FORMULAS as PHASE_FORMULAS
from .phases import LATEX as PHASE_LETTERS
from .phases import SYSTEMS as PHASE_SYSTEMS
from .theta import FORMULAS as THETA_FORMULAS
from .theta import LATEX as THETA_LETTERS
from .theta import SYSTEMS as THETA_SYSTEMS

FORMULAS = (*EXACT_FORMULAS, *PHASE_FORMULAS, *THETA_FORMULAS)
SYSTEMS = (*EXACT_SYSTEMS, *PHASE_SYSTEMS, *THETA_SYSTEMS)
LATEX = (*LETTERS, *PHASE_LETTERS, *THETA_LETTERS)

__all__ = ["FORMULAS", "LATEX", "SYSTEMS"]

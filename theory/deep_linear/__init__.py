"""Deep linear networks: what is true (layers, balance, aligned modes, escape, weight decay).

Source: A. Jacot, F. Ged, B. Simsek, C. Hongler, F. Gabriel, "Saddle-to-Saddle Dynamics in Deep Linear Networks: Small
Initialization Training, Symmetry, and Sparsity", 2021. Its claim of saddle-to-saddle dynamics is a conjecture.
"""

from .decay import FORMULAS as DECAY_FORMULAS
from .decay import LATEX as DECAY_LETTERS
from .escape import FORMULAS as ESCAPE_FORMULAS
from .escape import LATEX as ESCAPE_LETTERS
from .escape import SYSTEMS as ESCAPE_SYSTEMS
from .layers import FORMULAS as LAYER_FORMULAS
from .layers import SYSTEMS as LAYER_SYSTEMS
from .letters import LATEX as LETTERS
from .modes import FORMULAS as MODE_FORMULAS
from .modes import LATEX as MODE_LETTERS
from .modes import SYSTEMS as MODE_SYSTEMS

FORMULAS = (*LAYER_FORMULAS, *MODE_FORMULAS, *ESCAPE_FORMULAS, *DECAY_FORMULAS)
SYSTEMS = (*LAYER_SYSTEMS, *MODE_SYSTEMS, *ESCAPE_SYSTEMS)
LATEX = (*LETTERS, *MODE_LETTERS, *ESCAPE_LETTERS, *DECAY_LETTERS)

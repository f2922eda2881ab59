"""Mixed dynamics of two-layer linear networks: what is true.

Source: Z. Tu, S. Aranguri, A. Jacot, "Mixed Dynamics In Linear Networks: Unifying the Lazy and Active Regimes", NeurIPS 2024.
Width reduction, Lax form, Riccati solution, the two-parameter family, first-order width correction and discrete mode maps
were derived for this project.
"""

from .layers import FORMULAS as LAYER_FORMULAS
from .layers import LATEX as LAYER_LETTERS
from .layers import SYSTEMS as LAYER_SYSTEMS
from .letters import LATEX as LETTERS
from .manifold import FORMULAS as MANIFOLD_FORMULAS
from .manifold import SYSTEMS as MANIFOLD_SYSTEMS
from .modes import FORMULAS as MODE_FORMULAS
from .modes import LATEX as MODE_LETTERS
from .modes import SYSTEMS as MODE_SYSTEMS
from .phases import FORMULAS as PHASE_FORMULAS
from .phases import LATEX as PHASE_LETTERS
from .riccati import FORMULAS as RICCATI_FORMULAS
from .riccati import LATEX as RICCATI_LETTERS
from .riccati import SYSTEMS as RICCATI_SYSTEMS
from .width import FORMULAS as WIDTH_FORMULAS
from .width import LATEX as WIDTH_LETTERS
from .width import SYSTEMS as WIDTH_SYSTEMS

FORMULAS = (
    *LAYER_FORMULAS,
    *MANIFOLD_FORMULAS,
    *RICCATI_FORMULAS,
    *MODE_FORMULAS,
    *WIDTH_FORMULAS,
    *PHASE_FORMULAS,
)
SYSTEMS = (*LAYER_SYSTEMS, *MANIFOLD_SYSTEMS, *RICCATI_SYSTEMS, *MODE_SYSTEMS, *WIDTH_SYSTEMS)
LATEX = (*LETTERS, *MODE_LETTERS, *PHASE_LETTERS, *RICCATI_LETTERS, *WIDTH_LETTERS, *LAYER_LETTERS)

"""Time-scales of learning in two-layer networks: what is true.

Source: R. Berthier, A. Montanari, K. Zhou, "Learning time-scales in two-layers neural networks", FoCM 2024. The correction at
finite width, balance laws, and the reduced equations of each phase were derived for this project.
"""

from .composite import FORMULAS as COMPOSITE_FORMULAS
from .composite import LATEX as COMPOSITE_LETTERS
from .entry import FORMULAS as ENTRY_FORMULAS
from .equations import FORMULAS as EXACT_FORMULAS
from .equations import SYSTEMS as EXACT_SYSTEMS
from .exponents import FORMULAS as EXPONENT_FORMULAS
from .exponents import LATEX as EXPONENT_LETTERS
from .failure import FORMULAS as FAILURE_FORMULAS
from .failure import LATEX as FAILURE_LETTERS
from .finite import FORMULAS as FINITE_FORMULAS
from .finite import LATEX as FINITE_LETTERS
from .finite import SYSTEMS as FINITE_SYSTEMS
from .inner import FORMULAS as INNER_FORMULAS
from .inner import LATEX as INNER_LETTERS
from .inner import SYSTEMS as INNER_SYSTEMS
from .law import FORMULAS as LAW_FORMULAS
from .law import LATEX as LAW_LETTERS
from .letters import LATEX as LETTERS
from .measure import FORMULAS as MEASURE_FORMULAS
from .measure import LATEX as MEASURE_LETTERS
from .mehler import FORMULAS as MEHLER_FORMULAS
from .mehler import LATEX as MEHLER_LETTERS
from .phases import FORMULAS as PHASE_FORMULAS
from .phases import LATEX as PHASE_LETTERS
from .phases import SYSTEMS as PHASE_SYSTEMS
from .theta import FORMULAS as THETA_FORMULAS
from .theta import LATEX as THETA_LETTERS
from .theta import SYSTEMS as THETA_SYSTEMS

FORMULAS = (
    *EXACT_FORMULAS,
    *EXPONENT_FORMULAS,
    *PHASE_FORMULAS,
    *THETA_FORMULAS,
    *ENTRY_FORMULAS,
    *INNER_FORMULAS,
    *LAW_FORMULAS,
    *MEHLER_FORMULAS,
    *MEASURE_FORMULAS,
    *FINITE_FORMULAS,
    *COMPOSITE_FORMULAS,
    *FAILURE_FORMULAS,
)
SYSTEMS = (*EXACT_SYSTEMS, *PHASE_SYSTEMS, *THETA_SYSTEMS, *INNER_SYSTEMS, *FINITE_SYSTEMS)
LATEX = (
    *LETTERS,
    *EXPONENT_LETTERS,
    *PHASE_LETTERS,
    *THETA_LETTERS,
    *INNER_LETTERS,
    *LAW_LETTERS,
    *MEHLER_LETTERS,
    *MEASURE_LETTERS,
    *FINITE_LETTERS,
    *COMPOSITE_LETTERS,
    *FAILURE_LETTERS,
)

__all__ = ["FORMULAS", "LATEX", "SYSTEMS"]

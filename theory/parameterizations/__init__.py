"""Width exponents and integrable parameterizations of deep networks: what is true.

Sources: K. Hajjar, L. Chizat, C. Giraud, "Training Integrable Parameterizations of Deep Neural Networks in the Infinite-Width
Limit", 2021; G. Yang, E. Hu, "Feature Learning in Infinite-Width Neural Networks", 2021. The closed exponents, the threshold
in depth and degree, rates for every degree and the escape times were derived for this project.
"""

from .chain import FORMULAS as CHAIN_FORMULAS
from .chain import SYSTEMS
from .exponents import FORMULAS as EXPONENT_FORMULAS
from .kernels import FORMULAS as KERNEL_FORMULAS
from .letters import LATEX

FORMULAS = (*EXPONENT_FORMULAS, *CHAIN_FORMULAS, *KERNEL_FORMULAS)

__all__ = ["FORMULAS", "LATEX", "SYSTEMS"]

"""What the exponents need to know of an activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import S

from .scalings import degree_of, exact


@dataclass(frozen=True)
class Activation:
    """What matters of an activation.

    Parameters
    ----------
    name : as in `ACTIVATIONS`, or free.
    p : degree of homogeneity (near zero, where the activation is smooth).
    aligned : homogeneous and nonnegative, so that products of activations have a mean.
    odd : so that its mean over a centred input vanishes.
    """

    name: str
    p: Any = S.One
    aligned: bool = True
    odd: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", degree_of(self.p))
        if self.aligned and self.odd:
            raise ValueError(f"odd: {self.name} is called aligned and odd; one of both is allowed")


ACTIVATIONS = {
    one.name: one
    for one in (
        Activation("relu"),
        Activation("relu2", S(2)),
        Activation("linear", aligned=False, odd=True),
        Activation("tanh", aligned=False, odd=True),
        Activation("erf", aligned=False, odd=True),
        Activation("gelu", aligned=False),
        Activation("elu", aligned=False),
    )
}


def activation_of(which: Any) -> Activation:
    """An activation, one by name, or the aligned one of a degree; ValueError for an unknown name."""
    if isinstance(which, Activation):
        return which
    if isinstance(which, str):
        if which not in ACTIVATIONS:
            raise ValueError(f"activation: {which!r}; allowed: {', '.join(ACTIVATIONS)}, a degree, or an Activation")
        return ACTIVATIONS[which]
    return Activation(f"relu^{which}", exact("p", which))

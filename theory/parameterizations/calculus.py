"""Exponents of everything in a network during its first steps: a max-plus recursion in exact numbers.

Every quantity has typical entries of size ``m^e``. A sum of ``m`` terms adds 1 to the exponent if its terms have a mean that
does not vanish (aligned, law of large numbers) and 1/2 if they are independent and centred (random, central limit). A sum of
quantities has the largest of their exponents, and the table remembers which. No cancellation is assumed: every exponent is an
upper bound, and `Exponent.sharp` says where equality is expected. The derivative of the loss by the output has exponent 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sympy import Max, expand, latex

from .activations import ACTIVATIONS, Activation, activation_of
from .scalings import Scaling, exact

__all__ = [
    "ACTIVATIONS", "CANCELS", "QUANTITIES", "Activation", "Exponent", "Table", "activation_of", "largest", "table",
]  # fmt: skip

QUANTITIES = {
    "h": "preactivation (of layer L + 1: the output)",
    "x": "activation",
    "dx": "derivative of the output by the activation",
    "dh": "derivative of the output by the preactivation",
    "g": "derivative of the output by the weight w",
    "Dh": "change of the preactivation since the start",
    "Dx": "change of the activation since the start",
    "vh": "part of the preactivation that differs between samples (with biases)",
    "vdh": "part of the derivative by it that differs between samples (with biases)",
    "sh": "part of the preactivation that differs between neurons (start that is not centred)",
    "sdh": "part of the derivative by it that differs between neurons (start that is not centred)",
}

SIGNS = {
    "h": "h", "x": "x", "dx": "dx", "dh": "dh", "g": "dw", "Dh": r"\Delta h", "Dx": r"\Delta x", "vh": r"\delta_s h",
    "vdh": r"\delta_s dh", "sh": r"\delta_n h", "sdh": r"\delta_n dh",
}  # fmt: skip

CANCELS = (None, "outputs", "samples")
"""Over what the derivatives of the loss sum to zero at the start: nothing, the outputs (softmax), the samples (balanced)."""


@dataclass(frozen=True)
class Exponent:
    """One entry of the table.

    Parameters
    ----------
    quantity, layer, step : what, where (``L + 1`` is the output), after how many updates.
    value : exponent.
    wins : the term that gives it, in words.
    terms : all terms with their exponents.
    sharp : whether equality is expected for generic data, not only an upper bound.
    """

    quantity: str
    layer: int
    step: int
    value: Any
    wins: str
    terms: tuple[tuple[str, Any], ...]
    sharp: bool = True


@dataclass(frozen=True)
class Table:
    """Exponents of a network, step by step.

    Parameters
    ----------
    scaling, activation : of the network.
    centred : whether the weights start with mean zero; otherwise those of layers 2 to ``L + 1`` have a mean of their size.
    cancels : over what the derivatives of the loss sum to zero at the start, see `CANCELS`.
    entries : in the order in which they were found.
    """

    scaling: Scaling
    activation: Activation
    centred: bool
    cancels: str | None
    entries: tuple[Exponent, ...]

    def entry(self, quantity: str, layer: int, step: int = 0) -> Exponent:
        """One entry; ValueError if there is none."""
        for one in self.entries:
            if (one.quantity, one.layer, one.step) == (quantity, layer, step):
                return one
        raise ValueError(f"quantity: no {quantity!r} of layer {layer} after {step} steps in this table")

    def value(self, quantity: str, layer: int, step: int = 0) -> Any:
        """The exponent of one entry."""
        return self.entry(quantity, layer, step).value

    def rows(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows in words, for a terminal."""
        header = ["quantity", "layer", "step", "exponent", "because", "kind"]
        return header, [
            [e.quantity, str(e.layer), str(e.step), str(e.value), e.wins, "sharp" if e.sharp else "bound"]
            for e in self.entries
        ]

    def _repr_latex_(self) -> str:
        return self.latex()

    def latex(self) -> str:
        """The table as a LaTeX ``tabular``."""
        lines = [
            rf"${SIGNS[e.quantity]}^{{{e.layer}}}({e.step})$ & ${latex(e.value)}$ & {_words(e.wins)} & "
            rf"{'sharp' if e.sharp else 'bound'} \\"
            for e in self.entries
        ]
        head = r"quantity & exponent & because & kind \\ \hline"
        return "\n".join([r"\begin{tabular}{llll}", head, *lines, r"\end{tabular}"])


def _words(text: str) -> str:
    """Words of a trace as LaTeX."""
    return text.replace("W(0)", "$W(0)$").replace("x(0)", "$x(0)$")


def largest(terms: Iterable[tuple[str, Any]]) -> tuple[str, Any]:
    """The first of the largest terms; where symbols leave the order open, all candidates and their maximum."""
    best: list[tuple[str, Any]] = []
    for words, value in ((words, expand(value)) for words, value in terms):
        gaps = [expand(value - other) for _, other in best]
        if any(gap.is_nonpositive for gap in gaps):
            continue
        best = [one for one, gap in zip(best, gaps) if not gap.is_nonnegative] + [(words, value)]
    if not best:
        raise ValueError("terms: none given")
    return " or ".join(words for words, _ in best), Max(*(value for _, value in best))


def table(
    scaling: Scaling,
    activation: Any = "relu",
    steps: int = 2,
    centred: bool = True,
    cancels: str | None = None,
    chi: Any = 1,
) -> Table:
    """Exponents at the start and after each of the first steps.

    Parameters
    ----------
    scaling : exponents of the layers; numbers or real symbols; with rates of biases, biases start with size one.
    activation : a name of `ACTIVATIONS`, an `Activation`, or the degree ``p`` of an aligned one: a number or an expression
        (write ``1 + q`` with a nonnegative symbol ``q`` for every degree from one on).
    steps : number of updates.
    centred : whether the initial weights have mean zero.
    cancels : over what the derivatives of the loss sum to zero at the start: None, ``"outputs"`` (softmax; matters where the
        start is not centred) or ``"samples"`` (balanced labels; matters with biases).
    chi : derivative of the loss by the output at the start; all exponents of changes assume that it does not vanish.

    Returns
    -------
    Table

    Raises
    ------
    ValueError : bad argument; ``chi`` is zero, so that nothing moves and no exponent exists.

    Notes
    -----
    Where symbols leave open which of two terms is larger, the exponent is their ``Max``.
    """
    from .recursion import Recursion

    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise ValueError(f"steps: {steps!r}; a whole number from 0 on is needed")
    if cancels not in CANCELS:
        raise ValueError(f"cancels: {cancels!r}; allowed: None, 'outputs', 'samples'")
    if steps and exact("chi", chi) == 0:
        raise ValueError("chi: 0; the loss has no slope at the start, nothing moves and no exponent of a change exists")
    work = Recursion(scaling, activation_of(activation), centred, cancels)
    for t in range(steps + 1):
        work.forward(t)
        work.backward(t)
    return Table(scaling, work.phi, centred, cancels, tuple(work.found.values()))

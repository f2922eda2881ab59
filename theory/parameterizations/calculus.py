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

from sympy import Max, S, expand

from .scalings import HALF, Scaling, degree_of, exact

QUANTITIES = ("h", "x", "dx", "dh", "g", "Dh", "Dx")
"""Preactivation, activation, derivatives of the output by both, gradient by ``w``, and changes of ``h`` and ``x`` since the
start. Layer ``L + 1`` of ``h`` is the output."""


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
    entries : in the order in which they were found.
    """

    scaling: Scaling
    activation: Activation
    centred: bool
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


class _Pass:
    """The recursion: entries by (quantity, layer, step), filled forward and backward at each step."""

    def __init__(self, scaling: Scaling, activation: Activation, centred: bool) -> None:
        self.scaling, self.phi, self.centred = scaling, activation, centred
        self.found: dict[tuple[str, int, int], Exponent] = {}

    def get(self, quantity: str, layer: int, step: int) -> Any:
        return self.found[quantity, layer, step].value

    def put(self, quantity: str, layer: int, step: int, *terms: tuple[str, Any]) -> None:
        wins, value = largest(terms)
        kept = tuple((words, expand(e)) for words, e in terms)
        sharp = self.phi.aligned or step <= 1
        self.found[quantity, layer, step] = Exponent(quantity, layer, step, value, wins, kept, sharp)

    def initial(self, layer: int, forward: bool) -> tuple[str, Any]:
        """Kind and exponent of a sum over the initial weights of a layer."""
        mean = not self.centred and layer > 1 and not (forward and layer == 2 and self.phi.odd)
        return ("mean", S.One) if mean else ("random", HALF)

    def overlap(self, l: int, s: int, t: int) -> tuple[str, Any]:
        """Kind and exponent of the product of the inputs of layer ``l`` after ``s`` and after ``t`` steps."""
        if l == 1:
            return "input", S.Zero
        old, new = self.get("x", l - 1, s), self.get("x", l - 1, t)
        if self.phi.aligned or s > 0 or t == 0:
            return "aligned", 1 + old + new
        # a change of the activations is driven by the backward signal, which is independent of the start
        return largest((("aligned with itself", 1 + 2 * old), ("random", HALF + old + self.get("Dx", l - 1, t))))

    def echo(self, l: int, s: int, t: int) -> tuple[str, Any]:
        """Kind and exponent of the product of the signals of layer ``l`` after ``s`` and after ``t`` steps."""
        if l == self.scaling.L + 1:
            return "output", S.Zero
        old, new = self.get("dh", l, s), self.get("dh", l, t)
        if self.phi.aligned or s > 0 or t == 0:
            return "aligned", 1 + old + new
        # new parts of the signal are made of activations of the start, which are independent of the signal of the start
        return largest((("aligned with itself", 1 + 2 * old), ("random", HALF + old + new)))

    def forward(self, t: int) -> None:
        A, L, p = self.scaling.A, self.scaling.L, self.phi.p
        for l in range(1, L + 2):
            kind, size = self.initial(l, forward=True)
            if t == 0:
                start = -A[0] if l == 1 else -A[l - 1] + size + self.get("x", l - 1, 0)
                self.put("h", l, 0, ("input" if l == 1 else f"W(0) x(0), {kind} sum", start))
            else:
                self.change(l, t)
                self.put("h", l, t, ("start", self.get("h", l, 0)), ("change", self.get("Dh", l, t)))
            if l <= L:
                self.put("x", l, t, ("activation", p * self.get("h", l, t)))
                if t:
                    slope = (p - 1) * self.get("h", l, t)
                    self.put("Dx", l, t, ("slope times change", slope + self.get("Dh", l, t)))

    def change(self, l: int, t: int) -> None:
        """Change of ``h`` since the start: every update, and the initial weights on the change of their input."""
        A, L = self.scaling.A, self.scaling.L
        terms = []
        for s in range(t):
            kind, size = self.overlap(l, s, t)
            signal = S.Zero if l == L + 1 else self.get("dh", l, s)
            terms.append((f"update of step {s + 1}, {kind} sum", -self.scaling.K(s)[l - 1] + signal + size))
        if l > 1:
            # the signal into the last activations is made of the output weights, so their product has a mean
            kind, size = ("aligned", S.One) if l == L + 1 else self.initial(l, forward=False)
            terms.append((f"W(0) on the change of x, {kind} sum", -A[l - 1] + size + self.get("Dx", l - 1, t)))
        self.put("Dh", l, t, *terms)

    def backward(self, t: int) -> None:
        A, L, p = self.scaling.A, self.scaling.L, self.phi.p
        for l in range(L, 0, -1):
            above = l + 1
            signal = S.Zero if above == L + 1 else self.get("dh", above, t)
            kind, size = ("output", S.Zero) if above == L + 1 else self.initial(above, forward=False)
            terms = [(f"W(0) of layer {above}, {kind} sum", -A[l] + size + signal)]
            for s in range(t):
                base = -self.scaling.K(s)[l] + self.get("x", l, s)
                kind, pair = self.echo(above, s, t)
                terms.append((f"update of step {s + 1} of layer {above}, {kind} sum", base + pair))
            self.put("dx", l, t, *terms)
            self.put("dh", l, t, ("slope times dx", self.get("dx", l, t) + (p - 1) * self.get("h", l, t)))
        for l in range(1, L + 2):
            signal = S.Zero if l == L + 1 else self.get("dh", l, t)
            source = S.Zero if l == 1 else self.get("x", l - 1, t)
            self.put("g", l, t, ("signal times input", -self.scaling.a[l - 1] + signal + source))


def table(scaling: Scaling, activation: Any = "relu", steps: int = 2, centred: bool = True) -> Table:
    """Exponents at the start and after each of the first steps.

    Parameters
    ----------
    scaling : exponents of the layers.
    activation : a name of `ACTIVATIONS`, an `Activation`, or the degree ``p`` of an aligned one: a number or an expression
        (write ``1 + q`` with a nonnegative symbol ``q`` for every degree from one on).
    steps : number of updates.
    centred : whether the initial weights have mean zero.

    Returns
    -------
    Table

    Raises
    ------
    ValueError : bad argument.

    Notes
    -----
    Where symbols leave open which of two terms is larger, the exponent is their ``Max``.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise ValueError(f"steps: {steps!r}; a whole number from 0 on is needed")
    work = _Pass(scaling, activation_of(activation), centred)
    for t in range(steps + 1):
        work.forward(t)
        work.backward(t)
    return Table(scaling, work.phi, centred, tuple(work.found.values()))

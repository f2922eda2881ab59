"""The recursion behind `calculus.table`: entries by (quantity, layer, step), filled forward and backward at each step."""

from __future__ import annotations

from typing import Any

from sympy import S, expand

from .activations import Activation
from .calculus import Exponent, largest
from .scalings import HALF, Scaling

Term = tuple[str, Any]
"""Words and exponent."""


class Recursion:
    """Exponents found so far."""

    def __init__(self, scaling: Scaling, activation: Activation, centred: bool, cancels: str | None) -> None:
        self.scaling, self.phi, self.centred, self.cancels = scaling, activation, centred, cancels
        self.biases = scaling.bias is not None
        # with biases the activations share a part of size one, so their products have a mean
        self.aligned = activation.aligned or self.biases
        self.found: dict[tuple[str, int, int], Exponent] = {}

    def get(self, quantity: str, layer: int, step: int) -> Any:
        return self.found[quantity, layer, step].value

    def put(self, quantity: str, layer: int, step: int, *terms: Term) -> None:
        wins, value = largest(terms)
        kept = tuple((words, expand(e)) for words, e in terms)
        sharp = self.phi.aligned or step <= 1
        self.found[quantity, layer, step] = Exponent(quantity, layer, step, value, wins, kept, sharp)

    def initial(self, layer: int, step: int, forward: bool) -> Term:
        """Kind and exponent of a sum over the initial weights of a layer."""
        mean = not self.centred and layer > 1 and not (forward and layer == 2 and self.phi.odd)
        if mean and not forward and step == 0 and self.cancels == "outputs" and layer == self.scaling.L:
            # the output weights differ from their common mean only by centred parts, which is all that is left
            return "random", HALF
        return ("mean", S.One) if mean else ("random", HALF)

    def overlap(self, l: int, s: int, t: int) -> Term:
        """Kind and exponent of the product of the inputs of layer ``l`` after ``s`` and after ``t`` steps."""
        if l == 1:
            return "input", S.Zero
        old, new = self.get("x", l - 1, s), self.get("x", l - 1, t)
        if self.aligned or s > 0 or t == 0:
            return "aligned", 1 + old + new
        # a change of the activations is driven by the backward signal, which is independent of the start
        return largest((("aligned with itself", 1 + 2 * old), ("random", HALF + old + self.get("Dx", l - 1, t))))

    def echo(self, l: int, s: int, t: int) -> Term:
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
            kind, size = self.initial(l, t, forward=True)
            if t == 0:
                start = -A[0] if l == 1 else -A[l - 1] + size + self.get("x", l - 1, 0)
                words = "input" if l == 1 else f"W(0) x(0), {kind} sum"
                self.put("h", l, 0, (words, start), *([("bias", S.Zero)] if self.biases else []))
                self.parts(l)
            else:
                self.change(l, t)
                self.put("h", l, t, ("start", self.get("h", l, 0)), ("change", self.get("Dh", l, t)))
            if l <= L:
                self.put("x", l, t, ("activation", p * self.get("h", l, t)))
                if t:
                    slope = (p - 1) * self.get("h", l, t)
                    self.put("Dx", l, t, ("slope times change", slope + self.get("Dh", l, t)))

    def parts(self, l: int) -> None:
        """At the start: what differs between samples (with biases), and between neurons (not centred)."""
        A = -self.scaling.A[l - 1]
        if self.biases:
            _, size = self.initial(l, 0, forward=True)
            self.put("vh", l, 0, ("input", A) if l == 1 else ("W(0) on what differs", A + size + self.differs(l - 1)))
        if not self.centred and l <= self.scaling.L:
            fresh = ("input", A) if l == 1 else ("random part of W(0)", A + HALF + self.get("x", l - 1, 0))
            self.put("sh", l, 0, fresh)

    def differs(self, l: int) -> Any:
        """Exponent of the part of the activations at the start that differs between samples."""
        return (self.phi.p - 1) * self.get("h", l, 0) + self.get("vh", l, 0)

    def change(self, l: int, t: int) -> None:
        """Change of ``h`` since the start: every update, and the initial weights on the change of their input."""
        A, L = self.scaling.A, self.scaling.L
        terms: list[Term] = []
        for s in range(t):
            terms += self.update(l, s, t)
        if l > 1:
            # the signal into the last activations is made of the output weights, so their product has a mean
            kind, size = ("aligned", S.One) if l == L + 1 else self.initial(l, t, forward=False)
            terms.append((f"W(0) on the change of x, {kind} sum", -A[l - 1] + size + self.get("Dx", l - 1, t)))
        self.put("Dh", l, t, *terms)

    def update(self, l: int, s: int, t: int) -> list[Term]:
        """Parts of the update of step ``s + 1`` in ``h``, on the inputs after ``t`` steps."""
        last = self.scaling.L + 1
        signal = S.Zero if l == last else self.get("dh", l, s)
        kind, size = self.overlap(l, s, t)
        rate, words = -self.scaling.K(s)[l - 1], f"update of step {s + 1}"
        balanced = self.biases and s == 0 and self.cancels == "samples"
        if not balanced:
            terms = [(f"{words}, {kind} sum", rate + signal + size)]
            return [*terms, (f"{words} of the bias", signal - self.scaling.B(s)[l - 1])] if self.biases else terms
        # the update summed over samples is zero unless its input or its signal differs between them
        if l == 1:
            differ = [("", size + signal)]
        else:
            old, new = self.differs(l - 1), self.get("x", l - 1, t)
            differ = [(", what differs in its input with itself", signal + 1 + 2 * old),
                      (", what differs in its input, random sum", signal + HALF + old + new)]  # fmt: skip
        if l < last:
            own = self.get("vdh", l, s)
            differ.append((", what differs in its signal", own + size))
            differ.append((" of the bias, what differs in its signal", own - self.scaling.B(s)[l - 1] - rate))
        return [(words + more, rate + value) for more, value in differ]

    def backward(self, t: int) -> None:
        A, L, p = self.scaling.A, self.scaling.L, self.phi.p
        for l in range(L, 0, -1):
            above = l + 1
            signal = S.Zero if above == L + 1 else self.get("dh", above, t)
            kind, size = ("output", S.Zero) if above == L + 1 else self.initial(above, t, forward=False)
            terms = [(f"W(0) of layer {above}, {kind} sum", -A[l] + size + signal)]
            for s in range(t):
                kind, size = self.echo(above, s, t)
                rate = self.scaling.K(s)[l]
                terms.append((f"update of step {s + 1}, {kind} sum", -rate + self.get("x", l, s) + size))
            self.put("dx", l, t, *terms)
            why = self.found["dx", l, t].wins
            self.put("dh", l, t, (f"slope times dx: {why}", self.get("dx", l, t) + (p - 1) * self.get("h", l, t)))
            if t == 0:
                self.signal_parts(l)
        for l in range(1, L + 2):
            signal = S.Zero if l == L + 1 else self.get("dh", l, t)
            source = S.Zero if l == 1 else self.get("x", l - 1, t)
            self.put("g", l, t, ("signal times input", -self.scaling.a[l - 1] + signal + source))

    def signal_parts(self, l: int) -> None:
        """At the start: what differs in the signal between samples (with biases), and between neurons (not centred)."""
        A, L, p = self.scaling.A, self.scaling.L, self.phi.p
        h = self.get("h", l, 0)
        # how the slope of the activation bends: homogeneous; smooth and odd (no second derivative at zero); smooth
        slope, bend = (p - 1) * h, (p - 2) * h if self.phi.aligned else h if self.phi.odd else S.Zero
        bent = self.get("dx", l, 0) + bend
        if self.biases:
            terms = [("slope", bent + self.get("vh", l, 0))]
            if l < L:
                _, size = self.initial(l + 1, 0, forward=False)
                terms.append(("W(0) on what differs", -A[l] + size + self.get("vdh", l + 1, 0) + slope))
            self.put("vdh", l, 0, *terms)
        if not self.centred:
            fresh = -A[l] + slope + (S.Zero if l == L else HALF + self.get("dh", l + 1, 0))
            self.put("sdh", l, 0, ("slope", bent + self.get("sh", l, 0)), ("random part of W(0)", fresh))

"""Why the neurons of the mean field are atoms of a transported measure."""

from __future__ import annotations

from typing import Any

from sympy import Sum

from ...theory.indices import put
from ...theory.time_scales.equations import degrees, mean
from ...theory.time_scales.letters import M, a, e, eps, i, j, k, m, phi, s, sigma
from ...theory.time_scales.measure import TEST, at_neuron, overlap, weight
from ..chain import Book, Derivation, Identity, Rate, Step
from ..check_system import flat
from .equations import at, flattened, rate, value


def velocity(book: Book, id: str, item: Any) -> Identity:
    """The field at a neuron, with the moments of all neurons, against the rate of that neuron."""
    one = book.formula(f"time-scales.velocity-{id}")
    moments = ((M[k], mean(a[i] * s[i] ** k)),)
    field = flat(at_neuron(one.statement.args[1]), ((e[k], one.let[0][1]),))
    return Identity(at(put(field, moments)), rate(book, "time-scales.mean-field", item))


def by_kernels(book: Book, id: str) -> Identity:
    """The field through the kernels ``V`` and ``U``, the measure being that of the neurons."""
    one = book.formula(f"time-scales.velocity-{id}")
    field = put(flat(one.statement.args[1], one.let), ((M[k], Sum(a[j] * s[j] ** k, (j, 0, m - 1)) / m),))
    if id == "weight":
        target = degrees(sigma[k] * phi[k] * overlap**k)
        others = mean(a[i] * degrees(sigma[k] ** 2 * (overlap * s[i]) ** k))
        return Identity(field, (target - others) / eps)
    target = degrees(k * sigma[k] * phi[k] * overlap ** (k - 1), 1)
    others = mean(a[i] * s[i] * degrees(k * sigma[k] ** 2 * (overlap * s[i]) ** (k - 1), 1))
    return Identity(field, weight * (1 - overlap**2) * (target - others))


DERIVATIONS = (
    *(
        Derivation(
            f"time-scales.velocity-{id}",
            (
                Step(
                    "at the place of a neuron it is the rate of that neuron",
                    lambda book, id=id, x=item: velocity(book, id, x),
                ),
                Step("through the kernels $V$ and $U$", lambda book, id=id: by_kernels(book, id)),
            ),
        )
        for id, item in (("weight", a[i]), ("overlap", s[i]))
    ),
    Derivation(
        "time-scales.transport",
        (
            Step(
                "rate of the mean of $e^{pa+qs}$ along the mean field, any number of neurons",
                lambda book: Rate(flattened(book), mean(TEST), value(book, "time-scales.transport")),
            ),
        ),
    ),
)

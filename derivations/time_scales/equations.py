"""Why the equations of the order parameters, the mean field and its correction are true."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from sympy import Integer, S, Sum, Symbol, sqrt, symbols

from ...theory.flow import along, gradient_flow
from ...theory.indices import apart, put
from ...theory.sums import OrderParameters, order_parameters
from ...theory.system import System
from ...theory.time_scales.equations import OBSERVED, PULL, PUSH
from ...theory.time_scales.letters import MEANING, OURS, a, eps, i, j, m, r, rest, s, t
from ..chain import Book, Bound, Derivation, Identity, Rate, Step
from ..check_system import flat
from .network import COORDINATES, at_two, network, risk_of_all, risk_of_two, u, unit

target = Symbol("u_star")
NEURON, PAIR = {i: Integer(0)}, {i: Integer(0), j: Integer(1)}
SLOTS = {a[i]: NEURON, s[i]: NEURON, r[i, j]: PAIR}
"""Equations of a family are checked at its first members: neurons are exchangeable."""


def at(expression: Any, where: Any = NEURON) -> Any:
    """An expression at given neurons; bound indices are renamed apart first."""
    return apart(expression, {str(index) for index in where}).xreplace(where)


def rate(book: Book, id: str, item: Any) -> Any:
    """Rate of a family at its first member, definitions put in."""
    system = book.system(id)
    return at(flat(system.rate(item), system.let), SLOTS[item])


def value(book: Book, id: str) -> Any:
    """Right-hand side of a formula with its families put in."""
    one = book.formula(id)
    return flat(one.statement.args[1], one.let)


@cache
def derived(risk: Any) -> Any:
    """Equations of the order parameters by the calculus of inner products."""
    table = (((u[i], target), s[i]), ((u[i], u[j]), r[i, j]), ((target, target), S.One))
    found = order_parameters(risk, ((a[i], m / eps),), ((u[i], m),), table)
    if not isinstance(found, OrderParameters):
        raise ValueError(str(found))
    return dict(found.equations)


def closed(book: Book, item: Any) -> Identity:
    """Derived equations against those of the book."""
    equations = derived(value(book, "time-scales.risk"))
    # r is symmetric: both sides spell it by the smaller index first
    ordered = {r[1, 0]: r[0, 1]}
    left = at(equations[item], SLOTS[item]).xreplace(ordered)
    return Identity(left, rate(book, "time-scales.order-parameters", item).xreplace(ordered))


def moved(book: Book, item: Any) -> Rate:
    """Equations against the flow of the weights in coordinates."""
    claimed = put(rate(book, "time-scales.order-parameters", item), COORDINATES)
    return Rate(network(book.formula("time-scales.risk")), at(put(item, COORDINATES), SLOTS[item]), claimed)


def limit(book: Book, id: str, item: Any, overlaps: Any) -> Identity:
    """Equations with overlaps put in against a reduced system."""
    return Identity(overlaps_in(book, item, overlaps), rate(book, id, item))


def overlaps_in(book: Book, item: Any, overlaps: Any) -> Any:
    system = book.system("time-scales.order-parameters")
    return at(overlaps(flat(system.rate(item), system.let)), SLOTS[item])


def products(expression: Any) -> Any:
    """Overlaps of neurons in infinite dimension, the own overlap (with what is above degree ``K``) dropped."""
    return put(expression, ((r[i, j], s[i] * s[j]),)).xreplace({rest: S.Zero})


def descends(book: Book, id: str, risk: str, item: Any) -> Identity:
    """A system against the gradient flow of its risk."""
    one = book.formula(risk)
    found = gradient_flow(
        id, one.statement.args[1], (a[i], s[i]), let=one.let, mobility=((a[i], m / eps), (s[i], m * (1 - s[i] ** 2))),
        time=t, source=OURS, title="gradient flow", meaning=tuple(MEANING.items()),
    )  # fmt: skip
    return Identity(at(flat(found.rate(item), found.let)), rate(book, id, item))


def repels(book: Book) -> Identity:
    """Change of ``r_01 - s_0 s_1`` where it vanishes."""
    system = book.system("time-scales.order-parameters")
    change = flat(along(r[0, 1] - s[0] * s[1], system), system.let)
    return Identity(unit(change), value(book, "time-scales.off-manifold"), assuming=(m >= 2,))


def flattened(book: Book) -> System:
    """The mean field with its moments put in."""
    system = book.system("time-scales.mean-field")
    return replace(system, equations=tuple((x, flat(rate, system.let)) for x, rate in system.equations), let=())


def falls(book: Book) -> Bound:
    """Share of a neuron in the rate of the risk: what drives it is any number, its overlap any between -1 and 1."""
    push, pull, weight, w = symbols("push pull x w", real=True)
    rate = book.formula("time-scales.dissipation").statement.args[1]
    share = rate.replace(lambda x: isinstance(x, Sum) and x.limits[0][0] == i, lambda x: x.function)
    share = share.xreplace({PUSH: push, PULL: pull}).xreplace({a[i]: weight, s[i]: w / sqrt(1 + w**2)})
    return Bound(share, 0, terms=(push**2 / (eps * m), weight**2 * pull**2 / (m * (1 + w**2))))


def balance(id: str, of: Any, *more: Step) -> Derivation:
    return Derivation(
        f"time-scales.{id}",
        (
            *more,
            Step(
                "rate along the mean field, by the chain rule through the moments",
                lambda book: Rate(flattened(book), of(book), value(book, f"time-scales.{id}")),
            ),
        ),
    )  # fmt: skip


def per_item(claim: str, make: Any, items: tuple[Any, ...]) -> tuple[Step, ...]:
    """One step for each family of a system."""
    return tuple(Step(f"{claim}: ${item.base}$", lambda book, item=item: make(book, item)) for item in items)


DERIVATIONS = (
    Derivation(
        "time-scales.risk",
        (
            Step(
                "from the correlations of Hermite polynomials, all degrees and any width",
                lambda book: risk_of_all(
                    book.formula("time-scales.risk"), book.formula("time-scales.hermite-correlation")
                ),
            ),
            Step(
                "mean of the squared error of two neurons, by Gaussian moments of the network itself",
                lambda book, degree: Identity(risk_of_two(degree), at_two(book.formula("time-scales.risk"), degree)),
                cases=(1, 2, 3),
                scope="m = 2, K = 1, 2, 3",
            ),
        ),
    ),
    Derivation(
        "time-scales.order-parameters",
        (
            *per_item("from the risk, by the calculus of inner products", closed, (a[i], s[i], r[i, j])),
            *per_item("along the flow of the weights in coordinates", moved, (a[i], s[i], r[i, j])),
        ),
    ),
    Derivation(
        "time-scales.mean-field-risk",
        (
            Step(
                "the risk with products of overlaps",
                lambda book: Identity(
                    products(value(book, "time-scales.risk")), value(book, "time-scales.mean-field-risk")
                ),
            ),
        ),
    ),
    Derivation(
        "time-scales.diagonal-risk",
        (
            Step(
                "the risk with products of overlaps and $r_{ii}=1$",
                lambda book: Identity(unit(value(book, "time-scales.risk")), value(book, "time-scales.diagonal-risk")),
            ),
        ),
    ),
    Derivation(
        "time-scales.mean-field",
        (
            *per_item(
                "the exact equations with products of overlaps",
                lambda book, item: limit(book, "time-scales.mean-field", item, products),
                (a[i], s[i]),
            ),
            *per_item(
                "it is the gradient flow of its own risk",
                lambda book, item: descends(book, "time-scales.mean-field", "time-scales.mean-field-risk", item),
                (a[i], s[i]),
            ),
        ),
    ),
    Derivation(
        "time-scales.diagonal",
        (
            *per_item(
                "the exact equations with products of overlaps and $r_{ii}=1$",
                lambda book, item: limit(book, "time-scales.diagonal", item, unit),
                (a[i], s[i]),
            ),
            *per_item(
                "it is the gradient flow of its own risk",
                lambda book, item: descends(book, "time-scales.diagonal", "time-scales.diagonal-risk", item),
                (a[i], s[i]),
            ),
        ),
    ),
    Derivation("time-scales.off-manifold", (Step("rate of $r_{01}-s_0s_1$ where it vanishes and $r_{ii}=1$", repels),)),
    balance(
        "dissipation",
        lambda book: value(book, "time-scales.mean-field-risk"),
        Step("the share of every neuron is minus a sum of squares", falls),
    ),
    balance("second-layer-balance", lambda book: OBSERVED["second-layer-balance"]),
    balance("first-layer-balance", lambda book: OBSERVED["first-layer-balance"]),
)

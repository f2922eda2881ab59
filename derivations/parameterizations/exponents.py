"""Why the closed exponents are true: the recursion itself for concrete depths, geometric sums for every depth."""

from __future__ import annotations

from typing import Any

from sympy import Integer, Rational, S, Sum, Symbol, log, powsimp

from ...theory.parameterizations.calculus import Table, table
from ...theory.parameterizations.letters import (
    A_out,
    K_first,
    K_inner,
    K_out,
    L,
    W,
    a,
    c,
    eta,
    g,
    l,
    m,
    n,
    p,
    rate,
    w,
)
from ...theory.parameterizations.regimes import trivial_depth
from ...theory.parameterizations.scalings import PROFILES, Scaling, named, spread
from ..chain import Book, Derivation, Identity, Step

half = Rational(1, 2)
q = Symbol("q", nonnegative=True)
FIRST, BETWEEN, LAST = range(3)


def A(name: str, place: int) -> Any:
    """Exponent of the effective start: first layer, in between, last."""
    a_, b_, _ = PROFILES[name]
    return a_[place] + b_[place]


def K(name: str, place: int) -> Any:
    """Exponent of the effective rate."""
    a_, _, c_ = PROFILES[name]
    return 2 * a_[place] + c_[place]


def value(book: Book, id: str, **at: Any) -> Any:
    """Right-hand side of a formula, with layer, depth or degree put in."""
    named_ = {"layer": l, "depth": L, "degree": p}
    return book.formula(f"parameterizations.{id}").value.subs([(named_[key], one) for key, one in at.items()])


def geometric(expression: Any) -> Any:
    """Sums of powers in closed form, for ``p`` other than one (both sides are polynomials in ``p``, so one is no exception)."""

    def closed(node: Any) -> Any:
        (index, first, last), *_ = node.limits
        ratio = powsimp(node.function.subs(index, index + 1) / node.function).simplify()
        start, count = node.function.subs(index, first), last - first + 1
        if ratio.has(index):
            return node
        return start * count if ratio == 1 else start * (1 - ratio**count) / (1 - ratio)

    return expression.replace(lambda node: isinstance(node, Sum), closed)


def always(left: Any, right: Any) -> Identity:
    """An identity for every depth and layer."""
    return Identity(geometric(left), geometric(right))


def at_start(depth: int) -> Table:
    """The recursion for an integrable parameterization and every degree."""
    return table(named("ip", depth), p, steps=0)


def first_step(depth: int, degree: Any) -> Table:
    return table(named("ip", depth), degree, steps=1)


DEPTHS = (1, 2, 3, 4, 5)
LAYERS = tuple((depth, layer) for depth in (1, 2, 4) for layer in range(1, depth + 1))
ONE_STEP = ((2, S.One), (2, Rational(3, 2)), (2, S(2)), (3, 1 + q), (4, 1 + q))


def forward(book: Book, layer: Any) -> Any:
    return value(book, "ip-forward", layer=layer)


def backward(book: Book, layer: Any) -> Any:
    return value(book, "ip-backward", layer=layer)


def relative(book: Book, case: tuple[int, Any]) -> Identity:
    """First changes of the deepest hidden layer over its size."""
    depth, degree = case
    found = first_step(depth, degree)
    left = found.value("Dh", depth, 1) - found.value("h", depth, 0)
    return Identity(left, value(book, "ip-relative-update", depth=depth).doit().subs(p, degree))


def moved_output(book: Book, case: tuple[int, Any]) -> Identity:
    depth, degree = case
    found = first_step(depth, degree).value("Dh", depth + 1, 1)
    return Identity(found, value(book, "ip-output-update", depth=depth).doit().subs(p, degree))


SPEEDS = (
    (2, half, S.One, S.One, S.Zero),
    (2, S.One, S.One, S.NegativeOne, S.Zero),
    (3, half, S.One, S.One, S.One),
    (3, S.One, S.One, S.Zero, Rational(1, 4)),
    (3, Rational(3, 4), S.One, Rational(-1, 2), S.One),
    (2, S.One, S(2), Rational(1, 3), S.One),
    (2, S(2), Rational(3, 2), S.NegativeOne, S.Zero),
)
"""``(L, A of the output, K of the output, of the first layer, of those in between)``, all with stable starts."""


def moved_features(book: Book, case: tuple[Any, ...]) -> Identity:
    depth, last, out, first, inner = case
    start = spread((S.Zero, half, last), depth)
    scaling = Scaling("stable", (0,) * (depth + 1), start, spread((first, inner, out), depth))
    claimed = book.formula("parameterizations.feature-speed").value
    numbers = {A_out: last, K_out: out, K_first: first, K_inner: inner}
    return Identity(table(scaling, steps=2).value("Dx", depth, 2), -claimed.subs(numbers))


def derivation(id: str, *steps: Step) -> Derivation:
    return Derivation(f"parameterizations.{id}", steps)


DERIVATIONS = (
    derivation(
        "effective-step",
        Step(
            "one step of $w$, multiplied by $m^{-a}$; the derivative by $w$ is $m^{-a}$ times that by $W$",
            lambda book: Identity(
                m**-a * (w - eta * m**-c * (m**-a * g)), value(book, "effective-step").subs(W, m**-a * w)
            ),
        ),
        Step(
            "unchanged by $a\\to a+t$, $c\\to c-2t$ with one $t$ for the layer",
            lambda book: Identity(
                value(book, "effective-step").subs([(c, c - 2 * q), (a, a + q)]), value(book, "effective-step")
            ),
        ),
    ),
    derivation(
        "ip-forward",
        Step(
            "the recursion with four hidden layers",
            lambda book, layer: Identity(at_start(4).value("h", layer), forward(book, layer).doit()),
            cases=(1, 2, 3, 4),
            scope="L = 4",
        ),
        Step(
            "from one layer to the next, random sum",
            lambda book: always(-A("ip", BETWEEN) + half + p * forward(book, l - 1), forward(book, l)),
        ),
        Step("the first layer has size one", lambda book: Identity(forward(book, 1).doit(), -A("ip", FIRST))),
    ),
    derivation(
        "ip-backward",
        Step(
            "the recursion layer by layer",
            lambda book, case: Identity(
                at_start(case[0]).value("dh", case[1]),
                value(book, "ip-backward", depth=case[0], layer=case[1]).doit(),
            ),
            cases=LAYERS,
            scope="L = 1, 2, 4",
        ),
        Step(
            "from one layer to the one below, random sum and the slope of the activation",
            lambda book: always(
                -A("ip", BETWEEN) + half + backward(book, l + 1) + (p - 1) * forward(book, l), backward(book, l)
            ),
        ),
        Step(
            "the last hidden layer sees the output weights",
            lambda book: always(-A("ip", LAST) + (p - 1) * forward(book, L), backward(book, L)),
        ),
    ),
    derivation(
        "ip-output",
        Step(
            "the recursion with 1 to 5 hidden layers",
            lambda book, depth: Identity(
                at_start(depth).value("h", depth + 1), value(book, "ip-output", depth=depth).doit()
            ),
            cases=DEPTHS,
            scope="L = 1..5",
        ),
        Step(
            "one more layer with the exponent of those in between",
            lambda book: always(-A("ip", LAST) + half + p * forward(book, L), value(book, "ip-output")),
        ),
    ),
    derivation(
        "ip-relative-update",
        Step(
            "the recursion of one step, deepest hidden layer: the largest of all its terms",
            relative,
            cases=ONE_STEP,
            scope="L = 2 with p = 1, 3/2, 2; L = 3, 4 with every p >= 1",
        ),
        Step(
            "update of its own weights, aligned sum",
            lambda book: always(
                -K("ip", BETWEEN) + backward(book, l) + 1 + 2 * p * forward(book, l - 1) - forward(book, l),
                value(book, "ip-relative-update"),
            ),
        ),
    ),
    derivation(
        "ip-first-layer-update",
        Step(
            "the recursion of one step",
            lambda book, case: Identity(
                first_step(*case).value("Dh", 1, 1),
                value(book, "ip-first-layer-update", depth=case[0]).doit().subs(p, case[1]),
            ),
            cases=((1, 1 + q), *ONE_STEP),
            scope="L = 2 with p = 1, 3/2, 2; L = 1, 3, 4 with every p >= 1",
        ),
        Step(
            "update of its own weights",
            lambda book: always(-K("ip", FIRST) + backward(book, 1), value(book, "ip-first-layer-update")),
        ),
    ),
    derivation(
        "ip-output-update",
        Step(
            "the recursion of one step: the largest of all its terms",
            moved_output,
            cases=ONE_STEP[3:],
            scope="L = 3, 4 with every p >= 1",
        ),
        Step(
            "output weights on the change of the activations, aligned sum",
            lambda book: always(
                -A("ip", LAST) + 1 + p * forward(book, L) + value(book, "ip-relative-update"),
                value(book, "ip-output-update"),
            ),
        ),
    ),
    derivation(
        "ip-two-layers",
        Step(
            "the recursion, step by step",
            lambda book, case: Identity(
                table(named("ip", 2), case[0], steps=case[1]).value("h", 2, case[1]),
                value(book, "ip-two-layers", degree=case[0]).subs(n, case[1]),
            ),
            cases=tuple((Rational(k, 4), steps) for k in (5, 6, 7, 8) for steps in range(4)),
            scope="p = 5/4, 3/2, 7/4, 2; n = 0..3",
        ),
        Step(
            "one step: the update of layer 2 on its own activations, aligned, with signals $m^{-1+(p-1)e}$",
            lambda book: Identity(
                -A("ip", LAST) + (p - 1) * value(book, "ip-two-layers") - K("ip", BETWEEN) + 1,
                value(book, "ip-two-layers").subs(n, n + 1),
            ),
        ),
        Step(
            "it starts as integrable parameterizations do",
            lambda book: Identity(value(book, "ip-two-layers").subs(n, 0), forward(book, 2).doit()),
        ),
    ),
    derivation(
        "escape-steps",
        Step(
            "the first change over the size, once for each step",
            lambda book: Identity(value(book, "escape-steps") + value(book, "ip-relative-update"), 0),
        ),
        Step(
            "with ReLU, the power of the width in the time of escape of the chain",
            lambda book: always(
                value(book, "escape-steps").subs(p, 1),
                log(value(book, "escape-deep") * (L - 3) * rate).diff(m) * m,
            ),
        ),
    ),
    derivation(
        "trivial-depth",
        Step(
            "least depth from which the recursion has a vanishing output after 0, 1, 2 and 3 steps",
            lambda book, degree: Identity(
                Integer(trivial_depth(degree, deepest=5)), value(book, "trivial-depth", degree=degree)
            ),
            cases=(S.One, Rational(5, 4), Rational(3, 2), S(2), S(3)),
            scope="p = 1, 5/4, 3/2, 2, 3; L = 1..5; three steps",
        ),
    ),
    derivation(
        "feature-speed",
        Step(
            "the recursion of two steps, deepest activations",
            moved_features,
            cases=SPEEDS,
            scope=f"{len(SPEEDS)} scalings with stable starts, L = 2, 3",
        ),
    ),
)

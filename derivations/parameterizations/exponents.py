"""Why the closed exponents are true: the recursion itself for concrete depths, geometric sums for every depth."""

from __future__ import annotations

from typing import Any

from sympy import Integer, Rational, S, Sum, Symbol, expand_log, log, powsimp

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
    p,
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


def with_rates(book: Book, case: tuple[int, Any, int]) -> Identity:
    """Change of one layer at the first step, with the rates of the book."""
    depth, degree, layer = case
    ip = named("ip", depth)
    outer, inner = (value(book, id, depth=depth).doit().subs(p, degree) for id in ("ip-llr-outer", "ip-llr-inner"))
    scaling = Scaling("ip with the rates of the book", ip.a, ip.b, spread((outer, inner, outer), depth), ip.c)
    return Identity(table(scaling, degree, steps=1).value("Dh", layer, 1), 0)


def exponent_of(expression: Any) -> Any:
    """Logarithm of a product of powers of positive letters."""
    return geometric(expand_log(log(expression), force=True))


def forward_ratio(book: Book, layer: Any) -> Any:
    return value(book, "ip-mup-forward", layer=layer)


def backward_ratio(book: Book, layer: Any) -> Any:
    return value(book, "ip-mup-backward", layer=layer)


def same_change(book: Book, place: int) -> Identity:
    """First change of an effective weight over that of muP."""
    c_ = value(book, "ip-llr-inner" if place == BETWEEN else "ip-llr-outer")
    rates = 2 * PROFILES["ip"][0][place] + c_
    layer = (1, l, L + 1)[place]
    signal = S.One if place == LAST else backward_ratio(book, layer)
    source = S.One if place == FIRST else forward_ratio(book, layer - 1) ** p
    ratio = m ** (K("mup", place) - rates) * signal * source
    return Identity(exponent_of(ratio), log(value(book, "first-step-of-mup")))


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
        "ip-llr-outer",
        Step(
            "solved from the recursion, first and last layer",
            lambda book, case: Identity(
                named("ip-llr", case[0], p).c[case[1]], value(book, "ip-llr-outer", depth=case[0]).doit()
            ),
            cases=tuple((depth, place) for depth in DEPTHS for place in (0, -1)),
            scope="L = 1..5",
        ),
        Step(
            "the first layer moves by its size",
            lambda book: always(backward(book, 1) - 2 * PROFILES["ip"][0][FIRST], value(book, "ip-llr-outer")),
        ),
        Step(
            "so does the output, aligned sum",
            lambda book: always(1 + p * forward(book, L) - 2 * PROFILES["ip"][0][LAST], value(book, "ip-llr-outer")),
        ),
    ),
    derivation(
        "ip-llr-inner",
        Step(
            "with these rates every layer moves by a size of one at the first step",
            with_rates,
            cases=tuple((2, degree, layer) for degree in (S.One, S(2)) for layer in (1, 2, 3)) + ((3, S.One, 2),),
            scope="L = 2 with p = 1, 2; L = 3 with p = 1",
        ),
        Step(
            "every layer in between moves by its size, aligned sum: the layer drops out",
            lambda book: always(
                backward(book, l) + 1 + p * forward(book, l - 1) - 2 * PROFILES["ip"][0][BETWEEN],
                value(book, "ip-llr-inner"),
            ),
        ),
    ),
    derivation(
        "ip-llr-unaligned",
        Step(
            "the recursion of one step with products of activations that have no mean",
            lambda book, case: Identity(
                table(named("ip-llr", case[0]), "tanh", steps=1).value("h", case[1], 1),
                value(book, "ip-llr-unaligned", layer=case[1]),
            ),
            cases=tuple((depth, layer) for depth in (2, 3, 4, 5) for layer in range(2, depth + 1)),
            scope="L = 2..5",
        ),
        Step(
            "a random sum in place of an aligned one costs 1/2 in every layer",
            lambda book: Identity(
                value(book, "ip-llr-unaligned", layer=l - 1) + half - 1, value(book, "ip-llr-unaligned")
            ),
        ),
    ),
    derivation(
        "ip-mup-forward",
        Step(
            "the same random numbers and a homogeneous activation, from one layer to the next",
            lambda book: Identity(
                exponent_of(m ** (A("mup", BETWEEN) - A("ip", BETWEEN)) * forward_ratio(book, l - 1) ** p),
                exponent_of(forward_ratio(book, l)),
            ),
        ),
        Step(
            "the first layer is the same",
            lambda book: Identity(m ** (A("mup", FIRST) - A("ip", FIRST)), forward_ratio(book, 1).doit()),
        ),
    ),
    derivation(
        "ip-mup-backward",
        Step(
            "the slope of the activation is homogeneous of degree $p-1$; from one layer to the one below",
            lambda book: Identity(
                exponent_of(
                    m ** (A("mup", BETWEEN) - A("ip", BETWEEN))
                    * backward_ratio(book, l + 1)
                    * forward_ratio(book, l) ** (p - 1)
                ),
                exponent_of(backward_ratio(book, l)),
            ),
        ),
        Step(
            "the output weights are the same",
            lambda book: Identity(
                exponent_of(m ** (A("mup", LAST) - A("ip", LAST)) * forward_ratio(book, L) ** (p - 1)),
                exponent_of(backward_ratio(book, L)),
            ),
        ),
    ),
    derivation(
        "first-step-of-mup",
        Step("the first layer", lambda book: same_change(book, FIRST)),
        Step("every layer in between", lambda book: same_change(book, BETWEEN)),
        Step("the output layer", lambda book: same_change(book, LAST)),
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

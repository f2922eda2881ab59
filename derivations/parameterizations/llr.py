"""Why IP-LLR has its rates, and why it is muP for one step that then shrinks its intermediate start."""

from __future__ import annotations

from typing import Any

from sympy import Rational, S, expand, expand_log, log, symbols

from ...theory.parameterizations.calculus import table
from ...theory.parameterizations.letters import L, l, m, p
from ...theory.parameterizations.scalings import PROFILES, Scaling, named, spread
from ..chain import Book, Identity, Limit, Step
from .exponents import BETWEEN, DEPTHS, FIRST, LAST, A, K, always, backward, derivation, forward, geometric, value

half = Rational(1, 2)


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


def log_step(depth: int, name: str, layer: int) -> Any:
    """Logarithm of the first change of an effective weight over the rate, in a network of one neuron per layer, differentiated.

    Positive numbers in place of the random ones: there a homogeneous activation is a power, and the output a monomial.
    """
    point = named(name, depth, p)
    U = symbols(f"U_1:{depth + 2}", positive=True)
    W = symbols(f"W_1:{depth + 2}", positive=True)
    output: Any = log(W[0])
    for weight in W[1:]:
        output = expand(log(weight) + p * output)
    weight = W[layer - 1]
    slope = output.diff(weight) * weight  # over output and weight: the derivative of a monomial
    start = {log(one): log(u) - exponent * log(m) for one, u, exponent in zip(W, U, point.A)}
    return (output - log(weight)).xreplace(start) + log(slope) - point.K()[layer - 1] * log(m)


def same_step(book: Book, depth: int) -> Identity:
    """All layers at once: the logarithm of each ratio times a letter of its own."""
    tags = symbols(f"T_1:{depth + 2}", positive=True)
    claimed = exponent_of(book.formula("parameterizations.first-step-of-mup").value)
    ratios = [log_step(depth, "ip-llr", k) - log_step(depth, "mup", k) for k in range(1, depth + 2)]
    return Identity(expand(sum(tag * ratio for tag, ratio in zip(tags, ratios))), sum(tag * claimed for tag in tags))


DERIVATIONS = (
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
        "hybrid-shrink",
        Step(
            "starts of the layers in between, same random numbers",
            lambda book: Identity(m ** (A("mup", BETWEEN) - A("ip", BETWEEN)), value(book, "hybrid-shrink")),
        ),
        Step(
            "first and last layer start alike",
            lambda book, place: Identity(m ** (A("mup", place) - A("ip", place)), 1),
            cases=(FIRST, LAST),
        ),
        Step(
            "the first change is that of muP in every layer: networks of one neuron per layer, differentiated, every $m$ and $p$",
            same_step,
            cases=(1, 2, 3, 4, 5, 6),
            scope="L = 1..6",
        ),
        Step(
            "without the shrinking the starts differ: the ratio vanishes with the width",
            lambda book: Limit(value(book, "hybrid-shrink"), m, S.Infinity, 0),
        ),
    ),
    derivation(
        "hybrid-rates",
        Step(
            "first layer, those in between, output layer",
            lambda book, place: Identity(K("ip", place) - K("mup", place), value(book, "hybrid-rates")),
            cases=(FIRST, BETWEEN, LAST),
        ),
    ),
)

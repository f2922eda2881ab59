"""exponents: how everything in a network scales with its width, and which limit that is."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sympy import Rational

from ..library import Library
from ..theory.parameterizations.calculus import Table, activation_of
from ..theory.parameterizations.calculus import table as exponents_of
from ..theory.parameterizations.regimes import classify
from ..theory.parameterizations.scalings import NAMES, Scaling, depth_of, named
from .console import output_file, table, write_json
from .strict import exact, shorten, whole

MOST_LAYERS, MOST_STEPS = 50, 10


def number(name: str, text: str) -> Any:
    """An exact rational number; ValueError for anything else."""
    value = exact(name, text)
    return Rational(value.numerator, value.denominator)


def numbers(name: str, text: str, count: int) -> tuple[Any, ...]:
    """A comma list of rational numbers, one for each layer of weights; ValueError for another length."""
    found = tuple(number(name, one) for one in text.split(","))
    if len(found) != count:
        raise ValueError(f"{name}: {len(found)} entries; {count} are needed, one for each layer of weights (depth + 1)")
    return found


def depth_from(text: str) -> int:
    depth = depth_of(whole("depth", text))
    if depth > MOST_LAYERS:
        raise ValueError(f"depth: {depth}; allowed: 1 to {MOST_LAYERS}")
    return depth


def scaling_from(options: Namespace, depth: int, p: Any) -> Scaling:
    """The scaling that the options describe: a named point, or lists of exponents.

    Raises
    ------
    ValueError : an unknown name, lists and a name together, a list that is missing or has another length.
    """
    lists = {name: getattr(options, name) for name in ("a", "b", "c", "later", "bias_rates")}
    given = [name for name, text in lists.items() if text is not None]
    if options.param is not None:
        if given:
            raise ValueError(f"{given[0]}: given together with param {shorten(options.param)}; one of both is allowed")
        name = options.param
        if options.bias:
            if name not in ("ip-llr", "ip-llr-bias"):
                raise ValueError(
                    f"bias: rates of biases are known for ip-llr; for {shorten(name)} give a, b, c, bias-rates"
                )
            name = "ip-llr-bias"
        return named(name, depth, p)
    missing = [name for name in ("a", "b", "c") if lists[name] is None]
    if missing:
        raise ValueError(f"{missing[0]}: missing; allowed: param ({', '.join(NAMES)}), or all of a, b and c")
    if options.bias and lists["bias_rates"] is None:
        raise ValueError("bias: with a, b and c the rates of the biases are needed, bias-rates")
    a, b, c, later, bias = (
        None if text is None else numbers(name.replace("_", "-"), text, depth + 1) for name, text in lists.items()
    )
    assert a is not None and b is not None and c is not None
    return Scaling("custom", a, b, c, later, bias)


def degree_from(options: Namespace) -> tuple[Any, Any]:
    """Activation for the calculus and its degree; ``--p`` is for relu only."""
    activation = activation_of(options.activation)
    if options.p is None:
        return activation, activation.p
    p = number("p", options.p)
    if options.activation != "relu":
        raise ValueError(f"p: {p} with {options.activation}; only relu takes a degree")
    return activation_of(p), p


def regime_words(scaling: Scaling, activation: Any, centred: bool) -> dict[str, str]:
    """Class, speed of the features and why."""
    found = classify(scaling, activation, centred)
    return {
        "class": str(found.kind), "r": str(found.r), "because": found.because,
        "output moves like": f"m^({found.moves}) after two steps",
    }  # fmt: skip


def shown_table(found: Table, every: bool) -> None:
    """The rows a reader wants first, in the terminal; all of them if asked."""
    heads, rows = found.rows()
    last = str(found.scaling.L + 1)
    kept = [row for row in rows if every or row[0] in ("h", "dh", "Dh", "vh", "sh")]
    names = [
        ["f" if row[0] == "h" else "Df" if row[0] == "Dh" else row[0], *row[1:]] if row[1] == last else row
        for row in kept
    ]
    table(heads, names)


def exponents(options: Namespace, library: Library) -> int:
    """Print the table of exponents of a network, why each is what it is, and the limit."""
    report = output_file(options.json, ".json")
    depth = depth_from(options.depth)
    steps = whole("steps", options.steps)
    if not 0 <= steps <= MOST_STEPS:
        raise ValueError(f"steps: {steps}; allowed: 0 to {MOST_STEPS}")
    activation, p = degree_from(options)
    scaling = scaling_from(options, depth, p)
    chi = number("chi", options.chi)
    if chi == 0:
        raise ValueError("chi: 0; the loss has no slope at the start, nothing moves and no exponent of a change exists")
    centred = not options.mean
    cancels = None if options.cancels == "none" else options.cancels
    found = exponents_of(scaling, activation, steps, centred, cancels, chi)
    regime = regime_words(scaling, activation, centred)
    if options.latex:
        print(found.latex())
    else:
        print(f"{scaling.name}, {depth} hidden layers, {options.activation}" + (f" of degree {p}" if options.p else ""))
        for name, values in (("a", scaling.a), ("b", scaling.b), ("c", scaling.c), ("c later", scaling.later),
                             ("c of biases", scaling.bias)):  # fmt: skip
            if values is not None:
                print(f"  {name:<12}{', '.join(map(str, values))}")
        print()
        shown_table(found, options.all)
        print()
        for name, words in regime.items():
            print(f"{name}: {words}")
    entries = [
        {"quantity": e.quantity, "layer": e.layer, "step": e.step, "exponent": str(e.value), "wins": e.wins,
         "terms": [[words, str(value)] for words, value in e.terms], "sharp": e.sharp}
        for e in found.entries
    ]  # fmt: skip
    write_json(report, {
        "command": options.command_line, "depth": depth, "scaling": scaling.name, "activation": options.activation, "p": str(p),
        "a": list(map(str, scaling.a)), "b": list(map(str, scaling.b)), "c": list(map(str, scaling.c)),
        "regime": regime, "exponents": entries,
    })  # fmt: skip
    return 0

"""Width exponents of a network: what multiplies each layer, its start and its rate, and the named points.

A network of ``L`` hidden layers of width ``m``: ``h^l = m^{-a_l} w^l x^{l-1}``, ``x^l = phi(h^l)``, output ``h^{L+1}``;
``w^l`` starts with independent centred entries of size ``m^{-b_l}`` and moves at the rate ``m^{-c_l}``. Only ``A = a + b`` and
``K = 2a + c`` matter for plain gradient descent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sympy import Expr, Integer, Rational, S

HALF = Rational(1, 2)


def exact(name: str, value: Any) -> Any:
    """An exact exponent; ValueError for a float or anything that is no number or expression."""
    if isinstance(value, Fraction):
        return Rational(value.numerator, value.denominator)
    if isinstance(value, bool) or not isinstance(value, int | Expr) or (isinstance(value, Expr) and value.has(S(0.5))):
        raise ValueError(f"{name}: {value!r}; allowed: integers, fractions, SymPy expressions without floats")
    if isinstance(value, Expr) and value.is_Float:
        raise ValueError(f"{name}: {value!r}; allowed: integers, fractions, SymPy expressions without floats")
    return S(value)


def depth_of(L: Any) -> int:
    """A number of hidden layers; ValueError unless it is a positive integer."""
    if isinstance(L, bool) or not isinstance(L, int | Integer) or L < 1:
        raise ValueError(f"L: {L!r} hidden layers; a positive integer is needed")
    return int(L)


def degree_of(p: Any) -> Any:
    """A degree of homogeneity; ValueError unless it is positive."""
    p = exact("p", p)
    if not p.is_positive:
        raise ValueError(f"p: {p}; a positive degree of homogeneity is needed")
    return p


def gamma(L: Any, p: Any) -> Any:
    """``1 + p + ... + p^{L-1}``, the order in the intermediate weights that the output has."""
    return sum((p**k for k in range(L)), S.Zero)


@dataclass(frozen=True)
class Scaling:
    """Exponents of every layer, first to output.

    Parameters
    ----------
    name : for titles.
    a, b, c : multiplier, start and rate, each of length ``L + 1``.
    later : rates from the second step on; None if they stay.
    bias : rates of the biases, which start with size one and have no multiplier; None if there are none.
    bias_later : their rates from the second step on; None if they stay.

    Raises
    ------
    ValueError : lists of different lengths or shorter than two; an inexact entry.
    """

    name: str
    a: tuple[Any, ...]
    b: tuple[Any, ...]
    c: tuple[Any, ...]
    later: tuple[Any, ...] | None = None
    bias: tuple[Any, ...] | None = None
    bias_later: tuple[Any, ...] | None = None

    def __post_init__(self) -> None:
        if len(self.a) < 2:
            raise ValueError(f"a: {len(self.a)} entries; one hidden layer at least has two layers of weights")
        for field in ("a", "b", "c", "later", "bias", "bias_later"):
            values = getattr(self, field)
            if values is None:
                continue
            if len(values) != len(self.a):
                raise ValueError(
                    f"{field}: {len(values)} entries, but a has {len(self.a)}; one for each layer is needed"
                )
            object.__setattr__(self, field, tuple(exact(field, value) for value in values))

    @property
    def L(self) -> int:
        """Number of hidden layers."""
        return len(self.a) - 1

    @property
    def A(self) -> tuple[Any, ...]:
        """Exponents ``a + b`` of the effective weights at the start: entries of size ``m^{-A}``."""
        return tuple(a + b for a, b in zip(self.a, self.b))

    def K(self, step: int = 0) -> tuple[Any, ...]:
        """Exponents ``2a + c`` of the effective rates at a step, counted from 0."""
        c = self.c if step == 0 or self.later is None else self.later
        return tuple(2 * a + c for a, c in zip(self.a, c))

    def B(self, step: int = 0) -> tuple[Any, ...]:
        """Exponents of the rates of the biases at a step, counted from 0; ValueError if there are none."""
        rates = self.bias if step == 0 or self.bias_later is None else self.bias_later
        if rates is None:
            raise ValueError(f"bias: {self.name} has no biases")
        return rates

    def shifted(self, by: Sequence[Any]) -> Scaling:
        """The same training in another gauge: ``(a, b, c) -> (a + t, b - t, c - 2t)``, one ``t`` for each layer."""
        if len(by) != len(self.a):
            raise ValueError(f"by: {len(by)} entries; {len(self.a)} are needed, one for each layer")
        later = None if self.later is None else tuple(c - 2 * t for c, t in zip(self.later, by))
        return replace(
            self,
            a=tuple(a + t for a, t in zip(self.a, by)),
            b=tuple(b - t for b, t in zip(self.b, by)),
            c=tuple(c - 2 * t for c, t in zip(self.c, by)),
            later=later,
        )


Triple = tuple[Any, Any, Any]
"""Values of the first layer, of every layer in between, and of the output layer."""

PROFILES: dict[str, tuple[Triple, Triple, Triple]] = {
    "ntk": ((S.Zero, HALF, HALF), (S.Zero,) * 3, (S.Zero,) * 3),
    "sp": ((S.Zero,) * 3, (S.Zero, HALF, HALF), (S.One,) * 3),
    "mup": ((S.Zero, HALF, S.One), (S.Zero,) * 3, (S.NegativeOne,) * 3),
    "ip": ((S.Zero, S.One, S.One), (S.Zero,) * 3, (S.NegativeOne, S(-2), S.NegativeOne)),
}
"""``(a, b, c)`` of the named points whose exponents do not depend on depth.

``sp`` has the smallest stable exponent of a common rate; ``mean-field`` is ``ip`` of one hidden layer; ``ip-llr`` is ``ip`` with
larger rates at the first step, ``ip-llr-bias`` has biases of size one besides.
"""

NAMES = (*PROFILES, "mean-field", "ip-llr", "ip-llr-bias")


def spread(values: Triple, L: int) -> tuple[Any, ...]:
    """One value for each of ``L + 1`` layers."""
    return (values[0], *[values[1]] * (L - 1), values[2])


def first_rates(L: int, p: Any, biases: bool = False) -> tuple[tuple[Any, ...], tuple[Any, ...] | None]:
    """Rates of the first step of IP-LLR (and of its biases), from linear equations: every layer moves by its own size.

    The contribution of the first update to ``h^l``, on inputs of size one, is ``-K_l + e(dh^l) + [l > 1](1 + e(x^{l-1}))``
    with the exponents of IP at the start, that of the bias ``-B_l + e(dh^l)``; both vanish for every layer.
    """
    from sympy import Dummy, linsolve

    from .calculus import table

    ip = named("ip", L)
    resting = replace(ip, bias=(S.Zero,) * (L + 1)) if biases else ip
    start = table(resting, p, steps=0)
    c = [Dummy(f"c_{l}") for l in range(1, L + 2)]
    signals = [start.value("dh", l) if l <= L else S.Zero for l in range(1, L + 2)]
    overlaps = [1 + start.value("x", l - 1) if l > 1 else S.Zero for l in range(1, L + 2)]
    moves = [-(2 * a + rate) + e + size for a, rate, e, size in zip(ip.a, c, signals, overlaps)]
    (rates,) = linsolve(moves, c)
    return tuple(rate.expand() for rate in rates), tuple(signals) if biases else None


def named(name: str, L: int, p: Any = 1) -> Scaling:
    """A named point.

    Parameters
    ----------
    name : ``"ntk"``, ``"sp"``, ``"mup"``, ``"ip"``, ``"ip-llr"``, ``"ip-llr-bias"`` (unscaled biases), or ``"mean-field"`` (one
        hidden layer).
    L : number of hidden layers.
    p : degree of homogeneity of the activation; only ``"ip-llr"`` depends on it.

    Raises
    ------
    ValueError : unknown name, L or p out of range, mean field with more than one hidden layer.
    """
    L, p = depth_of(L), degree_of(p)
    if name not in NAMES:
        raise ValueError(f"name: {name!r}; allowed: {', '.join(NAMES)}")
    if name == "mean-field" and L != 1:
        raise ValueError(f"L: {L}; the mean field is the point of one hidden layer, deeper ones are ip")
    a, b, c = (spread(values, L) for values in PROFILES[name if name in PROFILES else "ip"])
    if name not in ("ip-llr", "ip-llr-bias"):
        return Scaling(name, a, b, c)
    biases = name == "ip-llr-bias"
    first, bias = first_rates(L, p, biases)
    return Scaling(name, a, b, first, c, bias, spread((S.NegativeOne, S.NegativeOne, S.Zero), L) if biases else None)

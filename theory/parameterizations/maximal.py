"""Largest rates that keep everything bounded: a linear program whose constraints are read off the recursion."""

from __future__ import annotations

from itertools import product
from typing import Any

from sympy import Add, Max, Mul, Symbol, expand, symbols

from .calculus import table
from .scalings import Scaling


def candidates(exponent: Any) -> frozenset[Any]:
    """The linear expressions of which an exponent is the largest: nested ``Max``, sums and positive multiples of them."""
    if not exponent.has(Max):
        return frozenset({expand(exponent)})
    if isinstance(exponent, Max):
        return frozenset().union(*(candidates(one) for one in exponent.args))
    parts = [candidates(one) for one in exponent.args]
    if isinstance(exponent, Add):
        return frozenset(expand(Add(*one)) for one in product(*parts))
    if isinstance(exponent, Mul) and exponent.args[0].is_positive:
        return frozenset(expand(Mul(*one)) for one in product(*parts))
    raise ValueError(f"exponent: {exponent}; allowed: Max, sums and positive multiples of linear expressions")


def constraints(scaling: Scaling, bounded_output: bool = True) -> tuple[tuple[Symbol, ...], tuple[Any, ...]]:
    """Letters of the rates, and linear expressions in them that must not be positive after one step.

    Parameters
    ----------
    scaling : multipliers and starts; its rates are not used.
    bounded_output : whether the output must stay bounded as a whole, or only the update of its own weights.
    """
    L = scaling.L
    c: tuple[Symbol, ...] = symbols(f"c_1:{L + 2}", real=True)
    found = table(Scaling(scaling.name, scaling.a, scaling.b, c), steps=1)
    largest = [found.value("Dh", l, 1) for l in range(1, L + 1)]
    terms = found.entry("Dh", L + 1, 1).terms
    largest += [value for words, value in terms if bounded_output or words.startswith("update")]
    return c, tuple(sorted(frozenset().union(*(candidates(one) for one in largest)), key=str))


def largest_rates(scaling: Scaling, bounded_output: bool = True) -> tuple[Any, ...]:
    """Least exponents ``c`` (largest rates) of all layers for which nothing outgrows size one at the first step (ReLU).

    Parameters
    ----------
    scaling : multipliers and starts that keep activations at size one; its rates are not used.
    bounded_output : as for `constraints`.

    Returns
    -------
    tuple : one exponent for each layer, exact.

    Raises
    ------
    ValueError : the start itself is not of size one, or its exponents are symbolic.
    """
    from sympy.solvers.simplex import lpmin

    if not all(value.is_Rational for value in scaling.A):
        raise ValueError(f"scaling: {scaling.name} has symbolic exponents; rational numbers are needed")
    start = table(scaling, steps=0)
    for l in range(1, scaling.L + 1):
        if start.value("h", l) != 0:
            raise ValueError(
                f"scaling: h of layer {l} of {scaling.name} starts like m^({start.value('h', l)}), not m^0"
            )
    c, bounds = constraints(scaling, bounded_output)
    _, point = lpmin(Add(*c), [one <= 0 for one in bounds if one.free_symbols])
    return tuple(point[one] for one in c)

"""eval: one formula at one point."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sympy import Rational, S, Symbol

from ..library import Library
from ..theory.formula import Formula, unroll
from .console import output_file, write_json
from .strict import assignments

FLOAT_DIGITS = 15
"""Digits that a float64 holds; more are computed by mpmath."""

MOST_DIGITS = 10_000

FACTS = {
    "positive": lambda value: value > 0,
    "negative": lambda value: value < 0,
    "nonnegative": lambda value: value >= 0,
    "nonpositive": lambda value: value <= 0,
    "nonzero": lambda value: value != 0,
    "integer": lambda value: value.denominator == 1,
}


def evaluate(options: Namespace, library: Library) -> int:
    """Print the value of a formula at a point, all digits that were asked for."""
    out = output_file(options.json, ".json")
    formula = library.find(options.id, "formula")
    if not 1 <= options.digits <= MOST_DIGITS:
        raise ValueError(f"digits: {options.digits}; allowed: 1 to {MOST_DIGITS}")
    point = point_of(formula, assignments(options.parameters))
    value = value_at(formula, point, options.digits)
    print(value)
    parameters = {name: str(number) for name, number in point.items()}
    write_json(out, {"id": formula.id, "parameters": parameters, "digits": options.digits, "value": value})
    return 0


def point_of(formula: Formula, given: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The given numbers in the order of the formula's parameters, checked against its domain.

    Raises
    ------
    ValueError : the formula takes matrices; a parameter is missing, unknown, or outside the domain.
    """
    wanted = formula.parameters
    other = [str(letter) for letter in wanted if not isinstance(letter, Symbol)]
    if other or getattr(formula.value, "is_Matrix", False):
        raise ValueError(
            f"id: {formula.id} is a statement about {', '.join(other) or 'matrices'}; eval takes scalars only"
        )
    names = [str(letter) for letter in wanted]
    takes = f"{formula.id} takes {', '.join(names) or 'no parameters'}"
    for name in given:
        if name not in names:
            raise ValueError(f"parameter: {name!r} is unknown; {takes}")
    missing = [name for name in names if name not in given]
    if missing:
        raise ValueError(f"parameter: {', '.join(missing)} missing; {takes}")
    for letter in wanted:
        value = given[str(letter)]
        broken = [fact for fact, holds in FACTS.items() if getattr(letter, f"is_{fact}") and not holds(value)]
        if broken:
            raise ValueError(f"{letter}: {value} is out of domain; {letter} is {' and '.join(broken)}")
    for condition in formula.assuming:
        if _at(unroll(condition, formula.let), wanted, given) == S.false:
            raise ValueError(f"{', '.join(names)}: out of domain; {formula.id} needs {condition}")
    return {name: given[name] for name in names}


def _at(expression: Any, wanted: tuple[Any, ...], point: Mapping[str, Fraction]) -> Any:
    """An expression with exact numbers in place of its letters."""
    exact = {letter: Rational(point[str(letter)].numerator, point[str(letter)].denominator) for letter in wanted}
    return expression.subs(exact)


def value_at(formula: Formula, point: Mapping[str, Fraction], digits: int) -> str:
    """Value of a formula: up to 15 digits in float64 through its float form, beyond by mpmath from exact input.

    Raises
    ------
    ValueError : the formula has no finite real value there, or it cannot be resolved.
    """
    if digits <= FLOAT_DIGITS:
        from ..numerics.lower import lower_formula

        value = float(lower_formula(formula)(**{name: float(given) for name, given in point.items()}))
        if not math.isfinite(value):
            raise ValueError(f"{formula.id}: no finite value at {_words(point)}")
        return f"{value:.{digits}g}" if digits < FLOAT_DIGITS else repr(value)
    from sympy.core.evalf import PrecisionExhausted

    number: Any = None
    for form in (formula.value, formula.float_form):  # where the plain form is 0/0, the float form may have its limit
        if form is None:
            continue
        try:
            number = _at(form, formula.parameters, point).evalf(digits, maxn=4 * digits + 4000, strict=True)
        except PrecisionExhausted as error:
            raise ValueError(f"digits: {digits} digits of {formula.id} cannot be had at {_words(point)}") from error
        if number.is_Float or number.is_Integer:
            return str(number)
    raise ValueError(f"{formula.id}: no finite real value at {_words(point)}, but {str(number)[:60]}")


def _words(point: Mapping[str, Fraction]) -> str:
    return ", ".join(f"{name}={value}" for name, value in point.items()) or "its only point"

"""Numbers from the command line: parsed by pattern, never evaluated."""

from __future__ import annotations

import re
import types
import typing
from fractions import Fraction
from typing import Any

_DECIMAL = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?", re.ASCII)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
LONGEST = 1000
"""Most characters that a number may have."""


def shorten(text: str, most: int = 60) -> str:
    """Text in quotes, on one line, cut after ``most`` characters."""
    return repr(text if len(text) <= most else text[:most] + "...")


def exact(name: str, text: str) -> Fraction:
    """The number that a text such as ``3``, ``-0.5``, ``1e-3`` or ``1/3`` stands for.

    Raises
    ------
    ValueError : anything else, infinities and exponents beyond those of a float included.
    """
    text = text.strip()
    match = NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise ValueError(f"{name}: {shorten(text)} is not a number; allowed: 3, -0.5, 1e-3, 1/3")
    above, below = Fraction(match[1]), Fraction(match[2] or "1")
    if not below:
        raise ValueError(f"{name}: {shorten(text)} divides by zero; a finite number is needed")
    value = above / below
    if value and not 1e-307 < abs(value) < Fraction(10) ** 308:
        raise ValueError(f"{name}: {shorten(text)} is out of range; allowed: 0, or a size between 1e-307 and 1e308")
    return value


def real(name: str, text: str) -> float:
    """A finite float; ValueError for anything else."""
    return float(exact(name, text))


def whole(name: str, text: str) -> int:
    """An integer, also written ``1e6``; ValueError for anything else."""
    value = exact(name, text)
    if value.denominator != 1:
        raise ValueError(f"{name}: {shorten(text)} is not a whole number")
    return int(value)


def truth(name: str, text: str) -> bool:
    """``yes`` or ``no``, ``true`` or ``false``; ValueError for anything else."""
    known = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.lower() not in known:
        raise ValueError(f"{name}: {shorten(text)}; allowed: yes, no")
    return known[text.lower()]


def assignments(words: list[str]) -> dict[str, Fraction]:
    """Numbers by name from words ``name=value``; ValueError for a malformed word or a name given twice."""
    found: dict[str, Fraction] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise ValueError(f"parameter: {shorten(word)} is not of the form name=value")
        if name in found:
            raise ValueError(f"{name}: given twice")
        found[name] = exact(name, text)
    return found


def read(name: str, kind: Any, text: str) -> Any:
    """Text as a value of an annotated type: int, float, str, bool, tuples of these (comma list), Optional of these."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        inner = [part for part in typing.get_args(kind) if part is not type(None)]
        if text == "none" and len(inner) < len(typing.get_args(kind)):
            return None
        return read(name, inner[0], text)
    if typing.get_origin(kind) is typing.Literal:
        choices = typing.get_args(kind)
        for choice in choices:
            if text == str(choice):
                return choice
        raise ValueError(f"{name}: {shorten(text)}; allowed: {', '.join(map(str, choices))}")
    if typing.get_origin(kind) is tuple:
        part = typing.get_args(kind)[0]
        return tuple(read(name, part, one) for one in text.split(",") if one.strip())
    readers = {int: whole, float: real, bool: truth}
    if kind in readers:
        return readers[kind](name, text)
    if isinstance(kind, type) and issubclass(kind, str):
        try:
            return kind(text)
        except ValueError as error:  # a StrEnum
            raise ValueError(f"{name}: {shorten(text)}; allowed: {', '.join(map(str, kind))}") from error  # type: ignore[call-overload]
    raise TypeError(f"{name}: settings of type {kind} have no command-line form")

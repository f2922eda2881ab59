"""Scalar expressions as Python text that Numba compiles; integers of index arithmetic; names from a whitelist."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from functools import reduce
from typing import Any

from sympy import Integer, Rational, S, Symbol
from sympy.core.function import AppliedUndef
from sympy.printing.pycode import PythonCodePrinter

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""Names of letters that may reach generated source; generated names begin with an underscore."""

RESERVED = frozenset(
    {*keyword.kwlist, "t", "y", "out", "par", "work", "arguments", "np", "math", "njit", "rhs", "evaluate"}
    | {"range", "int", "float", "abs", "max", "min", "sign", "heaviside"}
)

HELPERS = {
    "sign": '@njit(inline="always")\ndef sign(x):\n    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else x)\n',
    "heaviside": '@njit(inline="always")\ndef heaviside(x, at_zero):\n'
    "    return 1.0 if x > 0.0 else (0.0 if x < 0.0 else (at_zero if x == 0.0 else x))\n",
}
"""Functions that a generated module defines for itself; nan stays nan."""

_MATH = [
    "exp",
    "log",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "asin",
    "acos",
    "atan",
    "asinh",
    "acosh",
    "atanh",
    "erf",
    "erfc",
    "gamma",
    "lgamma",
    "expm1",
    "log1p",
    "hypot",
]
_CALLS = {**{name: f"math.{name}" for name in _MATH}, "loggamma": "math.lgamma", "Abs": "abs", "atan2": "math.atan2"}


def identifier(name: str) -> str:
    """The name of a letter if it may stand in generated source.

    Raises
    ------
    ValueError : anything but ASCII letters, digits and underscores after a letter.
    """
    if not NAME.fullmatch(name) or len(name) > 60:
        raise ValueError(f"name: {name!r} is no plain identifier; allowed: an ASCII letter, then letters, digits, _")
    return f"{name}_" if name.rstrip("_") in RESERVED else name


class Printer(PythonCodePrinter):
    """SymPy's Python printer with roots as ``math.sqrt``, floats for numbers, and refusal of what it cannot print."""

    def __init__(self, texts: Mapping[Any, str]) -> None:
        super().__init__({"fully_qualified_modules": True})
        self.texts = texts
        self.helpers: set[str] = set()

    def _print_Symbol(self, symbol: Any) -> str:
        if symbol not in self.texts:
            raise ValueError(f"name: {symbol} is neither an item, a definition, a parameter nor an index")
        return self.texts[symbol]

    _print_Idx = _print_Symbol

    def _print_Integer(self, number: Any) -> str:
        return f"{int(number)}.0" if abs(int(number)) < 2**53 else repr(float(number))

    _print_Zero = _print_One = _print_NegativeOne = _print_Integer

    def _print_Rational(self, number: Any) -> str:
        return repr(number.p / number.q)

    _print_Half = _print_Rational

    def _print_Float(self, number: Any) -> str:
        return repr(float(number))

    def _print_NumberSymbol(self, number: Any) -> str:
        return repr(float(number.evalf(20)))

    _print_Pi = _print_Exp1 = _print_EulerGamma = _print_NumberSymbol

    def _print_Pow(self, power: Any, **_: Any) -> str:
        base, exponent = power.args
        if base is S.Exp1:
            return f"math.exp({self._print(exponent)})"
        text = self._print(base)
        text = text if NAME.fullmatch(text.lstrip("_")) else f"({text})"
        if isinstance(exponent, Integer):
            whole = text if abs(exponent) == 1 else f"{text}**{abs(int(exponent))}"
            return f"(1.0/{whole})" if exponent < 0 else whole
        if isinstance(exponent, Rational) and exponent.q == 2:
            root = f"math.sqrt({bare(text)})" + (f"**{abs(exponent.p)}" if abs(exponent.p) != 1 else "")
            return f"(1.0/{root})" if exponent < 0 else root
        if exponent.is_integer and all(s.is_integer for s in exponent.free_symbols):
            return f"{text}**({integer(exponent, self.texts)})"
        return f"{text}**({self._print(exponent)})"

    def _print_Mul(self, product: Any) -> str:
        over, under = [], []
        coefficient, factors = product.as_coeff_mul()
        for factor in factors:
            base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, S.One)
            if isinstance(exponent, Rational) and exponent < 0:
                under.append(base**-exponent)
            else:
                over.append(factor)
        head = "-" if coefficient is S.NegativeOne else "" if coefficient is S.One else None
        texts = [self._print(f) for f in over]
        if head is None:
            head, texts = "", [self._print(coefficient), *texts]
        text = head + ("*".join(texts) or "1.0")
        for factor in under:
            text += f"/{self._print(factor)}" if factor.is_Symbol else f"/({bare(self._print(factor))})"
        return text if len(texts) + len(under) == 1 and not head else f"({text})"

    def _print_Add(self, total: Any, order: Any = None) -> str:
        parts = [bare(self._print(arg)) if arg.is_Mul else self._print(arg) for arg in total.args]
        text = parts[0]
        for part in parts[1:]:
            text += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
        return f"({text})"

    def _print_sign(self, call: Any) -> str:
        self.helpers.add("sign")
        return f"sign({self._print(call.args[0])})"

    def _print_Heaviside(self, call: Any) -> str:
        # SymPy's default at zero is 1/2; here the derivative of relu at zero is 0.
        self.helpers.add("heaviside")
        at_zero = S.Zero if call.args[1] == S.Half else call.args[1]
        return f"heaviside({self._print(call.args[0])}, {self._print(at_zero)})"

    def _print_Max(self, call: Any) -> str:
        return reduce(lambda left, right: f"max({left}, {right})", map(self._print, call.args))

    def _print_Min(self, call: Any) -> str:
        return reduce(lambda left, right: f"min({left}, {right})", map(self._print, call.args))

    def _print_KroneckerDelta(self, call: Any) -> str:
        return f"(1.0 if {integer(call.args[0], self.texts)} == {integer(call.args[1], self.texts)} else 0.0)"

    def _print_factorial(self, call: Any) -> str:
        return f"math.gamma({self._print(call.args[0] + 1)})"

    def _print_Infinity(self, _: Any) -> str:
        return "math.inf"

    def _print_NegativeInfinity(self, _: Any) -> str:
        return "-math.inf"

    def _print_NaN(self, _: Any) -> str:
        return "math.nan"

    def _print_Function(self, call: Any) -> str:
        name = type(call).__name__
        if name not in _CALLS or isinstance(call, AppliedUndef):
            raise ValueError(f"function: {name} cannot be lowered; allowed: {', '.join(sorted(_CALLS))} and powers")
        return f"{_CALLS[name]}({', '.join(self._print(arg) for arg in call.args)})"

    _print_exp = _print_log = _print_Abs = _print_Function

    def _print_not_supported(self, expression: Any) -> str:
        raise ValueError(f"expression: {type(expression).__name__} cannot be lowered: {str(expression)[:60]}")

    emptyPrinter = _print_not_supported


for _name in _CALLS:
    setattr(Printer, f"_print_{_name}", Printer._print_Function)


def bare(text: str) -> str:
    """Without brackets around the whole."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return text[1:-1] if sign == ")" and place == len(text) - 1 else text
    return text


def integer(expression: Any, texts: Mapping[Any, str]) -> str:
    """Polynomial of sizes and indices as integer arithmetic."""
    if expression.is_Integer:
        return str(int(expression))
    if isinstance(expression, Symbol):
        return texts[expression]
    parts = [integer(arg, texts) for arg in expression.args]
    if expression.is_Add:
        return f"({' + '.join(parts)})"
    if expression.is_Mul and not any(arg.is_Rational and not arg.is_Integer for arg in expression.args):
        return "*".join(parts)
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        return "*".join([parts[0]] * int(expression.exp))
    raise ValueError(f"index: {expression} is no polynomial with integer coefficients")

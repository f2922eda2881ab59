"""LaTeX of letters: one table, and every printer goes through it."""

from __future__ import annotations

import re
from typing import Any

from sympy import Idx, MatrixSymbol, Symbol
from sympy import latex as sympy_latex

TABLE: dict[Any, str] = {}
"""Letter -> LaTeX. Papers add theirs with `register`."""


def register(*pairs: tuple[Any, str]) -> None:
    """Give letters their LaTeX; ValueError if a letter already has another one."""
    for letter, text in pairs:
        if TABLE.setdefault(letter, text) != text:
            raise ValueError(f"latex: {letter} is already written {TABLE[letter]}, not {text}")


def latex(expression: Any, **options: Any) -> str:
    """LaTeX of an expression; a matrix symbol ``dA`` is the rate of ``A``."""
    names = dict(TABLE)
    if hasattr(expression, "xreplace"):  # an index is written without its range
        expression = expression.xreplace({index: Symbol(index.name, integer=True) for index in expression.atoms(Idx)})
    for symbol in getattr(expression, "atoms", lambda *_: ())(MatrixSymbol):
        if symbol not in names and re.fullmatch(r"d[A-Z]\w*", symbol.name):
            plain = MatrixSymbol(symbol.name[1:], *symbol.shape)
            names[symbol] = rf"\dot{{{names.get(plain, sympy_latex(plain, mat_symbol_style='plain'))}}}"
    text = str(sympy_latex(expression, symbol_names=names, mat_symbol_style="plain", ln_notation=True, **options))
    return text.replace("+ - ", "- ").replace("_{}", "")  # sums of matrices; names that end in an underscore


def latex_system(system: Any) -> str:
    """LaTeX of the equations of a system, one line each."""
    mark = r"\dot{{{}}}" if system.kind == "flow" else r"{}^{{+}}"
    pairs = [
        *((mark.format(latex(item)), rate) for item, rate in system.equations),
        *((latex(i), v) for i, v in system.let),
    ]
    return r"\begin{aligned}" + r" \\ ".join(f"{left} &= {latex(right)}" for left, right in pairs) + r"\end{aligned}"

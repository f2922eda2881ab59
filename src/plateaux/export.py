"""LaTeX of formulas, derivations and papers; the SymPy objects themselves are stored beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from sympy import Add, Order, srepr
from sympy import Limit as LimitSign
from sympy.core.relational import Relational

from .derivations.chain import (
    Book,
    Bound,
    Check,
    Cited,
    Closure,
    Derivation,
    Derivative,
    Identity,
    Invariance,
    Limit,
    Rate,
    Reduction,
    Series,
    SlowReduction,
    Verdict,
)
from .theory.formula import Formula
from .theory.symbols import latex
from .theory.system import System

MACROS = r"""\providecommand{\plxgrade}[1]{\text{\footnotesize\textsf{[#1]}}} % how a line was shown
\providecommand{\plxword}[1]{\textsf{#1}}"""

LONGEST = 110
"""Most characters of LaTeX on one line of a sum before it is broken."""

_TEXT = {letter: rf"\{letter}" for letter in "&%#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def words(text: str) -> str:
    """Plain words as LaTeX; what stands between dollar signs is left as it is."""
    parts = text.split("$")
    if len(parts) % 2 == 0:  # a lone dollar sign is no formula
        return "".join(_TEXT.get(letter, r"\$" if letter == "$" else letter) for letter in text)
    plain = ["".join(_TEXT.get(letter, letter) for letter in part) for part in parts[::2]]
    return "".join(
        part if place % 2 == 0 else f"${part}$" for place, part in enumerate(_interleave(plain, parts[1::2]))
    )


def _interleave(outer: Sequence[str], inner: Sequence[str]) -> list[str]:
    return [part for pair in zip(outer, [*inner, ""]) for part in pair][:-1]


def factor(size: Any) -> str:
    """A size in a product of sizes."""
    return f"({latex(size)})" if isinstance(size, Add) else str(latex(size))


def label(id: str, part: str = "") -> str:
    """Label of an equation: ``eq:plx:<id>``, with a part after a colon."""
    return rf"\label{{eq:plx:{id}{':' + part if part else ''}}}"


def chunks(expression: Any) -> list[str]:
    """LaTeX of an expression; a long sum in several pieces."""
    whole = latex(expression)
    if len(whole) <= LONGEST or not isinstance(expression, Add):
        return [whole]
    rows, row = [], ""
    for place, term in enumerate(expression.as_ordered_terms()):
        written = latex(term)
        written = written if place == 0 or written.startswith("-") else f"+ {written}"
        if row and len(row) + len(written) > LONGEST:
            rows.append(row)
            row = ""
        row = f"{row} {written}".strip()
    return [*rows, row]


def lines(left: Any, sign: str, right: Any) -> list[str]:
    """Lines ``left & sign right`` of an align; long sums go over several, a long left side stands alone."""
    first = [left] if isinstance(left, str) else chunks(left)
    second = chunks(right)
    rest = [rf"&\quad {{}} {row}" for row in second[1:]]
    if len(first) == 1 and len(first[0]) <= LONGEST // 2:
        return [f"{first[0]} &{sign} {second[0]}", *rest]
    return [f"&{first[0]}", *(rf"&\quad {{}} {row}" for row in first[1:]), rf"&\quad {sign} {second[0]}", *rest]


SIGNS = {"==": "=", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">", "!=": r"\ne"}


def relation(statement: Any) -> list[str]:
    """Lines of a statement: a relation, or an expression that is claimed to vanish."""
    if isinstance(statement, Relational):
        return lines(statement.lhs, SIGNS[statement.rel_op], statement.rhs)
    return [f"&{latex(statement)}"]


def definitions(let: Any) -> list[str]:
    """Lines of ordered definitions."""
    return [row for item, value in let for row in lines(latex(item), ":=", value)]


def check_lines(check: Check) -> list[str]:
    """Lines of what a check claims."""
    match check:
        case Identity(lhs, rhs):
            rows = lines(lhs, "=", rhs)
        case Derivative(of, by, equals):
            rows = lines(rf"\frac{{\partial}}{{\partial {latex(by)}}}\left({latex(of)}\right)", "=", equals)
        case Rate(system, of, equals):
            sign = r"\frac{d}{dt}" if system.kind == "flow" else r"\Delta"
            rows = lines(rf"{sign}\left({latex(of)}\right)", "=", equals)
        case Closure(system, observables, equals):
            rows = [*definitions(observables), *rate_lines(system.kind, equals)]
        case Invariance(_, relations):
            rows = [row for _, expression in relations for row in lines(expression, "=", _zero(expression))]
        case Reduction(system, _, _, equals):
            rows = rate_lines(system.kind, equals)
        case SlowReduction(equals=slow, fast=fast):
            defined = {item for item, _ in slow.let}
            rows = [*rate_lines(slow.kind, slow.equations), *definitions(slow.let)]
            rows += [row for item, value, _ in fast if item not in defined for row in lines(item, r"\to", value)]
        case Limit(of, var, to, equals, direction):
            rows = lines(latex(LimitSign(of, var, to, direction)), "=", equals)
        case Series(of, var, order, equals):
            rows = lines(of, "=", equals)
            rows[-1] += f" + {latex(Order(var**order))}"
        case Bound(lhs, rhs):
            rows = lines(lhs, r"\le", rhs)
        case Cited(source):
            rows = [rf"&\plxword{{see}}~\text{{{cite(source)}}}"]
    for _, expression in getattr(check, "given", ()):
        first, *more = lines(expression, "=", _zero(expression))
        rows += [rf"\plxword{{given }} {first}", *more]
    return [*rows, *definitions(getattr(check, "let", ()))]


def _zero(expression: Any) -> Any:
    from sympy import S, ZeroMatrix

    shape = getattr(expression, "shape", None)
    return S.Zero if shape in (None, ()) else ZeroMatrix(*shape)


def rate_lines(kind: str, equations: Any) -> list[str]:
    """Lines of the equations of a flow or a map."""
    mark = r"\dot{{{}}}" if kind == "flow" else r"{{{}}}^{{+}}"
    return [row for item, value in equations for row in lines(mark.format(latex(item)), "=", value)]


def cite(source: Any) -> str:
    r"""``\cite[where]{key}`` of a source."""
    where = f"[{{{words(source.where)}}}]" if source.where else ""
    return rf"\cite{where}{{{source.key}}}"


def align(rows: Iterable[str], mark: str) -> str:
    """One align environment with one number, that of its last line."""
    listed = list(rows)
    body = " \\notag \\\\\n  ".join(listed)
    return f"\\begin{{align}}\n  {body} {mark}\n\\end{{align}}"


def letters_list(meaning: Any) -> str:
    """What every letter stands for, with the shapes of matrices."""
    parts = []
    for letter, text in meaning:
        size = getattr(letter, "shape", None)
        shape = rf"\in\mathbb{{R}}^{{{factor(size[0])}\times {factor(size[1])}}}" if size else ""
        parts.append(f"${latex(letter)}{shape}$: {words(text)}")
    return "Here " + "; ".join(parts) + "." if parts else ""


def conditions(entry: Formula | System) -> str:
    """What must hold, in one sentence; empty if nothing beyond the letters."""
    return "Valid for " + ", ".join(f"${latex(one)}$" for one in entry.assuming) + "." if entry.assuming else ""


def latex_formula(entry: Formula | System) -> str:
    """LaTeX of a formula or a system: title, source, one align with its label, conditions, letters.

    Parameters
    ----------
    entry : formula or system; letters are written as registered in ``theory.symbols``.
    """
    if isinstance(entry, System):
        rows = [*rate_lines(entry.kind, entry.equations), *definitions(entry.let)]
        rows += [row for item, value in entry.given for row in lines(rf"{latex(item)}\big|_{{0}}", "=", value)]
    else:
        rows = [*relation(entry.statement), *definitions(entry.let)]
    head = rf"\paragraph{{{words(entry.title)}}} ({cite(entry.source)})"
    parts = [f"% {entry.id}", head, align(rows, label(entry.id)), conditions(entry), letters_list(entry.meaning)]
    return "\n".join(part for part in parts if part) + "\n"


def latex_derivation(derivation: Derivation, book: Book, verdict: Verdict | None = None) -> str:
    """LaTeX of a derivation: one align, each step with its claim in words, its first case, and how it was shown.

    Parameters
    ----------
    derivation : steps to write down.
    book : where the steps read formulas.
    verdict : of `verify`; without it the lines say that they were not checked.
    """
    read = book.fresh()
    rows: list[str] = []
    for place, step in enumerate(derivation.steps):
        shown = verdict.steps[place] if verdict is not None and place < len(verdict.steps) else None
        case = f" Case {words(str(step.cases[0]))} of {words(step.scope)}." if step.cases else ""
        grade = "not checked" if shown is None else f"{shown.grade}, {shown.scope}" if shown.ok else "FAILED"
        try:
            own = check_lines(step.shows(read, *step.cases[:1]))
        except Exception:  # a failed verdict has already said why the check cannot be built
            if shown is None or shown.ok:
                raise
            own = [r"&\plxword{cannot be written}"]
        own[-1] += rf" && \plxgrade{{{words(grade)}}}"
        own[0] = rf"\intertext{{{place + 1}. {words(step.claim)}.{case}}}" + "\n  " + own[0]
        rows += own
    uses = verdict.uses if verdict is not None else ()
    references = ", ".join(rf"\eqref{{eq:plx:{one}}}" for one in uses)
    rests = f"Rests on {references}.\n" if uses else ""
    return f"% derivation of {derivation.of}\n{align(rows, label(derivation.of, 'derivation'))}\n{rests}"


def document(title: str, parts: Iterable[str], *, command: str = "") -> str:
    r"""A document that compiles by itself, with amsmath and amssymb only; ``references.bib`` stands beside it.

    Parameters
    ----------
    title : in words.
    parts : LaTeX of formulas and derivations. A reference to a formula that is in no part is written as its id.
    command : how the document was made, kept as a comment.
    """
    body = known_references("\n".join(parts))
    made = f"% made by: {' '.join(command.split())}\n" if command else ""
    return (
        f"{made}\\documentclass{{article}}\n\\usepackage[margin=22mm]{{geometry}}\n\\usepackage{{amsmath,amssymb}}\n\\allowdisplaybreaks\n{MACROS}\n"
        f"\\title{{{words(title)}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n\n{body}\n"
        "\\bibliographystyle{plain}\n\\bibliography{references}\n\\end{document}\n"
    )


def known_references(body: str) -> str:
    """The text with references to labels that it does not hold written as ids."""
    present = set(re.findall(r"\\label\{([^}]*)\}", body))
    return re.sub(
        r"\\eqref\{eq:plx:([^}]*)\}",
        lambda match: match[0] if f"eq:plx:{match[1]}" in present else rf"\texttt{{{words(match[1])}}}",
        body,
    )


def stored(entry: Formula | System) -> str:
    """The SymPy objects of a formula or system as JSON of ``srepr`` strings: the truth beside the LaTeX."""
    pairs = {"let": entry.let}
    if isinstance(entry, System):
        pairs |= {"equations": entry.equations, "given": entry.given}
    record: dict[str, Any] = {name: [[srepr(a), srepr(b)] for a, b in value] for name, value in pairs.items()}
    record |= {"id": entry.id, "assuming": [srepr(one) for one in entry.assuming]}
    if isinstance(entry, Formula):
        record["statement"] = srepr(entry.statement)
    return json.dumps(record, indent=1) + "\n"

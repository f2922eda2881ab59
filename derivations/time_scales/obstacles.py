"""Why some degrees are never learned: sums of squares, and a region that no solution leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sympy import Integer, S, Sum, log, sqrt, symbols

from ...theory.system import System
from ...theory.time_scales.equations import mean
from ...theory.time_scales.letters import K, M, a, e, e_of, eps, i, k, m, phi, s, sigma
from ...theory.time_scales.obstacles import missing
from ...theory.time_scales.phases import of_degree
from ..chain import Book, Bound, Derivation, Rate, Step
from ..check_system import flat
from .equations import at

errors = symbols("x_0:5", real=True)
weight, w = symbols("x w", real=True)
inside = w / sqrt(1 + w**2)
"""Any overlap between -1 and 1."""
product, push, down = symbols("p rho_1 d_3", nonnegative=True)
fraction, drive, moment = symbols("x_s g M_3", positive=True)


def value(book: Book, id: str) -> Any:
    return book.formula(f"time-scales.{id}").value


def of_degrees(book: Book, error: Any, top: int) -> Any:
    """Risk of the mean field with the given errors of degrees 0 to ``top``."""
    whole = book.formula("time-scales.mean-field-risk").statement.args[1].xreplace({K: Integer(top)}).doit()
    return whole.xreplace({e[n]: error(n) for n in range(top + 1)})


def error_without(book: Book, degree: int) -> Any:
    """Error of a degree that the activation lacks."""
    let = dict(book.formula("time-scales.mean-field-risk").let)
    return let[e[k]].xreplace({k: Integer(degree)}).xreplace({sigma[degree]: S.Zero})


def above_floor(book: Book, case: tuple[int, int]) -> Bound:
    """What the risk has beyond the floor are the squares of the other errors."""
    lacking, top = case
    risk = of_degrees(book, lambda n: error_without(book, n) if n == lacking else errors[n], top)
    terms = tuple(errors[n] ** 2 / 2 for n in range(top + 1) if n != lacking)
    return Bound(value(book, "missing-coefficient").xreplace({missing: Integer(lacking)}), risk, terms=terms)


# ---- degrees 1 and 3 alone


def odd(book: Book) -> System:
    """The mean field of degrees 1 and 3."""
    whole = of_degree(book.system("time-scales.mean-field"), 3)
    none = {sigma[0]: S.Zero, sigma[2]: S.Zero}
    return replace(
        whole,
        equations=tuple((item, flat(rate.xreplace(none), whole.let)) for item, rate in whole.equations),
        let=(),
    )


def spelled(book: Book, expression: Any) -> Any:
    """Errors of degrees 1 and 3 through weights and overlaps."""
    return flat(expression, of_degree(book.system("time-scales.mean-field"), 3).let)


def balance_moves(book: Book) -> Rate:
    kept = eps * a[0] ** 2 + log(1 - s[0] ** 2)
    return Rate(odd(book), kept, spelled(book, at(value(book, "sign-balance"))))


def moment_moves(book: Book) -> Rate:
    return Rate(odd(book), mean(a[i] * s[i]), spelled(book, value(book, "sign-drive")))


def at_zero_overlap(book: Book) -> Bound:
    """Rate of ``a s`` at ``s = 0``."""
    rate = at(value(book, "sign-rate")).xreplace({s[0]: S.Zero, e_of[1]: push / sigma[1], a[0]: weight})
    return Bound(0, rate, terms=(push * weight**2,))


def at_zero_weight() -> Bound:
    """The balance of a neuron at ``a = 0``."""
    return Bound(log(1 - inside**2), 0, terms=(log(1 + w**2),))


def balance_grows(book: Book) -> Bound:
    """Rate of the balance of a neuron where ``a s = p >= 0`` and ``sigma_3 e_3 = -d <= 0``."""
    rate = at(value(book, "sign-balance")).xreplace({a[0]: product / s[0], e_of[3]: -down / sigma[3]})
    return Bound(0, rate.xreplace({s[0]: weight}), terms=(4 * down * product * weight**2,))


def drive_returns(book: Book) -> Bound:
    """Share of a neuron in the rate of ``M_1`` where the error of degree 1 vanishes."""
    share = value(book, "sign-drive").replace(lambda x: isinstance(x, Sum), lambda x: m * x.function.xreplace({i: 0}))
    share = share.xreplace({e_of[1]: S.Zero, e_of[3]: -down / sigma[3], a[0]: weight, s[0]: inside})
    square = inside**2
    return Bound(share, 0, terms=(down * square**2 / eps, 3 * down * weight**2 * square / (1 + w**2)))


def stuck(book: Book) -> Bound:
    """Risk where ``M_3 >= 0`` and ``sigma_3 phi_3 = -g < 0``."""
    let = dict(book.formula("time-scales.mean-field-risk").let)
    third = let[e[k]].xreplace({M[k]: moment, k: Integer(3)})
    third = third.xreplace({phi[3]: -drive / fraction, sigma[3]: fraction})
    risk = of_degrees(book, lambda n: {1: errors[1], 3: third}.get(n, S.Zero), 3)
    claimed = value(book, "sign-gap").xreplace({phi[3]: -drive / fraction})
    return Bound(claimed, risk, terms=(errors[1] ** 2 / 2, (fraction * moment) ** 2 / 2, drive * moment))


FLOORS = ((0, 2), (1, 3), (3, 3), (3, 4))
DERIVATIONS = (
    Derivation(
        "time-scales.missing-coefficient",
        (
            Step(
                "what the risk has beyond are squares of the other errors",
                above_floor,
                cases=FLOORS,
                scope="(n, K) = (0, 2), (1, 3), (3, 3), (3, 4)",
            ),
        ),
    ),
    Derivation("time-scales.sign-balance", (Step("rate along the mean field of degrees 1 and 3", balance_moves),)),
    Derivation("time-scales.sign-drive", (Step("rate along the mean field of degrees 1 and 3", moment_moves),)),
    Derivation(
        "time-scales.sign-gap",
        (
            Step("where an overlap vanishes, $a_is_i$ does not decrease while $\\sigma_1e_1\\ge0$", at_zero_overlap),
            Step("where a weight vanishes, its balance is negative: excluded", lambda book: at_zero_weight()),
            Step("balances do not decrease while $a_is_i\\ge0$ and $\\sigma_3e_3\\le0$", balance_grows),
            Step("where $\\sigma_1e_1=0$, no neuron lets $M_1$ grow: $\\sigma_1e_1$ does not decrease", drive_returns),
            Step("so $M_3\\ge0$, and what the risk has beyond $\\varphi_3^2/2$ is nonnegative", stuck),
        ),
    ),
)

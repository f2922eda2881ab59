"""Why the risk has one term for each degree: correlated Hermite polynomials, for all degrees; and closed kernels."""

from __future__ import annotations

from functools import cache
from typing import Any

from sympy import Integer, S, Sum, Symbol, exp, factorial, integrate, oo, pi, sqrt, symbols

from ...theory.hermite import ACTIVATIONS, GELU, Recurrence, moment, recurrence
from ...theory.hermite import x as argument
from ...theory.kernels import kernel, kernel_residual
from ...theory.time_scales.mehler import KERNELS, SQUARES, left, overlap, rho, right
from ..chain import Book, Derivation, Derivative, Identity, Limit, Step
from .network import hermite

x, z, w = symbols("x z w", real=True)
n, more = Symbol("n", integer=True, nonnegative=True), Symbol("q", integer=True, positive=True)
k = Symbol("k", integer=True, nonnegative=True)


def generating(at: Any, letter: Any) -> Any:
    """``exp(z x - z^2/2)``, the sum of ``He_n(x) z^n/n!``."""
    return exp(letter * at - letter**2 / 2)


@cache
def correlated() -> Any:
    """Mean of the product of two generating functions, by Gaussian integrals; ``|rho| < 1``.

    The second input is ``rho x + sqrt(1 - rho^2) y`` with an independent ``y``: both means are of one kind.
    """
    q = Symbol("q", positive=True)
    mean = integrate(exp(q * x) * exp(-(x**2) / 2) / sqrt(2 * pi), (x, -oo, oo))  # entire in q
    inner, outer = mean.subs(q, w * sqrt(1 - rho**2)), mean.subs(q, z + w * rho)
    return outer * inner * exp(-(z**2) / 2 - w**2 / 2)


def polynomial(degree: int) -> Identity:
    """Taylor coefficient of the generating function against the recursion of the polynomials."""
    return Identity(generating(x, z).diff(z, degree).subs(z, 0) / sqrt(factorial(degree)), hermite(degree, x))


def value(book: Book) -> Any:
    return book.formula("time-scales.hermite-correlation").value


def equal_degrees(book: Book) -> Identity:
    """The claimed means summed with ``z^n w^n/n!`` against the mean of the generating functions."""
    term = value(book).xreplace({left: n, right: n})
    return Identity(Sum(term * (z * w) ** n / factorial(n), (n, 0, oo)).doit(), correlated())


def first_ones(book: Book, pair: tuple[int, int]) -> Identity:
    """Taylor coefficients of the mean of the generating functions."""
    one, other = pair
    slope = correlated().diff(z, one).subs(z, 0).diff(w, other).subs(w, 0)
    return Identity(
        slope / sqrt(factorial(one) * factorial(other)),
        value(book).xreplace({left: Integer(one), right: Integer(other)}),
    )


def rule(name: str) -> Recurrence:
    """Two-term recurrence of the moments of an activation, from its linear equation."""
    return recurrence(next(one.annihilator for one in ACTIVATIONS if one.name == name), k)


def equation(book: Book, name: str) -> Identity:
    """The equation that the recurrence of the coefficients gives for the kernel."""
    return Identity(kernel_residual(book.formula(f"time-scales.kernel-{name}").value, rule(name), k, overlap), S.Zero)


def begins(book: Book, name: str, degree: int) -> Identity:
    """Coefficient of the kernel at a low degree against the squared Hermite coefficient."""
    value = book.formula(f"time-scales.kernel-{name}").value
    taylor = value.diff(overlap, degree).subs(overlap, 0) / factorial(degree)
    return Identity(taylor, moment(KERNELS[name][1], degree, argument) ** 2 / factorial(degree))


def kernel_steps(name: str) -> tuple[Step, ...]:
    if name == "gelu":  # a recurrence of three terms says nothing simple about squares
        first = Step(
            "integration by parts from the kernel of the normal distribution function",
            lambda book: Identity(book.formula("time-scales.kernel-gelu").value, kernel(GELU, overlap)),
        )
        low: tuple[int, ...] = (0, 1, 2)
    else:
        first = Step(
            "the recurrence of the Hermite coefficients, as an equation for it", lambda book: equation(book, name)
        )
        low = (0,) if name == "exp" else (0, 1)
    lowest = Step(
        "Taylor coefficients against squared Hermite coefficients, all that the first step leaves open",
        lambda book, degree: begins(book, name, degree),
        cases=low,
        scope="degrees " + ", ".join(map(str, low)) + " of the coefficients",
    )
    return (first, lowest)


def at_one(book: Book, name: str) -> Limit:
    """The kernel of two neurons that become one; ``x`` is the square root of what the overlap lacks."""
    small = Symbol("x", positive=True)
    whole = book.formula(f"time-scales.kernel-{name}").value
    return Limit(
        whole.xreplace({overlap: 1 - small**2}), small, S.Zero, book.formula(f"time-scales.mean-square-{name}").value
    )


def directly(book: Book, name: str) -> Identity:
    """Gaussian mean of the squared activation."""
    return Identity(moment(KERNELS[name][1] ** 2, 0, argument), book.formula(f"time-scales.mean-square-{name}").value)


def square_steps(name: str) -> tuple[Step, ...]:
    first = Step("the kernel at overlap one", lambda book: at_one(book, name))
    if name not in ("relu", "exp"):  # squares without an elementary mean
        return (first,)
    return (first, Step("Gaussian mean of the square", lambda book: directly(book, name)))


DERIVATIONS = (
    Derivation(
        "time-scales.hermite-correlation",
        (
            Step(
                "the generating function obeys the recursion $He_{n+1}=xHe_n-nHe_{n-1}$",
                lambda book: Derivative(generating(x, z), z, (x - z) * generating(x, z)),
            ),
            Step(
                "its Taylor coefficients are the polynomials of that recursion",
                lambda book, degree: polynomial(degree),
                cases=tuple(range(7)),
                scope="degrees 0..6 of the polynomials",
            ),
            Step("equal degrees, all of them: the mean of two generating functions is $e^{\\rho zw}$", equal_degrees),
            Step(
                "different degrees: the product $zw$ alone occurs",
                lambda book: Identity(
                    value(book).xreplace({left: right + more}), w * correlated().diff(w) - z * correlated().diff(z)
                ),
            ),
            Step(
                "Taylor coefficients of the mean",
                first_ones,
                cases=((1, 1), (2, 2), (0, 2), (2, 1)),
                scope="degrees 0..2 of the mean",
            ),
        ),
    ),
    *(Derivation(f"time-scales.kernel-{name}", kernel_steps(name)) for name in KERNELS),
    *(Derivation(f"time-scales.mean-square-{name}", square_steps(name)) for name in SQUARES),
)

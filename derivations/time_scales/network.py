"""The network in coordinates, and its risk by Gaussian moments: the independent side of the exact equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sympy import Add, Idx, IndexedBase, Integer, KroneckerDelta, Poly, S, Sum, Symbol, factorial, sqrt, symbols

from ...theory.flow import gradient_flow
from ...theory.formula import Formula, Let
from ...theory.indices import put
from ...theory.system import System
from ...theory.time_scales.letters import MEANING, OURS, K, a, eps, i, j, k, m, phi, r, rest, s, sigma, t
from ...theory.time_scales.mehler import left, rho, right
from ..chain import Identity

d = Symbol("d", integer=True, positive=True)
c, b = Idx("c", d), Idx("b", d)
u = IndexedBase("u")
z = symbols("z_0:5", real=True)


def overlap(x: Any, y: Any) -> Any:
    """Inner product of two first-layer weight vectors, in coordinates whose first axis is the target's direction."""
    return Sum(u[x, b] * u[y, b], (b, 0, d - 1))


COORDINATES: Let = ((s[i], u[i, 0]), (r[i, j], overlap(i, j)))


@cache
def network(risk: Formula) -> System:
    """Gradient flow of the risk in the coordinates of the weights; the first layer moves at right angles to itself.

    The vectors need not have length one: the equations of the overlaps hold as polynomial identities.
    """
    words = {**MEANING, d: "dimension of the inputs", u: "first-layer weights"}
    names = (a, u, s, r, sigma, phi, rest, eps, t, m, K, d)
    plain = gradient_flow(
        "time-scales.network",
        risk.value,
        (a[i], u[i, c]),
        let=COORDINATES,
        mobility=((a[i], m / eps), (u[i, c], m)),
        time=t,
        source=OURS,
        title="gradient flow of the population risk in the weights",
        meaning=tuple((name, words[name]) for name in names),
    )
    push = plain.rate(u[i, c])
    along_itself = Sum(u[i, b] * put(push, ()).xreplace({c: b}), (b, 0, d - 1))
    equations = ((a[i], plain.rate(a[i])), (u[i, c], push - u[i, c] * along_itself))
    return replace(plain, equations=equations, assuming=(m <= 2, K <= 2, d <= 2))  # small points are enough


def hermite(degree: int, x: Any) -> Any:
    """Normalised Hermite polynomial, by the recursion."""
    before, now = S.Zero, S.One
    for n in range(degree):
        before, now = now, x * now - n * before
    return now / sqrt(factorial(degree))


def moment(powers: Sequence[int], covariance: Any) -> Any:
    """Mean of a monomial in centred normal variables, by integration by parts."""
    first = next((n for n, power in enumerate(powers) if power), None)
    if first is None:
        return S.One
    rest = list(powers)
    rest[first] -= 1
    parts = []
    for n, power in enumerate(rest):
        if power:
            less = [q - (place == n) for place, q in enumerate(rest)]
            parts.append(covariance[first][n] * power * moment(less, covariance))
    return Add(*parts)


def expectation(expression: Any, covariance: Any) -> Any:
    """Mean of a polynomial in ``z``."""
    terms = Poly(expression, *z).terms()
    return Add(*(coefficient * moment(powers, covariance) for powers, coefficient in terms))


def risk_of_two(degree: int) -> Any:
    """Risk of two neurons with degrees 0 to ``degree``, from the network itself.

    What the neurons have above these degrees is uncorrelated with all else: a normal variable of its own for each.
    """
    overlaps = ((1, s[0], s[1]), (s[0], 1, r[0, 1]), (s[1], r[0, 1], 1))
    covariance = [[overlaps[x][y] if max(x, y) < 3 else int(x == y) for y in range(5)] for x in range(5)]
    target = Add(*(phi[n] * hermite(n, z[0]) for n in range(degree + 1)))
    neurons = [
        Add(sqrt(rest) * z[place + 2], *(sigma[n] * hermite(n, z[place]) for n in range(degree + 1)))
        for place in (1, 2)
    ]
    return expectation((target - (a[0] * neurons[0] + a[1] * neurons[1]) / 2) ** 2 / 2, covariance)


def at_two(risk: Formula, degree: int) -> Any:
    """The formula of the risk for two unit vectors."""
    value = risk.value.xreplace({m: Integer(2), K: Integer(degree)}).doit()
    return value.xreplace({r[0, 0]: S.One, r[1, 1]: S.One, r[1, 0]: r[0, 1]})


def unit(expression: Any) -> Any:
    """Overlaps of the mean field, one for a neuron with itself."""
    return put(expression, ((r[i, j], s[i] * s[j] + KroneckerDelta(i, j) * (1 - s[i] ** 2)),))


def risk_of_all(risk: Formula, correlation: Formula) -> Identity:
    """Risk from the correlations of all pairs of degrees, any width and number of degrees.

    What a neuron has above degree ``K`` is correlated with itself alone.
    """

    def paired(one: Any, other: Any, overlap: Any) -> Any:
        # different degrees are uncorrelated: of the double sum over degrees the diagonal is left
        return Sum(one[k] * other[k] * correlation.value.xreplace({left: k, right: k, rho: overlap}), (k, 0, K))

    target = paired(phi, phi, S.One)
    cross = Sum(a[i] * paired(phi, sigma, s[i]), (i, 0, m - 1)) / m
    own = Sum(a[i] * a[j] * (paired(sigma, sigma, r[i, j]) + rest * KroneckerDelta(i, j)), (i, 0, m - 1), (j, 0, m - 1))
    return Identity(target / 2 - cross + own / (2 * m**2), risk.value)

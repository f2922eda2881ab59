"""Self-similar layers in which a degree is learned: law in time, lag behind the formal blow-up, width, critical rays.

On a ray ``(A, S) = mu(tau) (x, y)`` the flow of a phase turns into one equation for ``M_l``. Letters ``g`` and ``kappa`` are
absolute values of ``sigma_l phi_l`` and ``phi_l/sigma_l``; ``v`` is the root of degree ``l + 1`` of the learned share.
"""

from __future__ import annotations

from typing import Any

from sympy import Eq, Integer, Integral, Rational, atan, log, pi, sqrt, symbols

from ..formula import Formula, Standing
from ..system import System
from .letters import OURS, T, formula, m, meaning
from .letters import degree as l

g, C, kappa, M = symbols("g C kappa M", positive=True)
growth, start = symbols("omega M_star", positive=True)
v, w, left = symbols("v w tau_left", positive=True)
F, share, lag = symbols("F v_h k_l", real=True)
F_two, F_three, k_two, k_three, w_two, w_three = symbols("F_2 F_3 k_2 k_3 w_2 w_3", real=True)
MORE: dict[Any, str] = {
    g: "absolute value of $\\sigma_l\\varphi_l$",
    C: "constant of the ray",
    kappa: "absolute value of $\\varphi_l/\\sigma_l$, the moment of degree $l$ once it is learned",
    M: "moment of degree $l$ in units of its sign",
    growth: "rate of growth of the ray at scale one",
    start: "moment of degree $l$ at scale one",
    v: "root of degree $l+1$ of the learned share, $M=\\kappa v^{l+1}$",
    w: "variable of integration",
    left: "rescaled time left until the formal blow-up",
    F: "antiderivative of $1/(v^l(1-v^{l+1}))$ without constant at zero",
    F_two: "antiderivative of $1/(v^2(1-v^3))$ without constant at zero",
    F_three: "antiderivative of $1/(v^3(1-v^4))$ without constant at zero",
    lag: "rescaled time by which half of degree $l$ is learned before the formal blow-up",
    k_two: "the same for degree 2",
    k_three: "the same for degree 3",
    w_two: "rescaled time from a tenth to nine tenths of degree 2",
    w_three: "rescaled time from a tenth to nine tenths of degree 3",
    m: "number of neurons",
}
LATEX = (
    (start, r"M_\star"), (left, r"\tau_\leftarrow"), (F_two, "F_2"), (F_three, "F_3"),
)  # fmt: skip

RAY = System(
    "time-scales.ray",
    "moment of degree $l$ on a ray while it is learned",
    "flow",
    T,
    ((M, g * C * M ** (2 * l / (l + 1)) * (1 - M / kappa)),),
    meaning(T, g, C, M, kappa, l, extra=MORE),
    OURS,
)
SYSTEMS = (RAY,)


def claim(id: str, title: str, statement: Any, **more: Any) -> Formula:
    return formula(id, title, statement, OURS, standing=Standing.OURS, extra=MORE, **more)


CLOSED = {
    2: -1 / v - log(1 - v) / 3 + log(v**2 + v + 1) / 6 - (atan((2 * v + 1) / sqrt(3)) - pi / 6) / sqrt(3),
    3: -1 / (2 * v**2) - log(1 - v**2) / 4 + log(1 + v**2) / 4,
}
"""Antiderivatives of ``1/(v^l (1 - v^(l+1)))``, constants such that nothing but the pole is left at zero."""


def at_share(degree: int, part: Any) -> Any:
    """The antiderivative where the given part is learned."""
    return CLOSED[degree].xreplace({v: part ** Rational(1, degree + 1)})


def speed(degree: int) -> Any:
    """Rate of the antiderivative in rescaled time."""
    return g * C * kappa ** Rational(degree - 1, degree + 1) / (degree + 1)


HALF, TENTH, MOST = Rational(1, 2), Rational(1, 10), Rational(9, 10)
FORMULAS = (
    claim(
        "ray-constant",
        "constant of a ray from its growth",
        Eq(C, (l + 1) * growth * start ** ((1 - l) / (l + 1)) / g),
    ),
    claim(
        "blow-up-law",
        "moment of degree $l$ on a ray before it is learned: finite time",
        Eq(M, (g * C * (l - 1) / (l + 1) * left) ** (-(l + 1) / (l - 1))),
        assuming=(l >= 2,),
    ),
    claim(
        "inner-antiderivative",
        "antiderivative of the inner layer for any degree",
        Eq(F, -(v ** (1 - l)) / (l - 1) + Integral(w / (1 - w ** (l + 1)), (w, 0, v))),
        assuming=(l >= 2, v < 1),
    ),
    claim(
        "inner-antiderivative-two",
        "antiderivative of the inner layer of degree 2",
        Eq(F_two, CLOSED[2]),
        assuming=(v < 1,),
    ),
    claim(
        "inner-antiderivative-three",
        "antiderivative of the inner layer of degree 3",
        Eq(F_three, CLOSED[3]),
        assuming=(v < 1,),
    ),
    claim(
        "inner-law",
        "rescaled time left until the formal blow-up when the share $v^{l+1}$ is learned",
        Eq(left, -(l + 1) * F / (g * C * kappa ** ((l - 1) / (l + 1)))),
        assuming=(l >= 2,),
    ),
    claim(
        "lag-two", "lead of the half time of degree 2 over the formal blow-up", Eq(k_two, -at_share(2, HALF) / speed(2))
    ),
    claim(
        "lag-three",
        "lead of the half time of degree 3 over the formal blow-up",
        Eq(k_three, -at_share(3, HALF) / speed(3)),
    ),
    claim(
        "fall-two",
        "duration of the fall of degree 2, from a tenth to nine tenths",
        Eq(w_two, (at_share(2, MOST) - at_share(2, TENTH)) / speed(2)),
    ),
    claim(
        "fall-three",
        "duration of the fall of degree 3, from a tenth to nine tenths",
        Eq(w_three, (at_share(3, MOST) - at_share(3, TENTH)) / speed(3)),
    ),
    claim(
        "two-winners",
        "constant of degree 2 on the ray of two neurons of equal weights and opposite overlaps",
        Eq(C, (54 * (m - 2)) ** Rational(1, 3)),
        assuming=(m >= 3,),
    ),
    claim(
        "one-winner",
        "constant of degree 2 on the ray of one neuron against two equal groups, for an odd number of neurons",
        Eq(C, (16 * m**3 / (m**2 - 1)) ** Rational(1, 3)),
        assuming=(m >= 5,),
    ),
)

Ray = tuple[tuple[Any, Any, Any], ...]


def two_winners(m: Any, ratio: Any) -> Ray:
    """Ray of degree 2, groups ``(number of neurons, weight, overlap)`` up to scale; ``ratio`` is ``sqrt(2*m/(m - 2))``."""
    return ((Integer(1), Integer(1), ratio), (Integer(1), Integer(1), -ratio), (m - 2, -2 / (m - 2), Integer(0)))


def one_winner(m: Any, u: Any, r: Any) -> Ray:
    """The same for one neuron against two equal groups; ``u`` is ``sqrt(2*m)``, ``r`` is ``sqrt(2*m + 3)``.

    With ``lambda_1 = -2`` the rates are a state times a growth where ``A = growth S/(2 z)``, ``S = 1 + z``, for the roots ``z``
    of a cubic without square term; the kept moments say that the mean of ``z`` and that of ``1/z`` are minus one.
    """
    speed = 2 * m * u / (r * (m - 3))
    roots = (2 * m / (m - 3), -m / (m - 3) * (1 - 3 / r), -m / (m - 3) * (1 + 3 / r))
    counts = (Integer(1), (m - 1) / 2, (m - 1) / 2)
    return tuple((count, speed * (z + 1) / (2 * z), z + 1) for count, z in zip(counts, roots))

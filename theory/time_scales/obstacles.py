"""What is never learned in the mean field: degrees that the activation lacks, and degree 3 after a gap with the wrong sign.

For degrees 1 and 3 alone, drives ``g_1 > 0 > g_3`` and overlaps zero at the start, no solution leaves the set on which
``sigma_1 e_1 >= 0`` and, for every neuron, ``a s >= 0`` and ``eps a^2 + log(1 - s^2) >= 0``. There ``M_3 >= 0``, away from the
target. The sign of ``a s`` alone is not kept: it may change at ``a = 0``, which the last inequality excludes.
"""

from __future__ import annotations

from typing import Any

from sympy import Eq, Symbol, symbols

from ..formula import Formula, Standing
from .equations import mean
from .letters import OURS, a, e_of, eps, formula, i, phi, s, sigma

missing = Symbol("n", integer=True, nonnegative=True)
floor, floor_gap = symbols("R_floor R_gap", nonnegative=True)
dI, dM1 = symbols("dI_i dM_1", real=True)
MORE: dict[Any, str] = {
    missing: "a degree that the activation lacks, $\\sigma_n=0$",
    floor: "what the risk cannot fall below",
    floor_gap: "what the risk cannot fall below if $\\sigma_1\\varphi_1$ and $\\sigma_3\\varphi_3$ have opposite signs",
    dI: "rate of $\\epsilon a_i^2+\\log(1-s_i^2)$",
    dM1: "rate of the moment of degree 1",
}
LATEX = (
    (floor, r"R_{\mathrm{floor}}"),
    (floor_gap, r"R_{\mathrm{gap}}"),
    (dI, r"\dot{I}_i"),
    (dM1, r"\dot{M}_1"),
)
ONE, THREE = sigma[1] * e_of[1], sigma[3] * e_of[3]


def claim(id: str, title: str, statement: Any) -> Formula:
    return formula(id, title, statement, OURS, standing=Standing.OURS, extra=MORE)


FORMULAS = (
    claim(
        "missing-coefficient",
        "a degree that the activation lacks leaves its share of the risk",
        Eq(floor, phi[missing] ** 2 / 2),
    ),
    claim(
        "sign-balance",
        "degrees 1 and 3 alone: rate of the balance of a neuron, which degree 1 keeps",
        Eq(dI, -4 * THREE * a[i] * s[i] ** 3),
    ),
    claim(
        "sign-drive",
        "degrees 1 and 3 alone: rate of the moment of degree 1",
        Eq(
            dM1,
            mean(
                ONE * (s[i] ** 2 / eps + a[i] ** 2 * (1 - s[i] ** 2))
                + THREE * (s[i] ** 4 / eps + 3 * a[i] ** 2 * s[i] ** 2 * (1 - s[i] ** 2))
            ),
        ),
    ),
    claim(
        "sign-gap",
        "degrees 1 and 3 alone, drives of opposite sign, overlaps zero at the start: degree 3 is never learned",
        Eq(floor_gap, phi[3] ** 2 / 2),
    ),
)

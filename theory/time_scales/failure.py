"""When the canonical order fails: missing coefficients, a gap with the wrong sign, too few atoms, equal weights."""

from __future__ import annotations

from typing import Any

from sympy import Add, Eq, IndexedBase, KroneckerDelta, Symbol, exp, log, symbols
from sympy.polys.specialpolys import symmetric_poly

from ..formula import Standing
from .letters import OURS, T, a, e_of, eps, formula, i, j, m, phi, s, sigma
from .theta import MORE as PHASE_ONE
from .theta import A_mean, theta

NAMES = {1: "one", 2: "two", 3: "three", 4: "four"}
ds, dP, dM2 = symbols("ds_i dP_i dM_2", real=True)
escape = IndexedBase("L")
rate, d, t_escape = symbols("lambda d t_e", positive=True)
top = Symbol("Q", real=True)
nodes = symbols("S_0:4", real=True)
masses = symbols("w_0:4", real=True)
MORE: dict[Any, str] = {
    **PHASE_ONE,
    ds: "rate of an overlap that is zero",
    dP: "rate of the product of weight and overlap of a neuron",
    dM2: "rate of the moment of degree 2",
    escape: "matrix of the linear flow of the overlaps",
    rate: "its largest eigenvalue",
    d: "dimension of the inputs",
    t_escape: "time to grow from $d^{-1/2}$ to one",
    top: "moment of the degree equal to the number of atoms",
    **{letter: f"rescaled overlap of atom {n}" for n, letter in enumerate(nodes)},
    **{letter: f"total weight of atom {n}" for n, letter in enumerate(masses)},
}
LATEX = ((ds, r"\dot{s}_i"), (dP, r"\frac{d(a_is_i)}{dt}"), (dM2, r"\dot{M}_2"), (t_escape, r"t_e"))


def power_sum(degree: int, atoms: int) -> Any:
    """Moment of a number of atoms."""
    return Add(*(masses[n] * nodes[n] ** degree for n in range(atoms)))


def from_lower(atoms: int) -> Any:
    """The moment of degree ``atoms`` through the lower ones: every node is a root of the product of ``x - S_n``."""
    terms = (
        (-1) ** (atoms - n - 1) * symmetric_poly(atoms - n, *nodes[:atoms]) * power_sum(n, atoms) for n in range(atoms)
    )
    return Add(*terms)


odd_errors = sigma[1] * e_of[1] + sigma[3] * e_of[3] * s[i] ** 2
FORMULAS = (
    formula(
        "overlap-start",
        "overlaps that are zero stay zero unless activation and target both have degree 1",
        Eq(ds, sigma[1] * phi[1] * a[i]),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "escape-matrix",
        "linear flow of small overlaps where the target has no degree 1",
        Eq(escape[i, j], 2 * sigma[2] * phi[2] * a[i] * KroneckerDelta(i, j) - sigma[1] ** 2 * a[i] * a[j] / m),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "escape-time",
        "time to grow from a random start in dimension $d$",
        Eq(t_escape, log(d) / (2 * rate)),
        OURS,
        standing=Standing.HEURISTIC,
        extra=MORE,
    ),
    formula(
        "sign-rate",
        "degrees 1 and 3 alone: rate of the product of weight and overlap, whose sign matters",
        Eq(
            dP,
            s[i] ** 2 * odd_errors / eps
            + a[i] ** 2 * (1 - s[i] ** 2) * (sigma[1] * e_of[1] + 3 * sigma[3] * e_of[3] * s[i] ** 2),
        ),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    *(
        formula(
            f"too-few-atoms-{NAMES[n]}",
            f"{n} atoms: if the moments below degree {n} vanish, so does that of degree {n}",
            Eq(top, from_lower(n)),
            OURS,
            standing=Standing.OURS,
            extra=MORE,
        )
        for n in NAMES
    ),
    formula(
        "two-valued",
        "two values of the weights, equally often: the moment of degree 2 grows linearly, without blow-up",
        Eq(dM2, 4 * sigma[2] * phi[2] * (phi[1] / sigma[1]) ** 2),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
    formula(
        "equal-weights",
        "equal weights and overlaps zero: no exponential growth, degree 1 is learned in a time of order one",
        Eq(theta, phi[1] / (sigma[1] * A_mean**2) * (1 - exp(-(sigma[1] ** 2) * A_mean**2 * T))),
        OURS,
        standing=Standing.OURS,
        extra=MORE,
    ),
)

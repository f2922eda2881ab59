"""Letters of the time-scales of learning, with their meanings; one block for the whole paper."""

from __future__ import annotations

from typing import Any

from sympy import Idx, IndexedBase, Symbol, symbols

from ..formula import Formula, Let, Source, table
from ..system import System

PAPER = "berthier2024learning"
OURS = Source("plateaux")

m = Symbol("m", integer=True, positive=True)
K = Symbol("K", integer=True, positive=True)
i, j, p = Idx("i", m), Idx("j", m), Idx("p", m)
k = Idx("k", (0, K))
degree = Symbol("l", integer=True, positive=True)
a, s, r = IndexedBase("a"), IndexedBase("s"), IndexedBase("r")
sigma, phi = IndexedBase("sigma"), IndexedBase("phi")
M, e = IndexedBase("M"), IndexedBase("e")
rest = Symbol("u_rest", nonnegative=True)
v, W = IndexedBase("v"), IndexedBase("W")
eps = Symbol("eps", positive=True)
t = Symbol("t", nonnegative=True)
risk, risk_diagonal = Symbol("R", nonnegative=True), Symbol("R_diag", nonnegative=True)
drisk, dsecond, dfirst, doff = symbols("dR dP dL dq", real=True)
invariant = Symbol("I", real=True)

# A network of a fixed number of degrees: the moments and the errors of degrees 0 to 4 as letters of their own.
M_of = symbols("M_0:5", real=True)
e_of = symbols("e_0:5", real=True)

# Rescaled letters of the phases.
A, S = IndexedBase("A"), IndexedBase("S")
E = symbols("E_0:5", real=True)
T = Symbol("T", real=True)
residual = symbols("rho_0:5", real=True)

MEANING: dict[Any, str] = {
    m: "number of neurons",
    K: "largest degree of activation and target",
    degree: "a degree",
    a: "second-layer weights",
    s: "overlap of each first-layer weight vector with the direction of the target",
    r: "overlaps of the first-layer weight vectors, $r_{ii}=1$ (symmetric in its indices)",
    sigma: "Hermite coefficients of the activation, normalised polynomials",
    phi: "Hermite coefficients of the target, normalised polynomials",
    rest: "mean square of the activation above degree $K$, $E\\sigma(x)^2-\\sum_{k\\le K}\\sigma_k^2$",
    M: "moments $M_k=\\langle a s^k\\rangle$: coefficient $k$ of the network is $\\sigma_kM_k$",
    e: "Hermite coefficients of the error, target minus network",
    v: "slope of the correlation with the target at each neuron",
    W: "second-layer weight times the slope of the kernel of two neurons, over $m$",
    eps: "ratio of time-scales: the second layer is faster by its inverse",
    t: "time of gradient flow",
    risk: "population risk",
    risk_diagonal: "population risk with the overlap of every neuron with itself",
    drisk: "rate of the risk",
    dsecond: "rate of $\\epsilon\\langle a^2\\rangle$",
    dfirst: "rate of $-\\langle\\log(1-s^2)\\rangle$",
    doff: "rate of $r_{01}-s_0s_1$",
    invariant: "invariant of each neuron",
    A: "rescaled second-layer weights",
    S: "rescaled overlaps",
    T: "rescaled time",
    **{letter: f"moment of degree {n}, $\\langle a s^{n}\\rangle$" for n, letter in enumerate(M_of)},
    **{letter: f"error of degree {n}, $\\varphi_{n}-\\sigma_{n}M_{n}$" for n, letter in enumerate(e_of)},
    **{letter: f"rescaled error of degree {n}" for n, letter in enumerate(E)},
    **{letter: f"error of degree {n} in rescaled letters" for n, letter in enumerate(residual)},
}

LATEX = (
    (eps, r"\epsilon"),
    (rest, r"u_{\mathrm{rest}}"),
    (phi.label, r"\varphi"),
    (risk_diagonal, r"R_{\mathrm{diag}}"),
    (drisk, r"\dot{R}"),
    (dsecond, r"\dot{P}"),
    (dfirst, r"\dot{L}"),
    (doff, r"\dot{q}"),
)


def meaning(*expressions: Any, extra: dict[Any, str] | None = None) -> tuple[tuple[Any, str], ...]:
    """Meanings of the letters that occur, from the table of the paper."""
    return table({**MEANING, **(extra or {})}, *expressions)


def formula(id: str, title: str, statement: Any, source: Source, *, let: Let = (), **more: Any) -> Formula:
    """A formula of this paper; meanings come from the table (and ``extra``)."""
    extra = more.pop("extra", None)
    form = more.get("float_form")
    parts = [statement, *more.get("assuming", ()), *(part for pair in let for part in pair)]
    parts += [] if form is None else [form]
    return Formula(f"time-scales.{id}", title, statement, meaning(*parts, extra=extra), source, let=let, **more)


def flow(id: str, title: str, equations: Let, source: Source, *, time: Any = t, let: Let = (), **more: Any) -> System:
    """A flow of this paper; meanings come from the table."""
    parts = [time, *more.get("assuming", ()), *(part for pair in (*equations, *let) for part in pair)]
    return System(f"time-scales.{id}", title, "flow", time, equations, meaning(*parts), source, let=let, **more)

"""Phases of degree two and more: ascent of one moment while those of the learned degrees are kept.

Weights and overlaps move by ``g_l grad M_l + sum_j lambda_j grad M_j`` over the learned degrees ``j < l``, in the metric in
which the gradient of ``M_j = <A S^j>`` at a neuron is ``n_j = (S^j, j A S^(j-1))``. The multipliers ``lambda_j = sigma_j E_j``
are the errors of the learned degrees; they solve ``sum_k <n_j.n_k> lambda_k = -g_l <n_j.n_l>``, by elimination.
"""

from __future__ import annotations

from typing import Any

from sympy import Add, Eq, Idx, IndexedBase, Rational, S, Sum, Symbol, symbols

from ..formula import Let, Standing
from ..system import System
from .equations import mean
from .letters import OURS, A, E, T, a, e_of, eps, formula, i, meaning, phi, residual, s, sigma, t
from .letters import S as OVERLAP
from .letters import degree as l

NAMES = ("zero", "one", "two", "three", "four")
mu, nu = symbols("mu_0:9", real=True), symbols("nu_0:8", real=True)
gram = {
    (j, k, p): Symbol(f"C_{j}{k}" + f"_{p}" * (p > 0), real=True)
    for p in range(4)
    for j in range(p, 5)
    for k in range(j, 5)
}
drive, dM = symbols("g_l dM_l", real=True)
push, pull, lagrange = IndexedBase("P"), IndexedBase("Q"), IndexedBase("lambda")
j = Idx("j")
MORE: dict[Any, str] = {
    drive: "drive of degree $l$, $\\sigma_l\\varphi_l$",
    dM: "rate of the moment of degree $l$",
    push: "rates of the weights",
    pull: "rates of the overlaps",
    lagrange: "multipliers of the learned degrees",
    j: "a learned degree",
    **{letter: f"mean $\\langle S^{n}\\rangle$" for n, letter in enumerate(mu)},
    **{letter: f"mean $\\langle A^2S^{n}\\rangle$" for n, letter in enumerate(nu)},
    **{
        letter: f"product of the gradients of the moments {j} and {k}" + ", lower degrees eliminated" * (p > 0)
        for (j, k, p), letter in gram.items()
    },
}
LATEX = (
    *((letter, rf"C_{{{j}{k}}}" + rf"^{{({p})}}" * (p > 0)) for (j, k, p), letter in gram.items()),
    (dM, r"\dot{M}_l"),
)


def product(j: int, k: int) -> Any:
    """Inner product of the gradients of two moments, in means of powers."""
    first = mu[j + k] if j + k else S.One
    return first + (j * k * nu[j + k - 2] if j * k else S.Zero)


def multipliers(l: int, drive: Any, learned: tuple[int, ...]) -> Let:
    """Definitions of the rescaled errors of the learned degrees, and of what they need.

    Gaussian elimination from the lowest degree on; its intermediate entries get letters of their own.
    """
    rows = (*learned, l)
    entry = {(j, k): product(j, k) for j in rows for k in rows if j <= k}
    let: list[tuple[Any, Any]] = []
    stages = []
    for stage, pivot in enumerate(learned):
        if stage or pivot:  # the product of the gradient of the mean with itself is one: no letter is needed
            for pair, value in entry.items():
                letter = gram[(*pair, stage)]
                let.append((letter, value))
                entry[pair] = letter
        stages.append(dict(entry))
        below = {pair: value for pair, value in entry.items() if pivot not in pair}
        entry = {
            (j, k): value - entry[pivot, j] * entry[pivot, k] / entry[pivot, pivot]
            for (j, k), value in below.items()
            if j != l
        }
    solved: list[int] = []
    for pivot, at in reversed(list(zip(learned, stages))):
        pushes = Add(drive * at[pivot, l], *(sigma[k] * E[k] * at[pivot, k] for k in solved))
        let.append((E[pivot], -pushes / at[pivot, pivot] / sigma[pivot]))
        solved.append(pivot)
    used = {letter for _, value in let for letter in value.free_symbols}
    means = [(mu[q], mean(OVERLAP[i] ** q)) for q in range(2 * l + 1) if mu[q] in used]
    means += [(nu[q], mean(A[i] ** 2 * OVERLAP[i] ** q)) for q in range(2 * l) if nu[q] in used]
    return (*means, *let)


def ascent(l: int, drive: Any, learned: tuple[int, ...]) -> Let:
    """Rates of weights and overlaps: gradients of the moments, degree ``l`` with the given coefficient."""
    pushes = ((l, drive), *((j, sigma[j] * E[j]) for j in learned))
    return (
        (A[i], Add(*(c * OVERLAP[i] ** j for j, c in pushes))),
        (OVERLAP[i], A[i] * Add(*(j * c * OVERLAP[i] ** (j - 1) for j, c in pushes if j))),
    )


def check(l: int, learned: tuple[int, ...] | None) -> None:
    """Refuse degrees without a phase of this kind."""
    if not 2 <= l < len(NAMES):
        raise ValueError(f"l: {l}; allowed: 2 to {len(NAMES) - 1}")
    degrees = tuple(range(l)) if learned is None else learned
    if not degrees or list(degrees) != sorted(set(degrees)) or not 0 <= degrees[0] <= degrees[-1] < l:
        raise ValueError(f"learned: {learned}; allowed: increasing degrees below {l}, at least one")


def constrained(id: str, title: str, l: int, drive: Any, learned: tuple[int, ...] | None, let: Let = ()) -> System:
    """Flow of a phase of degree ``l`` on the set where the moments of the learned degrees are kept."""
    degrees = tuple(range(l)) if learned is None else learned
    equations, let = ascent(l, drive, degrees), (*let, *multipliers(l, drive, degrees))
    parts = [T, *(part for pair in (*equations, *let) for part in pair)]
    return System(f"time-scales.{id}", title, "flow", T, equations, meaning(*parts, extra=MORE), OURS, let=let)


def phase_entry(l: int, learned: tuple[int, ...] | None = None) -> System:
    """Flow before degree ``l`` is learned: ascent of ``g_l M_l``, which blows up in finite time.

    Parameters
    ----------
    l : degree, 2 to 4.
    learned : degrees below ``l`` that the activation has (nonzero ``sigma_j``); default all.
    """
    check(l, learned)
    name = f"phase-{NAMES[l]}-entry" + "".join(f"-{NAMES[j]}" for j in learned or ())
    title = f"degree {l} before it is learned, with the multipliers of degrees "
    title += ", ".join(map(str, range(l) if learned is None else learned))
    return constrained(name, title, l, sigma[l] * phi[l], learned)


def entry_scales(l: int) -> Let:
    """Sizes of time, weights, overlaps and errors before degree ``l`` is learned."""
    small = Rational(1, 2 * l)
    return _scales(l, small, (l - 1) * small, small)


def inner_scales(l: int) -> Let:
    """Sizes of time, weights, overlaps and errors while degree ``l`` is learned."""
    small = Rational(1, 2 * (l + 1))
    return _scales(l, 2 * small, l * small, small)


def _scales(l: int, clock: Any, weight: Any, overlap: Any) -> Let:
    return (
        (t, eps**clock * T),
        (a[i], eps**-weight * A[i]),
        (s[i], eps**overlap * OVERLAP[i]),
        *((e_of[j], eps ** ((l - j) * overlap) * E[j]) for j in range(l)),
    )


def phase_inner(l: int, learned: tuple[int, ...] | None = None) -> System:
    """Flow while degree ``l`` is learned: descent of the square of its error, the lower moments stay zero.

    Parameters
    ----------
    l, learned : as for `phase_entry`.
    """
    check(l, learned)
    name = f"phase-{NAMES[l]}" + "".join(f"-{NAMES[j]}" for j in learned or ())
    error = (residual[l], phi[l] - sigma[l] * mean(A[i] * OVERLAP[i] ** l))
    return constrained(name, f"degree {l} while it is learned", l, sigma[l] * residual[l], learned, (error,))


FORMULAS = (
    formula(
        "constrained-growth",
        "the moment of degree $l$ grows like the squared speed while those of the learned degrees are kept",
        Eq(drive * dM, mean(push[i] ** 2 + pull[i] ** 2)),
        OURS,
        let=(
            (push[i], drive * OVERLAP[i] ** l + Sum(lagrange[j] * OVERLAP[i] ** j, (j, 0, l - 1))),
            (
                pull[i],
                A[i]
                * (l * drive * OVERLAP[i] ** (l - 1) + Sum(j * lagrange[j] * OVERLAP[i] ** (j - 1), (j, 0, l - 1))),
            ),
        ),
        standing=Standing.OURS,
        extra=MORE,
    ),
)

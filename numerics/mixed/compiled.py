"""Right-hand sides and formulas of the theory as array functions: printed from SymPy, none typed."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curve import Curve, Provenance
from .flow import Rate
from .modes import Mode
from .reduction import Weights, split
from .response import ResponseStart
from .teacher import check_matrix, check_number, check_times

Array = NDArray[Any]


def _half(expression: Any, symmetric: tuple[Any, ...]) -> Any:
    """``H`` with ``H + H^T`` the given sum of products, half of them: the other half is their transpose."""
    from sympy import MatAdd, Transpose

    terms, kept = list(MatAdd.make_args(expression.doit())), []
    while terms:
        kept.append(term := terms.pop())
        mirror = Transpose(term).doit().xreplace({Transpose(item): item for item in symmetric})
        if mirror not in terms:
            raise ValueError(f"rate: {expression} has no pairs of transposed terms")
        terms.remove(mirror)
    return MatAdd(*kept)


@cache
def _gram_flow() -> Any:
    """Definitions, and the parts of minus the rates of A, C1, C2, as NumPy functions of (A, C1, C2, M)."""
    from sympy import lambdify

    from ...theory.mixed import SYSTEMS

    system = next(s for s in SYSTEMS if s.id == "mixed.gram-flow")
    letters = {str(p): p for p in (*system.items, *system.params)}
    arguments = [letters[name] for name in ("A", "C1", "C2", "M")]
    let = lambdify(arguments, [value for _, value in system.let], "numpy")
    A, *grams = ((-system.rate(item)).doit() for item in arguments[:3])
    parts = [A, *(_half(rate, system.symmetric) for rate in grams)]
    return let, lambdify([*arguments, *(item for item, _ in system.let)], parts, "numpy")


def gram_rate(M: Array) -> Rate:
    """Right-hand side of ``mixed.gram-flow`` on the flat state ``(A, C1, C2)`` for the target M: four products."""
    (d_out, d_in), (let, parts) = M.shape, _gram_flow()
    shapes = (d_out, d_in), (d_in, d_in), (d_out, d_out)
    ends = np.cumsum([rows * columns for rows, columns in shapes])

    def rate(t: float, y: Array) -> Array:
        state = [block.reshape(shape) for block, shape in zip(np.split(y, ends[:2]), shapes)]
        A, half1, half2 = parts(*state, M, *let(*state, M))
        out = np.empty_like(y)
        first, second, third = np.split(out, ends[:2])
        np.negative(A.ravel(), out=first)
        for half, into in ((half1, second.reshape(shapes[1])), (half2, third.reshape(shapes[2]))):
            np.add(half, half.T, out=into)
            np.negative(into, out=into)
        return out

    return rate


def gram_curve(times: Array | float, start: Weights | Array, M: Array, *, rtol: float = 1e-9) -> Curve:
    """Exact gradient flow of squared error from weights of any width, or from P(0): columns ``A``, ``C1``, ``C2`` over ``time``.

    Parameters
    ----------
    times : t >= 0, increasing.
    M : target, d_out x d_in.
    rtol : relative tolerance; the absolute one is rtol times the root mean square entry of A, C1, C2 at the start.

    Raises
    ------
    ValueError : bad argument, or the solver's own message.
    """
    from scipy.integrate import solve_ivp

    M, times = check_matrix("M", M).astype(float), check_times(times, increasing=True)
    rtol = check_number("rtol", rtol, strict=True)
    P = start.P if isinstance(start, Weights) else check_matrix("P", start)
    d_out, d_in = M.shape
    if P.shape != (d_out + d_in,) * 2:
        raise ValueError(
            f"P: has shape {P.shape}; the target of shape {M.shape} asks for {d_out + d_in} rows and columns"
        )
    blocks = split(np.asarray(P, dtype=float), d_out)
    y0 = np.concatenate([block.ravel() for block in blocks])
    atol = rtol * float(np.sqrt(np.mean(y0**2))) or rtol
    run = solve_ivp(gram_rate(M), (0.0, times[-1] or 1.0), y0, "DOP853", times, rtol=rtol, atol=atol)
    if not run.success:
        raise ValueError(f"flow: {run.message}")
    parts = np.split(run.y.T, np.cumsum([block.size for block in blocks[:2]]), axis=1)
    columns = [(name, part.reshape(-1, *block.shape)) for name, part, block in zip(("A", "C1", "C2"), parts, blocks)]
    made = Provenance(
        "ode", "mixed.gram-flow", detail=(("solver", "DOP853"), ("rtol", rtol), ("evaluations", int(run.nfev)))
    )
    return Curve((("time", times),), tuple(columns), made)


@cache
def compiled_mode() -> Mode:
    """The formula ``mixed.mode`` in its stable form, ``s(t, s_0, m, tau)`` elementwise."""
    from sympy import lambdify

    from ...theory.mixed import FORMULAS

    formula = next(f for f in FORMULAS if f.id == "mixed.mode")
    expression = formula.value if formula.float_form is None else formula.float_form
    letters = {str(symbol): symbol for symbol in expression.free_symbols}
    function = lambdify([letters[name] for name in ("t", "s_0", "m", "tau")], expression, "numpy", cse=True)

    def mode(t: Array, s_0: Array, m: Array, tau: Array) -> Array:
        with np.errstate(all="ignore"):  # branches that are not taken are evaluated too
            return np.asarray(function(*np.broadcast_arrays(t, s_0, m, tau)))

    return mode


def _elementwise(expression: Any) -> tuple[tuple[str, ...], Any]:
    """Names of the entries in an indexed expression (``alpha_j_i``), and the expression as a NumPy function of them."""
    from sympy import Indexed, Symbol, lambdify

    names = {e: Symbol("_".join(map(str, (e.base.label, *e.indices)))) for e in expression.atoms(Indexed)}
    flat = expression.xreplace(names)
    letters = sorted(flat.free_symbols, key=str)
    return tuple(map(str, letters)), lambdify(letters, flat, "numpy")


@cache
def _response() -> Any:
    from ...theory.mixed import SYSTEMS

    system = next(s for s in SYSTEMS if s.id == "mixed.response")
    return tuple(
        {str(item.base.label): _elementwise(value) for item, value in pairs} for pairs in (system.let, system.equations)
    )


def propagate(times: Array, tau: float, start: ResponseStart) -> tuple[Array, Array]:
    """Integrate ``mixed.response`` from ``s = 0`` and the sampled deviations: ``s`` (times x n), ``alpha`` (times x n x n)."""
    from scipy.integrate import solve_ivp

    let, rates = _response()
    n = len(start.m)

    def evaluate(pair: tuple[tuple[str, ...], Any], values: dict[str, Array], rows: bool) -> Any:
        names, function = pair
        found = []
        for name in names:
            base, *indices = name.split("_")
            value = values[base]
            if indices == ["i"] and rows:
                value = value[:, None]
            found.append(value.T if indices == ["j", "i"] else value)
        return function(*found)

    def rate(t: float, y: Array) -> Array:
        parts = dict(zip(rates, (y[:n], *y[n:].reshape(3, n, n))))
        values = {"m": start.m, "tau": np.asarray(tau), **parts}
        for base, pair in let.items():
            values[base] = evaluate(pair, values, rows=False)
        return np.concatenate([evaluate(rates[base], values, rows=base != "s").ravel() for base in rates])

    begin = {"s": np.zeros(n), "alpha": start.alpha, "beta": start.beta, "gamma": start.gamma}
    y0 = np.concatenate([begin[base].ravel() for base in rates])
    scale = float(np.sqrt(np.mean(y0**2))) or 1.0
    run = solve_ivp(rate, (0.0, times[-1] or 1.0), y0, "DOP853", times, rtol=1e-9, atol=1e-9 * scale)
    if not run.success:
        raise ValueError(f"flow: {run.message}")
    blocks = dict(zip(rates, np.split(run.y.T, [n, n + n * n, n + 2 * n * n], axis=1)))
    return blocks["s"], blocks["alpha"].reshape(-1, n, n)

"""Weight decay: the norm it amounts to, ranks against depth, hysteresis, and a local minimum better than the global one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...numerics.curve import Curve
from ...numerics.deep_linear.balanced import balanced_layers
from ...numerics.deep_linear.costs import Cost, small_completion, squared_error
from ...numerics.deep_linear.descent import descend
from ...numerics.deep_linear.network import Array, Layers, flatten, gaussian, product, pull_back, unflatten
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_hessian import strength
from .compare_tools import Inputs, largest, simulated, theory, value

# ---- the norm that decay amounts to

NORM_DEPTHS = (2, 3, 4)


def norm_setup(seed: np.random.SeedSequence) -> Inputs:
    rng = np.random.default_rng(seed)
    return {"A": rng.standard_normal((3, 2)), "rng": rng}


def least(book: Book, L: int) -> Callable[[float], float]:
    """Left side of the bound of one mode: the least decay of layers with a product."""
    from sympy import lambdify

    low = book.formula(f"deep-linear.factor-bound-{L}").statement.args[0]
    letters = sorted(low.free_symbols, key=str)
    side = lambdify(letters, low)
    return lambda s: float(side(s, *[1.0] * (len(letters) - 1)))


def norm_theory(inputs: Inputs, book: Book) -> Curve:
    s = np.linalg.svd(inputs["A"], compute_uv=False)
    totals = []
    for L in NORM_DEPTHS:
        bound = least(book, L)
        totals.append(sum(bound(one) for one in s))
    return theory("factor-bound", (("depth", NORM_DEPTHS),), total=totals)


def norm_observed(inputs: Inputs) -> Curve:
    """Least sum of squared weights over all factors of the map, by sequential quadratic programming."""
    from scipy.optimize import minimize

    A, totals = inputs["A"], []
    for L in NORM_DEPTHS:
        start = gaussian(3, 2, 3, L, 1.5, inputs["rng"])

        def gap(y: Array, start: Layers = start) -> Array:
            return (product(unflatten(y, start)) - A).ravel()

        def slope(y: Array, start: Layers = start) -> Array:
            W, eye = unflatten(y, start), np.eye(6).reshape(6, 3, 2)
            return np.array([flatten(pull_back(W, one)) for one in eye])

        run = minimize(
            lambda y: float(y @ y), flatten(start), jac=lambda y: 2 * y, method="SLSQP",
            constraints={"type": "eq", "fun": gap, "jac": slope}, options={"ftol": 1e-15, "maxiter": 500},
        )  # fmt: skip
        if np.abs(gap(run.x)).max() > 1e-8:
            raise RuntimeError(f"factors: {run.message}")
        totals.append(float(run.fun))
    return simulated("ode", "factors", (("depth", NORM_DEPTHS),), total=totals)


# ---- rank against depth at equal loss

RANK_S, RANK_DEPTHS, RANK_LOSS = np.geomspace(2.0, 0.2, 6), (2, 3, 4), 0.25


def kept(book: Book, lam: float, L: int) -> Array:
    """Singular values at the global minimum: below the threshold of the book every mode rests at the larger root."""
    edge = RANK_S if L == 2 else value(book, "global-threshold", s_star=RANK_S, L=L)
    return np.array(
        [strength(book, s, lam, L) ** L if lam < one else 0.0 for s, one in zip(RANK_S, np.atleast_1d(edge))]
    )


def rank_theory(inputs: Inputs, book: Book) -> Curve:
    """The decay at which the cost is the given one, between the jumps of all depths (the measure refuses unequal costs)."""
    decays, values = [], []
    for L in RANK_DEPTHS:
        low, high = 1e-6, float(RANK_S[0])
        for _ in range(60):
            middle = (low + high) / 2
            fits = np.sum((kept(book, middle, L) - RANK_S) ** 2) / 2 <= RANK_LOSS
            low, high = (middle, high) if fits else (low, middle)
        decays.append(low)
        values.append(kept(book, low, L))
    inputs["decays"] = decays
    return theory("global-threshold", (("depth", RANK_DEPTHS),), s=values)


def regularised(start: Layers, cost: Cost, decay: float) -> tuple[float, Layers]:
    """A local minimum of the loss with decay in all weights."""
    from scipy.optimize import minimize

    def loss(y: Array) -> tuple[float, Array]:
        W = unflatten(y, start)
        A = product(W)
        return cost.value(A) + decay / 2 * float(y @ y), flatten(pull_back(W, cost.gradient(A))) + decay * y

    run = minimize(loss, flatten(start), jac=True, method="BFGS", options={"gtol": 1e-10, "maxiter": 2000})
    return float(run.fun), unflatten(run.x, start)


def rank_observed(inputs: Inputs) -> Curve:
    """The best of the minima in all weights, from every number of modes with noise and from large random starts."""
    rng, values = inputs["rng"], []
    Q, R = (np.linalg.qr(rng.standard_normal((6, 6)))[0] for _ in range(2))
    cost = squared_error((Q * RANK_S) @ R.T)
    for L, decay in zip(RANK_DEPTHS, inputs["decays"]):
        starts: list[Layers] = [gaussian(6, 6, 6, L, 3.0, rng) for _ in range(2)]
        for k in range(7):
            part = balanced_layers((Q[:, :k] * RANK_S[:k]) @ R[:, :k].T if k else np.zeros((6, 6)), L)
            starts.append(tuple(W + 1e-3 * rng.standard_normal(W.shape) for W in part))
        best = min((regularised(one, cost, decay) for one in starts), key=lambda found: found[0])
        values.append(np.linalg.svd(product(best[1]), compute_uv=False))
    return simulated("ode", "minima", (("depth", RANK_DEPTHS),), s=values)


def rank_measure(theory: Curve, observed: Curve) -> Measured:
    ranks = [int(np.sum(row > 1e-3)) for row in observed["s"]]
    losses = [float(np.sum((row - RANK_S) ** 2) / 2) for row in observed["s"]]
    gap = float(np.abs(observed["s"] - theory["s"]).max())
    falls = ranks == sorted(ranks, reverse=True) and ranks[-1] < ranks[0]
    falls = falls and max(abs(one - RANK_LOSS) for one in losses) < 1e-6
    words = f"ranks {ranks} at depths {list(RANK_DEPTHS)}, costs {', '.join(f'{one:.6f}' for one in losses)}"
    return Measured(gap if falls else np.inf, detail=f"{words}; singular values within {gap:.1e}")


# ---- hysteresis

SWEEP = np.linspace(0.8, 1.2, 81)
"""Decays in units of the local threshold, up and then down again."""


def sweep_theory(inputs: Inputs, book: Book) -> Curve:
    lam = [float(value(book, "local-threshold", s_star=1.0, L=L)) for L in (3, 4)]
    inputs["lam"] = lam
    decays = np.outer(lam, [*SWEEP, *SWEEP[::-1]])
    return theory("local-threshold", (("depth", (3, 4)), ("place", np.arange(2 * len(SWEEP)))), decay=decays)


def sweep_observed(inputs: Inputs) -> Curve:
    """Minimisation in all weights of a width-3 network of a scalar map, each from the last minimum with a little noise."""
    rng, cost, found = inputs["rng"], squared_error([[1.0]]), []
    for L, edge in zip((3, 4), inputs["lam"]):
        weights: Layers = tuple(W.copy() for W in balanced_layers(np.ones((1, 1)), L))
        sizes = [1, *[3] * (L - 1), 1]
        weights = tuple(np.pad(W, ((0, b - 1), (0, a - 1))) for W, a, b in zip(weights, sizes, sizes[1:]))
        row = []
        for one in (*SWEEP, *SWEEP[::-1]):
            weights = tuple(W + 1e-6 * rng.standard_normal(W.shape) for W in weights)
            _, weights = regularised(weights, cost, float(one * edge))
            row.append(float(product(weights)[0, 0]))
        found.append(row)
    return simulated("ode", "minima", (("depth", (3, 4)), ("place", np.arange(2 * len(SWEEP)))), s=found)


def sweep_measure(theory: Curve, observed: Curve) -> Measured:
    """Decay at which the mode is lost on the way up, over the threshold; it must not return on the way down."""
    n = len(SWEEP)
    up, down = observed["s"][:, :n], observed["s"][:, n:]
    lost = [float(SWEEP[int(np.argmax(row < 0.05))]) for row in up]
    back = float(np.abs(down).max())
    words = (
        f"lost at {lost[0]:.4f} and {lost[1]:.4f} of the threshold at depths 3, 4; on the way down at most {back:.0e}"
    )
    worst = max(lost, key=lambda one: abs(one - 1))
    return Measured(worst if back < 1e-3 else np.inf, detail=words)


# ---- local beats global

LOCAL_DECAY, LOCAL_ETA, LOCAL_STEPS = 0.01, 0.05, 30000


def schatten(A: Array, bound: Callable[[float], float], cost: Cost) -> float:
    """Cost, and the least decay of all factors: the bound of a mode for every singular value."""
    return cost.value(A) + LOCAL_DECAY / 2 * sum(bound(float(one)) for one in np.linalg.svd(A, compute_uv=False))


def local_theory(inputs: Inputs, book: Book) -> Curve:
    """Minima of cost and norm over maps of rank one, and over all maps."""
    from scipy.optimize import minimize

    cost = small_completion()
    bound = least(book, 3)

    def of(p: Array) -> Array:
        return np.array([[p[0], p[1]], [p[1], p[2]]])

    def one(q: Array) -> Array:
        return np.outer(q, q)

    tight = {"xatol": 1e-10, "fatol": 1e-15, "maxiter": 20000, "maxfev": 20000}
    rank_one = minimize(lambda q: schatten(one(q), bound, cost), [0.6, 1.6], method="Nelder-Mead", options=tight)
    everywhere = minimize(lambda p: schatten(of(p), bound, cost), [0.3, 1.0, 0.6], method="Nelder-Mead", options=tight)
    maps = [one(rank_one.x), of(everywhere.x)]
    return theory("factor-bound-3", (("minimum", (1, 2)),), A=maps, loss=[rank_one.fun, everywhere.fun])


def local_observed(inputs: Inputs) -> Curve:
    """Gradient descent from a small start and from one drawn until it ends elsewhere."""
    cost, rng = small_completion(), inputs["rng"]
    small = _descended(gaussian(2, 2, 2, 3, 2 * 0.03**2, rng), cost)
    maps, losses = [small[0]], [small[1]]
    for _ in range(12):
        A, loss = _descended(gaussian(2, 2, 2, 3, 2 * 0.3**2, rng), cost)
        if loss < losses[0] - 1e-6:
            maps.append(A)
            losses.append(loss)
            break
    else:
        raise RuntimeError("local minimum: 12 large starts do not reach another one")
    return simulated("gradient descent", "layers", (("minimum", (1, 2)),), A=maps, loss=losses)


def _descended(start: Layers, cost: Cost) -> tuple[Array, float]:
    _, end = descend(start, cost, LOCAL_ETA, LOCAL_STEPS, decay=LOCAL_DECAY, record=LOCAL_STEPS)
    y = flatten(end)
    return product(end), cost.value(product(end)) + LOCAL_DECAY / 2 * float(y @ y)


def local_measure(theory: Curve, observed: Curve) -> Measured:
    gap = float(np.abs(observed["A"] - theory["A"]).max())
    loss = observed["loss"]
    errors = [small_completion().hidden_error(A) for A in observed["A"]]
    words = f"small start: loss {loss[0]:.5f}, test error {errors[0]:.3f}; large start: loss {loss[1]:.5f}, test error {errors[1]:.3f}"
    return Measured(gap if loss[1] < loss[0] and errors[0] < errors[1] else np.inf, detail=words)


COMPARISONS = (
    Comparison(
        "deep-linear.schatten",
        "least decay over all factors of a 3 x 2 map, by direct constrained minimisation, at depths 2, 3, 4",
        norm_setup, norm_theory, norm_observed, largest("total", relative=True),
        bound=1e-8, seconds=1.0,
        because="the map is met to 1e-8, and the total depends on it to first order",
    ),
    Comparison(
        "deep-linear.rank-against-depth",
        "squared error with decay: at equal cost the global minimum of three and four layers has a lower rank than that of two",
        norm_setup, rank_theory, rank_observed, rank_measure,
        bound=1e-6, seconds=4.0,
        because="gradients below 1e-8 over curvatures above 1e-2; costs must agree to 1e-6, and the rank must not rise with the depth and must fall from two layers to four",
    ),
    Comparison(
        "deep-linear.hysteresis",
        "a mode is lost where its local minimum disappears, and does not come back when the decay is lowered",
        norm_setup, sweep_theory, sweep_observed, sweep_measure,
        target=1.0, bound=float(SWEEP[1] - SWEEP[0]) * (1 + 1e-9), seconds=3.0,
        because="the threshold itself, to one step of the sweep",
    ),
    Comparison(
        "deep-linear.local-beats-global",
        "2 x 2 completion with decay, three layers: a small start ends in a local minimum that generalises better",
        norm_setup, local_theory, local_observed, local_measure,
        bound=1e-5, seconds=8.0,
        because="what descent has left after exp(-decay * time) = 3e-7, and the cusp of the norm where the minimisation over maps stops",
    ),
)  # fmt: skip

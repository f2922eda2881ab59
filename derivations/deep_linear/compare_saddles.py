"""From saddle to saddle: the greedy sequence, plateaus, and a mask that defeats both."""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from ...numerics.curve import Curve
from ...numerics.deep_linear.costs import Cost, completion, failing_completion, squared_error
from ...numerics.deep_linear.descent import layer_flow
from ...numerics.deep_linear.greedy import greedy
from ...numerics.deep_linear.network import Array, Layers, gaussian, product
from ...numerics.deep_linear.saddles import find_saddles
from ...numerics.fit import power_law
from ..chain import Book
from ..compare import Comparison, Expect, Measured
from .compare_tools import Inputs, closed, evolve, largest, layer_map, simulated, theory

WIDTH, LEARNED, POINTS = 8, 1e-13, 1500
NEARLY = 1e-9
"""Loss after which one segment more is enough: what is left was at rest all the time, and grows as slowly as before."""
SEGMENT = {2: 30.0, 3: 300.0, 4: 300.0}


def trajectory(book: Book, cost: Cost, start: Layers, until: float = LEARNED, longest: float = 2e5) -> Array:
    """Maps along the flow of the book from a start, until the loss is below ``until`` or rests below `NEARLY`."""
    layers = len(start)
    flow = closed(book.system(f"deep-linear.layer-flow-{layers}"), layers, "masked")
    given = {"M": cost.target, "Omega": np.asarray(cost.mask, dtype=float), "lambda_d": 0.0}
    state, maps, spent, length = {f"W{k}": W for k, W in enumerate(start, 1)}, [], 0.0, SEGMENT[layers]
    while spent < longest:
        run = evolve(flow, np.linspace(0, length, POINTS), state, 1e-10, **given)
        maps.append(layer_map(run, layers))
        if cost.value(maps[-1][-1]) < until or cost.value(maps[-1][0]) < NEARLY:
            return np.concatenate(maps)
        state, spent = {name: run[name][-1] for name in state}, spent + length
    raise RuntimeError(f"deep-linear flow: loss {cost.value(maps[-1][-1]):.3g} at time {spent:.3g}")


@cache
def stages(layers: int, failing: bool = False) -> tuple[Array, ...]:
    """Maps of the greedy algorithm at ranks 1, 2, 3 of the deterministic completion."""
    found = greedy(failing_completion() if failing else completion(), layers, tol=1e-11)
    return tuple(one.A for one in found[1:])


def nearest(maps: Array, points: tuple[Array, ...]) -> Array:
    """Least distance of a trajectory to each of the points."""
    return np.array([np.linalg.norm(maps - point, axis=(1, 2)).min() for point in points])


VISIT_DRAWS, VISIT_SCALE = 5, 1e-3


def visit_setup(seed: np.random.SeedSequence) -> Inputs:
    return {"seeds": seed.spawn(VISIT_DRAWS)}


def visit_theory(inputs: Inputs, book: Book) -> Curve:
    cost, points = completion(), stages(3)
    found = []
    for seed in inputs["seeds"]:
        start = gaussian(8, 8, WIDTH, 3, WIDTH * VISIT_SCALE**2, seed)
        found.append(nearest(trajectory(book, cost, start), points))
    return theory("layer-flow-3", (("draw", np.arange(VISIT_DRAWS)), ("rank", (1, 2, 3))), distance=found)


def visit_observed(inputs: Inputs) -> Curve:
    """The points of the greedy algorithm are at distance zero of themselves."""
    zero = np.zeros((VISIT_DRAWS, 3))
    loss = [[completion().value(A) for A in stages(3)]] * VISIT_DRAWS
    return simulated("ode", "greedy", (("draw", np.arange(VISIT_DRAWS)), ("rank", (1, 2, 3))), distance=zero, loss=loss)


def visit_measure(theory: Curve, observed: Curve) -> Measured:
    each = theory["distance"].max(axis=1)
    words = ", ".join(f"{one:.1e}" for one in np.sort(each))
    losses = ", ".join(f"{one:.4g}" for one in observed["loss"][0])
    return Measured(float(np.median(each)), detail=f"median of draws {words}; greedy losses {losses}")


POWER_SCALES = {3: np.array([1e-3, 5e-4, 2.5e-4]), 4: np.array([7e-3, 5e-3, 3.5e-3])}
POWER_DRAWS = 2


def power_setup(layers: int, seed: np.random.SeedSequence) -> Inputs:
    return {"L": layers, "seeds": seed.spawn(POWER_DRAWS)}


def visits(book: Book, start: Layers) -> Array:
    """Maps until the third mode is being learned."""
    return trajectory(book, completion(), start, until=stage_loss(2) / 2)


def stage_loss(rank: int) -> float:
    return completion().value(stages(3)[rank - 1])


def power_theory(inputs: Inputs, book: Book) -> Curve:
    """Distance to the first greedy point over size of the start; the starts of a draw differ by a factor only."""
    L, scales = inputs["L"], POWER_SCALES[inputs["L"]]
    found = []
    for seed in inputs["seeds"]:
        unit = gaussian(8, 8, WIDTH, L, WIDTH, seed)
        found.append([nearest(visits(book, tuple(a * W for W in unit)), stages(L)[:2]) for a in scales])
    axes = (("draw", np.arange(POWER_DRAWS)), ("scale", scales), ("rank", (1, 2)))
    return theory(f"layer-flow-{L}", axes, distance=found)


def power_observed(inputs: Inputs) -> Curve:
    """Size of what does not move: the map at the start, whose power of the scale is the depth."""
    L, scales = inputs["L"], POWER_SCALES[inputs["L"]]
    units = [gaussian(8, 8, WIDTH, L, WIDTH, seed) for seed in inputs["seeds"]]
    size = [[np.linalg.norm(product(tuple(a * W for W in unit))) for a in scales] for unit in units]
    return simulated("ode", "start", (("draw", np.arange(POWER_DRAWS)), ("scale", scales)), size=size)


def power_measure(theory: Curve, observed: Curve) -> Measured:
    fits = [power_law(theory["scale"], theory["distance"][:, :, k]) for k in (0, 1)]
    start = power_law(observed["scale"], observed["size"]).exponent
    gaps = [abs(fit.exponent - start) for fit in fits]
    worst = fits[int(np.argmax(gaps))]
    words = ", ".join(f"rank {k}: {fit.exponent:.3f} [{fit.low:.3f}, {fit.high:.3f}]" for k, fit in enumerate(fits, 1))
    return Measured(worst.exponent, detail=f"the map at the start has {start:.4g}; {words}")


TWO_SCALES = np.array([1e-4, 1e-8, 1e-12])


def two_theory(inputs: Inputs, book: Book) -> Curve:
    found = []
    for scale in TWO_SCALES:
        start = gaussian(8, 8, WIDTH, 2, WIDTH * scale**2, inputs["seeds"][0])
        found.append(nearest(trajectory(book, completion(), start), stages(2)))
    return theory("layer-flow-2", (("scale", TWO_SCALES), ("rank", (1, 2, 3))), distance=found)


def two_observed(inputs: Inputs) -> Curve:
    zero = np.zeros((len(TWO_SCALES), 3))
    return simulated("ode", "greedy", (("scale", TWO_SCALES), ("rank", (1, 2, 3))), distance=zero)


def two_measure(theory: Curve, observed: Curve) -> Measured:
    """Largest ratio of the distances at two consecutive sizes of the start."""
    d = theory["distance"]
    ratios = (d[1:] / d[:-1]).max(axis=1)
    words = "; ".join(f"{s:g}: {', '.join(f'{one:.1e}' for one in row)}" for s, row in zip(TWO_SCALES, d))
    return Measured(float(ratios.max()), detail=f"distances by size of the start and rank -- {words}")


# ---- plateaus of squared error

PLATEAU_S, PLATEAU_SCALE = np.array([3.0, 2.0, 1.0]), 1e-3


def plateau_setup(seed: np.random.SeedSequence) -> Inputs:
    rng = np.random.default_rng(seed)
    Q, R = (np.linalg.qr(rng.standard_normal((4, 4)))[0][:, :3] for _ in range(2))
    return {"M": (Q * PLATEAU_S) @ R.T, "start": gaussian(4, 4, 5, 3, 5 * PLATEAU_SCALE**2, rng)}


def plateau_theory(inputs: Inputs, book: Book) -> Curve:
    from sympy import IndexedBase

    formula = book.formula("deep-linear.saddle-to-saddle")
    letters = {str(one): one for one in formula.value.free_symbols}
    base = next(iter(formula.value.atoms(IndexedBase)))
    levels = []
    for k in (1, 2):
        total = formula.value.subs({letters["k"]: k, letters["m"]: 3}).doit()
        levels.append(float(total.subs({base[i]: PLATEAU_S[i - 1] for i in (1, 2, 3)})))
    return theory("saddle-to-saddle", (("plateau", (1, 2)),), loss=levels, modes=[[1, 0, 0], [1, 1, 0]])


def plateau_observed(inputs: Inputs) -> Curve:
    """Losses and modes at the minima of the gradient's norm along the flow."""
    times, length = np.linspace(0, 3000.0, 30001), 3000.0
    curve, _ = layer_flow(inputs["start"], squared_error(inputs["M"]), times, method="LSODA", rtol=1e-10, atol=1e-14)
    found = [one for one in find_saddles(curve, inputs["M"]) if one.rank]
    if len(found) != 2:
        raise RuntimeError(f"plateaus: {len(found)} were found up to time {length:g}, 2 are needed")
    modes = [[int(k in one.modes) for k in (1, 2, 3)] for one in found]
    return simulated("ode", "layers", (("plateau", (1, 2)),), loss=[one.loss for one in found], modes=modes)


def plateau_measure(theory: Curve, observed: Curve) -> Measured:
    measured = largest("loss")(theory, observed)
    same = bool(np.array_equal(theory["modes"], observed["modes"]))
    return Measured(
        measured.value if same else np.inf, detail=f"{measured.detail}; the modes are {'' if same else 'not '}the first"
    )


# ---- a mask that defeats both

FAIL_LIMIT = 1e-2


def fail_theory(inputs: Inputs, book: Book) -> Curve:
    """What recovery would give: the target on the hidden entries; the flow of the book goes elsewhere."""
    cost, found = failing_completion(), []
    for L, scale in ((2, 1e-9), (3, 1e-3)):
        start = gaussian(8, 8, WIDTH, L, WIDTH * scale**2, inputs["seeds"][0])
        found.append(trajectory(book, cost, start, until=1e-10)[-1])
    return theory("layer-flow", (("depth", (2, 3)),), A=found)


def fail_observed(inputs: Inputs) -> Curve:
    return simulated("ode", "greedy", (("depth", (2, 3)),), A=[stages(L, True)[-1] for L in (2, 3)])


def fail_measure(theory: Curve, observed: Curve) -> Measured:
    cost, good = failing_completion(), completion()
    flow, algorithm = ([cost.hidden_error(A) for A in curve["A"]] for curve in (theory, observed))
    kept = [good.hidden_error(stages(L)[-1]) for L in (2, 3)]
    rank = [int(np.sum(np.linalg.svd(A, compute_uv=False) > 1e-3)) for A in theory["A"]]
    loss = max(cost.value(A) for curve in (theory, observed) for A in curve["A"])
    words = f"flow {flow[0]:.3f}, {flow[1]:.3f}, greedy {algorithm[0]:.3f}, {algorithm[1]:.3f} at depths 2, 3"
    words += f"; rank {rank[0]}, {rank[1]}, loss below {loss:.0e}; with the other mask {max(kept):.0e}"
    return Measured(min(*flow, *algorithm) if max(kept) < FAIL_LIMIT else -np.inf, detail=words)


COMPARISONS = (
    Comparison(
        "deep-linear.greedy-sequence",
        "matrix completion, three layers: the flow from a small start visits the points of the greedy algorithm",
        visit_setup, visit_theory, visit_observed, visit_measure,
        bound=1e-6, seconds=8.0,
        because=f"modes at rest keep the size of the start, (sigma sqrt(w))^3 = {(VISIT_SCALE * WIDTH**0.5) ** 3:.1e}, times their growth before the escape",
    ),
    *(
        Comparison(
            f"deep-linear.greedy-distance-{L}",
            f"matrix completion, {L} layers: distance to the greedy points against the size of the start",
            partial(power_setup, L), power_theory, power_observed, power_measure,
            target=float(L), bound=float(L * np.log(1 / POWER_SCALES[L][0]) * (4 * POWER_SCALES[L][0] * WIDTH**0.5) ** (L - 2)),
            seconds=6.0,
            because="what is at rest has the size of the map at the start; while the plateau is approached it grows by L log(1/sigma) times its layers' norm, 2 sigma sqrt(w) doubled in the escape, to the L-2",
        )
        for L in (3, 4)
    ),
    Comparison(
        "deep-linear.greedy-distance-2",
        "matrix completion, two layers: the distances to the greedy points shrink with the start, slowly",
        visit_setup, two_theory, two_observed, two_measure,
        bound=1.0, seconds=2.0,
        because="a small power of the size, set by the gaps between singular values of the gradient: all ratios are below one",
    ),
    Comparison(
        "deep-linear.plateaus",
        "squared error, three layers: losses and modes at the minima of the gradient along the flow",
        plateau_setup, plateau_theory, plateau_observed, plateau_measure,
        bound=float(np.sum(PLATEAU_S) * (PLATEAU_SCALE * 5**0.5) ** 3 * 1e2), seconds=3.0,
        because="modes at rest have the size of the start to the third, grown at most a hundredfold before the escape, times the gradient",
    ),
    Comparison(
        "deep-linear.failing-mask",
        "a mask with four entries or more in every row and column where flow and greedy algorithm miss the target",
        visit_setup, fail_theory, fail_observed, fail_measure,
        bound=FAIL_LIMIT, expect=Expect.BREAKS, seconds=4.0,
        because="completions of the least rank are not unique: another one has zero loss; recovery would leave far less than one per cent",
    ),
)  # fmt: skip

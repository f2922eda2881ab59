"""Waiting at the start: escape of networks, threshold of depth, the chain step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...numerics.curve import Curve
from ...numerics.fit import power_law
from ...numerics.parameterizations import Run, coordinate_checks, name_of
from ...numerics.parameterizations.squares import fit
from ...theory.parameterizations.letters import L as DEPTH
from ...theory.parameterizations.letters import m, p
from ...theory.parameterizations.scalings import named
from ..chain import Book
from ..compare import Comparison, Measured
from .compare_tools import NAME, at, keep

Array = NDArray[Any]

# ---- escape of networks

ESCAPES: dict[int, tuple[float, tuple[int, ...]]] = {
    2: (0.02, (64, 128, 256)),
    3: (0.05, (32, 64, 128, 256, 512)),
    4: (0.1, (32, 64, 128, 256)),
    5: (0.25, (32, 64, 128)),
}
"""Rate and widths by number of hidden layers; the rate only has to be small, so that waiting takes many steps."""


def escapes(L: int, draws: int, widths: Sequence[int] | None = None, activation: str = "linear") -> Any:
    """Steps of gradient descent until the loss has halved, draws x widths; integrable parameterization."""
    size, chosen = ESCAPES[L]
    chosen = chosen if widths is None else tuple(widths)

    def observed(seed: np.random.SeedSequence) -> Curve:
        sown = iter(seed.spawn(draws * len(chosen)))
        steps = [
            [
                fit(named("ip", L), width, np.random.default_rng(next(sown)), activation=activation, eta=size).steps
                for width in chosen
            ]
            for _ in range(draws)
        ]
        return Curve((("draw", np.arange(draws)), ("width", np.array(chosen))), (("steps", np.array(steps)),))

    return observed


def waiting(L: int) -> Callable[[Any, Book], Curve]:
    """Exponent of the number of steps; two hidden layers wait no power of the width."""

    def theory(_: Any, book: Book) -> Curve:
        if L == 2:
            time = book.formula(f"{NAME}.escape-two").value
            return Curve((), (("exponent", np.array(float(m * time.diff(m) / time))),))
        return Curve((), (("exponent", np.array(float(at(book, "escape-steps", L)))),))

    return theory


def of_steps(theory: Curve, observed: Curve) -> Measured:
    """Slope of the number of steps over the width, minus its exponent."""
    law = power_law(observed["width"].astype(float), observed["steps"].astype(float))
    words = f"slope {law.exponent:.3f}, exponent {float(theory['exponent']):g}; {observed['steps'].mean(axis=0).round(1).tolist()} steps"
    return Measured(law.exponent - float(theory["exponent"]), law.stderr, words)


def of_increments(theory: Curve, observed: Curve) -> Measured:
    """Slope of what a factor four in the width adds, minus its exponent; errors by bootstrap over draws, as single draws may add nothing."""
    widths, steps = observed["width"].astype(float), observed["steps"].astype(float)

    def slope(chosen: Array) -> float:
        mean = steps[chosen].mean(axis=0)
        added = mean[2:] - mean[:-2]
        return float(np.polyfit(np.log(widths[2:]), np.log(np.maximum(added, 1e-3)), 1)[0])

    rng, count = np.random.default_rng(0), len(steps)
    again = [slope(rng.integers(count, size=count)) for _ in range(400)]
    added = (steps[:, 2:] - steps[:, :-2]).mean(axis=0)
    return Measured(
        slope(np.arange(count)), float(np.std(again)), f"a factor four adds {added.round(1).tolist()} steps"
    )


def escape(
    L: int, draws: int, title: str, because: str, seconds: float, measure: Any = of_steps, bound: float = 0.25
) -> Comparison:
    return Comparison(
        f"{NAME}.steps-depth-{L}", title, keep, waiting(L), escapes(L, draws), measure, bound, because, seconds=seconds
    )  # fmt: skip


# ---- threshold of triviality

THRESHOLD_WIDTHS = (128, 256, 512, 1024)
CASES = tuple((degree, L) for degree, depths in ((1, (1, 2, 3, 4)), (2, (1, 2, 3))) for L in depths)


def threshold(_: Any, book: Book) -> Curve:
    """Least depth from which the output vanishes, ReLU and its square."""
    found = [int(book.formula(f"{NAME}.trivial-depth").value.subs(p, degree)) for degree in (1, 2)]
    return Curve((("degree", np.array([1, 2])),), (("depth", np.array(found)),))


def outputs_of_depths(seed: np.random.SeedSequence) -> Curve:
    """Slopes of the change of the output after two steps, and the least depth from which they are negative."""
    rows = []
    for (degree, L), sown in zip(CASES, seed.spawn(len(CASES))):
        run = {"ip": Run(named("ip", L), "relu", float(degree), eta=1.0 if degree == 1 else 0.1)}
        curve = coordinate_checks(run, THRESHOLD_WIDTHS, sown, draws=16, steps=2, chi=(-1.0,))["ip"]
        law = power_law(curve["width"].astype(float), curve[name_of("Dh", L + 1, 2)])
        rows.append((law.exponent, law.stderr))
    slopes, errors = (np.array(column) for column in zip(*rows))
    depths = []
    for degree in (1, 2):
        vanish = {L: slope + 2 * error < -0.25 for (n, L), slope, error in zip(CASES, slopes, errors) if n == degree}
        stays = [L for L in vanish if not vanish[L]]
        depths.append(max(stays, default=0) + 1)
    return Curve(
        (("degree", np.array([1, 2])),),
        (("depth", np.array(depths)), ("slopes", np.tile(slopes, (2, 1))), ("errors", np.tile(errors, (2, 1)))),
    )


def of_depths(theory: Curve, observed: Curve) -> Measured:
    """Difference of the depths."""
    words = ", ".join(
        f"p = {degree}, L = {L}: {slope:.2f} +- {error:.2g}"
        for (degree, L), slope, error in zip(CASES, observed["slopes"][0], observed["errors"][0])
    )
    return Measured(
        float(np.abs(theory["depth"] - observed["depth"]).max()), 0.0, f"slopes of the output after two steps: {words}"
    )


# ---- the chain, step by step

STEPS = np.array([0.02, 0.01, 0.005, 0.0025])
CHAIN_DEPTH, CHAIN_WIDTH, CHAIN_TIME = 4, 100, 12.0


def chain_flow(_: Any, book: Book) -> Curve:
    """The flow of the book, lowered and integrated."""
    from ...numerics.integrate import integrate
    from ...numerics.lower import lower

    system = book.system(f"{NAME}.chain")
    equations = tuple((item, value.subs(DEPTH, CHAIN_DEPTH)) for item, value in system.equations)
    kernel = lower(replace(system, equations=equations, given=(), assuming=()))
    start = {"u": CHAIN_WIDTH**-0.5, "v": 1.0}
    run = integrate(kernel, start, {"c": 1.0}, np.array([0.0, CHAIN_TIME / 2]), rtol=1e-12, atol=1e-14)
    return Curve((), (("u", np.array(run["u"][-1])), ("v", np.array(run["v"][-1]))))


def chain_descent(_: Any) -> Curve:
    """Gradient ascent on the product of all ``L + 1`` scalars, every one of its own."""
    found = []
    for size in STEPS:
        s = np.full(CHAIN_DEPTH + 1, CHAIN_WIDTH**-0.5)
        s[[0, -1]] = 1.0
        for _step in range(round(CHAIN_TIME / 2 / size)):
            s = s + size * np.array([np.prod(np.delete(s, k)) for k in range(len(s))])
        found.append((s[1], s[0]))
    u_end, v_end = np.array(found).T
    return Curve((("step", STEPS),), (("u", u_end), ("v", v_end)))


def of_order(theory: Curve, observed: Curve) -> Measured:
    """Order in the step of the distance of gradient descent from the flow."""
    gaps = np.abs(observed["u"] - theory["u"]) + np.abs(observed["v"] - theory["v"])
    law = power_law(observed["step"], gaps)
    return Measured(
        law.exponent, law.stderr, f"distance {gaps[-1]:.2g} at step {STEPS[-1]:g}, u = {float(theory['u']):.4g}"
    )


HALF_GAP = "half of the gap between exponents, 1/2"
COMPARISONS: tuple[Comparison, ...] = (
    escape(
        2,
        12,
        "two hidden layers leave their start after a number of steps that does not grow with the width",
        HALF_GAP,
        2.0,
    ),
    escape(
        3,
        12,
        "three hidden layers wait log m steps: a factor in the width adds the same number everywhere",
        "m^(1/2) steps, the next case, would have increments of slope 1/2: excluded by two standard errors",
        6.0,
        of_increments,
        0.5,
    ),
    escape(4, 12, "four hidden layers wait m^(1/2) steps", HALF_GAP, 4.0),
    escape(5, 12, "five hidden layers wait m steps", HALF_GAP, 4.0),
    Comparison(
        f"{NAME}.threshold",
        "least depth from which the output of IP vanishes after two steps: ReLU and its square",
        keep,
        threshold,
        outputs_of_depths,
        of_depths,
        0.5,
        "depths are whole numbers; a slope below -1/4 (nearer to -1/2 than to 0) counts as vanishing",
        seconds=6.0,
    ),
    Comparison(
        f"{NAME}.chain-steps",
        "gradient ascent on five scalars, one by one, against the flow of two: first order in the step",
        keep,
        chain_flow,
        chain_descent,
        of_order,
        0.1,
        "half of the step 0.02 times rates up to about four, of the next order",
        target=1.0,
        seconds=2.0,
    ),
)

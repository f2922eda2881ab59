"""Why the statements about the spurious stationary point are true."""

from __future__ import annotations

from typing import Any

from sympy import Identity as Eye
from sympy import Matrix, Trace, exp

from ...theory.early_alignment.letters import n
from ...theory.early_alignment.spurious import (
    THREE_LABELS,
    THREE_POINTS,
    g_12,
    g_23,
    labels,
    mass,
    rate,
    residuals,
    size,
    small,
    up_1,
    up_3,
    x,
)
from ...theory.early_alignment.spurious import (
    b as first,
)
from ...theory.early_alignment.spurious import (
    g as second,
)
from ..chain import Cited, Derivation, Identity, Step
from .tools import of, value

r_1, r_2, r_3 = residuals
OLS = (("normal equations", r_1 * x[0] + r_2 * x[1] + r_3 * x[2]),)
OLS_POINT = ((x[1], -(r_1 * x[0] + r_3 * x[2]) / r_2),)
PATTERNS = {"123": (0, 1, 2), "12": (0, 1), "23": (1, 2), "1": (0,), "3": (2,)}


def least_squares() -> Any:
    """Residuals of the least squares map, by the normal equations."""
    features = Matrix([[one, two] for one, two in zip(first, second)])
    target = Matrix(labels)
    return target - features * (features.T * features).inv() * features.T * target


def vector(name: str) -> Any:
    """Driving vector of an activation pattern."""
    return sum(
        (residuals[k] / n * x[k] for k in PATTERNS[name][1:]), residuals[PATTERNS[name][0]] / n * x[PATTERNS[name][0]]
    )


def local(name: str) -> Derivation:
    return Derivation(
        f"early-alignment.local-{name}",
        (
            Step(
                "by the normal equations",
                lambda b: Identity(vector(name), value(b, f"local-{name}"), given=OLS, point=OLS_POINT),
            ),
        ),
    )


DERIVATIONS = (
    Derivation(
        "early-alignment.spurious-theorem",
        (Step("not derived here", lambda b: Cited(of(b, "spurious-theorem").source)),),
    ),
    *(
        Derivation(
            f"early-alignment.residual-{k}",
            (
                Step(
                    "by the normal equations",
                    lambda b, k=k: Identity(least_squares()[k - 1], value(b, f"residual-{k}")),
                ),
            ),
        )
        for k in (1, 2, 3)
    ),
    Derivation(
        "early-alignment.spurious-loss",
        (
            Step(
                "from the residuals",
                lambda b: Identity(
                    sum(value(b, f"residual-{k}") ** 2 for k in (1, 2, 3)) / 6, value(b, "spurious-loss")
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.spurious-loss-three",
        (
            Step(
                "the three points put in",
                lambda b: Identity(
                    value(b, "spurious-loss").subs(
                        [
                            *((one, point[0]) for one, point in zip(first, THREE_POINTS)),
                            *((one, point[1]) for one, point in zip(second, THREE_POINTS)),
                            *zip(labels, THREE_LABELS),
                        ]
                    ),
                    value(b, "spurious-loss-three"),
                ),
            ),
        ),
    ),
    *(local(name) for name in PATTERNS),
)


def trap(name: str) -> Any:
    """A driving vector projected at right angles to point 2."""
    driving = vector(name)
    return driving - x[1] * x[1].T * driving / size


TRAP = (("|x_2|^2", x[1].T * x[1] - size * Eye(1)), ("<x_1,x_2>", x[1].T * x[0] - g_12 * Eye(1)))
TRAP_POINT = ((size, Trace(x[1].T * x[1])), (g_12, Trace(x[1].T * x[0])))

DERIVATIONS += (
    Derivation(
        "early-alignment.trap-vector",
        tuple(
            Step(
                words,
                lambda b, name=name: Identity(trap(name), value(b, "trap-vector"), given=TRAP, point=TRAP_POINT),
            )
            for name, words in (
                ("1", "projection where point 2 is not active"),
                ("12", "projection where it is active"),
            )
        ),
    ),
    Derivation(
        "early-alignment.trap-off",
        (
            Step(
                "part of the driving vector along point 2",
                lambda b: Identity(
                    value(b, "trap-off").subs(up_1, r_1) * Eye(1), x[1].T * vector("1"), given=TRAP, point=TRAP_POINT
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.trap-on",
        (
            Step(
                "part of the driving vector of the least squares map along point 2",
                lambda b: Identity(
                    value(b, "trap-on").subs(up_3, r_3) * Eye(1),
                    x[1].T * value(b, "local-12"),
                    given=(("<x_2,x_3>", x[1].T * x[2] - g_23 * Eye(1)),),
                    point=((g_23, Trace(x[1].T * x[2])),),
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.escape-time",
        (
            Step(
                "an aligned neuron grows as $e^{|D|t}$",
                lambda b: Identity(small * exp(rate * value(b, "escape-time")), 1),
            ),
        ),
    ),
    Derivation(
        "early-alignment.escape-time-mass",
        (
            Step(
                "the product of two aligned sizes grows as $e^{2|D|t}$",
                lambda b: Identity(mass * exp(2 * rate * value(b, "escape-time-mass")), 1),
            ),
        ),
    ),
)

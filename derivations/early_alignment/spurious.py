"""Why the statements about the spurious stationary point are true."""

from __future__ import annotations

from typing import Any

from sympy import Identity as Eye
from sympy import Symbol, Trace, ZeroMatrix, exp, log, sqrt, symbols

from ...theory.early_alignment.letters import X, a_0, c_0, d, delta, lam, n, t, y
from ...theory.early_alignment.rates import start
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
    size_1,
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
from ..chain import Book, Bound, Cited, Derivation, Identity, Limit, Step
from .moments import many
from .tools import of, value

r_1, r_2, r_3 = residuals
OLS = (("normal equations", r_1 * x[0] + r_2 * x[1] + r_3 * x[2]),)
OLS_POINT = ((x[1], -(r_1 * x[0] + r_3 * x[2]) / r_2),)
PATTERNS = {"123": (0, 1, 2), "12": (0, 1), "23": (1, 2), "1": (0,), "3": (2,)}


S_bb, S_bg, S_gg, S_by, S_gy, beta_1, beta_2 = symbols("S_bb S_bg S_gg S_by S_gy beta_1 beta_2")
NORMAL = (
    *(
        (letter, sum(left * right for left, right in zip(one, two)))
        for letter, one, two in (
            (S_bb, first, first),
            (S_bg, first, second),
            (S_gg, second, second),
            (S_by, first, labels),
            (S_gy, second, labels),
        )
    ),
    (beta_1, (S_gg * S_by - S_bg * S_gy) / (S_bb * S_gg - S_bg**2)),
    (beta_2, (S_bb * S_gy - S_bg * S_by) / (S_bb * S_gg - S_bg**2)),
)
"""The least squares map of three points, by the normal equations."""


def least_squares(k: int) -> Any:
    """Residual of point k (from 0) at the map of the normal equations."""
    return labels[k] - first[k] * beta_1 - second[k] * beta_2


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
    Derivation(
        "early-alignment.residual",
        (
            Step(
                "labels minus the least squares map",
                lambda b: Identity(many(value(b, "residual")), many(y - X * value(b, "plateau"))),
            ),
            Step(
                "it is at right angles to the columns of $X$",
                lambda b: Identity(many(X.T * value(b, "residual")), ZeroMatrix(d, 1)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.residual-loss",
        (
            Step(
                "from the residuals",
                lambda b: Identity(
                    many(Trace(value(b, "residual").T * value(b, "residual")) / (2 * n)),
                    many(value(b, "residual-loss")),
                ),
            ),
        ),
    ),
    *(
        Derivation(
            f"early-alignment.residual-{k}",
            (
                Step(
                    "by the normal equations",
                    lambda b, k=k: Identity(least_squares(k - 1), value(b, f"residual-{k}"), let=NORMAL),
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


def unit_time(b: Book, size: Any) -> Any:
    """Time in closed form until an output weight of this size is one, with the driving vector of trapped neurons."""
    return of(b, "unit-time").statement.args[1].subs({lam: size, start: 1, delta: rate})


def growth(b: Book) -> Any:
    """Growth of the output weight at the ratio ``r_0 = 1 - short`` and ``e^{|D|t} = 1 + more``."""
    one = value(b, "axis-output").subs({c_0: (1 - short) * a_0}).subs(t, log(1 + more) / delta).rewrite(exp)
    return (one / a_0).expand()


def fastest(b: Book) -> Bound:
    return Bound(growth(b), 1 + more, terms=(short * more * (2 + more) / (2 * (1 + more)),))


def slowest(b: Book) -> Bound:
    return Bound((1 - short / 2) * (1 + more), growth(b), terms=(short / (2 * (1 + more)),))


short, more = Symbol("epsilon", nonnegative=True), Symbol("zeta", nonnegative=True)
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
        "early-alignment.trap-rate",
        (
            Step(
                "square of the length of that driving vector",
                lambda b: Identity(
                    value(b, "trap-vector").T * value(b, "trap-vector"),
                    value(b, "trap-rate").subs(up_1, r_1) ** 2 * Eye(1),
                    given=(*TRAP, ("|x_1|^2", x[0].T * x[0] - size_1 * Eye(1))),
                    point=(*TRAP_POINT, (size_1, Trace(x[0].T * x[0]))),
                ),
            ),
            Step(
                "it is a length: not negative, with the square of that part as a letter of its own",
                lambda b: Bound(
                    0, value(b, "trap-rate").subs(size_1, g_12**2 / size + more), terms=(up_1 * sqrt(more) / n,)
                ),
            ),
            Step(
                "it is at right angles to point 2",
                lambda b: Identity(x[1].T * value(b, "trap-vector"), 0 * Eye(1), given=TRAP, point=TRAP_POINT),
            ),
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
                "the time in closed form over the claim, for a small start",
                lambda b: Limit(unit_time(b, small) / value(b, "escape-time"), small, 0, 1),
            ),
        ),
    ),
    Derivation(
        "early-alignment.escape-time-mass",
        (
            Step(
                "balanced neurons of one start direction: each $|a||w|$ is the square of a size",
                lambda b: Limit(unit_time(b, sqrt(mass)) / value(b, "escape-time-mass"), mass, 0, 1),
            ),
            Step("others: no size grows by more than $e^{|D|t}$", fastest),
            Step("and none by less than a fixed part of it, which the logarithm does not see", slowest),
        ),
    ),
)

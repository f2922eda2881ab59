"""The spurious stationary point: least squares of a linear map through three points of the plane, and what is around it.

Points are ``x_k = (b_k, g_k)``; ``c`` is the cross product of the two feature columns, the vector with ``X^T c = 0``.
"""

from __future__ import annotations

from sympy import Eq, MatrixSymbol, Rational, Symbol, Trace, log, sqrt, symbols

from ..formula import Formula, Source, Standing
from .letters import PAPER, X, d, formula, n, y

b = symbols("b_1:4", real=True)
g = symbols("g_1:4", real=True)
labels = symbols("y_1:4", real=True)
null = symbols("c_1:4", real=True)
residuals = symbols("r_1:4", real=True)
x = tuple(MatrixSymbol(f"x_{k}", d, 1) for k in (1, 2, 3))
pattern = {name: MatrixSymbol(f"D_{name}", d, 1) for name in ("123", "12", "23", "1", "3")}
trap, first = MatrixSymbol("D_trap", d, 1), MatrixSymbol("D_first", d, 1)
D_dead = MatrixSymbol("D_dead", d, 1)
beta, beta_end = MatrixSymbol("beta", d, 1), MatrixSymbol("beta_end", d, 1)
product, scale = symbols("cy c_sq", real=True)
rest = MatrixSymbol("rest", n, 1)
L_star, L_three = symbols("L_star L_three", nonnegative=True)
size, size_1 = Symbol("x_2_sq", positive=True), Symbol("x_1_sq", positive=True)
small, mass, rate, t_escape = (Symbol(name, positive=True) for name in ("a_trapped", "mass", "delta_trap", "t_escape"))
gain_off, gain_on = symbols("v_1 v_12", real=True)
up_1, up_3 = symbols("rho_1 rho_3", positive=True)
g_12, g_23 = symbols("g_12 g_23", positive=True)
MORE = {
    **{letter: f"first feature of point {k}" for k, letter in enumerate(b, 1)},
    **{letter: f"second feature of point {k}" for k, letter in enumerate(g, 1)},
    **{letter: f"label of point {k}" for k, letter in enumerate(labels, 1)},
    **{letter: f"entry {k} of the cross product of the two feature columns" for k, letter in enumerate(null, 1)},
    **{letter: f"residual of point {k} at the least squares map" for k, letter in enumerate(residuals, 1)},
    **{letter: f"input of point {k}" for k, letter in enumerate(x, 1)},
    **{
        letter: f"driving vector at the least squares map, active points {', '.join(k)}"
        for k, letter in pattern.items()
    },
    trap: "driving vector of a neuron that slides along the hyperplane of point 2",
    beta: "linear map of least squared error",
    beta_end: "linear map that the network tends to",
    product: "cross product times labels, $c\\cdot y$",
    scale: "$|c|^2$",
    rest: "residuals at the least squares map, as a vector",
    L_star: "loss of the least squares map",
    L_three: "loss of the least squares map on the three public points",
    size: "$|x_2|^2$",
    size_1: "$|x_1|^2$",
    small: "size of the output weight of a trapped neuron",
    mass: "sum of $|a||w|$ over the trapped neurons",
    rate: "length of the driving vector of trapped neurons",
    t_escape: "time until trapped neurons have size one",
    gain_off: "$\\langle D_1,x_2\\rangle$: speed across the hyperplane of point 2 where it is not active",
    gain_on: "$\\langle D_{12},x_2\\rangle$: speed across the hyperplane of point 2 where it is active",
    up_1: "residual of point 1 (positive)",
    up_3: "residual of point 3 (positive)",
    g_12: "inner product $\\langle x_1,x_2\\rangle$ (positive)",
    g_23: "inner product $\\langle x_2,x_3\\rangle$ (positive)",
}
LATEX = (
    *((letter, f"D_{{{name}}}") for name, letter in pattern.items()),
    (trap, r"D_{\mathrm{trap}}"),
    (beta_end, r"\beta_{\infty}"),
    (product, r"c\cdot y"),
    (scale, "|c|^2"),
    (rest, "r"),
    (L_star, "L^{*}"),
    (L_three, "L^{*}_{3}"),
    (size, "|x_2|^2"),
    (size_1, "|x_1|^2"),
    (small, "|a_j|"),
    (mass, r"\mathrm{mass}"),
    (rate, r"|D_{\mathrm{trap}}|"),
    (t_escape, r"t_{\mathrm{escape}}"),
    (gain_off, r"\langle D_1,x_2\rangle"),
    (gain_on, r"\langle D_{12},x_2\rangle"),
    (up_1, "r_1"),
    (up_3, "r_3"),
    (g_12, r"\langle x_1,x_2\rangle"),
    (g_23, r"\langle x_2,x_3\rangle"),
)

CROSS = (
    (null[0], b[1] * g[2] - b[2] * g[1]),
    (null[1], b[2] * g[0] - b[0] * g[2]),
    (null[2], b[0] * g[1] - b[1] * g[0]),
)
SUMS = (
    (product, sum(one * label for one, label in zip(null, labels))),
    (scale, sum(one**2 for one in null)),
)
THREE_POINTS = ((Rational(-3, 4), 1), (Rational(-1, 2), 1), (Rational(1, 8), 1))
THREE_LABELS = (Rational(11, 10), Rational(1, 10), Rational(4, 5))
"""The public experiment: inputs with the bias as last feature, and labels."""


def residual(k: int) -> Formula:
    """Residual of one of the three points."""
    return formula(
        f"residual-{k}",
        f"three points in the plane: residual of point {k} at the least squares map",
        Eq(residuals[k - 1], product / scale * null[k - 1]),
        let=(*CROSS, *SUMS),
        extra=MORE,
    )


def local(name: str, value: object) -> Formula:
    """Driving vector in one cone around the least squares map."""
    points = " and ".join(", ".join(name).rsplit(", ", 1))
    return formula(
        f"local-{name}",
        f"at the least squares map: driving vector with active point{'s' * (len(name) > 1)} {points}",
        Eq(pattern[name], value, evaluate=False),
        extra=MORE,
    )


r_1, r_2, r_3 = residuals
FORMULAS = (
    formula(
        "spurious-theorem",
        "below a scale of the start, networks of any width converge to the least squares map",
        Eq(beta_end, beta, evaluate=False),
        Source(PAPER, "theorem on the spurious stationary point"),
        standing=Standing.THEOREM,
        extra=MORE,
    ),
    formula(
        "residual",
        "residual of the least squares map for any number of points: the part of the labels off the columns of X",
        Eq(rest, y - X * (X.T * X).I * X.T * y),
        extra=MORE,
    ),
    formula(
        "residual-loss",
        "loss of the least squares map for any number of points",
        Eq(L_star, Trace(y.T * rest) / (2 * n)),
        let=((rest, y - X * (X.T * X).I * X.T * y),),
        extra=MORE,
    ),
    *(residual(k) for k in (1, 2, 3)),
    formula(
        "spurious-loss",
        "three points in the plane: loss at the spurious stationary point",
        Eq(L_star, product**2 / (6 * scale)),
        let=(*CROSS, *SUMS),
        extra=MORE,
    ),
    formula(
        "spurious-loss-three",
        "loss at the spurious stationary point of the public three-point experiment",
        Eq(L_three, Rational(256, 2925)),
        extra=MORE,
    ),
    local("123", 0 * x[0]),
    local("12", -r_3 / n * x[2]),
    local("23", -r_1 / n * x[0]),
    local("1", r_1 / n * x[0]),
    local("3", r_3 / n * x[2]),
    formula(
        "trap-vector",
        "a neuron with a > 0 on the hyperplane of point 2 is driven by the projection from either side",
        Eq(trap, r_1 / n * (x[0] - g_12 / size * x[1])),
        extra=MORE,
    ),
    formula(
        "trap-off",
        "where point 2 is not active, neurons with a > 0 are pushed towards its hyperplane",
        Eq(gain_off, up_1 * g_12 / n),
        extra=MORE,
    ),
    formula(
        "trap-on",
        "where point 2 is active, neurons with a > 0 are pushed towards its hyperplane too: they stay on it",
        Eq(gain_on, -up_3 * g_23 / n),
        extra=MORE,
    ),
    formula(
        "trap-rate",
        "rate at which trapped neurons grow: the part of the driving vector at right angles to point 2",
        Eq(rate, up_1 / n * sqrt(size_1 - g_12**2 / size)),
        extra=MORE,
    ),
    formula(
        "escape-time",
        "time until one trapped neuron has size one, to leading order",
        Eq(t_escape, log(1 / small) / rate),
        extra=MORE,
    ),
    formula(
        "escape-time-mass",
        "time until all trapped neurons together have mass one, to leading order",
        Eq(t_escape, log(1 / mass) / (2 * rate)),
        extra=MORE,
    ),
)
SYSTEMS = ()

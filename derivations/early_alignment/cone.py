"""Why the closed forms inside a cone, exit times and the powers of a gradient step are true."""

from __future__ import annotations

from typing import Any

from sympy import (
    ImmutableMatrix,
    Matrix,
    Symbol,
    atan,
    atanh,
    cos,
    exp,
    expand_log,
    expand_power_base,
    factor,
    log,
    sin,
    sqrt,
    symbols,
    tan,
)

from ...theory.early_alignment.cone import (
    beta,
    cos_D,
    f_0,
    gamma,
    q,
    sin_D,
)
from ...theory.early_alignment.letters import (
    D,
    I_z,
    M,
    N,
    a,
    a_0,
    a_cone,
    a_start,
    c,
    c_0,
    delta,
    eta,
    p,
    t,
    theta,
    w_cone,
    w_start,
)
from ..chain import Book, Derivation, Identity, Rate, Step
from .tools import BLOCKS, CUBE, LENGTH, LENGTH_POINT, linear, of, system, value

Q = Symbol("Q", positive=True)
ALONG = {c: D.T * w_cone / delta, a: a_cone}
CASES = (1, 2, 3)


def moves(id: str, item: Any) -> Step:
    """The closed form has the rate of the flow at the closed form."""

    def shows(b: Book) -> Rate:
        flow = system(b, "neuron")
        table = {w_cone: value(b, "cone-weights"), a_cone: value(b, "cone-outputs")}
        return Rate(flow, value(b, id), flow.rate(item).xreplace(table), given=LENGTH, point=LENGTH_POINT)

    return Step("it has the rate of the flow", shows)


def starts(id: str, item: Any) -> Step:
    return Step("it starts where it should", lambda b: Identity(value(b, id).subs(t, 0).doit(), item))


def axis(id: str, by: str, item: Any, words: str) -> Step:
    def shows(b: Book) -> Rate:
        change = system(b, id).rate(item) - (item if id.endswith("step") else 0)
        return Rate(system(b, by), ALONG[item], linear(change, ALONG), given=LENGTH, point=LENGTH_POINT)

    return Step(words, shows)


def axis_solution(id: str, item: Any, start: Any) -> tuple[Step, ...]:
    def shows(b: Book) -> Rate:
        flow = system(b, "axis")
        table = {c: value(b, "axis-weight"), a: value(b, "axis-output")}
        return Rate(flow, value(b, id), flow.rate(item).xreplace(table))

    return (
        Step("it has the rate of the flow", shows),
        Step("it starts where it should", lambda b: Identity(value(b, id).subs(t, 0), start)),
    )


def wall(b: Book) -> Identity:
    """The part of the weights along D, over its length, times the part of the point along D, and the constant rest."""
    k = Symbol("k", real=True)
    along = value(b, "axis-weight")
    table = {beta: c_0 * k, gamma: a_0 * k}
    return Identity(value(b, "wall-value").xreplace(table), f_0 - c_0 * k + along * k)


def exits(b: Book) -> Identity:
    one = of(b, "exit-time")
    return Identity(value(b, "wall-value").subs(t, one.value), 0, assuming=one.assuming)


def exits_first(b: Book) -> Identity:
    """The other root of the quadratic is not a later time: their product is negative where beta > gamma, else it is < 1."""
    one = of(b, "exit-time")
    root = exp(delta * one.value)
    product = (beta - gamma) / (beta + gamma)
    left = of(b, "exit-quadratic").statement.args[0]
    other = product / root
    return Identity(left.subs(q, other), 0, assuming=one.assuming)


def float_same(id: str) -> Step:
    """The form for floating point is the same number, branch by branch."""

    def shows(b: Book, place: int) -> Identity:
        one = of(b, id)
        form = one.float_form
        inner = next(node for node in (form, *form.args, *form.args[-1].args) if node.is_Piecewise)
        branch = form.xreplace({inner: inner.args[place].expr})
        left, right = branch, one.value
        if id == "exit-time":
            left, right = exp(delta * branch.rewrite(log)), exp(delta * one.value)
        return Identity(left, right, assuming=one.assuming)

    return Step("its form for floating point is the same number", shows, cases=(0, 1), scope="all")


def half_angle(b: Book) -> Identity:
    """Along the arc the value is ``C cos(theta) + S sin(theta)``; it vanishes at the angle of the formula."""
    angle = 2 * atan(value(b, "exit-angle"))
    arc = (cos_D * cos(theta) + sin_D * sin(theta)).subs(theta, angle)
    return Identity(arc, 0, assuming=of(b, "exit-angle").assuming)


def arrives(b: Book) -> Identity:
    one = of(b, "exit-time-balanced")
    reached = value(b, "aberration").subs(t, one.value)
    tangent = next(letter for letter in one.value.free_symbols if letter.name == "T_e")
    return Identity(tan(reached / 2), tangent, assuming=one.assuming)


def by_tangent(expression: Any) -> Any:
    """Functions of ``eta delta = (Q^2-1)/(Q^2+1)``, that is of the rapidity ``log Q``, as powers of ``Q``."""
    e = expression.xreplace({delta: (Q**2 - 1) / (Q**2 + 1) / eta})
    e = e.replace(
        lambda x: isinstance(x, atanh), lambda x: expand_log(log(factor((1 + x.args[0]) / (1 - x.args[0])))) / 2
    ).rewrite(exp)
    e = e.replace(lambda x: x.is_Pow and x.base.is_Add, lambda x: factor(x.base) ** x.exp)
    e = e.replace(lambda x: isinstance(x, exp) and x.args[0].has(log(Q)), lambda x: Q ** (x.args[0] / log(Q)).expand())
    return expand_power_base(e)


def parts(b: Book, steps: Any) -> tuple[Any, ...]:
    """Coefficients of ``M^2/delta^2`` and ``M/delta`` in the power, after so many steps, in powers of ``Q``."""
    one = of(b, "step-power")
    X = Symbol("X")
    entry = one.value.xreplace({I_z: ImmutableMatrix([[1]]), M: ImmutableMatrix([[X]])}).doit()[0]
    polynomial = entry.subs(N, steps).expand()
    return tuple(by_tangent(polynomial.coeff(X, k) * delta**k) for k in (0, 1, 2))


def induction(b: Book, place: int) -> Identity:
    """The coefficients after one more step, by ``M^3 = delta^2 M``."""
    now, later = parts(b, N), parts(b, N + 1)
    x = by_tangent(eta * delta)
    want = (now[0], now[1] + x * (now[0] + now[2]), now[2] + x * now[1])
    return Identity(later[place], want[place])


def determinant(b: Book, size: int) -> Identity:
    entries = Matrix(symbols(f"D_1:{size + 1}", real=True))
    block = Matrix([[Matrix.eye(size), eta * entries], [eta * entries.T, Matrix([[1]])]])
    length = sum(entry**2 for entry in entries)
    return Identity(block.det(), of(b, "step-determinant").statement.args[1].subs(delta, sqrt(length)))


DERIVATIONS = (
    Derivation("early-alignment.cone-weights", (moves("cone-weights", w_cone), starts("cone-weights", w_start))),
    Derivation("early-alignment.cone-outputs", (moves("cone-outputs", a_cone), starts("cone-outputs", a_start))),
    Derivation(
        "early-alignment.axis",
        (
            axis("axis", "neuron", c, "part of the weights along $D$, for all neurons of a cone"),
            axis("axis", "neuron", a, "output weight, for all neurons of a cone"),
            Step(
                "the rest of the weights does not move",
                lambda b: Rate(
                    system(b, "neuron"),
                    w_cone - D * D.T * w_cone / delta**2,
                    0 * w_cone,
                    given=LENGTH,
                    point=LENGTH_POINT,
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.axis-step",
        (
            axis("axis-step", "neuron-step", c, "part of the weights along $D$, for all neurons of a cone"),
            axis("axis-step", "neuron-step", a, "output weight, for all neurons of a cone"),
        ),
    ),
    Derivation("early-alignment.axis-weight", axis_solution("axis-weight", c, c_0)),
    Derivation("early-alignment.axis-output", axis_solution("axis-output", a, a_0)),
    Derivation(
        "early-alignment.wall-value",
        (Step("only the part of the weights along $D$ moves", wall),),
    ),
    Derivation(
        "early-alignment.exit-quadratic",
        (
            Step(
                "the two sides are the same polynomial",
                lambda b: Identity(of(b, "exit-quadratic").statement.args[0], value(b, "exit-quadratic")),
            ),
            Step(
                "the value is that of the wall at $q=e^{\\delta t}$",
                lambda b: Identity(
                    dict(of(b, "exit-quadratic").let)[of(b, "exit-quadratic").let[0][0]],
                    value(b, "wall-value").subs(t, log(q) / delta),
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.exit-time",
        (
            Step("the value at the data point vanishes then", exits),
            Step("the other root belongs to the product of the roots", exits_first),
            float_same("exit-time"),
        ),
    ),
    Derivation(
        "early-alignment.exit-angle",
        (Step("the value on the arc vanishes at twice its arc tangent", half_angle), float_same("exit-angle")),
    ),
    Derivation(
        "early-alignment.exit-time-balanced",
        (Step("the angle then is that at which the wall is met", arrives),),
    ),
    Derivation(
        "early-alignment.step-power",
        (
            *(
                Step(
                    f"induction: coefficient of $M^{k}$ after one more step",
                    lambda b, k=k: induction(b, k),
                )
                for k in (0, 1, 2)
            ),
            Step(
                "induction: one step multiplies by $I+\\eta M$",
                lambda b: Identity(
                    (I_z + eta * M) * (I_z + c * M + a * M * M),
                    I_z + (c + eta + eta * delta**2 * a) * M + (a + eta * c) * M * M,
                    given=(CUBE,),
                    symmetric=(M,),
                    point=BLOCKS,
                ),
            ),
            Step(
                "no step is the identity",
                lambda b: Identity(value(b, "step-power").subs(N, 0).doit(), I_z, symmetric=(M,)),
            ),
        ),
    ),
    Derivation(
        "early-alignment.step-inverse",
        (
            Step(
                "times the step it is the identity",
                lambda b: Identity(
                    value(b, "step-inverse") * (I_z + eta * M), I_z, given=(CUBE,), symmetric=(M,), point=BLOCKS
                ),
            ),
        ),
    ),
    Derivation(
        "early-alignment.step-determinant",
        (Step("written out", determinant, cases=CASES, scope="d = 1, 2, 3"),),
    ),
    Derivation(
        "early-alignment.step-drift-balanced",
        (
            Step(
                "change of $a^2-c^2-p^2$ at $a^2=c^2+p^2$",
                lambda b: Identity(
                    system(b, "axis-step").rate(a) ** 2 - system(b, "axis-step").rate(c) ** 2 - p**2,
                    value(b, "step-drift-balanced"),
                    given=(("balanced", a**2 - c**2 - p**2),),
                    point=((a, sqrt(c**2 + p**2)),),
                ),
            ),
        ),
    ),
)

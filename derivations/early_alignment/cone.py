"""Why the closed forms inside a cone, exit times and the powers of a gradient step are true."""

from __future__ import annotations

from typing import Any

from sympy import (
    Determinant,
    ImmutableMatrix,
    Matrix,
    Symbol,
    atanh,
    exp,
    expand_log,
    expand_power_base,
    factor,
    log,
    sqrt,
    symbols,
)

from ...theory.early_alignment.letters import (
    M_BLOCKS,
    Z_BLOCKS,
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
    d,
    delta,
    eta,
    p,
    t,
    w_cone,
    w_start,
)
from ...theory.flow import along
from ..chain import Book, Derivation, Identity, Rate, Step
from .tools import BLOCKS, CUBE, LENGTH, LENGTH_POINT, linear, of, system, value

Q = Symbol("Q", positive=True)
ALONG = {c: D.T * w_cone / delta, a: a_cone}
CASES = (1, 2, 3)


def boosted(b: Book) -> Identity:
    """The boost, applied to the stacked weights at the start."""
    start = Z_BLOCKS.xreplace({w_cone: w_start, a_cone: a_start})
    stack = Z_BLOCKS.xreplace({w_cone: value(b, "cone-weights"), a_cone: value(b, "cone-outputs")})
    return Identity(value(b, "boost").xreplace({M: M_BLOCKS}) * start, stack, given=LENGTH, point=LENGTH_POINT)


def solves(id: str, item: Any, start: Any) -> tuple[Step, ...]:
    """A closed form in the time alone: the second-order equation that the flow implies, value and rate at the start."""
    table = {w_cone: w_start, a_cone: a_start, c: c_0, a: a_0}
    flow = "neuron" if id.startswith("cone") else "axis"

    def second(b: Book) -> Rate:
        one = value(b, id)
        speed = along(one, system(b, flow))
        return Rate(system(b, flow), speed, twice(b, flow, item, one), given=LENGTH, point=LENGTH_POINT)

    return (
        Step("its second derivative is that of the flow", second),
        Step("it starts where it should", lambda b: Identity(value(b, id).subs(t, 0).doit(), start)),
        Step(
            "it starts at the rate of the flow",
            lambda b: Identity(
                along(value(b, id), system(b, flow)).subs(t, 0).doit(), system(b, flow).rate(item).xreplace(table)
            ),
        ),
    )


def twice(b: Book, id: str, item: Any, at: Any) -> Any:
    """Second derivative of an item along a flow that couples it to one other item, at a value of the item."""
    flow = system(b, id)
    other = next(one for one in flow.items if one != item)
    return flow.rate(item).xreplace({other: flow.rate(other)}).xreplace({item: at})


def axis(id: str, by: str, item: Any, words: str) -> Step:
    def shows(b: Book) -> Rate:
        change = system(b, id).rate(item) - (item if id.endswith("step") else 0)
        return Rate(system(b, by), ALONG[item], linear(change, ALONG), given=LENGTH, point=LENGTH_POINT)

    return Step(words, shows)


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
    return tuple(by_tangent((polynomial.coeff(X, k) * delta**k).expand()) for k in (0, 1, 2))


def induction(b: Book, place: int) -> Identity:
    """The coefficients after one more step, by ``M^3 = delta^2 M``."""
    now, later = parts(b, N), parts(b, N + 1)
    x = by_tangent(eta * delta)
    want = (now[0], now[1] + x * (now[0] + now[2]), now[2] + x * now[1])
    return Identity(later[place], want[place])


def determinant(b: Book, size: int) -> Identity:
    entries = Matrix(symbols(f"D_1:{size + 1}", real=True))
    generator = Matrix([[Matrix.zeros(size), entries], [entries.T, Matrix([[0]])]])
    length = sum(entry**2 for entry in entries)
    left, right = (side.subs(d, size) for side in of(b, "step-determinant").statement.args)
    block = left.xreplace({M.subs(d, size): generator.as_immutable()})
    block = block.replace(lambda e: isinstance(e, Determinant), lambda e: e.arg.as_explicit().det())
    return Identity(block, right.subs(delta, sqrt(length)))


DERIVATIONS = (
    Derivation("early-alignment.cone-weights", solves("cone-weights", w_cone, w_start)),
    Derivation(
        "early-alignment.cone-outputs",
        (
            *solves("cone-outputs", a_cone, a_start),
            Step("weights and output weights together are what the boost makes of the start", boosted),
        ),
    ),
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
    Derivation("early-alignment.axis-weight", solves("axis-weight", c, c_0)),
    Derivation("early-alignment.axis-output", solves("axis-output", a, a_0)),
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

"""Why the statements about finite width are true."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

from sympy import ImmutableMatrix, Integer, Matrix, MatrixSymbol, Poly, Sum, Symbol, diag, eye, factorial2, symbols

from ...theory.formula import Source
from ...theory.mixed.letters import C1, C2, A, M, d_in, d_out, sigma, t, tau, w
from ...theory.mixed.width import a, alpha, beta, g, gamma, i, j, m, q, s
from ..chain import Book, Cited, Derivation, Derivative, Identity, Step

eps = Symbol("epsilon", positive=True)
PAIRS = ((0, 0), (0, 1))
"""A diagonal entry and an off-diagonal one: all entries of a pair of directions look like these."""


def names(letter: str) -> Matrix:
    return Matrix(2, 2, lambda x, y: Symbol(f"{letter}{x}{y}", real=True))


ALPHA, BETA, GAMMA = names("al"), names("be"), names("ga")
S, A_, M_ = (symbols(f"{letter}0 {letter}1", real=True) for letter in ("s", "a", "m"))
PATH = {A: diag(*S), C1: diag(*A_), C2: diag(*A_), M: diag(*M_)}
MOVED = {A: ALPHA, C1: GAMMA, C2: BETA}


def symmetric(matrix: Matrix) -> Matrix:
    """The deviations of the Gram matrices are symmetric."""
    return matrix.subs({BETA[1, 0]: BETA[0, 1], GAMMA[1, 0]: GAMMA[0, 1]})


def linearised(b: Book, item: Any) -> Matrix:
    """First-order rate of a deviation of the Gram flow, entry by entry, for two directions."""
    flow = b.system("mixed.gram-flow")
    put = {letter: PATH[letter] + eps * MOVED[letter] for letter in MOVED}
    put = {**put, M: PATH[M]}
    value = flow.rate(item).xreplace(dict(flow.let)).xreplace(put).doit()
    return symmetric(Matrix(value).diff(eps).subs(eps, 0))


def claimed(b: Book, base: Any, x: int, y: int) -> Any:
    """The equation of the response for one entry."""
    rate = next(rate for item, rate in b.system("mixed.response").equations if item.base == base)
    let = dict(b.system("mixed.response").let)
    for _ in range(2):
        rate = rate.xreplace({q[i]: let[q[i]], q[j]: let[q[i]].xreplace({i: j})})
        rate = rate.xreplace({g[i]: let[g[i]], g[j]: let[g[i]].xreplace({i: j})})
    rate = rate.xreplace({i: Integer(x), j: Integer(y)})
    values: dict[Any, Any] = {}
    for row, column in product(range(2), repeat=2):
        values |= {alpha[row, column]: ALPHA[row, column]}
        values |= {beta[row, column]: BETA[row, column], gamma[row, column]: GAMMA[row, column]}
    for k in range(2):
        values |= {s[k]: S[k], a[k]: A_[k], m[k]: M_[k]}
    return symmetric(Matrix([[rate.xreplace(values)]]))[0, 0]


def entry(base: Any, item: Any) -> Step:
    return Step(
        f"linearised Gram flow, entries of ${base}$",
        lambda b, pair: Identity(linearised(b, item)[pair], claimed(b, base, *pair)),
        cases=PAIRS,
        scope="diagonal and off-diagonal entries",
    )


def path(b: Book) -> Identity:
    """The path itself is the mode flow."""
    rate = next(rate for item, rate in b.system("mixed.response").equations if item.base == s)
    let = dict(b.system("mixed.response").let)
    one = Symbol("s", real=True)
    return Identity(
        rate.xreplace(let).xreplace({s[i]: one, m[i]: Symbol("m", real=True)}), b.system("mixed.mode-flow").rate(one)
    )


@cache
def moment(powers: tuple[int, ...]) -> Any:
    """Mean of a monomial in independent standard normal variables."""
    out = Integer(1)
    for power in powers:
        out *= 0 if power % 2 else factorial2(power - 1) if power else 1
    return out


def mean(expression: Any, variables: tuple[Any, ...]) -> Any:
    """Mean of a polynomial in independent standard normal variables."""
    return sum(factor * moment(powers) for powers, factor in Poly(expression, *variables).terms())


def gaussian(b: Book, case: tuple[int, int, int]) -> Identity:
    """Mean of (PJ)^2 over all weights, by Wick's rule, contracted with a matrix of symbols."""
    out, into, width = case
    size = out + into
    Q = Matrix(size, width, lambda x, y: Symbol(f"z{x}_{y}"))
    sign = diag(eye(out), -eye(into))
    probe = Matrix(size, size, lambda x, y: Symbol(f"x{x}{y}", real=True))
    P = sigma**2 * Q * Q.T
    lhs = mean(((P * sign * P * sign).T * probe).trace().expand(), tuple(Q))
    value = b.formula("mixed.gaussian-start").value.subs({tau: sigma**2 * w}).subs({w: width, d_out: out, d_in: into})
    value = value.xreplace({letter: ImmutableMatrix(sign) for letter in value.atoms(MatrixSymbol)})
    return Identity(lhs, (Matrix(value.doit()).T * probe).trace())


DERIVATIONS = (
    Derivation(
        "mixed.response",
        (Step("the path is that of the modes", path), entry(alpha, A), entry(beta, C2), entry(gamma, C1)),
    ),
    Derivation(
        "mixed.gaussian-start",
        (
            Step(
                "Wick's rule over all weights",
                gaussian,
                cases=((1, 1, 1), (1, 1, 2), (2, 1, 1), (1, 2, 2), (2, 1, 3)),
                scope="d_out, d_in <= 2, w <= 3",
            ),
        ),
    ),
    Derivation(
        "mixed.start-variance",
        (
            Step(
                "an entry is a sum of w independent products, each of variance $\\sigma^2\\sigma^2$",
                lambda b: Identity(
                    Sum(sigma**2 * sigma**2, (Symbol("k", integer=True), 1, w)).doit(),
                    b.formula("mixed.start-variance").value,
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.noise-correction",
        (
            Step(
                "in null directions of the target a deviation decays at rate $2\\tau$",
                lambda b: Identity(quiet(b), -2 * tau * alpha[0, 1]),
            ),
            Step(
                "so its mean square decays at rate $4\\tau$",
                lambda b: Derivative(
                    b.formula("mixed.noise-correction").value,
                    t,
                    2 * quiet(b) / alpha[0, 1] * b.formula("mixed.noise-correction").value,
                ),
            ),
            Step(
                "from the variance of an entry at the start",
                lambda b: Identity(
                    b.formula("mixed.noise-correction").value.subs(t, 0), b.formula("mixed.start-variance").value
                ),
            ),
        ),
    ),
    Derivation(
        "mixed.start-size",
        (Step("singular values of Gaussian matrices", lambda b: Cited(Source("davidson2001local", "Theorem II.13"))),),
    ),
    Derivation(
        "mixed.bartlett", (Step("Bartlett's decomposition", lambda b: Cited(Source("bartlett1933", "LQ factor"))),)
    ),
)


def quiet(b: Book) -> Any:
    """Rate of a deviation where target and path vanish."""
    rate = next(rate for item, rate in b.system("mixed.response").equations if item.base == alpha)
    zero = {g[i]: 0, g[j]: 0, a[i]: tau, a[j]: tau}
    return rate.xreplace(zero).xreplace({i: Integer(0), j: Integer(1)})

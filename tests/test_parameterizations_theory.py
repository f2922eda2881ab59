"""The paper `parameterizations`: every derivation holds, planted errors turn it red, bad input is one line."""

from __future__ import annotations

import numpy as np
import pytest
from paper_checks import PaperChecks
from scipy.integrate import dblquad
from sympy import Float, Rational, atan, pi, sqrt

from plateaux.derivations.parameterizations import PAPER
from plateaux.theory.parameterizations import letters
from plateaux.theory.parameterizations.scalings import named

BOOK = PAPER.book()


class TestParameterizations(PaperChecks):
    paper = PAPER
    scopes = {  # noqa: RUF012
        "parameterizations.ip-forward": "L = 4",
        "parameterizations.ip-backward": "L = 1, 2, 4",
        "parameterizations.ip-output": "L = 1..5",
        "parameterizations.ip-relative-update": "L = 2 with p = 1, 3/2, 2; L = 3, 4 with every p >= 1",
        "parameterizations.ip-first-layer-update": "L = 2 with p = 1, 3/2, 2; L = 1, 3, 4 with every p >= 1",
        "parameterizations.ip-output-update": "L = 3, 4 with every p >= 1",
        "parameterizations.ip-two-layers": "p = 5/4, 3/2, 7/4, 2; n = 0..3",
        "parameterizations.trivial-depth": "p = 1, 5/4, 3/2, 2, 3; L = 1..5; three steps",
        "parameterizations.feature-speed": "7 scalings with stable starts, L = 2, 3",
        "parameterizations.ip-llr-outer": "L = 1..5",
        "parameterizations.ip-llr-inner": "L = 2 with p = 1, 2; L = 3 with p = 1",
        "parameterizations.ip-llr-unaligned": "L = 2..5",
        "parameterizations.hybrid-shrink": "0, 2; L = 1..6",
        "parameterizations.hybrid-rates": "0, 1, 2",
        "parameterizations.bias-samples": "L = 1..4",
        "parameterizations.bias-backward": "L = 1..4",
        "parameterizations.bias-rate-first": "L = 1..4",
        "parameterizations.bias-rate-inner": "L = 2..4; L = 1..4",
        "parameterizations.bias-rate": "L = 1..4",
        "parameterizations.bias-balanced": "L = 2..4",
        "parameterizations.mean-spread": "L = 2..4",
        "parameterizations.mean-spread-odd": "L = 2..4",
        "parameterizations.mean-backward": "L = 1..4",
        "parameterizations.softmax-backward": "L = 1..4",
        "parameterizations.maximal-mup": "L = 1..3",
        "parameterizations.maximal-ntk": "L = 1..3",
        "parameterizations.maximal-ntk-bounded": "L = 1..3",
        "parameterizations.chain": "L = 2, 3, 5",
        "parameterizations.first-step-output": "L = 2..5",
    }


def formula(id: str) -> object:
    return BOOK.formula(f"parameterizations.{id}").value


def test_first_step_output_in_the_published_form() -> None:
    """Two hidden layers, against the formula written out."""
    chi, eta, q, s2 = letters.chi, letters.eta, letters.q, letters.s2
    k = chi * eta * q / sqrt(s2)
    written = chi * eta * (2 * chi * eta * sqrt(s2) + pi) * s2 * (k - atan(k) + pi) / (8 * pi**2)
    point = {chi: Rational(1, 3), eta: Rational(7, 5), q: 27, s2: Rational(11, 2)}
    closed = formula("first-step-output").subs(letters.L, 2)  # type: ignore[attr-defined]
    assert abs((closed - written).subs(point).evalf(30)) < 1e-25


@pytest.mark.parametrize("k", [0.3, 1.0, 4.0])
def test_first_overlap_against_a_double_integral(k: float) -> None:
    """``E[u (u + k z)_+; u > 0]`` by SciPy, u and z standard normal."""
    f = lambda z, u: u * (u + k * z) * np.exp(-(u * u + z * z) / 2) / (2 * np.pi)  # noqa: E731
    value, _ = dblquad(f, 0, 12, lambda u: max(-u / k, -12.0), 12, epsabs=1e-10)
    closed = formula("first-step-overlap").subs(  # type: ignore[attr-defined]
        {letters.chi: 1, letters.s2: 4, letters.q: 2, letters.eta: Float(k)}
    )
    assert float(closed.evalf()) == pytest.approx(4 * value, rel=1e-8)


@pytest.mark.parametrize("r", [-0.7, 0.2, 0.9])
def test_kernels_against_quadrature(r: float) -> None:
    for id, degree in (("step-kernel", 0), ("relu-kernel", 1), ("relu-square-kernel", 2)):
        f = lambda v, u, n=degree: (u * v) ** n * np.exp(-(u * u - 2 * r * u * v + v * v) / (2 * (1 - r * r)))  # noqa: E731
        value, _ = dblquad(f, 0, 12, 0, 12, epsabs=1e-10)
        value /= 2 * np.pi * np.sqrt(1 - r * r)
        assert float(formula(id).subs(letters.rho, r).evalf()) == pytest.approx(value, rel=1e-7)  # type: ignore[attr-defined]


@pytest.mark.parametrize("depth", [0, -1])
def test_no_hidden_layer_is_refused(depth: int) -> None:
    with pytest.raises(ValueError) as caught:
        named("mup", depth)
    assert "\n" not in str(caught.value)


def test_unknown_names_and_degrees_are_refused() -> None:
    with pytest.raises(ValueError):
        named("nonsense", 3)
    with pytest.raises(ValueError):
        named("ip-llr", 3, 0)

"""Networks with a scale for every layer: factored updates are dense ones, bad input is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from plateaux.numerics.parameterizations import Draw, coordinate_check, draw, escape_times, functions, train, widths_of
from plateaux.theory.parameterizations.chain import CHAIN
from plateaux.theory.parameterizations.scalings import named


@pytest.mark.parametrize("activation", ["relu", "gelu", "elu", "erf", "tanh"])
def test_one_step_is_the_gradient(activation: str) -> None:
    """The first change of the output, over a small step, is minus the squared gradient found by differences."""
    drawn = draw(2, 8, np.random.default_rng(0))
    scaling, eta, shift = named("ntk", 2), 1e-6, 1e-6
    before, after = (state.output @ drawn.chi for state in train(scaling, drawn, 1, activation=activation, eta=eta))
    square = 0.0
    for l, matrix in enumerate(drawn.matrices):
        for place in np.ndindex(matrix.shape):
            values = []
            for sign in (1, -1):
                moved = [one.copy() for one in drawn.matrices]
                moved[l][place] += sign * shift
                other = Draw(drawn.inputs, drawn.chi, tuple(moved))
                values.append(train(scaling, other, 0, activation=activation)[0].output @ drawn.chi)
            square += ((values[0] - values[1]) / (2 * shift)) ** 2
    assert (before - after) / eta == pytest.approx(square, rel=1e-3)


def test_gauges_train_alike() -> None:
    drawn = draw(3, 60, np.random.default_rng(1))
    plain, moved = named("mup", 3), named("mup", 3).shifted((1, -2, 1, 3))
    one, other = (train(point, drawn, 3, activation="gelu", eta=0.3)[-1].output for point in (plain, moved))
    np.testing.assert_allclose(one, other, rtol=1e-12)


BAD = {
    "activation": (lambda: functions("swish"), "activation: 'swish'"),
    "degree": (lambda: functions("relu", 0), "p: 0"),
    "degree of tanh": (lambda: functions("tanh", 2), "p: 2"),
    "widths": (lambda: widths_of((64, 64)), "widths: (64, 64)"),
    "draws": (lambda: coordinate_check(named("ip", 2), (8, 16), draws=1), "draws: 1"),
    "L = 0": (lambda: draw(0, 8, np.random.default_rng(0)), "L: 0"),
    "width": (lambda: draw(1, 0, np.random.default_rng(0)), "width: 0"),
    "depths": (lambda: train(named("ip", 2), draw(3, 8, np.random.default_rng(0)), 1), "drawn: 4 layers"),
    "no between": (lambda: escape_times(CHAIN, 1, [10.0]), "L: 1"),
    "narrow": (lambda: escape_times(CHAIN, 2, [1.0]), "widths: 1.0"),
    "c": (lambda: escape_times(CHAIN, 2, [10.0], c=0.0), "c: 0.0"),
    "horizon": (lambda: escape_times(CHAIN, 3, [1e4], horizon=0.1), "horizon: 0.1"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_in_one_line(what: str) -> None:
    make, words = BAD[what]
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        make()
    assert "\n" not in str(error.value)


def test_a_vanishing_loss_derivative_is_refused() -> None:
    drawn = draw(1, 8, np.random.default_rng(0))
    still = Draw(drawn.inputs, 0 * drawn.chi, drawn.matrices)
    with pytest.raises(ValueError, match="chi: zero"):
        train(named("ip", 1), still, 1)

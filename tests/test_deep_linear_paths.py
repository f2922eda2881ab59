"""Local minima against weight decay: roots, thresholds, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from plateaux.numerics.deep_linear import paths


@pytest.mark.parametrize("layers", [3, 4, 7])
def test_roots_and_thresholds_against_polynomials(layers: int) -> None:
    goal = 1.3
    local, everywhere = paths.thresholds(goal, layers)
    assert local / everywhere == pytest.approx(layers * 2 ** (2 / layers - 2), rel=1e-13)
    lam = 0.8 * local
    coefficients = np.zeros(2 * layers - 1)
    coefficients[0], coefficients[layers], coefficients[-1] = 1, -goal, lam
    roots = np.roots(coefficients)
    largest = max(roots.real[(abs(roots.imag) < 1e-9) & (roots.real > 0)])
    assert paths.minimum(goal, lam, layers) == pytest.approx(largest**layers, rel=1e-10)
    assert np.isnan(paths.minimum(goal, local * (1 + 1e-9), layers))


def test_one_minimum_per_prefix_and_the_jump() -> None:
    target = np.diag([2.0, 1.0])
    jump = paths.thresholds(1.0, 3)[1]
    for lam, best in ((0.99 * jump, 2), (1.01 * jump, 1)):
        found = paths.local_minima(target, lam, 3)
        assert [one.rank for one in found] == [0, 1, 2]
        assert min(found, key=lambda one: one.loss).rank == best
    (only,) = paths.local_minima(target, 0.5, 2)
    assert only.s == pytest.approx([1.5, 0.5])


def test_equal_values_are_refused() -> None:
    with pytest.raises(ValueError, match="target: singular values 1 and 2"):
        paths.local_minima(np.eye(2), 0.1, 3)

"""Curves: shapes, selection, display."""

import numpy as np
import pytest

from plateaux.numerics.curve import Curve, Provenance

TIME, WIDTH = np.array([0.0, 1.0, 2.0, 4.0]), np.array([10, 100])
GRID = np.arange(8.0).reshape(4, 2)
OWN = np.arange(8 * 6.0).reshape(4, 2, 2, 3)
CURVE = Curve(
    (("time", TIME), ("width", WIDTH)),
    (("loss", GRID), ("weights", OWN)),
    Provenance("ode", "mixed.flow", (("tau", 0.1),), seed=3),
)


def test_columns_by_name():
    assert CURVE["loss"] is GRID and CURVE["time"] is TIME and CURVE.names == ("loss", "weights")
    with pytest.raises(KeyError, match="there are time, width, loss, weights"):
        CURVE["losses"]


def test_refused_shapes_and_names():
    with pytest.raises(ValueError, match=r"loss has shape \(2, 4\); its leading dimensions must be \(4, 2\)"):
        Curve(CURVE.axes, (("loss", GRID.T),))
    with pytest.raises(ValueError, match="stands twice"):
        Curve(CURVE.axes, (("time", GRID),))


def test_select_equals_indexing():
    one = CURVE.select(width=100)
    assert [name for name, _ in one.axes] == ["time"] and one.made_by == CURVE.made_by
    np.testing.assert_array_equal(one["loss"], GRID[:, 1])
    np.testing.assert_array_equal(one["weights"], OWN[:, 1])
    part = CURVE.select(time=(1.0, 2.0))
    np.testing.assert_array_equal(part["time"], TIME[1:3])
    np.testing.assert_array_equal(part["weights"], OWN[1:3])
    both = CURVE.select(width=10, time=(1.0, 9.0))
    np.testing.assert_array_equal(both["weights"], OWN[1:, 0])
    point = CURVE.select(width=10, time=4.0)
    assert point.axes == () and point["loss"] == GRID[3, 0] and point["weights"].shape == (2, 3)
    np.testing.assert_array_equal(CURVE.select()["weights"], OWN)


def test_select_strings():
    curve = Curve((("order", np.array(["sequential", "simultaneous"])),), (("rate", np.array([1.0, 2.0])),))
    assert curve.select(order="simultaneous")["rate"] == 2.0


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"width": 50}, r"width: 50 is not on this axis, which holds 10, 100"),
        ({"time": (5.0, 6.0)}, r"time: \(5.0, 6.0\) is not on this axis, which holds 0 to 4"),
        ({"depth": 3}, r"depth: no axis of this name; there are time, width"),
    ],
)
def test_select_refuses(where, said):
    with pytest.raises(ValueError, match=said):
        CURVE.select(**where)


def test_display():
    shown = repr(CURVE)
    assert "Curve by ode: mixed.flow (tau=0.1); seed 3" in shown
    assert "4 x 2 x 2 x 3" in shown and "0 to 47" in shown and "10, 100" in shown
    html = Curve((), (("<b>", np.array([1.0, np.nan, 2.0, np.inf])),))._repr_html_()
    assert "&lt;b&gt;" in html and "<b>" not in html and "1 to 2; 2 not finite" in html
    assert repr(Curve((), (("none", np.zeros(0)), ("lost", np.full(5, np.nan)))))

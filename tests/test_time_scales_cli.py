"""The experiment of the time-scales: it runs and draws, and refuses in one line."""

from __future__ import annotations

import numpy as np
import pytest

from plateaux.derivations.time_scales.simulate import SIMULATE, SimulateSettings


def test_runs_and_draws(capsys):
    curve = SIMULATE.run(SimulateSettings(eps=1e-8), lambda fraction, words: None)
    assert "not the theory of this network" in capsys.readouterr().err
    assert np.all(np.diff(curve["risk"]) <= 1e-7)
    assert {k for k, _ in dict(curve.made_by.parameters)["predicted"]} == {0, 1, 2}
    assert SIMULATE.plot(curve).axes


@pytest.mark.parametrize(
    ("bad", "word"),
    [({"activation": "nope"}, "nope"), ({"target": "1,x"}, "target"), ({"eps": 0.0}, "eps"), ({"m": 1}, "m:"),
     ({"target": "0.5,0,0.8,0.6"}, "nothing"), ({"level": "sgd"}, "d:"), ({"batch": 5}, "batch")],
)  # fmt: skip
def test_refuses_in_one_line(bad, word):
    with pytest.raises(ValueError, match=word) as error:
        SimulateSettings(**bad)
    assert "\n" not in str(error.value)

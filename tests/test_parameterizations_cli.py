"""The commands `exponents` and `coordinate-check`: what they print, what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import plateaux
from plateaux.numerics.parameterizations import Run, coordinate_checks, descend, draw, settled
from plateaux.numerics.store import load
from plateaux.theory.parameterizations.scalings import Scaling, named


def run(*argv: str) -> int:
    return plateaux.main(list(argv))


def test_exponents_prints_the_table_and_the_class(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    assert run("exponents", "--depth", "4", "--param", "ip-llr", "--p", "1", "--json", str(file)) == 0
    text = capsys.readouterr().out
    assert "-5/2, -3, -3, -3, -5/2" in text
    assert "class: vanishing start" in text
    report = json.loads(file.read_text())
    found = {(e["quantity"], e["layer"], e["step"]): e for e in report["exponents"]}
    assert found["Dh", 4, 1]["exponent"] == "0"
    assert found["Dh", 4, 1]["wins"] == "update of step 1, aligned sum"
    assert report["regime"]["r"] == "0"


def test_own_lists_biases_and_latex(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("exponents", "--depth", "2", "--a=0,1/2,1/2", "--b=0,0,0", "--c=-1/2,-1/2,0") == 0
    assert "blow up" in capsys.readouterr().out
    assert run("exponents", "--depth", "3", "--param", "ip-llr", "--bias", "--cancels", "samples", "--steps", "1") == 0
    assert "what differs" in capsys.readouterr().out
    assert run("exponents", "--depth", "2", "--param", "mup", "--latex") == 0
    text = capsys.readouterr().out
    assert text.startswith(r"\begin{tabular}") and text.endswith("\\end{tabular}\n")


def test_coordinate_check_prints_slopes_and_writes_the_curve(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out, report = tmp_path / "check.npz", tmp_path / "report.json"
    argv = ("--depth", "2", "--param", "mup", "--activation", "tanh", "--widths", "32,64,128", "--seeds", "4")
    assert run("coordinate-check", *argv, "--out", str(out), "--json", str(report)) == 0
    text = capsys.readouterr().out
    assert "slope" in text and "theory" in text
    curve = load(out)
    assert curve["h2@1"].shape == (4, 3)
    slopes = {(one["quantity"], one["step"]): one for one in json.loads(report.read_text())["slopes"]}
    dh = slopes["dh1", 0]
    assert abs(dh["slope"] - float(dh["theory"])) < 5 * dh["stderr"] + 0.1


def test_a_bent_line_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """A step so large that narrow networks move by more than their start: the slope turns from that of a change to zero."""
    argv = ("--depth", "2", "--param", "ntk", "--activation", "tanh", "--eta", "30", "--widths", "16,32,64,128,256,512")
    assert run("coordinate-check", *argv, "--seeds", "12") == 0
    assert "the last octave has slope" in capsys.readouterr().out


IP = ("--depth", "2", "--param", "ip")
BAD = [
    (("exponents", "--depth", "0", "--param", "ip"), "L: 0"),
    (("exponents", "--depth", "two", "--param", "ip"), "depth: 'two'"),
    (("exponents", "--depth", "2", "--a=0,1", "--b=0,0,0", "--c=0,0,0"), "a: 2 entries; 3"),
    (("exponents", "--depth", "2", "--a=0,1,x", "--b=0,0,0", "--c=0,0,0"), "not a number"),
    (("exponents", "--depth", "2", "--a=0,1,1"), "b: missing"),
    (("exponents", "--depth", "2"), "a: missing"),
    (("exponents", *IP, "--a=0,1,1"), "a: given together"),
    (("exponents", *IP, "--p", "0"), "p: 0"),
    (("exponents", *IP, "--p=-1"), "p: -1"),
    (("exponents", *IP, "--p", "2", "--activation", "tanh"), "only relu"),
    (("exponents", *IP, "--activation", "swish"), "'swish'"),
    (("exponents", *IP, "--chi", "0"), "no exponent"),
    (("exponents", *IP, "--bias"), "bias:"),
    (("exponents", "--depth", "2", "--param", "up"), "name: 'up'"),
    (("exponents", *IP, "--steps", "99"), "steps: 99"),
    (("coordinate-check", *IP, "--widths", "64,32"), "increasing"),
    (("coordinate-check", *IP, "--widths", "64,64"), "increasing"),
    (("coordinate-check", *IP, "--widths", "64"), "at least two"),
    (("coordinate-check", *IP, "--widths", "32,64", "--chi", "0,0"), "no exponent"),
    (("coordinate-check", *IP, "--widths", "32,64", "--seeds", "1"), "seeds: 1"),
    (("coordinate-check", *IP, "--widths", "32,64", "--eta", "0"), "eta: 0"),
    (("coordinate-check", *IP, "--widths", "32,64", "--out", "a.txt"), "must end in .npz"),
]


@pytest.mark.parametrize(("argv", "says"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_bad_input_is_one_line(argv: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and says in err


# ---- the networks behind the coordinate check


def test_networks_side_by_side_are_networks_one_by_one() -> None:
    drawn = draw(3, 40, np.random.default_rng(0), 1.0)
    runs = [
        Run(named("mup", 3), "tanh"), Run(named("ip-llr", 3), gain=1.4), Run(named("ip-llr-bias", 3), "gelu"),
        Run(named("ip", 3), mean=1.0), Run(named("ntk", 3), eta=(0.5, 0.1)),
    ]  # fmt: skip
    for run_, together in zip(runs, descend(runs, drawn, 3)):
        (alone,) = descend([run_], drawn, 3)
        for one, other in zip(together, alone):
            np.testing.assert_allclose(one.output, other.output, rtol=1e-10)


@pytest.mark.parametrize("which", ["bias", "mean"])
def test_biases_and_means_move_along_the_gradient(which: str) -> None:
    """The first change of the output, over a small step, against dense weights differentiated by differences."""
    L, m, eta, shift = 2, 6, 1e-6, 1e-6
    point = named("ip-llr-bias", L)
    if which == "mean":
        point = Scaling("ip", point.a, point.b, point.c)
    drawn = draw(L, m, np.random.default_rng(3))
    run_ = Run(point, "tanh", mean=0.0 if which == "bias" else 1.0, eta=eta)
    before, after = (state.output @ drawn.chi for state in descend([run_], drawn, 1)[0])

    def loss(matrices: list[np.ndarray], biases: list[np.ndarray]) -> float:
        x = drawn.inputs
        for l in range(L + 1):
            mean = run_.mean if l else 0.0
            h = m ** -float(point.A[l]) * ((matrices[l] + mean) @ x) + (biases[l] if which == "bias" else 0.0)
            x = np.tanh(h)
        return float(h[0] @ drawn.chi)

    square = 0.0
    for kind in range(2 if which == "bias" else 1):
        for l in range(L + 1):
            parts = (drawn.matrices, drawn.biases)[kind][l]
            slopes_ = np.zeros(parts.shape)
            for place in np.ndindex(parts.shape):
                values = []
                for sign in (1, -1):
                    both = [[one.copy() for one in group] for group in (drawn.matrices, drawn.biases)]
                    both[kind][l][place] += sign * shift
                    values.append(loss(*both))
                slopes_[place] = (values[0] - values[1]) / (2 * shift)
            if kind == 0:  # the matrices carry the power of their start, the effective weights do not
                slopes_ *= m ** float(point.A[l])
            rate = float((point.B(0) if kind else point.K(0))[l])
            square += m**-rate * float((slopes_**2).sum())
    assert before == pytest.approx(loss(list(drawn.matrices), list(drawn.biases)), rel=1e-12)
    assert (before - after) / eta == pytest.approx(square, rel=1e-3)


def test_floats_of_32_bits_agree_and_settled_draws_start_with_size_one() -> None:
    curves = [
        coordinate_checks({"ip": Run(named("ip", 2))}, (32, 64), 0, draws=2, dtype=dtype)["ip"]
        for dtype in ("float32", "float64")
    ]
    assert set(curves[0].names) == set(curves[1].names)
    drawn = draw(3, 50, np.random.default_rng(0), dtype=np.float32)
    assert descend([Run(named("mup", 3))], drawn, 1)[0][1].output.dtype == np.float32
    (start,) = descend([Run(named("mup", 3), p=2.0)], settled(draw(3, 50, np.random.default_rng(0)), p=2.0), 0)[0]
    assert all(np.mean(h * h) == pytest.approx(1) for h in start.h)


@pytest.mark.parametrize("bad", [{"chi": [0.0, 0.0]}, {"dtype": "int32"}, {"steps": -1}, {"draws": 1}])
def test_bad_checks_are_refused(bad: dict[str, object]) -> None:
    (name,) = bad
    with pytest.raises(ValueError, match=f"^{name}:"):
        coordinate_checks({"ip": Run(named("ip", 2))}, (8, 16), **bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^runs:"):
        coordinate_checks({"a": Run(named("ip", 2)), "b": Run(named("ip", 3))}, (8, 16))

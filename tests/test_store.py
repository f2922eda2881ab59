"""Results on disk: exact round trips, planted damage, interrupted writing."""

import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from plateaux.numerics.curve import Curve, Provenance
from plateaux.numerics.store import atomic, load, save, sidecar, versions, write_arrays, write_text

MADE = Provenance(
    "ode", "mixed.flow", (("tau", 1e-12), ("order", "sequential"), ("s", (1.0, float("-inf"))), ("m", np.float64(0.1))),
    seed=2**127 + 1, digest="abc", detail=(("rtol", 1e-10), ("atol", 1e-14), ("message", "≤ done"), ("worst", float("nan"))),
)  # fmt: skip
CURVE = Curve(
    (("time", np.array([0.0, 0.1, 0.3])), ("update", np.array(["sequential", "simultaneous"]))),
    (
        ("loss", np.array([[np.nan, np.inf], [-0.0, 5e-324], [1 / 3, -np.inf]])),
        ("spectrum", np.ones((3, 2, 4)) * (1 + 2j)),
        ("steps", np.arange(6, dtype=np.int32).reshape(3, 2)),
        ("single", np.full((3, 2), 0.1, dtype=np.float32)),
        ("file", np.ones((3, 2), dtype=bool)),
        ("train/σ²", np.asfortranarray(np.arange(6, dtype=">f8").reshape(3, 2))),
    ),
    MADE,
)


def same(first: np.ndarray, second: np.ndarray) -> bool:
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


def test_round_trip_is_exact(tmp_path):
    save(CURVE, tmp_path / "new" / "run.npz")
    back = load(tmp_path / "new" / "run.npz")
    assert [n for n, _ in back.axes] == ["time", "update"] and back.names == CURVE.names
    assert all(same(back[name], array) for name, array in (*CURVE.axes, *CURVE.columns))
    made = back.made_by
    assert (made.by, made.what, made.seed, made.digest) == ("ode", "mixed.flow", 2**127 + 1, "abc")
    assert dict(made.parameters) == {"tau": 1e-12, "order": "sequential", "s": [1.0, float("-inf")], "m": 0.1}
    detail = dict(made.detail)
    assert (detail["rtol"], detail["atol"], detail["message"]) == (1e-10, 1e-14, "≤ done") and np.isnan(detail["worst"])
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["run.json", "run.npz"]


def test_sidecar_is_plain_json_and_says_what_it_must(tmp_path):
    save(CURVE, tmp_path / "run.npz")
    refuse = lambda text: pytest.fail(f"{text} is not JSON")  # noqa: E731
    record = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert record["schema"] == 1 and record["platform"]
    assert set(record["versions"]) == {"python", "plateaux", "numpy", "numba", "scipy", "sympy"}
    assert record["versions"]["numpy"] == np.__version__
    assert record["columns"]["spectrum"] == {"shape": [3, 2, 4], "dtype": "<c16"}
    assert record["sha256"] == hashlib.sha256((tmp_path / "run.npz").read_bytes()).hexdigest()
    with np.load(tmp_path / "run.npz", allow_pickle=False) as plain:
        assert same(plain["single"], CURVE["single"])


def test_equal_results_give_equal_files(tmp_path):
    for name in ("a", "b"):
        save(CURVE, tmp_path / f"{name}.npz")
    for kind in ("npz", "json"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_curve_without_axes(tmp_path):
    save(Curve((), (("value", np.array(2.5)),)), tmp_path / "run.npz")
    assert load(tmp_path / "run.npz")["value"] == 2.5


@settings(deadline=None, max_examples=25)
@given(arrays(st.sampled_from(["f4", "f8", "c16", "i8", "U5", "?"]), array_shapes(max_dims=3)))
def test_round_trip_of_any_array(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("any") / "run.npz"
    save(Curve((("x", np.arange(array.shape[0])),), (("y", array),)), path)
    assert same(load(path)["y"], array)


def forge(path: Path, **changes) -> None:
    """Change the sidecar, and make its digest true again."""
    record = json.loads(sidecar(path).read_text(encoding="utf-8"))
    record["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    sidecar(path).write_text(json.dumps({**record, **changes}), encoding="utf-8")


class Trap:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def flip(path):
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(bytes(data))
    forge(path)


def with_objects(path):
    with zipfile.ZipFile(path, "w") as archive, archive.open("loss.npy", "w") as file:
        np.lib.format.write_array(file, np.array([Trap()], dtype=object))
    forge(path)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.unlink(), r"run.npz does not exist"),
        (lambda path: sidecar(path).unlink(), r"run.json does not exist"),
        (lambda path: sidecar(path).write_text("{"), r"run.json is not a record of plateaux"),
        (lambda path: sidecar(path).write_bytes(b"\xff\xfe"), r"run.json is not a record of plateaux"),
        (lambda path: sidecar(path).write_text("[]"), r"run.json is not a record of plateaux"),
        (lambda path: forge(path, schema=2), r"run.json has schema 2; this version of plateaux reads 1"),
        (cut, r"run.npz is not the file that run.json describes"),
        (lambda path: (cut(path), forge(path)), r"cannot read .*run.npz: damaged \(.*zip"),
        (flip, r"cannot read .*run.npz: damaged"),
        (with_objects, r"cannot read .*run.npz: it holds Python objects"),
        (lambda path: (path.write_bytes(pickle.dumps(Trap())), forge(path)), r"cannot read .*run.npz: damaged"),
        (lambda path: forge(path, columns={}), None),
        (lambda path: forge(path, columns={"lost": {}}), r"run.json does not describe run.npz \(KeyError"),
        (lambda path: forge(path, axes={"time": {"shape": [3], "dtype": "<f4"}}), r"shapes or types differ"),
        (lambda path: forge(path, provenance=None), r"run.json does not describe run.npz"),
    ],
)
def test_damage_is_named_in_one_line(tmp_path, monkeypatch, harm, said):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.npz"
    save(CURVE, path)
    harm(path)
    if said is None:  # fewer columns than the file holds is a record that can be read
        assert load(path).names == ()
        return
    with pytest.raises(ValueError, match=said) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "unpickled").exists()


def test_bad_input_is_refused(tmp_path):
    column = lambda array, name="y": Curve((), ((name, array),))  # noqa: E731
    for curve, said in (
        (column(np.array([Trap()], dtype=object)), "y: holds Python objects"),
        (column(np.ones(1), "a\0b"), "cannot name an array"),
        (Curve((), (), Provenance("ode", "x", (("f", Trap()),))), r"parameters\.f: Trap cannot be recorded"),
        (Curve((), (), Provenance("ode", "x", (("f", 1), ("f", 2)))), "parameters: a name stands twice"),
    ):
        with pytest.raises(ValueError, match=said):
            save(curve, tmp_path / "run.npz")
    with pytest.raises(ValueError, match=r"run.txt must end in .npz"):
        save(CURVE, tmp_path / "run.txt")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "folder.npz").mkdir()
    for path in (tmp_path / "taken" / "run.npz", tmp_path / "folder.npz", Path("/proc/nowhere/run.npz")):
        with pytest.raises(ValueError, match=r"path: cannot write .*npz") as caught:
            save(CURVE, path)
        assert "\n" not in str(caught.value) and "None" not in str(caught.value)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_interrupted_block_keeps_the_old_file(tmp_path, error):
    write_text(tmp_path / "a.tex", "old\n")
    with pytest.raises(error), atomic(tmp_path / "a.tex") as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".tex"
        temporary.write_text("half")
        raise error
    assert (tmp_path / "a.tex").read_text() == "old\n" and len(list(tmp_path.iterdir())) == 1


def test_written_file_has_the_usual_permissions(tmp_path):
    write_text(tmp_path / "a", "x")
    (tmp_path / "b").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_names_of_arrays_that_savez_refuses(tmp_path):
    write_arrays(tmp_path / "x.npz", {"file": np.ones(2), "allow_pickle": np.zeros(2)})
    with np.load(tmp_path / "x.npz", allow_pickle=False) as found:
        assert set(found) == {"file", "allow_pickle"}


def hears_ctrl_c():
    """What runs in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_while_saving_leaves_old_or_new(tmp_path):
    program = (
        "import sys, numpy as np\nfrom plateaux.numerics.curve import Curve\nfrom plateaux.numerics.store import save\n"
        "big = np.random.default_rng(0).normal(size=3_000_000)\nprint('ready', flush=True)\n"
        "for k in range(1000):\n    save(Curve((), (('k', np.array(k)), ('big', big))), sys.argv[1])\n"
    )
    path = tmp_path / "run.npz"
    save(Curve((), (("k", np.array(-1)),)), path)
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hears_ctrl_c,
    )
    assert child.stdout.readline() == b"ready\n"
    while len(list(tmp_path.iterdir())) == 2:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert b"KeyboardInterrupt" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.json", "run.npz"]
    assert load(path)["k"] >= -1


def test_versions_imports_nothing_heavy():
    program = (
        "import sys, plateaux.numerics.store as s; s.versions();"
        "print([m for m in ('scipy', 'sympy', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]" and versions()["python"].startswith("3.")

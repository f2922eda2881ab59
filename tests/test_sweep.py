"""Sweeps: seeds, order, the store, kill and resume, errors."""

import inspect
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor
from sweep_functions import count, fails, objects, threads

from plateaux.numerics.sweep import sweep

HERE = Path(__file__).parent
POINTS = [{"tau": tau, "update": "sequential"} for tau in (0.5, 1, 2.0, 4.0)]


@pytest.fixture
def marks(tmp_path, monkeypatch):
    """Directory of marks, one file per evaluation."""
    get_reusable_executor().shutdown(wait=True)  # workers of earlier sweeps keep the environment that they started with
    where = tmp_path / "marks"
    where.mkdir()
    monkeypatch.setenv("SWEEP_MARKS", str(where))
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    return where


def counts(marks):
    return Counter(path.name.split("-")[0] for path in marks.iterdir())


def same(first, second):
    return [{name: (np.asarray(v).dtype, np.asarray(v).tobytes()) for name, v in one.items()} for one in first] == [
        {name: (np.asarray(v).dtype, np.asarray(v).tobytes()) for name, v in one.items()} for one in second
    ]


def test_results_are_independent_of_jobs_order_and_neighbours(marks):
    alone = sweep(count, POINTS, seed=7)
    assert [one["loss"] for one in alone] == [sweep(count, [point], seed=7)[0]["loss"] for point in POINTS]
    assert same(sweep(count, POINTS[::-1], seed=7)[::-1], alone)
    assert same(sweep(count, POINTS, seed=7, jobs=2), alone)
    assert len({one["loss"] / point["tau"] for one, point in zip(alone, POINTS)}) == 4  # different draws
    assert not same(sweep(count, POINTS, seed=8), alone)


def test_store_is_exact_and_nothing_runs_twice(marks, tmp_path):
    first = sweep(count, POINTS[:3], store=tmp_path / "store")
    assert len(list((tmp_path / "store").iterdir())) == 3
    told = []
    more = sweep(count, POINTS, store=tmp_path / "store", progress=lambda done, words: told.append((done, words)))
    assert counts(marks) == {"0.5": 1, "1": 1, "2.0": 1, "4.0": 1}
    assert same(more[:3], first) and same(more, sweep(count, POINTS))
    assert told == [(0.75, "3 of 4 points, 3 of them from the store"), (1.0, "4 of 4 points, 3 of them from the store")]
    assert more[0]["path"].dtype == np.float32 and more[0]["word"] == "done" and more[0]["run"] == 3


def test_store_tells_seeds_keys_and_sources_apart(marks, tmp_path, monkeypatch):
    one = partial(sweep, count, POINTS[:1], store=tmp_path / "store")
    one(), one(seed=1), one(key="kernel 2")
    monkeypatch.setattr(inspect, "getsource", lambda function: "def count(point, seed): ...  # edited")
    one()
    assert counts(marks) == {"0.5": 4}


def test_damaged_point_is_evaluated_again(marks, tmp_path):
    first = sweep(count, POINTS[:1], store=tmp_path / "store")
    (file,) = (tmp_path / "store").iterdir()
    file.write_bytes(file.read_bytes()[:-30])
    assert same(sweep(count, POINTS[:1], store=tmp_path / "store"), first) and counts(marks) == {"0.5": 2}


PROGRAM = """
import sys
from sweep_functions import count
from plateaux.numerics.sweep import sweep
if __name__ == "__main__":
    sweep(count, [{"tau": k} for k in range(12)], store=sys.argv[1], jobs=int(sys.argv[2]))
"""


def hears_ctrl_c():
    """What runs in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(tmp_path, jobs):
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)
    environment = {**os.environ, "SWEEP_SLEEP": "0.15"}
    return subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "store"), str(jobs)], env=environment, stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hears_ctrl_c,
    )  # fmt: skip


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_sweep_resumes_and_repeats_nothing(marks, tmp_path, jobs):
    store = tmp_path / "store"
    finished = lambda: len(list(store.glob("[0-9a-f]*.npz")))  # noqa: E731
    child = start(tmp_path, jobs)
    wait_for(lambda: finished() >= 4)
    child.kill()
    child.wait()
    if jobs > 1:
        time.sleep(1.5)  # workers outlive their parent: they finish the points that they hold, then wait in vain
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=10)
    stored, begun = finished(), counts(marks)
    assert 4 <= stored < 12
    again = start(tmp_path, jobs)
    again.communicate(timeout=60)
    assert again.returncode == 0
    after = counts(marks)
    assert set(after) == {str(k) for k in range(12)}
    assert sum(after.values()) - sum(begun.values()) == 12 - stored  # only what was missing ran
    points = [{"tau": k} for k in range(12)]
    kept = sweep(count, points, store=store)
    assert counts(marks) == after and same(kept, sweep(count, points))


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_at_once_and_leaves_whole_files(marks, tmp_path, jobs):
    store = tmp_path / "store"
    child = start(tmp_path, jobs)
    wait_for(lambda: len(list(store.glob("[0-9a-f]*.npz"))) >= 2)
    os.killpg(child.pid, signal.SIGINT)
    _, said = child.communicate(timeout=20)
    assert child.returncode != 0 and said.decode().rstrip().endswith("KeyboardInterrupt")
    left = [path.name for path in store.iterdir()]
    assert 2 <= len(left) < 12 and not [name for name in left if name.startswith(".")]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_names_its_point(jobs):
    with pytest.raises(RuntimeError, match=r"at point tau=2: ZeroDivisionError: by zero"):
        sweep(fails, [{"tau": 1}, {"tau": 2}], jobs=jobs)
    with pytest.raises(ValueError, match=r"at point tau=3: tau: 3; below 3 is allowed"):
        sweep(fails, [{"tau": 1}, {"tau": 3}], jobs=jobs)


def test_workers_have_one_blas_thread():
    before = dict(os.environ)
    found = sweep(threads, [{"k": k} for k in range(4)], jobs=2)
    assert {int(one["threads"]) for one in found} == {1} and os.getpid() not in {one["process"] for one in found}
    assert dict(os.environ) == before


def nested():
    return lambda point, seed: {"x": 1}


@pytest.mark.parametrize(
    ("function", "points", "more", "said"),
    [
        (fails, [{"tau": 1}, {"tau": 1}], {}, r'points: \{"tau": 1\} stands twice'),
        (fails, [{"tau": [1]}], {}, r"points: tau=\[1\] is of type list"),
        (fails, [{"tau": 1}], {"jobs": 0}, r"jobs: 0; a positive number, or -1"),
        (objects, [{"tau": 1}], {}, r"at point tau=1: loss: the function must return numbers"),
        (
            nested(),
            [{"tau": 1}],
            {"store": "s"},
            r"function: nested.<locals>.<lambda> must be a function at the top level",
        ),
        (partial(fails), [{"tau": 1}], {"store": "s"}, r"function: .* top level"),
        (fails, [{"tau": 1}], {"store": __file__}, r"path: cannot write .* is not a directory"),
    ],
)
def test_bad_input(tmp_path, monkeypatch, function, points, more, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=said):
        sweep(function, points, **more)
    assert list(tmp_path.iterdir()) == []


def test_no_points():
    assert sweep(fails, []) == []

"""Sweeps over parameters: in parallel, with one seed per point, resumable after a kill."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .store import atomic, plain, read_arrays, versions, write_arrays

Point = Mapping[str, Any]
Result = dict[str, Any]
Function = Callable[[dict[str, Any], np.random.SeedSequence], Mapping[str, Any]]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")


def sweep(
    function: Function,
    points: Sequence[Point],
    *,
    store: str | Path | None = None,
    jobs: int = 1,
    key: str = "",
    progress: Callable[[float, str], None] | None = None,
    seed: int = 0,
) -> list[Result]:
    """Evaluate a function at every point.

    Parameters
    ----------
    function : takes a point (a dictionary) and a `numpy.random.SeedSequence`, returns numbers and arrays by name. It must
        stand at the top level of a module if it is to be stored or run in parallel.
    points : dictionaries of numbers and strings; no point may stand twice (repeats are told apart by a number of the run).
    store : directory of finished points, one file each; made if missing. A point found there is not evaluated again.
    jobs : processes; -1 for one per core. Each has one BLAS thread. With one job everything runs in this process, and BLAS
        keeps its threads (the last digits may then differ).
    key : anything else that the results depend on, such as the digest of a kernel; part of the name in the store.
    progress : called with the fraction done and a few words.
    seed : entropy of all seeds.

    Returns
    -------
    list : one dictionary per point, in the order of the points; numbers are NumPy scalars.

    Raises
    ------
    ValueError : a point that is malformed or stands twice, a store that cannot be written, a bad number of jobs, or a
        ValueError of the function (the message names the point).
    RuntimeError : any other exception of the function (the message names the point).

    Notes
    -----
    The seed of a point is spawned from ``seed`` with the hash of the point as spawn key: it depends neither on the number of
    jobs nor on the order nor on the other points, so that a refined grid keeps its finished points. A file in the store is
    named by the hash of the function's name and source, the point, the seed, ``key`` and the version of plateaux. What the
    function calls is not in the hash: put its version into ``key``, or empty the store after changing it.
    """
    if jobs != -1 and (not isinstance(jobs, int) or jobs < 1):
        raise ValueError(f"jobs: {jobs!r}; a positive number, or -1 for one per core")
    clean = [_clean(point) for point in points]
    texts = [json.dumps(point, sort_keys=True) for point in clean]
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise ValueError(f"points: {twice} stands twice; number the runs to repeat a point")
    if store is not None or jobs != 1:
        identity = _identity(function)
    paths: list[Path | None] = [None] * len(clean)
    if store is not None:
        parts = [[identity, text, str(seed), key, versions()["plateaux"]] for text in texts]
        paths = [Path(store) / f"{hashlib.sha256(json.dumps(part).encode()).hexdigest()[:32]}.npz" for part in parts]
        with atomic(Path(store) / "writable"):
            pass
        (Path(store) / "writable").unlink(missing_ok=True)
    results = {place: found for place, path in enumerate(paths) if (found := _stored(path)) is not None}
    tell = progress or (lambda fraction, words: None)
    kept = f", {len(results)} of them from the store" if results else ""
    if results:
        tell(len(results) / len(clean), f"{len(results)} of {len(clean)} points{kept}")
    todo = [
        (place, function, clean[place], np.random.SeedSequence(seed, spawn_key=_words(texts[place])), paths[place])
        for place in range(len(clean))
        if place not in results
    ]
    for place, result in _run(todo, jobs):
        results[place] = result
        tell(len(results) / len(clean), f"{len(results)} of {len(clean)} points{kept}")
    return [results[place] for place in range(len(clean))]


Task = tuple[int, Function, dict[str, Any], np.random.SeedSequence, Path | None]


def _run(todo: list[Task], jobs: int) -> Iterator[tuple[int, Result]]:
    """Results as they come."""
    if jobs == 1 or len(todo) < 2:
        yield from map(_evaluate, todo)
        return
    from joblib import Parallel, delayed

    with _one_thread():
        found = Parallel(n_jobs=jobs, return_as="generator_unordered")(delayed(_in_worker)(task) for task in todo)
        try:
            yield from found
        finally:
            found.close()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started inside have one BLAS thread, unless the user's environment says otherwise."""
    added = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _in_worker(task: Task) -> tuple[int, Result]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return _evaluate(task)


def _evaluate(task: Task) -> tuple[int, Result]:
    place, function, point, seed, path = task
    here = ", ".join(f"{name}={value!r}" for name, value in point.items())
    try:
        result = {name: np.asarray(value) for name, value in function(dict(point), seed).items()}
        for name, array in result.items():
            if array.dtype.hasobject:
                raise ValueError(f"{name}: the function must return numbers and arrays of numbers")
    except ValueError as error:
        raise ValueError(f"at point {here}: {error}") from error
    except Exception as error:
        raise RuntimeError(f"at point {here}: {type(error).__name__}: {error}") from error
    if path is not None:
        with atomic(path) as temporary:
            write_arrays(temporary, result)
    return place, _scalars(result)


def _stored(path: Path | None) -> Result | None:
    """A finished point; None if it is missing or damaged (it is then evaluated again)."""
    if path is None or not path.is_file():
        return None
    try:
        return _scalars(read_arrays(path))
    except ValueError:
        return None


def _scalars(result: Mapping[str, Any]) -> Result:
    """Arrays without dimensions as scalars, the same whether computed or read."""
    return {name: array[()] for name, array in result.items()}


def _clean(point: Point) -> dict[str, Any]:
    """The point in plain numbers and strings."""
    found = {}
    for name, value in point.items():
        value = value.item() if isinstance(value, np.generic) else value
        if not isinstance(value, (bool, int, float, str, type(None))):
            raise ValueError(
                f"points: {name}={value!r} is of type {type(value).__name__}; numbers and strings are allowed"
            )
        found[str(name)] = value
    plain(found, "points")
    return found


def _words(text: str) -> tuple[int, ...]:
    """A text as the words of a spawn key."""
    digest = hashlib.sha256(text.encode()).digest()
    return tuple(int.from_bytes(digest[start : start + 4], "little") for start in range(0, 32, 4))


def _identity(function: Function) -> list[str]:
    """Name and source of a function; ValueError if its name cannot stand for it (a lambda, a nested or partial function)."""
    name = getattr(function, "__qualname__", "<object>")
    if not inspect.isfunction(function) or "<" in name:
        raise ValueError(
            f"function: {name} must be a function at the top level of a module; put what it needs in the points"
        )
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        source = function.__code__.co_code.hex() + repr(function.__code__.co_names)
    return [function.__module__, name, source]

"""Results on disk: arrays in an npz file without pickles, a JSON file beside it that says how they were made.

Everything is written to a temporary file in the same directory and then moved over the old one, so that an interrupted
program leaves the old file or the new file and never half of one. Nothing depends on the clock: equal results give equal
files.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from .curve import Array, Curve, Provenance

SCHEMA = 1
"""Number of the sidecar's layout; raised when an older reader could misread a file."""

PACKAGES = ("plateaux", "numpy", "scipy", "sympy", "numba")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on, without importing them."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; move it there if the block ends well, remove it if not.

    Missing directories are made. The temporary file has the suffix of ``path``.

    Raises
    ------
    ValueError : the file cannot be written there.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(0, "it is a directory")
        temporary.touch(exist_ok=False)
    except OSError as error:
        reason = f"{path.parent} is not a directory" if isinstance(error, FileExistsError) else error.strerror
        raise ValueError(f"path: cannot write {path}: {reason}") from error
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write text (UTF-8, newlines as given) atomically; ValueError if it cannot be written there."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an npz file, not atomically by itself; any array but objects, any printable name.

    `numpy.savez` takes names as keyword arguments, which forbids some (``file``); the format is the same.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            if not name or not name.isprintable():
                raise ValueError(f"name: {name!r} cannot name an array; printable characters are allowed")
            if array.dtype.hasobject:
                raise ValueError(f"{name}: holds Python objects; numbers and strings are allowed")
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def read_arrays(path: Path) -> dict[str, Array]:
    """Read an npz file; ValueError naming the file if it is missing, damaged or holds Python objects."""
    if not path.is_file():
        raise ValueError(f"path: {path} does not exist")
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {}
            for name in archive.namelist():
                with archive.open(name) as file:
                    arrays[name.removesuffix(".npy")] = np.lib.format.read_array(file, allow_pickle=False)
            return arrays
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        objects = "Object arrays" in str(error)
        reason = "it holds Python objects, which are not read" if objects else f"damaged ({str(error).splitlines()[0]})"
        raise ValueError(f"path: cannot read {path}: {reason}") from error


def plain(value: Any, name: str = "value") -> Any:
    """Value in terms of JSON: numbers, strings, lists and dictionaries; a float that is not finite becomes ``{"float": "inf"}``.

    Raises
    ------
    ValueError : another type; ``name`` says where.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(float(value))}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(one, name) for one in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value) and set(value) != {"float"}:
        return {key: plain(one, f"{name}.{key}") for key, one in value.items()}
    raise ValueError(
        f"{name}: {type(value).__name__} cannot be recorded; numbers, strings and lists of them are allowed"
    )


def _revive(pairs: dict[str, Any]) -> Any:
    return float(pairs["float"]) if set(pairs) == {"float"} else pairs


def _named(pairs: tuple[tuple[str, Any], ...], where: str) -> dict[str, Any]:
    named = {name: plain(value, f"{where}.{name}") for name, value in pairs}
    if len(named) < len(pairs):
        raise ValueError(f"{where}: a name stands twice in {[name for name, _ in pairs]}")
    return named


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shapes(pairs: tuple[tuple[str, Array], ...]) -> dict[str, Any]:
    return {name: {"shape": list(np.shape(array)), "dtype": np.asarray(array).dtype.str} for name, array in pairs}


def sidecar(path: str | Path) -> Path:
    """The JSON file that belongs to an npz file; ValueError if the name does not end in ``.npz``."""
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"path: {path} must end in .npz")
    return path.with_suffix(".json")


def save(curve: Curve, path: str | Path) -> None:
    """Write a curve to ``FILE.npz`` and its record to ``FILE.json``.

    Parameters
    ----------
    curve : real, complex, integer, boolean or string arrays.
    path : ends in ``.npz``.

    Raises
    ------
    ValueError : a path that cannot be written, Python objects in an array or in the provenance.

    Notes
    -----
    The record holds the schema number, versions, platform, provenance (parameters, seed entropy, digest of the kernel;
    solver and tolerances are among its details), shapes and types of axes and columns, and the SHA-256 of the npz file. Both
    files are complete before either is moved to its place; a pair that a kill between the two moves has parted is refused
    by `load`.
    """
    path = Path(path)
    made = curve.made_by
    record = {
        "schema": SCHEMA,
        "versions": versions(),
        "platform": platform.platform(),
        "provenance": {
            "by": made.by,
            "what": made.what,
            "parameters": _named(made.parameters, "parameters"),
            "seed": plain(made.seed, "seed"),
            "digest": made.digest,
            "detail": _named(made.detail, "detail"),
        },
        "axes": _shapes(curve.axes),
        "columns": _shapes(curve.columns),
    }
    with atomic(path) as temporary, atomic(sidecar(path)) as beside:
        write_arrays(temporary, {name: np.asarray(array) for name, array in (*curve.axes, *curve.columns)})
        record["sha256"] = _digest(temporary)
        beside.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8", newline="")


def load(path: str | Path) -> Curve:
    """Read a curve that `save` wrote, bit for bit.

    Raises
    ------
    ValueError : file or sidecar missing, damaged, of another schema, or not belonging together. Nothing is unpickled.
    """
    path = Path(path)
    beside = sidecar(path)
    for file in (path, beside):
        if not file.is_file():
            raise ValueError(f"path: {file} does not exist")
    try:
        record = json.loads(beside.read_text(encoding="utf-8"), object_hook=_revive)
        schema = record["schema"]
    except (ValueError, TypeError, LookupError) as error:
        raise ValueError(f"path: {beside} is not a record of plateaux") from error
    if schema != SCHEMA:
        raise ValueError(f"path: {beside} has schema {schema}; this version of plateaux reads {SCHEMA}")
    if record.get("sha256") != _digest(path):
        raise ValueError(f"path: {path} is not the file that {beside.name} describes (its SHA-256 differs)")
    arrays = read_arrays(path)
    try:
        made = record["provenance"]
        provenance = Provenance(
            made["by"], made["what"], tuple(made["parameters"].items()), made["seed"], made["digest"],
            tuple(made["detail"].items()),
        )  # fmt: skip
        axes, columns = (tuple((name, arrays[name]) for name in record[part]) for part in ("axes", "columns"))
        matches = all(_shapes(pairs) == record[part] for part, pairs in (("axes", axes), ("columns", columns)))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"path: {beside} does not describe {path.name} ({error!r})") from error
    if not matches:
        raise ValueError(f"path: {beside} does not describe {path.name} (shapes or types differ)")
    return Curve(axes, columns, provenance)

"""Generated source as a module file in the user's cache, so that a second process finds the compiled code."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

FASTMATH = '{"contract", "reassoc", "nsz", "arcp"}'
"""As fast as all flags together; nan and inf keep their meaning."""

_STAMP = 946_684_800  # Numba and Python compare the time stamp of a file: equal sources get equal stamps


@cache
def versions() -> str:
    """Versions on which compiled code depends, one line."""
    import numba
    import numpy
    import sympy

    tag = sys.implementation.cache_tag
    return f"numba {numba.__version__}, sympy {sympy.__version__}, numpy {numpy.__version__}, {tag}"


def digest(source: str) -> str:
    """SHA-256 of source and versions."""
    return hashlib.sha256(f"{source}\n{versions()}".encode()).hexdigest()


def cache_dir() -> Path:
    """Directory of generated modules: ``PLATEAUX_CACHE``, else the user's cache."""
    import platformdirs

    return Path(os.environ.get("PLATEAUX_CACHE") or platformdirs.user_cache_dir("plateaux")) / "kernels"


@cache
def _temporary() -> Path:
    folder = tempfile.mkdtemp(prefix="plateaux-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _write(folder: Path, name: str, source: str) -> Path:
    """The file with this source; written beside and renamed, so that no process sees half of it."""
    path = folder / f"{name}.py"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == source and os.access(folder, os.W_OK):
            return path
    folder.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(source)
        os.utime(part, (_STAMP, _STAMP))
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    return path


def load(source: str) -> tuple[str, ModuleType]:
    """Digest and module of generated source; imported once per process, compiled once per machine."""
    key = digest(source)
    name = f"plateaux_kernel_{key[:24]}"
    if name in sys.modules:
        return key, sys.modules[name]
    try:
        path = _write(cache_dir(), name, source)
    except OSError:  # no place to keep it: compile for this process only
        path = _write(_temporary(), name, source)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return key, module

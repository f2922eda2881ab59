"""Linear algebra on one thread: the matrices here are small, and threads that wait for a busy core cost twenty times more."""

from __future__ import annotations

from typing import Any


def one_thread() -> Any:
    """Context in which BLAS has one thread."""
    import scipy.linalg  # noqa: F401  # its BLAS is a library of its own: loaded later, it would not hear
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)

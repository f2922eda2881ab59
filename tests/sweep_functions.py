"""Functions that the tests of sweeps run in other processes."""

import os
import time
from pathlib import Path

import numpy as np


def count(point, seed):
    """Leave a mark for every evaluation, then draw."""
    marks = Path(os.environ["SWEEP_MARKS"])
    (marks / f"{point['tau']}-{os.getpid()}-{time.time_ns()}").touch()
    time.sleep(float(os.environ.get("SWEEP_SLEEP", "0")))
    rng = np.random.default_rng(seed)
    return {
        "loss": rng.normal() * point["tau"],
        "path": rng.normal(size=3).astype(np.float32),
        "run": 3,
        "word": "done",
    }


def fails(point, seed):
    if point["tau"] == 2:
        raise ZeroDivisionError("by zero")
    if point["tau"] == 3:
        raise ValueError("tau: 3; below 3 is allowed")
    return {"loss": 1.0}


def threads(point, seed):
    """Largest number of threads of any BLAS in this process."""
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    return {"threads": max((pool["num_threads"] for pool in threadpool_info()), default=0), "process": os.getpid()}


def objects(point, seed):
    return {"loss": [{}]}

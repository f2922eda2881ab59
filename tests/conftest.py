"""One thread for linear algebra, before NumPy is imported: small matrices, and tests share the machine."""

import os

import pytest

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

pytest.register_assert_rewrite("paper_checks")

"""Set once for all tests: one BLAS thread, so that numbers and timings don't depend on the machine's load."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

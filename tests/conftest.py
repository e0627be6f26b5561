"""Set once for all tests: one BLAS thread, so that numbers and timings don't depend on the machine's load; the same random cases everywhere."""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from hypothesis import settings  # noqa: E402  # after the threads are set

# The same cases on every machine, so that a change is what makes a test fail; `make simulate` looks for new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("new", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

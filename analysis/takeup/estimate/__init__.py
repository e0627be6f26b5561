"""The numbers: one estimator, one file. Functions on frames are thin; the work is done on arrays."""

"""Plain arrays in, plain arrays out: the numerical core, compiled by numba."""

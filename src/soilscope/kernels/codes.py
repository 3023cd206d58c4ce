"""Status codes that a kernel writes: those of `soilscope.names` (a test keeps the two together).

They stand here because compiled kernels are kept by a digest of the kernels alone.
"""

OK, NO_DATA, TOO_FEW, CONSTANT, COLLINEAR, NEGATIVE_VARIANCE, FIT_FAILED, _, WRONG_SIGN = range(9)

"""Series that are worked on side by side: how many, and how their loops are compiled."""

from numba import config

from soilscope.kernels.compile import kernel

#: Series in a strip: it fits the cache, and the innermost loops are long enough.
LANES = 4 if config.DISABLE_JIT else 128

#: Relative rounding of a sum over n values: n times this.
ROUNDING = 2.220446049250313e-16

# a*b + c in one rounding; nothing that would lose NaN
fused = kernel(fastmath={"contract"})

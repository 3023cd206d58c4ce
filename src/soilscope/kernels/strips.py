"""Series transposed a few at a time, so that each cache line of the data is fetched once."""

from soilscope.kernels.compile import kernel

STRIP = 16  # series


@kernel
def take_strip(y, first, strip):
    """Copy the columns of `y` (n_time, n_series) from `first` on to the rows of `strip`.

    `strip` is (STRIP, n_time); returns how many columns there were.
    """
    width = min(STRIP, y.shape[1] - first)
    for i in range(y.shape[0]):
        for q in range(width):
            strip[q, i] = y[i, first + q]
    return width

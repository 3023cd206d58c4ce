"""Sums over all pairs of cells of two rows, step by step of columns, by Fourier transforms.

What counts is how many columns lie between two cells, not on which side: a step to the right and
one to the left are added. Such a sum is even, so it follows from the real part of a spectrum
by a cosine transform of half the length.
"""

import numpy as np
import scipy.fft


def padded_row(n_column, n_step):
    """Return an even length that keeps steps below `n_step` free of what is beyond the end."""
    length = scipy.fft.next_fast_len(n_column + n_step, real=True)
    while length % 2:
        length = scipy.fft.next_fast_len(length + 1, real=True)
    return length


def row_spectra(field, length):
    """Return the spectrum of each row (n_row, length // 2 + 1)."""
    return scipy.fft.rfft(field, n=length, axis=1)


def pair_counts_of_rows(masks, row, partners, n_step):
    """Count the pairs of valid cells of a row and its partners (n_partner, n_step).

    Step 0, and the pairs of a row with itself, are counted twice.
    """
    real = _real(masks[row], masks[partners])
    return np.rint(_steps(real, n_step))


def squared_differences_of_rows(values, squares, masks, row, partners, n_step):
    """Sum of squared differences over the same pairs, counted as they are.

    Parameters
    ----------
    values, squares, masks : (n_row, n_frequency)
        Spectra of the values less their mean (0 where missing), of their squares, of the mask.
    """
    real = _real(squares[row], masks[partners])
    real += _real(masks[row], squares[partners])
    real -= 2.0 * _real(values[row], values[partners])
    return _steps(real, n_step)


def _real(one, others):
    """Real part of the product of a conjugated spectrum with others."""
    made = one.real * others.real
    made += one.imag * others.imag
    return made


def _steps(real, n_step):
    made = scipy.fft.dct(real, type=1, axis=1, overwrite_x=True)[:, :n_step]
    return made / (real.shape[1] - 1)

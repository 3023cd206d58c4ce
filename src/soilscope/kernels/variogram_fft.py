"""Sums over all pairs of cells of a masked grid, lag by lag, by Fourier transforms (Marcotte 1996).

A lag is a step of (row, column) cells. Sums are even in it, so half of the plane is kept: rows
0 to `reach[0]`, columns -`reach[1]` to `reach[1]`. With m the mask, z the values (0 where missing)
and q = z * z, the squared differences sum up to 2 corr(q, m) - 2 corr(z, z).

The spectrum of an even sum is real. So the way back takes real transforms along both axes, and
rows that hold nothing or are not asked for are never transformed.
"""

import numpy as np
import scipy.fft


def padded(shape, reach):
    """Return a size that keeps lags up to `reach` free of what lies beyond the opposite edge."""
    return tuple(
        scipy.fft.next_fast_len(n + r, real=True) for n, r in zip(shape, reach, strict=True)
    )


def spectrum(field, size):
    """Return the spectrum (rows, columns // 2 + 1) of a real field that zeros fill up to `size`."""
    along_rows = scipy.fft.rfft(field, n=size[1], axis=1)
    return scipy.fft.fft(along_rows, n=size[0], axis=0, overwrite_x=True)


def power(spectrum_):
    """Return the squared size of a spectrum."""
    made = np.square(spectrum_.real)
    made += np.square(spectrum_.imag)
    return made


def pair_counts(mask_spectrum, size, reach):
    """Count the pairs of valid cells at each lag, (reach[0] + 1, 2 * reach[1] + 1)."""
    counts = _back(power(mask_spectrum), size, reach)
    return np.rint(counts).astype(np.int64)


def squared_differences(z, mask_spectrum, size, reach):
    """Sum of (z(cell + lag) - z(cell)) ** 2 over the valid pairs of each lag.

    Parameters
    ----------
    z : (rows, columns)
        Values less their mean, 0 where they are missing.
    mask_spectrum
        `spectrum` of the mask.
    """
    of_values = power(spectrum(z, size))
    of_squares = spectrum(z * z, size)
    real = of_squares.real * mask_spectrum.real
    real += of_squares.imag * mask_spectrum.imag
    real -= of_values
    real *= 2.0
    return _back(real, size, reach)


def _back(real_spectrum, size, reach):
    """Lags up to `reach` of an even function, from its real spectrum."""
    rows, columns = reach
    # the spectrum is real, so a forward transform is the way back but for the sign of the angle
    half = scipy.fft.rfft(real_spectrum, axis=0)[: rows + 1].conj()
    lags = scipy.fft.irfft(half, n=size[1], axis=1, overwrite_x=True)
    lags /= size[0]
    return np.concatenate((lags[:, size[1] - columns :], lags[:, : columns + 1]), axis=1)


def padded_around(shape, reach):
    """Return a size for a tile and its surroundings: `reach` rows below, columns on both sides."""
    rows, columns = (n + r for n, r in zip(shape, (reach[0], 2 * reach[1]), strict=True))
    return scipy.fft.next_fast_len(rows, real=True), scipy.fft.next_fast_len(columns, real=True)


def pair_counts_around(mask, mask_around, size, left, reach):
    """Count the pairs of a cell of a tile and one of its surroundings, the tile included.

    Parameters
    ----------
    mask, mask_around
        Spectra of the masks of the tile and of its surroundings, which begin in its first row and
        `left` columns before it.
    """
    return np.rint(_shifted(mask.conj() * mask_around, size, left, reach)).astype(np.int64)


def squared_differences_around(z, z_around, mask, mask_around, size, left, reach):
    """Sum of squared differences over the same pairs.

    Parameters
    ----------
    z, z_around : (rows, columns)
        Values less one and the same number, 0 where they are missing.
    """
    spectra = -2.0 * spectrum(z, size).conj()
    spectra *= spectrum(z_around, size)
    spectra += spectrum(z * z, size).conj() * mask_around
    spectra += mask.conj() * spectrum(z_around * z_around, size)
    return _shifted(spectra, size, left, reach)


def _shifted(spectra, size, left, reach):
    """Lags up to `reach` from the spectrum of a correlation that begins `left` columns early."""
    rows, columns = reach
    half = scipy.fft.ifft(spectra, axis=0, overwrite_x=True)[: rows + 1]
    lags = scipy.fft.irfft(half, n=size[1], axis=1, overwrite_x=True)
    return lags[:, (np.arange(-columns, columns + 1) + left) % size[1]]

"""Fields that have nothing to do with any factor: permuted ones, and ones as smooth as the data."""

import itertools
import math
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.optimize import least_squares

from soilscope.kernels.detector_blocks import Deal

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Single = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]
Shape = tuple[int, int]
BATCH = 16
HELD = 512 * 2**20  # bytes of spectra of white noise that are kept for the next field


class Noise:
    """Spectra of white noise, drawn from one seed: the same for every field on one grid.

    What fits into HELD bytes is kept for the next field, the rest is drawn anew.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._begin((0, 0))

    def __getstate__(self) -> dict[str, Any]:
        return {"seed": self.seed}  # what was drawn is large, and can be drawn again

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["seed"])  # type: ignore[misc]

    def _begin(self, shape: Shape) -> None:
        self._lock = threading.Lock()
        self._shape = shape
        self._rng = np.random.default_rng(self.seed)  # stands behind the last that is kept
        self._kept: list[Spectrum] = []

    def spectra(self, shape: Shape, number: int) -> Iterator[Spectrum]:
        """Yield the spectra of the first `number` draws on a torus of `shape`."""
        with self._lock:
            if self._shape != shape:
                self._begin(shape)
            kept, rng, lock = self._kept, self._rng, self._lock
        most = HELD // (8 * shape[0] * (shape[1] // 2 + 1))
        for i in range(min(number, most)):
            with lock:
                if i == len(kept):
                    kept.append(_white(rng, shape))
            yield kept[i]
        if number > most:
            with lock:
                later = np.random.default_rng()
                later.bit_generator.state = rng.bit_generator.state
            yield from (_white(later, shape) for _ in range(number - most))


def _white(rng: np.random.Generator, shape: Shape) -> Spectrum:
    found: Spectrum = fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    return found


def permuted(
    values: Floats, n_surrogates: int, seed: int, deal: Deal | None = None
) -> Iterator[Single]:
    """Values in random order, or by blocks that are dealt out, in batches of columns (n, m)."""
    rng = np.random.default_rng(seed)
    for start in range(0, n_surrogates, BATCH):
        m = min(BATCH, n_surrogates - start)
        drawn = [
            rng.permutation(values) if deal is None else values[deal.draw(rng)] for _ in range(m)
        ]
        yield np.stack(drawn, axis=1).astype(np.float32)


def spatial(field: Floats, kept: Bools, n_surrogates: int, seed: int | Noise) -> Iterator[Single]:
    """Gaussian fields with the variogram of `field`, at the cells `kept`, in batches of columns.

    Circulant embedding: white noise filtered on a torus of twice the size, of which a part is cut
    out. Negative parts of the spectrum, which a smooth model on a torus can have, are set to 0.
    """
    noise = seed if isinstance(seed, Noise) else Noise(seed)
    amplitude, shape = _amplitude(field, kept)
    rows, columns = field.shape
    spectra = noise.spectra(shape, n_surrogates)

    def fill(column: Single, spectrum: Spectrum) -> None:
        # along rows first, as rfft2 does; of the torus only the part that is cut out is needed
        half = fft.ifft(spectrum * amplitude, axis=0, norm="forward")[:rows]
        made = fft.irfft(half, shape[1], axis=1, norm="forward")
        column[:] = made[:, :columns][kept]

    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as threads:
        for start in range(0, n_surrogates, BATCH):
            m = min(BATCH, n_surrogates - start)
            out = np.empty((int(kept.sum()), m), dtype=np.float32)
            # transforms let go of the interpreter's lock
            for _ in threads.map(fill, out.T, itertools.islice(spectra, m)):
                pass
            yield out


def _amplitude(field: Floats, kept: Bools) -> tuple[Single, tuple[int, int]]:
    """Root of the spectrum of the model covariance over the cells of the torus, and its size."""
    rows, columns = field.shape
    shape = (fft.next_fast_len(2 * rows, real=True), fft.next_fast_len(2 * columns, real=True))
    nugget, sill, reach, power = _model(field, kept, shape)
    covariance = sill * np.exp(-((_distance(shape) / reach) ** power))
    covariance[0, 0] += nugget
    spectrum = np.maximum(fft.rfft2(covariance).real, 0.0)
    return (np.sqrt(spectrum) / math.prod(shape)).astype(np.float32), shape


def _model(field: Floats, kept: Bools, shape: tuple[int, int]) -> Floats:
    """Nugget, sill, range and power of a stable model of the variogram, lengths in cells.

    A variogram does not know the mean, so that a range as long as the field is not cut short, as
    it is in the field's own spectrum.
    """
    distance, gamma, pairs = _variogram(field, kept, shape)
    variance = float(field[kept].var())
    longest = float(np.hypot(*field.shape))
    start = [[1e-2, 1.0, reach, power] for reach in (2.0, longest / 6) for power in (1.0, 1.8)]
    low, high = [1e-9, 1e-3, 0.3, 0.3], [2.0, 20.0, 3.0 * longest, 2.0]

    def misfit(logs: Floats) -> Floats:
        nugget, sill, reach, power = np.exp(logs)
        model = nugget + sill * -np.expm1(-((distance / reach) ** power))
        residual: Floats = (model - gamma / variance) / model * weight
        return residual

    weight = np.sqrt(pairs / pairs.max())
    fits = [
        least_squares(misfit, np.log(s), bounds=(np.log(low), np.log(high)), max_nfev=60)
        for s in start
    ]
    best: Floats = np.exp(min(fits, key=lambda fit: float(fit.cost)).x)
    return best * [variance, variance, 1.0, 1.0]


def _variogram(field: Floats, kept: Bools, shape: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """Mean distance, semivariance and pairs of each ring, up to half the shorter side."""
    z = np.where(kept, field - field[kept].mean(), 0.0)
    mask, first, second = (fft.rfft2(a, shape) for a in (kept.astype(np.float64), z, z * z))
    pairs = np.rint(fft.irfft2(np.abs(mask) ** 2, shape))
    squares = fft.irfft2((second * mask.conj()).real, shape)
    products = fft.irfft2(np.abs(first) ** 2, shape)
    distance = _distance(shape)
    reach = max(2.0, min(field.shape) / 2)
    used = (pairs > 0) & (distance > 0) & (distance <= reach)
    ring = np.rint(distance[used]).astype(np.int64)
    n = np.bincount(ring, pairs[used])
    total = np.bincount(ring, (squares - products)[used])
    lag = np.bincount(ring, (distance * pairs)[used])
    held = n > 0
    return lag[held] / n[held], np.maximum(total[held], 0.0) / n[held], n[held]


def _distance(shape: tuple[int, int]) -> Floats:
    """Distance of each cell of a torus from the first, in cells."""
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    found: Floats = np.hypot(rows[:, None], columns[None, :])
    return found

"""Sums over the pairs of cells of fields on a map's grid, by class and direction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from soilscope.analyse.variogram_classes import Floats, LagClasses
from soilscope.kernels.variogram_fft import padded, pair_counts, spectrum, squared_differences
from soilscope.kernels.variogram_lags import lag_sums

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Inside = tuple[slice, slice] | None
#: Classes whose rounding may exceed this share of their sum are summed again, pair by pair.
_PRECISE = 1e-11
_ON_BORDER = 1e-9  # degrees: a lag so near to the border of a direction is on it
_ROUNDING = 16 * np.finfo(np.float64).eps  # of a lag's sum, as a share of the sum of all squares


@dataclass(frozen=True)
class Lags:
    """Lags of a half plane that belong to classes, one entry for each class and direction."""

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    distance: Floats
    group: npt.NDArray[np.int64]  # direction * number of classes + class
    n_group: int

    def sums(self, values: Array) -> Floats:
        """Add up one value a lag by group."""
        return np.asarray(np.bincount(self.group, values, self.n_group), dtype=np.float64)


def masks(valid: Bools) -> Iterator[npt.NDArray[np.int64]]:
    """Yield groups of fields (n_field, ...) that have values in the same cells."""
    found: dict[bytes, list[int]] = {}
    for number, mask in enumerate(valid):
        found.setdefault(np.packbits(mask).tobytes(), []).append(number)
    for numbers in found.values():
        yield np.array(numbers)


def box_of(mask: Bools) -> tuple[slice, slice]:
    """Smallest block of rows and columns that holds all that is valid."""
    ends = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    rows, columns = (slice(int(e[0]), int(e[-1]) + 1) for e in ends)
    return rows, columns


def lags_within(
    shape: tuple[int, ...],
    steps: tuple[float, float],
    classes: LagClasses,
    azimuths: tuple[float, ...],
    tolerance: float,
) -> tuple[tuple[int, int], Lags]:
    """Return how far lags reach (rows, columns), and those that lie in a class and direction."""
    north, east = steps
    reach = tuple(
        min(n - 1, int(classes.reach / abs(step) * (1 + 1e-6)))
        for n, step in zip(shape, steps, strict=True)
    )
    rows, columns = np.meshgrid(
        np.arange(reach[0] + 1), np.arange(-reach[1], reach[1] + 1), indexing="ij"
    )
    distance = np.hypot(rows * north, columns * east)
    which = classes.of(distance)
    which[(rows == 0) & (columns <= 0)] = -1  # each pair once
    at = np.flatnonzero(which.ravel() >= 0)
    parts = [
        (at[keep], which.ravel()[at[keep]] + number * classes.count)
        for number, keep in enumerate(
            _directions(rows.ravel()[at] * north, columns.ravel()[at] * east, azimuths, tolerance)
        )
    ]
    chosen, group = (np.concatenate(part) for part in zip(*parts, strict=True))
    lags = Lags(
        rows.ravel()[chosen],
        columns.ravel()[chosen],
        distance.ravel()[chosen],
        group,
        classes.count * len(parts),
    )
    return (reach[0], reach[1]), lags


def _directions(
    north: Array, east: Array, azimuths: tuple[float, ...], tolerance: float
) -> Iterator[Any]:
    """Which lags lie in each direction; all of them where none is asked for."""
    if not azimuths:
        yield slice(None)
        return
    angle = np.rad2deg(np.arctan2(east, north))
    for azimuth in azimuths:
        away = (angle - azimuth + 90.0) % 180.0 - 90.0
        inside = (away > -tolerance + _ON_BORDER) & (away <= tolerance + _ON_BORDER)
        yield inside | (tolerance >= 90.0)


@dataclass(frozen=True)
class MapSums:
    """Count pairs and add up their distances and differences, for fields with one mask."""

    steps: tuple[float, float]
    classes: LagClasses
    azimuths: tuple[float, ...]
    tolerance: float
    root: bool

    def __call__(self, z: Floats, mask: Bools) -> tuple[Floats, Floats, Floats]:
        """Return numbers (n_group,), distances and differences (n_field, n_group) of pairs.

        `z` (n_field, rows, columns) holds values less their mean, 0 where missing.
        """
        box = box_of(mask)
        mask, z = mask[box], z[(slice(None), *box)]
        reach, lags = lags_within(
            mask.shape, self.steps, self.classes, self.azimuths, self.tolerance
        )
        size = padded(mask.shape, reach)
        weight = mask.astype(np.float64)
        of_mask = spectrum(weight, size)
        counts = pair_counts(of_mask, size, reach)[lags.rows, lags.columns + reach[1]]
        n = np.rint(lags.sums(counts))
        far = lags.sums(counts * lags.distance)
        total = np.empty((z.shape[0], lags.n_group))
        for number, field in enumerate(z):
            if self.root:
                every = np.ones(lags.n_group, bool)
                total[number] = one_by_one(field, weight, None, lags, every, root=True)
                continue
            squares = squared_differences(field, of_mask, size, reach)
            found = lags.sums(squares[lags.rows, lags.columns + reach[1]])
            total[number] = precise(found, field, weight, None, lags)
        return n, np.broadcast_to(far, total.shape), total


def precise(total: Floats, field: Floats, weight: Floats, inside: Inside, lags: Lags) -> Floats:
    """Sum again what may have lost digits, as differences are small beside the field."""
    held = np.bincount(lags.group, minlength=lags.n_group)
    lost = _ROUNDING * np.vdot(field, field) * np.sqrt(held)
    rough = np.asarray(lost > _PRECISE * total, dtype=bool) & (held > 0)
    if not rough.any():
        return total
    return np.where(rough, one_by_one(field, weight, inside, lags, rough, root=False), total)


def one_by_one(
    field: Floats, weight: Floats, inside: Inside, lags: Lags, wanted: Bools, *, root: bool
) -> Floats:
    """Add up squares (or roots) of the differences in the groups that are wanted, pair by pair.

    `inside` is the block of cells whose partners are sought; None: all.
    """
    chosen = wanted[lags.group]
    made = np.zeros(lags.rows.size)
    part = np.empty(int(chosen.sum()))
    block = inside or (slice(0, field.shape[0]), slice(0, field.shape[1]))
    lag_sums(
        np.ascontiguousarray(field),
        weight,
        np.array([(one.start, one.stop) for one in block]),
        lags.rows[chosen],
        lags.columns[chosen],
        root,
        part,
    )
    made[chosen] = part
    return lags.sums(made)

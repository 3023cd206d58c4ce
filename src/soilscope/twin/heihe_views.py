"""What a reanalysis and satellites see of the Heihe twin: area means, errors, gaps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import ndimage, sparse

from soilscope.twin.heihe_noise import (
    CCI,
    REANALYSIS,
    REANALYSIS_SKIN,
    SMOPS,
    SlowFields,
    SmoothFields,
    stream,
)
from soilscope.twin.heihe_place import KM_EAST, KM_NORTH, Place

Array = npt.NDArray[Any]

CORNER = (96.5, 43.5)  # degrees east and north: positions count from here
LEAST_SHARE = 0.5  # of a coarse cell that must lie in the basin
# Reanalysis: a drier and damper copy that is smooth, with slow errors, and a skin that swings less.
GAIN, OFFSET, SLOW = 0.80, 0.045, 0.012
DAY_BIAS, NIGHT_BIAS, SKIN_ERROR = -2.5, 1.2, 0.6  # K
KNOT, REACH = 12, 80.0  # days, and km, between independent errors of the reanalysis
# Microwave product: no bias, noise that grows with vegetation.
CCI_NOISE, CCI_GREEN = 0.012, 0.020
SWATH = 0.70  # share of days that see a cell
FROZEN, SNOWY = 0.3, 3.0  # share of frozen soil and mm of snow that blind it
# All-weather product: another mean and variance.
SMOPS_GAIN, SMOPS_OFFSET, SMOPS_NOISE = 0.65, 0.075, 0.025

GOOD, FROZEN_FLAG, NO_SWATH, OUTSIDE = 0, 1, 2, -1
FLAGS = {OUTSIDE: "outside", GOOD: "good", FROZEN_FLAG: "snow_or_frozen", NO_SWATH: "no_swath"}


@dataclass(frozen=True)
class Coarse:
    """A grid in degrees, and the matrix that averages the cells of the basin onto it.

    A cell of the basin belongs to the coarse cell that holds its centre; cells have equal areas, so
    their plain mean is the area mean.
    """

    geobox: GeoBox
    matrix: Any  # (coarse cells, cells of the basin); rows sum to 1, or to 0 beyond the basin
    owner: Array  # coarse cell of each cell of the basin
    known: Array  # bool (row, column): enough of the cell lies in the basin

    def mean(self, values: Array) -> Array:
        """Means (..., row, column) of values (..., cells of the basin), NaN where unknown."""
        flat = values.reshape(-1, values.shape[-1])
        means = (self.matrix @ flat.T.astype(np.float64)).T
        means = means.reshape(*values.shape[:-1], *self.known.shape)
        return np.asarray(np.where(self.known, means, np.nan))

    def fields(self, length: float) -> SmoothFields:
        """Errors over the grid that correlate over `length` km."""
        step, affine = abs(self.geobox.affine.e), self.geobox.affine
        rows, columns = ((np.arange(n) + 0.5) * step for n in self.known.shape)
        south, east = CORNER[1] - affine.f + rows, affine.c - CORNER[0] + columns
        return SmoothFields.over(south * KM_NORTH, east * KM_EAST, length=length)


def coarse(where: Place, *, spacing: float, centred: bool, counts: Array) -> Coarse:
    """Lay a grid of `spacing` degrees over the basin.

    Its edges are multiples of the spacing, or its centres if `centred`. `counts` says which cells
    of the basin enter the means.
    """
    inside = where.inside
    north, east = where.latitude[inside], where.longitude[inside]
    shift = 0.5 if centred else 0.0
    top = np.ceil(north.max() / spacing + shift) - shift
    left = np.floor(east.min() / spacing + shift) - shift
    row = np.floor(top - north / spacing).astype(np.int64)
    column = np.floor(east / spacing - left).astype(np.int64)
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    owner = row * shape[1] + column
    number = np.bincount(owner[counts], minlength=shape[0] * shape[1])
    latitude = (top - np.arange(shape[0]) - 0.5) * spacing
    area = (spacing * 111.2) ** 2 * np.cos(np.deg2rad(latitude))[:, np.newaxis]
    share = number.reshape(shape) * where.cell**2 / area
    used = np.flatnonzero(counts)
    matrix = sparse.csr_array(
        (1.0 / number[owner[used]], (owner[used], used)), shape=(number.size, owner.size)
    )
    affine = Affine(spacing, 0.0, left * spacing, 0.0, -spacing, top * spacing)
    return Coarse(GeoBox(shape, affine, "EPSG:4326"), matrix, owner, share >= LEAST_SHARE)


def reanalysis(
    view: Coarse,
    whole: Coarse,
    total: Array,
    skin: tuple[Array, Array],
    *,
    days: Array,
    seed: int,
) -> dict[str, Array]:
    """Moisture with its ice, and skin temperature, as a model sees them (day, row, column).

    `view` averages the soil, `whole` all cells, water and ice too.
    """
    seen = _smooth(view.mean(total), view.known)
    fields = view.fields(REACH)
    errors_of = SlowFields(fields, seed, REANALYSIS, KNOT)
    slow = np.stack([errors_of.on(int(day)) for day in days])
    moisture = OFFSET + GAIN * seen + SLOW * slow
    out = {"soil_moisture": np.clip(moisture, 0.0, None)}
    errors = np.empty((2, len(days), *view.known.shape))
    for i, day in enumerate(days):
        rng = stream(seed, REANALYSIS_SKIN, int(day))
        errors[:, i] = SKIN_ERROR * np.stack([fields.draw(rng), fields.draw(rng)])
    out["lst_day"] = whole.mean(skin[0]) + DAY_BIAS + errors[0]
    out["lst_night"] = whole.mean(skin[1]) + NIGHT_BIAS + errors[1]
    return out


def microwave(
    view: Coarse,
    liquid: Array,
    *,
    frozen: Array,
    snow: Array,
    ndvi: Array,
    days: Array,
    seed: int,
) -> dict[str, Array]:
    """Surface moisture in swaths, blind to frozen soil, with its uncertainty and flag."""
    seen, green = view.mean(liquid), view.mean(ndvi)
    uncertainty = CCI_NOISE + CCI_GREEN * np.clip(green, 0.0, 1.0)
    noise = _white(view, days, seed, CCI)
    blind = (view.mean(frozen) > FROZEN) | (view.mean(snow) > SNOWY)
    flag = np.where(blind, FROZEN_FLAG, np.where(_swaths(view, days), GOOD, NO_SWATH))
    flag = np.where(view.known, flag, OUTSIDE).astype(np.int8)
    good = flag == GOOD
    return {
        "soil_moisture": np.where(good, np.clip(seen + uncertainty * noise, 0.0, None), np.nan),
        "soil_moisture_uncertainty": np.where(good, uncertainty, np.nan),
        "flag": flag,
    }


def all_weather(view: Coarse, liquid: Array, *, days: Array, seed: int) -> dict[str, Array]:
    """Moisture on every day, on a scale of its own."""
    noise = SMOPS_NOISE * _white(view, days, seed, SMOPS)
    moisture = SMOPS_OFFSET + SMOPS_GAIN * view.mean(liquid) + noise
    return {"soil_moisture": np.clip(moisture, 0.0, None)}


def _white(view: Coarse, days: Array, seed: int, purpose: int) -> Array:
    return np.stack([stream(seed, purpose, int(d)).standard_normal(view.known.shape) for d in days])


def _smooth(values: Array, known: Array) -> Array:
    """Average each cell with its neighbours (weights 1, 6, 1 along both axes), known ones only."""
    kernel = np.array([1.0, 6.0, 1.0])
    filled, weight = np.where(known, values, 0.0), known.astype(np.float64)
    for axis in (-2, -1):
        filled = ndimage.correlate1d(filled, kernel, axis=axis, mode="constant")
        weight = ndimage.correlate1d(weight, kernel, axis=axis, mode="constant")
    return np.asarray(np.where(known, filled / np.maximum(weight, 1e-9), np.nan))


def _swaths(view: Coarse, days: Array) -> Array:
    """Whether a swath crosses a cell on a day: stripes that lean and move."""
    rows, columns = np.indices(view.known.shape) * abs(view.geobox.affine.e)
    width = max(view.known.shape[1] * abs(view.geobox.affine.e) * 1.3, 1e-6)
    where = (columns - 0.25 * rows) / width
    phase = (np.asarray(days, dtype=np.float64) * 0.383)[:, np.newaxis, np.newaxis]
    return np.asarray((where + phase) % 1.0 < SWATH)

"""The 1 km product of the Heihe twin that learns from the reanalysis, and shares its errors."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.grid.regrid import regrid
from soilscope.twin.heihe_noise import SMCI, SmoothFields, stream
from soilscope.twin.heihe_place import Place

Array = npt.NDArray[Any]

SHARE = 0.5  # of the reanalysis in the product; the rest is the truth
NOISE, REACH = 0.012, 5.0  # m3 m-3, and km over which it correlates


def learned_moisture(
    where: Place, total: Array, reanalysis: xr.DataArray, *, days: Array, seed: int
) -> Array:
    """Moisture (day, cells of the basin): half truth, half reanalysis between its cells."""
    inside = where.inside
    between = regrid(reanalysis.astype(np.float32), where.geobox, how="bilinear", min_valid=0.2)
    fields = SmoothFields.over(where.rows, where.columns, length=where.grain(REACH))
    noise = np.stack([fields.draw(stream(seed, SMCI, int(day)))[inside] for day in days])
    mixed = SHARE * between.values[:, inside] + (1.0 - SHARE) * total + NOISE * noise
    return np.asarray(np.clip(mixed, 0.0, None), dtype=np.float32)

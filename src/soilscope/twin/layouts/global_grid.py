"""A region of a regular grid of the globe, put into its place among missing values."""

import numpy as np
import xarray as xr

from soilscope.errors import GridError


def on_global_grid(
    ds: xr.Dataset, *, first: float, step: float, south: float = -90.0
) -> xr.Dataset:
    """Return `ds` on all cells of the globe, rows from north to south, missing where it has none.

    `first` is the longitude of the first column, `step` the size of a cell (degrees), `south` the
    southern edge of the grid.
    """
    n_row, n_column = round((90.0 - south) / step), round(360.0 / step)
    latitude = 90.0 - step * (np.arange(n_row) + 0.5)
    longitude = first + step * np.arange(n_column)
    for name, axis in (("latitude", latitude), ("longitude", longitude)):
        apart = np.abs(axis[:, None] - ds[name].values).min(axis=0)
        if (apart > 1e-6 * step).any():
            raise GridError(f"the {name} of ds are no centres of cells of {step:g} degrees.")
    return ds.reindex(
        latitude=latitude, longitude=longitude, method="nearest", tolerance=1e-6 * step
    )

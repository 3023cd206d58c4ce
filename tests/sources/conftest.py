"""Small files that are right, for tests to bend."""

from itertools import count

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source

_NUMBERS = count()  # a file that is open cannot be written again


@pytest.fixture
def sites() -> xr.Dataset:
    """Two sites, two layers, two years of months, in a file's own words."""
    rng = np.random.default_rng(1)
    time = pd.date_range("2000-01", periods=24, freq="MS").astype("datetime64[ns]")
    return xr.Dataset(
        {
            "sm": (
                ("time", "gauge", "layer"),
                0.1 + 0.3 * rng.random((24, 2, 2)),
                {"units": "m3 m-3"},
            ),
            "t2m": (("time", "gauge"), 20 * rng.random((24, 2)), {"units": "degC"}),
            "tp": (("time", "gauge"), 90 * rng.random((24, 2)), {"units": "mm month-1"}),
        },
        coords={
            "time": time,
            "gauge": ["b", "a"],
            "layer": [1, 2],
            "layer_top_cm": ("layer", [0, 7]),
            "layer_bottom_cm": ("layer", [7, 28]),
            "lat": ("gauge", [40.0, 41.0]),
            "lon": ("gauge", [100.0, 101.0]),
        },
    )


@pytest.fixture
def grid() -> xr.Dataset:
    """Three months on a 4 x 5 grid, south up, as a file would hold it."""
    rng = np.random.default_rng(2)
    return xr.Dataset(
        {"swvl1": (("time", "lat", "lon"), 0.1 + 0.3 * rng.random((3, 4, 5)), {"units": "m3 m-3"})},
        coords={
            "time": pd.date_range("2000-01", periods=3, freq="MS").astype("datetime64[ns]"),
            "lat": [36.0, 36.5, 37.0, 37.5],
            "lon": [100.0, 100.5, 101.0, 101.5, 102.0],
        },
    )


@pytest.fixture
def open_sites(tmp_path):
    """Write a Dataset as NetCDF and open it as a table."""

    def opened(ds, *, variables=None, **options):
        path = tmp_path / f"sites_{next(_NUMBERS)}.nc"
        ds.to_netcdf(path, engine="h5netcdf")
        names = {"soil_moisture": "sm"} if variables is None else variables
        bounds = {"top": "layer_top_cm", "bottom": "layer_bottom_cm", "units": "cm"}
        return open_source("table", path, variables=names, **{"depth_bounds": bounds} | options)

    return opened


@pytest.fixture
def open_grid(tmp_path):
    """Write a Dataset as NetCDF and open it as a raster."""

    def opened(ds, *, variables=None, **options):
        path = tmp_path / f"grid_{next(_NUMBERS)}.nc"
        ds.to_netcdf(path, engine="h5netcdf")
        names = {"soil_moisture": "swvl1"} if variables is None else variables
        return open_source("raster", path, variables=names, **options)

    return opened

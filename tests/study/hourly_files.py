"""Files of hours in the layout of ERA5-Land, and a study that makes days of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from soilscope import open_source
from soilscope.errors import StudyError
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.store import CUBE, Store

STUDY = """\
title: Days of hours
calendar: {step: day, min_share: 0.8, derive: [vpd, overpass]}
inputs:
  land:
    product: era5_land
    paths: land/*.nc
    variables: [surface_temperature, temperature, dewpoint, soil_moisture]
analyses:
  range: {step: lst_difference, day: lst_day, night: lst_night}
"""
VARIABLES = ["surface_temperature", "temperature", "dewpoint", "soil_moisture"]
N_DAYS = 12


def hours(first="2020-06-01", n_days=N_DAYS, *, west=100.0, step=0.1) -> xr.Dataset:
    """Hourly fields in our names that depend on place and instant alone."""
    time = pd.date_range(first, periods=24 * n_days, freq="h")
    n = (time - pd.Timestamp("2020-06-01")) / pd.Timedelta(hours=1)
    rows, columns = np.arange(3), np.arange(4)
    cells = rows[:, None] * 1.3 + columns
    wave = np.sin(n.to_numpy()[:, None, None] * 2 * np.pi / 24 + 0.4 * cells)
    drift = np.cos(n.to_numpy()[:, None, None] * 0.011 + cells)
    dims = ("time", "latitude", "longitude")
    places = {"time": time, "latitude": 41.0 - step * rows, "longitude": west + step * columns}

    def field(values):
        return xr.DataArray(values.astype("f4"), places, dims)

    ds = xr.Dataset(
        {
            "surface_temperature": field(20 + 12 * wave + 3 * drift),
            "temperature": field(16 + 8 * wave + 3 * drift),
            "dewpoint": field(3 + 2 * drift),
        }
    )
    layers = {"depth_top": ("depth", [0.0]), "depth_bottom": ("depth", [0.07])}
    moist = field(0.25 + 0.05 * drift).expand_dims(depth=[0.035], axis=1).assign_coords(layers)
    return ds.assign(soil_moisture=moist)


def written(text=STUDY):
    Path("study.yaml").write_text(text, encoding="utf-8")
    return "study.yaml"


def cube_of(out="out"):
    return Store(out).open(CUBE).load()


def opened(variables=VARIABLES):
    return open_source("era5_land", "land/*.nc", variables=variables).load()


def same(found, expected):
    np.testing.assert_array_equal(found.time, expected.time)
    np.testing.assert_array_equal(found.values, expected.transpose(*found.dims).values)


def faults_of(text):
    try:
        return plan(load_study(written(text))).faults
    except StudyError as error:
        return error.faults

"""A small study of real shape: three sites, two layers, twenty years of months, in one file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

STUDY = """\
title: Three sites
inputs:
  sites:
    product: table
    paths: sites.nc
    dims: {depth: layer}
    depth_bounds: [[0, 0.1], [0.1, 0.4]]
    variables: {soil_moisture: sm, temperature: t2m, precipitation: tp}
analyses:
  index: {step: standardize, da: soil_moisture}
  annual: {step: composite, da: index, freq: YS, min_count: 12}
  trend: {step: trend, da: annual, correction: none}
  drivers: {step: partial_regression, y: index, drivers: [temperature, precipitation]}
"""


@pytest.fixture
def study_text() -> str:
    """Text of a study of `sites`, as study.yaml beside sites.nc."""
    return STUDY.replace("precipitation]}", "precipitation], driver_anomaly: month}")


@pytest.fixture
def sites() -> xr.Dataset:
    """What sites.nc holds where nothing is wrong."""
    rng = np.random.default_rng(1)
    return xr.Dataset(
        {
            "sm": (
                ("time", "layer", "site"),
                0.25 + 0.04 * rng.normal(size=(240, 2, 3)).clip(-3, 3),
                {"units": "m3 m-3"},
            ),
            "t2m": (("time", "site"), 10 + 5 * rng.normal(size=(240, 3)), {"units": "degC"}),
            "tp": (("time", "site"), 90 * rng.random((240, 3)), {"units": "mm month-1"}),
        },
        {
            "time": pd.date_range("2000-01", periods=240, freq="MS"),
            "site": ["a", "b", "c"],
            "layer": [1, 2],
        },
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path

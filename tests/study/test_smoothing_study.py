"""A study smooths composites, makes days of them, and finds the edges of the dryness index."""

import numpy as np
import pytest
import xarray as xr

from soilscope import interpolate_daily, smooth, tvdi
from soilscope.study import slabs
from soilscope.study.runner import run_study
from soilscope.study.store import Store

STUDY = """\
title: Dryness from temperature and vegetation
inputs:
  land:
    product: raster
    paths: land.nc
    lineage: [MODIS]
    variables: {ndvi: {units: "1"}, lst_day: {units: degC}, weight: {units: "1"}}
analyses:
  smoothed: {step: smooth, da: ndvi, weights: weight, method: whittaker}
  daily: {step: interpolate_daily, da: smoothed, composite_days: 16}
  greenest: {step: composite, da: ndvi, how: mvc}
  dryness: {step: tvdi, lst: lst_day, ndvi: smoothed, bin_width: 0.1, quantile: 0.9}
"""


@pytest.fixture
def land(tmp_path, monkeypatch):
    """Forty composites on a grid of 20 x 30 cells, with clouds and a triangle of temperatures."""
    rng = np.random.default_rng(0)
    time = xr.date_range("2001-01-01", periods=40, freq="16D")
    coords = {
        "time": time,
        "latitude": 40.0 - 0.1 * np.arange(20),
        "longitude": 98.0 + 0.1 * np.arange(30),
    }
    season = 0.1 * np.sin(2 * np.pi * np.arange(40) / 23)[:, None, None]
    truth = rng.uniform(0.2, 0.7, (20, 30)) + season
    cloud = rng.random(truth.shape) < 0.1
    lst = 15 + rng.random(truth.shape) * (50 - 30 * truth - 15)
    values = {"ndvi": truth - 0.2 * cloud, "lst_day": lst, "weight": 1 - 0.9 * cloud}
    ds = xr.Dataset({n: (tuple(coords), v.astype("f4")) for n, v in values.items()}, coords)
    monkeypatch.chdir(tmp_path)
    ds.to_netcdf("land.nc")
    return ds


def test_a_study_gives_what_the_functions_give(land, tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    store = Store(run_study(tmp_path / "study.yaml", results=tmp_path / "out"))
    smoothed = smooth(land.ndvi, method="whittaker", weights=land.weight)
    np.testing.assert_allclose(store.open("smoothed").ndvi, smoothed, rtol=1e-6)
    daily = interpolate_daily(smoothed, composite_days=16)
    np.testing.assert_allclose(store.open("daily").ndvi, daily, rtol=1e-6)
    expected = tvdi(land.lst_day, smoothed, bin_width=0.1, quantile=0.9)
    found = store.open("dryness")
    np.testing.assert_allclose(found.tvdi, expected.tvdi, rtol=1e-5, atol=1e-5)
    assert (found.status == 0).all()
    assert found.n_obs.values.tolist() == [600] * 40
    assert store.open("greenest").sizes["time"] == 21


def test_days_of_few_composites_are_made_by_more_slabs_than_these(land, tmp_path, monkeypatch):
    monkeypatch.setattr(slabs, "SLAB_BYTES", 400_000)
    text = STUDY[: STUDY.index("  greenest")]
    (tmp_path / "study.yaml").write_text(text)
    store = Store(run_study(tmp_path / "study.yaml", results=tmp_path / "out"))
    assert store.record("smoothed").slabs == 1
    assert store.record("daily").slabs > 2
    smoothed = smooth(land.ndvi, method="whittaker", weights=land.weight)
    daily = interpolate_daily(smoothed, composite_days=16)
    np.testing.assert_allclose(store.open("daily").ndvi, daily, rtol=1e-6)

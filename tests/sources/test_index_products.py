"""Products of many files open through the index as they do from few."""

import json
import warnings

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.errors import SoilscopeWarning
from soilscope.grid.crs import stamp
from soilscope.grid.depth import layer_coordinates
from soilscope.sources import index
from soilscope.sources.catalogue import open_source
from soilscope.sources.geotiff import open_geotiff
from soilscope.twin.layouts.era5_land import LAYERS, write_era5_land
from soilscope.twin.layouts.gldas import write_gldas
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.modis_lst import write_modis_lst
from soilscope.twin.layouts.trims_lst import ALBERS, write_trims_lst

MONTHS = pd.date_range("2001-01", periods=24, freq="MS")
GRID = {"latitude": [38.0, 38.1, 38.2], "longitude": [104.0, 104.1, 104.2, 104.3]}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def land(time) -> xr.Dataset:
    rng = np.random.default_rng(3)
    space = ("latitude", "longitude")
    moisture = rng.uniform(0.05, 0.4, (time.size, 4, 3, 4))
    rain = rng.uniform(0, 90, (time.size, 3, 4))
    return xr.Dataset(
        {
            "soil_moisture": (("time", "depth", *space), moisture, {"units": "m3 m-3"}),
            "precipitation": (("time", *space), rain, {"units": "mm month-1"}),
        },
        {"time": time, **layer_coordinates(LAYERS), **GRID},
    )


def by_month(path, folder):
    """Split a file into one a month, each packed anew where it is packed."""
    folder.mkdir()
    with xr.open_dataset(path, decode_times=False) as ds:
        time = next(dim for dim in ("valid_time", "time") if dim in ds.dims)
        for at in range(ds.sizes[time]):
            part = ds.isel({time: [at]}).load()
            for da in part.variables.values():
                da.encoding.pop("original_shape", None)
                da.encoding.pop("chunksizes", None)
                if "scale_factor" in da.encoding:
                    da.encoding["scale_factor"] *= 1 + at / 100
            part.to_netcdf(folder / f"part_{at:02d}.nc")
    return sorted(folder.glob("*.nc"))


@pytest.mark.parametrize("layout", ["valid_time", "time"])
def test_months_of_era5_land_are_what_one_file_of_them_is(tmp_path, layout):
    (path,) = write_era5_land(
        land(MONTHS), tmp_path, layout=layout, by="all", preliminary=3 if layout[0] == "v" else 0
    )
    files = by_month(path, tmp_path / "months")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", SoilscopeWarning)
        one, many = open_source("era5_land", path), open_source("era5_land", files)
    told = [str(item.message).replace(str(path), "") for item in heard]
    assert len(told) in (0, 2)
    assert many.sizes == one.sizes
    np.testing.assert_array_equal(many.time.values, one.time.values)
    for name in one.data_vars:
        np.testing.assert_allclose(many[name].values, one[name].values, atol=0.02, rtol=1e-3)
        assert many[name].units == one[name].units
    assert ("expver_status" in one.coords) == (layout == "valid_time")
    if "expver_status" in one.coords:
        assert many.expver_status.values.tolist() == [0] * 21 + [1] * 3
    assert json.loads(many.attrs["source_files"]) == [str(file) for file in files]
    assert many.chunksizes["time"] == (24,)  # and not a chunk a file


def test_composites_of_modis_are_what_they_are_one_by_one(tmp_path, monkeypatch):
    rng = np.random.default_rng(4)
    ndvi = rng.uniform(0.1, 0.8, (24, 3, 4))
    ds = xr.Dataset({"ndvi": (("time", *GRID), ndvi, {"units": "1"})}, {"time": MONTHS, **GRID})
    files = write_modis(stamp(ds, "EPSG:4326", name="ndvi"), tmp_path, cloud_share=0.2)
    many = open_source("modis", files)
    monkeypatch.setattr(index, "MANY", 10**6)
    single = open_source("modis", files)
    assert many.sizes["time"] > 40
    xr.testing.assert_identical(many.load(), single.load())
    assert 0.1 < np.isnan(many.ndvi.values).mean() < 0.4


@pytest.mark.parametrize("product", ["modis_lst", "trims_lst"])
def test_daily_temperatures_are_what_they_are_one_by_one(tmp_path, monkeypatch, product):
    rng = np.random.default_rng(5)
    days = pd.date_range("2019-12-20", periods=24)
    night = rng.uniform(-20.0, 5.0, (24, 3, 4))
    night[:, 1, 1] = np.nan
    trims = product == "trims_lst"
    cells = {"y": 4.2e6 - 1e3 * np.arange(3), "x": -5e5 + 1e3 * np.arange(4)} if trims else GRID
    dims = ("time", *cells)
    ds = xr.Dataset(
        {"lst_day": (dims, night + 20.0), "lst_night": (dims, night)}, {"time": days, **cells}
    )
    ds = stamp(ds, ALBERS if trims else "EPSG:4326")
    files = (write_trims_lst if trims else write_modis_lst)(ds, tmp_path)
    opened = []

    def counted(path, *args, **kwargs):
        opened.append(path)
        return open_geotiff(path, *args, **kwargs)

    module = "trims_lst" if trims else "modis_pieces"
    monkeypatch.setattr(f"soilscope.sources.{module}.open_geotiff", counted)
    many = open_source(product, files)
    assert len(opened) < 10 < len(files)
    monkeypatch.setattr(index, "MANY", 10**6)
    xr.testing.assert_identical(many.load(), open_source(product, files).load())


def water() -> xr.Dataset:
    rng = np.random.default_rng(6)
    days = pd.date_range("2015-01-01", periods=20)
    space = ("latitude", "longitude")
    moisture = rng.uniform(0.1, 0.4, (20, 4, 3, 4))
    heat = rng.uniform(-5.0, 30.0, (20, 3, 4))
    places = {
        name: np.round(38.0 + 0.25 * np.arange(n), 3) for name, n in zip(space, (3, 4), strict=True)
    }
    return xr.Dataset(
        {
            "soil_moisture": (("time", "depth", *space), moisture, {"units": "m3 m-3"}),
            "surface_temperature": (("time", *space), heat, {"units": "degC"}),
        },
        {
            "time": days,
            **layer_coordinates([[0, 0.1], [0.1, 0.4], [0.4, 1.0], [1.0, 2.0]]),
            **places,
        },
    )


def test_gldas_under_other_names_is_what_it_is_under_its_own(tmp_path, monkeypatch):
    named = write_gldas(water(), tmp_path / "named")
    folder = tmp_path / "other"
    folder.mkdir()
    files = [path.rename(folder / f"cut_{at:03d}.nc4") for at, path in enumerate(named)]
    many = open_source("gldas", files)
    monkeypatch.setattr(index, "MANY", 10**6)
    single = open_source("gldas", files)
    assert many.sizes["time"] == 20
    xr.testing.assert_allclose(many.load(), single.load(), rtol=1e-7)
    assert many.attrs == single.attrs
    for name, da in many.data_vars.items():
        assert da.attrs == single[name].attrs
    for path, own in zip(files, named, strict=True):
        path.rename(own)
    own_names = open_source("gldas", named)
    for name, da in own_names.data_vars.items():
        np.testing.assert_allclose(many[name].values, da.values, rtol=1e-6)


def test_versions_of_gldas_that_titles_state_are_told_apart(tmp_path):
    files = write_gldas(water(), tmp_path)
    files = [path.rename(path.with_name(f"cut_{at:03d}.nc4")) for at, path in enumerate(files)]
    for path in files[:10]:
        with h5py.File(path, "r+") as file:
            file.attrs["title"] = "GLDAS2.0 LIS land surface model output"
    for path in files[10:]:
        with h5py.File(path, "r+") as file:
            file.attrs["title"] = "GLDAS2.1 LIS land surface model output"
    with pytest.warns(SoilscopeWarning, match=r"mix GLDAS 2\.0 and 2\.1"):
        ds = open_source("gldas", files)
    assert ds.sizes["time"] == 20

"""TerraClimate files: packing, versions and lineage, regions, and what is wrong with them."""

import json
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of
from soilscope.sources.catalogue import PRODUCTS
from soilscope.twin.layouts.terraclimate import write_terraclimate


def climate(first: str = "2001", last: str = "2002") -> xr.Dataset:
    """Vapour pressure deficit, rain and temperature in whole packed units on 1/24 degree."""
    months = pd.date_range(f"{first}-01", f"{last}-12", freq="MS")
    lat, lon = 39.0 - (np.arange(6) + 0.5) / 24, 104.0 + (np.arange(5) + 0.5) / 24
    season = 1 - np.cos(2 * np.pi * (months.month.to_numpy() - 1) / 12)
    rise = season[:, None, None] + 0.1 * np.arange(6)[:, None] + 0.05 * np.arange(5)
    dims = ("time", "latitude", "longitude")
    return xr.Dataset(
        {
            "vpd": (dims, (0.3 + rise).round(2)),
            "precipitation": (dims, (5 + 20 * rise).round(1)),
            "temperature_max": (dims, (20 * rise - 10).round(2)),
            "soil_water": (dims, (40 * rise).round(1)),
        },
        {"time": months, "latitude": lat, "longitude": lon},
    )


@pytest.fixture
def files(tmp_path) -> Path:
    write_terraclimate(climate(), tmp_path)
    return tmp_path


def rewritten(path: Path, change, **options) -> None:
    """Write a file anew after a change of its stored numbers."""
    with xr.open_dataset(path, mask_and_scale=False) as ds:
        changed = change(ds.load())
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf", **options)


def lineage(ds: xr.Dataset) -> list[str]:
    return json.loads(ds.attrs["lineage"])


def test_variables_come_under_our_names_in_our_units(files):
    ds = open_source("terraclimate", files)
    expected = climate()
    assert set(ds.data_vars) == set(expected.data_vars)
    inside = ds.isel(latitude=slice(3, -3), longitude=slice(3, -3))
    for name in expected.data_vars:
        np.testing.assert_allclose(inside[name].values, expected[name].values, atol=1e-5)
    assert {name: da.attrs["units"] for name, da in ds.data_vars.items()} == {
        "vpd": "kPa",
        "precipitation": "mm month-1",
        "temperature_max": "degC",
        "soil_water": "mm",
    }
    assert crs_of(ds) == "EPSG:4326"
    assert ds.vpd.isel(latitude=0).isnull().all()
    assert ds.vpd.chunks is not None


def test_the_variables_that_are_asked_for_must_be_there(files):
    assert list(open_source("terraclimate", files, variables=["vpd"]).data_vars) == ["vpd"]
    with pytest.raises(SourceError, match="holds no variable 'pet' for potential_evapotr"):
        open_source("terraclimate", files, variables=["potential_evapotranspiration"])


def test_only_the_region_is_read(files, monkeypatch):
    whole = open_source("terraclimate", files, variables=["vpd"])
    ds = open_source("terraclimate", files, variables=["vpd"], region=(104.02, 38.8, 104.2, 38.95))
    expected = whole.sel(latitude=slice(38.95, 38.8), longitude=slice(104.02, 104.2))
    xr.testing.assert_allclose(ds.drop_attrs(), expected.drop_attrs(), rtol=1e-9)
    from xarray.backends.h5netcdf_ import H5NetCDFArrayWrapper

    shapes = []
    read = H5NetCDFArrayWrapper._getitem

    def noted(self, key):
        got = read(self, key)
        shapes.append(got.shape)
        return got

    monkeypatch.setattr(H5NetCDFArrayWrapper, "_getitem", noted)
    ds.vpd.compute()
    assert set(shapes) == {(12, 4 + 2, 5 + 2)}  # the cells of the region and one around them


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.1", ["WorldClim", "ERA5"]), ("1.0", ["WorldClim", "CRU TS", "JRA-55"])],
)
def test_the_lineage_follows_the_version(tmp_path, version, expected):
    write_terraclimate(climate(), tmp_path, version=version)
    ds = open_source("terraclimate", tmp_path)
    assert lineage(ds) == expected
    assert json.loads(ds.vpd.attrs["lineage"]) == expected


def test_files_without_a_version_have_all_ancestors_unless_the_user_knows(tmp_path):
    write_terraclimate(climate(), tmp_path, version="unknown")
    with pytest.warns(SoilscopeWarning, match=r"do not say their version .*lineage: \[ERA5\]"):
        ds = open_source("terraclimate", tmp_path)
    assert lineage(ds) == ["WorldClim", "ERA5", "CRU TS", "JRA-55"]
    assert lineage(open_source("terraclimate", tmp_path, lineage=["ERA5"])) == ["WorldClim", "ERA5"]


def test_versions_that_are_mixed_are_told(tmp_path):
    write_terraclimate(climate("2001", "2001"), tmp_path, version="1.0")
    write_terraclimate(climate("2002", "2002"), tmp_path, version="1.1")
    with pytest.warns(SoilscopeWarning, match="mix versions of TerraClimate"):
        ds = open_source("terraclimate", tmp_path)
    assert lineage(ds) == ["WorldClim", "CRU TS", "JRA-55", "ERA5"]


def test_the_bucket_is_no_soil_moisture(files):
    with pytest.raises(SourceError, match=r"bucket of unknown depth \(mm\); name it soil_water"):
        open_source("terraclimate", files, variables={"soil_moisture": "soil"})


def test_a_missing_year_is_told_and_missing_for_its_variable_alone(tmp_path):
    write_terraclimate(climate("2001", "2004"), tmp_path)
    (tmp_path / "TerraClimate_ppt_2002.nc").unlink()
    (tmp_path / "TerraClimate_ppt_2003.nc").unlink()
    with pytest.warns(SoilscopeWarning, match="lacks 2002, 2003 of precipitation between 2001"):
        ds = open_source("terraclimate", tmp_path)
    assert ds.sizes["time"] == 48
    cell = ds.isel(latitude=5, longitude=5)
    assert int(cell.precipitation.isnull().sum()) == 24
    assert int(cell.vpd.isnull().sum()) == 0


def test_two_files_of_one_year_are_refused(files):
    (files / "copy").mkdir()
    shutil.copy(files / "TerraClimate_vpd_2001.nc", files / "copy")
    with pytest.raises(SourceError, match="both hold vpd of 2001; keep one of them"):
        open_source("terraclimate", files)


def test_a_name_that_its_dates_contradict_is_refused(files):
    (files / "TerraClimate_vpd_2001.nc").rename(files / "TerraClimate_vpd_2003.nc")
    with pytest.raises(SourceError, match=r"is named 2003, but its dates run from 2001-01-01"):
        open_source("terraclimate", files)


def test_part_of_a_year_is_told(files):
    rewritten(files / "TerraClimate_vpd_2002.nc", lambda ds: ds.isel(time=slice(0, 7)))
    with pytest.warns(SoilscopeWarning, match="vpd_2002.nc holds 7 of the 12 months of 2002"):
        ds = open_source("terraclimate", files, variables=["vpd"])
    assert ds.sizes["time"] == 19


def test_only_the_years_of_the_period_are_opened(files):
    (files / "TerraClimate_vpd_1999.nc").write_bytes(b"")
    ds = open_source("terraclimate", files, period=("2002-03", "2002-05"))
    assert ds.time.dt.month.values.tolist() == [3, 4, 5]
    assert ds.precipitation.attrs["units"] == "mm month-1"


def test_one_file_of_all_years_needs_no_name(tmp_path):
    write_terraclimate(climate(), tmp_path / "years")
    parts = [xr.open_dataset(p) for p in sorted((tmp_path / "years").glob("*vpd*"))]
    joined = xr.concat(parts, "time", data_vars="minimal")
    joined.to_netcdf(tmp_path / "agg_terraclimate_vpd_1958_CurrentYear_GLOBE.nc", engine="h5netcdf")
    for part in parts:
        part.close()
    ds = open_source("terraclimate", tmp_path / "agg_terraclimate_vpd_1958_CurrentYear_GLOBE.nc")
    assert ds.sizes["time"] == 24


def test_a_file_of_another_product_is_told(tmp_path):
    other = xr.Dataset({"swvl1": (("lat", "lon"), np.ones((2, 2)))})
    other.to_netcdf(tmp_path / "era5.nc", engine="h5netcdf")
    with pytest.raises(
        SourceError, match=r"none of the variables of this product \(vpd, ppt.*swvl1"
    ):
        open_source("terraclimate", tmp_path / "era5.nc")
    with pytest.raises(SourceError, match="no file that is named as those of TerraClimate"):
        open_source("terraclimate", tmp_path)


def test_a_lost_scale_is_told_with_the_override_that_mends_it(files):
    for path in files.glob("*vpd*"):
        rewritten(path, lambda ds: ds.assign(vpd=ds.vpd.where(ds.vpd > -32768).drop_attrs()))
    with pytest.raises(
        SourceError, match=r"vpd in .* expected 0 to 15 .*hundredths of kPa \(scale"
    ):
        open_source("terraclimate", files)
    ds = open_source("terraclimate", files, override={"vpd": {"scale": 0.01}})
    np.testing.assert_allclose(ds.vpd.values[:, 3:-3, 3:-3], climate().vpd.values, atol=1e-5)


def test_temperature_with_a_lost_scale_is_refused(files):
    for path in files.glob("*tmax*"):
        rewritten(path, lambda ds: ds.assign(tmax=ds.tmax.where(ds.tmax > -32768).drop_attrs()))
    with pytest.raises(SourceError, match=r"temperature_max in .* check its units .* and scale"):
        open_source("terraclimate", files)


def test_names_are_recognised_and_traps_are_told():
    product = PRODUCTS["terraclimate"]
    assert re.search(product.names, "TerraClimate_PDSI_1958.nc")
    assert not re.search(product.names, "SMCI_9km_2000_10cm.nc")
    text = " ".join(product.traps)
    assert all(word in text for word in ("ERA5", "JRA-55", "independent", "bucket"))


def test_nothing_is_said_of_whole_files(files):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("terraclimate", files)

"""SMCI files: years and layers by name, tiles, and what is wrong with them."""

import json
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import composite, open_source
from soilscope.errors import GridError, InputError, SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of
from soilscope.grid.depth import layer_bounds, layer_coordinates
from soilscope.sources import formats
from soilscope.sources.catalogue import PRODUCTS
from soilscope.twin.layouts.smci import write_smci, write_smci_tiles

REGION = (104.2, 38.0, 104.6, 38.4)


def daily(first: str = "2003", last: str = "2004", layers: int = 3) -> xr.Dataset:
    """Whole thousandths of m3 m-3 that tell day, layer and cell; the last cell is missing."""
    days = pd.date_range(f"{first}-01-01", f"{last}-12-31")
    lat, lon = 38.95 - 0.1 * np.arange(10), 104.05 + 0.1 * np.arange(7)
    number = (
        100.0
        + days.day_of_year.to_numpy()[:, None, None, None] % 31
        + 50.0 * np.arange(layers)[:, None, None]
        + 3.0 * np.arange(10)[:, None]
        + np.arange(7)
    )
    number[..., -1, -1] = np.nan
    edges = np.arange(layers + 1) / 10
    return xr.Dataset(
        {"soil_moisture": (("time", "depth", "latitude", "longitude"), number / 1000.0)},
        {
            "time": days,
            **layer_coordinates(np.stack([edges[:-1], edges[1:]], axis=1)),
            "latitude": lat.round(2),
            "longitude": lon.round(2),
        },
    )


@pytest.fixture
def files(tmp_path) -> Path:
    write_smci(daily(), tmp_path)
    return tmp_path


def rewritten(path: Path, change, **options) -> None:
    """Write a file anew after a change."""
    with xr.open_dataset(path, decode_times=False, mask_and_scale=False) as ds:
        changed = change(ds.load())
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf", **options)


def opened(*args, **options) -> xr.Dataset:
    """Open without hearing warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SoilscopeWarning)
        return open_source("smci", *args, **options)


def test_years_and_layers_are_joined_under_our_names_and_units(files):
    ds = open_source("smci", files)
    assert dict(ds.sizes) == {"time": 731, "depth": 3, "latitude": 10, "longitude": 7}
    np.testing.assert_allclose(ds.soil_moisture.values, daily().soil_moisture.values, atol=1e-7)
    np.testing.assert_allclose(layer_bounds(ds), [[0, 0.1], [0.1, 0.2], [0.2, 0.3]])
    assert ds.soil_moisture.attrs["units"] == "m3 m-3"
    assert ds.soil_moisture.attrs["source_units"] == "0.001 m3 m-3"
    assert crs_of(ds) == "EPSG:4326"
    assert json.loads(ds.attrs["lineage"])[0] == "ERA5-Land"
    assert ds.time.values[[59, -1]].astype("M8[D]").astype(str).tolist() == [
        "2003-03-01",
        "2004-12-31",
    ]


@pytest.mark.parametrize(
    "named",
    [
        lambda d: sorted(d.rglob("*.nc")),
        lambda d: sorted(d.rglob("*.nc"), reverse=True),
        lambda d: d / "*cm" / "*.nc",
        lambda d: [d / f"{b}cm" for b in (10, 20, 30)],
        lambda d: [d, d / "10cm"],
    ],
    ids=["files", "backwards", "pattern", "folders", "twice"],
)
def test_paths_may_name_files_patterns_or_folders(files, named):
    xr.testing.assert_identical(
        opened(named(files)).soil_moisture.variable, opened(files).soil_moisture.variable
    )


def test_days_stored_one_by_one_are_read_by_calendar_months(files):
    ds = open_source("smci", files)
    months = pd.date_range("2003-01", periods=24, freq="MS").days_in_month
    assert ds.soil_moisture.chunksizes["time"] == tuple(months)
    assert ds.soil_moisture.chunksizes["depth"] == (1, 1, 1)
    monthly = composite(ds.soil_moisture.chunk(time=-1), freq="MS")
    expected = daily().soil_moisture.resample(time="MS").mean()
    np.testing.assert_allclose(monthly.values, expected.values, atol=1e-6)


def test_days_stored_in_larger_chunks_are_read_as_they_are_stored(tmp_path):
    write_smci(daily("2003", "2003", 1), tmp_path)
    (path,) = tmp_path.rglob("*.nc")
    rewritten(path, lambda ds: ds, encoding={"SMCI": {"chunksizes": (100, 5, 7)}})
    ds = open_source("smci", tmp_path)
    assert ds.soil_moisture.chunksizes["time"] == (365,)


def test_tiles_give_what_whole_files_give(files, tmp_path_factory):
    home = tmp_path_factory.mktemp("tiles")
    folders = write_smci_tiles(daily(), home, tile=(4, 3))
    whole = open_source("smci", files)
    for paths in (folders, [str(home / "SMCI_1km_*cm")], home):
        tiled = open_source("smci", paths)
        xr.testing.assert_equal(tiled.drop_attrs(), whole.drop_attrs())


def test_a_tile_that_no_folder_holds_is_sea(tmp_path):
    folders = write_smci_tiles(daily("2003", "2003", 1), tmp_path, tile=(5, 4))
    (folders[0] / "1_1.nc").unlink()
    ds = open_source("smci", tmp_path)
    assert dict(ds.sizes) == {"time": 365, "depth": 1, "latitude": 10, "longitude": 7}
    expected = daily("2003", "2003", 1).soil_moisture.values.copy()
    expected[:, :, 5:, 4:] = np.nan
    np.testing.assert_allclose(ds.soil_moisture.values, expected, atol=1e-7)


def test_a_tile_that_one_folder_lacks_is_told(tmp_path):
    folders = write_smci_tiles(daily(), tmp_path, tile=(5, 4))
    (folders[2] / "0_1.nc").unlink()
    with pytest.raises(SourceError, match=r"SMCI_1km_2003_30cm lacks the tile 0_1.nc, which"):
        open_source("smci", tmp_path)


def test_tiles_that_overlap_are_told(tmp_path):
    (folder,) = write_smci_tiles(daily("2003", "2003", 1), tmp_path, tile=(5, 7))
    rewritten(folder / "1_0.nc", lambda ds: ds.assign_coords(lat=ds.lat + 0.1))
    with pytest.raises(GridError, match="overlap in latitude"):
        open_source("smci", tmp_path)
    shutil.copy(folder / "0_0.nc", folder / "1_0.nc")
    with pytest.raises(GridError, match=r"two tiles .* at the same place"):
        open_source("smci", tmp_path)


def test_only_tiles_that_touch_the_region_are_opened(tmp_path, monkeypatch):
    folders = write_smci_tiles(daily(), tmp_path, tile=(4, 3))
    read: list[Path] = []
    sniff = formats._sniff
    monkeypatch.setattr(formats, "_sniff", lambda path: read.append(path) or sniff(path))
    ds = open_source("smci", tmp_path, region=(104.0, 38.6, 104.3, 39.0))
    assert dict(ds.sizes) == {"time": 731, "depth": 3, "latitude": 4, "longitude": 3}
    of_first = [path for path in read if path.parent == folders[0]]
    others = {path.name for path in read if path.parent != folders[0]}
    assert len(of_first) == 9  # where the tiles lie
    assert others == {"0_0.nc"}
    assert len(read) == len(set(read))  # each once


def test_a_region_between_tiles_and_one_outside(tmp_path):
    write_smci_tiles(daily("2003", "2003", 1), tmp_path, tile=(4, 3))
    whole = open_source("smci", tmp_path)
    ds = open_source("smci", tmp_path, region=REGION)
    expected = whole.sel(latitude=slice(38.4, 38.0), longitude=slice(104.2, 104.6))
    assert expected.sizes["latitude"] == expected.sizes["longitude"] == 4
    xr.testing.assert_allclose(ds.drop_attrs(), expected.drop_attrs(), rtol=1e-12)
    with pytest.raises(SourceError, match=r"touches the region .* latitude 38.05 to 38.95"):
        open_source("smci", tmp_path, region=(80, 30, 81, 31))


def test_the_region_of_whole_files_is_cut_before_reading(files):
    ds = open_source("smci", files, region=REGION)
    whole = open_source("smci", files)
    expected = whole.sel(latitude=slice(38.4, 38.0), longitude=slice(104.2, 104.6))
    assert expected.sizes["latitude"] == expected.sizes["longitude"] == 4
    xr.testing.assert_allclose(ds.drop_attrs(), expected.drop_attrs(), rtol=1e-12)


def test_only_the_years_of_the_period_are_opened(files):
    shutil.copy(files / "10cm" / "SMCI_9km_2004_10cm.nc", files / "SMCI_9km_2009_10cm.nc")
    (files / "SMCI_9km_2009_10cm.nc").write_bytes(b"")
    ds = open_source("smci", files, period=("2004-03", "2004-05"))
    assert ds.time.values[[0, -1]].astype("M8[D]").astype(str).tolist() == [
        "2004-03-01",
        "2004-05-31",
    ]
    with pytest.raises(SourceError, match="from 2003 to 2009 and has nothing in the period 2010"):
        open_source("smci", files, period=("2010", "2011"))


def test_files_are_not_held_open(tmp_path):
    write_smci_tiles(daily("2002", "2003", 2), tmp_path, tile=(4, 3))
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    with xr.set_options(file_cache_maxsize=8):
        ds = open_source("smci", tmp_path)
        assert dict(ds.sizes) == {"time": 730, "depth": 2, "latitude": 10, "longitude": 7}
        ds.soil_moisture.isel(time=[0, 500]).compute()
        if before:  # of 36 files
            assert len(list(Path("/proc/self/fd").iterdir())) <= before + 12


@pytest.mark.parametrize("year", ["2003", "2004"])
def test_days_are_counted_from_the_year_in_the_name(tmp_path, year):
    write_smci(daily(year, year, 1), tmp_path)
    (path,) = tmp_path.rglob("*.nc")
    expected = pd.date_range(f"{year}-01-01", f"{year}-12-31").values
    for change in (
        lambda ds: ds,
        lambda ds: ds.assign_coords(time=ds.time - 1),
        lambda ds: ds.drop_vars("time"),
        lambda ds: ds.assign_coords(time=expected.astype("M8[ns]")),
        lambda ds: ds.assign_coords(time=expected.astype("M8[ns]") + np.timedelta64(12, "h")),
    ):
        rewritten(path, change)
        assert (open_source("smci", tmp_path).time.values == expected).all()


@pytest.mark.parametrize(("year", "days"), [("2003", 366), ("2004", 365), ("2003", 364)])
def test_a_wrong_number_of_days_without_dates_is_refused(tmp_path, year, days):
    source = daily("2004", "2004", 1).isel(time=slice(0, days)).soil_moisture
    path = tmp_path / f"SMCI_9km_{year}_10cm.nc"
    stored = (source.isel(depth=0, drop=True) * 1000).fillna(-999).astype("i2")
    ds = stored.rename(latitude="lat", longitude="lon").drop_vars("time").to_dataset(name="SMCI")
    ds.to_netcdf(path, engine="h5netcdf")
    right = 366 if year == "2004" else 365
    with pytest.raises(
        SourceError, match=f"holds {days} days without dates, but {year} has {right}"
    ):
        open_source("smci", path)


def test_part_of_a_year_with_dates_is_told_once_and_missing_only_there(files):
    def short(ds):
        days = np.arange("2004-01-01", "2004-07-01", dtype="M8[D]").astype("M8[ns]")
        return ds.isel(time=slice(0, 182)).assign_coords(time=days)

    rewritten(files / "20cm" / "SMCI_9km_2004_20cm.nc", short)
    with pytest.warns(SoilscopeWarning, match="holds 182 of the 366 days of 2004") as heard:
        ds = open_source("smci", files)
    assert len(heard) == 1
    assert ds.sizes["time"] == 731
    assert np.isnan(ds.soil_moisture.sel(time=slice("2004-07-01", None)).isel(depth=1)).all()
    assert ds.soil_moisture.isel(depth=0, latitude=0, longitude=0).notnull().all()


def test_dates_of_another_year_than_the_name_are_refused(files):
    path = files / "10cm" / "SMCI_9km_2003_10cm.nc"
    days = pd.date_range("2002-01-01", periods=365)
    rewritten(path, lambda ds: ds.assign_coords(time=days))
    with pytest.raises(SourceError, match=r"is named 2003, but its dates run from 2002-01-01"):
        open_source("smci", files)


def test_a_layer_missing_from_the_middle_is_told(tmp_path):
    write_smci(daily("2003", "2003", 4).isel(depth=[0, 1, 3]), tmp_path)
    with pytest.warns(
        SoilscopeWarning, match=r"lacks the layer 20-30 cm between 0-10 cm and 30-40"
    ):
        ds = open_source("smci", tmp_path)
    np.testing.assert_allclose(ds.depth, [0.05, 0.15, 0.35])


def test_a_missing_year_is_told_and_leaves_a_gap(tmp_path):
    write_smci(daily("2002", "2005", 1), tmp_path)
    for path in tmp_path.rglob("*_200[34]_*.nc"):
        path.unlink()
    with pytest.warns(SoilscopeWarning, match="lacks 2003, 2004 between 2002 and 2005"):
        ds = open_source("smci", tmp_path)
    assert ds.sizes["time"] == 730
    months = composite(ds.soil_moisture.chunk(time=-1), freq="MS")
    assert months.sizes["time"] == 48
    assert int(months.isel(depth=0, latitude=0, longitude=0).isnull().sum()) == 24
    assert open_source("smci", tmp_path, period=("2005", "2005")).sizes["time"] == 365


def test_a_year_that_one_layer_lacks_is_missing_there_alone(files):
    (files / "20cm" / "SMCI_9km_2004_20cm.nc").unlink()
    with pytest.warns(SoilscopeWarning, match="lacks 2004 in the layer 10-20 cm, which other"):
        ds = open_source("smci", files)
    there = ds.soil_moisture.isel(latitude=0, longitude=0).notnull().resample(time="YS").sum()
    assert there.values.tolist() == [[365, 365, 365], [366, 0, 366]]
    assert open_source("smci", files, period=("2003", "2003"), chunks=None).sizes["time"] == 365


def test_two_files_of_one_year_and_layer_are_refused(files):
    shutil.copy(files / "10cm" / "SMCI_9km_2003_10cm.nc", files)
    with pytest.raises(SourceError, match="both hold 2003 of the layer 0-10 cm; keep one"):
        open_source("smci", files)


def test_nine_and_one_km_are_two_inputs(files):
    write_smci_tiles(daily("2003", "2003", 1), files, tile=(10, 7))
    with pytest.raises(SourceError, match="open the 9 km and the 1 km files as two inputs"):
        open_source("smci", files)


def test_a_file_of_another_product_is_told(tmp_path):
    ds = daily("2003", "2003", 1).isel(depth=0).rename(soil_moisture="swvl1")
    other = tmp_path / "era5.nc"
    ds.to_netcdf(other, engine="h5netcdf")
    with pytest.raises(SourceError, match=r"era5.nc is not named as files of SMCI are .*raster"):
        open_source("smci", other)
    with pytest.raises(SourceError, match="holds no file that is named as those of SMCI"):
        open_source("smci", tmp_path)
    other.rename(tmp_path / "SMCI_9km_2003_10cm.nc")
    with pytest.raises(SourceError, match=r"none of the variables of this product \(SMCI\).*swvl1"):
        open_source("smci", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="empty holds no NetCDF files"):
        open_source("smci", tmp_path / "empty")


@pytest.mark.parametrize(
    ("factor", "words", "override"),
    [
        (0.001, r"looks like a fraction: .*units: m3 m-3", {"units": "m3 m-3"}),
        (10.0, r"ten-thousandths: .*units: 0.0001 m3 m-3", {"units": "0.0001 m3 m-3"}),
    ],
)
def test_a_wrong_scale_is_told_with_the_override_that_mends_it(tmp_path, factor, words, override):
    write_smci(daily("2003", "2003", 1), tmp_path)
    (path,) = tmp_path.rglob("*.nc")
    rewritten(path, lambda ds: ds.assign(SMCI=(ds.SMCI * factor).where(ds.SMCI > 0, -999.0)))
    with pytest.raises(SourceError, match=words):
        open_source("smci", tmp_path)
    ds = open_source("smci", tmp_path, override={"soil_moisture": override})
    np.testing.assert_allclose(
        ds.soil_moisture.values, daily("2003", "2003", 1).soil_moisture.values, rtol=1e-5
    )


def test_another_missing_number_is_told_as_stored(tmp_path):
    write_smci(daily("2003", "2003", 1), tmp_path)
    (path,) = tmp_path.rglob("*.nc")
    rewritten(path, lambda ds: ds.assign(SMCI=ds.SMCI.where(ds.SMCI > 0, -9999).astype("i2")))
    with pytest.raises(SourceError, match=r"-9999 looks like a missing value: .*missing: -9999"):
        open_source("smci", tmp_path)
    ds = open_source("smci", tmp_path, override={"soil_moisture": {"missing": [-9999, -999]}})
    assert int(ds.soil_moisture.isnull().sum()) == 365


def test_a_file_that_scales_itself_is_not_scaled_twice(tmp_path):
    write_smci(daily("2003", "2003", 1), tmp_path)
    (path,) = tmp_path.rglob("*.nc")

    def packed(ds):
        ds.SMCI.attrs |= {"scale_factor": 0.001, "_FillValue": np.int16(-999)}
        return ds

    rewritten(path, packed)
    ds = open_source("smci", tmp_path)
    np.testing.assert_allclose(
        ds.soil_moisture.values, daily("2003", "2003", 1).soil_moisture.values, atol=1e-7
    )


@pytest.mark.parametrize("option", ["depth_bounds", "time_from_name", "time_format"])
def test_options_that_the_names_decide_are_refused(files, option):
    given = {"depth_bounds": [[0, 0.1]], "time_from_name": "%Y", "time_format": "%j"}[option]
    with pytest.raises(InputError, match=f"leave {option} out"):
        open_source("smci", files, **{option: given})


def test_a_layer_that_smci_does_not_have_is_told(files):
    (files / "10cm" / "SMCI_9km_2003_10cm.nc").rename(files / "SMCI_9km_2003_15cm.nc")
    with pytest.raises(SourceError, match="down to 15 cm; SMCI has 10, 20"):
        open_source("smci", files)


def test_a_dimension_of_another_name_is_time_when_it_is_declared(tmp_path):
    write_smci(daily("2003", "2003", 1), tmp_path)
    (path,) = tmp_path.rglob("*.nc")
    rewritten(path, lambda ds: ds.rename(time="step_of_day"))
    with pytest.raises(SourceError, match=r"no dimension of time .*dims: \{time: day\}"):
        open_source("smci", tmp_path)
    ds = open_source("smci", tmp_path, dims={"time": "step_of_day"})
    assert ds.sizes["time"] == 365


def test_names_of_files_and_folders_are_recognised():
    pattern = PRODUCTS["smci"].names
    for name in ("SMCI_9km_2000_10cm.nc", "SMCI_1km_2012_100cm"):
        assert re.search(pattern, name)
    assert not re.search(pattern, "TerraClimate_vpd_2000.nc")

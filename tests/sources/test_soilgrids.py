"""SoilGrids files: units, layers, statistics, reference systems, and what is wrong with them."""

import json
import re
import shutil
import warnings

import numpy as np
import pytest
import rasterio
import xarray as xr

from soilscope import open_source, set_layers
from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of, stamp
from soilscope.sources.catalogue import PRODUCTS
from soilscope.twin.layouts.soilgrids import write_soilgrids

LAYERS = [[0, 0.05], [0.05, 0.15], [0.15, 0.3], [0.3, 0.6], [0.6, 1.0], [1.0, 2.0]]
HOMOLOSINE = "+proj=igh +lat_0=0 +lon_0=0 +datum=WGS84 +units=m +no_defs"


def soil(*, planar: bool = False) -> xr.Dataset:
    """Properties that differ by layer and cell, in whole stored numbers, with one cell missing."""
    depth = np.arange(6)[:, None, None]
    cell = np.arange(12).reshape(3, 4)
    rows = 250.0 * np.arange(3)[::-1]
    at = (4_300_000 + rows, 8_900_000 + 250.0 * np.arange(4))
    if not planar:
        at = (38.0 + rows / 100000, 104.0 + 0.0025 * np.arange(4))
    dims = ("y", "x") if planar else ("latitude", "longitude")
    data = {
        "clay": 20.0 + depth + 0.1 * cell,
        "sand": 40.0 - depth + 0.1 * cell,
        "bulk_density": 1.30 + 0.05 * depth + 0.01 * cell,
        "organic_carbon": 12.0 - depth + 0.1 * cell,
        "field_capacity": 0.250 + 0.001 * depth + 0.002 * cell,
        "ph": 8.0 + 0.1 * depth + 0 * cell,
        "coarse_fragments": 5.0 + 0.1 * depth + 0.1 * cell,
    }
    ds = xr.Dataset({k: (("depth", *dims), v + 0.0) for k, v in data.items()})
    ds = set_layers(ds, LAYERS).assign_coords(dict(zip(dims, at, strict=True)))
    ds = ds.where((ds[dims[0]] != at[0][0]) | (ds[dims[1]] != at[1][0]))
    return stamp(ds, HOMOLOSINE if planar else "EPSG:4326")


@pytest.mark.parametrize("planar", [False, True])
def test_stored_numbers_become_our_units_in_six_layers(tmp_path, planar):
    expected = soil(planar=planar)
    write_soilgrids(expected, tmp_path)
    ds = open_source("soilgrids", tmp_path)
    assert set(ds.data_vars) == set(expected.data_vars)
    for name in expected.data_vars:
        assert ds[name].dims == expected[name].dims
        np.testing.assert_allclose(ds[name].values, expected[name].values, atol=2e-6)
    assert {name: ds[name].attrs["units"] for name in ("clay", "bulk_density", "ph")} == {
        "clay": "%",
        "bulk_density": "g cm-3",
        "ph": "1",
    }
    assert ds.organic_carbon.attrs["units"] == "g kg-1"
    assert ds.field_capacity.attrs["units"] == "m3 m-3"
    np.testing.assert_allclose(
        np.stack([ds.depth_top.values, ds.depth_bottom.values], 1), LAYERS, atol=1e-12
    )
    assert crs_of(ds) == (HOMOLOSINE if planar else "EPSG:4326")
    assert "time" not in ds.dims
    assert ds.clay.chunks is not None
    assert json.loads(ds.attrs["lineage"]) == ["SoilGrids", "MODIS"]


def test_the_numbers_of_the_file_are_those_of_the_provider(tmp_path):
    write_soilgrids(soil(), tmp_path)
    with rasterio.open(tmp_path / "clay_5-15cm_mean.tif") as file:
        assert file.dtypes == ("int16",)
        assert file.nodata == -32768
        assert file.read(1)[0, 1] == 211  # g/kg: 21.1 %
    with rasterio.open(tmp_path / "bdod_0-5cm_mean.tif") as file:
        assert file.read(1)[0, 1] == 131  # cg/cm3: 1.31 g/cm3


def test_the_mean_is_taken_and_a_quantile_is_asked_for(tmp_path):
    write_soilgrids(soil()[["clay"]], tmp_path)
    low = soil()[["clay"]] - 5
    write_soilgrids(low, tmp_path, statistic="Q0.05")
    np.testing.assert_allclose(
        open_source("soilgrids", tmp_path).clay.values, soil().clay.values, atol=1e-5
    )
    ds = open_source("soilgrids", tmp_path, variables={"clay": "clay_Q0.05"})
    np.testing.assert_allclose(ds.clay.values, low.clay.values, atol=1e-5)


def test_quantiles_without_a_mean_must_be_named(tmp_path):
    for statistic in ("Q0.05", "Q0.95"):
        write_soilgrids(soil()[["clay"]], tmp_path, statistic=statistic)
    with pytest.raises(
        SourceError, match=r"Q0.05, Q0.95 of clay and no mean; .*\{clay: clay_Q0.05"
    ):
        open_source("soilgrids", tmp_path)
    for path in tmp_path.glob("*Q0.95*"):
        path.unlink()
    for path in tmp_path.glob("*Q0.05*"):  # as pages of the provider spell it
        path.rename(path.with_name(path.name.replace("Q0.05", "Q05")))
    assert open_source("soilgrids", tmp_path).clay.sizes["depth"] == 6


def test_ten_kilopascals_are_a_field_capacity_on_demand(tmp_path):
    ds = soil()[["field_capacity"]]
    write_soilgrids(ds, tmp_path)
    write_soilgrids(ds.rename(field_capacity="water_content_10kpa") + 0.05, tmp_path)
    found = open_source("soilgrids", tmp_path, variables={"field_capacity": "wv0010"})
    np.testing.assert_allclose(
        found.field_capacity.values, ds.field_capacity.values + 0.05, atol=1e-6
    )


def test_bands_that_bear_the_names_are_layers(tmp_path):
    write_soilgrids(soil()[["clay"]], tmp_path / "single")
    paths = sorted((tmp_path / "single").glob("*.tif"))
    with rasterio.open(paths[0]) as file:
        profile = file.profile | {"count": 6}
    with rasterio.open(tmp_path / "export.tif", "w", **profile) as out:
        for number, path in enumerate(paths, start=1):
            with rasterio.open(path) as file:
                out.write(file.read(1), number)
            out.set_band_description(number, path.stem)
    ds = open_source("soilgrids", tmp_path / "export.tif")
    np.testing.assert_allclose(ds.clay.values, soil().clay.values, atol=1e-5)


def test_an_export_as_netcdf_is_read(tmp_path):
    stored = (soil().clay.isel(depth=0, drop=True) * 10).fillna(-32768).round().astype("i2")
    stored = stored.drop_vars(["depth_top", "depth_bottom", "spatial_ref"], errors="ignore")
    out = stored.rename("clay_0-5cm_mean").to_dataset()
    out["clay_0-5cm_mean"].attrs = {"_FillValue": np.int16(-32768)}
    out["clay_0-5cm_mean"].encoding = {}
    out.to_netcdf(tmp_path / "export.nc", engine="h5netcdf")
    ds = open_source("soilgrids", tmp_path / "export.nc")
    np.testing.assert_allclose(ds.clay.values[0], soil().clay.values[0], atol=1e-5)


def test_a_layer_that_one_property_lacks_is_told_with_the_file_of_the_other(tmp_path):
    write_soilgrids(soil()[["clay", "sand"]], tmp_path)
    (tmp_path / "sand_15-30cm_mean.tif").unlink()
    with pytest.raises(
        SourceError, match=r"sand lacks the layer 15-30 cm, which clay .*clay_15-30"
    ):
        open_source("soilgrids", tmp_path)
    (tmp_path / "clay_15-30cm_mean.tif").unlink()
    assert open_source("soilgrids", tmp_path).sizes["depth"] == 5


def test_a_layer_twice_is_refused(tmp_path):
    write_soilgrids(soil()[["clay"]], tmp_path)
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "clay_0-5cm_mean.tif", tmp_path / "copy")
    with pytest.raises(SourceError, match="both hold clay of 0-5 cm; keep one"):
        open_source("soilgrids", tmp_path)


def test_files_of_two_regions_are_refused(tmp_path):
    write_soilgrids(soil()[["clay"]], tmp_path)
    other = soil()[["sand"]].assign_coords(latitude=soil().latitude.values + 1)
    write_soilgrids(other, tmp_path)
    with pytest.raises(
        SourceError, match=r"coordinate y differs between .*open them as two inputs"
    ):
        open_source("soilgrids", tmp_path)


def test_numbers_that_are_not_whole_are_told(tmp_path):
    write_soilgrids(soil()[["clay"]].isel(depth=[0]), tmp_path)
    with rasterio.open(tmp_path / "clay_0-5cm_mean.tif") as file:
        values, profile = file.read(1), file.profile
    converted = np.where(values == -32768, np.nan, values / 10).astype("f4")
    with rasterio.open(
        tmp_path / "clay_0-5cm_mean.tif", "w", **profile | {"dtype": "float32", "nodata": np.nan}
    ) as file:
        file.write(converted, 1)
    with pytest.warns(SoilscopeWarning, match=r"float32, where SoilGrids stores whole .*scale: 1"):
        open_source("soilgrids", tmp_path)
    declared = {"clay": {"units": "%", "scale": 1}}
    ds = open_source("soilgrids", tmp_path, variables=declared)
    np.testing.assert_allclose(ds.clay.values, soil().clay.values[:1], atol=1e-5)


def test_a_missing_number_that_the_file_forgot_is_missing_or_named(tmp_path):
    (path,) = write_soilgrids(soil()[["bulk_density"]].isel(depth=[0]), tmp_path)
    with rasterio.open(path) as file:
        values, profile = file.read(1), file.profile
    profile.pop("nodata")
    with rasterio.open(path, "w", **profile) as file:
        file.write(values, 1)
    found = open_source("soilgrids", path).bulk_density
    assert int(found.isnull().sum()) == 1
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.where(values == -32768, 0, values), 1)
    with pytest.raises(SourceError, match=r"bulk_density in .* holds 0 to 1.41 g cm-3, expected"):
        open_source("soilgrids", path)
    mended = open_source("soilgrids", path, override={"bulk_density": {"missing": 0}})
    assert int(mended.bulk_density.isnull().sum()) == 1


def test_a_share_of_zero_is_no_soil_and_told(tmp_path):
    ds = soil()[["clay"]].isel(depth=[0])
    (path,) = write_soilgrids(ds.fillna(0), tmp_path)
    with pytest.raises(SourceError, match=r"clay in .* holds 0 to 21.1 %, expected 0.1 to 100"):
        open_source("soilgrids", path)
    mended = open_source("soilgrids", path, override={"clay": {"missing": 0}})
    assert int(mended.clay.isnull().sum()) == 1


def test_a_name_without_a_layer_is_told(tmp_path):
    (path,) = write_soilgrids(soil()[["clay"]].isel(depth=[0]), tmp_path)
    renamed = path.rename(tmp_path / "soil_clay.tif")
    with pytest.raises(SourceError, match="none of the variables of this product"):
        open_source("soilgrids", renamed)
    with pytest.raises(SourceError, match=r"holds no file that is named as .*clay_0-5cm_mean"):
        open_source("soilgrids", tmp_path)


def test_names_are_recognised_and_nothing_is_said_of_whole_files(tmp_path):
    assert re.search(PRODUCTS["soilgrids"].names, "phh2o_100-200cm_Q0.95.vrt")
    assert not re.search(PRODUCTS["soilgrids"].names, "2001_07_12.tif")
    write_soilgrids(soil(), tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_source("soilgrids", tmp_path)

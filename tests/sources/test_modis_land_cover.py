"""MODIS land cover: codes, names of classes, years, tiles, and files that are something else."""

import importlib.util
import re

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from affine import Affine

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import stamp
from soilscope.names import flag_table
from soilscope.sources.catalogue import PRODUCTS, open_source
from soilscope.twin.layouts.hdf_eos import SINUSOIDAL, TILE, Field, tile_corners, write_hdf_eos
from soilscope.twin.layouts.modis_land_cover import write_modis_land_cover

needs_pyhdf = pytest.mark.skipif(
    importlib.util.find_spec("pyhdf") is None, reason="pyhdf has no wheel for this system"
)
CELL = TILE / 2400
YEARS = pd.to_datetime(["2018-01-01", "2019-01-01", "2020-01-01"])


def made(*, sinusoidal: bool = True) -> xr.Dataset:
    """Codes of three years on 4 x 6 cells over the edge of two tiles; one of them is missing."""
    rng = np.random.default_rng(7)
    codes = rng.integers(1, 18, (3, 4, 6)).astype("i2")
    codes[:, 1, 1] = -1
    if sinusoidal:
        names, planes = ("y", "x"), (
            4.5 * TILE - CELL * (np.arange(4) + 0.5),
            8 * TILE + CELL * (np.arange(6) - 2.5),
        )  # fmt: skip
    else:
        names = ("latitude", "longitude")
        planes = (38.5 - 0.005 * np.arange(4), 100 + 0.005 * np.arange(6))
    ds = xr.Dataset(
        {"land_cover": (("time", *names), codes)},
        {"time": YEARS, **dict(zip(names, planes, strict=True))},
    )
    return stamp(ds, SINUSOIDAL if sinusoidal else "EPSG:4326")


def image(path, values, *, dtype="uint8", nodata=255, description="LC_Type1"):
    with rasterio.open(
        path, "w", driver="GTiff", dtype=dtype, count=1, height=2, width=2, crs="EPSG:4326",
        transform=Affine(0.005, 0.0, 100.0, 0.0, -0.005, 38.0), nodata=nodata,
    ) as file:  # fmt: skip
        file.write(np.array(values, dtype).reshape(2, 2), 1)
        file.set_band_description(1, description)
    return path


@pytest.mark.parametrize("layout", ["appeears", pytest.param("hdf", marks=needs_pyhdf)])
def test_codes_of_the_years_are_read_with_the_names_of_the_classes(tmp_path, layout):
    ds = made()
    files = write_modis_land_cover(ds, tmp_path, layout=layout)
    assert len(files) == (6 if layout == "hdf" else 3)
    found = open_source("modis_land_cover", files)
    assert found.land_cover.dtype == np.int16
    assert found.land_cover.chunks
    np.testing.assert_array_equal(found.land_cover, ds.land_cover)
    assert found.time.values.tolist() == ds.time.values.astype("datetime64[ns]").tolist()
    names = flag_table(found.land_cover.attrs)
    assert (names[1], names[10], names[16], names[17]) == (
        "evergreen_needleleaf_forests", "grasslands", "barren", "water_bodies",
    )  # fmt: skip
    assert len(names) == 17
    assert found.attrs["lineage"] == '["MODIS land cover"]'


def test_a_grid_in_degrees_is_read_too(tmp_path):
    ds = made(sinusoidal=False)
    found = open_source("modis_land_cover", write_modis_land_cover(ds, tmp_path))
    np.testing.assert_array_equal(found.land_cover, ds.land_cover)


def test_classes_survive_a_file_on_disk(tmp_path):
    found = open_source("modis_land_cover", write_modis_land_cover(made(), tmp_path))
    found.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "a.nc", mask_and_scale=False) as again:
        np.testing.assert_array_equal(again.land_cover, found.land_cover)
        assert list(again.land_cover.flag_values) == list(range(1, 18))


def test_fill_and_unclassified_are_missing(tmp_path):
    path = image(tmp_path / "LC_Type1_2019_01_01.tif", [255, 254, 12, 17], nodata=None)
    found = open_source("modis_land_cover", path)
    assert found.land_cover.values.ravel().tolist() == [-1, -1, 12, 17]


@needs_pyhdf
def test_water_of_the_global_grid_is_that_of_the_tiles(tmp_path):
    fields = {
        "Majority_Land_Cover_Type_1": Field(np.array([[0, 16], [10, 255]], "u1")),
        "Majority_Land_Cover_Type_1_Assessment": Field(np.full((2, 2), 90, "u1")),
        "Majority_Land_Cover_Type_2": Field(np.full((2, 2), 3, "u1")),
    }
    path = tmp_path / "MCD12C1.A2019001.061.hdf"
    write_hdf_eos(path, fields, grid="MCD12C1", corners=tile_corners(25, 5))
    found = open_source("modis_land_cover", path)
    assert found.land_cover.values.ravel().tolist() == [17, 16, 10, -1]


@needs_pyhdf
def test_another_layer_is_read_without_names(tmp_path):
    files = write_modis_land_cover(made(), tmp_path, layout="hdf")
    asked = {"land_cover": {"name": "LC_Type5", "expected": [-1, 11]}}
    found = open_source("modis_land_cover", files, variables=asked)
    assert set(np.unique(found.land_cover)) == {-1, 11}
    assert "flag_values" not in found.land_cover.attrs


def test_codes_outside_of_the_table_name_what_to_write(tmp_path):
    path = image(tmp_path / "LC_Type1_2019_01_01.tif", [40, 50, 60, 10])
    with pytest.raises(SourceError, match=r"holds 10 to 60 1, expected -1 to 17.*\{expected: \["):
        open_source("modis_land_cover", path)
    asked = {"land_cover": {"expected": [-1, 100]}}
    found = open_source("modis_land_cover", path, variables=asked)
    assert found.land_cover.values.ravel().tolist() == [40, 50, 60, 10]


def test_files_of_another_product_are_told(tmp_path):
    other = image(tmp_path / "MOD13A2_NDVI_2019_01_01.tif", [1, 2, 3, 4], description="NDVI")
    with pytest.raises(SourceError, match=r"names LC_Type1 nowhere.*\(NDVI\).*another product"):
        open_source("modis_land_cover", other)
    right = image(tmp_path / "MCD12Q1_LC_Type1_2019_01_01.tif", [1, 2, 3, 4])
    with pytest.warns(SoilscopeWarning, match=r"^MOD13A2_NDVI\S+: left out, as no layer there is"):
        open_source("modis_land_cover", [right, other])


def test_years_that_no_file_holds_are_told(tmp_path):
    files = [
        image(tmp_path / f"LC_Type1_{year}_01_01.tif", [1, 2, 3, 4])
        for year in (2001, 2002, 2003, 2005)
    ]
    with pytest.warns(SoilscopeWarning, match="nothing between 2003-01-01 and 2005-01-01"):
        open_source("modis_land_cover", files)


def test_what_a_user_must_know_is_told():
    product = PRODUCTS["modis_land_cover"]
    text = " ".join(product.traps)
    assert "0 is water in MCD12C1" in text
    assert "never average classes" in text
    assert re.search(product.names, "MCD12Q1.A2019001.h25v05.061.2022169161028.hdf")

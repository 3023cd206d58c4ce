"""Soil hydraulic parameters: depths, the curve of van Genuchten, single layers, and faults."""

import re
import shutil

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine

from soilscope import open_source
from soilscope.errors import SourceError
from soilscope.grid.crs import crs_of
from soilscope.sources.catalogue import PRODUCTS
from soilscope.twin.layouts.soil_hydraulics import write_soil_hydraulics

DEPTHS = np.array([0, 0.05, 0.15, 0.3, 0.6, 1.0, 2.0])
#: Carsel and Parrish (1988), Table 6: loam, and sand; theta_r, theta_s, alpha (cm-1), n, Ks (cm/d).
LOAM = (0.078, 0.43, 0.036, 1.56, 24.96)
SAND = (0.045, 0.43, 0.145, 2.68, 712.8)


def parameters() -> xr.Dataset:
    """Loam in the first column, sand in the second, and a missing cell; the same at all depths."""
    names = (
        "residual_water_content",
        "porosity",
        "van_genuchten_alpha",
        "van_genuchten_n",
        "saturated_conductivity",
    )
    dims = ("depth", "latitude", "longitude")
    data = {}
    for name, pair in zip(names, zip(LOAM, SAND, strict=True), strict=True):
        values = np.tile(np.array(pair), (7, 3, 1))
        values[:, 2, 0] = np.nan
        data[name] = (dims, values)
    at = {"depth": DEPTHS, "latitude": [38.625, 38.375, 38.125], "longitude": [104.125, 104.375]}
    return xr.Dataset(data, at)


@pytest.fixture
def files(tmp_path):
    write_soil_hydraulics(parameters(), tmp_path)
    return f"{tmp_path}/*.nc"


def test_parameters_come_at_their_depths_in_our_units(files):
    ds = open_source("soil_hydraulics", files)
    np.testing.assert_allclose(ds.depth.values, DEPTHS, atol=1e-9)
    for name, da in parameters().items():
        assert ds[name].dims == ("depth", "latitude", "longitude")
        np.testing.assert_allclose(ds[name].values, da.values, rtol=1e-6)
    assert ds.saturated_conductivity.attrs["units"] == "cm d-1"
    assert ds.porosity.attrs["units"] == "m3 m-3"
    assert crs_of(ds) == "EPSG:4326"
    assert ds.field_capacity.chunks is not None


def test_water_contents_follow_the_curve_of_van_genuchten(files):
    """Loam at 33 kPa, h = 336.506 cm: 0.078 + 0.352 * (1 + (0.036 h)^1.56)^-0.35897 = 0.1644."""
    ds = open_source("soil_hydraulics", files, variables=["field_capacity", "wilting_point"])
    assert set(ds.data_vars) == {"field_capacity", "wilting_point"}
    loam, sand = ds.isel(depth=3, latitude=0).field_capacity.values
    assert loam == pytest.approx(0.16445, abs=2e-5)
    assert sand == pytest.approx(0.04556, abs=2e-5)
    wilting = ds.isel(depth=0, latitude=0, longitude=0).wilting_point
    assert float(wilting) == pytest.approx(0.08827, abs=2e-5)
    assert int(ds.field_capacity.isnull().sum()) == 7
    assert ds.field_capacity.attrs["units"] == "m3 m-3"


def test_another_suction_is_a_word_away(files):
    wet = open_source("soil_hydraulics", files, variables={"field_capacity": "10 kPa"})
    usual = open_source("soil_hydraulics", files, variables={"field_capacity": "33 kPa"})
    known = open_source("soil_hydraulics", files, variables=["field_capacity"])
    loam = wet.isel(depth=0, latitude=0, longitude=0).field_capacity
    assert float(loam) == pytest.approx(0.24056, abs=2e-5)
    assert bool((wet.field_capacity > usual.field_capacity).isel(latitude=0).all())
    xr.testing.assert_identical(usual.field_capacity, known.field_capacity)


def test_the_water_content_without_suction_is_the_porosity(files):
    ds = open_source("soil_hydraulics", files, variables={"field_capacity": "0 kPa"})
    expected = parameters().porosity.values
    np.testing.assert_allclose(ds.field_capacity.values, expected, rtol=1e-6)


def test_layers_are_what_the_user_says_they_are(files, tmp_path):
    bounds = [[0, 0.025], [0.025, 0.1], [0.1, 0.225], [0.225, 0.45], [0.45, 0.8], [0.8, 1.5]]
    (tmp_path / "Hydraul_Param_SoilGrids_Schaap_sl7.nc").unlink()
    ds = open_source("soil_hydraulics", files, depth_bounds=bounds)
    assert ds.depth_bottom.values.tolist() == [b for _, b in bounds]
    with pytest.raises(SourceError, match="depth_bounds gives 2 layers"):
        open_source("soil_hydraulics", files, depth_bounds=bounds[:2])


def test_only_the_region_is_read(files):
    ds = open_source("soil_hydraulics", files, region=(104.0, 38.5, 104.2, 38.7))
    assert ds.porosity.shape == (7, 1, 1)


def test_a_missing_depth_of_one_parameter_is_told(files, tmp_path):
    path = tmp_path / "Hydraul_Param_SoilGrids_Schaap_sl3.nc"
    with xr.open_dataset(path) as ds:
        changed = ds.load().drop_vars("n_fit_15cm")
    path.unlink()
    changed.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(SourceError, match=r"given at different depths .*15.* add the missing"):
        open_source("soil_hydraulics", files)
    shutil.copy(tmp_path / "Hydraul_Param_SoilGrids_Schaap_sl1.nc", tmp_path / "copy.nc")
    with pytest.raises(SourceError, match="both hold mean_theta_s of one depth"):
        open_source("soil_hydraulics", files, variables=["porosity"])


def test_files_without_the_curve_have_no_field_capacity(files, tmp_path):
    for path in tmp_path.glob("*.nc"):
        with xr.open_dataset(path) as ds:
            changed = ds.load()[[n for n in ds.data_vars if str(n).startswith("mean_theta_s")]]
        path.unlink()
        changed.to_netcdf(path, engine="h5netcdf")
    assert list(open_source("soil_hydraulics", files).data_vars) == ["porosity"]
    with pytest.raises(SourceError, match=r"no variable '33 kPa' for field_capacity.*mean_theta_s"):
        open_source("soil_hydraulics", files, variables=["field_capacity"])


def write_image(path, values, nodata=None):
    with rasterio.open(
        path, "w", driver="GTiff", dtype="float32", count=1, height=2, width=2, nodata=nodata,
        crs="EPSG:4326", transform=Affine(0.5, 0, 104, 0, -0.5, 39),
    ) as file:  # fmt: skip
        file.write(np.array(values, "f4"), 1)


def test_single_layers_are_declared_with_their_units(tmp_path):
    write_image(tmp_path / "fc_mean.tif", [[25, 30], [35, -1]], nodata=-1)
    write_image(tmp_path / "ksat.tif", [[1, 2], [3, 4]])
    ds = open_source(
        "soil_hydraulics",
        [tmp_path / "fc_mean.tif", tmp_path / "ksat.tif"],
        variables={
            "field_capacity": {"name": "fc_mean", "units": "%"},
            "saturated_conductivity": {"name": "ksat", "units": "mm h-1"},
        },
    )
    np.testing.assert_allclose(ds.field_capacity.values, [[0.25, 0.3], [0.35, np.nan]], rtol=1e-6)
    np.testing.assert_allclose(ds.saturated_conductivity.values, [[2.4, 4.8], [7.2, 9.6]])
    assert ds.field_capacity.dims == ("latitude", "longitude")


def test_a_layer_in_percent_that_is_taken_for_a_share_is_refused(tmp_path):
    write_image(tmp_path / "fc.tif", [[25, 30], [35, 40]])
    with pytest.raises(SourceError, match=r"field_capacity in .* holds 25 to 40 m3 m-3, expected"):
        open_source(
            "soil_hydraulics", tmp_path / "fc.tif", variables={"field_capacity": {"name": "fc"}}
        )


def test_parameters_of_another_scale_are_refused(tmp_path):
    ds = parameters()
    ds["van_genuchten_alpha"] = 100 * ds.van_genuchten_alpha  # per m
    write_soil_hydraulics(ds, tmp_path)
    with pytest.raises(SourceError, match=r"van_genuchten_alpha in .* holds 3.6 to 14.5 cm-1, exp"):
        open_source("soil_hydraulics", f"{tmp_path}/*.nc")


def test_names_are_recognised():
    names = PRODUCTS["soil_hydraulics"].names
    assert re.search(names, "Hydraul_Param_SoilGrids_Schaap_sl4.nc")
    assert not re.search(names, "clay_0-5cm_mean.tif")

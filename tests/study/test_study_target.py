"""The grid of a study: of a file, or of cells that snap to those of an input."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import rasterio
import xarray as xr
from affine import Affine
from numpy.testing import assert_allclose

from soilscope.errors import StudyError
from soilscope.grid.crs import geobox_of
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.runner import run_study
from soilscope.study.store import Store

STUDY = """\
{region}
grid: {grid}
inputs:
  moisture:
    product: raster
    paths: moisture.nc
    depth_bounds: [[0, 0.1]]
    variables: {{soil_moisture: sm}}
  climate: {{product: raster, paths: climate.nc, variables: {{temperature: t2m}}}}
analyses:
  annual: {{step: composite, da: soil_moisture, freq: YS, min_count: 12}}
"""
REGION = "region: [105.2, 38.1, 106.1, 38.8]"


def write(path, name, units, north, west, step, shape):
    months = pd.date_range("2001-01", periods=12, freq="MS")
    rng = np.random.default_rng(0)
    coords = {
        "time": months,
        "lat": north - step * (np.arange(shape[0]) + 0.5),
        "lon": west + step * (np.arange(shape[1]) + 0.5),
    }
    values = rng.uniform(0.1, 0.4, (12, *shape)).astype("f4")
    da = xr.DataArray(values, coords, ("time", "lat", "lon"), attrs={"units": units})
    da.to_dataset(name=name).to_netcdf(path)


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("moisture.nc", "sm", "m3 m-3", 39.03, 104.97, 0.1, (13, 15))
    write("climate.nc", "t2m", "degC", 40.0, 104.0, 0.4, (8, 9))


def study(grid, region=REGION):
    Path("study.yaml").write_text(STUDY.format(grid=grid, region=region), encoding="utf-8")
    return Path("study.yaml")


def cube(grid, region=REGION):
    return Store(run_study(study(grid, region), results="out")).open("cube").load()


def image(path, crs, affine, shape):
    with rasterio.open(
        path, "w", driver="GTiff", width=shape[1], height=shape[0], count=1, dtype="uint8",
        crs=crs, transform=affine,
    ) as file:  # fmt: skip
        file.write(np.zeros((1, *shape), "u1"))


def test_cells_of_another_size_share_edges_with_those_they_snap_to():
    box = geobox_of(cube("{snap: moisture, resolution: 0.05}"))
    assert box.affine.a == pytest.approx(0.05)
    for edge, corner in ((box.affine.c, 104.97), (box.affine.f, 39.03)):
        away = (edge - corner) / 0.05
        assert away == pytest.approx(round(away), abs=1e-6)
    assert box.boundingbox.left <= 105.2 < box.boundingbox.left + 0.05 + 1e-9
    assert box.boundingbox.top >= 38.8 > box.boundingbox.top - 0.05 - 1e-9


def test_without_a_region_snapped_cells_cover_the_input_they_snap_to():
    found = cube("{snap: moisture, resolution: 0.2}", region="")
    assert (found.sizes["latitude"], found.sizes["longitude"]) == (7, 8)
    assert_allclose(geobox_of(found).affine[2:6:3], [104.97, 39.03])


def test_cells_that_snap_to_nothing_lie_at_multiples_of_their_size():
    box = geobox_of(cube("{crs: EPSG:4326, resolution: 0.2}"))
    assert_allclose(np.array([box.affine.c, box.affine.f]) / 0.2 % 1 % 1, 0, atol=1e-6)


def test_the_grid_of_an_image_is_taken_where_the_region_needs_it():
    image("grid.tif", "EPSG:32648", Affine(5000, 0, 480_000, 0, -5000, 4_400_000), (60, 50))
    found = cube("{file: grid.tif}", region="region: [105.2, 38.1, 106.1, 38.8]")
    box = geobox_of(found)
    assert found.temperature.dims == ("time", "y", "x")
    assert box.affine.a == 5000
    assert (box.affine.c - 480_000) % 5000 == 0
    assert box.shape[0] < 20
    assert found.temperature.notnull().any()


def test_the_grid_of_a_netcdf_file_is_taken_with_its_rows_north_first():
    coords = {"lat": 38.0 + 0.2 * np.arange(6), "lon": 105 + 0.25 * np.arange(5)}
    xr.DataArray(np.zeros((6, 5)), coords, ("lat", "lon"), name="any").to_netcdf("grid.nc")
    found = cube("{file: grid.nc}", region="")
    assert_allclose(found.latitude, 39.0 - 0.2 * np.arange(6))
    assert_allclose(found.longitude, coords["lon"])


def test_another_grid_in_the_file_makes_the_cube_anew():
    image("grid.tif", "EPSG:4326", Affine(0.2, 0, 105, 0, -0.2, 39), (5, 6))
    assert cube("{file: grid.tif}", region="").sizes["latitude"] == 5
    image("grid.tif", "EPSG:4326", Affine(0.2, 0, 105, 0, -0.2, 39), (4, 6))
    assert cube("{file: grid.tif}", region="").sizes["latitude"] == 4


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("{snap: moistures, resolution: 0.1}", "snap names no input: 'moistures'; there are: moi"),
        ("{snap: moisture}", "grid must be one of: {like: INPUT}, {file: grid.tif}"),
        ("{file: grid.tif, resolution: 1, crs: 4326}", "grid must be one of"),
        ("{file: nowhere.tif}", "nowhere.tif"),
        ("{resolution: 0.1}", "no crs; write it, as in EPSG:4326, or snap: INPUT"),
    ],
)
def test_faults_in_the_grid_are_told_with_their_line(grid, message):
    image("grid.tif", "EPSG:4326", Affine(0.2, 0, 105, 0, -0.2, 39), (5, 6))
    with pytest.raises(StudyError, match=re.escape(message)) as told:
        load_study(study(grid))
    assert str(told.value).startswith("study.yaml:2: ")


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("{snap: moisture, resolution: 1000, crs: EPSG:32648}", "in another reference system than"),
        ("{file: empty.nc}", "empty.nc has no grid: no dims"),
        ("{file: turned.tif}", "turned.tif is a rotated grid"),
    ],
)
def test_grids_that_cannot_be_are_told_before_a_run(grid, message):
    xr.Dataset({"a": ("site", [1.0])}).to_netcdf("empty.nc")
    image("turned.tif", "EPSG:4326", Affine(0.2, 0.1, 105, 0.1, -0.2, 39), (5, 6))
    assert any(message in fault for fault in plan(load_study(study(grid))).faults)


def test_without_a_region_cells_reach_the_curved_edges_of_the_first_input():
    write("moisture.nc", "sm", "m3 m-3", 39.0, 103.0, 0.1, (10, 40))
    grid = "{crs: EPSG:32648, resolution: 500}"
    box = geobox_of(plan(load_study(study(grid, region=""))).cube)
    _, bottom, _, top = box.extent.boundingbox.bbox
    to_utm = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32648", always_xy=True).transform
    # 105 E is the middle of the zone, where a parallel is furthest south: between the corners
    _, south = to_utm(np.linspace(103.0, 107.0, 401), np.full(401, 38.0))
    assert south.argmin() == 200
    assert -20.0 < south.min() - bottom < 520.0
    assert abs(top - to_utm(103.0, 39.0)[1]) < 520.0

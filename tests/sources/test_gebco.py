"""GEBCO files: orientation, sea and basins, cut-outs, tiles, and what is wrong with them."""

import re

import numpy as np
import pytest
import rasterio
import xarray as xr

from soilscope import open_source
from soilscope.errors import GridError, SourceError
from soilscope.grid.crs import crs_of
from soilscope.sources import ranges
from soilscope.sources.catalogue import PRODUCTS
from soilscope.twin.layouts.gebco import write_gebco

STEP = 1 / 240  # 15 arc seconds


def terrain(west=104.0, south=38.0, n_lat=6, n_lon=8) -> xr.Dataset:
    """Whole metres that differ in every cell, with a basin below the sea."""
    lat = south + STEP * (np.arange(n_lat) + 0.5)
    lon = west + STEP * (np.arange(n_lon) + 0.5)
    height = 1000.0 + 100 * np.arange(n_lat)[:, None] + np.arange(n_lon)
    height[0, 0] = -154.0
    return xr.Dataset(
        {"elevation": (("latitude", "longitude"), height)}, {"latitude": lat, "longitude": lon}
    )


@pytest.mark.parametrize("layout", ["netcdf", "cutout", "geotiff"])
def test_rows_run_from_north_to_south_whatever_the_file_does(tmp_path, layout):
    path = write_gebco(terrain(), tmp_path, layout=layout)
    ds = open_source("gebco", path)
    assert ds.elevation.dims == ("latitude", "longitude")
    np.testing.assert_array_equal(ds.elevation.values, terrain().elevation.values[::-1])
    np.testing.assert_allclose(ds.latitude.values, terrain().latitude.values[::-1], atol=1e-9)
    assert ds.elevation.attrs["units"] == "m"
    assert crs_of(ds) == "EPSG:4326"
    assert ds.elevation.chunks is not None


def test_heights_below_the_sea_are_kept_on_land_and_in_the_sea(tmp_path):
    sea = terrain()
    sea["elevation"] = sea.elevation - 7000.0
    low = open_source("gebco", write_gebco(terrain(), tmp_path / "land")).elevation
    assert float(low.min()) == -154.0
    deep = open_source("gebco", write_gebco(sea, tmp_path / "sea")).elevation
    assert float(deep.min()) == -7154.0
    assert int(deep.isnull().sum()) == 0


def test_a_missing_mark_that_the_file_forgot_is_named(tmp_path):
    ds = terrain()
    ds["elevation"][2, 2] = -32767.0
    path = write_gebco(ds, tmp_path)
    with pytest.raises(SourceError, match=r"elevation in .* holds -32767"):
        open_source("gebco", path)
    mended = open_source("gebco", path, override={"elevation": {"missing": -32767}})
    assert int(mended.elevation.isnull().sum()) == 1


def test_tiles_of_images_are_put_together_and_a_region_opens_only_those_it_needs(tmp_path):
    for west in (104.0, 104.0 + 8 * STEP):
        for south in (38.0, 38.0 + 6 * STEP):
            write_gebco(
                terrain(west, south), tmp_path / f"{west:.2f}_{south:.3f}", layout="geotiff"
            )
    ds = open_source("gebco", f"{tmp_path}/*/*.tif")
    assert ds.elevation.shape == (12, 16)
    one = terrain().elevation.values[::-1]
    np.testing.assert_array_equal(ds.elevation.values, np.block([[one, one], [one, one]]))
    region = (104.0, 38.0, 104.0 + 7 * STEP, 38.0 + 5 * STEP)
    near = open_source("gebco", f"{tmp_path}/*/*.tif", region=region)
    assert float(near.longitude.max()) < 104.0 + 8 * STEP
    assert len(near.latitude) == 5


def test_tiles_that_leave_a_hole_are_refused(tmp_path):
    corners = ((104.0, 38.0), (104.0 + 8 * STEP, 38.0), (104.0, 38.0 + 6 * STEP))
    for number, (west, south) in enumerate(corners):
        write_gebco(terrain(west, south), tmp_path / str(number), layout="geotiff")
    with pytest.raises(GridError, match=r"3 tiles .* do not fill 2 x 2 places"):
        open_source("gebco", f"{tmp_path}/*/*.tif")


def test_the_file_of_type_identifiers_is_no_elevation(tmp_path):
    ds = xr.Dataset(
        {"tid": (("lat", "lon"), np.ones((3, 3), "i1")), "x": ("n", [1.0])},
        {"lat": [1.0, 2.0, 3.0], "lon": [1.0, 2.0, 3.0]},
    )
    ds.to_netcdf(tmp_path / "GEBCO_2023_TID.nc", engine="h5netcdf")
    with pytest.raises(SourceError, match=r"none of the variables of this product .*tid"):
        open_source("gebco", tmp_path / "GEBCO_2023_TID.nc")


def test_heights_in_feet_or_decimetres_are_refused(tmp_path):
    ds = terrain()
    ds["elevation"] = 10 * ds.elevation
    with pytest.raises(SourceError, match=r"elevation in .* expected -11500 to 9000"):
        open_source("gebco", write_gebco(ds, tmp_path))


def test_a_virtual_mosaic_is_read_and_one_of_the_web_is_refused(tmp_path):
    image = write_gebco(terrain(), tmp_path, layout="geotiff")
    with rasterio.open(image) as file:
        x, y = file.transform.c, file.transform.f
    vrt = tmp_path / "gebco_2023.vrt"
    vrt.write_text(
        f"""<VRTDataset rasterXSize="8" rasterYSize="6"><SRS>EPSG:4326</SRS>
<GeoTransform>{x!r}, {STEP!r}, 0, {y!r}, 0, {-STEP!r}</GeoTransform>
<VRTRasterBand dataType="Int16" band="1"><NoDataValue>-32767</NoDataValue><SimpleSource>
<SourceFilename relativeToVRT="1">{image.name}</SourceFilename><SourceBand>1</SourceBand>
</SimpleSource></VRTRasterBand></VRTDataset>""",
        encoding="utf-8",
    )
    found = open_source("gebco", vrt).elevation
    np.testing.assert_array_equal(found.values, terrain().elevation.values[::-1])
    web = vrt.read_text("utf-8").replace(image.name, "/vsicurl/https://host/tile.tif")
    vrt.write_text(web, encoding="utf-8")
    with pytest.raises(SourceError, match=r"names tiles on the web; fetch them first, with gdal_t"):
        open_source("gebco", vrt)


def test_a_large_grid_is_looked_at_in_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(ranges, "_WHOLE", 16)
    looked = []
    count = ranges.count_range
    monkeypatch.setattr(
        ranges, "count_range", lambda b: looked.append(b.elevation.size) or count(b)
    )
    open_source("gebco", write_gebco(terrain(n_lat=40, n_lon=40), tmp_path))
    assert looked == [16]


@pytest.mark.real
def test_real_elevation_under_another_name_is_read(shared_data):
    path = shared_data / "nwchina-static" / "nwchina_static_005deg.nc"
    ds = open_source("gebco", path, variables={"elevation": {"name": "china10km_elev"}})
    with xr.open_dataset(path) as raw:
        np.testing.assert_array_equal(ds.elevation.values, raw.china10km_elev.values)


def test_names_are_recognised():
    names = PRODUCTS["gebco"].names
    for name in ("GEBCO_2023.nc", "gebco_2024_n38.2361_s33.7129_w-73.5773_e-70.4713.nc"):
        assert re.search(names, name)
    assert not re.search(names, "TerraClimate_vpd_2000.nc")

"""Reference systems: read from where they stand, written in one way, asked for where needed."""

import numpy as np
import pyproj
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope.errors import GridError
from soilscope.grid.crs import crs_of, geobox_of, grid_dims, require_crs, require_same_crs, stamp


def grid(y, x, dims=("y", "x"), **coords):
    data = np.zeros((len(y), len(x)))
    return xr.DataArray(data, {dims[0]: list(y), dims[1]: list(x), **coords}, dims, name="a")


GEO = grid([40.0, 39.5], [100.0, 100.5, 101.0], ("latitude", "longitude"))
PLANE = grid([2000.0, 1000.0], [0.0, 1000.0, 2000.0])


def test_bare_latitude_and_longitude_mean_epsg_4326():
    assert crs_of(GEO) == "EPSG:4326"
    assert crs_of(GEO.rename(latitude="lat", longitude="lon")) == "EPSG:4326"


def test_bare_y_and_x_mean_no_reference_system():
    assert crs_of(PLANE) is None


def test_a_reference_system_is_asked_for_only_where_it_is_needed():
    assert require_crs(GEO, name="da", purpose="an area") == "EPSG:4326"
    with pytest.raises(
        GridError, match="da has no coordinate reference system, which an area needs"
    ):
        require_crs(PLANE, name="da", purpose="an area")


def test_a_grid_mapping_in_the_words_of_cf_is_read():
    attrs = pyproj.CRS("EPSG:32648").to_cf()
    del attrs["crs_wkt"]
    ds = PLANE.to_dataset().assign_coords(utm=((), 0, attrs))
    ds.a.attrs["grid_mapping"] = "utm"
    assert crs_of(ds).to_epsg() in (32648, None)
    assert "Transverse Mercator" in crs_of(ds).to_wkt()


def test_a_broken_grid_mapping_is_refused():
    ds = PLANE.to_dataset().assign_coords(crs=((), 0, {"grid_mapping_name": "flat_earth"}))
    with pytest.raises(GridError, match="the grid mapping 'crs' cannot be read"):
        crs_of(ds)


def test_a_stamped_grid_says_its_system_in_encoding_alone():
    ds = stamp(PLANE.to_dataset(), "EPSG:32648")
    assert crs_of(ds) == crs_of(ds.a) == "EPSG:32648"
    assert ds.a.encoding["grid_mapping"] == "spatial_ref"
    assert "grid_mapping" not in ds.a.attrs


def test_a_stamp_leaves_its_input_alone():
    copy = PLANE.copy(deep=True)
    stamp(PLANE, "EPSG:32648")
    xr.testing.assert_identical(PLANE, copy)
    assert not PLANE.encoding
    ds = PLANE.to_dataset()
    ds.a.attrs["grid_mapping"] = "gone"
    stamp(ds, "EPSG:32648")
    assert not ds.a.encoding
    assert ds.a.attrs == {"grid_mapping": "gone"}


def test_the_stamp_survives_a_file(tmp_path):
    stamp(PLANE.to_dataset(), "EPSG:32648").to_zarr(tmp_path / "a.zarr", consolidated=False)
    back = xr.open_zarr(tmp_path / "a.zarr", consolidated=False, decode_coords="all")
    assert crs_of(back) == "EPSG:32648"
    assert geobox_of(back) == geobox_of(stamp(PLANE, "EPSG:32648"))


def test_dims_follow_the_reference_system():
    assert grid_dims(stamp(grid([40.0, 39.0], [9.0, 10.0]), "EPSG:4326")) == (
        "latitude",
        "longitude",
    )
    assert grid_dims(stamp(PLANE, "EPSG:32648")) == ("y", "x")


def test_a_planar_grid_is_in_metres_unless_it_says_otherwise():
    assert stamp(PLANE).x.attrs["units"] == "m"
    assert "assumed" in stamp(PLANE).x.attrs["comment"]
    feet = PLANE.assign_coords(x=("x", PLANE.x.values, {"units": "ft"}))
    assert stamp(feet).x.attrs["units"] == "ft"


@given(
    st.integers(2, 40), st.integers(2, 40),
    st.floats(0.001, 5.0), st.floats(-80.0, 0.0), st.floats(-170.0, 0.0),
)  # fmt: skip
def test_coordinates_survive_the_way_to_a_geobox_and_back(ny, nx, step, south, west):
    y, x = south + step * np.arange(ny)[::-1], west + step * np.arange(nx)
    back = stamp(grid(y, x, ("latitude", "longitude")))
    np.testing.assert_allclose(back.latitude, y, atol=1e-9)
    np.testing.assert_allclose(back.longitude, x, atol=1e-9)


def test_the_geobox_has_the_corner_of_the_first_cell():
    box = geobox_of(GEO)
    assert (box.affine.c, box.affine.f, box.affine.a, box.affine.e) == (99.75, 40.25, 0.5, -0.5)


def test_a_single_row_takes_the_height_of_its_width():
    assert geobox_of(grid([5.0], [0.0, 10.0])).resolution.y == -10.0
    with pytest.raises(GridError, match="a single cell; its size is unknown"):
        geobox_of(grid([5.0], [0.0]))


def test_coordinates_rounded_in_a_file_are_even_enough():
    third = np.round(100 + np.arange(60) / 120, 4)  # 30 seconds of arc with 4 decimals
    assert geobox_of(grid([40.0, 39.9], third, ("latitude", "longitude"))).width == 60


@pytest.mark.parametrize(
    ("da", "match"),
    [
        (grid([3.0, 2.0, 0.5], [0.0, 1.0]), "coordinate y of da is not evenly spaced: "),
        (grid([3.0, 3.0], [0.0, 1.0]), "not evenly spaced|single"),
        (grid([np.nan, 3.0], [0.0, 1.0]), "missing or infinite values"),
        (PLANE.drop_vars("y"), "no coordinates along y"),
        (PLANE.isel(y=0), "no grid"),
    ],
)
def test_grids_that_are_none_are_refused(da, match):
    with pytest.raises(GridError, match=match):
        geobox_of(da)


def test_different_systems_are_named():
    a, b = stamp(PLANE, "EPSG:32648"), stamp(PLANE, "EPSG:32649")
    require_same_crs({"a": a, "b": PLANE})
    with pytest.raises(GridError, match="b is in EPSG:32649, a in EPSG:32648"):
        require_same_crs({"a": a, "b": b})


@pytest.mark.parametrize("text", ["EPSG:0", "nonsense", "32x"])
def test_a_text_that_is_no_reference_system_is_refused_in_one_line(text):
    with pytest.raises(GridError, match="no coordinate reference system") as caught:
        stamp(PLANE, text)
    assert "\n" not in str(caught.value)

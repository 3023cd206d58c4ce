"""Terrain on labelled grids: lengths in metres whatever the grid, edges, gaps and bad input."""

import dask
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from soilscope import terrain
from soilscope.errors import GridError, InputError, SoilscopeWarning
from soilscope.grid.crs import stamp
from soilscope.lineage import lineage_of

UTM = "EPSG:32648"


def utm(z, cell=30.0, crs=UTM, **attrs):
    coords = {
        "y": 4_200_000 - cell * np.arange(z.shape[0]),
        "x": 500_000 + cell * np.arange(z.shape[1]),
    }
    return stamp(xr.DataArray(np.asarray(z), coords, ("y", "x"), attrs=attrs), crs)


def degrees(z, north=40.0, step=0.01):
    coords = {
        "latitude": north - step * np.arange(z.shape[0]),
        "longitude": 100 + step * np.arange(z.shape[1]),
    }
    return xr.DataArray(z, coords, ("latitude", "longitude"), attrs={"units": "m"})


def hills(shape=(24, 20), seed=0):
    y, x = np.mgrid[: shape[0], : shape[1]]
    waves = 60 * np.sin(x / 3.1) * np.cos(y / 4.3) + 2.0 * x + 3.0 * y
    return 1000 + waves + np.random.default_rng(seed).normal(size=shape)


def tangent(ds):
    return np.tan(np.deg2rad(ds.slope.values))


def same(left, right):
    for name in left:
        assert_allclose(left[name], right[name], rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("crs_metres", [(UTM, 1.0), ("EPSG:2264", 1200 / 3937)])
def test_slopes_are_metres_per_metre_also_on_a_map_in_feet(crs_metres):
    crs, metres = crs_metres
    coords = {"y": 700_000 - 100.0 * np.arange(6), "x": 2_000_000 + 100.0 * np.arange(7)}
    if crs == UTM:
        coords["x"] = coords["x"] - 1_500_000
    rise = xr.DataArray(np.arange(42.0).reshape(6, 7) // 7 * 5, coords, ("y", "x"))
    found = terrain(stamp(rise, crs))
    assert_allclose(tangent(found), 5.0 / (100.0 * metres), rtol=1e-9)
    assert_allclose(found.aspect, 0.0)


def test_heights_in_feet_are_brought_to_metres():
    same(terrain(utm(hills() / 0.3048, units="ft")), terrain(utm(hills(), units="m")))


def test_degrees_are_lengths_on_the_ellipsoid():
    # a degree at 40 N: 85,394 m along the parallel (WGS 84), 111,035 m along the meridian
    east = degrees(np.arange(5.0) * np.ones((3, 1)), north=40.01)
    assert_allclose(tangent(terrain(east))[1], 1.0 / 853.94, rtol=1e-4)
    south = degrees(np.arange(3.0)[:, np.newaxis] * np.ones(5), north=40.01)
    assert_allclose(tangent(terrain(south))[1], 1.0 / 1110.35, rtol=1e-4)


def test_upslope_areas_on_the_ellipsoid_add_up_to_the_area_of_the_grid():
    from soilscope.grid.measure import cell_area

    y, x = np.mgrid[:31, :31]
    bowl = degrees((y - 15.0) ** 2 + (x - 15.0) ** 2)
    bowl[15, 15] = np.nan  # the only way out, as the rim is the highest
    found = terrain(bowl)
    area = cell_area(bowl)
    drained = found.specific_catchment_area * np.sqrt(area)
    around = drained[14:17, 14:17]
    lows = around.where(bowl[14:17, 14:17] <= 1.0).sum()  # the four beside the hole
    whole = area.where(bowl.notnull()).sum()
    assert float(lows) == pytest.approx(float(whole), rel=1e-12)


@pytest.mark.parametrize("flow", ["mfd", "d8"])
def test_results_do_not_depend_on_how_the_grid_is_stored(flow):
    dem = utm(np.round(hills(), 0), units="m")
    expected = terrain(dem, flow=flow)
    for stored in (dem[::-1], dem[:, ::-1], dem.transpose("x", "y")[::-1, ::-1]):
        found = terrain(stored, flow=flow)
        assert found.slope.dims == stored.dims
        same(found.transpose(*dem.dims).sortby("y", ascending=False).sortby("x"), expected)


def test_lazily_the_whole_field_is_one_task_and_gives_the_same():
    def refuse(*_, **__):
        pytest.fail("it must stay lazy")

    dem = utm(hills())
    with dask.config.set(scheduler=refuse):
        lazy = terrain(dem.chunk({"y": 5, "x": 7}))
    assert all(da.chunks is not None for da in lazy.data_vars.values())
    xr.testing.assert_identical(lazy.compute(scheduler="synchronous"), terrain(dem))


def test_the_wetness_is_catchment_over_slope_with_a_floor():
    found = terrain(utm(hills()), min_slope=0.3)
    steep = np.maximum(tangent(found), 0.3)
    assert_allclose(found.twi, np.log(found.specific_catchment_area / steep), rtol=1e-9)
    assert found.floored_share.item() == pytest.approx((tangent(found) < 0.3).mean())
    assert 0 < found.floored_share.item() < 1


def test_a_step_model_in_whole_metres_is_told_by_its_floored_share():
    plain = utm(np.rint(1100 + 0.01 * np.arange(60.0) * np.ones((20, 1))).astype("i2"))
    assert terrain(plain).floored_share.item() > 0.9
    assert terrain(plain).slope.dtype == np.float32
    assert terrain(utm(hills())).floored_share.item() == 0.0


def test_what_is_missing_stays_missing_and_lets_water_out():
    dem = utm(hills())
    dem[8:12, 6:9] = np.nan
    dem[0, 0] = np.inf
    found = terrain(dem)
    for name in ("slope", "specific_catchment_area", "twi", "northness"):
        assert_array_equal(found[name].isnull(), ~np.isfinite(dem), err_msg=name)
    assert np.isnan(terrain(dem * np.nan).floored_share)


def test_a_flat_lake_drains_to_its_outlet():
    z = np.full((9, 30), 50.0)
    z[1:8, 1:29] = 10.0
    z[4, 29] = 9.0
    found = terrain(utm(z, cell=1.0))
    assert float(found.specific_catchment_area[4, 29]) > 0.9 * 7 * 28
    assert np.isnan(found.aspect[4, 10])
    assert found.northness[4, 10] == 0.0


def test_a_sink_on_the_border_keeps_what_flows_into_it():
    y, x = np.mgrid[:11, :11]
    found = terrain(utm(np.hypot(y - 10.0, x - 5.0), cell=2.0))
    assert found.specific_catchment_area[10, 5] == pytest.approx(11 * 11 * 2.0)


def test_one_row_and_one_column_are_grids_too():
    line = hills((1, 12))
    found = terrain(utm(line))
    assert np.isfinite(found.twi).all()
    turned = terrain(utm(line.T))
    assert_allclose(found.slope.values[0], turned.slope.values[:, 0])
    assert_allclose(found.twi.values[0], turned.twi.values[:, 0])


def test_single_precision_stays_single():
    assert terrain(utm(hills().astype("f4"))).twi.dtype == np.float32
    assert terrain(utm(hills())).twi.dtype == np.float64


def test_the_result_says_what_it_is():
    dem = utm(hills(), lineage='["SRTM"]')
    found = terrain(dem, exponent=2.0)
    assert found.slope.attrs["units"] == "degree"
    assert "terrain" in found.slope.attrs["long_name"]
    assert "northness" in found.aspect.attrs["comment"]
    assert '"exponent": 2.0' in found.attrs["options"]
    assert lineage_of(found.twi) == ("SRTM",)
    assert found.slope.encoding["grid_mapping"] == "spatial_ref"


# ---------------------------------------------------------------- bad input


def bare(units=None):
    coords = {"y": 40 - 0.01 * np.arange(5), "x": 100 + 0.01 * np.arange(6)}
    da = xr.DataArray(np.zeros((5, 6)), coords, ("y", "x"))
    for dim in da.dims if units else ():
        da[dim].attrs["units"] = units
    return da


def test_degrees_taken_for_metres_are_refused():
    with pytest.raises(GridError, match="look like degrees; write crs, as in crs: EPSG:4326"):
        terrain(bare())
    with pytest.raises(GridError, match="look like degrees"):
        terrain(stamp(bare()))  # planar coordinates whose metres are assumed
    with pytest.raises(GridError, match="are in 'degrees_north'; write the crs"):
        terrain(bare("degrees_north"))
    with pytest.raises(GridError, match=r"EPSG:32648, is in metres: cells would be 0.01 m wide"):
        terrain(stamp(bare(), UTM))
    assert terrain(stamp(bare(), "EPSG:4326")).slope.dims == ("latitude", "longitude")
    assert terrain(bare("m")).slope.sizes == {"y": 5, "x": 6}


def test_coordinates_in_kilometres_are_metres_in_thousands():
    z = xr.DataArray(np.arange(12.0).reshape(3, 4) % 4, dims=("y", "x"))
    coords = {"y": 4000 - np.arange(3.0), "x": 500 + np.arange(4.0)}
    z = z.assign_coords({d: (d, c, {"units": "km"}) for d, c in coords.items()})
    assert_allclose(tangent(terrain(z)), 1e-3)


def test_a_map_that_distorts_lengths_is_told():
    mercator = stamp(
        utm(hills()).drop_vars("spatial_ref").assign_coords(x=1.1e7 + 30.0 * np.arange(20)),
        "EPSG:3857",
    )
    with pytest.warns(SoilscopeWarning, match=r"lengths on the map .* by up to \d+%"):
        terrain(mercator)


@pytest.mark.parametrize("code", [-9999.0, -32768.0, 3.4e38, 65535.0])
def test_a_code_for_missing_cells_is_no_height(code):
    z = hills()
    z[3, 4] = code
    with pytest.raises(InputError, match=r"which is no height but a code for missing cells; mask"):
        terrain(utm(z))
    masked = terrain(utm(np.where(z == code, np.nan, z)))
    same(terrain(utm(z, _FillValue=code)), masked)


def test_the_sea_floor_is_no_code():
    y, x = np.mgrid[:30, :30]
    assert np.isfinite(terrain(utm(-9990.0 + 400.0 * x + y, cell=500.0)).twi).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flow": "dinf"}, "flow is 'dinf'; it must be one of 'mfd', 'd8'"),
        ({"exponent": 0.0}, "exponent is 0.0; it must be a number above 0"),
        ({"min_slope": -1}, "min_slope is -1; it must be a number above 0"),
        ({"min_slope": np.nan}, "min_slope is nan"),
    ],
)
def test_options_out_of_range_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        terrain(utm(hills()), **change)


def test_what_is_no_elevation_model_is_refused():
    dem = utm(hills())
    with pytest.raises(InputError, match=r"dem has the dimension 'time' .* dem.isel\(time=0\)"):
        terrain(dem.expand_dims(time=2))
    with pytest.raises(InputError, match="dem is in 'K'; bring it to m first"):
        terrain(dem.assign_attrs(units="K"))
    with pytest.raises(GridError, match="no grid: no dims"):
        terrain(xr.DataArray(np.zeros(3), dims="site"))
    with pytest.raises(InputError, match="dem is a Dataset"):
        terrain(dem.to_dataset(name="elevation"))
    with pytest.raises(GridError, match="no coordinates along"):
        terrain(dem.drop_vars(["y", "x"]))
    with pytest.raises(GridError, match="not evenly spaced"):
        terrain(dem.assign_coords(y=np.geomspace(2e6, 1e6, dem.sizes["y"])))

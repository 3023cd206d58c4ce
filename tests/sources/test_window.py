"""Only the cells of a region are read, wherever the file puts them."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import InputError, SourceError
from soilscope.sources.axes import Axes
from soilscope.sources.window import cut_window


def world(*, west: float = -180.0, step: float = 5.0) -> xr.Dataset:
    longitude = np.arange(west + step / 2, west + 360.0, step)
    latitude = np.arange(-87.5, 90.0, step)
    values = latitude[:, None] / 1000.0 + longitude / 10000.0 + 0.3
    return xr.Dataset(
        {"swvl1": (("time", "lat", "lon"), values[None].repeat(3, 0), {"units": "m3 m-3"})},
        {"time": pd.date_range("2000-01", periods=3, freq="MS"), "lat": latitude, "lon": longitude},
    )


def window(ds: xr.Dataset, region):
    axes = Axes({"lat": "latitude", "lon": "longitude"}, {"latitude": ds.lat, "longitude": ds.lon})
    cut, axes = cut_window(ds, axes, region)
    assert axes.coordinates["latitude"].size == cut.sizes["lat"]
    return cut


def test_a_window_is_the_region_and_one_cell_around_it():
    cut = window(world(), (100.0, 35.0, 110.0, 45.0))
    assert cut.lon.values.tolist() == [97.5, 102.5, 107.5, 112.5]
    assert cut.lat.values.tolist() == [32.5, 37.5, 42.5, 47.5]


def test_longitudes_of_0_to_360_have_the_same_window():
    cut = window(world(west=0.0), (-100.0, 35.0, -90.0, 45.0))
    assert cut.lon.values.tolist() == [257.5, 262.5, 267.5, 272.5]


def test_a_region_that_the_file_holds_in_two_parts_or_not_at_all_is_left_whole():
    assert window(world(west=0.0), (-10.0, 35.0, 10.0, 45.0)).sizes["lon"] == 72
    assert window(world(), (100.0, 95.0, 110.0, 97.0)).sizes["lat"] == 36


@pytest.mark.parametrize("west", [-180.0, 0.0])
@pytest.mark.parametrize("region", [(100, 35, 110, 45), (-100, -45, -90, -35), (-10, 0, 10, 12)])
def test_the_cells_of_a_region_do_not_depend_on_the_window(open_grid, west, region):
    ds = open_grid(world(west=west), region=region)
    whole = open_grid(world())
    lon = (whole.longitude >= region[0]) & (whole.longitude <= region[2])
    lat = (whole.latitude >= region[1]) & (whole.latitude <= region[3])
    assert ds.longitude.values.tolist() == whole.longitude.values[lon.values].tolist()
    assert ds.latitude.values.tolist() == whole.latitude.values[lat.values].tolist()
    if west == -180.0:
        part = whole.soil_moisture.values[:, lat.values][:, :, lon.values]
        np.testing.assert_array_equal(ds.soil_moisture.values, part)


def test_a_region_outside_the_file_is_told_with_what_the_file_covers(open_grid, grid):
    with pytest.raises(SourceError, match=r"nothing in the region .* latitude 36 to 37.5"):
        open_grid(grid, region=(100, 50, 102, 52))


def test_a_region_that_is_no_box_is_told(tmp_path, grid):
    grid.to_netcdf(tmp_path / "a.nc")
    with pytest.raises(InputError, match="give west, south, east, north"):
        open_source("raster", tmp_path / "a.nc", region=(1, 2, 3))


def test_a_missing_number_behind_a_scale_is_named_as_stored(open_grid, grid):
    grid["swvl1"] = (
        (grid.swvl1 * 1000).where(grid.lon != 101.0, -9999).assign_attrs(units="0.001 m3 m-3")
    )
    with pytest.raises(SourceError, match=r"-9999 looks like a missing value: .*missing: -9999"):
        open_grid(grid)


def test_ten_thousandths_under_the_units_of_thousandths_are_named(open_grid, grid):
    grid["swvl1"] = (grid.swvl1 * 10000).assign_attrs(units="0.001 m3 m-3")
    with pytest.raises(SourceError, match=r"ten-thousandths: write .*units: 0.0001 m3 m-3"):
        open_grid(grid)
    ds = open_grid(
        grid,
        override={"soil_moisture": {"units": "0.0001 m3 m-3"}},
        variables={"soil_moisture": "swvl1"},
    )
    assert 0.1 < float(ds.soil_moisture.mean()) < 0.4

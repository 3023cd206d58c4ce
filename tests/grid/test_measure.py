import numpy as np
import pytest
import xarray as xr
from pyproj import Geod

from soilscope.errors import GridError
from soilscope.grid.measure import cell_area


def field(**coords):
    shape = [len(values) for values in coords.values()]
    return xr.DataArray(np.ones(shape), coords, tuple(coords))


def geodesic_cell(lat, lon, step):
    """Area of a cell whose edges along parallels are densely sampled, by pyproj."""
    west_east = np.linspace(lon - step / 2, lon + step / 2, 5001)
    lons = np.concatenate([west_east, west_east[::-1]])
    lats = np.concatenate([np.full(5001, lat - step / 2), np.full(5001, lat + step / 2)])
    return abs(Geod(ellps="WGS84").polygon_area_perimeter(lons, lats)[0])


@pytest.mark.parametrize("lat", [0.25, 38.75, -63.25])
def test_cells_have_the_area_that_geodesy_gives_them(lat):
    area = cell_area(field(latitude=[lat + 0.5, lat, lat - 0.5], longitude=[100.0, 100.5, 101.0]))
    assert area.units == "m2"
    assert float(area[1, 0]) == pytest.approx(geodesic_cell(lat, 100.0, 0.5), rel=1e-7)


def test_the_whole_globe_has_the_area_of_the_ellipsoid():
    area = cell_area(field(lat=np.arange(-89.5, 90), lon=np.arange(-179.5, 180)))
    assert float(area.sum()) == pytest.approx(5.10065621724e14, rel=1e-9)  # WGS 84, NGA


def test_the_order_of_rows_does_not_matter():
    south = field(latitude=[38.0, 38.5, 39.0], longitude=[106.0, 106.5])
    north = south.isel(latitude=slice(None, None, -1))
    xr.testing.assert_allclose(cell_area(north).sortby("latitude"), cell_area(south))


def test_a_plane_grid_has_the_product_of_its_steps():
    assert float(cell_area(field(y=[2000.0, 1000.0], x=[0.0, 500.0, 1000.0]))[0, 0]) == 500_000.0


def test_kilometres_are_not_metres():
    grid = field(y=[2.0, 1.0], x=[0.0, 1.0])
    for dim in ("y", "x"):
        grid[dim].attrs["units"] = "km"
    assert float(cell_area(grid)[0, 0]) == 1e6


def test_sites_count_alike_and_say_so():
    area = cell_area(xr.DataArray(np.ones((2, 3)), dims=("time", "site")))
    assert area.values.tolist() == [1.0, 1.0, 1.0]
    assert area.attrs["assumed"] == "equal weights"


def test_sites_with_areas_use_them():
    sites = xr.DataArray(np.ones(2), dims="site", coords={"cell_area": ("site", [4.0, 6.0])})
    assert cell_area(sites).values.tolist() == [4.0, 6.0]


def test_uneven_spacing_is_refused():
    with pytest.raises(GridError, match="'latitude' is unevenly spaced"):
        cell_area(field(latitude=[1.0, 2.0, 4.0], longitude=[1.0, 2.0]))


def test_degrees_are_not_lengths():
    grid = field(y=[2.0, 1.0], x=[0.0, 1.0])
    grid["y"].attrs["units"] = "degrees"
    with pytest.raises(GridError, match="y is in 'degrees'"):
        cell_area(grid)


@pytest.mark.parametrize("da", [field(time=[1.0]), field(y=[1.0], x=[1.0])])
def test_what_has_no_cells_is_refused(da):
    with pytest.raises(GridError):
        cell_area(da)


def test_a_grid_may_state_its_own_areas():
    grid = field(y=[2.0], x=[0.0, 1.0])
    stated = grid.assign_coords(cell_area=(("y", "x"), [[7.0, 9.0]]))
    assert cell_area(stated).values.tolist() == [[7.0, 9.0]]

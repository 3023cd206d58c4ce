"""Grids that are turned, shifted, shuffled or lie nowhere: the right numbers, or one line."""

import numpy as np
import pytest

from study.bad_folder import (
    SHUFFLED,
    era5_land,
    grid,
    require_true,
    smci,
    spoil,
    study_of,
    terraclimate,
)


def test_files_of_one_product_may_run_north_and_south(spoilt):
    spoil(smci(2001), lambda ds: ds.isel(lat=slice(None, None, -1)))
    spoil(terraclimate(2001), lambda ds: ds.isel(lat=slice(None, None, -1)))
    spoil(era5_land(2002), lambda ds: ds.isel(latitude=slice(None, None, -1)))
    cube = spoilt.cube(study_of("soil_moisture", "temperature", "vpd"))
    assert spoilt.warned == []
    require_true(cube, "soil_moisture", atol=6e-4)
    require_true(cube, "temperature", atol=6e-4)
    require_true(cube, "vpd", atol=6e-3)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["up", "down"])
def test_rows_may_run_either_way(spoilt, order):
    grid().isel(latitude=order).to_netcdf("grid.nc")
    cube = spoilt.cube(study_of("t2m"))
    assert spoilt.warned == []
    require_true(cube, "temperature", atol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("dim", ["latitude", "longitude"])
def test_rows_and_columns_that_lie_nowhere_are_refused(spoilt, dim, value):
    ds = grid()
    there = np.where(np.arange(ds.sizes[dim]) == 5, value, ds[dim])
    ds.assign_coords({dim: there}).to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    assert line.startswith("study.yaml:6: input 'weather': the coordinate ")
    assert f"{dim} in " in line
    assert "grid.nc has 1 missing or infinite values of " in line
    assert line.endswith("download or write the file again.")


def test_a_row_that_lies_nowhere_in_files_of_products_names_one_of_them(spoilt):
    spoil(smci(2001, 20), lambda ds: ds.assign_coords(lat=ds.lat.where(ds.lat > 37.65)))
    line = spoilt.refused(study_of("soil_moisture"))
    assert "the coordinate lat in " in line
    assert "SMCI_9km_2001_20cm.nc has 1 missing" in line
    spoil(terraclimate(2002), lambda ds: ds.assign_coords(lon=ds.lon.where(ds.lon > 105.15)))
    line = spoilt.refused(study_of("vpd"))
    assert "TerraClimate_vpd_2002.nc has 1 missing" in line


def test_files_of_other_cells_are_named_with_their_extents(spoilt):
    spoil(terraclimate(2001), lambda ds: ds.isel(lat=slice(1, None)))
    line = spoilt.refused(study_of("vpd"))
    assert "TerraClimate_vpd_2000.nc (19 values, 37.3 to 39.1)" in line
    assert "TerraClimate_vpd_2001.nc (18 values, " in line
    assert "leave out the file that is another's, or open them as two inputs" in line


def test_shuffled_rows_are_put_into_order_and_told(spoilt):
    grid().isel(latitude=SHUFFLED).to_netcdf("grid.nc")
    spoil(terraclimate(), lambda ds: ds.isel(lat=[*SHUFFLED, *range(13, 19)]))
    cube = spoilt.cube(study_of("t2m", "vpd"))
    assert len(spoilt.warned) == 2
    assert all(" is in no order; its values were put into order" in t for t in spoilt.warned)
    require_true(cube, "temperature", atol=1e-5)
    require_true(cube, "vpd", atol=6e-3)


def test_a_row_that_comes_twice_is_refused(spoilt):
    ds = grid()
    twice = np.where(np.arange(13) == 5, ds.latitude[4], ds.latitude)
    ds.assign_coords(latitude=twice).to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    assert "the coordinate latitude of " in line
    assert "holds 38 twice; keep one of them, or write the file again." in line


def test_rows_that_are_not_even_are_refused(spoilt):
    ds = grid()
    ds.assign_coords(latitude=ds.latitude + np.eye(13)[5] * 0.03).to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    assert "is not evenly spaced: 38.13 lies 0.03 beside an even spacing" in line


@pytest.mark.parametrize("shift", [0.0, 360.0])
def test_western_longitudes_count_either_way(spoilt, shift):
    ds = grid()
    ds.assign_coords(longitude=ds.longitude - 200.0 + shift).to_netcdf("grid.nc")
    text = study_of("t2m", region="[-94.44, 37.75, -93.64, 38.55]", place="")
    cube = spoilt.cube(text)
    assert spoilt.warned == []
    assert -94.4 < float(cube.longitude.min()) < float(cube.longitude.max()) < -93.6
    require_true(cube.assign_coords(longitude=cube.longitude + 200.0), "temperature", atol=1e-5)


def in_radians(units):
    ds = grid()
    attrs = {} if units is None else {"units": units}
    dims = ("latitude", "longitude")
    return ds.assign_coords({d: (d, np.deg2rad(ds[d].values), attrs) for d in dims})


def test_radians_that_are_stated_are_read(spoilt):
    in_radians("radian").to_netcdf("grid.nc")
    require_true(spoilt.cube(study_of("t2m")), "temperature", atol=1e-5)


def test_radians_that_are_not_stated_are_told(spoilt):
    in_radians(None).to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    assert "the data seem to be in radians: write degrees into the file." in line


def test_latitude_and_longitude_that_are_exchanged_are_told(spoilt):
    grid().rename(latitude="longitude", longitude="latitude").to_netcdf("grid.nc")
    line = spoilt.refused(study_of("t2m"))
    assert "latitude in " in line
    assert "grid.nc runs 105.41 to 106.41, beyond 90 degrees; latitude and longitude seem" in line
    assert "write dims, as in dims: {latitude: lon, longitude: lat}." in line
    text = study_of("t2m").replace(
        "paths: grid.nc", "paths: grid.nc, dims: {latitude: longitude, longitude: latitude}"
    )
    require_true(spoilt.cube(text), "temperature", atol=1e-5)

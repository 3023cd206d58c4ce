"""Grids that are turned, shifted, shuffled or lie nowhere: the right numbers, or one line."""

import numpy as np
import pytest

from study.bad_folder import (
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

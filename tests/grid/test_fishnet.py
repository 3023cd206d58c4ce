import numpy as np
import pytest
import xarray as xr

from soilscope import factor_detector, fishnet
from soilscope.errors import GridError, InputError


def plane(rows=24, columns=32, cell=1000.0, dtype=float):
    values = np.arange(rows * columns).reshape(rows, columns).astype(dtype)
    y, x = cell * np.arange(rows, 0, -1), cell * np.arange(columns)
    return xr.DataArray(values, {"y": y, "x": x}, ("y", "x"), name="soil_moisture")


def degrees(step=0.25):
    lat, lon = np.arange(60.0, 0.0, -step), np.arange(100.0, 120.0, step)
    ones = np.ones((lat.size, lon.size))
    return xr.DataArray(ones, {"latitude": lat, "longitude": lon}, ("latitude", "longitude"))


def test_a_net_of_eight_cells_keeps_every_eighth_row_and_column():
    kept = fishnet(plane(), spacing=8000).notnull()
    rows, columns = np.nonzero(kept.values)
    assert sorted(set(rows)) == [4, 12, 20]
    assert sorted(set(columns)) == [4, 12, 20, 28]
    assert kept.sum() == 12


def test_values_and_attributes_stay():
    field = plane().assign_attrs(units="m3 m-3")
    made = fishnet(field, spacing=8000)
    at = made.notnull().values
    np.testing.assert_array_equal(made.values[at], field.values[at])
    assert made.attrs == {"units": "m3 m-3", "sampling": "fishnet of 8000 m"}


def test_offsets_of_all_cells_share_the_grid_among_them():
    times = sum(
        fishnet(plane(), spacing=4000, offset=((i + 0.5) / 4, (j + 0.5) / 4)).notnull().astype(int)
        for i in range(4)
        for j in range(4)
    )
    assert (times == 1).all()


def test_a_net_as_wide_as_a_cell_keeps_every_cell():
    assert fishnet(plane(), spacing=1000).notnull().all()


def test_a_spacing_between_cells_is_kept_on_average():
    kept = fishnet(plane(200, 200), spacing=2500).notnull()
    columns = np.nonzero(kept.any("y").values)[0]
    assert columns.size == 80
    assert set(np.diff(columns)) == {2, 3}


def test_knots_of_a_grid_of_degrees_are_as_far_apart_on_the_ground_everywhere():
    kept = fishnet(degrees(), spacing=100_000).notnull()
    per_row = kept.sum("longitude")
    rows = per_row.latitude[per_row > 0].values
    # 111.32 km a degree at the equator; a meridian has 110.6 to 111.4 km a degree
    np.testing.assert_allclose(np.diff(rows), -100 / 111.0, atol=0.26)
    expected = 20.0 * 111.32 * np.cos(np.deg2rad(rows)) / 100.0
    assert np.abs(per_row[per_row > 0].values - expected).max() <= 1.0


def test_the_order_of_rows_does_not_matter():
    south_first = plane()[::-1]
    made = fishnet(south_first, spacing=7000)
    xr.testing.assert_identical(made[::-1], fishnet(plane(), spacing=7000))
    xr.testing.assert_identical(fishnet(plane().T, spacing=7000).T, fishnet(plane(), spacing=7000))


def test_codes_become_missing_codes():
    made = fishnet(plane(dtype="int16"), spacing=8000)
    assert made.dtype == np.int16
    assert (made >= 0).sum() == 12
    assert made.min() == -1


def test_a_dataset_is_sampled_where_it_lies_on_the_grid():
    ds = xr.Dataset({"a": plane(), "b": ("time", [1.0, 2.0])})
    made = fishnet(ds, spacing=8000)
    assert made["a"].notnull().sum() == 12
    assert made["b"].values.tolist() == [1.0, 2.0]


def test_the_sample_of_the_response_is_that_of_the_detector():
    zone = (plane() % 3).astype(int)
    found = factor_detector(fishnet(plane(), spacing=4000), {"zone": zone}, p="none")
    assert found.n_obs.item() == 6 * 8


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: fishnet(plane(), spacing=500), GridError, "cells are up to 1000 m wide"),
        (lambda: fishnet(plane(), spacing=-1), InputError, "give a distance in m"),
        (lambda: fishnet(plane(), spacing=8000, offset=(2, 0)), InputError, "a share in offset"),
        (lambda: fishnet(plane(), spacing=8000, offset=0.5), InputError, "give two shares"),
        (lambda: fishnet(plane().isel(y=0), spacing=8000), InputError, "needs a grid"),
        (lambda: fishnet(plane(dtype=bool), spacing=8000), InputError, "of which none is missing"),
        (lambda: fishnet(plane(), spacing=1e6), GridError, "no knot of a net"),
        (
            lambda: fishnet(plane(cell=0.1), spacing=8000),
            GridError,
            "its coordinates look like degrees",
        ),
    ],
)
def test_what_is_no_net_is_told(call, error, words):
    with pytest.raises(error, match=words):
        call()

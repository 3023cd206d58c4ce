"""Variograms: what they are on small fields, and what is refused."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from soilscope import variogram
from soilscope.analyse import variogram_fields, variogram_map_sums
from soilscope.errors import GridError, InputError, SoilscopeWarning
from soilscope.grid.crs import stamp
from soilscope.names import STATUS

CELL = 1000.0
half = pytest.mark.filterwarnings("ignore:max_lag:soilscope.errors.SoilscopeWarning")


def on_map(values, cell=(CELL, CELL), units="m", dims=("y", "x")):
    values = np.asarray(values, dtype=float)
    rows, columns = values.shape[-2:]
    axes = {
        "y": ("y", cell[0] * np.arange(rows)[::-1], {"units": units}),
        "x": ("x", cell[1] * np.arange(columns), {"units": units}),
    }
    return xr.DataArray(values, axes, dims, attrs={"units": "m3 m-3"})


def rough(rows, columns, seed=0, missing=0.2):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, columns)).cumsum(0).cumsum(1) / rows
    return np.where(rng.random(z.shape) < missing, np.nan, z)


def by_pairs(da, width, reach, right=True):
    """Number, mean distance and semivariance by class, from every pair of valid cells."""
    y, x = np.meshgrid(da["y"], da["x"], indexing="ij")
    held = np.isfinite(da.values)
    y, x, z = y[held], x[held], da.values[held]
    i, j = np.triu_indices(z.size, 1)
    distance, squares = np.hypot(y[i] - y[j], x[i] - x[j]), (z[i] - z[j]) ** 2
    edges = np.append(np.arange(0, reach * (1 - 1e-9), width), reach)
    which = np.searchsorted(edges, distance, side="left" if right else "right") - 1
    kept = which < edges.size - 1
    n = np.bincount(which[kept], minlength=edges.size - 1)
    sums = [np.bincount(which[kept], w[kept], edges.size - 1) for w in (distance, squares)]
    with np.errstate(invalid="ignore"):  # no pairs
        return n, sums[0] / n, sums[1] / (2 * n)


# ---------------------------------------------------------------- the numbers


@half
@settings(max_examples=15)
@given(st.integers(2, 9), st.integers(2, 13), st.integers(0, 99), st.booleans(), st.booleans())
def test_a_grid_has_the_variogram_of_all_its_pairs(rows, columns, seed, right, square):
    da = on_map(rough(rows, columns, seed), (CELL, CELL if square else 700.0))
    reach = 0.9 * np.hypot((rows - 1) * CELL, (columns - 1) * (CELL if square else 700.0))
    width = min(1300.0, reach)
    if width < CELL:
        return
    made = variogram(da, lag_width=width, max_lag=reach, closed="right" if right else "left")
    n, distance, gamma = by_pairs(da, width, reach, right)
    assert_array_equal(made["n_pairs"], n)
    if np.isfinite(da).sum() > 1:
        assert_allclose(made["distance"], distance, rtol=1e-12)
        assert_allclose(made["semivariance"], gamma, rtol=1e-10, atol=1e-15)


def test_a_pair_on_an_edge_belongs_to_the_class_that_is_closed_there():
    da = on_map(rough(12, 12, missing=0))
    options = {"lag_width": 2 * CELL, "max_lag": 6 * CELL}
    right, left = (variogram(da, closed=closed, **options) for closed in ("right", "left"))
    # steps of 2 cells along a row or a column are 2 * 12 * 10 pairs
    assert int(right["n_pairs"][0] - left["n_pairs"][0]) == 240
    xr.testing.assert_equal(left, variogram(da, style="gs+", **options))
    xr.testing.assert_equal(right, variogram(da, style="gstat", **options))


def test_edges_hold_on_grids_whose_coordinates_files_have_rounded():
    da = on_map(rough(12, 15), (0.1, 0.1))
    rounded = da.assign_coords({d: da[d].astype("f4").astype("f8") for d in ("y", "x")})
    options = {"lag_width": 0.3, "max_lag": 0.6}
    n = by_pairs(on_map(da.values, (1.0, 1.0)), 3.0, 6.0)[0]
    assert_array_equal(variogram(rounded, **options)["n_pairs"], n)


@pytest.mark.parametrize("shape", [(7, 40), (40, 7), (1, 30), (30, 1)])
def test_oblong_grids_and_single_rows_lose_no_pair(shape):
    da = on_map(rough(*shape, missing=0))
    if 1 in shape:  # the other side of its cells is not known: give it
        da = stamp(da)
    made = variogram(da, lag_width=CELL, max_lag=3 * CELL)
    n, _, gamma = by_pairs(da, CELL, 3 * CELL)
    assert_array_equal(made["n_pairs"], n)
    assert_allclose(made["semivariance"], gamma, rtol=1e-11)


def test_an_offset_of_a_million_costs_no_more_than_it_costs_the_values(monkeypatch):
    da = on_map(rough(30, 20)) + 1e6
    monkeypatch.setattr(variogram_map_sums, "lag_sums", None)  # by transforms alone
    made = variogram(da, lag_width=CELL, max_lag=10 * CELL)
    assert_allclose(made["semivariance"], by_pairs(da, CELL, 10 * CELL)[2], rtol=1e-11)


@pytest.mark.parametrize("estimator", ["matheron", "cressie"])
def test_a_field_far_smoother_than_its_spread_keeps_all_digits(estimator):
    # neighbours differ by 1e-8 of the spread, so their squares are below the rounding of transforms
    z = np.zeros((20, 40))
    z[:, 20:] = 1.0
    z += 1e-8 * np.random.default_rng(0).normal(size=z.shape)
    z[:, 18:22] = np.nan
    da = on_map(z)
    made = variogram(da, lag_width=CELL, max_lag=3 * CELL, estimator=estimator)
    if estimator == "matheron":
        assert_allclose(made["semivariance"], by_pairs(da, CELL, 3 * CELL)[2], rtol=1e-9)
    assert made["semivariance"].max() < 1e-15


def test_one_outlier_moves_cressie_and_hawkins_less():
    z = np.random.default_rng(0).normal(size=(20, 20))
    spoilt = z.copy()
    spoilt[10, 10] = 50.0
    ratio = {}
    for estimator in ("matheron", "cressie"):
        one, other = (
            variogram(on_map(v), lag_width=CELL, max_lag=5 * CELL, estimator=estimator)
            for v in (z, spoilt)
        )
        ratio[estimator] = float((other["semivariance"] / one["semivariance"]).mean())
    assert ratio["matheron"] > 5
    assert ratio["cressie"] < 1.2


def test_noise_has_the_semivariance_of_its_variance_by_either_estimator():
    da = on_map(np.random.default_rng(1).normal(size=(60, 60)))
    for estimator in ("matheron", "cressie"):
        made = variogram(da, lag_width=2 * CELL, max_lag=10 * CELL, estimator=estimator)
        assert_allclose(made["semivariance"], 1.0, atol=0.05)


def test_directions_share_the_pairs_out():
    da = on_map(rough(15, 22))
    options = {"lag_width": CELL, "max_lag": 7 * CELL}
    for tolerance, azimuths in ((22.5, [0, 45, 90, 135]), (45, [10, 100]), (90, [0])):
        made = variogram(da, azimuths=azimuths, tolerance=tolerance, **options)
        assert_array_equal(made["n_pairs"].sum("azimuth"), variogram(da, **options)["n_pairs"])
    assert made["azimuth"].attrs["units"] == "degree"


def test_an_azimuth_counts_clockwise_from_north_however_the_rows_are_stored():
    # values are the same along lines to the north-east
    y, x = np.meshgrid(np.arange(10)[::-1], np.arange(10), indexing="ij")
    da = on_map(np.sin((x - y).astype(float)))
    options = {"lag_width": CELL, "max_lag": 5 * CELL, "azimuths": [45, 135], "tolerance": 5}
    for turned in (da, da.isel(y=slice(None, None, -1)), da.isel(x=slice(None, None, -1)).T):
        made = variogram(turned, **options)
        assert float(made["semivariance"].sel(azimuth=45).max()) < 1e-12
        assert float(made["semivariance"].sel(azimuth=135).max()) > 0.1


@half
def test_sites_at_the_cells_of_a_grid_have_its_variogram():
    da = on_map(rough(9, 7))
    flat = da.stack(site=("y", "x")).reset_index("site")
    options = {"lag_width": 1500.0, "max_lag": 6500.0}
    for more in ({}, {"azimuths": [30, 120], "tolerance": 45}, {"estimator": "cressie"}):
        xr.testing.assert_allclose(
            variogram(flat, **options, **more), variogram(da, **options, **more), rtol=1e-11
        )


def test_lengths_are_metres_whatever_the_coordinates_are_in():
    metres, km = on_map(rough(12, 9)), on_map(rough(12, 9), (1.0, 1.0), "km")
    options = {"lag_width": 2 * CELL, "max_lag": 5 * CELL}
    xr.testing.assert_allclose(variogram(km, **options), variogram(metres, **options))
    flat = [da.stack(site=("y", "x")).reset_index("site") for da in (metres, km)]
    for da, units in zip(flat, ("m", "km"), strict=True):
        da["y"].attrs["units"] = da["x"].attrs["units"] = units
    xr.testing.assert_allclose(*(variogram(da, **options) for da in flat))


def test_percent_have_the_semivariance_of_fractions_times_ten_thousand():
    da = on_map(rough(12, 9))
    options = {"lag_width": 2 * CELL, "max_lag": 5 * CELL}
    assert_allclose(
        variogram(100 * da, **options)["semivariance"],
        1e4 * variogram(da, **options)["semivariance"],
        rtol=1e-12,
    )


def test_a_trend_surface_is_taken_off():
    y, x = np.meshgrid(np.arange(20.0), np.arange(30.0), indexing="ij")
    noise = rough(20, 30)
    options = {"lag_width": CELL, "max_lag": 6 * CELL}
    for order, surface in (("linear", 3 * y - 2 * x), ("quadratic", y * x - x**2)):
        plain = variogram(on_map(noise), detrend=order, **options)
        tilted = variogram(on_map(noise + surface + 7), detrend=order, **options)
        assert_allclose(tilted["semivariance"], plain["semivariance"], rtol=1e-8)
        bare = variogram(on_map(surface), detrend=order, **options)
        assert int(bare["status"]) == STATUS.index("constant")


# ---------------------------------------------------------------- many fields


def test_each_month_has_its_own_mask_and_its_own_variogram():
    months = np.stack([rough(12, 14, seed=k) for k in range(4)])
    months[1, ~np.isfinite(months[0])] = np.nan
    months[2] = np.where(np.isfinite(months[0]), months[2], np.nan)
    da = on_map(months, dims=("month", "y", "x"))
    options = {"lag_width": CELL, "max_lag": 5 * CELL}
    made = variogram(da, **options)
    assert made["semivariance"].dims == ("lag", "month")
    for k in range(4):
        xr.testing.assert_allclose(
            made.isel(month=k), variogram(da.isel(month=k), **options), rtol=1e-12
        )
    lazy = variogram(da.chunk(month=3, y=5, x=4), **options)
    assert lazy["semivariance"].chunks is not None
    xr.testing.assert_allclose(lazy.compute(), made, rtol=1e-12)


@half
def test_how_many_fields_are_worked_on_at_a_time_does_not_matter(monkeypatch):
    da = on_map(np.stack([rough(8, 9, seed=k) for k in range(5)]), dims=("month", "y", "x"))
    da = da.where(da[0].notnull())
    for field in (da, da.stack(site=("y", "x")).reset_index("site")):
        made = variogram(field, lag_width=CELL, max_lag=6 * CELL)
        with monkeypatch.context() as patch:
            patch.setattr(variogram_fields, "_BATCH", 2 * 8 * 72)
            xr.testing.assert_identical(made, variogram(field, lag_width=CELL, max_lag=6 * CELL))


def test_infinities_are_missing():
    z = rough(10, 10)
    spoilt = np.where(np.isnan(z), np.inf, z)
    spoilt[np.isinf(spoilt) & (np.arange(10) % 2 == 0)] *= -1
    options = {"lag_width": CELL, "max_lag": 4 * CELL}
    xr.testing.assert_equal(variogram(on_map(spoilt), **options), variogram(on_map(z), **options))


@pytest.mark.parametrize(
    ("cells", "status"), [([], "no_data"), ([1.0], "too_few"), ([2.0] * 60, "constant")]
)
def test_fields_without_differences_have_a_status(cells, status):
    z = np.full(100, np.nan)
    z[: len(cells)] = cells
    da = on_map(np.stack([z.reshape(10, 10), rough(10, 10)]), dims=("month", "y", "x"))
    for field in (da, da.stack(site=("y", "x")).reset_index("site")):
        made = variogram(field, lag_width=CELL, max_lag=4 * CELL)
        assert STATUS[int(made["status"][0])] == status
        assert STATUS[int(made["status"][1])] == "ok"
        assert int(made["n_obs"][0]) == len(cells)
        gamma = made["semivariance"].isel(month=0)
        assert (gamma == 0).all() if status == "constant" else gamma.isnull().all()


# ---------------------------------------------------------------- degrees


def in_degrees(values, south=40.0, step=0.1, west=100.0):
    rows, columns = np.asarray(values).shape
    axes = {
        "latitude": south + step * np.arange(rows)[::-1],
        "longitude": west + step * np.arange(columns),
    }
    return xr.DataArray(values, axes, ("latitude", "longitude"))


def as_sites(da):
    return da.stack(site=("latitude", "longitude")).reset_index("site")


@half
@pytest.mark.parametrize(
    ("south", "step", "reach"), [(40.0, 0.1, 60e3), (-0.5, 0.1, 50e3), (85.0, 0.4, 300e3)]
)
def test_cells_in_degrees_are_as_far_apart_as_sites_there(south, step, reach):
    da = in_degrees(rough(9, 14), south, step)
    options = {"lag_width": reach / 5, "max_lag": reach}
    xr.testing.assert_allclose(
        variogram(da, **options), variogram(as_sites(da), **options), rtol=1e-10
    )


@half
def test_cells_on_both_sides_of_the_date_line_are_near():
    da = in_degrees(rough(4, 36), south=10.0, step=10.0, west=-180.0)
    options = {"lag_width": 1200e3, "max_lag": 4800e3}
    made = variogram(da, **options)
    xr.testing.assert_allclose(made, variogram(as_sites(da), **options), rtol=1e-10)
    torn = in_degrees(da.values[:, :18], south=10.0, step=10.0)
    assert made["n_pairs"][0] > 2 * variogram(torn, **options)["n_pairs"][0]


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lag_width": 0}, "lag_width is 0; it must be a length above 0"),
        ({"lag_width": -5.0}, "above 0"),
        ({"lag_width": "1 km"}, "above 0"),
        ({"max_lag": np.inf}, "above 0"),
        ({"lag_width": 500.0}, "less than a cell, 1000 m"),
        ({"lag_width": 5 * CELL, "max_lag": 4 * CELL}, "above max_lag"),
        ({"max_lag": 40 * CELL}, "no two places of field are farther apart than"),
        ({"estimator": "madogram"}, "it must be one of 'matheron', 'cressie'"),
        ({"closed": "both"}, "it must be one of"),
        ({"detrend": "cubic"}, "it must be one of"),
        ({"style": "gs"}, "did you mean"),
        ({"azimuths": []}, "give degrees"),
        ({"azimuths": [0, 180]}, "twice"),
        ({"azimuths": [0], "tolerance": 100}, "between"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        variogram(on_map(rough(10, 10)), **({"lag_width": CELL, "max_lag": 4 * CELL} | options))


def test_lags_beyond_half_the_extent_are_told():
    with pytest.warns(SoilscopeWarning, match="more than half the extent"):
        variogram(on_map(rough(10, 10)), lag_width=CELL, max_lag=8 * CELL)


def test_degrees_without_a_reference_system_are_refused():
    da = on_map(rough(5, 5), (0.1, 0.1))
    for d in ("y", "x"):
        del da[d].attrs["units"]
    with pytest.raises(GridError, match="look like degrees"):
        variogram(da, lag_width=0.1, max_lag=0.3)
    with pytest.raises(GridError, match="look like degrees"):
        variogram(da.stack(site=("y", "x")).reset_index("site"), lag_width=0.1, max_lag=0.3)
    for d in ("y", "x"):
        da[d].attrs["units"] = "degrees"
    with pytest.raises(GridError, match="degrees"):
        variogram(da.stack(site=("y", "x")).reset_index("site"), lag_width=0.1, max_lag=0.3)


def test_directions_in_degrees_are_refused():
    for da in (in_degrees(rough(5, 5)), as_sites(in_degrees(rough(5, 5)))):
        with pytest.raises(InputError, match="reproject"):
            variogram(da, lag_width=2e4, max_lag=25e3, azimuths=[0, 90])


def test_sites_need_places_of_their_own():
    places = {"y": ("site", [0.0, 0.0, 500.0]), "x": ("site", [0.0, 0.0, 9.0])}
    da = xr.DataArray([1.0, 2.0, 3.0], places, ("site",))
    with pytest.raises(InputError, match="two sites or more, first y 0, x 0"):
        variogram(da, lag_width=100.0, max_lag=300.0)
    with pytest.raises(GridError, match="without places"):
        variogram(da.drop_vars(["y", "x"]), lag_width=100.0, max_lag=300.0)
    lost = da.assign_coords(y=("site", [0.0, np.nan, 500.0]))
    with pytest.raises(GridError, match="1 sites have no y or x, first number 2"):
        variogram(lost, lag_width=100.0, max_lag=300.0)
    with pytest.raises(GridError, match="no places"):
        variogram(xr.DataArray([1.0, 2.0], dims="time"), lag_width=1.0, max_lag=2.0)
    around = {"latitude": ("site", [0.0, 0.0]), "longitude": ("site", [-180.0, 180.0])}
    with pytest.raises(InputError, match="two sites or more"):
        variogram(xr.DataArray([1.0, 2.0], around, ("site",)), lag_width=1.0, max_lag=2.0)

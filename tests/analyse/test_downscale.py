"""Downscaling on fields whose relation is known, against sums made by hand."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from soilscope import downscale, fit_downscaling
from soilscope.errors import GridError, InputError, SoilscopeWarning
from soilscope.grid.crs import stamp
from soilscope.grid.membership import member_means, members_of
from soilscope.names import CONSTANT, OK, TOO_FEW, WRONG_SIGN

N, T, RATIO = 40, 96, 10  # fine cells a side, days, fine cells a coarse cell's side
COVERS = "forest grass crop barren"
SLOPES = (-0.004, -0.006, -0.008, -0.010)


def fine_field(values, *, time=None):
    n = values.shape[-1]
    coords = {"y": 4.3e6 - 1000.0 * np.arange(n), "x": 5e5 + 1000.0 * np.arange(n)}
    dims = ("y", "x")
    if values.ndim == 3:
        days = pd.date_range("2020-04-01", periods=values.shape[0]) if time is None else time
        coords, dims = coords | {"time": days}, ("time", *dims)
    return stamp(xr.DataArray(values, coords, dims), "EPSG:32647")


def coarse_like(n=N, ratio=RATIO):
    centres = (ratio - 1) * 500.0 + 1000.0 * ratio * np.arange(n // ratio)
    coords = {"y": 4.3e6 - centres, "x": 5e5 + centres}
    side = n // ratio
    return stamp(xr.DataArray(np.zeros((side, side)), coords, ("y", "x")), "EPSG:32647")


def coarsened(fine, n=N, ratio=RATIO):
    like = coarse_like(n, ratio)
    members = members_of(fine, like, names=("fine", "coarse"))
    return member_means(fine, members, like)


def flagged(codes):
    cover = fine_field(codes.astype(np.int8))
    return cover.assign_attrs(flag_values=[0, 1, 2, 3], flag_meanings=COVERS)


@pytest.fixture(scope="module")
def world():
    """Stripes of land cover, NDVI rising northwards, moisture that temperature tells of."""
    rng = np.random.default_rng(4)
    row, column = np.mgrid[:N, :N]
    codes = (column // RATIO) % 4
    swell = 0.06 * np.sin(row / 7.0) * np.cos(column / 11.0)
    days = 0.05 * np.sin(np.arange(T) / 9.0)
    truth = 0.2 + swell + days[:, None, None] + 0.01 * rng.normal(size=(T, N, N))
    difference = (truth - 0.4) / np.array(SLOPES)[codes] + 0.3 * rng.normal(size=truth.shape)
    ndvi = np.broadcast_to(0.9 * (N - 1 - row) / N, truth.shape)
    made = {
        "truth": fine_field(truth),
        "dlst": fine_field(difference).assign_attrs(units="K"),
        "ndvi": fine_field(ndvi.copy()).assign_attrs(units="1"),
        "cover": flagged(codes),
    }
    made["coarse"] = coarsened(made["truth"])
    made["coarse_dlst"] = coarsened(made["dlst"])
    return made


def fitted(world, **options):
    given = {"land_cover": world["cover"], "ndvi": world["ndvi"], "rng": 1} | options
    return fit_downscaling(world["coarse"], world["coarse_dlst"], **given)


def applied(world, model=None, **options):
    given = {"land_cover": world["cover"], "ndvi": world["ndvi"]}
    given |= {"coarse_product": world["coarse"]} | options
    return downscale(fitted(world) if model is None else model, world["dlst"], **given)


def test_each_stratum_has_the_least_squares_line_of_its_own_cell_days(world):
    model = fitted(world)
    ndvi = coarsened(world["ndvi"]).values
    cover = np.broadcast_to(np.arange(4), ndvi.shape)
    for k, name in enumerate(COVERS.split()):
        for label, low, high in (("NDVI < 0.3", -1, 0.3), ("NDVI > 0.6", 0.6, 2)):
            chosen = (cover == k) & (ndvi > low) & (ndvi < high)
            line = stats.linregress(
                world["coarse_dlst"].values[chosen], world["coarse"].values[chosen]
            )
            found = model.sel(stratum=f"{name}, {label}")
            assert int(found.n_obs) == chosen.sum()
            np.testing.assert_allclose(found.coefficient, line.slope, rtol=1e-9)
            np.testing.assert_allclose(found.intercept, line.intercept, rtol=1e-9)
            np.testing.assert_allclose(found.r_squared, line.rvalue**2, rtol=1e-9)


def test_covers_and_all_hold_the_cell_days_of_their_strata(world):
    model = fitted(world)
    n = model.n_obs.values
    np.testing.assert_array_equal(n[:12].reshape(4, 3).sum(axis=1), n[12:16])
    assert n[12:16].sum() == n[16] == T * 16
    line = stats.linregress(world["coarse_dlst"].values.ravel(), world["coarse"].values.ravel())
    np.testing.assert_allclose(model.coefficient.values[16], line.slope, rtol=1e-9)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0.2999, "NDVI < 0.3"),
        (0.3, "NDVI 0.3 to 0.6"),
        (0.6, "NDVI 0.3 to 0.6"),
        (0.6001, "NDVI > 0.6"),
    ],
)
def test_both_edges_of_ndvi_belong_to_the_middle_class(world, value, label):
    ndvi = xr.full_like(world["ndvi"], value)
    n = fitted(world, ndvi=ndvi).n_obs
    assert int(n.sel(stratum=f"grass, {label}")) == T * 4
    out = applied(world, fitted(world, ndvi=ndvi), ndvi=ndvi)
    assert (out.fallback == 0).all()  # the fine cells fall into the class of the fit


def test_a_coarse_cell_without_a_clear_majority_is_left_out(world):
    codes = world["cover"].values.copy()
    codes[:, 5:10] = 2  # half of the forest becomes crop
    mixed = flagged(codes)
    assert int(fitted(world, land_cover=mixed).n_obs.sel(stratum="forest")) == 0
    kept = fitted(world, land_cover=mixed, min_purity=0.5)
    assert int(kept.n_obs.sel(stratum="forest")) == T * 4


def test_the_error_of_unseen_cells_is_that_of_fits_without_month_and_place(world):
    model = fitted(world, block_cells=2)
    x, y = world["coarse_dlst"], world["coarse"]
    months = pd.DatetimeIndex(y.time.values).month
    cover, ndvi = np.arange(4), coarsened(world["ndvi"])
    chosen = (ndvi > 0.6).values & (cover == 3)
    errors = []
    for month in np.unique(months):
        for i in (0, 1):
            for j in (0, 1):
                block = np.zeros((4, 4), bool)
                block[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = True
                test = chosen & (months == month)[:, None, None] & block
                left = chosen & (months != month)[:, None, None] & ~block
                if not test.any():
                    continue
                if left.sum() < 8:  # nothing of the stratum is left: its land cover serves
                    left = np.broadcast_to(cover == 3, left.shape)
                    left = left & (months != month)[:, None, None] & ~block
                if left.sum() < 8:
                    left = (months != month)[:, None, None] & ~np.broadcast_to(block, test.shape)
                line = stats.linregress(x.values[left], y.values[left])
                errors.append(y.values[test] - line.slope * x.values[test] - line.intercept)
    expected = np.sqrt(np.mean(np.concatenate(errors) ** 2))
    np.testing.assert_allclose(model.rmse_cv.sel(stratum="barren, NDVI > 0.6"), expected, rtol=1e-9)


def test_a_slope_that_is_not_negative_is_never_used(world):
    dlst = world["coarse_dlst"].copy(data=-world["coarse_dlst"].values)
    with pytest.warns(SoilscopeWarning, match="seem exchanged"):
        model = fit_downscaling(
            world["coarse"], dlst, land_cover=world["cover"], ndvi=world["ndvi"], rng=1
        )
    assert (model.status.values == WRONG_SIGN).all()
    assert not model.usable.any()
    out = downscale(
        model,
        world["dlst"],
        land_cover=world["cover"],
        ndvi=world["ndvi"],
        coarse_product=world["coarse"],
    )
    assert out.soil_moisture.isnull().all()
    assert (out.fallback == -1).all()
    assert (out.source == 0).all()


def test_a_relation_of_chance_is_used_about_as_often_as_the_level_says():
    """Days that all cells share make thousands of cell days out of few independent ones."""
    rng = np.random.default_rng(11)
    t, used, naive = 120, 0, 0
    cover, ndvi = flagged(np.zeros((N, N))), fine_field(np.full((N, N), 0.2))
    like = coarse_like()
    coords = {"time": pd.date_range("2020-01-01", periods=t), "y": like.y, "x": like.x}
    for seed in range(60):
        noise = rng.normal(size=(2, t, 1, 1)) + 0.1 * rng.normal(size=(2, t, 4, 4))
        fields = [
            stamp(xr.DataArray(0.2 + 0.01 * values, coords, ("time", "y", "x")), "EPSG:32647")
            for values in noise
        ]
        model = fit_downscaling(*fields, land_cover=cover, ndvi=ndvi, rng=seed, n_boot=200)
        used += int(model.usable.sel(stratum="all"))
        line = stats.linregress(noise[1].ravel(), noise[0].ravel())
        naive += line.slope < 0 and line.pvalue / 2 < 0.05
    assert used <= 7  # of 60; 3 by the level
    assert naive >= 12  # least squares that believes its cell days is wrong far more often


def test_a_stratum_without_relation_falls_back_to_its_cover_and_then_to_all(world):
    rng = np.random.default_rng(2)
    broken = world["coarse_dlst"].copy(deep=True)
    ndvi = coarsened(world["ndvi"]).values[0]
    shuffled = rng.permutation(T)
    low = ndvi < 0.3
    values = broken.values
    for i, j in np.argwhere(low & (np.arange(4) == 1)):  # grass of low NDVI knows nothing
        values[:, i, j] = 20 + rng.normal(size=T)
    for i, j in np.argwhere(np.broadcast_to(np.arange(4) == 0, (4, 4))):  # no forest knows anything
        values[:, i, j] = values[shuffled, i, j] * 0 + 20 + rng.normal(size=T)
    model = fit_downscaling(
        world["coarse"], broken, land_cover=world["cover"], ndvi=world["ndvi"], rng=1, alpha=0.001
    )
    usable = model.usable
    assert int(usable.sel(stratum="grass, NDVI < 0.3")) == 0
    assert int(usable.sel(stratum="grass")) == 1
    assert int(usable.sel(stratum="forest")) == 0
    out = applied(world, model)
    meanings = dict(zip(out.fallback.flag_values, out.fallback.flag_meanings.split(), strict=True))
    found = out.fallback.isel(time=0)
    forest, grass = found.values[0, 0], found.values[N - 1, 12]
    assert meanings[int(forest)] == "all"
    assert meanings[int(grass)] == "land_cover"
    assert meanings[int(found.values[0, 12])] == "stratum"


@pytest.mark.parametrize("residual", ["block", "smooth"])
def test_the_mean_of_the_fine_cells_is_the_coarse_value(world, residual):
    out = applied(world, residual=residual)
    assert float(out.conservation_error.max()) < 1e-9
    means = coarsened(out.soil_moisture)
    np.testing.assert_allclose(means, world["coarse"], atol=1e-6)  # float32 in the result


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    holes=st.floats(0.0, 0.9),
    gaps=st.floats(0.0, 0.9),
    residual=st.sampled_from(["block", "smooth"]),
)
def test_coarse_values_are_kept_whatever_is_missing(world, seed, holes, gaps, residual):
    rng = np.random.default_rng(seed)
    part = {k: v.isel(time=slice(0, 8)) for k, v in world.items() if "time" in v.dims}
    cover = world["cover"].copy(data=np.where(rng.random((N, N)) < holes, -1, world["cover"]))
    product = part["coarse"].where(rng.random((8, 4, 4)) >= gaps)
    out = downscale(
        fitted(world),
        part["dlst"],
        land_cover=cover,
        ndvi=part["ndvi"],
        coarse_product=product,
        residual=residual,
    )
    error = out.conservation_error
    assert (error.isnull() | (error < 1e-9)).all()
    without = (xr.where(product.isnull(), 1.0, 0.0)).values.repeat(RATIO, 1).repeat(RATIO, 2) > 0
    assert np.isnan(out.soil_moisture.values[without]).all()
    assert (out.source.values[without] == 0).all()


def test_the_smooth_residual_has_no_seams_where_blocks_have(world):
    rng = np.random.default_rng(5)
    product = world["coarse"] + 0.05 * rng.normal(size=world["coarse"].shape)
    block = applied(world, coarse_product=product)
    smooth = applied(world, coarse_product=product, residual="smooth")
    assert float(block.seam_index.mean()) > 1.5
    assert float(smooth.seam_index.mean()) < 1.1
    # a jump of 1 between two halves, and none inside but for a step in one row
    field = xr.where(world["dlst"].x < 5.2e5, 0.0, 1.0)
    assert bool((field.diff("x") != 0).any())


def test_the_seam_index_is_the_mean_jump_across_borders_over_that_inside():
    from soilscope.kernels.downscale import jumps

    field = np.array([[0.0, 1.0, 4.0], [2.0, np.nan, 4.0]])
    cell = np.array([[0, 0, 1], [0, 0, 1]])
    sums = np.zeros((2, 4))
    jumps(field, 2 * field, cell, sums)
    # across: 1 -> 4; inside: 0 -> 1, 0 -> 2, 4 -> 4
    np.testing.assert_allclose(sums, [[3.0, 1.0, 3.0, 3.0], [6.0, 1.0, 6.0, 3.0]])


def test_a_coarse_cell_without_value_is_missing_or_interpolated_and_says_so(world):
    product = world["coarse"].copy(deep=True)
    product[:, 1, 2] = np.nan
    part = {"y": slice(10, 20), "x": slice(20, 30)}
    for residual in ("block", "smooth"):
        out = applied(world, coarse_product=product, residual=residual)
        assert out.soil_moisture.isel(part).isnull().all()
        filled = applied(world, coarse_product=product, residual=residual, fill_gaps=True)
        assert filled.soil_moisture.notnull().all()
        assert (filled.source.isel(part) == 3).all()
        assert (filled.source == 3).sum() == T * RATIO * RATIO
        assert float(filled.conservation_error.max()) < 1e-9


def test_where_a_coarse_value_is_from_is_handed_on(world):
    origin = xr.zeros_like(world["coarse"], dtype=np.int8)
    origin[:, 0, 0] = 1
    out = applied(world, coarse_source=origin)
    assert (out.source.isel(y=slice(0, 10), x=slice(0, 10)) == 2).all()
    assert (out.source.isel(y=slice(10, None)) == 1).all()


def test_values_beyond_the_limits_are_counted_and_clipped_only_when_asked(world):
    product = world["coarse"].copy(deep=True)
    product[0] = 0.01
    porosity = xr.full_like(world["truth"].isel(time=0, drop=True), 0.2)
    plain = applied(world, coarse_product=product, porosity=porosity)
    assert int(plain.n_below[0]) == int((plain.soil_moisture[0] < 0).sum()) > 0
    assert int(plain.n_above[5]) == int((plain.soil_moisture[5] > np.float32(0.2)).sum()) > 0
    assert plain.conservation_error_clipped.isnull().all()
    clipped = applied(world, coarse_product=product, porosity=porosity, clip=True)
    np.testing.assert_array_equal(clipped.n_below, plain.n_below)
    assert float(clipped.soil_moisture.min()) >= 0
    assert float(clipped.soil_moisture.max()) <= np.float32(0.2)
    assert float(clipped.conservation_error.max()) < 1e-9  # before clipping
    assert float(clipped.conservation_error_clipped[0]) > 1e-4


def test_frozen_days_are_left_out_of_the_fit_and_of_the_result(world):
    days = world["coarse"].time
    coarse_frozen = xr.zeros_like(world["coarse"]).where(days > days[9], 1.0)
    model = fitted(world, frozen=coarse_frozen)
    assert int(model.n_obs.sel(stratum="all")) == (T - 10) * 16
    fine_frozen = xr.zeros_like(world["truth"]).where(world["truth"].time > days[9], 1.0)
    out = applied(world, model, frozen=fine_frozen)
    assert out.soil_moisture[:10].isnull().all()
    assert out.soil_moisture[10:].notnull().all()


def test_the_satellite_is_brought_to_the_reanalysis_by_the_line_between_them(world):
    satellite = world["dlst"] * 1.5 + 4.0
    model = fitted(world, fine_dlst=satellite)
    np.testing.assert_allclose(model.dlst_slope, 1.5, rtol=1e-6)
    np.testing.assert_allclose(model.dlst_intercept, 4.0, rtol=1e-6)
    means = world["coarse_dlst"].mean()
    np.testing.assert_allclose(
        model.dlst_bias.sel(stratum="all"), 0.5 * float(means) + 4.0, rtol=1e-6
    )
    options = {"land_cover": world["cover"], "ndvi": world["ndvi"]}
    options |= {"coarse_product": world["coarse"], "residual": "none"}
    right = downscale(model, world["dlst"], **options)
    mended = downscale(model, satellite, rescale_dlst=True, **options)
    np.testing.assert_allclose(mended.soil_moisture, right.soil_moisture, atol=1e-5)


def test_months_have_relations_of_their_own_and_fall_back_to_the_stratum(world):
    time = world["coarse"].time
    values = world["coarse_dlst"].where(time.dt.month != 5, world["coarse_dlst"] * 0 + 20.0)
    model = fit_downscaling(
        world["coarse"],
        values,
        land_cover=world["cover"],
        ndvi=world["ndvi"],
        rng=1,
        by="month",
        block_length=3,
    )
    assert int(model.status_by.sel(month=5, stratum="all")) == CONSTANT
    assert int(model.status_by.sel(month=1, stratum="all")) == 1  # no data
    june = (time.dt.month == 6).values
    line = stats.linregress(values.values[june].ravel(), world["coarse"].values[june].ravel())
    np.testing.assert_allclose(model.coefficient_by.sel(month=6, stratum="all"), line.slope)
    out = applied(world, model)
    meanings = out.fallback.flag_meanings.split()
    assert meanings == ["none", "group", "stratum", "land_cover", "all"]
    assert (out.fallback.sel(time=out.time.dt.month == 6) == 0).mean() > 0.9
    assert (out.fallback.sel(time=out.time.dt.month == 5) > 0).all()


def test_day_effects_leave_out_what_a_day_shares(world):
    """A season that warms and wets all cells together hides that drier cells warm more."""
    season = 10.0 * np.sin(np.arange(T) / 15.0)
    warmer = world["coarse_dlst"] + xr.DataArray(season, {"time": world["coarse"].time}, "time")
    wetter = world["coarse"] + xr.DataArray(0.02 * season, {"time": world["coarse"].time}, "time")
    given = {"land_cover": world["cover"], "ndvi": world["ndvi"], "rng": 1}
    plain = fit_downscaling(wetter, warmer, **given)
    assert int(plain.status.sel(stratum="all")) == WRONG_SIGN
    model = fit_downscaling(wetter, warmer, day_effects=True, **given)
    x, y = (da - da.mean(["y", "x"]) for da in (warmer, wetter))
    line = stats.linregress(x.values.ravel(), y.values.ravel())
    np.testing.assert_allclose(model.coefficient.sel(stratum="all"), line.slope, rtol=1e-9)
    assert int(model.usable.sel(stratum="all")) == 1
    out = applied(world, model)
    moved = applied(world | {"dlst": world["dlst"] + 7.0}, model)
    np.testing.assert_allclose(out.soil_moisture, moved.soil_moisture, atol=1e-6)
    assert float(out.conservation_error.max()) < 1e-9
    with pytest.raises(InputError, match="day_effects"):
        applied(world, model, residual="none")


def test_coarse_cells_have_relations_of_their_own(world):
    model = fitted(world, by="cell", block_length=3)
    x, y = (world[k].values[:, 0, 3] for k in ("coarse_dlst", "coarse"))
    line = stats.linregress(x, y)
    found = model.coefficient_by.isel(y=0, x=3).sel(stratum="barren")
    np.testing.assert_allclose(found, line.slope, rtol=1e-9)
    out = applied(world, model)
    assert (out.fallback == 0).mean() > 0.8  # else a fine cell of an NDVI that its cell lacks
    assert float(out.conservation_error.max()) < 1e-9


def test_lazy_data_give_the_same_numbers_in_any_chunks(world):
    lazy = {k: v.chunk({"time": 7}) for k, v in world.items() if "time" in v.dims}
    lazy["cover"] = world["cover"]
    lazy["dlst"] = world["dlst"].chunk({"time": 50, "y": 13})
    model = fitted(lazy)
    assert model.coefficient.chunks is not None
    expected = fitted(world)
    xr.testing.assert_allclose(model.compute(), expected)
    out = applied(lazy, model, residual="smooth")
    assert out.soil_moisture.chunks is not None
    xr.testing.assert_allclose(out.compute(), applied(world, expected, residual="smooth"))


def test_a_model_can_be_saved_and_applied_to_other_days(world, tmp_path):
    model = fitted(world, by="month", block_length=3)
    model.to_netcdf(tmp_path / "model.nc")
    again = xr.load_dataset(tmp_path / "model.nc")
    later = {k: v.isel(time=slice(60, None)) for k, v in world.items() if "time" in v.dims}
    later["cover"] = world["cover"]
    xr.testing.assert_identical(
        applied(later, model).drop_attrs(), applied(later, again).drop_attrs()
    )


def test_each_day_takes_the_land_cover_of_its_year(world):
    time = pd.date_range("2020-12-01", periods=62)
    part = {
        k: v.isel(time=slice(0, 62)).assign_coords(time=time)
        for k, v in world.items()
        if "time" in v.dims
    }
    other = (world["cover"] + 1) % 4
    years = pd.to_datetime(["2020-01-01", "2021-01-01"])
    maps = xr.concat([world["cover"], other], pd.Index(years, name="time"))
    part["cover"] = maps.assign_attrs(world["cover"].attrs)
    model = fitted(part)
    assert int(model.n_obs.sel(stratum="forest")) == 62 * 4
    assert int(model.n_obs.sel(stratum="all")) == 62 * 16
    with pytest.raises(InputError, match="no map of 2020"):
        fitted(part | {"cover": part["cover"].isel(time=[1])})


def test_coarse_latitude_and_longitude_hold_fine_cells_of_a_projected_grid(world):
    lat, lon = [38.8, 38.65, 38.5], [98.85, 99.0, 99.15, 99.3]
    product = xr.DataArray(
        np.full((T, 3, 4), 0.2),
        {"time": world["dlst"].time, "latitude": lat, "longitude": lon},
        ("time", "latitude", "longitude"),
    )
    out = applied(world, coarse_product=product)
    assert float(out.conservation_error.max()) < 1e-9
    assert out.soil_moisture.notnull().any()
    assert "spatial_ref" in out.coords


def test_uncertainty_joins_the_relation_and_the_coarse_product(world):
    model = fitted(world)
    plain = applied(world, model)
    expected = float(model.rmse_cv.sel(stratum="barren, NDVI > 0.6"))
    np.testing.assert_allclose(plain.uncertainty.values[:, 0, N - 1], expected, rtol=1e-6)
    doubt = xr.full_like(world["coarse"], 0.03)
    more = applied(world, model, coarse_uncertainty=doubt)
    np.testing.assert_allclose(
        more.uncertainty.values[:, 0, N - 1], np.hypot(expected, 0.03), rtol=1e-6
    )


def test_too_few_samples_have_their_status(world):
    model = fitted(world, min_samples=1000)
    assert (model.status.values[:12] == TOO_FEW).all()
    assert int(model.status.sel(stratum="all")) == OK


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"rng": None}, InputError, "give rng"),
        ({"by": "year"}, InputError, "by is 'year'"),
        ({"ndvi_edges": (0.6, 0.3)}, InputError, "ndvi_edges"),
        ({"min_samples": 2}, InputError, "min_samples"),
        ({"land_cover": "bare"}, InputError, "cover_strata"),
        ({"ndvi": "percent"}, InputError, "scale it to -1 to 1"),
        ({"ndvi": "days"}, InputError, "lacks 10 of 96 days"),
        ({"ndvi": "elsewhere"}, GridError, "must lie on the grid"),
        ({"land_cover": "coarse"}, GridError, "not finer"),
    ],
)
def test_what_does_not_fit_is_one_clear_line(world, change, kind, words):
    spoilt = {
        "bare": world["cover"].drop_attrs(),
        "percent": (world["ndvi"] * 100).assign_attrs(units="%"),
        "days": world["ndvi"].isel(time=slice(10, None)),
        "elsewhere": world["ndvi"].isel(y=slice(0, 7)),
        "coarse": xr.zeros_like(world["coarse"][0], dtype=int).assign_attrs(
            flag_values=[0], flag_meanings="grass"
        ),
    }
    options = {k: spoilt.get(v, v) if isinstance(v, str) else v for k, v in change.items()}
    with pytest.raises(kind, match=words) as fault:
        fitted(world, **options)
    assert "\n" not in str(fault.value)


def test_faults_of_application_are_told(world):
    model = fitted(world)
    with pytest.raises(InputError, match="no result of fit_downscaling"):
        applied(world, model.drop_vars("coefficient"))
    with pytest.raises(InputError, match="fitted with fine_dlst"):
        applied(world, model, rescale_dlst=True)
    with pytest.raises(InputError, match="fill_gaps"):
        applied(world, model, residual="none", fill_gaps=True)
    with pytest.raises(GridError, match="land_cover does not lie on the grid of fine_dlst"):
        applied(world, model, land_cover=world["cover"].isel(y=slice(1, None)))
    far = world["coarse"].assign_coords(x=world["coarse"].x + 1e6)
    with pytest.raises(GridError, match="do not meet"):
        applied(world, model, coarse_product=far)
    with pytest.raises(InputError, match="2 soil layers"):
        fit_downscaling(
            xr.concat([world["coarse"]] * 2, "depth"),
            world["coarse_dlst"],
            land_cover=world["cover"],
            ndvi=world["ndvi"],
            rng=1,
        )


def test_inputs_are_left_as_they_are(world):
    before = {k: v.copy(deep=True) for k, v in world.items()}
    applied(world, residual="smooth", clip=True, fill_gaps=True)
    for name, da in world.items():
        xr.testing.assert_identical(da, before[name])

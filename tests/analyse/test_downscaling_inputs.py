"""What downscaling is given: other grids, days, units and scales, gaps, precision and chunks."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import downscale, fit_downscaling
from soilscope.errors import GridError, InputError, SoilscopeWarning
from soilscope.grid.crs import stamp
from soilscope.grid.membership import whole_in_space

N, T, RATIO = 12, 40, 4
DAYS = pd.date_range("2020-05-01", periods=T)


def on_grid(values, spacing=1000.0, first=500.0):
    n_row, n_column = values.shape[-2:]
    coords = {"y": 4e6 - first - spacing * np.arange(n_row)}
    coords["x"] = 5e5 + first + spacing * np.arange(n_column)
    coords |= {"time": DAYS} if values.ndim == 3 else {}
    dims = ("time", "y", "x")[-values.ndim :]
    return stamp(xr.DataArray(values, coords, dims), "EPSG:32647")


def coarsened(fine):
    side = N // RATIO
    means = fine.values.reshape(T, side, RATIO, side, RATIO).mean(axis=(2, 4))
    return on_grid(means, 1000.0 * RATIO, 500.0 * RATIO)


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(2)
    base = rng.uniform(8, 28, (T, N // RATIO, N // RATIO)).repeat(RATIO, 1).repeat(RATIO, 2)
    dlst = on_grid(base + rng.uniform(-4, 4, (T, N, N))).assign_attrs(units="K")
    truth = 0.45 - 0.01 * dlst + 0.01 * on_grid(rng.normal(size=(T, N, N)))
    cover = on_grid(np.zeros((N, N), np.int8))
    return {
        "dlst": dlst,
        "coarse": coarsened(truth),
        "coarse_dlst": coarsened(dlst),
        "ndvi": on_grid(rng.uniform(0.1, 0.8, (T, N, N))),
        "cover": cover.assign_attrs(flag_values=[0, 1], flag_meanings="grass barren"),
    }


@pytest.fixture(scope="module")
def model(world):
    return fitted(world)


def fitted(world, **options):
    given = {"land_cover": world["cover"], "ndvi": world["ndvi"], "rng": 1} | options
    return fit_downscaling(world["coarse"], world["coarse_dlst"], **given)


def applied(world, model, **options):
    given = {"land_cover": world["cover"], "ndvi": world["ndvi"]}
    given |= {"coarse_product": world["coarse"]} | options
    return downscale(model, world["dlst"], **given)


@pytest.mark.parametrize("options", [{}, {"residual": "smooth"}, {"fill_gaps": True}])
def test_a_day_without_any_coarse_value_is_missing_and_leaves_the_others_alone(
    world, model, options
):
    product = world["coarse"].where(world["coarse"].time != DAYS[3])
    out, whole = (
        applied(world | {"coarse": c}, model, **options) for c in (product, world["coarse"])
    )
    assert out.soil_moisture[3].isnull().all()
    assert (out.source[3] == 0).all()
    assert (out.fallback[3] == -1).all()
    assert np.isnan(out.conservation_error[3])
    assert float(out.valid_share[3]) == 1.0
    rest = np.delete(np.arange(T), 3)
    xr.testing.assert_equal(out.isel(time=rest), whole.isel(time=rest))


def test_coarse_cells_beyond_the_fine_grid_change_nothing(world, model):
    x, y = world["coarse"].x, world["coarse"].y
    wide = world["coarse"].reindex(
        x=np.append(x, x[-1] + 4000.0), y=np.append(y[0] + 4000.0, y), method="nearest"
    )
    out = applied(world | {"coarse": wide}, model)
    xr.testing.assert_equal(out.soil_moisture, applied(world, model).soil_moisture)


def test_fine_cells_beyond_the_coarse_grid_are_missing(world, model):
    for residual in ("block", "smooth"):
        part = world | {"coarse": world["coarse"].isel(x=slice(0, 2))}
        out = applied(part, model, residual=residual, fill_gaps=True)
        assert out.soil_moisture.isel(x=slice(8, None)).isnull().all()
        assert out.soil_moisture.isel(x=slice(0, 8)).notnull().all()


def test_one_row_of_coarse_cells_serves_and_one_cell_alone_is_refused(world, model):
    row = world["coarse"].isel(y=[1])
    out = applied(world | {"coarse": row}, model, residual="smooth")
    assert out.soil_moisture.isel(y=slice(4, 8)).notnull().all()
    assert out.soil_moisture.isel(y=slice(0, 4)).isnull().all()
    assert float(out.conservation_error.max()) < 1e-9
    with pytest.raises(GridError, match="coarse_product has a single cell"):
        applied(world | {"coarse": row.isel(x=[1])}, model)


def test_single_precision_gives_the_numbers_of_double_precision(world, model):
    single = {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in world.items()}
    porosity = xr.full_like(single["dlst"][0], 0.3)
    for options in ({"residual": "smooth"}, {"residual": "none"}, {"clip": True}):
        options = options | {"porosity": porosity}
        out, expected = applied(single, model, **options), applied(world, model, **options)
        np.testing.assert_allclose(out.soil_moisture, expected.soil_moisture, atol=2e-6)
        np.testing.assert_array_equal(out.n_above, expected.n_above)
    np.testing.assert_allclose(fitted(single).coefficient, model.coefficient, rtol=1e-5)


@pytest.mark.parametrize("residual", ["block", "smooth"])
def test_chunks_along_every_dimension_give_the_same_numbers(world, model, residual):
    split = {"time": 7, "y": 5, "x": 3}
    lazy = {k: v.chunk({d: n for d, n in split.items() if d in v.dims}) for k, v in world.items()}
    lazy["ndvi"] = world["ndvi"].chunk(time=9, y=4)
    lazy["coarse"] = world["coarse"].chunk(time=11, x=2)
    out = applied(lazy, model, residual=residual)
    assert out.soil_moisture.chunks[0] == lazy["dlst"].chunks[0]
    xr.testing.assert_equal(out.compute(), applied(world, model, residual=residual))
    xr.testing.assert_allclose(fitted(lazy).compute(), model, rtol=1e-12)


def test_blocks_of_days_are_small_whatever_the_chunks_in_space():
    for chunks in ({"time": 5, "y": 100, "x": 100}, {"time": -1}, {"time": 60}):
        da = xr.DataArray(np.broadcast_to(np.float32(0), (150, 700, 700)), dims=("time", "y", "x"))
        blocks = whole_in_space(da.chunk(chunks)).chunks
        assert blocks[1:] == ((700,), (700,))
        assert max(blocks[0]) * 700 * 700 * 4 <= 48 * 2**20
        assert max(blocks[0]) >= 5
        assert sum(blocks[0]) == 150
        assert len(set(blocks[0][:-1])) == 1


def test_ndvi_that_is_not_scaled_is_one_clear_line(world, model):
    raw = (world["ndvi"] * 10000).astype(np.int16)
    for ndvi in (raw, raw.chunk(time=10)):
        with pytest.raises(InputError, match=r"ndvi reaches .*scale it first") as fault:
            applied(world, model, ndvi=ndvi).compute()
        assert "\n" not in str(fault.value)
        with pytest.raises(InputError, match="ndvi reaches"):
            fitted(world, ndvi=ndvi).compute()


def test_ndvi_a_little_beyond_1_serves_and_a_fill_value_is_told_where_it_counts(world, model):
    over = world["ndvi"].where(world["ndvi"] < 0.7, 1.02)
    assert applied(world, model, ndvi=over).soil_moisture.notnull().all()
    filled = world["ndvi"].copy(deep=True)
    filled[:, 0, 0] = -9999.0
    with pytest.raises(InputError, match="mask fill values"):
        applied(world, model, ndvi=filled)
    sea = world["cover"].copy(deep=True)
    sea[0, 0] = -1
    out = applied(world, model, ndvi=filled, land_cover=sea)
    assert int(out.soil_moisture.notnull().sum()) == T * (N * N - 1)


def test_days_and_nights_that_are_exchanged_are_told(world, model):
    turned = world | {"dlst": -world["dlst"]}
    with pytest.warns(SoilscopeWarning, match="fine_dlst is negative for 100% of .* exchanged"):
        applied(turned, model)
    applied(world | {"dlst": world["dlst"] - 15.0}, model)  # cold days: not most of them


def test_a_porosity_that_is_missing_limits_nothing(world, model):
    porosity = xr.full_like(world["dlst"][0], np.nan)
    out = applied(world, model, porosity=porosity, clip=True)
    plain = applied(world, model, clip=True)
    xr.testing.assert_equal(out.soil_moisture, plain.soil_moisture)
    assert int(out.n_above.sum()) == 0


def test_days_that_frozen_lacks_are_not_frozen(world, model):
    frozen = xr.ones_like(world["dlst"], dtype=bool).isel(time=slice(0, 5))
    out = applied(world, model, frozen=frozen)
    assert out.soil_moisture[:5].isnull().all()
    assert out.soil_moisture[5:].notnull().all()
    coarse = xr.ones_like(world["coarse"], dtype=bool).isel(time=slice(0, 5))
    assert int(fitted(world, frozen=coarse).n_obs.sel(stratum="all")) == (T - 5) * 9


def _moved(da, **shift):
    return da.assign_coords({d: da[d] + by for d, by in shift.items()})


def _noon(da):
    return da.assign_coords(time=da.time + np.timedelta64(12, "h"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: {"land_cover": w["cover"].assign_attrs(flag_meanings="crop barren")}, "'crop'"),
        (lambda w: {"land_cover": _moved(w["cover"], x=100.0)}, "land_cover does not lie on"),
        (lambda w: {"ndvi": _moved(w["ndvi"], y=5000.0)}, "ndvi does not lie on"),
        (lambda w: {"ndvi": stamp(w["ndvi"], "EPSG:32648")}, "EPSG:32648.*EPSG:32647"),
        (lambda w: {"frozen": _moved(w["dlst"], y=5000.0)}, "frozen does not lie on"),
        (lambda w: {"frozen": _noon(w["dlst"])}, "frozen and fine_dlst share no day"),
        (lambda w: {"coarse_product": _noon(w["coarse"])}, "coarse_product and .* share no day"),
        (lambda w: {"coarse_product": _moved(w["coarse"], x=1e6)}, "do not meet"),
        (lambda w: {"coarse_uncertainty": w["dlst"]}, "coarse_uncertainty does not lie on"),
    ],
)
def test_what_lies_elsewhere_or_on_other_days_is_one_clear_line(world, model, change, words):
    with pytest.raises(InputError, match=words) as fault:
        applied(world, model, **change(world))
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: {"ndvi": _moved(w["ndvi"], y=5000.0)}, "ndvi has 12 x 12 cells; it must lie"),
        (lambda w: {"frozen": _moved(w["coarse"], y=5000.0)}, "frozen does not lie on"),
        (lambda w: {"frozen": _noon(w["coarse"])}, "frozen and coarse_sm share no day"),
    ],
)
def test_what_a_fit_cannot_use_is_one_clear_line(world, change, words):
    with pytest.raises(InputError, match=words) as fault:
        fitted(world, **change(world))
    assert "\n" not in str(fault.value)


def test_fields_of_other_dimensions_or_units_are_refused(world, model):
    with pytest.raises(InputError, match="fine_dlst has the dimension 'run'"):
        applied(world | {"dlst": world["dlst"].expand_dims(run=2)}, model)
    with pytest.raises(InputError, match="fine_dlst is in 'mm'"):
        applied(world | {"dlst": world["dlst"].assign_attrs(units="mm")}, model)
    layers = xr.concat([world["coarse"]] * 2, "depth")
    with pytest.raises(InputError, match="coarse_product has 2 soil layers"):
        applied(world, model, coarse_product=layers)
    one = applied(
        world,
        model,
        coarse_product=world["coarse"].expand_dims(depth=[0.05]),
        coarse_uncertainty=(world["coarse"] * 0 + 0.03).expand_dims(depth=[0.05]),
    )
    assert one.soil_moisture.dims == ("time", "y", "x")


def test_a_fine_grid_without_reference_system_names_itself(world, model):
    bare = {k: v.drop_vars("spatial_ref").drop_attrs() for k, v in world.items() if k != "coarse"}
    for da in bare.values():
        da.encoding = {}
    with pytest.raises(GridError, match="fine_dlst has no coordinate reference system"):
        applied(bare | {"coarse": world["coarse"]}, model)

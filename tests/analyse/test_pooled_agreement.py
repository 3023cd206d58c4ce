"""Agreement over a sample of cells: what is drawn, how correlation splits, what a figure needs."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from soilscope import agreement, pooled_agreement, set_layers
from soilscope.errors import InputError, SoilscopeWarning

MONTHS = xr.date_range("2001-01", periods=72, freq="MS")


def field(seed, n_site=40):
    values = np.random.default_rng(seed).normal(size=(72, n_site))
    return xr.DataArray(values, {"time": MONTHS}, ("time", "site"))


def grid(seed):
    values = np.random.default_rng(seed).normal(size=(72, 2, 6, 7))
    return xr.DataArray(values, {"time": MONTHS}, ("time", "depth", "y", "x"))


def parts(space, season, anomaly, *, seed):
    """A field with the given spread in space, in the season and from month to month."""
    rng = np.random.default_rng(seed)
    cycle = np.sin(2 * np.pi * np.arange(72) / 12)[:, None]
    return field(seed).copy(
        data=space * rng.normal(size=40)
        + season * cycle * np.ones(40)
        + anomaly * rng.normal(size=(72, 40))
    )


def test_all_cells_pooled_are_one_list_of_pairs():
    product, reference = field(1) + 0.5 * field(2), field(2)
    found = pooled_agreement(product, reference, sample=None)
    a, b = product.values.ravel(), reference.values.ravel()
    line = stats.linregress(b, a)
    expected = {
        "r": stats.pearsonr(a, b)[0],
        "spearman": stats.spearmanr(a, b)[0],
        "kendall": stats.kendalltau(a, b)[0],
        "bias": np.mean(a - b),
        "rmse": np.sqrt(np.mean((a - b) ** 2)),
        "line_slope": line.slope,
        "line_intercept": line.intercept,
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-10), name
    assert found.n_obs == 72 * 40
    assert found.n_cells == 40


def test_a_sample_has_the_size_asked_for_and_only_cells_with_pairs():
    product, reference = field(1), field(2)
    product[:, 10:] = np.nan
    reference[:, 0] = np.nan
    found = pooled_agreement(product, reference, sample=8, rng=1)
    assert found.n_cells == 8
    assert found.n_obs == 8 * 72
    assert pooled_agreement(product, reference, sample=100, rng=1).n_cells == 9


def test_the_seed_decides_the_sample():
    first, second, other = (
        pooled_agreement(field(1), field(2), sample=5, rng=seed) for seed in (1, 1, 2)
    )
    xr.testing.assert_identical(first, second)
    assert first.r != other.r


def test_a_sample_needs_a_source_of_random_numbers():
    with pytest.raises(InputError, match="sample draws random numbers; give rng"):
        pooled_agreement(field(1), field(2))


def test_neither_chunks_nor_the_order_of_dimensions_change_the_sample():
    product, reference = grid(1), grid(2)
    options = {"sample": 9, "rng": 4, "confidence": 0.9, "n_boot": 100}
    expected = pooled_agreement(product, reference, **options)
    lazy = pooled_agreement(product.chunk(x=2, depth=1), reference.chunk(y=3), **options)
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    xr.testing.assert_identical(lazy.compute(), expected)
    turned = pooled_agreement(product.transpose("x", "y", "time", "depth"), reference, **options)
    xr.testing.assert_allclose(turned, expected)
    assert expected.r.dims == ("depth",)


def test_layers_keep_their_bounds():
    product = set_layers(grid(1), [[0, 0.1], [0.1, 0.3]])
    found = pooled_agreement(product, product, sample=None)
    assert found.depth_bottom.values.tolist() == [0.1, 0.3]


def test_correlation_in_space_alone_shows_in_the_pooled_correlation():
    space = parts(3, 0, 0, seed=1)
    product, reference = space + field(2), space + field(3)
    found = pooled_agreement(product, reference, sample=None)
    assert found.r > 0.8
    assert found.r_space > 0.99
    assert abs(found.r_time) < 0.1
    assert abs(found.r_anomaly) < 0.1


def test_a_common_season_shows_in_time_and_not_in_the_anomalies():
    product, reference = parts(1, 3, 0.5, seed=1), parts(1, 3, 0.5, seed=2)
    found = pooled_agreement(product, reference, sample=None)
    assert abs(found.r_space) < 0.5
    assert found.r_time > 0.9
    assert abs(found.r_anomaly) < 0.1


def test_the_parts_of_the_correlation_are_those_of_their_definitions():
    product, reference = parts(1, 1, 1, seed=1), 0.5 * parts(1, 1, 1, seed=1) + field(4)
    product[5, 7] = np.nan
    found = pooled_agreement(product, reference, sample=None)
    reference = reference.where(product.notnull())
    mean = [da.mean("time") for da in (product, reference)]
    within = [da - da.mean("time") for da in (product, reference)]
    month = [
        da.groupby("time.month") - da.groupby("time.month").mean() for da in (product, reference)
    ]
    for name, (a, b) in (("r_space", mean), ("r_time", within), ("r_anomaly", month)):
        assert found[name] == pytest.approx(float(xr.corr(a, b)), rel=1e-10), name


def test_each_time_step_alone_gives_a_correlation_in_space():
    found = pooled_agreement(field(1) + field(2), field(2), dim=None, sample=None)
    assert found.r.dims == ("time",)
    assert found.r[3] == pytest.approx(np.corrcoef((field(1) + field(2))[3], field(2)[3])[0, 1])
    assert "r_time" not in found
    assert found.r_space[3] == pytest.approx(float(found.r[3]))


def test_regions_have_samples_of_their_own():
    zones = xr.DataArray(np.repeat([0, 1, -1], [25, 5, 10]), dims="site").assign_attrs(
        flag_values=[0, 1], flag_meanings="north south"
    )
    found = pooled_agreement(field(1), field(2), regions=zones, sample=8, rng=1)
    assert found.region.values.tolist() == ["north", "south"]
    assert found.n_cells.values.tolist() == [8, 5]
    south = pooled_agreement(field(1)[:, 25:30], field(2)[:, 25:30], sample=None)
    assert found.r[1] == pytest.approx(float(south.r))


def test_every_pair_is_counted_once_in_the_density():
    product, reference = field(1), field(2)
    found = pooled_agreement(product, reference, sample=None, n_bins=20)
    assert found.pair_density.sum() == found.n_obs
    assert found.pair_density.dims == ("reference_bin", "product_bin")
    edges = found.pair_edge.values
    wide = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
    expected, *_ = np.histogram2d(reference.values.ravel(), product.values.ravel(), [wide, wide])
    np.testing.assert_array_equal(found.pair_density, expected)


def test_the_edges_are_those_asked_for():
    found = pooled_agreement(field(1), field(2), sample=None, n_bins=4, limits=(-2, 2))
    np.testing.assert_allclose(found.pair_edge, [-2, -1, 0, 1, 2])


def test_bounds_from_whole_time_steps_are_wider_than_from_single_pairs():
    # all cells share their error: the pairs of one month are worth hardly more than one
    common = field(1)[:, :1].values + 0.1 * field(3)
    product, reference = common + field(2)[:, :1].values, field(2)
    found = pooled_agreement(product, reference, sample=None, confidence=0.95, rng=1)
    assert (
        found.bias_high - found.bias_low
        > 5 * 3.92 * float((product - reference).std()) / (72 * 40) ** 0.5
    )
    for name in ("r", "r_squared", "nse", "rmse", "ubrmse", "kge", "r_time", "r_anomaly"):
        assert found[f"{name}_low"] <= found[name] <= found[f"{name}_high"], name


def test_bounds_of_one_cell_are_those_of_its_series():
    product, reference = field(1, 1) + field(2, 1), field(2, 1)
    options = {"confidence": 0.9, "rng": 5, "block_length": 6}
    pooled = pooled_agreement(product, reference, sample=None, **options)
    alone = agreement(product, reference, **options).isel(site=0)
    for name in ("r", "r_squared", "nse", "bias", "rmse", "ubrmse", "kge", "r_anomaly"):
        for end in ("", "_low", "_high"):
            assert pooled[name + end] == pytest.approx(float(alone[name + end]), rel=1e-9)


def test_bounds_without_time_are_refused():
    with pytest.raises(InputError, match="blocks of time steps, which dim=None"):
        pooled_agreement(field(1), field(2), dim=None, sample=None, confidence=0.9, rng=1)


@pytest.mark.parametrize("value", [np.nan, 0.2])
def test_fields_without_anything_to_compare_have_a_status(value):
    empty = xr.full_like(field(1), value)
    found = pooled_agreement(empty, field(2), sample=None, confidence=0.9, rng=1)
    assert found.status == (1 if np.isnan(value) else 3)
    assert found.pair_density.sum() == (0 if np.isnan(value) else 72 * 40)
    names = ("r", "r_space", "r_time", "r_anomaly", "r_low", "line_slope", "spearman")
    assert all(np.isnan(found[name]) for name in names)


def test_a_single_series_has_nothing_to_pool():
    with pytest.raises(InputError, match="no spatial dimensions"):
        pooled_agreement(field(1)[:, 0], field(2)[:, 0], rng=1)


@pytest.mark.parametrize("limits", [(1, 0), (0, np.inf), (1,)])
def test_limits_without_a_range_are_refused(limits):
    with pytest.raises(InputError, match="limits is"):
        pooled_agreement(field(1), field(2), sample=None, limits=limits)


def test_dependent_products_are_warned_of_and_marked():
    product, reference = (field(k).assign_attrs(lineage='["ERA5-Land"]', units="1") for k in (1, 2))
    with pytest.warns(SoilscopeWarning, match="share ERA5-Land"):
        found = pooled_agreement(product, reference, sample=None)
    assert "ERA5-Land" in found.attrs["dependent"]


def test_days_are_compared_each_on_its_own():
    product, reference = field(1), field(2)
    found = pooled_agreement(product, reference, dates=["2003-07-01", "2001-02-01"], sample=None)
    assert [str(day)[:10] for day in found["time"].values] == ["2003-07-01", "2001-02-01"]
    for step, row in ((0, 30), (1, 1)):
        expected = stats.pearsonr(product.values[row], reference.values[row])[0]
        assert found["r"].values[step] == pytest.approx(expected, rel=1e-12)
        assert found["n_obs"].values[step] == 40
    assert json.loads(found.attrs["options"])["dates"] == ["2003-07-01", "2001-02-01"]


@pytest.mark.parametrize(
    ("dates", "dim", "said"),
    [
        (["2003-07-02"], "time", r"no time step on '2003-07-02' .*2001-01-01 to 2006-12-01"),
        ("2003-07-01", "time", "give a list of days"),
        ([], "time", "give a list of days"),
        (["2003-07-01"], None, "leave dim out"),
    ],
)
def test_days_that_are_not_there_are_refused(dates, dim, said):
    with pytest.raises(InputError, match=said):
        pooled_agreement(field(1), field(2), dates=dates, dim=dim, sample=None)

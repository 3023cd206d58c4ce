"""Stability in time: classes, relative differences and ranks, by algebra and beside SciPy."""

import warnings

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from soilscope import time_stability
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW

DIFFERENCES = ("mean_relative_difference", "std_relative_difference")


def months(values, *dims: str, start: str = "2020-01") -> xr.DataArray:
    values = np.asarray(values, dtype=float)
    time = xr.date_range(start, periods=len(values), freq="MS")
    return xr.DataArray(values, {"time": time}, ("time", *dims), attrs={"units": "m3 m-3"})


def moisture(n_years: int = 1, n: int = 40, seed: int = 0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    season = 0.2 + 0.05 * np.sin(2 * np.pi * np.arange(12 * n_years) / 12)
    noise = rng.normal(0, 0.01, (12 * n_years, n))
    return months(season[:, None] * rng.uniform(0.5, 1.5, n) + noise, "site")


def test_the_deviation_of_twelve_months_is_that_of_the_published_formula():
    da = moisture()
    found = time_stability(da)
    x = da.values
    expected = np.sqrt(((x - x.mean(axis=0)) ** 2).sum(axis=0) / (12 - 1))
    np.testing.assert_allclose(found["std"], expected, rtol=1e-12)
    assert np.isnan(found["std_anomaly"]).all()  # no month comes twice
    assert found["std"].attrs["units"] == "m3 m-3"


@pytest.mark.parametrize(
    ("std", "expected"),
    [(0.0, 0), (0.0299, 0), (0.0301, 1), (0.0799, 1), (0.0801, 2), (0.1299, 2), (0.1301, 3),
     (0.1999, 3), (0.2001, 4)],
)  # fmt: skip
def test_classes_begin_at_the_published_deviations(std, expected):
    wave = np.tile([1.0, -1.0], 6) * std / np.sqrt(12 / 11)
    found = time_stability(months(0.5 + wave[:, None] * np.ones(3), "site"))
    assert (found["stability"] == expected).all()
    assert np.allclose(found["std"], std)


def test_classes_have_the_words_of_the_flags_and_none_without_values():
    da = moisture()
    da[:, 3] = np.nan
    found = time_stability(da)
    assert int(found["stability"][3]) == -1
    assert found["stability"].attrs["flag_meanings"].split() == [
        "unknown", "excellent", "good", "stable", "poor", "very_poor",
    ]  # fmt: skip
    assert int(time_stability(da, class_bounds=(1e-4, 2e-4, 3e-4, 4e-4))["stability"][0]) == 4


def test_anomalies_are_without_the_season_of_the_cell():
    da = moisture(5)
    groups = da.groupby("time.month")
    anomaly = (groups - groups.mean()).values
    expected = np.sqrt((anomaly**2).sum(axis=0) / (60 - 12))
    found = time_stability(da)
    np.testing.assert_allclose(found["std_anomaly"], expected, rtol=1e-12)
    assert (found["std_anomaly"] < found["std"]).all()


def test_relative_differences_by_hand():
    # field means 0.2 and 0.4; differences of the first cell -0.5 and 0, of the second 0.5 and 0
    found = time_stability(months([[0.1, 0.3], [0.4, 0.4]], "site"), min_obs=2)
    np.testing.assert_allclose(found["field_mean"], [0.2, 0.4])
    np.testing.assert_allclose(found["mean_relative_difference"], [-0.25, 0.25])
    np.testing.assert_allclose(found["std_relative_difference"], [np.sqrt(0.125)] * 2)
    np.testing.assert_allclose(found["representativeness"], [np.sqrt(0.1875)] * 2)
    assert int(found["representative"].sum()) == 1  # of two that are alike


def test_relative_differences_are_those_of_the_formula_and_cancel_by_weight():
    da, weights = moisture(2), xr.DataArray(np.linspace(1, 3, 40), dims="site")
    found = time_stability(da, weights=weights)
    mean = np.average(da.values, axis=1, weights=weights)
    delta = (da.values - mean[:, None]) / mean[:, None]
    np.testing.assert_allclose(found["mean_relative_difference"], delta.mean(0), atol=1e-12)
    np.testing.assert_allclose(found["std_relative_difference"], delta.std(0, ddof=1), rtol=1e-10)
    assert float((found["mean_relative_difference"] * weights).sum()) == pytest.approx(0, abs=1e-12)
    root = np.hypot(delta.mean(0), delta.std(0, ddof=1))
    assert int(np.argmax(found["representative"].values)) == int(root.argmin())
    assert int(found["representative"].sum()) == 1


def test_ranks_are_compared_as_scipy_does_with_ties():
    da = moisture(1, 30).round(2)
    found = time_stability(da)
    expected = stats.spearmanr(da.values.T).statistic
    np.testing.assert_allclose(found["rank_correlation"], expected, atol=1e-12)
    pairs = expected[~np.eye(12, dtype=bool)]
    assert float(found["rank_stability"]) == pytest.approx(pairs.mean(), abs=1e-12)
    assert found["rank_correlation"].dims == ("time", "time_2")
    assert (found["time_2"].values == da["time"].values).all()


def test_only_cells_valid_on_all_used_dates_count():
    da = moisture()
    da[4, 7] = np.nan  # this cell is out
    da[9, 5:] = np.nan  # on this date few cells have values: it is not used
    found = time_stability(da, weights=None)
    assert found["date_used"].values.tolist() == [1] * 9 + [0, 1, 1]
    assert int(found["n_cells"]) == 39
    kept = da.drop_isel(site=7, time=9)
    np.testing.assert_allclose(found["field_mean"].drop_isel(time=9), kept.mean("site"), rtol=1e-12)
    for name in DIFFERENCES:
        assert np.isnan(found[name]).values.tolist() == [i == 7 for i in range(40)]
        again = time_stability(da.drop_isel(time=9), weights=None)
        np.testing.assert_allclose(found[name], again[name], rtol=1e-12)
    assert np.isnan(found["rank_correlation"][9]).all()
    assert float(found["rank_stability"]) == pytest.approx(float(again["rank_stability"]))
    assert np.isfinite(found["std"]).all()  # its own deviation needs no field


def test_without_a_common_cell_nothing_is_compared():
    da = moisture(1, 12)
    da = da.where(~np.eye(12, dtype=bool))
    found = time_stability(da)
    assert int(found["n_cells"]) == 0
    for name in (*DIFFERENCES, "representativeness", "field_mean", "rank_stability"):
        assert np.isnan(found[name]).all(), name
    assert int(found["representative"].sum()) == 0


def test_few_values_have_a_status():
    da = moisture(1, 4)
    da[:, 0] = np.nan
    da[5:, 1] = np.inf
    da[:, 2] = 0.25
    found = time_stability(da, min_share=0.0)
    assert found["status"].values.tolist() == [NO_DATA, TOO_FEW, CONSTANT, OK]
    assert found["n_obs"].values.tolist() == [0, 5, 12, 12]


def test_layers_are_compared_each_with_its_own_field():
    layers = [moisture(seed=k) for k in range(2)]
    found = time_stability(xr.concat(layers, "depth").transpose("time", "site", "depth"))
    for k, layer in enumerate(layers):
        xr.testing.assert_allclose(found.isel(depth=k), time_stability(layer))


def test_lazy_grids_in_any_chunks_give_the_same():
    rng = np.random.default_rng(5)
    da = months(rng.uniform(0.1, 0.4, (12, 6, 7)), "y", "x")
    da = da.assign_coords(y=6.0 - np.arange(6), x=np.arange(7.0))
    da[2, 1, 1] = np.nan
    found = time_stability(da)
    for chunks in ({"y": 2, "x": 3}, {"y": 6, "x": 1}):
        lazy = time_stability(da.chunk(chunks))
        assert all(v.chunks is not None for v in lazy.data_vars.values())
        xr.testing.assert_allclose(lazy.compute(), found)


def test_steps_of_days_are_told_and_a_dimension_of_months_is_not():
    time = xr.date_range("2020-01-01", periods=30)
    da = moisture(3).isel(time=slice(30)).assign_coords(time=time)
    with pytest.warns(SoilscopeWarning, match="da is not monthly"):
        time_stability(da)
    monthly = moisture().drop_vars("time").rename(time="month")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = time_stability(monthly, dim="month")
    assert found["rank_correlation"].dims == ("month", "month_2")


@pytest.mark.parametrize("units", [None, "%", "mm"])
def test_other_units_are_refused(units):
    da = moisture()
    da.attrs = {} if units is None else {"units": units}
    with pytest.raises(InputError, match="classes of stability are for m3 m-3"):
        time_stability(da)


def test_what_cannot_be_compared_is_told_in_one_line():
    da = moisture()
    with pytest.raises(InputError, match="no spatial dimensions"):
        time_stability(da.isel(site=0))
    with pytest.raises(InputError, match="da has no dimension 'time'"):
        time_stability(da.isel(time=0))
    with pytest.raises(InputError, match="four rising SDs"):
        time_stability(da, class_bounds=(0.1, 0.05, 0.2, 0.3))
    for bounds in (3, "ab", (0.1, 0.2)):
        with pytest.raises(InputError, match="four rising SDs"):
            time_stability(da, class_bounds=bounds)
    for wrong, told in ((da.values, "da is a ndarray"), (da.to_dataset(name="a"), "is a Dataset")):
        with pytest.raises(InputError, match=told):
            time_stability(wrong)
    with pytest.raises(InputError, match="da is split into 12 chunks along 'time'"):
        time_stability(da.chunk(time=1))
    with pytest.raises(InputError, match="must be between 0"):
        time_stability(da, min_share=2)

"""Statistics of fields: beside NumPy and SciPy, on grids and sites, with gaps and regions."""

import dask.array
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from soilscope import spatial_statistics
from soilscope.errors import GridError, InputError
from soilscope.names import CONSTANT, NO_DATA, OK, TOO_FEW


def field(*, seed: int = 0, gaps: bool = True, step: float = 10.0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    values = rng.gamma(4.0, 0.05, (5, 12, 9))
    if gaps:
        values[rng.random(values.shape) < 0.2] = np.nan
    coords = {
        "time": xr.date_range("2020-01", periods=5, freq="MS"),
        "latitude": 60.0 - step * np.arange(12),
        "longitude": np.arange(9.0),
    }
    return xr.DataArray(
        values, coords, ("time", "latitude", "longitude"), attrs={"units": "m3 m-3"}
    )


def test_each_field_is_described_as_numpy_and_scipy_do():
    da = field()
    found = spatial_statistics(da, weights=None)
    for i in range(da.sizes["time"]):
        x = da.values[i][np.isfinite(da.values[i])]
        one = found.isel(time=i)
        quartiles = np.quantile(x, [0.25, 0.5, 0.75])
        expected = {
            "minimum": x.min(),
            "maximum": x.max(),
            "mean": x.mean(),
            "std": x.std(ddof=1),
            "cv": x.std(ddof=1) / x.mean(),
            "lower_quartile": quartiles[0],
            "median": quartiles[1],
            "upper_quartile": quartiles[2],
            "skewness": stats.skew(x),
            "iqr_to_std": stats.iqr(x) / x.std(ddof=1),
            "qq_correlation": stats.probplot(x)[1][2],
            "n_obs": x.size,
        }
        for name, value in expected.items():
            assert float(one[name]) == pytest.approx(value, rel=1e-10), name
        np.testing.assert_allclose(
            one["sample_quantile"], np.quantile(x, found["probability"]), rtol=1e-12
        )
    np.testing.assert_allclose(found["normal_quantile"], stats.norm.ppf(found["probability"]))


def test_the_ratio_of_a_normal_sample_is_that_of_the_distribution():
    x = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    found = spatial_statistics(xr.DataArray(x, dims="site"))
    assert float(found["iqr_to_std"]) == pytest.approx(2 * stats.norm.ppf(0.75), abs=2e-4)
    assert float(found["qq_correlation"]) == pytest.approx(1.0, abs=1e-6)
    assert float(found["skewness"]) == pytest.approx(0.0, abs=1e-12)


def test_cells_count_by_their_area():
    # of a sphere; the ellipsoid differs by 0.3 %
    da = field(gaps=False, step=5.0).isel(time=0)
    da = da.copy(data=np.repeat((da["latitude"].values > 30)[:, None].astype(float), 9, axis=1))
    area = np.cos(np.deg2rad(da["latitude"].values))
    share = area[da["latitude"].values > 30].sum() / area.sum()
    assert float(spatial_statistics(da)["mean"]) == pytest.approx(share, rel=5e-3)
    assert float(spatial_statistics(da, weights=None)["mean"]) == pytest.approx(0.5)


def test_given_weights_leave_cells_out_and_hold_for_sites():
    da = xr.DataArray([1.0, 2.0, 3.0, 100.0], dims="site")
    weights = xr.DataArray([1.0, 1.0, 2.0, 0.0], dims="site")
    found = spatial_statistics(da, weights=weights)
    assert float(found["mean"]) == pytest.approx(9 / 4)
    assert (int(found["n_obs"]), float(found["maximum"])) == (3, 3.0)


def test_regions_are_described_apart_and_may_change_in_time():
    da = field(gaps=False)
    zone = xr.where(da["longitude"] < 4, 0, 1).broadcast_like(da.isel(time=0))
    zone = zone.assign_attrs(flag_values=[0, 1], flag_meanings="west east")
    found = spatial_statistics(da, weights=None, regions=zone)
    west = da.sel(longitude=slice(None, 3))
    np.testing.assert_allclose(
        found["std"].sel(region="west"), west.std(["latitude", "longitude"], ddof=1)
    )
    frozen = xr.where(da > 0.2, 1, 0).assign_attrs(flag_values=[0, 1], flag_meanings="dry wet")
    split = spatial_statistics(da, weights=None, regions=frozen)
    np.testing.assert_array_equal(
        split["minimum"].sel(region="wet"), da.where(da > 0.2).min(["latitude", "longitude"])
    )
    assert (split["n_obs"].sum("region") == 108).all()


def test_any_dimension_can_be_described():
    da = field()
    found = spatial_statistics(da, dim="time")
    expected = da.std("time", ddof=1).where(da.count("time") >= 3)
    xr.testing.assert_allclose(found["std"].drop_attrs(), expected.drop_attrs())
    together = spatial_statistics(da, dim=["time", "latitude", "longitude"], weights=None)
    assert float(together["mean"]) == pytest.approx(float(da.mean()))


def test_few_equal_and_infinite_values_have_a_status():
    rows = [[np.nan] * 4, [1.0, 2.0, np.nan, np.inf], [2.0] * 4, [1.0, 2.0, 3.0, -np.inf]]
    found = spatial_statistics(xr.DataArray(rows, dims=("time", "site")))
    assert found["status"].values.tolist() == [NO_DATA, TOO_FEW, CONSTANT, OK]
    assert found["n_obs"].values.tolist() == [0, 2, 4, 3]
    assert np.isfinite(found["mean"]).values.tolist() == [False, False, True, True]
    constant = found.isel(time=2)
    assert (float(constant["std"]), float(constant["cv"])) == (0.0, 0.0)
    assert np.isnan(constant["skewness"])
    assert np.isnan(constant["qq_correlation"])


def test_a_shift_and_another_unit_change_nothing_that_they_should_not():
    da = field()
    percent = spatial_statistics(100.0 * da)
    far = spatial_statistics(da + 1e6)
    found = spatial_statistics(da)
    for name in ("skewness", "iqr_to_std", "qq_correlation"):
        np.testing.assert_allclose(percent[name], found[name], rtol=1e-12)
        np.testing.assert_allclose(far[name], found[name], rtol=1e-6)
    np.testing.assert_allclose(percent["std"], 100 * found["std"], rtol=1e-12)


def test_large_lazy_data_are_taken_field_by_field():
    # 1.2 GB as a whole, of which dask must never hold more than a few fields
    big = dask.array.random.default_rng(1).normal(size=(60, 1600, 1600), chunks=(60, 200, 1600))
    found = spatial_statistics(xr.DataArray(big, dims=("time", "y", "x")), weights=None)
    [_, fields] = [found["mean"].chunks[0], found["sample_quantile"].chunks[0]]
    assert max(fields) * 1600 * 1600 * 8 <= 130 * 2**20


def test_what_cannot_be_described_is_told_in_one_line():
    da = field()
    with pytest.raises(InputError, match="no spatial dimensions"):
        spatial_statistics(da.isel(latitude=0, longitude=0))
    with pytest.raises(InputError, match="has no dimension 'lat'; it has: time"):
        spatial_statistics(da, dim="lat")
    with pytest.raises(InputError, match="holds classes"):
        spatial_statistics(da.assign_attrs(flag_values=[0], flag_meanings="a"))
    with pytest.raises(InputError, match="weights is 'equal'"):
        spatial_statistics(da, weights="equal")
    with pytest.raises(InputError, match="regions has no flag_values"):
        spatial_statistics(da, regions=da.isel(time=0))
    with pytest.raises(GridError, match="weights and the data differ along 'latitude'"):
        spatial_statistics(da, weights=da.isel(time=0, latitude=slice(3)))
    for wrong, told in ((da.values, "da is a ndarray"), (da.to_dataset(name="a"), "is a Dataset")):
        with pytest.raises(InputError, match=told):
            spatial_statistics(wrong)
    with pytest.raises(InputError, match="dim is 3; give a dimension"):
        spatial_statistics(da, dim=3)
    with pytest.raises(InputError, match="dim is empty"):
        spatial_statistics(da, dim=[])
    with pytest.raises(InputError, match="min_obs is 1"):
        spatial_statistics(da, min_obs=1)

import numpy as np
import pytest
import xarray as xr

from soilscope import recovery
from soilscope.errors import InputError
from soilscope.names import flag_attrs

# one layer worked by hand: 4 planted cells (3 held, 2 significant), 4 null (1 significant)
TRUTH = [1.0, 2.0, -1.0, -2.0, 0.0, 0.0, 0.0, 0.0]
FOUND = [1.1, 2.3, -1.4, -1.5, 0.1, -0.1, 0.4, 0.0]
HALF = 0.4
P = [0.20, 0.01, 0.07, 0.001, 0.5, 0.6, 0.02, 1.0]


def estimate(found, p, *, dims=("site",), half=HALF, units="m3 m-3 year-1"):
    slope = xr.DataArray(found, dims=dims, attrs={"units": units})
    return xr.Dataset(
        {
            "slope": slope,
            "slope_low": slope - half,
            "slope_high": slope + half,
            "p_value": xr.DataArray(p, dims=dims),
        }
    )


def layered(repeat=2):
    found = estimate([FOUND] * repeat, [P] * repeat, dims=("depth", "site"))
    return found, xr.DataArray([TRUTH] * repeat, dims=("depth", "site"))


def regression(drivers, **values):
    ds = xr.Dataset({k: (("driver", "site"), v) for k, v in values.items()})
    return ds.assign_coords(driver=np.array(drivers, dtype=object))


def test_shares_are_those_counted_by_hand():
    result = recovery(estimate(FOUND, P), xr.DataArray(TRUTH, dims="site"))
    assert result.n_planted == 4
    assert result.n_null == 4
    assert result.n_obs == 8
    assert result.detected_share == 0.5
    assert result.false_positive_share == 0.25


def test_coverage_counts_planted_cells_only():
    # errors of the planted cells: 0.1, 0.3, 0.4, 0.5
    wide = recovery(estimate(FOUND, P, half=0.45), xr.DataArray(TRUTH, dims="site"))
    assert wide.coverage_planted == 0.75
    assert (
        recovery(estimate(FOUND, P, half=0.35), xr.DataArray(TRUTH, dims="site")).coverage_planted
        == 0.5
    )


def test_an_interval_that_ends_on_the_truth_holds_it():
    found = estimate([2.0, 2.0], [0.0, 0.0], half=0.5)
    result = recovery(found, xr.DataArray([1.5, 2.5], dims="site"))
    assert result.coverage_planted == 1.0


def test_errors_are_those_of_numpy():
    result = recovery(estimate(FOUND, P), xr.DataArray(TRUTH, dims="site"))
    error = np.array(FOUND) - np.array(TRUTH)
    assert float(result.bias) == pytest.approx(error.mean(), rel=1e-12)
    assert float(result.rmse) == pytest.approx(np.sqrt((error**2).mean()), rel=1e-12)
    assert float(result.correlation) == pytest.approx(np.corrcoef(FOUND, TRUTH)[0, 1], rel=1e-12)


def test_errors_have_the_units_of_the_estimate():
    result = recovery(estimate(FOUND, P), xr.DataArray(TRUTH, dims="site"))
    assert result.bias.attrs["units"] == "m3 m-3 year-1"
    assert result.rmse.attrs["units"] == "m3 m-3 year-1"
    assert result.bin_edge.attrs["units"] == "m3 m-3 year-1"
    assert result.coverage_planted.attrs["units"] == "1"


def test_a_cell_with_any_missing_part_does_not_count():
    for name in ("slope", "slope_low", "slope_high", "p_value"):
        broken = estimate(FOUND, P)
        broken[name] = broken[name].where(xr.DataArray(np.arange(8) != 1, dims="site"))
        result = recovery(broken, xr.DataArray(TRUTH, dims="site"))
        assert (result.n_planted, result.n_obs, result.density.sum()) == (3, 7, 7)


def test_layers_are_groups_and_pooled_counts_are_their_sums():
    found, truth = layered()
    found["slope_low"][1] = -np.inf
    found["slope_high"][1] = np.nan
    result = recovery(found, truth)
    assert result.n_planted.values.tolist() == [4, 0]
    assert result.n_planted_pooled == 4
    assert np.isnan(result.coverage_planted[1])
    assert result.coverage_planted_pooled == result.coverage_planted[0]


def test_a_group_without_null_cells_has_no_false_positive_share():
    result = recovery(estimate([1.0, 2.0], [0.0, 0.0]), xr.DataArray([1.0, 2.0], dims="site"))
    assert np.isnan(result.false_positive_share)
    assert result.coverage_planted == 1.0


def test_drivers_are_matched_by_label_and_others_left_out():
    b = np.array([[1.0, 1.0], [0.1, -0.1]])
    found = regression(
        ["rain", "wind"],
        coefficient=b,
        coefficient_low=b - 0.2,
        coefficient_high=b + 0.2,
        p_value=np.array([[0.0, 0.0], [0.3, 0.01]]),
    )
    truth = xr.DataArray(
        [[9.0, 9.0], [0.0, 0.0], [1.1, 0.5]],
        dims=("driver", "site"),
        coords={"driver": np.array(["decoy", "wind", "rain"], dtype=object)},
    )
    result = recovery(found, truth, variable="coefficient")
    assert result.driver.values.tolist() == ["rain", "wind"]
    assert float(result.coverage_planted.sel(driver="rain")) == 0.5
    assert float(result.false_positive_share.sel(driver="wind")) == 0.5
    assert "rmse_pooled" not in result  # drivers have unlike units


def test_density_counts_every_cell_once_on_shared_bins():
    found, truth = layered()
    result = recovery(found, truth, n_bins=5)
    assert result.density.dims == ("depth", "planted_bin", "recovered_bin")
    # largest |value| is 2.3 (quantile 0.999 is a little less), so bins are about 0.92 wide
    # truth -2 -1 0 1 2 -> 0 1 2 3 4; estimates 2.3 lies beyond and counts in the outer bin
    expected = np.zeros((5, 5), dtype=int)
    for row, column in [(3, 3), (4, 4), (1, 0), (0, 0), (2, 2), (2, 2), (2, 2), (2, 2)]:
        expected[row, column] += 1
    assert result.density[0].values.tolist() == expected.tolist()
    assert result.density[1].values.tolist() == expected.tolist()
    np.testing.assert_allclose(result.bin_edge, -result.bin_edge[::-1])


def test_dask_gives_the_same_and_stays_lazy():
    found, truth = layered()
    lazy = recovery(found.chunk(depth=1, site=3), truth.chunk(depth=1, site=2))
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    xr.testing.assert_allclose(lazy.compute(), recovery(found, truth))


def test_the_order_of_dimensions_does_not_matter():
    found, truth = layered()
    xr.testing.assert_allclose(recovery(found.transpose(), truth), recovery(found, truth))


def test_classes_are_compared_by_meaning():
    truth = xr.DataArray([-1, 1, 1, -2], dims="site")
    truth.attrs = flag_attrs(("deficit", "neutral", "surplus"), first=-1)
    state = xr.DataArray(
        [2, 1, 2, 2], dims="site", attrs=flag_attrs(("surplus", "deficit"), first=1)
    )
    result = recovery(xr.Dataset({"state": state}), truth, variable="state")
    assert result.n_obs == 3
    assert float(result.agreement) == pytest.approx(2 / 3)


def test_the_sign_of_an_index_is_its_class():
    truth = xr.DataArray([[-1, 1, 1, -2]], dims=("depth", "site"))
    truth.attrs = flag_attrs(("deficit", "neutral", "surplus"), first=-1)
    index = xr.Dataset({"ssmi": (("depth", "site"), [[-0.4, 0.3, np.nan, 0.1]])})
    result = recovery(index, truth, variable="ssmi")
    assert result.n_obs.item() == 2
    assert result.agreement_pooled == 1.0


def test_a_missing_bound_is_named():
    found = estimate(FOUND, P).drop_vars("slope_low")
    with pytest.raises(InputError, match="estimate has no 'slope_low'"):
        recovery(found, xr.DataArray(TRUTH, dims="site"))


def test_a_driver_without_truth_is_refused():
    b = np.zeros((1, 2))
    found = regression(["rain"], coefficient=b, coefficient_low=b, coefficient_high=b, p_value=b)
    truth = xr.DataArray(
        b, dims=("driver", "site"), coords={"driver": np.array(["train"], dtype=object)}
    )
    with pytest.raises(InputError, match="no driver 'rain'; it has train; did you mean 'train'"):
        recovery(found, truth, variable="coefficient")


def test_a_shifted_grid_is_refused():
    found = estimate(FOUND, P).assign_coords(site=np.arange(8))
    truth = xr.DataArray(TRUTH, dims="site", coords={"site": np.arange(1, 9)})
    with pytest.raises(InputError, match="same coordinates"):
        recovery(found, truth)


def test_inputs_are_left_alone():
    found, truth = layered()
    before = found.copy(deep=True), truth.copy(deep=True)
    recovery(found, truth)
    xr.testing.assert_identical(found, before[0])
    xr.testing.assert_identical(truth, before[1])

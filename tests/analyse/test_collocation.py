"""Triple collocation: planted errors are found, broken triplets are refused by their status."""

import json

import numpy as np
import pytest
import xarray as xr

from soilscope import triple_collocation
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.names import STATUS

N = 2400
MONTHS = xr.date_range("1850-01", periods=N, freq="MS")


def da(values, **attrs):
    n = len(values)
    return xr.DataArray(values, {"time": MONTHS[:n]}, ("time", "site")[: values.ndim], attrs=attrs)


def triplet(errors=(0.4, 0.8, 1.2), gains=(1.0, 2.0, 0.5), seed=0, n=N, shape=()):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, *shape))
    return [
        da(gain * (truth + error * rng.normal(size=(n, *shape))) + gain)
        for error, gain in zip(errors, gains, strict=True)
    ]


def statuses(result):
    return [STATUS[code] for code in result.status.values]


def test_planted_errors_are_found_in_the_units_of_each_product():
    found = triple_collocation(*triplet(shape=(20,))).mean("site")
    np.testing.assert_allclose(found.error_std, [0.4, 1.6, 0.6], rtol=0.03)
    np.testing.assert_allclose(found.snr_db, -20 * np.log10([0.4, 0.8, 1.2]), atol=0.3)
    np.testing.assert_allclose(found.r, 1 / np.sqrt(1 + np.square([0.4, 0.8, 1.2])), atol=0.01)


def test_the_estimate_is_the_published_algebra():
    a, b, c = triplet(n=300)
    found = triple_collocation(a, b, c, anomaly=None)
    q = np.cov([a, b, c])
    error = [
        q[0, 0] - q[0, 1] * q[0, 2] / q[1, 2],
        q[1, 1] - q[0, 1] * q[1, 2] / q[0, 2],
        q[2, 2] - q[0, 2] * q[1, 2] / q[0, 1],
    ]
    np.testing.assert_allclose(found.error_std**2, error)
    np.testing.assert_allclose(found.snr_db, 10 * np.log10((np.diag(q) - error) / error))
    np.testing.assert_allclose(found.r**2, 1 - np.array(error) / np.diag(q))


def test_a_common_season_does_not_count_as_skill():
    season = 3 * np.sin(2 * np.pi * np.arange(N) / 12)
    bare = triplet(gains=(1, 1, 1))
    seasonal = [product + season for product in bare]
    np.testing.assert_allclose(
        triple_collocation(*seasonal).error_std, triple_collocation(*bare).error_std, rtol=1e-9
    )
    assert (triple_collocation(*seasonal, anomaly=None).r > triple_collocation(*bare).r).all()


def test_removed_means_do_not_make_errors_smaller():
    # 240 months less twelve means: without their count, errors would come out 2.5 % too small
    found = triple_collocation(
        *triplet(errors=(0.8, 0.8, 0.8), n=240, shape=(3000,), gains=(1, 1, 1))
    )
    np.testing.assert_allclose((found.error_std**2).mean("site"), 0.64, rtol=0.015)


def test_only_stamps_where_all_three_are_finite_count():
    a, b, c = triplet()
    a[0], b[1], c[2] = np.nan, np.inf, np.nan
    found = triple_collocation(a, b, c)
    assert found.n_obs == N - 3
    xr.testing.assert_allclose(found, triple_collocation(a[3:], b[3:], c[3:]))


def test_fewer_than_a_hundred_common_stamps_are_too_few():
    found = triple_collocation(*triplet(n=99))
    assert statuses(found) == ["too_few"] * 3
    assert np.isnan(found.error_std).all()
    assert statuses(triple_collocation(*triplet(n=100))) == ["ok"] * 3


def test_a_negative_error_variance_is_missing_for_that_product_alone():
    # b and c err in opposite directions, so less of the truth seems common than there is
    rng = np.random.default_rng(1)
    truth, opposite = rng.normal(size=(2, N))
    a, b, c = da(truth), da(truth + 0.6 * opposite), da(truth - 0.6 * opposite)
    found = triple_collocation(a, b, c)
    assert statuses(found) == ["negative_variance", "ok", "ok"]
    assert np.isnan([found.error_std[0], found.snr_db[0], found.r[0]]).all()
    assert np.isfinite(found.error_std[1:]).all()


def test_two_copies_of_a_product_have_no_error_to_estimate():
    a, b, _ = triplet()
    assert statuses(triple_collocation(a, 2 * a, b)) == ["negative_variance"] * 2 + ["ok"]


def test_products_that_oppose_one_another_have_no_common_truth():
    a, b, c = triplet()
    assert statuses(triple_collocation(a, b, -c)) == ["wrong_sign"] * 3


def test_a_product_without_anomalies_is_constant():
    a, b, c = triplet()
    season = da(np.tile(np.arange(12.0), N // 12))
    assert statuses(triple_collocation(a, b, season)) == ["constant"] * 3
    assert statuses(triple_collocation(a, b, xr.full_like(c, 0.1))) == ["constant"] * 3
    assert statuses(triple_collocation(a, b, xr.full_like(c, np.nan))) == ["no_data"] * 3


def test_the_order_of_products_does_not_matter():
    a, b, c = triplet()
    forward, backward = triple_collocation(a, b, c), triple_collocation(c, b, a)
    np.testing.assert_allclose(forward.error_std, backward.error_std[::-1], rtol=1e-12)


def test_products_may_have_units_of_their_own():
    a, b, c = triplet()
    found = triple_collocation(
        a.assign_attrs(units="m3 m-3"), b.assign_attrs(units="%"), c.assign_attrs(units="1")
    )
    assert found.product_units.values.tolist() == ["m3 m-3", "%", "1"]
    assert found.error_std.units == "unit of the product"
    same = triple_collocation(*(p.assign_attrs(units="m3 m-3") for p in (a, b, c)))
    assert same.error_std.units == "m3 m-3"


def test_products_bear_the_names_of_the_arrays_or_those_given():
    a, b, c = triplet()
    assert triple_collocation(a, b, c)["product"].values.tolist() == ["a", "b", "c"]
    named = [p.rename(name) for p, name in zip((a, b, c), ("smci", "smap", "ascat"), strict=True)]
    assert triple_collocation(*named)["product"].values.tolist() == ["smci", "smap", "ascat"]
    given = triple_collocation(a, b, c, names=["x", "y", "z"])
    assert given["product"].values.tolist() == ["x", "y", "z"]
    with pytest.raises(InputError, match="three different names"):
        triple_collocation(a, b, c, names=["x", "y", "x"])


def test_months_without_dates_are_refused():
    undated = [p.assign_coords(time=np.arange(float(N))) for p in triplet()]
    with pytest.raises(InputError, match="use anomaly=None"):
        triple_collocation(*undated)


def test_products_at_other_times_are_refused():
    a, b, c = triplet()
    with pytest.raises(InputError, match="a and c differ along 'time'"):
        triple_collocation(a, b, c[:-1])


def test_dependent_products_are_warned_of_and_marked():
    a, b, c = triplet()
    a.attrs["lineage"], c.attrs["lineage"] = json.dumps(["SMCI"]), json.dumps(["ERA5-Land"])
    with pytest.warns(SoilscopeWarning, match="a and c share ERA5-Land"):
        found = triple_collocation(a, b, c)
    assert found.attrs["dependent"] == "a and c share ERA5-Land, ERA5"


def test_shared_errors_of_dependent_products_count_as_truth():
    # why dependent triplets are marked: a and b share half of their error
    rng = np.random.default_rng(3)
    truth, shared = rng.normal(size=(2, N, 20))
    a, b, c = (
        da(truth + part * shared + 0.5 * rng.normal(size=(N, 20))) for part in (0.7, 0.7, 0.0)
    )
    found = triple_collocation(a, b, c).mean("site")
    assert found.error_std[0] < 0.9 * np.hypot(0.7, 0.5)
    assert found.error_std[2] > 1.2 * 0.5

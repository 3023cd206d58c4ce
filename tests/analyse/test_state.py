import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import index_state
from soilscope.errors import InputError
from soilscope.names import CLASSES


def index(values, *, start="2000-01", **attrs):
    time = pd.date_range(start, periods=len(values), freq="MS")
    return xr.DataArray(np.array(values, dtype=float), {"time": time}, ("time",), attrs=attrs)


EDGES = [-2.0, -1.99, -1.5, -1.0, -0.5, -0.49, 0.49, 0.5, 1.0, 1.5, 2.0]


def test_each_bound_belongs_to_the_drier_or_the_wetter_class():
    found = index_state(index(EDGES, reference="pooled")).class_share * len(EDGES)
    assert dict(zip(CLASSES, found.values.round(9).tolist(), strict=True)) == {
        "extreme_drought": 1,  # -2
        "severe_drought": 2,  # -1.99, -1.5
        "moderate_drought": 1,  # -1
        "mild_drought": 1,  # -0.5
        "near_normal": 2,
        "mild_wet": 1,
        "moderate_wet": 1,
        "severe_wet": 1,
        "extreme_wet": 1,
    }


def test_the_shares_of_all_classes_sum_to_one():
    values = np.random.default_rng(0).normal(size=500)
    values[::7] = np.nan
    assert float(index_state(index(values)).class_share.sum()) == pytest.approx(1.0)


def test_classes_beyond_the_reach_of_the_method_are_unknown_and_not_absent():
    found = index_state(index([0.0, 1.2], reference="pooled", reachable=1.6)).class_share
    assert np.isnan(found.sel({"class": ["extreme_drought", "extreme_wet"]})).all()
    assert found.sel({"class": "severe_drought"}) == 0.0


def test_the_mean_over_its_own_baseline_is_refused():
    ssmi = index(np.zeros(24), reference="own", baseline="2000-01-01/2001-12-01")
    with pytest.raises(InputError, match="zero by construction"):
        index_state(ssmi)


def test_the_mean_over_exactly_the_reference_period_is_refused_and_over_the_record_is_not():
    ssmi = index(np.ones(36), reference="2000/2001", baseline="2000-01-01/2001-12-01")
    with pytest.raises(InputError, match="zero by construction"):
        index_state(ssmi.sel(time=slice("2000", "2001")))
    assert index_state(ssmi)["mean"] == 1.0


def test_the_mean_over_a_part_of_its_own_baseline_says_which_part():
    ssmi = index(np.ones(24), reference="own", baseline="2000-01-01/2001-12-01")
    found = index_state(ssmi.sel(time="2001"))
    assert found["mean"] == 1.0
    assert found.attrs["period"] == "2001-01-01/2001-12-01"
    assert found["mean"].attrs["reference"] == "own"


def test_missing_and_infinite_values_do_not_count():
    found = index_state(index([-1.0, np.nan, np.inf, 3.0], reference="pooled"))
    assert found["mean"] == 1.0
    assert found.deficit_share == 0.5
    assert found.n_obs == 2


def test_a_series_without_data_is_unknown():
    found = index_state(index([np.nan, np.nan], reference="pooled"))
    assert np.isnan(found["mean"])
    assert np.isnan(found.class_share).all()
    assert found.status == 1


def test_a_period_may_be_asked_for_by_years():
    ssmi = index(np.arange(24.0), reference="own", baseline="2000-01-01/2001-12-01")
    assert index_state(ssmi, period=("2001", "2001"))["mean"] == np.arange(12.0, 24.0).mean()
    with pytest.raises(InputError, match="period 2010 to 2012 holds no stamp"):
        index_state(ssmi, period=("2010", "2012"))

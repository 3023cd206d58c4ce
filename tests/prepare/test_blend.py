"""Two products of soil moisture in one: the rule by hand, its limits, chunks and lineage."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import blend_moisture
from soilscope.errors import InputError

DAYS = pd.date_range("2015-01-01", "2016-12-31")


def products(seed: int = 1, n: int = 3) -> tuple[xr.DataArray, xr.DataArray]:
    """Two noisy products of `n` cells, each with gaps."""
    rng = np.random.default_rng(seed)
    season = np.cos(2 * np.pi * DAYS.day_of_year.to_numpy() / 365)[:, None]
    first = 0.2 + 0.05 * season + 0.02 * rng.normal(size=(DAYS.size, n))
    second = 0.1 + 0.4 * first + 0.01 * rng.normal(size=(DAYS.size, n))
    made = []
    for values in (first, second):
        values[rng.random(values.shape) < 0.3] = np.nan
        da = xr.DataArray(values, {"time": DAYS}, ("time", "site"), name="soil_moisture")
        made.append(da.assign_attrs(units="m3 m-3"))
    return made[0], made[1]


def by_hand(first: pd.Series, second: pd.Series) -> pd.Series:
    """The rule with pandas: season by season, over the days on which both have a value."""
    out = first.copy()
    season = first.index.month % 12 // 3
    for code in range(4):
        one, two = first[season == code], second[season == code]
        pairs = one.notna() & two.notna()
        line = (two - two[pairs].mean()) * one[pairs].std() / two[pairs].std() + one[pairs].mean()
        out[season == code] = one.fillna(line)
    return out


def test_gaps_hold_the_second_product_at_the_mean_and_spread_of_the_first():
    first, second = products()
    ds = blend_moisture(first, second)
    for cell in range(3):
        expected = by_hand(*(da.isel(site=cell).to_series() for da in (first, second)))
        np.testing.assert_allclose(ds.soil_moisture[:, cell], expected, rtol=1e-12)
    has_first, has_second = first.notnull().values, second.notnull().values
    code = np.where(has_first, 0, np.where(has_second, 1, -1))
    np.testing.assert_array_equal(ds.source.values, code)
    assert ds.source.dtype == np.int8
    assert ds.source.attrs["flag_values"] == [-1, 0, 1]
    assert ds.source.attrs["flag_meanings"] == "none primary secondary"
    winter = np.isin(DAYS.month, [12, 1, 2])[:, None]
    assert (
        ds.n_obs.sel(season="DJF").values.tolist()
        == (has_first & has_second & winter).sum(axis=0).tolist()
    )
    assert ds.soil_moisture.attrs["units"] == "m3 m-3"


def test_the_first_product_is_never_changed():
    first, second = products()
    ds = blend_moisture(first, second)
    kept = first.notnull().values
    np.testing.assert_array_equal(ds.soil_moisture.values[kept], first.values[kept])


@given(slope=st.floats(0.1, 10), shift=st.floats(-5, 5), seed=st.integers(0, 50))
def test_the_units_of_the_second_product_do_not_matter(slope, shift, seed):
    first, second = products(seed, n=1)
    plain = blend_moisture(first, second, by="year")
    other = blend_moisture(first, shift + slope * second, by="year")
    xr.testing.assert_allclose(plain.soil_moisture, other.soil_moisture, rtol=1e-6)


def test_a_season_without_enough_pairs_is_not_filled():
    first, second = products()
    summer = first["time"].dt.month.isin([6, 7, 8])
    few = first.where(~summer)
    ds = blend_moisture(few, second)
    inside = ds.soil_moisture.sel(time=summer)
    assert inside.isnull().all()
    assert (ds.source.sel(time=summer) == -1).all()
    assert (ds.n_obs.sel(season="JJA") == 0).all()
    whole = blend_moisture(few, second, by="year")
    assert (whole.source.sel(time=summer) == 1).any()
    monthly = blend_moisture(first, second, by="month", min_overlap=2)
    assert monthly.n_obs.dims[0] == "month"
    assert monthly.n_obs.sel(month=7).values.min() >= 2


def test_the_least_number_of_pairs_is_met_exactly():
    first, second = (da.copy() for da in products())
    first[:], second[:] = np.nan, 0.2
    at = np.flatnonzero(DAYS.month == 7)[:10]
    first[at] = np.linspace(0.1, 0.2, 10)[:, None]
    second[at] = np.linspace(0.3, 0.4, 10)[:, None]
    assert (blend_moisture(first, second, min_overlap=11).source < 1).all()
    filled = blend_moisture(first, second, min_overlap=10)
    assert (filled.source == 1).any()
    july = filled.soil_moisture.sel(time="2015-07-31")
    np.testing.assert_allclose(july, 0.0, atol=1e-12)  # 0.2 lies 0.1 below the first pair


def test_a_second_product_that_does_not_vary_is_not_used():
    first, second = products()
    ds = blend_moisture(first, second * 0 + 0.1)
    assert (ds.source != 1).all()
    # a first product that does not vary gives its mean
    flat = blend_moisture(first * 0 + 0.3, second)
    assert (flat.source == 1).any()
    np.testing.assert_allclose(flat.soil_moisture.where(flat.source == 1).min(), 0.3)


def test_values_beyond_0_and_1_are_counted_and_clipped_only_when_asked():
    first, second = products()
    second[5] = -3.0
    first[5] = np.nan
    plain = blend_moisture(first, second)
    assert plain.n_unphysical.values.tolist() == [1, 1, 1]
    assert (plain.soil_moisture[5] < 0).all()
    clipped = blend_moisture(first, second, clip=True)
    assert (clipped.soil_moisture[5] == 0).all()
    assert clipped.n_unphysical.values.tolist() == [1, 1, 1]


def test_every_date_of_both_is_kept():
    first, second = products()
    ds = blend_moisture(first.isel(time=slice(100, None)), second.isel(time=slice(0, 600)))
    assert ds.sizes["time"] == DAYS.size
    assert (ds.source.isel(time=slice(0, 100)) != 0).all()
    lazy = blend_moisture(
        first.isel(time=slice(100, None)).chunk(site=1), second.isel(time=slice(0, 600)).chunk()
    )
    assert lazy.soil_moisture.chunks is not None
    xr.testing.assert_allclose(lazy.compute(), ds)


def test_infinite_values_count_as_missing():
    first, second = products()
    first[7], second[7] = np.inf, -np.inf
    ds = blend_moisture(first, second)
    assert (ds.source[7] == -1).all()
    assert np.isfinite(ds.soil_moisture[8:20].where(ds.source[8:20] >= 0, 0.0)).all()


def test_what_does_not_fit_is_refused():
    first, second = products()
    with pytest.raises(InputError, match="have no date in common; choose periods that overlap"):
        blend_moisture(first, second.assign_coords(time=DAYS + pd.Timedelta("12h")))
    with pytest.raises(InputError, match=r"differ along 'site'; bring them onto the same cells"):
        blend_moisture(first, second.isel(site=[0, 1]))
    with pytest.raises(InputError, match="primary has the dimensions time, site, secondary time; "):
        blend_moisture(first, second.isel(site=0))
    with pytest.raises(InputError, match=r"secondary is split into .* chunks along 'time'"):
        blend_moisture(first, second.chunk(time=100))
    with pytest.raises(InputError, match="by is 'week'; it must be one of 'season', 'month', 'yea"):
        blend_moisture(first, second, by="week")
    with pytest.raises(InputError, match="min_overlap is 1; it must be at least 2"):
        blend_moisture(first, second, min_overlap=1)


def test_the_lineage_is_that_of_both_and_the_source_says_who_is_who():
    first, second = products()
    first = first.assign_attrs(product="esa_cci", lineage='["GLDAS-Noah"]')
    second = second.assign_attrs(product="smops", lineage='["SMAP"]')
    ds = blend_moisture(first, second)
    lineage = json.loads(ds.soil_moisture.attrs["lineage"])
    assert {"GLDAS-Noah", "SMAP"} <= set(lineage)
    assert "product" not in ds.soil_moisture.attrs
    assert (ds.source.attrs["primary"], ds.source.attrs["secondary"]) == ("esa_cci", "smops")
    assert "filled from another product" in ds.soil_moisture.attrs["cell_methods"]

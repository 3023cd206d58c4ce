"""A drought that moves downwards is followed from layer to layer."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import onset_delay
from soilscope.errors import InputError
from soilscope.names import NO_DATA, OK, TOO_FEW


def layered(*series, time=None):
    coords = {"depth": 0.05 + 0.1 * np.arange(len(series))}
    coords |= {} if time is None else {"time": time}
    return xr.DataArray(np.array(series, float), coords, ("depth", "time"))


def droughts(n, starts, length=2):
    x = np.zeros(n)
    for start in starts:
        x[start : start + length] = -1.5
    return x


STARTS = [10, 25, 40, 55, 70, 85]


@pytest.mark.parametrize("delay", [0, 1, 4, 6])
def test_a_shifted_layer_has_its_shift_as_delay(delay):
    above, below = droughts(100, STARTS), droughts(100, np.add(STARTS, delay))
    found = onset_delay(layered(above, below)).isel(depth=1)
    assert found.onset_delay == found.onset_delay_low == found.onset_delay_high == delay
    assert (found.reached_share, found.n_onsets, found.status) == (1, 6, OK)


def test_delays_add_layer_by_layer_and_each_counts_from_the_one_above():
    x = layered(*(droughts(120, np.add(STARTS, k)) for k in (0, 2, 3)))
    assert onset_delay(x).onset_delay.values.tolist()[1:] == [2, 1]


def test_the_first_layer_has_none_above():
    found = onset_delay(layered(droughts(100, STARTS), droughts(100, STARTS))).isel(depth=0)
    assert np.isnan(found.onset_delay)
    assert np.isnan(found.n_onsets)
    assert found.status == NO_DATA


def test_median_and_quartiles_are_those_of_the_delays():
    below = droughts(100, np.add(STARTS, [0, 1, 1, 3, 5, 6]), length=1)
    found = onset_delay(layered(droughts(100, STARTS), below)).isel(depth=1)
    delays = [0, 1, 1, 3, 5, 6]
    assert found.onset_delay == np.median(delays)
    assert found.onset_delay_low == np.quantile(delays, 0.25)
    assert found.onset_delay_high == np.quantile(delays, 0.75)


def test_a_drought_that_comes_later_than_asked_did_not_reach():
    below = droughts(110, np.add(STARTS, [2, 2, 2, 7, 7, 7]))
    found = onset_delay(layered(droughts(110, STARTS), below), max_delay=6).isel(depth=1)
    assert found.reached_share == 0.5
    assert found.onset_delay == 2


def test_a_drought_under_way_below_is_counted_apart():
    below = droughts(100, np.subtract(STARTS, 3), length=6)
    below[70:] = 0  # the last two onsets above find no drought below
    found = onset_delay(layered(droughts(100, STARTS), below), min_onsets=2).isel(depth=1)
    assert (found.n_under_way, found.n_onsets, found.reached_share) == (4, 2, 0)


def test_what_chance_gives_follows_from_the_rate_of_onsets():
    above, below = droughts(100, STARTS), droughts(100, [5, 50], length=3)
    found = onset_delay(layered(above, below), max_delay=6).isel(depth=1)
    now = 100 - 4  # months that do not continue a drought
    later = 99 - 6  # months after a month without drought
    expected = 1 - (1 - 2 / now) * (1 - 2 / later) ** 6
    assert float(found.reached_share_chance) == pytest.approx(expected)


def test_few_onsets_have_a_count_and_no_estimate():
    found = onset_delay(layered(*[droughts(100, STARTS[:3])] * 2)).isel(depth=1)
    assert found.status == TOO_FEW
    assert found.n_onsets == 3
    assert np.isnan(found.onset_delay)


def test_an_onset_whose_delay_a_gap_hides_is_left_out():
    above, below = droughts(100, STARTS), droughts(100, np.add(STARTS, 2))
    below[11] = np.nan
    found = onset_delay(layered(above, below)).isel(depth=1)
    assert (found.n_onsets, found.onset_delay, found.n_obs) == (5, 2, 99)


def test_missing_months_of_the_calendar_are_gaps():
    months = xr.date_range("2000-01", periods=101, freq="MS")
    above, below = droughts(101, STARTS), droughts(101, np.add(STARTS, 2))
    x = layered(above, below, time=months).isel(time=np.delete(np.arange(101), 11))
    assert onset_delay(x).isel(depth=1).n_onsets == 5


@pytest.mark.parametrize("hidden", range(1, 9))
def test_a_missing_month_and_a_missing_value_hide_the_same(hidden):
    above, below = droughts(120, STARTS), droughts(120, [100])
    months = xr.date_range("2000-01", periods=120, freq="MS")
    x = layered(above, below, time=months)
    at = STARTS[2] + hidden
    emptied = x.copy()
    emptied[1, at] = np.nan
    value, month = (
        onset_delay(y, max_delay=6).isel(depth=1)
        for y in (emptied, x.isel(time=np.delete(np.arange(120), at)))
    )
    assert value.n_onsets == (5 if hidden <= 6 else 6)
    assert month.n_onsets == value.n_onsets


@given(st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_shares_lie_between_none_and_all_and_no_delay_is_longer_than_asked(seed, longest):
    x = np.random.default_rng(seed).normal(size=(2, 120))
    found = onset_delay(layered(*x), max_delay=longest, min_onsets=1).isel(depth=1)
    assert 0 <= found.reached_share <= 1
    assert 0 <= found.reached_share_chance <= 1
    assert found.onset_delay_low <= found.onset_delay <= found.onset_delay_high <= longest or (
        found.reached_share == 0
    )


def test_unrelated_layers_are_reached_as_often_as_chance_says():
    x = np.random.default_rng(3).normal(size=(2, 60_000))
    found = onset_delay(layered(*x), max_delay=3).isel(depth=1)
    assert float(found.reached_share) == pytest.approx(float(found.reached_share_chance), abs=0.02)


def test_what_makes_no_sense_is_refused():
    x = layered(droughts(50, [5]), droughts(50, [6]))
    with pytest.raises(InputError, match="one layer"):
        onset_delay(x.isel(depth=[0]))
    with pytest.raises(InputError, match="do not descend"):
        onset_delay(x.isel(depth=[1, 0]))
    with pytest.raises(InputError, match="below threshold"):
        onset_delay(x, end_threshold=-2)
    with pytest.raises(InputError, match="max_delay is -1"):
        onset_delay(x, max_delay=-1)
    yearly = x.assign_coords(time=xr.date_range("1950", periods=50, freq="YS"))
    with pytest.raises(InputError, match="one stamp a month"):
        onset_delay(yearly)

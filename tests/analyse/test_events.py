import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import drought_event_table, drought_events
from soilscope.errors import InputError

NAN = np.nan


def monthly(values, start="2000-01"):
    time = pd.date_range(start, periods=len(values), freq="MS")
    return xr.DataArray(np.array(values, dtype=float), {"time": time}, ("time",), name="ssmi")


def rows(values, **options):
    table = drought_event_table(monthly(values), **options)
    return list(zip(table.onset.dt.month, table.end.dt.month, table.censored, strict=True))


def test_an_event_is_measured_from_its_threshold():
    # months 2 to 4: severity (0.5 + 1.0 + 0.2), worked by hand
    table = drought_event_table(monthly([0.0, -1.5, -2.0, -1.2, 0.4]))
    event = table.iloc[0]
    assert (event.onset, event.end) == (pd.Timestamp("2000-02-01"), pd.Timestamp("2000-04-01"))
    assert event.duration == 3
    assert event.severity == pytest.approx(1.7)
    assert event.intensity == pytest.approx(1.7 / 3)
    assert event.peak == -2.0
    assert not event.censored


def test_a_value_at_the_threshold_begins_an_event():
    assert rows([0.0, -1.0, 0.0]) == [(2, 2, False)]


def test_an_event_lasts_until_the_first_value_above_the_end_threshold():
    values = [0.0, -1.2, -0.5, -0.2, 0.1]
    assert rows(values) == [(2, 2, False)]
    assert rows(values, end_threshold=-0.2) == [(2, 4, False)]
    assert rows(values, end_threshold=-0.4) == [(2, 3, False)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-1.5, 0.0, 0.0], [(1, 1, True)]),
        ([0.0, 0.0, -1.5], [(3, 3, True)]),
        ([0.0, -1.5, NAN, -1.5, 0.0], [(2, 2, True), (4, 4, True)]),
        ([NAN, -1.5, 0.0], [(2, 2, True)]),
        ([0.0, -1.5, np.inf, 0.0], [(2, 2, True)]),
    ],
)
def test_events_at_an_end_or_a_missing_value_are_censored(values, expected):
    assert rows(values) == expected


def test_a_gap_in_the_calendar_ends_an_event():
    whole = monthly([0.0, -1.5, -1.5, -1.5, 0.0])
    table = drought_event_table(whole.isel(time=[0, 1, 3, 4]))
    assert table.duration.tolist() == [1, 1]
    assert table.censored.tolist() == [True, True]


def test_events_with_a_short_recovery_between_them_are_pooled():
    values = [0.0, -1.5, 0.2, 0.3, -1.5, 0.0, 0.0]
    assert rows(values, pool_gap=1) == [(2, 2, False), (5, 5, False)]
    assert rows(values, pool_gap=2) == [(2, 5, False)]


def test_no_event_is_pooled_across_a_missing_value():
    assert rows([0.0, -1.5, NAN, -1.5, 0.0], pool_gap=3) == [(2, 2, True), (4, 4, True)]


def test_short_events_are_left_out_when_asked():
    values = [0.0, -1.5, 0.0, -1.5, -1.5, 0.0]
    assert rows(values, min_duration=2) == [(4, 5, False)]


def test_the_summary_is_that_of_the_table():
    values = [0.0, -1.5, 0.0, -1.5, -2.5, 0.0, -1.1]
    table, found = drought_event_table(monthly(values)), drought_events(monthly(values))
    assert found.n_events == 3
    assert found.mean_duration == pytest.approx(table.duration.mean())
    assert found.max_duration == 2
    assert found.mean_severity == pytest.approx(table.severity.mean())
    assert found.max_severity == pytest.approx(2.0)
    assert found.mean_intensity == pytest.approx(table.intensity.mean())
    assert found.peak == -2.5
    assert found.n_censored == 1
    assert found.n_obs == 7


def test_a_series_without_an_event_has_none_and_a_series_without_data_is_unknown():
    found = drought_events(xr.concat([monthly([0.0, 0.5]), monthly([NAN, NAN])], dim="site"))
    assert found.n_events.values[0] == 0
    assert np.isnan(found.peak.values[0])
    assert np.isnan(found.n_events.values[1])
    assert found.status.values.tolist() == [0, 1]


def test_events_of_many_series_carry_their_coordinates():
    grid = xr.concat([monthly([0.0, -2.0, 0.0]), monthly([0.0, 0.0, 0.0])], dim="depth")
    table = drought_event_table(grid.assign_coords(depth=[0.05, 0.2]))
    assert table.depth.tolist() == [0.05]


def slow_run_theory(x, threshold):
    """Runs at or below the threshold, from text splitting instead of a loop over months."""
    text = "".join("d" if v <= threshold else "." for v in x)
    return [len(run) for run in text.split(".") if run]


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=80))
def test_durations_are_the_runs_at_or_below_the_threshold(values):
    assert drought_event_table(monthly(values)).duration.tolist() == slow_run_theory(values, -1.0)


@given(st.lists(st.floats(-3, 3) | st.just(NAN), min_size=1, max_size=60), st.integers(0, 4))
def test_pooling_never_makes_more_events_nor_loses_drought_months(values, gap):
    series = monthly(values)
    single, pooled = drought_event_table(series), drought_event_table(series, pool_gap=gap)
    assert len(pooled) <= len(single)
    assert pooled.duration.sum() >= single.duration.sum()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"end_threshold": -1.5}, "below threshold"),
        ({"min_duration": 0}, "min_duration is 0; it must be at least 1"),
        ({"pool_gap": -1}, "pool_gap is -1; it must be at least 0"),
    ],
)
def test_rules_without_sense_are_refused(options, text):
    with pytest.raises(InputError, match=text):
        drought_events(monthly([0.0]), **options)


@pytest.mark.parametrize("freq", ["D", "YS"])
def test_an_index_that_is_not_monthly_is_refused(freq):
    time = pd.date_range("2000-01-01", periods=40, freq=freq)
    daily = xr.DataArray(np.zeros(40), {"time": time}, ("time",))
    for function in (drought_events, drought_event_table):
        with pytest.raises(InputError, match="one stamp a month"):
            function(daily)

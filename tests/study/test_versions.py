"""Preliminary months: kept in the record of the cube, and seen when they become final."""

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.names import flag_attrs
from soilscope.sources.expver import STATUS, months_by_status
from soilscope.study.versions import became_final, in_words, preliminary_months


def told(time, codes):
    attrs = flag_attrs(("unknown", "final", "preliminary"), first=-1)
    return xr.Dataset(coords={"time": time, STATUS: ("time", np.array(codes, np.int8), attrs)})


def source(name, *runs):
    keys = ("first", "last", "status")
    return {"name": name, "versions": [dict(zip(keys, run, strict=True)) for run in runs]}


def test_runs_of_months_bear_one_status():
    months = pd.date_range("2001-01", periods=6, freq="MS")
    assert months_by_status(told(months, [-1, 0, 0, 0, 1, 1])) == [
        {"first": "2001-01", "last": "2001-01", "status": "unknown"},
        {"first": "2001-02", "last": "2001-04", "status": "final"},
        {"first": "2001-05", "last": "2001-06", "status": "preliminary"},
    ]


def test_a_month_is_preliminary_as_soon_as_one_of_its_days_is():
    days = pd.date_range("2001-01-01", "2001-02-28")
    runs = months_by_status(told(days, [0] * 58 + [1]))
    assert [(run["first"], run["status"]) for run in runs] == [
        ("2001-01", "final"),
        ("2001-02", "preliminary"),
    ]


def test_the_record_of_any_product_is_understood():
    days = pd.date_range("2001-01", periods=3, freq="MS")
    runs = months_by_status(told(days, [0, 0, 1]).rename({STATUS: "record_status"}))
    assert [run["status"] for run in runs] == ["final", "preliminary"]


def test_files_that_tell_no_version_have_no_status():
    assert months_by_status(xr.Dataset(coords={"time": pd.date_range("2001", periods=2)})) == []


def test_preliminary_months_are_those_within_the_period():
    sources = [source("a", ("2001-11", "2002-02", "preliminary")), source("b"), {"name": "c"}]
    assert preliminary_months(sources, period=("2001-12", "2002")) == {
        "a": ["2001-12", "2002-01", "2002-02"]
    }
    assert preliminary_months(sources, period=("1990", "2000")) == {}


def test_months_that_became_final_are_told_by_input():
    before = [source("a", ("2001-01", "2001-09", "final"), ("2001-10", "2001-12", "preliminary"))]
    now = [source("a", ("2001-01", "2001-11", "final"), ("2001-12", "2002-01", "preliminary"))]
    (line,) = became_final(before, now)
    assert line.startswith("a: 2001-10 to 2001-11 of the last run was preliminary")
    assert became_final(now, now) == []
    assert became_final(before, []) == []
    (line,) = became_final(before, [{"name": "a", "period": ["2001-01-01", "2001-12-31"]}])
    assert line.startswith("a: 2001-10 to 2001-12")


def test_months_are_written_as_runs_across_years():
    assert in_words(["2001-12", "2002-01", "2002-03"]) == "2001-12 to 2002-01, 2002-03"
    assert in_words(["2001-12"]) == "2001-12"

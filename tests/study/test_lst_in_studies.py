"""Land surface temperature through a study: options, months of 8-day means, their difference."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.errors import StudyError
from soilscope.grid.crs import stamp
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.layouts.modis_lst import write_modis_lst

STUDY = """\
title: Day and night
calendar: month
inputs:
  surface: {product: modis_lst, paths: LST/*.tif, max_error: ERROR, platform: terra}
analyses:
  difference: {step: lst_difference, day: lst_day, night: lst_night}
"""
STARTS = pd.DatetimeIndex([pd.Timestamp(2019, 1, 1) + pd.Timedelta(days=8 * k) for k in range(46)])


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Files of Terra for a year in which day and night differ by 15 K, and a study of them."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(2)
    cells = {"latitude": 38.5 - 0.01 * np.arange(3), "longitude": 100.0 + 0.01 * np.arange(4)}
    dims = ("time", *cells)
    day = xr.DataArray(rng.uniform(10.0, 30.0, (46, 3, 4)), {"time": STARTS, **cells}, dims)
    ds = stamp(xr.Dataset({"lst_day": day, "lst_night": day - 15.0}), "EPSG:4326")
    bad = day.copy(data=np.where(rng.random(day.shape) < 0.3, 3, 0))
    write_modis_lst(ds, tmp_path / "LST", error_class=bad)

    def written(max_error):
        path = tmp_path / "study.yaml"
        path.write_text(STUDY.replace("ERROR", max_error))
        return path, ds.lst_day.where(bad.values <= 1)

    return written


def test_means_of_8_days_become_months_by_their_middle(study, tmp_path):
    path, day = study("2")
    assert "by the middle of each composite" in "\n".join(plan(load_study(path)).text())
    store = Store(run_study(path, results=tmp_path / "out"))
    middle = day.assign_coords(time=day.time + np.timedelta64(4, "D"))
    expected = middle.resample(time="MS").mean().sel(time="2019")
    np.testing.assert_allclose(store.open("cube").lst_day.values, expected.values, atol=0.011)
    found = store.open("difference").lst_difference
    full = np.where(np.isfinite(expected.values), 15.0, np.nan)  # a month may have no good value
    np.testing.assert_allclose(found.values, full, atol=0.021)
    assert found.attrs["sky"] == "clear"


def test_an_error_that_is_none_is_told_before_anything_is_read(study):
    path, _ = study("low")
    with pytest.raises(StudyError, match="max_error is 'low'; it must be a number, or 'any'"):
        load_study(path)
    load_study(study("any")[0])

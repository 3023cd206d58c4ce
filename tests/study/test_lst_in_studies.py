"""Land surface temperature through a study: options, months of 8-day means, their difference."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.cli.main import main
from soilscope.errors import StudyError
from soilscope.grid.crs import stamp
from soilscope.study import slabs
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


def test_nights_given_as_days_are_told_in_the_run_the_record_and_the_report(
    study, tmp_path, monkeypatch, capsys
):
    path, _ = study("2")
    text = path.read_text().replace(
        "day: lst_day, night: lst_night", "day: lst_night, night: lst_day"
    )
    path.write_text(text)
    monkeypatch.setattr(slabs, "SLAB_BYTES", 1)  # a cell a slab: no slab has many values
    assert main(["run", "study.yaml", "-r", str(tmp_path / "out")]) == 0
    (told,) = [line for line in capsys.readouterr().err.splitlines() if "exchanged" in line]
    assert told.startswith("soilscope: warning: difference: day less night is negative for 100%")
    (noted,) = Store(tmp_path / "out").record("difference").warnings
    assert "day and night seem exchanged; look at the names of the files" in noted
    page = (tmp_path / "out" / "report" / "index.html").read_text(encoding="utf-8")
    assert "day and night seem exchanged" in page


def test_files_of_nights_declared_as_days_are_told_by_check(study, tmp_path, capsys):
    path, day = study("2")
    stamp(xr.Dataset({"a": day - 15.0, "b": day.fillna(9.0)}), "EPSG:4326").to_netcdf("both.nc")
    names = "{lst_day: {name: a, units: degC}, lst_night: {name: b, units: degC}}"
    text = path.read_text().replace(
        "product: modis_lst, paths: LST/*.tif, max_error: 2, platform: terra",
        f"product: raster, paths: both.nc, variables: {names}",
    )
    path.write_text(text)
    assert main(["check", "study.yaml"]) == 0
    said = capsys.readouterr().err
    assert "lst_day in " in said
    assert "both.nc lies below lst_night in 100% of " in said
    assert "exchange them there (lst_day first)" in said

"""Days and months of hours, made by blocks of time: the same numbers for any block or chunk."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source, overpass_temperature
from soilscope.errors import SoilscopeWarning
from soilscope.sources import chunks
from soilscope.study import stages
from soilscope.study.config import load_study
from soilscope.study.months import to_months
from soilscope.study.place import CalendarSpec
from soilscope.study.runner import run_study
from soilscope.study.staging import Staged, stage_inputs
from soilscope.twin.layouts.era5_land import write_era5_land
from study.hourly_files import N_DAYS, STUDY, VARIABLES, cube_of, hours, opened, same, written


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_era5_land(hours(), tmp_path / "land")
    return tmp_path


def staged(text=STUDY, *, chunk=-1):
    """The input on its way, in memory but cut into chunks of so many hours."""
    ds = open_source("era5_land", "land/*.nc", variables=VARIABLES).load()
    ds = ds.chunk(time=chunk) if chunk > 0 else ds
    return stage_inputs(load_study(written(text)), {"land": ds})["land"]


def whole(item):
    return item.ds.compute(scheduler="synchronous")


def in_blocks(item, steps):
    n_time = item.ds.sizes["time"]
    blocks = [item.block(at, min(n_time, at + steps)) for at in range(0, n_time, steps)]
    return xr.concat(blocks, "time", data_vars="minimal", coords="minimal")


@pytest.mark.parametrize(("steps", "chunk"), [(1, 500), (1, 7), (2, 31), (5, 24), (100, 7)])
def test_blocks_and_chunks_of_days_make_no_difference(folder, steps, chunk):
    expected = whole(staged())
    assert expected.sizes["time"] == N_DAYS
    item = staged(chunk=chunk)
    xr.testing.assert_identical(in_blocks(item, steps).drop_attrs(), expected.drop_attrs())
    xr.testing.assert_identical(whole(item).drop_attrs(), expected.drop_attrs())


LONE = pd.to_datetime(["2001-07-05", "2001-07-09", "2001-08-31"])
#: A day cut short, lone hours, and one hour alone in the midst of days without any.
GONE = [
    *range(3, 20),
    *range(50, 53),
    66,
    *({*range(90, 24 * 9)} - {24 * 6 + 12}),
    *range(280, 288),
]


@pytest.mark.parametrize("steps", [1, 3])
def test_gaps_make_no_difference_to_blocks(folder, steps):
    write_era5_land(hours().isel(time=np.setdiff1d(np.arange(24 * N_DAYS), GONE)), folder / "land")
    with pytest.warns(SoilscopeWarning, match="4 day.s. have too few values and are missing: 2020"):
        item = staged()
    found = whole(item)
    xr.testing.assert_identical(in_blocks(item, steps).drop_attrs(), found.drop_attrs())
    local = overpass_temperature(opened().surface_temperature)
    same(found.lst_day, local.lst_day)
    same(found.lst_night, local.lst_night)
    there = np.isfinite(found.temperature.values).all(axis=(1, 2))
    assert np.flatnonzero(there).tolist() == [1, 2, 9, 10]  # with 24, 20, 24 and 24 of 24


def test_a_month_of_few_days_is_missing_in_blocks_as_in_the_whole():
    days = pd.DatetimeIndex([*pd.date_range("2001-06-01", "2001-06-30"), *LONE]).append(
        pd.date_range("2001-10-01", "2001-10-31")
    )
    values = np.arange(days.size, dtype=float)[:, None]
    ds = xr.Dataset({"ndvi": (("time", "site"), values)}, {"time": days, "site": ["a"]})
    spec = CalendarSpec(step="month")
    item = Staged(ds, to_months(ds, spec), calendar=spec)
    assert np.isnan(item.ds.ndvi.values[:, 0]).tolist() == [False, True, True, True, False]
    xr.testing.assert_identical(in_blocks(item, 1).drop_attrs(), item.ds.drop_attrs())


def test_blocks_of_months_take_the_hours_around_them(folder):
    write_era5_land(hours("2020-06-20", 90), folder / "land")
    item = staged(STUDY.replace("step: day", "step: month").replace("0.8", "0.1"))
    found = whole(item)
    assert found.sizes["time"] == 4
    xr.testing.assert_identical(in_blocks(item, 1).drop_attrs(), found.drop_attrs())


def test_a_run_by_blocks_gives_the_cube_of_a_run_at_once(folder, monkeypatch):
    run_study(written(), results="whole")
    monkeypatch.setattr(stages, "BLOCK_BYTES", 3000)
    monkeypatch.setattr(chunks, "_LIMIT", 30 * 12)
    heard = []
    run_study(written(), results="out", progress=heard.append)
    assert max(p.total for p in heard if p.name == "land" and p.step == "prepare") > 2
    xr.testing.assert_identical(cube_of(), cube_of("whole"))

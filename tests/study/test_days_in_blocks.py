"""Days and months of hours, made by blocks of time: the same numbers for any block or chunk."""

import numpy as np
import pytest
import xarray as xr

from soilscope import open_source, overpass_temperature
from soilscope.errors import SoilscopeWarning
from soilscope.sources import chunks
from soilscope.study import stages
from soilscope.study.config import load_study
from soilscope.study.runner import run_study
from soilscope.study.staging import stage_inputs
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


GONE = [
    *range(3, 47),
    *range(100, 103),
    150,
    *range(180, 24 * 9),
    *range(24 * 11 + 10, 24 * 11 + 22),
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
    assert np.isnan(found.temperature.values[[0, 1, 7, 8, 11]]).all()
    assert np.isfinite(found.temperature.values[[2, 3, 4, 5, 6, 9, 10]]).all()  # 21 of 24


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

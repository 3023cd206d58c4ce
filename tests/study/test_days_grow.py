"""Studies of days that grow: the last day that was begun, and the night before it."""

import pytest
import xarray as xr

from soilscope.study.runner import run_study
from soilscope.study.store import CUBE, Store
from soilscope.twin.layouts.era5_land import write_era5_land
from study.hourly_files import (
    N_DAYS,
    STUDY,
    hours,
    written,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_era5_land(hours(), tmp_path / "land")
    return tmp_path


def in_parts(folder, *parts):
    """Write files of hours, each a slice of the record."""
    whole = hours()
    for old in (folder / "land").glob("*.nc"):
        old.unlink()
    for part in parts:
        for path in write_era5_land(whole.isel(time=part), folder / "new"):
            path.rename(folder / "land" / f"{part.start or 0:05d}.nc")


@pytest.mark.filterwarnings("ignore:land. 1 day.s. have too few values")
@pytest.mark.parametrize("cut", [24 * 6, 24 * 6 + 7, 24 * 6 - 3])
def test_a_study_grows_by_days_and_is_what_a_run_at_once_gives(folder, cut):
    run_study(written(), results="whole")
    in_parts(folder, slice(0, cut))
    store = Store(run_study(written(), results="out"))
    before = {
        p: p.read_bytes() for p in (store.folder(CUBE) / "data.zarr").rglob("*") if p.is_file()
    }
    for path in write_era5_land(hours().isel(time=slice(cut, None)), folder / "new"):
        path.rename(folder / "land" / "99999.nc")
    store = Store(run_study(written(), results="out"))
    # the day before may hold a local hour that the new hours tell of
    assert [tail["start"] for tail in store.record(CUBE).tails] == [cut // 24 - 1]
    assert all(path.read_bytes() == content for path, content in before.items())
    for name in (CUBE, "range"):
        found, expected = (Store(out).open(name).load() for out in ("out", "whole"))
        xr.testing.assert_identical(found.drop_attrs(), expected.drop_attrs())


def test_without_local_hours_the_days_before_stay(folder):
    text = STUDY.replace(", overpass]", "]").split("analyses")[0]
    text += "analyses:\n  monthly: {step: composite, da: vpd}\n"
    in_parts(folder, slice(0, 24 * 6))
    run_study(written(text), results="out")
    for path in write_era5_land(hours().isel(time=slice(24 * 6, None)), folder / "new"):
        path.rename(folder / "land" / "99999.nc")
    store = Store(run_study(written(text), results="out"))
    assert [tail["start"] for tail in store.record(CUBE).tails] == [6]
    assert store.open(CUBE).sizes["time"] == N_DAYS

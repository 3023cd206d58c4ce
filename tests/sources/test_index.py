"""Huge folders: files that are laid out alike are opened as one, from an index of their headers."""

import os
import pickle
from functools import partial

import netCDF4
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from affine import Affine

from soilscope import open_source
from soilscope.errors import SourceError
from soilscope.sources import index, index_header
from soilscope.sources.formats import open_lazily
from soilscope.sources.index import MANY, open_alike, read_index

DAYS = pd.date_range("2001-01-01", periods=24, freq="D")
TRUTH = 0.1 + 0.3 * np.random.default_rng(5).random((24, 3, 4))
SM = {"soil_moisture": {"name": "sm", "units": "m3 m-3"}}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def one(values, time, **coords):
    """Return one file of the folder, as it would be written."""
    space = {"lat": [38.0, 37.0, 36.0], "lon": [100.0, 101.0, 102.0, 103.0]}
    return xr.Dataset(
        {"sm": (("time", "lat", "lon"), values, {"units": "m3 m-3"})},
        {"time": time} | space | coords,
    )


def write(folder, *, encoding=None, change=None, days=DAYS, **options):
    """Write a file for each day; `change` bends the file of that number."""
    folder.mkdir(exist_ok=True)
    paths = []
    for at, day in enumerate(days):
        ds = one(TRUTH[[at]], [day])
        code = None if encoding is None else {"sm": encoding(at)}
        if change is not None:
            ds = change(at, ds)
        paths.append(folder / f"sm_{day:%Y%m%d}.nc")
        ds.to_netcdf(paths[-1], encoding=code, **options)
    return paths


def opened(paths, **options):
    return list(open_alike(paths, partial(open_lazily, **options)))


@pytest.mark.parametrize("format", ["NETCDF4", "NETCDF3_64BIT"])
def test_files_that_are_alike_are_one_dataset_with_the_values_of_each(tmp_path, format):
    paths = write(tmp_path / "d", format=format)
    (alike,) = opened(paths)
    assert alike.files == tuple(paths)
    np.testing.assert_array_equal(alike.raw.time.values, DAYS.values)
    np.testing.assert_array_equal(alike.raw.sm.values, TRUTH)
    with xr.open_mfdataset(paths) as peer:
        xr.testing.assert_identical(alike.raw.load(), peer.load())


def test_any_part_is_the_same_part_of_the_values(tmp_path):
    raw = opened(write(tmp_path / "d"))[0].raw.sm
    for key in (
        (slice(3, 20, 5), 1, slice(None, None, -1)),
        (7, slice(1, 3), [3, 0, 2]),
        ([20, 2, 2], [2, 0], slice(1, 1)),
        (slice(None, None, -7), slice(None), -1),
    ):
        part = dict(zip(raw.dims, key, strict=True))
        expected = xr.DataArray(TRUTH, dims=raw.dims).isel(part)
        np.testing.assert_array_equal(raw.isel(part).values, expected.values)


def test_each_file_is_decoded_by_its_own_scale_and_fill_value(tmp_path):
    def packed(at):
        low = 0.001 * (at + 1)
        return {"dtype": "i2", "scale_factor": low, "add_offset": 0.1, "_FillValue": -at - 1}

    def holed(at, ds):
        ds.sm[0, at % 3, at % 4] = np.nan
        return ds

    paths = write(tmp_path / "d", encoding=packed, change=holed)
    (alike,) = opened(paths)
    with xr.open_mfdataset(paths) as peer:
        assert alike.raw.sm.dtype == peer.sm.dtype
        np.testing.assert_array_equal(alike.raw.sm.values, peer.sm.values)
    assert np.isnan(alike.raw.sm.values).sum() == DAYS.size


def test_stored_numbers_of_another_scale_are_apart_where_they_are_decoded_by_hand(tmp_path):
    def packed(at):
        return {"dtype": "i2", "scale_factor": 0.001 if at != 5 else 0.01, "_FillValue": -1}

    groups = opened(write(tmp_path / "d", encoding=packed), by_hand=["sm"])
    assert [len(group.files) for group in groups] == [23, 1]
    assert groups[1].files[0].name == "sm_20010106.nc"
    both = np.concatenate([group.raw.sm * group.raw.sm.attrs["scale_factor"] for group in groups])
    np.testing.assert_allclose(
        both, np.concatenate([np.delete(TRUTH, 5, 0), TRUTH[[5]]]), atol=6e-3
    )


def test_months_of_days_are_put_together_in_the_order_of_time(tmp_path):
    months = pd.date_range("2001-01", periods=20, freq="MS")
    paths = []
    for month in reversed(months):
        days = pd.date_range(month, periods=month.days_in_month)
        values = np.broadcast_to(days.day_of_year.to_numpy(float)[:, None, None], (days.size, 3, 4))
        paths.append(tmp_path / f"{month:%b%Y}.nc")
        one(values, days).to_netcdf(paths[-1], unlimited_dims=["time"])
    (alike,) = opened(paths)
    every = pd.date_range("2001-01-01", "2002-08-31")
    np.testing.assert_array_equal(alike.raw.time.values, every.values)
    np.testing.assert_array_equal(alike.raw.sm[:, 2, 1].values, every.day_of_year)


def test_words_along_time_are_kept(tmp_path):
    def versioned(at, ds):
        return ds.assign_coords(expver=("time", np.array([f"{1 if at < 20 else 5:04d}"], object)))

    (alike,) = opened(write(tmp_path / "d", change=versioned))
    assert alike.raw.expver.values.tolist() == ["0001"] * 20 + ["0005"] * 4


def test_files_with_a_single_date_have_a_dimension_of_time(tmp_path):
    paths = write(tmp_path / "d", change=lambda _, ds: ds.isel(time=0))
    (alike,) = opened(paths)
    assert alike.raw.sm.dims == ("time", "lat", "lon")
    np.testing.assert_array_equal(alike.raw.time.values, DAYS.values)
    ds = open_source("raster", paths, variables=SM)
    np.testing.assert_array_equal(ds.soil_moisture.values, TRUTH)


def test_a_file_on_another_grid_is_told_by_name(tmp_path):
    paths = write(
        tmp_path / "d",
        change=lambda at, ds: ds if at != 9 else ds.assign_coords(lat=[38.5, 37.5, 36.5]),
    )
    with pytest.raises(SourceError, match=r"lat.* differs between .*20010110\.nc|20010110\.nc"):
        open_source("raster", paths, variables=SM)


def test_a_day_that_two_files_hold_is_refused_with_both(tmp_path):
    paths = write(tmp_path / "d")
    double = tmp_path / "d" / "again.nc"
    double.write_bytes(paths[3].read_bytes())
    with pytest.raises(SourceError, match=r"2001-01-04 twice \(in .*again\.nc and in .*0104\.nc"):
        opened([double, *paths])


def test_a_file_that_is_cut_off_is_refused_and_the_others_are_named(tmp_path):
    paths = write(tmp_path / "d")
    for path in (paths[4], paths[8]):
        path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(SourceError, match=r"0105\.nc cannot be read.* 1 more .*: sm_20010109\.nc"):
        opened(paths)


def test_the_second_opening_reads_no_header(tmp_path, monkeypatch):
    paths = write(tmp_path / "d")
    before = opened(paths)[0].raw.load()
    index_cache_is_read_from_disk()
    monkeypatch.setattr(index, "read_header", lambda *_, **__: pytest.fail("read anew"))
    xr.testing.assert_identical(opened(paths)[0].raw.load(), before)


def index_cache_is_read_from_disk():
    from soilscope.sources import index_cache

    index_cache._known.cache_clear()


def test_a_file_that_was_replaced_is_read_anew(tmp_path):
    paths = write(tmp_path / "d")
    opened(paths)
    index_cache_is_read_from_disk()
    one(TRUTH[[2]] / 2, [DAYS[2] + pd.Timedelta(hours=6)]).to_netcdf(paths[2])
    (alike,) = opened(paths)
    assert alike.raw.time.values[2] == np.datetime64("2001-01-03T06")
    np.testing.assert_array_equal(alike.raw.sm[2].values, TRUTH[2] / 2)


def test_a_file_that_changes_while_it_is_open_is_told(tmp_path):
    paths = write(tmp_path / "d")
    (alike,) = opened(paths)
    one(TRUTH[[2]] / 2, [DAYS[2]]).to_netcdf(paths[2])
    os.utime(paths[2], ns=(1, 1))
    with pytest.raises(SourceError, match=r"0103\.nc has changed since it was opened"):
        alike.raw.sm.load()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"shared": [1], "files": {"a": [1]}}'])
def test_a_damaged_cache_is_ignored(tmp_path, damage):
    paths = write(tmp_path / "d")
    opened(paths)
    (kept,) = (tmp_path / "cache" / "soilscope" / "headers").glob("*.json")
    kept.write_bytes(damage)
    index_cache_is_read_from_disk()
    assert len(opened(paths)) == 1
    assert len(kept.read_bytes()) > 1000


def test_without_a_place_for_the_cache_files_open_all_the_same(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(blocked))
    paths = write(tmp_path / "d")
    np.testing.assert_array_equal(opened(paths)[0].raw.sm.values, TRUTH)
    assert all(item.header is not None for item in read_index(paths))


def test_two_writers_leave_a_cache_that_can_be_read(tmp_path):
    paths = write(tmp_path / "d")
    opened(paths[:18])
    index_cache_is_read_from_disk()
    opened(paths[4:])  # another process, that came to know the others
    index_cache_is_read_from_disk()
    from soilscope.sources.index_cache import known_headers

    assert len(known_headers(tmp_path / "d", time_dim=None)) == DAYS.size


def test_few_files_are_opened_one_by_one(tmp_path):
    paths = write(tmp_path / "d")[: MANY - 1]
    assert [len(group.files) for group in opened(paths)] == [1] * (MANY - 1)


def test_times_far_from_the_period_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "_MARGIN", 2)
    paths = write(tmp_path / "d")
    period = (pd.Timestamp("2001-01-10"), pd.Timestamp("2001-01-12 23:59"))
    (alike,) = open_alike(paths, open_lazily, period=period)
    assert str(alike.raw.time.values[0])[:10] == "2001-01-08"
    assert str(alike.raw.time.values[-1])[:10] == "2001-01-14"
    ds = open_source("raster", paths, variables=SM, period=("2001-01-10", "2001-01-12"))
    np.testing.assert_array_equal(ds.soil_moisture.values, TRUTH[9:12])


def test_no_more_than_a_few_files_are_open_while_all_are_read(tmp_path):
    psutil = pytest.importorskip("psutil")
    paths = write(tmp_path / "d")
    ds = open_source("raster", paths, variables=SM, chunks={"time": 1})
    ds.load()
    held = [file.path for file in psutil.Process().open_files() if "sm_2001" in file.path]
    assert len(held) <= 1


def test_images_dated_by_their_names_are_one_stack(tmp_path):
    paths = []
    for at, day in enumerate(DAYS):
        paths.append(tmp_path / f"ndvi_{day:%Y_%j}.tif")
        stored = np.round(TRUTH[at] * 10000).astype("int16")
        stored[at % 3, 0] = -3000
        grid = {"crs": "EPSG:32648", "transform": Affine(500.0, 0, 3e5, 0, -500.0, 4e6)}
        with rasterio.open(
            paths[-1], "w", "GTiff", 4, 3, 1, dtype="int16", nodata=-3000, **grid
        ) as file:
            file.write(stored, 1)
            file.scales = (0.0001,)
    ds = open_source(
        "raster",
        paths,
        variables={"ndvi": {"name": 1, "units": "1"}},
        time_from_name="ndvi_%Y_%j",
    )
    assert ds.ndvi.dims == ("time", "y", "x")
    np.testing.assert_array_equal(ds.time.values, DAYS.values)
    expected = np.round(TRUTH * 10000) / 10000
    expected[np.arange(24), np.arange(24) % 3, 0] = np.nan
    np.testing.assert_allclose(ds.ndvi.values, expected, atol=1e-7)
    assert ds.ndvi.chunksizes["time"] == (24,)


def test_names_that_tell_another_part_are_apart(tmp_path):
    for layer in ("10cm", "20cm"):
        write(tmp_path / layer)
    paths = sorted(tmp_path.glob("*cm/*.nc"))
    groups = list(open_alike(paths, open_lazily, part=lambda path: path.parent.name))
    assert [len(group.files) for group in groups] == [24, 24]


def test_a_header_tells_what_is_in_a_file(tmp_path):
    header = index_header.read_header(write(tmp_path / "d")[0])
    assert header.time_dim == "time"
    assert header.stamps == (DAYS[0].value,)
    assert header.extent == "3 lat (36 to 38), 4 lon (100 to 103)"
    assert header.variables["sm"][:2] == [["time", "lat", "lon"], "<f8"]


def test_files_with_groups_are_opened_in_full(tmp_path):
    paths = write(tmp_path / "d")
    with netCDF4.Dataset(paths[0], "a") as file:
        file.createGroup("more")
    assert sorted(len(group.files) for group in opened(paths)) == [1, 23]


@pytest.mark.parametrize("calendar", ["standard", "proleptic_gregorian", "noleap", "julian"])
@pytest.mark.parametrize(
    ("units", "values"),
    [
        ("days since 1970-01-01", [0.0, 11323.0]),
        ("days since 1970-01-01 00:00:00.0", [0.5]),
        ("hours since 1900-01-01 00:00:0.0", [885_000]),
        ("hours since 1900-01-01T06:00:00", [885_000]),
        ("seconds since 1970-01-01 12:00:00", [1_000_000_000]),
        ("minutes since 2001-03-01 00:30:00", [-5]),
        ("days since 0001-01-01", [730_000]),
        ("days since 1582-10-01", [153_000]),
    ],
)
def test_times_are_those_that_xarray_reads(tmp_path, units, values, calendar):
    path = tmp_path / "t.nc"
    about = {"units": units, "calendar": calendar}
    ds = xr.Dataset(coords={"time": ("time", values, about)})
    ds.to_netcdf(path, encoding={"time": {"_FillValue": -99}})
    header = index_header.read_header(path)
    coder = xr.coders.CFDatetimeCoder(time_unit="ns")
    with xr.open_dataset(path, decode_times=coder) as peer:
        if peer.time.dtype.kind == "M":
            assert list(header.stamps) == peer.time.values.astype("M8[ns]").astype(int).tolist()
        else:  # dates of another calendar, or beyond what is counted in ns
            assert header.stamps == ()


def test_files_with_structures_are_opened_in_full(tmp_path):
    path = tmp_path / "s.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("n", 2)
        kind = file.createCompoundType(np.dtype([("a", "f4"), ("b", "i2")]), "pair")
        file.createVariable("v", kind, ("n",))[:] = np.zeros(2, kind.dtype)
    (item,) = read_index([path])
    assert not item.fault


def test_stacks_go_to_other_processes(tmp_path):
    (alike,) = opened(write(tmp_path / "d"))
    again = pickle.loads(pickle.dumps(alike.raw))
    np.testing.assert_array_equal(again.sm[3:5].values, TRUTH[3:5])

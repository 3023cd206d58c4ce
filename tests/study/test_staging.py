"""Inputs on their way to months and to another grid: what is read, and how often."""

import itertools
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.grid.depth import layer_coordinates
from soilscope.sources import chunks
from soilscope.study.months import to_months
from soilscope.study.place import CalendarSpec
from soilscope.study.staging import Staged
from soilscope.twin.layouts.smci import write_smci
from soilscope.twin.layouts.terraclimate import write_terraclimate


@contextmanager
def counted(monkeypatch):
    """Count how often each stored chunk of an HDF5 variable is decompressed."""
    counts: Counter = Counter()
    read = h5py.Dataset.__getitem__

    def noting(self, key, *args, **options):
        if self.chunks is not None and self.ndim > 1:
            keys = key if isinstance(key, tuple) else (key,)
            keys += (slice(None),) * (self.ndim - len(keys))
            touched = [
                np.unique(np.atleast_1d(np.arange(n)[k]) // size).tolist()
                for k, n, size in zip(keys, self.shape, self.chunks, strict=True)
            ]
            here = (Path(self.file.filename).name, self.name)
            counts.update((*here, *at) for at in itertools.product(*touched))
        return read(self, key, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(h5py.Dataset, "__getitem__", noting)
        yield counts


def field(name, time, *, layers=0, low=0.1, high=0.4):
    rng = np.random.default_rng(0)
    dims = ("time", *(["depth"] if layers else []), "latitude", "longitude")
    shape = (time.size, *([layers] if layers else []), 12, 14)
    values = rng.uniform(low, high, shape).round(3)
    coords = {"time": time, "latitude": 39 - 0.1 * np.arange(12), "longitude": 105 + np.arange(14)}
    if layers:
        edges = np.arange(layers + 1) / 10
        coords |= layer_coordinates(np.stack([edges[:-1], edges[1:]], axis=1))
    return xr.Dataset({name: (dims, values)}, coords)


def smci(folder):
    days = pd.date_range("2001-01-01", "2002-12-31")
    write_smci(field("soil_moisture", days, layers=2), folder)
    return open_source("smci", folder), 730 * 2


def terraclimate(folder):
    months = pd.date_range("2001-01", periods=24, freq="MS")
    for path in write_terraclimate(field("vpd", months), folder):
        stored(path, {"vpd": (1, 6, 9)})
    return open_source("terraclimate", folder), 24 * 3 * 3


def daily(folder, *sizes):
    """Yearly files of two variables that a third is made of."""
    for year in ("2001", "2002"):
        days = pd.date_range(f"{year}-01-01", f"{year}-12-31")
        warm = field("t2m", days, low=280, high=300).t2m.assign_attrs(units="K")
        dew = (warm - 8).assign_attrs(units="K")
        path = folder / f"daily_{year}.nc"
        xr.Dataset({"t2m": warm, "d2m": dew}).to_netcdf(path, engine="h5netcdf")
        stored(path, dict.fromkeys(("t2m", "d2m"), sizes))
    variables = {"temperature": "t2m", "dewpoint": "d2m"}
    ds = open_source("raster", sorted(folder.glob("*.nc")), variables=variables)
    return ds, 2 * 2 * int(np.prod([-(-n // s) for n, s in zip((365, 12, 14), sizes, strict=True)]))


def stored(path, sizes):
    """Write a file anew in compressed chunks."""
    with xr.open_dataset(path, mask_and_scale=False, decode_times=False) as ds:
        ds = ds.load().drop_encoding()
    path.unlink()
    encoding = {name: {"chunksizes": s, "compression": "gzip"} for name, s in sizes.items()}
    ds.to_netcdf(path, engine="h5netcdf", encoding=encoding)


def staged(ds, *, months):
    calendar = CalendarSpec(step="month", derive=["vpd"]) if months else None
    made = to_months(ds, calendar) if calendar else ds
    return Staged(ds, made, calendar=calendar)


def read_in_blocks(item, n_bytes):
    n_time, steps = item.ds.sizes["time"], item.block_steps(n_bytes)
    blocks = [item.block(at, min(n_time, at + steps)) for at in range(0, n_time, steps)]
    return len(blocks), xr.concat(blocks, "time", data_vars="minimal", coords="minimal")


@pytest.mark.parametrize(
    ("opened", "months"),
    [
        (smci, True),
        (terraclimate, False),
        (lambda folder: daily(folder, 365, 4, 7), True),  # series of tiles
    ],
    ids=["smci", "terraclimate", "tiles"],
)
@pytest.mark.parametrize("n_bytes", [10_000, 10**9])
def test_every_stored_chunk_is_decompressed_once(tmp_path, monkeypatch, opened, months, n_bytes):
    monkeypatch.setattr(chunks, "_LIMIT", 12_000)
    ds, n_chunks = opened(tmp_path)
    item = staged(ds, months=months)
    with counted(monkeypatch) as counts:
        n_blocks, made = read_in_blocks(item, n_bytes)
    assert len(counts) == n_chunks
    assert set(counts.values()) == {1}
    assert (n_blocks == 1) == (n_bytes == 10**9)
    whole = ds.compute()
    expected = to_months(whole, item.calendar) if months else whole
    xr.testing.assert_identical(made.drop_attrs(), expected.drop_attrs())


def test_only_days_around_the_edges_of_blocks_are_read_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "_LIMIT", 40 * 12 * 14)  # chunks of 40 days
    ds, n_chunks = daily(tmp_path, 1, 12, 14)
    with counted(monkeypatch) as counts:
        n_blocks, _ = read_in_blocks(staged(ds, months=True), 200_000)
    assert len(counts) == n_chunks
    assert n_blocks > 2
    assert sum(counts.values()) <= n_chunks + (n_blocks - 1) * 40 * 2

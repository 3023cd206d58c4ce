"""Daily files in the layout of SMCI to monthly means, beside reading and decompressing alone.

Files of random soil moisture that compresses as much as real fields do are written to a temporary
folder. The ratio is what counts: the target is 1.5, with two free cores (reading and averaging go
on at the same time; on a busy machine the ratio of processor times is the upper bound).
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from soilscope import composite, open_source
from soilscope.grid.depth import layer_coordinates
from soilscope.study.stages import BLOCK_BYTES
from soilscope.twin.layouts.smci import write_smci


def moisture(rows: int, columns: int, year: int, layers: int) -> xr.Dataset:
    """Smooth fields with a little noise, a third of the cells missing."""
    rng = np.random.default_rng(year)
    days = pd.date_range(f"{year}-01-01", f"{year}-12-31")
    season = 0.05 * np.sin(np.arange(days.size) / 58.0)[:, None, None, None]
    place = 0.25 + 0.1 * np.sin(np.arange(rows) / 40)[:, None] * np.cos(np.arange(columns) / 60)
    values = season + place + 0.003 * rng.standard_normal((days.size, layers, rows, columns))
    values[..., : columns // 3] = np.nan
    edges = np.arange(layers + 1) / 10
    return xr.Dataset(
        {"soil_moisture": (("time", "depth", "latitude", "longitude"), values.astype("f4"))},
        {
            "time": days,
            **layer_coordinates(np.stack([edges[:-1], edges[1:]], axis=1)),
            "latitude": 53.5 - 0.1 * np.arange(rows),
            "longitude": 73.5 + 0.1 * np.arange(columns),
        },
    )


def decompress(files: list[Path]) -> None:
    """Read every file as it is stored, a day at a time, into one buffer."""
    for path in files:
        with h5py.File(path) as file:
            stored = file["SMCI"]
            day = np.empty(stored.shape[1:], stored.dtype)
            for number in range(stored.shape[0]):
                stored.read_direct(day, np.s_[number])


def opened(folder: Path) -> None:
    open_source("smci", folder)


def monthly(folder: Path) -> None:
    """Read, decode and average by blocks of months, two at a time, as a study does."""
    ds = open_source("smci", folder)
    months = ds["time"].values.astype("datetime64[M]")
    day = ds.soil_moisture.isel(time=0).nbytes
    size = max(1, int(BLOCK_BYTES / (30 * day)))
    starts = np.unique(months)[::size]

    def block(start: np.datetime64) -> xr.DataArray:
        wanted = (months >= start) & (months < start + size)
        part = ds.soil_moisture.isel(time=np.flatnonzero(wanted))
        return composite(part.compute(scheduler="synchronous"), freq="MS")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(block, starts))


def best(run: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the least time on the wall and the least of the processor, s."""
    walls, processor = [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return min(walls), min(processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grid", nargs=2, type=int, default=(360, 620))
    parser.add_argument("--years", type=int, default=2)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for year in range(2001, 2001 + given.years):
            files += write_smci(moisture(*given.grid, year, given.layers), folder)
        size = sum(path.stat().st_size for path in files) / 2**20
        alone = best(lambda: decompress(files), given.repeats)
        opening = best(lambda: opened(folder), given.repeats)
        whole = best(lambda: monthly(folder), given.repeats)
    print(f"{len(files)} files of {given.grid[0]} x {given.grid[1]} cells, {size:.0f} MiB")
    print("                    |   wall, s | ratio | processor, s | ratio")
    rows = {"read and decompress": alone, "open": opening, "to monthly means": whole}
    for name, (wall, used) in rows.items():
        print(
            f"{name:19s} | {wall:9.2f} | {wall / alone[0]:5.2f} | {used:12.2f} | "
            f"{used / alone[1]:5.2f}"
        )


if __name__ == "__main__":
    main()

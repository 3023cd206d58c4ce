"""Daily files in the layout of SMCI to monthly means, beside reading and decompressing alone.

Files of random soil moisture that compresses as much as real fields do are written to a temporary
folder. The ratio is what counts: the target is 1.5, in processor time (with two free cores less on
the wall: reading and averaging go on at the same time). Opening is part of the later rows.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask
import h5py
import numpy as np
import pandas as pd
import xarray as xr

from soilscope import open_source
from soilscope.grid.depth import layer_coordinates
from soilscope.study.execute import on_threads
from soilscope.study.place import CalendarSpec
from soilscope.study.stages import BLOCK_BYTES, Stage
from soilscope.study.staging import Staged, to_months
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


def staged(folder: Path) -> Staged:
    """Open the files as an input that a study brings to months."""
    source, spec = open_source("smci", folder), CalendarSpec(step="month")
    return Staged(source, to_months(source, spec), calendar=spec)


def monthly(folder: Path) -> None:
    """Read, decode and average by blocks of months, two at a time, as a study does."""
    item = staged(folder)
    n_time, steps = item.ds.sizes["time"], item.block_steps(BLOCK_BYTES)
    starts = range(0, n_time, steps)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda at: item.block(at, min(n_time, at + steps)), starts))


def written(folder: Path, work: Path) -> None:
    """Write the months to disk as well, in slabs of space, as a study does before the cube."""
    item = staged(folder)
    slabs = item.ds.chunk({"time": -1, "depth": -1, "latitude": 100, "longitude": 100})
    shutil.rmtree(work, ignore_errors=True)
    with dask.config.set(num_workers=2):
        Stage.of(item, work).fill(slabs, on_threads, lambda *_: None)


def once(run: Callable[[], object]) -> tuple[float, float]:
    """Return the time on the wall and that of the processor, s."""
    start, used = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - start, time.process_time() - used


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
        runs: dict[str, Callable[[], object]] = {
            "read and decompress": lambda: decompress(files),
            "open": lambda: open_source("smci", folder),
            "to monthly means": lambda: monthly(folder),
            "and written": lambda: written(folder, folder / "stage"),
        }
        for run in runs.values():  # to warm up
            run()
        # in turn, so that other work on the machine comes upon all of them
        taken = {name: [] for name in runs}
        for _ in range(given.repeats):
            for name, run in runs.items():
                taken[name].append(once(run))
    print(f"{len(files)} files of {given.grid[0]} x {given.grid[1]} cells, {size:.0f} MiB")
    print("                    |   wall, s | ratio | processor, s | ratio (of each repeat)")
    best = {name: np.min(times, axis=0) for name, times in taken.items()}
    alone = "read and decompress"
    for name, (wall, used) in best.items():
        pairs = zip(taken[name], taken[alone], strict=True)
        each = ", ".join(f"{this[1] / that[1]:.2f}" for this, that in pairs)
        print(
            f"{name:19s} | {wall:9.2f} | {wall / best[alone][0]:5.2f} | {used:12.2f} | "
            f"{used / best[alone][1]:5.2f} ({each})"
        )


if __name__ == "__main__":
    main()

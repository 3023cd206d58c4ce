"""A folder of daily files: opened for the first time, again, and read, beside xarray's own way.

Small files of soil moisture (NetCDF-4) and of NDVI (GeoTIFF) are written to a temporary folder, and
the index is kept in a folder of its own. The peers open a part of them, and their time is scaled up
to all: `xr.open_mfdataset`, and for images a dask array a file, as it was done here before. Times
are processor time in new processes, libraries already imported, with the files in the memory of the
system; the peak of open files is counted while all are read.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import rasterio
import xarray as xr
from affine import Affine

from soilscope import open_source
from soilscope.sources import index

ROWS, COLUMNS = 40, 60
VARIABLES = {
    "nc": {"soil_moisture": "sm"},
    "tif": {"ndvi": {"name": 1, "units": "1", "scale": 0.0001, "missing": -3000}},
}


def write_netcdf(folder: Path, days: pd.DatetimeIndex) -> None:
    """Write a file a day: the first by xarray, the others as copies with another date."""
    values = np.random.default_rng(1).uniform(0.1, 0.4, (1, ROWS, COLUMNS)).astype("f4")
    ds = xr.Dataset(
        {"sm": (("time", "lat", "lon"), values, {"units": "m3 m-3"})},
        {
            "time": days[:1],
            "lat": ("lat", 41 - 0.1 * np.arange(ROWS), {"units": "degrees_north"}),
            "lon": ("lon", 97 + 0.1 * np.arange(COLUMNS), {"units": "degrees_east"}),
        },
    )
    ds.time.encoding = {"units": "days since 1970-01-01", "dtype": "f8"}
    ds.to_netcdf(folder / "first.nc", engine="h5netcdf", encoding={"sm": {"zlib": True}})
    first = (folder / "first.nc").read_bytes()
    (folder / "first.nc").unlink()
    for day in days:
        path = folder / f"{day:%Y%j}.nc"
        path.write_bytes(first)
        with h5py.File(path, "r+") as file:
            file["time"][0] = (day - pd.Timestamp("1970-01-01")).days


def write_geotiff(folder: Path, days: pd.DatetimeIndex) -> None:
    """Write an image a day, dated by its name."""
    values = np.random.default_rng(1).integers(1000, 8000, (ROWS, COLUMNS)).astype("int16")
    step = Affine(0.1, 0, 97, 0, -0.1, 41)
    shape = {"height": ROWS, "width": COLUMNS, "count": 1, "dtype": "int16", "compress": "deflate"}
    with rasterio.open(
        folder / "first.tif", "w", "GTiff", crs="EPSG:4326", transform=step, nodata=-3000, **shape
    ) as file:
        file.write(values, 1)
    first = (folder / "first.tif").read_bytes()
    (folder / "first.tif").unlink()
    for day in days:
        (folder / f"{day:%Y%j}.tif").write_bytes(first)


def ours(folder: Path, kind: str) -> xr.Dataset:
    """Open a folder with soilscope."""
    name = None if kind == "nc" else "%Y%j"
    paths = str(folder / f"*.{kind}")
    return open_source("raster", paths, variables=VARIABLES[kind], time_from_name=name)


def measure(folder: Path, kind: str, what: str, few: int) -> dict[str, float]:
    """Open (and read) a folder in this process: `what` is ours, read or peer."""
    paths = sorted(folder.glob(f"*.{kind}"))
    if what == "peer" and kind == "nc":
        xr.open_mfdataset(paths[:2]).close()  # imports are no part of it
        start, wall = time.process_time(), time.perf_counter()
        xr.open_mfdataset(paths[:few], combine="nested", concat_dim="time").close()
    elif what == "peer":  # each opened in full, and stacked by dask
        open_source("raster", paths[0], variables=VARIABLES[kind])
        index.MANY = len(paths) + 1
        start, wall = time.process_time(), time.perf_counter()
        open_source("raster", paths[:few], variables=VARIABLES[kind], time_from_name="%Y%j")
    else:
        open_source("raster", paths[0], variables=VARIABLES[kind], time_from_name=None)
        start, wall = time.process_time(), time.perf_counter()
        ds = ours(folder, kind)
        if what == "read":
            start, wall = time.process_time(), time.perf_counter()
            with Handles(folder) as handles:
                ds.load()
            taken = time.process_time() - start, time.perf_counter() - wall
            return {"cpu": taken[0], "wall": taken[1], "handles": handles.peak}
    return {"cpu": time.process_time() - start, "wall": time.perf_counter() - wall}


class Handles:
    """Counts the files of a folder that are open, again and again, until it is left."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.peak, self.over = str(folder), 0, threading.Event()
        self.thread = threading.Thread(target=self.count)

    def count(self) -> None:
        """Look at the process's own table of open files (Linux)."""
        while not self.over.is_set():
            held = 0
            for entry in Path("/proc/self/fd").iterdir():
                try:
                    held += str(entry.readlink()).startswith(self.folder)
                except OSError:
                    continue
            self.peak = max(self.peak, held)
            time.sleep(0.001)

    def __enter__(self) -> "Handles":
        """Begin to count."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop counting."""
        self.over.set()
        self.thread.join()


def apart(folder: Path, kind: str, what: str, few: int, cache: Path) -> dict[str, float]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--folder", str(folder), "--kind", kind, "--what", what]
    made = subprocess.run(
        [*command, "--few", str(few)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"XDG_CACHE_HOME": str(cache)},
    )
    found: dict[str, float] = json.loads(made.stdout.splitlines()[-1])
    return found


def compare(kind: str, n: int, few: int) -> None:
    """Write a folder, open it in every way, and print a row for each."""
    days = pd.date_range("1995-01-01", periods=n)
    with tempfile.TemporaryDirectory() as home:
        folder, cache = Path(home) / "data", Path(home) / "cache"
        folder.mkdir()
        (write_netcdf if kind == "nc" else write_geotiff)(folder, days)
        first = apart(folder, kind, "ours", few, cache)
        again = apart(folder, kind, "ours", few, cache)
        read = apart(folder, kind, "read", few, cache)
        peer = apart(folder, kind, "peer", few, cache)
    theirs = peer["cpu"] * n / few
    print(f"\n{n} files .{kind} of {ROWS} x {COLUMNS}: processor s (wall s), times ours")
    print(f"| first opening | {first['cpu']:.1f} ({first['wall']:.1f}) | 1 |")
    ratio = again["cpu"] / first["cpu"]
    print(f"| later openings | {again['cpu']:.2f} ({again['wall']:.2f}) | {ratio:.2f} |")
    print(f"| reading all | {read['cpu']:.1f} ({read['wall']:.1f}) | open: {read['handles']:.0f} |")
    name = "xr.open_mfdataset" if kind == "nc" else "an array a file, concatenated"
    print(f"| {name}, {few} files, scaled up | {theirs:.0f} | {theirs / first['cpu']:.0f} |")


def main() -> None:
    """Compare NetCDF and GeoTIFF."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--few", type=int, default=300, help="files that the peer opens")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--kind", default="nc")
    parser.add_argument("--what", default="ours")
    given = parser.parse_args()
    if given.folder:
        print(json.dumps(measure(given.folder, given.kind, given.what, given.few)))
        return
    for kind in ("nc", "tif"):
        compare(kind, given.files, given.few)


if __name__ == "__main__":
    main()

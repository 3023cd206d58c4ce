"""Downscaling beside the straightforward way with xarray and statsmodels.

First days of the Heihe twin go from Zarr through the fit to Zarr, on two threads of a process of
their own: with `--size 560 490 --days 366` a year of the whole basin. Then both ways work in memory
on a part of the basin; processor time per valid cell and day.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import dask
import numpy as np
import pandas as pd
import pyproj
import xarray as xr

from soilscope import cover_strata, downscale, fit_downscaling, lst_difference
from soilscope.cli.memory import reuse_freed_memory
from soilscope.study.slabs import encoding
from soilscope.twin.heihe import Heihe, heihe, heihe_blocks
from timing import seconds

EDGES = (0.3, 0.6)
GAPS = 0.02  # of cells, drawn anew for each day: no pattern of missing cells comes twice


def write_inputs(folder: Path, size: tuple[int, int], days: int, start: str) -> None:
    """Write what downscaling reads, in chunks of 16 days."""
    rng = np.random.default_rng(0)
    for number, twin in enumerate(heihe_blocks(size=size, days=days, start=start, block=16)):
        fine = twin.fine[["lst_day", "lst_night", "ndvi", "land_cover"]].drop_encoding()
        fine["lst_day"] = fine.lst_day.where(rng.random(fine.lst_day.shape) >= GAPS)
        for name, ds in (("fine", fine), ("reanalysis", twin.reanalysis), ("smops", twin.smops)):
            moving = [v for v in ds.data_vars if "time" in ds[v].dims]
            path = folder / f"{name}.zarr"
            if number:
                ds[moving].to_zarr(path, append_dim="time", consolidated=False)
            else:
                chunks = {v: {"chunks": (16, *ds[v].shape[1:])} for v in moving}
                ds.to_zarr(path, consolidated=False, encoding=chunks)


def from_file_to_file(folder: Path, residual: str) -> None:
    """Fit and apply lazily, and print what it took as JSON."""
    reuse_freed_memory()
    names = ("fine", "reanalysis", "smops")
    clocks = [(time.perf_counter(), time.process_time())]
    fine, coarse, product = (
        xr.open_zarr(folder / f"{name}.zarr", consolidated=False, decode_coords="all")
        for name in names
    )
    moisture = product.soil_moisture
    given = {"land_cover": cover_strata(fine.land_cover), "ndvi": fine.ndvi}
    with dask.config.set(scheduler="threads", num_workers=2):
        warming = coarse.lst_day - coarse.lst_night
        model = fit_downscaling(coarse.soil_moisture, warming, rng=1, **given).compute()
        clocks.append((time.perf_counter(), time.process_time()))
        ds = downscale(
            model,
            lst_difference(fine.lst_day, fine.lst_night).lst_difference,
            coarse_product=moisture,
            coarse_uncertainty=xr.full_like(moisture, 0.04),
            residual=residual,
            **given,
        ).drop_encoding()
        ds.to_zarr(folder / f"{residual}.zarr", consolidated=False, encoding=encoding(ds))
    clocks.append((time.perf_counter(), time.process_time()))
    told = np.diff(clocks, axis=0).ravel().tolist()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux
    done = xr.open_zarr(folder / f"{residual}.zarr", consolidated=False)
    cells = sum(int(done.soil_moisture[t].notnull().sum()) for t in range(done.sizes["time"]))
    print(json.dumps({"told": told, "peak": peak, "cells": cells}))


def by_files(size: tuple[int, int], days: int, start: str) -> None:
    print("| | fit, s | applied, s | processor, s | peak, GiB | cell days, million |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        write_inputs(Path(name), size, days, start)
        for residual in ("block", "smooth"):
            command = [sys.executable, __file__, "--folder", name, "--residual", residual]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            found = json.loads(run.stdout.splitlines()[-1])
            fit, own, applied, more = found["told"]
            print(
                f"| {residual} | {fit:.1f} | {applied:.1f} | {own + more:.1f} "
                f"| {found['peak']:.2f} | {found['cells'] / 1e6:.1f} |"
            )


class Plain:
    """What one would write at first: xarray for the fields, statsmodels for the lines."""

    def __init__(self, twin: Heihe) -> None:
        self.fine, self.coarse = twin.fine, twin.reanalysis
        self.product = twin.smops.soil_moisture
        self.cover = cover_strata(twin.fine.land_cover)
        self.warming = twin.fine.lst_day - twin.fine.lst_night
        x, y = np.meshgrid(twin.fine.x, twin.fine.y)
        crs = pyproj.CRS.from_wkt(twin.fine.spatial_ref.attrs["crs_wkt"])
        lon, lat = pyproj.Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
        self.place = {
            "longitude": (("y", "x"), lon),
            "latitude": (("y", "x"), lat),
        }
        self.rows = pd.DataFrame()

    def cells(self, like: xr.DataArray) -> xr.DataArray:
        """Return the number of the coarse cell nearest to each fine cell."""
        n = like.sizes["longitude"]
        number = xr.DataArray(
            np.arange(like.sizes["latitude"] * n).reshape(-1, n),
            {d: like[d] for d in ("latitude", "longitude")},
        )
        where = {d: xr.DataArray(v, dims=dims) for d, (dims, v) in self.place.items()}
        found = number.sel(where, method="nearest")
        return found.drop_vars(["latitude", "longitude"]).rename("cell")

    def samples(self) -> pd.DataFrame:
        """Return coarse cell days with their stratum."""
        cell = self.cells(self.coarse.soil_moisture)
        n = int(np.prod([self.coarse.sizes[d] for d in ("latitude", "longitude")]))
        ndvi = self.fine.ndvi.groupby(cell).mean().reindex(cell=np.arange(n))
        cover = self.cover.where(self.cover >= 0)
        shares = [(cover == k).groupby(cell).mean() for k in range(4)]
        share = xr.concat(shares, "cover").reindex(cell=np.arange(n))
        pure = share.fillna(0).argmax("cover").where(share.max("cover") >= 0.6)
        stratum = 3 * pure + xr.apply_ufunc(np.digitize, ndvi, EDGES).where(ndvi.notnull())
        flat = {
            "moisture": self.coarse.soil_moisture,
            "warming": self.coarse.lst_day - self.coarse.lst_night,
        }
        table = {k: da.values.reshape(da.sizes["time"], -1).ravel() for k, da in flat.items()}
        table["stratum"] = stratum.transpose("time", "cell").values.ravel()
        table["day"] = np.repeat(np.arange(self.coarse.sizes["time"]), n)
        self.rows = pd.DataFrame(table).dropna()
        return self.rows

    def lines(self, rows: pd.DataFrame) -> dict[int, tuple[float, float]]:
        """Fit each stratum by least squares."""
        import statsmodels.api as sm

        found = {}
        for stratum, part in rows.groupby("stratum"):
            if len(part) >= 8:
                fit = sm.OLS(part.moisture, sm.add_constant(part.warming)).fit()
                found[int(stratum)] = (fit.params["const"], fit.params["warming"])
        return found

    def resampled(self, n: int) -> list[dict[int, tuple[float, float]]]:
        """Fit resamples of blocks of ten days."""
        rng = np.random.default_rng(1)
        parts = [part for _, part in self.rows.groupby(self.rows.day // 10)]
        drawn = rng.integers(len(parts), size=(n, len(parts)))
        return [self.lines(pd.concat([parts[k] for k in draw])) for draw in drawn]

    def apply(self, lines: dict[int, tuple[float, float]], residual: str) -> xr.DataArray:
        """Apply the lines by stratum, and add the residual nearest by or interpolated."""
        ndvi = self.fine.ndvi
        stratum = 3 * self.cover + xr.apply_ufunc(np.digitize, ndvi, EDGES)
        stratum = stratum.where((self.cover >= 0) & ndvi.notnull()).rename("stratum")

        def line(part: xr.DataArray) -> xr.DataArray:
            a, b = lines.get(int(part.stratum.values.flat[0]), (np.nan, np.nan))
            return a + b * part

        estimate = self.warming.assign_coords(stratum=stratum).groupby("stratum").map(line)
        estimate = estimate.unstack() if "stacked_time_y_x" in estimate.dims else estimate
        estimate = estimate.transpose("time", "y", "x").reindex_like(self.warming)
        cell = self.cells(self.product)
        n = int(np.prod([self.product.sizes[d] for d in ("latitude", "longitude")]))
        means = estimate.groupby(cell).mean().reindex(cell=np.arange(n))
        flat = self.product.transpose("time", "latitude", "longitude")
        lacking = flat.values.reshape(flat.sizes["time"], -1) - means.transpose("time", "cell")
        if residual == "block":
            return estimate + lacking.sel(cell=cell)
        field = flat.copy(data=lacking.values.reshape(flat.shape))
        where = {d: xr.DataArray(v, dims=dims) for d, (dims, v) in self.place.items()}
        return estimate + field.interp(where)


def beside(size: tuple[int, int], days: int) -> None:
    """Print both ways on one part of the basin."""
    reuse_freed_memory()
    twin = heihe(size=size, days=days, start="2020-05-01")
    plain = Plain(twin)
    given = {"land_cover": plain.cover, "ndvi": twin.fine.ndvi}
    warming = twin.reanalysis.lst_day - twin.reanalysis.lst_night
    model = fit_downscaling(twin.reanalysis.soil_moisture, warming, rng=1, **given)
    lines = plain.lines(plain.samples())

    def ours(residual: str) -> xr.Dataset:
        field = plain.warming.assign_attrs(units="K")
        return downscale(model, field, coarse_product=plain.product, residual=residual, **given)

    n = int(ours("block").soil_moisture.notnull().sum())
    few = 10
    print(f"\n{size[0]} x {size[1]} cells, {days} days, {n / 1e6:.2f} million valid cell days\n")
    print("| processor time | ours | xarray and statsmodels | times ours |\n|---|---:|---:|---:|")

    def row(title: str, own: float, other: float, unit: str) -> None:
        print(
            f"| {title} | {own:.3g} {unit} | {other:.3g} {unit} | {other / own:.0f} |", flush=True
        )

    def timed(run: Callable[[], object], repeats: int = 2) -> float:
        return seconds(run, repeats)

    applied = {}
    for residual in ("block", "smooth"):
        own, other = (
            timed(lambda r=residual: ours(r), 3),
            timed(lambda r=residual: plain.apply(lines, r), 1),
        )
        applied[residual] = own, other
        row(f"applied, {residual}, a cell day", 1e9 * own / n, 1e9 * other / n, "ns")
    own = timed(lambda: fit_downscaling(twin.reanalysis.soil_moisture, warming, rng=1, **given), 3)
    once = timed(lambda: plain.lines(plain.samples()), 1)
    again = timed(lambda: plain.resampled(few), 1) * 500 / few
    row("fit; ours with 500 resamples and unseen places, theirs once", own, once, "s")
    row("fit, both with 500 resamples", own, once + again, "s")
    for residual, (mine, theirs) in applied.items():
        row(f"fit (theirs once) and applied, {residual}", own + mine, once + theirs, "s")
        row(f"both with resamples, {residual}", own + mine, once + again + theirs, "s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(140, 122))
    parser.add_argument("--days", type=int, default=64)
    parser.add_argument("--start", default="2020-05-01")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--residual", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        from_file_to_file(given.folder, given.residual)
        return
    by_files(tuple(given.size), given.days, given.start)
    beside(tuple(given.size), min(given.days, 48))


if __name__ == "__main__":
    main()

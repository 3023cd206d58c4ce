"""Onto a 1 km grid, beside rasterio's warp: milliseconds of processor time on one thread.

Run with one thread (OMP_NUM_THREADS=1). 0.1 degree cells become 576 x 576 of 1 km; then the way
back, by area averages.
"""

from collections.abc import Callable

import numpy as np
import rasterio.warp
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from soilscope import regrid
from soilscope.grid.crs import geobox_of
from timing import seconds

FINE = GeoBox((576, 576), Affine(1000, 0, 210_000, 0, -1000, 4_580_000), "EPSG:32648")
COARSE = GeoBox((80, 90), Affine(0.1, 0, 100.5, 0, -0.1, 42.5), "EPSG:4326")


def field(box: GeoBox, n: int) -> xr.DataArray:
    """Return `n` random fields, a twentieth of whose cells are missing in all."""
    rng = np.random.default_rng(0)
    values = rng.random((n, *box.shape), dtype=np.float32)
    values[:, rng.random(box.shape) < 0.05] = np.nan
    a = box.affine
    dims = ("latitude", "longitude") if box.crs.geographic else ("y", "x")
    coords = {
        dims[0]: a.f + a.e * (np.arange(box.shape[0]) + 0.5),
        dims[1]: a.c + a.a * (np.arange(box.shape[1]) + 0.5),
        "spatial_ref": ((), 0, {"crs_wkt": box.crs.wkt}),
    }
    return xr.DataArray(values, coords, ("time", *dims))


def warp(da: xr.DataArray, target: GeoBox, how: str) -> np.ndarray:
    """Let rasterio do the same."""
    source = geobox_of(da)
    out = np.empty((da.shape[0], *target.shape), np.float32)
    rasterio.warp.reproject(
        da.values,
        out,
        src_transform=source.affine,
        src_crs=str(source.crs),
        dst_transform=target.affine,
        dst_crs=str(target.crs),
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=rasterio.warp.Resampling[how],
    )
    return out


def milli(run: Callable[[], object], n: int) -> float:
    return 1e3 * seconds(run, 3 if n > 1 else 5)


def main() -> None:
    print("| | fields | ms | rasterio, ms | ours to it |\n|---|---:|---:|---:|---:|")
    for title, source, target, how in (
        ("0.1 degree to 1 km, bilinear", COARSE, FINE, "bilinear"),
        ("1 km to 0.1 degree, average", FINE, COARSE, "average"),
    ):
        for n in (1, 100):
            da = field(source, n)
            ours = milli(lambda d=da, t=target, h=how: regrid(d, t, how=h), n)
            theirs = milli(lambda d=da, t=target, h=how: warp(d, t, h), n)
            print(f"| {title} | {n} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} |")


if __name__ == "__main__":
    main()

"""GeoTIFF files of the layouts: the one way in which all of them are written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import rasterio
import xarray as xr

from soilscope.grid.crs import geobox_of


def write_image(
    path: Path,
    like: xr.Dataset | xr.DataArray,
    image: npt.NDArray[Any],
    *,
    nodata: int | None,
    bands: Sequence[str] = (),
    scale: float | None = None,
    compress: str = "deflate",
) -> Path:
    """Write an image, (y, x) or (band, y, x), on the grid of `like`; `scale` is stated in it."""
    box = geobox_of(like)
    layers = image.reshape(-1, *image.shape[-2:])
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=image.dtype.name,
        count=layers.shape[0],
        height=layers.shape[1],
        width=layers.shape[2],
        crs=None if box.crs is None else box.crs.to_wkt(),
        transform=box.affine,
        nodata=nodata,
        compress=compress,
    ) as file:
        file.write(layers)
        for number, name in enumerate(bands, start=1):
            file.set_band_description(number, name)
        if scale is not None:
            file.scales = (scale,) * layers.shape[0]
    return path

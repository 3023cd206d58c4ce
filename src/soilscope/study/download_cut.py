"""Images of a STAC catalogue, cut to an area and with the tiles of a date in one, by odc-stac."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from odc.geo.types import xy_

from soilscope.errors import StudyError
from soilscope.grid.region import region_bounds
from soilscope.study.download_files import Wanted, safe_name
from soilscope.study.download_request import Request

#: No list of a server's folder is asked for.
_OPTIONS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_HTTP_MAX_RETRY": "3"}


@dataclass(frozen=True)
class _Layout:
    """How an image is stored: its cells, numbers, and what it says of them."""

    box: GeoBox
    dtype: str
    nodata: float
    scale: float
    offset: float


def files_of_cut(request: Request, items: Sequence[Any], load: Any) -> list[Wanted]:
    """Return one image for each date and asset; `load` is that of odc-stac."""
    area = ", ".join(f"{v:g}" for v in request.bounds)
    wanted = []
    for date, tiles in _dates(items):
        for key in request.spec.assets:
            for item in tiles:
                if key not in item.assets:
                    raise StudyError(
                        f"{request.name}: the item {item.id} has no asset {key!r}; it has: "
                        f"{', '.join(item.assets)}."
                    )
            target = request.folder / safe_name(f"{request.spec.collection}_{key}_{date}.tif")
            fetch = partial(_cut, load, tiles, key, request)
            wanted.append(Wanted(target, fetch, f"west, south, east, north [{area}]"))
    return sorted(wanted, key=lambda item: item.target)


def _dates(items: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield each date, as in 2001_01_17, with the tiles of it."""
    found: dict[str, list[Any]] = {}
    for item in sorted(items, key=lambda item: str(item.id)):
        start = item.datetime or item.common_metadata.start_datetime
        if start is None:
            raise StudyError(f"the item {item.id} has no date; leave cut out.")
        found.setdefault(f"{start:%Y_%m_%d}", []).append(item)
    yield from found.items()


def _cut(load: Any, tiles: Sequence[Any], key: str, request: Request, partial_file: Path) -> None:
    with rasterio.Env(**_OPTIONS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries below the client
        like = _layout(tiles[0].assets[key].get_absolute_href())
        box = _window(like.box, request)
        ds = load(
            tiles,
            bands=[key],
            geobox=box,
            groupby=lambda *_: 0,
            resampling="nearest",
            dtype=like.dtype,
            nodata=like.nodata,
        )
    _write(partial_file, np.asarray(ds[key].values[0]), box, like, key)


def _layout(href: str) -> _Layout:
    with rasterio.open(href) as file:
        box = GeoBox((file.height, file.width), file.transform, file.crs)
        dtype = str(file.dtypes[0])
        nodata = _unused(dtype) if file.nodata is None else float(file.nodata)
        return _Layout(box, dtype, nodata, file.scales[0], file.offsets[0])


def _unused(dtype: str) -> float:
    """Return a number for cells beyond all tiles, where images say of none that it is missing."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return float("nan")
    return float(np.iinfo(kind).max if kind.kind == "u" else np.iinfo(kind).min)


def _window(box: GeoBox, request: Request) -> GeoBox:
    """Return the cells of the stored grid that cover the area, beyond the one tile too."""
    bounds = region_bounds(request.bounds, box.crs)
    step, origin = box.resolution, box.affine
    anchor = xy_((origin.c / step.x) % 1.0, (origin.f / step.y) % 1.0)
    return GeoBox.from_bbox(bounds, box.crs, resolution=step, anchor=anchor)


def _write(path: Path, values: Any, box: GeoBox, like: _Layout, key: str) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        dtype=like.dtype,
        count=1,
        height=box.shape.y,
        width=box.shape.x,
        crs=None if box.crs is None else box.crs.to_wkt(),
        transform=box.affine,
        nodata=like.nodata,
        compress="deflate",
    ) as file:
        file.write(values.astype(like.dtype), 1)
        file.set_band_description(1, key)
        file.scales, file.offsets = (like.scale,), (like.offset,)

"""What a series of files of a product holds: variables, place, period, soil layers, gaps."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import InputError, SourceError
from soilscope.grid.crs import geobox_of, grid_dims
from soilscope.grid.depth import layer_bounds
from soilscope.sources import modis_layers, modis_lst_layers
from soilscope.sources.catalogue import PRODUCTS
from soilscope.sources.declared import Declared
from soilscope.sources.smci_files import find_pieces, missing_pieces
from soilscope.sources.timeaxis import time_step
from soilscope.study.file_series import Series
from soilscope.study.finds import Bounds, Extent, Known, Layers
from soilscope.study.named_days import missing_days, missing_months, named_days, step_of
from soilscope.times import is_monthly, month_count

#: Layers that tell which values of others are good, and the variables that they mask.
MASKS = {
    "reliability": ("ndvi", "evi"),
    "lst_day_quality": ("lst_day",),
    "lst_night_quality": ("lst_night",),
}
#: What must not be mixed in one input, in the names of files.
_FAMILIES = {
    "modis": re.compile(r"M[OY]D13(A[1-3]|Q1|C[12])", re.IGNORECASE),
    "modis_lst": re.compile(r"M[OY]D11(A[12])", re.IGNORECASE),
    "modis_et": re.compile(r"M[OY]D16A2(GF)?", re.IGNORECASE),
    "modis_land_cover": re.compile(r"MCD12[QC]1", re.IGNORECASE),
    "trims_lst": re.compile(r"Terra|Aqua", re.IGNORECASE),
}
_KINDS = {"modis": modis_layers.kind_of, "modis_lst": modis_lst_layers.kind_of}
_GEOTIFF = (".tif", ".tiff")
_OPENED = 64  # tiles, or files of layers, that are opened together, at most


def known_series(series: Series, product: str) -> Known:
    """Open one or a few files of a series by their product, and say what the series holds."""
    if product == "smci":
        return _smci(series)
    pattern = _FAMILIES.get(product)
    named = pattern.search(series.first.name) if pattern else None
    family = named[0].upper() if named else ""
    try:
        ds = _opened(product, [series.first])
    except SourceError:
        if pattern is None or not _is_other_layer(series, product):
            raise
        return Known(series, product, family, _mask_of(series, product), _of_names(series))
    if "time" not in ds.dims and len(series.files) > 1:
        ds = _opened(product, [series.folder / file for file in series.files[:_OPENED]])
    names = {v.name for v in PRODUCTS[product].variables}
    variables = tuple(str(name) for name in ds.data_vars if str(name) in names)
    alone = len(series.files) == 1 or "time" not in ds.dims
    last = ds if alone else _opened(product, [series.last])
    extent = _extent(ds, last, series)
    gaps = (*_gaps(ds, series), *layer_gaps(extent.layers))
    return Known(series, product, family, variables, extent, gaps)


def layer_gaps(layers: Layers) -> tuple[str, ...]:
    """Say which depths lie between layers without being in one.

    >>> layer_gaps(((0.0, 0.07), (0.28, 1.0)))
    ('no layer between 0.07 and 0.28 m',)
    """
    return tuple(
        f"no layer between {bottom:g} and {top:g} m"
        for (_, bottom), (top, _) in pairwise(layers)
        if top > bottom + 1e-6
    )


def _is_other_layer(series: Series, product: str) -> bool:
    """Whether images of a product of many layers are of one that it opens beside another."""
    if series.first.suffix.lower() not in _GEOTIFF:
        return False
    kind_of = _KINDS.get(product)
    kind = kind_of(series.first.name) if kind_of else None
    return kind not in modis_lst_layers.TEMPERATURES


def _mask_of(series: Series, product: str) -> tuple[str, ...]:
    """Return what images beside those of a variable hold for us."""
    kind_of = _KINDS.get(product)
    kind = kind_of(series.first.name) if kind_of else None
    return (kind,) if kind in MASKS else ()


def _of_names(series: Series) -> Extent:
    months = [f"{year}-{month or 1:02d}" for year, month in series.months]
    months = months or [str(day)[:7] for day in named_days(series)]
    return Extent(first=min(months, default=""), last=max(months, default=""))


def _smci(series: Series) -> Known:
    """Years and layers stand in the names; one file tells the rest."""
    pieces = find_pieces([series.folder / f for f in series.content or series.files], None)
    first = pieces[0]
    tiles = list(first.tiles.values())[:_OPENED]
    whole = len(tiles) == len(first.tiles)
    ds = _opened("smci", tiles)
    years = [piece.year for piece in pieces]
    bottoms = sorted({piece.bottom for piece in pieces})
    extent = _extent(ds, ds, series)
    extent = Extent(
        extent.bounds if whole else None,
        extent.cell,
        extent.step,
        f"{min(years)}-01",
        f"{max(years)}-12",
        tuple(((bottom - 10) / 100, bottom / 100) for bottom in bottoms),
        (f"{min(years)}-01-01", f"{max(years)}-12-31"),
    )
    gaps = tuple(missing_pieces(pieces))
    return Known(series, "smci", first.grid, ("soil_moisture",), extent, gaps)


def _opened(product: str, files: Sequence[Path]) -> xr.Dataset:
    """Open files by their product, lazily and without a look at their values."""
    known = PRODUCTS[product]
    declared = Declared(variables=known.variables, all_needed=False, lineage=known.ancestors)
    return known.open(files, declared, chunks="auto")


def _extent(first: xr.Dataset, last: xr.Dataset, series: Series) -> Extent:
    bounds, cell = _place(first)
    layers: Layers = ()
    if "depth_top" in first.coords:
        layers = tuple((float(top), float(bottom)) for top, bottom in layer_bounds(first))
    if not (first.sizes.get("time") and last.sizes.get("time")):
        return Extent(bounds, cell, layers=layers)
    step = time_step(first["time"])
    if step == "one":
        step = step_of(series)
    ends = (first["time"].values[0], last["time"].values[-1])
    start, end = (str(stamp.astype("datetime64[M]")) for stamp in ends)
    days = (str(ends[0].astype("datetime64[D]")), str(ends[1].astype("datetime64[D]")))
    return Extent(bounds, cell, step, start, end, layers, days, _hours(first, series))


def _hours(ds: xr.Dataset, series: Series) -> float | None:
    """Return the hours between stamps, inside of a file or by the number of files a day."""
    if ds.sizes["time"] > 1:
        hours = float(np.median(np.diff(ds["time"].values)) / np.timedelta64(1, "h"))
    else:
        hours = 24.0 * named_days(series).size / len(series.files)
    return hours if 0.0 < hours < 24.0 else None


def _place(ds: xr.Dataset) -> tuple[Bounds | None, str]:
    """Return the bounds in degrees, and the width of a cell in words."""
    dims = grid_dims(ds)
    if dims is None:
        return None, ""
    try:
        box = geobox_of(ds)
        geographic = box.crs is not None and box.crs.geographic
        cell = f"{abs(box.affine.a):.4g} {'degrees' if geographic else 'm'}"
        if box.crs is None:
            return None, cell
        edges = box.extent if geographic else box.extent.to_crs("EPSG:4326")
        limits = edges.boundingbox
        return (limits.left, limits.bottom, limits.right, limits.top), cell
    except (InputError, ValueError):
        return None, ""


def _gaps(ds: xr.Dataset, series: Series) -> tuple[str, ...]:
    """Say which dates are missing: by names, and inside of a single file of months."""
    if "time" not in ds.dims:
        return ()
    if len(series.files) == 1 and time_step(ds["time"]) == "month" and is_monthly(ds["time"]):
        counts = [int(count) for count in month_count(ds["time"])]
        return missing_months([(count // 12, count % 12 + 1) for count in counts])
    if ds.sizes["time"] == 1 and named_days(series).size > 2:
        return missing_days(series) or _missing_named(series)
    return _missing_named(series)


def _missing_named(series: Series) -> tuple[str, ...]:
    return missing_months(list(series.months))

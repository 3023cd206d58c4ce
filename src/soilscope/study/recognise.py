"""What a series of files is: a product, confirmed by opening one or a few of them, or a plain grid.

Nothing but headers and coordinates is read.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import InputError, SoilscopeError, SourceError
from soilscope.grid.crs import geobox_of, grid_dims
from soilscope.grid.depth import layer_bounds
from soilscope.sources.axes import guess_column
from soilscope.sources.catalogue import PRODUCTS
from soilscope.sources.declared import Declared
from soilscope.sources.formats import file_format, open_lazily
from soilscope.sources.geotiff import open_geotiff
from soilscope.sources.modis_layers import kind_of
from soilscope.sources.smci_files import find_pieces, missing_pieces
from soilscope.sources.timeaxis import Step, time_step
from soilscope.study.file_series import Month, Series, missing_between
from soilscope.times import is_monthly, month_count

Bounds = tuple[float, float, float, float]
Layers = tuple[tuple[float, float], ...]

_NETCDF = (".nc", ".nc4", ".cdf", ".h5", ".hdf5")
_GEOTIFF = (".tif", ".tiff")
#: Formats that people have and that must be converted or unpacked; `file_format` says how.
_OTHERS = (".grib", ".grib2", ".grb", ".grb2", ".hdf", ".zip")
_OF_ECMWF = re.compile(r"ecmwf|ecmf|era-?5|era-?interim|grib_to_netcdf|copernicus", re.IGNORECASE)
#: Width of a cell in degrees -> reanalysis.
_REANALYSES = {0.1: "era5_land", 0.25: "era5", 0.75: "era_interim"}
_OPENED = 64  # tiles of one folder, at most
_TRIED = 5  # files at either end of a series that are tried, at most
_SHORT_NAME = re.compile(r"M[OY]D13(A[1-3]|Q1|C[12])", re.IGNORECASE)


@dataclass(frozen=True)
class Extent:
    """Where and when data are."""

    bounds: Bounds | None = None  # degrees
    cell: str = ""  # width of a cell, in words
    step: Step = "none"
    first: str = ""  # month, as in 2000-01
    last: str = ""
    layers: Layers = ()  # m


@dataclass(frozen=True)
class Known:
    """A series of a product, and which of our variables it holds."""

    series: Series
    product: str
    family: str  # what must not be mixed in one input: a grid, a satellite
    variables: tuple[str, ...]  # or "reliability", the layer that masks NDVI
    extent: Extent
    gaps: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # files of the series that cannot be read, and why


@dataclass(frozen=True)
class Plain:
    """A series that no product knows, or that cannot be read as it is (`fault`)."""

    series: Series
    kind: str = ""  # "raster", "table", or ""
    variables: tuple[tuple[str, str], ...] = ()  # their name and units
    dims: tuple[str, ...] = ()
    extent: Extent = Extent()
    fault: str = ""


def is_data(series: Series) -> bool:
    """Whether a series may hold data, by the ending of its names."""
    suffix = series.first.suffix.lower()
    return (
        suffix in (*_NETCDF, *_GEOTIFF, *_OTHERS) or bool(series.content) or series.first.is_dir()
    )


def recognise(series: Series) -> Known | Plain:
    """Say what a series of files is; damaged files at its ends are left out of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # heard again, with remedies, when the study is checked
        bad = dict(_damaged_ends(series))
        if not bad or len(bad) == len(series.files):
            return _recognised(series)
        item = _recognised(series.without(bad))
    if isinstance(item, Plain):
        return item
    return replace(item, left_out=tuple(left_out(bad)))


def left_out(bad: Mapping[str, str]) -> Iterator[str]:
    """Say which files are left out, and why."""
    for file, fault in bad.items():
        yield f"left out: {fault if file in fault else f'{file}: {fault}'}"


def unreadable(series: Series, file: str) -> str:
    """Say why a file of a series (or a folder of tiles) cannot be opened; nothing if it can."""
    try:
        for one in series.content_of(file):
            _raw(series.folder / one)
    except SoilscopeError as error:
        return brief(str(error), series.folder)
    return ""


def _damaged_ends(series: Series) -> Iterator[tuple[str, str]]:
    """Yield the damaged files before the first sound one and behind the last, with the faults."""
    for files in (series.files[:_TRIED], series.files[: -_TRIED - 1 : -1]):
        for file in files:
            fault = unreadable(series, file)
            if not fault:
                break
            yield file, fault


def _recognised(series: Series) -> Known | Plain:
    try:
        raw = _raw(series.folder / series.content_of(series.files[0])[0])
    except SoilscopeError as error:
        return Plain(series, fault=brief(str(error), series.folder))
    product = _by_name(series) or _by_content(raw, series)
    fault = ""
    if product is not None:
        try:
            return _known(series, product)
        except (SoilscopeError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
            own = re.search(PRODUCTS[product].names, series.first.name)
            fault = f"not {product}: {brief(str(error), series.folder)}" if own else ""
    return _plain(series, raw, fault)


def _raw(path: Path) -> xr.Dataset:
    """Open a file as it is."""
    if file_format(path) == "geotiff":
        return open_geotiff(path, chunks="auto", stacked=False)
    return open_lazily(path)


def _by_name(series: Series) -> str | None:
    """Return the product whose files, or else folders, are named so."""
    parts = series.files[0].split("/")
    for text in (parts[-1], *reversed(parts[:-1])):
        for name, product in PRODUCTS.items():
            if product.names and re.search(product.names, text):
                return name
    return None


def _by_content(raw: xr.Dataset, series: Series) -> str | None:
    """Return the product that a file says it is, or whose variables it has."""
    names = list(map(str, raw.variables))
    about = " ".join(str(value)[:2000] for value in raw.attrs.values())
    if "terraclimate" in about.casefold():
        scenario = series.first.name.startswith("TerraClimate_")  # of pseudo-years: named otherwise
        return None if scenario else "terraclimate"
    layers = {kind_of(name) for name in names}
    if "ndvi" in layers and layers & {"reliability", "ndvi_day"}:
        return "modis"
    if _OF_ECMWF.search(about):
        width = _width(raw)
        return next((p for w, p in _REANALYSES.items() if width and abs(width - w) < 0.01), None)
    return None


def _width(raw: xr.Dataset) -> float | None:
    name = guess_column(map(str, raw.variables), "longitude")
    values = None if name is None else raw[name].values
    if values is None or values.ndim != 1 or values.size < 2:
        return None
    return float(abs(values[1] - values[0]))


def _known(series: Series, product: str) -> Known:
    if product == "smci":
        return _smci(series)
    family = _SHORT_NAME.search(series.first.name) if product == "modis" else None
    grid = family[0].upper() if family else ""
    try:
        ds = _opened(product, [series.first])
    except SourceError:
        if family is None or series.first.suffix.lower() not in _GEOTIFF:
            raise
        return Known(series, product, grid, _quality_of(series), _of_names(series))
    names = {v.name for v in PRODUCTS[product].variables}
    variables = tuple(str(name) for name in ds.data_vars if str(name) in names)
    last = ds if len(series.files) == 1 else _opened(product, [series.last])
    extent = _extent(ds, last, series)
    gaps = (*_gaps(ds, series, extent.step), *layer_gaps(extent.layers))
    return Known(series, product, grid, variables, extent, gaps)


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


def _quality_of(series: Series) -> tuple[str, ...]:
    """Return what images of MODIS beside those of NDVI hold for us."""
    return ("reliability",) if kind_of(series.first.name) == "reliability" else ()


def _of_names(series: Series) -> Extent:
    months = [f"{year}-{month or 1:02d}" for year, month in series.months]
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
        step = _step_of(series.months)
    ends = (first["time"].values[0], last["time"].values[-1])
    start, end = (str(stamp.astype("datetime64[M]")) for stamp in ends)
    return Extent(bounds, cell, step, start, end, layers)


def _step_of(months: Sequence[Month]) -> Step:
    """Say how far files of one date each lie apart, by their names."""
    counts = [year * 12 + (month or 1) for year, month in months]
    if len(counts) < 2 or any(month is None for _, month in months):
        return "one"
    steps = np.diff(sorted(counts))
    return "month" if steps.min() >= 1 and np.median(steps) == 1 else "other"


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


def _gaps(ds: xr.Dataset, series: Series, step: Step) -> tuple[str, ...]:
    """Say which months or years are missing: by names, and inside of a single file."""
    absent = missing_between(series.months)
    if len(series.files) == 1 and step == "month" and is_monthly(ds["time"]):
        counts = [int(count) for count in month_count(ds["time"])]
        absent = missing_between([(count // 12, count % 12 + 1) for count in counts])
    if not absent:
        return ()
    shown = ", ".join(absent[:6]) + (f" ... {absent[-1]}" if len(absent) > 6 else "")
    word = "month(s)" if "-" in absent[0] else "year(s)"
    return (f"{len(absent)} {word} missing: {shown}",)


def _plain(series: Series, raw: xr.Dataset, fault: str) -> Plain:
    """Describe a file that no product knows, as far as its header goes."""
    dims = [str(dim) for dim in raw.dims]
    pairs = (("latitude", "longitude"), ("y", "x"))
    on_grid = any(all(guess_column(dims, name) for name in pair) for pair in pairs)
    in_time = guess_column(dims, "time") is not None
    kind = "raster" if on_grid else "table" if guess_column(dims, "site") or in_time else ""
    variables = tuple(
        (str(name), str(da.attrs.get("units", "")))
        for name, da in raw.data_vars.items()
        if da.ndim > 1 or (kind == "table" and da.ndim and guess_column(map(str, da.dims), "time"))
    )
    return Plain(series, kind if variables else "", variables, tuple(dims), Extent(), fault)


def brief(text: str, folder: Path) -> str:
    """Return a fault in one line, without the path of the folder."""
    line = " ".join(text.split()).replace(f"{folder}{os.sep}", "")
    return line if len(line) <= 160 else f"{line[:157]}..."

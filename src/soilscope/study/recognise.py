"""What a series of files is: a product, confirmed by opening one or a few of them, or a plain grid.

Nothing but headers and coordinates is read.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import xarray as xr

from soilscope.errors import SoilscopeError
from soilscope.sources.axes import guess_column
from soilscope.sources.catalogue import PRODUCTS
from soilscope.sources.formats import file_format, open_lazily
from soilscope.sources.geotiff import open_geotiff
from soilscope.sources.modis_layers import kind_of
from soilscope.study.file_series import Series
from soilscope.study.finds import Extent, Known, Plain
from soilscope.study.known_series import known_series

_NETCDF = (".nc", ".nc4", ".cdf", ".h5", ".hdf5")
_GEOTIFF = (".tif", ".tiff")
#: Formats that people have and that must be converted or unpacked; `file_format` says how.
_OTHERS = (".grib", ".grib2", ".grb", ".grb2", ".hdf", ".zip")
_OF_ECMWF = re.compile(r"ecmwf|ecmf|era-?5|era-?interim|grib_to_netcdf|copernicus", re.IGNORECASE)
#: Width of a cell in degrees -> reanalysis.
_REANALYSES = {0.1: "era5_land", 0.25: "era5", 0.75: "era_interim"}
_TRIED = 5  # files at either end of a series that are tried, at most


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
            return known_series(series, product)
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

"""The products that can be opened, and the one function that opens them."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.sources.assemble import file_label, finish
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import (
    Declared,
    DepthOption,
    Variable,
    VariableOption,
    read_dims,
    read_layers,
    read_variables,
)
from soilscope.sources.formats import find_files
from soilscope.sources.known import known_variables
from soilscope.sources.ranges import check_opening, needs_steps
from soilscope.sources.raster import open_raster
from soilscope.sources.table import open_table
from soilscope.sources.timeaxis import read_period
from soilscope.sources.window import read_region


@dataclass(frozen=True)
class Product:
    """How a product is opened, and what a user must know about it."""

    open: Callable[..., xr.Dataset]  # (files, declared, *, chunks) -> Dataset in the files' units
    description: str
    files: str  # formats, and how files are named
    traps: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()  # known beforehand; without, the user declares them
    ancestors: tuple[str, ...] = ()  # data that the product was made from
    origin: str = ""  # who publishes it, with DOI
    names: str = ""  # regular expression of its files' (or folders') names, for `soilscope init`


PRODUCTS = {
    "table": Product(
        open_table,
        "series at sites or of catchments, with or without coordinates, declared by hand",
        "NetCDF, Zarr, CSV or Parquet",
        (
            "a CSV or Parquet file has one row a site and date (and depth), in any order",
            "files without a site are one site each, named by the file",
        ),
    ),
    "raster": Product(
        open_raster,
        "any grid, with or without time and soil layers, declared by hand",
        "NetCDF, Zarr or GeoTIFF",
        (
            "the bands of a GeoTIFF are named by description or number; dims: {depth: band} "
            "makes them layers, dims: {time: band} dates (with time_format)",
            "tiles of one date must be mosaicked first, with gdalbuildvrt and gdal_translate",
        ),
    ),
}


def open_source(
    product: str,
    paths: str | Path | Sequence[str | Path],
    *,
    variables: Mapping[str, VariableOption] | Sequence[str] | None = None,
    region: tuple[float, float, float, float] | None = None,
    period: tuple[str | int, str | int] | None = None,
    chunks: Chunks = "auto",
    override: Mapping[str, Mapping[str, Any]] | None = None,
    dims: Mapping[str, str] | None = None,
    depth_bounds: DepthOption | None = None,
    crs: str | int | None = None,
    lineage: Sequence[str] = (),
    time_format: str | None = None,
    time_from_name: str | None = None,
    encoding: str = "utf-8-sig",
    separator: str = ",",
    decimal: str = ".",
) -> xr.Dataset:
    r"""Open files of one product lazily, under our names and in our units.

    Parameters
    ----------
    product
        "table" (sites, catchments) or "raster" (any grid), both declared by the options below.
    paths
        A file, a list of files, or a pattern with ``*``.
    variables
        Our name -> the file's name, or a list of names (one a soil layer, the upper first), or a
        mapping with ``name``, ``units``, ``scale``, ``offset``, ``missing``, ``valid`` (the last
        two in stored numbers) and ``expected`` (plausible range in our units). Left out, the
        variables that bear our names. Names that are not ours pass with the units they have.
    region
        (west, south, east, north) in the units of the coordinates: cells or sites whose centres
        lie inside are kept.
    period
        First and last month (or day, or year), both included.
    chunks
        Sizes of dask chunks as `dask.array` takes them; None reads everything at once.
    override
        Our name -> fields of `variables` that replace what the file or the product says.
    dims
        Our dimension (time, depth, site, y, x, latitude, longitude) -> the file's.
    depth_bounds
        [top, bottom] pairs in m in the order of the file, or
        ``{top: variable, bottom: variable, units: cm}``, or ``{units: cm}`` for sensors at points.
    crs
        Coordinate reference system of a grid, where the file does not say it.
    lineage
        Names of the data that the product was made from.
    time_format
        strptime pattern of dates that are numbers or texts, such as ``%Y%m``.
    time_from_name
        Pattern of the date in the file name, such as ``ndvi_%Y_%m``, or a regular expression with
        the groups year, month, day, doy, hour.
    encoding, separator, decimal
        How a CSV file is written.

    Returns
    -------
    xr.Dataset
        Dims (time, depth, site), or (time, depth, y, x) with rows from north to south (or latitude,
        longitude); ``depth`` (m) with ``depth_top`` and ``depth_bottom`` where they are known.
        Every variable has ``units``, ``source_units`` and ``source_name``; the Dataset has
        ``product``, ``lineage`` and ``source_files`` (JSON texts). Sums (precipitation,
        evapotranspiration) are in mm month-1 on a monthly time axis and mm d-1 on a daily one.
        Classes are int16, -1 where missing.

    Raises
    ------
    SourceError
        If a file is missing, damaged, lacks a variable or its units, has doubtful times or depths,
        or holds implausible values.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> text = "site,time,sm\nA,2001-01-15,21\nA,2001-02-15,25\n"
    >>> _ = (folder / "sm.csv").write_text(text)
    >>> ds = open_source(
    ...     "table",
    ...     folder / "sm.csv",
    ...     variables={"soil_moisture": {"name": "sm", "units": "%"}},
    ...     depth_bounds=[[0, 0.1]],
    ... )
    >>> ds.soil_moisture.dims, ds.soil_moisture.units, ds.soil_moisture.values.round(2).tolist()
    (('time', 'depth', 'site'), 'm3 m-3', [[[0.21]], [[0.25]]])
    """
    require_choice(product, PRODUCTS, name="product")
    declared = Declared(
        variables=declared_variables(product, variables, override),
        all_needed=variables is not None or not PRODUCTS[product].variables,
        dims=read_dims(dims),
        layers=read_layers(depth_bounds),
        crs=None if crs is None else str(crs),
        lineage=(*PRODUCTS[product].ancestors, *_lineage(lineage)),
        time_format=time_format,
        time_from_name=time_from_name,
        encoding=encoding,
        separator=separator,
        decimal=decimal,
        region=read_region(region),
        period=read_period(period),
    )
    files = find_files(paths)
    ds = _opened(product, files, declared, chunks)

    @cache
    def step(stamp: np.datetime64) -> xr.Dataset:
        """Open one time step: chunks that are long in time are no way to it."""
        at = pd.Timestamp(stamp)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SoilscopeWarning)  # heard already
            return _opened(product, files, replace(declared, period=(at, at)), {"time": 1})

    check_opening(ds, file=file_label(files), step=step if needs_steps(ds) else None)
    return ds


def _opened(product: str, files: Sequence[Path], declared: Declared, chunks: Chunks) -> xr.Dataset:
    ds = PRODUCTS[product].open(files, declared, chunks=chunks)
    return finish(
        ds,
        declared,
        product=product,
        files=files,
        period=declared.period,
        region=declared.region,
    )


def declared_variables(
    product: str,
    variables: Mapping[str, VariableOption] | Sequence[str] | None,
    override: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Variable, ...] | None:
    """Return what `variables` and `override` ask of a product, with what is known of it."""
    known = PRODUCTS[product].variables
    if known:
        return known_variables(known, variables, override)
    return read_variables(variables, override)


def _lineage(lineage: Sequence[str]) -> tuple[str, ...]:
    if isinstance(lineage, str):
        raise InputError(f"lineage must be a list, as in [ERA5-Land]; it is {lineage!r}.")
    return tuple(map(str, lineage))

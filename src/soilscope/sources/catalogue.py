"""The products that can be opened, and the one function that opens them."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.sources import (
    era5,
    esa_cci,
    fvc_china,
    gebco,
    gldas,
    modis,
    modis_et,
    modis_land_cover,
    modis_lst,
    peng_precipitation,
    raster,
    smci,
    smops,
    soil_hydraulics,
    soilgrids,
    table,
    terraclimate,
    trims_lst,
)
from soilscope.sources.accumulation import Accumulation
from soilscope.sources.assemble import file_label, finish
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import (
    Declared,
    DepthOption,
    Variable,
    VariableOption,
    read_dims,
    read_layers,
    read_numbers,
    read_variables,
)
from soilscope.sources.formats import find_files
from soilscope.sources.known import known_variables
from soilscope.sources.modis_lst_quality import MaxError
from soilscope.sources.overpasses import Platform
from soilscope.sources.ranges import check_opening, needs_steps
from soilscope.sources.timeaxis import read_period
from soilscope.sources.window import read_region

PRODUCTS = {
    "table": table.PRODUCT,
    "raster": raster.PRODUCT,
    "era5_land": era5.ERA5_LAND,
    "era5": era5.ERA5,
    "era_interim": era5.ERA_INTERIM,
    "modis": modis.PRODUCT,
    "modis_lst": modis_lst.PRODUCT,
    "modis_land_cover": modis_land_cover.PRODUCT,
    "modis_et": modis_et.PRODUCT,
    "trims_lst": trims_lst.PRODUCT,
    "smci": smci.PRODUCT,
    "terraclimate": terraclimate.PRODUCT,
    "gebco": gebco.PRODUCT,
    "soilgrids": soilgrids.PRODUCT,
    "esa_cci": esa_cci.PRODUCT,
    "soil_hydraulics": soil_hydraulics.PRODUCT,
    "peng_precipitation": peng_precipitation.PRODUCT,
    "fvc_china": fvc_china.PRODUCT,
    "smops": smops.PRODUCT,
    "gldas": gldas.PRODUCT,
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
    accumulation: Accumulation | None = None,
    reliability: Sequence[int] | None = None,
    drop_flags: Sequence[int] | None = None,
    max_error: MaxError | None = None,
    platform: Platform | None = None,
) -> xr.Dataset:
    r"""Open files of one product lazily, under our names and in our units.

    Parameters
    ----------
    product
        "table" (sites, catchments) or "raster" (any grid), both declared by the options below; or
        one that is known, such as "era5_land" or "modis": ``soilscope sources`` lists them.
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
    accumulation
        What precipitation of ERA5 and ERA5-Land is: "daily_mean" (mean of daily totals, as in
        monthly means), "from_midnight" (grows from 00 UTC on) or "step" (sum over the time step);
        by default as the product and the time axis tell.
    reliability
        Ranks of the MODIS pixel reliability that are kept ([0, 1] by default; [] keeps all).
    drop_flags
        Bits of the flag of ESA CCI soil moisture whose values are dropped ([1, 2, 4, 8, 16, 32] by
        default: frozen, densely covered or doubtful ground; [] drops nothing).
    max_error
        Largest error (K) of MODIS land surface temperature that is kept, by its QC layers: 1, 2
        (default), 3, or "any", which keeps all that was produced.
    platform
        "terra" or "aqua": the satellite of land surface temperature, where files of both are there.

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
    options = {
        "accumulation": accumulation,
        "reliability": reliability,
        "drop_flags": drop_flags,
        "max_error": max_error,
        "platform": platform,
    }
    for name, given in options.items():
        refuse_foreign(product, name, given)
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
        accumulation=accumulation,
        reliability=read_numbers("reliability", reliability),
        drop_flags=read_numbers("drop_flags", drop_flags),
        max_error=max_error,
        platform=platform,
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


def refuse_foreign(product: str, option: str, given: object) -> None:
    """Refuse an option that is given to a product which does not have it."""
    having = [name for name, known in PRODUCTS.items() if option in known.options]
    if given is not None and product not in having:
        raise InputError(f"{option} is an option of {', '.join(having)}; {product} has none.")


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

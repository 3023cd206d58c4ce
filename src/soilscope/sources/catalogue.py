"""The products that can be opened, and the one function that opens them."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.checks import require_choice
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.sources import era5_land, modis, smci, terraclimate
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
    units: Mapping[str, str] = field(default_factory=dict)  # of the files, where they tell them
    options: tuple[str, ...] = ()  # options of `open_source` that other products do not have
    reach: float | None = None  # degrees around a study's region to be opened; None: everything


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
    "era5_land": Product(
        era5_land.open_era5_land,
        "land reanalysis at 0.1 degrees since 1950, four soil layers down to 2.89 m",
        "NetCDF or Zarr as the Climate Data Store gives it: coordinate time (until 2024) or "
        "valid_time, one file for all variables or one each",
        (
            "precipitation of monthly means is a mean of daily totals (m d-1, though the file says "
            "m); hourly, it grows from 00 UTC on: the total of a day is the value at 00 UTC of the "
            "next. Sums and de-accumulated hours (ARCO, Earth Engine): accumulation: step",
            "hourly files with precipitation become daily; download the first hour after the "
            "period, too",
            "the latest three months or so are preliminary (ERA5T): see the coordinate "
            "expver_status, and the warning",
            "soil moisture includes ice",
            "a download may be a zip archive under the name .nc: unpack it; convert GRIB to NetCDF",
        ),
        variables=era5_land.VARIABLES,
        ancestors=("ERA5",),
        origin="ECMWF / Copernicus Climate Data Store, doi:10.24381/cds.68d2bb30 (monthly), "
        "doi:10.24381/cds.e2161bac (hourly), doi:10.5194/essd-13-4349-2021",
        names=r"(?i)era5[-_]?land",
        units=era5_land.UNITS,
        options=("accumulation",),
    ),
    "era5": Product(
        era5_land.open_era5,
        "atmospheric reanalysis at 0.25 degrees since 1940, the same four soil layers",
        "as era5_land",
        (
            "precipitation of monthly means is a mean of daily totals (m d-1), hourly the sum of "
            "the hour that ends at the stamp; hourly files with precipitation become daily",
            "packed files hold small negative soil moisture over the sea: mask it, or set valid",
            "the latest three months or so are preliminary (ERA5T)",
        ),
        variables=era5_land.VARIABLES,
        origin="ECMWF / Copernicus Climate Data Store, doi:10.24381/cds.f17050d7 (monthly), "
        "doi:10.24381/cds.adbb2d47 (hourly), doi:10.1002/qj.3803",
        names=r"(?i)era5(?![-_]?land)",
        units=era5_land.UNITS,
        options=("accumulation",),
    ),
    "era_interim": Product(
        era5_land.open_era5,
        "the reanalysis before ERA5, at 0.75 degrees, 1979 to August 2019",
        "as era5_land",
        (
            "superseded by ERA5, and no longer extended",
            "precipitation of forecasts is summed from 00 or 12 UTC on: make daily sums of it "
            "first, and open them as raster",
        ),
        variables=tuple(v for v in era5_land.VARIABLES if v.name != "precipitation"),
        origin="ECMWF, doi:10.1002/qj.828",
        names=r"(?i)era[-_]?int",
        units=era5_land.UNITS,
    ),
    "modis": Product(
        modis.open_modis,
        "NDVI of MODIS on Terra (MOD13) and Aqua (MYD13) since 2000, 16-day or monthly composites",
        "GeoTIFF (AppEEARS, MRT, MODIStsp, Earth Engine; the date in the name: doy2020001, "
        "A2020001, 2020_01_01) or NetCDF (AppEEARS); NDVI and pixel reliability in one file or two",
        (
            "a date is the first day of its composite; ndvi_day (if named in variables) tells how "
            "many days later the pixel was seen",
            "pixels of reliability 0 (good) and 1 (marginal) are kept; reliability: [0] is "
            "stricter, reliability: [] keeps all",
            "stored numbers are NDVI times 10000; files that are scaled already: "
            "variables: {ndvi: {scale: 1}}",
            "tiles of one date must be mosaicked first; open Terra and Aqua of one date as two "
            "inputs",
            "NDVI responds to soil moisture as well as to what drives it",
        ),
        variables=modis.VARIABLES,
        ancestors=("MODIS NDVI",),
        origin="NASA LP DAAC, doi:10.5067/MODIS/MOD13A2.061 (16 days, 1 km), "
        "doi:10.5067/MODIS/MOD13A3.061 (monthly)",
        names=r"(?i)M[OY]D13(A[1-3]|Q1|C[12])|days_NDVI|monthly_NDVI",
        options=("reliability",),
    ),
    "smci": Product(
        smci.open_smci,
        "daily soil moisture of China in ten layers of 10 cm (SMCI 1.0), 9 km or 1 km",
        "years {d}cm/SMCI_9km_{year}_{d}cm.nc, or folders SMCI_1km_{year}_{d}cm of tiles (*.nc); "
        "paths name the files, the folders or the folder above them",
        (
            "year and layer stand in the names alone: 10cm is 0-10 cm, 100cm is 90-100 cm",
            "numbers are 0.001 m3 m-3 and -999 is missing, whether the file says so or not",
            "days are numbered in the year where the file has no dates; leap years are checked",
            "trained with ERA5-Land and MODIS: not independent of them, nor a test of them",
        ),
        variables=smci.VARIABLES,
        ancestors=("ERA5-Land", "ERA5", "MODIS", "CMA stations"),
        origin="Shangguan et al. (2022), National Tibetan Plateau Data Center, "
        "https://doi.org/10.11888/Terre.tpdc.272415; Li et al. (2022), "
        "https://doi.org/10.5194/essd-14-5267-2022",
        names=r"SMCI_(9km|1km)_\d{4}_\d{1,3}cm",
        reach=0.5,
    ),
    "terraclimate": Product(
        terraclimate.open_terraclimate,
        "monthly climate and water balance of the land at 1/24 degree: vpd, precipitation, "
        "temperature_max, temperature_min, evapotranspiration, potential_evapotranspiration ...",
        "TerraClimate_{var}_{year}.nc, whole or cut to a region; paths name the files or a folder",
        (
            "version 1.1 (1950 on) has the anomalies of ERA5, earlier ones those of CRU TS and "
            "JRA-55: the lineage follows what the files say; if they say nothing, write lineage",
            "its trends are those of its ancestors: the provider warns against using them as "
            "independent evidence",
            "soil is the water of a bucket (mm), not per volume: it is soil_water, never "
            "soil_moisture",
            "files of +2 and +4 degC (TerraClimate_2c_...) are scenarios of pseudo-years",
            "files are global: give region, and only its cells are read",
        ),
        variables=terraclimate.VARIABLES,
        ancestors=terraclimate.ANCESTORS,
        origin="Abatzoglou et al. (2018), https://doi.org/10.1038/sdata.2017.191; "
        "https://www.climatologylab.org/terraclimate.html",
        names=r"TerraClimate_[A-Za-z]+_\d{4}\.nc$",
        reach=0.5,
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
    accumulation: Accumulation | None = None,
    reliability: Sequence[int] | None = None,
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
    for name, given in (("accumulation", accumulation), ("reliability", reliability)):
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
        reliability=None if reliability is None else tuple(map(int, reliability)),
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

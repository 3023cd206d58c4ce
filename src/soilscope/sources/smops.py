"""SMOPS of NOAA: daily (or 6-hourly) soil moisture blended from satellites at 0.25 degrees.

The files say neither where nor when they are: the grid is that of the provider, dates stand in the
names. Yin et al. (2020), https://doi.org/10.3390/rs12172861.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.sources.assemble import file_label
from soilscope.sources.chunks import Chunks
from soilscope.sources.dated_files import Dated, as_one, dated_files, decode_dated, tell_missing
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import require_found
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid

#: Zero and below (-999, -9999) is missing.
_POSITIVE = (1e-9, np.inf)
VARIABLES = (
    Variable("soil_moisture", ("Blended_SM",), units="0.0001 m3 m-3", valid=_POSITIVE),
    Variable(
        "soil_moisture_uncertainty", ("Blended_SM_SD",), units="0.0001 m3 m-3", valid=_POSITIVE
    ),
)
_SHAPE = (720, 1440)
_STEP = 0.25
#: Version 3.0, with other means than before, came in 2017; names of files changed on this day.
_CHANGED = np.datetime64("2017-10-05", "ns")
_NAME = re.compile(
    r"NPR_SMOPS_CMAP_D(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})?(?!\d).*\.nc4?$"
)


def open_smops(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open files as (time, latitude, longitude), in the files' units; only two are opened first."""
    label = file_label(files)
    _refuse_grib(files)
    dated = dated_files(
        files,
        _NAME,
        product="SMOPS",
        example="NPR_SMOPS_CMAP_D20180101.nc",
        period=declared.period,
    )
    raw = _placed(as_one(dated), label)
    tell_missing(dated, product="SMOPS")
    _tell_versions(dated, label)
    variables = tuple(_by_file(v, raw) for v in declared.variables or VARIABLES)
    known = replace(declared, variables=variables)
    ds = decode_dated(raw, known, file=label, chunks=chunks)
    found = {str(name) for name in ds.data_vars}
    require_found(known, found, list(map(str, raw.data_vars)), file=label)
    return on_our_grid(ds, declared.crs or "EPSG:4326", file=label)


def _refuse_grib(files: Sequence[Path]) -> None:
    for path in files:
        inside = sorted(path.rglob("NPR_SMOPS_CMAP_D*")) if path.is_dir() else [path]
        grib = [file for file in inside if file.suffix.lower() in (".gr2", ".grib2", ".grb2")]
        if grib and len(grib) == len(inside):
            raise SourceError(
                f"{grib[0]} is GRIB2; take the NetCDF files of the archive, or convert it with "
                f"'wgrib2 {grib[0].name} -netcdf {grib[0].stem}.nc' and name its variable, as in "
                "variables: {soil_moisture: {name: ..., units: m3 m-3}}."
            )


def _by_file(variable: Variable, raw: xr.Dataset) -> Variable:
    """Return the variable without our scale where the file states its own."""
    source = variable.source[0]
    packed = source in raw and "scale_factor" in raw[source].attrs
    return replace(variable, units="m3 m-3") if packed and variable in VARIABLES else variable


def _placed(raw: xr.Dataset, label: str) -> xr.Dataset:
    """Return `raw` with the coordinates of the provider's grid, which files lack."""
    fields = [da for da in raw.data_vars.values() if da.ndim == 3]
    if not fields:
        return raw
    rows, columns = fields[0].dims[1:]
    if rows in raw.coords and columns in raw.coords:
        return raw
    if (raw.sizes[rows], raw.sizes[columns]) != _SHAPE:
        raise SourceError(
            f"{label} hold {raw.sizes[rows]} x {raw.sizes[columns]} cells without coordinates; "
            f"SMOPS has {_SHAPE[0]} x {_SHAPE[1]}. Cut files must keep their latitudes and "
            "longitudes."
        )
    places = {
        rows: 90.0 - _STEP * (np.arange(_SHAPE[0]) + 0.5),
        columns: -180.0 + _STEP * (np.arange(_SHAPE[1]) + 0.5),
    }
    return raw.assign_coords(places).rename({rows: "latitude", columns: "longitude"})


def _tell_versions(files: Sequence[Dated], label: str) -> None:
    if files[0].stamp < _CHANGED <= files[-1].stamp:
        warnings.warn(
            f"{label} run across 2017, when version 3.0 of SMOPS came, whose means differ from "
            "those before; end or begin the period there, or rescale each part by itself.",
            SoilscopeWarning,
            stacklevel=5,
        )


PRODUCT = Product(
    open_smops,
    "daily soil moisture of NOAA, blended from microwave satellites at 0.25 degrees (SMOPS)",
    "NPR_SMOPS_CMAP_D{YYYYMMDD}.nc of the archive, one a day (6-hourly: D{YYYYMMDDHH}); paths "
    "name the files, or the folder above them",
    (
        "numbers are 0.0001 m3 m-3 unless a file states its scale; 0 and below is missing",
        "files have no coordinates: rows from 89.875 N, columns from 179.875 W",
        "the daily .gr2 files are GRIB2: take those of the archive, or convert them",
        "version 3.0 (2017) has other means than the versions before, 4.0 lacks SMOS: files "
        "across 2017 are told, and no trend may cross it",
        "ESA CCI sees with the same satellites: the two are not independent",
    ),
    variables=VARIABLES,
    ancestors=("SMOPS", "ASCAT", "AMSR2", "SMOS", "SMAP"),
    origin="NOAA/NESDIS; Yin et al. (2020), https://doi.org/10.3390/rs12172861; "
    "https://www.ospo.noaa.gov/products/land/smops/",
    names=r"NPR_SMOPS_CMAP_D\d{8}",
    reach=0.5,
)

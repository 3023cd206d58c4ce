"""MODIS NDVI and EVI (MOD13, MYD13), as delivered (HDF-EOS) or as the usual tools export them."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.sources.assemble import file_label
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.modis_layers import INDICES, RELIABILITY, VARIABLES, kind_of, layer_of
from soilscope.sources.modis_pieces import (
    Found,
    find_pieces,
    put_together,
    require_dates,
    tell_foreign,
)
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import show

#: Ranks of the pixel reliability that are kept: good and marginal (2 snow or ice, 3 cloudy).
KEPT = (0, 1)
_DAYS = np.timedelta64(16, "D")  # of composites that are not monthly


def open_modis(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open vegetation indices: dims (time, y, x) or (time, latitude, longitude).

    `time` is the first day of a composite. NDVI and EVI are missing where the pixel reliability,
    if the files hold it, is none of those kept. `ndvi_day`, if asked for, is the number of days
    from that first day to the day of the observation. The attribute `composite_days` is the length
    of composites that are not monthly. Tiles of one date are put together.
    """
    wanted = _wanted(declared)
    found = find_pieces(
        files,
        declared,
        wanted,
        lambda text, number: layer_of(text, number, wanted),
        is_own=lambda text: kind_of(text) is not None,
        chunks=chunks,
    )
    file = file_label(files)
    _require_layers(found, wanted, declared, file=file)
    tell_foreign(found.foreign, what="NDVI or its reliability", write="{ndvi: NAME}")
    _require_reliability(require_dates(found.pieces), file=file)
    ds = _reliable(
        put_together(found.pieces, declared, file=file, chunks=chunks), declared, file=file
    )
    if "ndvi_day" in ds:
        ds["ndvi_day"] = _days_after(ds["ndvi_day"])
    if bool((np.diff(ds["time"].values) <= _DAYS).any()):
        for name in _indices(ds):
            ds[name].attrs |= {"composite_days": int(_DAYS / np.timedelta64(1, "D"))}
    tell_gaps(ds, period=declared.period, file=file)
    return on_our_grid(ds, found.crs, file=file)


def _indices(ds: xr.Dataset) -> list[str]:
    return [name for name in INDICES if name in ds]


def _wanted(declared: Declared) -> dict[str, Variable]:
    """Return the layers to look for; the day of the observation only if it is asked for."""
    wanted = {v.name: v for v in declared.variables or VARIABLES}
    if not declared.all_needed:
        wanted.pop("ndvi_day", None)
    return wanted if declared.reliability == () else wanted | {"reliability": RELIABILITY}


def _require_layers(
    found: Found, wanted: Mapping[str, Variable], declared: Declared, *, file: str
) -> None:
    """Refuse files that lack what was asked for, or both indices where nothing was."""
    has = {piece.variable.name for piece in found.pieces}
    needed = [name for name in wanted if name != "reliability"]
    if not declared.all_needed:
        needed = [] if has & set(INDICES) else ["ndvi"]
    for name in needed + (["reliability"] if declared.reliability else []):
        if name not in has:
            words = {
                "ndvi": "NDVI",
                "evi": "EVI",
                "reliability": "a layer of pixel reliability",
            }
            raise SourceError(
                f"{file} names {words.get(name, name)} nowhere, neither its files nor their layers "
                f"({', '.join([*found.held][:8])}); if it is there, write variables: "
                f"{{{name if name in wanted else 'ndvi'}: name or number of the band}}, else name "
                "another product or more files."
            )


def _require_reliability(dates: Mapping[str, set[np.datetime64]], *, file: str) -> None:
    """Refuse a date of an index that lacks its reliability, where others have theirs."""
    if "reliability" not in dates:
        return
    of_indices = set[np.datetime64]().union(*(dates.get(name, set()) for name in INDICES))
    lacking = sorted(of_indices - dates["reliability"])
    if lacking:
        raise SourceError(
            f"{file} hold no pixel reliability for {show(lacking[0])[:10]} ({len(lacking)} of "
            f"{len(of_indices)} dates); download it, or write reliability: [] to keep all "
            "pixels."
        )


def _reliable(ds: xr.Dataset, declared: Declared, *, file: str) -> xr.Dataset:
    """Return `ds` with indices of reliable pixels only, where the files tell which these are."""
    kept = KEPT if declared.reliability is None else declared.reliability
    if not _indices(ds) or not kept:
        return ds.drop_vars("reliability", errors="ignore").assign_attrs(
            processing="all pixels kept, whatever their reliability"
        )
    if "reliability" not in ds:
        warnings.warn(
            f"{file} hold no layer of pixel reliability, so clouds and snow are not masked; add "
            "these files, or write reliability: [] if they are masked already.",
            SoilscopeWarning,
            stacklevel=3,
        )
        return ds.assign_attrs(processing="pixels not masked: no layer of pixel reliability")
    ranks = ", ".join(map(str, kept))
    is_kept = ds["reliability"].isin(kept)
    masked = {name: ds[name].where(is_kept).assign_attrs(ds[name].attrs) for name in _indices(ds)}
    return (
        ds.drop_vars("reliability")
        .assign(masked)
        .assign_attrs(processing=f"pixels of reliability {ranks} kept")
    )


def _days_after(day: xr.DataArray) -> xr.DataArray:
    """Turn days of the year into days since the first day of the composite."""
    time = day["time"].dt
    days = (day - time.dayofyear).astype(day.dtype)
    year = (365 + time.is_leap_year).astype(day.dtype)
    return days.where(days >= 0, days + year).assign_attrs(day.attrs)


PRODUCT = Product(
    open_modis,
    "NDVI and EVI of MODIS on Terra (MOD13) and Aqua (MYD13) since 2000, 16-day or monthly "
    "composites",
    "HDF-EOS as delivered (MOD13A2.A2020001.h25v05....hdf; needs pyhdf), GeoTIFF (AppEEARS, MRT, "
    "MODIStsp, Earth Engine; the date in the name: doy2020001, A2020001, 2020_01_01) or NetCDF "
    "(AppEEARS); index and pixel reliability in one file or two",
    (
        "a date is the first day of its composite; months take it by the day on which a pixel was "
        "seen, ndvi_day, if that is named in variables, else by its middle; ndvi_day tells how "
        "many days later the pixel was seen",
        "pixels of reliability 0 (good) and 1 (marginal) are kept; reliability: [0] is "
        "stricter, reliability: [] keeps all",
        "stored numbers are NDVI or EVI times 10000; files that are scaled already: "
        "variables: {ndvi: {scale: 1}}",
        "tiles of one date are put together; open Terra and Aqua of one date as two inputs",
        "NDVI responds to soil moisture as well as to what drives it",
    ),
    variables=VARIABLES,
    ancestors=("MODIS NDVI",),
    origin="NASA LP DAAC, doi:10.5067/MODIS/MOD13A2.061 (16 days, 1 km), "
    "doi:10.5067/MODIS/MOD13A3.061 (monthly)",
    names=r"(?i)M[OY]D13(A[1-3]|Q1|C[12])|days_(NDVI|EVI)|monthly_(NDVI|EVI)",
    options=("reliability",),
)

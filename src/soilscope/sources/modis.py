"""MODIS NDVI (MOD13, MYD13) as AppEEARS, MRT, MODIStsp or Earth Engine export it."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.grid.crs import crs_of
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file
from soilscope.sources.formats import file_format, open_lazily
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.geotiff import open_geotiff
from soilscope.sources.modis_layers import RELIABILITY, VARIABLES, date_of, kind_of, layer_of
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import Stamps, show

#: Ranks of the pixel reliability that are kept: good and marginal (2 snow or ice, 3 cloudy).
KEPT = (0, 1)
_DAYS = np.timedelta64(16, "D")  # of composites that are not monthly
_SINUSOIDAL = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
_PLANAR = ("ydim", "xdim")


@dataclass(frozen=True)
class _Piece:
    """One layer of a file (or of many alike) as it is stored, and its dates."""

    raw: xr.Dataset
    variable: Variable
    stamps: Stamps
    path: Path


def open_modis(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open NDVI composites: dims (time, y, x) or (time, latitude, longitude).

    `time` is the first day of a composite. NDVI is missing where the pixel reliability, if the
    files hold it, is none of those kept. `ndvi_day`, if asked for, is the number of days from that
    first day to the day of the observation. The attribute `composite_days` is the length of
    composites that are not monthly.
    """
    wanted = _wanted(declared)
    pieces, held, crs = list[_Piece](), dict[str, None](), declared.crs
    foreign: list[str] = []
    for path in files:
        raw = _opened(path, chunks)
        held |= dict.fromkeys(map(str, raw.data_vars))
        crs = _crs(raw) if crs is None else crs
        found = list(_pieces(raw, path, declared, wanted))
        pieces += found
        if not found and not any(kind_of(str(text)) for text in (*raw.data_vars, path.stem)):
            foreign.append(path.name)
    file = file_label(files)
    _require_layers(pieces, wanted, held, declared, file=file)
    _tell_foreign(foreign)
    _require_dates(pieces, file=file)
    parts = [_decoded(piece, declared, chunks) for piece in _stacked(pieces)]
    ds = _reliable(combine(parts, file=file), declared, file=file)
    if "ndvi_day" in ds:
        ds["ndvi_day"] = _days_after(ds["ndvi_day"])
    if "ndvi" in ds and bool((np.diff(ds["time"].values) <= _DAYS).any()):
        ds["ndvi"].attrs["composite_days"] = int(_DAYS / np.timedelta64(1, "D"))
    tell_gaps(ds, period=declared.period, file=file)
    return on_our_grid(ds, crs, file=file)


def _tell_foreign(names: Sequence[str]) -> None:
    if names:
        listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        warnings.warn(
            f"{listed}: left out, as no layer there is NDVI or its reliability. If that is another "
            "product, take it out of paths; if not, write variables: {ndvi: NAME}.",
            SoilscopeWarning,
            stacklevel=4,
        )


def _wanted(declared: Declared) -> dict[str, Variable]:
    """Return the layers to look for; the day of the observation only if it is asked for."""
    wanted = {v.name: v for v in declared.variables or VARIABLES}
    if not declared.all_needed:
        wanted.pop("ndvi_day", None)
    return wanted if declared.reliability == () else wanted | {"reliability": RELIABILITY}


def _opened(path: Path, chunks: Chunks) -> xr.Dataset:
    kind = file_format(path)
    if kind == "geotiff":
        return open_geotiff(path, chunks=chunks, stacked=False)
    raw = open_lazily(path)
    raw = open_lazily(path, by_hand=[str(name) for name in raw.data_vars])
    if "time" in raw.dims and raw["time"].dtype == object and raw["time"].dt.calendar == "julian":
        # AppEEARS names the calendar julian, and counts the days of our own
        text = [stamp.isoformat() for stamp in raw["time"].values]
        raw = raw.assign_coords(time=("time", np.array(text, dtype="datetime64[ns]")))
    return raw


def _crs(raw: xr.Dataset) -> str | None:
    """Return the reference system of a file; that of the MODIS grid where its dims are named so."""
    stated = crs_of(raw)
    if stated is not None:
        return str(stated.to_wkt())
    return _SINUSOIDAL if set(_PLANAR) <= {str(dim).lower() for dim in raw.dims} else None


def _pieces(
    raw: xr.Dataset, path: Path, declared: Declared, wanted: Mapping[str, Variable]
) -> Iterator[_Piece]:
    """Find the wanted layers of a file, by the names of its variables or bands, else of itself."""
    names = [str(name) for name in raw.data_vars]
    single = len(names) == 1
    for number, name in enumerate(names, start=1):
        layer = layer_of(name, number, wanted)
        if layer is None and single:
            layer = layer_of(path.stem, number, wanted)
        if layer is None or layer not in wanted:
            continue
        if "time" in raw[name].dims:
            stamps = raw["time"].values
        else:
            stamps = np.array([date_of(name, path, declared)], "datetime64[ns]")
        yield _Piece(raw, replace(wanted[layer], source=(name,)), stamps, path)


def _stacked(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Put single images that are alike (grid, type, attributes) on top of each other."""
    groups: dict[tuple[object, ...], list[_Piece]] = {}
    others = []
    for piece in pieces:
        image = piece.raw[piece.variable.source[0]]
        if image.dims != ("y", "x") or image.chunks is None:
            others.append(piece)
            continue
        alike = (piece.variable.name, image.dtype, repr(sorted(image.attrs.items())))
        edges = (*image["y"].values[[0, -1]], *image["x"].values[[0, -1]])
        groups.setdefault((*alike, image.shape, *edges), []).append(piece)
    return [_as_one(group) for group in groups.values()] + others


def _as_one(group: Sequence[_Piece]) -> _Piece:
    """Return the images of a group as one layer, in the order of their dates."""
    ordered = sorted(group, key=lambda piece: piece.stamps[0])
    first, name = ordered[0], ordered[0].variable.source[0]
    stack: Any = dask.array.stack
    values = stack([piece.raw[piece.variable.source[0]].data for piece in ordered])
    stamps = np.concatenate([piece.stamps for piece in ordered])
    raw = xr.Dataset({name: (("time", "y", "x"), values, first.raw[name].attrs)})
    raw = raw.assign_coords(first.raw.coords).assign_coords(time=stamps)
    return replace(first, raw=raw, stamps=stamps)


def _decoded(piece: _Piece, declared: Declared, chunks: Chunks) -> xr.Dataset:
    dims = dict(declared.dims or {})
    for ours, theirs in zip(("y", "x"), _PLANAR, strict=True):
        found = next((str(dim) for dim in piece.raw.dims if str(dim).lower() == theirs), None)
        if found is not None:
            dims.setdefault(ours, found)
    return decode_file(
        piece.raw,
        replace(declared, variables=(piece.variable,), dims=dims, layers=None),
        allowed=RASTER_DIMS,
        file=str(piece.path),
        chunks=chunks,
        stamp=None if "time" in piece.raw.dims else piece.stamps[0],
    )


def _require_layers(
    pieces: Sequence[_Piece],
    wanted: Mapping[str, Variable],
    held: Mapping[str, None],
    declared: Declared,
    *,
    file: str,
) -> None:
    found = {piece.variable.name for piece in pieces}
    needed = [name for name in wanted if name != "reliability" or declared.reliability]
    for name in needed:
        if name not in found:
            words = {"ndvi": "NDVI", "reliability": "a layer of pixel reliability"}
            raise SourceError(
                f"{file} names {words.get(name, name)} nowhere, neither its files nor their layers "
                f"({', '.join([*held][:8])}); if it is there, write variables: {{ndvi: name or "
                "number of the band}, else name another product or more files."
            )


def _require_dates(pieces: Sequence[_Piece], *, file: str) -> None:
    """Refuse a date that two files hold, and one of NDVI that lacks its reliability."""
    seen: dict[tuple[str, np.datetime64], Path] = {}
    for piece in pieces:
        for stamp in piece.stamps:
            other = seen.setdefault((piece.variable.name, stamp), piece.path)
            if other != piece.path:
                raise SourceError(
                    f"{other} and {piece.path} both hold {show(stamp)[:10]}; mosaic tiles first, "
                    "with gdalbuildvrt and gdal_translate, and open Terra (MOD13) and Aqua (MYD13) "
                    "of one date as two inputs."
                )
    dates = {name: {d for n, d in seen if n == name} for name, _ in seen}
    lacking = sorted(dates.get("ndvi", set()) - dates.get("reliability", dates.get("ndvi", set())))
    if lacking:
        raise SourceError(
            f"{file} hold no pixel reliability for {show(lacking[0])[:10]} ({len(lacking)} of "
            f"{len(dates['ndvi'])} dates); download it, or write reliability: [] to keep all "
            "pixels."
        )


def _reliable(ds: xr.Dataset, declared: Declared, *, file: str) -> xr.Dataset:
    """Return `ds` with NDVI of reliable pixels only, where the files tell which these are."""
    kept = KEPT if declared.reliability is None else declared.reliability
    if "ndvi" not in ds or not kept:
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
    masked = ds["ndvi"].where(ds["reliability"].isin(kept))
    return (
        ds.drop_vars("reliability")
        .assign(ndvi=masked)
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
    "NDVI of MODIS on Terra (MOD13) and Aqua (MYD13) since 2000, 16-day or monthly composites",
    "GeoTIFF (AppEEARS, MRT, MODIStsp, Earth Engine; the date in the name: doy2020001, "
    "A2020001, 2020_01_01) or NetCDF (AppEEARS); NDVI and pixel reliability in one file or two",
    (
        "a date is the first day of its composite; months take it by the day on which a pixel was "
        "seen, ndvi_day, if that is named in variables, else by its middle; ndvi_day tells how "
        "many days later the pixel was seen",
        "pixels of reliability 0 (good) and 1 (marginal) are kept; reliability: [0] is "
        "stricter, reliability: [] keeps all",
        "stored numbers are NDVI times 10000; files that are scaled already: "
        "variables: {ndvi: {scale: 1}}",
        "tiles of one date must be mosaicked first; open Terra and Aqua of one date as two inputs",
        "NDVI responds to soil moisture as well as to what drives it",
    ),
    variables=VARIABLES,
    ancestors=("MODIS NDVI",),
    origin="NASA LP DAAC, doi:10.5067/MODIS/MOD13A2.061 (16 days, 1 km), "
    "doi:10.5067/MODIS/MOD13A3.061 (monthly)",
    names=r"(?i)M[OY]D13(A[1-3]|Q1|C[12])|days_NDVI|monthly_NDVI",
    options=("reliability",),
)

"""MODIS land surface temperature (MOD11A1, MOD11A2, MYD11A1, MYD11A2) as delivered or exported."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.assemble import file_label
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.modis_layers import named_date
from soilscope.sources.modis_lst_layers import (
    QUALITY,
    TEMPERATURES,
    VARIABLES,
    kind_of,
    layer_of,
    needed,
    refuse_other_layers,
    require_one_product,
)
from soilscope.sources.modis_lst_quality import (
    keep_good,
    read_max_error,
    require_quality_dates,
)
from soilscope.sources.modis_pieces import (
    Found,
    Piece,
    find_pieces,
    put_together,
    require_dates,
    tell_foreign,
)
from soilscope.sources.overpasses import near_period, of_one_platform, tell_missing_dates
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import Stamps

#: Days of a composite of MOD11A2 and MYD11A2.
_DAYS = 8
#: Attributes of a layer of quality that would hide its numbers: its fill value 0 means good.
_HIDING = ("_FillValue", "missing_value", "scale_factor", "add_offset", "units")


def open_modis_lst(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open land surface temperature: dims (time, y, x) or (time, latitude, longitude), in K.

    `lst_day` and `lst_night` are missing where their quality says that nothing was produced, or
    that the error is larger than `max_error`. `time` is the date, or the first day of 8. The
    attribute `sky` is "clear": clouds are gaps, and a mean of 8 days is one of its clear days.
    """
    limit = read_max_error(declared.max_error)
    files, platform = of_one_platform(files, declared.platform)
    product = require_one_product(files)
    file = file_label(files)
    wanted = _wanted(declared, limit)
    date_of = partial(named_date, declared=declared)
    found = find_pieces(
        near_period(needed(files, wanted), declared.period, date_of, margin=4 * _DAYS),
        declared,
        wanted,
        lambda text, number: layer_of(text, number, wanted),
        is_own=lambda text: kind_of(text) is not None,
        chunks=chunks,
    )
    refuse_other_layers(list(found.held), file=file)
    _require_layers(found, wanted, declared, file=file)
    tell_foreign(found.foreign, what="land surface temperature", write="{lst_day: NAME}")
    pieces = [_bare(piece) if _is_quality(piece) else piece for piece in found.pieces]
    dates = require_dates(pieces)
    require_quality_dates(dates, file=file)
    ds = put_together(pieces, declared, file=file, chunks=chunks)
    days = _days(product, ds["time"].values)
    of_lst = {name: dates[name] for name in TEMPERATURES if name in dates}
    if days is None:
        tell_gaps(ds, period=declared.period, file=file)
    else:
        tell_missing_dates(of_lst, days=days, period=declared.period, file=file)
    ds = keep_good(ds, limit, asked=declared.max_error is not None, file=file)
    asked = [name for name in _asked(declared) if name in ds]
    return on_our_grid(_labelled(ds[asked], days, platform), found.crs, file=file)


def _asked(declared: Declared) -> list[str]:
    """Return the names of what is asked for: by default temperatures alone."""
    if declared.all_needed and declared.variables is not None:
        return [variable.name for variable in declared.variables]
    return list(TEMPERATURES)


def _wanted(declared: Declared, max_error: float) -> dict[str, Variable]:
    """Return the layers to look for: those asked for, and the quality that masks them."""
    known = {v.name: v for v in (*VARIABLES, *(declared.variables or ()))}
    names = _asked(declared)
    if max_error != np.inf:
        names += [QUALITY[name] for name in TEMPERATURES if name in names]
    return {name: known[name] for name in dict.fromkeys(names)}


def _is_quality(piece: Piece) -> bool:
    return piece.variable.name in QUALITY.values()


def _bare(piece: Piece) -> Piece:
    """Return a layer of quality with all of its numbers."""
    name = piece.variable.source[0]
    layer = piece.raw[name]
    attrs = {key: value for key, value in layer.attrs.items() if key not in _HIDING}
    bare = layer.copy()
    bare.attrs = attrs
    return replace(piece, raw=piece.raw.assign({name: bare}))


def _require_layers(
    found: Found, wanted: Mapping[str, Variable], declared: Declared, *, file: str
) -> None:
    """Refuse files that lack what was asked for, or both temperatures where nothing was."""
    has = {piece.variable.name for piece in found.pieces}
    lacking = _asked(declared)
    if not declared.all_needed:
        lacking = [] if has & set(TEMPERATURES) else ["lst_day"]
    for name in lacking:
        if name not in has:
            raise SourceError(
                f"{file} names {wanted[name].source[0]} nowhere, neither its files nor their "
                f"layers ({', '.join([*found.held][:8])}); if it is there, write variables: "
                f"{{{name}: name or number of the band}}, else name another product or more files."
            )


def _days(product: str | None, time: Stamps) -> int | None:
    """Return the days of a composite, by the product's name, else by the usual step."""
    if product is not None:
        return _DAYS if product == "A2" else 1
    step = np.median(np.diff(time) / np.timedelta64(1, "D")) if time.size > 1 else 0.0
    return int(step) if step in (1, _DAYS) else None


def _labelled(ds: xr.Dataset, days: int | None, platform: str | None) -> xr.Dataset:
    told: dict[str, object] = {"sky": "clear"}
    if platform is not None:
        told["platform"] = platform.capitalize()
    if days == _DAYS:
        told["composite_days"] = days
        told["comment"] = f"mean of the clear days of {days} (fewer at the end of a year)"
    for name in TEMPERATURES:
        if name in ds:
            ds[name].attrs |= told
    return ds


PRODUCT = Product(
    open_modis_lst,
    "land surface temperature of MODIS by day and night at 1 km since 2000: days (MOD11A1, "
    "MYD11A1) or means of the clear days of 8 (MOD11A2, MYD11A2), version 6.1",
    "GeoTIFF (AppEEARS, Earth Engine, MODIStsp; the date in the name: doy2020001, A2020001, "
    "2020_01_01), NetCDF (AppEEARS), or HDF-EOS as delivered (MOD11A1.A2020001.h25v05....hdf; "
    "needs pyhdf); LST_Day_1km, LST_Night_1km, QC_Day, QC_Night in one file or several",
    (
        "clouds are gaps, and an 8-day mean is one of its clear days: warmer by day and colder by "
        "night than all days (attribute sky: clear); all-weather data are trims_lst",
        "QC layers: pixels that were produced with an error of at most 2 K are kept; max_error: 1 "
        "or 3 (K) changes that, max_error: any keeps all that was produced, and needs no QC",
        "the QC number 0 means good, though files call 0 its fill value; MOD21 and VIIRS have "
        "bits that mean the opposite, and are refused",
        "MOD11A2 averages its days whatever their quality; its QC is that of most of them",
        "Terra passes at some 10:30 and 22:30 local solar time, Aqua at 13:30 and 1:30: a mix is "
        "refused; platform: terra or aqua chooses",
        "stored numbers are K times 50, 0 is missing whether a GeoTIFF says so or not; files in "
        "degC: variables: {lst_day: {scale: 1, units: degC, missing: []}}",
        "view times (local solar), view angles and QC come along if variables names them: "
        "lst_day_time, lst_day_angle, lst_day_quality, and of the night",
    ),
    variables=VARIABLES,
    ancestors=("MODIS LST",),
    origin="NASA LP DAAC, doi:10.5067/MODIS/MOD11A1.061 (days), doi:10.5067/MODIS/MOD11A2.061 "
    "(8 days), doi:10.5067/MODIS/MYD11A1.061, doi:10.5067/MODIS/MYD11A2.061",
    names=r"(?i)M[OY]D11A[12]|LST_(Day|Night)_1km",
    options=("max_error", "platform"),
)

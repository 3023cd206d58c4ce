"""MODIS evapotranspiration (MOD16A2GF, MOD16A2), sums of 8 days at 500 m, as rates a day.

Layout: Running et al. (2021), User's Guide to MOD16 (version 2.2), and the provider's file
specification of MOD16A2GF.
"""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.sources.assemble import file_label
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.modis_pieces import (
    Found,
    find_pieces,
    put_together,
    require_dates,
    tell_foreign,
)
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import show, time_step
from soilscope.sources.units import canonical_units

DAYS = 8
_SCALE = 0.1
_VALID = (-32767.0, 32700.0)
#: Classes without an estimate: fill, water, barren, snow, wetland, urban, unclassified.
_FILLS = tuple(float(number) for number in range(32761, 32768))
#: Plausible rates, mm d-1.
_EXPECTED = (-10.0, 40.0)
#: The first day of MOD16A2 of version 6.1.
_START = np.datetime64("2021-01-01", "ns")
#: Units of sums over the days of a period.
_SUMS = ("mm", "kg m-2", "cm", "m")


def _known(name: str, source: str) -> Variable:
    return Variable(name, (source,), units="mm", scale=_SCALE, missing=_FILLS, valid=_VALID)


VARIABLES = (
    _known("evapotranspiration", "ET_500m"),
    _known("potential_evapotranspiration", "PET_500m"),
)
_LAYERS = (
    ("evapotranspiration", re.compile(r"(?<![A-Za-z])ET(_500m)?(?![A-Za-z]|_QC|_500m_QC)")),
    ("potential_evapotranspiration", re.compile(r"(?<![A-Za-z])PET(_500m)?(?![A-Za-z])")),
)
_OWN = re.compile(r"(?<![A-Za-z])(P?ET|P?LE|ET_QC)(_500m)?(?![A-Za-z])|M[OY]D16A2")
_SHORT_NAME = re.compile(r"M[OY]D16A(?P<period>[23])(?P<filled>GF)?(?![A-Z])", re.IGNORECASE)
_VERSION_6 = re.compile(r"[._]006[._]")


def open_modis_et(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open evapotranspiration: dims (time, y, x) or (time, latitude, longitude).

    `time` is the first day of a period of 8 days, 5 or 6 at the end of a year. The sums of the
    files are divided by the days of their period. The attribute `composite_days` is 8.
    """
    file = file_label(files)
    _refuse_yearly(files)
    wanted = {v.name: _rescaled(v) for v in declared.variables or VARIABLES}
    found = find_pieces(
        files,
        declared,
        wanted,
        lambda text, number: _layer_of(text, number, wanted),
        is_own=lambda text: _OWN.search(text) is not None,
        chunks=chunks,
    )
    _require_layers(found, wanted, declared, file=file)
    tell_foreign(
        found.foreign, what="evapotranspiration", write="{potential_evapotranspiration: NAME}"
    )
    dates = require_dates(found.pieces)
    _tell_kinds(files, sorted(set[np.datetime64]().union(*dates.values())), declared, file=file)
    ds = put_together(found.pieces, declared, file=file, chunks=chunks)
    _tell_decimals(found, wanted)
    days = _days(ds["time"], file=file)
    ds = ds.assign({name: _rate(da, days) for name, da in ds.data_vars.items()})
    tell_gaps(ds, period=declared.period, file=file)
    return on_our_grid(ds, found.crs, file=file)


def _rescaled(variable: Variable) -> Variable:
    """Return a variable whose fills and valid range are those of its scale, if it was changed."""
    if variable.valid != _VALID or variable.scale in (None, _SCALE):
        return variable
    factor = _SCALE / (variable.scale or 1.0)
    low, high = (number * factor for number in _VALID)
    return replace(variable, missing=(), valid=(low, high))


def _layer_of(text: str, number: int, wanted: Mapping[str, Variable]) -> str | None:
    """Return which of the wanted layers a text, or the number of a band, names."""
    usual = {v.name: v.source for v in VARIABLES}
    for name, variable in wanted.items():
        if variable.source != usual.get(name) and variable.source[0] in (text, str(number)):
            return name
    kind = next((name for name, pattern in _LAYERS if pattern.search(text)), None)
    given = wanted.get(kind or "")
    return kind if given is not None and given.source == usual.get(kind or "") else None


def _refuse_yearly(files: Sequence[Path]) -> None:
    for path in files:
        match = _SHORT_NAME.search(path.name)
        if match is not None and match["period"] == "3":
            raise SourceError(
                f"{path} is of {match[0]}: sums of a whole year, under the names of those of 8 "
                "days; download MOD16A2GF."
            )


def _require_layers(
    found: Found, wanted: Mapping[str, Variable], declared: Declared, *, file: str
) -> None:
    """Refuse files that lack what was asked for, or both layers where nothing was."""
    has = {piece.variable.name for piece in found.pieces}
    needed = list(wanted) if declared.all_needed or not has else []
    for name in needed:
        if name not in has:
            raise SourceError(
                f"{file} names {wanted[name].source[0]} nowhere, neither its files nor their "
                f"layers ({', '.join([*found.held][:8])}); if it is there, write variables: "
                f"{{{name}: name or number of the band}}, else name another product or more files."
            )


def _tell_kinds(
    files: Sequence[Path], dates: Sequence[np.datetime64], declared: Declared, *, file: str
) -> None:
    """Say where gap-filled and other files are mixed, and where the others do not reach back."""
    named = [match for path in files if (match := _SHORT_NAME.search(path.name)) is not None]
    filled = [match["filled"] is not None for match in named]
    if any(filled) and not all(filled):
        _warn(
            f"{file} mix MOD16A2GF, whose gaps were filled at the end of the year, and MOD16A2, "
            "made from a climatology of leaves where there were none; the change from one to the "
            "other is none of the land. Take MOD16A2GF for all years that it has."
        )
    period = declared.period
    old = any(_VERSION_6.search(path.name) for path in files)
    if not named or any(filled) or old or period is None or dates[0] < _START:
        return
    first, last = (stamp.to_datetime64() for stamp in period)
    if first >= _START:
        return
    text = (
        f"{file}: MOD16A2 of version 6.1 begins on 2021-01-01 and has nothing before; for the "
        f"period from {show(first)[:10]} download MOD16A2GF, which begins in 2000"
    )
    if last < dates[0]:
        raise SourceError(f"{text}.")
    _warn(f"{text}. Months before {show(dates[0])[:10]} are missing.")


def _tell_decimals(found: Found, wanted: Mapping[str, Variable]) -> None:
    """Say so where stored numbers are decimals, and would be scaled a second time."""
    for name, variable in wanted.items():
        odd = next(
            (p for p in found.pieces if p.variable.name == name and p.image.dtype.kind == "f"), None
        )
        if odd is not None and variable.scale == _SCALE:
            _warn(
                f"{name} in {odd.path} is stored as decimals ({odd.image.dtype}), unlike the "
                "integers of MOD16, and is multiplied by 0.1; if it was scaled already, write "
                f"variables: {{{name}: {{scale: 1}}}}."
            )


def _days(time: xr.DataArray, *, file: str) -> xr.DataArray:
    """Return the days of the period that begins at each stamp: 8, or what is left of the year."""
    stamps = pd.DatetimeIndex(time.values)
    odd = np.flatnonzero((stamps.day_of_year - 1) % DAYS)
    if odd.size:
        raise SourceError(
            f"{file} has a date of {show(time.values[odd[0]])[:10]}, on which no period of 8 days "
            "begins (days 1, 9, 17 ... 361 of a year); see time_from_name, or name another product."
        )
    left = 365 + stamps.is_leap_year - stamps.day_of_year + 1
    return xr.DataArray(np.minimum(DAYS, left), {"time": time}, ("time",))


def _rate(da: xr.DataArray, days: xr.DataArray) -> xr.DataArray:
    """Divide sums by the days of their periods; what is a rate already stays."""
    factor, units = canonical_units(str(da.attrs["source_units"]))
    attrs = da.attrs | {"composite_days": DAYS}
    if units in _SUMS:
        da = (da / days.astype(da.dtype)).transpose(*da.dims)
        number = "" if factor == 1.0 else f"{factor:g} "
        attrs["source_units"] = f"{number}{units} d-1"
        attrs["comment"] = "sums of 8 days (5 or 6 at the end of a year) divided by their days"
    if time_step(da["time"]) != "month":
        attrs.setdefault("expected", list(_EXPECTED))
    return da.assign_attrs(attrs)


def _warn(text: str) -> None:
    warnings.warn(text, SoilscopeWarning, stacklevel=5)


PRODUCT = Product(
    open_modis_et,
    "evapotranspiration and potential_evapotranspiration of MODIS on Terra by Penman and Monteith, "
    "periods of 8 days at 500 m since 2000, as rates (mm d-1)",
    "HDF-EOS as delivered (MOD16A2GF.A2019001.h25v05....hdf; needs pyhdf), GeoTIFF (AppEEARS, "
    "Earth Engine; the date in the name: doy2019001, A2019001, 2019_01_01) or NetCDF (AppEEARS); "
    "ET_500m and PET_500m in one file or two",
    (
        "MOD16A2 of version 6.1 has no data before 2021: MOD16A2GF (gaps filled at the end of each "
        "year) has them since 2000",
        "files hold sums of 8 days, and of 5 or 6 at the end of a year; they are divided by their "
        "days. MOD16A3GF holds sums of years under the same names, and is refused",
        "deserts, towns, water, ice and wetlands have no estimate (32761 to 32767): they are "
        "missing, and not 0; a regional mean is one of the vegetated land",
        "stored numbers are mm times 10; files that are scaled already: "
        "variables: {potential_evapotranspiration: {scale: 1}}",
        "made from MERRA-2 weather, MODIS leaf area, albedo and land cover: neither soil moisture "
        "nor rain was seen",
    ),
    variables=VARIABLES,
    ancestors=("MERRA-2", "MODIS LAI", "MODIS albedo", "MODIS land cover"),
    origin="NASA LP DAAC, doi:10.5067/MODIS/MOD16A2GF.061, doi:10.5067/MODIS/MOD16A2.061; "
    "Mu et al. (2011), https://doi.org/10.1016/j.rse.2011.02.019",
    names=r"(?i)M[OY]D16A2|(?<![A-Za-z])P?ET_500m",
)

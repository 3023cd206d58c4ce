"""ESA CCI soil moisture, COMBINED: daily surface soil moisture of satellites at 0.25 degrees.

Layout and flags: Dorigo et al. (2017), https://doi.org/10.1016/j.rse.2017.07.001, and the product
user guides of versions 08.1 and 09.2, https://doi.org/10.5281/zenodo.8320914. The Copernicus
service (C3S) gives the same data with names of its own.
"""

import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import InputError, SoilscopeWarning, SourceError
from soilscope.lineage import made_from
from soilscope.names import flag_attrs
from soilscope.sources.assemble import file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.dated_files import (
    Dated,
    as_one,
    dated_files,
    decode_dated,
    tell_missing,
    with_record,
)
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid

#: Bits of the flag, and what a cell is that has it set.
BITS = {
    1: "snow_or_frozen",
    2: "dense_vegetation",
    4: "no_convergence",
    8: "beyond_physical_limits",
    16: "low_weight",
    32: "unreliable",
    64: "barren_ground",
}
#: Bits whose values are dropped; the provider leaves barren ground to the user.
DROPPED = (1, 2, 4, 8, 16, 32)
FLAG = Variable("flag", ("flag",), units="1", missing=(127.0,))
VARIABLES = (
    Variable("soil_moisture", ("sm",), units="m3 m-3", missing=(-9999.0,)),
    Variable("soil_moisture_uncertainty", ("sm_uncertainty",), units="m3 m-3", missing=(-9999.0,)),
    FLAG,
)
#: Satellites of recent years, which other products of soil moisture see with too.
SENSORS = ("ASCAT", "AMSR2", "SMOS", "SMAP")
_MOISTURE = ("soil_moisture", "soil_moisture_uncertainty")
_LOOKED_AT = 12  # days whose flags are counted
_NAME = re.compile(
    r"(?:ESACCI|C3S)-SOILMOISTURE-L3S-SSM[VS]-(?P<kind>[A-Z]+)-(?:DAILY-)?"
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})\d{6}-(?:(?P<record>[A-Z]CDR)-)?"
    r"f?v(?P<version>[\w.]+?)\.nc$"
)


def open_esa_cci(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open daily files as (time, latitude, longitude), without the values that are flagged.

    Only the first and the last file are opened beforehand. The attribute ``dropped_flags`` names
    the bits whose values are dropped, ``flag_counts`` how many cells of a few days have each.
    """
    label = file_label(files)
    dropped = DROPPED if declared.drop_flags is None else declared.drop_flags
    _require_bits(dropped)
    dated = dated_files(
        files,
        _NAME,
        product="ESA CCI soil moisture",
        example="ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-20150101000000-fv09.1.nc",
        period=declared.period,
    )
    _tell_versions(dated, label)
    raw = as_one(dated)
    tell_missing(dated, product="ESA CCI soil moisture")
    wanted = {v.name: v for v in declared.variables or VARIABLES}
    asked = [n for n in wanted if declared.all_needed or n != "flag"]
    flag = wanted.get("flag", FLAG)
    every = replace(declared, variables=(*(wanted[n] for n in asked if n != "flag"), flag))
    ds = decode_dated(raw, every, file=label, chunks=chunks)
    held = {str(name) for name in ds.data_vars} & set(asked)
    require_found(declared, held, list(map(str, raw.data_vars)), file=label)
    if "flag" in ds:
        ds = _without_flagged(ds, dropped)
        ds.attrs |= _counted(raw, every, dropped, label)
    elif dropped:
        _warn(
            f"{label} hold no layer 'flag': values of frozen or densely covered ground are kept. "
            "Take the files as the provider has them, or write drop_flags: []."
        )
    interim = [file.told.get("record") == "ICDR" for file in dated]
    what = "interim (ICDR); replace them when the final record of their time is there."
    ds = with_record(ds[[n for n in asked if n in ds]], dated, interim, label=label, what=what)
    return on_our_grid(ds, declared.crs or "EPSG:4326", file=label)


def _require_bits(dropped: Sequence[int]) -> None:
    for bit in dropped:
        if bit not in BITS:
            known = ", ".join(f"{value} ({name})" for value, name in BITS.items())
            raise InputError(f"drop_flags names {bit}, which is no bit of the flag: {known}.")


def _tell_versions(files: Sequence[Dated], label: str) -> None:
    """Refuse other products of the same name, and tell versions."""
    kinds = {file.told["kind"]: file.path for file in files}
    other = next((kind for kind in kinds if kind != "COMBINED"), None)
    if other is not None:
        why = (
            "its numbers are percent of saturation, not of volume"
            if other == "ACTIVE"
            else "its lineage is another"
        )
        raise SourceError(
            f"{kinds[other]} is the {other} product of ESA CCI, and {why}; take the COMBINED "
            "product, or open it with product: raster."
        )
    versions = sorted({file.told["version"] for file in files if "record" not in file.told})
    if len(versions) > 1:
        _warn(
            f"{label} mix the versions {', '.join(versions)} of ESA CCI soil moisture: their "
            "sensors and merging differ, and so do their means and trends. Download one version."
        )
    old = [v for v in versions if v[:2].isdigit() and int(v[:2]) < 3]
    if old:
        _warn(
            f"{label} are of version {old[0]}: flags were coded otherwise before version 03, and "
            "bits may drop other values than they are named for. Download a later version."
        )


def _without_flagged(ds: xr.Dataset, dropped: Sequence[int]) -> xr.Dataset:
    """Return `ds` without the values whose flag has one of the bits, or is missing."""
    code = ds["flag"].fillna(127).astype("int16")
    kept = {}
    for name in _MOISTURE:
        if name in ds and dropped:
            good = (code & sum(dropped)) == 0
            kept[name] = ds[name].where(good).assign_attrs(ds[name].attrs)
    about = flag_attrs(tuple(BITS.values()))
    about = {"flag_masks": list(BITS), "flag_meanings": about["flag_meanings"]}
    flag = code.where(code != 127, -1).assign_attrs(ds["flag"].attrs | about)
    return ds.assign(kept | {"flag": flag.assign_attrs(long_name="ESA CCI flag")}).assign_attrs(
        dropped_flags=", ".join(f"{bit} {BITS[bit]}" for bit in dropped) or "none"
    )


def _counted(
    raw: xr.Dataset, declared: Declared, dropped: Sequence[int], label: str
) -> dict[str, str]:
    """Count the flags of a few days from the first to the last."""
    n = raw.sizes["time"]
    at = np.unique(np.linspace(0, n - 1, min(n, _LOOKED_AT)).round().astype(int))
    few = decode_file(
        raw.isel(time=at), declared, allowed=RASTER_DIMS, file=label, chunks=None
    ).load()
    code = few["flag"].values
    known = np.isfinite(code)
    bits = np.where(known, code, 0).astype(int)
    counts = {
        "days": int(at.size),
        "cells": int(known.sum()),
        **{name: int((bits & bit > 0).sum()) for bit, name in BITS.items()},
    }
    if "soil_moisture" in few:
        value = few["soil_moisture"].notnull().values
        counts["values"] = int(value.sum())
        counts["dropped"] = int((value & (~known | (bits & sum(dropped) > 0))).sum()) * bool(
            dropped
        )
    return {"flag_counts": json.dumps(counts)}


def _warn(text: str) -> None:
    warnings.warn(text, SoilscopeWarning, stacklevel=5)


PRODUCT = Product(
    open_esa_cci,
    "daily surface soil moisture of satellites at 0.25 degrees since November 1978, with its "
    "uncertainty (ESA CCI soil moisture, COMBINED)",
    "ESACCI-SOILMOISTURE-L3S-SSMV-COMBINED-{YYYYMMDD}000000-fv{version}.nc, one a day (or those "
    "of C3S); paths name the files, or the folder above them",
    (
        "values whose flag has the bits 1 (snow or frozen), 2 (dense vegetation), 4, 8, 16 or 32 "
        "are dropped; write drop_flags: [1, 2] for others, [] for none. Bit 64 (barren ground) is "
        "advice: deserts have it, and are kept",
        "flags are counted on a few days: see the attribute flag_counts",
        "versions differ in sensors, merging and means: do not mix them; interim files (ICDR) "
        "are told",
        "COMBINED is scaled to GLDAS-Noah: its mean and spread are the model's, and it is not "
        "independent of it",
        "it is the water of the upper centimetres, and has gaps in time and space",
        "the PASSIVE and ACTIVE products (percent of saturation) are refused",
    ),
    variables=VARIABLES,
    ancestors=("ESA CCI COMBINED", *made_from("ESA CCI COMBINED"), *SENSORS),
    origin="ESA Climate Change Initiative; Dorigo et al. (2017), "
    "https://doi.org/10.1016/j.rse.2017.07.001; Gruber et al. (2019), "
    "https://doi.org/10.5194/essd-11-717-2019",
    names=r"(ESACCI|C3S)-SOILMOISTURE-L3S-SSMV-COMBINED-",
    options=("drop_flags",),
    reach=0.5,
)

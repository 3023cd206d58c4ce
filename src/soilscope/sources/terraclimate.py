"""TerraClimate, monthly climate and water balance of the land at 1/24 degree, one file a year.

Layout and limits: Abatzoglou et al. (2018), https://doi.org/10.1038/sdata.2017.191, and the
provider's page, https://www.climatologylab.org/terraclimate.html (version 1.1).
"""

import json
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.formats import open_lazily
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import show
from soilscope.sources.units import canonical_units

#: Ancestors of every version; the others come from the files, or from the user.
ANCESTORS = ("WorldClim",)
VARIABLES = (
    Variable("vpd", ("vpd",), units="kPa"),
    Variable("precipitation", ("ppt",), units="mm month-1"),
    Variable("temperature_max", ("tmax",), units="degC"),
    Variable("temperature_min", ("tmin",), units="degC"),
    Variable("evapotranspiration", ("aet",), units="mm month-1"),
    Variable("potential_evapotranspiration", ("pet",), units="mm month-1"),
    Variable("snow_water_equivalent", ("swe",), units="mm"),
    Variable("soil_water", ("soil",), units="mm"),
    Variable("climate_water_deficit", ("def",), units="mm month-1"),
    Variable("runoff", ("q",), units="mm month-1"),
    Variable("vapour_pressure", ("vap",), units="kPa"),
    Variable("solar_radiation", ("srad",), units="W m-2"),
    Variable("wind_speed", ("ws",), units="m s-1"),
    Variable("pdsi", ("PDSI",), units="1"),
)
_NAME = re.compile(r"TerraClimate_([A-Za-z]+)_(\d{4})", re.IGNORECASE)
_TOLD = ("title", "summary", "source", "history", "comment", "references", "version")

Key = tuple[str, int]  # variable in the file's words, year


def open_terraclimate(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open years of TerraClimate as (time, latitude, longitude), in the files' units."""
    _refuse_bucket(declared)
    label = file_label(files)
    parts: list[xr.Dataset] = []
    versions: dict[str, None] = {}
    held: dict[str, None] = {}
    years: dict[str, dict[int, Path]] = {}
    for path in dict.fromkeys(_in_period(_inside(files), declared)):
        raw = open_lazily(path, by_hand=_by_hand(declared))
        held |= dict.fromkeys(map(str, raw.data_vars))
        part = decode_file(raw, declared, allowed=RASTER_DIMS, file=str(path), chunks=chunks)
        _require_named(path, raw)
        if part.data_vars:
            _tell_units(raw, declared, path)
            parts.append(part)
            versions[_version(raw)] = None
            _note(years, part, path)
    found = {str(name) for part in parts for name in part.data_vars}
    require_found(declared, found, list(held), file=label)
    for text in _gaps(years):
        warnings.warn(text, SoilscopeWarning, stacklevel=4)
    ds = on_our_grid(combine(parts, file=label), declared.crs or "EPSG:4326", file=label)
    return ds.assign_attrs(lineage=json.dumps(_ancestors(versions, declared, label)))


def _refuse_bucket(declared: Declared) -> None:
    for variable in declared.variables or ():
        if variable.name == "soil_moisture":
            raise SourceError(
                "TerraClimate holds no soil moisture per volume: its 'soil' is the water in a "
                "bucket of unknown depth (mm); name it soil_water, and take soil_moisture from "
                "another product."
            )


def _by_hand(declared: Declared) -> list[str]:
    return [s for v in declared.variables or () if v.by_hand for s in v.source]


def _inside(files: Sequence[Path]) -> list[Path]:
    """Return the files that paths name, and those of folders that are named as TerraClimate's."""
    found: list[Path] = []
    for path in files:
        if path.is_dir() and not any((path / n).exists() for n in ("zarr.json", ".zgroup")):
            inside = sorted(p for p in path.rglob("*.nc") if _NAME.match(p.stem))
            if not inside:
                raise SourceError(
                    f"the folder {path} holds no file that is named as those of TerraClimate, "
                    "such as TerraClimate_vpd_2000.nc."
                )
            found += inside
        else:
            found.append(path)
    return found


def _in_period(files: Sequence[Path], declared: Declared) -> list[Path]:
    """Leave out files whose names tell a year outside of the period; all, if none is inside."""
    if declared.period is None:
        return list(files)
    first, last = (stamp.year for stamp in declared.period)
    named = {path: _named(path) for path in files}
    inside = [p for p, key in named.items() if key is None or first <= key[1] <= last]
    return inside or list(files)


def _named(path: Path) -> Key | None:
    """Return variable and year that a name of the provider tells."""
    match = _NAME.fullmatch(path.stem)
    return None if match is None else (match[1].casefold(), int(match[2]))


def _require_named(path: Path, raw: xr.Dataset) -> None:
    """Refuse a file that bears the name of a variable which it does not hold."""
    named = _named(path)
    if named is not None and named[0] not in {str(name).casefold() for name in raw.data_vars}:
        raise SourceError(
            f"{path} is named for {named[0]}, but holds {', '.join(map(str, raw.data_vars))}; "
            "download it again, or take it out of paths."
        )


def _tell_units(raw: xr.Dataset, declared: Declared, path: Path) -> None:
    """Say where a file states other units than those that the product is known to have."""
    ours = {v.name: v.units for v in VARIABLES}
    for variable in declared.variables or ():
        source = variable.source[0]
        stated = raw[source].attrs.get("units") if source in raw else None
        if stated is None or variable.units is None or variable.units != ours.get(variable.name):
            continue
        factor, found = canonical_units(str(stated))
        if factor != 1.0 or found not in (variable.units, variable.units.removesuffix(" month-1")):
            warnings.warn(
                f"{variable.name} in {path} says that it is in {stated!r}, where TerraClimate has "
                f"{variable.units}, which was taken; if the file is right, write variables: "
                f"{{{variable.name}: {{units: {stated}}}}}.",
                SoilscopeWarning,
                stacklevel=5,
            )


def _note(years: dict[str, dict[int, Path]], part: xr.Dataset, path: Path) -> None:
    """Write down which years a file holds; refuse those that contradict its name or another."""
    if "time" not in part.dims:
        raise SourceError(
            f"{path} has no time; name yearly files such as TerraClimate_vpd_2000.nc."
        )
    time = part["time"]
    here, counts = _unique(time.dt.year.values.tolist())
    named = _named(path)
    if named is not None and here != [named[1]]:
        raise SourceError(
            f"{path} is named {named[1]}, but its dates run from {show(time.values[0])} to "
            f"{show(time.values[-1])}; rename it, or download it again."
        )
    for name in map(str, part.data_vars):
        known = years.setdefault(name, {})
        for year, n in zip(here, counts, strict=True):
            if year in known:
                raise SourceError(
                    f"{known[year]} and {path} both hold {name} of {year}; keep one of them."
                )
            known[year] = path
            if n != 12:
                warnings.warn(
                    f"{path} holds {n} of the 12 months of {year}.", SoilscopeWarning, stacklevel=5
                )


def _unique(years: Sequence[int]) -> tuple[list[int], list[int]]:
    distinct = sorted(set(years))
    return distinct, [years.count(year) for year in distinct]


def _gaps(years: dict[str, dict[int, Path]]) -> list[str]:
    """Say which years a variable lacks between those of all variables, a line each."""
    present = sorted({year for known in years.values() for year in known})
    lines = []
    for name, known in years.items():
        absent = [y for y in range(present[0], present[-1] + 1) if y not in known]
        if absent:
            shown = ", ".join(map(str, absent[:6])) + (" ..." if len(absent) > 6 else "")
            lines.append(
                f"TerraClimate lacks {shown} of {name} between {present[0]} and {present[-1]}; "
                "it is missing there. Add the files, or change period."
            )
    return lines


def _version(raw: xr.Dataset) -> str:
    """Return "1.1" (anomalies of ERA5), "1.0" (of CRU TS and JRA-55) or "", as a file tells."""
    text = " ".join(str(raw.attrs[key]) for key in _TOLD if key in raw.attrs).casefold()
    if re.search(r"\bera-?5\b", text):
        return "1.1"
    return "1.0" if re.search(r"\bcru\b|jra-?55", text) else ""


def _ancestors(versions: dict[str, None], declared: Declared, label: str) -> list[str]:
    """Return what the files were made from; where they do not say it, the user, else both."""
    made_from = {"1.1": ["ERA5"], "1.0": ["CRU TS", "JRA-55"]}
    told = [v for v in versions if v]
    if len(told) > 1:
        warnings.warn(
            f"{label} mix versions of TerraClimate: 1.1 has the anomalies of ERA5, earlier ones "
            "those of CRU TS and JRA-55, and trends across the change are none of the climate. "
            "Download one version.",
            SoilscopeWarning,
            stacklevel=5,
        )
    known = [name for version in sorted(told) for name in made_from[version]]
    if "" not in versions or set(declared.lineage) - set(ANCESTORS):
        return known
    warnings.warn(
        f"{label} do not say their version of TerraClimate: 1.1 is made from ERA5, earlier ones "
        "from CRU TS and JRA-55. Both are taken as ancestors; write lineage: [ERA5] or lineage: "
        "[CRU TS, JRA-55].",
        SoilscopeWarning,
        stacklevel=5,
    )
    return ["ERA5", "CRU TS", "JRA-55"]


PRODUCT = Product(
    open_terraclimate,
    "monthly climate and water balance of the land at 1/24 degree: vpd, precipitation, "
    "temperature_max, temperature_min, evapotranspiration, potential_evapotranspiration ...",
    "TerraClimate_{var}_{year}.nc, whole or cut to a region; paths name the files or a folder",
    (
        "version 1.1 (1950 on) has the anomalies of ERA5, earlier ones those of CRU TS and "
        "JRA-55: the lineage follows what the files say; if they say nothing, write lineage",
        "its trends are those of its ancestors: the provider warns against using them as "
        "independent evidence",
        "soil is the water of a bucket (mm), not per volume: it is soil_water, never soil_moisture",
        "files of +2 and +4 degC (TerraClimate_2c_...) are scenarios of pseudo-years",
        "files are global: give region, and only its cells are read",
    ),
    variables=VARIABLES,
    ancestors=ANCESTORS,
    origin="Abatzoglou et al. (2018), https://doi.org/10.1038/sdata.2017.191; "
    "https://www.climatologylab.org/terraclimate.html",
    names=r"TerraClimate_[A-Za-z]+_\d{4}\.nc$",
    reach=0.5,
)

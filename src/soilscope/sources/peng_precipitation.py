"""Monthly precipitation of China at 1 km since 1901 (Peng et al.), three years (or one) a file.

Layout: the text that comes with the data (16-bit whole numbers of 0.1 mm, ``pre_1901_1903.nc``) and
Peng et al. (2019), https://doi.org/10.5194/essd-11-1931-2019.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SoilscopeWarning, SourceError
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS, guess_column
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.formats import open_lazily
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import show
from soilscope.sources.units import canonical_units

_UNITS = "0.1 mm month-1"
VARIABLES = (Variable("precipitation", ("pre",), units=_UNITS, missing=(-32768.0,)),)
_NAME = re.compile(r"(?<![A-Za-z0-9])(\d{4})(?:[_-](\d{4}))?(?!\d)")

Years = tuple[int, int]  # first and last


def open_peng(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open months as (time, latitude, longitude); units are those of a month's sum."""
    label = file_label(files)
    parts: list[xr.Dataset] = []
    held: dict[str, None] = {}
    for path in _in_period(files, declared):
        raw = open_lazily(path)
        raw = open_lazily(path, by_hand=list(map(str, raw.data_vars)))
        held |= dict.fromkeys(map(str, raw.data_vars))
        here = _with_units(raw, declared, path)
        raw = _with_months(raw, declared, path)
        part = decode_file(raw, here, allowed=RASTER_DIMS, file=str(path), chunks=chunks)
        if part.data_vars:
            parts.append(_in_months(part, path))
    found = {str(name) for part in parts for name in part.data_vars}
    require_found(declared, found, list(held), file=label)
    ds = combine(parts, file=label)
    tell_gaps(ds, period=declared.period, file=label)
    return on_our_grid(ds, declared.crs or "EPSG:4326", file=label)


def _years(path: Path) -> Years | None:
    """Return the first and last year that a name tells, as pre_1901_1903 or pre_2001 do."""
    match = _NAME.search(path.stem)
    return None if match is None else (int(match[1]), int(match[2] or match[1]))


def _in_period(files: Sequence[Path], declared: Declared) -> list[Path]:
    """Leave out files whose names tell years outside of the period; all, if none is inside."""
    if declared.period is None:
        return list(files)
    first, last = (stamp.year for stamp in declared.period)
    named = {path: _years(path) for path in files}
    inside = [p for p, years in named.items() if years is None or _meet(years, (first, last))]
    return inside or list(files)


def _meet(one: Years, other: Years) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _with_units(raw: xr.Dataset, declared: Declared, path: Path) -> Declared:
    """Take whole numbers as tenths of a millimetre, unless the file or the user scales them."""
    chosen = []
    for variable in declared.variables or ():
        stored = raw.get(variable.source[0])
        if stored is not None and variable.units == _UNITS and variable.scale is None:
            stated = canonical_units(re.sub(r"(\d)mm", r"\1 mm", str(stored.attrs.get("units"))))
            scaled = float(stored.attrs.get("scale_factor", 1.0)) != 1.0
            if scaled:
                variable = replace(variable, units="mm month-1")
            elif stored.dtype.kind == "f" or (stated[1].startswith("mm") and stated[0] == 1.0):
                _tell_units(variable, stored, path)
        chosen.append(variable)
    return replace(declared, variables=tuple(chosen))


def _tell_units(variable: Variable, stored: xr.DataArray, path: Path) -> None:
    units = stored.attrs.get("units", "none")
    warnings.warn(
        f"{variable.name} in {path} holds {stored.dtype} and says that its units are {units!r}, "
        "where the product has whole numbers of 0.1 mm, which was taken; if the numbers are mm, "
        f"write variables: {{{variable.name}: {{units: mm month-1}}}}.",
        SoilscopeWarning,
        stacklevel=5,
    )


def _with_months(raw: xr.Dataset, declared: Declared, path: Path) -> xr.Dataset:
    """Give months without dates those of the years in the name."""
    dim = declared.theirs("time") or guess_column(map(str, raw.dims), "time")
    if dim is None or dim not in raw.dims or declared.time_format or declared.time_from_name:
        return raw
    if dim in raw.variables and np.issubdtype(raw[dim].dtype, np.datetime64):
        return raw
    years, n = _years(path), raw.sizes[dim]
    if years is None or n != 12 * (years[1] - years[0] + 1):
        named = "names no years" if years is None else f"is named {years[0]} to {years[1]}"
        raise SourceError(
            f"{path} holds {n} months without dates and {named}; name it as in pre_2001_2003.nc, "
            "or write the dates into it."
        )
    months = np.arange(f"{years[0]}-01", f"{years[1] + 1}-01", dtype="M8[M]")
    return raw.assign_coords({dim: (dim, months.astype("M8[ns]"))})


def _in_months(part: xr.Dataset, path: Path) -> xr.Dataset:
    """Put stamps on the first of the month, and refuse those that contradict the name."""
    if "time" not in part.dims:
        raise SourceError(f"{path} has no time; the product holds 12 months or more a file.")
    months = part["time"].values.astype("M8[M]")
    years = _years(path)
    of_file = (int(str(months[0])[:4]), int(str(months[-1])[:4]))
    if years is not None and not (years[0] <= of_file[0] and of_file[1] <= years[1]):
        raise SourceError(
            f"{path} is named {years[0]} to {years[1]}, but its dates run from {show(months[0])} "
            f"to {show(months[-1])}; rename it, or download it again."
        )
    return part.assign_coords(time=("time", months.astype("M8[ns]")))


PRODUCT = Product(
    open_peng,
    "monthly precipitation of China at 1 km since 1901",
    "NetCDF, pre_{first year}_{last year}.nc (unpacked), or a file a year",
    (
        "numbers are whole tenths of a millimetre, whether the file says so or not",
        "it is CRU TS put on the climatology of WorldClim: months and trends are those of CRU TS, "
        "however fine the cells",
        "the files come as zip archives, 2.4 GB each when unpacked: give region",
    ),
    variables=VARIABLES,
    ancestors=("CRU TS", "WorldClim"),
    origin="Peng (2020), National Tibetan Plateau Data Center, "
    "https://doi.org/10.5281/zenodo.3114194; Peng et al. (2019), "
    "https://doi.org/10.5194/essd-11-1931-2019",
    names=r"^pre_\d{4}(_\d{4})?\.nc$",
    reach=0.5,
)

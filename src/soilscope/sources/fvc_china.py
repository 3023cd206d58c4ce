"""Fractional vegetation cover of China: images of one date each, whose scale the user states.

Several products bear the name; that of the National Tibetan Plateau Data Center (monthly, 250 m,
2000 on) stores ten-thousandths, and 32767 where it is missing.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.grid_files import by_hand_names, crs_text, open_grid_file, with_only_band
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.timeaxis import stamp_from_name

VARIABLES = (Variable("fvc", ("fvc",), units="1"),)
_YEAR = r"(?<!\d)(?P<year>(?:19|20)\d{2})"
#: Dates in names, the most exact first: 20010701, 2001_07, 2001.
_DATES = (
    _YEAR + r"[_-]?(?P<month>0[1-9]|1[0-2])[_-]?(?P<day>[0-2]\d|3[01])(?!\d)",
    _YEAR + r"[_-]?(?P<month>0[1-9]|1[0-2])(?!\d)",
    _YEAR + r"(?!\d)",
)


def open_fvc(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open images as (time, y, x) or (time, latitude, longitude); one without a date has no time.

    The scale is the file's or the user's; values that are no shares are refused when they are
    looked at.
    """
    label = file_label(files)
    parts: list[xr.Dataset] = []
    held: dict[str, None] = {}
    crs = declared.crs
    for path in files:
        raw = open_grid_file(path, chunks=chunks, by_hand=by_hand_names(declared.variables or ()))
        held |= dict.fromkeys(map(str, raw.data_vars))
        crs = crs or crs_text(raw, declared)
        part = decode_file(
            raw,
            with_only_band(declared, raw),
            allowed=RASTER_DIMS,
            file=str(path),
            chunks=chunks,
            stamp=_date(path, declared, needed=len(files) > 1),
        )
        if part.data_vars:
            parts.append(part)
    found = {str(name) for part in parts for name in part.data_vars}
    require_found(declared, found, list(held), file=label)
    ds = combine(parts, file=label)
    tell_gaps(ds, period=declared.period, file=label)
    return on_our_grid(ds, crs, file=label)


def _date(path: Path, declared: Declared, *, needed: bool) -> np.datetime64 | None:
    """Return the date in a name; a single image may have none."""
    if declared.time_from_name is not None:
        return stamp_from_name(path, declared.time_from_name)
    for pattern in _DATES:
        if re.search(pattern, path.stem):
            return stamp_from_name(Path(path.stem), pattern)
    if needed and path.suffix.lower() in (".tif", ".tiff", ".vrt"):
        raise SourceError(
            f"{path} bears no date in its name, such as 2001_07; write time_from_name, as in "
            "'fvc_%Y%m', or name one file."
        )
    return None


PRODUCT = Product(
    open_fvc,
    "fractional vegetation cover of China, by the month or year, 250 m or finer",
    "GeoTIFF (or NetCDF), one date a file, such as 2001_07 in its name",
    (
        "products differ in scale and missing number, and images seldom say them: write override: "
        "{fvc: {scale: 0.0001, missing: 32767}} for that of the data centre of the Tibetan "
        "Plateau, {fvc: {units: '%'}} for percent",
        "monthly images are maxima of the month; cover in winter is snow or fill",
        "it is made from NDVI of MODIS: it is not independent of NDVI",
    ),
    variables=VARIABLES,
    ancestors=("MODIS",),
    origin="National Tibetan Plateau Data Center, https://data.tpdc.ac.cn (and others)",
    names=r"(?i)(?<![a-z])fvc(?![a-z]).*\.tiff?$",
)

"""MODIS land cover (MCD12Q1), one map a year at 500 m, by the classes of the IGBP.

Layout: LP DAAC, https://doi.org/10.5067/MODIS/MCD12Q1.061, and the user guide of collection 6.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.assemble import file_label
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.gaps import tell_gaps
from soilscope.sources.igbp import FLAGS, WATER
from soilscope.sources.modis_pieces import (
    Found,
    Piece,
    find_pieces,
    put_together,
    require_dates,
    tell_foreign,
)
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid

_LC_TYPE1 = "LC_Type1"
VARIABLES = (
    Variable(
        "land_cover",
        (_LC_TYPE1,),
        units="1",
        missing=(254.0, 255.0),
        expected=(-1.0, 17.0),
    ),
)
#: Classes of the global grid (MCD12C1), where water is 0.
_GLOBAL = re.compile(r"Majority_Land_Cover_Type_1(?!\d|_(Assessment|Percent))", re.IGNORECASE)
_TYPE1 = re.compile(r"(?<![A-Za-z])LC_Type1(?!\d)", re.IGNORECASE)
_OWN = re.compile(r"LC_(Type|Prop)\d|Land_Cover_Type_\d|MCD12[QC]", re.IGNORECASE)


def open_modis_land_cover(
    files: Sequence[Path], declared: Declared, *, chunks: Chunks
) -> xr.Dataset:
    """Open yearly maps of land cover: dims (time, y, x) or (time, latitude, longitude).

    `time` is the first day of a year. Codes are those of the IGBP (LC_Type1), with their names in
    ``flag_values`` and ``flag_meanings``; of another layer, asked for by `variables`, they are as
    the file has them, without names.
    """
    wanted = {v.name: v for v in declared.variables or VARIABLES}
    found = find_pieces(
        files,
        declared,
        wanted,
        lambda text, number: _layer_of(text, number, wanted),
        is_own=lambda text: _OWN.search(text) is not None,
        chunks=chunks,
    )
    file = file_label(files)
    _require_layer(found, wanted, file=file)
    tell_foreign(found.foreign, what="land cover", write="{land_cover: NAME}")
    require_dates(found.pieces)
    ds = put_together(found.pieces, declared, file=file, chunks=chunks)
    ds = ds.assign({name: _as_igbp(ds[name], found.pieces, wanted) for name in ds.data_vars})
    tell_gaps(ds, period=declared.period, file=file)
    return on_our_grid(ds, found.crs, file=file)


def _layer_of(text: str, number: int, wanted: Mapping[str, Variable]) -> str | None:
    """Return which of the wanted layers a text, or the number of a band, names."""
    for name, variable in wanted.items():
        source = variable.source[0]
        if source in (text, str(number)):
            return name
        if source == _LC_TYPE1 and (_TYPE1.search(text) or _GLOBAL.search(text)):
            return name
        if source != _LC_TYPE1 and re.search(rf"(?<![A-Za-z]){re.escape(source)}(?!\d)", text):
            return name
    return None


def _as_igbp(
    da: xr.DataArray, pieces: Sequence[Piece], wanted: Mapping[str, Variable]
) -> xr.DataArray:
    """Name the classes of the IGBP; water of the global grid becomes that of the tiles."""
    if wanted[str(da.name)].source[0] != _LC_TYPE1:
        return da
    is_global = any(
        _GLOBAL.search(text)
        for piece in pieces
        for text in (piece.variable.source[0], piece.path.stem)
    )
    attrs = da.attrs | FLAGS
    return (da.where(da != 0, WATER) if is_global else da).assign_attrs(attrs)


def _require_layer(found: Found, wanted: Mapping[str, Variable], *, file: str) -> None:
    has = {piece.variable.name for piece in found.pieces}
    for name, variable in wanted.items():
        if name not in has:
            raise SourceError(
                f"{file} names {variable.source[0]} nowhere, neither its files nor their layers "
                f"({', '.join([*found.held][:8])}); if it is there, write variables: "
                f"{{{name}: name or number of the band}}, else name another product or more files."
            )


PRODUCT = Product(
    open_modis_land_cover,
    "land cover of MODIS (Terra and Aqua) by the 17 classes of the IGBP, one map a year at 500 m "
    "since 2001",
    "HDF-EOS as delivered (MCD12Q1.A2019001.h25v05....hdf; needs pyhdf), GeoTIFF (AppEEARS, Earth "
    "Engine; the date in the name: doy2019001, A2019001, 2019_01_01) or NetCDF (AppEEARS); "
    "LC_Type1, or Majority_Land_Cover_Type_1 of the global grid MCD12C1",
    (
        "codes are 1 to 17 (10 grassland, 12 cropland, 16 barren, 17 water); 0 is water in MCD12C1 "
        "(made 17) and in files before collection 6, where 17 did not exist",
        "other layers have other classes: variables: {land_cover: {name: LC_Type5, expected: "
        "[-1, 11]}}; their codes come without names",
        "never average classes: on another grid they are nearest or majority",
        "the provider warns against reading change from one year's map to the next: errors of "
        "classes are larger than yearly change",
        "a date is the first day of its year, so a period must hold 1 January; "
        "cover_strata makes forest, grass, crop and barren",
    ),
    variables=VARIABLES,
    ancestors=("MODIS land cover",),
    origin="NASA LP DAAC, doi:10.5067/MODIS/MCD12Q1.061",
    names=r"(?i)MCD12[QC]1|LC_Type1",
)

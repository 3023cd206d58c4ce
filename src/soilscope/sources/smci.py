"""SMCI, daily soil moisture of China in ten layers: years of 9 km, or folders of 1 km tiles.

The year and the layer of a file are told by its name alone. Layout: Shangguan et al. (2022),
https://doi.org/10.11888/Terre.tpdc.272415; Li et al. (2022), https://doi.org/10.5194/essd-14-5267-2022
"""

import calendar
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError, SoilscopeWarning, SourceError
from soilscope.grid.depth import layer_coordinates
from soilscope.lineage import made_from
from soilscope.sources.assemble import combine, file_label
from soilscope.sources.axes import guess_column
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.formats import open_lazily
from soilscope.sources.mosaic import mosaic
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid
from soilscope.sources.smci_files import Piece, find_pieces, missing_pieces
from soilscope.sources.timeaxis import show
from soilscope.sources.window import Region

VARIABLES = (Variable("soil_moisture", ("SMCI",), units="0.001 m3 m-3", missing=(-999.0,)),)
#: Values of a chunk of a month that is kept whole in space.
_LARGEST = 16 * 2**20
_DIMS = ("time", "latitude", "longitude")

Extent = tuple[float, float, float, float]  # west, south, east, north
Stamps = npt.NDArray[np.datetime64]


def open_smci(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open years, layers and tiles as (time, depth, latitude, longitude), in the files' units.

    Each file is opened once at most, and of the 1 km tiles only those that touch the region.
    """
    _require_named(declared)
    label = file_label(files)
    pieces = find_pieces(files, declared.period)
    told = dict.fromkeys(missing_pieces(pieces), "")  # each line, and the file that it is seen in
    extents: dict[str, Extent] = {}
    years: dict[int, dict[int, xr.Dataset]] = {}
    for piece in pieces:
        tiles = _open_tiles(piece, declared, extents, told, chunks=chunks)
        years.setdefault(piece.year, {})[piece.bottom] = mosaic(tiles, file=str(piece.home))
    bottoms = sorted({piece.bottom for piece in pieces})
    layers = [
        combine([_year(layers, bottom) for layers in years.values()], file=label)
        for bottom in bottoms
    ]
    bounds = [(bottom / 100 - 0.1, bottom / 100) for bottom in bottoms]
    ds = _stacked(layers, label).assign_coords(layer_coordinates(np.round(bounds, 9)))
    for text, seen in told.items():
        warnings.warn(text + seen, SoilscopeWarning, stacklevel=4)
    ds = ds.transpose("time", "depth", "latitude", "longitude")
    return on_our_grid(ds, declared.crs or "EPSG:4326", file=label)


def _require_named(declared: Declared) -> None:
    for name, given in (
        ("depth_bounds", declared.layers),
        ("time_from_name", declared.time_from_name),
        ("time_format", declared.time_format),
    ):
        if given is not None:
            raise InputError(
                f"SMCI has its years and layers from the names of its files; leave {name} out, or "
                "open the files with product: raster."
            )


def _open_tiles(
    piece: Piece,
    declared: Declared,
    extents: dict[str, Extent],
    told: dict[str, str],
    *,
    chunks: Chunks,
) -> list[xr.Dataset]:
    """Open the tiles of a piece that touch the region; `extents` remembers where tiles lie."""
    opened = []
    for name, path in piece.tiles.items():
        if name in extents and not _touches(extents[name], declared.region):
            continue
        ds = _open(piece, path, declared, told, chunks=chunks)
        extents.setdefault(name, _extent(ds))
        if _touches(extents[name], declared.region) or len(piece.tiles) == 1:
            opened.append(ds)
    if not opened:
        corners = np.array(list(extents.values()))
        raise SourceError(
            f"no tile of {piece.home} touches the region {list(declared.region or ())} (west, "
            f"south, east, north): they cover longitude {corners[:, 0].min():g} to "
            f"{corners[:, 2].max():g}, latitude {corners[:, 1].min():g} to {corners[:, 3].max():g}."
        )
    return opened


def _open(
    piece: Piece, path: Path, declared: Declared, told: dict[str, str], *, chunks: Chunks
) -> xr.Dataset:
    """Open one file with the dates of its year."""
    variables = declared.variables or VARIABLES
    raw = open_lazily(path, by_hand=[s for v in variables for s in v.source])
    held = list(map(str, raw.data_vars))
    found = {v.name for v in variables if set(v.source) <= set(held)}
    require_found(declared, found, held, file=str(path))
    source = next(v.source[0] for v in variables if v.name in found)
    if variables == VARIABLES and "scale_factor" in raw[source].attrs:
        # the file says itself how its numbers become a share of the volume
        declared = replace(declared, variables=(replace(variables[0], units="m3 m-3"),))
    dim = declared.theirs("time") or guess_column(map(str, raw[source].dims), "time")
    if dim is None or dim not in raw.dims:
        raise SourceError(
            f"{source} in {path} has no dimension of time (its dimensions: "
            f"{', '.join(map(str, raw[source].dims))}); name it, as in dims: {{time: day}}."
        )
    days = _dates(raw, dim, piece.year, path, told)
    if chunks == "auto":
        chunks = _by_month(raw[source], dim, days)
    raw = raw.assign_coords({dim: (dim, days)})
    return decode_file(raw, declared, allowed=_DIMS, file=str(path), chunks=chunks)


def _dates(raw: xr.Dataset, dim: str, year: int, path: Path, told: dict[str, str]) -> Stamps:
    """Return the days of the file: its own where they are dates, else those of the named year."""
    n = raw.sizes[dim]
    n_days = 366 if calendar.isleap(year) else 365
    time: Any = raw[dim] if dim in raw.variables else None
    if time is None or not np.issubdtype(time.dtype, np.datetime64):
        if n != n_days:
            raise SourceError(
                f"{path} holds {n} days without dates, but {year} has {n_days}; download it "
                "again, or write the dates into it."
            )
        return np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="M8[D]").astype("M8[ns]")
    days: Stamps = time.values.astype("M8[D]")
    if (days.astype("M8[Y]").astype(int) + 1970 != year).any():
        raise SourceError(
            f"{path} is named {year}, but its dates run from {show(days[0])} to {show(days[-1])}; "
            "rename it, or download it again."
        )
    if n != n_days:
        told.setdefault(f"SMCI holds {n} of the {n_days} days of {year}", f", as in {path}.")
    return days.astype("M8[ns]")


def _by_month(stored: xr.DataArray, dim: str, days: Stamps) -> Chunks:
    """Return chunks of calendar months where days are stored one by one, else "auto".

    Months are what daily values are averaged to: blocks of months then read nothing twice.
    """
    by_day = stored.encoding.get("preferred_chunks", {}).get(dim, 1) == 1
    if not by_day or 31 * stored.size > _LARGEST * stored.sizes[dim]:
        return "auto"
    months = np.diff(days.astype("M8[M]").astype(int), prepend=-1, append=-1)
    return {
        "time": tuple(np.diff(np.flatnonzero(months)).tolist()),
        "latitude": -1,
        "longitude": -1,
    }


def _extent(ds: xr.Dataset) -> Extent:
    longitude, latitude = ds["longitude"].values, ds["latitude"].values
    return (
        float(longitude.min()),
        float(latitude.min()),
        float(longitude.max()),
        float(latitude.max()),
    )


def _touches(extent: Extent, region: Region | None) -> bool:
    if region is None:
        return True
    (west, south, east, north), (left, bottom, right, top) = region, extent
    return left <= east and right >= west and bottom <= north and top >= south


def _year(layers: dict[int, xr.Dataset], bottom: int) -> xr.Dataset:
    """Return one year of a layer; without values where its file is missing."""
    if bottom in layers:
        return layers[bottom]
    return xr.full_like(next(iter(layers.values())), np.nan)


def _stacked(layers: Sequence[xr.Dataset], label: str) -> xr.Dataset:
    """Put layers below one another; days that one of them lacks are missing there."""
    first = layers[0]
    for dim in ("latitude", "longitude"):
        if any(not np.array_equal(ds[dim].values, first[dim].values) for ds in layers):
            raise SourceError(f"the layers of {label} have different cells; open them apart.")
    same = all(np.array_equal(ds["time"].values, first["time"].values) for ds in layers)
    if not same:
        days = np.unique(np.concatenate([ds["time"].values for ds in layers]))
        layers = [ds.reindex(time=days) for ds in layers]
    return xr.concat(
        layers,
        "depth",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="override",
    )


PRODUCT = Product(
    open_smci,
    "daily soil moisture of China in ten layers of 10 cm (SMCI 1.0), 9 km or 1 km",
    "years {d}cm/SMCI_9km_{year}_{d}cm.nc, or folders SMCI_1km_{year}_{d}cm of tiles (*.nc); "
    "paths name the files, the folders or the folder above them",
    (
        "year and layer stand in the names alone: 10cm is 0-10 cm, 100cm is 90-100 cm",
        "numbers are 0.001 m3 m-3 and -999 is missing, whether the file says so or not",
        "days are numbered in the year where the file has no dates; leap years are checked",
        "trained with ERA5-Land and MODIS: not independent of them, nor a test of them",
    ),
    variables=VARIABLES,
    ancestors=made_from("smci"),
    origin="Shangguan et al. (2022), National Tibetan Plateau Data Center, "
    "https://doi.org/10.11888/Terre.tpdc.272415; Li et al. (2022), "
    "https://doi.org/10.5194/essd-14-5267-2022",
    names=r"SMCI_(9km|1km)_\d{4}_\d{1,3}cm",
    reach=0.5,
)

"""GEBCO, elevation of land and sea floor at 15 arc seconds: one file, a cut-out, or tiles.

Layout: the GEBCO grid's own NetCDF (`elevation` on (lat, lon), int16, rows from south to north) and
GeoTIFF, https://www.gebco.net/data-products/gridded-bathymetry-data.
"""

from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from soilscope.errors import GridError, SourceError
from soilscope.grid.crs import read_crs
from soilscope.sources.assemble import file_label
from soilscope.sources.axes import RASTER_DIMS
from soilscope.sources.chunks import Chunks
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.decode import decode_file, require_found
from soilscope.sources.grid_files import by_hand_names, crs_text, open_grid_file, with_only_band
from soilscope.sources.mosaic import mosaic
from soilscope.sources.product import Product
from soilscope.sources.raster import on_our_grid

#: Sea floors are as deep as this, and land basins lie below the sea: nothing is masked.
VARIABLES = (Variable("elevation", ("elevation",), units="m", expected=(-11500.0, 9000.0)),)


def open_gebco(files: Sequence[Path], declared: Declared, *, chunks: Chunks) -> xr.Dataset:
    """Open the elevation as (latitude, longitude), rows from north to south."""
    label = file_label(files)
    tiles: list[xr.Dataset] = []
    held: dict[str, None] = {}
    crs = declared.crs
    for path in files:
        raw = open_grid_file(path, chunks=chunks, by_hand=by_hand_names(declared.variables or ()))
        held |= dict.fromkeys(map(str, raw.data_vars))
        here = with_only_band(declared, raw)
        part = decode_file(raw, here, allowed=RASTER_DIMS, file=str(path), chunks=chunks)
        if "time" in part.dims:
            raise SourceError(f"{path} has dates; elevation has none: open it as another product.")
        if part.data_vars:
            crs = _crs(raw, declared)
            tiles.append(on_our_grid(part, crs, file=str(path)))
    found = {str(name) for tile in tiles for name in tile.data_vars}
    require_found(declared, found, list(held), file=label)
    near = [tile for tile in tiles if _touches(tile, declared)] or tiles
    _require_full(near, label)
    return on_our_grid(mosaic(near, file=label), crs, file=label)


def _crs(raw: xr.Dataset, declared: Declared) -> str:
    """Return the reference system; the provider's NetCDF describes EPSG:4326 without its datum."""
    stated = crs_text(raw, declared)
    if stated is None or (declared.crs is None and read_crs(stated, name="crs").geographic):
        return "EPSG:4326"
    return stated


def _touches(tile: xr.Dataset, declared: Declared) -> bool:
    """Whether a tile has a cell in the region."""
    if declared.region is None or "latitude" not in tile.dims:
        return True
    west, south, east, north = declared.region
    y, x = tile["latitude"].values, tile["longitude"].values
    return bool(((y >= south) & (y <= north)).any() and ((x >= west) & (x <= east)).any())


def _require_full(tiles: Sequence[xr.Dataset], label: str) -> None:
    """Refuse tiles that leave a hole: elevation that is missing would pass for a sea."""
    if len(tiles) == 1:
        return
    if any("latitude" not in tile.dims for tile in tiles):
        raise GridError(f"tiles of {label} are in metres; put them together first, with gdalwarp.")
    rows, columns = (
        len({round(float(tile[dim].values[0]), 6) for tile in tiles})
        for dim in ("latitude", "longitude")
    )
    if rows * columns != len(tiles):
        raise GridError(
            f"the {len(tiles)} tiles of {label} do not fill {rows} x {columns} places; add what is "
            "missing, or write region."
        )


PRODUCT = Product(
    open_gebco,
    "elevation of land and sea floor at 15 arc seconds (about 450 m)",
    "NetCDF (GEBCO_{year}.nc or a cut-out of it) or GeoTIFF (tiles are put together)",
    (
        "heights below 0 on land are real (Turpan, Dead Sea), and the sea floor is not masked: "
        "mask it with a zone file or land cover",
        "the grid with ice surface and the one of the ground below ice ('sub-ice') differ; the "
        "file of type identifiers (TID) holds no elevation",
        "15 arc seconds are 350 m x 460 m at 40 degrees north: slopes of finer hills are lost",
        "files are global: give region, and only its cells are read",
    ),
    variables=VARIABLES,
    ancestors=("SRTM15+",),
    origin="GEBCO Compilation Group (2023), https://doi.org/10.5285/"
    "f98b053b-0cbc-6c23-e053-6c86abc0af7b; https://www.gebco.net",
    names=r"(?i)gebco_\d{4}.*\.(nc|tif)$",
    reach=0.5,
)

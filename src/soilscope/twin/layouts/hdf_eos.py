"""HDF-EOS2 grids (`.hdf`), as MODIS products are delivered; needs the optional library pyhdf."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import GridError
from soilscope.grid.crs import crs_of, geobox_of, grid_dims

Point = tuple[float, float]  # x, y in metres

#: The sinusoidal system of MODIS, and the width of one of its 36 x 18 tiles, m.
SINUSOIDAL = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
TILE = 1111950.5196666666
#: Number types: ours -> (name in the metadata, code in the file).
_TYPES = {
    "i1": ("DFNT_INT8", 20),
    "u1": ("DFNT_UINT8", 21),
    "i2": ("DFNT_INT16", 22),
    "u2": ("DFNT_UINT16", 23),
    "i4": ("DFNT_INT32", 24),
    "f4": ("DFNT_FLOAT32", 5),
}
_TEXT, _DOUBLE = 4, 6


class Field(NamedTuple):
    """One field: stored numbers (rows from north to south, columns) and its attributes."""

    values: npt.NDArray[Any]
    attrs: Mapping[str, Any] = {}


def tile_corners(h: int, v: int) -> tuple[Point, Point]:
    """Return the upper left and the lower right corner of a tile of MODIS, m.

    >>> [tuple(round(m, 3) for m in corner) for corner in tile_corners(8, 5)]
    [(-11119505.197, 4447802.079), (-10007554.677, 3335851.559)]
    """
    return ((h - 18) * TILE, (9 - v) * TILE), ((h - 17) * TILE, (8 - v) * TILE)


class Tile(NamedTuple):
    """What of a grid lies in one tile of MODIS, and where its outer edges lie."""

    name: str  # as in h25v05
    part: xr.Dataset
    corners: tuple[Point, Point]


def tiles_of(ds: xr.Dataset, *, name: str) -> Iterator[Tile]:
    """Cut data on the sinusoidal grid of MODIS (rows from north to south) at the edges of tiles."""
    if grid_dims(ds) != ("y", "x") or crs_of(ds) != SINUSOIDAL:
        raise GridError(
            f"{name} is not on the sinusoidal grid of MODIS, in which HDF-EOS files are; write it "
            "in another layout, or warp it first."
        )
    box = geobox_of(ds, name=name)
    width, height = box.affine.a, -box.affine.e
    across = np.floor(ds["x"].values / TILE).astype(int) + 18
    down = 8 - np.floor(ds["y"].values / TILE).astype(int)
    for v in np.unique(down):
        for h in np.unique(across):
            part = ds.isel(y=np.flatnonzero(down == v), x=np.flatnonzero(across == h))
            left, right = part["x"].values[[0, -1]]
            top, bottom = part["y"].values[[0, -1]]
            edges = (left - width / 2, top + height / 2), (right + width / 2, bottom - height / 2)
            yield Tile(f"h{h:02d}v{v:02d}", part, edges)


def write_hdf_eos(
    path: Path, fields: Mapping[str, Field], *, grid: str, corners: tuple[Point, Point]
) -> Path:
    """Write fields of one shape as an HDF-EOS2 grid in the sinusoidal system; return the path.

    `grid` is the name of the grid, `corners` are its outer edges. Attributes that are whole numbers
    get the type of their field, others are double, as in the files of MODIS.
    """
    from pyhdf.SD import SD, SDC

    file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    file.attr("HDFEOSVersion").set(_TEXT, "HDFEOS_V2.19")
    file.attr("StructMetadata.0").set(_TEXT, struct_metadata(fields, grid=grid, corners=corners))
    for name, field in fields.items():
        kind = np.dtype(field.values.dtype).str[1:]
        code = _TYPES[kind][1]
        sds = file.create(name, code, field.values.shape)
        for number, dim in enumerate(("YDim", "XDim")):
            sds.dim(number).setname(f"{dim}:{grid}")
        for key, value in field.attrs.items():
            _set(sds.attr(key), value, code)
        sds.setcompress(SDC.COMP_DEFLATE, 5)
        sds[:] = field.values
        sds.endaccess()
    file.end()
    return path


def struct_metadata(fields: Mapping[str, Field], *, grid: str, corners: tuple[Point, Point]) -> str:
    """Return the text that describes a grid, in the words of the HDF-EOS library."""
    rows, columns = next(iter(fields.values())).values.shape
    (left, top), (right, bottom) = corners
    described = "".join(
        f"\t\t\tOBJECT=DataField_{number}\n"
        f'\t\t\t\tDataFieldName="{name}"\n'
        f"\t\t\t\tDataType={_TYPES[np.dtype(field.values.dtype).str[1:]][0]}\n"
        '\t\t\t\tDimList=("YDim","XDim")\n'
        f"\t\t\tEND_OBJECT=DataField_{number}\n"
        for number, (name, field) in enumerate(fields.items(), start=1)
    )
    return (
        "GROUP=SwathStructure\nEND_GROUP=SwathStructure\nGROUP=GridStructure\n\tGROUP=GRID_1\n"
        f'\t\tGridName="{grid}"\n\t\tXDim={columns}\n\t\tYDim={rows}\n'
        f"\t\tUpperLeftPointMtrs=({left:.6f},{top:.6f})\n"
        f"\t\tLowerRightMtrs=({right:.6f},{bottom:.6f})\n"
        "\t\tProjection=GCTP_SNSOID\n"
        "\t\tProjParams=(6371007.181000,0,0,0,0,0,0,0,0,0,0,0,0)\n"
        "\t\tSphereCode=-1\n"
        "\t\tGROUP=Dimension\n\t\tEND_GROUP=Dimension\n"
        f"\t\tGROUP=DataField\n{described}\t\tEND_GROUP=DataField\n"
        "\t\tGROUP=MergedFields\n\t\tEND_GROUP=MergedFields\n"
        "\tEND_GROUP=GRID_1\nEND_GROUP=GridStructure\n"
        "GROUP=PointStructure\nEND_GROUP=PointStructure\nEND\n"
    )


def _set(attribute: Any, value: Any, code: int) -> None:
    if isinstance(value, str):
        attribute.set(_TEXT, value)
    else:
        whole = np.issubdtype(np.asarray(value).dtype, np.integer)
        attribute.set(code if whole else _DOUBLE, np.asarray(value).tolist())

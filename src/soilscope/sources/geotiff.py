"""GeoTIFF as lazy arrays: one variable a band, read window by window."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.errors
import rasterio.windows
import xarray as xr

from soilscope.errors import GridError, SourceError
from soilscope.sources.chunks import Chunks, chunk_sizes
from soilscope.sources.formats import reading

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Images:
    """What the header of a GeoTIFF tells of its bands, in their order."""

    names: list[str]
    attrs: list[dict[str, Any]]
    dtypes: list[np.dtype[Any]]
    coords: dict[str, Any]
    block: tuple[int, int]
    shape: tuple[int, int]


def layout_of(file: Any, path: Path) -> Images:
    """Return what an open file tells of its bands; refuse one that is cut off, or lies nowhere."""
    _require_whole(file, path)
    return Images(
        _names(file),
        [_attrs(file, band) for band in file.indexes],
        [np.dtype(d) for d in file.dtypes],
        _coordinates(file, path),
        file.block_shapes[0],
        (file.height, file.width),
    )


def open_geotiff(path: Path, *, chunks: Chunks, stacked: bool) -> xr.Dataset:
    """Open a GeoTIFF without reading its values.

    Variables are the bands, named by their description or by number ("1", "2", ...); if `stacked`,
    all bands are the one variable "values" with the dimension `band`, labelled by the descriptions.
    """
    with reading(path), rasterio.open(path) as file:
        held = layout_of(file, path)
    names, attrs, dtypes, shape, block = held.names, held.attrs, held.dtypes, held.shape, held.block
    coords = held.coords
    if stacked:
        if len(set(dtypes)) > 1 or any(a != attrs[0] for a in attrs):
            raise SourceError(f"the bands of {path} differ in type or scale; name them singly.")
        bands = _Bands(path, tuple(range(1, len(names) + 1)), shape, dtypes[0])
        values = (("band", "y", "x"), _lazy(bands, block, chunks), attrs[0])
        labels = np.array(names, dtype=object)
        return xr.Dataset({"values": values}, coords=coords | {"band": ("band", labels)})
    return xr.Dataset(
        {
            name: (("y", "x"), _lazy(_Bands(path, band, shape, dtype), block, chunks), attributes)
            for band, (name, dtype, attributes) in enumerate(
                zip(names, dtypes, attrs, strict=True), start=1
            )
        },
        coords=coords,
    )


class _Bands:
    """One band (a number) or all (a tuple) as an array that reads only what is asked for."""

    def __init__(
        self, path: Path, bands: int | tuple[int, ...], shape: tuple[int, int], dtype: np.dtype[Any]
    ) -> None:
        self.path, self.bands, self.dtype = path, bands, dtype
        self.shape = shape if isinstance(bands, int) else (len(bands), *shape)
        self.ndim = len(self.shape)

    def __getitem__(self, key: tuple[slice, ...]) -> Array:
        rows, columns = key[-2:]
        window = rasterio.windows.Window.from_slices(rows, columns)
        bands = self.bands if isinstance(self.bands, int) else list(self.bands[key[0]])
        with reading(self.path), rasterio.open(self.path) as file:
            values: Array = file.read(bands, window=window)
            return values

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        state = self.path.stat()
        return (str(self.path.absolute()), state.st_mtime_ns, state.st_size, self.bands)


def _lazy(bands: _Bands, block: tuple[int, int], chunks: Chunks) -> Any:
    dims = ("band", "y", "x")[-bands.ndim :]
    stored = (*bands.shape[:-2], *block)
    sizes = chunk_sizes(dims, bands.shape, stored, "auto" if chunks is None else chunks)
    from_array: Any = dask.array.from_array
    array = from_array(
        bands, chunks=sizes, fancy=False, meta=np.empty((0,) * bands.ndim, bands.dtype)
    )
    return array.compute() if chunks is None else array


def _names(file: Any) -> list[str]:
    names = [text or str(band) for band, text in zip(file.indexes, file.descriptions, strict=True)]
    return names if len(set(names)) == len(names) else [str(band) for band in file.indexes]


def _attrs(file: Any, band: int) -> dict[str, Any]:
    scale, offset = file.scales[band - 1], file.offsets[band - 1]
    attrs = {
        "_FillValue": file.nodatavals[band - 1],
        "scale_factor": None if scale == 1.0 else scale,
        "add_offset": None if offset == 0.0 else offset,
        "units": file.units[band - 1],
    }
    return {key: value for key, value in attrs.items() if value is not None}


def _coordinates(file: Any, path: Path) -> dict[str, Any]:
    step = file.transform
    if step.b or step.d:
        raise GridError(f"{path} is a rotated grid; warp it first, with gdalwarp.")
    if step.is_identity:
        raise GridError(f"{path} has no georeference; set its extent, with gdal_edit -a_ullr.")
    coords: dict[str, Any] = {
        "y": ("y", step.f + step.e * (np.arange(file.height) + 0.5)),
        "x": ("x", step.c + step.a * (np.arange(file.width) + 0.5)),
    }
    if file.crs is not None:
        coords["spatial_ref"] = ((), 0, {"crs_wkt": file.crs.to_wkt()})
    return coords


def _require_whole(file: Any, path: Path) -> None:
    """Refuse a truncated file by the place of its last block, which its directory tells."""
    rows, columns = file.block_shapes[-1]
    last = f"{(file.width - 1) // columns}_{(file.height - 1) // rows}"
    band = file.count if file.interleaving == rasterio.enums.Interleaving.band else 1
    start = file.get_tag_item(f"BLOCK_OFFSET_{last}", "TIFF", bidx=band)
    size = file.get_tag_item(f"BLOCK_SIZE_{last}", "TIFF", bidx=band)
    if start and size and int(start) + int(size) > path.stat().st_size:
        raise SourceError(f"{path} is truncated; download or write it again.")

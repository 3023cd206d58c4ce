"""The grid of a study: that of an input or a file, or cells of a resolution."""

import math
from collections.abc import Mapping
from pathlib import Path

import pyproj
import xarray as xr
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from soilscope.errors import GridError
from soilscope.grid.crs import geobox_of, grid_dims
from soilscope.grid.cut import cut_to_region
from soilscope.grid.region import Bounds, region_bounds
from soilscope.sources.coordinates import in_order
from soilscope.sources.formats import file_format, open_lazily
from soilscope.sources.geotiff import open_geotiff
from soilscope.study.config import Study
from soilscope.study.place import GridSpec, RegionSpec

#: Share of a cell by which bounds may pass an edge without a further cell: files round them.
_SLACK = 0.01


def target_grid(study: Study, cut: Mapping[str, xr.Dataset]) -> GeoBox | None:
    """Return the study's grid, or None where every input must have it already."""
    spec, region = study.place.grid, study.place.region
    if spec is None:
        return None
    if spec.like is not None:
        return _of_input(spec.like, cut)
    if spec.file is not None:
        return _of_file(spec.file, region)
    snap = None if spec.snap is None else _of_input(spec.snap, cut)
    crs = _reference(spec, snap)
    return _of_cells(_bounds(study, cut, crs), float(spec.resolution or 0.0), crs, snap)


def _of_input(name: str, cut: Mapping[str, xr.Dataset]) -> GeoBox:
    if grid_dims(cut[name]) is None:
        raise GridError(f"grid is like {name!r}, which has no grid.")
    return geobox_of(cut[name], name=name)


def _of_file(path: Path, region: RegionSpec | None) -> GeoBox:
    """Return the cells of a GeoTIFF, NetCDF or Zarr file that the region needs, north up."""
    is_image = file_format(path) == "geotiff"
    ds = open_geotiff(path, chunks="auto", stacked=False) if is_image else open_lazily(path)
    dims = grid_dims(ds)
    if dims is None:
        raise GridError(
            f"grid: {path.name} has no grid: no dims (y, x) or (latitude, longitude); it has "
            f"{', '.join(map(str, ds.dims))}."
        )
    for dim, falling in zip(dims, (True, False), strict=True):
        ds = in_order(ds, dim, falling=falling, file=path.name)
    if region is not None:
        where = region.file or region.bounds or ()
        ds = cut_to_region(ds, where, name=path.name, margin=0.5, **region.options)
    return geobox_of(ds, name=path.name)


def _reference(spec: GridSpec, snap: GeoBox | None) -> CRS | None:
    """Return the reference system of the cells: as stated, else that of what they snap to."""
    if snap is None:
        return CRS(spec.crs)
    if spec.crs is not None and CRS(spec.crs) != snap.crs:
        raise GridError(
            f"grid snaps to the cells of {spec.snap!r}, which are in another reference system than "
            f"{spec.crs}; leave crs out, or snap to an input that is in it."
        )
    return snap.crs


def _bounds(study: Study, cut: Mapping[str, xr.Dataset], crs: CRS | None) -> Bounds:
    """Return the bounds of the region, or of the first input that is placed on the grid."""
    region = study.place.region
    if region is not None:
        return region_bounds(region.file or region.bounds or (), crs, **region.options)
    spec = study.place.grid
    if spec is not None and spec.snap is not None:
        first: xr.Dataset | None = cut[spec.snap]
    else:
        placed = (ds for name, ds in cut.items() if study.inputs[name].grid == "study")
        first = next((ds for ds in placed if grid_dims(ds)), None)
    if first is None:
        raise GridError("no input has a grid that could be brought onto the study's.")
    box = geobox_of(first)
    own = box.extent.boundingbox
    west, south, east, north = own.left, own.bottom, own.right, own.top
    if box.crs == crs or box.crs is None or crs is None:
        return west, south, east, north
    # edges between the corners are curves in the other system
    to_crs = pyproj.Transformer.from_crs(box.crs.to_wkt(), crs.to_wkt(), always_xy=True)
    bounds: Bounds = to_crs.transform_bounds(west, south, east, north)
    return bounds


def _of_cells(bounds: Bounds, step: float, crs: CRS | None, snap: GeoBox | None) -> GeoBox:
    """Return the cells that cover `bounds`, with edges at multiples of `step`.

    They are counted from 0, or from the first corner of `snap`.
    """
    corner = (0.0, 0.0) if snap is None else (snap.affine.c, snap.affine.f)
    west, south, east, north = (
        (value - corner[i % 2]) / step for i, value in enumerate(bounds)
    )  # in cells
    left, top = math.floor(west + _SLACK), math.ceil(north - _SLACK)
    shape = (max(1, top - math.floor(south + _SLACK)), max(1, math.ceil(east - _SLACK) - left))
    affine = Affine(step, 0.0, corner[0] + left * step, 0.0, -step, corner[1] + top * step)
    return GeoBox(shape, affine, crs)

"""The aligned cube of a study: every input on one grid and one calendar, lazily."""

import glob
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from soilscope.errors import GridError, InputError, StudyError
from soilscope.grid.align import align
from soilscope.grid.crs import geobox_of, grid_dims
from soilscope.grid.measure import cell_area
from soilscope.grid.region import region_bounds, zones_on
from soilscope.labelled import spatial_dims
from soilscope.names import flag_attrs
from soilscope.sources.catalogue import PRODUCTS, open_source
from soilscope.sources.expver import months_by_status
from soilscope.study.config import InputSpec, Study
from soilscope.study.fingerprint import files_mark
from soilscope.study.place import RegionSpec
from soilscope.study.products import TWINS
from soilscope.study.slabs import in_slabs
from soilscope.study.staging import Staged, masked, where
from soilscope.study.store import CUBE

CUBE_VERSION = 3  # raise when the cube's numbers change


def open_input(spec: InputSpec, *, near: RegionSpec | None = None) -> xr.Dataset:
    """Open one input under our names and in our units; a twin is drawn.

    Of products that are much larger than a study, only what lies `near` its region is opened.
    """
    if spec.product in TWINS:
        return TWINS[spec.product](**spec.options)
    options = dict(spec.options)
    reach = PRODUCTS[spec.product].reach
    if near is not None and reach is not None and options.get("region") is None:
        where = near.file or near.bounds or ()
        west, south, east, north = region_bounds(where, "EPSG:4326", **near.options)
        options["region"] = (west - reach, south - reach, east + reach, north + reach)
    return open_source(spec.product, list(spec.paths), **options)


def join_inputs(study: Study, staged: Mapping[str, Staged]) -> xr.Dataset:
    """Join the inputs of the cube, and split them into slabs; nothing is read.

    Beside the inputs' variables the cube holds `zone` (from the study's zones, else an input's;
    without either each site is a zone of its own, and a grid is one zone) and `cell_area`. What is
    known of each input stands as JSON text in ``attrs["sources"]``.
    """
    staged = {name: item for name, item in staged.items() if not study.inputs[name].apart}
    if not staged:
        raise StudyError(
            f"{study.path.name}: every input stands apart (grid: own, calendar: own); at least one "
            "must lie on the study's grid and calendar."
        )
    try:
        cube = align({name: item.ds for name, item in staged.items()}, period=study.period)
    except (GridError, InputError) as error:
        raise type(error)(_with_remedy(str(error), study)) from error
    if not spatial_dims(cube):
        raise StudyError(f"{study.path.name}: no input has a grid or sites.")
    cube = masked(cube, study.place.region)
    zones = study.place.zones
    if zones is not None:
        cube["zone"] = zones_on(cube, zones.file, **zones.options)
        if zones.only:
            cube = where(cube, cube["zone"] >= 0)
    elif "zone" not in cube:
        cube["zone"] = _zones(cube)
    cube["zone"] = masked(cube[["zone"]], study.place.region)["zone"]
    cube["cell_area"] = cell_area(cube)
    cube.attrs = {
        "title": study.title,
        "sources": json.dumps([_source(n, study.inputs[n], item) for n, item in staged.items()]),
    }
    return in_slabs(cube)


def input_apart(study: Study, name: str, item: Staged) -> xr.Dataset:
    """Return an input that is no part of the cube, on its own grid or calendar, in slabs."""
    ds = align({name: item.ds}, period=study.period)
    if study.inputs[name].grid == "study":
        ds = masked(ds, study.place.region)
    ds.attrs = {
        "title": study.title,
        "sources": json.dumps([_source(name, study.inputs[name], item)]),
    }
    return in_slabs(ds)


def _with_remedy(text: str, study: Study) -> str:
    """Say which key of the study brings unlike grids or time steps together."""
    if study.place.grid is None and ("grids of" in text or "reproject" in text):
        names = ", ".join(study.inputs)
        return f"{text} Or write grid: {{like: INPUT}} with one of the inputs ({names})."
    if study.place.calendar is None and "time step" in text:
        return f"{text} Or write calendar: month, or calendar: day where all have days or hours."
    return text


def inputs_mark(study: Study, *, verify: bool) -> dict[str, dict[str, Any]]:
    """Describe what the cube, and every input apart, depends on: files, declarations, period."""
    marks = {
        name: {
            "product": spec.product,
            "options": spec.options,
            "files": files_mark(spec.paths, roots=study.roots, verify=verify),
        }
        for name, spec in study.inputs.items()
    }
    around = {"period": study.period, "place": _place_mark(study, verify=verify)}
    joined = {name: mark for name, mark in marks.items() if name not in study.apart}
    whole = {CUBE: around | {"inputs": joined}}
    for name in study.apart:
        spec = study.inputs[name]
        own = {"grid": spec.grid, "calendar": spec.calendar}
        whole[name] = around | {"inputs": {name: marks[name] | own}}
    return whole


def _place_mark(study: Study, *, verify: bool) -> dict[str, Any]:
    """Describe grid, region, zones and calendar; a vector file by its content."""
    marks: dict[str, Any] = {}
    for key, part in study.place:
        if part is None:
            continue
        marks[key] = part.model_dump(mode="json", exclude={"file"})
        if key == "calendar" and "overpass" not in marks[key]["derive"]:
            marks[key] = {k: v for k, v in marks[key].items() if not k.startswith("overpass")}
        if getattr(part, "file", None) is not None:
            beside = sorted(part.file.parent.glob(f"{glob.escape(part.file.stem)}.*"))
            marks[key]["files"] = files_mark(beside, roots=study.roots, verify=verify)
    return marks


def _source(name: str, spec: InputSpec, item: Staged) -> dict[str, Any]:
    """Describe an input for the report: what it is, and what was done to it."""
    kept = ("units", "source_units", "source_name", "long_name")
    ds = item.source
    return {
        "name": name,
        "product": spec.product,
        "title": ds.attrs.get("title", ""),
        "source": ds.attrs.get("source", ""),
        "synthetic": bool(ds.attrs.get("synthetic", False)),
        "lineage": json.loads(ds.attrs.get("lineage", "[]")),
        "files": [path.name for path in spec.paths],
        "preparation": [*_read_as(ds), *item.notes],
        "versions": months_by_status(ds),
        "resolution": _resolution(ds),
        "period": [str(t)[:10] for t in ds["time"].values[[0, -1]]] if "time" in ds.dims else [],
        "variables": {
            str(v): {key: str(da.attrs[key]) for key in kept if key in da.attrs}
            for v, da in item.ds.data_vars.items()
        },
    }


def _read_as(ds: xr.Dataset) -> list[str]:
    """Say how a product was read, and what of it is preliminary."""
    preliminary = ds.attrs.get("preliminary")
    told = [ds.attrs.get("processing"), f"preliminary: {preliminary}" if preliminary else None]
    return [text for text in told if text]


def _resolution(ds: xr.Dataset) -> str:
    """Size of an input's cells in words; "sites" or "" without a grid."""
    dims = grid_dims(ds)
    if dims is None:
        return "sites" if "site" in ds.dims else ""
    box = geobox_of(ds)
    if box.crs is not None and box.crs.geographic:
        return f"{abs(box.affine.a):.6g} degrees"
    units = str(ds[dims[1]].attrs.get("units", "m"))
    return f"{abs(box.affine.a):.6g} {'m' if units in ('metre', 'meter') else units}"


def _zones(cube: xr.Dataset) -> xr.DataArray:
    """Make each site a zone of its own, or the whole grid one zone."""
    if "site" in cube.dims:
        labels = [str(label) for label in cube["site"].values]
        codes = xr.DataArray(np.arange(len(labels), dtype=np.int16), dims="site")
    else:
        labels = ["region"]
        shape = {dim: cube.sizes[dim] for dim in spatial_dims(cube)}
        codes = xr.DataArray(np.zeros(tuple(shape.values()), np.int16), dims=tuple(shape))
    meanings = tuple("_".join(label.split()) for label in labels)
    return codes.assign_attrs(flag_attrs(meanings) | {"long_name": "zone", "labels": labels})

"""From one opened file to our names and dimensions, still in the file's units."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import nearest
from soilscope.errors import GridError, SourceError
from soilscope.grid.depth import layer_coordinates
from soilscope.sources.axes import Axes, find_axes
from soilscope.sources.canonical import CANONICAL
from soilscope.sources.chunks import Chunks, chunk_sizes
from soilscope.sources.declared import Declared, Variable
from soilscope.sources.layers import layer_axis
from soilscope.sources.stored import AS_STORED, decode_values
from soilscope.sources.timeaxis import decode_stamps, require_order
from soilscope.sources.units import Conversion, canonical_units, conversion
from soilscope.sources.window import cut_window

Array = npt.NDArray[Any]

#: Variables that lie in the soil, and so in a layer even if the file has a single one.
_IN_SOIL = ("soil_moisture", "soil_temperature")
#: What a file tells about itself that the reader of a result must know.
_TOLD = ("title", "source", "license", "synthetic")
_ORDER = ("time", "depth", "y", "x", "latitude", "longitude", "site")
#: Attribute of a part that names its file, until all parts are joined.
FILE = "file"


def decode_file(
    raw: xr.Dataset,
    declared: Declared,
    *,
    allowed: tuple[str, ...],
    file: str,
    chunks: Chunks,
    stamp: np.datetime64 | None = None,
) -> xr.Dataset:
    """Return the declared variables that `raw` holds, under our names.

    `allowed` are the dimensions of the product; `stamp` is the date of a file without time.
    """
    variables = [v for v in wanted(raw, declared) if set(v.source) <= set(raw.variables)]
    raw = raw.squeeze([d for d in raw.dims if raw.sizes[d] == 1 and _is_spare(str(d), declared)])
    dims = dict.fromkeys(str(d) for v in variables for s in v.source for d in raw[s].dims)
    _require_values(raw, dims, file)
    axes = find_axes(raw, dims, declared, allowed=allowed, file=file)
    _require_finite(axes, file)
    raw, axes = cut_window(raw, axes, declared.region)
    data = {v.name: _variable(raw, v, axes, chunks=chunks, file=file) for v in variables}
    told = {key: raw.attrs[key] for key in _TOLD if key in raw.attrs}
    ds = xr.Dataset(data, attrs=told | {FILE: file})
    ds = _with_time(ds, axes, declared, stamp=stamp, file=file)
    ds = _with_depth(ds, raw, axes, declared, file=file)
    ds = ds.transpose(*(d for d in _ORDER if d in ds.dims), ...)
    for name in ("site", "y", "x", "latitude", "longitude"):
        if name in ds.dims and name in axes.coordinates:
            theirs = axes.coordinates[name]
            units = {"units": theirs.attrs["units"]} if "units" in theirs.attrs else {}
            ds = ds.assign_coords({name: (name, theirs.values, units)})
    return ds


def wanted(raw: xr.Dataset, declared: Declared) -> tuple[Variable, ...]:
    """Return the declared variables, or those of ours that the file holds under our names."""
    if declared.variables is not None:
        return declared.variables
    return tuple(Variable(name, (name,)) for name in CANONICAL if name in raw.variables)


def require_found(declared: Declared, found: set[str], held: list[str], *, file: str) -> None:
    """Refuse declared variables that no file holds, with the nearest name and the list."""
    if declared.variables is None and not found:
        raise SourceError(
            f"{file} holds none of our variables ({', '.join(CANONICAL)}); map its names, as in "
            f"variables: {{soil_moisture: {held[0] if held else 'swvl1'}}}; "
            f"it holds: {', '.join(held)}."
        )
    if not declared.all_needed and not found:
        asked = ", ".join(s for v in declared.variables or () for s in v.source)
        raise SourceError(
            f"{file} holds none of the variables of this product ({asked}); it holds: "
            f"{', '.join(held)}. Name another product, or map its names, as in "
            f"variables: {{soil_moisture: {held[0] if held else 'swvl1'}}}."
        )
    for variable in (declared.variables or ()) if declared.all_needed else ():
        if variable.name not in found:
            missing = next((s for s in variable.source if s not in held), variable.source[0])
            raise SourceError(
                f"{file} holds no variable {missing!r} for {variable.name}"
                f"{nearest(missing, held)}; it holds: {', '.join(held)}."
            )


def _require_values(raw: xr.Dataset, dims: Iterable[str], file: str) -> None:
    empty = [dim for dim in dims if not raw.sizes[dim]]
    if empty:
        raise SourceError(
            f"{file} holds no values: its dimension {empty[0]!r} has length 0; download or write "
            "it again."
        )


def _require_finite(axes: Axes, file: str) -> None:
    """Refuse rows and columns that lie nowhere."""
    for name in ("y", "x", "latitude", "longitude"):
        axis = axes.coordinates.get(name)
        if axis is None or axis.dtype.kind != "f":
            continue
        lost = int((~np.isfinite(axis.values)).sum())
        if lost:
            raise GridError(
                f"the coordinate {axis.name} in {file} has {lost} missing or infinite values of "
                f"{axis.size}; download or write the file again."
            )


def _is_spare(dim: str, declared: Declared) -> bool:
    """Whether a dimension of length 1 says nothing to us (ensemble number, surface, band)."""
    named = (declared.dims or {}).values()
    return dim in ("number", "expver", "surface", "band", "step", "height") and dim not in named


def _variable(
    raw: xr.Dataset, variable: Variable, axes: Axes, *, chunks: Chunks, file: str
) -> xr.DataArray:
    for source in variable.source:
        if raw[source].dtype.kind not in "iufb":
            raise SourceError(
                f"{source!r} in {file} holds {raw[source].dtype}, not numbers; "
                "name another variable or mend the file."
            )
    attrs = _attrs(raw, variable, file)
    units = _state_units(variable.name, str(attrs["source_units"]))
    parts = []
    for source in variable.source:
        da = raw[source].drop_vars([str(c) for c in raw[source].coords])
        da = da.rename({d: axes.ours[str(d)] for d in da.dims})
        parts.append(decode_values(_in_chunks(da, raw[source], chunks), variable, units))
    whole = parts[0] if len(parts) == 1 else xr.concat(parts, "depth", combine_attrs="override")
    whole = whole.rename(variable.name).drop_encoding()
    whole.attrs = attrs | ({"units": units.units} if units.units else {})
    return whole


def _state_units(name: str, units: str) -> Conversion:
    """Return how values become ours where they are decoded; empty units: only later on.

    Fluxes wait until the time step is known, water per area until its layer is.
    """
    known = CANONICAL.get(name)
    how = conversion(name, units, step="none") if known and known.kind == "state" else None
    return AS_STORED if how is None or how.per else how


def _attrs(raw: xr.Dataset, variable: Variable, file: str) -> dict[Hashable, Any]:
    units = {str(raw[s].attrs["units"]) for s in variable.source if raw[s].attrs.get("units")}
    known = CANONICAL.get(variable.name)
    is_class = known is not None and known.kind == "class"
    if variable.units is None and not units and not is_class:
        raise SourceError(
            f"{variable.name} ({', '.join(variable.source)}) in {file} has no units; write "
            f"variables: {{{variable.name}: {{name: {variable.source[0]}, "
            f"units: {known.units if known else '...'}}}}}."
        )
    if variable.units is None and len({canonical_units(u) for u in units}) > 1:
        raise SourceError(
            f"the layers of {variable.name} in {file} have different units: "
            f"{', '.join(sorted(units))}; write units."
        )
    attrs: dict[Hashable, Any] = {
        "source_name": ", ".join(variable.source),
        "source_units": variable.units or (min(units) if units else "1"),
    }
    first = raw[variable.source[0]].attrs
    return attrs | {k: first[k] for k in ("flag_values", "flag_meanings") if k in first}


def _in_chunks(da: xr.DataArray, stored: xr.DataArray, chunks: Chunks) -> xr.DataArray:
    """Split `da` into chunks that follow those of the file."""
    if chunks is None or da.chunks is not None:
        return da
    preferred = stored.encoding.get("preferred_chunks", {})
    like_file = [preferred.get(d, stored.sizes[d]) for d in stored.dims]
    sizes = chunk_sizes(da.dims, da.shape, like_file, chunks)
    return da.chunk(dict(zip(da.dims, sizes, strict=True)))


def _with_time(
    ds: xr.Dataset, axes: Axes, declared: Declared, *, stamp: np.datetime64 | None, file: str
) -> xr.Dataset:
    if "time" not in ds.dims:
        if stamp is None and "time" in axes.coordinates and axes.coordinates["time"].ndim == 0:
            time = axes.coordinates["time"].expand_dims("time")
            stamp = decode_stamps(time, file=file, time_format=declared.time_format)[0]
        return ds if stamp is None else ds.expand_dims(time=[stamp])
    if "time" not in axes.coordinates:
        raise SourceError(
            f"{file} has no variable with the dates of its dimension "
            f"{_theirs(axes, 'time')!r}; name it, as in dims: {{time: date}}."
        )
    stamps = decode_stamps(axes.coordinates["time"], file=file, time_format=declared.time_format)
    require_order(stamps, file=file)
    return ds.assign_coords(time=("time", stamps))


def _with_depth(
    ds: xr.Dataset, raw: xr.Dataset, axes: Axes, declared: Declared, *, file: str
) -> xr.Dataset:
    layers = declared.layers
    if "depth" not in ds.dims:
        if layers is None or layers.pairs is None:
            return ds
        in_soil = [name for name in _IN_SOIL if name in ds]
        ds = ds.assign({name: ds[name].expand_dims("depth") for name in in_soil})
        if not in_soil:
            return ds
    mid, bounds = layer_axis(
        raw,
        coordinate=axes.coordinates.get("depth"),
        n_layers=ds.sizes["depth"],
        layers=layers,
        file=file,
    )
    if bounds is None:
        ds = ds.assign_coords(depth=("depth", mid, {"units": "m", "positive": "down"}))
    else:
        ds = ds.assign_coords(layer_coordinates(bounds))
    if np.unique(mid).size < mid.size:
        raise SourceError(f"{file} has two soil layers at the same depth; see depth_bounds.")
    return ds.isel(depth=np.argsort(mid)) if (np.diff(mid) < 0).any() else ds


def _theirs(axes: Axes, ours: str) -> str:
    return next(theirs for theirs, name in axes.ours.items() if name == ours)

"""From the decoded files of one product to one Dataset in our units."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.errors import SourceError
from soilscope.grid.cut import why_apart
from soilscope.sources.canonical import CANONICAL, Canonical
from soilscope.sources.declared import Declared
from soilscope.sources.decode import FILE
from soilscope.sources.timeaxis import Step, require_apart, require_order, show, time_step
from soilscope.sources.units import Conversion, accepted_units, conversion, convert
from soilscope.sources.window import Region

Period = tuple[pd.Timestamp, pd.Timestamp] | None

_PLACES = ("y", "x", "latitude", "longitude")
#: Single and double precision of one coordinate differ by less than this share of a cell.
_ROUNDING = 1e-3


def combine(parts: Sequence[xr.Dataset], *, file: str) -> xr.Dataset:
    """Join files: those with the same variables along time (or sites), the others side by side."""
    groups: dict[frozenset[str], list[xr.Dataset]] = {}
    for part in parts:
        groups.setdefault(frozenset(map(str, part.data_vars)), []).append(part)
    groups.pop(frozenset(), None)
    joined = in_one_order([_join(group, file=file) for group in groups.values()])
    for name in (*_PLACES, "depth", "site"):
        _require_same(joined, name, file=file)
    try:
        return xr.merge(joined, join="outer", compat="no_conflicts", combine_attrs="override")
    except ValueError as fault:
        raise SourceError(f"{file} cannot be joined: {str(fault).splitlines()[0]}.") from fault


def finish(
    ds: xr.Dataset,
    declared: Declared,
    *,
    product: str,
    files: Sequence[Path],
    period: Period,
    region: Region | None,
) -> xr.Dataset:
    """Check times, cut to `period` and `region`, convert units, write the lineage."""
    file = file_label(files)
    if "time" in ds.dims:
        require_order(ds["time"].values, file=file)
        require_apart([(file, ds["time"].values)])
    ds.attrs.pop(FILE, None)
    step = time_step(ds["time"]) if "time" in ds.dims else "none"
    ds = ds.assign(
        {
            name: _in_our_units(da, step if "time" in da.dims else "none", file=file)
            for name, da in ds.data_vars.items()
        }
    )
    ds = cut_period(ds, period, file=file)
    ds = cut_region(ds, region, file=file)
    from_files = json.loads(ds.attrs.get("lineage", "[]"))  # ancestors that only files can tell
    lineage = json.dumps(list(dict.fromkeys([*declared.lineage, *from_files])))
    expected = {v.name: v.expected for v in declared.variables or () if v.expected}
    for name, da in ds.data_vars.items():
        da.attrs |= {"lineage": lineage, "product": product} | (
            {"expected": list(expected[name])} if name in expected else {}
        )
    return ds.assign_attrs(
        product=product,
        lineage=lineage,
        source_files=json.dumps([str(f) for f in files]),
    )


def cut_period(ds: xr.Dataset, period: Period, *, file: str) -> xr.Dataset:
    """Return the stamps of `ds` that lie in `period`; refuse a period without any."""
    if period is None or "time" not in ds.dims:
        return ds
    time = ds["time"].values
    inside = (time >= period[0].to_datetime64()) & (time <= period[1].to_datetime64())
    if not inside.any():
        raise SourceError(
            f"{file} runs from {show(time[0])} to {show(time[-1])} and has nothing in the period "
            f"{period[0]:%Y-%m-%d} to {period[1]:%Y-%m-%d}; change period or the files."
        )
    if inside.all():
        return ds
    first = int(inside.argmax())
    return ds.isel(time=slice(first, first + int(inside.sum())))


def cut_region(ds: xr.Dataset, region: Region | None, *, file: str) -> xr.Dataset:
    """Return the cells or sites whose centres lie in `region` (west, south, east, north)."""
    if region is None:
        return ds
    pairs = (("latitude", "longitude"), ("y", "x"))
    pair = next((p for p in pairs if set(p) <= set(ds.coords)), None)
    if pair is None:
        raise SourceError(f"{file} has no coordinates of its sites; leave region out.")
    west, south, east, north = region
    limits = ((south, north), (west, east))
    y, x = (ds[name].values for name in pair)
    extent = (float(x.min()), float(y.min()), float(x.max()), float(y.max()))
    for name, (low, high) in zip(pair, limits, strict=True):
        values = ds[name].values
        inside = (values >= low) & (values <= high)
        ds = ds.isel({ds[name].dims[0]: np.flatnonzero(inside)})
        if not inside.any():
            shown = ", ".join(f"{v:.6g}" for v in region)
            raise SourceError(
                f"{file} has nothing in the region [{shown}] (west, south, east, north): it covers "
                f"{pair[0]} {extent[1]:g} to {extent[3]:g}, {pair[1]} {extent[0]:g} to "
                f"{extent[2]:g}; {why_apart(region, extent)}."
            )
    return ds


def file_label(files: Sequence[Path]) -> str:
    """Name the files of a product in a message."""
    others = f" and {len(files) - 1} more files" if len(files) > 2 else " and 1 more file"
    return str(files[0]) + (others if len(files) > 1 else "")


def _in_our_units(da: xr.DataArray, step: Step, *, file: str) -> xr.DataArray:
    name = str(da.name)
    done = da.attrs.get("units")  # where the stored numbers were decoded
    how = conversion(name, str(da.attrs["source_units"]), step=step)
    how = how if done is None else Conversion(done)
    if how is None:
        raise SourceError(_misfit(da, CANONICAL[name], step, file))
    encoding = da.encoding  # it names the grid mapping, and arithmetic forgets it
    da = convert(da, how, file=file)
    known = CANONICAL.get(name)
    if known is not None and known.kind == "class":
        da = da.fillna(-1).astype("int16").assign_attrs(da.attrs)
    da.encoding = encoding
    if known is None:
        return da
    da.attrs["long_name"] = known.long_name
    if known.standard_name is not None:
        da.attrs["standard_name"] = known.standard_name
    return da


def _misfit(da: xr.DataArray, known: Canonical, step: Step, file: str) -> str:
    axis = {
        "month": " on a monthly time axis",
        "day": " on a daily time axis",
        "other": " on a time axis that is neither daily nor monthly",
        "one": " with a single time stamp",
        "none": " without time",
    }[step]
    return (
        f"{da.name} in {file} is in {da.attrs['source_units']!r}"
        f"{axis if known.kind == 'flux' else ''}, which does not become {known.units}; if that is "
        f"wrong, write variables: {{{da.name}: {{name: {da.attrs['source_name']}, units: ...}}}} "
        f"with one of: {accepted_units(str(da.name), step=step)}."
    )


def _join(group: Sequence[xr.Dataset], *, file: str) -> xr.Dataset:
    """Join files with the same variables: along sites if their sites differ, else along time."""
    first = group[0]
    if len(group) == 1:
        return first
    group = in_one_order(group)
    first = group[0]
    _require_same_units(group, file=file)
    _require_same(group, "depth", file=file)
    labels = [set(part["site"].values.tolist()) if "site" in part.dims else set() for part in group]
    if "site" in first.dims and not set.intersection(*labels):
        if sum(map(len, labels)) > len(set.union(*labels)):
            raise SourceError(f"some sites are in two of the files {file} and some are not.")
        return xr.concat(group, "site", join="outer", coords="minimal", compat="override")
    for name in (*_PLACES, "site"):
        _require_same(group, name, file=file)
    if "time" not in first.dims:
        raise SourceError(
            f"{file} hold the same variables ({', '.join(map(str, first.data_vars))}) and no time; "
            "name one file, or write time_from_name, as in 'ndvi_%Y_%m'."
        )
    ordered = sorted(group, key=lambda part: part["time"].values[0])
    require_apart([(_file_of(part, file), part["time"].values) for part in ordered])
    return xr.concat(
        ordered,
        "time",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="override",
    )


def in_one_order(group: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """Give later files the rows and columns of the first in its order, where they are the same."""
    first, *others = group
    return [first, *(_ordered_like(part, first) for part in others)]


def _ordered_like(part: xr.Dataset, first: xr.Dataset) -> xr.Dataset:
    for dim in _PLACES:
        if dim not in part.dims or dim not in first.dims or part.sizes[dim] != first.sizes[dim]:
            continue
        ours, theirs = first[dim].values, part[dim].values
        if np.array_equal(ours, theirs):
            continue
        order = np.argsort(theirs)[np.argsort(np.argsort(ours))]
        slack = _ROUNDING * abs(float(np.ptp(ours))) / max(1, ours.size - 1)
        if (np.abs(theirs[order] - ours) > slack).any():
            continue
        if (np.diff(order) == -1).all():
            part = part.isel({dim: slice(None, None, -1)})
        elif (np.diff(order) != 1).any():
            part = part.isel({dim: order})
        part = part.assign_coords({dim: first[dim].variable})
    return part


def _require_same_units(group: Sequence[xr.Dataset], *, file: str) -> None:
    for name in group[0].data_vars:
        units = {str(part[name].attrs["source_units"]): part for part in reversed(group)}
        if len(units) > 1:
            (one, first), (other, second) = sorted(units.items())[:2]
            raise SourceError(
                f"{name} comes in different units in {_file_of(first, file)} and "
                f"{_file_of(second, file)}: {one}, {other}; write units, or open the files as two "
                "inputs."
            )


def _require_same(group: Sequence[xr.Dataset], name: str, *, file: str) -> None:
    having = [part for part in group if name in part.dims]
    for part in having[1:]:
        if not np.array_equal(part[name].values, having[0][name].values):
            raise SourceError(
                f"the coordinate {name} differs between {_file_of(having[0], file)} "
                f"({_range_of(having[0][name])}) and {_file_of(part, file)} "
                f"({_range_of(part[name])}); leave out the file that is another's, or open them as "
                "two inputs."
            )


def _file_of(part: xr.Dataset, file: str) -> str:
    return str(part.attrs.get(FILE, file))


def _range_of(axis: xr.DataArray) -> str:
    values = axis.values
    if values.dtype.kind not in "iuf":
        return f"{values.size} values"
    return f"{values.size} values, {values.min():.8g} to {values.max():.8g}"

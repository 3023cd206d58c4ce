"""What the header of one NetCDF file or GeoTIFF tells, read without opening it in full."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt
import rasterio
import xarray as xr
from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK

from soilscope.sources.axes import guess_column
from soilscope.sources.formats import file_format, reading, require_whole
from soilscope.sources.geotiff import layout_of

Array = npt.NDArray[Any]
#: How stored numbers are packed: may differ between files that are alike in all else.
PACKING = ("_FillValue", "missing_value", "scale_factor", "add_offset")
#: Attributes that say what the numbers are; others (history, ranges) may differ.
_MEANING = (
    "units",
    "standard_name",
    "flag_values",
    "flag_masks",
    "flag_meanings",
    "grid_mapping",
    "coordinates",
    "positive",
    "_Unsigned",
)
#: Calendars that are ours, from 1700 on.
_REAL = ("standard", "gregorian", "proleptic_gregorian")
_UNITS = {"day": 86_400 * 10**9, "hour": 3600 * 10**9, "minute": 60 * 10**9, "second": 10**9}
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(?:\.0+)?)?(?: ?Z)?")
_LAST = 9 * 10**18
#: Steps that a file of an index may hold; files of more are few, and are opened in full.
_LONGEST = 10_000

Packing = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Header:
    """What a file holds, without its values.

    `layout` is a text that files of one kind have in common: format, dimensions, variables, what
    their numbers mean, and the cells. `stamps` are the times of the file in ns since 1970 (empty:
    it tells none that can be read here), `along` the numbers and words of its variables of time
    alone, `packing` the fill values and scales of each variable.
    """

    layout: str
    extent: str  # of the grid, in words
    time_dim: str | None = None
    stamps: tuple[int, ...] = ()
    along: Mapping[str, list[Any]] = field(default_factory=dict)
    packing: Packing = field(default_factory=dict)
    plain: bool = True  # False: it must be opened in full

    @property
    def kind(self) -> str:
        """The format, as `formats.file_format` names it."""
        return str(_layout(self.layout)["kind"])

    @property
    def variables(self) -> dict[str, list[Any]]:
        """Name -> [dimensions, type, attributes] of every variable, or of every band."""
        held: dict[str, list[Any]] = _layout(self.layout)["variables"]
        return held

    @property
    def grid(self) -> str:
        """What files on the same cells have in common."""
        return str(_layout(self.layout)["grid"])

    @property
    def has_record(self) -> bool:
        """Whether time is a dimension of the file, and no single date."""
        return any(self.time_dim in held[0] for held in self.variables.values())

    @property
    def bands(self) -> list[str]:
        """The bands of a GeoTIFF in their order."""
        return list(_layout(self.layout).get("order", ()))

    @property
    def block(self) -> list[int]:
        """Rows and columns of a block of a GeoTIFF."""
        return list(_layout(self.layout)["block"])


@lru_cache(maxsize=256)
def _layout(text: str) -> dict[str, Any]:
    """Read a layout, which many files have in common."""
    read: dict[str, Any] = json.loads(text)
    return read


def read_header(path: Path, *, time_dim: str | None = None) -> Header | None:
    """Read the header of a file; None where it has a format that is opened in full.

    `time_dim` is the file's name of its time, where that is none of the usual ones.
    """
    kind = file_format(path)
    if kind == "geotiff":
        with reading(path):
            return _of_geotiff(path)
    if kind not in ("hdf5", "netcdf3"):
        return None
    if kind == "netcdf3":
        require_whole(path)
    with reading(path), NETCDF4_PYTHON_LOCK, netCDF4.Dataset(path) as file:
        file.set_auto_mask(False)
        file.set_auto_scale(False)
        return _of_netcdf(file, kind, time_dim)


def _of_netcdf(file: Any, kind: str, time_dim: str | None) -> Header:
    held = file.variables
    attrs = {name: {k: var.getncattr(k) for k in var.ncattrs()} for name, var in held.items()}
    time = _time_of(held, attrs, time_dim)
    record = time if time in file.dimensions else None
    variables: dict[str, list[Any]] = {}
    packing: dict[str, dict[str, Any]] = {}
    digest, extent = blake2b(digest_size=16), list[str]()
    for name, var in held.items():
        packed = {k: _plain(attrs[name][k]) for k in PACKING if k in attrs[name]}
        kinds = {k: np.asarray(attrs[name][k]).dtype.str for k in packed}
        # the dates themselves, and what they count from, are no part of the layout
        meaning = {} if name == time else _meaning(attrs[name])
        variables[name] = [list(var.dimensions), _dtype(var), meaning, kinds]
        packing |= {name: packed} if packed else {}
        if var.ndim == 1 and record not in var.dimensions:
            values = var[:]
            digest.update(name.encode() + _bytes(values))
            if (name,) == var.dimensions and np.asarray(values).dtype.kind in "iuf":
                extent.append(_span(name, values))
    dims = {name: len(dim) for name, dim in file.dimensions.items() if name != record}
    layout = {"kind": kind, "dims": dims, "variables": variables, "grid": digest.hexdigest()}
    n_time = len(file.dimensions[record]) if record else 1
    stamps = _stamps(held[time], attrs[time]) if time and n_time <= _LONGEST else ()
    plain = n_time <= _LONGEST and not file.groups
    return Header(
        json.dumps(layout, sort_keys=True),
        ", ".join(extent),
        time,
        stamps,
        _along(held, attrs, record, time) if plain and record else {},
        packing,
        plain,
    )


def _time_of(
    held: Mapping[str, Any], attrs: Mapping[str, Mapping[str, Any]], declared: str | None
) -> str | None:
    """Return the variable of the times: along its own dimension, or a single value."""
    if declared is not None:
        return declared if declared in held else None
    dims = {dim for var in held.values() for dim in var.dimensions}
    dated = [n for n in held if n in dims and " since " in str(attrs[n].get("units", ""))]
    if len(dated) == 1:
        return dated[0]
    usual = guess_column([name for name in held if name in dims], "time")
    return usual or guess_column([n for n, var in held.items() if not var.ndim], "time")


def _meaning(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what says how numbers are to be understood; of a reference system, all there is."""
    is_crs = "grid_mapping_name" in attrs or "crs_wkt" in attrs or "spatial_ref" in attrs
    return {k: _plain(v) for k, v in attrs.items() if is_crs or k in _MEANING}


def _stamps(var: Any, attrs: Mapping[str, Any]) -> tuple[int, ...]:
    """Decode times as opening does; those of other calendars, or without units, are left out."""
    if var.ndim > 1 or " since " not in str(attrs.get("units", "")):
        return ()
    values = np.atleast_1d(np.asarray(var[...]))
    whole = _whole_units(values, attrs)
    if whole is not None:
        return whole
    coded = xr.Variable(("time",), values, {k: _plain(v) for k, v in attrs.items()})
    coder = xr.coders.CFDatetimeCoder(time_unit="ns")
    try:
        decoded = xr.conventions.decode_cf_variable("time", coded, decode_times=coder)
    except (ValueError, OverflowError):
        return ()
    if not np.issubdtype(decoded.dtype, np.datetime64):
        return ()
    stamps = np.asarray(decoded.data, "datetime64[ns]")
    return () if np.isnat(stamps).any() else tuple(stamps.astype(np.int64).tolist())


def _whole_units(values: Array, attrs: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Decode whole numbers of days or hours, as most files have them; None for all others.

    xarray takes half a millisecond for a file, and gives the same.
    """
    word, _, since = str(attrs["units"]).partition(" since ")
    unit = _UNITS.get(word.strip().lower().rstrip("s"))
    known = str(attrs.get("calendar", "standard")).lower() in _REAL
    packed = {"scale_factor", "add_offset"} & set(attrs)
    absent = [attrs[key] for key in ("_FillValue", "missing_value") if key in attrs]
    known = known and not packed and not np.isin(values, absent).any()
    if unit is None or not known or values.dtype.kind not in "iuf":
        return None
    start = _reference(since.strip())
    if start is None or not (np.abs(values) < 2e9).all() or (values % 1 != 0).any():
        return None
    stamps = [start + int(value) * unit for value in values.tolist()]
    return tuple(stamps) if all(abs(stamp) < _LAST for stamp in stamps) else None


@lru_cache(maxsize=64)
def _reference(text: str) -> int | None:
    """Return the date that times count from, in ns since 1970; None before 1700."""
    match = _DATE.fullmatch(text)
    if match is None or int(text[:4]) < 1700:
        return None
    try:
        return int(np.datetime64(f"{match[1]}T{match[2] or '00:00:00'}", "ns").astype(np.int64))
    except ValueError:
        return None


def _along(
    held: Mapping[str, Any],
    attrs: Mapping[str, Mapping[str, Any]],
    record: str,
    time: str | None,
) -> dict[str, list[Any]]:
    """Return whole numbers and words that lie along time alone, such as versions."""
    found = {}
    for name, var in held.items():
        unpacked = not set(PACKING) & set(attrs[name])
        if var.dimensions == (record,) and name != time and unpacked:
            dtype = _dtype(var)
            if dtype == "str" or np.dtype(dtype).kind in "iu":
                found[name] = np.asarray(var[:]).tolist()
    return found


def _of_geotiff(path: Path) -> Header:
    with rasterio.open(path) as file:
        about = layout_of(file, path)
    variables, packing = {}, {}
    for name, dtype, attrs in zip(about.names, about.dtypes, about.attrs, strict=True):
        variables[name] = [["y", "x"], dtype.str, {"units": attrs.get("units")}, {}]
        packing[name] = {k: _plain(v) for k, v in attrs.items() if k in PACKING}
    y, x = about.coords["y"][1], about.coords["x"][1]
    crs = about.coords["spatial_ref"][2]["crs_wkt"] if "spatial_ref" in about.coords else None
    digest = blake2b(_bytes(y) + _bytes(x), digest_size=16).hexdigest()
    layout = {"kind": "geotiff", "variables": variables, "grid": digest, "crs": crs}
    layout |= {"order": about.names, "block": list(about.block)}
    extent = f"{_span('y', y)}, {_span('x', x)}"
    return Header(json.dumps(layout, sort_keys=True), extent, packing=packing)


def _dtype(var: Any) -> str:
    """Name the type of a variable; "str" for words of any length, "other" for what is no number."""
    if var.dtype is str:
        return "str"
    return np.dtype(var.dtype).str if isinstance(var.dtype, np.dtype) else "other"


def _plain(value: Any) -> Any:
    """Return an attribute as JSON holds it and xarray reads it: one number, a list, or a text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (np.ndarray, np.generic, list, tuple)):
        listed = np.asarray(value).ravel().tolist()
        return listed[0] if len(listed) == 1 else listed
    return value


def _bytes(values: Any) -> bytes:
    array = np.asarray(values)
    return repr(array.tolist()).encode() if array.dtype == object else array.tobytes()


def _span(name: str, values: Array) -> str:
    if not values.size:
        return f"{name} empty"
    return f"{values.size} {name} ({values.min():.6g} to {values.max():.6g})"

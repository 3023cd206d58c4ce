"""What a user declares by hand about a product: variables, dimensions, soil layers, lineage."""

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from soilscope.checks import nearest
from soilscope.errors import InputError

#: Our dimensions (and coordinates of sites), which `dims` maps to a file's own names.
DIMS = ("time", "depth", "site", "y", "x", "latitude", "longitude")

VariableOption = str | int | Sequence[str | int] | Mapping[str, Any]
DepthOption = Mapping[str, Any] | Sequence[Sequence[float]]


@dataclass(frozen=True)
class Variable:
    """One of our variables, and what the file says or fails to say about it.

    `missing` and `valid` are numbers as stored in the file, before `scale` and `offset`;
    `expected` is the plausible range in our units that replaces the built-in one.
    """

    name: str
    source: tuple[str, ...]  # their names; several are soil layers, the upper first
    units: str | None = None
    scale: float | None = None
    offset: float | None = None
    missing: tuple[float | str, ...] = ()
    valid: tuple[float, float] | None = None
    expected: tuple[float, float] | None = None

    @property
    def by_hand(self) -> bool:
        """Whether stored numbers are decoded as declared here and not by the file's attributes."""
        return self.scale is not None or self.offset is not None or bool(self.missing or self.valid)


@dataclass(frozen=True)
class Layers:
    """Bounds of the soil layers: (top, bottom) pairs in m, or the file's variables that hold them.

    With `units` alone the depth coordinate of the file is in these units and has no bounds.
    """

    pairs: tuple[tuple[float, float], ...] | None = None
    top: str | None = None
    bottom: str | None = None
    units: str | None = None


@dataclass(frozen=True)
class Declared:
    """All that is declared about one product, checked for shape but not against its files.

    `region` and `period` let a product leave out what lies outside, in whole files or tiles; what
    is left is cut exactly afterwards, and neighbouring files tell the time step.
    """

    variables: tuple[Variable, ...] | None = None
    all_needed: bool = True  # else the files may hold only some of the variables
    dims: Mapping[str, str] | None = None
    layers: Layers | None = None
    crs: str | None = None
    lineage: tuple[str, ...] = ()
    time_format: str | None = None
    time_from_name: str | None = None
    encoding: str = "utf-8-sig"
    separator: str = ","
    decimal: str = "."
    region: tuple[float, float, float, float] | None = None  # west, south, east, north
    period: tuple[pd.Timestamp, pd.Timestamp] | None = None
    accumulation: str | None = None  # what precipitation was summed over
    reliability: tuple[int, ...] | None = None  # ranks of pixels that are kept; () keeps all
    drop_flags: tuple[int, ...] | None = None  # bits of the ESA CCI flag; () drops nothing
    max_error: float | str | None = None  # K, of MODIS land surface temperature; "any" keeps all
    platform: str | None = None  # the satellite whose images are taken: terra, aqua

    def theirs(self, ours: str) -> str | None:
        """Return the file's name of our dimension `ours`, if declared."""
        return None if self.dims is None else self.dims.get(ours)


def read_variables(
    variables: Mapping[str, VariableOption] | Sequence[str] | None,
    override: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[Variable, ...] | None:
    """Turn the `variables` and `override` of `open_source` into `Variable` values."""
    if variables is None:
        return None
    if isinstance(variables, str) or not isinstance(variables, Sized) or not variables:
        raise InputError(
            "variables must map our names to the file's, as in {soil_moisture: swvl1}; "
            f"it is {variables!r}."
        )
    given = variables if isinstance(variables, Mapping) else {name: name for name in variables}
    return override_variables(tuple(_variable(str(k), v) for k, v in given.items()), override)


def override_variables(
    variables: tuple[Variable, ...], override: Mapping[str, Mapping[str, Any]] | None
) -> tuple[Variable, ...]:
    """Return `variables` with the fields replaced that `override` names for each."""
    if override is not None and not isinstance(override, Mapping):
        raise InputError(
            "override must map our names to fields, as in {soil_moisture: {scale: 0.001}}; it is "
            f"{override!r}."
        )
    unknown = sorted(set(override or {}) - {v.name for v in variables})
    if unknown:
        known = [v.name for v in variables]
        raise InputError(
            f"override names {unknown[0]!r}, which is not among the variables "
            f"({', '.join(known)}){nearest(unknown[0], known)}."
        )
    return tuple(
        replace(v, **_fields(f"override.{v.name}", override[v.name]))
        if override and v.name in override
        else v
        for v in variables
    )


def read_layers(depth_bounds: DepthOption | None) -> Layers | None:
    """Turn the `depth_bounds` of `open_source` into a `Layers` value."""
    if depth_bounds is None:
        return None
    if isinstance(depth_bounds, Mapping):
        _require_keys("depth_bounds", depth_bounds, ("top", "bottom", "units"))
        named: dict[str, Any] = {key: str(value) for key, value in depth_bounds.items()}
        if ("top" in named) != ("bottom" in named):
            raise InputError(
                "depth_bounds needs both top and bottom, as in "
                "{top: layer_top, bottom: layer_bottom, units: cm}."
            )
        return Layers(**named)
    try:
        pairs = tuple((float(top), float(bottom)) for top, bottom in depth_bounds)
    except (TypeError, ValueError):
        raise InputError(
            "depth_bounds must be [top, bottom] pairs in m, as in [[0, 0.07], [0.07, 0.28]], or "
            f"{{top: variable, bottom: variable, units: cm}}; it is {depth_bounds!r}."
        ) from None
    return Layers(pairs=pairs)


def read_dims(dims: Mapping[str, str] | None) -> dict[str, str] | None:
    """Check the `dims` of `open_source`: our dimension -> the file's name."""
    if dims is None:
        return None
    if not isinstance(dims, Mapping):
        raise InputError(
            f"dims must map our dimensions to the file's, as in {{site: gauge}}; it is {dims!r}."
        )
    _require_keys("dims", dims, DIMS)
    return {key: str(value) for key, value in dims.items()}


def _variable(name: str, given: VariableOption) -> Variable:
    where = f"variables.{name}"
    if isinstance(given, Mapping):
        return Variable(**({"name": name, "source": (name,)} | _fields(where, given)))
    return Variable(name, _names(where, given))


def variable_fields(where: str, given: VariableOption) -> dict[str, Any]:
    """Return the fields of `Variable` that `given` names: a mapping of them, or a file's name."""
    return _fields(where, given) if isinstance(given, Mapping) else {"source": _names(where, given)}


def _fields(where: str, given: Mapping[str, Any]) -> dict[str, Any]:
    allowed = tuple(f.name for f in fields(Variable) if f.name != "source")
    _require_keys(where, given, allowed)
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key == "name":
            found["source"] = _names(where, value)
        elif key == "units":
            found[key] = str(value)
        elif key in ("scale", "offset"):
            found[key] = _number(f"{where}.{key}", value)
        elif key == "missing":
            listed = [value] if isinstance(value, (str, int, float)) else list(value)
            found[key] = tuple(v if isinstance(v, str) else float(v) for v in listed)
        else:
            found[key] = _pair(f"{where}.{key}", value)
    return found


def _names(where: str, given: Any) -> tuple[str, ...]:
    listed = [given] if isinstance(given, (str, int)) else given
    if not isinstance(listed, Sequence) or not listed:
        raise InputError(
            f"{where} must be the file's name of the variable (or a list of them, one a soil "
            f"layer), or a mapping with name, units, scale, ...; it is {given!r}."
        )
    return tuple(str(name) for name in listed)


def _number(where: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{where} must be a number; it is {value!r}.") from None


def _pair(where: str, value: Any) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in value)
    except (TypeError, ValueError):
        raise InputError(f"{where} must be [lowest, highest]; it is {value!r}.") from None
    if not low < high:
        raise InputError(f"{where} must be [lowest, highest]; {low:g} is not below {high:g}.")
    return low, high


def read_numbers(name: str, given: Any) -> tuple[int, ...] | None:
    """Read an option that lists ranks or bits."""
    if given is None:
        return None
    listed: list[Any] = list(given) if isinstance(given, Iterable) else [None]
    if not all(isinstance(n, (int, np.integer)) for n in listed):
        raise InputError(f"{name} is {given!r}; it must be a list of whole numbers, as in [0, 1].")
    return tuple(map(int, listed))


def _require_keys(where: str, given: Any, allowed: Sequence[str]) -> None:
    if not isinstance(given, Mapping):
        raise InputError(f"{where} is {given!r}; give a mapping of {', '.join(allowed)}.")
    for key in given:
        if key not in allowed:
            raise InputError(
                f"{where} has no key {key!r}; it takes {', '.join(allowed)}{nearest(key, allowed)}."
            )

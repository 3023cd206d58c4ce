"""Several inputs on one grid and one calendar: exact joins, never a silent shift."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.errors import GridError, InputError
from soilscope.grid.crs import grid_dims, require_same_crs
from soilscope.grid.depth import layer_bounds
from soilscope.labelled import spatial_dims
from soilscope.times import month_count

#: Cells may lie this share of a cell apart, and what single precision cannot tell apart.
_TOLERANCE = 1e-6
_SINGLE = 4.0 * float(np.finfo(np.float32).eps)

Inputs = Mapping[str, xr.Dataset] | Sequence[xr.Dataset]


def align(inputs: Inputs, *, period: Sequence[object] | None = None) -> xr.Dataset:
    """Join inputs into one Dataset on the grid, layers and calendar of the soil moisture.

    Parameters
    ----------
    inputs
        Datasets, by name or in a list. The first with ``soil_moisture`` (else the first with time)
        gives the time axis; the first with a grid or sites gives the places.
    period
        First and last month (or day, or year) to keep, both included.

    Returns
    -------
    xr.Dataset
        All variables, lazily. Monthly stamps are set to the first of the month, daily ones to
        midnight; where a driver misses a stamp of the soil moisture it is NaN. Variables without
        time pass through. ``lineage`` and ``source_files`` are those of all inputs.

    Raises
    ------
    GridError
        If grids, sites, layers or reference systems differ; the message says which and how.
    InputError
        If a variable comes twice, periods do not overlap, or monthly and daily data meet.

    Examples
    --------
    >>> months = pd.date_range("2001-01", periods=3, freq="MS")
    >>> moisture = xr.Dataset({"soil_moisture": ("time", [0.2, 0.3, 0.1])}, {"time": months})
    >>> later = months[1:] + pd.Timedelta("14D")
    >>> rain = xr.Dataset({"precipitation": ("time", [9.0, 5.0])}, {"time": later})
    >>> align({"moisture": moisture, "rain": rain}).precipitation.values
    array([nan,  9.,  5.])
    """
    named = _named(inputs)
    _require_distinct(named)
    grids = {name: ds for name, ds in named.items() if spatial_dims(ds)}
    if grids:
        _require_one_kind(grids)
        require_same_crs({name: ds for name, ds in grids.items() if grid_dims(ds)})
    joined = _same_times(_same_places(named), period)
    whole = xr.merge(
        joined.values(), join="exact", compat="override", combine_attrs="drop_conflicts"
    )
    for key in ("lineage", "source_files"):
        whole.attrs[key] = json.dumps(_union([ds.attrs.get(key, "[]") for ds in named.values()]))
    return whole


def _named(inputs: Inputs) -> dict[str, xr.Dataset]:
    if isinstance(inputs, Mapping):
        named = dict(inputs)
    else:
        named = {
            f"input {i} ({', '.join(map(str, d.data_vars))})": d for i, d in enumerate(inputs, 1)
        }
    if not named:
        raise InputError("inputs is empty; give at least one Dataset.")
    return named


def _require_distinct(named: Mapping[str, xr.Dataset]) -> None:
    seen: dict[object, str] = {}
    for name, ds in named.items():
        for variable in ds.data_vars:
            if variable in seen:
                raise InputError(
                    f"{variable} is in {seen[variable]} and in {name}; leave it out of one of them."
                )
            seen[variable] = name


def _require_one_kind(grids: Mapping[str, xr.Dataset]) -> None:
    (first, like), *others = grids.items()
    for name, ds in others:
        if set(spatial_dims(ds)) != set(spatial_dims(like)):
            raise GridError(
                f"{name} has the dims {_dims(ds)}, {first} has {_dims(like)}; they cannot be one "
                "cube: reproject or sample one of them first."
            )


def _same_places(named: Mapping[str, xr.Dataset]) -> dict[str, xr.Dataset]:
    """Give every input the coordinates of the first that has them; refuse those that differ."""
    result = dict(named)
    leaders: dict[str, str] = {}
    for name, ds in result.items():
        for dim in map(str, (*spatial_dims(ds), "depth")):
            if dim not in ds.dims or dim not in ds.coords:
                continue
            if dim not in leaders:
                leaders[dim] = name
                continue
            leader = leaders[dim]
            like = result[leader][dim]
            if dim == "site":
                ds = _same_sites(ds, like, (name, leader))
            else:
                _require_same_axis(ds[dim], like, (name, leader))
                ds = ds.assign_coords({dim: like.variable})
        result[name] = ds
    _require_same_bounds({n: ds for n, ds in result.items() if "depth_top" in ds.coords})
    return result


def _same_sites(ds: xr.Dataset, like: xr.DataArray, names: tuple[str, str]) -> xr.Dataset:
    ours, theirs = set(like.values.tolist()), set(ds["site"].values.tolist())
    if ours != theirs:
        lacking, extra = sorted(ours - theirs), sorted(theirs - ours)
        parts = [f"it lacks {_some(lacking)}"] if lacking else []
        parts += [f"it has {_some(extra)} more"] if extra else []
        raise GridError(f"the sites of {names[0]} are not those of {names[1]}: {', '.join(parts)}.")
    return ds.sel(site=like.values)


def _require_same_axis(axis: xr.DataArray, like: xr.DataArray, names: tuple[str, str]) -> None:
    a = np.asarray(axis.values, dtype=np.float64)
    b = np.asarray(like.values, dtype=np.float64)
    dim, head = axis.name, f"the grids of {names[0]} and {names[1]} differ along {axis.name}: "
    if dim == "depth":
        head = f"the soil layers of {names[0]} and {names[1]} differ: "
    if a.size != b.size:
        raise GridError(f"{head}{a.size} and {b.size} values, {_range(a)} and {_range(b)}.")
    step = abs(b[-1] - b[0]) / (b.size - 1) if b.size > 1 else abs(b[0])
    away = float(np.abs(a - b).max())
    if away > max(_TOLERANCE * step, _SINGLE * float(np.abs(b).max())):
        raise GridError(
            f"{head}up to {away:.3g} apart ({_range(a)} and {_range(b)}, spacing {step:.6g}); "
            "bring one onto the other first."
        )


def _require_same_bounds(layered: Mapping[str, xr.Dataset]) -> None:
    for name, ds in layered.items():
        first = next(iter(layered))
        if not np.allclose(layer_bounds(ds), layer_bounds(layered[first]), rtol=0, atol=1e-6):
            raise GridError(f"the edges of the layers of {name} and {first} differ; merge them.")


def _calendar(ds: xr.Dataset, step: str) -> xr.Dataset:
    """Set monthly stamps to the first of the month and daily ones to midnight."""
    unit = {"month": "datetime64[M]", "day": "datetime64[D]"}.get(step, "datetime64[ns]")
    stamps = ds["time"].values.astype(unit).astype("datetime64[ns]")
    return ds.assign_coords(time=("time", stamps, ds["time"].attrs))


def _frequency(time: xr.DataArray) -> str:
    """Return "month", "day", "other", or "one" for a single stamp."""
    months = month_count(time)  # refuses what is no date, or out of order
    if time.size < 2:
        return "one"
    if np.diff(months).min() >= 1 and np.median(np.diff(months)) == 1:
        return "month"
    days = np.diff(time.values.astype("datetime64[ns]")).astype(np.int64) / 86400e9
    return "day" if abs(float(np.median(days)) - 1.0) < 1e-6 else "other"


def _same_times(
    named: Mapping[str, xr.Dataset], period: Sequence[object] | None
) -> dict[str, xr.Dataset]:
    dated = {name: ds for name, ds in named.items() if "time" in ds.dims}
    if not dated:
        return dict(named)
    lead = next((n for n, ds in dated.items() if "soil_moisture" in ds), next(iter(dated)))
    step = _one_step(dated, lead)
    dated = {name: _calendar(ds, step) for name, ds in dated.items()}
    time = dated[lead]["time"]
    within = "" if period is None else f" in the period {period[0]} to {period[1]}"
    kept = time.values[_inside(time, period)]
    if not kept.size:
        raise InputError(
            f"{lead} runs {_range_of(time)} and has nothing{within}; change period or the files."
        )
    result = dict(named)
    for name, ds in dated.items():
        if not np.isin(ds["time"].values, kept).any():
            raise InputError(
                f"{name} runs {_range_of(ds['time'])}, {lead} {_range_of(time)}; they have no time "
                f"in common{within}."
            )
        codes = {v: -1 for v, da in ds.variables.items() if da.dtype.kind == "i"}
        same = np.array_equal(ds["time"].values, kept)
        result[name] = ds if same else ds.reindex(time=kept, fill_value=codes or np.nan)
    return result


def _one_step(dated: Mapping[str, xr.Dataset], lead: str) -> str:
    """Return the step that all inputs share; a single stamp goes with any."""
    steps = {name: _frequency(ds["time"]) for name, ds in dated.items()}
    first = next((n for n in (lead, *steps) if steps[n] != "one"), lead)
    words = {"month": "a month", "day": "a day", "other": "neither a day nor a month"}
    for name, step in steps.items():
        if step not in (steps[first], "one"):
            raise InputError(
                f"the time step of {name} is {words[step]}, that of {first} {words[steps[first]]}; "
                "composite the finer one first, as with composite(..., freq='MS')."
            )
    return steps[first]


def _inside(time: xr.DataArray, period: Sequence[object] | None) -> np.ndarray:
    if period is None:
        return np.ones(time.size, dtype=bool)
    try:
        first, last = (pd.Period(str(p)) for p in period)
    except ValueError:
        raise InputError(
            f"period is {period!r}; give its first and last month, as in [1980-01, 2022-12]."
        ) from None
    low, high = first.start_time.to_datetime64(), last.end_time.to_datetime64()
    inside: np.ndarray = (time.values >= low) & (time.values <= high)
    return inside


def _union(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(entry for text in texts for entry in json.loads(text)))


def _dims(ds: xr.Dataset) -> str:
    return "(" + ", ".join(map(str, spatial_dims(ds))) + ")"


def _some(labels: Sequence[object]) -> str:
    listed = ", ".join(map(str, labels[:3]))
    return f"{listed} and {len(labels) - 3} others" if len(labels) > 3 else listed


def _range(values: np.ndarray) -> str:
    return f"{values[0]:.8g} to {values[-1]:.8g}"


def _range_of(time: xr.DataArray) -> str:
    first, last = (str(t)[:10] for t in time.values[[0, -1]])
    return f"from {first} to {last}"

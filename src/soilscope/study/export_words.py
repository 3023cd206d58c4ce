"""What exported files say of values: labels of dates and layers, and attributes."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from soilscope.times import is_monthly, is_time_like


def labels(ds: xr.Dataset | xr.DataArray, dim: str) -> list[str]:
    """Name every position along `dim`: '2020-07', '0-10 cm', 'ndvi', 'quantile 0.5'."""
    if dim not in ds.coords:
        return [f"{dim} {k + 1}" for k in range(ds.sizes[dim])]
    coord = ds[dim]
    if is_time_like(coord):
        form = "%Y-%m" if is_monthly(coord) else "%Y-%m-%d" if _midnight(coord) else "%Y-%m-%dT%H%M"
        return [str(text) for text in coord.dt.strftime(form).values]
    if dim == "depth" and {"depth_top", "depth_bottom"} <= set(ds.coords):
        edges = zip(ds["depth_top"].values, ds["depth_bottom"].values, strict=True)
        return [f"{100 * top:.6g}-{100 * bottom:.6g} cm" for top, bottom in edges]
    if coord.dtype.kind in "if":
        return [f"{dim} {value:.6g}" for value in coord.values]
    return [str(value) for value in coord.values]


def date_form(times: xr.DataArray) -> str:
    """How dates are written in a table."""
    return "%Y-%m-%d" if _midnight(times) else "%Y-%m-%dT%H:%M:%S"


def _midnight(times: xr.DataArray) -> bool:
    return bool(((times.dt.hour == 0) & (times.dt.minute == 0)).all())


def plain(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as every format can hold them: numbers, lists of numbers, and texts."""
    return {str(key): _plain(value) for key, value in attrs.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return int(value)
    if isinstance(value, str | int | float | np.number | np.ndarray):
        return value
    if isinstance(value, list | tuple):
        if all(isinstance(v, int | float) and not isinstance(v, bool) for v in value):
            return list(value)
        if all(isinstance(v, str) for v in value):
            return ", ".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)

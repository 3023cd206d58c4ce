"""Stored numbers to values: missing numbers, valid range, scale and offset, block by block."""

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.sources.declared import Variable

Array = npt.NDArray[Any]
_KEYS = ("_FillValue", "missing_value", "scale_factor", "add_offset")


def decode_values(da: xr.DataArray, variable: Variable) -> xr.DataArray:
    """Return `da` as floats with NaN where it is missing.

    What `variable` declares (scale, offset, missing, valid) is applied to the stored numbers; what
    it does not declare comes from the attributes of `da`.
    """
    dtype = np.dtype("f4") if da.dtype.itemsize < 4 or da.dtype == np.float32 else np.dtype("f8")
    attrs = da.attrs  # of what xarray has decoded already, the numbers are not in here
    if not variable.by_hand and not set(_KEYS) & set(attrs):
        return da if da.dtype.kind == "f" else da.astype(dtype)
    missing = [float(m) for m in variable.missing if not isinstance(m, str)]
    missing += [float(attrs[k]) for k in _KEYS[:2] if k in attrs]
    values: xr.DataArray = xr.apply_ufunc(
        _decode,
        da,
        kwargs={
            "missing": tuple(m for m in missing if m == m),  # NaN is missing anyway
            "valid": variable.valid,
            "scale": _first(variable.scale, attrs.get("scale_factor"), 1.0),
            "offset": _first(variable.offset, attrs.get("add_offset"), 0.0),
            "dtype": dtype,
        },
        dask="parallelized",
        output_dtypes=[dtype],
    )
    return values


def _decode(
    stored: Array,
    *,
    missing: tuple[float, ...],
    valid: tuple[float, float] | None,
    scale: float,
    offset: float,
    dtype: np.dtype[Any],
) -> Array:
    # a float32 file holds -9999.9 as its nearest float32
    kind = stored.dtype.type if stored.dtype.kind == "f" else float
    wrong = [stored == kind(number) for number in missing]
    if valid is not None:
        wrong += [stored < valid[0], stored > valid[1]]
    values = stored.astype(dtype)
    if scale != 1.0:
        values *= scale
    if offset != 0.0:
        values += offset
    for bad in wrong:
        np.copyto(values, np.nan, where=bad)
    return values


def _first(declared: float | None, stored: Any, default: float) -> float:
    if declared is not None:
        return declared
    return default if stored is None else float(np.asarray(stored).item())
